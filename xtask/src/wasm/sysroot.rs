//! The standard library of the guests' target, built once from Debian's sources.
//!
//! A compiler accepts only a library that it compiled itself, so the result
//! carries the compiler's version and is made again when that changes. Guests
//! use it through `--sysroot`; it takes about a minute and 80 MB.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::TARGET;
use super::packages::{DEBIAN_CARGO, DEBIAN_RUSTC};
use super::toolchain::{clean_command, hide_cargo_home, output_of, run};

/// Changes whenever this recipe changes, so that old results are made again.
const RECIPE: u32 = 2;

/// A package that needs the standard library and adds nothing to it.
const MANIFEST: &str = r#"[package]
name = "sysroot-seed"
version = "0.0.0"
edition = "2024"

[lib]
path = "lib.rs"

[profile.release]
opt-level = 3
codegen-units = 1
panic = "abort"
debug = false

[workspace]
"#;

/// Settings of the library: bitcode lets guests optimise across it, and the
/// mark lets its own parts use each other's unstable interfaces.
const RUST_FLAGS: [&str; 3] = [
    "-Cembed-bitcode=yes",
    "-Zforce-unstable-if-unmarked",
    "-Ctarget-feature=+simd128",
];

/// Returns the sysroot in `folder`, made first when it is missing or outdated.
pub(super) fn prepare(folder: &Path) -> Result<PathBuf> {
    let compiler = output_of(Command::new(DEBIAN_RUSTC).arg("-vV"))
        .with_context(|| format!("{DEBIAN_RUSTC} does not run"))?;
    let stamp = format!("recipe {RECIPE}\n{compiler}\n");
    let _lock = lock(&folder.with_extension("lock"))?;
    if fs::read_to_string(folder.join("STAMP")).is_ok_and(|found| found == stamp) {
        return Ok(folder.to_owned());
    }
    let draft = folder.with_extension("draft");
    remove(&draft)?;
    fs::create_dir_all(&draft).with_context(|| format!("{}", draft.display()))?;
    let started = Instant::now();
    let version = compiler.lines().next().unwrap_or_default();
    eprintln!("building the standard library of {TARGET} with {version} (once, about a minute)");
    let work = draft.join("work");
    build(&work)?;
    collect(&work, &draft)?;
    remove(&work)?;
    fs::write(draft.join("STAMP"), stamp)?;
    remove(folder)?;
    fs::rename(&draft, folder).with_context(|| format!("{}", folder.display()))?;
    eprintln!(
        "built in {} s: {}",
        started.elapsed().as_secs(),
        folder.display()
    );
    Ok(folder.to_owned())
}

/// Waits until no other run of this task builds the library; held until dropped.
fn lock(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = File::create(path).with_context(|| format!("{}", path.display()))?;
    file.lock().with_context(|| format!("{}", path.display()))?;
    Ok(file)
}

/// Compiles the seed package and with it the library, into `work/target`.
fn build(work: &Path) -> Result<()> {
    fs::create_dir_all(work)?;
    fs::write(work.join("Cargo.toml"), MANIFEST)?;
    fs::write(work.join("lib.rs"), "#![no_std]\n")?;
    let mut flags: Vec<String> = RUST_FLAGS.map(str::to_owned).to_vec();
    flags.extend(hide_cargo_home()?);
    let mut cargo = clean_command(DEBIAN_CARGO);
    cargo
        .current_dir(work)
        .args([
            "build",
            "--release",
            "--target",
            TARGET,
            "-Zbuild-std=std,panic_abort",
        ])
        .arg("--target-dir")
        .arg(work.join("target"))
        .env("RUSTC", DEBIAN_RUSTC)
        // Building the library is unstable in cargo; Debian's sources and
        // compiler are of one version, which is what makes it work.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    run(&mut cargo).context("the standard library for the adapters was not built")
}

/// Lays the compiled parts out as the compiler expects them.
fn collect(work: &Path, sysroot: &Path) -> Result<()> {
    let libraries = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&libraries)?;
    let compiled = work.join("target").join(TARGET).join("release/deps");
    for entry in fs::read_dir(&compiled).with_context(|| format!("{}", compiled.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.ends_with(".rlib") && !name.starts_with("libsysroot_seed") {
            fs::copy(&path, libraries.join(name))?;
        }
    }
    // The host's half, for the case that the flag reaches a build script.
    let host = output_of(Command::new(DEBIAN_RUSTC).args(["--print", "target-libdir"]))
        .with_context(|| format!("{DEBIAN_RUSTC} does not name its libraries"))?;
    if let Some(host) = Path::new(&host).parent()
        && let Some(name) = host.file_name()
    {
        symlink(host, sysroot.join("lib/rustlib").join(name))?;
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{}", folder.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
