//! What happens in the scenario, before it is an entry: submissions of two agencies, and what the gateway notes itself.
//!
//! An event knows nothing of its place; the log gives it one. Small logs are made of events, and attacks invent some. The
//! statement that an agency signs is made here for the real gateway, too.

use anyhow::Result;
use audit_log::{Draft, Field, Value};
use audit_proof::party::{SUBMIT_EVENT, Statement, attributes_digest, key_digest};
use audit_proof::tree;

use crate::keys::{AGENCIES, Author, Keys};

/// A number for what the gateway notes itself, such as a reading.
const DECISION_EVENT: u64 = 7;

/// The feed that each agency submits to.
pub const FEEDS: [&str; 2] = ["region-clue", "hj212"];

/// Something to be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What the entry says; an edit changes it.
    pub case: String,
    /// Who sent it; `None` for what the gateway notes itself.
    pub submission: Option<Submission>,
}

/// Who sent an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submission {
    /// Number of the agency in [`AGENCIES`].
    pub agency: usize,
    /// Its running number, from 1.
    pub counter: u64,
    /// Whose key signed.
    pub author: Author,
}

/// The events of an honest history: in turn a submission of each agency, and a decision.
#[must_use]
pub fn honest(count: usize) -> Vec<Event> {
    honest_after([0; 2], count)
}

/// The same, of agencies that have counted so far already.
#[must_use]
pub fn honest_after(counters: [u64; 2], count: usize) -> Vec<Event> {
    (0..count)
        .map(|number| Event {
            case: format!("case {number:04}"),
            submission: counters.get(number % 3).map(|newest| Submission {
                agency: number % 3,
                counter: newest + number as u64 / 3 + 1,
                author: Author::Agency,
            }),
        })
        .collect()
}

/// What an agency signs about one message without attributes.
#[must_use]
pub fn statement(agency: usize, key: &str, counter: u64, payload: &[u8]) -> Statement {
    let no_attributes: [(&str, &str); 0] = [];
    Statement {
        agency: AGENCIES[agency].to_owned(),
        feed: FEEDS[agency].to_owned(),
        key: key_digest(AGENCIES[agency], FEEDS[agency], key),
        counter,
        time_ns: counter,
        payload_root: tree::root([payload]),
        attributes: attributes_digest([no_attributes.into_iter()].into_iter()),
    }
}

impl Event {
    /// Something that the gateway notes itself.
    #[must_use]
    pub fn decision(case: &str) -> Self {
        Self {
            case: case.to_owned(),
            submission: None,
        }
    }

    /// Returns the draft of the event.
    ///
    /// # Errors
    /// Never with the keys of the scenario.
    pub fn draft(&self, keys: &Keys) -> Result<Draft> {
        let case = vec![Value::from(self.case.as_str())];
        let Some(submission) = self.submission else {
            return Ok(Draft::new(DECISION_EVENT).with(Field::Case, case));
        };
        let (agency, counter) = (submission.agency, submission.counter);
        let key = format!("event {counter}");
        let statement = statement(agency, &key, counter, &counter.to_be_bytes());
        let field = keys.sign(agency, submission.author, &statement)?;
        Ok(Draft::new(SUBMIT_EVENT)
            .with(Field::Actor, vec![AGENCIES[agency].into()])
            .with(Field::Object, vec![FEEDS[agency].into()])
            .with(Field::Digests, vec![Value::from(statement.payload_root)])
            .with(Field::Case, case)
            .with_idempotency_key(statement.key)
            .with(Field::Party, field.to_values()))
    }
}
