//! Entries from the files of a log, without its writer.
//!
//! Follows the segment format that `audit-log` documents (header, frames,
//! group trailers). Checks the checksum of each frame, its place, and the link
//! between neighbours; roots, seals and the rest are `verify`'s. Entries of a
//! group that has no trailer yet were never acknowledged and are not shown.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use audit_log::{Entry, Hash, StoredEntry, leaf_hash};

/// Bytes before the entry in a frame: length and position.
const FRAME_HEAD_BYTES: usize = 4 + 8;
/// Bytes of a checksum.
const CHECKSUM_BYTES: usize = 4;
/// Bytes of a group trailer: marker, size, root, head, checksum.
const TRAILER_BYTES: usize = 4 + 8 + 32 + 32 + CHECKSUM_BYTES;
/// Where the header says its own length.
const HEADER_LENGTH_AT: usize = 12;

/// Why the next entry cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoredError {
    /// A file or the folder cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A segment does not hold what it must.
    #[error("{}, byte {offset}: {what}", path.display())]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where the part that is wrong starts.
        offset: usize,
        /// What is wrong.
        what: &'static str,
    },
}

/// The entries from `position` on, in order; ends after the first error.
///
/// # Errors
/// [`StoredError::Read`] when the folder cannot be listed.
pub(crate) fn entries(folder: &Path, position: u64) -> Result<Entries, StoredError> {
    let mut segments = segments(folder)?;
    // The segment that holds `position` is the last that starts at or before it.
    let first = segments
        .iter()
        .rposition(|(start, _)| *start <= position)
        .unwrap_or(0);
    segments.drain(..first);
    Ok(Entries {
        segments: segments.into_iter(),
        from: position,
        expected: None,
        ready: Vec::new().into_iter(),
        link: None,
        is_ended: false,
    })
}

/// The segments by the position at which they start: `<20 digits>.segment` or `.open`.
fn segments(folder: &Path) -> Result<Vec<(u64, PathBuf)>, StoredError> {
    let read = |cause| StoredError::Read {
        path: folder.to_owned(),
        cause,
    };
    let mut segments = Vec::new();
    for file in fs::read_dir(folder).map_err(read)? {
        let path = file.map_err(read)?.path();
        let is_segment = path
            .extension()
            .is_some_and(|extension| extension == "segment" || extension == "open");
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .filter(|stem| stem.len() == 20);
        if let (true, Some(Ok(start))) = (is_segment, stem.map(str::parse)) {
            segments.push((start, path));
        }
    }
    segments.sort_unstable();
    Ok(segments)
}

/// An iterator over the stored entries.
pub(crate) struct Entries {
    segments: std::vec::IntoIter<(u64, PathBuf)>,
    from: u64,
    /// Position the next segment must start at; `None` before the first.
    expected: Option<u64>,
    /// Entries of the segment that was read last; one segment is in memory at a time.
    ready: std::vec::IntoIter<Result<StoredEntry, StoredError>>,
    /// Leaf hash of the entry before.
    link: Option<Hash>,
    is_ended: bool,
}

impl Iterator for Entries {
    type Item = Result<StoredEntry, StoredError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_ended {
            if let Some(result) = self.ready.next() {
                self.is_ended = result.is_err();
                return Some(result);
            }
            let Some((start, path)) = self.segments.next() else {
                break;
            };
            match self.read_segment(start, &path) {
                Ok(found) => self.ready = found.into_iter(),
                Err(error) => {
                    self.is_ended = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl Entries {
    fn read_segment(
        &mut self,
        start: u64,
        path: &Path,
    ) -> Result<Vec<Result<StoredEntry, StoredError>>, StoredError> {
        let damaged = |offset, what| StoredError::Damaged {
            path: path.to_owned(),
            offset,
            what,
        };
        if self.expected.is_some_and(|expected| expected != start) {
            return Err(damaged(0, "a segment is missing before this one"));
        }
        let bytes = fs::read(path).map_err(|cause| StoredError::Read {
            path: path.to_owned(),
            cause,
        })?;
        let header = u32_at(&bytes, HEADER_LENGTH_AT).map_or(usize::MAX, |length| length as usize);
        if header >= bytes.len() {
            return Err(damaged(0, "the segment has no header"));
        }
        let is_open = path
            .extension()
            .is_some_and(|extension| extension == "open");
        let mut found = Vec::new();
        let mut complete = 0;
        let mut position = start;
        let mut offset = header;
        let mut fault = None;
        loop {
            match part(&bytes[offset..], position) {
                Part::Entry(entry) => {
                    if let Err(what) = self.follow(entry, position) {
                        fault = Some((offset, what));
                        break;
                    }
                    found.push(Ok(StoredEntry {
                        position,
                        bytes: entry.to_vec(),
                    }));
                    position += 1;
                    offset += FRAME_HEAD_BYTES + entry.len() + CHECKSUM_BYTES;
                }
                Part::Trailer => {
                    complete = found.len();
                    offset += TRAILER_BYTES;
                }
                Part::End => break,
                Part::Damaged(what) => {
                    fault = Some((offset, what));
                    break;
                }
            }
        }
        found.truncate(complete);
        self.expected = Some(start + complete as u64);
        let skipped = usize::try_from(self.from.saturating_sub(start))
            .unwrap_or(usize::MAX)
            .min(found.len());
        found.drain(..skipped);
        // The last write to an open segment may be unfinished; a sealed segment has no such excuse.
        if let Some((offset, what)) = fault
            && !is_open
        {
            found.push(Err(damaged(offset, what)));
        }
        Ok(found)
    }

    /// Checks that `bytes` are an entry that follows the one before.
    fn follow(&mut self, bytes: &[u8], position: u64) -> Result<(), &'static str> {
        let entry = Entry::decode(bytes).map_err(|_| "the entry is not canonical")?;
        if entry.position() != position {
            return Err("the entry says another position");
        }
        if self.link.is_some_and(|link| link != *entry.link()) {
            return Err("the entry does not link to the one before");
        }
        self.link = Some(leaf_hash(bytes));
        Ok(())
    }
}

/// What stands at one place of a segment.
enum Part<'b> {
    Entry(&'b [u8]),
    Trailer,
    End,
    Damaged(&'static str),
}

fn part(bytes: &[u8], position: u64) -> Part<'_> {
    match u32_at(bytes, 0).map(u32::to_le_bytes) {
        None => Part::End,
        Some([0, 0, 0, 0]) => Part::End,
        Some([b'S', b'E', b'A', b'L']) => Part::End,
        Some([b'G', b'R', b'P', b'E']) => match bytes.get(..TRAILER_BYTES) {
            Some(trailer) if is_sound(trailer) => Part::Trailer,
            Some(_) | None => Part::Damaged("the group trailer fails its checksum"),
        },
        Some(length) => frame(bytes, u32::from_le_bytes(length) as usize, position),
    }
}

fn frame(bytes: &[u8], length: usize, position: u64) -> Part<'_> {
    let whole = length
        .checked_add(FRAME_HEAD_BYTES + CHECKSUM_BYTES)
        .and_then(|end| bytes.get(..end));
    match whole {
        Some(whole) if is_sound(whole) => {
            if whole[4..FRAME_HEAD_BYTES] == position.to_le_bytes() {
                Part::Entry(&whole[FRAME_HEAD_BYTES..FRAME_HEAD_BYTES + length])
            } else {
                Part::Damaged("the frame is for another position")
            }
        }
        Some(_) => Part::Damaged("the frame fails its checksum"),
        None => Part::Damaged("the frame has an impossible length"),
    }
}

/// Whether the last four bytes are the CRC-32C of those before.
fn is_sound(bytes: &[u8]) -> bool {
    bytes
        .split_last_chunk::<CHECKSUM_BYTES>()
        .is_some_and(|(content, sum)| crc32c::crc32c(content).to_le_bytes() == *sum)
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes
        .get(offset..)?
        .first_chunk()
        .copied()
        .map(u32::from_le_bytes)
}
