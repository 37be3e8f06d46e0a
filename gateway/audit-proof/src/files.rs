//! Reading the entries of a log from its files, without its writer and its lock.
//!
//! For tools that look at a log which may be written meanwhile, or by nobody any more. Each segment is replayed before
//! its first entry is given, so every entry is checked with its links and its group; entries of a group that is not
//! complete were never acknowledged and are not given. That the log starts at its genesis and has the segments before
//! the first one read is `verify`'s to say.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    archived::{Archived, ArchivedRange},
    entry::{Entry, EntryError},
    fault::{Fault, FaultKind},
    folder::{self, Inventory, Stage, list, path},
    hash::{Hash, leaf_hash, to_hex},
    recover::{Tail, judge_segment},
    scan::scan,
    segment::{Header, TRAILER_BYTES, read_frame},
};

/// Why an entry could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The stored log is damaged.
    #[error("audit log is damaged")]
    Damaged(#[source] Fault),
    /// The entry is in an archive and was removed here.
    #[error(
        "entry {position} is archived (archive with the manifest of SHA-256 {})",
        to_hex(manifest)
    )]
    Archived {
        /// The position asked for.
        position: u64,
        /// SHA-256 of the archive's manifest.
        manifest: Hash,
    },
    /// The operating system failed.
    #[error("reading {} failed", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        source: io::Error,
    },
}

/// The canonical bytes of a durable entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its 0-based position.
    pub position: u64,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
}

impl StoredEntry {
    /// Decodes the bytes.
    ///
    /// # Errors
    /// [`EntryError`] when they are not canonical, which is damage.
    pub fn decode(&self) -> Result<Entry<'_>, EntryError> {
        Entry::decode(&self.bytes)
    }

    /// Returns the RFC 6962 leaf hash.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(&self.bytes)
    }
}

/// The segments of a log as they were when the folder was opened.
#[derive(Debug, Clone)]
pub struct FolderReader {
    dir: PathBuf,
    segments: Vec<(u64, Stage)>,
    archived: Archived,
}

impl FolderReader {
    /// Opens the log in `dir` to read its files only: no lock is taken, and nobody needs to be writing it.
    ///
    /// # Errors
    /// [`ReadError::Io`] when the folder cannot be listed, [`ReadError::Damaged`] when its names make no log.
    pub fn open(dir: &Path) -> Result<Self, ReadError> {
        let names = list(dir).map_err(io_error(dir))?;
        let inventory = Inventory::of(&names).map_err(ReadError::Damaged)?;
        let archived = folder::archived(dir, &inventory).map_err(ReadError::Damaged)?;
        Ok(Self {
            dir: dir.to_owned(),
            segments: inventory.segments().collect(),
            archived,
        })
    }

    /// Returns the position of the first entry that is not archived.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.archived.to()
    }

    /// Returns what is archived, range by range.
    #[must_use]
    pub fn archives(&self) -> Vec<ArchivedRange> {
        self.archived.archives()
    }

    /// Returns the entries of complete groups from `position` on, in order.
    ///
    /// The iterator ends after the first error, which comes after every entry before the damage. It holds one segment
    /// in memory.
    #[must_use]
    pub fn entries_from(&self, position: u64) -> FolderEntries {
        // The segment that holds the position is the last one that starts at or before it.
        let after = self
            .segments
            .partition_point(|(first, _)| *first <= position);
        let segments = self.segments[after.saturating_sub(1)..].to_vec();
        FolderEntries {
            dir: self.dir.clone(),
            segments: segments.into_iter(),
            from: position,
            next: None,
            segment: Segment::default(),
            fault: archived_at(&self.archived, position),
        }
    }
}

/// Returns the error of an entry that is archived; `None` for any other.
pub fn archived_at(archived: &Archived, position: u64) -> Option<ReadError> {
    let ranges = archived.archives().into_iter();
    let mut of_it = ranges.filter(|range| (range.from..range.to).contains(&position));
    of_it.next().map(|range| ReadError::Archived {
        position,
        manifest: range.manifest,
    })
}

/// An iterator over the entries of a stored log.
#[derive(Debug)]
pub struct FolderEntries {
    dir: PathBuf,
    segments: std::vec::IntoIter<(u64, Stage)>,
    /// Entries before this position are not asked for.
    from: u64,
    /// The header that the next segment must have.
    next: Option<Header>,
    segment: Segment,
    /// What comes after the entries of the segment.
    fault: Option<ReadError>,
}

/// The part of a segment that has been checked and not been given.
#[derive(Debug, Default)]
struct Segment {
    bytes: Vec<u8>,
    at: usize,
    end: usize,
}

impl Iterator for FolderEntries {
    type Item = Result<StoredEntry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            while let Some(entry) = self.segment.next() {
                if entry.position >= self.from {
                    return Some(Ok(entry));
                }
            }
            if let Some(fault) = self.fault.take() {
                self.segments = Vec::new().into_iter();
                return Some(Err(fault));
            }
            let (first, stage) = self.segments.next()?;
            if let Err(error) = self.load(first, stage) {
                self.fault = Some(error);
            }
        }
    }
}

impl Segment {
    fn next(&mut self) -> Option<StoredEntry> {
        while self.at < self.end {
            if let Ok(frame) = read_frame(&self.bytes[self.at..self.end]) {
                self.at += frame.length();
                return Some(StoredEntry {
                    position: frame.position,
                    bytes: frame.entry.to_vec(),
                });
            }
            // The segment has been checked up to here, so what is no frame is a trailer.
            self.at += TRAILER_BYTES;
        }
        None
    }
}

impl FolderEntries {
    /// Reads and checks the next segment.
    fn load(&mut self, first: u64, stage: Stage) -> Result<(), ReadError> {
        let expected = self
            .next
            .as_ref()
            .map_or(self.from, |next| next.start.size());
        let is_missing = match self.next {
            Some(_) => first != expected,
            None => first > expected,
        };
        let (file, bytes) = read_segment(&self.dir, first, stage)?;
        let damaged = |position, kind| {
            ReadError::Damaged(Fault {
                position,
                file: file.clone(),
                offset: 0,
                kind,
            })
        };
        if is_missing {
            return Err(damaged(expected, FaultKind::MissingSegment));
        }
        let (header, body) = Header::decode(&bytes).map_err(|kind| damaged(first, kind))?;
        if header.start.size() != first {
            return Err(damaged(first, FaultKind::HeaderName));
        }
        if self.next.as_ref().is_some_and(|next| *next != header) {
            return Err(damaged(first, FaultKind::HeaderLink));
        }
        let scan = scan(&bytes, &header, body, &[]);
        if let Tail::Damaged(flaw) = judge_segment(stage, &bytes, &scan) {
            self.fault = Some(ReadError::Damaged(flaw.in_file(file)));
        }
        let seal = scan.running.seal();
        self.next = Some(header.next(scan.running.state, seal));
        self.segment = Segment {
            bytes,
            at: body,
            end: scan.tail,
        };
        Ok(())
    }
}

/// Reads the segment that starts at `first`; also returns its path.
fn read_segment(dir: &Path, first: u64, stage: Stage) -> Result<(PathBuf, Vec<u8>), ReadError> {
    let mut file = path(dir, first, stage);
    let mut bytes = std::fs::read(&file);
    let is_gone = bytes
        .as_ref()
        .is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if is_gone && stage == Stage::Open {
        // It has been sealed since it was listed.
        file = path(dir, first, Stage::Sealed);
        bytes = std::fs::read(&file);
    }
    let bytes = bytes.map_err(io_error(&file))?;
    Ok((file, bytes))
}

/// Returns what makes an error of the operating system one about `path`.
pub fn io_error(path: &Path) -> impl FnOnce(io::Error) -> ReadError {
    let path = path.to_owned();
    move |source| ReadError::Io { path, source }
}
