//! Opening a compartment: its slots are read once, and the key of its blind index is unwrapped or made.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::file::SlotFile;
use crate::key::Key;
use crate::register::Register;
use crate::slot::{Content, Kind, Slot, encode, place};
use crate::vault::VaultError;
use crate::wrap::{WrapError, Wrapped, Wrapper};

/// One compartment, open.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: SlotFile,
    pub(crate) register: Mutex<Register>,
    pub(crate) wrapper: Box<dyn Wrapper>,
    pub(crate) index_key: Key,
}

impl Opened {
    pub(crate) fn open(path: &Path, wrapper: Box<dyn Wrapper>) -> Result<(Self, u64), VaultError> {
        let mut found = Found::default();
        let file = SlotFile::open(path, |number, slot| found.take(number, slot))?;
        if found.index.is_none() && found.live == 0 {
            // A new file, or one that a crash cut off before anything was sealed.
            let index_key = first_key(&file, &*wrapper)?;
            return Self::of(path, file, wrapper, found, index_key);
        }
        let index_key = found.index_key(&*wrapper);
        Self::of(path, file, wrapper, found, index_key)
    }

    pub(crate) fn read_only(
        path: &Path,
        wrapper: Box<dyn Wrapper>,
    ) -> Result<(Self, u64), VaultError> {
        let mut found = Found::default();
        let file = SlotFile::read_only(path, |number, slot| found.take(number, slot))?;
        let index_key = found.index_key(&*wrapper);
        Self::of(path, file, wrapper, found, index_key)
    }

    fn of(
        path: &Path,
        file: SlotFile,
        wrapper: Box<dyn Wrapper>,
        found: Found,
        index_key: Result<Key, WrapError>,
    ) -> Result<(Self, u64), VaultError> {
        let index_key = index_key.map_err(|cause| VaultError::WrongKey {
            path: path.to_owned(),
            cause,
        })?;
        // Slot 0 is the index key's.
        file.skip_to(1);
        let opened = Self {
            file,
            register: Mutex::new(found.register),
            wrapper,
            index_key,
        };
        Ok((opened, found.damaged))
    }

    pub(crate) fn register(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the slots of a file held when it was opened.
#[derive(Default)]
struct Found {
    register: Register,
    index: Option<Wrapped>,
    live: u64,
    damaged: u64,
}

impl Found {
    fn take(&mut self, number: u64, slot: Slot) {
        match slot {
            Slot::Live(Content::Index(key)) if number == 0 => self.index = Some(key),
            Slot::Live(content) => {
                self.live += 1;
                self.register.take(number, &content);
            }
            Slot::Damaged => self.damaged += 1,
            Slot::Unwritten | Slot::Erased(_) => {}
        }
    }

    fn index_key(&self, wrapper: &dyn Wrapper) -> Result<Key, WrapError> {
        match &self.index {
            Some(wrapped) => wrapper.unwrap(&place(Kind::Index, 0), wrapped),
            None => Err(WrapError::Refused),
        }
    }
}

/// Makes the key of a blind index and keeps it; an error of the wrapper is told apart from those of the disk.
fn first_key(file: &SlotFile, wrapper: &dyn Wrapper) -> Result<Result<Key, WrapError>, VaultError> {
    let key = Key::random()?;
    match wrapper.wrap(&place(Kind::Index, 0), &key) {
        Ok(wrapped) => {
            file.write(&[(0, encode(0, &Content::Index(wrapped)))])?;
            Ok(Ok(key))
        }
        Err(cause) => Ok(Err(cause)),
    }
}
