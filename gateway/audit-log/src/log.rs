//! The handle of an open log: append, follow, read, close.
//!
//! A cheap, cloneable handle in front of one writer thread. It holds no entry and writes no file. Callers append drafts
//! and get positions once the entries are durable; followers wait for a size and read up to it.

mod appended;
pub(crate) mod open;
#[cfg(test)]
mod tests;

use std::{
    fmt::Debug,
    io,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::sync::watch;

pub use appended::{Appended, Group};
pub use open::{OpenError, Opened, Recovered, open};

use crate::{
    commit::{self, CommitError, Queue, WriterThread},
    reader::{Reader, Stored},
};
use audit_proof::{
    chain::Head,
    entry::{ClockState, Draft, DraftError},
    hash::Hash,
    suite::LogSuite,
};

/// What a log needs to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The folder of the log; made when it does not exist. It belongs to one writer at a time.
    pub dir: PathBuf,
    /// By which hash functions entries link to each other; a log that exists must have the same.
    pub suite: LogSuite,
    /// The name of the log, 1 to 255 bytes without white space or plus sign. It never changes and is never used again.
    pub origin: String,
    /// SHA-256 of the policy in force when the log is created; ignored for a log that exists.
    pub policy_digest: Hash,
    /// The last root of the log that this one continues; ignored for a log that exists.
    pub former_root: Option<Hash>,
    /// A segment is sealed by the first group that ends at or past this many bytes; at least 1, at most 1 GiB, because
    /// a segment is verified in memory. 64 MiB is a good size.
    pub segment_bytes: u64,
    /// The most drafts that may wait; at least 1.
    pub queue_entries: usize,
    /// The most bytes of drafts that may wait; at least 1. A group never has more, so this also bounds a group.
    pub queue_bytes: usize,
}

/// Tells the time; given by whoever owns the clock.
pub trait Clock: Send + Sync {
    /// Returns UTC nanoseconds since 1970-01-01.
    fn now_ns(&self) -> u64;

    /// Returns the state of the clock, which entries state beside their time; `None` where it is not known.
    ///
    /// Asked once for each batch of entries, by the thread that encodes them, so it ought to be at hand.
    fn state(&self) -> Option<ClockState> {
        None
    }
}

/// Why an entry was not appended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The queue is full. Nothing was queued; the caller may try again later.
    #[error("audit log has {entries} entries waiting")]
    Full {
        /// Entries waiting.
        entries: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// The draft cannot become an entry; it never will.
    #[error("draft cannot become an entry")]
    Draft(#[source] DraftError),
    /// Writing failed, now or before. Whether the entry is durable is unknown; the log accepts nothing until it is
    /// opened again.
    #[error("audit log cannot be written")]
    Poisoned {
        /// The error of the operation that failed.
        #[source]
        cause: Arc<io::Error>,
    },
    /// The log has been closed.
    #[error("audit log is closed")]
    Closed,
}

impl From<CommitError> for AppendError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Full { items, bytes } => Self::Full {
                entries: items,
                bytes,
            },
            CommitError::Poisoned { cause } => Self::Poisoned { cause },
            CommitError::Closed => Self::Closed,
        }
    }
}

/// An entry that is queued. Dropping it leaves the entry to be written.
#[derive(Debug)]
#[must_use = "the outcome says whether the entry is durable"]
pub struct Pending(commit::Pending<Appended>);

impl Pending {
    /// Blocks the thread until the entry is durable or has failed.
    ///
    /// # Errors
    /// [`AppendError::Poisoned`] when it is not known to be durable.
    pub fn wait(self) -> Result<Appended, AppendError> {
        Ok(self.0.wait()?)
    }
}

impl Future for Pending {
    type Output = Result<Appended, AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(context)
            .map_err(AppendError::from)
    }
}

/// How far the writer has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Durable {
    pub(crate) head: Head,
    /// Groups made durable since the log was opened.
    pub(crate) groups: u64,
    /// Entries of the largest of them.
    pub(crate) largest_group: u64,
    /// The writer will not write again.
    pub(crate) is_stopped: bool,
}

/// What the handles and the writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) queue: Queue<Draft, Appended>,
    pub(crate) durable: watch::Sender<Durable>,
    pub(crate) stored: Stored,
}

/// An open log. Clones are handles of the same log.
#[derive(Debug, Clone)]
pub struct Log {
    owner: Arc<Owner>,
}

impl Log {
    /// Queues a draft; never waits for the disk. Entries get positions in the order of these calls.
    ///
    /// # Errors
    /// [`AppendError::Full`] and [`AppendError::Draft`] when nothing was queued; the other variants when the log
    /// accepts nothing any more.
    pub fn append(&self, draft: Draft) -> Result<Pending, AppendError> {
        let bytes = draft
            .check(&self.owner.origin, self.owner.suite)
            .map_err(AppendError::Draft)?;
        Ok(Pending(self.owner.shared.queue.submit(draft, bytes)?))
    }

    /// Returns how many entries are durable.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.head().size
    }

    /// Returns the head of the durable entries.
    #[must_use]
    pub fn head(&self) -> Head {
        self.owner.shared.durable.borrow().head
    }

    /// Returns the name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.owner.origin
    }

    /// Returns how many drafts wait to be written, and their bytes.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        self.owner.shared.queue.waiting()
    }

    /// Returns how many groups were made durable since the log was opened, and how many entries the largest had.
    #[must_use]
    pub fn groups(&self) -> (u64, u64) {
        let durable = self.owner.shared.durable.borrow();
        (durable.groups, durable.largest_group)
    }

    /// Returns a reader of the durable entries. It may outlive the handle.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.owner.shared))
    }

    /// Waits until at least `size` entries are durable and returns the head then; at once when they are already.
    ///
    /// # Errors
    /// [`AppendError::Closed`] when the log stops before; the cause is what an append then says.
    pub async fn wait_for(&self, size: u64) -> Result<Head, AppendError> {
        let mut receiver = self.owner.shared.durable.subscribe();
        let is_enough = |durable: &Durable| durable.head.size >= size || durable.is_stopped;
        let durable = *receiver
            .wait_for(is_enough)
            .await
            .map_err(|_| AppendError::Closed)?;
        if durable.head.size >= size {
            Ok(durable.head)
        } else {
            Err(AppendError::Closed)
        }
    }

    /// Accepts nothing more, writes what is queued, seals the open segment and returns the last head.
    ///
    /// Blocks the thread for the disk. The other handles stay usable for reading. Dropping the last handle does the
    /// same and hides the error.
    ///
    /// # Errors
    /// [`AppendError::Poisoned`] when writing or sealing failed, now or before; what was acknowledged is durable.
    pub fn close(self) -> Result<Head, AppendError> {
        self.owner.stop()?;
        Ok(self.head())
    }
}

/// Owns the writer thread and the lock of the folder.
#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
    origin: String,
    suite: LogSuite,
    thread: WriterThread,
    /// Held until the writer has ended.
    _lock: Box<dyn Debug + Send + Sync>,
}

impl Owner {
    /// Stops the writer, once, and returns what it ended with.
    fn stop(&self) -> Result<(), AppendError> {
        self.shared.queue.close();
        Ok(self.thread.join()?)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Nobody is left to tell; what was acknowledged is durable either way.
        let _ = self.stop();
    }
}
