//! The audit log: canonical entries, and folders whose files were changed.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use audit_log::{
    KnownHead,
    cbor::{self, Value},
    entry::{Draft, Entry, Field},
    log::{Clock, Config, open},
    verify::{Options, verify},
};

use crate::{Corpus, fuzz, fuzz_slowly};

const ORIGIN: &str = "log.example/fuzz";

/// Bytes after which a segment is sealed: small, so that a short log has several.
const SEGMENT_BYTES: u64 = 2048;

const ENTRIES: u64 = 24;

const TOKENS: &[&[u8]] = &[
    b"\x00",
    b"\x18\x00",
    b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x58\x20",
    b"\x5b\x00\x00\x00\x01\x00\x00\x00\x00",
    b"\x7f",
    b"\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81",
    b"\x9f",
    b"\xa1\x00\x00",
    b"\xbf",
    b"\xc0",
    b"\xf6",
    b"\xf9\x7e\x00",
    b"\xff",
    b"GRPE",
    b"SEAL",
];

/// A clock that goes on by a microsecond each time it is asked.
#[derive(Debug, Default)]
struct Steps(AtomicU64);

impl Clock for Steps {
    fn now_ns(&self) -> u64 {
        1_800_000_000_000_000_000 + self.0.fetch_add(1_000, Ordering::Relaxed)
    }
}

fn config(dir: &Path) -> Config {
    Config {
        dir: dir.to_owned(),
        origin: ORIGIN.to_owned(),
        policy_digest: [7; 32],
        former_root: None,
        suite: audit_log::LogSuite::Sha256,
        segment_bytes: SEGMENT_BYTES,
        queue_entries: 64,
        queue_bytes: 1 << 20,
    }
}

fn draft(number: u64) -> Draft {
    let object = vec![
        Value::Text("hj212".to_owned()),
        Value::Bytes(vec![number.to_le_bytes()[0]; 32]),
        Value::Array(vec![
            Value::Unsigned(number),
            Value::Null,
            Value::Bool(true),
        ]),
    ];
    Draft::new(number % 9).with(Field::Object, object)
}

/// The files of a folder and the entries of the log in it.
struct Sample {
    files: Vec<(String, Vec<u8>)>,
    entries: Vec<Vec<u8>>,
    head: KnownHead,
}

/// A temporary folder, in memory where the system offers one: what is durable is not tested here.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir()
        && let Ok(folder) = tempfile::tempdir_in(memory)
    {
        return folder;
    }
    tempfile::tempdir().expect("a temporary folder")
}

/// A log of several segments, the last one still open.
fn sample() -> Sample {
    let dir = folder();
    let (log, _) = open(config(dir.path()), Arc::new(Steps::default())).expect("a new log");
    for number in 0..ENTRIES {
        log.append(draft(number))
            .expect("a good draft")
            .wait()
            .expect("a durable entry");
    }
    let entries = log
        .reader()
        .entries_from(0)
        .map(|entry| entry.expect("a sound log").bytes)
        .collect();
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(dir.path())
        .expect("the folder")
        .map(|file| {
            let file = file.expect("a file");
            let name = file.file_name().into_string().expect("a name in ASCII");
            (name, fs::read(file.path()).expect("its bytes"))
        })
        .filter(|(_, bytes)| !bytes.is_empty())
        .collect();
    files.sort();
    let head = log.head();
    Sample {
        files,
        entries,
        head: KnownHead {
            size: head.size,
            root: head.root,
        },
    }
}

impl Sample {
    /// Writes the files with one replaced, into a new folder.
    fn with(&self, index: usize, bytes: &[u8]) -> tempfile::TempDir {
        let dir = folder();
        for (number, (name, honest)) in self.files.iter().enumerate() {
            let bytes = if number == index { bytes } else { honest };
            fs::write(dir.path().join(name), bytes).expect("a written file");
        }
        dir
    }

    /// Verifying and opening a changed folder: whatever is accepted was really written.
    fn check(&self, index: usize, bytes: &[u8]) {
        let dir = self.with(index, bytes);
        let holder_of_a_receipt = Options {
            known_heads: vec![self.head],
            ..Options::default()
        };
        let report = verify(dir.path(), &holder_of_a_receipt);
        assert!(report.entries <= ENTRIES, "{report:?}");
        if report.is_verified() {
            assert_eq!(
                (report.entries, report.known_heads),
                (ENTRIES, 1),
                "{report:?}"
            );
        }
        let Ok((log, opened)) = open(config(dir.path()), Arc::new(Steps::default())) else {
            return;
        };
        let size = usize::try_from(opened.size).expect("a small log");
        assert!(size <= self.entries.len(), "more entries than were written");
        let mut read = 0;
        for (entry, honest) in log.reader().entries_from(0).zip(&self.entries) {
            // Damage in an older segment may be noticed only here; what is read is what was written.
            let Ok(entry) = entry else {
                return;
            };
            assert!(entry.bytes == *honest, "entry {read} was not written so");
            read += 1;
        }
        assert_eq!(read, size);
        log.append(draft(99))
            .expect("a good draft")
            .wait()
            .expect("a log that opened can be written");
    }
}

#[test]
fn any_bytes_are_canonical_cbor_or_refused() {
    let value = Value::Array(vec![
        Value::Unsigned(u64::MAX),
        Value::Negative(23),
        Value::Text("移送".to_owned()),
        Value::Map([(1, Value::Null), (300, Value::Bytes(vec![1; 24]))].into()),
    ]);
    let honest = cbor::encode(&value).expect("a flat value");
    let corpus = Corpus {
        honest: &[&honest, b"\xf5", b"\x80"],
        tokens: TOKENS,
    };
    fuzz(corpus, |bytes| match cbor::decode(bytes) {
        Ok(value) => assert_eq!(cbor::encode(&value).expect("as deep as decoded"), bytes),
        Err(error) => assert!(error.offset <= bytes.len(), "{error:?}"),
    });
}

#[test]
fn any_bytes_are_an_entry_or_refused() {
    let entries = sample().entries;
    let honest: Vec<&[u8]> = entries.iter().take(3).map(Vec::as_slice).collect();
    let corpus = Corpus {
        honest: &honest,
        tokens: TOKENS,
    };
    fuzz(corpus, |bytes| {
        let Ok(entry) = Entry::decode(bytes) else {
            return;
        };
        assert_eq!(entry.as_bytes(), bytes);
        let value = cbor::decode(bytes).expect("an entry is canonical");
        assert_eq!(cbor::encode(&value).expect("as deep as decoded"), bytes);
        assert!(entry.to_json().starts_with('{'));
    });
}

#[test]
fn a_changed_folder_gives_only_what_was_written() {
    let sample = sample();
    assert!(sample.files.len() >= 3, "several segments are tested");
    for (index, (_, honest)) in sample.files.iter().enumerate() {
        let corpus = Corpus {
            honest: &[honest],
            tokens: TOKENS,
        };
        fuzz_slowly(corpus, |bytes| sample.check(index, bytes));
    }
}
