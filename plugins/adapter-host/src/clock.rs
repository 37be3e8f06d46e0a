//! The time of one call: its slice, and its deadline.
//!
//! The deadline is processor time of the guest, so that a machine that is busy with others does
//! not condemn an adapter; by the clock a call may take ten times as long and no longer. Reading
//! the processor time costs more than most calls, so it is not read before a slice is over.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::UpdateDeadline;

use crate::priority::thread_time;
use crate::ticker::ticks;

/// By the clock a call may take this many times its deadline. Ten is what a machine must be
/// overloaded by before its adapters fail; a call that is stuck for another reason must end.
const PATIENCE: u64 = 10;

/// How long a call may run before whoever called is told that it goes on.
#[derive(Clone)]
pub struct Slice {
    /// The time, by the clock and in ticks of the host; half of the deadline if that is earlier.
    pub after: Duration,
    /// Called at most once in a sandbox, on the thread of the call, while the guest is suspended.
    /// It may take its time: the deadline does not run meanwhile.
    pub then: Arc<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Slice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slice")
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

/// The clock of one sandbox. It strikes when a slice is over and when a deadline may be.
pub(crate) struct Clock {
    deadline: u64,
    tick: Duration,
    told: Option<(u64, Slice)>,
    phase: Phase,
}

/// What comes at the next strike.
enum Phase {
    /// The end of the slice; the deadline is so many ticks later.
    Slice { left: u64 },
    /// The end of the call, if the thread has then run for so long.
    Deadline {
        due: Duration,
        /// Processor time of the thread at the end of the slice; `None`: the system does not say.
        since: Option<Duration>,
        /// Ticks by the clock that may be added.
        patience: u64,
    },
}

impl Clock {
    /// A clock for calls of at most `deadline` ticks.
    pub(crate) fn new(deadline: u64, tick: Duration) -> Self {
        Self {
            deadline,
            tick,
            told: None,
            phase: Phase::Slice { left: 0 },
        }
    }

    /// Tells somebody at the end of the next slice.
    pub(crate) fn tell(&mut self, slice: &Slice) {
        self.told = Some((ticks(slice.after, self.tick), slice.clone()));
    }

    /// A call begins; returns the ticks until the first strike.
    pub(crate) fn start(&mut self) -> u64 {
        let half = self.deadline.div_ceil(2);
        let slice = self
            .told
            .as_ref()
            .map_or(half, |(ticks, _)| half.min(*ticks));
        let left = self.deadline - slice;
        self.phase = Phase::Slice { left };
        slice
    }

    /// The ticks are over: what becomes of the call.
    pub(crate) fn strike(&mut self) -> UpdateDeadline {
        match self.phase {
            Phase::Slice { left } => {
                // Who knows that this sandbox takes long need not be told again.
                if let Some((_, slice)) = self.told.take() {
                    (slice.then)();
                }
                let left = left.max(1);
                self.phase = Phase::Deadline {
                    due: self
                        .tick
                        .saturating_mul(u32::try_from(left).unwrap_or(u32::MAX)),
                    since: thread_time(),
                    patience: self.deadline.saturating_mul(PATIENCE - 1),
                };
                UpdateDeadline::Continue(left)
            }
            Phase::Deadline {
                due,
                since,
                patience,
            } => match missing(due, since, thread_time(), self.tick).min(patience) {
                0 => UpdateDeadline::Interrupt,
                more => {
                    self.phase = Phase::Deadline {
                        due,
                        since,
                        patience: patience - more,
                    };
                    UpdateDeadline::Continue(more)
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
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const TICK: Duration = Duration::from_millis(5);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn continues(strike: &UpdateDeadline) -> u64 {
        if let UpdateDeadline::Continue(ticks) = strike {
            *ticks
        } else {
            0
        }
    }

    #[test]
    fn a_slice_is_told_once_and_is_half_of_the_deadline_at_most() {
        let told = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&told);
        let slice = |after| Slice {
            after,
            then: {
                let counter = Arc::clone(&counter);
                Arc::new(move || {
                    counter.fetch_add(1, Ordering::Relaxed);
                })
            },
        };
        let mut clock = Clock::new(100, TICK);
        assert_eq!(clock.start(), 50, "without a slice");
        clock.tell(&slice(ms(1000)));
        assert_eq!(clock.start(), 50);
        clock.tell(&slice(ms(50)));
        assert_eq!(clock.start(), 11);
        assert_eq!(continues(&clock.strike()), 89);
        assert_eq!(told.load(Ordering::Relaxed), 1);
        assert_eq!(clock.start(), 50, "a later call of the sandbox");
        clock.strike();
        assert_eq!(told.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_thread_that_did_not_run_is_given_more_time_but_not_for_ever() {
        let mut clock = Clock::new(10, TICK);
        clock.start();
        clock.strike();
        let mut more = 0;
        loop {
            match continues(&clock.strike()) {
                0 => break,
                ticks => more += ticks,
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
