//! The standard library of the guests' target, built once from Debian's sources.
//!
//! A compiler accepts only a library that it compiled itself, so the result
//! carries the compiler's version and is made again when that changes. Guests
//! use it through `--sysroot`; it takes about a minute and 80 MB.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::ToolchainError;
use crate::command::{CommandError, clean, output_of, run};
use crate::toolchain::{DEBIAN_CARGO, DEBIAN_RUSTC, TARGET, hide};

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

/// Returns the sysroot in `folder`, made first when it is missing or outdated. Another process that
/// makes it is waited for.
///
/// # Errors
/// The compiler's, or a file's.
pub fn prepare(folder: &Path, hidden: &[(&Path, &str)]) -> Result<PathBuf, ToolchainError> {
    let compiler = output_of(clean(DEBIAN_RUSTC).arg("-vV")).ok_or_else(does_not_run)?;
    let stamp = format!("recipe {RECIPE}\n{compiler}\n");
    let _lock = lock(&folder.with_extension("lock"))?;
    if fs::read_to_string(folder.join("STAMP")).is_ok_and(|found| found == stamp) {
        return Ok(folder.to_owned());
    }
    let draft = folder.with_extension("draft");
    remove(&draft)?;
    let work = draft.join("work");
    fs::create_dir_all(&work).map_err(file(&work))?;
    build(&work, hidden)?;
    collect(&work, &draft)?;
    remove(&work)?;
    let mark = draft.join("STAMP");
    fs::write(&mark, stamp).map_err(file(&mark))?;
    remove(folder)?;
    fs::rename(&draft, folder).map_err(file(folder))?;
    Ok(folder.to_owned())
}

fn does_not_run() -> ToolchainError {
    ToolchainError::Command(CommandError::Start {
        program: DEBIAN_RUSTC.to_owned(),
        cause: io::Error::from(io::ErrorKind::NotFound),
    })
}

/// Names the file in an error.
fn file(path: &Path) -> impl FnOnce(io::Error) -> ToolchainError {
    let path = path.to_owned();
    move |cause| ToolchainError::File { path, cause }
}

/// Waits until no other process builds the library; held until dropped.
fn lock(path: &Path) -> Result<File, ToolchainError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(file(folder))?;
    }
    let held = File::create(path).map_err(file(path))?;
    held.lock().map_err(file(path))?;
    Ok(held)
}

/// Compiles the seed package and with it the library, into `work/target`.
fn build(work: &Path, hidden: &[(&Path, &str)]) -> Result<(), ToolchainError> {
    for (name, content) in [("Cargo.toml", MANIFEST), ("lib.rs", "#![no_std]\n")] {
        let path = work.join(name);
        fs::write(&path, content).map_err(file(&path))?;
    }
    let mut flags: Vec<String> = RUST_FLAGS.map(str::to_owned).to_vec();
    flags.extend(hide(hidden)?);
    let mut cargo = clean(DEBIAN_CARGO);
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
    Ok(run(&mut cargo)?)
}

/// Lays the compiled parts out as the compiler expects them.
fn collect(work: &Path, sysroot: &Path) -> Result<(), ToolchainError> {
    let libraries = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&libraries).map_err(file(&libraries))?;
    let compiled = work.join("target").join(TARGET).join("release/deps");
    for entry in fs::read_dir(&compiled).map_err(file(&compiled))? {
        let path = entry.map_err(file(&compiled))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.ends_with(".rlib") && !name.starts_with("libsysroot_seed") {
            fs::copy(&path, libraries.join(name)).map_err(file(&path))?;
        }
    }
    // The host's half, for the case that the flag reaches a build script.
    let host = output_of(clean(DEBIAN_RUSTC).args(["--print", "target-libdir"]));
    let host = host.ok_or_else(does_not_run)?;
    if let Some(host) = Path::new(&host).parent()
        && let Some(name) = host.file_name()
    {
        let link = sysroot.join("lib/rustlib").join(name);
        symlink(host, &link).map_err(file(&link))?;
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<(), ToolchainError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file(folder)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
