//! Where the hashes of a tree are read from.
//!
//! The trait that proofs are made over, and tiles in memory; [`super::FolderTiles`] reads them from files. A source judges
//! the form of what it gives and not its truth: a verifier does that, with the root.

use std::collections::BTreeMap;

use crate::{hash::Hash, tile::Tile};

/// Hashes of a tree, by tile.
///
/// A tile's hashes never change once the tree has them: a partial tile is the beginning of every wider one.
pub trait HashSource {
    /// Why a tile cannot be had.
    type Error: std::error::Error + 'static;

    /// Returns the hashes of `tile`, exactly as many as its width.
    ///
    /// # Errors
    /// Whatever keeps the source from giving all of them.
    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Self::Error>;
}

impl<Source: HashSource + ?Sized> HashSource for &Source {
    type Error = Source::Error;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Self::Error> {
        (**self).tile(tile)
    }
}

/// Tiles in memory.
pub type MemoryTiles = BTreeMap<Tile, Vec<Hash>>;

/// Neither the tile nor a wider one at its place is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither {} nor a wider tile is there", .0.path())]
pub struct MissingTile(pub Tile);

impl HashSource for MemoryTiles {
    type Error = MissingTile;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, MissingTile> {
        // Tiles of one place stand together, by width.
        self.range(tile..)
            .next()
            .filter(|(found, _)| (found.level(), found.index()) == (tile.level(), tile.index()))
            .and_then(|(_, hashes)| hashes.get(..usize::from(tile.width())))
            .map(<[Hash]>::to_vec)
            .ok_or(MissingTile(tile))
    }
}
