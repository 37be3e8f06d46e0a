//! The nodes of a tree, computed from its tiles.
//!
//! One reader for each call: it asks the source for a tile once and keeps it until the call ends. Whether the tiles are
//! right is not its question. Making proofs and resuming an appender rely on it.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{HashSource, ProveError, RequestError};
use crate::{
    hash::Hash,
    peaks::join,
    suite::Suite,
    tile::{TILE_HEIGHT, TILE_WIDTH, Tile},
};

/// The nodes of a tree of one size.
pub(crate) struct Nodes<'a, Source> {
    suite: Suite,
    size: u64,
    source: &'a Source,
    /// Tiles read so far. A proof touches two for each level: along its path and along the tree's right edge.
    read: BTreeMap<Tile, Vec<Hash>>,
}

impl<'a, Source: HashSource> Nodes<'a, Source> {
    /// Returns the nodes of the tree of `size` leaves.
    pub(crate) fn new(suite: Suite, size: u64, source: &'a Source) -> Result<Self, RequestError> {
        RequestError::check_size(size)?;
        Ok(Self {
            suite,
            size,
            source,
            read: BTreeMap::new(),
        })
    }

    /// Returns the tile at a place which the tree has.
    pub(crate) fn tile(&self, level: u8, index: u64) -> Tile {
        Tile::of_tree(level, index, self.size).expect("a tree has the tiles over its own leaves")
    }

    /// Returns the hashes of a tile.
    pub(crate) fn hashes(&mut self, tile: Tile) -> Result<&[Hash], ProveError<Source::Error>> {
        match self.read.entry(tile) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let hashes = self
                    .source
                    .tile(tile)
                    .map_err(|cause| ProveError::Source { tile, cause })?;
                if hashes.len() != usize::from(tile.width()) {
                    let found = hashes.len();
                    return Err(ProveError::Width { tile, found });
                }
                Ok(place.insert(hashes))
            }
        }
    }

    /// Returns the root of the subtree of the leaves from `start` up to but without `end`, which are not none.
    ///
    /// `start` must be a multiple of a power of two that is not below the number of leaves, as in every subtree.
    pub(crate) fn root(&mut self, start: u64, end: u64) -> Result<Hash, ProveError<Source::Error>> {
        let peaks = self.peaks(start, end)?;
        let (last, left) = peaks
            .split_last()
            .expect("a subtree that is not empty has a peak");
        Ok(join(self.suite, left, *last))
    }

    /// Returns the roots of the perfect subtrees of a subtree, largest first.
    pub(crate) fn peaks(
        &mut self,
        mut start: u64,
        end: u64,
    ) -> Result<Vec<Hash>, ProveError<Source::Error>> {
        let mut peaks = Vec::new();
        while start < end {
            let height = (end - start).ilog2();
            peaks.push(self.perfect(height, start >> height)?);
            start += 1 << height;
        }
        Ok(peaks)
    }

    /// Returns the root of the perfect subtree number `index` of 2^`height` leaves.
    fn perfect(&mut self, height: u32, index: u64) -> Result<Hash, ProveError<Source::Error>> {
        // The next stored level below has the hashes from which it follows, all in one tile.
        let level = u8::try_from(height / TILE_HEIGHT).expect("a tree is at most 48 high");
        let count = 1_usize << (height % TILE_HEIGHT);
        let first = index * count as u64;
        let width = u64::from(TILE_WIDTH);
        let place = (first % width) as usize;
        let suite = self.suite;
        let hashes = self.hashes(self.tile(level, first / width))?;
        Ok(perfect_root(suite, &hashes[place..place + count]))
    }
}

/// Returns the root over a power of two of neighbouring nodes.
fn perfect_root(suite: Suite, nodes: &[Hash]) -> Hash {
    match nodes {
        [node] => *node,
        _ => {
            let (left, right) = nodes.split_at(nodes.len() / 2);
            suite.node_hash(&perfect_root(suite, left), &perfect_root(suite, right))
        }
    }
}
