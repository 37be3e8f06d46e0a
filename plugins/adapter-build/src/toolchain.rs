//! Which compiler builds guests in Rust, and with which settings.
//!
//! The compiler in use, when it has the target, or the one of Debian, for which the target's library
//! is built ([`crate::sysroot`]). Components built by different compilers differ in bytes, so a
//! published adapter is built by one.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::ToolchainError;
use crate::command::{clean, is_there, output_of, run};

/// The target of all guests.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler.
pub const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Debian's cargo.
pub const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// Debian's linker for WebAssembly; the version is part of its name.
pub const DEBIAN_LINKER: &str = "wasm-ld-22";

/// The Debian packages that build guests without rustup, each with a file that shows that it is
/// installed. The compiler has its own sources beside it, which the target's library is made from.
pub const DEBIAN_PACKAGES: [(&str, &str); 4] = [
    ("rustc-web", DEBIAN_RUSTC),
    ("cargo-web", DEBIAN_CARGO),
    (
        "rust-web-src",
        "/usr/lib/rustlib/src/rust/library/std/Cargo.toml",
    ),
    ("lld-22", "/usr/bin/wasm-ld-22"),
];

/// Settings of the compiler for every guest, whatever builds it.
///
/// SIMD makes scanning text faster. Many functions look whether their time is over when they
/// begin, so guests gain more from inlining than programs do: with this threshold they were a
/// twentieth faster and a third larger. The small stack keeps the initial memory
/// small: the target's default is 1 MiB of stack, of which a parser with
/// bounded nesting touches little.
const RUST_FLAGS: [&str; 3] = [
    "-Ctarget-feature=+simd128",
    "-Cllvm-args=-inline-threshold=600",
    "-Clink-arg=-zstack-size=131072",
];

/// The build profile of all guests.
pub const PROFILE: &str = "adapter";

/// The profile of guests for a workspace that does not have it: small, no unwinding, one unit.
pub const PROFILE_SETTINGS: [&str; 6] = [
    "profile.adapter.inherits='release'",
    "profile.adapter.opt-level=3",
    "profile.adapter.lto='fat'",
    "profile.adapter.codegen-units=1",
    "profile.adapter.panic='abort'",
    "profile.adapter.strip='debuginfo'",
];

/// A compiler with what it needs to build guests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Toolchain {
    /// The compiler that is found first, which has the target.
    InUse {
        /// A linker to name, when the compiler brings none.
        linker: Option<&'static str>,
    },
    /// Debian's compiler for the web, with our own library of the target.
    Debian {
        /// Its folder.
        sysroot: PathBuf,
    },
}

/// What is to be built.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The folder of the crate or of its workspace.
    pub folder: &'a Path,
    /// Packages of the workspace; none: the crate in the folder.
    pub packages: &'a [&'a str],
    /// Where cargo puts what it builds.
    pub target_dir: &'a Path,
    /// Folders whose names must not get into a component, and what stands there instead: the same
    /// source gives the same digest wherever it lies.
    pub hidden: &'a [(&'a Path, &'a str)],
    /// Whether the workspace has the profile itself; if not, the settings go along.
    pub has_profile: bool,
}

impl Toolchain {
    /// The compiler that is found first, if it has the target and a linker for it.
    ///
    /// # Errors
    /// [`ToolchainError::NoLinker`].
    pub fn in_use() -> Result<Option<Self>, ToolchainError> {
        let libraries =
            output_of(clean("rustc").args(["--print", "target-libdir", "--target", TARGET]));
        if !libraries.is_some_and(|folder| Path::new(&folder).is_dir()) {
            return Ok(None);
        }
        let host_libraries = output_of(clean("rustc").args(["--print", "target-libdir"]));
        let brings_linker = host_libraries.is_some_and(|folder| {
            let host = Path::new(&folder)
                .parent()
                .map(|host| host.join("bin/rust-lld"));
            host.is_some_and(|linker| linker.is_file())
        });
        if brings_linker {
            return Ok(Some(Self::InUse { linker: None }));
        }
        let found = ["wasm-ld", DEBIAN_LINKER];
        match found.into_iter().find(|linker| is_there(linker)) {
            Some(linker) => Ok(Some(Self::InUse {
                linker: Some(linker),
            })),
            None => Err(ToolchainError::NoLinker),
        }
    }

    /// Debian's compiler, if all its packages are there; the target's library is made in `sysroot`
    /// when it is missing or of another compiler, which takes a minute.
    ///
    /// # Errors
    /// The library is not built.
    pub fn debian(
        sysroot: &Path,
        hidden: &[(&Path, &str)],
    ) -> Result<Option<Self>, ToolchainError> {
        if !missing_packages().is_empty() {
            return Ok(None);
        }
        let sysroot = crate::sysroot::prepare(sysroot, hidden)?;
        Ok(Some(Self::Debian { sysroot }))
    }

    /// Builds libraries and returns the folder with their modules.
    ///
    /// # Errors
    /// The compiler's; it said why.
    pub fn build(&self, order: &Order<'_>) -> Result<PathBuf, ToolchainError> {
        let mut cargo = clean(match self {
            Self::InUse { .. } => "cargo",
            Self::Debian { .. } => DEBIAN_CARGO,
        });
        cargo.current_dir(order.folder).args([
            "build",
            "--lib",
            "--profile",
            PROFILE,
            "--target",
            TARGET,
        ]);
        cargo.arg("--target-dir").arg(order.target_dir);
        for package in order.packages {
            cargo.args(["--package", package]);
        }
        if !order.has_profile {
            for setting in PROFILE_SETTINGS {
                cargo.args(["--config", setting]);
            }
        }
        cargo.env(
            "CARGO_ENCODED_RUSTFLAGS",
            self.rust_flags(order.hidden)?.join("\x1f"),
        );
        const LINKER: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER";
        match self {
            Self::InUse { linker } => {
                if let Some(linker) = linker {
                    cargo.env(LINKER, linker);
                }
            }
            Self::Debian { .. } => {
                cargo.env("RUSTC", DEBIAN_RUSTC).env(LINKER, DEBIAN_LINKER);
            }
        }
        run(&mut cargo)?;
        Ok(order.target_dir.join(TARGET).join(PROFILE))
    }

    fn rust_flags(&self, hidden: &[(&Path, &str)]) -> Result<Vec<String>, ToolchainError> {
        let mut flags: Vec<String> = RUST_FLAGS.iter().map(|&flag| flag.to_owned()).collect();
        flags.extend(hide(hidden)?);
        if let Self::Debian { sysroot } = self {
            flags.push(format!("--sysroot={}", utf8(sysroot)?));
        }
        Ok(flags)
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { .. } => write!(f, "the compiler in use"),
            Self::Debian { sysroot } => write!(f, "{DEBIAN_RUSTC} and {}", sysroot.display()),
        }
    }
}

/// The Debian packages that are not installed.
#[must_use]
pub fn missing_packages() -> Vec<&'static str> {
    let missing = DEBIAN_PACKAGES
        .iter()
        .filter(|(_, file)| !Path::new(file).exists());
    missing.map(|(package, _)| *package).collect()
}

/// The settings that keep the places of folders out of what is compiled.
pub(crate) fn hide(hidden: &[(&Path, &str)]) -> Result<Vec<String>, ToolchainError> {
    let flag =
        |(path, name): &(&Path, &str)| Ok(format!("--remap-path-prefix={}={name}", utf8(path)?));
    hidden.iter().map(flag).collect()
}

fn utf8(path: &Path) -> Result<&str, ToolchainError> {
    path.to_str()
        .ok_or_else(|| ToolchainError::Path(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_keep_paths_with_spaces_whole() {
        let toolchain = Toolchain::Debian {
            sysroot: PathBuf::from("/a b/sysroot"),
        };
        let hidden = [(Path::new("/a b"), "lawgate")];
        let flags = toolchain.rust_flags(&hidden).expect("UTF-8 paths");
        for flag in ["--sysroot=/a b/sysroot", "--remap-path-prefix=/a b=lawgate"] {
            assert!(flags.contains(&flag.to_owned()), "{flags:?}");
        }
    }

    #[test]
    fn a_compiler_in_use_gets_no_sysroot() {
        let flags = Toolchain::InUse { linker: None }.rust_flags(&[]);
        let flags = flags.expect("UTF-8");
        assert!(
            !flags.iter().any(|flag| flag.starts_with("--sysroot")),
            "{flags:?}"
        );
    }

    #[test]
    fn guests_elsewhere_are_built_with_the_profile_of_the_root_manifest() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
        let manifest = std::fs::read_to_string(manifest);
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
}
