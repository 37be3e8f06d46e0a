//! The Merkle tree of RFC 6962 §2.1, kept as its compact range.
//!
//! Appends leaves and gives roots in O(log n) memory. It stores nothing and makes no proofs: tiles and proofs are
//! derived from the log's segments. The log, the verifier and the evidence store rely on it being total and deterministic.

use crate::hash::{Hash, empty_root, leaf_hash, node_hash};

/// The right edge of a Merkle tree: the roots of its perfect subtrees, largest first.
///
/// A tree of `size` leaves has one peak for each bit set in `size`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    peaks: Vec<Hash>,
}

impl CompactRange {
    /// Returns the range of the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rebuilds a range from its parts; `None` when the number of peaks is not the number of bits set in `size`.
    #[must_use]
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// Returns how many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the peaks, largest subtree first.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf given by its hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut carried = leaf;
        // Each trailing one bit is a perfect subtree that the new leaf completes into one of twice the size.
        for _ in 0..self.size.trailing_ones() {
            let left = self
                .peaks
                .pop()
                .expect("a range has one peak for each bit set in its size");
            carried = node_hash(&left, &carried);
        }
        self.peaks.push(carried);
        self.size += 1;
    }

    /// Appends all leaves of `right`; `None`, and nothing is appended, when a perfect subtree would have to be split.
    ///
    /// It can be done when this tree is empty or its size is a multiple of a power of two that is not below the size of
    /// `right`.
    pub(crate) fn extend(&mut self, right: &Self) -> Option<()> {
        let room = match self.size.trailing_zeros() {
            64 => {
                self.clone_from(right);
                return Some(());
            }
            zeros => 1_u64 << zeros,
        };
        if right.size > room {
            return None;
        }
        if right.size < room {
            self.peaks.extend_from_slice(&right.peaks);
        } else {
            // A single peak of the same height as the last one here: it carries, as a leaf does.
            let mut carried = *right.peaks.first()?;
            for _ in 0..(self.size >> room.trailing_zeros()).trailing_ones() {
                let left = self
                    .peaks
                    .pop()
                    .expect("a range has one peak for each bit set in its size");
                carried = node_hash(&left, &carried);
            }
            self.peaks.push(carried);
        }
        self.size += right.size;
        Some(())
    }

    /// Returns the root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        match self.peaks.split_last() {
            Some((last, left)) => join(left, *last),
            None => empty_root(),
        }
    }

    /// Returns the root that the tree would have, were it extended by a tree with the root `right`.
    pub(crate) fn root_with(&self, right: Hash) -> Hash {
        join(&self.peaks, right)
    }
}

/// Joins the peaks `left` of `right`, from right to left.
fn join(left: &[Hash], right: Hash) -> Hash {
    left.iter()
        .rev()
        .fold(right, |right, left| node_hash(left, &right))
}

/// Returns the root of the tree whose leaves are `parts`, in order.
///
/// This is the address of a list of byte strings: the same parts in the same order, and only they, give the same root.
pub fn root<Part: AsRef<[u8]>>(parts: impl IntoIterator<Item = Part>) -> Hash {
    let mut range = CompactRange::new();
    for part in parts {
        range.append(leaf_hash(part.as_ref()));
    }
    range.root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::to_hex;

    /// The definition in RFC 6962 §2.1, by recursion.
    fn root_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(
                    &root_by_definition(&leaves[..split]),
                    &root_by_definition(&leaves[split..]),
                )
            }
        }
    }

    #[test]
    fn every_root_up_to_300_leaves_equals_the_definition() {
        let leaves: Vec<Hash> = (0..300_u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let mut range = CompactRange::new();
        for size in 0..leaves.len() {
            assert_eq!(
                range.root(),
                root_by_definition(&leaves[..size]),
                "size {size}"
            );
            assert_eq!(range.peaks().len(), size.count_ones() as usize);
            range.append(leaves[size]);
        }
    }

    #[test]
    fn a_range_extended_by_a_subtree_is_the_range_of_all_leaves() {
        let leaves: Vec<Hash> = (0..80_u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let range = |part: &[Hash]| {
            let mut range = CompactRange::new();
            part.iter().for_each(|leaf| range.append(*leaf));
            range
        };
        for split in 0..64_usize {
            let room = if split == 0 {
                leaves.len()
            } else {
                1 << split.trailing_zeros()
            };
            for count in 1..=room.min(16) {
                let mut extended = range(&leaves[..split]);
                let right = range(&leaves[split..split + count]);
                let whole = range(&leaves[..split + count]);
                assert_eq!(extended.root_with(right.root()), whole.root());
                assert_eq!(extended.extend(&right), Some(()));
                assert_eq!(extended, whole, "{count} after {split}");
            }
            if split > 0 && room < 16 {
                let mut kept = range(&leaves[..split]);
                assert_eq!(kept.extend(&range(&leaves[split..=split + room])), None);
                assert_eq!(kept, range(&leaves[..split]));
            }
        }
    }

    #[test]
    fn the_root_of_eight_leaves_equals_the_published_one() {
        let parts: [&[u8]; 8] = [
            b"",
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
                0x6e, 0x6f,
            ],
        ];
        assert_eq!(
            to_hex(&root(parts)),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        );
    }

    #[test]
    fn a_range_is_rebuilt_only_from_the_right_number_of_peaks() {
        assert!(CompactRange::from_parts(3, vec![[0; 32]; 2]).is_some());
        assert!(CompactRange::from_parts(4, vec![[0; 32]; 2]).is_none());
        assert!(CompactRange::from_parts(0, Vec::new()).is_some());
    }

    #[test]
    fn splitting_a_part_changes_the_root() {
        assert_ne!(root(["ab"]), root(["a", "b"]));
        assert_ne!(root(["a", "b"]), root(["b", "a"]));
    }
}
