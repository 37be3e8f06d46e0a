//! `cargo xtask attacks`: builds what the attacks need and runs them.
//!
//! That is the gateway itself, whose process writes the log that is attacked, with its adapters. The work is done by `tests/attacks`, and the verdict of both verifiers is asked for; options go through as they are.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::{build, debian, wasm};

/// Runs the attacks; the last line printed says how many were detected, and it fails unless all were.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    debian::install_missing(
        &debian::TIME_STAMPING,
        "the attacks need a time-stamping authority: ",
    )?;
    wasm::adapters(root, &[])?;
    let built = build::binaries(root, &["attacks", "audit-verify", "lawgate"], false)?;
    let python = build::python(root)?;
    build::run(
        Command::new(built.join("attacks"))
            .arg("--verifier")
            .arg(built.join("lawgate-verify"))
            .arg("--python")
            .arg(python)
            .arg("--second-verifier")
            .arg(root.join("tests/verifier-python"))
            .args(arguments)
            .current_dir(root),
    )
}
