//! Entry bundles: the entries beside the tiles of level 0 (C2SP tlog-tiles, "Log Entries").
//!
//! A bundle holds the entries whose leaf hashes a tile of level 0 holds, each behind its length. It is no evidence
//! bundle, and it does not know what an entry is. Mirrors and monitors that read the log by its tiles rely on it.

use super::{PathError, TILE_WIDTH, Tile, path};

/// Longest file of a bundle, in bytes: 256 entries of 65,535 bytes, each behind two bytes of length.
pub const MAX_BUNDLE_BYTES: usize = TILE_WIDTH as usize * (2 + u16::MAX as usize);

/// Which entries a bundle holds: those of the tile of level 0 with the same index and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryBundle {
    tile: Tile,
}

/// Why entries cannot be bundled, or bytes are no bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// There are more or fewer entries than the bundle holds.
    #[error("bundle of {expected} entries was given {found}")]
    Count {
        /// Entries the bundle holds.
        expected: usize,
        /// Entries given.
        found: usize,
    },
    /// An entry is longer than its length can say.
    #[error("entry {place} of the bundle has {length} bytes, more than 65535")]
    EntryTooLong {
        /// The entry's place in the bundle.
        place: usize,
        /// Its length in bytes.
        length: usize,
    },
    /// The bytes end within an entry or before it.
    #[error("bundle ends before the end of its entry {place}")]
    Short {
        /// The entry's place in the bundle.
        place: usize,
    },
    /// Bytes follow the last entry.
    #[error("{bytes} bytes follow the last entry of the bundle")]
    Long {
        /// How many.
        bytes: usize,
    },
}

impl EntryBundle {
    /// Returns a bundle; `None` when its width is not 1 to 256 or no tree of up to [`super::MAX_SIZE`] leaves has it.
    #[must_use]
    pub fn new(index: u64, width: u16) -> Option<Self> {
        Tile::new(0, index, width).map(|tile| Self { tile })
    }

    /// Returns the bundle at `index` as a tree of `size` leaves has it; `None` when it has none there.
    #[must_use]
    pub fn of_tree(index: u64, size: u64) -> Option<Self> {
        Tile::of_tree(0, index, size).map(|tile| Self { tile })
    }

    /// Returns the tile of the leaf hashes of the same entries.
    #[must_use]
    pub fn tile(self) -> Tile {
        self.tile
    }

    /// Returns the position of the first entry.
    #[must_use]
    pub fn first(self) -> u64 {
        self.tile.index() * u64::from(TILE_WIDTH)
    }

    /// Returns how many entries the bundle holds, 1 to 256.
    #[must_use]
    pub fn width(self) -> u16 {
        self.tile.width()
    }

    /// Returns the path of the bundle's file: `tile/entries/<index>`, and `.p/<width>` when partial.
    #[must_use]
    pub fn path(self) -> String {
        path::write("entries", self.tile.index(), self.tile.width())
    }

    /// Reads a path written by [`EntryBundle::path`], and no other spelling of it.
    ///
    /// # Errors
    /// [`PathError`] when the path is not that of a bundle.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let parts = path::read(path)?;
        if parts.level != "entries" {
            return Err(PathError::Level);
        }
        Self::new(parts.index, parts.width).ok_or(PathError::Outside)
    }

    /// Returns the bytes of the bundle's file: each entry behind its length, two bytes, most significant first.
    ///
    /// # Errors
    /// [`BundleError::Count`] and [`BundleError::EntryTooLong`].
    pub fn encode<Bytes: AsRef<[u8]>>(self, entries: &[Bytes]) -> Result<Vec<u8>, BundleError> {
        let expected = usize::from(self.width());
        if entries.len() != expected {
            return Err(BundleError::Count {
                expected,
                found: entries.len(),
            });
        }
        let mut bytes = Vec::new();
        for (place, entry) in entries.iter().map(AsRef::as_ref).enumerate() {
            let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong {
                place,
                length: entry.len(),
            })?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(entry);
        }
        Ok(bytes)
    }

    /// Returns the entries in the bytes of the bundle's file, as many as its width says.
    ///
    /// # Errors
    /// [`BundleError::Short`] and [`BundleError::Long`].
    pub fn decode(self, bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
        let mut rest = bytes;
        let mut entries = Vec::with_capacity(usize::from(self.width()));
        for place in 0..usize::from(self.width()) {
            let (entry, after) = split_entry(rest).ok_or(BundleError::Short { place })?;
            entries.push(entry);
            rest = after;
        }
        match rest.len() {
            0 => Ok(entries),
            bytes => Err(BundleError::Long { bytes }),
        }
    }
}

/// Splits the first entry from what follows it.
fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}
