//! The clock of running guests.
//!
//! Compiled guests compare a counter with their deadline at every loop; a
//! thread advances the counter. It is owned by the host and joined with it.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// Advances an engine's counter until it is dropped.
#[derive(Debug)]
pub(crate) struct Ticker {
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start(engine: &Engine, tick: Duration) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let engine: EngineWeak = engine.weak();
        let thread = Builder::new()
            .name("adapter-ticker".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(tick) == Err(RecvTimeoutError::Timeout) {
                    // The thread alone must not keep the engine's code alive.
                    let Some(engine) = engine.upgrade() else {
                        return;
                    };
                    engine.increment_epoch();
                }
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        // Ends the thread's wait at once; it cannot have gone before.
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            // The thread's code cannot panic; there is nobody to tell anyway.
            let _ = thread.join();
        }
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

    #[test]
    fn a_dropped_ticker_lets_go_of_the_engine() {
        let engine = Engine::default();
        let ticker = Ticker::start(&engine, Duration::from_millis(1)).expect("a thread");
        drop(ticker);
        let weak = engine.weak();
        drop(engine);
        assert!(weak.upgrade().is_none());
    }
}
