//! Proofs over a tree: that it holds an entry, that it only grew, that a range of it is complete.
//!
//! Proofs are made from tiles ([`root`], [`inclusion`], [`consistency`], [`range`], [`leaf_hashes`]) at a cost that grows
//! with the logarithm of the size, and checked without them ([`verify_inclusion`], [`verify_consistency`],
//! [`verify_range`]): a check reads nothing and believes nothing but the root. Inclusion and consistency proofs are those of
//! RFC 6962 §2.1.1 and §2.1.2; a range proof is what §2.1.1 gives for many neighbouring leaves at once.
//! [`verify_message`] joins two trees: the one over the payloads of a submission, and the log.
//! Receipts, evidence packages and witnesses rely on it.

mod cached;
mod folder;
mod growth;
mod make;
mod message;
pub(crate) mod nodes;
mod source;
#[cfg(test)]
mod tests;
mod verify;

pub use cached::CachedTiles;
pub use folder::{FolderTiles, FolderTilesError};
pub use growth::Growth;
pub use make::{ProveError, consistency, inclusion, leaf_hashes, range, root};
pub use message::{MessageProof, MessageProofError, message_path, verify_message};
pub use source::{HashSource, MemoryTiles, MissingTile};
pub use verify::{inclusion_root, range_root, verify_consistency, verify_inclusion, verify_range};

use crate::{hash::Hash, tile::MAX_SIZE};

/// What makes a contiguous range of leaves into the whole tree.
///
/// With all leaf hashes of the range it gives the root, so nothing can have been left out of the range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeProof {
    /// The largest subtrees before the range, by position.
    pub left: Vec<Hash>,
    /// The largest subtrees behind the range, by position.
    pub right: Vec<Hash>,
}

/// What is asked of a tree and not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The tree has no leaves, so it proves nothing.
    #[error("an empty tree proves nothing")]
    EmptyTree,
    /// The tree is larger than any tree may be.
    #[error("tree of {size} leaves is larger than {MAX_SIZE}")]
    TooLarge {
        /// The size given.
        size: u64,
    },
    /// The leaf is behind the end of the tree.
    #[error("position {index} is not in a tree of {size} leaves")]
    IndexOutside {
        /// The position given.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The range has no leaves.
    #[error("range at position {from} is empty")]
    EmptyRange {
        /// Where the range starts.
        from: u64,
    },
    /// The range does not end within the tree.
    #[error("range of {count} leaves from position {from} is not in a tree of {size} leaves")]
    RangeOutside {
        /// Where the range starts.
        from: u64,
        /// How many leaves it has.
        count: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The older tree is the larger one.
    #[error("tree of {old_size} leaves cannot have grown to {new_size}")]
    Shrunk {
        /// The size of the older tree.
        old_size: u64,
        /// The size of the newer tree.
        new_size: u64,
    },
}

impl RequestError {
    /// Checks that a tree can have `size` leaves.
    fn check_size(size: u64) -> Result<(), Self> {
        match size {
            0..=MAX_SIZE => Ok(()),
            _ => Err(Self::TooLarge { size }),
        }
    }

    /// Checks that a tree of `size` leaves has the leaf `index`.
    fn check_index(index: u64, size: u64) -> Result<(), Self> {
        match size {
            0 => Err(Self::EmptyTree),
            _ if index >= size => Err(Self::IndexOutside { index, size }),
            _ => Self::check_size(size),
        }
    }

    /// Checks that a tree can have grown from `old_size` leaves to `new_size`.
    fn check_growth(old_size: u64, new_size: u64) -> Result<(), Self> {
        match old_size {
            0 => Err(Self::EmptyTree),
            _ if old_size > new_size => Err(Self::Shrunk { old_size, new_size }),
            _ => Self::check_size(new_size),
        }
    }

    /// Checks that a tree of `size` leaves has `count` leaves from `from` on.
    fn check_range(from: u64, count: u64, size: u64) -> Result<(), Self> {
        match (size, count) {
            (0, _) => Err(Self::EmptyTree),
            (_, 0) => Err(Self::EmptyRange { from }),
            _ if from.checked_add(count).is_none_or(|to| to > size) => {
                Err(Self::RangeOutside { from, count, size })
            }
            _ => Self::check_size(size),
        }
    }
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// What it should prove cannot be so in any tree.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// It has fewer hashes than a proof of this has.
    #[error("proof has {found} hashes where {expected} are needed")]
    TooShort {
        /// Hashes that a proof of this has; on one side, for a range.
        expected: usize,
        /// Hashes found there.
        found: usize,
    },
    /// It has more hashes than a proof of this has.
    #[error("proof has {found} hashes where only {expected} are needed")]
    TooLong {
        /// Hashes that a proof of this has; on one side, for a range.
        expected: usize,
        /// Hashes found there.
        found: usize,
    },
    /// It leads to another root than the tree's, or the newer tree's.
    #[error("proof leads to another root")]
    RootDiffers,
    /// It leads to another root than the older tree's.
    #[error("proof leads to another root of the older tree")]
    OldRootDiffers,
}

impl ProofError {
    /// Checks that a proof has as many hashes as it needs.
    fn check_length(expected: usize, found: usize) -> Result<(), Self> {
        match found.cmp(&expected) {
            std::cmp::Ordering::Less => Err(Self::TooShort { expected, found }),
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(Self::TooLong { expected, found }),
        }
    }
}

/// Returns the subtrees, as ranges of positions, that stand between position `from` and the end of the tree.
///
/// They are the largest ones that have nothing before `from`. All but the last are perfect; at most 48, ascending.
fn subtrees_behind(from: u64, size: u64) -> impl Iterator<Item = (u64, u64)> {
    let next = move |start: u64| {
        // Where nothing is before `start`, the whole tree is one subtree.
        let end = 1_u64
            .checked_shl(start.trailing_zeros())
            .map_or(size, |length| start.saturating_add(length).min(size));
        (start < size).then_some((start, end))
    };
    std::iter::successors(next(from), move |(_, end)| next(*end))
}
