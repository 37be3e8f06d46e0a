//! `attacks`: does the seventeen attacks, runs the nine verifiers and prints the table.
//!
//! `attacks --verifier FILE --python FILE --second-verifier FOLDER [--json FILE] [--keep FOLDER]`; `cargo xtask attacks`
//! builds and calls it. Its last line is `attacks: N/17 detected, honest control passed|failed`, and its exit code 0 only
//! for 17 and passed.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "the table is what the program is for")]

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use attacks::{
    honest,
    program::Programs,
    table::{Row, Table, run},
};

/// What was asked on the command line.
#[derive(Debug, Default)]
struct Arguments {
    verifier: Option<PathBuf>,
    python: Option<PathBuf>,
    second_verifier: Option<PathBuf>,
    json: Option<PathBuf>,
    keep: Option<PathBuf>,
}

fn main() -> ExitCode {
    match attack() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("attacks: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn attack() -> Result<bool> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let programs = Programs {
        verifier: std::path::absolute(arguments.verifier.context("--verifier is missing")?)?,
        python: arguments.python.context("--python is missing")?,
        second_verifier: arguments
            .second_verifier
            .context("--second-verifier is missing")?,
    };
    let temporary = tempfile::tempdir()?;
    let folder = match &arguments.keep {
        None => temporary.path().to_owned(),
        Some(folder) => std::path::absolute(folder)?,
    };
    println!("a real gateway writes the honest log");
    let (world, honest) = honest::run(&folder)?;
    let marks = &honest.marks;
    println!(
        "{} entries; exported at {}, backed up at {}, signed at {:?}, killed",
        marks.size, marks.exported, marks.backed_up, marks.checkpoints
    );
    let table = run(&world, &honest, Some(&programs), tell)?;
    if let Some(path) = &arguments.json {
        let text = serde_json::to_string_pretty(&table.to_json())?;
        attacks::files::write(path, text + "\n")?;
    }
    print(&table);
    Ok(table.is_as_it_must_be())
}

/// Says what the full column found, and that the programs disagree, if they do.
fn tell(row: &Row) {
    let code = |answer: &Option<attacks::program::Answer>| {
        answer
            .as_ref()
            .map_or("-".to_owned(), |answer| answer.code.to_string())
    };
    let reason = row.findings.last().map_or("", |finding| &finding.reason);
    println!(
        "{} → lawgate-verify {}, in Python {}: {reason}",
        row.title(),
        code(&row.first),
        code(&row.second)
    );
}

fn print(table: &Table) {
    println!("\n{table}");
    println!(
        "D detected, A accepted, ? neither. A column trusts all that those left of it trust.\n"
    );
    println!("{}", table.summary());
}

impl Arguments {
    fn parse(mut given: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = Self::default();
        while let Some(option) = given.next() {
            let place = match option.as_str() {
                "--verifier" => &mut arguments.verifier,
                "--python" => &mut arguments.python,
                "--second-verifier" => &mut arguments.second_verifier,
                "--json" => &mut arguments.json,
                "--keep" => &mut arguments.keep,
                _ => bail!("{option}: not understood"),
            };
            let value = given.next().with_context(|| format!("{option} of what?"))?;
            *place = Some(value.into());
        }
        Ok(arguments)
    }
}
