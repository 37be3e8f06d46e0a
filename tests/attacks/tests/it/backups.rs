//! Old backups put back: the node refuses what it signed beyond, and witnesses refuse where its memory was put back, too.

use std::fs;

use attacks::{
    column::{Column, Finding},
    files,
    gateway::{Case, Growing, Node},
    rewrite::segments,
    witnesses::Serving,
};
use audit_proof::{
    proof::{FolderTiles, root},
    suite::Suite,
};
use log_http::ask::{StartError, check_start};

use crate::small::Small;

/// A node of six entries that was backed up at three; both sizes are signed, cosigned and stamped.
fn backed_up(small: &Small) -> Case {
    let case = small.case("node", 6);
    let mut growing = Growing::open(&small.world, &case).unwrap();
    small.take(&growing, 0, 3);
    growing.checkpoint(small.world.time_s(3 - 1)).unwrap();
    files::copy(&case.audit(), &case.folder.join("backup")).unwrap();
    small.take(&growing, 3, 6);
    growing.checkpoint(small.world.time_s(6 - 1)).unwrap();
    growing.close().unwrap();
    case
}

#[test]
fn segments_of_an_old_backup_are_refused_at_the_start() {
    let small = Small::new();
    let case = backed_up(&small);
    for path in segments(&case.audit()).unwrap() {
        fs::remove_file(path).unwrap();
    }
    for path in segments(&case.folder.join("backup")).unwrap() {
        let name = path.file_name().unwrap();
        fs::copy(&path, case.audit().join(name)).unwrap();
    }
    let refused = Node::open(&small.world.keys, &case.audit()).unwrap_err();
    let said = format!("{refused:#}");
    assert!(
        said.contains("log has 3 entries, and 6 were signed"),
        "{said}"
    );
}

fn restore(case: &Case) {
    fs::remove_dir_all(case.audit()).unwrap();
    fs::rename(case.folder.join("backup"), case.audit()).unwrap();
}

#[test]
fn a_backup_of_everything_is_refused_by_every_witness_before_and_after_it_goes_on() {
    let small = Small::new();
    let case = backed_up(&small);
    restore(&case);
    let mut node = Node::open(&small.world.keys, &case.audit()).unwrap();
    let witnesses = Serving::start(&small.world.keys, &case.folder).unwrap();
    let held = witnesses.held().unwrap();
    assert_eq!(held.len(), 3);
    let tiles = FolderTiles::new(case.tiles());
    for witnessed in &held {
        let start = check_start(
            node.log.size(),
            |size| root(Suite::Sha256, size, &tiles),
            witnessed,
        );
        let refused = start.unwrap_err();
        assert!(
            matches!(
                refused,
                StartError::Shorter {
                    own: 3,
                    witnessed: 6
                }
            ),
            "{refused:?}"
        );
    }
    // An operator who goes on all the same forks its log.
    small.append(&node, 3, 8, "again");
    let note = node.sign(small.world.time_s(8)).unwrap();
    let answer = witnesses.ask(&note, &case.tiles(), small.world.time_s(8) + 1);
    let answer = answer.unwrap();
    assert_eq!(answer.verdict.witnesses.len(), 0);
    assert_eq!(answer.disagreements().count(), 3);
    node.log.close().unwrap();
}

#[test]
fn where_no_witness_can_be_asked_a_restored_backup_is_found_by_its_age_alone() {
    let small = Small::new();
    let mut case = backed_up(&small);
    restore(&case);
    fs::create_dir_all(case.held()).unwrap();
    fs::copy(
        case.tiles().join("checkpoints/3"),
        case.held().join("export"),
    )
    .unwrap();
    let examine = |case: &Case| -> Finding { Column::Stamp.examine(&small.world, case).unwrap() };
    let recent = examine(&case);
    assert!(!recent.is_detected(), "{recent:?}");
    case.examined_s += 120;
    let late = examine(&case);
    assert!(late.reason.starts_with("stale"), "{late:?}");
}
