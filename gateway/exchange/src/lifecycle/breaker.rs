//! The breaker (熔断) of one version: when to stop trying, and when to try again.
//!
//! Pure over the time it is given. Closed, it counts failures in a row; open, nothing is tried until
//! a pause is over; then one call is tried, and what becomes of it decides.

use std::time::Duration;

/// Longest pause: a version that is broken for good is tried this often.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerLimits {
    /// Failures in a row that open it; 0 never does.
    pub failures: u32,
    /// First pause; it doubles with each probe that fails, up to ten minutes.
    pub pause: Duration,
}

/// What the next call may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Call.
    Go,
    /// Call: what becomes of it decides whether the breaker closes.
    Probe,
    /// Do not call.
    Stop,
}

/// What a call's end changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Opened { failures: u64 },
    Closed { failures: u64 },
}

#[derive(Debug)]
pub(crate) struct Breaker {
    limits: BreakerLimits,
    failures: u64,
    /// Set while open: when a probe may be made, and the pause after it if it fails.
    open: Option<(Duration, Duration)>,
    is_probing: bool,
}

impl Breaker {
    pub(crate) fn new(limits: BreakerLimits) -> Breaker {
        Breaker {
            limits,
            failures: 0,
            open: None,
            is_probing: false,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Asks for a call at `now`, counted from any fixed moment.
    pub(crate) fn ask(&mut self, now: Duration) -> Pass {
        match self.open {
            None => Pass::Go,
            Some((until, _)) if now >= until && !self.is_probing => {
                self.is_probing = true;
                Pass::Probe
            }
            Some(_) => Pass::Stop,
        }
    }

    /// A call that was let through ended well.
    pub(crate) fn succeeded(&mut self, pass: Pass) -> Option<Change> {
        if self.open.is_some() && pass != Pass::Probe {
            // It began before the breaker opened and says nothing of what opened it.
            return None;
        }
        let failures = std::mem::take(&mut self.failures);
        self.is_probing = false;
        self.open.take().map(|_| Change::Closed { failures })
    }

    /// A call that was let through failed by the adapter's fault.
    pub(crate) fn failed(&mut self, pass: Pass, now: Duration) -> Option<Change> {
        self.failures += 1;
        match (self.open, pass) {
            (Some((_, pause)), Pass::Probe) => {
                self.is_probing = false;
                self.open = Some((now + pause, (pause * 2).min(LONGEST_PAUSE)));
                None
            }
            (Some(_), _) => None,
            (None, _) => {
                let most = u64::from(self.limits.failures);
                let opens = most > 0 && self.failures >= most;
                opens.then(|| {
                    let pause = self.limits.pause;
                    self.open = Some((now + pause, (pause * 2).min(LONGEST_PAUSE)));
                    Change::Opened {
                        failures: self.failures,
                    }
                })
            }
        }
    }

    /// Undoes a change that could not be written down; the next call decides again.
    pub(crate) fn take_back(&mut self, change: Change, now: Duration) {
        match change {
            Change::Opened { .. } => self.open = None,
            Change::Closed { failures } => {
                self.failures = failures;
                self.open = Some((now, self.limits.pause));
            }
        }
    }

    /// A call that was let through ended without saying anything of the adapter.
    pub(crate) fn undecided(&mut self, pass: Pass) {
        if pass == Pass::Probe {
            self.is_probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    fn breaker() -> Breaker {
        Breaker::new(BreakerLimits {
            failures: 3,
            pause: PAUSE,
        })
    }

    fn opened() -> Breaker {
        let mut breaker = breaker();
        for _ in 0..3 {
            let pass = breaker.ask(Duration::ZERO);
            breaker.failed(pass, Duration::ZERO);
        }
        assert!(breaker.is_open());
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_a_success_between_them_resets_it() {
        let mut breaker = breaker();
        assert_eq!(breaker.failed(Pass::Go, Duration::ZERO), None);
        assert_eq!(breaker.failed(Pass::Go, Duration::ZERO), None);
        assert_eq!(breaker.succeeded(Pass::Go), None);
        assert_eq!(breaker.failed(Pass::Go, Duration::ZERO), None);
        assert_eq!(breaker.failed(Pass::Go, Duration::ZERO), None);
        let change = breaker.failed(Pass::Go, Duration::ZERO);
        assert_eq!(change, Some(Change::Opened { failures: 3 }));
    }

    #[test]
    fn open_lets_one_probe_through_after_the_pause_and_a_success_closes_it() {
        let mut breaker = opened();
        assert_eq!(breaker.ask(PAUSE / 2), Pass::Stop);
        assert_eq!(breaker.ask(PAUSE), Pass::Probe);
        assert_eq!(breaker.ask(PAUSE), Pass::Stop, "one at a time");
        let change = breaker.succeeded(Pass::Probe);
        assert_eq!(change, Some(Change::Closed { failures: 3 }));
        assert_eq!(breaker.ask(PAUSE), Pass::Go);
    }

    #[test]
    fn a_probe_that_fails_doubles_the_pause_up_to_ten_minutes() {
        let mut breaker = opened();
        let mut now = PAUSE;
        for seconds in [60, 120, 240, 480, 600, 600] {
            assert_eq!(breaker.ask(now), Pass::Probe);
            assert_eq!(breaker.failed(Pass::Probe, now), None);
            let next = now + Duration::from_secs(seconds);
            assert_eq!(breaker.ask(next - Duration::from_millis(1)), Pass::Stop);
            now = next;
        }
    }

    #[test]
    fn a_call_from_before_it_opened_does_not_close_it_and_an_undecided_probe_frees_the_next() {
        let mut breaker = opened();
        assert_eq!(breaker.succeeded(Pass::Go), None);
        assert!(breaker.is_open());
        assert_eq!(breaker.ask(PAUSE), Pass::Probe);
        breaker.undecided(Pass::Probe);
        assert_eq!(breaker.ask(PAUSE), Pass::Probe);
    }

    #[test]
    fn without_a_limit_it_never_opens() {
        let mut breaker = Breaker::new(BreakerLimits {
            failures: 0,
            pause: PAUSE,
        });
        for _ in 0..100 {
            assert_eq!(breaker.failed(Pass::Go, Duration::ZERO), None);
        }
    }
}
