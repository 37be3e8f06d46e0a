//! The entry of a submission: what it binds, and reading it back.
//!
//! Holds no payload and no result, only their roots; what a repeat is answered from is the evidence they address.

use audit_log::cbor::Value;
use audit_log::entry::{Draft, Entry, Field};
use audit_log::party::PartyField;

use super::value::{array, as_digest, as_text, as_uint, bytes, text};
use super::{CaseBinding, EVENT_SUBMIT, actor, case, object, read_case, start};
use crate::ports::AdapterIdentity;

/// Sums over a submission, as in key 8.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Messages.
    pub messages: u64,
    /// Records.
    pub records: u64,
    /// Findings.
    pub findings: u64,
    /// Quarantined messages.
    pub quarantined: u64,
}

/// What the entry of a submission binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmitEntry {
    /// Agency.
    pub agency: String,
    /// Its kind.
    pub kind: String,
    /// SHA-256 of its certificate.
    pub certificate: [u8; 32],
    /// Feed.
    pub feed: String,
    /// Adapter in force.
    pub adapter: AdapterIdentity,
    /// Root over the payloads.
    pub payload_root: [u8; 32],
    /// Root over the manifest and the results.
    pub result_root: [u8; 32],
    /// Sum of the payload lengths, in bytes.
    pub payload_bytes: u64,
    /// Sum of the result lengths, in bytes.
    pub result_bytes: u64,
    /// Counts.
    pub sums: Sums,
    /// Digest of the idempotency key.
    pub key: [u8; 16],
    /// Signature of the agency.
    pub party: Option<PartyField>,
    /// Case.
    pub case: CaseBinding,
}

impl SubmitEntry {
    /// The draft the log completes.
    pub fn draft(&self) -> Draft {
        let sums = self.sums;
        let counts = [sums.messages, sums.records, sums.findings, sums.quarantined];
        let draft = start(EVENT_SUBMIT)
            .with(
                Field::Actor,
                actor(&self.agency, &self.kind, Some(&self.certificate)),
            )
            .with(
                Field::Object,
                object(&self.feed, Some(&self.result_root), &self.adapter),
            )
            .with(
                Field::Outcome,
                vec![
                    text("accepted"),
                    Value::Null,
                    Value::Array(counts.into_iter().map(Value::Unsigned).collect()),
                ],
            )
            .with(
                Field::Digests,
                vec![
                    bytes(&self.payload_root),
                    Value::Null,
                    bytes(&self.result_root),
                    Value::Null,
                    Value::Array(vec![
                        Value::Unsigned(self.payload_bytes),
                        Value::Unsigned(self.result_bytes),
                    ]),
                ],
            )
            .with(Field::Case, case(&self.case))
            .with_idempotency_key(self.key);
        match &self.party {
            Some(party) => draft.with(Field::Party, party.to_values()),
            None => draft,
        }
    }

    /// Reads the entry of a submission back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<SubmitEntry> {
        if entry.event() != EVENT_SUBMIT {
            return None;
        }
        let actor = entry.field(Field::Actor)?;
        let object = entry.field(Field::Object)?;
        let result = entry.field(Field::Outcome)?;
        let digests = entry.field(Field::Digests)?;
        let counts = array(result.get(2)?)?;
        let sizes = array(digests.get(4)?)?;
        let (id, version) = as_text(object.get(3)?)?.split_once('@')?;
        Some(SubmitEntry {
            agency: as_text(actor.first()?)?.to_owned(),
            kind: as_text(actor.get(1)?)?.to_owned(),
            certificate: as_digest(actor.get(2)?)?,
            feed: as_text(object.first()?)?.to_owned(),
            adapter: AdapterIdentity {
                id: id.to_owned(),
                version: version.to_owned(),
                component: as_digest(object.get(4)?)?,
                configuration: as_digest(object.get(5)?)?,
                schema_version: as_text(object.get(2)?)?.to_owned(),
            },
            payload_root: as_digest(digests.first()?)?,
            result_root: as_digest(digests.get(2)?)?,
            payload_bytes: as_uint(sizes.first()?)?,
            result_bytes: as_uint(sizes.get(1)?)?,
            sums: Sums {
                messages: as_uint(counts.first()?)?,
                records: as_uint(counts.get(1)?)?,
                findings: as_uint(counts.get(2)?)?,
                quarantined: as_uint(counts.get(3)?)?,
            },
            key: entry.idempotency_key()?,
            party: match entry.field(Field::Party) {
                Some(values) => Some(PartyField::from_values(&values).ok()?),
                None => None,
            },
            case: read_case(&entry.field(Field::Case)?)?,
        })
    }
}
