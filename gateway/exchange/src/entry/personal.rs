//! Entries about sealed personal data: erasure, legal hold, restriction.
//!
//! They name people and cases by pseudonyms and keys, never by a value.

use audit_log::cbor::Value;
use audit_log::entry::{Draft, Entry, Field};

use super::value::{array, as_digest, as_text, as_uint, bytes, optional, text};
use super::{EVENT_ERASE, EVENT_ERASE_REQUEST, EVENT_HOLD, EVENT_RESTRICT, caller_of, start};
use crate::policy::Caller;

/// Most submissions an erasure's entry names; an entry has a size limit.
pub(crate) const MAX_POSITIONS: usize = 4096;

/// What an erasure came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EraseOutcome {
    /// The keys are destroyed with this entry.
    Erased,
    /// Another approver is waited for.
    Requested,
    /// The node stopped while it erased; the keys are destroyed with this entry.
    Resumed,
    /// The keys were there again, from a copy older than the erasure; they are destroyed with this entry.
    Repeated,
}

/// People who were erased in their cases, or are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraseEntry {
    /// What it came to.
    pub outcome: EraseOutcome,
    /// The officer who asks, or who approved last.
    pub agency: String,
    /// The officer who approved first, where two have to; else empty.
    pub first_approver: String,
    /// Code of the legal basis.
    pub legal_basis: String,
    /// Keys and pseudonyms of the people.
    pub subjects: Vec<(String, [u8; 32])>,
    /// Messages whose payload is erased with them.
    pub messages: u64,
    /// Sealed fields of records.
    pub fields: u64,
    /// Positions of the submissions, at most 4,096, in order.
    pub positions: Vec<u64>,
}

impl EraseEntry {
    /// The draft the log completes. The actor is the caller, or the node itself when it resumes.
    pub fn draft(&self, caller: Option<&Caller>) -> Draft {
        let (event, word) = match self.outcome {
            EraseOutcome::Erased => (EVENT_ERASE, "erased"),
            EraseOutcome::Resumed => (EVENT_ERASE, "resumed"),
            EraseOutcome::Repeated => (EVENT_ERASE, "repeated"),
            EraseOutcome::Requested => (EVENT_ERASE_REQUEST, "requested"),
        };
        let keys = self.subjects.iter().map(|(key, _)| text(key)).collect();
        let positions = self.positions.iter().copied().map(Value::Unsigned);
        let sealed = self
            .subjects
            .iter()
            .map(|(_, pseudonym)| Value::Array(vec![text("subject"), bytes(pseudonym)]));
        start(event)
            .with(Field::Actor, caller.map_or_else(super::operator, caller_of))
            .with(
                Field::Object,
                vec![
                    Value::Null,
                    text("EraseSubjects"),
                    Value::Array(keys),
                    Value::Array(positions.take(MAX_POSITIONS).collect()),
                ],
            )
            .with(
                Field::Outcome,
                vec![
                    text(word),
                    Value::Unsigned(self.messages),
                    Value::Unsigned(self.fields),
                    text(&self.agency),
                    optional(&self.first_approver),
                ],
            )
            .with(
                Field::Case,
                vec![Value::Null, Value::Null, optional(&self.legal_basis)],
            )
            .with(Field::Sealed, sealed.collect::<Vec<_>>())
    }

    /// Reads the entry of an erasure back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<EraseEntry> {
        let object = entry.field(Field::Object)?;
        let result = entry.field(Field::Outcome)?;
        let outcome = match (entry.event(), as_text(result.first()?)?) {
            (EVENT_ERASE, "erased") => EraseOutcome::Erased,
            (EVENT_ERASE, "resumed") => EraseOutcome::Resumed,
            (EVENT_ERASE, "repeated") => EraseOutcome::Repeated,
            (EVENT_ERASE_REQUEST, "requested") => EraseOutcome::Requested,
            _ => return None,
        };
        let or_empty = |value: Option<&Value>| {
            let value = value.and_then(as_text);
            value.unwrap_or_default().to_owned()
        };
        let keys = array(object.get(2)?)?.iter().map(as_text);
        let sealed = entry.field(Field::Sealed)?;
        let pseudonym = |value: &Value| as_digest(array(value)?.get(1)?);
        let pseudonyms = sealed.iter().map(pseudonym);
        let subjects = keys
            .zip(pseudonyms)
            .map(|(key, pseudonym)| Some((key?.to_owned(), pseudonym?)));
        Some(EraseEntry {
            outcome,
            agency: as_text(result.get(3)?)?.to_owned(),
            first_approver: or_empty(result.get(4)),
            legal_basis: or_empty(entry.field(Field::Case)?.get(2)),
            subjects: subjects.collect::<Option<_>>()?,
            messages: as_uint(result.get(1)?)?,
            fields: as_uint(result.get(2)?)?,
            positions: array(object.get(3)?)?
                .iter()
                .map(as_uint)
                .collect::<Option<_>>()?,
        })
    }
}

/// A case that is under legal hold from here on, or no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalHoldEntry {
    /// Whether it is held.
    pub is_held: bool,
    /// The case's number, canonical.
    pub case_number: String,
    /// Code of the legal basis.
    pub legal_basis: String,
}

impl LegalHoldEntry {
    /// The draft the log completes.
    pub fn draft(&self, caller: &Caller) -> Draft {
        let word = if self.is_held { "held" } else { "released" };
        start(EVENT_HOLD)
            .with(Field::Actor, caller_of(caller))
            .with(Field::Object, vec![Value::Null, text("SetLegalHold")])
            .with(Field::Outcome, vec![text(word)])
            .with(
                Field::Case,
                vec![
                    optional(&self.case_number),
                    Value::Null,
                    optional(&self.legal_basis),
                ],
            )
    }
}

/// People whose values are only stored from here on, or no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestrictionEntry {
    /// Whether they are only stored.
    pub is_restricted: bool,
    /// Keys and pseudonyms of the people.
    pub subjects: Vec<(String, [u8; 32])>,
    /// Code of the legal basis.
    pub legal_basis: String,
}

impl RestrictionEntry {
    /// The draft the log completes.
    pub fn draft(&self, caller: &Caller) -> Draft {
        let word = if self.is_restricted {
            "restricted"
        } else {
            "lifted"
        };
        let keys = self.subjects.iter().map(|(key, _)| text(key)).collect();
        let sealed = self
            .subjects
            .iter()
            .map(|(_, pseudonym)| Value::Array(vec![text("subject"), bytes(pseudonym)]));
        start(EVENT_RESTRICT)
            .with(Field::Actor, caller_of(caller))
            .with(
                Field::Object,
                vec![Value::Null, text("SetRestriction"), Value::Array(keys)],
            )
            .with(Field::Outcome, vec![text(word)])
            .with(
                Field::Case,
                vec![Value::Null, Value::Null, optional(&self.legal_basis)],
            )
            .with(Field::Sealed, sealed.collect::<Vec<_>>())
    }
}
