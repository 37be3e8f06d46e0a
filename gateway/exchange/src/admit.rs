//! Admitting: rights, limits and form, before anything is worked on.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::entry::CaseBinding;
use crate::ids::{MAX_MESSAGES, MAX_POSITION};
use crate::policy::Caller;
use crate::ports::Message;
use crate::refusal::Refusal;
use crate::{Exchange, Submission};

/// Longest idempotency key, in bytes.
pub(crate) const MAX_KEY_BYTES: usize = 128;
/// Most attributes of one message.
pub(crate) const MAX_ATTRIBUTES: usize = 16;
/// Longest attribute name, in bytes.
pub(crate) const MAX_ATTRIBUTE_NAME_BYTES: usize = 64;
/// Longest attribute value, in bytes.
pub(crate) const MAX_ATTRIBUTE_VALUE_BYTES: usize = 1024;
/// Longest text of the case binding, in bytes: it goes into the entry, which has a limit of its own.
pub(crate) const MAX_CASE_TEXT_BYTES: usize = 1024;

/// What one agency has under way.
#[derive(Default)]
pub(crate) struct InFlight {
    submissions: AtomicUsize,
    bytes: AtomicUsize,
}

impl InFlight {
    /// Submissions under way.
    pub(crate) fn submissions(&self) -> usize {
        self.submissions.load(Ordering::Relaxed)
    }
}

/// A share of an agency's allowance, given back when dropped.
pub(crate) struct Allowance<'a> {
    in_flight: &'a InFlight,
    bytes: usize,
}

impl Drop for Allowance<'_> {
    fn drop(&mut self) {
        self.in_flight.submissions.fetch_sub(1, Ordering::Relaxed);
        self.in_flight
            .bytes
            .fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Exchange {
    /// Rights, limits and form, before anything is worked on.
    pub(crate) fn admit(
        &self,
        caller: &Caller,
        submission: &Submission,
    ) -> Result<Allowance<'_>, Refusal> {
        if self.is_stopping() {
            return Err(Refusal::Stopping);
        }
        if let Some((what, lasting)) = self.held() {
            return Err(Refusal::Unattested { what, lasting });
        }
        if !self.policy.may_submit(caller, &submission.feed) {
            let (agency, feed) = (caller.agency.clone(), submission.feed.clone());
            return Err(Refusal::SubmitNotGranted { agency, feed });
        }
        if !self.feeds.contains_key(&submission.feed) {
            return Err(Refusal::UnknownFeed {
                feed: submission.feed.clone(),
            });
        }
        if self.log.size() > MAX_POSITION {
            return Err(Refusal::QueueFull { queue: "log shard" });
        }
        well_formed(submission)?;
        let bytes = self.within_limits(submission)?;
        let in_flight = &self.in_flight[&caller.agency];
        let submissions = in_flight.submissions.fetch_add(1, Ordering::Relaxed);
        let under_way = in_flight.bytes.fetch_add(bytes, Ordering::Relaxed);
        let allowance = Allowance { in_flight, bytes };
        let busy = |limit, unit| Refusal::Busy {
            agency: caller.agency.clone(),
            limit,
            unit,
        };
        if submissions >= self.limits.in_flight_submissions {
            return Err(busy(self.limits.in_flight_submissions, "submissions"));
        }
        // One submission alone always fits, however small the allowance.
        if under_way > 0 && under_way + bytes > self.limits.in_flight_bytes {
            return Err(busy(self.limits.in_flight_bytes, "bytes"));
        }
        Ok(allowance)
    }

    fn within_limits(&self, submission: &Submission) -> Result<usize, Refusal> {
        let messages = submission.messages.len();
        let most = self.limits.submission_messages.min(MAX_MESSAGES);
        if messages > most {
            return Err(Refusal::TooLarge {
                size: messages,
                unit: "messages",
                limit: most,
            });
        }
        let bytes = submission.messages.iter().map(carried_bytes).sum();
        if bytes > self.limits.submission_bytes {
            return Err(Refusal::TooLarge {
                size: bytes,
                unit: "bytes",
                limit: self.limits.submission_bytes,
            });
        }
        Ok(bytes)
    }
}

/// Bytes a message holds in memory: its payload and what was stated about it.
fn carried_bytes(message: &Message) -> usize {
    let attributes = message.attributes.iter();
    message.payload.len()
        + attributes
            .map(|(name, value)| name.len() + value.len())
            .sum::<usize>()
}

fn well_formed(submission: &Submission) -> Result<(), Refusal> {
    let malformed = |field, expected: &str| {
        Err(Refusal::Malformed {
            field,
            expected: expected.to_owned(),
        })
    };
    let key = &submission.idempotency_key;
    if key.is_empty() || key.len() > MAX_KEY_BYTES || key.chars().any(char::is_control) {
        return malformed(
            "idempotency_key",
            "expected 1 to 128 bytes without control characters",
        );
    }
    if submission.messages.is_empty() {
        return malformed("messages", "expected at least one message");
    }
    check_case(&submission.case)?;
    for message in &submission.messages {
        if message.payload.is_empty() {
            return malformed("messages.payload", "expected at least one byte");
        }
        let fits = |(name, value): &(String, String)| {
            !name.is_empty()
                && name.len() <= MAX_ATTRIBUTE_NAME_BYTES
                && value.len() <= MAX_ATTRIBUTE_VALUE_BYTES
        };
        if message.attributes.len() > MAX_ATTRIBUTES || !message.attributes.iter().all(fits) {
            return malformed(
                "messages.attributes",
                "expected at most 16, names of 1 to 64 bytes, values up to 1024 bytes",
            );
        }
    }
    Ok(())
}

/// Refuses case texts that would not fit an audit entry.
pub(crate) fn check_case(case: &CaseBinding) -> Result<(), Refusal> {
    let texts = [&case.case_number, &case.purpose, &case.legal_basis];
    if texts.iter().any(|text| text.len() > MAX_CASE_TEXT_BYTES) {
        return Err(Refusal::Malformed {
            field: "purpose",
            expected: format!("expected at most {MAX_CASE_TEXT_BYTES} bytes in each text"),
        });
    }
    Ok(())
}
