//! What a witness keeps: for each log the checkpoint it cosigned last, and what contradicted it.
//!
//! The trait and a state in memory for tests; [`super::FolderState`] is the durable one.

use std::collections::HashMap;
use std::sync::Mutex;

use audit_proof::hash::to_hex;
use audit_proof::note::Note;
use audit_proof::suite::Suite;

use super::alarm::Alarm;

/// Keeps what a witness must never forget.
///
/// One witness uses a state at a time, from any number of threads.
pub trait WitnessState: Send + Sync {
    /// Returns the checkpoint cosigned last for `origin`, with the cosignatures; `None` when there never was one.
    ///
    /// # Errors
    /// [`StateError`]; what cannot be read is never taken for what never was.
    fn last(&self, origin: &str) -> Result<Option<Note>, StateError>;

    /// Puts `next` in the place of `expected`, if that is what [`WitnessState::last`] still returns.
    ///
    /// Comparing and putting are one step, whatever other threads do. When this returns [`Replaced::Yes`], `next`
    /// survives a power cut.
    ///
    /// # Errors
    /// [`StateError`]: either of the two may be there after a restart, and nothing may be released until then.
    fn replace(
        &self,
        origin: &str,
        expected: Option<&Note>,
        next: &Note,
    ) -> Result<Replaced, StateError>;

    /// Keeps both notes of an alarm, durably and beside all earlier ones; the same alarm is kept once.
    ///
    /// # Errors
    /// [`StateError`] when it may not be there after a power cut.
    fn keep(&self, origin: &str, alarm: &Alarm) -> Result<(), StateError>;
}

/// Whether the expected checkpoint was still the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It was, and has been replaced.
    Yes,
    /// Another has been put there since; nothing changed.
    No,
}

/// The state could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the state of the witness for {origin} could not be used")]
pub struct StateError {
    /// The log.
    pub origin: String,
    /// What went wrong.
    #[source]
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

/// Returns the name of a log in paths: SHA-256 of the origin in lower-case hexadecimal (C2SP tlog-witness).
#[must_use]
pub fn origin_hash(origin: &str) -> String {
    to_hex(&Suite::Sha256.hash(origin.as_bytes()))
}

/// A state that forgets when the process ends: for tests alone, since such a witness can be set back.
#[derive(Debug, Default)]
pub struct MemoryState {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    last: HashMap<String, Note>,
    alarms: Vec<(String, Alarm)>,
}

impl MemoryState {
    /// Returns the alarms kept, oldest first, each behind the origin of its log.
    #[must_use]
    pub fn alarms(&self) -> Vec<(String, Alarm)> {
        self.locked().alarms.clone()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept
            .lock()
            .expect("nothing panics while the state is locked")
    }
}

impl WitnessState for MemoryState {
    fn last(&self, origin: &str) -> Result<Option<Note>, StateError> {
        Ok(self.locked().last.get(origin).cloned())
    }

    fn replace(
        &self,
        origin: &str,
        expected: Option<&Note>,
        next: &Note,
    ) -> Result<Replaced, StateError> {
        let last = &mut self.locked().last;
        if last.get(origin) != expected {
            return Ok(Replaced::No);
        }
        last.insert(origin.to_owned(), next.clone());
        Ok(Replaced::Yes)
    }

    fn keep(&self, origin: &str, alarm: &Alarm) -> Result<(), StateError> {
        let known = &mut self.locked().alarms;
        let entry = (origin.to_owned(), alarm.clone());
        if !known.contains(&entry) {
            known.push(entry);
        }
        Ok(())
    }
}
