//! Receipts of a log that this test writes, and what is said of each.

use std::path::PathBuf;
use std::sync::Arc;

use audit_log::{Draft, Field, LogSuite, Value};
use audit_proof::key::KeyKind;
use signer::{FileSigner, generate};
use tempfile::TempDir;

use super::*;
use crate::wiring::SystemClock;

const ORIGIN: &str = "lawgate.example/log";

/// A log in a folder, with the receipt of its last entry and the key.
struct Written {
    folder: TempDir,
    key: String,
}

impl Written {
    fn new(words: &[&str]) -> Written {
        let folder = tempfile::tempdir().expect("a folder");
        let name = format!("{ORIGIN}{RECEIPT_KEY_SUFFIX}");
        let made = generate(KeyKind::Ed25519, &name).expect("made");
        let signer = FileSigner::from_pem(&name, KeyKind::Ed25519, &made.private_text);
        let config = audit_log::Config {
            dir: folder.path().join("log"),
            origin: ORIGIN.to_owned(),
            policy_digest: [0; 32],
            former_root: None,
            suite: LogSuite::Sha256,
            segment_bytes: 1 << 20,
            queue_entries: 100,
            queue_bytes: 1 << 20,
        };
        let (log, _) = audit_log::open(config, Arc::new(SystemClock)).expect("opens");
        for word in words {
            let draft = Draft::new(1).with(Field::Actor, vec![Value::from(*word)]);
            let appended = log.append(draft).expect("queued").wait().expect("durable");
            let receipt = appended.receipt(signer.as_ref().expect("read"), ORIGIN);
            let path = folder.path().join("receipt");
            std::fs::write(path, receipt.expect("signed").to_string()).expect("written");
        }
        log.close().expect("closes");
        let key = made.key.to_string();
        Written { folder, key }
    }

    fn receipt(&self) -> PathBuf {
        self.folder.path().join("receipt")
    }

    fn log(&self) -> Option<PathBuf> {
        Some(self.folder.path().join("log"))
    }
}

fn checked(receipt: PathBuf, key: Option<&str>, log: Option<PathBuf>) -> (Ending, String) {
    let arguments = ReceiptCheck {
        file: receipt,
        key: key.map(str::to_owned),
        policy: None,
        log,
        tiles: None,
        package: None,
    };
    let mut bytes = Vec::new();
    let mut output = Output::new(Format::Table, &mut bytes);
    let ending = check(&arguments, &mut output).expect("read");
    (ending, String::from_utf8(bytes).expect("output is UTF-8"))
}

#[test]
fn a_genuine_receipt_is_said_to_be_one_alone_and_against_its_log() {
    let written = Written::new(&["a", "b", "c"]);
    for log in [None, written.log()] {
        let (ending, text) = checked(written.receipt(), Some(&written.key), log);
        assert_eq!(ending, Ending::Done, "{text}");
        assert!(text.contains("at position 2"), "{text}");
        assert!(text.ends_with("genuine 真实\n"), "{text}");
    }
}

#[test]
fn without_a_key_nothing_is_proven() {
    let written = Written::new(&["a"]);
    let (ending, text) = checked(written.receipt(), None, None);
    assert_eq!(ending, Ending::Wrong);
    assert!(text.contains("--key or --policy"), "{text}");
}

#[test]
fn a_receipt_of_another_key_is_not_genuine() {
    let (written, other) = (Written::new(&["a"]), Written::new(&["a"]));
    let (ending, text) = checked(written.receipt(), Some(&other.key), None);
    assert_eq!(ending, Ending::Wrong);
    assert!(text.contains("not genuine under this key"), "{text}");
}

#[test]
fn a_log_with_another_past_or_a_shorter_one_breaks_its_word() {
    let written = Written::new(&["a", "b"]);
    for words in [&["a", "x"][..], &["a"]] {
        let other = Written::new(words);
        let (ending, text) = checked(written.receipt(), Some(&written.key), other.log());
        assert_eq!(ending, Ending::Wrong);
        assert!(text.contains("breaks its word"), "{text}");
        assert!(text.contains("the log was changed"), "{text}");
    }
}

#[test]
fn a_file_of_something_else_is_said_to_be_no_receipt() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("receipt");
    std::fs::write(&path, "c2sp.org/tlog-proof@v1\nindex 0\n").expect("written");
    let (ending, text) = checked(path, None, None);
    assert_eq!(ending, Ending::Wrong);
    assert!(text.contains("is no receipt"), "{text}");
}
