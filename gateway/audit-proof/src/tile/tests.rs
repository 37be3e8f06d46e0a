//! Tests of tiles: their paths, which ones there are, bundles, and the appender.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{proof::MemoryTiles, suite::Suite, tree::CompactRange};

#[test]
fn paths_are_those_of_the_specification() {
    for (level, index, width, path) in [
        (0, 0, 256, "tile/0/000"),
        (0, 0, 1, "tile/0/000.p/1"),
        (0, 1_234_067, 256, "tile/0/x001/x234/067"),
        (0, 1_234_067, 12, "tile/0/x001/x234/067.p/12"),
        (1, 999, 255, "tile/1/999.p/255"),
        (2, 1000, 256, "tile/2/x001/000"),
        (6, 0, 1, "tile/6/000.p/1"),
        (0, (1 << 40) - 1, 256, "tile/0/x001/x099/x511/x627/775"),
    ] {
        let tile = Tile::new(level, index, width).expect(path);
        assert_eq!(tile.path(), path);
        assert_eq!(Tile::parse(path), Ok(tile));
    }
    let bundle = EntryBundle::new(1_234_067, 12).unwrap();
    assert_eq!(bundle.path(), "tile/entries/x001/x234/067.p/12");
    assert_eq!(EntryBundle::parse(&bundle.path()), Ok(bundle));
    assert_eq!(bundle.first(), 1_234_067 * 256);
}

#[test]
fn paths_have_one_spelling() {
    use PathError::{Form, Level, Outside};
    for (path, expected) in [
        ("", Form),
        ("tile/", Form),
        ("tile/0", Form),
        ("tile/0/", Form),
        ("/tile/0/000", Form),
        ("tile/0/0", Form),
        ("tile/0/0000", Form),
        ("tile/0/x000/001", Form),
        ("tile/0/001/002", Form),
        ("tile/0/x001", Form),
        ("tile/0/x001/x002", Form),
        ("tile/0/+01", Form),
        ("tile/0/000/", Form),
        ("tile/0/000.p", Form),
        ("tile/0/000.p/", Form),
        ("tile/0/000.p/01", Form),
        ("tile/0/000.p/256", Form),
        ("tile/0/000.p/5/5", Form),
        ("tile/0/000.p/5.p/5", Form),
        ("tile/0/../000", Form),
        ("tile/8/0/000/", Form),
        ("tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999", Form),
        (
            "tile/0/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/001",
            Form,
        ),
        ("tile/00/000", Level),
        ("tile/7/000", Level),
        ("tile/entries/000", Level),
        ("tile/-1/000", Level),
        ("tile/0/000.p/0", Outside),
        ("tile/0/000.p/300", Outside),
        ("tile/6/000.p/2", Outside),
        ("tile/6/000", Outside),
        ("tile/0/x001/x099/x511/x627/776", Outside),
    ] {
        assert_eq!(Tile::parse(path), Err(expected), "{path}");
    }
    for (path, expected) in [
        ("tile/0/000", Level),
        ("tile/entries/00", Form),
        ("tile/entries/x001/x099/x511/x627/776", Outside),
    ] {
        assert_eq!(EntryBundle::parse(path), Err(expected), "{path}");
    }
}

#[test]
fn a_tree_has_the_tiles_over_its_leaves() {
    let paths = |size| -> Vec<String> { tiles(size).map(Tile::path).collect() };
    assert_eq!(paths(0), [""; 0]);
    assert_eq!(paths(1), ["tile/0/000.p/1"]);
    assert_eq!(paths(255), ["tile/0/000.p/255"]);
    assert_eq!(paths(256), ["tile/0/000", "tile/1/000.p/1"]);
    // The example of the specification: 70,000 leaves.
    let all = paths(70_000);
    assert_eq!(all.len(), 273 + 1 + 1 + 1 + 1);
    assert_eq!(
        all[273..],
        [
            "tile/0/273.p/112",
            "tile/1/000",
            "tile/1/001.p/17",
            "tile/2/000.p/1"
        ]
    );
    assert_eq!(Tile::partial(6, MAX_SIZE), Tile::new(6, 0, 1));
    assert_eq!(Tile::partial(0, MAX_SIZE), None);
    assert_eq!(Tile::of_tree(0, 0, MAX_SIZE + 1), None);
    assert_eq!(Tile::of_tree(7, 0, MAX_SIZE), None);
    assert_eq!(Tile::of_tree(0, u64::MAX, 5), None);
    assert_eq!(Tile::new(0, u64::MAX, 1), None);
    assert_eq!(hashes_on(200, MAX_SIZE), 0);
}

#[test]
fn what_is_new_of_a_grown_tree_is_its_unfinished_tiles_and_all_after_them() {
    let paths = |old, new| -> Vec<String> { tiles_between(old, new).map(Tile::path).collect() };
    assert_eq!(paths(5, 5), [""; 0]);
    assert_eq!(paths(5, 6), ["tile/0/000.p/6"]);
    assert_eq!(paths(5, 256), ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(paths(256, 257), ["tile/0/001.p/1"]);
    assert_eq!(paths(256, 512), ["tile/0/001", "tile/1/000.p/2"]);
    assert_eq!(paths(512, 512), [""; 0]);
}

/// Checks the appender after `size` leaves against the log's own tree, its tiles and itself, resumed.
fn check(appender: &TileAppender, full: &MemoryTiles, range: &CompactRange) {
    let size = appender.size();
    assert_eq!((size, appender.root()), (range.size(), range.root()));
    let mut stored = full.clone();
    for filled in appender.partial_tiles() {
        assert_eq!(filled.to_bytes().len(), filled.tile.bytes());
        stored.insert(filled.tile, filled.hashes);
    }
    let expected: Vec<Tile> = tiles(size).collect();
    let mut found: Vec<Tile> = stored.keys().copied().collect();
    found.sort_unstable();
    assert_eq!(found, expected, "{size}");
    let resumed = TileAppender::resume(Suite::Sha256, size, &stored);
    assert_eq!(resumed.as_ref(), Ok(appender), "{size}");
}

#[test]
fn the_appender_has_the_roots_and_tiles_of_the_tree_and_is_resumed_at_any_size() {
    let mut appender = TileAppender::new(Suite::Sha256);
    let mut range = CompactRange::new();
    let mut full = BTreeMap::new();
    check(&appender, &full, &range);
    for number in 0..65_537_u32 {
        let leaf = Suite::Sha256.leaf_hash(&number.to_be_bytes());
        range.append(leaf);
        for filled in appender.append(leaf).unwrap() {
            assert!(filled.tile.is_full() && filled.hashes.len() == 256);
            assert_eq!(full.insert(filled.tile, filled.hashes), None);
        }
        if !(600..65_533).contains(&number) || number % 9_973 == 0 {
            check(&appender, &full, &range);
        }
    }
}

#[test]
fn a_resumed_appender_goes_on_as_if_it_had_never_stopped() {
    for suite in [Suite::Sha256, Suite::Sm3] {
        let leaf = |n: u32| suite.leaf_hash(&n.to_be_bytes());
        let mut whole = TileAppender::new(suite);
        let mut stored = MemoryTiles::new();
        for number in 0..300 {
            let full = whole.append(leaf(number)).unwrap();
            stored.extend(full.into_iter().map(|filled| (filled.tile, filled.hashes)));
        }
        let partial = whole.partial_tiles();
        stored.extend(
            partial
                .into_iter()
                .map(|filled| (filled.tile, filled.hashes)),
        );
        // At 200 the tile of level 0 was partial; now only the full one is there.
        let mut resumed = TileAppender::resume(suite, 200, &stored).unwrap();
        for number in 200..300 {
            let full = resumed.append(leaf(number)).unwrap();
            assert!(
                full.iter()
                    .all(|filled| stored[&filled.tile] == filled.hashes)
            );
        }
        assert_eq!(resumed, whole);
    }
}

#[test]
fn a_tree_of_the_largest_size_takes_no_more() {
    let one = MemoryTiles::from([(Tile::new(6, 0, 1).unwrap(), vec![[1; 32]])]);
    let mut appender = TileAppender::resume(Suite::Sha256, MAX_SIZE, &one).unwrap();
    assert_eq!(appender.append([2; 32]), Err(TreeFull));
    assert_eq!((appender.size(), appender.root()), (MAX_SIZE, [1; 32]));
    assert!(TileAppender::resume(Suite::Sha256, MAX_SIZE + 1, &one).is_err());
}

#[test]
fn a_bundle_holds_exactly_its_entries() {
    let bundle = EntryBundle::new(0, 2).unwrap();
    let bytes = b"\x00\x03one\x00\x00";
    assert_eq!(bundle.encode(&[&b"one"[..], b""]), Ok(bytes.to_vec()));
    assert_eq!(bundle.decode(bytes), Ok(vec![&b"one"[..], b""]));
    let (expected, found) = (2, 1);
    let few = bundle.encode(&[b"one"]);
    assert_eq!(few, Err(BundleError::Count { expected, found }));
    let length = 65_536;
    let long = bundle.encode(&[vec![], vec![0; length]]);
    assert_eq!(long, Err(BundleError::EntryTooLong { place: 1, length }));
    assert!(bundle.encode(&[vec![], vec![0; 65_535]]).is_ok());
    for cut in 0..bytes.len() {
        let place = usize::from(cut >= 5);
        let short = bundle.decode(&bytes[..cut]);
        assert_eq!(short, Err(BundleError::Short { place }), "{cut} bytes");
    }
    let long = bundle.decode(b"\x00\x03one\x00\x00\x00");
    assert_eq!(long, Err(BundleError::Long { bytes: 1 }));
}

proptest! {
    #[test]
    fn every_path_is_read_as_what_was_written(level in 0..=6_u8, index in 0..1_u64 << 40, width in 1..=256_u16) {
        let index = index >> (8 * u32::from(level));
        if let Some(tile) = Tile::new(level, index, width) {
            prop_assert_eq!(Tile::parse(&tile.path()), Ok(tile));
            prop_assert!(tile.path().len() <= 43);
        }
        if let Some(bundle) = EntryBundle::new(index, width) {
            prop_assert_eq!(EntryBundle::parse(&bundle.path()), Ok(bundle));
            prop_assert!(bundle.path().len() <= 43);
        }
    }

    #[test]
    fn what_is_read_from_any_text_is_written_as_that_text(text in "(tile/)?([0-9x/.p]|entries|000){0,12}|.{0,20}") {
        if let Ok(tile) = Tile::parse(&text) {
            prop_assert_eq!(tile.path(), text.clone());
        }
        if let Ok(bundle) = EntryBundle::parse(&text) {
            prop_assert_eq!(bundle.path(), text);
        }
    }

    #[test]
    fn bundles_are_decoded_as_encoded(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..=256)) {
        let bundle = EntryBundle::new(7, u16::try_from(entries.len()).unwrap()).unwrap();
        let bytes = bundle.encode(&entries).unwrap();
        prop_assert_eq!(bundle.decode(&bytes).unwrap(), entries);
    }

    #[test]
    fn bytes_that_are_a_bundle_are_encoded_as_they_were(bytes in prop::collection::vec(0..4_u8, 0..60), width in 1..9_u16) {
        let bundle = EntryBundle::new(0, width).unwrap();
        if let Ok(entries) = bundle.decode(&bytes) {
            prop_assert_eq!(bundle.encode(&entries), Ok(bytes.clone()));
        }
    }
}
