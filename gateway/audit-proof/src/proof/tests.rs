//! Tests of proofs: against the definition in RFC 6962, bit by bit, for every small tree and for sampled large ones.

mod definition;
mod exhaustive;
mod files;
mod large;
mod message;
mod refusal;

use std::{cell::RefCell, collections::BTreeSet};

use super::*;
use crate::{
    suite::Suite,
    tile::{Tile, TileAppender},
};

const SUITES: [Suite; 2] = [Suite::Sha256, Suite::Sm3];

/// Returns `count` leaf hashes, all different.
fn leaves(suite: Suite, count: u64) -> Vec<Hash> {
    (0..count)
        .map(|n| suite.leaf_hash(&n.to_be_bytes()))
        .collect()
}

/// Returns the tiles of the tree of `leaves`, without those of smaller trees.
fn tiles_of(suite: Suite, leaves: &[Hash]) -> MemoryTiles {
    let mut appender = TileAppender::new(suite);
    let mut tiles = MemoryTiles::new();
    for leaf in leaves {
        let full = appender.append(*leaf).expect("a small tree has room");
        tiles.extend(full.into_iter().map(|filled| (filled.tile, filled.hashes)));
    }
    let partial = appender.partial_tiles();
    tiles.extend(
        partial
            .into_iter()
            .map(|filled| (filled.tile, filled.hashes)),
    );
    tiles
}

/// A source that refuses to be asked for one tile twice, or for two at one place.
struct Once<Source> {
    source: Source,
    asked: RefCell<BTreeSet<(u8, u64)>>,
}

impl<Source> Once<Source> {
    fn new(source: Source) -> Self {
        Self {
            source,
            asked: RefCell::default(),
        }
    }

    fn count(&self) -> usize {
        self.asked.borrow().len()
    }
}

impl<Source: HashSource> HashSource for Once<Source> {
    type Error = Source::Error;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Self::Error> {
        let first = self.asked.borrow_mut().insert((tile.level(), tile.index()));
        assert!(first, "{} is read once", tile.path());
        self.source.tile(tile)
    }
}
