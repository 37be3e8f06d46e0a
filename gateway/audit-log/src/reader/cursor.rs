//! A place in one segment from which frames are read forward.
//!
//! Buffers the file in chunks, hops over group trailers and over frames before the one asked for. It never reads past
//! the end it was given, which is what was durable then.

use std::path::PathBuf;

use audit_proof::{
    fault::{Fault, FaultKind},
    files::{ReadError, io_error},
    scan::KnownHead,
    segment::{FRAME_BYTES, NoFrame, TRAILER_BYTES, TRAILER_MARKER, read_frame, read_trailer},
};

use crate::disk::{DiskFile, read_range};

/// How much is read at most to find an entry, and then when it was not enough: the longest frame lies within it.
const FIRST_CHUNK_BYTES: u64 = 112 << 10;
/// How much is read then, when entries are read one after another.
const CHUNK_BYTES: u64 = 512 << 10;

/// Where in a segment an entry is, as its index says; offsets in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The frame at which reading starts, at or before the entry.
    pub(super) start: u64,
    /// Where the entry likely ends.
    pub(super) behind: u64,
    /// The end of what may be read.
    pub(super) end: u64,
}

/// A forward reader of one segment.
#[derive(Debug)]
pub(super) struct Cursor {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    /// Where the first chunk ends: what is read beyond the entry costs more than finding it.
    first_end: u64,
    /// The end of what may be read.
    end: u64,
    chunk: Vec<u8>,
    /// Where in the file the chunk starts.
    chunk_offset: u64,
    /// The next byte to look at, in the chunk.
    at: usize,
    /// Whether an entry has been returned.
    is_used: bool,
}

impl Cursor {
    /// Starts at a place of the segment.
    pub(super) fn new(path: PathBuf, file: Box<dyn DiskFile>, place: Place) -> Self {
        Self {
            path,
            file,
            first_end: place
                .behind
                .min(place.start.saturating_add(FIRST_CHUNK_BYTES)),
            end: place.end,
            chunk: Vec::new(),
            chunk_offset: place.start,
            at: 0,
            is_used: false,
        }
    }

    /// Returns whether the cursor has returned an entry.
    pub(super) fn is_used(&self) -> bool {
        self.is_used
    }

    /// Returns a fault at the present place.
    pub(super) fn fault(&self, position: u64, kind: FaultKind) -> Fault {
        Fault {
            position,
            file: self.path.clone(),
            offset: self.chunk_offset + self.at as u64,
            kind,
        }
    }

    /// Returns the entry at `position`, hopping over those before it; `None` at the end of what may be read.
    pub(super) fn step(&mut self, position: u64) -> Result<Option<Vec<u8>>, ReadError> {
        loop {
            if !self.fill(TRAILER_BYTES)? && self.at == self.chunk.len() {
                return Ok(None);
            }
            let start = self.chunk[self.at..].first_chunk();
            let kind = match start.map(|start| u32::from_le_bytes(*start)) {
                Some(TRAILER_MARKER) => {
                    self.at = (self.at + TRAILER_BYTES).min(self.chunk.len());
                    continue;
                }
                Some(length) => {
                    self.fill(length.min(u32::from(u16::MAX)) as usize + FRAME_BYTES)?;
                    FaultKind::FrameLength
                }
                None => FaultKind::FrameLength,
            };
            let frame = match read_frame(&self.chunk[self.at..]) {
                Ok(frame) => frame,
                Err(NoFrame::Length) => return Err(ReadError::Damaged(self.fault(position, kind))),
                Err(NoFrame::Checksum) => {
                    return Err(ReadError::Damaged(
                        self.fault(position, FaultKind::FrameChecksum),
                    ));
                }
            };
            if frame.position > position {
                return Err(ReadError::Damaged(
                    self.fault(position, FaultKind::FramePosition),
                ));
            }
            let found = (frame.position == position).then(|| frame.entry.to_vec());
            self.at += frame.length();
            if found.is_some() {
                self.is_used = true;
                return Ok(found);
            }
        }
    }

    /// Returns what the trailer of the group says in which the cursor stands, behind the entry at `position`.
    pub(super) fn trailer(&mut self, position: u64) -> Result<KnownHead, ReadError> {
        loop {
            self.fill(TRAILER_BYTES)?;
            let rest = &self.chunk[self.at..];
            let start = rest.first_chunk().map(|start| u32::from_le_bytes(*start));
            if start == Some(TRAILER_MARKER) {
                return read_trailer(rest).ok_or_else(|| {
                    ReadError::Damaged(self.fault(position, FaultKind::GroupChecksum))
                });
            }
            let length = start.unwrap_or_default().min(u32::from(u16::MAX));
            self.fill(length as usize + FRAME_BYTES)?;
            let frame = read_frame(&self.chunk[self.at..]);
            let frame = frame
                .map_err(|_| ReadError::Damaged(self.fault(position, FaultKind::GroupForm)))?;
            self.at += frame.length();
        }
    }

    /// Sees to it that `length` bytes are at hand; returns whether there are so many.
    fn fill(&mut self, length: usize) -> Result<bool, ReadError> {
        if self.chunk.len() - self.at >= length {
            return Ok(true);
        }
        let read = self.chunk.len() as u64;
        self.chunk_offset += self.at as u64;
        self.at = 0;
        let end = match read {
            0 => self.first_end,
            1..FIRST_CHUNK_BYTES => self.chunk_offset + FIRST_CHUNK_BYTES,
            FIRST_CHUNK_BYTES.. => self.chunk_offset + CHUNK_BYTES,
        };
        let end = end.min(self.end);
        read_range(&*self.file, self.chunk_offset, end, &mut self.chunk)
            .map_err(io_error(&self.path))?;
        Ok(self.chunk.len() >= length)
    }
}
