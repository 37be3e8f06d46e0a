//! Continuing after a start, from tiles and without them.

use super::*;

#[test]
fn a_start_continues_from_the_tiles_at_every_size() {
    let folder = tempfile::tempdir().unwrap();
    let (main, twin) = (
        test_signer(KeyKind::Ed25519, ORIGIN),
        test_signer(KeyKind::Sm2Sm3, &format!("{ORIGIN}/sm3")),
    );
    let mut before = 0;
    for size in [1, 7, 255, 256, 257, 511, 512, 600] {
        let publish = publishing_both(folder.path(), &main, &twin);
        let (log, _, mut publisher, resumed) =
            open_published(dual(folder.path()), clock(), publish).unwrap();
        let expected = Resumed {
            signed_size: before,
            rebuilt: false,
        };
        assert_eq!(resumed, expected);
        let published = grow(&log, &mut publisher, before..size);
        assert_eq!(published.main.checkpoint.root(), &log.head().root);
        before = size;
    }
    let once = tempfile::tempdir().unwrap();
    let publish = publishing_both(once.path(), &main, &twin);
    let (log, _, mut publisher, _) = open_published(dual(once.path()), clock(), publish).unwrap();
    grow(&log, &mut publisher, 0..600);
    let tiles_of = |folder: &Path| {
        let mut files = files_under(&folder.join("tiles"));
        files.retain(|name, _| name.contains("tile/") && !name.contains("checkpoints"));
        files
    };
    let (in_steps, at_once) = (tiles_of(folder.path()), tiles_of(once.path()));
    for (name, bytes) in &at_once {
        assert_eq!(in_steps.get(name), Some(bytes), "{name}");
    }
}

#[test]
fn tiles_that_are_missing_or_damaged_are_made_again_from_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (main, twin) = (
        test_signer(KeyKind::Ed25519, ORIGIN),
        test_signer(KeyKind::Sm2Sm3, &format!("{ORIGIN}/sm3")),
    );
    let open = || {
        let publish = publishing_both(folder.path(), &main, &twin);
        open_published(dual(folder.path()), clock(), publish).unwrap()
    };
    let (log, _, mut publisher, _) = open();
    grow(&log, &mut publisher, 0..600);
    drop((log, publisher));
    let tiles = folder.path().join("tiles");
    let sound = files_under(&tiles);
    let restore_check = |case: &str| {
        let (log, _, publisher, resumed) = open();
        assert!(resumed.rebuilt, "{case}");
        assert_eq!(files_under(&tiles), sound, "{case}");
        drop((log, publisher));
    };
    for damaged in [
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "sm3/tile/0/002.p/88",
        "sm3/tile/1/000.p/2",
    ] {
        let path = tiles.join(damaged);
        let bytes = &sound[damaged];
        std::fs::remove_file(&path).unwrap();
        restore_check(damaged);
        for place in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut flipped = bytes.clone();
            flipped[place] ^= 0x10;
            std::fs::write(&path, flipped).unwrap();
            restore_check(damaged);
        }
        std::fs::write(&path, &bytes[1..]).unwrap();
        restore_check(damaged);
    }
    std::fs::remove_dir_all(tiles.join("tile")).unwrap();
    restore_check("all tiles and bundles");
    std::fs::remove_file(tiles.join("checkpoint")).unwrap();
    let (log, _, mut publisher, resumed) = open();
    assert!(!resumed.rebuilt);
    assert_eq!(
        files_under(&tiles),
        sound,
        "the released checkpoint is written again"
    );
    // Damage away from the edge is nobody's business at a start, and undone when asked.
    std::fs::remove_file(tiles.join("tile/entries/001")).unwrap();
    std::fs::write(tiles.join("tile/0/000"), "damaged").unwrap();
    publisher.rebuild().unwrap();
    assert_eq!(files_under(&tiles), sound);
    assert_eq!((main.sizes(), twin.sizes()), (vec![600], vec![600]));
    let published = grow(&log, &mut publisher, 600..601);
    assert_eq!(published.main.checkpoint.root(), &log.head().root);
}

#[test]
fn a_publisher_goes_on_behind_many_groups_and_segments() {
    let folder = tempfile::tempdir().unwrap();
    let signer = test_signer(KeyKind::Ed25519, ORIGIN);
    let publish = publishing(folder.path(), &signer);
    let config = config(folder.path(), 2_000);
    let (log, _, mut publisher, _) = open_published(config, clock(), publish).unwrap();
    for step in 0..20 {
        appended(&log, step * 11..step * 11 + 11);
        if step % 3 == 0 {
            let published = publisher.publish(&log.head(), step).unwrap().unwrap();
            assert_eq!(published.main.checkpoint.root(), &log.head().root);
        }
    }
}
