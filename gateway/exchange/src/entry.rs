//! What an audit entry says: the vocabulary over the log's canonical fields.
//!
//! The log itself does not know what it stores. Here are the event numbers, the
//! content of keys 4 to 13 (audit specification §4.2) and their reading. An
//! entry never holds a payload or a personal value, only digests, counts and
//! names. Numbers and shapes only grow.

mod adapter;
mod archive;
mod attestation;
mod outage;
mod personal;
mod quarantine;
mod signing_key;
mod submit;
#[cfg(test)]
mod tests;
mod value;

use audit_log::cbor::Value;
use audit_log::entry::{Draft, Entry, Field};
pub use audit_log::party::key_digest;

pub use adapter::{AdapterEntry, AdapterStep, ShadowSums};
pub use archive::{ArchiveEntry, log_backup};
pub use attestation::{
    AnchorEntry, ClockStepEntry, MAX_TOKEN_BYTES, TimestampEntry, WitnessAlarmEntry,
};
pub use outage::{Dependency, OutageEntry};
pub use personal::{EraseEntry, EraseOutcome, LegalHoldEntry, RestrictionEntry};
pub use quarantine::{DismissEntry, redrive};
pub use signing_key::{
    KeyPurpose, KeyRevokeEntry, KeyRotateEntry, LogStartEntry, ROTATION_HEADING,
};
pub use submit::{RetryOf, SealedRoots, SubmitEntry, Sums};

use crate::party::SignedSubmission;
use crate::policy::Caller;
use crate::ports::AdapterIdentity;
use value::{as_text, as_uint, bytes, optional, text};

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
/// Both trees of the log had these roots at one size (`log.anchor`).
pub const EVENT_ANCHOR: u64 = 10;
/// An authority stated when the log had a root (`log.timestamp`).
pub const EVENT_TIMESTAMP: u64 = 11;
/// The wall clock jumped (`clock.step`).
pub const EVENT_CLOCK_STEP: u64 = 12;
/// A witness says that the log is not what it was (`witness.alarm`).
pub const EVENT_WITNESS_ALARM: u64 = 13;
/// Witnesses or time stamps cannot be had any more (`outage.begin`).
pub const EVENT_OUTAGE_BEGIN: u64 = 14;
/// They can be had again (`outage.end`).
pub const EVENT_OUTAGE_END: u64 = 15;
/// A key of the log was replaced by another (`key.rotate`).
pub const EVENT_KEY_ROTATE: u64 = 16;
/// A key of the log must not be believed any more (`key.revoke`).
pub const EVENT_KEY_REVOKE: u64 = 17;
/// The log is signed from here on by this software with these keys (`log.start`).
pub const EVENT_LOG_START: u64 = 18;

/// People were erased in their cases (`erase`).
pub const EVENT_ERASE: u64 = 30;
/// Somebody asks for an erasure that another has to approve (`erase.request`).
pub const EVENT_ERASE_REQUEST: u64 = 31;
/// A case is under legal hold, or no longer (`hold`).
pub const EVENT_HOLD: u64 = 32;
/// Values of people are only stored, or no longer (`restrict`).
pub const EVENT_RESTRICT: u64 = 33;
// From 40 on, the life of adapters and of quarantined messages.

/// A version of an adapter was installed (`adapter.install`).
pub const EVENT_ADAPTER_INSTALL: u64 = 40;
/// Somebody approved a version (`adapter.approve`).
pub const EVENT_ADAPTER_APPROVE: u64 = 41;
/// A version became the active one (`adapter.activate`).
pub const EVENT_ADAPTER_ACTIVATE: u64 = 42;
/// A version began or ceased to run beside the active one (`adapter.shadow`).
pub const EVENT_ADAPTER_SHADOW: u64 = 43;
/// A version converts a share of the submissions (`adapter.canary`).
pub const EVENT_ADAPTER_CANARY: u64 = 44;
/// An earlier version became the active one again (`adapter.rollback`).
pub const EVENT_ADAPTER_ROLLBACK: u64 = 45;
/// A version never converts again (`adapter.retire`).
pub const EVENT_ADAPTER_RETIRE: u64 = 46;
/// The breaker of a version opened or closed (`adapter.breaker`).
pub const EVENT_ADAPTER_BREAKER: u64 = 47;
/// A quarantined message was converted again (`quarantine.retry`).
pub const EVENT_QUARANTINE_RETRY: u64 = 48;
/// A quarantined message will not be converted (`quarantine.dismiss`).
pub const EVENT_QUARANTINE_DISMISS: u64 = 49;
/// Many quarantined messages are converted again (`quarantine.redrive`).
pub const EVENT_QUARANTINE_REDRIVE: u64 = 50;

// From 80 on, what leaves the node.

/// A closed range of the log was exported to an archive (`archive.export`).
pub const EVENT_ARCHIVE_EXPORT: u64 = 80;
/// The entries of an archive were removed from the node (`archive.prune`).
pub const EVENT_ARCHIVE_PRUNE: u64 = 81;
/// A backup is made of the log up to here (`log.backup`).
pub const EVENT_BACKUP: u64 = 82;

/// Names of the events, by number.
const EVENT_NAMES: &[(u64, &str)] = &[
    (EVENT_SUBMIT, "exchange.submit"),
    (EVENT_DENY, "exchange.deny"),
    (EVENT_QUERY, "query"),
    (EVENT_QUERY_RESULT, "query.result"),
    (EVENT_ADAPTER_LOAD, "adapter.load"),
    (EVENT_NODE_START, "node.start"),
    (EVENT_NODE_STOP, "node.stop"),
    (EVENT_LOG_RECOVERY, "log.recovery"),
    (EVENT_CONFIG_LOAD, "config.load"),
    (EVENT_ANCHOR, "log.anchor"),
    (EVENT_TIMESTAMP, "log.timestamp"),
    (EVENT_CLOCK_STEP, "clock.step"),
    (EVENT_WITNESS_ALARM, "witness.alarm"),
    (EVENT_OUTAGE_BEGIN, "outage.begin"),
    (EVENT_OUTAGE_END, "outage.end"),
    (EVENT_KEY_ROTATE, "key.rotate"),
    (EVENT_KEY_REVOKE, "key.revoke"),
    (EVENT_LOG_START, "log.start"),
    (EVENT_ERASE, "erase"),
    (EVENT_ERASE_REQUEST, "erase.request"),
    (EVENT_HOLD, "hold"),
    (EVENT_RESTRICT, "restrict"),
    (EVENT_ADAPTER_INSTALL, "adapter.install"),
    (EVENT_ADAPTER_APPROVE, "adapter.approve"),
    (EVENT_ADAPTER_ACTIVATE, "adapter.activate"),
    (EVENT_ADAPTER_SHADOW, "adapter.shadow"),
    (EVENT_ADAPTER_CANARY, "adapter.canary"),
    (EVENT_ADAPTER_ROLLBACK, "adapter.rollback"),
    (EVENT_ADAPTER_RETIRE, "adapter.retire"),
    (EVENT_ADAPTER_BREAKER, "adapter.breaker"),
    (EVENT_QUARANTINE_RETRY, "quarantine.retry"),
    (EVENT_QUARANTINE_DISMISS, "quarantine.dismiss"),
    (EVENT_QUARANTINE_REDRIVE, "quarantine.redrive"),
    (EVENT_ARCHIVE_EXPORT, "archive.export"),
    (EVENT_ARCHIVE_PRUNE, "archive.prune"),
    (EVENT_BACKUP, "log.backup"),
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

/// A reading: who asks for what, written before anything is read. `sealed` is what is personal in the question, as
/// key 13 has it.
pub fn query(
    caller: &Caller,
    method: &str,
    feed: &str,
    canonical: &str,
    binding: &CaseBinding,
    sealed: Vec<Value>,
) -> Draft {
    let draft = start(EVENT_QUERY)
        .with(Field::Actor, caller_of(caller))
        .with(
            Field::Object,
            vec![optional(feed), text(method), text(canonical)],
        )
        .with(Field::Case, case(binding));
    if sealed.is_empty() {
        return draft;
    }
    draft.with(Field::Sealed, sealed)
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

/// A draft; the log adds the state of its clock (key 4) beside the time.
fn start(event: u64) -> Draft {
    Draft::new(event)
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

/// The case an entry is bound to; empty texts where it is bound to none, or to one of another shape.
pub(crate) fn case_of_entry(entry: &Entry<'_>) -> CaseBinding {
    let parts = entry.field(Field::Case);
    parts
        .and_then(|parts| read_case(&parts))
        .unwrap_or_default()
}

/// The text at `index` of a field.
pub(crate) fn text_of(entry: &Entry<'_>, field: Field, index: usize) -> Option<String> {
    as_text(entry.field(field)?.get(index)?).map(str::to_owned)
}

/// The outcome of an entry in words: its texts and numbers.
pub(crate) fn outcome_words(entry: &Entry<'_>) -> String {
    let values = entry.field(Field::Outcome).unwrap_or_default();
    let words = values.iter().filter_map(|value| {
        let number = as_uint(value).map(|number| number.to_string());
        as_text(value).map(str::to_owned).or(number)
    });
    words.collect::<Vec<_>>().join(" ")
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
