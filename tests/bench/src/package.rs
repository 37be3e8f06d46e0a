//! `package-size` and `package-verify`: an evidence package of one record, against the bounds that are promised.
//!
//! The record stands in a log of 100,000 entries, so that its proofs are as long as those of a busy node's; the component
//! of the adapter is left out. Size and time beside the statement in PDF are notes, because they depend on the font.

use std::{path::Path, time::Instant};

use anyhow::Context as _;
use audit_proof::{
    judge::{Outcome, Questions, Trust},
    policy::Policy,
};
use package_proof::{Held, check};
use sample_package::{Options, Sample};

use crate::report::{Report, Row};

/// Entries of the log before the record.
const ENTRIES: u64 = 100_000;
/// Checks of one run.
const RUNS: usize = 21;
/// Most bytes of a package of one record, without component.
const MAX_BYTES: f64 = 65_536.0;
/// Longest check, in milliseconds.
const MAX_MS: f64 = 200.0;
/// The font whose package the demonstration installs.
const FONT: &str = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc";

/// Measures both rows.
pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    let sample = Sample::new(Options {
        component_bytes: 0,
        entries_before: ENTRIES,
        ..Options::default()
    });
    let package = sample.package(None);
    let size = vec![(package.len() as f64, MAX_BYTES)];
    report.add(vec![Row::new("package-size", "bytes", "<= 1", size)]);
    let trust = Trust {
        policy: Some(Policy::parse(sample.policy.as_bytes()).context("the sample's policy")?),
        ..Trust::default()
    };
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let verdict = check(&package, &trust, &Questions::default(), &Held::default());
        let took_ms = start.elapsed().as_secs_f64() * 1000.0;
        anyhow::ensure!(
            verdict.outcome() == Outcome::Passed,
            "the package does not verify"
        );
        runs.push((took_ms, MAX_MS));
    }
    report.add(vec![Row::new("package-verify", "ms", "<= 1", runs)]);
    if Path::new(FONT).is_file() {
        let with_pdf = sample.package(Some(&std::fs::read(FONT)?));
        report.note(
            "package-size with the statement in PDF",
            with_pdf.len() as f64,
            "bytes",
        );
    }
    Ok(())
}
