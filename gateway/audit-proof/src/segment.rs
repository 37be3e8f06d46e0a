//! The segment format: the bytes between two file names.
//!
//! A segment is a header, groups of frames that end with a trailer each, and, once it is sealed, a footer. All numbers
//! are little-endian. Apart from where groups end, everything in a segment follows from its entries and from the
//! header of the first segment; so a reader checks it by making it again and comparing. Where groups end is bound by the
//! *seal*, SHA-256 over the header and the size after each group, which the footer and the next header carry.
//!
//! ```text
//! header   magic 8 | format u32 | header length u32 | segment number u64 | first position u64 | previous head 32
//!          | previous time u64 | previous seal 32 | policy digest 32 | former root 32 | origin length u16 | origin
//!          | peaks u16 | peak 32 … | previous SM3 head 32, in format 2 alone | crc32c u32
//! frame    entry length u32 (1 to 65,535) | position u64 | entry | crc32c u32
//! trailer  marker u32 | size u64 | root 32 | head 32 | crc32c u32
//! footer   marker u32 | points u32 | (position u64, offset u64) … | crc32c u32
//!          | size u64 | root 32 | head 32 | time u64 | seal 32 | points u32 | footer offset u64 | crc32c u32
//! ```
//!
//! The format is 1 in a log of SHA-256 alone and 2 in one whose entries link by SM3 too; all segments of a log have one.
//!
//! Files: `<first position, 20 digits>.open` while it is written, `.segment` once sealed, `.new` before it exists.
//! Bytes after the last group of an open segment are zero. Tiles, checkpoints and receipts are no part of a segment.

mod header;
#[cfg(test)]
mod tests;

use sha2::{Digest, Sha256};

pub use header::{Header, MAX_HEADER_BYTES, check_origin};

use crate::{
    chain::{Head, State},
    hash::Hash,
    scan::KnownHead,
};

/// Bytes of a frame beside its entry.
pub const FRAME_BYTES: usize = 4 + 8 + 4;
/// Bytes before the entry in a frame.
pub(crate) const FRAME_HEAD_BYTES: usize = 4 + 8;
/// Bytes of a group trailer.
pub const TRAILER_BYTES: usize = 4 + 8 + 32 + 32 + 4;
/// Bytes of the part of a footer that has a fixed length, at its end.
pub const FOOTER_END_BYTES: usize = 8 + 32 + 32 + 8 + 32 + 4 + 8 + 4;

/// Starts a group trailer. As a frame length it is impossible, so the two cannot be mistaken.
pub const TRAILER_MARKER: u32 = u32::from_le_bytes(*b"GRPE");
/// Starts a footer.
pub(crate) const FOOTER_MARKER: u32 = u32::from_le_bytes(*b"SEAL");

/// How far apart the points of a segment's index are, in bytes.
///
/// A random read hops over half of this on average; 32 KiB keeps that near ten microseconds and the index of a log of
/// 10⁸ entries below 16 MB.
const POINT_SPACING_BYTES: u64 = 32 << 10;

/// The place of one frame, from which reading may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The position of the entry in the frame.
    pub position: u64,
    /// Where the frame starts in the file, in bytes.
    pub offset: u64,
}

/// What is known of a segment while its frames pass by, whether they are written or read.
#[derive(Debug, Clone)]
pub struct Running {
    /// The log up to the newest entry of the segment.
    pub state: State,
    seal: Sha256,
    points: Vec<Point>,
}

impl Running {
    /// Starts after a header, given decoded and as bytes.
    #[must_use]
    pub fn after(header: &Header, bytes: &[u8]) -> Self {
        Self {
            state: header.start.clone(),
            seal: Sha256::new_with_prefix(bytes),
            points: Vec::new(),
        }
    }

    /// Takes in the next entry, whose frame starts at `offset`.
    ///
    /// It is given by its leaf hash, its SM3 leaf hash in a log with both suites, and its time.
    pub fn entry(&mut self, offset: u64, leaf: Hash, second: Option<Hash>, time_ns: u64) {
        self.point(self.state.size(), offset);
        self.state.append(leaf, second, time_ns);
    }

    /// Takes in entries whose frames start at the places `frames`, after which the log is at `state`.
    ///
    /// It is what [`Running::entry`] does for each of them, for a writer that has computed the state already.
    pub fn entries(&mut self, frames: impl Iterator<Item = Point>, state: State) {
        frames.for_each(|point| self.point(point.position, point.offset));
        self.state = state;
    }

    /// Notes that the frame of the entry at `position` starts at `offset`; for every frame, in order.
    pub(crate) fn point(&mut self, position: u64, offset: u64) {
        if self
            .points
            .last()
            .is_none_or(|point| offset >= point.offset + POINT_SPACING_BYTES)
        {
            self.points.push(Point { position, offset });
        }
    }

    /// Returns the trailer that ends a group here, and the head after it.
    #[must_use]
    pub fn trailer(&self) -> ([u8; TRAILER_BYTES], Head) {
        let head = self.state.head();
        (trailer(&head), head)
    }

    /// Ends a group; its trailer is that of [`Running::trailer`].
    pub fn end_group(&mut self) {
        self.end_group_at(self.state.size());
    }

    /// Ends a group after which there are `size` entries; for every group, in order.
    pub(crate) fn end_group_at(&mut self, size: u64) {
        self.seal.update(size.to_le_bytes());
    }

    /// Returns the seal of the segment as it stands.
    #[must_use]
    pub fn seal(&self) -> Hash {
        self.seal.clone().finalize().into()
    }

    /// Returns the footer that belongs at `offset`.
    #[must_use]
    pub fn footer(&self, offset: u64) -> Vec<u8> {
        let count = u32::try_from(self.points.len()).expect("a segment has fewer than 2³² points");
        let mut out = Vec::with_capacity(footer_bytes(self.points.len()));
        out.extend(FOOTER_MARKER.to_le_bytes());
        out.extend(count.to_le_bytes());
        for point in &self.points {
            out.extend(point.position.to_le_bytes());
            out.extend(point.offset.to_le_bytes());
        }
        let sum = crc32c::crc32c(&out);
        out.extend(sum.to_le_bytes());
        let head = self.state.head();
        let end = out.len();
        out.extend(head.size.to_le_bytes());
        out.extend(head.root);
        out.extend(head.hash);
        out.extend(head.time_ns.to_le_bytes());
        out.extend(self.seal());
        out.extend(count.to_le_bytes());
        out.extend(offset.to_le_bytes());
        let sum = crc32c::crc32c(&out[end..]);
        out.extend(sum.to_le_bytes());
        out
    }

    /// Returns the points so far.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Makes this a copy of `other`, which is this one at an earlier time.
    pub(crate) fn rewind(&mut self, other: &Committed) {
        self.state.clone_from(&other.state);
        self.points.truncate(other.points);
    }
}

/// The part of [`Running`] that frames change before their group is complete.
#[derive(Debug, Clone)]
pub(crate) struct Committed {
    state: State,
    points: usize,
}

impl Committed {
    /// Remembers `running` at the end of a group.
    pub(crate) fn of(running: &Running) -> Self {
        Self {
            state: running.state.clone(),
            points: running.points.len(),
        }
    }

    /// Returns the number of entries at the end of the group.
    pub(crate) fn size(&self) -> u64 {
        self.state.size()
    }

    /// Remembers `running` anew, without allocating.
    pub(crate) fn update(&mut self, running: &Running) {
        self.state.clone_from(&running.state);
        self.points = running.points.len();
    }
}

/// Reads the trailer at the start of `bytes`: the size and the root after its group; `None` when there is none.
///
/// Whether they are right is not checked; what follows is not looked at.
#[must_use]
pub fn read_trailer(bytes: &[u8]) -> Option<KnownHead> {
    let (content, _) = split_checksum(bytes.get(..TRAILER_BYTES)?)?;
    let mut fields = Fields(content);
    if fields.u32()? != TRAILER_MARKER {
        return None;
    }
    Some(KnownHead {
        size: fields.u64()?,
        root: fields.hash()?,
    })
}

/// Returns the trailer of a group after which the head is `head`.
fn trailer(head: &Head) -> [u8; TRAILER_BYTES] {
    let mut out = [0; TRAILER_BYTES];
    out[..4].copy_from_slice(&TRAILER_MARKER.to_le_bytes());
    out[4..12].copy_from_slice(&head.size.to_le_bytes());
    out[12..44].copy_from_slice(&head.root);
    out[44..76].copy_from_slice(&head.hash);
    let sum = crc32c::crc32c(&out[..76]);
    out[76..].copy_from_slice(&sum.to_le_bytes());
    out
}

/// Returns how long a footer with `points` points is.
pub(crate) fn footer_bytes(points: usize) -> usize {
    4 + 4 + points * 16 + 4 + FOOTER_END_BYTES
}

/// The fixed end of a footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FooterEnd {
    /// How many entries there are at the end of the segment, counted from the start of the log.
    pub size: u64,
    root: Hash,
    head: Hash,
    time_ns: u64,
    seal: Hash,
    /// Where the footer starts in its file.
    pub offset: u64,
    points: u32,
}

impl FooterEnd {
    /// Decodes the last [`FOOTER_END_BYTES`] of a sealed segment; `None` when they fail their checksum.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; FOOTER_END_BYTES] = bytes.try_into().ok()?;
        let (content, _) = split_checksum(bytes)?;
        let mut fields = Fields(content);
        Some(Self {
            size: fields.u64()?,
            root: fields.hash()?,
            head: fields.hash()?,
            time_ns: fields.u64()?,
            seal: fields.hash()?,
            points: fields.u32()?,
            offset: fields.u64()?,
        })
    }

    /// Returns whether the segment with `header` continues the one with this footer.
    #[must_use]
    pub fn continues_in(&self, header: &Header) -> bool {
        let head = Head {
            size: self.size,
            hash: self.head,
            root: self.root,
            time_ns: self.time_ns,
        };
        header.start.head() == head && header.previous_seal == self.seal
    }
}

/// Decodes the points of a footer from the bytes before its fixed end; `None` when they are no points or fail their
/// checksum.
#[must_use]
pub fn decode_points(bytes: &[u8]) -> Option<Vec<Point>> {
    let (content, _) = split_checksum(bytes)?;
    let mut fields = Fields(content);
    if fields.u32()? != FOOTER_MARKER {
        return None;
    }
    let count = usize::try_from(fields.u32()?).ok()?;
    if fields.0.len() != count.checked_mul(16)? {
        return None;
    }
    (0..count)
        .map(|_| {
            Some(Point {
                position: fields.u64()?,
                offset: fields.u64()?,
            })
        })
        .collect()
}

/// Appends a frame to `out` around the entry that `write` appends; returns where the entry lies in `out`.
pub fn write_frame(
    out: &mut Vec<u8>,
    position: u64,
    write: impl FnOnce(&mut Vec<u8>),
) -> std::ops::Range<usize> {
    let start = out.len();
    out.extend([0; 4]);
    out.extend(position.to_le_bytes());
    write(out);
    let entry = start + FRAME_HEAD_BYTES..out.len();
    let length = u32::try_from(entry.len()).expect("an entry is at most 65,535 bytes long");
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    let sum = crc32c::crc32c(&out[start..]);
    out.extend(sum.to_le_bytes());
    entry
}

/// A frame whose checksum holds.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The position that the frame says.
    pub position: u64,
    /// The bytes of the entry, from 1 to [`MAX_ENTRY_BYTES`](crate::entry::MAX_ENTRY_BYTES) of them.
    pub entry: &'a [u8],
}

impl Frame<'_> {
    /// Returns how many bytes the frame takes.
    #[must_use]
    pub fn length(&self) -> usize {
        self.entry.len() + FRAME_BYTES
    }
}

/// Why there is no frame at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFrame {
    /// The length is 0, above 65,535, or reaches past the end.
    Length,
    /// The checksum does not hold.
    Checksum,
}

/// Reads the frame at the start of `bytes`; what follows it is not looked at.
///
/// # Errors
/// [`NoFrame`] when there is none; whether its entry is one is not checked.
pub fn read_frame(bytes: &[u8]) -> Result<Frame<'_>, NoFrame> {
    let mut fields = Fields(bytes);
    let length = fields.u32().map_or(0, |length| length as usize);
    let position = fields.u64().ok_or(NoFrame::Length)?;
    if !(1..=crate::entry::MAX_ENTRY_BYTES).contains(&length) || length + 4 > fields.0.len() {
        return Err(NoFrame::Length);
    }
    let whole = &bytes[..FRAME_BYTES + length];
    split_checksum(whole).ok_or(NoFrame::Checksum)?;
    Ok(Frame {
        position,
        entry: &whole[FRAME_HEAD_BYTES..FRAME_HEAD_BYTES + length],
    })
}

/// Splits off a valid checksum from the end of `bytes`; `None` when it is not valid.
pub(crate) fn split_checksum(bytes: &[u8]) -> Option<(&[u8], u32)> {
    let (content, sum) = bytes.split_last_chunk::<4>()?;
    let sum = u32::from_le_bytes(*sum);
    (crc32c::crc32c(content) == sum).then_some((content, sum))
}

/// Takes fields of fixed length off the front of bytes.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn take<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (field, rest) = self.0.split_first_chunk::<LENGTH>()?;
        self.0 = rest;
        Some(*field)
    }

    pub(crate) fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    pub(crate) fn hash(&mut self) -> Option<Hash> {
        self.take()
    }
}
