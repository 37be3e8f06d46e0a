//! The right edge of a tree of either suite.
//!
//! What [`crate::tree::CompactRange`] is for the log's own SHA-256 tree, with the hashes that complete on the way shown to
//! the caller. It stores nothing; the appender of tiles and the check of range proofs rely on it.

use crate::{hash::Hash, suite::Suite};

/// The roots of a tree's perfect subtrees, largest first: one for each bit set in its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peaks {
    suite: Suite,
    size: u64,
    peaks: Vec<Hash>,
}

impl Peaks {
    /// Returns the edge of the empty tree.
    pub(crate) fn new(suite: Suite) -> Self {
        Self {
            suite,
            size: 0,
            peaks: Vec::new(),
        }
    }

    /// Rebuilds an edge from its parts; `None` when there are not as many peaks as bits set in `size`.
    pub(crate) fn from_parts(suite: Suite, size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { suite, size, peaks })
    }

    /// Returns how many leaves the tree has.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Appends a perfect subtree of 2^`height` leaves by its root and shows every node it completes, itself first.
    ///
    /// The size of the tree must be a multiple of 2^`height`.
    pub(crate) fn push(&mut self, height: u32, root: Hash, mut complete: impl FnMut(u32, Hash)) {
        debug_assert!(self.size.is_multiple_of(1 << height));
        let mut carried = root;
        complete(height, carried);
        // Each one bit from `height` upwards is a perfect subtree which this one completes to twice its size.
        for step in 1..=(self.size >> height).trailing_ones() {
            let left = self
                .peaks
                .pop()
                .expect("an edge has one peak for each bit set in its size");
            carried = self.suite.node_hash(&left, &carried);
            complete(height + step, carried);
        }
        self.peaks.push(carried);
        self.size += 1 << height;
    }

    /// Returns the root of the tree.
    pub(crate) fn root(&self) -> Hash {
        match self.peaks.split_last() {
            Some((last, left)) => join(self.suite, left, *last),
            None => self.suite.empty_root(),
        }
    }

    /// Returns the root that the tree would have, were it extended by a last subtree with the root `right`.
    pub(crate) fn root_with(&self, right: Hash) -> Hash {
        join(self.suite, &self.peaks, right)
    }
}

/// Joins the peaks `left` of `right`, from right to left.
pub(crate) fn join(suite: Suite, left: &[Hash], right: Hash) -> Hash {
    left.iter()
        .rev()
        .fold(right, |right, left| suite.node_hash(left, &right))
}

/// Returns the root over a power of two of hashes.
pub(crate) fn fold(suite: Suite, hashes: &[Hash]) -> Hash {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level = level
            .chunks_exact(2)
            .map(|pair| suite.node_hash(&pair[0], &pair[1]))
            .collect();
    }
    level.first().copied().unwrap_or_else(|| suite.empty_root())
}
