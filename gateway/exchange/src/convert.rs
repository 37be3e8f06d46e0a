//! Converting: from admitted messages to what is kept and what the entry binds. Nothing is kept here.

use std::sync::Arc;

use audit_log::tree;
use bytes::Bytes;
use prost::Message as _;
use proto::v1::{Attribute, Counts, PartySignature, Purpose, Quarantine, SubmitRequest};
use vault::Vault;

use crate::block::blocks;
use crate::check::{Checked, PlainReader, check, fault, quarantined, shorten};
use crate::entry::{CaseBinding, SubmitEntry, Sums};
use crate::policy::{Caller, hex};
use crate::ports::{Converted, Converter, IndexedSubmission, Message, QuarantinedRow};
use crate::refusal::Refusal;
use crate::{Submission, answer, facts, party, personal};

mod budget;
#[cfg(test)]
mod tests;

use budget::Budget;

/// Most messages given to one sandbox.
///
/// A larger submission is converted in several sandboxes of this many, so that its memory is
/// bounded by the messages and not by the sender, and a message that stops an adapter takes
/// at most these with it. The intake groups device packets into submissions of the same size.
pub(crate) const SANDBOX_MESSAGES: usize = 256;

/// Sandboxes of one submission that may fail before the rest is not tried.
///
/// An adapter that loops takes its whole deadline each time; with a few dozen batches the
/// submission would miss its own deadline and be refused for ever, instead of being quarantined
/// where its sender can see it. A number and not a time, so that replay comes to the same.
/// `lawgate` checks that as many sandbox deadlines fit a request.
const FAILED_SANDBOXES: usize = 2;

/// A submission after conversion: everything is decided, nothing is kept.
pub(crate) struct Prepared {
    /// Part 0 is the request without its payloads; the results follow.
    pub(crate) results: Arc<[Bytes]>,
    pub(crate) payloads: Arc<[Bytes]>,
    pub(crate) entry: SubmitEntry,
    pub(crate) outcomes: Vec<proto::v1::MessageOutcome>,
    pub(crate) rows: IndexedSubmission,
    /// The sender's key.
    pub(crate) idempotency_key: String,
    /// Results and payloads as they were before anything was sealed; never kept.
    pub(crate) plain: (Arc<[Bytes]>, Arc<[Bytes]>),
}

/// Converts, checks and puts together.
///
/// # Errors
/// [`Refusal::QueueFull`] when no sandbox was free: the adapter is not to blame.
pub(crate) fn prepare(
    caller: &Caller,
    converter: &dyn Converter,
    submission: Submission,
    key: [u8; 16],
    vault: Option<&Vault>,
) -> Result<Prepared, Refusal> {
    // Names the submission where an adapter fails or logs: its key as its entry has it.
    let span = tracing::error_span!("submission", agency = caller.agency, key = hex(&key));
    let checked = span.in_scope(|| convert(converter, &submission.messages))?;
    let manifest = Bytes::from(manifest(&submission));
    let payloads: Arc<[Bytes]> = submission
        .messages
        .iter()
        .map(|message| message.payload.clone())
        .collect();
    let results: Arc<[Bytes]> = std::iter::once(manifest)
        .chain(checked.iter().map(|checked| checked.part.clone()))
        .collect();
    let sealing = vault.filter(|_| checked.iter().any(|checked| !checked.is_open));
    let mut sealed = match sealing {
        Some(vault) => Some(personal::seal(
            vault,
            &to_seal(&submission, &key, &payloads, &results, &checked),
        )?),
        None => None,
    };
    let (mut outcomes, mut runs) = (Vec::with_capacity(checked.len()), Vec::new());
    for (number, checked) in checked.into_iter().enumerate() {
        let mut outcome = checked.outcome;
        let of_sealed = sealed.as_mut().and_then(|sealed| {
            outcome.payload_salt = std::mem::take(&mut sealed.bundles.salts[number]);
            sealed.runs[number].take()
        });
        runs.extend(of_sealed.unwrap_or(checked.runs));
        outcomes.push(outcome);
    }
    shorten(&mut outcomes);
    let counts = answer::counts(&outcomes);
    let entry = SubmitEntry {
        agency: caller.agency.clone(),
        kind: caller.kind.clone(),
        certificate: caller.certificate,
        feed: submission.feed.clone(),
        adapter: converter.identity().clone(),
        payload_root: sealed
            .as_ref()
            .map_or_else(|| tree::root(payloads.iter()), |it| it.bundles.payload_root),
        result_root: sealed
            .as_ref()
            .map_or_else(|| tree::root(results.iter()), |it| it.bundles.result_root),
        payload_bytes: total(&payloads),
        result_bytes: total(&results),
        sums: sums(&counts),
        key,
        party: party::field(&submission),
        case: submission.case,
        sealed: sealed.as_ref().map(|it| it.bundles.roots),
        retry: None,
    };
    let rows = IndexedSubmission {
        agency: caller.agency.clone(),
        feed: submission.feed,
        key,
        runs: blocks(runs),
        quarantined: quarantined_rows(&outcomes),
        case: facts::case_of(&entry.case),
        words: facts::words_of_case(&entry.case),
    };
    let plain = (Arc::clone(&results), Arc::clone(&payloads));
    let (payloads, results) = match sealed {
        Some(sealed) => (sealed.bundles.payloads, sealed.bundles.results),
        None => (payloads, results),
    };
    Ok(Prepared {
        idempotency_key: submission.idempotency_key,
        plain,
        results,
        payloads,
        entry,
        outcomes,
        rows,
    })
}

fn to_seal<'a>(
    submission: &'a Submission,
    key: &'a [u8; 16],
    payloads: &'a [Bytes],
    results: &'a [Bytes],
    checked: &[Checked],
) -> personal::ToSeal<'a> {
    personal::ToSeal {
        key,
        payloads,
        results,
        is_open: checked.iter().map(|checked| checked.is_open).collect(),
        is_signed: submission.party.is_some(),
        case_number: &submission.case.case_number,
    }
}

/// Converts the messages, each sandbox's worth by itself.
fn convert(converter: &dyn Converter, messages: &[Message]) -> Result<Vec<Checked>, Refusal> {
    let mut checked = Vec::with_capacity(messages.len());
    let (mut budget, mut plain) = (Budget::default(), PlainReader::default());
    let mut failures = 0;
    // The last failure, once there were enough.
    let mut given_up: Option<Quarantine> = None;
    // Every number is a message's; a plain range would step past the last of 65,536.
    let mut numbers = 0..=u16::MAX;
    let most = converter.messages_per_call().clamp(1, SANDBOX_MESSAGES);
    for batch in messages.chunks(most) {
        if let Some(quarantine) = budget.spent().or(given_up.as_ref()) {
            checked.extend(batch.iter().map(|_| quarantined(quarantine.clone())));
            continue;
        }
        match convert_batch(converter, batch)? {
            Ok(converted) => checked.extend(
                numbers
                    .by_ref()
                    .zip(converted)
                    .map(|(number, converted)| budget.take(check(&mut plain, number, converted))),
            ),
            Err(quarantine) => {
                checked.extend(batch.iter().map(|_| quarantined(quarantine.clone())));
                numbers.by_ref().take(batch.len()).for_each(drop);
                failures += 1;
                given_up = (failures == FAILED_SANDBOXES).then_some(quarantine);
            }
        }
    }
    Ok(checked)
}

/// The results of the messages, encoded as they are kept; nothing else is made.
///
/// # Errors
/// As [`prepare`].
pub(crate) fn results(
    converter: &dyn Converter,
    messages: &[Message],
) -> Result<Vec<Bytes>, Refusal> {
    let checked = convert(converter, messages)?;
    Ok(checked.into_iter().map(|checked| checked.part).collect())
}

/// The messages of a request whose payloads are kept apart; `None` when they do not belong together.
pub(crate) fn messages_of(manifest: &[u8], payloads: &[Bytes]) -> Option<Vec<Message>> {
    let request = SubmitRequest::decode(manifest).ok()?;
    if request.messages.len() != payloads.len() {
        return None;
    }
    let attribute = |attribute: Attribute| (attribute.name, attribute.value);
    let message = |(message, payload): (proto::v1::Message, &Bytes)| Message {
        payload: payload.clone(),
        attributes: message.attributes.into_iter().map(attribute).collect(),
    };
    Some(
        request
            .messages
            .into_iter()
            .zip(payloads)
            .map(message)
            .collect(),
    )
}

/// Converts one sandbox's worth; an adapter that did not return quarantines it whole.
fn convert_batch(
    converter: &dyn Converter,
    batch: &[Message],
) -> Result<Result<Vec<Converted>, Quarantine>, Refusal> {
    match converter.convert(batch) {
        Ok(converted) if converted.len() == batch.len() => Ok(Ok(converted)),
        Ok(converted) => Ok(Err(fault(
            "adapter.wrong-count",
            format!(
                "the adapter returned {} outcomes for {} messages",
                converted.len(),
                batch.len()
            ),
        ))),
        Err(failure) if failure.temporary => Err(Refusal::QueueFull { queue: "sandbox" }),
        Err(failure) => Ok(Err(fault(&failure.code, failure.text))),
    }
}

/// The request without its payloads: with them it is what the agency sent.
pub(crate) fn manifest(submission: &Submission) -> Vec<u8> {
    let attribute = |(name, value): &(String, String)| Attribute {
        name: name.clone(),
        value: value.clone(),
    };
    let messages = submission
        .messages
        .iter()
        .map(|message| proto::v1::Message {
            payload: Bytes::new(),
            attributes: message.attributes.iter().map(attribute).collect(),
        });
    let case = &submission.case;
    let purpose = (*case != CaseBinding::default()).then(|| Purpose {
        case_number: case.case_number.clone(),
        purpose: case.purpose.clone(),
        legal_basis: case.legal_basis.clone(),
    });
    let request = SubmitRequest {
        feed: submission.feed.clone(),
        idempotency_key: submission.idempotency_key.clone(),
        messages: messages.collect(),
        purpose,
        party: submission.party.as_ref().map(|party| PartySignature {
            key_id: party.key_id.clone(),
            counter: party.counter,
            time_ns: party.time_ns,
            signature: party.signature.clone(),
        }),
    };
    request.encode_to_vec()
}

pub(crate) fn quarantined_rows(outcomes: &[proto::v1::MessageOutcome]) -> Vec<QuarantinedRow> {
    let row = |(message, outcome): (u16, &proto::v1::MessageOutcome)| {
        let quarantine = outcome.quarantine.as_ref()?;
        Some(QuarantinedRow {
            message,
            code: quarantine.code.clone(),
        })
    };
    (0..=u16::MAX).zip(outcomes).filter_map(row).collect()
}

fn sums(counts: &Counts) -> Sums {
    Sums {
        messages: counts.messages.into(),
        records: counts.records.into(),
        findings: counts.findings.into(),
        quarantined: counts.quarantined.into(),
    }
}

fn total(parts: &[Bytes]) -> u64 {
    parts.iter().map(|part| part.len() as u64).sum()
}
