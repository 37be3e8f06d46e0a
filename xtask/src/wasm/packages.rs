//! The Debian packages that build guests without rustup.
//!
//! Debian's compiler for the web has its own sources beside it, from which
//! [`super::sysroot`] makes the standard library of the target.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::toolchain::{output_of, run};

/// Debian's compiler.
pub(super) const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Debian's cargo.
pub(super) const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// Debian's linker for WebAssembly; the version is part of its name.
pub(super) const DEBIAN_LINKER: &str = "wasm-ld-22";

/// Each package with a file that shows that it is installed.
const PACKAGES: [(&str, &str); 4] = [
    ("rustc-web", DEBIAN_RUSTC),
    ("cargo-web", DEBIAN_CARGO),
    (
        "rust-web-src",
        "/usr/lib/rustlib/src/rust/library/std/Cargo.toml",
    ),
    ("lld-22", "/usr/bin/wasm-ld-22"),
];

/// The packages that are not installed.
pub(super) fn missing() -> Vec<&'static str> {
    let is_missing = |&(_, proof): &(&str, &str)| !Path::new(proof).exists();
    PACKAGES
        .into_iter()
        .filter(is_missing)
        .map(|(package, _)| package)
        .collect()
}

/// Installs what is missing, saying so; nothing is done when nothing is.
pub(super) fn install_missing() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let command = format!(
        "apt-get install -y --no-install-recommends {}",
        missing.join(" ")
    );
    let advice = format!(
        "no compiler for the adapters: run `rustup target add {}`, or as root `{command}`",
        super::TARGET
    );
    if output_of(Command::new("id").arg("-u")).as_deref() != Some("0") {
        bail!("{advice}");
    }
    eprintln!("installing Debian packages: {}", missing.join(", "));
    if install(&missing).is_err() {
        eprintln!("refreshing the package lists");
        run(Command::new("apt-get").args(["update", "-q"])).context(advice.clone())?;
        install(&missing).context(advice.clone())?;
    }
    let still = self::missing();
    if !still.is_empty() {
        bail!(
            "{} installed, but their files are not where expected; {advice}",
            still.join(", ")
        );
    }
    Ok(())
}

fn install(packages: &[&str]) -> Result<()> {
    let mut apt = Command::new("apt-get");
    apt.args(["install", "-y", "-q", "--no-install-recommends"])
        .args(packages);
    run(apt.env("DEBIAN_FRONTEND", "noninteractive"))
}
