//! `cargo xtask attacks`: builds what the attacks need and runs them.
//!
//! The work is done by `tests/attacks`, and the verdict of both verifiers is asked for; options go through as they are.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::{build, debian};

/// Runs the attacks; the last line printed says how many were detected, and it fails unless all were.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    debian::install_missing(
        &debian::TIME_STAMPING,
        "the attacks need a time-stamping authority: ",
    )?;
    let built = build::binaries(root, &["attacks", "audit-verify"], false)?;
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
