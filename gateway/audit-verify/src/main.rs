//! `lawgate-verify`: checks audit logs and mirrors offline, for a court's expert and for everybody else.
//!
//! Reads files and prints a verdict; what is decided, [`audit_proof::judge`] decides. It has no network, writes nothing
//! and knows nothing of how a log is written. Exit codes: 0 everything asked was really checked and passed; 1 something
//! is wrong, or nothing was checked; 2 wrong use; 3 nothing is wrong, and something asked could not be checked.

#![forbid(unsafe_code)]

mod archive;
mod evidence;
mod json;
mod node;
mod options;
mod run;
mod source;
mod text;

use std::{
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use audit_proof::judge::{Outcome, Verdict};
use clap::Parser as _;

use options::{Arguments, Command};

/// Exit code for wrong use: a file that cannot be read, a policy that is none.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match examine(&arguments.command) {
        Ok((text, code)) => {
            print(&text);
            ExitCode::from(code)
        }
        Err(error) => {
            eprintln!("lawgate-verify: {error:#}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

/// Examines what was named; returns what is printed and the exit code.
fn examine(command: &Command) -> anyhow::Result<(String, u8)> {
    if let Command::Archive { folder, settings } = command {
        let checked = archive::run(folder, settings)?;
        let text = if settings.json {
            checked.to_json() + "\n"
        } else {
            checked.to_text()
        };
        return Ok((text, checked.exit_code()));
    }
    let settings = command.settings();
    let settings = settings.expect("every other command has the settings of a log");
    let verdict = run::run(command, settings, now_s())?;
    let text = if settings.json {
        format!("{}\n", json::render(&verdict))
    } else {
        text::render(&verdict)
    };
    Ok((text, exit_code(&verdict)))
}

#[expect(
    clippy::print_stdout,
    reason = "the verdict is what the program is for"
)]
fn print(text: &str) {
    print!("{text}");
}

fn exit_code(verdict: &Verdict) -> u8 {
    match verdict.outcome() {
        Outcome::Passed => 0,
        Outcome::Failed => 1,
        Outcome::NotCheckable => 3,
    }
}

/// Returns the seconds since 1970 by the clock of this machine; used for `--max-age` without `--now` alone.
#[expect(clippy::disallowed_methods, reason = "only the binary reads the clock")]
fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
