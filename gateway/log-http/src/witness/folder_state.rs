//! The state of a witness in a folder: a file for each log, and a folder for each alarm.
//!
//! ```text
//! lock                                        held by the one process that uses the folder
//! <hash of origin>.note                       the checkpoint cosigned last, with the cosignatures
//! <hash of origin>.note.new                   one being written; means nothing
//! alarms/<hash of origin>/<kind>-<digest>/    `held` and `received`, two signed checkpoints
//! ```
//!
//! A file is replaced by writing another, making it durable and renaming it, so that a kill leaves the old one or the new
//! one. The checkpoint is compared by its bytes under a lock. Nothing is ever removed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use audit_proof::hash::to_hex;
use audit_proof::note::{MAX_NOTE_BYTES, Note, NoteError};
use audit_proof::suite::Suite;

use super::alarm::Alarm;
use super::state::{Replaced, StateError, WitnessState, origin_hash};

/// Most alarms of one kind kept for one log.
///
/// One proves the case; the bound keeps whoever holds the log's key, or repeats its old requests, from filling the disk.
pub(crate) const MAX_ALARMS: usize = 256;

/// The state of one witness in a folder that no other process uses.
#[derive(Debug)]
pub struct FolderState {
    folder: PathBuf,
    /// Whether writing failed: what the disk kept is unknown until the folder is opened again.
    failed: Mutex<bool>,
    _lock: File,
}

/// Why a folder cannot be used as the state of a witness.
#[derive(Debug, thiserror::Error)]
pub enum FolderStateError {
    /// Another process uses it.
    #[error("another witness uses {}", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// A file or folder could not be read or written.
    #[error("{} could not be used", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        cause: io::Error,
    },
    /// A file is no signed note, which is damage: nothing here writes such a file.
    #[error("{} is not a signed note", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        cause: NoteError,
    },
    /// Writing failed before, so that what the disk holds is unknown until the folder is opened again.
    #[error("writing to {} failed before", folder.display())]
    Closed {
        /// The folder.
        folder: PathBuf,
    },
}

impl FolderState {
    /// Opens a folder, which is made when it is not there, and locks it until the result is dropped.
    ///
    /// # Errors
    /// [`FolderStateError::InUse`] and [`FolderStateError::File`].
    pub fn open(folder: &Path) -> Result<Self, FolderStateError> {
        let alarms = folder.join("alarms");
        fs::create_dir_all(&alarms).map_err(at(&alarms))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(at(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let folder = folder.to_owned();
                return Err(FolderStateError::InUse { folder });
            }
            Err(TryLockError::Error(cause)) => return Err(at(&path)(cause)),
        }
        sync_folder(folder)?;
        if let Some(parent) = folder.parent().filter(|path| *path != Path::new("")) {
            sync_folder(parent)?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            failed: Mutex::new(false),
            _lock: lock,
        })
    }

    /// Returns the folders of the alarms kept for `origin`, by name.
    ///
    /// # Errors
    /// [`FolderStateError::File`].
    pub fn alarms(&self, origin: &str) -> Result<Vec<PathBuf>, FolderStateError> {
        let folder = self.folder.join("alarms").join(origin_hash(origin));
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => return Err(at(&folder)(cause)),
        };
        let mut alarms = Vec::new();
        for entry in entries {
            let path = entry.map_err(at(&folder))?.path();
            // A folder being written ends in `.new` and means nothing.
            if path.extension().is_none() {
                alarms.push(path);
            }
        }
        alarms.sort();
        Ok(alarms)
    }

    fn note_path(&self, origin: &str) -> PathBuf {
        self.folder.join(format!("{}.note", origin_hash(origin)))
    }

    /// Runs `write` alone, and never again after it failed once.
    fn write<T>(
        &self,
        write: impl FnOnce() -> Result<T, FolderStateError>,
    ) -> Result<T, FolderStateError> {
        let mut failed = self.failed();
        self.check(*failed)?;
        let result = write();
        *failed = result.is_err();
        result
    }

    /// Refuses after a failed write: a checkpoint that may not be durable must not be shown.
    fn check(&self, failed: bool) -> Result<(), FolderStateError> {
        match failed {
            true => Err(FolderStateError::Closed {
                folder: self.folder.clone(),
            }),
            false => Ok(()),
        }
    }

    fn failed(&self) -> MutexGuard<'_, bool> {
        self.failed
            .lock()
            .expect("nothing panics while the folder is written")
    }

    fn keep_alarm(&self, origin: &str, alarm: &Alarm) -> Result<(), FolderStateError> {
        let parent = self.folder.join("alarms").join(origin_hash(origin));
        let path = parent.join(alarm_name(alarm));
        let prefix = format!("{}-", alarm.kind);
        let of_kind = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(&prefix))
        };
        let known = self.alarms(origin)?;
        if known.contains(&path) || known.iter().filter(|path| of_kind(path)).count() >= MAX_ALARMS
        {
            return Ok(());
        }
        let new = path.with_extension("new");
        fs::create_dir_all(&new).map_err(at(&new))?;
        if let Some(held) = &alarm.held {
            write_durably(&new.join("held"), held.to_string().as_bytes())?;
        }
        write_durably(&new.join("received"), alarm.received.to_string().as_bytes())?;
        sync_folder(&new)?;
        fs::rename(&new, &path).map_err(at(&path))?;
        sync_folder(&parent)?;
        sync_folder(&self.folder.join("alarms"))
    }
}

impl WitnessState for FolderState {
    fn last(&self, origin: &str) -> Result<Option<Note>, StateError> {
        // Under the lock: a note that was renamed and is not yet durable must not be shown.
        let failed = self.failed();
        self.check(*failed)
            .and_then(|()| read_note(&self.note_path(origin)))
            .map_err(of(origin))
    }

    fn replace(
        &self,
        origin: &str,
        expected: Option<&Note>,
        next: &Note,
    ) -> Result<Replaced, StateError> {
        let path = self.note_path(origin);
        let replace = || {
            if read_note(&path)?.as_ref() != expected {
                return Ok(Replaced::No);
            }
            let new = path.with_extension("note.new");
            write_durably(&new, next.to_string().as_bytes())?;
            fs::rename(&new, &path).map_err(at(&path))?;
            sync_folder(&self.folder)?;
            Ok(Replaced::Yes)
        };
        self.write(replace).map_err(of(origin))
    }

    fn keep(&self, origin: &str, alarm: &Alarm) -> Result<(), StateError> {
        self.write(|| self.keep_alarm(origin, alarm))
            .map_err(of(origin))
    }
}

/// Names an alarm after what contradicts what: the same texts have the same name, whatever the signatures.
fn alarm_name(alarm: &Alarm) -> String {
    let held = alarm.held.as_ref().map_or("", |note| note.text());
    let texts = format!("{held}\n{}", alarm.received.text());
    let digest = Suite::Sha256.hash(texts.as_bytes());
    format!("{}-{}", alarm.kind, to_hex(&digest[..16]))
}

/// Reads a note; `None` when there is no file.
fn read_note(path: &Path) -> Result<Option<Note>, FolderStateError> {
    let mut bytes = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(MAX_NOTE_BYTES as u64 + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => {}
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(at(path)(cause)),
    }
    Note::parse(&bytes)
        .map(Some)
        .map_err(|cause| FolderStateError::Damaged {
            path: path.to_owned(),
            cause,
        })
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), FolderStateError> {
    let mut file = File::create(path).map_err(at(path))?;
    file.write_all(bytes).map_err(at(path))?;
    file.sync_all().map_err(at(path))
}

fn sync_folder(folder: &Path) -> Result<(), FolderStateError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(at(folder))
}

fn at(path: &Path) -> impl Fn(io::Error) -> FolderStateError + '_ {
    |cause| FolderStateError::File {
        path: path.to_owned(),
        cause,
    }
}

fn of(origin: &str) -> impl Fn(FolderStateError) -> StateError + '_ {
    |cause| StateError {
        origin: origin.to_owned(),
        cause: Box::new(cause),
    }
}
