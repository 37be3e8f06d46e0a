//! Putting a record together for a reader: the guest's record under the gateway's envelope.
//!
//! What is stored is what the conversion yielded. Identity, provenance and
//! times come from the entry and are the same at every reading.

use audit_log::tree;
use proto::v1::record::Entity;
use proto::v1::{Action, Envelope, Finding, Provenance, Record, Severity};
use sha2::{Digest as _, Sha256};

use crate::answer;
use crate::ids::{RecordId, RecordPlace};
use crate::mask::Clearance;
use crate::personal::Unopened;
use crate::policy::hex;
use crate::stored::Stored;

/// Most findings about a whole message that go with each of its records. The number of all
/// findings is in the answer to the submission.
const MESSAGE_FINDINGS: usize = 64;

/// What the records of one message share: made once a message, not once a record.
pub(crate) struct OfMessage {
    /// SHA-256 of the message; empty when it cannot be had.
    digest: Vec<u8>,
    /// What is said of the whole message, as the reader may see it.
    findings: Vec<Finding>,
}

impl OfMessage {
    /// Of message number `message`, received as `payload`; `None` when it was not converted.
    pub(crate) fn new(
        stored: &Stored,
        message: u16,
        payload: &[u8],
        reader: &Clearance,
    ) -> Option<OfMessage> {
        let conversion = stored.conversion(message)?;
        Some(OfMessage {
            // A message that is erased or only stored is not told from others by its digest.
            digest: digest_of(payload),
            findings: reader.message_findings(conversion, MESSAGE_FINDINGS),
        })
    }
}

/// The record at `place`, or `None` when there is none. Its own fields are not masked yet.
pub(crate) fn record(stored: &Stored, place: RecordPlace, message: &OfMessage) -> Option<Record> {
    let conversion = stored.conversion(place.message)?;
    let mut record = conversion.records.get(usize::from(place.ordinal))?.clone();
    let id = RecordId::new(stored.time_ns, place).to_string();
    let facts = conversion.facts.clone().unwrap_or_default();
    let adapter = &stored.entry.adapter;
    let given = record.envelope.take().unwrap_or_default();
    let received_ns = stored.entry.received_ns(stored.time_ns);
    let received_at = answer::date_time(received_ns);
    record.envelope = Some(Envelope {
        record_id: id.clone(),
        entity: record.entity_name().to_owned(),
        schema_version: adapter.schema_version.clone(),
        feed_id: stored.entry.feed.clone(),
        agency: proto::agency_kind(&stored.entry.kind) as i32,
        adapter: format!(
            "{}@{}#{}",
            adapter.id,
            adapter.version,
            hex(&adapter.component)
        ),
        raw_digest: message.digest.clone(),
        raw_ref: format!(
            "evidence:{}/{}",
            hex(&stored.entry.payload_root),
            place.message
        ),
        raw_offset: given.raw_offset,
        raw_length: given.raw_length,
        clock_skew_s: facts
            .claimed_at
            .as_ref()
            .and_then(|claimed| skew(claimed, received_ns))
            .unwrap_or_default(),
        received_at: Some(received_at),
        claimed_at: facts.claimed_at,
        encoding_declared: facts.encoding_declared,
        encoding_used: facts.encoding_used,
        dialect: facts.dialect,
        integrity: facts.integrity,
        quality: given
            .quality
            .into_iter()
            .chain(message.findings.iter().cloned())
            .chain(unopened(stored, place))
            .collect(),
        ..Envelope::default()
    });
    own_identity(&mut record, &id);
    Some(record)
}

/// Where the record at `place` comes from, without the message itself, received as `payload`.
pub(crate) fn provenance(
    stored: &Stored,
    origin: &str,
    place: RecordPlace,
    record: &Record,
    payload: &[u8],
) -> Provenance {
    let adapter = &stored.entry.adapter;
    let envelope = record.envelope.as_ref();
    Provenance {
        feed: stored.entry.feed.clone(),
        agency: stored.entry.agency.clone(),
        adapter: format!("{}@{}", adapter.id, adapter.version),
        adapter_digest: adapter.component.to_vec(),
        configuration_digest: adapter.configuration.to_vec(),
        schema_version: adapter.schema_version.clone(),
        payload_digest: stored.entry.payload_root.to_vec(),
        message_digest: digest_of(payload),
        message_index: place.message.into(),
        offset: envelope.map_or(0, |envelope| envelope.raw_offset),
        length: envelope.map_or(0, |envelope| envelope.raw_length),
        origin: origin.to_owned(),
        position: stored.position,
        leaf_hash: stored.leaf_hash.to_vec(),
        result_digest: stored.entry.result_root.to_vec(),
        payload: Vec::new(),
    }
}

/// SHA-256 of a message; empty when it is erased or only stored.
fn digest_of(payload: &[u8]) -> Vec<u8> {
    match payload {
        [] => Vec::new(),
        payload => Sha256::digest(payload).to_vec(),
    }
}

/// What is said of values of the record that were not opened.
fn unopened(stored: &Stored, place: RecordPlace) -> impl Iterator<Item = Finding> {
    let paths = stored.unopened(place.message, place.ordinal).into_iter();
    paths.map(|(field, why)| {
        let (rule, text) = match why {
            Unopened::Erased(left) => (
                "personal-data.erased",
                format!(
                    "sealed, erased on {} by entry {}",
                    answer::date_time(left.time_ns).text,
                    left.position
                ),
            ),
            Unopened::Restricted => (
                "personal-data.restricted",
                "sealed, only stored: its processing is restricted".to_owned(),
            ),
        };
        Finding {
            severity: Severity::Info as i32,
            rule: rule.to_owned(),
            field,
            action: Action::Dropped as i32,
            text,
            ..Finding::default()
        }
    })
}

/// Gives the entity its own identity where the guest could not: it is the record's.
fn own_identity(record: &mut Record, id: &str) {
    let slot = match &mut record.entity {
        Some(Entity::Party(party)) => &mut party.party_id,
        Some(Entity::Site(site)) => &mut site.site_id,
        Some(Entity::Outlet(outlet)) => &mut outlet.outlet_id,
        Some(Entity::Device(device)) => &mut device.device_id,
        Some(Entity::Clue(clue)) => &mut clue.clue_id,
        Some(Entity::Evidence(evidence)) => &mut evidence.evidence_id,
        Some(Entity::Inspection(inspection)) => &mut inspection.inspection_id,
        Some(Entity::Case(case)) => &mut case.case_id,
        Some(Entity::CaseTransfer(transfer)) => &mut transfer.transfer_id,
        Some(Entity::LegalReview(review)) => &mut review.review_id,
        Some(Entity::PublicReport(report)) => &mut report.report_id,
        Some(
            Entity::Observation(_)
            | Entity::Exceedance(_)
            | Entity::WasteManifest(_)
            | Entity::VehicleTrack(_)
            | Entity::PenaltyDecision(_)
            | Entity::Deadline(_),
        )
        | None => return,
    };
    if slot.is_empty() {
        *slot = id.to_owned();
    }
}

/// Received minus claimed, as decimal seconds; `None` when the claimed time has no time of day.
fn skew(claimed: &proto::v1::DateTime, received_ns: u64) -> Option<String> {
    let claimed_ms = schema::date_time::span_ms(claimed)?.0;
    let difference = i128::from(received_ns / 1_000_000) - i128::from(claimed_ms);
    let sign = if difference < 0 { "-" } else { "" };
    let absolute = difference.unsigned_abs();
    Some(format!("{sign}{}.{:03}", absolute / 1000, absolute % 1000))
}

/// Digest over an answer: RFC 6962 root over its parts, encoded as the reader gets them.
pub(crate) fn digest<Part: prost::Message>(parts: &[Part]) -> [u8; 32] {
    tree::root(parts.iter().map(prost::Message::encode_to_vec))
}
