//! Mirrors: sound ones of awkward sizes pass, and every kind of file that is changed is named.

use std::{
    fs,
    path::{Path, PathBuf},
};

use audit_proof::{tile::EntryBundle, tile::Tile};

use crate::world::{
    ORIGIN, START_S, World, chained, drafts,
    run::{Run, verify},
    write,
};

/// One full bundle and one partial, two levels of tiles.
const SIZE: u64 = 300;

struct Mirror {
    world: World,
    folder: PathBuf,
    policy: PathBuf,
}

fn mirror(size: u64) -> Mirror {
    let world = World::new();
    let log = world.log_of("log", drafts(size));
    let folder = world.path("mirror");
    world.publish(&log.entries, size, &folder);
    let policy = world.policy();
    Mirror {
        world,
        folder,
        policy,
    }
}

impl Mirror {
    fn verify(&self) -> Run {
        let folder = self.folder.as_os_str();
        verify(&[
            "mirror".as_ref(),
            folder,
            "--policy".as_ref(),
            self.policy.as_os_str(),
        ])
    }

    fn flip(&self, path: &str, offset: usize) {
        let path = self.folder.join(path);
        let mut bytes = fs::read(&path).unwrap();
        bytes[offset] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
}

#[test]
fn mirrors_of_every_shape_pass_with_both_trees() {
    for size in [1, 255, 256, 257, 300, 512, 1000] {
        let found = mirror(size).verify();
        found.passes(&[("anchored", 0, size)]);
        let checked = &found.verdict["checked"];
        assert_eq!(checked["entries"], size);
        assert_eq!(checked["bundles"], size.div_ceil(256));
        // The newest and the kept checkpoint of both trees.
        assert_eq!(checked["checkpoints"], 4, "{size}");
    }
}

#[test]
fn a_mirror_of_more_than_a_tile_of_tiles_passes_and_its_upper_tiles_are_compared() {
    let mirror = mirror(66_000);
    let sound = mirror.verify();
    sound.passes(&[("anchored", 0, 66_000)]);
    // Level 0: 258 tiles, level 1: a full one and a partial one, level 2: one; in two trees.
    assert_eq!(sound.verdict["checked"]["tiles"], 2 * (258 + 2 + 1));
    mirror.flip(&Tile::new(1, 0, 256).unwrap().path(), 32 * 7);
    mirror.verify().fails(7 * 256, "mirror-fault");
    mirror.flip(&Tile::new(1, 0, 256).unwrap().path(), 32 * 7);
    mirror.flip(&format!("sm3/{}", Tile::new(2, 0, 1).unwrap().path()), 5);
    mirror.verify().fails(0, "mirror-fault");
}

#[test]
fn every_file_that_is_changed_or_missing_is_named_with_position_and_offset() {
    let bundle = EntryBundle::of_tree(1, SIZE).unwrap().path();
    let leaves = Tile::of_tree(0, 1, SIZE).unwrap().path();
    let upper = Tile::of_tree(1, 0, SIZE).unwrap().path();
    let sm3 = format!("sm3/{}", Tile::of_tree(0, 0, SIZE).unwrap().path());
    for (file, flipped, position) in [
        (&leaves, Some(32 * 3 + 1), 259),
        (&sm3, Some(32 * 200), 200),
        (&upper, Some(0), 0),
        (&bundle, None, 256),
        (&leaves, None, 256),
        (&upper, None, 0),
    ] {
        let mirror = mirror(SIZE);
        match flipped {
            Some(offset) => mirror.flip(file, offset),
            None => fs::remove_file(mirror.folder.join(file)).unwrap(),
        }
        let found = mirror.verify();
        found.fails(position, "mirror-fault");
        let failure = &found.verdict["failures"][0];
        assert_eq!(failure["file"], file.as_str());
        let offset = flipped.map_or(0, |offset| offset as u64 / 32 * 32);
        assert_eq!(failure["offset"], offset, "{file}");
    }
}

#[test]
fn an_entry_changed_in_a_bundle_breaks_the_chain_or_the_tile_at_its_position() {
    let mirror = mirror(SIZE);
    let path = mirror.folder.join("tile/entries/000");
    let bytes = fs::read(&path).unwrap();
    let at = bytes
        .windows(8)
        .position(|found| found == b"case 100")
        .unwrap();
    mirror.flip("tile/entries/000", at);
    let found = mirror.verify();
    // Its own bytes are canonical still: the next entry does not link to it.
    found.fails(101, "mirror-fault");
    // No tile was compared in this bundle, so nothing in it is vouched for.
    assert_eq!(found.ranges(), [("failed", 0, 102)]);
}

#[test]
fn an_old_partial_tile_that_differs_shows_that_the_log_was_another() {
    let mirror = mirror(SIZE);
    let full = fs::read(mirror.folder.join("tile/0/000")).unwrap();
    let old = mirror.folder.join(Tile::new(0, 0, 100).unwrap().path());
    write(&old, &full[..3200]);
    mirror.verify().passes(&[("anchored", 0, SIZE)]);
    mirror.flip("tile/0/000.p/100", 32 * 42);
    mirror.verify().fails(42, "mirror-fault");
}

#[test]
fn a_checkpoint_over_other_entries_is_found_although_the_tiles_fit_the_entries() {
    let mirror = mirror(SIZE);
    let other = mirror.world.log_of("other", drafts(SIZE + 1));
    let note = mirror
        .world
        .checkpoint_of(ORIGIN, [9; 32], SIZE, 2)
        .to_string();
    fs::write(mirror.folder.join("checkpoint"), note).unwrap();
    mirror.verify().fails(0, "differs");
    // More than there is.
    let note = mirror.world.checkpoint(&other, SIZE + 1, 2).to_string();
    fs::write(mirror.folder.join("checkpoint"), note).unwrap();
    mirror.verify().fails(256, "mirror-fault");
}

#[test]
fn a_time_that_goes_back_is_found_in_entries_that_are_chained_and_signed_anew() {
    let world = World::new();
    let time = |position| {
        let back = if position == 270 { 50 } else { 0 };
        (START_S + position - back) * 1_000_000_000
    };
    let entries = chained(&drafts(SIZE), time);
    let folder = world.path("mirror");
    world.publish(&entries, SIZE, &folder);
    let mirror = Mirror {
        policy: world.policy(),
        world,
        folder,
    };
    let found = mirror.verify();
    found.fails(270, "mirror-fault");
    assert!(
        found.verdict["failures"][0]["message"]
            .as_str()
            .unwrap()
            .contains("not later")
    );
}

#[test]
fn a_folder_without_a_checkpoint_is_a_failure() {
    let mirror = mirror(5);
    fs::remove_file(mirror.folder.join("checkpoint")).unwrap();
    mirror.verify().fails(0, "mirror-fault");
    fs::write(mirror.folder.join("checkpoint"), "no note").unwrap();
    let found = mirror.verify();
    assert_eq!(found.code, 1, "{:#}", found.verdict);
}

#[test]
fn growth_between_two_checkpoints_is_checked_against_a_mirror() {
    let mirror = mirror(SIZE);
    let log = mirror.world.log_of("again", drafts(SIZE));
    let old = mirror.world.checkpoint(&log, 100, 2).to_string();
    let old = mirror.world.file("old", old);
    let forged = mirror
        .world
        .checkpoint_of(ORIGIN, [3; 32], 100, 2)
        .to_string();
    let forged = mirror.world.file("forged", forged);
    let new = mirror.folder.join("checkpoint");
    let consistency = |old: &Path| {
        verify(&[
            "checkpoint".as_ref(),
            old.as_os_str(),
            new.as_os_str(),
            "--mirror".as_ref(),
            mirror.folder.as_os_str(),
            "--policy".as_ref(),
            mirror.policy.as_os_str(),
        ])
    };
    consistency(&old).passes(&[("anchored", 0, SIZE)]);
    consistency(&forged).fails(0, "differs");
}
