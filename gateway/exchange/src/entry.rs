//! What an audit entry says: the vocabulary over the log's canonical fields.
//!
//! The log itself does not know what it stores. Here are the event numbers, the
//! content of keys 4 to 13 (audit specification §4.2) and their reading. An
//! entry never holds a payload or a personal value, only digests, counts and
//! names. Numbers and shapes only grow.

use audit_log::cbor::Value;
use audit_log::entry::{Draft, Entry, Field};
use audit_log::party::PartyField;
pub use audit_log::party::key_digest;

use crate::party::SignedSubmission;
use crate::policy::Caller;
use crate::ports::AdapterIdentity;

/// A submission was accepted (`exchange.submit`).
pub const EVENT_SUBMIT: u64 = 1;
/// A call was refused (`exchange.deny`).
pub const EVENT_DENY: u64 = 2;
/// Somebody asks to read (`query`): written before anything is read.
pub const EVENT_QUERY: u64 = 3;
/// What a query returned (`query.result`).
pub const EVENT_QUERY_RESULT: u64 = 4;
/// An adapter is in force for a feed (`adapter.load`).
pub const EVENT_ADAPTER_LOAD: u64 = 5;
/// The node started (`node.start`).
pub const EVENT_NODE_START: u64 = 6;
/// The node stopped in order (`node.stop`).
pub const EVENT_NODE_STOP: u64 = 7;
/// The log recovered from an unfinished write (`log.recovery`).
pub const EVENT_LOG_RECOVERY: u64 = 8;
/// A configuration is in force (`config.load`).
pub const EVENT_CONFIG_LOAD: u64 = 9;

/// Names of the events, by number.
const EVENT_NAMES: [(u64, &str); 9] = [
    (EVENT_SUBMIT, "exchange.submit"),
    (EVENT_DENY, "exchange.deny"),
    (EVENT_QUERY, "query"),
    (EVENT_QUERY_RESULT, "query.result"),
    (EVENT_ADAPTER_LOAD, "adapter.load"),
    (EVENT_NODE_START, "node.start"),
    (EVENT_NODE_STOP, "node.stop"),
    (EVENT_LOG_RECOVERY, "log.recovery"),
    (EVENT_CONFIG_LOAD, "config.load"),
];

/// The name of an event number; `unknown` for a number of a later version.
pub fn event_name(event: u64) -> &'static str {
    EVENT_NAMES
        .iter()
        .find(|(number, _)| *number == event)
        .map_or("unknown", |(_, name)| name)
}

/// The number of an event name.
pub fn event_number(name: &str) -> Option<u64> {
    EVENT_NAMES
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(number, _)| *number)
}

/// The case a call is bound to; empty texts are left out of the entry as nulls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseBinding {
    /// Case number.
    pub case_number: String,
    /// Purpose.
    pub purpose: String,
    /// Code of the legal basis.
    pub legal_basis: String,
}

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

/// A refusal: who was refused what, and why.
pub fn deny(
    caller: Option<&Caller>,
    certificate: &[u8; 32],
    method: &str,
    feed: &str,
    reason: &str,
) -> Draft {
    let actor = match caller {
        Some(caller) => actor(&caller.agency, &caller.kind, Some(certificate)),
        None => vec![Value::Null, Value::Null, bytes(certificate), Value::Null],
    };
    start(EVENT_DENY)
        .with(Field::Actor, actor)
        .with(Field::Object, vec![optional(feed), text(method)])
        .with(Field::Outcome, vec![text("refused"), text(reason)])
}

/// The refusal of a submission whose signature was right: what was signed goes with it.
pub fn with_signature(refusal: Draft, signed: &SignedSubmission) -> Draft {
    refusal
        .with(Field::Digests, vec![bytes(&signed.payload_root)])
        .with_idempotency_key(signed.key)
        .with(Field::Party, signed.field.to_values())
}

/// A reading: who asks for what, written before anything is read.
pub fn query(
    caller: &Caller,
    method: &str,
    feed: &str,
    canonical: &str,
    binding: &CaseBinding,
) -> Draft {
    start(EVENT_QUERY)
        .with(Field::Actor, caller_of(caller))
        .with(
            Field::Object,
            vec![optional(feed), text(method), text(canonical)],
        )
        .with(Field::Case, case(binding))
}

/// What a reading returned: the position of its query entry, how much, and a digest over the answer.
pub fn query_result(caller: &Caller, query_position: u64, count: u64, answer: &[u8; 32]) -> Draft {
    start(EVENT_QUERY_RESULT)
        .with(Field::Actor, caller_of(caller))
        .with(
            Field::Outcome,
            vec![
                text("answered"),
                Value::Unsigned(query_position),
                Value::Unsigned(count),
            ],
        )
        .with(
            Field::Digests,
            vec![Value::Null, Value::Null, bytes(answer)],
        )
}

/// An adapter is in force for a feed from this entry on.
pub fn adapter_load(feed: &str, adapter: &AdapterIdentity) -> Draft {
    start(EVENT_ADAPTER_LOAD)
        .with(Field::Actor, operator())
        .with(Field::Object, object(feed, None, adapter))
}

/// The node started: its version and the digest of its configuration file.
pub fn node_start(version: &str, configuration: &[u8; 32]) -> Draft {
    let object = vec![
        Value::Null,
        Value::Null,
        Value::Null,
        text(version),
        Value::Null,
        bytes(configuration),
    ];
    start(EVENT_NODE_START)
        .with(Field::Actor, operator())
        .with(Field::Object, object)
}

/// The node stopped in order: everything accepted was answered.
pub fn node_stop() -> Draft {
    start(EVENT_NODE_STOP).with(Field::Actor, operator())
}

/// The log was opened after an unfinished write: how many bytes of a tail that nobody was
/// answered for were zeroed, from which offset, and by how many entries the index was ahead.
pub fn log_recovery(zeroed_bytes: u64, from_offset: u64, index_was_ahead_by: u64) -> Draft {
    let numbers = [zeroed_bytes, from_offset, index_was_ahead_by].map(Value::Unsigned);
    let outcome = std::iter::once(text("recovered")).chain(numbers).collect();
    start(EVENT_LOG_RECOVERY)
        .with(Field::Actor, operator())
        .with(Field::Outcome, outcome)
}

/// A draft with the clock state of key 4: the node's own clock, error not known, no holdover reported.
fn start(event: u64) -> Draft {
    Draft::new(event).with(
        Field::Clock,
        vec![text("system"), Value::Null, text("unknown")],
    )
}

fn actor(agency: &str, kind: &str, certificate: Option<&[u8; 32]>) -> Vec<Value> {
    vec![
        text(agency),
        text(kind),
        certificate.map_or(Value::Null, |digest| bytes(digest)),
        Value::Null,
    ]
}

fn caller_of(caller: &Caller) -> Vec<Value> {
    actor(&caller.agency, &caller.kind, Some(&caller.certificate))
}

fn operator() -> Vec<Value> {
    actor("gateway", "operator", None)
}

fn object(feed: &str, commitment: Option<&[u8; 32]>, adapter: &AdapterIdentity) -> Vec<Value> {
    vec![
        text(feed),
        commitment.map_or(Value::Null, |digest| bytes(digest)),
        text(&adapter.schema_version),
        text(&format!("{}@{}", adapter.id, adapter.version)),
        bytes(&adapter.component),
        bytes(&adapter.configuration),
    ]
}

fn case(binding: &CaseBinding) -> Vec<Value> {
    vec![
        optional(&binding.case_number),
        optional(&binding.purpose),
        optional(&binding.legal_basis),
    ]
}

fn read_case(parts: &[Value]) -> Option<CaseBinding> {
    let part = |index: usize| {
        let value = parts.get(index)?;
        let is_absent = *value == Value::Null;
        if is_absent {
            Some(String::new())
        } else {
            as_text(value).map(str::to_owned)
        }
    };
    Some(CaseBinding {
        case_number: part(0)?,
        purpose: part(1)?,
        legal_basis: part(2)?,
    })
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn optional(value: &str) -> Value {
    if value.is_empty() {
        Value::Null
    } else {
        text(value)
    }
}

fn bytes(value: &[u8]) -> Value {
    Value::Bytes(value.to_vec())
}

fn array(value: &Value) -> Option<&[Value]> {
    if let Value::Array(items) = value {
        Some(items)
    } else {
        None
    }
}

fn as_text(value: &Value) -> Option<&str> {
    if let Value::Text(text) = value {
        Some(text)
    } else {
        None
    }
}

fn as_bytes(value: &Value) -> Option<&[u8]> {
    if let Value::Bytes(bytes) = value {
        Some(bytes)
    } else {
        None
    }
}

fn as_digest(value: &Value) -> Option<[u8; 32]> {
    as_bytes(value)?.try_into().ok()
}

fn as_uint(value: &Value) -> Option<u64> {
    if let Value::Unsigned(number) = value {
        Some(*number)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_name_and_back() {
        for (number, name) in EVENT_NAMES {
            assert_eq!(event_name(number), name);
            assert_eq!(event_number(name), Some(number));
        }
        assert_eq!(event_name(999), "unknown");
        assert_eq!(event_number("no.such"), None);
    }

    #[test]
    fn keys_that_differ_in_any_part_have_different_digests() {
        let digest = key_digest("police", "police-case", "k");
        for other in [
            ("police2", "police-case", "k"),
            ("police", "police", "-casek"),
            ("police", "police-case", "k2"),
        ] {
            assert_ne!(digest, key_digest(other.0, other.1, other.2));
        }
    }
}
