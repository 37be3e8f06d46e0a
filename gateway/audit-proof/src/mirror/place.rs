//! Reading the files of one tile, and comparing them with hashes that were computed.
//!
//! A place has a file for the full tile or for the width at the checkpoint, and may have partial ones of earlier sizes;
//! all that are there are compared, since an old one that differs shows that the log was another.

use std::path::PathBuf;

use super::{MirrorFault, MirrorFaultKind, Tree};
use crate::{
    hash::Hash,
    proof::{FolderTiles, FolderTilesError, HashSource as _},
    tile::Tile,
};

/// How many files of a place were compared.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Compared {
    pub(super) files: u64,
    pub(super) past_checkpoint: u64,
}

/// Compares every file of the tile at `tile`'s place with `hashes`, which are the tile's at the size of the tree.
pub(super) fn compare(tree: &Tree, tile: Tile, hashes: &[Hash]) -> Result<Compared, MirrorFault> {
    let source = FolderTiles::new(&tree.folder);
    let mut compared = Compared::default();
    let found = source
        .tile(tile)
        .map_err(|error| of_error(tree, tile, &error))?;
    same(tree, tile, hashes, &found)?;
    compared.files += 1;
    for width in partial_widths(tree, tile)? {
        let Some(other) =
            Tile::new(tile.level(), tile.index(), width).filter(|other| *other != tile)
        else {
            continue;
        };
        let found = source
            .tile(other)
            .map_err(|error| of_error(tree, other, &error))?;
        same(tree, other, hashes, &found)?;
        compared.files += 1;
        compared.past_checkpoint += u64::from(usize::from(width) > hashes.len());
    }
    Ok(compared)
}

/// Reads the hashes of a tile.
pub(super) fn read(tree: &Tree, tile: Tile) -> Result<Vec<Hash>, MirrorFault> {
    let source = FolderTiles::new(&tree.folder);
    source
        .tile(tile)
        .map_err(|error| of_error(tree, tile, &error))
}

/// Returns the fault of a file with the path of `tile` at the hash number `place`.
pub(super) fn fault(tree: &Tree, tile: Tile, place: usize, kind: MirrorFaultKind) -> MirrorFault {
    let hash = tile.index() * 256 + place as u64;
    MirrorFault {
        position: hash << (8 * u32::from(tile.level())),
        file: PathBuf::from(format!("{}{}", tree.prefix, tile.path())),
        offset: place as u64 * 32,
        kind,
    }
}

fn same(tree: &Tree, tile: Tile, hashes: &[Hash], found: &[Hash]) -> Result<(), MirrorFault> {
    let differs = hashes
        .iter()
        .zip(found)
        .position(|(left, right)| left != right);
    differs.map_or(Ok(()), |place| {
        Err(fault(tree, tile, place, MirrorFaultKind::TileDiffers))
    })
}

fn of_error(tree: &Tree, tile: Tile, error: &FolderTilesError) -> MirrorFault {
    let kind = match error {
        FolderTilesError::Missing { .. } => MirrorFaultKind::TileMissing,
        FolderTilesError::Length { .. } | FolderTilesError::Bundle { .. } => {
            MirrorFaultKind::TileForm
        }
        FolderTilesError::Read { cause, .. } => MirrorFaultKind::Unreadable(cause.kind()),
    };
    fault(tree, tile, 0, kind)
}

/// Returns the widths of the partial files at the place; names that are no width are left alone.
fn partial_widths(tree: &Tree, tile: Tile) -> Result<Vec<u16>, MirrorFault> {
    let full = tile.full().unwrap_or(tile);
    let folder = tree.folder.join(format!("{}.p", full.path()));
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(fault(
                tree,
                tile,
                0,
                MirrorFaultKind::Unreadable(error.kind()),
            ));
        }
    };
    let mut widths: Vec<u16> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    widths.sort_unstable();
    Ok(widths)
}
