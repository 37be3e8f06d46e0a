//! Submitting: admit, convert, check, keep, append, answer.
//!
//! The order of durability is the promise: payload and results first, then the
//! entry, then the answer. A call that is dropped half-way leaves either nothing
//! visible or a complete submission. A refusal is an entry too.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use audit_log::tree;
use prost::Message as _;
use proto::v1::{Attribute, Counts, Purpose, Quarantine, SubmitRequest, SubmitResponse};
use tokio::sync::oneshot;

use crate::check::{Checked, check, quarantined};
use crate::entry::{self, CaseBinding, SubmitEntry, Sums};
use crate::idempotency::{Claim, Key, Ticket};
use crate::ids::{MAX_MESSAGES, MAX_POSITION};
use crate::policy::Caller;
use crate::ports::{Converter, IndexedSubmission, KeepError, Message, QuarantinedRow};
use crate::refusal::Refusal;
use crate::{Exchange, answer};

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

/// One submission as an edge received it.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Feed.
    pub feed: String,
    /// Idempotency key.
    pub idempotency_key: String,
    /// Messages.
    pub messages: Vec<Message>,
    /// Case.
    pub case: CaseBinding,
}

/// A place in an order of submissions: its entry is queued after that of the turn before.
///
/// A turn that is dropped lets the next one go on.
#[derive(Debug, Default)]
pub struct Turn {
    before: Option<oneshot::Receiver<()>>,
    /// Dropping it is the signal.
    _after: Option<oneshot::Sender<()>>,
}

impl Turn {
    /// A submission in no order.
    pub fn free() -> Turn {
        Turn::default()
    }

    /// The turn after `last`, which becomes the tail of the order.
    pub fn after(last: &mut Option<oneshot::Receiver<()>>) -> Turn {
        let (sender, receiver) = oneshot::channel();
        Turn {
            before: last.replace(receiver),
            _after: Some(sender),
        }
    }

    async fn wait(&mut self) {
        if let Some(before) = self.before.take() {
            // An error means that the turn before ended without passing on: ours has come.
            let _ = before.await;
        }
    }
}

/// What one agency has under way.
#[derive(Default)]
pub(crate) struct InFlight {
    submissions: AtomicUsize,
    bytes: AtomicUsize,
}

/// A share of an agency's allowance, given back when dropped.
struct Allowance<'a> {
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

/// A submission after conversion: everything is decided, nothing is kept.
struct Prepared {
    /// Part 0 is the request without its payloads; the results follow.
    results: Arc<[Arc<[u8]>]>,
    payloads: Arc<[Arc<[u8]>]>,
    entry: SubmitEntry,
    outcomes: Vec<proto::v1::MessageOutcome>,
    rows: IndexedSubmission,
}

impl Exchange {
    /// Submits and answers once everything is durable.
    ///
    /// # Errors
    /// Every [`Refusal`] about submitting; the refusal itself is an entry.
    pub async fn submit(
        self: &Arc<Self>,
        caller: &Caller,
        submission: Submission,
        turn: Turn,
    ) -> Result<SubmitResponse, Refusal> {
        let limit = self.limits.request_deadline;
        let feed = submission.feed.clone();
        let outcome = tokio::time::timeout(limit, self.submit_once(caller, submission, turn)).await;
        match outcome.unwrap_or(Err(Refusal::Deadline { limit })) {
            Ok(response) => Ok(response),
            Err(refusal) => Err(self
                .refuse(Some(caller), &caller.certificate, "Submit", &feed, refusal)
                .await),
        }
    }

    async fn submit_once(
        self: &Arc<Self>,
        caller: &Caller,
        submission: Submission,
        mut turn: Turn,
    ) -> Result<SubmitResponse, Refusal> {
        let _allowance = self.admit(caller, &submission)?;
        let key: Key = (
            caller.agency.clone(),
            submission.feed.clone(),
            entry::key_digest(
                &caller.agency,
                &submission.feed,
                &submission.idempotency_key,
            ),
        );
        let mut ticket = match self.claim(&key).await? {
            Ok(ticket) => ticket,
            Err(position) => return self.repeat(position, &submission).await,
        };
        let prepared = self.prepare(caller, submission, key).await?;
        let kept = self.evidence.keep(
            Arc::clone(&prepared.payloads),
            Arc::clone(&prepared.results),
        );
        let kept = kept.map_err(|error| match error {
            KeepError::Full => Refusal::QueueFull { queue: "evidence" },
            KeepError::Closed(cause) => self.evidence_failed(cause),
        })?;
        kept.await.map_err(|cause| self.evidence_failed(cause))?;
        turn.wait().await;
        let pending = self
            .log
            .append(prepared.entry.draft())
            .map_err(|error| self.log_failed(error))?;
        ticket.appending();
        drop(turn);
        let appended = pending.await.map_err(|error| self.log_failed(error))?;
        self.hand_over(appended.position, prepared.rows);
        ticket.done(appended.position);
        let place = answer::Place {
            origin: self.log.origin(),
            position: appended.position,
            time_ns: appended.time_ns,
            leaf_hash: appended.leaf_hash,
        };
        Ok(answer::answer(
            &prepared.entry,
            &place,
            &manifest_key(&prepared.results[0]),
            prepared.outcomes,
        ))
    }

    /// Rights, limits and form, before anything is worked on.
    fn admit(&self, caller: &Caller, submission: &Submission) -> Result<Allowance<'_>, Refusal> {
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
        let bytes = submission
            .messages
            .iter()
            .map(|message| message.payload.len())
            .sum();
        if bytes > self.limits.submission_bytes {
            return Err(Refusal::TooLarge {
                size: bytes,
                unit: "bytes",
                limit: self.limits.submission_bytes,
            });
        }
        Ok(bytes)
    }

    /// The key for this call, or the position where it was used before.
    async fn claim(&self, key: &Key) -> Result<Result<Ticket, u64>, Refusal> {
        loop {
            let changed = self.recent.changed();
            tokio::pin!(changed);
            // Registered before the claim, so that no change is missed in between.
            changed.as_mut().enable();
            match self.recent.claim(key.clone()) {
                Claim::Known(position) => return Ok(Err(position)),
                Claim::Full => return Err(Refusal::QueueFull { queue: "index" }),
                Claim::UnderWay => changed.await,
                Claim::Mine(ticket) => {
                    let (agency, feed, digest) = key;
                    let known = self.index.find_submission(agency, feed, digest);
                    return match known.map_err(|cause| Refusal::IndexFailed { cause })? {
                        Some(position) => Ok(Err(position)),
                        None => Ok(Ok(ticket)),
                    };
                }
            }
        }
    }

    /// Answers a repeat: the same bytes get the same answer, other bytes are refused.
    async fn repeat(
        self: &Arc<Self>,
        position: u64,
        submission: &Submission,
    ) -> Result<SubmitResponse, Refusal> {
        let exchange = Arc::clone(self);
        let stored = run_blocking(move || exchange.stored(position)).await?;
        let payloads: Vec<&[u8]> = submission
            .messages
            .iter()
            .map(|message| &*message.payload)
            .collect();
        let same = tree::root(&payloads) == stored.entry.payload_root
            && manifest(submission) == stored.manifest_bytes;
        if !same {
            return Err(Refusal::IdempotencyConflict {
                key: submission.idempotency_key.clone(),
                position,
            });
        }
        Ok(stored.answer(self.log.origin()))
    }

    /// Converts and checks, off the connection's thread and no more than `workers` at once.
    async fn prepare(
        self: &Arc<Self>,
        caller: &Caller,
        submission: Submission,
        key: Key,
    ) -> Result<Prepared, Refusal> {
        let permit = Arc::clone(&self.conversions)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let (exchange, caller) = (Arc::clone(self), caller.clone());
        run_blocking(move || {
            let _permit = permit;
            let converter = &exchange.feeds[&submission.feed].converter;
            Ok(prepare(&caller, &**converter, submission, key.2))
        })
        .await
    }

    /// Writes the refusal down and returns it. The log's own failure replaces it:
    /// a refusal that is not in the log must not look like one that is.
    pub async fn refuse(
        &self,
        caller: Option<&Caller>,
        certificate: &[u8; 32],
        method: &str,
        feed: &str,
        refusal: Refusal,
    ) -> Refusal {
        if matches!(refusal, Refusal::LogUnavailable { .. }) {
            return refusal;
        }
        let feed: String = feed.chars().take(MAX_KEY_BYTES).collect();
        let pending = match self.log.append(entry::deny(
            caller,
            certificate,
            method,
            &feed,
            refusal.reason(),
        )) {
            Ok(pending) => pending,
            Err(error) => return self.log_failed(error),
        };
        // Under back-pressure the caller is told at once; the entry is queued all the same.
        if matches!(
            refusal,
            Refusal::Busy { .. } | Refusal::QueueFull { .. } | Refusal::Deadline { .. }
        ) {
            return refusal;
        }
        match pending.await {
            Ok(_) => refusal,
            Err(error) => self.log_failed(error),
        }
    }

    pub(crate) fn log_failed(&self, error: audit_log::AppendError) -> Refusal {
        if matches!(error, audit_log::AppendError::Full { .. }) {
            return Refusal::QueueFull { queue: "audit" };
        }
        self.healthy.store(false, Ordering::Relaxed);
        Refusal::LogUnavailable {
            cause: Box::new(error),
        }
    }

    fn evidence_failed(&self, cause: crate::refusal::Cause) -> Refusal {
        self.healthy.store(false, Ordering::Relaxed);
        Refusal::EvidenceUnavailable { cause }
    }
}

/// Runs `work` on the blocking pool.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn prepare(
    caller: &Caller,
    converter: &dyn Converter,
    submission: Submission,
    key: [u8; 16],
) -> Prepared {
    let checked = convert(converter, &submission.messages);
    let manifest: Arc<[u8]> = manifest(&submission).into();
    let payloads: Arc<[Arc<[u8]>]> = submission
        .messages
        .iter()
        .map(|message| Arc::clone(&message.payload))
        .collect();
    let results: Arc<[Arc<[u8]>]> = std::iter::once(manifest)
        .chain(checked.iter().map(|checked| Arc::clone(&checked.part)))
        .collect();
    let (mut outcomes, mut runs) = (Vec::with_capacity(checked.len()), Vec::new());
    for checked in checked {
        outcomes.push(checked.outcome);
        runs.extend(checked.runs);
    }
    let counts = answer::counts(&outcomes);
    let entry = SubmitEntry {
        agency: caller.agency.clone(),
        kind: caller.kind.clone(),
        certificate: caller.certificate,
        feed: submission.feed.clone(),
        adapter: converter.identity().clone(),
        payload_root: tree::root(payloads.iter()),
        result_root: tree::root(results.iter()),
        payload_bytes: total(&payloads),
        result_bytes: total(&results),
        sums: sums(&counts),
        key,
        case: submission.case,
    };
    let rows = IndexedSubmission {
        agency: caller.agency.clone(),
        feed: submission.feed,
        key,
        runs,
        quarantined: quarantined_rows(&outcomes),
    };
    Prepared {
        results,
        payloads,
        entry,
        outcomes,
        rows,
    }
}

/// Converts the messages; an adapter that did not return quarantines them all.
fn convert(converter: &dyn Converter, messages: &[Message]) -> Vec<Checked> {
    let failure = match converter.convert(messages) {
        Ok(converted) if converted.len() == messages.len() => {
            return (0u16..)
                .zip(converted)
                .map(|(number, converted)| check(number, converted))
                .collect();
        }
        Ok(converted) => Quarantine {
            code: "adapter.wrong-count".to_owned(),
            offset: 0,
            text: format!(
                "the adapter returned {} outcomes for {} messages",
                converted.len(),
                messages.len()
            ),
        },
        Err(failure) => Quarantine {
            code: failure.code,
            offset: 0,
            text: failure.text,
        },
    };
    messages
        .iter()
        .map(|_| quarantined(failure.clone()))
        .collect()
}

/// The request without its payloads: with them it is what the agency sent.
pub(crate) fn manifest(submission: &Submission) -> Vec<u8> {
    let attribute = |(name, value): &(String, String)| Attribute {
        name: name.clone(),
        value: value.clone(),
    };
    let messages = submission
        .messages
        .iter()
        .map(|message| proto::v1::Message {
            payload: Vec::new(),
            attributes: message.attributes.iter().map(attribute).collect(),
        });
    let case = &submission.case;
    let purpose = (*case != CaseBinding::default()).then(|| Purpose {
        case_number: case.case_number.clone(),
        purpose: case.purpose.clone(),
        legal_basis: case.legal_basis.clone(),
    });
    let request = SubmitRequest {
        feed: submission.feed.clone(),
        idempotency_key: submission.idempotency_key.clone(),
        messages: messages.collect(),
        purpose,
    };
    request.encode_to_vec()
}

/// The idempotency key in a manifest.
fn manifest_key(manifest: &[u8]) -> String {
    SubmitRequest::decode(manifest)
        .map(|request| request.idempotency_key)
        .unwrap_or_default()
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
    let case = &submission.case;
    if [&case.case_number, &case.purpose, &case.legal_basis]
        .iter()
        .any(|text| text.len() > MAX_CASE_TEXT_BYTES)
    {
        return malformed("purpose", "expected at most 1024 bytes in each text");
    }
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

pub(crate) fn quarantined_rows(outcomes: &[proto::v1::MessageOutcome]) -> Vec<QuarantinedRow> {
    let row = |(message, outcome): (u16, &proto::v1::MessageOutcome)| {
        let quarantine = outcome.quarantine.as_ref()?;
        Some(QuarantinedRow {
            message,
            code: quarantine.code.clone(),
        })
    };
    (0u16..).zip(outcomes).filter_map(row).collect()
}

fn sums(counts: &Counts) -> Sums {
    Sums {
        messages: counts.messages.into(),
        records: counts.records.into(),
        findings: counts.findings.into(),
        quarantined: counts.quarantined.into(),
    }
}

fn total(parts: &[Arc<[u8]>]) -> u64 {
    parts.iter().map(|part| part.len() as u64).sum()
}
