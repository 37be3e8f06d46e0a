//! A disk in memory for tests of stores: it counts operations and loses, tears or fails them on demand.
//!
//! It keeps for every file what has been written and what is durable, and for every name likewise, so that a test can
//! look at what a power loss would leave. It is stricter than a real disk: without a sync nothing is durable. What it
//! leaves is saved to a real folder, so that tests reopen with the real code.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Disk, DiskFile};

/// What happens to an operation that fails. An error does not mean that the operation had no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It has no effect and returns an error.
    Unwritten,
    /// It has its full effect and returns an error.
    Written,
    /// A write has an effect on its first bytes only, so many; any other operation has none. It returns an error.
    Torn(usize),
}

/// Which of a file's two contents is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// What a power loss leaves: names and contents that were synced.
    Durable,
    /// What the end of the process leaves: everything written.
    Written,
}

/// A disk in memory. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: Vec<Content>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    /// The folders there are; a new one is durable at once.
    folders: BTreeSet<PathBuf>,
    locked: BTreeSet<PathBuf>,
    /// The names of the operations that change something, in order.
    operations: Vec<&'static str>,
    /// The first operation that fails, how, and whether all later ones fail too.
    plan: Option<(usize, Failure, bool)>,
}

#[derive(Debug, Default, Clone)]
struct Content {
    written: Vec<u8>,
    durable: Vec<u8>,
}

/// How far an operation may go.
enum Verdict {
    Whole,
    Part(usize),
    Nothing,
}

impl SimulatedDisk {
    /// Returns an empty disk on which nothing fails.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Fails the operation with this number, counted from 0 over all operations that change something.
    pub fn fail_at(&self, operation: usize, failure: Failure) {
        self.state().plan = Some((operation, failure, false));
    }

    /// Fails the operation with this number as given, and every later one without effect, as after a crash.
    pub fn crash_at(&self, operation: usize, failure: Failure) {
        self.state().plan = Some((operation, failure, true));
    }

    /// Returns the operations that changed something or were meant to, in order.
    #[must_use]
    pub fn operations(&self) -> Vec<&'static str> {
        self.state().operations.clone()
    }

    /// Returns a new disk on which nothing fails, with the files that the given image of this one has.
    #[must_use]
    pub fn restart(&self, image: Image) -> Self {
        let state = self.state();
        let names = if image == Image::Durable {
            &state.durable_names
        } else {
            &state.names
        };
        let restarted = Self::new();
        for (path, file) in names {
            let content = &state.files[*file];
            let bytes = if image == Image::Durable {
                &content.durable
            } else {
                &content.written
            };
            restarted.put(path, bytes.clone());
        }
        restarted
    }

    /// Puts a file in place, durably and without counting an operation.
    pub fn put(&self, path: &Path, bytes: Vec<u8>) {
        let mut state = self.state();
        state.files.push(Content {
            written: bytes.clone(),
            durable: bytes,
        });
        let file = state.files.len() - 1;
        state.names.insert(path.to_owned(), file);
        state.durable_names.insert(path.to_owned(), file);
        let folders = path.ancestors().skip(1).map(Path::to_owned);
        state.folders.extend(folders);
    }

    /// Saves the files into a real folder, which must exist.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn save(&self, image: Image, folder: &Path) -> io::Result<()> {
        let state = self.state();
        let names = if image == Image::Durable {
            &state.durable_names
        } else {
            &state.names
        };
        for (path, file) in names {
            let content = &state.files[*file];
            let bytes = if image == Image::Durable {
                &content.durable
            } else {
                &content.written
            };
            let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
            std::fs::write(folder.join(name), bytes)?;
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an operation, applies it as far as the plan lets it, and fails it when the plan says so.
    fn operate(
        &self,
        name: &'static str,
        apply: impl FnOnce(&mut State, Verdict),
    ) -> io::Result<()> {
        let mut state = self.state();
        let number = state.operations.len();
        state.operations.push(name);
        let failure = match state.plan {
            Some((at, failure, _)) if at == number => Some(failure),
            Some((at, _, true)) if at < number => Some(Failure::Unwritten),
            _ => None,
        };
        apply(
            &mut state,
            match failure {
                None | Some(Failure::Written) => Verdict::Whole,
                Some(Failure::Unwritten) => Verdict::Nothing,
                Some(Failure::Torn(bytes)) => Verdict::Part(bytes),
            },
        );
        if failure.is_some() {
            Err(io::Error::other(format!("planned failure of {name}")))
        } else {
            Ok(())
        }
    }
}

impl Disk for SimulatedDisk {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        if self.state().folders.contains(folder) {
            return Ok(());
        }
        self.operate("create folder", |state, verdict| {
            if matches!(verdict, Verdict::Whole) {
                state.folders.extend(folder.ancestors().map(Path::to_owned));
            }
        })
    }

    fn lock(&self, folder: &Path) -> io::Result<Box<dyn Debug + Send + Sync>> {
        if !self.state().locked.insert(folder.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(Lock {
            disk: self.clone(),
            folder: folder.to_owned(),
        }))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        if !state.folders.contains(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let here = state
            .names
            .keys()
            .filter(|path| path.parent() == Some(folder));
        Ok(here
            .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
            .collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        if path
            .parent()
            .is_none_or(|folder| !self.state().folders.contains(folder))
        {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.operate("create", |state, verdict| {
            if matches!(verdict, Verdict::Whole) {
                state.files.push(Content::default());
                let file = state.files.len() - 1;
                state.names.insert(path.to_owned(), file);
            }
        })?;
        self.open(path, true)
    }

    fn open(&self, path: &Path, _writable: bool) -> io::Result<Box<dyn DiskFile>> {
        let file = *self
            .state()
            .names
            .get(path)
            .ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(SimulatedFile {
            disk: self.clone(),
            file,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate("rename", |state, verdict| {
            if matches!(verdict, Verdict::Whole)
                && let Some(file) = state.names.remove(from)
            {
                state.names.insert(to.to_owned(), file);
            }
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.operate("remove", |state, verdict| {
            if matches!(verdict, Verdict::Whole) {
                state.names.remove(path);
            }
        })
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.operate("remove folder", |state, verdict| {
            if matches!(verdict, Verdict::Whole) {
                state.folders.remove(folder);
            }
        })
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.operate("sync folder", |state, verdict| {
            if matches!(verdict, Verdict::Whole) {
                state
                    .durable_names
                    .retain(|path, _| path.parent() != Some(folder));
                let here = state
                    .names
                    .iter()
                    .filter(|(path, _)| path.parent() == Some(folder));
                let here: Vec<_> = here.map(|(path, file)| (path.clone(), *file)).collect();
                state.durable_names.extend(here);
            }
        })
    }
}

#[derive(Debug)]
struct Lock {
    disk: SimulatedDisk,
    folder: PathBuf,
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.disk.state().locked.remove(&self.folder);
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    file: usize,
}

impl DiskFile for SimulatedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.disk.state();
        let written = &state.files[self.file].written;
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(written.len());
        let count = buffer.len().min(written.len() - start);
        buffer[..count].copy_from_slice(&written[start..start + count]);
        Ok(count)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.disk.operate("write", |state, verdict| {
            let count = match verdict {
                Verdict::Whole => bytes.len(),
                Verdict::Part(count) => count.min(bytes.len()),
                Verdict::Nothing => return,
            };
            let written = &mut state.files[self.file].written;
            written.resize(written.len().max(start + count), 0);
            written[start..start + count].copy_from_slice(&bytes[..count]);
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.operate("sync", |state, verdict| {
            if matches!(verdict, Verdict::Whole) {
                let content = &mut state.files[self.file];
                content.durable.clone_from(&content.written);
            }
        })
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.disk.operate("set length", |state, verdict| {
            if matches!(verdict, Verdict::Whole) {
                state.files[self.file].written.resize(length, 0);
            }
        })
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.file].written.len() as u64)
    }
}
