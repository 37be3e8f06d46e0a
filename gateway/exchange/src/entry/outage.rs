//! Entries about what the node does without for a while: witnesses, or time stamps.
//!
//! They say since when, so that a reader of the log knows why nothing from outside vouches for a part of it. They excuse
//! nothing: what was not witnessed stays provisional.

use audit_log::cbor::Value;
use audit_log::entry::{Draft, Entry, Field};

use super::attestation::items;
use super::value::{as_text, as_uint, text};
use super::{EVENT_OUTAGE_BEGIN, EVENT_OUTAGE_END, operator, start};

/// What a node can be without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dependency {
    /// The quorum of witnesses that cosign checkpoints.
    Witnesses,
    /// The authority that stamps time.
    Timestamps,
}

impl Dependency {
    /// Its word in an entry.
    pub fn word(self) -> &'static str {
        match self {
            Dependency::Witnesses => "witnesses",
            Dependency::Timestamps => "timestamps",
        }
    }

    fn of_word(word: &str) -> Option<Dependency> {
        [Dependency::Witnesses, Dependency::Timestamps]
            .into_iter()
            .find(|dependency| dependency.word() == word)
    }
}

/// The begin (`outage.begin`) or the end (`outage.end`) of an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutageEntry {
    /// What could not be had.
    pub what: Dependency,
    /// Since when, in nanoseconds UTC since 1970-01-01, by the clock of the node; the end repeats it.
    pub since_ns: u64,
    /// Whether it is over.
    pub is_over: bool,
}

impl OutageEntry {
    /// The draft the log completes: object `[what]`, result `["down" or "up", since]`.
    pub fn draft(&self) -> Draft {
        let (event, code) = event_and_code(self.is_over);
        start(event)
            .with(Field::Actor, operator())
            .with(Field::Object, vec![text(self.what.word())])
            .with(
                Field::Outcome,
                vec![text(code), Value::Unsigned(self.since_ns)],
            )
    }

    /// Reads the entry back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<OutageEntry> {
        let is_over = entry.event() == EVENT_OUTAGE_END;
        let (event, expected) = event_and_code(is_over);
        let [what] = items(entry, event, Field::Object)?;
        let [code, since] = items(entry, event, Field::Outcome)?;
        let is_it = as_text(&code)? == expected;
        is_it.then_some(OutageEntry {
            what: Dependency::of_word(as_text(&what)?)?,
            since_ns: as_uint(&since)?,
            is_over,
        })
    }
}

fn event_and_code(is_over: bool) -> (u64, &'static str) {
    match is_over {
        true => (EVENT_OUTAGE_END, "up"),
        false => (EVENT_OUTAGE_BEGIN, "down"),
    }
}
