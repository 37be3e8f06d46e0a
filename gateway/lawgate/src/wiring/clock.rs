//! The one place that reads the clock, and asks the kernel how good it is.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use audit_proof::entry::ClockState;

/// The system's clock, as the audit log asks for it.
pub(crate) struct SystemClock;

impl audit_log::Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the binary gives the clock to everybody else"
    )]
    fn now_ns(&self) -> u64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// How long a state of the clock counts, in nanoseconds: time services change it in seconds.
const STATE_NS: u64 = 250_000_000;

/// The system's clock with its state (key 4 of an entry), which the kernel is asked for four times a second at most.
#[derive(Debug, Default)]
pub(crate) struct StatedClock {
    newest: Mutex<Option<(u64, Option<ClockState>)>>,
}

impl audit_log::Clock for StatedClock {
    fn now_ns(&self) -> u64 {
        SystemClock.now_ns()
    }

    fn state(&self) -> Option<ClockState> {
        let now_ns = SystemClock.now_ns();
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        match *newest {
            // A clock that was set back is asked again as well.
            Some((asked_ns, state)) if now_ns.wrapping_sub(asked_ns) < STATE_NS => state,
            _ => {
                let state = kernel_clock::state();
                *newest = Some((now_ns, state));
                state
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use audit_log::Clock as _;

    use super::*;

    #[test]
    fn the_state_is_asked_for_once_and_kept() {
        let clock = StatedClock::default();
        let first = clock.state();
        let asked = clock.newest.lock().expect("no panic").expect("asked");
        assert_eq!(asked.1, first);
        // What is kept is given, whatever the kernel says now.
        let kept = Some((SystemClock.now_ns(), None));
        *clock.newest.lock().expect("no panic") = kept;
        assert_eq!(clock.state(), None);
        *clock.newest.lock().expect("no panic") = Some((u64::MAX, None));
        assert_eq!(clock.state().is_some(), first.is_some(), "asked again");
    }
}
