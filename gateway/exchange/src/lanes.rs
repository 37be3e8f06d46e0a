//! Lanes: which conversions run now, and which stand back behind others.
//!
//! A conversion begins in the fast lane, which has a place for each worker. Whatever runs longer
//! than its slice is ended, leaves that place to others and begins again in the slow lane, which
//! has few places and the lowest priority of the system. A version that did so, or failed, is on
//! probation: its submissions begin in the slow lane until it has behaved for a while. So adapters
//! that hang or fail take time from one another, and from the others no more than a slice each,
//! however many they are. What becomes of a message does not depend on the lane.
//!
//! What administrators try (an installation, a dry run) stands back as well and has no place.

mod crew;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::lifecycle::{BREAKER_OPEN, LiveVersion};
use crate::ports::{
    AdapterIdentity, ConvertFailure, Converted, Converter, EvidenceStore, Expected, Message,
};
use crate::refusal::Refusal;
use crew::Crew;

/// What a submission may take before it stands back, whatever is in it.
///
/// Twenty times what a sandbox of an interpreter takes to begin. A hostile adapter takes a place
/// for so long once, and is on probation from then on.
const SLICE: Duration = Duration::from_millis(100);

/// What a submission may take for each message besides: half as much again as the slowest language
/// takes for a document of some kilobytes.
const SLICE_OF_MESSAGE: Duration = Duration::from_millis(1);

/// Places of the slow lane for so many workers.
const fn slow_places(workers: usize) -> usize {
    let half = workers / 2;
    if half == 0 { 1 } else { half }
}

/// Submissions that may wait on their threads for the slow lane; further ones keep their fast place.
///
/// Each version can be taken by surprise once for each worker: sixteen versions that begin to hang
/// at the same time find room on two processors. One that waits has no sandbox.
const fn waiting_places(workers: usize) -> usize {
    32 + workers
}

/// Sandboxes that submissions have at the same time, at most, for so many workers.
#[must_use]
pub const fn sandboxes(workers: usize) -> usize {
    workers + slow_places(workers)
}

/// The lanes of one node.
pub(crate) struct Lanes {
    fast: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    crew: Crew,
    stand_back: fn(),
}

/// How the lanes are used at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) fast: usize,
    pub(crate) slow: usize,
    pub(crate) waiting: usize,
}

impl Lanes {
    /// Lanes for so many workers; `stand_back` makes the calling thread stand back for good.
    pub(crate) fn new(workers: usize, stand_back: fn()) -> Lanes {
        let workers = workers.max(1);
        let places = |count| Arc::new(Semaphore::new(count));
        Lanes {
            fast: places(workers),
            slow: places(slow_places(workers)),
            waiting: places(waiting_places(workers)),
            crew: Crew::default(),
            stand_back,
        }
    }

    /// Waits for a place of the lane that the version belongs to.
    pub(crate) async fn enter(
        &self,
        version: Arc<LiveVersion>,
        evidence: &dyn EvidenceStore,
    ) -> Place {
        let lane = loop {
            if version.conduct.is_on_probation() {
                let place = acquire(&self.slow).await;
                break Lane::Slow { _place: place };
            }
            let permit = acquire(&self.fast).await;
            // Others of its submissions may have failed meanwhile.
            if !version.conduct.is_on_probation() {
                let expected = evidence.expect();
                break Lane::Fast {
                    _place: permit,
                    expected,
                };
            }
        };
        Place(Arc::new(Taking {
            version,
            began_slow: matches!(lane, Lane::Slow { .. }),
            lane: Mutex::new(lane),
            slow: Arc::clone(&self.slow),
            waiting: Arc::clone(&self.waiting),
            stand_back: self.stand_back,
            stood_back: AtomicBool::new(false),
        }))
    }

    /// Runs `work` at a place, on a thread that is not used again once it stood back. Returns what
    /// was said to the evidence store with the result, if it is still to be said.
    ///
    /// # Errors
    /// Those of `work`, and [`Refusal::QueueFull`] when the system has no thread.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce(&Place) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<(T, Option<Expected>), Refusal> {
        let done = self.crew.run(move || {
            if place.0.began_slow {
                place.0.stand_back();
            }
            let result = work(&place);
            let expected = place.0.leave();
            let stood_back = place.0.stood_back.load(Ordering::Relaxed);
            (result.map(|result| (result, expected)), stood_back)
        });
        done.await.unwrap_or_else(|| Err(no_thread()))
    }

    /// Runs `work` behind everything else, without a place.
    ///
    /// # Errors
    /// As [`Lanes::run`].
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let stand_back = self.stand_back;
        let done = self.crew.run(move || {
            stand_back();
            (work(), true)
        });
        done.await.unwrap_or_else(|| Err(no_thread()))
    }

    /// What makes a thread stand back for good.
    pub(crate) fn stand_back(&self) -> fn() {
        self.stand_back
    }

    /// How the lanes are used at the moment.
    pub(crate) fn taken(&self, workers: usize) -> Taken {
        let workers = workers.max(1);
        let taken = |all: usize, places: &Semaphore| all - places.available_permits().min(all);
        Taken {
            fast: taken(workers, &self.fast),
            slow: taken(slow_places(workers), &self.slow),
            waiting: taken(waiting_places(workers), &self.waiting),
        }
    }
}

/// The refusal when the system has no thread for the work.
fn no_thread() -> Refusal {
    Refusal::QueueFull { queue: "threads" }
}

async fn acquire(places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    let permit = Arc::clone(places).acquire_owned().await;
    permit.expect("the semaphore is never closed")
}

/// A place in a lane, for the submission of one version.
pub(crate) struct Place(Arc<Taking>);

enum Lane {
    /// With what the evidence store was told.
    Fast {
        _place: OwnedSemaphorePermit,
        expected: Expected,
    },
    Slow {
        _place: OwnedSemaphorePermit,
    },
    Left,
}

struct Taking {
    version: Arc<LiveVersion>,
    began_slow: bool,
    lane: Mutex<Lane>,
    slow: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    stand_back: fn(),
    stood_back: AtomicBool,
}

impl Place {
    /// The version's converter at this place.
    pub(crate) fn converter(&self) -> AtPlace<'_> {
        AtPlace {
            place: self,
            allowed: Mutex::new(SLICE),
        }
    }
}

impl Taking {
    fn lane(&self) -> std::sync::MutexGuard<'_, Lane> {
        self.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stand_back(&self) {
        (self.stand_back)();
        self.stood_back.store(true, Ordering::Relaxed);
    }

    fn is_fast(&self) -> bool {
        matches!(*self.lane(), Lane::Fast { .. })
    }

    /// From the fast lane into the slow one; waits there for a place, on the thread of the call.
    fn overrun(&self) {
        self.version.conduct.was_bad();
        let Ok(waiting) = Arc::clone(&self.waiting).try_acquire_owned() else {
            // Nowhere to wait: it begins again where it is and has until its deadline, and its
            // version has begun its last call in the fast lane.
            return;
        };
        // Nobody waits for its bundles either.
        *self.lane() = Lane::Left;
        self.stand_back();
        let place = wait_for(acquire(&self.slow));
        drop(waiting);
        *self.lane() = Lane::Slow { _place: place };
    }

    fn leave(&self) -> Option<Expected> {
        match std::mem::replace(&mut *self.lane(), Lane::Left) {
            Lane::Fast { expected, .. } => Some(expected),
            Lane::Slow { .. } | Lane::Left => None,
        }
    }
}

/// A version's converter that counts the time of one submission.
pub(crate) struct AtPlace<'a> {
    place: &'a Place,
    /// What is left of the submission's slice.
    allowed: Mutex<Duration>,
}

impl Converter for AtPlace<'_> {
    fn identity(&self) -> &AdapterIdentity {
        self.place.0.version.identity()
    }

    fn messages_per_call(&self) -> usize {
        self.place.0.version.messages_per_call()
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        let taking = &self.place.0;
        let mut allowed = self.allowed.lock().unwrap_or_else(PoisonError::into_inner);
        let of_messages = u32::try_from(messages.len()).unwrap_or(u32::MAX);
        *allowed += SLICE_OF_MESSAGE.saturating_mul(of_messages);
        let began = Instant::now();
        let result = if taking.is_fast() {
            let overrun = || taking.overrun();
            taking.version.convert_after(messages, *allowed, overrun)
        } else {
            taking.version.convert(messages)
        };
        *allowed = allowed.saturating_sub(began.elapsed());
        match &result {
            Err(failure) if failure.temporary || failure.code == BREAKER_OPEN => {}
            Err(_) => taking.version.conduct.was_bad(),
            Ok(converted) if converted.len() != messages.len() => {
                taking.version.conduct.was_bad();
            }
            Ok(_) if *allowed > Duration::ZERO => taking.version.conduct.was_good(),
            Ok(_) => {}
        }
        result
    }
}

/// Waits on this thread, which belongs to no runtime.
fn wait_for<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
