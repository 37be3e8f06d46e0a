//! Reading entries back while the log is being written.
//!
//! Readers see durable entries only, check the checksum and the position of each frame, and never block the writer. A
//! random read starts at a point of the segment's index, which the footer of a sealed segment carries. Whether an entry
//! links to its neighbours is not checked here: that is what `verify` is for.

mod cursor;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use cursor::{Cursor, Place};

use crate::{
    disk::{Disk, read_range},
    log::{Shared, open::read_footer_end},
    writer::Active,
};
use audit_proof::{
    archived::Archived,
    fault::{Fault, FaultKind},
    files::{ReadError, StoredEntry, archived_at, io_error},
    folder::{Stage, file_name, path},
    scan::KnownHead,
    segment::{FOOTER_END_BYTES, Header, MAX_HEADER_BYTES, Point, decode_points},
};

/// How many indexes of sealed segments are kept. One is about 32 KiB for a segment of 64 MiB.
const KEPT_INDEXES: usize = 64;

/// How much more is read than up to where an entry likely ends, in bytes: some entries of a submission.
const LIKELY_MARGIN_BYTES: u64 = 2 << 10;

/// Reads durable entries. Clones are cheap; a clone reads on its own.
#[derive(Debug, Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Returns the position of the first entry that is not archived.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.shared.stored.archived.to()
    }

    /// Returns how many entries are durable now.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.shared.durable.borrow().head.size
    }

    /// Reads the entry at `position`; `None` when it is not durable yet.
    ///
    /// # Errors
    /// [`ReadError`] when the entry cannot be read or is damaged.
    pub fn entry(&self, position: u64) -> Result<Option<StoredEntry>, ReadError> {
        self.entries_from(position).next().transpose()
    }

    /// Returns size and root of the log after the group of the entry at `position`; `None` when it is not durable yet.
    ///
    /// It is what the trailer after the entry says; that it is right is for `verify` to say.
    ///
    /// # Errors
    /// [`ReadError`] when the trailer cannot be read or is damaged.
    pub fn group_head(&self, position: u64) -> Result<Option<KnownHead>, ReadError> {
        if position >= self.size() {
            return Ok(None);
        }
        let mut cursor = self.shared.stored.locate(position)?;
        match cursor.step(position)? {
            Some(_) => cursor.trailer(position).map(Some),
            None => Err(ReadError::Damaged(
                cursor.fault(position, FaultKind::MissingSegment),
            )),
        }
    }

    /// Reads the entry at `position`, which the caller knows to be durable.
    pub(crate) fn durable_entry(&self, position: u64) -> Result<StoredEntry, ReadError> {
        let missing = || {
            let stored = &self.shared.stored;
            stored.damaged(position, Stage::Open, position, FaultKind::MissingSegment)
        };
        self.entry(position)?.ok_or_else(missing)
    }

    /// Reads the header of the first segment, which exists once the log has an entry.
    pub(crate) fn first_header(&self) -> Result<Header, ReadError> {
        let stored = &self.shared.stored;
        if let Some(header) = stored.archived.first_header() {
            return Ok(header.clone());
        }
        let mut stage = Stage::Sealed;
        let mut file = stored.disk.open(&path(&stored.folder, 0, stage), false);
        if file.is_err() {
            stage = Stage::Open;
            file = stored.disk.open(&path(&stored.folder, 0, stage), false);
        }
        let path = path(&stored.folder, 0, stage);
        let mut bytes = Vec::new();
        file.and_then(|file| read_range(&*file, 0, MAX_HEADER_BYTES as u64, &mut bytes))
            .map_err(io_error(&path))?;
        let (header, _) =
            Header::decode(&bytes).map_err(|kind| stored.damaged(0, stage, 0, kind))?;
        Ok(header)
    }

    /// Returns the disk that the log is on.
    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.shared.stored.disk
    }

    /// Returns the durable entries from `position` on, in order.
    ///
    /// The iterator ends where the log is durable; asked again later, it goes on with what has become durable since.
    /// After an error it stays at the same entry.
    #[must_use]
    pub fn entries_from(&self, position: u64) -> Entries {
        Entries {
            reader: self.clone(),
            position,
            cursor: None,
        }
    }
}

/// An iterator over durable entries.
#[derive(Debug)]
pub struct Entries {
    reader: Reader,
    position: u64,
    cursor: Option<Cursor>,
}

impl Entries {
    /// Returns the position of the entry that comes next.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    fn read(&mut self) -> Result<StoredEntry, ReadError> {
        let stored = &self.reader.shared.stored;
        loop {
            let cursor = match &mut self.cursor {
                Some(cursor) => cursor,
                empty => empty.insert(stored.locate(self.position)?),
            };
            match cursor.step(self.position)? {
                Some(bytes) => {
                    return Ok(StoredEntry {
                        position: self.position,
                        bytes,
                    });
                }
                // The part of the segment that was durable when the cursor was made is read; look again.
                None if cursor.is_used() => self.cursor = None,
                None => {
                    return Err(ReadError::Damaged(
                        cursor.fault(self.position, FaultKind::MissingSegment),
                    ));
                }
            }
        }
    }
}

impl Iterator for Entries {
    type Item = Result<StoredEntry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.position >= self.reader.size() {
            return None;
        }
        let result = self.read();
        match result {
            Ok(_) => self.position += 1,
            Err(_) => self.cursor = None,
        }
        Some(result)
    }
}

/// Where the durable entries are.
#[derive(Debug)]
pub(crate) struct Stored {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// What is archived before the first segment.
    archived: Archived,
    directory: RwLock<Directory>,
    /// Indexes of sealed segments, the last one used at the end.
    indexes: Mutex<Vec<(u64, Arc<Index>)>>,
}

#[derive(Debug)]
struct Directory {
    /// The sealed segments, by the position at which they start, ascending.
    sealed: Vec<u64>,
    /// The open segment and what of it is durable.
    open: Option<(u64, Index)>,
}

/// Where frames are in one segment.
#[derive(Debug)]
struct Index {
    points: Vec<Point>,
    /// Where the frames and trailers end.
    end: u64,
}

impl Index {
    /// Returns where to read for `position`.
    fn place(&self, position: u64) -> Option<Place> {
        let after = self
            .points
            .partition_point(|point| point.position <= position);
        let start = self.points.get(after.checked_sub(1)?)?;
        let behind = self.points.get(after).map_or(self.end, |next| {
            let likely = likely_end(position, start, next);
            likely.map_or(next.offset, |likely| next.offset.min(likely))
        });
        Some(Place {
            start: start.offset,
            behind,
            end: self.end,
        })
    }
}

/// Returns where the frame of `position`, which lies between two points, likely ends; `None` when the points are no such.
///
/// Frames are mostly alike, so the share of the frames is about that of the bytes. Where it is not, more is read later.
fn likely_end(position: u64, start: &Point, next: &Point) -> Option<u64> {
    let frames = position.checked_sub(start.position)? + 1;
    let all_frames = next.position.checked_sub(start.position)?;
    let all_bytes = next.offset.checked_sub(start.offset)?;
    let bytes = frames.checked_mul(all_bytes)?.checked_div(all_frames)?;
    start
        .offset
        .checked_add(bytes)?
        .checked_add(LIKELY_MARGIN_BYTES)
}

impl Stored {
    /// Returns the entries of the sealed segments and of what is durable of the open one.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        sealed: Vec<u64>,
        archived: Archived,
        active: Option<&Active>,
    ) -> Self {
        let directory = RwLock::new(Directory { sealed, open: None });
        let stored = Self {
            disk,
            folder,
            archived,
            directory,
            indexes: Mutex::default(),
        };
        if let Some(active) = active {
            stored.publish(active);
        }
        stored
    }

    /// Makes what is durable of the open segment visible.
    pub(crate) fn publish(&self, active: &Active) {
        let first = active.header.start.size();
        let mut directory = self
            .directory
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let (_, index) = match &mut directory.open {
            Some(open) if open.0 == first => open,
            other => other.insert((
                first,
                Index {
                    points: Vec::new(),
                    end: 0,
                },
            )),
        };
        let points = active.running.points();
        index
            .points
            .extend_from_slice(&points[index.points.len()..]);
        index.end = active.file.tail();
    }

    /// Notes that the open segment, which starts at `first`, has been sealed.
    pub(crate) fn seal(&self, first: u64) {
        let mut directory = self
            .directory
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        directory.open = None;
        directory.sealed.push(first);
    }

    /// Returns a cursor at or before the entry at `position`, which is durable.
    fn locate(&self, position: u64) -> Result<Cursor, ReadError> {
        if let Some(error) = archived_at(&self.archived, position) {
            return Err(error);
        }
        let directory = self
            .directory
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((first, index)) = directory
            .open
            .as_ref()
            .filter(|(first, _)| *first <= position)
        {
            let (first, place) = (*first, index.place(position));
            drop(directory);
            return self.cursor(first, Stage::Open, place);
        }
        let after = directory.sealed.partition_point(|first| *first <= position);
        let first = after.checked_sub(1).map(|place| directory.sealed[place]);
        drop(directory);
        let first = first
            .ok_or_else(|| self.damaged(0, Stage::Sealed, position, FaultKind::MissingSegment))?;
        let index = self.sealed_index(first)?;
        self.cursor(first, Stage::Sealed, index.place(position))
    }

    fn cursor(&self, first: u64, stage: Stage, place: Option<Place>) -> Result<Cursor, ReadError> {
        let place =
            place.ok_or_else(|| self.damaged(first, stage, first, FaultKind::FooterContent))?;
        let mut path = path(&self.folder, first, stage);
        let mut file = self.disk.open(&path, false);
        let is_gone = file
            .as_ref()
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        if is_gone && stage == Stage::Open {
            // The segment has been sealed since it was looked up; what was durable then is at the same place.
            path = self.folder.join(file_name(first, Stage::Sealed));
            file = self.disk.open(&path, false);
        }
        let file = file.map_err(io_error(&path))?;
        Ok(Cursor::new(path, file, place))
    }

    fn damaged(&self, first: u64, stage: Stage, position: u64, kind: FaultKind) -> ReadError {
        let file = self.folder.join(file_name(first, stage));
        ReadError::Damaged(Fault {
            position,
            file,
            offset: 0,
            kind,
        })
    }

    /// Returns the index of a sealed segment, from memory or from its footer.
    fn sealed_index(&self, first: u64) -> Result<Arc<Index>, ReadError> {
        {
            let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = indexes.iter().position(|(other, _)| *other == first) {
                let found = indexes.remove(place);
                let index = Arc::clone(&found.1);
                indexes.push(found);
                return Ok(index);
            }
        }
        // Read without the lock: two readers may both read it, which is harmless.
        let index = Arc::new(self.read_index(first)?);
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        if indexes.len() >= KEPT_INDEXES {
            indexes.remove(0);
        }
        indexes.push((first, Arc::clone(&index)));
        Ok(index)
    }

    fn read_index(&self, first: u64) -> Result<Index, ReadError> {
        let path = path(&self.folder, first, Stage::Sealed);
        let file = self.disk.open(&path, false).map_err(io_error(&path))?;
        let damaged = |kind| self.damaged(first, Stage::Sealed, first, kind);
        let end = read_footer_end(&*file).map_err(io_error(&path))?;
        let end = end.ok_or_else(|| damaged(FaultKind::FooterChecksum))?;
        let length = file.length().map_err(io_error(&path))?;
        let mut bytes = Vec::new();
        let points_end = length.saturating_sub(FOOTER_END_BYTES as u64);
        read_range(&*file, end.offset.min(points_end), points_end, &mut bytes)
            .map_err(io_error(&path))?;
        let points = decode_points(&bytes).ok_or_else(|| damaged(FaultKind::FooterChecksum))?;
        Ok(Index {
            points,
            end: end.offset,
        })
    }
}
