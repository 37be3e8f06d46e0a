//! Checking what a guest returned: decode, strip, validate, count, find keys.
//!
//! The guest is not believed. Its bytes are decoded, the fields that belong to
//! the gateway are cleared, the rules of the schema add findings, and the
//! result becomes the bytes that are kept. Where nothing had to be changed the
//! guest's own bytes are kept, so that replay compares them unchanged. Messages
//! that became sound observations, nearly all there are, go the short way of
//! [`plain`], which makes no records and says the same.

use bytes::Bytes;
use prost::Message as _;
use proto::v1::record::Entity;
use proto::v1::{
    Conversion, Finding, MessageOutcome, MessageResult, Quarantine, Record, Severity,
    message_result,
};

use crate::facts;
use crate::ids::MAX_RECORDS_PER_MESSAGE;
use crate::mask::CLASSES;
use crate::ports::{Converted, LinkKind, QuarantinedRow, Run};

mod measure;
mod plain;
#[cfg(test)]
mod tests;

use measure::{cut, measure};
pub(crate) use plain::PlainReader;

/// Most bytes of the conversion of one message, before and after the schema's findings.
///
/// Decoding takes up to some hundred times its bytes; the largest message of a feed is a
/// document of some hundred kilobytes, whose conversion is no larger.
pub(crate) const MAX_CONVERSION_BYTES: usize = 4 << 20;

/// Most findings about one message as a whole: as many as it may have records.
const MAX_MESSAGE_FINDINGS: usize = MAX_RECORDS_PER_MESSAGE;

/// Most bytes of an acknowledgement: twice the largest HJ 212 packet, the one format that has any.
/// It is sent back in the answer for every message.
const MAX_REPLY_BYTES: usize = 2048;

/// Most bytes of a reason code. The index keeps each distinct code for ever.
const MAX_CODE_BYTES: usize = 64;

/// Most bytes of the sentence of a quarantine: one for a person.
const MAX_TEXT_BYTES: usize = 1024;

/// Longest key that is indexed: document numbers and names are a quarter of it.
const MAX_LINK_BYTES: usize = 256;

/// Findings of warning or error severity told to the sender for one message; the rest is in the
/// records.
const NOTABLE_OF_MESSAGE: usize = 32;

/// Findings told to the sender for a submission: with [`MAX_TOLD_BYTES`] at most about 1 MiB of
/// the 4 MiB that gRPC clients accept.
const NOTABLE_OF_SUBMISSION: usize = 1000;

/// Most bytes of a text of a finding as told; what is kept is whole.
const MAX_TOLD_BYTES: usize = 256;

/// One message, checked.
pub(crate) struct Checked {
    /// Encoded `MessageResult`: what is kept and what the result digest covers.
    pub(crate) part: Bytes,
    /// What the sender is told.
    pub(crate) outcome: MessageOutcome,
    /// Its records for the index.
    pub(crate) runs: Vec<Run>,
    /// Whether it certainly holds nothing personal, the message it was made of included.
    pub(crate) is_open: bool,
}

/// Checks what an adapter said of message number `message`; `plain` serves one message after another.
pub(crate) fn check(plain: &mut PlainReader, message: u16, converted: Converted) -> Checked {
    let checked = match converted {
        Converted::Rejected { code, offset, text } => Err(rejection(code, offset, text)),
        Converted::Conversion(bytes) => convert(plain, message, &bytes),
    };
    checked.unwrap_or_else(quarantined)
}

/// The result of a message that is quarantined; a text too long is cut.
pub(crate) fn quarantined(mut quarantine: Quarantine) -> Checked {
    cut(&mut quarantine.text, MAX_TEXT_BYTES);
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
        // What was not understood may be anything.
        is_open: false,
    }
}

/// A quarantine for which the gateway has a reason of its own.
pub(crate) fn fault(code: &str, text: String) -> Quarantine {
    Quarantine {
        code: code.to_owned(),
        offset: 0,
        text,
    }
}

/// Leaves out what the answer to one submission has no room for, later messages first.
///
/// Every answer goes through it, so that a repeat gets the bytes of the first.
pub(crate) fn shorten(outcomes: &mut [MessageOutcome]) {
    let mut room = NOTABLE_OF_SUBMISSION;
    for outcome in outcomes {
        outcome.notable.truncate(room);
        room -= outcome.notable.len();
    }
}

/// An adapter's own reason, unless it is no reason code.
fn rejection(code: String, offset: u64, text: String) -> Quarantine {
    let is_code = (1..=MAX_CODE_BYTES).contains(&code.len())
        && code
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
    let code = if is_code {
        code
    } else {
        "adapter.bad-code".to_owned()
    };
    Quarantine { code, offset, text }
}

/// Checks an encoded `Conversion`, or says why it is not believed.
fn convert(plain: &mut PlainReader, message: u16, bytes: &[u8]) -> Result<Checked, Quarantine> {
    affordable(bytes)?;
    match plain.read(message, bytes) {
        Some(plain) => Ok(Checked {
            part: wrap(bytes).into(),
            // A message without records is a device's when it has an acknowledgement: no other format has any.
            is_open: !plain.runs.is_empty() || !plain.outcome.reply.is_empty(),
            outcome: plain.outcome,
            runs: plain.runs,
        }),
        None => convert_whole(message, bytes),
    }
}

/// The long way: makes records of the bytes, and changes what is not a guest's to say.
fn convert_whole(message: u16, bytes: &[u8]) -> Result<Checked, Quarantine> {
    // Decoded as what is kept and not as what the guest made: decoding has a limit on nesting,
    // and what is kept is one level deeper. Else an acknowledged submission could not be read.
    let mut part = wrap(bytes);
    let mut conversion = match MessageResult::decode(part.as_slice()).map(|it| it.result) {
        Ok(Some(message_result::Result::Converted(conversion))) => conversion,
        _ => return Err(bad_conversion()),
    };
    if conversion.reply.len() > MAX_REPLY_BYTES {
        return Err(too_large("the reply", MAX_REPLY_BYTES));
    }
    let room = MAX_CONVERSION_BYTES - bytes.len();
    if amend(&mut conversion, room)? {
        part = wrap(&conversion.encode_to_vec());
    }
    Ok(Checked {
        part: part.into(),
        outcome: outcome(&conversion),
        runs: runs(message, &conversion.records),
        is_open: is_open(&conversion),
    })
}

/// Whether no field of any record has a class, and there is a record, or an acknowledgement as only devices get.
fn is_open(conversion: &Conversion) -> bool {
    let has_class = |record: &Record| !CLASSES.of_entity(record).is_empty();
    let is_told = !conversion.records.is_empty() || !conversion.reply.is_empty();
    is_told && !conversion.records.iter().any(has_class)
}

/// Refuses what would take too much memory to decode.
fn affordable(bytes: &[u8]) -> Result<(), Quarantine> {
    if bytes.len() > MAX_CONVERSION_BYTES {
        return Err(too_large("the conversion", MAX_CONVERSION_BYTES));
    }
    let measure = measure(bytes).ok_or_else(bad_conversion)?;
    for (count, what, most) in [
        (measure.records, "records", MAX_RECORDS_PER_MESSAGE),
        (measure.findings, "findings", MAX_MESSAGE_FINDINGS),
    ] {
        if count > most {
            return Err(fault(
                &format!("adapter.too-many-{what}"),
                format!("the adapter returned {count} {what} for one message, the limit is {most}"),
            ));
        }
    }
    Ok(())
}

fn bad_conversion() -> Quarantine {
    let text = "the adapter returned bytes that are no lawgate.v1.Conversion";
    fault("adapter.bad-conversion", text.to_owned())
}

fn too_large(what: &str, most: usize) -> Quarantine {
    let text = format!("{what} of one message is larger than {most} bytes");
    fault("adapter.too-large", text)
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

/// Runs and row for the index of a result read back from the evidence.
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

/// Clears what belongs to the gateway and adds the schema's findings, of `room` bytes at most.
/// True when anything changed.
fn amend(conversion: &mut Conversion, mut room: usize) -> Result<bool, Quarantine> {
    let mut changed = false;
    for (ordinal, record) in conversion.records.iter_mut().enumerate() {
        if record.entity.is_none() {
            // Two bytes of a guest that would become a finding, a row and an identity each.
            let text = format!("record {ordinal} of the conversion holds no entity known here");
            return Err(fault("adapter.no-entity", text));
        }
        let findings = schema::check(record);
        changed |= schema::strip_derived(record);
        if !findings.is_empty() {
            changed = true;
            let added: usize = findings.iter().map(Finding::encoded_len).sum();
            room = room.checked_sub(added).ok_or_else(|| {
                too_large("the conversion with its findings", MAX_CONVERSION_BYTES)
            })?;
            record
                .envelope
                .get_or_insert_default()
                .quality
                .extend(findings);
        }
    }
    Ok(changed)
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
    let mut tally = Tally::default();
    let of_records = conversion
        .records
        .iter()
        .filter_map(|record| record.envelope.as_ref())
        .flat_map(|envelope| &envelope.quality);
    for finding in conversion.findings.iter().chain(of_records) {
        tally.add(finding);
    }
    tally.outcome(conversion.records.len(), conversion.reply.clone())
}

/// Findings counted, and those the sender is told.
#[derive(Default)]
struct Tally {
    findings: usize,
    notable: Vec<Finding>,
}

impl Tally {
    fn add(&mut self, finding: &Finding) {
        self.findings += 1;
        let is_notable = finding.severity == Severity::Warning as i32
            || finding.severity == Severity::Error as i32;
        if is_notable && self.notable.len() < NOTABLE_OF_MESSAGE {
            self.notable.push(told(finding));
        }
    }

    fn outcome(self, records: usize, reply: Vec<u8>) -> MessageOutcome {
        MessageOutcome {
            records: saturating(records),
            findings: saturating(self.findings),
            quarantine: None,
            reply,
            notable: self.notable,
            payload_salt: Vec::new(),
        }
    }
}

/// A finding as told to the sender: its texts are the guest's and may be of any length.
///
/// Where the path of the field had to be cut nothing is quoted, because the path says whether
/// the value is personal.
fn told(finding: &Finding) -> Finding {
    let short = |text: &String| text[..text.floor_char_boundary(MAX_TOLD_BYTES)].to_owned();
    let quote = |text: &String| {
        if finding.field.len() > MAX_TOLD_BYTES {
            String::new()
        } else {
            short(text)
        }
    };
    Finding {
        rule: short(&finding.rule),
        field: short(&finding.field),
        raw: quote(&finding.raw),
        proposal: quote(&finding.proposal),
        text: quote(&finding.text),
        ..*finding
    }
}

/// Runs of consecutive records with the same entity, keys and time.
fn runs(message: u16, records: &[Record]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut previous: Option<&Record> = None;
    for (ordinal, record) in (0..=u16::MAX).zip(records) {
        add_run(&mut runs, message, ordinal, previous, record);
        previous = Some(record);
    }
    runs
}

/// Adds a record to the run of the one before it, or starts its own.
fn add_run(
    runs: &mut Vec<Run>,
    message: u16,
    ordinal: u16,
    previous: Option<&Record>,
    record: &Record,
) {
    if let (Some(run), Some(before)) = (runs.last_mut(), previous)
        && shares_keys(before, record)
    {
        run.last = ordinal;
        run.count += 1;
        return;
    }
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
        first: ordinal,
        last_message: message,
        last: ordinal,
        count: 1,
        entity: links.entity.to_owned(),
        last_from: links.time.map(|(from, _)| from),
        time: links.time.map(|(from, to)| (from, to.max(from + 1))),
        links: parties
            .chain(devices)
            .chain(cases)
            .filter(|(_, key)| key.len() <= MAX_LINK_BYTES)
            .collect(),
        words: facts::words_of_record(record),
    });
}

/// A run of one record.
pub(crate) fn run_of(message: u16, ordinal: u16, record: &Record) -> Run {
    let mut runs = Vec::with_capacity(1);
    add_run(&mut runs, message, ordinal, None, record);
    runs.pop().expect("a record starts a run")
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
