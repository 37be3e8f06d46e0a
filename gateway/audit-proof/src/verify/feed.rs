//! Cutting a segment into batches that can be checked apart from each other.
//!
//! Reads a segment front to back in pieces that fit a processor's cache and finds where its frames and trailers stand.
//! It looks at lengths and markers only; what they announce is checked by [`super::batch`], and no byte is passed over:
//! what a batch does not hold is the end, which [`super::join`] compares.

use std::fs::File;

use crate::{
    entry::MAX_ENTRY_BYTES,
    positioned::read_at,
    segment::{FOOTER_MARKER, FRAME_BYTES, TRAILER_BYTES, TRAILER_MARKER},
};

/// The most entries of a batch; a power of two, so that batches are whole subtrees of the Merkle tree.
const BATCH_ENTRIES: u64 = 512;

/// A batch of this many bytes takes no more entries once it is a whole subtree; so it has at most about twice as many.
///
/// Together with what the system copies, a batch then stays within the second-level cache of one core.
pub(super) const BATCH_BYTES: usize = 192 << 10;

/// How much is read at a time when a batch is longer than the one before.
///
/// What a batch has read too much is read again by the next one, so this is small; much less would cost more in calls.
const STEP_BYTES: usize = 16 << 10;

/// One part of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A frame, in bytes from the start of the batch.
    Frame {
        /// Where it starts.
        start: usize,
        /// How many bytes it takes.
        length: usize,
    },
    /// A group trailer that starts here.
    Trailer {
        /// Where it starts.
        start: usize,
    },
}

/// Some frames that follow each other, with their trailers; used again for the next ones.
///
/// It starts with a frame, and a trailer belongs to the batch of the frame before it. Where the position of the first
/// entry is not 0, its lowest set bit is at least the number of entries.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Position of the first entry.
    pub(super) position: u64,
    /// Where in the file the batch starts.
    pub(super) offset: u64,
    /// What it consists of.
    pub(super) parts: Vec<Part>,
    /// Bytes read; those past `filled` are left from former batches.
    bytes: Vec<u8>,
    filled: usize,
}

impl Batch {
    /// Returns the bytes of a part, which may be cut short only by a mistake of the caller.
    pub(super) fn bytes(&self, start: usize, length: usize) -> Option<&[u8]> {
        self.bytes[..self.filled].get(start..start + length)
    }

    /// Sees to it that `end` bytes are at hand, by reading at least `wish` more; returns whether there are so many.
    fn fill(&mut self, file: &File, end: usize, wish: usize) -> std::io::Result<bool> {
        while self.filled < end {
            let until = end.max(self.filled + wish);
            if self.bytes.len() < until {
                self.bytes.resize(until, 0);
            }
            let from = self.offset + self.filled as u64;
            match read_at(file, &mut self.bytes[self.filled..until], from) {
                Ok(0) => return Ok(false),
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn u32_at(&self, start: usize) -> Option<u32> {
        let bytes = self.bytes(start, 4)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes))
    }
}

/// Where the next batch starts.
#[derive(Debug)]
pub(super) struct Feed<'a> {
    file: &'a File,
    position: u64,
    offset: u64,
    /// How many batches there were.
    batches: u64,
    /// Bytes of the batch before.
    estimate: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// More may come.
    Under,
    /// Neither a frame nor a trailer comes next, and no group is unfinished.
    Ended,
    /// Something is wrong.
    Unsound,
}

/// What stands at the next place.
enum Next {
    Part(Part),
    /// A frame, but for the next batch.
    Full,
    End,
}

impl<'a> Feed<'a> {
    /// Starts at `offset` of `file`, with the entry at `position`.
    pub(super) fn new(file: &'a File, offset: u64, position: u64) -> Self {
        Self {
            file,
            position,
            offset,
            batches: 0,
            estimate: STEP_BYTES,
            state: State::Under,
        }
    }

    /// Cuts the next batch and returns its number, counted from 0; `None` when there is no other.
    pub(super) fn next(&mut self, batch: &mut Batch) -> Option<u64> {
        if self.state != State::Under {
            return None;
        }
        batch.position = self.position;
        batch.offset = self.offset;
        batch.parts.clear();
        batch.filled = 0;
        let Some((bytes, entries)) = self.cut(batch) else {
            self.state = State::Unsound;
            return None;
        };
        if batch.parts.is_empty() {
            return None;
        }
        self.offset += bytes as u64;
        self.position += entries;
        self.estimate = bytes + 4;
        self.batches += 1;
        Some(self.batches - 1)
    }

    /// Gives no more batches, because something is wrong.
    pub(super) fn stop(&mut self) {
        self.state = State::Unsound;
    }

    /// Returns the number of batches and where they end, when the whole segment has been cut and nothing was wrong.
    pub(super) fn end(&self) -> Option<(u64, u64)> {
        (self.state == State::Ended).then_some((self.batches, self.offset))
    }

    /// Fills `batch`; returns its bytes and entries, or `None` when something is wrong.
    fn cut(&mut self, batch: &mut Batch) -> Option<(usize, u64)> {
        let most = match self.position.trailing_zeros() {
            64 => BATCH_ENTRIES,
            zeros => BATCH_ENTRIES.min(1 << zeros),
        };
        let (mut at, mut entries) = (0, 0_u64);
        batch.fill(self.file, 4, self.estimate).ok()?;
        loop {
            let is_full = entries == most || (at >= BATCH_BYTES && entries.is_power_of_two());
            match self.look(batch, at, is_full)? {
                Next::Part(part) => {
                    match part {
                        Part::Frame { length, .. } => {
                            at += length;
                            entries += 1;
                        }
                        Part::Trailer { .. } => at += TRAILER_BYTES,
                    }
                    batch.parts.push(part);
                }
                Next::Full => return Some((at, entries)),
                Next::End => {
                    let in_group = matches!(batch.parts.last(), Some(Part::Frame { .. }));
                    self.state = State::Ended;
                    return (!in_group).then_some((at, entries));
                }
            }
        }
    }

    /// Returns what stands at `start`, whole; `None` when it is nothing that may stand there.
    fn look(&self, batch: &mut Batch, start: usize, is_full: bool) -> Option<Next> {
        if !batch.fill(self.file, start + 4, STEP_BYTES).ok()? {
            return Some(Next::End);
        }
        let (part, length) = match batch.u32_at(start)? {
            0 | FOOTER_MARKER => return Some(Next::End),
            TRAILER_MARKER if matches!(batch.parts.last(), Some(Part::Frame { .. })) => {
                (Part::Trailer { start }, TRAILER_BYTES)
            }
            entry if entry as usize <= MAX_ENTRY_BYTES => {
                if is_full {
                    return Some(Next::Full);
                }
                let length = entry as usize + FRAME_BYTES;
                (Part::Frame { start, length }, length)
            }
            _ => return None,
        };
        let is_whole = batch.fill(self.file, start + length, STEP_BYTES).ok()?;
        is_whole.then_some(Next::Part(part))
    }
}
