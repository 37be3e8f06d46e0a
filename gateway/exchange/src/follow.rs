//! Following the log: the index is brought to the log's size, entry by entry.
//!
//! Fresh submissions hand their rows over in memory; whatever was not handed
//! over (after a start, after a lag, after the index was deleted) is read from
//! the log and the evidence. Both ways yield the same rows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::Exchange;
use crate::entry::EVENT_SUBMIT;
use crate::idempotency::Key;
use crate::ports::{IndexedEntry, IndexedSubmission};
use crate::refusal::Refusal;
use crate::submit::run_blocking;

/// Most submissions waiting in memory; beyond it the follower reads from disk.
const MOST_HANDED_OVER: usize = 8192;

/// Pause after a failure of the index, so that a full disk is not hammered.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Rows handed over by the calls that made them.
#[derive(Default)]
pub(crate) struct HandOver(Mutex<BTreeMap<u64, IndexedSubmission>>);

impl HandOver {
    fn take(&self, position: u64) -> Option<IndexedSubmission> {
        self.0.lock().expect("no holder panics").remove(&position)
    }

    /// Forgets rows the follower has passed.
    fn forget_before(&self, position: u64) {
        let mut rows = self.0.lock().expect("no holder panics");
        *rows = rows.split_off(&position);
    }
}

impl Exchange {
    pub(crate) fn hand_over(&self, position: u64, rows: IndexedSubmission) {
        let mut handed = self.handed_over.0.lock().expect("no holder panics");
        if handed.len() < MOST_HANDED_OVER && position >= self.index.size() {
            handed.insert(position, rows);
        }
    }
}

/// Brings the index to the log's size and keeps it there.
pub struct Follower {
    exchange: Arc<Exchange>,
    batch: usize,
}

impl Follower {
    /// A follower that applies up to `batch` entries in one transaction.
    pub fn new(exchange: Arc<Exchange>, batch: usize) -> Follower {
        Follower {
            exchange,
            batch: batch.max(1),
        }
    }

    /// Brings the index to the log's present size; `progress` hears (indexed, size) after each batch.
    ///
    /// An index that is ahead of the log belongs to another past: it is emptied first.
    /// Returns by how many entries it was ahead.
    ///
    /// # Errors
    /// [`Refusal::IndexFailed`], or [`Refusal::Damaged`] naming the entry that cannot be read.
    pub fn catch_up(&self, mut progress: impl FnMut(u64, u64)) -> Result<u64, Refusal> {
        let size = self.exchange.log.size();
        let ahead = self.exchange.index.size().saturating_sub(size);
        if ahead > 0 {
            self.exchange
                .index
                .clear()
                .map_err(|cause| Refusal::IndexFailed { cause })?;
        }
        while self.exchange.index.size() < size {
            self.step(size)?;
            progress(self.exchange.index.size(), size);
        }
        Ok(ahead)
    }

    /// Follows for ever; drop the future to stop. Failures are logged and tried again: the
    /// index is a cache, and submissions do not depend on it until it lags far.
    pub async fn run(self: Arc<Self>) {
        loop {
            let indexed = self.exchange.index.size();
            let Ok(head) = self.exchange.log.wait_for(indexed + 1).await else {
                // The log stopped: there is nothing more to follow.
                return;
            };
            let follower = Arc::clone(&self);
            if let Err(refusal) = run_blocking(move || follower.step(head.size)).await {
                tracing::error!(
                    error = &refusal as &dyn std::error::Error,
                    indexed,
                    "the index cannot follow the log"
                );
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }

    /// Applies one batch towards `size`.
    fn step(&self, size: u64) -> Result<(), Refusal> {
        let exchange = &*self.exchange;
        let from = exchange.index.size();
        let to = size.min(from + self.batch as u64);
        let mut entries = Vec::with_capacity((to - from) as usize);
        for position in from..to {
            entries.push(IndexedEntry {
                position,
                submission: self.rows(position)?,
            });
        }
        exchange
            .index
            .apply(&entries)
            .map_err(|cause| Refusal::IndexFailed { cause })?;
        exchange.handed_over.forget_before(to);
        let keys: Vec<Key> = entries
            .into_iter()
            .filter_map(|entry| entry.submission)
            .map(key)
            .collect();
        exchange.recent.settled(keys.iter());
        exchange.indexed.notify_waiters();
        Ok(())
    }

    fn rows(&self, position: u64) -> Result<Option<IndexedSubmission>, Refusal> {
        let exchange = &*self.exchange;
        if let Some(rows) = exchange.handed_over.take(position) {
            return Ok(Some(rows));
        }
        let damaged = |cause| Refusal::Damaged { position, cause };
        let Some(stored) = exchange
            .log
            .reader()
            .entry(position)
            .map_err(|error| damaged(error.into()))?
        else {
            return Ok(None);
        };
        let is_submission = stored
            .decode()
            .map_err(|error| damaged(error.into()))?
            .event()
            == EVENT_SUBMIT;
        if is_submission {
            Ok(Some(exchange.stored(position)?.rows()))
        } else {
            Ok(None)
        }
    }
}

fn key(submission: IndexedSubmission) -> Key {
    (submission.agency, submission.feed, submission.key)
}
