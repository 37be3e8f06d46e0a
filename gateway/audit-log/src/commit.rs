//! Natural group commit: a bounded queue that one writer empties, and results that arrive a group at a time.
//!
//! While the writer waits for the disk, items queue; when the disk is free it takes all of them as one group. One item
//! costs one sync, overload makes groups larger, and there is no timer. While the writer waits for the disk, a second
//! thread may take what is queued ahead of it and prepare it. The queue knows nothing of files or entries; the audit log
//! and the evidence store each run one.

mod announced;
#[cfg(test)]
mod tests;
mod thread;

use std::{
    io,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

pub use announced::{Announced, AsQueue, Gather};
pub use thread::WriterThread;

/// Why an item was not accepted or a group was not made durable.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// The queue is full; nothing was queued, and it may be tried again later.
    #[error("queue is full with {items} items and {bytes} bytes")]
    Full {
        /// Items waiting.
        items: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// Writing failed, now or before. Whether this item is durable is unknown; nothing more is accepted.
    #[error("writing failed and the store is closed until it is opened again")]
    Poisoned {
        /// The error of the operation that failed.
        #[source]
        cause: Arc<io::Error>,
    },
    /// The store has been closed.
    #[error("store is closed")]
    Closed,
}

/// How much may wait. The group being written and what is prepared ahead of it count no more, so three times this may be in
/// memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most items that may wait.
    pub items: usize,
    /// The most bytes that may wait; one item is always accepted when nothing waits.
    pub bytes: usize,
}

/// How many items must wait before they are taken ahead: fewer are prepared by the writer in less time than it takes to
/// wake a thread.
const AHEAD_ITEMS: usize = 32;

/// A bounded queue from many callers to one writer.
#[derive(Debug)]
pub struct Queue<Item, Outcome> {
    limits: Limits,
    waiting: Mutex<Waiting<Item, Outcome>>,
    changed: Condvar,
    /// Notified when there is something to be taken ahead.
    ahead: Condvar,
}

#[derive(Debug)]
struct Waiting<Item, Outcome> {
    items: Vec<Item>,
    bytes: usize,
    group: Arc<Group<Outcome>>,
    /// How many bytes may be taken ahead; `None` while the writer is not waiting for the disk.
    room: Option<usize>,
    /// Items that were announced and are still to come.
    announced: usize,
    /// The number of items for which a writer that gathers is to be woken.
    wanted: Option<usize>,
    /// Why nothing is accepted any more, if so.
    stopped: Option<CommitError>,
}

impl<Item, Outcome: Clone> Queue<Item, Outcome> {
    /// Returns an empty queue.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let waiting = Waiting {
            items: Vec::new(),
            bytes: 0,
            group: Arc::default(),
            room: None,
            announced: 0,
            wanted: None,
            stopped: None,
        };
        Self {
            limits,
            waiting: Mutex::new(waiting),
            changed: Condvar::new(),
            ahead: Condvar::new(),
        }
    }

    /// Queues an item that counts `bytes`; never blocks for the disk.
    ///
    /// # Errors
    /// [`CommitError::Full`] when the queue is; any other variant when the writer has stopped.
    pub fn submit(&self, item: Item, bytes: usize) -> Result<Pending<Outcome>, CommitError> {
        let mut waiting = lock(&self.waiting);
        if let Some(error) = &waiting.stopped {
            return Err(error.clone());
        }
        let items = waiting.items.len();
        let is_too_much = waiting.bytes.saturating_add(bytes) > self.limits.bytes;
        if items >= self.limits.items || (items > 0 && is_too_much) {
            return Err(CommitError::Full {
                items,
                bytes: waiting.bytes,
            });
        }
        waiting.items.push(item);
        waiting.bytes += bytes;
        let pending = Pending {
            group: Arc::clone(&waiting.group),
            index: items,
        };
        let is_enough = waiting.is_enough_ahead();
        let is_wanted = items == 0 || waiting.wanted == Some(items + 1);
        drop(waiting);
        if is_wanted {
            self.changed.notify_all();
        }
        if is_enough {
            self.ahead.notify_one();
        }
        Ok(pending)
    }

    /// Waits until something is queued and moves all of it into `items`, which is empty.
    ///
    /// Returns `None` once the queue is closed and empty. Only the writer calls this.
    pub fn take(&self, items: &mut Vec<Item>) -> Option<InFlight<Outcome>> {
        let mut waiting = lock(&self.waiting);
        while waiting.items.is_empty() {
            if waiting.stopped.is_some() {
                return None;
            }
            waiting = self
                .changed
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        Some(waiting.take(items))
    }

    /// Says that the writer starts to wait for the disk, so that items may be taken ahead, at most [`Limits::bytes`].
    pub fn start_ahead(&self) {
        let mut waiting = lock(&self.waiting);
        waiting.room = Some(self.limits.bytes);
        let is_enough = waiting.is_enough_ahead();
        drop(waiting);
        if is_enough {
            self.ahead.notify_one();
        }
    }

    /// Waits until enough is queued to be taken ahead; `false` once the queue is closed.
    #[must_use]
    pub fn wait_ahead(&self) -> bool {
        let mut waiting = lock(&self.waiting);
        while waiting.stopped.is_none() && !waiting.is_enough_ahead() {
            waiting = self
                .ahead
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        waiting.stopped.is_none()
    }

    /// Moves what is queued into `items`, which is empty, while the writer waits for the disk and if there is room for it.
    ///
    /// What is taken ahead belongs in the next group, before everything that is taken later.
    pub fn take_ahead(&self, items: &mut Vec<Item>) -> Option<InFlight<Outcome>> {
        let mut waiting = lock(&self.waiting);
        let left = waiting.room?.checked_sub(waiting.bytes)?;
        if waiting.items.is_empty() {
            return None;
        }
        waiting.room = Some(left);
        Some(waiting.take(items))
    }

    /// Says that the writer does not wait for the disk any more, and moves what is queued into `items`, which is empty, if
    /// there is anything and room for it beside what was taken ahead.
    pub fn end_ahead(&self, items: &mut Vec<Item>) -> Option<InFlight<Outcome>> {
        let taken = self.take_ahead(items);
        lock(&self.waiting).room = None;
        taken
    }

    /// Accepts nothing more; what is queued is still to be taken.
    pub fn close(&self) {
        lock(&self.waiting)
            .stopped
            .get_or_insert(CommitError::Closed);
        self.changed.notify_all();
        self.ahead.notify_all();
    }

    /// Accepts nothing more and fails everything that is queued.
    pub fn poison(&self, cause: Arc<io::Error>) {
        let error = CommitError::Poisoned { cause };
        let mut waiting = lock(&self.waiting);
        waiting.stopped = Some(error.clone());
        waiting.items.clear();
        waiting.bytes = 0;
        let group = std::mem::take(&mut waiting.group);
        drop(waiting);
        self.changed.notify_all();
        self.ahead.notify_all();
        group.resolve(Err(error));
    }

    /// Returns how many items wait and how many bytes they count.
    pub fn waiting(&self) -> (usize, usize) {
        let waiting = lock(&self.waiting);
        (waiting.items.len(), waiting.bytes)
    }
}

impl<Item, Outcome> Waiting<Item, Outcome> {
    fn is_enough_ahead(&self) -> bool {
        self.items.len() >= AHEAD_ITEMS && self.room.is_some_and(|room| self.bytes <= room)
    }
}

impl<Item, Outcome: Clone> Waiting<Item, Outcome> {
    /// Moves everything into `items`, which is empty.
    fn take(&mut self, items: &mut Vec<Item>) -> InFlight<Outcome> {
        std::mem::swap(&mut self.items, items);
        self.bytes = 0;
        InFlight(std::mem::take(&mut self.group))
    }
}

/// The group that the writer has taken and not finished.
///
/// Dropping it without [`InFlight::succeed`] fails it, so that nobody waits for a writer that is gone.
#[derive(Debug)]
pub struct InFlight<Outcome: Clone>(Arc<Group<Outcome>>);

impl<Outcome: Clone> InFlight<Outcome> {
    /// Hands out the outcomes, one for each item in the order they were queued.
    pub fn succeed(self, outcomes: Vec<Outcome>) {
        self.0.resolve(Ok(outcomes));
    }

    /// Fails the whole group.
    pub fn fail(self, error: CommitError) {
        self.0.resolve(Err(error));
    }
}

impl<Outcome: Clone> Drop for InFlight<Outcome> {
    fn drop(&mut self) {
        let cause = Arc::new(io::Error::other("the writer ended inside a group"));
        self.0.resolve(Err(CommitError::Poisoned { cause }));
    }
}

/// A set of items that become durable together.
#[derive(Debug)]
struct Group<Outcome> {
    progress: Mutex<Progress<Outcome>>,
    resolved: Condvar,
}

#[derive(Debug)]
struct Progress<Outcome> {
    result: Option<Result<Vec<Outcome>, CommitError>>,
    wakers: Vec<Option<Waker>>,
}

impl<Outcome> Default for Group<Outcome> {
    fn default() -> Self {
        let progress = Progress {
            result: None,
            wakers: Vec::new(),
        };
        Self {
            progress: Mutex::new(progress),
            resolved: Condvar::new(),
        }
    }
}

impl<Outcome: Clone> Group<Outcome> {
    /// Sets the result; the first one stays.
    fn resolve(&self, result: Result<Vec<Outcome>, CommitError>) {
        let mut progress = lock(&self.progress);
        if progress.result.is_some() {
            return;
        }
        progress.result = Some(result);
        let wakers = std::mem::take(&mut progress.wakers);
        drop(progress);
        self.resolved.notify_all();
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

/// The outcome of one item, to come. Dropping it changes nothing: the item is still written.
#[derive(Debug)]
#[must_use = "the outcome says whether the item is durable"]
pub struct Pending<Outcome> {
    group: Arc<Group<Outcome>>,
    index: usize,
}

impl<Outcome: Clone> Pending<Outcome> {
    /// Blocks the thread until the group is durable or has failed.
    ///
    /// # Errors
    /// Why it is not durable, or not known to be.
    pub fn wait(self) -> Result<Outcome, CommitError> {
        let mut progress = lock(&self.group.progress);
        loop {
            if let Some(result) = &progress.result {
                return self.pick(result);
            }
            progress = self
                .group
                .resolved
                .wait(progress)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn pick(&self, result: &Result<Vec<Outcome>, CommitError>) -> Result<Outcome, CommitError> {
        let outcomes = result.as_ref().map_err(Clone::clone)?;
        Ok(outcomes
            .get(self.index)
            .expect("the writer hands out one outcome for each item")
            .clone())
    }
}

impl<Outcome: Clone> Future for Pending<Outcome> {
    type Output = Result<Outcome, CommitError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut progress = lock(&self.group.progress);
        if let Some(result) = &progress.result {
            return Poll::Ready(self.pick(result));
        }
        if progress.wakers.len() <= self.index {
            progress.wakers.resize(self.index + 1, None);
        }
        match &mut progress.wakers[self.index] {
            Some(waker) => waker.clone_from(context.waker()),
            empty => *empty = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

/// Locks a mutex whose content is valid at every step, so that a panic elsewhere does not matter.
fn lock<Content>(mutex: &Mutex<Content>) -> MutexGuard<'_, Content> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
