//! Watching the wall clock: does it go as the monotonic one does.
//!
//! An entry's time is the node's own claim. A step of the clock makes such claims doubtful, so that it is entered. A
//! pure comparison; the caller reads both clocks.

use exchange::entry::ClockStepEntry;

/// Smallest difference that is a step, in nanoseconds.
///
/// Clocks that are slewed by NTP move half a millisecond in a second; 100 ms in one second nothing but a step does.
const STEP_NS: i128 = 100_000_000;

/// Longest time between two readings of the clocks that are taken for one, in nanoseconds.
///
/// A thread that was interrupted between them would see a step where there is none.
const READING_NS: u64 = 20_000_000;

/// Both clocks at one moment, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Wall clock, UTC since 1970.
    pub(crate) wall_ns: u64,
    /// Monotonic clock before the wall clock was read, from anywhere.
    pub(crate) before_ns: u64,
    /// Monotonic clock afterwards.
    pub(crate) after_ns: u64,
}

/// Compares each reading with the one before.
#[derive(Debug, Default)]
pub(crate) struct ClockWatch {
    last: Option<Reading>,
}

impl ClockWatch {
    /// Takes a reading; returns the step since the last one, if there was one.
    pub(crate) fn look(&mut self, reading: Reading) -> Option<ClockStepEntry> {
        if reading.after_ns.saturating_sub(reading.before_ns) > READING_NS {
            return None;
        }
        let last = self.last.replace(reading)?;
        let monotonic_ns = reading.before_ns.saturating_sub(last.before_ns);
        let entry = ClockStepEntry {
            source: "system".to_owned(),
            wall_before_ns: last.wall_ns,
            wall_after_ns: reading.wall_ns,
            monotonic_ns,
        };
        (entry.step_ns().abs() > STEP_NS).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: u64 = 1_000_000;

    fn reading(wall_ms: u64, monotonic_ms: u64) -> Reading {
        Reading {
            wall_ns: wall_ms * MILLI,
            before_ns: monotonic_ms * MILLI,
            after_ns: monotonic_ms * MILLI,
        }
    }

    #[test]
    fn a_clock_that_runs_as_it_should_gives_nothing() {
        let mut watch = ClockWatch::default();
        for second in 1..10 {
            assert_eq!(watch.look(reading(second * 1000 + 90, second * 1000)), None);
        }
        // Even when nobody looked for an hour.
        assert_eq!(watch.look(reading(3_609_090, 3_609_000)), None);
    }

    #[test]
    fn a_step_forward_and_back_is_found_with_both_times() {
        for (after_ms, step_ms) in [(2_101, 101), (1_899, -101)] {
            let mut watch = ClockWatch::default();
            assert_eq!(watch.look(reading(1_000, 5_000)), None);
            let step = watch.look(reading(after_ms, 6_000)).expect("a step");
            assert_eq!(step.step_ns(), step_ms * i128::from(MILLI));
            assert_eq!(step.wall_before_ns, 1_000 * MILLI);
            assert_eq!(watch.look(reading(after_ms + 1_000, 7_000)), None, "once");
        }
    }

    #[test]
    fn an_interrupted_reading_is_not_judged() {
        let mut watch = ClockWatch::default();
        assert_eq!(watch.look(reading(1_000, 1_000)), None);
        let interrupted = Reading {
            after_ns: 2_500 * MILLI,
            ..reading(2_400, 2_000)
        };
        assert_eq!(watch.look(interrupted), None);
        assert_eq!(watch.look(reading(3_000, 3_000)), None);
    }
}
