//! Reading one thing, and what every reading has in common: it is logged before it is answered.

use std::future::Future;
use std::sync::Arc;

use proto::v1::{GetRecordResponse, SubmitResponse};
use tokio::sync::OwnedSemaphorePermit;

use crate::assemble::OfMessage;
use crate::entry::{self, CaseBinding, SubmitEntry};
use crate::follow::Waiting;
use crate::ids::{RecordId, RecordPlace};
use crate::personal::{Asked, Sight};
use crate::policy::{Caller, Role};
use crate::refusal::Refusal;
use crate::submit::run_blocking;
use crate::{Exchange, admit, assemble, mask};

/// How a submission is named by a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmissionName {
    /// By its identity.
    Id(String),
    /// By the caller's own key.
    Key {
        /// Feed.
        feed: String,
        /// Idempotency key.
        idempotency_key: String,
    },
}

/// Readings of one agency that hold stored data in memory at the same time.
pub(crate) const READINGS: usize = 4;

/// A submission's entry, before any of its evidence is read.
pub(crate) struct Found {
    pub(crate) time_ns: u64,
    pub(crate) entry: SubmitEntry,
    /// The canonical bytes of the entry.
    pub(crate) bytes: Vec<u8>,
}

impl Exchange {
    /// The answer given to an earlier submission.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] also for a submission the caller may not know of.
    pub async fn get_submission(
        self: &Arc<Self>,
        caller: &Caller,
        name: SubmissionName,
    ) -> Result<SubmitResponse, Refusal> {
        let (feed, text) = match &name {
            SubmissionName::Id(id) => (String::new(), id.clone()),
            SubmissionName::Key {
                feed,
                idempotency_key,
            } => (feed.clone(), idempotency_key.clone()),
        };
        let asked = match &name {
            SubmissionName::Id(id) => asked_id(id),
            SubmissionName::Key {
                idempotency_key, ..
            } => {
                // Its digest, as the submission's entry has it: a key may be made of anything.
                let digest = entry::key_digest(&caller.agency, &feed, idempotency_key);
                Asked::from(crate::policy::hex(&digest).as_str())
            }
        };
        let not_found = || Refusal::NotFound {
            what: "submission",
            id: text.clone(),
        };
        let read = async {
            let query = self
                .log_query(
                    caller,
                    "GetSubmission",
                    &feed,
                    asked,
                    &CaseBinding::default(),
                )
                .await?;
            let position = match &name {
                SubmissionName::Id(id) => {
                    RecordId::parse(id).ok_or_else(not_found)?.place().position
                }
                SubmissionName::Key {
                    feed,
                    idempotency_key,
                } => {
                    self.wait_for_index(query).await?;
                    let key = entry::key_digest(&caller.agency, feed, idempotency_key);
                    let found = self.index.find_submission(&caller.agency, feed, &key);
                    found
                        .map_err(|cause| Refusal::IndexFailed { cause })?
                        .ok_or_else(not_found)?
                }
            };
            // Rights come before evidence: who may not read the feed makes the node read nothing.
            let found = self.submit_entry(position)?.ok_or_else(not_found)?;
            let is_it = match &name {
                SubmissionName::Id(id) => {
                    let real = RecordId::of_submission(found.time_ns, position);
                    id.eq_ignore_ascii_case(&real.to_string())
                }
                SubmissionName::Key { .. } => true,
            };
            let own = found.entry.agency == caller.agency;
            if !is_it || !(own || self.policy.may_read(caller, &found.entry.feed)) {
                return Err(not_found());
            }
            let exchange = Arc::clone(self);
            let sees = self.sees_payload(caller, &found.entry.agency);
            let sight = self.sight(caller);
            let work = move || {
                let mut answer = exchange.answer_again(&exchange.stored_in(position, sight)?);
                if !sees {
                    mask::empty_answer(&mut answer);
                }
                let digest = assemble::digest(std::slice::from_ref(&answer));
                Ok((answer, digest))
            };
            let (answer, digest) = self.read_blocking(caller, work).await?;
            self.log_answer(caller, query, 1, digest)?;
            Ok(answer)
        };
        self.reading(caller, "GetSubmission", &feed, read).await
    }

    /// One record with its provenance.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] also for a record the caller may not know of.
    pub async fn get_record(
        self: &Arc<Self>,
        caller: &Caller,
        id: String,
        case: CaseBinding,
    ) -> Result<GetRecordResponse, Refusal> {
        let not_found = || Refusal::NotFound {
            what: "record",
            id: id.clone(),
        };
        let read = async {
            let query = self
                .log_query(caller, "GetRecord", "", asked_id(&id), &case)
                .await?;
            let place = RecordId::parse(&id).ok_or_else(not_found)?.place();
            let found = self.submit_entry(place.position)?.ok_or_else(not_found)?;
            let is_it = RecordId::new(found.time_ns, place)
                .to_string()
                .eq_ignore_ascii_case(&id);
            if !is_it || !self.policy.may_read(caller, &found.entry.feed) {
                return Err(not_found());
            }
            let (exchange, reader) = (Arc::clone(self), caller.clone());
            let work = move || {
                let answer = exchange.record_with_provenance(&reader, place)?;
                let digest = answer
                    .as_ref()
                    .map(|answer| assemble::digest(std::slice::from_ref(answer)));
                Ok(answer.zip(digest))
            };
            let read = self.read_blocking(caller, work).await?;
            let (answer, digest) = read.ok_or_else(not_found)?;
            self.log_answer(caller, query, 1, digest)?;
            Ok(answer)
        };
        self.reading(caller, "GetRecord", "", read).await
    }

    /// The record at `place` as `reader` may see it; `None` when there is none.
    fn record_with_provenance(
        &self,
        reader: &Caller,
        place: RecordPlace,
    ) -> Result<Option<GetRecordResponse>, Refusal> {
        let stored = self.stored_in(place.position, self.sight(reader))?;
        let mut payloads = self.payloads(&stored)?;
        let message = usize::from(place.message);
        if message >= payloads.len() {
            return Ok(None);
        }
        let payload = payloads.swap_remove(message);
        let clearance = self.clearance(reader);
        let of_message = OfMessage::new(&stored, place.message, &payload, &clearance);
        let record = of_message.and_then(|shared| assemble::record(&stored, place, &shared));
        let Some(record) = record else {
            return Ok(None);
        };
        let mut provenance =
            assemble::provenance(&stored, self.log.origin(), place, &record, &payload);
        if self.sees_payload(reader, &stored.entry.agency) {
            provenance.payload = payload;
        }
        Ok(Some(GetRecordResponse {
            record: Some(clearance.mask(record)),
            provenance: Some(provenance),
        }))
    }

    /// Runs a reading under the deadline and writes a refusal down.
    pub(crate) async fn reading<T>(
        &self,
        caller: &Caller,
        method: &str,
        feed: &str,
        read: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let limit = self.limits.request_deadline;
        match tokio::time::timeout(limit, read)
            .await
            .unwrap_or(Err(Refusal::Deadline { limit }))
        {
            Ok(answer) => Ok(answer),
            Err(refusal) => Err(self
                .refuse(Some(caller), &caller.certificate, method, feed, refusal)
                .await),
        }
    }

    /// Writes the reading down; nothing is read before this is durable. Returns its position.
    ///
    /// What is personal in the question is sealed: see [`Asked`].
    pub(crate) async fn log_query(
        &self,
        caller: &Caller,
        method: &str,
        feed: &str,
        asked: impl Into<Asked>,
        case: &CaseBinding,
    ) -> Result<u64, Refusal> {
        admit::check_case(case)?;
        let (canonical, sealed) = self.seal_question(asked.into()).await?;
        let bounded: String = canonical.chars().take(4096).collect();
        let feed: String = feed.chars().take(128).collect();
        let draft = entry::query(caller, method, &feed, &bounded, case, sealed);
        let pending = self
            .log
            .append(draft)
            .map_err(|error| self.log_failed(error))?;
        Ok(pending
            .await
            .map_err(|error| self.log_failed(error))?
            .position)
    }

    /// Writes down what a reading returned. Queued, not waited for: the reading itself is durable.
    pub(crate) fn log_answer(
        &self,
        caller: &Caller,
        query: u64,
        count: u64,
        digest: [u8; 32],
    ) -> Result<(), Refusal> {
        // Whoever knows an answer but for a number in it must not find the number by trying.
        let digest = match &self.vault {
            Some(vault) => vault.keyed_digest(&digest),
            None => digest,
        };
        let draft = entry::query_result(caller, query, count, &digest);
        self.log
            .append(draft)
            .map(drop)
            .map_err(|error| self.log_failed(error))
    }

    /// Waits until the index has reached `size`, so that a reader sees what was answered before it asked.
    pub(crate) async fn wait_for_index(&self, size: u64) -> Result<(), Refusal> {
        if self.index.size() >= size {
            return Ok(());
        }
        let _waiting = Waiting::new(self);
        let reached = async {
            loop {
                let indexed = self.indexed.notified();
                tokio::pin!(indexed);
                indexed.as_mut().enable();
                if self.index.size() >= size {
                    return;
                }
                indexed.await;
            }
        };
        let waited = tokio::time::timeout(self.limits.index_wait, reached).await;
        waited.map_err(|_| Refusal::IndexBehind {
            indexed: self.index.size(),
            size,
        })
    }

    /// The submission's entry at `position`; `None` when there is none, or it is of another kind.
    pub(crate) fn submit_entry(&self, position: u64) -> Result<Option<Found>, Refusal> {
        if position >= self.log.size() {
            return Ok(None);
        }
        let damaged = |cause| Refusal::Damaged { position, cause };
        let stored = self.log.reader().entry(position);
        let Some(stored) = stored.map_err(|error| damaged(error.into()))? else {
            return Ok(None);
        };
        let entry = stored.decode().map_err(|error| damaged(error.into()))?;
        if !SubmitEntry::is_conversion(entry.event()) {
            return Ok(None);
        }
        let submit = SubmitEntry::read(&entry);
        let submit = submit.ok_or_else(|| damaged("the submission's entry has no shape".into()))?;
        Ok(Some(Found {
            time_ns: entry.time_ns(),
            entry: submit,
            bytes: stored.bytes,
        }))
    }

    /// Runs the part of a reading that holds stored data in memory. An agency has at most
    /// [`READINGS`] of these at a time; the others wait, as long as their deadline allows.
    pub(crate) async fn read_blocking<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let permit = self.reading_permit(caller).await;
        // The permit goes with the work: a caller who stops waiting does not stop the work.
        run_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
    }

    /// The same behind everything else: for readings that convert.
    pub(crate) async fn read_aside<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let permit = self.reading_permit(caller).await;
        let work = move || {
            let _permit = permit;
            work()
        };
        self.lanes.aside(work).await
    }

    /// Waits for the right to one of the caller's readings.
    async fn reading_permit(&self, caller: &Caller) -> OwnedSemaphorePermit {
        let readings = Arc::clone(&self.readings[&caller.agency]);
        let permit = readings.acquire_owned().await;
        permit.expect("the semaphore is never closed")
    }

    /// How much of what is sealed is opened for the caller.
    pub(crate) fn sight(&self, caller: &Caller) -> Sight {
        match self.policy.has_role(caller, Role::Officer) {
            true => Sight::Whole,
            false => Sight::Processing,
        }
    }

    /// Whether the caller may see a message as received: it holds what records mask, so it
    /// goes to its sender and to those who may see every class.
    pub(crate) fn sees_payload(&self, caller: &Caller, sender: &str) -> bool {
        sender == caller.agency
            || self
                .policy
                .reads(caller)
                .is_some_and(|reads| reads.sees_every_class())
    }
}

/// An identity as it was asked for; what is none may be anything, so it counts as personal.
fn asked_id(id: &str) -> Asked {
    match RecordId::parse(id) {
        Some(_) => Asked::from(id),
        None => Asked::filters(&[("id", id, true)]),
    }
}
