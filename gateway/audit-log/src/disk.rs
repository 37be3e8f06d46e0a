//! The file operations that durable append-only stores need.
//!
//! A seam for tests: everything that a store writes goes through [`Disk`], so that a test can lose, tear or fail each
//! operation. [`RealDisk`] is the operating system's. The audit log and the evidence store rely on it; it is no general
//! file abstraction and gives no access to anything else.

mod append;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;

use std::{
    fmt::Debug,
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

pub use append::AppendFile;

/// A folder's files.
///
/// One process writes a folder at a time, which [`Disk::lock`] ensures. An error from any operation that writes means
/// that its effect is unknown: it may be durable, partly durable or absent.
pub trait Disk: Debug + Send + Sync {
    /// Creates a folder and its parents, all durably; a folder that is there already is left alone.
    ///
    /// # Errors
    /// The operating system's error.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// Locks a folder against other writers until the result is dropped.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when another writer holds it; otherwise the operating system's error.
    fn lock(&self, folder: &Path) -> io::Result<Box<dyn Debug + Send + Sync>>;

    /// Returns the names of the files in a folder that are valid UTF-8, in no order.
    ///
    /// # Errors
    /// The operating system's error.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Creates a file that must not exist, or empties one that does.
    ///
    /// # Errors
    /// The operating system's error.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens an existing file to read and, when `writable`, to write.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is none; otherwise the operating system's error.
    fn open(&self, path: &Path, writable: bool) -> io::Result<Box<dyn DiskFile>>;

    /// Makes content and length of several files durable, in no order.
    ///
    /// # Errors
    /// The first error there was; as after [`DiskFile::sync`], nothing is known of any of them then.
    fn sync_files(&self, files: &[&dyn DiskFile]) -> io::Result<()> {
        files.iter().try_for_each(|file| file.sync())
    }

    /// Renames a file within its folder; durable only after [`Disk::sync_folder`].
    ///
    /// # Errors
    /// The operating system's error.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file; durable only after [`Disk::sync_folder`].
    ///
    /// # Errors
    /// The operating system's error.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder that is empty; durable only after [`Disk::sync_folder`] of its parent.
    ///
    /// # Errors
    /// The operating system's error.
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// The operating system's error.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// An open file, read and written at places.
pub trait DiskFile: Debug + Send + Sync {
    /// Reads as many bytes as there are, up to the length of `buffer`, from `offset` on.
    ///
    /// # Errors
    /// The operating system's error.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`; durable only after [`DiskFile::sync`].
    ///
    /// # Errors
    /// The operating system's error; any part may have been written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes the content and the length durable.
    ///
    /// # Errors
    /// The operating system's error. What was written before may be durable or lost, and a second call proves nothing:
    /// the operating system may have dropped the pages it could not write.
    fn sync(&self) -> io::Result<()>;

    /// Cuts or extends the file; durable only after [`DiskFile::sync`].
    ///
    /// # Errors
    /// The operating system's error.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Returns the length in bytes.
    ///
    /// # Errors
    /// The operating system's error.
    fn length(&self) -> io::Result<u64>;

    /// Tells the operating system that the durable bytes from `offset` to `end` will hardly be read again.
    ///
    /// A hint: what they say, and that they can be read, does not change.
    fn set_aside(&self, offset: u64, end: u64) {
        let _ = (offset, end);
    }
}

/// Reads exactly the bytes from `offset` to `end`, or fewer when the file ends before.
///
/// # Errors
/// The operating system's error.
pub fn read_range(file: &dyn DiskFile, offset: u64, end: u64, out: &mut Vec<u8>) -> io::Result<()> {
    let length =
        usize::try_from(end.saturating_sub(offset)).map_err(|_| io::ErrorKind::FileTooLarge)?;
    out.clear();
    out.resize(length, 0);
    let mut filled = 0;
    while filled < length {
        match file.read_at(&mut out[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    out.truncate(filled);
    Ok(())
}

/// The name of the file that [`RealDisk`] locks a folder with.
pub const LOCK_FILE: &str = "lock";

/// The most files that are made durable one after the other: starting threads takes time as well.
const SYNCED_ALONE: usize = 3;

/// How many threads wait for the disk when many files are made durable.
const SYNC_THREADS: usize = 8;

/// The operating system's files.
#[derive(Debug, Clone, Copy)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        let parent = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // From the top, so that each one's name is durable in a folder that is.
        self.create_folder(parent)?;
        match std::fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        self.sync_folder(parent)
    }

    fn lock(&self, folder: &Path) -> io::Result<Box<dyn Debug + Send + Sync>> {
        let path = folder.join(LOCK_FILE);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn open(&self, path: &Path, writable: bool) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(RealFile(
            OpenOptions::new().read(true).write(writable).open(path)?,
        )))
    }

    fn sync_files(&self, files: &[&dyn DiskFile]) -> io::Result<()> {
        if files.len() <= SYNCED_ALONE {
            return files.iter().try_for_each(|file| file.sync());
        }
        // Side by side, because a journal takes all that wait for it at once.
        let share = files.len().div_ceil(SYNC_THREADS);
        let sync = |some: &[&dyn DiskFile]| some.iter().try_for_each(|file| file.sync());
        std::thread::scope(|scope| {
            let waiting: Vec<_> = files
                .chunks(share)
                .map(|some| scope.spawn(move || sync(some)))
                .collect();
            // All are waited for, also after an error.
            let ended: Vec<_> = waiting.into_iter().map(|thread| thread.join()).collect();
            ended.into_iter().try_for_each(|ended| {
                ended.unwrap_or_else(|_| Err(io::Error::other("a thread that synced panicked")))
            })
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        std::fs::remove_dir(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

/// A file of the operating system.
#[derive(Debug)]
struct RealFile(File);

impl DiskFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(&self.0, buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(&self.0, bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        // fdatasync: it also persists a changed length, which is all the metadata that reading back needs.
        self.0.sync_data()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn set_aside(&self, offset: u64, end: u64) {
        let Some(length) = end.checked_sub(offset).and_then(std::num::NonZero::new) else {
            return;
        };
        // Only a hint, so a system that does not take it is left alone.
        let _ = rustix::fs::fadvise(&self.0, offset, Some(length), rustix::fs::Advice::DontNeed);
    }
}
