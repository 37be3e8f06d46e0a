//! A file of keys: slots at fixed places, written in place and synchronised.
//!
//! Knows slots by number and nothing of what they mean. After a failed write or synchronisation the file takes nothing
//! more until it is opened again: what the disk kept is unknown.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::slot::{SLOT_BYTES, Slot, decode};

/// The first bytes of slot-sized header.
const MAGIC: &[u8; 16] = b"lawgate-keys/v1\n";

/// Why a file of keys could not be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system failed.
    #[error("the file of keys {} could not be used", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// Another process has it open.
    #[error("the file of keys {} is in use", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It does not begin as a file of keys does.
    #[error("{} is no file of keys", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// An earlier write failed; what is on the disk is unknown.
    #[error("the file of keys {} takes nothing more after a failed write; restart", path.display())]
    Poisoned {
        /// The file.
        path: PathBuf,
    },
}

/// An open file of keys; held alone.
#[derive(Debug)]
pub(crate) struct SlotFile {
    path: PathBuf,
    file: File,
    /// The number the next slot gets.
    next: AtomicU64,
    /// Whether nothing more may be written.
    is_poisoned: AtomicBool,
}

impl SlotFile {
    /// Opens the file, or makes it; `visit` sees every slot there is, in order.
    pub(crate) fn open(path: &Path, mut visit: impl FnMut(u64, Slot)) -> Result<Self, FileError> {
        let failed = |cause| FileError::Io {
            path: path.to_owned(),
            cause,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        file.try_lock().map_err(|_| FileError::InUse {
            path: path.to_owned(),
        })?;
        let bytes = file.metadata().map_err(failed)?.len();
        if bytes < SLOT_BYTES as u64 {
            // Cut off while it was made: nothing was ever sealed under it.
            begin(&file, path).map_err(failed)?;
        } else {
            let mut header = [0; SLOT_BYTES];
            file.read_exact_at(&mut header, 0).map_err(failed)?;
            if header != self::header() {
                return Err(FileError::NotOurs {
                    path: path.to_owned(),
                });
            }
        }
        let opened = Self {
            path: path.to_owned(),
            // A last slot that was cut off is passed over; nobody was told of it.
            next: AtomicU64::new(bytes.div_ceil(SLOT_BYTES as u64).max(1) - 1),
            file,
            is_poisoned: AtomicBool::new(false),
        };
        for number in 0..opened.next.load(Ordering::Relaxed) {
            visit(number, opened.read(number)?);
        }
        Ok(opened)
    }

    /// Opens a file that is there for reading, beside whoever holds it; nothing can be written to it.
    pub(crate) fn read_only(
        path: &Path,
        mut visit: impl FnMut(u64, Slot),
    ) -> Result<Self, FileError> {
        let failed = |cause| FileError::Io {
            path: path.to_owned(),
            cause,
        };
        let file = File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let mut header = [0; SLOT_BYTES];
        if bytes < SLOT_BYTES as u64
            || file.read_exact_at(&mut header, 0).is_err()
            || header != self::header()
        {
            return Err(FileError::NotOurs {
                path: path.to_owned(),
            });
        }
        let slots = bytes.div_ceil(SLOT_BYTES as u64) - 1;
        let opened = Self {
            path: path.to_owned(),
            next: AtomicU64::new(slots),
            file,
            is_poisoned: AtomicBool::new(true),
        };
        for number in 0..slots {
            visit(number, opened.read(number)?);
        }
        Ok(opened)
    }

    /// A number that no slot has and no other call gets.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Gives no number below `least` any more.
    pub(crate) fn skip_to(&self, least: u64) {
        self.next.fetch_max(least, Ordering::Relaxed);
    }

    /// Reads a slot; one past the end was never written.
    pub(crate) fn read(&self, number: u64) -> Result<Slot, FileError> {
        let mut bytes = [0; SLOT_BYTES];
        let mut filled = 0;
        while filled < SLOT_BYTES {
            let at = offset(number) + filled as u64;
            match self.file.read_at(&mut bytes[filled..], at) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(self.failed(cause)),
            }
        }
        Ok(decode(number, &bytes))
    }

    /// Writes slots in place and returns once they are durable.
    pub(crate) fn write(&self, slots: &[(u64, [u8; SLOT_BYTES])]) -> Result<(), FileError> {
        if slots.is_empty() {
            return Ok(());
        }
        if self.is_poisoned.load(Ordering::Acquire) {
            return Err(FileError::Poisoned {
                path: self.path.clone(),
            });
        }
        let write = || {
            for (number, bytes) in slots {
                self.file.write_all_at(bytes, offset(*number))?;
            }
            self.file.sync_data()
        };
        write().map_err(|cause| {
            self.is_poisoned.store(true, Ordering::Release);
            self.failed(cause)
        })
    }

    fn failed(&self, cause: io::Error) -> FileError {
        FileError::Io {
            path: self.path.clone(),
            cause,
        }
    }
}

fn header() -> [u8; SLOT_BYTES] {
    let mut header = [0; SLOT_BYTES];
    header[..MAGIC.len()].copy_from_slice(MAGIC);
    header
}

fn begin(file: &File, path: &Path) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all_at(&header(), 0)?;
    file.sync_all()?;
    sync_folder(path)
}

/// Makes the names in the folder of `path` durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Where slot `number` lies, behind the header.
fn offset(number: u64) -> u64 {
    (number + 1) * SLOT_BYTES as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::{Content, Tombstone, encode, encode_tombstone};
    use crate::wrap::WRAPPED_BYTES;

    fn slots(path: &Path) -> Vec<Slot> {
        let mut found = Vec::new();
        SlotFile::open(path, |_, slot| found.push(slot)).unwrap();
        found
    }

    fn key(number: u64) -> (u64, [u8; SLOT_BYTES]) {
        (
            number,
            encode(number, &Content::Message([0x5A; WRAPPED_BYTES])),
        )
    }

    #[test]
    fn a_file_cut_at_any_byte_keeps_every_slot_before_the_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let file = SlotFile::open(&path, |_, _| {}).unwrap();
        file.write(&[key(0), key(1), key(2)]).unwrap();
        drop(file);
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let found = slots(&path);
            let live = found
                .iter()
                .take_while(|slot| matches!(slot, Slot::Live(_)))
                .count();
            assert_eq!(live, (cut / SLOT_BYTES).saturating_sub(1), "cut at {cut}");
            let file = SlotFile::open(&path, |_, _| {}).unwrap();
            let number = file.number();
            assert!(number >= live as u64);
            file.write(&[key(number)]).unwrap();
            assert!(matches!(file.read(number).unwrap(), Slot::Live(_)));
        }
    }

    #[test]
    fn an_erased_key_is_in_no_byte_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let file = SlotFile::open(&path, |_, _| {}).unwrap();
        file.write(&[key(0)]).unwrap();
        let has_key = || {
            let bytes = std::fs::read(&path).unwrap();
            bytes.windows(8).any(|window| window == [0x5A; 8])
        };
        assert!(has_key());
        file.write(&[(0, encode_tombstone(0, Tombstone::default()))])
            .unwrap();
        assert!(!has_key());
    }

    #[test]
    fn a_foreign_file_and_a_second_holder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let first = SlotFile::open(&path, |_, _| {}).unwrap();
        let second = SlotFile::open(&path, |_, _| {});
        assert!(matches!(second, Err(FileError::InUse { .. })));
        drop(first);
        std::fs::write(&path, [1; 400]).unwrap();
        let foreign = SlotFile::open(&path, |_, _| {});
        assert!(matches!(foreign, Err(FileError::NotOurs { .. })));
    }
}
