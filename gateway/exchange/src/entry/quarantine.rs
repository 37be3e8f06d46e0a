//! Entries of work on the quarantine (隔离处置) besides retries, which have the shape of submissions.
//!
//! The message and its first outcome stay as they are; these say what was decided of them later.

use audit_log::cbor::Value;
use audit_log::entry::{Draft, Entry, Field};

use super::value::{as_text, as_uint, optional, text};
use super::{
    CaseBinding, EVENT_QUARANTINE_DISMISS, EVENT_QUARANTINE_REDRIVE, caller_of, case, read_case,
    start,
};
use crate::policy::Caller;

/// A quarantined message was dismissed (`quarantine.dismiss`): it will not be converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DismissEntry {
    /// Feed.
    pub feed: String,
    /// Position of the submission's entry.
    pub position: u64,
    /// Number of the message in it.
    pub message: u16,
    /// Why: `purpose` is never empty.
    pub case: CaseBinding,
}

impl DismissEntry {
    /// The draft the log completes.
    pub fn draft(&self, caller: &Caller) -> Draft {
        let outcome = vec![
            text("dismissed"),
            Value::Unsigned(self.position),
            Value::Unsigned(self.message.into()),
        ];
        start(EVENT_QUARANTINE_DISMISS)
            .with(Field::Actor, caller_of(caller))
            .with(Field::Object, vec![text(&self.feed)])
            .with(Field::Outcome, outcome)
            .with(Field::Case, case(&self.case))
    }

    /// Reads the entry back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<DismissEntry> {
        if entry.event() != EVENT_QUARANTINE_DISMISS {
            return None;
        }
        let outcome = entry.field(Field::Outcome)?;
        Some(DismissEntry {
            feed: as_text(entry.field(Field::Object)?.first()?)?.to_owned(),
            position: as_uint(outcome.get(1)?)?,
            message: u16::try_from(as_uint(outcome.get(2)?)?).ok()?,
            case: read_case(&entry.field(Field::Case)?)?,
        })
    }
}

/// Somebody has many messages converted again (`quarantine.redrive`): written before the first of them.
pub fn redrive(
    caller: &Caller,
    feed: &str,
    version: u32,
    canonical: &str,
    binding: &CaseBinding,
) -> Draft {
    start(EVENT_QUARANTINE_REDRIVE)
        .with(Field::Actor, caller_of(caller))
        .with(
            Field::Object,
            vec![text(feed), text("RedriveQuarantine"), optional(canonical)],
        )
        .with(
            Field::Outcome,
            vec![text("begun"), Value::Unsigned(version.into())],
        )
        .with(Field::Case, case(binding))
}
