//! The time of one call: its slice, and its deadline.
//!
//! The deadline is processor time of the guest, so that a machine that is busy with others does
//! not condemn an adapter; by the clock a call may take ten times as long and no longer. Reading
//! the processor time costs more than most calls, so it is not read before half of it is over.

use std::time::Duration;

use crate::priority::{Thread, this_thread, time_of};
use crate::stop::Reason;
use crate::watch::ticks;

/// By the clock a call may take this many times its deadline. Ten is what a machine must be
/// overloaded by before its adapters fail; a call that is stuck for another reason must end.
const PATIENCE: u64 = 10;

/// The clock of one call. It strikes when a slice is over and when a deadline may be.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    /// In ticks.
    deadline: u64,
    tick: Duration,
    /// In ticks.
    slice: Option<u64>,
    thread: Option<Thread>,
    phase: Phase,
}

/// What comes at the next strike.
#[derive(Debug, Clone)]
enum Phase {
    /// The end of the slice, or the middle of the call: the deadline is so many ticks later.
    First { left: u64 },
    /// The end of the call, if the thread has then run for so long.
    Deadline {
        due: Duration,
        /// Processor time of the thread at the first strike; `None`: the system does not say.
        since: Option<Duration>,
        /// Ticks by the clock that may be added.
        patience: u64,
    },
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strike {
    /// It goes on for so many ticks.
    GoOn(u64),
    /// It ends.
    End(Reason),
}

impl Clock {
    /// A clock for a call of at most `deadline` ticks, or of a slice of time: half of the deadline
    /// if that is earlier.
    pub(crate) fn new(deadline: u64, tick: Duration, slice: Option<Duration>) -> Self {
        Self {
            deadline,
            tick,
            slice: slice.map(|slice| ticks(slice, tick)),
            thread: None,
            phase: Phase::First { left: 0 },
        }
    }

    /// A call of the calling thread begins; returns the ticks until the first strike.
    pub(crate) fn start(&mut self) -> u64 {
        let half = self.deadline.div_ceil(2);
        let first = self.slice.map_or(half, |slice| half.min(slice));
        self.thread = Some(this_thread());
        self.phase = Phase::First {
            left: self.deadline - first,
        };
        first
    }

    /// The ticks are over: what becomes of the call.
    pub(crate) fn strike(&mut self) -> Strike {
        let now = || self.thread.and_then(time_of);
        match self.phase {
            Phase::First { .. } if self.slice.is_some() => Strike::End(Reason::Slice),
            Phase::First { left } => {
                let left = left.max(1);
                self.phase = Phase::Deadline {
                    due: self
                        .tick
                        .saturating_mul(u32::try_from(left).unwrap_or(u32::MAX)),
                    since: now(),
                    patience: self.deadline.saturating_mul(PATIENCE - 1),
                };
                Strike::GoOn(left)
            }
            Phase::Deadline {
                due,
                since,
                patience,
            } => match missing(due, since, now(), self.tick).min(patience) {
                0 => Strike::End(Reason::Deadline),
                more => {
                    self.phase = Phase::Deadline {
                        due,
                        since,
                        patience: patience - more,
                    };
                    Strike::GoOn(more)
                }
            },
        }
    }
}

/// Ticks until a thread has run for `due`; none when the system does not say how long it has.
fn missing(due: Duration, since: Option<Duration>, now: Option<Duration>, tick: Duration) -> u64 {
    let Some((since, now)) = since.zip(now) else {
        return 0;
    };
    let missing = due.saturating_sub(now.saturating_sub(since));
    // What is less than the system's own accounting is nothing.
    if missing <= tick {
        0
    } else {
        ticks(missing, tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(5);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_slice_is_half_of_the_deadline_at_most_and_ends_the_call() {
        for (slice, first) in [(ms(1000), 50), (ms(50), 11), (ms(0), 1)] {
            let mut clock = Clock::new(100, TICK, Some(slice));
            assert_eq!(clock.start(), first, "{slice:?}");
            assert_eq!(clock.strike(), Strike::End(Reason::Slice));
        }
    }

    #[test]
    fn a_call_without_a_slice_is_looked_at_in_its_middle_and_goes_on() {
        let mut clock = Clock::new(100, TICK, None);
        assert_eq!(clock.start(), 50);
        assert_eq!(clock.strike(), Strike::GoOn(50));
    }

    #[test]
    fn a_thread_that_did_not_run_is_given_more_time_but_not_for_ever() {
        let mut clock = Clock::new(10, TICK, None);
        clock.start();
        clock.strike();
        let mut more = 0;
        loop {
            match clock.strike() {
                Strike::GoOn(ticks) => more += ticks,
                Strike::End(reason) => break assert_eq!(reason, Reason::Deadline),
            }
        }
        assert_eq!(more, 10 * (PATIENCE - 1));
    }

    #[test]
    fn what_is_missing_is_processor_time() {
        let check = |due, since, now, expected| {
            assert_eq!(missing(ms(due), since, now, TICK), expected);
        };
        check(100, Some(ms(7)), Some(ms(107)), 0);
        check(100, Some(ms(7)), Some(ms(200)), 0);
        check(100, Some(ms(7)), Some(ms(103)), 0);
        check(100, Some(ms(7)), Some(ms(57)), 11);
        check(100, None, Some(ms(57)), 0);
        check(100, Some(ms(7)), None, 0);
    }
}
