//! Benchmarks: each row is a ratio to a baseline measured in the same run.
//!
//! `cargo xtask bench [ROW..]` builds and runs this. A row says what it
//! measures, what its baseline is, and the goal; the report goes to
//! `target/bench/report.json`. Runs of both sides alternate, and medians are
//! reported, so that a busy neighbour hits both.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a command line tool prints its table")]

mod baseline;
mod convert;
mod fdatasync;
mod log;
mod report;
mod stream;
mod unary;

use crate::report::{Report, Row};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments
        .first()
        .is_some_and(|argument| argument == "baseline-server")
    {
        return baseline::serve(&arguments[1..]);
    }
    let wanted = |name: &str| {
        arguments.is_empty()
            || arguments
                .iter()
                .any(|asked| name.starts_with(asked.as_str()))
    };
    let mut report = Report::new();
    type Measure = fn() -> anyhow::Result<Vec<Row>>;
    let measures: [(&[&str], Measure); 5] = [
        (
            &[
                "convert-hj212",
                "convert-region-clue",
                "convert-police-case",
                "convert-justice-review",
            ],
            convert::rows,
        ),
        (&["log-append"], log::append),
        (&["log-verify"], log::verify),
        (&["unary-durable-p50"], unary::rows),
        (&["stream-durable"], stream::rows),
    ];
    for (names, measure) in measures {
        if names.iter().any(|name| wanted(name)) {
            report.add(measure()?);
        }
    }
    println!("\n{report}");
    let file = end_to_end::root().join("target/bench/report.json");
    report.write(&file)?;
    println!("written to {}", file.display());
    Ok(())
}
