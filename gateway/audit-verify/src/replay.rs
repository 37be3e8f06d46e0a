//! Having the conversions of a package made again: by another program, which knows adapters and the rules of the exchange.
//!
//! A program of its own because this one must be small enough to be read, and must not know how a log is written.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use audit_proof::judge::Outcome;
use serde_json::Value;

/// The program, beside this one.
const PROGRAM: &str = "lawgate-replay";

/// What the program said.
pub(crate) struct Replayed {
    /// As it was printed: words or JSON.
    pub(crate) said: String,
    /// What it comes to.
    pub(crate) outcome: Outcome,
}

impl Replayed {
    /// What was printed as JSON; a package that is none is words.
    ///
    /// # Errors
    /// It printed something else.
    pub(crate) fn to_json(&self) -> anyhow::Result<Value> {
        match self.said.starts_with('{') {
            true => serde_json::from_str(&self.said).context("reading what lawgate-replay printed"),
            false => Ok(self.said.trim_end().into()),
        }
    }
}

/// Runs the program on a package.
///
/// # Errors
/// It is not there, or it cannot be run.
pub(crate) fn run(file: &Path, is_json: bool) -> anyhow::Result<Replayed> {
    let program = program()?;
    let mut command = Command::new(&program);
    command.arg(file);
    if is_json {
        command.arg("--json");
    }
    let output = command
        .output()
        .with_context(|| format!("--replay: running {}", program.display()))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let outcome = match output.status.code() {
        Some(0) => Outcome::Passed,
        Some(1) => Outcome::Failed,
        Some(3) => Outcome::NotCheckable,
        _ => anyhow::bail!("--replay: {} {errors}", output.status),
    };
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    if said.is_empty() {
        said = errors.into_owned();
    }
    Ok(Replayed { said, outcome })
}

fn program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("finding this program")?;
    let program = own.with_file_name(format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX));
    anyhow::ensure!(
        program.is_file(),
        "--replay: the program {PROGRAM} must lie beside this one, and {} is not there",
        program.display()
    );
    Ok(program)
}
