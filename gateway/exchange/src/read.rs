//! Reading one thing, and what every reading has in common: it is logged before it is answered.

use std::future::Future;
use std::sync::Arc;

use proto::v1::{GetRecordResponse, ListRecordsResponse, SubmitResponse};

use crate::entry::{self, CaseBinding};
use crate::ids::RecordId;
use crate::policy::Caller;
use crate::refusal::Refusal;
use crate::submit::run_blocking;
use crate::{Exchange, assemble};

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
                    &text,
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
            if position >= self.log.size() || !self.is_submission(position)? {
                return Err(not_found());
            }
            let exchange = Arc::clone(self);
            let stored = run_blocking(move || exchange.stored(position)).await?;
            let own = stored.entry.agency == caller.agency;
            let response = stored.answer(self.log.origin());
            let is_it = match &name {
                SubmissionName::Id(id) => id.eq_ignore_ascii_case(&response.submission_id),
                SubmissionName::Key { .. } => true,
            };
            if !is_it || !(own || self.policy.may_read(caller, &stored.entry.feed)) {
                return Err(not_found());
            }
            self.log_answer(caller, query, 1, stored.leaf_hash)?;
            Ok(response)
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
            let query = self.log_query(caller, "GetRecord", "", &id, &case).await?;
            let place = RecordId::parse(&id).ok_or_else(not_found)?.place();
            if place.position >= self.log.size() || !self.is_submission(place.position)? {
                return Err(not_found());
            }
            let exchange = Arc::clone(self);
            let read = run_blocking(move || {
                let stored = exchange.stored(place.position)?;
                let payloads = exchange.payloads(&stored)?;
                Ok((stored, payloads))
            });
            let (stored, mut payloads) = read.await?;
            if !self.policy.may_read(caller, &stored.entry.feed)
                || usize::from(place.message) >= payloads.len()
            {
                return Err(not_found());
            }
            let payload = payloads.swap_remove(usize::from(place.message));
            let record = assemble::record(&stored, place, &payload).ok_or_else(not_found)?;
            let is_it = record
                .envelope
                .as_ref()
                .is_some_and(|envelope| envelope.record_id.eq_ignore_ascii_case(&id));
            if !is_it {
                return Err(not_found());
            }
            self.log_answer(
                caller,
                query,
                1,
                assemble::digest(std::slice::from_ref(&record)),
            )?;
            let provenance =
                assemble::provenance(&stored, self.log.origin(), place, &record, payload);
            let own = stored.entry.agency == caller.agency;
            Ok(self.masked_record(
                caller,
                own,
                GetRecordResponse {
                    record: Some(record),
                    provenance: Some(provenance),
                },
            ))
        };
        self.reading(caller, "GetRecord", "", read).await
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
    pub(crate) async fn log_query(
        &self,
        caller: &Caller,
        method: &str,
        feed: &str,
        canonical: &str,
        case: &CaseBinding,
    ) -> Result<u64, Refusal> {
        let bounded: String = canonical.chars().take(4096).collect();
        let feed: String = feed.chars().take(128).collect();
        let draft = entry::query(caller, method, &feed, &bounded, case);
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
        let draft = entry::query_result(caller, query, count, &digest);
        self.log
            .append(draft)
            .map(drop)
            .map_err(|error| self.log_failed(error))
    }

    /// Waits until the index has reached `size`, so that a reader sees what was answered before it asked.
    pub(crate) async fn wait_for_index(&self, size: u64) -> Result<(), Refusal> {
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

    fn is_submission(&self, position: u64) -> Result<bool, Refusal> {
        let damaged = |cause| Refusal::Damaged { position, cause };
        let Some(stored) = self
            .log
            .reader()
            .entry(position)
            .map_err(|error| damaged(error.into()))?
        else {
            return Ok(false);
        };
        let entry = stored.decode().map_err(|error| damaged(error.into()))?;
        Ok(entry.event() == entry::EVENT_SUBMIT)
    }

    /// The page as the caller may see it.
    pub(crate) fn masked(&self, caller: &Caller, page: ListRecordsResponse) -> ListRecordsResponse {
        let records = page
            .records
            .into_iter()
            .map(|record| self.mask(caller, record))
            .collect();
        ListRecordsResponse { records, ..page }
    }

    /// Whether the caller may see a message as received: it holds what records mask, so it
    /// goes to its sender and to those who may see every class.
    pub(crate) fn sees_payload(&self, caller: &Caller, sender: &str) -> bool {
        sender == caller.agency
            || self
                .policy
                .agency(caller)
                .is_some_and(|agency| agency.sees_every_class())
    }

    fn masked_record(
        &self,
        caller: &Caller,
        own: bool,
        answer: GetRecordResponse,
    ) -> GetRecordResponse {
        let sees = own || self.sees_payload(caller, "");
        let provenance = answer.provenance.map(|provenance| {
            if sees {
                provenance
            } else {
                proto::v1::Provenance {
                    payload: Vec::new(),
                    ..provenance
                }
            }
        });
        GetRecordResponse {
            record: answer.record.map(|record| self.mask(caller, record)),
            provenance,
        }
    }
}
