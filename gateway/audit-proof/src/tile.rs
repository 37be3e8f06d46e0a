//! Tiles: the hashes of a tree in files that never change (C2SP tlog-tiles).
//!
//! A tile holds up to 256 hashes of one level; level 0 has the leaf hashes, and a hash of level `l + 1` is the root of a
//! full tile of level `l`. Here is which tiles there are, what they are called and how they come about, as functions
//! without input or output. Reading them is [`crate::proof`]'s and writing them the log's. Every proof relies on it.

mod appender;
mod entries;
mod path;
#[cfg(test)]
mod tests;

pub use appender::{FilledTile, TileAppender, TreeFull};
pub use entries::{BundleError, EntryBundle, MAX_BUNDLE_BYTES};
pub use path::PathError;

use crate::hash::Hash;

/// Hashes of a full tile.
pub const TILE_WIDTH: u16 = 256;

/// Levels of a tree in one tile: a full tile is a subtree of 2^8 hashes.
pub const TILE_HEIGHT: u32 = 8;

/// Most leaves of a tree.
///
/// 2^48: at a million entries a second, nine years. It keeps every sum of positions far from overflow.
pub const MAX_SIZE: u64 = 1 << 48;

/// Highest level on which a tree has hashes.
///
/// [`MAX_SIZE`] is 256^6, so that a tree of that size has one hash on level 6.
pub const MAX_LEVEL: u8 = 6;

/// Where a tile lies in a tree and how many hashes it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    // The order of the fields is that of comparison: tiles of one place stand together, widest last.
    level: u8,
    index: u64,
    width: u16,
}

impl Tile {
    /// Returns a tile; `None` when its width is not 1 to 256 or no tree of up to [`MAX_SIZE`] leaves has it.
    #[must_use]
    pub fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        let formed = level <= MAX_LEVEL && (1..=TILE_WIDTH).contains(&width);
        let tile = Self {
            level,
            index,
            width,
        };
        (formed && index < MAX_SIZE && tile.end() <= hashes_on(level, MAX_SIZE)).then_some(tile)
    }

    /// Returns the tile at `index` of `level` as a tree of `size` leaves has it; `None` when it has none there.
    #[must_use]
    pub fn of_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        if level > MAX_LEVEL || size > MAX_SIZE {
            return None;
        }
        let start = index.checked_mul(u64::from(TILE_WIDTH))?;
        let hashes = hashes_on(level, size).checked_sub(start)?;
        let width = u16::try_from(hashes).unwrap_or(TILE_WIDTH).min(TILE_WIDTH);
        Self::new(level, index, width)
    }

    /// Returns the partial tile on `level` of a tree of `size` leaves; `None` when the level ends with a full tile.
    #[must_use]
    pub fn partial(level: u8, size: u64) -> Option<Self> {
        Self::of_tree(level, full_tiles(level, size), size)
    }

    /// Returns the level, 0 for leaf hashes.
    #[must_use]
    pub fn level(self) -> u8 {
        self.level
    }

    /// Returns the place among the tiles of the level, from 0.
    #[must_use]
    pub fn index(self) -> u64 {
        self.index
    }

    /// Returns how many hashes the tile holds, 1 to 256.
    #[must_use]
    pub fn width(self) -> u16 {
        self.width
    }

    /// Returns whether the tile holds 256 hashes, so that it never changes.
    #[must_use]
    pub fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Returns the same tile with all its hashes; `None` when no tree of up to [`MAX_SIZE`] leaves has them.
    #[must_use]
    pub fn full(self) -> Option<Self> {
        Self::new(self.level, self.index, TILE_WIDTH)
    }

    /// Returns the length of the tile's file, in bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        usize::from(self.width) * size_of::<Hash>()
    }

    /// Returns the path of the tile's file: `tile/<level>/<index>`, and `.p/<width>` when partial.
    #[must_use]
    pub fn path(self) -> String {
        path::write(&self.level.to_string(), self.index, self.width)
    }

    /// Reads a path written by [`Tile::path`], and no other spelling of it.
    ///
    /// # Errors
    /// [`PathError`] when the path is not that of a tile of hashes.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let parts = path::read(path)?;
        let level = match parts.level.as_bytes() {
            [digit @ b'0'..=b'6'] => digit - b'0',
            _ => return Err(PathError::Level),
        };
        Self::new(level, parts.index, parts.width).ok_or(PathError::Outside)
    }

    /// Returns the number of hashes on the level up to the end of the tile.
    fn end(self) -> u64 {
        self.index * u64::from(TILE_WIDTH) + u64::from(self.width)
    }
}

/// Returns how many hashes there are on `level` of a tree of `size` leaves.
#[must_use]
pub fn hashes_on(level: u8, size: u64) -> u64 {
    size.checked_shr(TILE_HEIGHT * u32::from(level))
        .unwrap_or(0)
}

/// Returns how many full tiles there are on `level` of a tree of `size` leaves.
#[must_use]
pub fn full_tiles(level: u8, size: u64) -> u64 {
    hashes_on(level, size) >> TILE_HEIGHT
}

/// Returns the tiles of a tree of `size` leaves, level by level, a partial one last on its level.
///
/// A size above [`MAX_SIZE`] has none.
pub fn tiles(size: u64) -> impl Iterator<Item = Tile> {
    tiles_between(0, size)
}

/// Returns the tiles that a tree of `new_size` leaves has and the same tree at `old_size` did not have.
///
/// These are what is to be written when a tree has grown: full tiles, and the partial ones of the new size.
pub fn tiles_between(old_size: u64, new_size: u64) -> impl Iterator<Item = Tile> {
    (0..=MAX_LEVEL).flat_map(move |level| {
        let end = hashes_on(level, new_size).div_ceil(u64::from(TILE_WIDTH));
        (full_tiles(level, old_size)..end)
            .filter_map(move |index| Tile::of_tree(level, index, new_size))
            .filter(move |tile| Tile::of_tree(level, tile.index, old_size) != Some(*tile))
    })
}
