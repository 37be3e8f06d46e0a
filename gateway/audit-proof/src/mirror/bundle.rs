//! Checking one bundle without knowing the bundles before it.
//!
//! Everything about its entries but what they have to do with the entry before the first, which [`super::grow`] checks
//! in order; and the tiles of level 0 over them.

use std::path::PathBuf;

use super::{MirrorFault, MirrorFaultKind, Tree, place};
use crate::{
    chain::check_second_link,
    entry::Entry,
    fault::FaultKind,
    hash::Hash,
    peaks,
    proof::{FolderTiles, FolderTilesError},
    suite::Suite,
    tile::{EntryBundle, TILE_WIDTH, Tile},
};

/// A bundle that is sound in itself, and what is left to be checked of it.
#[derive(Debug)]
pub(super) struct Checked {
    /// The origin of all its entries.
    pub(super) origin: String,
    /// What the first entry links to.
    pub(super) link: Hash,
    /// What the first entry links to by SM3, in a log of both suites.
    pub(super) second_link: Option<Hash>,
    /// The SM3 leaf hash of the last entry, in such a log.
    pub(super) second: Option<Hash>,
    /// The times of the entries, ascending.
    pub(super) times_ns: Vec<u64>,
    /// The leaf hashes for the chain, which is always SHA-256.
    pub(super) hashes: Vec<Hash>,
    /// For each tree its leaf hashes here, and the root over them when they are a full tile.
    pub(super) leaves: Vec<(Vec<Hash>, Option<Hash>)>,
    /// Files of tiles that were compared.
    pub(super) compared: place::Compared,
    /// Whether its entries are archived, so that only hashes are known.
    pub(super) is_archived: bool,
}

/// Checks the bundle at `index` of a log of `size` entries.
///
/// Of a full bundle before `archived` that is not there the hashes of the tiles are taken.
pub(super) fn check(
    index: u64,
    size: u64,
    archived: u64,
    trees: &[Tree],
) -> Result<Checked, MirrorFault> {
    let bundle = EntryBundle::of_tree(index, size)
        .expect("only bundles that a log of this size has are asked for");
    let entries = match read(bundle, trees) {
        Err(fault)
            if fault.kind == MirrorFaultKind::BundleMissing
                && bundle.first() + u64::from(bundle.width()) <= archived =>
        {
            return of_tiles(bundle, trees);
        }
        read => read?,
    };
    let mut checked = chain(bundle, &entries)?;
    for tree in trees {
        let Some(tile) = Tile::of_tree(0, index, tree.size) else {
            checked.leaves.push((Vec::new(), None));
            continue;
        };
        let width = usize::from(tile.width());
        let leaves: Vec<Hash> = match tree.suite {
            Suite::Sha256 => checked.hashes[..width].to_vec(),
            Suite::Sm3 => entries[..width]
                .iter()
                .map(|entry| tree.suite.leaf_hash(entry))
                .collect(),
        };
        let compared = place::compare(tree, tile, &leaves)?;
        checked.compared.files += compared.files;
        checked.compared.past_checkpoint += compared.past_checkpoint;
        let root = tile.is_full().then(|| peaks::fold(tree.suite, &leaves));
        checked.leaves.push((leaves, root));
    }
    Ok(checked)
}

/// Takes the hashes of the tiles of a bundle whose entries are archived.
fn of_tiles(bundle: EntryBundle, trees: &[Tree]) -> Result<Checked, MirrorFault> {
    let mut checked = Checked::empty(bundle);
    checked.is_archived = true;
    for tree in trees {
        let Some(tile) = Tile::of_tree(0, bundle.first() / u64::from(TILE_WIDTH), tree.size) else {
            checked.leaves.push((Vec::new(), None));
            continue;
        };
        let leaves = place::read(tree, tile)?;
        checked.compared.files += 1;
        if tree.suite == Suite::Sha256 {
            checked.hashes.clone_from(&leaves);
            checked.times_ns = vec![0; leaves.len()];
        }
        let root = tile.is_full().then(|| peaks::fold(tree.suite, &leaves));
        checked.leaves.push((leaves, root));
    }
    Ok(checked)
}

fn read(bundle: EntryBundle, trees: &[Tree]) -> Result<Vec<Vec<u8>>, MirrorFault> {
    let source = FolderTiles::new(&trees[0].folder);
    source.entries(bundle).map_err(|error| {
        let (place, kind) = match error {
            FolderTilesError::Missing { .. } => (0, MirrorFaultKind::BundleMissing),
            FolderTilesError::Bundle { cause, .. } => (0, MirrorFaultKind::BundleForm(cause)),
            FolderTilesError::Read { cause, .. } => (0, MirrorFaultKind::Unreadable(cause.kind())),
            FolderTilesError::Length { .. } => (0, MirrorFaultKind::TileForm),
        };
        fault(bundle, place, 0, kind)
    })
}

/// Checks entry after entry and computes the leaf hashes of the chain.
fn chain(bundle: EntryBundle, entries: &[Vec<u8>]) -> Result<Checked, MirrorFault> {
    let mut checked = Checked::empty(bundle);
    let mut offset = 0;
    for (place, bytes) in (0..).zip(entries) {
        checked
            .take(bundle.first() + place, bytes)
            .map_err(|kind| fault(bundle, place, offset, MirrorFaultKind::Entry(kind)))?;
        offset += 2 + bytes.len() as u64;
    }
    Ok(checked)
}

impl Checked {
    fn empty(bundle: EntryBundle) -> Self {
        let width = usize::from(bundle.width());
        Self {
            origin: String::new(),
            link: [0; 32],
            second_link: None,
            second: None,
            times_ns: Vec::with_capacity(width),
            hashes: Vec::with_capacity(width),
            leaves: Vec::new(),
            compared: place::Compared::default(),
            is_archived: false,
        }
    }

    fn take(&mut self, position: u64, bytes: &[u8]) -> Result<(), FaultKind> {
        let entry = Entry::decode(bytes).map_err(FaultKind::Entry)?;
        if entry.position() != position {
            return Err(FaultKind::EntryPosition);
        }
        match (self.hashes.last(), self.times_ns.last()) {
            (Some(hash), Some(time_ns)) => {
                if entry.origin() != self.origin {
                    return Err(FaultKind::EntryOrigin);
                }
                if entry.time_ns() <= *time_ns {
                    return Err(FaultKind::EntryTime);
                }
                if entry.link() != hash {
                    return Err(FaultKind::EntryLink);
                }
                check_second_link(self.second.as_ref(), entry.second_link())?;
            }
            _ => {
                entry.origin().clone_into(&mut self.origin);
                self.link = *entry.link();
                self.second_link = entry.second_link().copied();
            }
        }
        self.hashes.push(Suite::Sha256.leaf_hash(bytes));
        self.second = entry.second_link().map(|_| Suite::Sm3.leaf_hash(bytes));
        self.times_ns.push(entry.time_ns());
        Ok(())
    }
}

/// Returns the fault of the entry at `place` of a bundle.
pub(super) fn fault(
    bundle: EntryBundle,
    place: u64,
    offset: u64,
    kind: MirrorFaultKind,
) -> MirrorFault {
    MirrorFault {
        position: bundle.first() + place,
        file: PathBuf::from(bundle.path()),
        offset,
        kind,
    }
}
