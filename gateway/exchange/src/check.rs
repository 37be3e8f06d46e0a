//! Checking what a guest returned: decode, strip, validate, count, find keys.
//!
//! The guest is not believed. Its bytes are decoded, the fields that belong to
//! the gateway are cleared, the rules of the schema add findings, and the
//! result becomes the bytes that are kept. Where nothing had to be changed the
//! guest's own bytes are kept, so that replay compares them unchanged.

use std::sync::Arc;

use prost::Message as _;
use proto::v1::record::Entity;
use proto::v1::{
    Conversion, Finding, MessageOutcome, MessageResult, Quarantine, Record, Severity,
    message_result,
};

use crate::ids::MAX_RECORDS_PER_MESSAGE;
use crate::ports::{Converted, LinkKind, QuarantinedRow, Run};

/// Findings of warning or error severity told to the sender; the rest is in the records.
const NOTABLE_FINDINGS: usize = 32;

/// One message, checked.
pub(crate) struct Checked {
    /// Encoded `MessageResult`: what is kept and what the result digest covers.
    pub(crate) part: Arc<[u8]>,
    /// What the sender is told.
    pub(crate) outcome: MessageOutcome,
    /// Its records for the index.
    pub(crate) runs: Vec<Run>,
}

/// Checks what an adapter said of message number `message`.
pub(crate) fn check(message: u16, converted: Converted) -> Checked {
    let bytes = match converted {
        Converted::Rejected { code, offset, text } => {
            return quarantined(Quarantine { code, offset, text });
        }
        Converted::Conversion(bytes) => bytes,
    };
    let mut conversion = match Conversion::decode(bytes.as_slice()) {
        Ok(conversion) if conversion.records.len() <= MAX_RECORDS_PER_MESSAGE => conversion,
        Ok(conversion) => {
            let count = conversion.records.len();
            return quarantined(Quarantine {
                code: "adapter.too-many-records".to_owned(),
                offset: 0,
                text: format!(
                    "the adapter returned {count} records for one message, the limit is {MAX_RECORDS_PER_MESSAGE}"
                ),
            });
        }
        Err(_) => {
            return quarantined(Quarantine {
                code: "adapter.bad-conversion".to_owned(),
                offset: 0,
                text: "the adapter returned bytes that are no lawgate.v1.Conversion".to_owned(),
            });
        }
    };
    let part = if amend(&mut conversion) {
        wrap(&conversion.encode_to_vec())
    } else {
        wrap(&bytes)
    };
    let outcome = outcome(&conversion);
    let runs = runs(message, &conversion.records);
    Checked {
        part: part.into(),
        outcome,
        runs,
    }
}

/// The result of a message that is quarantined.
pub(crate) fn quarantined(quarantine: Quarantine) -> Checked {
    let result = MessageResult {
        result: Some(message_result::Result::Quarantined(quarantine.clone())),
    };
    Checked {
        part: result.encode_to_vec().into(),
        outcome: MessageOutcome {
            quarantine: Some(quarantine),
            ..MessageOutcome::default()
        },
        runs: Vec::new(),
    }
}

/// What the sender is told of a result read back from the evidence.
pub(crate) fn outcome_of(result: &MessageResult) -> MessageOutcome {
    match &result.result {
        Some(message_result::Result::Converted(conversion)) => outcome(conversion),
        Some(message_result::Result::Quarantined(quarantine)) => MessageOutcome {
            quarantine: Some(quarantine.clone()),
            ..MessageOutcome::default()
        },
        None => MessageOutcome::default(),
    }
}

/// Rows for the index of a result read back from the evidence.
pub(crate) fn rows_of(message: u16, result: &MessageResult) -> (Vec<Run>, Option<QuarantinedRow>) {
    match &result.result {
        Some(message_result::Result::Converted(conversion)) => {
            (runs(message, &conversion.records), None)
        }
        Some(message_result::Result::Quarantined(quarantine)) => (
            Vec::new(),
            Some(QuarantinedRow {
                message,
                code: quarantine.code.clone(),
            }),
        ),
        None => (Vec::new(), None),
    }
}

/// Clears what belongs to the gateway and adds the schema's findings. True when anything changed.
fn amend(conversion: &mut Conversion) -> bool {
    let mut changed = false;
    for record in &mut conversion.records {
        let findings = schema::check(record);
        changed |= schema::strip_derived(record);
        if !findings.is_empty() {
            changed = true;
            record
                .envelope
                .get_or_insert_default()
                .quality
                .extend(findings);
        }
    }
    changed
}

/// Encodes `MessageResult { converted: bytes }` around bytes that are already encoded.
fn wrap(conversion: &[u8]) -> Vec<u8> {
    // Field 1, length-delimited: key 0x0A.
    let mut part = Vec::with_capacity(conversion.len() + 6);
    part.push(0x0A);
    prost::encode_length_delimiter(conversion.len(), &mut part).expect("a vector takes any length");
    part.extend_from_slice(conversion);
    part
}

fn outcome(conversion: &Conversion) -> MessageOutcome {
    let of_records = || {
        conversion
            .records
            .iter()
            .filter_map(|record| record.envelope.as_ref())
            .flat_map(|envelope| &envelope.quality)
    };
    let notable = |finding: &&Finding| {
        finding.severity == Severity::Warning as i32 || finding.severity == Severity::Error as i32
    };
    MessageOutcome {
        records: saturating(conversion.records.len()),
        findings: saturating(conversion.findings.len() + of_records().count()),
        quarantine: None,
        reply: conversion.reply.clone(),
        notable: conversion
            .findings
            .iter()
            .chain(of_records())
            .filter(notable)
            .take(NOTABLE_FINDINGS)
            .cloned()
            .collect(),
    }
}

/// Runs of consecutive records with the same entity, keys and time.
fn runs(message: u16, records: &[Record]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut previous: Option<&Record> = None;
    for (ordinal, record) in records.iter().enumerate() {
        if let (Some(run), Some(before)) = (runs.last_mut(), previous)
            && shares_keys(before, record)
        {
            run.count += 1;
            continue;
        }
        previous = Some(record);
        let links = schema::links(record);
        let parties = links
            .party
            .iter()
            .map(|key| (LinkKind::Party, key.to_string()));
        let devices = links
            .device
            .iter()
            .map(|key| (LinkKind::Device, key.to_string()));
        let cases = links
            .case_numbers
            .iter()
            .map(|key| (LinkKind::Case, key.to_string()));
        runs.push(Run {
            message,
            first: u16::try_from(ordinal).expect("the number of records was checked"),
            count: 1,
            entity: links.entity.to_owned(),
            time: links.time.map(|(from, to)| (from, to.max(from + 1))),
            links: parties.chain(devices).chain(cases).collect(),
        });
    }
    runs
}

/// Whether two neighbours certainly share entity, keys and time: cheap, and only for the
/// observations of one packet, of which there are dozens. Others get runs of their own.
fn shares_keys(before: &Record, record: &Record) -> bool {
    match (&before.entity, &record.entity) {
        (Some(Entity::Observation(a)), Some(Entity::Observation(b))) => {
            a.mn == b.mn
                && a.data_time == b.data_time
                && a.interval_s == b.interval_s
                && a.outlet_id == b.outlet_id
        }
        _ => false,
    }
}

fn saturating(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
