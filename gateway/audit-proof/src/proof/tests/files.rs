//! Proofs from tile files in a folder.

use std::fs;

use super::*;
use crate::tile::EntryBundle;

/// Returns a folder with the tiles of a tree of `size` leaves.
fn folder_of(leaves: &[Hash]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (tile, hashes) in tiles_of(Suite::Sha256, leaves) {
        put(&folder, &tile.path(), hashes.as_flattened());
    }
    folder
}

fn put(folder: &tempfile::TempDir, path: &str, bytes: &[u8]) {
    let path = folder.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn proofs_of_every_earlier_size_are_made_from_the_files_of_a_later_one() {
    let leaves = leaves(Suite::Sha256, 700);
    let folder = folder_of(&leaves);
    let tiles = FolderTiles::new(folder.path());
    for size in (1..=700).step_by(23).chain([255, 256, 257, 511, 512, 513]) {
        let root = definition::root(Suite::Sha256, &leaves[..size as usize]);
        let found = super::root(Suite::Sha256, size, &tiles).unwrap();
        assert_eq!(found, root, "{size}");
        let proof = inclusion(Suite::Sha256, size / 2, size, &tiles).unwrap();
        let leaf = &leaves[size as usize / 2];
        let verified = verify_inclusion(Suite::Sha256, size / 2, size, leaf, &proof, &root);
        assert_eq!(verified, Ok(()), "{size}");
    }
}

#[test]
fn a_partial_tile_is_read_from_the_exact_the_full_or_the_narrowest_wider_file() {
    let folder = tempfile::tempdir().unwrap();
    let tiles = FolderTiles::new(folder.path());
    let tile = Tile::new(0, 1234, 3).unwrap();
    let fill = |width: usize, byte: u8| vec![byte; width * 32];
    let found = || tiles.tile(tile).map(|hashes| (hashes.len(), hashes[0][0]));
    let missing = found().unwrap_err();
    assert!(matches!(missing, FolderTilesError::Missing { .. }));
    put(&folder, "tile/0/x001/234.p/2", &fill(2, 2));
    put(&folder, "tile/0/x001/234.p/notes", b"");
    put(&folder, "tile/0/x001/234.p/+7", &fill(7, 7));
    assert!(matches!(found(), Err(FolderTilesError::Missing { .. })));
    put(&folder, "tile/0/x001/234.p/200", &fill(200, 200));
    assert_eq!(found().unwrap(), (3, 200));
    put(&folder, "tile/0/x001/234.p/31", &fill(31, 31));
    assert_eq!(found().unwrap(), (3, 31));
    put(&folder, "tile/0/x001/234", &fill(256, 255));
    assert_eq!(found().unwrap(), (3, 255));
    put(&folder, "tile/0/x001/234.p/3", &fill(3, 3));
    assert_eq!(found().unwrap(), (3, 3));
}

#[test]
fn a_full_tile_is_never_read_from_a_partial_one() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, "tile/0/000.p/255", &[0; 255 * 32]);
    let tile = Tile::new(0, 0, 256).unwrap();
    let read = FolderTiles::new(folder.path()).tile(tile);
    assert!(matches!(read, Err(FolderTilesError::Missing { .. })));
}

#[test]
fn a_file_of_another_length_than_its_name_says_is_refused() {
    let tile = Tile::new(1, 0, 4).unwrap();
    for length in [0, 1, 127, 129, 160, 9000] {
        let folder = tempfile::tempdir().unwrap();
        put(&folder, &tile.path(), &vec![0; length]);
        let read = FolderTiles::new(folder.path()).tile(tile);
        assert!(
            matches!(read, Err(FolderTilesError::Length { expected: 128, .. })),
            "{length} bytes"
        );
    }
}

#[test]
fn a_folder_in_place_of_a_file_is_an_error_and_not_a_missing_tile() {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, "tile/0/000.p/4/stray", b"");
    let tile = Tile::new(0, 0, 4).unwrap();
    let read = FolderTiles::new(folder.path()).tile(tile);
    assert!(matches!(read, Err(FolderTilesError::Read { .. })));
}

#[test]
fn entries_are_read_from_their_bundle_or_a_wider_one() {
    let folder = tempfile::tempdir().unwrap();
    let tiles = FolderTiles::new(folder.path());
    let five = EntryBundle::new(0, 5).unwrap();
    let entries: [&[u8]; 5] = [b"one", b"", b"three", b"4", b"five"];
    put(&folder, &five.path(), &five.encode(&entries).unwrap());
    for width in 1..=5 {
        let bundle = EntryBundle::new(0, width).unwrap();
        let found = tiles.entries(bundle).unwrap();
        assert_eq!(found, &entries[..usize::from(width)]);
    }
    put(&folder, "tile/entries/000.p/2", b"\x00\x01a\x00\x02");
    let broken = tiles.entries(EntryBundle::new(0, 2).unwrap());
    assert!(matches!(broken, Err(FolderTilesError::Bundle { .. })));
    let missing = tiles.entries(EntryBundle::new(1, 2).unwrap());
    assert!(matches!(missing, Err(FolderTilesError::Missing { .. })));
}
