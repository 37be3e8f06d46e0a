//! The part of a tree that one growth added, and the proofs of its leaves.
//!
//! Made from the peaks of the older tree and the new leaf hashes alone: no tile is needed, so that an entry can be proven
//! as soon as its group is durable. Peaks are believed; the proofs then lead to the root that they give. Receipts rely on
//! it.

use super::RequestError;
use crate::{
    hash::Hash,
    peaks::{Peaks, join},
    suite::Suite,
    tile::MAX_SIZE,
};

/// A tree that has just grown, by its newest leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    suite: Suite,
    old_size: u64,
    size: u64,
    /// The peaks of the older tree, by height.
    old_peaks: Vec<(u32, Hash)>,
    /// For each height the perfect subtrees that the growth completed, by position.
    levels: Vec<Vec<Hash>>,
}

impl Growth {
    /// Grows the tree with `old_size` leaves and these peaks, largest subtree first, by `leaves`.
    ///
    /// Returns `None` when there are not as many peaks as bits set in `old_size`, or when the tree becomes too large.
    #[must_use]
    pub fn new(suite: Suite, old_size: u64, old_peaks: &[Hash], leaves: &[Hash]) -> Option<Self> {
        let mut peaks = Peaks::from_parts(suite, old_size, old_peaks.to_vec())?;
        let size = old_size.checked_add(leaves.len() as u64)?;
        if size > MAX_SIZE {
            return None;
        }
        let mut levels: Vec<Vec<Hash>> = Vec::new();
        for leaf in leaves {
            peaks.push(0, *leaf, |height, node| {
                let height = height as usize;
                if levels.len() <= height {
                    levels.resize(height + 1, Vec::new());
                }
                levels[height].push(node);
            });
        }
        let heights = (0..u64::BITS).rev().filter(|bit| old_size >> bit & 1 == 1);
        Some(Self {
            suite,
            old_size,
            size,
            old_peaks: heights.zip(old_peaks.iter().copied()).collect(),
            levels,
        })
    }

    /// Returns the root of the tree after the growth.
    #[must_use]
    pub fn root(&self) -> Hash {
        match self.size {
            0 => self.suite.empty_root(),
            size => self.subtree(0, size),
        }
    }

    /// Returns the proof that the tree has one of the new leaves at `index`: PATH of RFC 6962 §2.1.1, sibling first.
    ///
    /// # Errors
    /// [`RequestError::IndexOutside`] when the leaf at `index` is not one of the new ones.
    pub fn inclusion(&self, index: u64) -> Result<Vec<Hash>, RequestError> {
        let size = self.size;
        if !(self.old_size..size).contains(&index) {
            return Err(RequestError::IndexOutside { index, size });
        }
        let (mut start, mut end) = (0, size);
        let mut hashes = Vec::new();
        while end - start > 1 {
            let middle = start + (1 << (end - start - 1).ilog2());
            if index < middle {
                hashes.push(self.subtree(middle, end));
                end = middle;
            } else {
                hashes.push(self.subtree(start, middle));
                start = middle;
            }
        }
        hashes.reverse();
        Ok(hashes)
    }

    /// Returns the root of a subtree beside the path of a new leaf, or of the whole tree.
    fn subtree(&self, mut start: u64, end: u64) -> Hash {
        let mut peaks = Vec::new();
        while start < end {
            let height = (end - start).ilog2();
            peaks.push(self.perfect(height, start >> height));
            start += 1 << height;
        }
        let (last, left) = peaks.split_last().expect("a subtree is not empty");
        join(self.suite, left, *last)
    }

    /// Returns the root of the perfect subtree number `index` of 2^`height` leaves: a new one or an old peak.
    ///
    /// There are no others beside the path of a new leaf: what lies wholly in the older tree is as large as it can be.
    fn perfect(&self, height: u32, index: u64) -> Hash {
        let first_new = self.old_size >> height;
        if index >= first_new {
            return self.levels[height as usize][(index - first_new) as usize];
        }
        let peak = self.old_peaks.iter().find(|(other, _)| *other == height);
        peak.expect("a subtree beside a new leaf is new or a peak")
            .1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        proof::{MemoryTiles, inclusion, verify_inclusion},
        tile::TileAppender,
        tree::CompactRange,
    };

    fn leaf(number: u64) -> Hash {
        Suite::Sha256.leaf_hash(&number.to_be_bytes())
    }

    /// All tiles of the tree of `size` leaves.
    fn tiles(size: u64) -> MemoryTiles {
        let mut appender = TileAppender::new(Suite::Sha256);
        let mut tiles = MemoryTiles::new();
        for number in 0..size {
            for filled in appender.append(leaf(number)).unwrap() {
                tiles.insert(filled.tile, filled.hashes);
            }
        }
        for filled in appender.partial_tiles() {
            tiles.insert(filled.tile, filled.hashes);
        }
        tiles
    }

    #[test]
    fn every_new_leaf_is_proven_as_from_the_tiles_of_the_whole_tree() {
        let sizes = [0_u64, 1, 2, 3, 5, 7, 8, 12, 31, 255, 256, 300];
        for old_size in sizes {
            for count in [1_u64, 2, 3, 8, 20, 257] {
                let mut range = CompactRange::new();
                (0..old_size).for_each(|number| range.append(leaf(number)));
                let size = old_size + count;
                let leaves: Vec<Hash> = (old_size..size).map(leaf).collect();
                let growth = Growth::new(Suite::Sha256, old_size, range.peaks(), &leaves).unwrap();
                leaves.iter().for_each(|leaf| range.append(*leaf));
                assert_eq!(growth.root(), range.root(), "{old_size} + {count}");
                let tiles = tiles(size);
                for index in old_size..size {
                    let proof = growth.inclusion(index).unwrap();
                    let expected = inclusion(Suite::Sha256, index, size, &tiles).unwrap();
                    assert_eq!(proof, expected, "{index} in {old_size} + {count}");
                    let root = range.root();
                    verify_inclusion(Suite::Sha256, index, size, &leaf(index), &proof, &root)
                        .unwrap();
                }
            }
        }
    }

    #[test]
    fn older_leaves_and_wrong_peaks_are_refused() {
        let growth = Growth::new(Suite::Sha256, 2, &[[1; 32]], &[leaf(2)]).unwrap();
        for index in [0, 1, 3, u64::MAX] {
            let refused = RequestError::IndexOutside { index, size: 3 };
            assert_eq!(growth.inclusion(index), Err(refused));
        }
        assert_eq!(Growth::new(Suite::Sha256, 3, &[[1; 32]], &[]), None);
        assert_eq!(
            Growth::new(Suite::Sha256, MAX_SIZE, &[[1; 32]], &[leaf(0)]),
            None
        );
    }
}
