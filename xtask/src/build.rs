//! Building the host side: the gateway's binary and the tools of the tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::debian;

/// Builds binaries of the workspace in one go, so that their dependencies are built once, and
/// returns the folder they are in. The gateway's has the compiler of adapters beside it.
pub(crate) fn binaries(root: &Path, packages: &[&str], release: bool) -> Result<PathBuf> {
    let mut arguments = vec!["build"];
    for package in packages {
        arguments.extend(["--package", package]);
    }
    if release {
        arguments.push("--release");
    }
    cargo(root, &arguments)?;
    if packages.contains(&"lawgate") {
        compiler(root, release)?;
    }
    Ok(target(root).join(if release { "release" } else { "debug" }))
}

/// Builds the compiler of adapters, alone: in one build with others, theirs would have it in them.
pub(crate) fn compiler(root: &Path, release: bool) -> Result<()> {
    let mut arguments = vec!["build", "--package", COMPILER];
    if release {
        arguments.push("--release");
    }
    cargo(root, &arguments)
}

/// The package of the compiler of adapters, which is no default member of the workspace.
pub(crate) const COMPILER: &str = "adapter-compiler";

/// Runs cargo in the root; what it prints goes to the terminal.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Result<()> {
    println!("── cargo {}", arguments.join(" "));
    run(Command::new(cargo_program())
        .args(arguments)
        .current_dir(root))
}

/// Runs a command; what it prints goes to the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("running {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

/// The folder of build products.
pub(crate) fn target(root: &Path) -> PathBuf {
    root.join("target")
}

/// The cargo that runs this task, so that a toolchain chosen for it is kept.
fn cargo_program() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo tells its tasks where it is"
    )]
    let cargo = std::env::var("CARGO");
    cargo.unwrap_or_else(|_| "cargo".to_owned())
}

/// Packages of the foreign client, the foreign compiler of the contract, the second verifier and the reader of PDF, at
/// the versions they were tried with.
const PYTHON_PACKAGES: [&str; 6] = [
    "cryptography==48.0.0",
    "grpcio==1.76.0",
    "grpcio-reflection==1.76.0",
    "grpcio-tools==1.76.0",
    "protobuf>=6,<7",
    "pypdf==7.1.1",
];

/// Makes an empty Python environment in `folder`. Debian's Python cannot without a package, which is then installed.
pub(crate) fn environment(folder: &Path) -> Result<()> {
    let make = || {
        let made = Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(folder)
            .status();
        made.is_ok_and(|status| status.success())
    };
    if make() {
        return Ok(());
    }
    debian::install_named(
        &["python3-venv"],
        "an environment of Python needs python3 with venv: ",
    )?;
    ensure!(
        make(),
        "`python3 -m venv {}` fails; run it to see why",
        folder.display()
    );
    Ok(())
}

/// Makes the Python environment of the foreign client and the second verifier in `target/python`, once; returns its
/// interpreter.
pub(crate) fn python(root: &Path) -> Result<PathBuf> {
    let folder = target(root).join("python");
    let program = folder.join("bin/python");
    let ready = |program: &Path| {
        let check = Command::new(program)
            .args([
                "-c",
                "import cryptography, grpc, grpc_reflection, grpc_tools, pypdf",
            ])
            .output();
        check.is_ok_and(|output| output.status.success())
    };
    if ready(&program) {
        return Ok(program);
    }
    println!(
        "── python: installing {} into {}",
        PYTHON_PACKAGES.join(", "),
        folder.display()
    );
    environment(&folder)?;
    run(Command::new(&program)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(PYTHON_PACKAGES))?;
    ensure!(
        ready(&program),
        "the packages were installed and cannot be imported by {}",
        program.display()
    );
    Ok(program)
}
