//! `lawgate audit` on small logs written by the real writer.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use audit_log::{Appended, Draft, Log};
use clap::Parser;
use exchange::entry;

use super::*;
use crate::cli::{Cli, Command};

/// A clock that goes on by a second with every look.
struct Ticking(AtomicU64);

impl audit_log::Clock for Ticking {
    fn now_ns(&self) -> u64 {
        self.0.fetch_add(1_000_000_000, Ordering::SeqCst)
    }
}

/// 2026-11-23T12:00:00 in Baotou.
const START_NS: u64 = 1_795_406_400_000_000_000;

fn open(folder: &Path, segment_bytes: u64) -> Log {
    let config = audit_log::Config {
        dir: folder.to_owned(),
        origin: "lawgate.example/2026".to_owned(),
        policy_digest: [0; 32],
        former_root: None,
        suite: audit_log::LogSuite::Sha256,
        segment_bytes,
        queue_entries: 100,
        queue_bytes: 1 << 20,
    };
    audit_log::open(config, Arc::new(Ticking(AtomicU64::new(START_NS))))
        .expect("a new log")
        .0
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn actor(agency: &str) -> Vec<Value> {
    vec![
        text(agency),
        text("agency"),
        Value::Bytes(vec![0xAB; 32]),
        Value::Null,
    ]
}

fn submit(agency: &str, feed: &str, case: &str) -> Draft {
    let counts = [3, 5, 1, 1].map(Value::Unsigned).to_vec();
    Draft::new(entry::EVENT_SUBMIT)
        .with(Field::Actor, actor(agency))
        .with(
            Field::Object,
            vec![
                text(feed),
                Value::Bytes(vec![1; 32]),
                text("1.0.0"),
                text("hj212@1.0.0"),
            ],
        )
        .with(
            Field::Outcome,
            vec![text("accepted"), Value::Null, Value::Array(counts)],
        )
        .with(Field::Case, vec![text(case), Value::Null, Value::Null])
        .with_idempotency_key([0x11; 16])
}

fn deny(agency: &str, feed: &str) -> Draft {
    Draft::new(entry::EVENT_DENY)
        .with(Field::Actor, actor(agency))
        .with(Field::Object, vec![text(feed), text("Submit")])
        .with(
            Field::Outcome,
            vec![text("refused"), text("submit-not-granted")],
        )
}

fn append(log: &Log, draft: Draft) -> Appended {
    log.append(draft)
        .expect("the queue has room")
        .wait()
        .expect("the disk works")
}

/// A log of six entries: 0 start, 1 and 2 submissions, 3 a refusal, 4 a submission, 5 of a later version.
fn sample(folder: &Path, segment_bytes: u64) -> Log {
    let log = open(folder, segment_bytes);
    append(
        &log,
        Draft::new(entry::EVENT_NODE_START)
            .with(Field::Actor, vec![text("gateway"), text("operator")]),
    );
    append(&log, submit("city-eco", "hj212", "包环罚〔2026〕12号"));
    append(&log, submit("police", "police-case", ""));
    append(&log, deny("region", "hj212"));
    append(&log, submit("city-eco", "hj212", "别的案号"));
    append(&log, Draft::new(77));
    log
}

/// Runs `lawgate audit …` as a command line would.
fn lawgate(arguments: &[&str], folder: &Path) -> (anyhow::Result<Ending>, String) {
    let folder = folder.to_str().expect("temporary folders have plain names");
    let line = [&["lawgate", "audit"], arguments, &["--log", folder]].concat();
    let cli = Cli::try_parse_from(line).expect("the command line is well formed");
    let Command::Audit(command) = cli.command else {
        panic!("an audit command")
    };
    let mut bytes = Vec::new();
    let ending = run(&command, &mut Output::new(cli.output, &mut bytes));
    (ending, String::from_utf8(bytes).expect("output is UTF-8"))
}

fn positions(arguments: &[&str], folder: &Path) -> Vec<u64> {
    let (ending, text) = lawgate(&[&["list", "-o", "json"], arguments].concat(), folder);
    assert_eq!(ending.expect("listed"), Ending::Done);
    let listed: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let entries = listed["entries"].as_array().expect("a list");
    entries
        .iter()
        .map(|entry| entry["position"].as_u64().expect("a position"))
        .collect()
}

fn segment_files(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder)
        .expect("listed")
        .map(|file| file.expect("listed").path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "segment")
        })
        .collect();
    files.sort();
    files
}

/// Flips one bit in the middle of the bytes that say `part`.
fn damage(folder: &Path, part: &str) {
    for path in segment_files(folder) {
        let mut bytes = fs::read(&path).expect("read");
        if let Some(at) = bytes
            .windows(part.len())
            .position(|window| window == part.as_bytes())
        {
            bytes[at] ^= 1;
            fs::write(&path, bytes).expect("written");
            return;
        }
    }
    panic!("{part} is in no segment");
}

#[test]
fn a_list_has_one_line_for_each_entry() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path(), 1 << 20).close().expect("closed");
    let (ending, text) = lawgate(&["list"], folder.path());
    assert_eq!(ending.expect("listed"), Ending::Done);
    for part in [
        "position 位置",
        "2026-11-23T12:00:0",
        "exchange.submit 提交",
        "city-eco",
        "accepted: 3 messages, 5 records, 1 quarantined",
        "refused: submit-not-granted",
        "包环罚〔2026〕12号",
        "event 77",
        "6 entries",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn filters_choose_entries() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path(), 1 << 20).close().expect("closed");
    let cases: [(&[&str], &[u64]); 13] = [
        (&[], &[0, 1, 2, 3, 4, 5]),
        (&["--agency", "city-eco"], &[1, 4]),
        (&["--feed", "hj212"], &[1, 3, 4]),
        (&["--feed", "hj212", "--agency", "region"], &[3]),
        (&["--event", "exchange.submit"], &[1, 2, 4]),
        (&["--event", "1"], &[1, 2, 4]),
        (&["--event", "77"], &[5]),
        (&["--from", "4"], &[4, 5]),
        (&["--to", "2"], &[0, 1]),
        (&["--from", "2", "--to", "4"], &[2, 3]),
        (&["--from", "6"], &[]),
        (&["--limit", "2"], &[0, 1]),
        (&["--case", "别的案号"], &[4]),
    ];
    for (arguments, expected) in cases {
        assert_eq!(
            positions(arguments, folder.path()),
            expected,
            "{arguments:?}"
        );
    }
}

#[test]
fn a_case_is_found_whatever_its_brackets() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path(), 1 << 20).close().expect("closed");
    for spelling in [
        "包环罚〔2026〕12号",
        "包环罚[2026]12号",
        "包环罚（2026）12号",
    ] {
        assert_eq!(
            positions(&["--case", spelling], folder.path()),
            [1],
            "{spelling}"
        );
    }
}

#[test]
fn a_cut_list_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path(), 1 << 20).close().expect("closed");
    assert!(
        lawgate(&["list", "--limit", "2"], folder.path())
            .1
            .contains("there are more")
    );
    assert!(
        !lawgate(&["list", "--limit", "6"], folder.path())
            .1
            .contains("there are more")
    );
}

#[test]
fn segments_are_read_as_one_log() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path(), 1).close().expect("closed");
    assert_eq!(
        segment_files(folder.path()).len(),
        6,
        "every entry has its own segment"
    );
    assert_eq!(positions(&[], folder.path()), [0, 1, 2, 3, 4, 5]);
    assert_eq!(
        positions(&["--from", "3", "--to", "5"], folder.path()),
        [3, 4]
    );
}

#[test]
fn a_log_is_read_while_it_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = sample(folder.path(), 1 << 20);
    assert_eq!(positions(&[], folder.path()).len(), 6);
    let (ending, text) = lawgate(&["verify"], folder.path());
    assert_eq!(ending.expect("verified"), Ending::Done, "{text}");
    append(&log, Draft::new(1));
    assert_eq!(positions(&[], folder.path()).len(), 7);
}

#[test]
fn an_entry_is_shown_with_its_leaf_hash_and_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), 1 << 20);
    append(&log, submit("police", "police-case", ""));
    let appended = append(&log, submit("city-eco", "hj212", "包环罚〔2026〕12号"));
    log.close().expect("closed");
    let (ending, text) = lawgate(&["show", "1", "--raw"], folder.path());
    assert_eq!(ending.expect("shown"), Ending::Done);
    let leaf = hex(&appended.leaf_hash);
    let certificate = "ab".repeat(32);
    let key = "11".repeat(16);
    for part in [
        "lawgate.example/2026",
        "exchange.submit 提交",
        "certificate 证书摘要",
        &certificate,
        &leaf,
        &key,
        "hj212@1.0.0",
        "3, 5, 1, 1",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let raw = text.lines().last().expect("the bytes come last");
    let bytes: Vec<u8> = (0..raw.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&raw[at..at + 2], 16).expect("hex"))
        .collect();
    assert_eq!(
        audit_log::leaf_hash(&bytes),
        appended.leaf_hash,
        "the printed bytes are those that were hashed"
    );

    let (_, json) = lawgate(&["show", "1", "-o", "json"], folder.path());
    let shown: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(shown["leafHash"], leaf.as_str());
    assert_eq!(shown["entry"]["object"][0], "hj212");
    let time = shown["time"].as_str().expect("a text");
    assert!(
        time.starts_with("2026-11-23T12:00:") && time.ends_with(".000000000+08:00"),
        "{time}"
    );
    assert!(shown.get("raw").is_none(), "bytes only when asked for");
}

#[test]
fn an_entry_of_a_later_version_is_shown_in_full() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = open(folder.path(), 1 << 20);
    append(
        &log,
        Draft::new(99).with(
            Field::Sealed,
            vec![
                text("unknown"),
                Value::Array(vec![Value::Bool(true), Value::integer(-4)]),
            ],
        ),
    );
    log.close().expect("closed");
    let (_, text) = lawgate(&["show", "0"], folder.path());
    for part in ["event 99", "Sealed[0]", "unknown", "Sealed[1]", "true, -4"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn a_position_past_the_end_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path(), 1).close().expect("closed");
    for position in ["6", "18446744073709551615"] {
        let (ending, _) = lawgate(&["show", position], folder.path());
        let error = ending.expect_err("there is none");
        assert_eq!(
            error.to_string(),
            format!("the log has no entry at position {position}")
        );
    }
}

#[test]
fn verify_says_what_it_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path(), 1).close().expect("closed");
    let (ending, text) = lawgate(&["verify"], folder.path());
    assert_eq!(ending.expect("verified"), Ending::Done);
    for part in [
        "VERIFIED",
        "segments 分段",
        "lawgate.example/2026",
        "6 entries",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let (_, json) = lawgate(&["verify", "-o", "json"], folder.path());
    let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (&report["verified"], &report["entries"], &report["segments"]),
        (&true.into(), &6.into(), &6.into())
    );
    assert!(report["fault"].is_null() && report["bytes"].as_u64() > Some(0));
}

#[test]
fn verify_names_the_first_bad_position() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path(), 1).close().expect("closed");
    damage(folder.path(), "police-case");
    let (ending, text) = lawgate(&["verify"], folder.path());
    assert_eq!(ending.expect("a report"), Ending::Wrong);
    assert!(
        text.contains("FAULTY") && text.contains("position 2: frame fails its checksum"),
        "{text}"
    );
    let (_, json) = lawgate(&["verify", "-o", "json"], folder.path());
    let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (&report["verified"], &report["fault"]["position"]),
        (&false.into(), &2.into())
    );
}

#[test]
fn a_folder_without_a_log_is_not_verified() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ending, text) = lawgate(&["verify"], folder.path());
    assert_eq!(ending.expect("a report"), Ending::Wrong);
    assert!(!text.contains("VERIFIED 校验通过"), "{text}");
}

#[test]
fn a_damaged_log_is_listed_up_to_the_damage() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path(), 1).close().expect("closed");
    damage(folder.path(), "submit-not-granted");
    let (ending, text) = lawgate(&["list"], folder.path());
    let error = ending.expect_err("it is damaged");
    assert!(error.to_string().contains("the log is damaged"), "{error}");
    assert!(
        text.contains("police-case") && !text.contains("refused"),
        "{text}"
    );
    assert!(lawgate(&["show", "2"], folder.path()).0.is_ok());
    assert!(lawgate(&["show", "3"], folder.path()).0.is_err());
}

#[test]
fn a_missing_segment_is_damage() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path(), 1).close().expect("closed");
    fs::remove_file(&segment_files(folder.path())[3]).expect("removed");
    let (ending, text) = lawgate(&["list"], folder.path());
    assert!(
        ending
            .expect_err("damaged")
            .chain()
            .any(|cause| cause.to_string().contains("a segment is missing"))
    );
    assert!(text.contains("3 entries"), "{text}");
}

#[test]
fn a_segment_of_another_history_is_damage() {
    let (one, two) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    sample(one.path(), 1).close().expect("closed");
    let log = open(two.path(), 1);
    for agency in ["a", "b", "c", "d"] {
        append(&log, submit(agency, "hj212", ""));
    }
    log.close().expect("closed");
    // Sound in itself, and of another history.
    fs::copy(&segment_files(two.path())[2], &segment_files(one.path())[2]).expect("copied");
    let (ending, _) = lawgate(&["list"], one.path());
    assert!(ending.expect_err("damaged").chain().any(|cause| {
        cause
            .to_string()
            .contains("does not continue the one before")
    }));
    assert_eq!(
        lawgate(&["verify"], one.path()).0.expect("a report"),
        Ending::Wrong
    );
}

#[test]
fn arguments_that_make_no_sense_are_usage_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    sample(folder.path(), 1).close().expect("closed");
    let missing = folder.path().join("nowhere");
    for (arguments, folder, expected) in [
        (
            &["verify"][..],
            missing.as_path(),
            "there is no such folder",
        ),
        (
            &["list", "--from", "5", "--to", "5"],
            folder.path(),
            "--from 5 is not before --to 5",
        ),
        (
            &["list", "--event", "exchange.sumbit"],
            folder.path(),
            "expected a number or one of exchange.submit, exchange.deny",
        ),
    ] {
        let error = lawgate(arguments, folder).0.expect_err("refused");
        assert!(
            error.is::<UsageError>() && error.to_string().contains(expected),
            "{error}"
        );
    }
}
