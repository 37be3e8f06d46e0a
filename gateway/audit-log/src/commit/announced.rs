//! Announced items: what lets a writer wait a little, and only when it is worth it.
//!
//! Natural group commit makes small groups when the disk is fast and the work before it is slow: each item finds the
//! disk free and costs a sync of its own. A caller that prepares an item announces it; a writer that gathers waits for
//! announced items, for a short time and a few of them. Without announcements nothing waits, so a caller that is alone
//! is never delayed.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use super::{InFlight, Queue, lock};

/// How long a writer waits for announced items, and for how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gather {
    /// The group is taken at the latest this long after its first item was noticed.
    pub wait: Duration,
    /// The group is taken once it has this many items.
    pub items: usize,
}

/// An item that is being prepared; dropped once it is queued or will not come.
#[derive(Debug)]
#[must_use = "dropping it says that the item was queued or will not come"]
pub struct Announced<Queued: AsQueue>(Arc<Queued>);

/// What holds a queue, so that an announcement keeps it alive.
pub trait AsQueue {
    /// What is queued.
    type Item;
    /// What comes of it.
    type Outcome: Clone;

    /// The queue.
    fn queue(&self) -> &Queue<Self::Item, Self::Outcome>;
}

impl<Queued: AsQueue> Announced<Queued> {
    /// Announces an item for the queue that `holder` holds.
    pub fn new(holder: &Arc<Queued>) -> Self {
        lock(&holder.queue().waiting).announced += 1;
        Self(Arc::clone(holder))
    }
}

impl<Queued: AsQueue> Drop for Announced<Queued> {
    fn drop(&mut self) {
        let queue = self.0.queue();
        let mut waiting = lock(&queue.waiting);
        waiting.announced -= 1;
        let is_last = waiting.announced == 0 && waiting.wanted.is_some();
        drop(waiting);
        if is_last {
            queue.changed.notify_all();
        }
    }
}

impl<Item, Outcome: Clone> Queue<Item, Outcome> {
    /// Like [`Queue::take`], but waits for announced items as `gather` says once something is queued.
    pub fn take_gathered(
        &self,
        items: &mut Vec<Item>,
        gather: Gather,
    ) -> Option<InFlight<Outcome>> {
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
        if waiting.announced > 0 && waiting.items.len() < gather.items {
            waiting.wanted = Some(gather.items);
            (waiting, _) = self
                .changed
                .wait_timeout_while(waiting, gather.wait, |waiting| {
                    waiting.announced > 0
                        && waiting.items.len() < gather.items
                        && waiting.stopped.is_none()
                })
                .unwrap_or_else(PoisonError::into_inner);
            waiting.wanted = None;
            // Poisoning empties the queue.
            if waiting.items.is_empty() {
                return None;
            }
        }
        Some(waiting.take(items))
    }
}

#[cfg(test)]
mod tests {
    use std::{io, thread};

    use super::*;
    use crate::commit::{CommitError, Limits};

    /// A test that waits this long has failed.
    const FOR_EVER: Duration = Duration::from_secs(600);

    struct Holder(Queue<u32, ()>);

    impl AsQueue for Holder {
        type Item = u32;
        type Outcome = ();

        fn queue(&self) -> &Queue<u32, ()> {
            &self.0
        }
    }

    fn holder() -> Arc<Holder> {
        let limits = Limits {
            items: 100,
            bytes: 100,
        };
        Arc::new(Holder(Queue::new(limits)))
    }

    fn submit(holder: &Holder, item: u32) {
        drop(holder.0.submit(item, 1).unwrap());
    }

    /// What a writer takes that would wait for ever for `items` items.
    fn writer(holder: &Arc<Holder>, items: usize) -> thread::JoinHandle<Option<Vec<u32>>> {
        let holder = Arc::clone(holder);
        thread::spawn(move || {
            let gather = Gather {
                wait: FOR_EVER,
                items,
            };
            let mut taken = Vec::new();
            let group = holder.0.take_gathered(&mut taken, gather)?;
            group.succeed(vec![(); taken.len()]);
            Some(taken)
        })
    }

    #[test]
    fn an_item_waits_for_nobody_when_none_is_announced() {
        let holder = holder();
        submit(&holder, 1);
        assert_eq!(writer(&holder, 8).join().unwrap(), Some(vec![1]));
    }

    #[test]
    fn announced_items_join_the_group() {
        let holder = holder();
        let announced = Announced::new(&holder);
        submit(&holder, 1);
        let writer = writer(&holder, 8);
        submit(&holder, 2);
        drop(announced);
        assert_eq!(writer.join().unwrap(), Some(vec![1, 2]));
    }

    #[test]
    fn an_announced_item_that_does_not_come_holds_nobody_up() {
        let holder = holder();
        let announced = Announced::new(&holder);
        submit(&holder, 1);
        let writer = writer(&holder, 8);
        drop(announced);
        assert_eq!(writer.join().unwrap(), Some(vec![1]));
    }

    #[test]
    fn enough_items_are_taken_while_more_are_announced() {
        let holder = holder();
        let _announced = Announced::new(&holder);
        submit(&holder, 1);
        let writer = writer(&holder, 2);
        submit(&holder, 2);
        assert_eq!(writer.join().unwrap(), Some(vec![1, 2]));
    }

    #[test]
    fn the_time_limit_ends_the_wait() {
        let holder = holder();
        let _announced = Announced::new(&holder);
        submit(&holder, 1);
        let gather = Gather {
            wait: Duration::from_millis(1),
            items: 8,
        };
        let mut taken = Vec::new();
        assert!(holder.0.take_gathered(&mut taken, gather).is_some());
        assert_eq!(taken, [1]);
    }

    #[test]
    fn closing_ends_the_wait_and_loses_nothing() {
        let holder = holder();
        let _announced = Announced::new(&holder);
        submit(&holder, 1);
        let writer = writer(&holder, 8);
        holder.0.close();
        assert_eq!(writer.join().unwrap(), Some(vec![1]));
    }

    #[test]
    fn poisoning_ends_the_wait_and_fails_what_was_queued() {
        let holder = holder();
        let _announced = Announced::new(&holder);
        let pending = holder.0.submit(1, 1).unwrap();
        holder.0.poison(Arc::new(io::Error::other("disk")));
        assert_eq!(writer(&holder, 8).join().unwrap(), None);
        assert!(matches!(pending.wait(), Err(CommitError::Poisoned { .. })));
    }
}
