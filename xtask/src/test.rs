//! `cargo xtask test`: everything that must be true, in the order in which it fails fastest.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::build::{self, cargo};
use crate::wasm;

/// Runs every test of every crate, the adapters natively and as components.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    if let Some(argument) = arguments.first() {
        bail!("test: unknown argument {argument}; for one crate use `cargo test -p <crate>`");
    }
    let started = Instant::now();
    cargo(root, &["fmt", "--all", "--check"])?;
    cargo(
        root,
        &["run", "--quiet", "--package", "codegen", "--", "--check"],
    )?;
    cargo(root, &["test", "--package", "tidy"])?;
    wasm::adapters(root, &[])?;
    wasm::try_templates(root)?;
    build::python(root)?;
    // The binary the end-to-end tests start, with the features the whole workspace unifies to.
    cargo(root, &["build", "--workspace"])?;
    cargo(root, &["test", "--workspace", "--no-fail-fast"])?;
    cargo(
        root,
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ],
    )?;
    println!("test: OK in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}
