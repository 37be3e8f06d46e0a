//! The thread of a writer, joined once.
//!
//! Knows how a thread ended and nothing of what it did. Closing the queue is what makes the writer end; the owner does
//! that before it joins.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use super::CommitError;

/// What a writer ends with: the error after which it stopped writing, if there was one.
type WriterResult = Result<(), Arc<io::Error>>;

/// A running or ended writer.
#[derive(Debug)]
pub struct WriterThread(Mutex<State>);

#[derive(Debug)]
enum State {
    Running(Option<JoinHandle<WriterResult>>),
    Ended(WriterResult),
}

impl WriterThread {
    /// Starts a writer in a thread of that name.
    ///
    /// # Errors
    /// The operating system's error when it gives no thread.
    pub fn spawn(
        name: &str,
        run: impl FnOnce() -> WriterResult + Send + 'static,
    ) -> io::Result<Self> {
        let handle = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(run)?;
        Ok(Self(Mutex::new(State::Running(Some(handle)))))
    }

    /// Waits for the writer to end and returns what it ended with; the same each time.
    ///
    /// # Errors
    /// [`CommitError::Poisoned`] when the writer stopped after an error or panicked.
    pub fn join(&self) -> Result<(), CommitError> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Running(handle) = &mut *state {
            let ended = handle.take().map_or(Ok(Ok(())), JoinHandle::join);
            let panicked = |_| Err(Arc::new(io::Error::other("the writer thread panicked")));
            *state = State::Ended(ended.unwrap_or_else(panicked));
        }
        match &*state {
            State::Ended(Err(cause)) => Err(CommitError::Poisoned {
                cause: Arc::clone(cause),
            }),
            State::Ended(Ok(())) | State::Running(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_join_tells_how_the_writer_ended() {
        let sound = WriterThread::spawn("sound", || Ok(())).unwrap();
        assert!(sound.join().is_ok() && sound.join().is_ok());
        let failed =
            WriterThread::spawn("failed", || Err(Arc::new(io::Error::other("disk")))).unwrap();
        let panicked = WriterThread::spawn("panicked", || panic!("a bug")).unwrap();
        for thread in [failed, panicked] {
            for _ in 0..2 {
                assert!(matches!(thread.join(), Err(CommitError::Poisoned { .. })));
            }
        }
    }
}
