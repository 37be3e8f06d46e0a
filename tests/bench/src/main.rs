//! Benchmarks: each row is a ratio to a baseline measured in the same run.
//!
//! `cargo xtask bench [ROW..] [--entries=COUNT] [--must-hold]` builds and runs this. A row says what it measures, what its baseline is,
//! and the goal; notes are figures beside them without a baseline. The report goes to `target/bench/report.json`. Runs of
//! both sides alternate, and medians are reported, so that a busy neighbour hits both. The rows of the log need neither
//! the gateway nor a sandbox and are built alone without the feature `gateway`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a command line tool prints its table")]

#[cfg(feature = "gateway")]
mod adapters;
#[cfg(feature = "gateway")]
mod baseline;
mod big_log;
#[cfg(feature = "gateway")]
mod convert;
mod fdatasync;
mod growth;
#[cfg(feature = "gateway")]
mod hostile;
mod log;
mod package;
mod report;
mod sample;
#[cfg(feature = "search")]
mod search;
mod settings;
#[cfg(feature = "gateway")]
mod stream;
#[cfg(feature = "gateway")]
mod unary;

use crate::{report::Report, settings::Settings};

/// Measures rows and notes and adds them to the report.
type Measure = fn(&Settings, &mut Report) -> anyhow::Result<()>;

/// What is measured together, by the names of its rows.
const MEASURES: &[(&[&str], Measure)] = &[
    #[cfg(feature = "gateway")]
    (
        &[
            "convert-hj212",
            "convert-region-clue",
            "convert-police-case",
            "convert-justice-review",
        ],
        |settings, report| {
            report.add(convert::rows(settings)?);
            Ok(())
        },
    ),
    #[cfg(feature = "gateway")]
    (
        &["sandbox-fresh", "adapters-100-load", "adapter-idle-rss"],
        adapters::measure,
    ),
    #[cfg(feature = "gateway")]
    (&["hostile-p99", "hostile-p99-busy"], hostile::measure),
    (&["log-append"], |_, report| log::append(report)),
    (&["log-verify"], |_, report| log::verify(report)),
    (&["append-p50"], |_, report| log::append_p50(report)),
    (
        &["growth-append", "growth-proof", "growth-lookup"],
        growth::measure,
    ),
    (&["package-size", "package-verify"], |_, report| {
        package::measure(report)
    }),
    #[cfg(feature = "search")]
    (&["search-case-p99", "search-text-p99"], search::measure),
    #[cfg(feature = "gateway")]
    (&["unary-durable-p50"], |_, report| {
        report.add(unary::rows()?);
        Ok(())
    }),
    #[cfg(feature = "gateway")]
    (&["stream-durable"], |_, report| {
        report.add(stream::rows()?);
        Ok(())
    }),
];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        #[cfg(feature = "gateway")]
        Some("baseline-server") => return baseline::serve(&arguments[1..]),
        Some(growth::VERIFY_COMMAND) => return growth::verify_alone(&arguments[1..]),
        Some(_) | None => {}
    }
    let settings = Settings::parse(arguments)?;
    let mut report = Report::new();
    for (names, measure) in MEASURES {
        if names.iter().any(|name| settings.wants(name)) {
            measure(&settings, &mut report)?;
        }
    }
    println!("\n{report}");
    let file = sample::folder()?.join("report.json");
    report.write(&file)?;
    println!("written to {}", file.display());
    Ok(())
}
