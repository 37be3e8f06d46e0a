//! Tiles and entry bundles read from a folder of files.
//!
//! It only reads, and never more than a tile or bundle can have. Where the file of a partial tile is gone, that of a wider
//! one at its place does as well: writers remove partial tiles once the full one is there (C2SP tlog-tiles,
//! "Partial Tiles"). Exports, mirrors and the offline verifier rely on it.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::HashSource;
use crate::{
    hash::Hash,
    tile::{BundleError, EntryBundle, MAX_BUNDLE_BYTES, TILE_WIDTH, Tile},
};

/// A folder that holds tile files under their paths, such as a copy of a published log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderTiles {
    folder: PathBuf,
}

/// Why a folder does not give a tile or a bundle.
#[derive(Debug, thiserror::Error)]
pub enum FolderTilesError {
    /// There is neither the file nor one of a wider tile at its place.
    #[error("neither {} nor a wider one is there", path.display())]
    Missing {
        /// The file looked for first.
        path: PathBuf,
    },
    /// A tile's file has another length than its name says.
    #[error("{} has not the {expected} bytes of its tile", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// The length it should have, in bytes.
        expected: usize,
    },
    /// A bundle's file does not hold the entries that its name says.
    #[error("{} is not the bundle that its name says", path.display())]
    Bundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        cause: BundleError,
    },
    /// A file or folder cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        cause: io::Error,
    },
}

/// A file that was found for a tile or bundle.
struct Found<Place> {
    /// What its name says it is: what was looked for, or wider.
    place: Place,
    path: PathBuf,
    bytes: Vec<u8>,
}

impl FolderTiles {
    /// Returns the tiles of a folder: the one in which `tile/` lies. Nothing is read yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Returns the entries of a bundle, exactly as many as its width.
    ///
    /// # Errors
    /// [`FolderTilesError`]. That they are the entries of the log is for their leaf hashes to tell.
    pub fn entries(&self, bundle: EntryBundle) -> Result<Vec<Vec<u8>>, FolderTilesError> {
        let found = self.find(bundle, MAX_BUNDLE_BYTES)?;
        let decoded = found.place.decode(&found.bytes);
        let entries = decoded.map_err(|cause| FolderTilesError::Bundle {
            path: found.path,
            cause,
        })?;
        let wanted = entries.into_iter().take(usize::from(bundle.width()));
        Ok(wanted.map(<[u8]>::to_vec).collect())
    }

    /// Finds the file of `wanted`, or else of the full tile or the narrowest wider one at its place.
    ///
    /// At most one byte more than `most_bytes` is read.
    fn find<P: Place>(&self, wanted: P, most_bytes: usize) -> Result<Found<P>, FolderTilesError> {
        let full = wanted.at_width(TILE_WIDTH);
        for place in std::iter::once(wanted).chain(full) {
            if let Some(found) = self.open(place, most_bytes)? {
                return Ok(found);
            }
        }
        let exact = self.folder.join(wanted.path());
        let partial_folder = exact.parent().filter(|_| wanted.width() < TILE_WIDTH);
        for width in partial_folder.map_or(Ok(Vec::new()), widths)? {
            let wider = wanted.at_width(width).filter(|_| width > wanted.width());
            if let Some(place) = wider
                && let Some(found) = self.open(place, most_bytes)?
            {
                return Ok(found);
            }
        }
        Err(FolderTilesError::Missing { path: exact })
    }

    /// Reads the file of a place; `None` when it is not there.
    fn open<P: Place>(
        &self,
        place: P,
        most_bytes: usize,
    ) -> Result<Option<Found<P>>, FolderTilesError> {
        let path = self.folder.join(place.path());
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| {
            // Room for all of it, so that it is read at once.
            let length = file.metadata()?.len().min(most_bytes as u64);
            bytes.reserve_exact(usize::try_from(length).unwrap_or_default() + 1);
            file.take(most_bytes as u64 + 1).read_to_end(&mut bytes)
        });
        match read {
            Ok(_) => Ok(Some(Found { place, path, bytes })),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(FolderTilesError::Read { path, cause }),
        }
    }
}

impl HashSource for FolderTiles {
    type Error = FolderTilesError;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, FolderTilesError> {
        let found = self.find(tile, usize::from(TILE_WIDTH) * size_of::<Hash>())?;
        let expected = found.place.bytes();
        if found.bytes.len() != expected {
            let path = found.path;
            return Err(FolderTilesError::Length { path, expected });
        }
        let (hashes, _) = found.bytes.as_chunks::<32>();
        Ok(hashes[..usize::from(tile.width())].to_vec())
    }
}

/// What has a file for each width: a tile or a bundle.
trait Place: Copy {
    fn width(self) -> u16;
    fn path(self) -> String;
    fn at_width(self, width: u16) -> Option<Self>;
}

impl Place for Tile {
    fn width(self) -> u16 {
        self.width()
    }

    fn path(self) -> String {
        self.path()
    }

    fn at_width(self, width: u16) -> Option<Self> {
        Self::new(self.level(), self.index(), width)
    }
}

impl Place for EntryBundle {
    fn width(self) -> u16 {
        self.width()
    }

    fn path(self) -> String {
        self.path()
    }

    fn at_width(self, width: u16) -> Option<Self> {
        Self::new(self.tile().index(), width)
    }
}

/// Returns the widths for which a folder of partial tiles may have files, ascending; none when it is not there.
fn widths(folder: &Path) -> Result<Vec<u16>, FolderTilesError> {
    let list = || -> io::Result<Vec<u16>> {
        let mut widths = Vec::new();
        for file in std::fs::read_dir(folder)? {
            // Other names are left alone; a width spelled otherwise leads to a path that is not there.
            widths.extend(
                file?
                    .file_name()
                    .to_str()
                    .and_then(|name| name.parse::<u16>().ok()),
            );
        }
        widths.sort_unstable();
        Ok(widths)
    };
    match list() {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(cause) => Err(FolderTilesError::Read {
            path: folder.to_owned(),
            cause,
        }),
        Ok(widths) => Ok(widths),
    }
}
