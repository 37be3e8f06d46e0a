//! Ending a guest from outside: the words it looks at.
//!
//! The compiler adds looks to a guest, so that it goes on nowhere for long without one: at every
//! turn of a loop, before what fills or copies memory, and where functions begin and call others
//! that do much in between ([`crate::rewriting`]).
//! A look is one comparison of a word with zero, and a guest that finds another value there traps.
//! Each place of a function has a word of its own: two looks at one word could be made one by a
//! compiler that knows that nothing has written to it meanwhile. So all words of a sandbox are
//! written to end what runs in it.
//!
//! The guest finds the address of the words in the data of its store, [`Address`].

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// Words of a sandbox. A function with more places looks at the first word from another function,
/// which no compiler makes one with anything.
pub(crate) const WORDS: usize = 1024;

/// Why a guest is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It ran longer than its slice.
    Slice,
    /// It ran longer than its deadline.
    Deadline,
}

/// The words of one sandbox, zero while it may run.
#[derive(Debug)]
pub(crate) struct Stop {
    words: [AtomicU32; WORDS],
    reason: AtomicU8,
}

impl Stop {
    pub(crate) fn new() -> Self {
        Self {
            words: [const { AtomicU32::new(0) }; WORDS],
            reason: AtomicU8::new(0),
        }
    }

    /// Ends what runs in the sandbox, now or later. The first reason stays.
    pub(crate) fn strike(&self, reason: Reason) {
        let code = match reason {
            Reason::Slice => 1,
            Reason::Deadline => 2,
        };
        // Who reads the reason has learned from the watch that there may be one.
        let _ = self
            .reason
            .compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed);
        for word in &self.words {
            word.store(u32::MAX, Ordering::Release);
        }
    }

    /// Why the sandbox was ended, if it was.
    pub(crate) fn reason(&self) -> Option<Reason> {
        match self.reason.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Reason::Slice),
            _ => Some(Reason::Deadline),
        }
    }

    /// Where guests find the words. They must live for as long as anything runs in the sandbox.
    pub(crate) fn address(&self) -> Address {
        Address(self.words.as_ptr().expose_provenance() as u64)
    }
}

/// The address of a sandbox's words. Guests read it at the beginning of their store's data.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Address(u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_stays_and_every_word_is_written() {
        let stop = Stop::new();
        assert_eq!(stop.reason(), None);
        stop.strike(Reason::Slice);
        stop.strike(Reason::Deadline);
        assert_eq!(stop.reason(), Some(Reason::Slice));
        let is_written = |word: &AtomicU32| word.load(Ordering::Relaxed) == u32::MAX;
        assert!(stop.words.iter().all(is_written));
    }

    #[test]
    fn guests_are_given_the_address_of_the_first_word() {
        let stop = Stop::new();
        assert_eq!(stop.address().0, std::ptr::from_ref(&stop.words[0]) as u64);
    }
}
