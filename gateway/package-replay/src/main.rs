//! `lawgate-replay`: makes the conversions of an evidence package again, offline, in an engine that the gateway does not use.
//!
//! `lawgate-verify --replay` starts it; it can be used by itself. It reads the package and nothing else.
#![forbid(unsafe_code)]

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use package_replay::{Interpreted, PackageError, render, replay};

/// Exit code for wrong use: a file that cannot be read.
const EXIT_USAGE: u8 = 2;

/// Makes the conversions of an evidence package again and compares the bytes 离线重放证据包内的转换
#[derive(Debug, Parser)]
#[command(
    name = "lawgate-replay",
    version,
    after_help = "It does not say whether the log has the entries: that is what lawgate-verify says, which runs this program with --replay.\n\nExit codes 退出码: 0 everything was made again and is equal; 1 something differs or was altered, or there was nothing; 2 wrong use; 3 nothing is wrong, and something could not be made again."
)]
struct Arguments {
    /// The package, a file `.evp` 证据包
    file: PathBuf,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let bytes = match std::fs::read(&arguments.file) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("lawgate-replay: {}: {error}", arguments.file.display());
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match replay(&bytes, &mut Interpreted) {
        Ok(report) => {
            print(&match arguments.json {
                true => format!("{}\n", render::json(&report)),
                false => render::text(&report),
            });
            ExitCode::from(report.exit_code())
        }
        Err(error) => {
            eprintln!("lawgate-replay: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

fn with_causes(error: &PackageError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}

#[expect(clippy::print_stdout, reason = "the report is what the program is for")]
fn print(printed: &str) {
    print!("{printed}");
}
