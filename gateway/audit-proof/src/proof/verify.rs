//! Checking proofs: pure functions over hashes.
//!
//! The algorithms are those of RFC 9162 §2.1.3.2 and §2.1.4.2, with the length of a proof known beforehand, so that what
//! is left over or missing is refused by name. No tile is read and no signature checked here; that the root is the
//! log's is for its checkpoint to say. Everything that shows a proof to a court relies on it.

use super::{ProofError, RangeProof, RequestError, subtrees_behind};
use crate::{hash::Hash, peaks::Peaks, suite::Suite};

/// Checks that the tree of `size` leaves with the root `root` has `leaf` at `index`.
///
/// Size and root must come from one checkpoint: trees of neighbouring sizes have proofs of one shape, so that a proof alone
/// does not bind the size.
///
/// # Errors
/// [`ProofError`]: the request, the length of the proof, or [`ProofError::RootDiffers`].
pub fn verify_inclusion(
    suite: Suite,
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    let found = inclusion_root(suite, index, size, leaf, proof)?;
    (found == *root)
        .then_some(())
        .ok_or(ProofError::RootDiffers)
}

/// Returns the root to which an inclusion proof leads.
///
/// # Errors
/// [`ProofError`]: the request or the length of the proof.
pub fn inclusion_root(
    suite: Suite,
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
) -> Result<Hash, ProofError> {
    RequestError::check_index(index, size)?;
    let inner = inner_height(index, size);
    let expected = inner + (index >> inner).count_ones();
    ProofError::check_length(expected as usize, proof.len())?;
    let (inner, border) = proof.split_at(inner as usize);
    let node = climb(suite, index, *leaf, inner);
    Ok(climb_border(suite, node, border))
}

/// Checks that the tree of `new_size` leaves with the root `new_root` starts with that of `old_size` and `old_root`.
///
/// # Errors
/// [`ProofError`]: the request, the length of the proof, [`ProofError::OldRootDiffers`] or [`ProofError::RootDiffers`].
/// For two trees of one size the proof must be empty.
pub fn verify_consistency(
    suite: Suite,
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    RequestError::check_growth(old_size, new_size)?;
    if old_size == new_size {
        ProofError::check_length(0, proof.len())?;
        return (old_root == new_root)
            .then_some(())
            .ok_or(ProofError::RootDiffers);
    }
    // The proof climbs from the last perfect subtree of the older tree, which is all of it for a power of two.
    let shift = old_size.trailing_zeros();
    let last = (old_size - 1) >> shift;
    let inner = inner_height(old_size - 1, new_size) - shift;
    let has_seed = !old_size.is_power_of_two();
    let expected = inner + (last >> inner).count_ones() + u32::from(has_seed);
    ProofError::check_length(expected as usize, proof.len())?;
    let (seed, path) = match proof.split_first() {
        Some((seed, path)) if has_seed => (*seed, path),
        Some(_) | None => (*old_root, proof),
    };
    let (inner, border) = path.split_at(inner as usize);
    let old = climb_right(suite, last, seed, inner);
    if climb_border(suite, old, border) != *old_root {
        return Err(ProofError::OldRootDiffers);
    }
    let new = climb(suite, last, seed, inner);
    (climb_border(suite, new, border) == *new_root)
        .then_some(())
        .ok_or(ProofError::RootDiffers)
}

/// Checks that `leaves` are all the leaves, from position `from` on, of the tree of `size` leaves with the root `root`.
///
/// None can be missing among them, none added and none moved.
///
/// # Errors
/// [`ProofError`]: the request, the length of one side of the proof, or [`ProofError::RootDiffers`].
pub fn verify_range(
    suite: Suite,
    from: u64,
    leaves: &[Hash],
    size: u64,
    proof: &RangeProof,
    root: &Hash,
) -> Result<(), ProofError> {
    let found = range_root(suite, from, leaves, size, proof)?;
    (found == *root)
        .then_some(())
        .ok_or(ProofError::RootDiffers)
}

/// Returns the root to which a range proof leads.
///
/// # Errors
/// [`ProofError`]: the request or the length of one side of the proof.
pub fn range_root(
    suite: Suite,
    from: u64,
    leaves: &[Hash],
    size: u64,
    proof: &RangeProof,
) -> Result<Hash, ProofError> {
    let count = leaves.len() as u64;
    RequestError::check_range(from, count, size)?;
    let behind: Vec<(u64, u64)> = subtrees_behind(from + count, size).collect();
    ProofError::check_length(from.count_ones() as usize, proof.left.len())?;
    ProofError::check_length(behind.len(), proof.right.len())?;
    let mut peaks = Peaks::from_parts(suite, from, proof.left.clone())
        .expect("a proof whose length was checked has one hash for each bit set");
    for leaf in leaves {
        peaks.push(0, *leaf, |_, _| {});
    }
    let Some((last, perfect)) = proof.right.split_last() else {
        return Ok(peaks.root());
    };
    for ((start, _), node) in behind.iter().zip(perfect) {
        peaks.push(start.trailing_zeros(), *node, |_, _| {});
    }
    Ok(peaks.root_with(*last))
}

/// Returns how high the leaf `index` climbs until it is on the right edge of a tree of `size` leaves.
fn inner_height(index: u64, size: u64) -> u32 {
    u64::BITS - (index ^ (size - 1)).leading_zeros()
}

/// Climbs from a node, with its number on its level, over siblings on either side.
fn climb(suite: Suite, number: u64, node: Hash, siblings: &[Hash]) -> Hash {
    let levels = siblings.iter().enumerate();
    levels.fold(node, |node, (level, sibling)| {
        if is_right(number, level) {
            suite.node_hash(sibling, &node)
        } else {
            suite.node_hash(&node, sibling)
        }
    })
}

/// Climbs from a node over its left siblings alone: what stood before the tree grew on the right.
fn climb_right(suite: Suite, number: u64, node: Hash, siblings: &[Hash]) -> Hash {
    let levels = siblings.iter().enumerate();
    levels
        .filter(|(level, _)| is_right(number, *level))
        .fold(node, |node, (_, sibling)| suite.node_hash(sibling, &node))
}

/// Climbs along the right edge, where every sibling is a left one.
fn climb_border(suite: Suite, node: Hash, siblings: &[Hash]) -> Hash {
    siblings
        .iter()
        .fold(node, |node, sibling| suite.node_hash(sibling, &node))
}

/// Returns whether the ancestor at `level` above the node `number` is a right child.
fn is_right(number: u64, level: usize) -> bool {
    (number >> level) & 1 == 1
}
