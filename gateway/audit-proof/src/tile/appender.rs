//! Making tiles while a tree grows.
//!
//! Takes leaf hashes and gives full tiles as they complete, and at any moment the partial tiles and the root. It writes
//! nothing: when a tile is durable is decided by whoever stores it. The log's publisher relies on it.

use super::{MAX_LEVEL, MAX_SIZE, TILE_HEIGHT, TILE_WIDTH, Tile};
use crate::{
    hash::Hash,
    peaks::Peaks,
    proof::{HashSource, ProveError, nodes::Nodes},
    suite::Suite,
};

/// A tile with its hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledTile {
    /// Which tile.
    pub tile: Tile,
    /// Its hashes, as many as its width.
    pub hashes: Vec<Hash>,
}

impl FilledTile {
    /// Returns the bytes of the tile's file: its hashes, one behind the other.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.as_flattened().to_vec()
    }
}

/// The tree has [`MAX_SIZE`] leaves and takes no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tree has {MAX_SIZE} leaves and takes no more")]
pub struct TreeFull;

/// A growing tree, by the hashes that are in no full tile yet.
///
/// At most 255 hashes for each level: less than 60 KB, whatever the size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileAppender {
    suite: Suite,
    peaks: Peaks,
    unfinished: [Vec<Hash>; MAX_LEVEL as usize + 1],
}

impl TileAppender {
    /// Returns the empty tree.
    #[must_use]
    pub fn new(suite: Suite) -> Self {
        Self {
            suite,
            peaks: Peaks::new(suite),
            unfinished: Default::default(),
        }
    }

    /// Rebuilds a tree of `size` leaves from its partial tiles, at most one read for each level.
    ///
    /// What was read is believed: compare [`TileAppender::root`] with a root that is known, which binds all of it.
    ///
    /// # Errors
    /// [`ProveError`] when the size is above [`MAX_SIZE`] or a tile cannot be had.
    pub fn resume<Source: HashSource>(
        suite: Suite,
        size: u64,
        source: &Source,
    ) -> Result<Self, ProveError<Source::Error>> {
        let mut nodes = Nodes::new(suite, size, source)?;
        let mut unfinished: [Vec<Hash>; MAX_LEVEL as usize + 1] = Default::default();
        for (level, hashes) in (0..=MAX_LEVEL).zip(&mut unfinished) {
            if let Some(tile) = Tile::partial(level, size) {
                *hashes = nodes.hashes(tile)?.to_vec();
            }
        }
        let peaks = Peaks::from_parts(suite, size, nodes.peaks(0, size)?)
            .expect("a tree has one peak for each bit set in its size");
        Ok(Self {
            suite,
            peaks,
            unfinished,
        })
    }

    /// Appends a leaf and returns the tiles it completes, lowest level first: mostly none.
    ///
    /// # Errors
    /// [`TreeFull`], and nothing has changed.
    pub fn append(&mut self, leaf: Hash) -> Result<Vec<FilledTile>, TreeFull> {
        if self.size() >= MAX_SIZE {
            return Err(TreeFull);
        }
        let unfinished = &mut self.unfinished;
        // Only nodes whose height is a multiple of a tile's are stored; all others follow from them.
        self.peaks.push(0, leaf, |height, node| {
            if height.is_multiple_of(TILE_HEIGHT) {
                unfinished[(height / TILE_HEIGHT) as usize].push(node);
            }
        });
        let size = self.peaks.size();
        Ok((0..=MAX_LEVEL)
            .zip(unfinished)
            .filter(|(_, hashes)| hashes.len() == usize::from(TILE_WIDTH))
            .map(|(level, hashes)| FilledTile {
                tile: Tile::new(level, super::full_tiles(level, size) - 1, TILE_WIDTH)
                    .expect("a level with 256 hashes has a full tile"),
                hashes: std::mem::take(hashes),
            })
            .collect())
    }

    /// Returns the partial tiles of the tree as it is, lowest level first.
    #[must_use]
    pub fn partial_tiles(&self) -> Vec<FilledTile> {
        (0..=MAX_LEVEL)
            .zip(&self.unfinished)
            .filter_map(|(level, hashes)| {
                Tile::partial(level, self.size()).map(|tile| FilledTile {
                    tile,
                    hashes: hashes.clone(),
                })
            })
            .collect()
    }

    /// Returns the suite of the tree.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Returns how many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.peaks.size()
    }

    /// Returns the root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.peaks.root()
    }
}
