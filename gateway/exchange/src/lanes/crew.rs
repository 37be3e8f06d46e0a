//! The threads of conversions: used again, unless they stood back.
//!
//! How many there are at the same time is bounded by the places of the lanes and by what
//! administrators may do at once; here is no bound.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

use tokio::sync::oneshot;

/// Most threads that wait for work; more are ended when their work is done.
const IDLE: usize = 64;

/// Work of a thread; returns whether the thread must end.
type Work = Box<dyn FnOnce() -> bool + Send>;

/// The threads that wait for work. They end when it is dropped, each after what it has in hand.
#[derive(Default)]
pub(super) struct Crew {
    idle: Arc<Mutex<Vec<Sender<Work>>>>,
}

impl Crew {
    /// Runs `work` on a thread that nothing else runs on; its second result says that the thread
    /// must not be used again. `None`: there is no thread.
    ///
    /// Dropping the future does not end the work. A panic in it is one of the future.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> (T, bool) + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        let (done, result) = oneshot::channel();
        let work: Work = Box::new(move || {
            let (value, ends) = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
                Ok((value, ends)) => (Ok(value), ends),
                Err(panic) => (Err(panic), true),
            };
            // Nobody may wait any more.
            let _ = done.send(value);
            ends
        });
        self.give(work);
        async {
            match result.await.ok()? {
                Ok(value) => Some(value),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    }

    /// Gives work to a waiting thread, or to a new one; without a thread it is dropped.
    fn give(&self, mut work: Work) {
        loop {
            let waiting = lock(&self.idle).pop();
            let Some(waiting) = waiting else { break };
            match waiting.send(work) {
                Ok(()) => return,
                Err(returned) => work = returned.0,
            }
        }
        let idle = Arc::downgrade(&self.idle);
        let started = Builder::new().name("conversion".to_owned()).spawn(move || {
            let mut work = Some(work);
            while let Some(current) = work.take() {
                if current() {
                    return;
                }
                let Some(idle) = idle.upgrade() else { return };
                let (sender, receiver) = mpsc::channel();
                {
                    let mut idle = lock(&idle);
                    if idle.len() >= IDLE {
                        return;
                    }
                    idle.push(sender);
                }
                drop(idle);
                // An error: the crew is gone.
                work = receiver.recv().ok();
            }
        });
        if let Err(error) = started {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the system has no thread for a conversion"
            );
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
