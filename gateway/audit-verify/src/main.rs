//! `lawgate-verify`: checks audit logs, mirrors and evidence packages offline, for a court's expert and for everybody else.
//!
//! Reads files and prints a verdict; what is decided, [`audit_proof::judge`] and [`package_proof`] decide. It has no network, writes nothing
//! and knows nothing of how a log is written, and nothing of adapters: `--replay` starts another program. Exit codes: 0 everything asked was really checked and passed; 1 something
//! is wrong, or nothing was checked; 2 wrong use; 3 nothing is wrong, and something asked could not be checked.

#![forbid(unsafe_code)]

mod archive;
mod evidence;
mod json;
mod node;
mod options;
mod package;
mod replay;
mod run;
mod source;
mod text;

use std::{
    path::Path,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use audit_proof::judge::Outcome;

use options::{Arguments, Command, Settings};

/// Exit code for wrong use: a file that cannot be read, a policy that is none.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::read(std::env::args_os());
    let as_json = arguments
        .command
        .settings()
        .is_some_and(|settings| settings.json);
    let checked = match &arguments.command {
        Command::Package {
            file,
            replay,
            settings,
        } => package_checked(file, settings, *replay),
        Command::Archive { folder, settings } => archive::run(folder, settings).map(|checked| {
            let printed = match settings.json {
                true => format!("{}\n", checked.to_json()),
                false => checked.to_text(),
            };
            (printed, checked.outcome())
        }),
        command @ (Command::Log { .. }
        | Command::Mirror { .. }
        | Command::Checkpoint { .. }
        | Command::Receipt { .. }
        | Command::All { .. }) => run::run(command, now_s()).map(|verdict| {
            let printed = match as_json {
                true => format!("{}\n", json::render(&verdict)),
                false => text::render(&verdict),
            };
            (printed, verdict.outcome())
        }),
    };
    match checked {
        Ok((printed, outcome)) => {
            print(&printed);
            ExitCode::from(exit_code(outcome))
        }
        Err(error) => {
            eprintln!("lawgate-verify: {error:#}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

/// Checks a package, and has its conversions made again where that is asked.
fn package_checked(
    file: &Path,
    settings: &Settings,
    is_replay: bool,
) -> anyhow::Result<(String, Outcome)> {
    let verdict = package::run(file, settings, now_s())?;
    let replayed = match is_replay {
        true => Some(replay::run(file, settings.json)?),
        false => None,
    };
    let printed = match settings.json {
        true => {
            let mut printed = package_proof::render::json(&verdict);
            if let Some(replayed) = &replayed {
                printed["replay"] = replayed.to_json()?;
            }
            format!("{printed}\n")
        }
        false => {
            let said = replayed.as_ref().map_or("", |replayed| &replayed.said);
            let gap = if said.is_empty() { "" } else { "\n" };
            format!("{}{gap}{said}", package_proof::render::text(&verdict))
        }
    };
    let outcome = match replayed {
        Some(replayed) => worse(verdict.outcome(), replayed.outcome),
        None => verdict.outcome(),
    };
    Ok((printed, outcome))
}

/// What two outcomes come to: one failure is a failure, one open question an open question.
fn worse(one: Outcome, other: Outcome) -> Outcome {
    match (one, other) {
        (Outcome::Failed, _) | (_, Outcome::Failed) => Outcome::Failed,
        (Outcome::NotCheckable, _) | (_, Outcome::NotCheckable) => Outcome::NotCheckable,
        (Outcome::Passed, Outcome::Passed) => Outcome::Passed,
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the verdict is what the program is for"
)]
fn print(printed: &str) {
    print!("{printed}");
}

fn exit_code(outcome: Outcome) -> u8 {
    match outcome {
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
