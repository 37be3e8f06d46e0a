//! The queue of uploads: one is checked at a time, because compiling takes a processor and memory; a few wait for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::refusal::Refusal;

/// Most uploads under way: the one that is checked and those that wait. Each is held in memory.
const UNDER_WAY: usize = 4;

/// Longest time an upload waits for its turn: as long as three honest interpreters compile.
const LONGEST_WAIT: Duration = Duration::from_secs(180);

/// Whose turn it is.
pub(super) struct Uploads {
    places: Arc<Semaphore>,
    turn: Arc<Semaphore>,
    longest_wait: Duration,
}

/// The right to be checked; the next one gets it when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _place: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
}

impl Default for Uploads {
    fn default() -> Uploads {
        Uploads::new(LONGEST_WAIT)
    }
}

impl Uploads {
    fn new(longest_wait: Duration) -> Uploads {
        Uploads {
            places: Arc::new(Semaphore::new(UNDER_WAY)),
            turn: Arc::new(Semaphore::new(1)),
            longest_wait,
        }
    }

    /// Waits for the turn, first come first served.
    ///
    /// # Errors
    /// [`Refusal::UploadsBusy`] when others wait already, or when the turn does not come in time.
    pub(super) async fn enter(&self) -> Result<Turn, Refusal> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Refusal::UploadsBusy)?;
        let turn = Arc::clone(&self.turn).acquire_owned();
        match tokio::time::timeout(self.longest_wait, turn).await {
            Ok(Ok(turn)) => Ok(Turn {
                _place: place,
                _turn: turn,
            }),
            Ok(Err(_)) | Err(_) => Err(Refusal::UploadsBusy),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn an_upload_waits_for_the_one_before_it_and_the_fifth_is_refused() {
        let uploads = Uploads::default();
        let first = uploads.enter().await.expect("is free");
        let mut waiting: Vec<_> = (1..UNDER_WAY).map(|_| Box::pin(uploads.enter())).collect();
        for one in &mut waiting {
            assert!(matches!(asked_once(one).await, Poll::Pending));
        }
        let refused = uploads.enter().await.expect_err("is refused");
        assert_eq!(refused.reason(), "uploads-busy");
        assert!(refused.retry_after() >= Some(Duration::from_secs(10)));
        drop(first);
        let second = waiting.remove(0).await.expect("its turn comes");
        assert!(matches!(asked_once(&mut waiting[0]).await, Poll::Pending));
        drop(second);
        waiting.remove(0).await.expect("its turn comes");
    }

    #[tokio::test]
    async fn an_upload_does_not_wait_for_ever() {
        let uploads = Uploads::new(Duration::ZERO);
        let _first = uploads.enter().await.expect("is free");
        let refused = uploads.enter().await.expect_err("is refused");
        assert_eq!(refused.reason(), "uploads-busy");
    }

    /// What a future says when it is asked once.
    async fn asked_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
        std::future::poll_fn(|context| Poll::Ready(std::pin::Pin::new(&mut *future).poll(context)))
            .await
    }
}
