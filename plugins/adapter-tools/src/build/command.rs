//! Running programs of others.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use super::BuildError;

/// Variables of an outer cargo or rustup that would reach an inner one.
const OUTER_VARIABLES: [&str; 8] = [
    "CARGO",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "LD_LIBRARY_PATH",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

/// A command without the variables of a cargo that runs us.
pub(super) fn clean(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for variable in OUTER_VARIABLES {
        command.env_remove(variable);
    }
    command
}

/// Runs a command to its end; what it prints goes to standard error, because standard output is ours.
pub(super) fn run(command: &mut Command) -> Result<(), BuildError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .map_err(|cause| BuildError::Start {
            program: program.clone(),
            cause,
        })?;
    if status.success() {
        Ok(())
    } else {
        Err(BuildError::Failed { program, status })
    }
}

/// The standard output of a command; `None` when it cannot be started or fails.
pub(super) fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

/// Whether a program of this name can be started at all.
pub(super) fn is_there(program: &str) -> bool {
    let started = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    !started.is_err_and(|cause| cause.kind() == ErrorKind::NotFound)
}
