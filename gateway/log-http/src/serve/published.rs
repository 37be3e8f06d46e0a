//! A published log in its folder: the checkpoint released last, and proofs over what it covers.
//!
//! Only reads, and believes the folder: whoever receives a proof checks it. The cost of a proof is a few tiles for each
//! level of the tree. The gRPC edge and [`super::LogService`] rely on it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use audit_proof::checkpoint::{Checkpoint, CheckpointError};
use audit_proof::hash::Hash;
use audit_proof::note::{MAX_NOTE_BYTES, Note, NoteError};
use audit_proof::proof::{
    self, FolderTiles, FolderTilesError, ProveError, RangeProof, RequestError,
};
use audit_proof::suite::Suite;
use audit_proof::tlog_proof::{TlogProof, TlogProofError};

/// A folder with `checkpoint` and `tile/`, as C2SP tlog-tiles serves them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedLog {
    folder: PathBuf,
    suite: Suite,
    tiles: FolderTiles,
}

/// A checkpoint as it was released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The note, with the signatures it was released with.
    pub note: Note,
    /// What it says.
    pub checkpoint: Checkpoint,
}

/// Why a published log does not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum PublishedError {
    /// What is asked for is in no tree; the caller can correct this.
    #[error("what is asked for is in no tree")]
    Request(#[source] RequestError),
    /// The size is above that of the checkpoint released last.
    #[error("size {size} is not released; the checkpoint has {released}")]
    NotReleased {
        /// The size asked for.
        size: u64,
        /// The size released.
        released: u64,
    },
    /// No checkpoint has been released.
    #[error("no checkpoint has been released")]
    NoCheckpoint,
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        cause: io::Error,
    },
    /// The checkpoint is no signed note.
    #[error("{} is not a signed note", path.display())]
    Note {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        cause: NoteError,
    },
    /// The note is no checkpoint.
    #[error("{} is not a checkpoint", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        cause: CheckpointError,
    },
    /// A tile that the tree has is not there or not whole.
    #[error("a tile of the log cannot be had")]
    Tiles(#[source] ProveError<FolderTilesError>),
    /// Proof and checkpoint make no text.
    #[error("the proof cannot be put together")]
    Text(#[source] TlogProofError),
}

impl PublishedLog {
    /// Returns the log published in `folder`. Nothing is read yet.
    #[must_use]
    pub fn new(folder: &Path, suite: Suite) -> Self {
        Self {
            folder: folder.to_owned(),
            suite,
            tiles: FolderTiles::new(folder),
        }
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the checkpoint released last.
    ///
    /// # Errors
    /// [`PublishedError::NoCheckpoint`] before the first; otherwise what is wrong with the file.
    pub fn published(&self) -> Result<Published, PublishedError> {
        let path = self.folder.join("checkpoint");
        let bytes = read_up_to(&path, MAX_NOTE_BYTES)?.ok_or(PublishedError::NoCheckpoint)?;
        let note = Note::parse(&bytes).map_err(|cause| PublishedError::Note {
            path: path.clone(),
            cause,
        })?;
        let checkpoint = Checkpoint::parse_any(note.text())
            .map_err(|cause| PublishedError::Checkpoint { path, cause })?;
        Ok(Published { note, checkpoint })
    }

    /// Returns the proof that the tree of `size` leaves has a leaf at `index` (RFC 6962 §2.1.1).
    ///
    /// # Errors
    /// [`PublishedError::Request`] and [`PublishedError::NotReleased`] are the caller's.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, PublishedError> {
        self.check_released(size)?;
        proof::inclusion(self.suite, index, size, &self.tiles).map_err(of_tiles)
    }

    /// Returns the proof that the tree of `new_size` leaves grew from that of `old_size` (RFC 6962 §2.1.2).
    ///
    /// # Errors
    /// [`PublishedError::Request`] and [`PublishedError::NotReleased`] are the caller's.
    pub fn consistency(&self, old_size: u64, new_size: u64) -> Result<Vec<Hash>, PublishedError> {
        self.check_released(new_size)?;
        proof::consistency(self.suite, old_size, new_size, &self.tiles).map_err(of_tiles)
    }

    /// Returns the proof that the leaves from `from` up to but without `to` are complete in the tree of `size` leaves.
    ///
    /// # Errors
    /// [`PublishedError::Request`] and [`PublishedError::NotReleased`] are the caller's.
    pub fn range(&self, from: u64, to: u64, size: u64) -> Result<RangeProof, PublishedError> {
        self.check_released(size)?;
        proof::range(self.suite, from, to, size, &self.tiles).map_err(of_tiles)
    }

    /// Returns the proof that the log has the entry at `index`, with the checkpoint released last (C2SP tlog-proof).
    ///
    /// # Errors
    /// [`PublishedError::Request`] is the caller's.
    pub fn tlog_proof(&self, index: u64) -> Result<TlogProof, PublishedError> {
        let published = self.published()?;
        let size = published.checkpoint.size();
        let hashes = proof::inclusion(self.suite, index, size, &self.tiles).map_err(of_tiles)?;
        TlogProof::new(None, index, hashes, published.note).map_err(PublishedError::Text)
    }

    fn check_released(&self, size: u64) -> Result<(), PublishedError> {
        let released = self.published()?.checkpoint.size();
        if size > released {
            return Err(PublishedError::NotReleased { size, released });
        }
        Ok(())
    }
}

/// Reads a file of at most `limit` bytes; `None` when there is none.
pub(super) fn read_up_to(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, PublishedError> {
    let failed = |cause| PublishedError::Read {
        path: path.to_owned(),
        cause,
    };
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes));
    match read {
        Ok(read) if read > limit => Err(failed(io::ErrorKind::FileTooLarge.into())),
        Ok(_) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(failed(cause)),
    }
}

fn of_tiles(error: ProveError<FolderTilesError>) -> PublishedError {
    match error {
        ProveError::Request(error) => PublishedError::Request(error),
        ProveError::Source { .. } | ProveError::Width { .. } => PublishedError::Tiles(error),
    }
}
