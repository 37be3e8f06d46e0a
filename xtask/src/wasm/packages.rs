//! The Debian packages that build guests without rustup.
//!
//! Debian's compiler for the web has its own sources beside it, from which
//! [`super::sysroot`] makes the standard library of the target.

use anyhow::Result;

use crate::debian::{self, Package};

/// Debian's compiler.
pub(super) const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Debian's cargo.
pub(super) const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// Debian's linker for WebAssembly; the version is part of its name.
pub(super) const DEBIAN_LINKER: &str = "wasm-ld-22";

/// Each package with a file that shows that it is installed.
const PACKAGES: [Package; 4] = [
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
    debian::missing(&PACKAGES)
}

/// Installs what is missing, saying so; nothing is done when nothing is.
pub(super) fn install_missing() -> Result<()> {
    let advice = format!(
        "no compiler for the adapters: run `rustup target add {}`, or ",
        super::TARGET
    );
    debian::install_missing(&PACKAGES, &advice)
}
