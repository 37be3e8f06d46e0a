//! Checking one segment from its bytes.
//!
//! A pure function that replays a segment from its header: every frame, entry, link, time, group and footer is checked
//! against what the entries before it give. It decides nothing: opening a log and verifying one judge the result in
//! their own ways. It shares the format with the writer and nothing else.

use crate::{
    chain::{Head, check_second_link},
    entry::Entry,
    fault::{FaultKind, Flaw},
    hash::{Hash, leaf_hash},
    segment::{
        Committed, FOOTER_MARKER, Fields, Header, NoFrame, Running, TRAILER_BYTES, TRAILER_MARKER,
        footer_bytes, read_frame, split_checksum,
    },
    suite::LogSuite,
};

/// A root that is known from elsewhere, such as from a receipt or a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownHead {
    /// The size of the tree.
    pub size: u64,
    /// Its RFC 6962 root.
    pub root: Hash,
}

/// What replaying a segment gave.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The segment at the end of its last complete group.
    pub running: Running,
    /// Where that group ends, in bytes.
    pub tail: usize,
    /// How many complete groups there are.
    pub groups: u64,
    /// The heads at the sizes asked for, as far as complete groups have them, in ascending order.
    pub observed: Vec<Head>,
    /// How it ends.
    pub end: End,
}

/// How a segment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// After a group, with zeros up to the end of the file.
    Open,
    /// With the right footer, which ends here.
    Sealed(usize),
    /// Otherwise.
    Flawed(Flaw),
}

/// Replays the segment in `bytes`, whose decoded header takes the first `body` bytes.
///
/// `known` must be in ascending order of size; heads outside the segment are passed over.
#[must_use]
pub fn scan(bytes: &[u8], header: &Header, body: usize, known: &[KnownHead]) -> Scan {
    scan_observing(bytes, header, body, known, &[])
}

/// As [`scan`], and keeps the heads at the sizes in `observe`, which are in ascending order.
#[must_use]
pub fn scan_observing(
    bytes: &[u8],
    header: &Header,
    body: usize,
    known: &[KnownHead],
    observe: &[u64],
) -> Scan {
    let running = Running::after(header, &bytes[..body]);
    let passed = known.partition_point(|head| head.size <= running.state.size());
    let passed_sizes = observe.partition_point(|size| *size <= running.state.size());
    let mut replay = Replay {
        bytes,
        origin: &header.origin,
        suite: header.suite(),
        committed: Committed::of(&running),
        running,
        known: &known[passed..],
        observe: &observe[passed_sizes..],
        observed: Vec::new(),
        tail: body,
        offset: body,
        groups: 0,
    };
    let end = loop {
        match replay.step() {
            Ok(None) => {}
            Ok(Some(end)) => break end,
            Err(kind) => break End::Flawed(replay.flaw(kind)),
        }
    };
    let mut running = replay.running;
    running.rewind(&replay.committed);
    let mut observed = replay.observed;
    observed.retain(|head| head.size <= running.state.size());
    Scan {
        running,
        tail: replay.tail,
        groups: replay.groups,
        observed,
        end,
    }
}

/// A segment being replayed.
struct Replay<'a> {
    bytes: &'a [u8],
    origin: &'a str,
    suite: LogSuite,
    running: Running,
    committed: Committed,
    known: &'a [KnownHead],
    observe: &'a [u64],
    observed: Vec<Head>,
    /// The end of the last complete group.
    tail: usize,
    /// The next byte to look at.
    offset: usize,
    groups: u64,
}

impl Replay<'_> {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.offset..]
    }

    fn flaw(&self, kind: FaultKind) -> Flaw {
        // What vouches for a group as a whole is wrong for all of its entries.
        let is_of_group = matches!(
            kind,
            FaultKind::GroupForm
                | FaultKind::GroupChecksum
                | FaultKind::GroupSize
                | FaultKind::GroupRoot
                | FaultKind::GroupHead
        );
        let position = if is_of_group {
            self.committed.size()
        } else {
            self.running.state.size()
        };
        Flaw {
            position,
            offset: self.offset,
            kind,
        }
    }

    /// Takes in a frame, a trailer, a footer or the end; returns the end.
    fn step(&mut self) -> Result<Option<End>, FaultKind> {
        let in_group = self.tail != self.offset;
        match Fields(self.rest()).u32() {
            Some(TRAILER_MARKER) => self.trailer(in_group).map(|()| None),
            Some(FOOTER_MARKER) => self.footer(in_group).map(Some),
            Some(1..) => match self.frame() {
                Err(FaultKind::FrameLength) if in_group && self.is_trailer_but_marker() => {
                    Err(FaultKind::GroupChecksum)
                }
                result => result.map(|()| None),
            },
            // Zeros, or less than any part of a segment takes.
            Some(0) | None if in_group => Err(FaultKind::GroupForm),
            Some(0) | None if self.rest().iter().all(|byte| *byte == 0) => Ok(Some(End::Open)),
            Some(0) | None => Err(FaultKind::FrameLength),
        }
    }

    fn frame(&mut self) -> Result<(), FaultKind> {
        let frame = read_frame(&self.bytes[self.offset..]).map_err(|fault| match fault {
            NoFrame::Length => FaultKind::FrameLength,
            NoFrame::Checksum => FaultKind::FrameChecksum,
        })?;
        let state = &self.running.state;
        if frame.position != state.size() {
            return Err(FaultKind::FramePosition);
        }
        let entry = Entry::decode(frame.entry).map_err(FaultKind::Entry)?;
        if entry.origin() != self.origin {
            return Err(FaultKind::EntryOrigin);
        }
        if entry.position() != state.size() {
            return Err(FaultKind::EntryPosition);
        }
        if entry.time_ns() <= state.time_ns {
            return Err(FaultKind::EntryTime);
        }
        if entry.link() != &state.hash {
            return Err(FaultKind::EntryLink);
        }
        check_second_link(state.second.as_ref(), entry.second_link())?;
        let second = self.suite.second_leaf_hash(frame.entry);
        let leaf = leaf_hash(frame.entry);
        self.running
            .entry(self.offset as u64, leaf, second, entry.time_ns());
        self.check_known()?;
        self.observe();
        self.offset += frame.length();
        Ok(())
    }

    fn check_known(&mut self) -> Result<(), FaultKind> {
        while let Some((head, rest)) = self.known.split_first() {
            if head.size != self.running.state.size() {
                break;
            }
            if head.root != self.running.state.head().root {
                return Err(FaultKind::DiffersFromKnown);
            }
            self.known = rest;
        }
        Ok(())
    }

    fn observe(&mut self) {
        while let Some((size, rest)) = self.observe.split_first() {
            if *size != self.running.state.size() {
                break;
            }
            self.observed.push(self.running.state.head());
            self.observe = rest;
        }
    }

    fn trailer(&mut self, in_group: bool) -> Result<(), FaultKind> {
        let found = self
            .rest()
            .get(..TRAILER_BYTES)
            .ok_or(FaultKind::GroupChecksum)?;
        split_checksum(found).ok_or(FaultKind::GroupChecksum)?;
        if !in_group {
            return Err(FaultKind::GroupSize);
        }
        let found: [u8; TRAILER_BYTES] = found
            .try_into()
            .expect("the slice was taken with this length");
        let (expected, _) = self.running.trailer();
        if found[..12] != expected[..12] {
            return Err(FaultKind::GroupSize);
        }
        if found[12..44] != expected[12..44] {
            return Err(FaultKind::GroupRoot);
        }
        if found != expected {
            return Err(FaultKind::GroupHead);
        }
        self.running.end_group();
        self.offset += TRAILER_BYTES;
        self.tail = self.offset;
        self.groups += 1;
        self.committed.update(&self.running);
        Ok(())
    }

    /// Returns whether the right trailer stands here but for its marker, so that the fault is laid to its group and not
    /// to the entry after it.
    fn is_trailer_but_marker(&self) -> bool {
        self.rest()
            .get(4..TRAILER_BYTES)
            .is_some_and(|found| found[..72] == self.running.trailer().0[4..76])
    }

    fn footer(&mut self, in_group: bool) -> Result<End, FaultKind> {
        let length = Fields(&self.rest()[4..])
            .u32()
            .map_or(usize::MAX, |points| footer_bytes(points as usize));
        let found = self.rest().get(..length).ok_or(FaultKind::FooterChecksum)?;
        let (points, end) = found.split_at(length - crate::segment::FOOTER_END_BYTES);
        if split_checksum(points).is_none() || split_checksum(end).is_none() {
            return Err(FaultKind::FooterChecksum);
        }
        if in_group || self.groups == 0 {
            return Err(FaultKind::FooterForm);
        }
        if found != self.running.footer(self.offset as u64) {
            return Err(FaultKind::FooterContent);
        }
        let end = self.offset + length;
        if self.bytes[end..].iter().any(|byte| *byte != 0) {
            return Err(FaultKind::TrailingBytes);
        }
        Ok(End::Sealed(end))
    }
}
