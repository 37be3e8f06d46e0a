//! What happens in the scenario, before it is an entry: submissions of two agencies, and what the gateway notes itself.
//!
//! An event knows nothing of its place; the log gives it one. Attacks leave events out, change them or invent them.

use anyhow::Result;
use audit_log::{Draft, Field, Value};
use audit_proof::{
    party::{SUBMIT_EVENT, Statement, key_digest},
    tree,
};

use crate::keys::{AGENCIES, Author, Keys, no_attributes};

/// A number for what the gateway notes itself, such as a decision.
const DECISION_EVENT: u64 = 7;

/// The feed of every submission.
const FEED: &str = "clue";

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
    (0..count)
        .map(|number| Event {
            case: format!("case {number:04}"),
            submission: (number % 3 < AGENCIES.len()).then(|| Submission {
                agency: number % 3,
                counter: number as u64 / 3 + 1,
                author: Author::Agency,
            }),
        })
        .collect()
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
        let agency = AGENCIES[submission.agency];
        let statement = Statement {
            agency: agency.to_owned(),
            feed: FEED.to_owned(),
            key: key_digest(agency, FEED, &submission.counter.to_string()),
            counter: submission.counter,
            time_ns: submission.counter,
            payload_root: tree::root([submission.counter.to_be_bytes()]),
            attributes: no_attributes(),
        };
        let field = keys.sign(submission.agency, submission.author, &statement)?;
        Ok(Draft::new(SUBMIT_EVENT)
            .with(Field::Actor, vec![agency.into()])
            .with(Field::Object, vec![FEED.into()])
            .with(Field::Digests, vec![Value::from(statement.payload_root)])
            .with(Field::Case, case)
            .with_idempotency_key(statement.key)
            .with(Field::Party, field.to_values()))
    }
}
