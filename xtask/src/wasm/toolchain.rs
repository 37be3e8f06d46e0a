//! Which compiler builds the guests.
//!
//! In this order: the compiler in use, when it has the target; the Debian
//! packages, when they are there; the target through rustup; the Debian
//! packages, installed. Whatever is missing is named. The components built by
//! different compilers differ in bytes, so a published adapter is built by one.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::packages::{self, DEBIAN_CARGO, DEBIAN_LINKER, DEBIAN_RUSTC};
use super::{Guest, PROFILE, TARGET, sysroot};

/// Rust settings of every guest, whatever builds it.
///
/// SIMD makes scanning text faster. Every function and every turn of a loop looks whether its
/// time is over, so guests gain more from inlining than programs do: with this threshold they are a
/// twentieth faster and a third larger. The small stack keeps the initial memory
/// small: the target's default is 1 MiB of stack, of which a parser with
/// bounded nesting touches little.
const RUST_FLAGS: [&str; 3] = [
    "-Ctarget-feature=+simd128",
    "-Cllvm-args=-inline-threshold=600",
    "-Clink-arg=-zstack-size=131072",
];

/// The profile of guests for a workspace that does not have it: as in the root manifest.
const PROFILE_SETTINGS: [&str; 6] = [
    "profile.adapter.inherits='release'",
    "profile.adapter.opt-level=3",
    "profile.adapter.lto='fat'",
    "profile.adapter.codegen-units=1",
    "profile.adapter.panic='abort'",
    "profile.adapter.strip='debuginfo'",
];

/// Variables of an outer cargo or rustup that would reach the inner one.
const OUTER_VARIABLES: [&str; 8] = [
    "CARGO",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "LD_LIBRARY_PATH",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

/// A compiler with what it needs to build guests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Toolchain {
    /// The compiler this program was started with, which has the target.
    InUse {
        /// A linker to name, when the compiler brings none.
        linker: Option<&'static str>,
    },
    /// Debian's compiler for the web, with our own sysroot.
    Debian { sysroot: PathBuf },
}

impl Toolchain {
    /// Finds or prepares a compiler.
    pub(super) fn find(root: &Path) -> Result<Self> {
        if let Some(found) = in_use()? {
            return Ok(found);
        }
        if !packages::missing().is_empty() && rustup_adds_target() {
            return in_use()?.context("rustup added the target, and the compiler does not see it");
        }
        packages::install_missing()?;
        let sysroot = sysroot::prepare(&root.join("target/wasm-sysroot"))?;
        Ok(Self::Debian { sysroot })
    }

    /// Builds the guests and returns the folder with their modules.
    pub(super) fn build(&self, root: &Path, guests: &[Guest]) -> Result<PathBuf> {
        let packages: Vec<&str> = guests.iter().map(|guest| guest.package.as_str()).collect();
        eprintln!("building {} adapters with {self}", guests.len());
        self.cargo(root, root, &packages, &[])
    }

    /// Builds a package that is no adapter and returns the folder with its module.
    pub(super) fn build_module(&self, root: &Path, package: &str) -> Result<PathBuf> {
        eprintln!("building {package} with {self}");
        self.cargo(root, root, &[package], &[])
    }

    /// Builds one guest of another workspace and returns the folder with its module.
    ///
    /// The workspace need not know our profile: its settings go along.
    pub(super) fn build_outside(
        &self,
        root: &Path,
        folder: &Path,
        package: &str,
    ) -> Result<PathBuf> {
        eprintln!("building {package} with {self}");
        self.cargo(root, folder, &[package], &PROFILE_SETTINGS)
    }

    /// Compiles packages of the workspace around `folder`; all workspaces share one target
    /// folder, so that the toolkit's dependencies are compiled once.
    fn cargo(
        &self,
        root: &Path,
        folder: &Path,
        packages: &[&str],
        settings: &[&str],
    ) -> Result<PathBuf> {
        let target_dir = root.join("target/wasm");
        let mut cargo = clean_command(match self {
            Self::InUse { .. } => "cargo",
            Self::Debian { .. } => DEBIAN_CARGO,
        });
        cargo.current_dir(folder).args([
            "build",
            "--lib",
            "--profile",
            PROFILE,
            "--target",
            TARGET,
        ]);
        cargo.arg("--target-dir").arg(&target_dir);
        for package in packages {
            cargo.args(["--package", package]);
        }
        for setting in settings {
            cargo.args(["--config", setting]);
        }
        cargo.env(
            "CARGO_ENCODED_RUSTFLAGS",
            self.rust_flags(root)?.join("\x1f"),
        );
        match self {
            Self::InUse { linker } => {
                if let Some(linker) = linker {
                    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                }
            }
            Self::Debian { .. } => {
                cargo.env("RUSTC", DEBIAN_RUSTC);
                cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
            }
        }
        run(&mut cargo)?;
        Ok(target_dir.join(TARGET).join(PROFILE))
    }

    fn rust_flags(&self, root: &Path) -> Result<Vec<String>> {
        let mut flags: Vec<String> = RUST_FLAGS.iter().map(|&flag| flag.to_owned()).collect();
        // No path of the building machine gets into a component: the same
        // source gives the same digest wherever it lies.
        let root = utf8(root)?;
        flags.push(format!("--remap-path-prefix={root}=lawgate"));
        flags.extend(hide_cargo_home()?);
        if let Self::Debian { sysroot } = self {
            flags.push(format!("--sysroot={}", utf8(sysroot)?));
        }
        Ok(flags)
    }
}

impl std::fmt::Display for Toolchain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InUse { .. } => write!(f, "the compiler in use"),
            Self::Debian { sysroot } => write!(f, "{DEBIAN_RUSTC} and {}", sysroot.display()),
        }
    }
}

/// A command without the variables of the cargo that runs us.
pub(super) fn clean_command(program: &str) -> Command {
    let mut command = Command::new(program);
    for variable in OUTER_VARIABLES {
        command.env_remove(variable);
    }
    command
}

/// Runs a command to its end with our output; an error unless it succeeds.
pub(super) fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("{program} cannot be started"))?;
    if !status.success() {
        bail!("{program} failed ({status})");
    }
    Ok(())
}

/// The standard output of a command, or `None` when it cannot run or fails.
pub(super) fn output_of(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The compiler in use, if it has the target and a linker for it.
pub(super) fn in_use() -> Result<Option<Toolchain>> {
    let libraries =
        output_of(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    if !libraries.is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(None);
    }
    let host_libraries = output_of(Command::new("rustc").args(["--print", "target-libdir"]));
    let brings_linker = host_libraries.is_some_and(|folder| {
        let host = Path::new(&folder)
            .parent()
            .map(|host| host.join("bin/rust-lld"));
        host.is_some_and(|linker| linker.is_file())
    });
    if brings_linker {
        return Ok(Some(Toolchain::InUse { linker: None }));
    }
    let found = ["wasm-ld", DEBIAN_LINKER]
        .into_iter()
        .find(|linker| output_of(Command::new(linker).arg("--version")).is_some());
    match found {
        Some(linker) => Ok(Some(Toolchain::InUse {
            linker: Some(linker),
        })),
        None => bail!("the compiler has {TARGET} and no linker: install lld (wasm-ld)"),
    }
}

/// Asks rustup for the target; `false` when there is no rustup or no network.
fn rustup_adds_target() -> bool {
    eprintln!("asking rustup for {TARGET}");
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .status();
    added.is_ok_and(|status| status.success())
}

/// The setting that keeps the place of cargo's sources out of what is compiled.
pub(super) fn hide_cargo_home() -> Result<Option<String>> {
    let Some(home) = cargo_home() else {
        return Ok(None);
    };
    Ok(Some(format!("--remap-path-prefix={}=cargo", utf8(&home)?)))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a task of the repository reads where cargo keeps sources"
)]
fn cargo_home() -> Option<PathBuf> {
    let stated = std::env::var("CARGO_HOME").ok().map(PathBuf::from);
    stated.or_else(|| Some(Path::new(&std::env::var("HOME").ok()?).join(".cargo")))
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_keep_paths_with_spaces_whole() {
        let toolchain = Toolchain::Debian {
            sysroot: PathBuf::from("/a b/sysroot"),
        };
        let flags = toolchain
            .rust_flags(Path::new("/a b"))
            .expect("UTF-8 paths");
        assert!(
            flags.contains(&"--sysroot=/a b/sysroot".to_owned()),
            "{flags:?}"
        );
        assert!(
            flags.contains(&"--remap-path-prefix=/a b=lawgate".to_owned()),
            "{flags:?}"
        );
    }

    #[test]
    fn a_compiler_in_use_gets_no_sysroot() {
        let flags = Toolchain::InUse { linker: None }
            .rust_flags(Path::new("/x"))
            .expect("UTF-8");
        assert!(
            !flags.iter().any(|flag| flag.starts_with("--sysroot")),
            "{flags:?}"
        );
    }

    #[test]
    fn guests_elsewhere_are_built_with_the_profile_of_the_root_manifest() {
        let manifest = std::fs::read_to_string(crate::root().join("Cargo.toml"));
        let manifest = manifest.expect("the root manifest").replace('"', "'");
        let (_, profile) = manifest
            .split_once("[profile.adapter]\n")
            .expect("the profile");
        let stated: Vec<String> = profile
            .lines()
            .take_while(|line| !line.is_empty())
            .map(|line| format!("profile.adapter.{}", line.replace(" = ", "=")))
            .collect();
        assert_eq!(stated, PROFILE_SETTINGS);
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let error = run(&mut Command::new("false")).expect_err("false fails");
        assert!(error.to_string().starts_with("false failed"), "{error}");
        let error = run(&mut Command::new("/nonexistent")).expect_err("no such program");
        assert!(error.to_string().contains("cannot be started"), "{error}");
    }
}
