//! The attacks of the specification on real logs: each is named with its position and kind, and the honest log passes.

use std::{ffi::OsString, path::Path};

use audit_log::Draft;
use audit_proof::suite::Suite;

use crate::world::{ORIGIN, START_S, TestLog, World, draft, drafts, run::verify, seen_s};

const SIZE: u64 = 600;

/// What honest parties hold: the policy, checkpoints with a quorum, receipts.
struct Held {
    world: World,
    honest: TestLog,
}

fn held() -> Held {
    let world = World::new();
    let honest = world.log_of("honest", drafts(SIZE));
    for size in [300, SIZE] {
        let note = world.checkpoint(&honest, size, 3).to_string();
        world.file(&format!("held/{size}"), note);
    }
    for position in [120, 450, 595] {
        let receipt = world.receipt(&honest, position, position + 3).to_string();
        world.file(&format!("receipts/{position}"), receipt);
    }
    world.policy();
    Held { world, honest }
}

impl Held {
    /// Arguments: the command, the policy, and the names of held checkpoints.
    fn arguments(&self, log: &Path, checkpoints: &[&str], more: &[&str]) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec![
            "log".into(),
            log.into(),
            "--policy".into(),
            self.world.path("policy").into(),
        ];
        for name in checkpoints {
            arguments.push("--checkpoint".into());
            arguments.push(self.world.path(&format!("held/{name}")).into());
        }
        arguments.extend(more.iter().map(OsString::from));
        arguments
    }

    fn receipts(&self) -> String {
        self.world.path("receipts").display().to_string()
    }

    /// A log that the operator made anew, with all keys, from other drafts.
    fn rewritten(&self, name: &str, drafts: Vec<Draft>) -> TestLog {
        let log = self.world.log_of(name, drafts);
        let size = log.entries.len() as u64;
        let note = self.world.checkpoint(&log, size, 0).to_string();
        self.world.file(&format!("held/{name}-signed"), note);
        log
    }
}

fn edited(position: usize) -> Vec<Draft> {
    let mut drafts = drafts(SIZE);
    drafts[position] = draft("nothing happened");
    drafts
}

#[test]
fn an_honest_log_passes_and_what_the_witnesses_saw_is_anchored() {
    let held = held();
    let log = &held.honest.folder;
    let all = ["--receipts", &held.receipts(), "--origin", ORIGIN];
    verify(&held.arguments(log, &["300", "600"], &all)).passes(&[("anchored", 0, 600)]);
    let older = verify(&held.arguments(log, &["300"], &all));
    older.passes(&[("anchored", 0, 300), ("unanchored", 300, 600)]);
    assert_eq!(older.verdict["checked"]["receipts"], 3);
    assert_eq!(older.verdict["checked"]["entries"], 600);
    assert_eq!(older.verdict["checked"]["cosignatures"], 3);
    let alone = verify(&["log".as_ref(), log.as_os_str()]);
    alone.passes(&[("unanchored", 0, 600)]);
}

#[test]
fn a_byte_edited_without_rehashing_is_named_with_file_and_position() {
    let held = held();
    let log = held.world.log_of("flipped", drafts(SIZE));
    let file = log.flip("case 333");
    let found = verify(&["log".as_ref(), log.folder.as_os_str()]);
    found.fails(333, "log-fault");
    assert_eq!(found.verdict["failures"][0]["file"], file.as_str());
    assert!(found.verdict["failures"][0]["offset"].as_u64().unwrap() > 0);
}

#[test]
fn a_rewritten_entry_is_found_between_the_checkpoints_around_it() {
    let held = held();
    for (position, from, until) in [(333, 300, 600), (150, 0, 300)] {
        let log = held.rewritten(&format!("rewritten-{position}"), edited(position));
        let signed = format!("rewritten-{position}-signed");
        let found = verify(&held.arguments(&log.folder, &["300", "600", &signed], &[]));
        found.fails(from, "differs");
        assert_eq!(found.verdict["failures"][0]["until"], until);
        // The chain and the log's own signature notice nothing.
        let alone = held.arguments(&log.folder, &[&signed], &[]);
        verify(&alone).is_not_checkable("quorum");
    }
}

#[test]
fn an_edit_older_than_an_export_is_found_by_the_export_and_a_newer_one_is_not() {
    let held = held();
    let old = held.rewritten("older", edited(150));
    verify(&held.arguments(&old.folder, &["300", "older-signed"], &[])).fails(0, "differs");
    let new = held.rewritten("newer", edited(450));
    let found = verify(&held.arguments(&new.folder, &["300", "newer-signed"], &[]));
    found.passes(&[("anchored", 0, 300), ("unanchored", 300, 600)]);
    let receipts = ["--receipts", &held.receipts()];
    verify(&held.arguments(&new.folder, &["300", "newer-signed"], &receipts)).fails(300, "differs");
    let found = verify(&held.arguments(&new.folder, &["300"], &receipts));
    let kinds: Vec<_> = found.verdict["failures"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    let replaced = |one: &&&serde_json::Value| one["kind"] == "replaced" && one["position"] == 450;
    assert_eq!(
        kinds.iter().filter(replaced).count(),
        1,
        "{:#}",
        found.verdict
    );
}

#[test]
fn a_truncated_log_is_shorter_than_its_old_head_and_than_what_witnesses_saw() {
    let held = held();
    let log = held.rewritten("truncated", drafts(580));
    let found = verify(&held.arguments(&log.folder, &["600"], &[]));
    found.fails(580, "shorter");
    assert_eq!(found.verdict["failures"][0]["until"], 600);
    let signed = ["300", "600", "truncated-signed"];
    verify(&held.arguments(&log.folder, &signed, &[])).fails(580, "shorter");
}

#[test]
fn a_log_set_back_to_a_genuine_older_state_is_found_by_freshness_alone() {
    let held = held();
    let log = held.world.log_of("set-back", drafts(300));
    verify(&held.arguments(&log.folder, &["300"], &[])).passes(&[("anchored", 0, 300)]);
    let now = seen_s(SIZE).to_string();
    let fresh = ["--now", &now, "--max-age", "120"];
    verify(&held.arguments(&log.folder, &["300"], &fresh)).fails(300, "stale");
    verify(&held.arguments(&held.honest.folder, &["600"], &fresh)).passes(&[("anchored", 0, 600)]);
    let behind = ["--now", &START_S.to_string(), "--max-age", "120"];
    verify(&held.arguments(&log.folder, &["300"], &behind)).is_not_checkable("clock");
}

#[test]
fn entries_inserted_deleted_or_moved_are_found_although_all_is_signed_anew() {
    let held = held();
    let mut inserted = drafts(SIZE);
    inserted.insert(400, draft("backdated"));
    let mut deleted = drafts(SIZE);
    deleted.remove(400);
    let mut moved = drafts(SIZE);
    moved.swap(400, 401);
    let checkpoints = ["300", "600"];
    for (name, drafts, position, kind) in [
        ("inserted", inserted, 300, "differs"),
        ("deleted", deleted, 599, "shorter"),
        ("moved", moved, 300, "differs"),
    ] {
        let log = held.rewritten(name, drafts);
        verify(&held.arguments(&log.folder, &checkpoints, &[])).fails(position, kind);
        let receipts = ["--receipts", &held.receipts()];
        let found = verify(&held.arguments(&log.folder, &["300"], &receipts));
        assert_eq!(found.code, 1, "{name}: {:#}", found.verdict);
    }
}

#[test]
fn two_signed_roots_of_one_size_are_a_split_view() {
    let held = held();
    let log = held.rewritten("split", edited(500));
    let (ours, theirs) = (
        held.world.path("held/600"),
        held.world.path("held/split-signed"),
    );
    let policy = held.world.path("policy");
    let mut arguments = vec![
        "checkpoint".into(),
        ours.clone(),
        theirs,
        "--policy".into(),
        policy,
    ];
    let found = verify(&arguments);
    let kinds = found.verdict["failures"].as_array().unwrap().iter();
    assert_eq!(found.code, 1);
    assert!(
        kinds.clone().any(|one| one["kind"] == "split-view"),
        "{:#}",
        found.verdict
    );
    arguments.extend(["--log".into(), log.folder.clone()]);
    let found = verify(&arguments);
    found.fails(0, "differs");
    assert_eq!(
        found.verdict["failures"][0]["file"],
        ours.display().to_string()
    );
}

#[test]
fn an_entry_dropped_although_receipted_is_named() {
    let held = held();
    let log = held.rewritten("dropped", drafts(590));
    let receipts = ["--receipts", &held.receipts()];
    let found = verify(&held.arguments(&log.folder, &["300", "dropped-signed"], &receipts));
    found.fails(590, "shorter");
    let failures = found.verdict["failures"].as_array().unwrap();
    let dropped = |one: &serde_json::Value| one["kind"] == "dropped" && one["position"] == 595;
    assert!(failures.iter().any(dropped), "{:#}", found.verdict);
}

#[test]
fn an_entry_that_claims_a_time_after_witnesses_saw_it_is_found() {
    let held = held();
    let log = held.world.log_from("ahead", drafts(100), START_S + 10_000);
    let root = log.root(100, Suite::Sha256);
    let note = held.world.checkpoint_of(ORIGIN, root, 100, 2).to_string();
    held.world.file("held/ahead", note);
    verify(&held.arguments(&log.folder, &["ahead"], &[])).fails(99, "time-after");
    let loose = ["--clock-tolerance", "20000"];
    verify(&held.arguments(&log.folder, &["ahead"], &loose)).passes(&[("anchored", 0, 100)]);
}
