//! The watch over running guests: one thread that ends the calls whose time is over.
//!
//! It is owned by the host and joined with it. While nothing runs it sleeps.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::clock::{Clock, Strike};
use crate::stop::Stop;

/// Counts the ticks of all running calls until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    calls: Arc<Calls>,
    thread: Option<JoinHandle<()>>,
}

/// The calls that run.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    list: Mutex<List>,
    /// Told of the first call after a time without any, and of the end of the host.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct List {
    places: Vec<Option<Running>>,
    free: Vec<usize>,
    /// Whether the thread sleeps until it is told.
    is_asleep: bool,
    is_over: bool,
}

#[derive(Debug)]
struct Running {
    stop: Arc<Stop>,
    clock: Clock,
    /// Ticks until the clock strikes.
    left: u64,
}

/// A call that is watched for as long as this lives.
#[derive(Debug)]
pub(crate) struct Watched<'a> {
    calls: &'a Calls,
    place: usize,
}

impl Watch {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start(tick: Duration) -> io::Result<Self> {
        let calls = Arc::new(Calls::default());
        let watched = Arc::clone(&calls);
        let thread = Builder::new()
            .name("adapter-watch".to_owned())
            .spawn(move || watched.watch(tick))?;
        Ok(Self {
            calls,
            thread: Some(thread),
        })
    }

    /// What calls are watched by.
    pub(crate) fn calls(&self) -> &Arc<Calls> {
        &self.calls
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.calls.list().is_over = true;
        self.calls.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // The thread's code cannot panic; there is nobody to tell anyway.
            let _ = thread.join();
        }
    }
}

impl Calls {
    /// Watches a call of the calling thread, which begins now: when its time is over, its sandbox
    /// is stopped.
    pub(crate) fn begin(&self, stop: &Arc<Stop>, mut clock: Clock) -> Watched<'_> {
        let left = clock.start();
        let running = Some(Running {
            stop: Arc::clone(stop),
            clock,
            left,
        });
        let mut list = self.list();
        let place = match list.free.pop() {
            Some(place) => {
                list.places[place] = running;
                place
            }
            None => {
                list.places.push(running);
                list.places.len() - 1
            }
        };
        let is_asleep = std::mem::take(&mut list.is_asleep);
        drop(list);
        if is_asleep {
            self.changed.notify_one();
        }
        Watched { calls: self, place }
    }

    /// The thread.
    fn watch(&self, tick: Duration) {
        let mut list = self.list();
        while !list.is_over {
            list = if list.free.len() == list.places.len() {
                list.is_asleep = true;
                let woken = self.changed.wait(list);
                woken.unwrap_or_else(PoisonError::into_inner)
            } else {
                // Whoever ends the host or begins a call need not be waited for.
                let (mut list, _) = self
                    .changed
                    .wait_timeout(list, tick)
                    .unwrap_or_else(PoisonError::into_inner);
                list.tick();
                list
            };
        }
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    fn tick(&mut self) {
        for running in self.places.iter_mut().flatten() {
            running.left = running.left.saturating_sub(1);
            if running.left > 0 {
                continue;
            }
            running.left = match running.clock.strike() {
                Strike::GoOn(ticks) => ticks,
                Strike::End(reason) => {
                    running.stop.strike(reason);
                    u64::MAX
                }
            };
        }
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        let mut list = self.calls.list();
        list.places[self.place] = None;
        list.free.push(self.place);
    }
}

/// Ticks until a deadline: never fewer than asked for, one more since the
/// current tick has begun.
pub(crate) fn ticks(deadline: Duration, tick: Duration) -> u64 {
    let ticks = deadline.as_nanos().div_ceil(tick.as_nanos().max(1));
    u64::try_from(ticks).unwrap_or(u64::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::Reason;

    const TICK: Duration = Duration::from_millis(1);

    fn check(deadline_ms: u64, tick_ms: u64, expected: u64) {
        let ticks = ticks(
            Duration::from_millis(deadline_ms),
            Duration::from_millis(tick_ms),
        );
        assert_eq!(ticks, expected, "{deadline_ms} ms in ticks of {tick_ms} ms");
    }

    #[test]
    fn a_deadline_is_never_shorter_than_asked() {
        check(10, 5, 3);
        check(11, 5, 4);
        check(0, 5, 1);
        check(1, 0, 1_000_001);
    }

    #[test]
    fn a_deadline_beyond_all_ticks_is_the_last_tick() {
        assert_eq!(ticks(Duration::MAX, Duration::from_nanos(1)), u64::MAX);
    }

    /// Spins until the sandbox is stopped, as a guest would.
    fn run_until_stopped(stop: &Stop) -> Reason {
        loop {
            if let Some(reason) = stop.reason() {
                return reason;
            }
            std::hint::spin_loop();
        }
    }

    #[test]
    fn calls_are_stopped_each_for_its_own_reason_also_after_a_time_without_any() {
        let watch = Watch::start(TICK).expect("a thread");
        for _ in 0..3 {
            let stop = Arc::new(Stop::new());
            let sliced = Arc::new(Stop::new());
            let slow = watch.calls().begin(&stop, Clock::new(4, TICK, None));
            let quick = watch
                .calls()
                .begin(&sliced, Clock::new(4, TICK, Some(TICK)));
            assert_eq!(run_until_stopped(&sliced), Reason::Slice);
            drop(quick);
            assert_eq!(run_until_stopped(&stop), Reason::Deadline);
            drop(slow);
        }
    }

    #[test]
    fn a_call_that_ended_is_not_stopped_and_its_place_is_used_again() {
        let calls = Calls::default();
        let ended = Arc::new(Stop::new());
        drop(calls.begin(&ended, Clock::new(1, TICK, None)));
        let running = Arc::new(Stop::new());
        let watched = calls.begin(&running, Clock::new(1, TICK, Some(TICK)));
        assert_eq!(watched.place, 0);
        for _ in 0..3 {
            calls.list().tick();
        }
        assert_eq!(ended.reason(), None);
        assert_eq!(running.reason(), Some(Reason::Slice));
    }

    #[test]
    fn a_dropped_watch_ends_its_thread() {
        let watch = Watch::start(Duration::from_secs(3600)).expect("a thread");
        let stop = Arc::new(Stop::new());
        let calls = Arc::clone(watch.calls());
        let watched = calls.begin(&stop, Clock::new(1, TICK, None));
        // It waits for its tick, or is about to.
        drop(watch);
        drop(watched);
        assert_eq!(Arc::strong_count(&calls), 1);
    }
}
