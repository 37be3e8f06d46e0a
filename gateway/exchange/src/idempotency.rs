//! Keys of submissions that the index does not know yet.
//!
//! A key is *preparing* until its entry is queued at the log, *appending* until
//! the entry is durable, and *done* until the index has it. The index then
//! answers for ever. Only a preparing key is given up when its call is dropped:
//! an appending one may be in the log, and the follower settles it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

/// Agency, feed and digest of the key.
pub(crate) type Key = (String, String, [u8; 16]);

/// Most keys kept: when the index lags this far, submissions wait for it.
pub(crate) const MOST_KEYS: usize = 200_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Preparing,
    Appending,
    Done(u64),
}

/// The keys under way.
#[derive(Default)]
pub(crate) struct Recent {
    keys: Mutex<HashMap<Key, State>>,
    changed: Notify,
}

/// What is known of a key.
pub(crate) enum Claim {
    /// Nobody else has it: the holder submits.
    Mine(Ticket),
    /// Its entry is at this position.
    Known(u64),
    /// Somebody else is submitting it now.
    UnderWay,
    /// Too many keys wait for the index.
    Full,
}

/// The right to submit a key. Dropped before [`Ticket::appending`], it gives the key up.
pub(crate) struct Ticket {
    recent: Arc<Recent>,
    key: Key,
    state: State,
}

impl Recent {
    /// Claims `key`.
    pub(crate) fn claim(self: &Arc<Self>, key: Key) -> Claim {
        let mut keys = self.lock();
        match keys.get(&key) {
            Some(State::Done(position)) => Claim::Known(*position),
            Some(State::Preparing | State::Appending) => Claim::UnderWay,
            None if keys.len() >= MOST_KEYS => Claim::Full,
            None => {
                keys.insert(key.clone(), State::Preparing);
                Claim::Mine(Ticket {
                    recent: Arc::clone(self),
                    key,
                    state: State::Preparing,
                })
            }
        }
    }

    /// Resolves when any key changed its state after this call.
    pub(crate) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// The index holds these keys now: it answers for them.
    pub(crate) fn settled<'a>(&self, settled: impl Iterator<Item = &'a Key>) {
        let mut keys = self.lock();
        for key in settled {
            keys.remove(key);
        }
        drop(keys);
        self.changed.notify_waiters();
    }

    fn set(&self, key: &Key, state: Option<State>) {
        let mut keys = self.lock();
        match (state, keys.get_mut(key)) {
            (Some(state), Some(place)) => *place = state,
            // The follower was faster and the index already answers.
            (Some(_), None) => {}
            (None, _) => {
                keys.remove(key);
            }
        }
        drop(keys);
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, State>> {
        self.keys.lock().expect("no holder of the keys panics")
    }
}

impl Ticket {
    /// The entry is queued at the log: from here on the key is not given up.
    pub(crate) fn appending(&mut self) {
        self.state = State::Appending;
        self.recent.set(&self.key, Some(State::Appending));
    }

    /// The log failed after the entry was queued: whether it is there is known after a restart.
    pub(crate) fn give_up(mut self) {
        self.state = State::Preparing;
    }

    /// The entry is durable at `position`.
    pub(crate) fn done(mut self, position: u64) {
        self.state = State::Done(position);
        self.recent.set(&self.key, Some(self.state));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.state == State::Preparing {
            self.recent.set(&self.key, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        ("police".to_owned(), "police-case".to_owned(), [1; 16])
    }

    fn claim(recent: &Arc<Recent>) -> Ticket {
        match recent.claim(key()) {
            Claim::Mine(ticket) => ticket,
            Claim::Known(_) | Claim::UnderWay | Claim::Full => panic!("the key is free"),
        }
    }

    #[test]
    fn a_dropped_preparation_gives_the_key_up() {
        let recent = Arc::new(Recent::default());
        drop(claim(&recent));
        drop(claim(&recent));
    }

    #[test]
    fn a_second_claim_waits_and_then_knows_the_position() {
        let recent = Arc::new(Recent::default());
        let ticket = claim(&recent);
        assert!(matches!(recent.claim(key()), Claim::UnderWay));
        ticket.done(7);
        assert!(matches!(recent.claim(key()), Claim::Known(7)));
    }

    #[test]
    fn a_call_dropped_while_appending_keeps_the_key_until_the_index_has_it() {
        let recent = Arc::new(Recent::default());
        let mut ticket = claim(&recent);
        ticket.appending();
        drop(ticket);
        assert!(matches!(recent.claim(key()), Claim::UnderWay));
        recent.settled([key()].iter());
        drop(claim(&recent));
    }

    #[test]
    fn a_late_done_after_the_index_does_not_bring_the_key_back() {
        let recent = Arc::new(Recent::default());
        let mut ticket = claim(&recent);
        ticket.appending();
        recent.settled([key()].iter());
        ticket.done(3);
        assert!(matches!(recent.claim(key()), Claim::Mine(_)));
    }
}
