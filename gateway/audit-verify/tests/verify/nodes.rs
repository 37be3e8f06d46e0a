//! A node's whole audit folder: segments, tiles, kept checkpoints and lock belong together.

use std::{fs, path::PathBuf};

use crate::world::{
    TestLog, World, drafts,
    run::{Run, verify},
    write,
};

const SIZE: u64 = 300;

struct Node {
    world: World,
    log: TestLog,
    policy: PathBuf,
}

fn node() -> Node {
    let world = World::new();
    let log = world.log_of("audit", drafts(SIZE));
    world.publish(&log.entries, SIZE, &log.folder.join("tiles"));
    for size in [1, 128, 299] {
        let note = world.checkpoint(&log, size, 3).to_string();
        write(
            &log.folder.join(format!("tiles/checkpoints/{size}")),
            note.as_bytes(),
        );
    }
    let lock = world.checkpoint(&log, SIZE, 0).to_string();
    write(&log.folder.join("signed/checkpoint"), lock.as_bytes());
    let policy = world.policy();
    Node { world, log, policy }
}

impl Node {
    fn verify(&self) -> Run {
        let folder = self.log.folder.as_os_str();
        verify(&[
            "all".as_ref(),
            folder,
            "--policy".as_ref(),
            self.policy.as_os_str(),
        ])
    }
}

#[test]
fn a_node_in_good_order_passes_and_says_what_was_checked() {
    let found = node().verify();
    found.passes(&[("anchored", 0, SIZE)]);
    // Three kept ones, the newest twice in each tree, and the lock.
    assert_eq!(found.verdict["checked"]["checkpoints"], 8);
    assert_eq!(found.verdict["checked"]["bundles"], 2);
    assert!(found.verdict["checked"]["segments"].as_u64().unwrap() > 0);
}

#[test]
fn a_log_shorter_than_its_lock_is_found() {
    let node = node();
    let grown = node.world.log_of("grown", drafts(SIZE + 5));
    let lock = node.world.checkpoint(&grown, SIZE + 5, 0).to_string();
    fs::write(node.log.folder.join("signed/checkpoint"), lock).unwrap();
    let found = node.verify();
    found.fails(SIZE, "shorter");
    assert!(
        found.verdict["failures"][0]["file"]
            .as_str()
            .unwrap()
            .ends_with("signed/checkpoint")
    );
}

#[test]
fn a_kept_checkpoint_that_was_replaced_or_spoilt_is_found() {
    let node = node();
    let kept = node.log.folder.join("tiles/checkpoints/128");
    let forged = node
        .world
        .checkpoint_of(crate::world::ORIGIN, [1; 32], 128, 3)
        .to_string();
    fs::write(&kept, &forged).unwrap();
    node.verify().fails(1, "differs");
    let other = node
        .world
        .checkpoint(&node.log, 128, 3)
        .to_string()
        .replace("\n128\n", "\n129\n");
    fs::write(&kept, other).unwrap();
    node.verify().fails(None, "signature");
}

#[test]
fn tiles_of_another_log_beside_the_segments_are_found() {
    let node = node();
    let other = node.world.log_of("other", drafts(SIZE + 1));
    let tiles = node.log.folder.join("tiles");
    let at = 32 * 17;
    let mut bytes = fs::read(tiles.join("tile/0/000")).unwrap();
    bytes[at] ^= 1;
    fs::write(tiles.join("tile/0/000"), bytes).unwrap();
    let found = node.verify();
    found.fails(17, "mirror-fault");
    assert_eq!(found.verdict["failures"][0]["file"], "tiles/tile/0/000");
    node.world.publish(&other.entries, SIZE + 1, &tiles);
    node.verify().fails(SIZE, "shorter");
}

#[test]
fn a_node_without_tiles_or_lock_is_not_wholly_checkable() {
    let node = node();
    fs::remove_dir_all(node.log.folder.join("signed")).unwrap();
    node.verify().is_not_checkable("lock");
    fs::remove_dir_all(node.log.folder.join("tiles")).unwrap();
    node.verify().is_not_checkable("tiles");
}
