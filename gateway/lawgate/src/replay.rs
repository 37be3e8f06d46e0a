//! `lawgate replay`: converts what was received again and compares it with what was kept.
//!
//! Reads a data folder beside a running gateway, or a copy of one, and changes nothing of log and
//! evidence. Each submission is converted with the component and the configuration that its entry
//! names, from the copies kept by digest; whether it agrees is `exchange::replay`'s to say. With
//! `--package` all of that comes out of an evidence package instead.

mod adapters;
mod package;
mod print;

use std::path::Path;

use anyhow::Context as _;
use audit_log::{FolderReader, StoredEntry};
use evidence::FolderEvidence;
use exchange::entry::SubmitEntry;
use exchange::ids::RecordId;
use exchange::replay::{Finding, Kind, Recorded, replay};
use proto::v1::{MessageResult, message_result};
use vault::Vault;

use crate::cli::Replay;
use crate::output::{Ending, Output, UsageError, hex};
use adapters::Adapters;

/// What was replayed, and what was found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Submissions looked at.
    pub(crate) submissions: u64,
    /// Messages converted again.
    pub(crate) messages: u64,
    /// Bytes of results compared.
    pub(crate) bytes: u64,
    /// What was found, by position.
    pub(crate) findings: Vec<Finding>,
}

impl Report {
    /// Whether something was replayed and all of it is what was kept.
    pub(crate) fn is_equal(&self) -> bool {
        self.submissions > 0 && !self.findings.iter().any(|finding| finding.kind.is_wrong())
    }
}

/// Which submissions.
struct Wanted {
    from: u64,
    to: u64,
    message: Option<u16>,
    case: Option<String>,
}

/// Replays what is asked for.
///
/// # Errors
/// Arguments that make no sense, a log that cannot be read. Evidence and adapters that cannot be
/// read are findings.
pub(crate) fn run(arguments: &Replay, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    if let Some(file) = &arguments.package {
        return package::run(file, output);
    }
    // The command line asks for one of the two.
    let data = arguments.data.as_deref().unwrap_or(Path::new("data"));
    if !data.join("audit").is_dir() {
        return Err(UsageError::NoFolder {
            path: data.join("audit"),
        }
        .into());
    }
    let wanted = wanted(arguments)?;
    let evidence =
        FolderEvidence::open(&data.join("evidence")).context("opening the evidence for reading")?;
    let vault = match (&arguments.vault_key, &arguments.vault_reporter_key) {
        (Some(ordinary), Some(reporter)) => {
            Some(crate::wiring::vault_for_reading(data, ordinary, reporter)?)
        }
        _ => None,
    };
    let mut adapters = Adapters::new(data)?;
    let mut report = Report::default();
    let log = FolderReader::open(&data.join("audit"))?;
    for stored in log.entries_from(wanted.from) {
        let stored = stored.context("the log is damaged; see `lawgate audit verify`")?;
        if stored.position >= wanted.to {
            break;
        }
        one(
            &stored,
            &wanted,
            (&evidence, vault.as_ref()),
            &mut adapters,
            &mut report,
        )?;
    }
    print::print(&report, output)?;
    Ok(match report.is_equal() {
        true => Ending::Done,
        false => Ending::Wrong,
    })
}

fn wanted(arguments: &Replay) -> anyhow::Result<Wanted> {
    let mut wanted = Wanted {
        from: arguments.from,
        to: arguments.to.unwrap_or(u64::MAX),
        message: None,
        case: arguments.case.as_deref().map(schema::normalise_case_number),
    };
    if let Some(position) = arguments.position {
        (wanted.from, wanted.to) = (position, position.saturating_add(1));
    }
    if let Some(id) = &arguments.id {
        let place = RecordId::parse(id)
            .with_context(|| format!("--id {id}: expected the identity of a record (ULID)"))?
            .place();
        (wanted.from, wanted.to) = (place.position, place.position.saturating_add(1));
        wanted.message = Some(place.message);
    }
    if wanted.from >= wanted.to {
        return Err(UsageError::EmptyRange {
            from: wanted.from,
            to: wanted.to,
        }
        .into());
    }
    Ok(wanted)
}

/// Replays one entry, when it is a submission that is wanted.
fn one(
    stored: &StoredEntry,
    wanted: &Wanted,
    (evidence, vault): (&FolderEvidence, Option<&Vault>),
    adapters: &mut Adapters,
    report: &mut Report,
) -> anyhow::Result<()> {
    let position = stored.position;
    let entry = stored
        .decode()
        .with_context(|| format!("the entry at position {position} is not sound"))?;
    let Some(submit) = SubmitEntry::read(&entry) else {
        return Ok(());
    };
    let (recorded, mut findings) = read(position, submit, evidence, vault);
    if let Some(case) = &wanted.case
        && !is_of_case(&recorded, case)
    {
        return Ok(());
    }
    report.submissions += 1;
    if findings.is_empty() {
        findings = match adapters.of(position, &recorded.entry.adapter) {
            Ok(converter) => {
                report.messages += recorded.payloads.len() as u64;
                report.bytes += recorded
                    .results
                    .iter()
                    .map(|it| it.len() as u64)
                    .sum::<u64>();
                replay(&recorded, &*converter).context("no sandbox was free")?
            }
            Err(findings) => findings,
        };
    }
    let is_meant = |finding: &Finding| match (wanted.message, finding.message) {
        (Some(wanted), Some(message)) => wanted == message,
        _ => true,
    };
    report
        .findings
        .extend(findings.into_iter().filter(is_meant));
    Ok(())
}

/// The submission as it is kept, and what is wrong with that.
fn read(
    position: u64,
    entry: SubmitEntry,
    evidence: &FolderEvidence,
    vault: Option<&Vault>,
) -> (Recorded, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut bundle = |what: &str, address: &[u8; 32], altered: Kind| match evidence.get(address) {
        Ok(Some(bundle)) => bundle.parts,
        Ok(None) => {
            let text = format!("{what}: the evidence has no bundle {}", hex(address));
            findings.push(Finding::of_submission(position, Kind::Missing, text));
            Vec::new()
        }
        Err(error) => {
            let text = format!("{what}: {error}");
            findings.push(Finding::of_submission(position, altered, text));
            Vec::new()
        }
    };
    let payloads = bundle("payloads", entry.payload_address(), Kind::PayloadAltered);
    let results = bundle("results", &entry.result_root, Kind::ResultAltered);
    let vault = vault.filter(|_| findings.is_empty());
    let (recorded, unopened) = Recorded::of_kept(position, entry, payloads, results, vault);
    if findings.is_empty() {
        findings = unopened;
    }
    (recorded, findings)
}

/// Whether the submission was made for the case, or a record of it names the case. What cannot be
/// read is not passed over.
fn is_of_case(recorded: &Recorded, case: &str) -> bool {
    let bound_to = schema::normalise_case_number(&recorded.entry.case.case_number);
    if bound_to == case || recorded.results.is_empty() {
        return true;
    }
    let names = |result: MessageResult| {
        let Some(message_result::Result::Converted(conversion)) = result.result else {
            return false;
        };
        conversion.records.iter().any(|record| {
            let links = schema::links(record);
            links.case_numbers.iter().any(|number| number == case)
        })
    };
    recorded.shown_results().any(names)
}

#[cfg(test)]
mod tests;
