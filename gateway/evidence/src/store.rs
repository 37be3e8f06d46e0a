//! The handle of an open store: put, get, walk, close.
//!
//! A cheap, cloneable handle in front of one writer thread. Reads go to the disk and never wait for the writer; every
//! bundle is checked against its address before it is returned.

mod segments;

use std::{
    fmt::Debug,
    io,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use audit_log::{
    Hash,
    commit::{self, Announced, AsQueue, CommitError, Queue, WriterThread},
};

pub(crate) use segments::Segments;

use crate::{
    bundle::{Bundle, Location, NewBundle},
    format::{Damage, bundle_bytes},
    walk::Bundles,
};

/// What a store needs to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The folder of the store; made when it does not exist. It belongs to one writer at a time.
    pub dir: PathBuf,
    /// A segment is sealed by the first group that ends at or past this many bytes; at least 1, at most 4 GiB. The
    /// open segment is read as a whole into memory when the store is opened. 256 MiB is a good size.
    pub segment_bytes: u64,
    /// The most puts that may wait, each of one or more bundles; at least 1.
    pub queue_bundles: usize,
    /// The most bytes that may wait; at least 1. One put is always accepted when nothing waits.
    pub queue_bytes: usize,
}

/// Why bundles were not kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PutError {
    /// The queue is full. Nothing was queued; the caller may try again later.
    #[error("evidence store has {puts} puts waiting")]
    Full {
        /// Puts waiting.
        puts: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// Writing failed, now or before. Whether the bundles are durable is unknown; the store accepts nothing until it
    /// is opened again.
    #[error("evidence store cannot be written")]
    Poisoned {
        /// The error of the operation that failed.
        #[source]
        cause: Arc<io::Error>,
    },
    /// The store has been closed.
    #[error("evidence store is closed")]
    Closed,
}

impl From<CommitError> for PutError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Full { items, bytes } => Self::Full { puts: items, bytes },
            CommitError::Poisoned { cause } => Self::Poisoned { cause },
            CommitError::Closed => Self::Closed,
        }
    }
}

/// Why a bundle could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// What is stored is not what was kept.
    #[error("evidence is damaged at byte {offset} of {}: {damage}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where in it the bundle starts.
        offset: u64,
        /// What is wrong.
        damage: Damage,
    },
    /// The operating system failed.
    #[error("reading {} failed", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        source: io::Error,
    },
}

/// Bundles of one put, durable together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Where the first of them lies; the others follow it.
    pub first: Location,
}

/// Bundles that are queued. Dropping it leaves them to be written.
#[derive(Debug)]
#[must_use = "the outcome says whether the bundles are durable"]
pub struct Pending(commit::Pending<Stored>);

impl Pending {
    /// Blocks the thread until the bundles are durable or have failed.
    ///
    /// # Errors
    /// [`PutError::Poisoned`] when they are not known to be durable.
    pub fn wait(self) -> Result<Stored, PutError> {
        Ok(self.0.wait()?)
    }
}

impl Future for Pending {
    type Output = Result<Stored, PutError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_err(PutError::from)
    }
}

/// What the handles and the writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) queue: Queue<Vec<NewBundle>, Stored>,
    pub(crate) segments: Segments,
}

impl AsQueue for Shared {
    type Item = Vec<NewBundle>;
    type Outcome = Stored;

    fn queue(&self) -> &Queue<Self::Item, Self::Outcome> {
        &self.queue
    }
}

/// A put that is being prepared; dropped once it is queued or will not come.
#[derive(Debug)]
#[must_use = "dropping it says that the put was queued or will not come"]
pub struct Expected(#[expect(dead_code, reason = "held for its drop")] Announced<Shared>);

/// An open store. Clones are handles of the same store.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) owner: Arc<Owner>,
}

impl Store {
    /// Queues one bundle; see [`Store::put_all`].
    ///
    /// # Errors
    /// As [`Store::put_all`].
    pub fn put(&self, bundle: NewBundle) -> Result<Pending, PutError> {
        self.put_all(vec![bundle])
    }

    /// Queues bundles that become durable together, with one wait; never waits for the disk.
    ///
    /// Bundles are kept in the order of these calls. A bundle that is there already is kept again.
    ///
    /// # Errors
    /// [`PutError::Full`] when nothing was queued; the other variants when the store accepts nothing any more.
    pub fn put_all(&self, bundles: Vec<NewBundle>) -> Result<Pending, PutError> {
        let bytes = bundles.iter().map(bundle_bytes).sum();
        Ok(Pending(self.owner.shared.queue.submit(bundles, bytes)?))
    }

    /// Says that a put is being prepared, until what is returned is dropped.
    ///
    /// The writer waits for such puts, two milliseconds at most, to make them durable with one sync. A put that comes
    /// while no other is expected waits for nothing.
    pub fn expect(&self) -> Expected {
        Expected(Announced::new(&self.owner.shared))
    }

    /// Reads the bundle at `address`; `None` when there is none that is durable.
    ///
    /// # Errors
    /// [`GetError::Damaged`] when what is stored does not give the address.
    pub fn get(&self, address: &Hash) -> Result<Option<Bundle>, GetError> {
        match self.owner.shared.segments.find(address)? {
            Some(location) => self
                .owner
                .shared
                .segments
                .read(location, Some(address))
                .map(Some),
            None => Ok(None),
        }
    }

    /// Reads one part of the bundle at `address`; `None` when there is no such bundle or no such part.
    ///
    /// The whole bundle is read and checked.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub fn get_part(&self, address: &Hash, part: usize) -> Result<Option<Vec<u8>>, GetError> {
        let bundle = self.get(address)?;
        Ok(bundle.and_then(|mut bundle| {
            (part < bundle.parts.len()).then(|| bundle.parts.swap_remove(part))
        }))
    }

    /// Returns whether a bundle of that address is durable; does not read it.
    ///
    /// # Errors
    /// [`GetError::Io`] when the index cannot be read.
    pub fn contains(&self, address: &Hash) -> Result<bool, GetError> {
        Ok(self.owner.shared.segments.find(address)?.is_some())
    }

    /// Returns the durable bundles from a place on, in the order they were kept.
    ///
    /// The iterator ends where the store is durable; asked again later, it goes on.
    #[must_use]
    pub fn scan(&self, from: Location) -> Bundles {
        Bundles::new(Arc::clone(&self.owner.shared), from)
    }

    /// Returns how many puts wait to be written, and their bytes.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        self.owner.shared.queue.waiting()
    }

    /// Accepts nothing more and writes what is queued. Blocks the thread for the disk.
    ///
    /// The other handles stay usable for reading. Dropping the last handle does the same and hides the error.
    ///
    /// # Errors
    /// [`PutError::Poisoned`] when writing failed, now or before; what was acknowledged is durable.
    pub fn close(self) -> Result<(), PutError> {
        self.owner.stop()
    }
}

/// Owns the writer thread and the lock of the folder.
#[derive(Debug)]
pub(crate) struct Owner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) thread: WriterThread,
    /// Held until the writer has ended.
    pub(crate) _lock: Box<dyn Debug + Send + Sync>,
}

impl Owner {
    fn stop(&self) -> Result<(), PutError> {
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

#[cfg(test)]
mod tests;
