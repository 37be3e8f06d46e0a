//! Submitting: admit, convert, check, keep, append, answer.
//!
//! The order of durability is the promise: payload and results first, then the
//! entry, then the answer. A call that is dropped half-way leaves either nothing
//! visible or a complete submission. A refusal is an entry too.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use audit_log::tree;
use proto::v1::SubmitResponse;
use tokio::sync::oneshot;

use crate::convert::{Prepared, manifest, prepare};
use crate::entry::{self, CaseBinding};
use crate::idempotency::{Claim, Key, Ticket};
use crate::lanes::Place;
use crate::lifecycle::Published;
use crate::metrics::Done;
use crate::party::{PartySignature, SignedSubmission};
use crate::policy::Caller;
use crate::ports::{Expected, KeepError, Kept, Message};
use crate::refusal::Refusal;
use crate::{Exchange, answer};

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
    /// The agency's signature, if it signed.
    pub party: Option<PartySignature>,
}

/// A place in an order of submissions: its entry is queued after that of the turn before.
///
/// A turn that ends without being used hands its own wait on to the next, so that the order
/// among those that do queue an entry holds whatever becomes of those between them.
#[derive(Debug, Default)]
pub struct Turn {
    before: Option<Waiting>,
    after: Option<oneshot::Sender<Option<Waiting>>>,
}

/// Resolves when the turn before is over; it may hand over a wait for an earlier one.
#[derive(Debug)]
pub struct Waiting(oneshot::Receiver<Option<Waiting>>);

impl Turn {
    /// A submission in no order.
    pub fn free() -> Turn {
        Turn::default()
    }

    /// The turn after `last`, which becomes the tail of the order.
    pub fn after(last: &mut Option<Waiting>) -> Turn {
        let (sender, receiver) = oneshot::channel();
        Turn {
            before: last.replace(Waiting(receiver)),
            after: Some(sender),
        }
    }

    /// Waits until every earlier turn is over. Dropped half-way, the rest of the wait is handed on.
    async fn wait(&mut self) {
        while let Some(waiting) = &mut self.before {
            // An error means that the turn before is gone with nothing to hand over.
            self.before = (&mut waiting.0).await.unwrap_or(None);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(after) = self.after.take() {
            // Nobody may come after: the order ends here.
            let _ = after.send(self.before.take());
        }
    }
}

/// How far a submission came before its entry.
enum Ready {
    /// Kept: the entry is next.
    Append(Ticket, Box<Prepared>),
    /// A repeat, answered from what is stored.
    Answered(Box<SubmitResponse>),
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
        let feed = submission.feed.clone();
        let (signed, unsigned) = match self.check_party(caller, &submission).await {
            Ok(signed) => (signed, Ok(())),
            Err(refusal) => (None, Err(refusal)),
        };
        match self.submit_once(caller, submission, unsigned, turn).await {
            Ok((response, done)) => {
                self.outcomes.count(Ok(done));
                Ok(response)
            }
            Err(refusal) => {
                let signed = signed.as_ref();
                let refused = self.refuse_submission(caller, &feed, signed, refusal);
                let refusal = refused.await;
                self.outcomes.count(Err(&refusal));
                Err(refusal)
            }
        }
    }

    async fn submit_once(
        self: &Arc<Self>,
        caller: &Caller,
        submission: Submission,
        signature: Result<(), Refusal>,
        mut turn: Turn,
    ) -> Result<(SubmitResponse, Done), Refusal> {
        let _allowance = self.admit(caller, &submission)?;
        signature?;
        // The deadline covers everything up to the entry. Once the entry is queued only the log
        // can say what became of it, and a refusal would be a lie if it was written.
        let limit = self.limits.request_deadline;
        let until_kept = self.until_kept(caller, submission, &mut turn);
        let kept = tokio::time::timeout(limit, until_kept).await;
        let (mut ticket, prepared) = match kept.unwrap_or(Err(Refusal::Deadline { limit }))? {
            Ready::Append(ticket, prepared) => (ticket, *prepared),
            Ready::Answered(response) => return Ok((*response, Done::Repeated)),
        };
        let pending = self
            .log
            .append(prepared.entry.draft())
            .map_err(|error| self.log_failed(error))?;
        ticket.appending();
        drop(turn);
        let appended = match pending.await {
            Ok(appended) => appended,
            Err(error) => {
                // The log accepts nothing more: those who wait for this key are told so at once.
                ticket.give_up();
                return Err(self.log_failed(error));
            }
        };
        self.hand_over(appended.position, prepared.rows);
        ticket.done(appended.position);
        self.offer_to_shadow(&prepared.entry, || Published {
            position: appended.position,
            results: Arc::clone(&prepared.plain.0),
            payloads: Arc::clone(&prepared.plain.1),
            was_sealed: false,
        });
        let place = answer::Place {
            origin: self.log.origin(),
            position: appended.position,
            time_ns: appended.time_ns,
            leaf_hash: appended.leaf_hash,
        };
        let mut response = answer::answer(
            &prepared.entry,
            &place,
            &prepared.idempotency_key,
            prepared.outcomes,
        );
        response.signed_receipt = self.signed_receipt(appended).await;
        Ok((response, Done::Accepted))
    }

    /// Everything before the entry: claim the key, convert, keep, and wait for the turn.
    async fn until_kept(
        self: &Arc<Self>,
        caller: &Caller,
        submission: Submission,
        turn: &mut Turn,
    ) -> Result<Ready, Refusal> {
        let (agency, feed) = (caller.agency.clone(), submission.feed.clone());
        let digest = entry::key_digest(&agency, &feed, &submission.idempotency_key);
        let key: Key = (agency, feed, digest);
        let ticket = match self.claim(&key).await? {
            Ok(ticket) => ticket,
            Err(position) => {
                let response = self.repeat(position, &submission).await?;
                return Ok(Ready::Answered(Box::new(response)));
            }
        };
        let (prepared, expected) = self.prepare(caller, submission, key).await?;
        let entry = &prepared.entry;
        let payloads = Kept {
            address: *entry.payload_address(),
            parts: Arc::clone(&prepared.payloads),
        };
        let results = Kept {
            address: entry.result_root,
            parts: Arc::clone(&prepared.results),
        };
        let kept = self.evidence.keep(payloads, results);
        drop(expected);
        let kept = kept.map_err(|error| match error {
            KeepError::Full => Refusal::QueueFull { queue: "evidence" },
            KeepError::TooLarge { size, unit, limit } => Refusal::TooLarge { size, unit, limit },
            KeepError::Closed(cause) => self.evidence_failed(cause),
        })?;
        kept.await.map_err(|cause| self.evidence_failed(cause))?;
        turn.wait().await;
        Ok(Ready::Append(ticket, Box::new(prepared)))
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
        let stored = run_blocking(move || exchange.stored_whole(position)).await?;
        let payloads: Vec<&[u8]> = submission
            .messages
            .iter()
            .map(|message| &*message.payload)
            .collect();
        let same = match &stored.entry.sealed {
            Some(_) => self.is_same_sealed(&stored, &payloads)?,
            None => tree::root(&payloads) == stored.entry.payload_root,
        } && manifest(submission) == stored.manifest_bytes;
        if !same {
            return Err(Refusal::IdempotencyConflict {
                key: submission.idempotency_key.clone(),
                position,
            });
        }
        let exchange = Arc::clone(self);
        run_blocking(move || Ok(exchange.answer_again(&stored))).await
    }

    /// Converts and checks, off the connection's thread and in a lane.
    async fn prepare(
        self: &Arc<Self>,
        caller: &Caller,
        submission: Submission,
        key: Key,
    ) -> Result<(Prepared, Option<Expected>), Refusal> {
        // The version is the one in force now; what is changed afterwards does not concern this submission.
        let chosen = self.feeds[&submission.feed].route().choose(&key.2);
        let version = chosen.ok_or_else(|| Refusal::NoAdapter {
            feed: submission.feed.clone(),
        })?;
        let own = version.permit().await;
        let place = self.lanes.enter(version, &*self.evidence).await;
        let (caller, vault) = (caller.clone(), self.vault.clone());
        let work = move |place: &Place| {
            let _own = own;
            prepare(
                &caller,
                &place.converter(),
                submission,
                key.2,
                vault.as_deref(),
            )
        };
        self.lanes.run(place, work).await
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
        // What is no name of a feed may be anything, so no more of it stands in the entry than such a name can have.
        let shown = |character: char| {
            if character.is_ascii_graphic() {
                character
            } else {
                '?'
            }
        };
        let feed: String = feed
            .chars()
            .take(crate::admit::MAX_KEY_BYTES)
            .map(shown)
            .collect();
        let draft = entry::deny(caller, certificate, method, &feed, refusal.reason());
        self.write_refusal(draft, refusal).await
    }

    /// The same for a submission: what the agency signed stays with the refusal, so that the
    /// number it used is no gap.
    async fn refuse_submission(
        &self,
        caller: &Caller,
        feed: &str,
        signed: Option<&SignedSubmission>,
        refusal: Refusal,
    ) -> Refusal {
        // A name that is no feed's is cut; the signature would not be over what is left of it.
        let is_whole = !feed.is_empty()
            && feed.len() <= crate::admit::MAX_KEY_BYTES
            && feed.bytes().all(|byte| byte.is_ascii_graphic());
        let Some(signed) = signed.filter(|_| is_whole) else {
            let certificate = &caller.certificate;
            return self
                .refuse(Some(caller), certificate, "Submit", feed, refusal)
                .await;
        };
        let (certificate, reason) = (&caller.certificate, refusal.reason());
        let draft = entry::deny(Some(caller), certificate, "Submit", feed, reason);
        self.write_refusal(entry::with_signature(draft, signed), refusal)
            .await
    }

    async fn write_refusal(&self, draft: audit_log::Draft, refusal: Refusal) -> Refusal {
        if matches!(refusal, Refusal::LogUnavailable { .. }) {
            return refusal;
        }
        let pending = match self.log.append(draft) {
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
        match error {
            audit_log::AppendError::Full { .. } => return Refusal::QueueFull { queue: "audit" },
            audit_log::AppendError::Draft(cause) => {
                // The request made the entry too long; the log is well.
                return Refusal::Malformed {
                    field: "request",
                    expected: format!("expected texts that fit an audit entry ({cause})"),
                };
            }
            audit_log::AppendError::Poisoned { .. } | audit_log::AppendError::Closed => {}
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
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is shutting down and did not run the work.
        Err(_) => Err(Refusal::QueueFull { queue: "shutdown" }),
    }
}
