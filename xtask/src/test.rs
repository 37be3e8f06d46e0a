//! `cargo xtask test`: everything that must be true, in the order in which it fails fastest.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::build::{self, cargo};
use crate::{debian, languages, verifier, wasm};

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
    debian::install_missing(
        &debian::FOREIGN,
        "tests hold our signatures and time stamps against other programs: ",
    )?;
    let python = build::python(root)?;
    second_verifier(root, &python)?;
    verifier::test(root)?;
    // The binaries the tests start: the gateway with the features its whole workspace unifies to, and the compiler of
    // adapters, which is no default member of it.
    cargo(root, &["build"])?;
    build::compiler(root, false)?;
    languages::run(root, &build::target(root).join("debug/lawgate"))?;
    cargo(root, &["test", "--no-fail-fast"])?;
    compiler(root)?;
    hostile_neighbours(root)?;
    // Keys in a token; the gateway is built without it unless asked.
    cargo(
        root,
        &["test", "--package", "signer", "--features", "pkcs11"],
    )?;
    cargo(
        root,
        &[
            "clippy",
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

/// The compiler of adapters, and the half of `adapter-host` that only it has.
fn compiler(root: &Path) -> Result<()> {
    const PACKAGES: [&str; 4] = ["--package", build::COMPILER, "--package", "adapter-host"];
    let tests = [
        &["test"],
        &PACKAGES[..],
        &[
            "--features",
            "adapter-host/compiler",
            "--lib",
            "--test",
            "program",
        ],
    ];
    cargo(root, &tests.concat())?;
    let lints = [
        &["clippy"],
        &PACKAGES[..],
        &["--all-targets", "--quiet", "--", "--deny", "warnings"],
    ];
    cargo(root, &lints.concat())
}

/// Measures a good feed alone and beside feeds whose adapters attack, with nothing else at work: a
/// ratio of one run, tried again where a busy machine spoilt it.
fn hostile_neighbours(root: &Path) -> Result<()> {
    println!("── bench hostile-p99 --must-hold");
    build::run(
        Command::new(build::target(root).join("debug/bench"))
            .args(["hostile-p99", "--must-hold"])
            .current_dir(root),
    )
}

/// Runs the tests of the verifier in Python; `-B` keeps its folder free of compiled files.
fn second_verifier(root: &Path, python: &Path) -> Result<()> {
    println!("── python -m unittest (tests/verifier-python)");
    build::run(
        Command::new(python)
            .args([
                "-B",
                "-m",
                "unittest",
                "discover",
                "--start-directory",
                "tests",
                "--top-level-directory",
                ".",
            ])
            .current_dir(root.join("tests/verifier-python")),
    )
}
