//! The entry of a submission: what it binds, and reading it back.
//!
//! Holds no payload and no result, only their roots; what a repeat is answered from is the evidence they address.

use audit_log::cbor::Value;
use audit_log::entry::{Draft, Entry, Field};
use audit_log::party::PartyField;

use super::value::{array, as_digest, as_text, as_uint, bytes, text};
use super::{
    CaseBinding, EVENT_QUARANTINE_RETRY, EVENT_SUBMIT, actor, case, object, read_case, start,
};
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

/// What the entry of a sealed submission binds under key 13: its bundles are of version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedRoots {
    /// Root over the parts of the payloads as they are kept: their address.
    pub payloads: [u8; 32],
    /// Root over the commitments to the sealed values, in order of messages and fields.
    pub fields: [u8; 32],
}

/// Tags of [`SealedRoots`] under key 13.
const SEALED_PAYLOADS: &str = "payloads";
const SEALED_FIELDS: &str = "fields";

/// Of what an entry is the retry (重新转换): one quarantined message of an earlier submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryOf {
    /// Position of the submission's entry.
    pub position: u64,
    /// Number of the message in it.
    pub message: u16,
    /// Time of that entry: when the message was received, in nanoseconds since 1970, UTC.
    pub time_ns: u64,
    /// Who asked for the retry.
    pub by: String,
    /// Kind of whoever asked.
    pub by_kind: String,
}

/// What the entry of a submission binds, or that of a retry, which is one of a single message.
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
    /// Set when its bundles are sealed.
    pub sealed: Option<SealedRoots>,
    /// Set for a retry; `agency` and `kind` are then those of the submission.
    pub retry: Option<RetryOf>,
}

impl SubmitEntry {
    /// Whether an entry of this event has the shape of a submission.
    pub fn is_conversion(event: u64) -> bool {
        event == EVENT_SUBMIT || event == EVENT_QUARANTINE_RETRY
    }

    /// When the messages were received: the time of the entry, which is `entered_ns`, or that of the submission.
    pub fn received_ns(&self, entered_ns: u64) -> u64 {
        self.retry
            .as_ref()
            .map_or(entered_ns, |retry| retry.time_ns)
    }

    /// What key 8 has besides a submission's outcome.
    fn origin(&self) -> Option<Value> {
        let retry = self.retry.as_ref()?;
        Some(Value::Array(vec![
            Value::Unsigned(retry.position),
            Value::Unsigned(retry.message.into()),
            Value::Unsigned(retry.time_ns),
            text(&self.agency),
            text(&self.kind),
        ]))
    }

    /// The draft the log completes.
    pub fn draft(&self) -> Draft {
        let sums = self.sums;
        let counts = [sums.messages, sums.records, sums.findings, sums.quarantined];
        let (event, by, by_kind) = match &self.retry {
            None => (EVENT_SUBMIT, &self.agency, &self.kind),
            Some(retry) => (EVENT_QUARANTINE_RETRY, &retry.by, &retry.by_kind),
        };
        let mut outcome = vec![
            text("accepted"),
            Value::Null,
            Value::Array(counts.into_iter().map(Value::Unsigned).collect()),
        ];
        outcome.extend(self.origin());
        let draft = start(event)
            .with(Field::Actor, actor(by, by_kind, Some(&self.certificate)))
            .with(
                Field::Object,
                object(&self.feed, Some(&self.result_root), &self.adapter),
            )
            .with(Field::Outcome, outcome)
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
        let draft = match &self.party {
            Some(party) => draft.with(Field::Party, party.to_values()),
            None => draft,
        };
        match &self.sealed {
            Some(roots) => draft.with(Field::Sealed, roots.to_values()),
            None => draft,
        }
    }

    /// Address of the payloads in the evidence store.
    pub fn payload_address(&self) -> &[u8; 32] {
        self.sealed
            .as_ref()
            .map_or(&self.payload_root, |roots| &roots.payloads)
    }

    /// Reads the entry of a submission back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<SubmitEntry> {
        if !SubmitEntry::is_conversion(entry.event()) {
            return None;
        }
        let actor = entry.field(Field::Actor)?;
        let object = entry.field(Field::Object)?;
        let result = entry.field(Field::Outcome)?;
        let digests = entry.field(Field::Digests)?;
        let counts = array(result.get(2)?)?;
        let sizes = array(digests.get(4)?)?;
        let (id, version) = as_text(object.get(3)?)?.split_once('@')?;
        let (by, by_kind) = (as_text(actor.first()?)?, as_text(actor.get(1)?)?);
        let is_retry = entry.event() == EVENT_QUARANTINE_RETRY;
        let origin = match is_retry {
            true => Some(array(result.get(3)?)?),
            false => None,
        };
        let retry = match origin {
            Some(origin) => Some(RetryOf {
                position: as_uint(origin.first()?)?,
                message: u16::try_from(as_uint(origin.get(1)?)?).ok()?,
                time_ns: as_uint(origin.get(2)?)?,
                by: by.to_owned(),
                by_kind: by_kind.to_owned(),
            }),
            None => None,
        };
        let (agency, kind) = match origin {
            Some(origin) => (as_text(origin.get(3)?)?, as_text(origin.get(4)?)?),
            None => (by, by_kind),
        };
        Some(SubmitEntry {
            agency: agency.to_owned(),
            kind: kind.to_owned(),
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
            sealed: match entry.field(Field::Sealed) {
                Some(values) => Some(SealedRoots::from_values(&values)?),
                None => None,
            },
            retry,
        })
    }
}

impl SealedRoots {
    fn to_values(self) -> Vec<Value> {
        let item = |tag, root: &[u8; 32]| Value::Array(vec![text(tag), bytes(root)]);
        vec![
            item(SEALED_PAYLOADS, &self.payloads),
            item(SEALED_FIELDS, &self.fields),
        ]
    }

    fn from_values(values: &[Value]) -> Option<SealedRoots> {
        let item = |value: &Value, tag: &str| {
            let item = array(value)?;
            (item.len() == 2 && as_text(item.first()?)? == tag).then_some(())?;
            as_digest(item.get(1)?)
        };
        let [payloads, fields] = values else {
            return None;
        };
        Some(SealedRoots {
            payloads: item(payloads, SEALED_PAYLOADS)?,
            fields: item(fields, SEALED_FIELDS)?,
        })
    }
}
