//! `tlog_tiles`: a client of tiled logs, which reads our tile files and believes none before it leads to the root.

use std::{cell::RefCell, collections::BTreeMap, fs, path::Path};

use audit_proof::{
    Hash,
    proof::{FolderTiles, consistency, inclusion, verify_consistency, verify_inclusion},
    suite::Suite,
    tile::{self, EntryBundle},
};
use tlog_tiles::{HashReader as _, Tile, TileHashReader, TileReader, tlog};

use crate::log::{Log, one_bit_changed};

/// Entries of the published log: three levels of tiles, and a partial one on each.
const SIZE: u64 = 66_000;

/// Reads the files of a folder, some of them replaced.
struct Files<'a> {
    folder: &'a Path,
    replaced: BTreeMap<String, Vec<u8>>,
    read: RefCell<Vec<String>>,
}

impl<'a> Files<'a> {
    fn of(folder: &'a Path) -> Self {
        Self {
            folder,
            replaced: BTreeMap::new(),
            read: RefCell::default(),
        }
    }
}

impl TileReader for Files<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let read = |tile: &Tile| {
            let path = c2sp_path(tile);
            let bytes = match self.replaced.get(&path) {
                Some(bytes) => Ok(bytes.clone()),
                None => fs::read(self.folder.join(&path)),
            };
            self.read.borrow_mut().push(path);
            bytes.map_err(|_| tlog::Error::InvalidTile)
        };
        tiles.iter().map(read).collect()
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// Returns the path of a tile without its height, which C2SP fixes and the library writes out.
fn c2sp_path(tile: &Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1)
}

fn theirs(hash: &Hash) -> tlog::Hash {
    tlog::Hash(*hash)
}

fn all_theirs(hashes: &[Hash]) -> Vec<tlog::Hash> {
    hashes.iter().map(theirs).collect()
}

fn published(log: &Log) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    log.publish(folder.path());
    folder
}

#[test]
fn their_client_reads_our_files_and_makes_the_same_proofs() {
    let log = Log::of(Suite::Sha256, SIZE);
    let folder = published(&log);
    let files = Files::of(folder.path());
    let reader = TileHashReader::new(SIZE, theirs(&log.root()), &files);
    assert_eq!(tlog::tree_hash(SIZE, &reader).unwrap(), theirs(&log.root()));
    let ours = FolderTiles::new(folder.path());
    for place in [
        0,
        1,
        255,
        256,
        257,
        40_000,
        65_535,
        65_536,
        65_791,
        65_792,
        SIZE - 1,
    ] {
        let leaf = theirs(&log.suite.leaf_hash(&log.entries[place as usize]));
        assert_eq!(leaf, tlog::record_hash(&log.entries[place as usize]));
        let proof = all_theirs(&inclusion(log.suite, place, SIZE, &ours).unwrap());
        assert_eq!(proof, tlog::prove_record(SIZE, place, &reader).unwrap());
        tlog::check_record(&proof, SIZE, theirs(&log.root()), place, leaf).unwrap();
        let (old, old_root) = (place + 1, theirs(&log.roots[place as usize + 1]));
        let proof = all_theirs(&consistency(log.suite, old, SIZE, &ours).unwrap());
        assert_eq!(proof, tlog::prove_tree(SIZE, old, &reader).unwrap());
        tlog::check_tree(&proof, SIZE, theirs(&log.root()), old, old_root).unwrap();
    }
}

#[test]
fn a_tile_file_with_one_changed_bit_is_refused() {
    // One perfect subtree on each level of tiles. The library skips the check of as many tiles as there are subtrees
    // beyond the tiles they lie in, so that at other sizes it believes the first few tiles below the edge.
    let size = 65_536 + 4_096 + 64;
    let log = Log::of(Suite::Sha256, size);
    let folder = published(&log);
    let root = theirs(&log.root());
    for (tile, hashes) in &log.tiles {
        // A hash of the tile for which no other tile on its level is needed.
        let first = tile.index() * 256;
        let wanted = [tlog::stored_hash_index(tile.level() * 8, first)];
        let mut files = Files::of(folder.path());
        let honest = TileHashReader::new(size, root, &files);
        assert!(honest.read_hashes(&wanted).is_ok(), "{}", tile.path());
        assert!(files.read.borrow().contains(&tile.path()));
        // One place for each file, another in each; every bit of the narrow ones at the edge.
        let bytes = hashes.as_flattened();
        let bit = (tile.index() as usize * 1009) % (bytes.len() * 8);
        let changed = one_bit_changed(bytes);
        let step = if tile.level() == 2 {
            1
        } else {
            bytes.len() * 8
        };
        for changed in changed.skip(bit % step).step_by(step) {
            files.replaced.insert(tile.path(), changed);
            let reader = TileHashReader::new(size, root, &files);
            assert!(reader.read_hashes(&wanted).is_err(), "{}", tile.path());
        }
    }
}

#[test]
fn proofs_with_one_changed_bit_are_refused_by_both() {
    let (suite, size, index, old) = (Suite::Sha256, 300, 258, 257);
    let log = Log::of(suite, size);
    let (root, old_root) = (log.root(), log.roots[old as usize]);
    let leaf = suite.leaf_hash(&log.entries[index as usize]);
    let hashes = |bytes: &[u8]| bytes.as_chunks::<32>().0.to_vec();
    let path = inclusion(suite, index, size, &log.tiles).unwrap();
    for changed in one_bit_changed(path.as_flattened()) {
        let changed = hashes(&changed);
        assert!(verify_inclusion(suite, index, size, &leaf, &changed, &root).is_err());
        let (leaf, changed) = (theirs(&leaf), all_theirs(&changed));
        assert!(tlog::check_record(&changed, size, theirs(&root), index, leaf).is_err());
    }
    let growth = consistency(suite, old, size, &log.tiles).unwrap();
    for changed in one_bit_changed(growth.as_flattened()) {
        let changed = hashes(&changed);
        assert!(verify_consistency(suite, old, &old_root, size, &root, &changed).is_err());
        let (old_root, changed) = (theirs(&old_root), all_theirs(&changed));
        assert!(tlog::check_tree(&changed, size, theirs(&root), old, old_root).is_err());
    }
}

#[test]
fn their_client_names_tiles_as_we_do() {
    for (level, index, width) in [(0, 0, 256), (0, 1_234_067, 12), (1, 999, 255), (6, 0, 1)] {
        let ours = tile::Tile::new(level, index, width).unwrap().path();
        let tile = Tile::new(8, level, index, u32::from(width), false);
        assert_eq!(c2sp_path(&tile), ours);
        let bundle = EntryBundle::new(index, width).unwrap().path();
        let tile = Tile::new(8, 0, index, u32::from(width), true);
        assert_eq!(c2sp_path(&tile).replace("/data/", "/entries/"), bundle);
    }
}

#[test]
fn their_list_of_tiles_to_publish_is_ours() {
    let sizes = [
        1, 5, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000,
    ];
    for old in [0].into_iter().chain(sizes) {
        for new in sizes.into_iter().filter(|new| old < *new) {
            let mut theirs: Vec<String> =
                Tile::new_tiles(8, old, new).iter().map(c2sp_path).collect();
            let mut ours: Vec<String> = tile::tiles_between(old, new)
                .map(tile::Tile::path)
                .collect();
            theirs.sort_unstable();
            ours.sort_unstable();
            assert_eq!(ours, theirs, "{old} to {new}");
        }
    }
}
