//! Archives and backups of a real node: exported, checked by a stranger's program, damaged, restored, and refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use end_to_end::packet::minute_data;
use end_to_end::witness::Witness;
use end_to_end::{Site, binary, text};

use crate::support::{request, run};

const MN: &str = "LGT00000000000000000001";

/// Submits so many packets to a gateway of the site, which is started and stopped for it.
fn day(site: &Site, name: &str, count: u32) {
    let gateway = site.start().expect("starts");
    run(async {
        let mut client = gateway.client("city-eco").await?;
        for number in 0..count {
            let key = format!("{name} {number}");
            client
                .submit(request("hj212", &key, &[minute_data(MN, number, number)]))
                .await?;
        }
        anyhow::Ok(())
    });
    gateway.stop().expect("stops");
}

fn lawgate(site: &Site, arguments: &[&str]) -> Output {
    site.lawgate(arguments).expect("runs")
}

/// Runs `lawgate-verify archive`; it lies beside `lawgate`.
fn verify(folder: &Path, more: &[&str]) -> Output {
    let program = binary().expect("built").with_file_name("lawgate-verify");
    assert!(
        program.is_file(),
        "lawgate-verify is not built; run `cargo build -p audit-verify`, or `cargo xtask test`"
    );
    Command::new(program)
        .arg("archive")
        .arg(folder)
        .args(more)
        .output()
        .expect("runs")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("lists") {
        let path = entry.expect("lists").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_closed_range_is_exported_and_every_changed_removed_or_added_file_is_named() {
    let site = Site::new().expect("sets up");
    day(&site, "first", 8);
    let first = lawgate(
        &site,
        &["archive", "export", "--range", "0..", "--to", "one"],
    );
    assert!(first.status.success(), "{}", text(&first));
    day(&site, "second", 5);
    // What was open at the first export has its own segments now.
    let whole = lawgate(
        &site,
        &[
            "archive", "export", "--range", "0..", "--to", "whole", "-o", "json",
        ],
    );
    assert!(whole.status.success(), "{}", text(&whole));
    let said: serde_json::Value = serde_json::from_slice(&whole.stdout).expect("is JSON");
    let policy = site.folder().join("data/keys/audit.policy");
    let policy = policy.to_str().expect("a plain path");
    for name in ["one", "whole"] {
        let checked = verify(&site.folder().join(name), &["--policy", policy]);
        assert!(checked.status.success(), "{}", text(&checked));
        assert!(text(&checked).contains("PASS"), "{}", text(&checked));
    }
    let unsigned = verify(&site.folder().join("whole"), &[]);
    assert_eq!(unsigned.status.code(), Some(3), "{}", text(&unsigned));
    let checked = verify(
        &site.folder().join("whole"),
        &["--policy", policy, "--json"],
    );
    let checked: serde_json::Value = serde_json::from_slice(&checked.stdout).expect("is JSON");
    assert_eq!(checked["outcome"], "passed");
    assert_eq!(checked["to"], said["to"]);
    assert!(said["evidenceSegments"].as_u64() > Some(0), "{said}");

    let archive = site.folder().join("whole");
    for path in files(&archive) {
        let name = path.strip_prefix(&archive).expect("within");
        let name = name.to_str().expect("plain").to_owned();
        let bytes = fs::read(&path).expect("reads");
        let mut changed = bytes.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        fs::write(&path, &changed).expect("written");
        let found = verify(&archive, &["--policy", policy]);
        assert_eq!(found.status.code(), Some(1), "{name}: {}", text(&found));
        // Of the manifest and its note, one is told by the other.
        assert!(
            text(&found).contains(&name) || name.starts_with("manifest"),
            "{name}: {}",
            text(&found)
        );
        fs::remove_file(&path).expect("removed");
        let found = verify(&archive, &["--policy", policy]);
        assert_eq!(found.status.code(), Some(1), "{name}: {}", text(&found));
        fs::write(&path, &bytes).expect("put back");
    }
    fs::write(archive.join("log/note.txt"), "x").expect("written");
    let found = verify(&archive, &["--policy", policy]);
    assert!(text(&found).contains("log/note.txt"), "{}", text(&found));

    let again = lawgate(
        &site,
        &["archive", "export", "--range", "0..", "--to", "one"],
    );
    assert!(
        text(&again).contains("nothing is overwritten"),
        "{}",
        text(&again)
    );
    site.verify().expect("the log verifies");
    let listed = lawgate(
        &site,
        &[
            "audit",
            "list",
            "--log",
            "data/audit",
            "--event",
            "archive.export",
        ],
    );
    assert!(text(&listed).contains("2 entries"), "{}", text(&listed));
}

#[test]
fn an_archive_is_anchored_by_the_witnesses_that_cosigned_its_checkpoint() {
    let site = Site::new().expect("sets up");
    let folder = Witness::prepare(&site, "witness", "court.example/witness").expect("prepared");
    let witness = Witness::start(&folder).expect("starts");
    site.believe(&[("court", &witness)], 1).expect("written");
    day(&site, "first", 3);
    let exported = lawgate(
        &site,
        &["archive", "export", "--range", "0..", "--to", "archive"],
    );
    assert!(exported.status.success(), "{}", text(&exported));
    let policy = site.folder().join("witnesses.policy");
    let policy = policy.to_str().expect("a plain path");
    let checked = verify(&site.folder().join("archive"), &["--policy", policy]);
    assert!(checked.status.success(), "{}", text(&checked));
    assert!(text(&checked).contains("anchored"), "{}", text(&checked));
    assert!(text(&checked).contains("court"), "{}", text(&checked));
}

#[test]
fn a_backup_is_restored_where_nothing_is_lost_and_refused_where_it_would_fork_the_log() {
    let site = Site::new().expect("sets up");
    let folder = Witness::prepare(&site, "witness", "court.example/witness").expect("prepared");
    let witness = Witness::start(&folder).expect("starts");
    site.believe(&[("court", &witness)], 1).expect("written");
    day(&site, "first", 4);
    let made = lawgate(&site, &["backup", "--to", "backup"]);
    assert!(made.status.success(), "{}", text(&made));

    // The disk is lost, and nothing came after the backup.
    let data = site.folder().join("data");
    let aside = site.folder().join("lost");
    fs::create_dir_all(&aside).expect("made");
    for name in ["audit", "evidence", "index"] {
        fs::rename(data.join(name), aside.join(name)).expect("moved");
    }
    let restored = lawgate(&site, &["restore", "--from", "backup"]);
    assert!(restored.status.success(), "{}", text(&restored));
    site.verify().expect("the log verifies");
    day(&site, "second", 3);
    site.verify().expect("it goes on");

    // Now the backup is older than what the node holds, what it signed and what was witnessed.
    let refused = |more: &[&str], said: &str| {
        let arguments = [&["restore", "--from", "backup"], more].concat();
        let output = lawgate(&site, &arguments);
        assert!(!output.status.success(), "{}", text(&output));
        assert!(text(&output).contains(said), "{}", text(&output));
    };
    refused(&[], "restoring it would fork the log");
    let saved = site.folder().join("saved");
    fs::copy(site.audit().join("tiles/checkpoint"), &saved).expect("copied");
    for name in ["audit", "evidence"] {
        fs::rename(data.join(name), site.folder().join(format!("{name}-2"))).expect("moved");
    }
    refused(&[], "the witness court has cosigned more");
    drop(witness);
    refused(&[], "cannot be asked");
    refused(
        &[
            "--without-witnesses",
            "--saved",
            saved.to_str().expect("plain"),
        ],
        "restoring it would fork the log",
    );
    assert!(!data.join("audit").exists(), "nothing was changed");

    // A backup that was changed is not restored.
    let segment = files(&site.folder().join("backup/audit"));
    let segment = segment.iter().find(|path| {
        path.extension()
            .is_some_and(|it| it == "segment" || it == "open")
    });
    let segment = segment.expect("a segment");
    let mut bytes = fs::read(segment).expect("reads");
    bytes[700] ^= 1;
    fs::write(segment, bytes).expect("written");
    refused(&["--without-witnesses"], "is not what was backed up");
}

#[test]
fn entries_in_an_archive_leave_the_node_and_every_proof_stays() {
    let site = Site::new().expect("sets up");
    day(&site, "first", 260);
    let exported = lawgate(
        &site,
        &["archive", "export", "--range", "0..", "--to", "archive"],
    );
    assert!(exported.status.success(), "{}", text(&exported));
    let early = lawgate(&site, &["archive", "prune", "--archive", "archive"]);
    assert!(
        text(&early).contains("cannot be pruned before the log is longer"),
        "{}",
        text(&early)
    );
    day(&site, "more", 260);
    let prune = || lawgate(&site, &["archive", "prune", "--archive", "archive"]);
    let pruned = prune();
    assert!(pruned.status.success(), "{}", text(&pruned));
    assert!(
        text(&pruned).contains("1 entry bundles removed"),
        "{}",
        text(&pruned)
    );
    let segment = site.audit().join("00000000000000000000.segment");
    assert!(!segment.exists());
    let policy = site.folder().join("data/keys/audit.policy");
    let all = |more: &[&str]| {
        let program = binary().expect("built").with_file_name("lawgate-verify");
        let mut command = Command::new(program);
        command
            .arg("all")
            .arg(site.audit())
            .arg("--policy")
            .arg(&policy);
        command.args(more).output().expect("runs")
    };
    // The policy names no witnesses, so that the quorum is not asked for.
    let found = all(&[]);
    assert_eq!(found.status.code(), Some(3), "{}", text(&found));
    assert!(text(&found).contains("archived"), "{}", text(&found));
    let archive = site.folder().join("archive");
    let found = all(&["--archive", archive.to_str().expect("plain")]);
    assert!(found.status.success(), "{}", text(&found));

    // The node goes on: it takes submissions, its index comes back, and proofs of archived entries are made.
    fs::remove_dir_all(site.folder().join("data/index")).expect("removed");
    day(&site, "second", 3);
    let verified = site
        .lawgate(&["audit", "verify", "--log", "data/audit"])
        .expect("runs");
    assert!(text(&verified).contains("archived"), "{}", text(&verified));
    let shown = lawgate(&site, &["audit", "show", "--log", "data/audit", "7"]);
    assert!(!shown.status.success());
    assert!(text(&shown).contains("archived"), "{}", text(&shown));
    let listed = lawgate(&site, &["audit", "list", "--log", "data/audit"]);
    assert!(listed.status.success(), "{}", text(&listed));

    // A stub that was changed, and one that is gone, is damage.
    let stub = site.audit().join("00000000000000000000.archived");
    let bytes = fs::read(&stub).expect("reads");
    for place in [20, bytes.len() / 2, bytes.len() - 20] {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        fs::write(&stub, changed).expect("written");
        assert_eq!(all(&[]).status.code(), Some(1), "byte {place}");
        assert!(site.start().is_err(), "byte {place}");
    }
    fs::remove_file(&stub).expect("removed");
    assert_eq!(all(&[]).status.code(), Some(1));
    fs::write(&stub, bytes).expect("put back");

    // A crash between stub and removal left both: the same command finishes.
    fs::copy(archive.join("log/00000000000000000000.segment"), &segment).expect("copied");
    let again = prune();
    assert!(again.status.success(), "{}", text(&again));
    assert!(!segment.exists());
    let events = lawgate(
        &site,
        &[
            "audit",
            "list",
            "--log",
            "data/audit",
            "--event",
            "archive.prune",
        ],
    );
    assert!(text(&events).contains("1 entr"), "{}", text(&events));
}
