//! Making proofs from tiles.
//!
//! Which subtrees a proof consists of, after RFC 6962 §2.1; their roots come from [`super::nodes`]. Nothing here is
//! believed by a verifier: a source with wrong hashes gives proofs that do not hold.

use super::{HashSource, RangeProof, RequestError, nodes::Nodes, subtrees_behind};
use crate::{
    hash::Hash,
    suite::Suite,
    tile::{TILE_WIDTH, Tile},
};

/// Why a proof cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<Cause: std::error::Error + 'static> {
    /// What is asked for is not in the tree.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A tile cannot be had.
    #[error("tile {} cannot be read", tile.path())]
    Source {
        /// The tile asked for.
        tile: Tile,
        /// Why the source does not give it.
        #[source]
        cause: Cause,
    },
    /// The source gave more or fewer hashes than were asked for.
    #[error("source gave {found} hashes for tile {}", tile.path())]
    Width {
        /// The tile asked for.
        tile: Tile,
        /// Hashes given.
        found: usize,
    },
}

/// Returns the root of the tree of `size` leaves; for 0, that of the empty tree.
///
/// # Errors
/// [`ProveError`], the request being too large a tree.
pub fn root<Source: HashSource>(
    suite: Suite,
    size: u64,
    source: &Source,
) -> Result<Hash, ProveError<Source::Error>> {
    let mut nodes = Nodes::new(suite, size, source)?;
    match size {
        0 => Ok(suite.empty_root()),
        _ => nodes.root(0, size),
    }
}

/// Returns the proof that the tree of `size` leaves has a leaf at `index`: PATH of RFC 6962 §2.1.1, leaf's sibling first.
///
/// # Errors
/// [`ProveError`], the request being an empty or too large tree or a position outside of it.
pub fn inclusion<Source: HashSource>(
    suite: Suite,
    index: u64,
    size: u64,
    source: &Source,
) -> Result<Vec<Hash>, ProveError<Source::Error>> {
    RequestError::check_index(index, size)?;
    let mut nodes = Nodes::new(suite, size, source)?;
    let (mut start, mut end) = (0, size);
    let mut siblings = Vec::new();
    while end - start > 1 {
        let middle = split(start, end);
        if index < middle {
            siblings.push((middle, end));
            end = middle;
        } else {
            siblings.push((start, middle));
            start = middle;
        }
    }
    roots(&mut nodes, siblings.into_iter().rev())
}

/// Returns the proof that the tree of `new_size` leaves starts with that of `old_size`: PROOF of RFC 6962 §2.1.2.
///
/// It is empty for two trees of one size.
///
/// # Errors
/// [`ProveError`], the request being an empty older tree, a newer one that is smaller, or too large a tree.
pub fn consistency<Source: HashSource>(
    suite: Suite,
    old_size: u64,
    new_size: u64,
    source: &Source,
) -> Result<Vec<Hash>, ProveError<Source::Error>> {
    RequestError::check_growth(old_size, new_size)?;
    let mut nodes = Nodes::new(suite, new_size, source)?;
    let (mut start, mut end) = (0, new_size);
    let mut siblings = Vec::new();
    while end != old_size {
        let middle = split(start, end);
        if old_size <= middle {
            siblings.push((middle, end));
            end = middle;
        } else {
            siblings.push((start, middle));
            start = middle;
        }
    }
    // The whole older tree is known to the verifier; a part of it is not.
    if start > 0 {
        siblings.push((start, end));
    }
    roots(&mut nodes, siblings.into_iter().rev())
}

/// Returns the proof that the leaves from position `from` up to but without `to` are in the tree of `size` leaves.
///
/// # Errors
/// [`ProveError`], the request being an empty range, one outside the tree, or too large a tree.
pub fn range<Source: HashSource>(
    suite: Suite,
    from: u64,
    to: u64,
    size: u64,
    source: &Source,
) -> Result<RangeProof, ProveError<Source::Error>> {
    RequestError::check_range(from, to.saturating_sub(from), size)?;
    let mut nodes = Nodes::new(suite, size, source)?;
    Ok(RangeProof {
        left: nodes.peaks(0, from)?,
        right: roots(&mut nodes, subtrees_behind(to, size))?,
    })
}

/// Returns the leaf hashes from position `from` up to but without `to`, as [`super::verify_range`] needs them.
///
/// The cost grows with the number of leaves, one tile for 256 of them.
///
/// # Errors
/// [`ProveError`], the request being an empty range, one outside the tree, or too large a tree.
pub fn leaf_hashes<Source: HashSource>(
    suite: Suite,
    from: u64,
    to: u64,
    size: u64,
    source: &Source,
) -> Result<Vec<Hash>, ProveError<Source::Error>> {
    RequestError::check_range(from, to.saturating_sub(from), size)?;
    let width = u64::from(TILE_WIDTH);
    let mut leaves = Vec::new();
    for index in from / width..to.div_ceil(width) {
        // A reader of its own for each tile, since no tile is needed twice.
        let mut nodes = Nodes::new(suite, size, source)?;
        let first = index * width;
        let hashes = nodes.hashes(nodes.tile(0, index))?;
        let start = from.max(first) - first;
        let end = to.min(first + width) - first;
        leaves.extend_from_slice(&hashes[start as usize..end as usize]);
    }
    Ok(leaves)
}

/// Returns where the tree splits a subtree of more than one leaf: behind the largest power of two smaller than its size.
pub(super) fn split(start: u64, end: u64) -> u64 {
    start + (1 << (end - start - 1).ilog2())
}

/// Returns the roots of subtrees, in their order.
fn roots<Source: HashSource>(
    nodes: &mut Nodes<'_, Source>,
    subtrees: impl Iterator<Item = (u64, u64)>,
) -> Result<Vec<Hash>, ProveError<Source::Error>> {
    subtrees
        .map(|(start, end)| nodes.root(start, end))
        .collect()
}
