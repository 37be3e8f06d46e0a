//! Checking a batch of entries without knowing the entries before it.
//!
//! A pure function over bytes: everything that `scan` checks of a frame and a trailer is checked here, but for what
//! depends on the entries before the batch. That is returned, and [`super::join`] checks it.

use super::feed::{Batch, Part};
use crate::{
    chain::check_second_link,
    entry::Entry,
    hash::{Hash, prefixed_leaf_hash},
    scan::KnownHead,
    segment::{FRAME_HEAD_BYTES, Fields, TRAILER_BYTES, split_checksum},
    suite::LogSuite,
    tree::CompactRange,
};

/// A batch that is sound in itself, and what is left to be checked of it.
#[derive(Debug)]
pub(super) struct Checked {
    /// What the first entry links to.
    pub(super) link: Hash,
    /// What it links to by SM3, if it does.
    pub(super) second_link: Option<Hash>,
    /// The time of the first entry.
    pub(super) first_time_ns: u64,
    /// The leaf hash of the last entry.
    pub(super) hash: Hash,
    /// Its SM3 leaf hash, in a log with both suites.
    pub(super) second: Option<Hash>,
    /// The time of the last entry.
    pub(super) time_ns: u64,
    /// The tree over the entries of the batch alone.
    pub(super) tree: CompactRange,
    /// The roots that are stored or known, in order.
    pub(super) roots: Vec<Root>,
    /// The heads that are asked for, in order, but for what comes before the batch.
    pub(super) heads: Vec<BatchHead>,
    /// Where the frames start in the file.
    pub(super) frames: Vec<u64>,
}

/// A root that the log must have at a size.
#[derive(Debug)]
pub(super) struct Root {
    /// The size, counted from the start of the log.
    pub(super) size: u64,
    /// The root of the tree over the entries of the batch up to that size.
    pub(super) of_batch: Hash,
    /// The root that the whole log must have.
    pub(super) expected: Hash,
    /// Whether a group ends here.
    pub(super) ends_group: bool,
}

/// A head that is asked for, as far as a batch alone can tell.
#[derive(Debug)]
pub(super) struct BatchHead {
    /// The size, counted from the start of the log.
    pub(super) size: u64,
    /// The leaf hash of the entry before that size.
    pub(super) hash: Hash,
    /// The time of that entry.
    pub(super) time_ns: u64,
    /// The root of the tree over the entries of the batch up to that size.
    pub(super) of_batch: Hash,
}

/// Checks `batch` of the log with that origin and suite; `None` when anything at all is wrong.
///
/// `known` and `observe` are in ascending order of size.
pub(super) fn check(
    batch: &Batch,
    origin: &str,
    suite: LogSuite,
    known: &[KnownHead],
    observe: &[u64],
) -> Option<Checked> {
    let passed = known.partition_point(|head| head.size <= batch.position);
    let passed_sizes = observe.partition_point(|size| *size <= batch.position);
    let mut check = Check {
        batch,
        origin,
        suite,
        known: &known[passed..],
        observe: &observe[passed_sizes..],
        checked: Checked {
            link: [0; 32],
            second_link: None,
            first_time_ns: 0,
            hash: [0; 32],
            second: None,
            time_ns: 0,
            tree: CompactRange::new(),
            roots: Vec::new(),
            heads: Vec::new(),
            frames: Vec::with_capacity(batch.parts.len()),
        },
    };
    for part in &batch.parts {
        match *part {
            Part::Frame { start, length } => check.frame(start, length)?,
            Part::Trailer { start } => check.trailer(start)?,
        }
    }
    Some(check.checked)
}

/// A batch under way.
struct Check<'a> {
    batch: &'a Batch,
    origin: &'a str,
    suite: LogSuite,
    known: &'a [KnownHead],
    observe: &'a [u64],
    checked: Checked,
}

impl Check<'_> {
    fn size(&self) -> u64 {
        self.batch.position + self.checked.tree.size()
    }

    fn frame(&mut self, start: usize, length: usize) -> Option<()> {
        let position = self.size();
        let (content, _) = split_checksum(self.batch.bytes(start, length)?)?;
        // The first four bytes are the length, by which the frame was found.
        if content.get(4..FRAME_HEAD_BYTES)? != position.to_le_bytes() {
            return None;
        }
        let entry = Entry::decode(&content[FRAME_HEAD_BYTES..]).ok()?;
        if entry.origin() != self.origin || entry.position() != position {
            return None;
        }
        // The highest byte of the position stands right before the entry. It is 0 in every log there can be, which is
        // the prefix of a leaf, so the leaf is hashed in one piece.
        let leaf = prefixed_leaf_hash(&content[FRAME_HEAD_BYTES - 1..])?;
        self.follow(&entry, leaf)?;
        self.checked.frames.push(self.batch.offset + start as u64);
        while let Some((head, rest)) = self.known.split_first() {
            if head.size != self.size() {
                break;
            }
            self.root(head.root, false);
            self.known = rest;
        }
        self.observe();
        Some(())
    }

    fn observe(&mut self) {
        while let Some((size, rest)) = self.observe.split_first() {
            if *size != self.size() {
                break;
            }
            let head = BatchHead {
                size: *size,
                hash: self.checked.hash,
                time_ns: self.checked.time_ns,
                of_batch: self.checked.tree.root(),
            };
            self.checked.heads.push(head);
            self.observe = rest;
        }
    }

    /// Checks the time and the link against the entry before, when that is in the batch, and takes the entry in.
    fn follow(&mut self, entry: &Entry<'_>, leaf: Hash) -> Option<()> {
        let checked = &mut self.checked;
        if checked.tree.size() == 0 {
            checked.link = *entry.link();
            checked.second_link = entry.second_link().copied();
            checked.first_time_ns = entry.time_ns();
        } else if entry.time_ns() <= checked.time_ns || entry.link() != &checked.hash {
            return None;
        } else {
            check_second_link(checked.second.as_ref(), entry.second_link()).ok()?;
        }
        checked.hash = leaf;
        checked.second = self.suite.second_leaf_hash(entry.as_bytes());
        checked.time_ns = entry.time_ns();
        checked.tree.append(leaf);
        Some(())
    }

    fn trailer(&mut self, start: usize) -> Option<()> {
        let (content, _) = split_checksum(self.batch.bytes(start, TRAILER_BYTES)?)?;
        let mut fields = Fields(content);
        // By its marker it was found.
        fields.u32()?;
        if fields.u64()? != self.size() {
            return None;
        }
        let root = fields.hash()?;
        if fields.hash()? != self.checked.hash {
            return None;
        }
        self.root(root, true);
        Some(())
    }

    fn root(&mut self, expected: Hash, ends_group: bool) {
        let root = Root {
            size: self.size(),
            of_batch: self.checked.tree.root(),
            expected,
            ends_group,
        };
        self.checked.roots.push(root);
    }
}
