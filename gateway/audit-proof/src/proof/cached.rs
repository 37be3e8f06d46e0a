//! Tiles above the lowest level, kept in memory once they were read.
//!
//! A proof reads one tile of each level. Those of the lowest are many and seldom the same; those above are few: one for
//! 65,536 entries and more. So with them in memory a proof reads one file, however large the log. A tile never changes
//! once the tree has it, so none is ever out of date; how many are kept is bounded. The gateway proves with it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::HashSource;
use crate::{hash::Hash, tile::Tile};

/// A source whose upper tiles are read once.
#[derive(Debug)]
pub struct CachedTiles<Source> {
    source: Source,
    most: usize,
    kept: Mutex<Kept>,
}

/// What is kept, each with the number of its last use.
#[derive(Debug, Default)]
struct Kept {
    tiles: HashMap<Tile, (u64, Vec<Hash>)>,
    uses: u64,
}

impl<Source: HashSource> CachedTiles<Source> {
    /// Keeps at most `most` tiles of `source`, of 8 KiB each; at least one.
    #[must_use]
    pub fn new(source: Source, most: usize) -> Self {
        Self {
            source,
            most: most.max(1),
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // What a panic left is still tiles as they were read.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn find(&mut self, tile: Tile) -> Option<Vec<Hash>> {
        self.uses += 1;
        let (last, hashes) = self.tiles.get_mut(&tile)?;
        *last = self.uses;
        Some(hashes.clone())
    }

    fn keep(&mut self, tile: Tile, hashes: Vec<Hash>, most: usize) {
        if self.tiles.len() >= most {
            // Half of them at once, so that looking for the oldest costs little for each.
            let mut uses: Vec<u64> = self.tiles.values().map(|(last, _)| *last).collect();
            uses.sort_unstable();
            let oldest_kept = uses[uses.len() / 2];
            self.tiles.retain(|_, (last, _)| *last > oldest_kept);
        }
        self.tiles.insert(tile, (self.uses, hashes));
    }
}

impl<Source: HashSource> HashSource for CachedTiles<Source> {
    type Error = Source::Error;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Source::Error> {
        if tile.level() == 0 {
            return self.source.tile(tile);
        }
        if let Some(hashes) = self.kept().find(tile) {
            return Ok(hashes);
        }
        let hashes = self.source.tile(tile)?;
        self.kept().keep(tile, hashes.clone(), self.most);
        Ok(hashes)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::{
        proof::{MissingTile, inclusion},
        suite::Suite,
        tile::TileAppender,
    };

    /// A source that notes what is read of it.
    struct Noting {
        tiles: super::super::MemoryTiles,
        read: RefCell<Vec<Tile>>,
    }

    impl HashSource for Noting {
        type Error = MissingTile;

        fn tile(&self, tile: Tile) -> Result<Vec<Hash>, MissingTile> {
            self.read.borrow_mut().push(tile);
            self.tiles.tile(tile)
        }
    }

    fn tree(size: u64) -> Noting {
        let mut tree = TileAppender::new(Suite::Sha256);
        let mut tiles = super::super::MemoryTiles::new();
        for leaf in 0..size {
            let leaf = Suite::Sha256.leaf_hash(&leaf.to_be_bytes());
            for filled in tree.append(leaf).unwrap() {
                tiles.insert(filled.tile, filled.hashes.clone());
            }
        }
        for filled in tree.partial_tiles() {
            tiles.insert(filled.tile, filled.hashes.clone());
        }
        Noting {
            tiles,
            read: RefCell::default(),
        }
    }

    #[test]
    fn proofs_are_the_same_and_upper_tiles_are_read_once() {
        let size = 70_000;
        let plain = tree(size);
        let cached = CachedTiles::new(tree(size), 100);
        for index in [0, 255, 256, 40_000, 65_535, 65_536, 69_999] {
            for _ in 0..2 {
                let expected = inclusion(Suite::Sha256, index, size, &plain).unwrap();
                let found = inclusion(Suite::Sha256, index, size, &cached).unwrap();
                assert_eq!(found, expected, "{index}");
            }
        }
        let mut upper = cached.source.read.borrow().clone();
        upper.retain(|tile| tile.level() > 0);
        let count = upper.len();
        upper.sort_unstable();
        upper.dedup();
        assert_eq!(upper.len(), count, "each was read once");
        assert!(count > 0);
    }

    #[test]
    fn no_more_are_kept_than_asked_for_and_the_ones_used_last_stay() {
        let source = tree(70_000);
        let cached = CachedTiles::new(source, 4);
        let tile = |width| Tile::new(1, 0, width).unwrap();
        for width in 1..=20 {
            assert_eq!(cached.tile(tile(width)).unwrap().len(), usize::from(width));
            assert!(cached.kept().tiles.len() <= 4);
            cached.tile(tile(1)).unwrap();
        }
        let reads = cached.source.read.borrow().len();
        assert_eq!(reads, 20, "the first one stayed");
        assert!(cached.tile(Tile::new(1, 9, 256).unwrap()).is_err());
    }
}
