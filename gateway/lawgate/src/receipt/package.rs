//! Receipts and evidence packages: a package checked as a whole, and a receipt held against one.

use std::path::Path;

use anyhow::Context as _;
use audit_proof::judge::{Failure, Outcome, Questions, Trust};
use audit_proof::receipt::Receipt;
use package_proof::{Held, PackageVerdict, render};

use super::Finding;
use crate::attest;
use crate::cli::ReceiptCheck;
use crate::output::{Ending, Format, Output};

/// What the receipt is called in the verdict over the package.
const HELD: &str = "receipt";

/// Checks an evidence package: its receipts, the entries they are of, and everything around them.
pub(super) fn check(
    arguments: &ReceiptCheck,
    bytes: &[u8],
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let others = [&arguments.log, &arguments.tiles, &arguments.package];
    anyhow::ensure!(
        arguments.key.is_none() && others.iter().all(|other| other.is_none()),
        "an evidence package is checked with --policy alone: it holds entries, proofs and checkpoint itself"
    );
    let verdict = judged(bytes, arguments, Held::default())?;
    match output.format {
        Format::Json => output.json(&render::json(&verdict))?,
        Format::Table => output.text(&render::text(&verdict))?,
    }
    Ok(match verdict.outcome() {
        Outcome::Passed => Ending::Done,
        Outcome::Failed | Outcome::NotCheckable => Ending::Wrong,
    })
}

/// Holds a receipt against an evidence package.
pub(super) fn against(
    receipt: &Receipt,
    bytes: &[u8],
    package: &Path,
    arguments: &ReceiptCheck,
) -> anyhow::Result<Vec<Finding>> {
    let packed = std::fs::read(package);
    let packed = packed.with_context(|| format!("{} cannot be read", package.display()))?;
    let held = Held {
        receipts: vec![(HELD.to_owned(), bytes.to_vec())],
        ..Held::default()
    };
    let verdict = judged(&packed, arguments, held)?;
    let position = receipt.position();
    let is_of_receipt = |failure: &&Failure| failure.file == HELD;
    let against: Vec<&Failure> = verdict
        .verdict
        .failures
        .iter()
        .filter(is_of_receipt)
        .collect();
    let is_sound = verdict.findings.is_empty() && verdict.verdict.failures.len() == against.len();
    let sound = match is_sound {
        true => Finding::good("The evidence package holds together."),
        false => Finding::bad(
            "The evidence package does not hold together: check it with lawgate-verify.",
        ),
    };
    let has_entry = verdict.standings.iter().any(|(at, _)| *at == position);
    let entry = match (against.first(), has_entry) {
        (Some(failure), _) => Finding::bad(format!(
            "The package and the receipt contradict each other: {}.",
            failure.kind
        )),
        (None, false) => Finding::bad(format!("The package has no entry at position {position}.")),
        (None, true) if !verdict.gaps.is_empty() => {
            Finding::bad("The package has no proof that leads from the receipt to its checkpoint.")
        }
        (None, true) => Finding::good(format!(
            "The package has this entry at position {position}."
        )),
    };
    Ok(vec![sound, entry])
}

fn judged(bytes: &[u8], arguments: &ReceiptCheck, held: Held) -> anyhow::Result<PackageVerdict> {
    let policy = arguments.policy.as_deref().map(attest::read_policy);
    let trust = Trust {
        policy: policy.transpose()?,
        ..Trust::default()
    };
    Ok(package_proof::check(
        bytes,
        &trust,
        &Questions::default(),
        &held,
    ))
}
