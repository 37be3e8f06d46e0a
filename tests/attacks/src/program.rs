//! The two programs of the full column: `lawgate-verify`, and the verifier in Python as a second opinion.
//!
//! Both run as processes on the files of a case, with the examiner's files, as a court's expert runs them.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use audit_proof::kept;

use crate::{
    column::{MAX_AGE_S, STAMP_DELAY_S},
    files,
    gateway::{Case, World},
    keys::ORIGIN,
};

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// `lawgate-verify`.
    pub verifier: PathBuf,
    /// The interpreter of Python.
    pub python: PathBuf,
    /// The folder of the package `lawgate_verify`.
    pub second_verifier: PathBuf,
}

/// What a program said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its exit code: 0 passed, 1 failed, 3 not checkable.
    pub code: i32,
    /// What it printed.
    pub text: String,
}

impl Programs {
    /// Runs `lawgate-verify all` with everything that an examiner can have.
    ///
    /// # Errors
    /// When it cannot be run, or understands its command line otherwise.
    pub fn first(&self, world: &World, case: &Case) -> Result<Answer> {
        let mut command = Command::new(&self.verifier);
        command.arg("all").arg(case.audit());
        command.args(["--json", "--threads", "1", "--origin", ORIGIN]);
        for (option, file) in [
            ("--policy", world.folder.join("policy")),
            ("--keys", world.folder.join("keys")),
            ("--party-keys", world.folder.join("party-keys")),
            ("--tsa-roots", world.authority.root()),
            ("--receipts", case.held().join("receipts")),
            ("--checkpoint", case.held().join("export")),
        ] {
            command.arg(option).arg(file);
        }
        for witnessed in files::list(&case.held().join("witnessed"))? {
            command.arg("--checkpoint").arg(witnessed);
        }
        for (option, seconds) in [
            ("--now", case.examined_s),
            ("--max-age", MAX_AGE_S),
            ("--stamp-delay", STAMP_DELAY_S),
        ] {
            command.arg(option).arg(seconds.to_string());
        }
        run(&mut command)
    }

    /// Runs the verifier in Python with everything that it knows to ask.
    ///
    /// Not with the lock: to it every checkpoint given needs the quorum, and the lock has the log's own signature alone.
    ///
    /// # Errors
    /// When it cannot be run, or understands its command line otherwise.
    pub fn second(&self, world: &World, case: &Case) -> Result<Answer> {
        let mut command = Command::new(&self.python);
        command
            .current_dir(&self.second_verifier)
            .args(["-B", "-m", "lawgate_verify", "log"])
            .arg(case.audit())
            .args(["--json", "--origin", ORIGIN]);
        let mut give = |option: &str, path: &Path| {
            command.arg(OsString::from(option)).arg(path);
        };
        give("--policy", &world.folder.join("policy"));
        give("--key-history", &world.folder.join("keys"));
        give("--party-keys", &world.folder.join("party-keys"));
        give("--token-roots", &world.authority.root());
        give("--checkpoint", &case.held().join("export"));
        for (option, folder) in [
            ("--checkpoint", case.held().join("witnessed")),
            ("--token", case.tiles().join("tokens")),
            ("--receipt", case.held().join("receipts")),
        ] {
            for file in files::list(&folder)? {
                give(option, &file);
            }
        }
        for (_, kept) in kept::list(&case.tiles())? {
            give("--checkpoint", &kept);
        }
        for (option, seconds) in [
            ("--now", case.examined_s),
            ("--max-age", MAX_AGE_S),
            ("--stamp-delay", STAMP_DELAY_S),
        ] {
            command.arg(option).arg(seconds.to_string());
        }
        run(&mut command)
    }
}

fn run(command: &mut Command) -> Result<Answer> {
    let output = command
        .output()
        .with_context(|| format!("running {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(code @ (0 | 1 | 3)) => Ok(Answer { code, text }),
        _ => bail!(
            "{command:?} ended with {}: {text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}
