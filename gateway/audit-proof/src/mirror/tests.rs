//! Mirrors that are made here, sound and with one bit changed anywhere.

use std::{fs, path::Path};

use super::*;
use crate::{
    entry::{Draft, Place},
    tile::{EntryBundle, TileAppender},
};
use tempfile::TempDir;

/// Entries of a small log, chained.
fn entries(count: u64) -> Vec<Vec<u8>> {
    let mut link = [0; 32];
    (0..count)
        .map(|position| {
            let mut bytes = Vec::new();
            let place = Place {
                origin: "example.com/log",
                position,
                time_ns: position + 1,
                link: &link,
                second_link: None,
            };
            Draft::new(1).write_entry(place, &mut bytes);
            link = Suite::Sha256.leaf_hash(&bytes);
            bytes
        })
        .collect()
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Writes a mirror with both trees; returns its folder and all its files.
fn mirror(count: u64) -> (TempDir, Vec<PathBuf>) {
    let folder = TempDir::new().unwrap();
    let entries = entries(count);
    let mut files = Vec::new();
    for (suite, path) in [
        (Suite::Sha256, folder.path().to_owned()),
        (Suite::Sm3, folder.path().join(SM3_FOLDER)),
    ] {
        let mut tree = TileAppender::new(suite);
        let mut tiles = Vec::new();
        for entry in &entries {
            tiles.extend(tree.append(suite.leaf_hash(entry)).unwrap());
        }
        tiles.extend(tree.partial_tiles());
        for tile in tiles {
            files.push(path.join(tile.tile.path()));
            write(&path.join(tile.tile.path()), &tile.to_bytes());
        }
    }
    for index in 0..count.div_ceil(256) {
        let bundle = EntryBundle::of_tree(index, count).unwrap();
        let first = usize::try_from(bundle.first()).unwrap();
        let held = &entries[first..first + usize::from(bundle.width())];
        files.push(folder.path().join(bundle.path()));
        write(
            &folder.path().join(bundle.path()),
            &bundle.encode(held).unwrap(),
        );
    }
    (folder, files)
}

fn options(size: u64, threads: usize) -> MirrorOptions {
    MirrorOptions {
        size,
        sm3_size: Some(size),
        observe: vec![size, 1, size / 2],
        threads,
        ..MirrorOptions::default()
    }
}

#[test]
fn heads_are_those_of_the_trees_whatever_the_number_of_threads() {
    let (folder, files) = mirror(700);
    for threads in [1, 2, 5] {
        let report = verify(folder.path(), &options(700, threads));
        assert_eq!(report.fault, None);
        assert_eq!((report.entries, report.bundles), (700, 3));
        assert_eq!(report.tiles + report.bundles, files.len() as u64);
        for (suite, heads) in [
            (Suite::Sha256, &report.heads),
            (Suite::Sm3, &report.sm3_heads),
        ] {
            let mut tree = TileAppender::new(suite);
            let mut expected = Vec::new();
            for (time_ns, entry) in (1..).zip(entries(700)) {
                let hash = suite.leaf_hash(&entry);
                tree.append(hash).unwrap();
                if [1, 350, 700].contains(&tree.size()) {
                    let (size, root) = (tree.size(), tree.root());
                    expected.push(Head {
                        size,
                        hash,
                        root,
                        time_ns,
                    });
                }
            }
            assert_eq!(heads, &expected);
        }
    }
}

#[test]
fn no_bit_of_any_file_can_be_changed_unnoticed() {
    let (folder, files) = mirror(300);
    let mut tried = 0;
    for file in &files {
        let sound = fs::read(file).unwrap();
        // Every byte of a partial tile or of the first entries, and of the rest every so many.
        let step = sound.len() / 120 + 1;
        for at in (0..sound.len()).step_by(step) {
            let mut changed = sound.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(file, changed).unwrap();
            let report = verify(folder.path(), &options(300, 1));
            // The last entry has none behind it that links to it: there only the tile tells.
            assert!(report.fault.is_some(), "byte {at} of {}", file.display());
            tried += 1;
        }
        fs::write(file, sound).unwrap();
    }
    assert!(tried > 500, "{tried}");
    assert_eq!(verify(folder.path(), &options(300, 2)).fault, None);
}

#[test]
fn a_mirror_cut_anywhere_or_of_nothing_is_no_panic() {
    let (folder, files) = mirror(300);
    for file in &files {
        let sound = fs::read(file).unwrap();
        fs::write(file, &sound[..sound.len() - 1]).unwrap();
        assert!(verify(folder.path(), &options(300, 2)).fault.is_some());
        fs::write(file, b"").unwrap();
        assert!(verify(folder.path(), &options(300, 2)).fault.is_some());
        fs::write(file, sound).unwrap();
    }
    for size in [301, 1 << 40, u64::MAX] {
        assert!(
            verify(folder.path(), &options(size, 2)).fault.is_some(),
            "{size}"
        );
    }
    let empty = verify(folder.path(), &options(0, 2));
    assert_eq!((empty.entries, empty.fault), (0, None));
}
