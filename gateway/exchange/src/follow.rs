//! Following the log: the index is brought to the log's size, entry by entry.
//!
//! Fresh submissions hand their rows over in memory; whatever was not handed
//! over (after a start, after a lag, after the index was deleted) is read from
//! the log and the evidence. Both ways yield the same rows.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::entry::SubmitEntry;
use crate::idempotency::Key;
use crate::ports::{IndexedEntry, IndexedSubmission};
use crate::refusal::Refusal;
use crate::submit::run_blocking;
use crate::{Exchange, facts};

/// Most rows waiting in memory, of about two hundred bytes each: 40 MB. Beyond it the follower
/// reads from disk.
const MOST_HANDED_OVER: usize = 200_000;

/// Pause after a failure of the index, so that a full disk is not hammered.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How long entries gather before they are applied, unless a reader waits or a batch is full.
///
/// A transaction writes every page it touches, so many small ones write the same pages over and
/// over; and a call that has just learnt that its entry is durable gets time to hand its rows over.
const GATHERING: Duration = Duration::from_millis(50);

/// Most submissions read back from disk for one batch.
///
/// Rows say little of what was read for them: an hour of packets is one row. A batch that waited
/// for its rows would read thousands of submissions before any reader saw one of them; this many
/// give SQLite a transaction of hundreds of rows at least.
const MOST_READ_BACK: usize = 256;

/// Rows handed over by the calls that made them.
#[derive(Default)]
pub(crate) struct HandOver(Mutex<Handed>);

#[derive(Default)]
struct Handed {
    by_position: BTreeMap<u64, IndexedSubmission>,
    rows: usize,
}

/// Rows a submission takes in the index; at least one, for its key.
fn rows_of(submission: &IndexedSubmission) -> usize {
    let words: usize = submission.runs.iter().map(|run| run.words.len()).sum();
    // A word is a small row: eight of them are about one of the others.
    1 + submission.runs.len() + submission.quarantined.len() + words / 8
}

impl HandOver {
    fn put(&self, position: u64, submission: IndexedSubmission) {
        let mut handed = self.0.lock().expect("no holder panics");
        let rows = handed.rows + rows_of(&submission);
        if rows <= MOST_HANDED_OVER {
            handed.rows = rows;
            handed.by_position.insert(position, submission);
        }
    }

    fn take(&self, position: u64) -> Option<IndexedSubmission> {
        let mut handed = self.0.lock().expect("no holder panics");
        let submission = handed.by_position.remove(&position)?;
        handed.rows -= rows_of(&submission);
        Some(submission)
    }

    /// Forgets rows the follower has passed.
    fn forget_before(&self, position: u64) {
        let mut handed = self.0.lock().expect("no holder panics");
        let later = handed.by_position.split_off(&position);
        handed.rows = later.values().map(rows_of).sum();
        handed.by_position = later;
    }
}

impl Exchange {
    pub(crate) fn hand_over(&self, position: u64, rows: IndexedSubmission) {
        if position >= self.index.size() {
            self.handed_over.put(position, rows);
        }
    }
}

/// A reader that waits for the index: as long as there is one, entries are applied at once.
pub(crate) struct Waiting<'a>(&'a Exchange);

impl<'a> Waiting<'a> {
    pub(crate) fn new(exchange: &'a Exchange) -> Waiting<'a> {
        exchange.readers_waiting.fetch_add(1, Ordering::SeqCst);
        exchange.wanted.notify_waiters();
        Waiting(exchange)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.readers_waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Brings the index to the log's size and keeps it there.
pub struct Follower {
    exchange: Arc<Exchange>,
    batch: usize,
}

impl Follower {
    /// A follower that applies about `batch` rows in one transaction, fewer where they have to be
    /// read from disk.
    pub fn new(exchange: Arc<Exchange>, batch: usize) -> Follower {
        Follower {
            exchange,
            batch: batch.max(1),
        }
    }

    /// Brings the index to the log's present size; `progress` hears (indexed, size) after each batch.
    ///
    /// An index whose last entry is not the log's belongs to another past, such as a log whose
    /// tail was cut or that was restored: it is emptied first. Returns how many entries beyond
    /// `opened`, the log's size when it was opened, the index knew.
    ///
    /// # Errors
    /// [`Refusal::IndexFailed`], or [`Refusal::Damaged`] naming the entry that cannot be read.
    pub fn catch_up(
        &self,
        opened: u64,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<u64, Refusal> {
        let (index, size) = (&self.exchange.index, self.exchange.log.size());
        let ahead = index.size().saturating_sub(opened);
        if !self.follows_this_log()? {
            index
                .clear()
                .map_err(|cause| Refusal::IndexFailed { cause })?;
        }
        while index.size() < size {
            self.step(size)?;
            progress(index.size(), size);
        }
        Ok(ahead)
    }

    /// Whether the index's last entry is the log's entry at that position.
    fn follows_this_log(&self) -> Result<bool, Refusal> {
        match self.exchange.index.size().checked_sub(1) {
            None => Ok(true),
            // What is archived cannot be compared.
            Some(last) if last < self.exchange.log.reader().first() => Ok(false),
            Some(last) => Ok(self.leaf_hash(last)? == Some(self.exchange.index.head())),
        }
    }

    fn leaf_hash(&self, position: u64) -> Result<Option<[u8; 32]>, Refusal> {
        let stored = self.exchange.log.reader().entry(position);
        let stored = stored.map_err(|error| Refusal::Damaged {
            position,
            cause: error.into(),
        })?;
        Ok(stored.map(|stored| stored.leaf_hash()))
    }

    /// Follows for ever; drop the future to stop. Failures are logged and tried again: the
    /// index is a cache, and submissions do not depend on it until it lags far.
    pub async fn run(self: Arc<Self>) {
        loop {
            let indexed = self.exchange.index.size();
            if self.exchange.log.wait_for(indexed + 1).await.is_err() {
                // The log stopped: there is nothing more to follow.
                return;
            }
            self.gather(indexed).await;
            let (follower, size) = (Arc::clone(&self), self.exchange.log.size());
            if let Err(refusal) = run_blocking(move || follower.step(size)).await {
                tracing::error!(
                    error = &refusal as &dyn std::error::Error,
                    indexed,
                    "the index cannot follow the log"
                );
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }

    /// Lets entries gather behind `indexed` for as long as nobody waits for them.
    async fn gather(&self, indexed: u64) {
        let wanted = self.exchange.wanted.notified();
        tokio::pin!(wanted);
        wanted.as_mut().enable();
        if self.exchange.readers_waiting.load(Ordering::SeqCst) > 0 {
            return;
        }
        let batch = self
            .exchange
            .log
            .wait_for(indexed.saturating_add(self.batch as u64));
        tokio::select! {
            // An error is the end of the log, which the next round notices.
            _ = batch => {}
            () = wanted => {}
            () = tokio::time::sleep(GATHERING) => {}
        }
    }

    /// Applies one batch towards `size`.
    fn step(&self, size: u64) -> Result<(), Refusal> {
        let exchange = &*self.exchange;
        let from = exchange.index.size();
        let (mut entries, mut rows, mut read_back) = (Vec::new(), 0, 0);
        for position in from..size {
            // What is archived has no rows: whoever looks for it looks in the archive.
            let is_archived = position < exchange.log.reader().first();
            let entry = match exchange.handed_over.take(position) {
                Some(handed_over) => IndexedEntry {
                    position,
                    submission: Some(handed_over),
                    facts: None,
                },
                None if is_archived => IndexedEntry {
                    position,
                    submission: None,
                    facts: None,
                },
                None => {
                    let entry = self.read_back(position)?;
                    read_back += usize::from(entry.submission.is_some());
                    entry
                }
            };
            rows += entry.submission.as_ref().map_or(1, rows_of);
            entries.push(entry);
            if rows >= self.batch || read_back >= MOST_READ_BACK {
                break;
            }
        }
        let to = from + entries.len() as u64;
        let head = if to <= exchange.log.reader().first() {
            // Its leaf hash is not here; an index that stops here is made again.
            [0; 32]
        } else {
            let Some(head) = self.leaf_hash(to - 1)? else {
                return Ok(());
            };
            head
        };
        exchange
            .index
            .apply(&entries, &head)
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

    /// Rows of the entry at `position`, from log and evidence.
    fn read_back(&self, position: u64) -> Result<IndexedEntry, Refusal> {
        let exchange = &*self.exchange;
        let damaged = |cause| Refusal::Damaged { position, cause };
        let Some(stored) = exchange
            .log
            .reader()
            .entry(position)
            .map_err(|error| damaged(error.into()))?
        else {
            return Err(damaged("the log has no entry there".into()));
        };
        let entry = stored.decode().map_err(|error| damaged(error.into()))?;
        let Some(submit) = SubmitEntry::read(&entry) else {
            return Ok(IndexedEntry {
                position,
                submission: None,
                facts: Some(facts::of(&entry)),
            });
        };
        let of_submission = |submission| IndexedEntry {
            position,
            submission: Some(submission),
            facts: None,
        };
        match exchange.stored_whole(position) {
            Ok(stored) => Ok(of_submission(stored.rows(exchange.vault.as_deref()))),
            Err(refusal) => {
                // One submission that cannot be read must not hide all the others: its key is kept,
                // its records are missing from lists, and reading it says that it is damaged.
                tracing::error!(
                    error = &refusal as &dyn std::error::Error,
                    position,
                    "a submission cannot be read back; its records are not indexed"
                );
                Ok(of_submission(IndexedSubmission {
                    case: facts::case_of(&submit.case),
                    words: facts::words_of_case(&submit.case),
                    agency: submit.agency,
                    feed: submit.feed,
                    key: submit.key,
                    runs: Vec::new(),
                    quarantined: Vec::new(),
                }))
            }
        }
    }
}

fn key(submission: IndexedSubmission) -> Key {
    (submission.agency, submission.feed, submission.key)
}
