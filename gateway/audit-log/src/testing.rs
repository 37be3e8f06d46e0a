//! What the tests of the log share: a configuration, a clock and drafts.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::log::{Appended, Clock, Config, Log};
use audit_proof::{
    entry::{Draft, Field},
    folder::{Inventory, Stage, path},
    segment::{Header, TRAILER_BYTES, TRAILER_MARKER, read_frame},
    suite::LogSuite,
};

pub(crate) const ORIGIN: &str = "city.example/audit/2026";

/// A configuration whose segments are as small as the test wants.
pub(crate) fn config(dir: &Path, segment_bytes: u64) -> Config {
    Config {
        dir: dir.to_owned(),
        suite: LogSuite::Sha256,
        origin: ORIGIN.to_owned(),
        policy_digest: [5; 32],
        former_root: None,
        segment_bytes,
        queue_entries: 10_000,
        queue_bytes: 1 << 20,
    }
}

/// A clock that stands where the test puts it.
#[derive(Debug, Default)]
pub(crate) struct ManualClock(pub(crate) AtomicU64);

impl Clock for ManualClock {
    fn now_ns(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock(AtomicU64::new(1_790_000_000_000_000_000)))
}

/// A draft that can be told from the others.
pub(crate) fn draft(number: u64) -> Draft {
    Draft::new(number).with(Field::Case, vec![format!("case {number}").as_str().into()])
}

/// Appends drafts one by one, each a group of its own.
pub(crate) fn append_each(log: &Log, numbers: std::ops::Range<u64>) -> Vec<Appended> {
    numbers
        .map(|number| {
            log.append(draft(number))
                .expect("the queue has room")
                .wait()
                .expect("the disk works")
        })
        .collect()
}

/// The segments in a folder, in order, by the position at which they start.
pub(crate) fn segments(dir: &Path) -> Vec<(u64, Stage)> {
    let names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    Inventory::of(&names).unwrap().segments().collect()
}

/// The paths of the segments, in order.
pub(crate) fn segment_paths(dir: &Path) -> Vec<PathBuf> {
    segments(dir)
        .into_iter()
        .map(|(first, stage)| path(dir, first, stage))
        .collect()
}

/// Where the groups of a segment end, in bytes.
pub(crate) fn group_ends(bytes: &[u8]) -> Vec<usize> {
    let (_, mut at) = Header::decode(bytes).expect("the header is whole");
    let mut ends = Vec::new();
    loop {
        if bytes[at..].starts_with(&TRAILER_MARKER.to_le_bytes()) {
            at += TRAILER_BYTES;
            ends.push(at);
        } else if let Ok(frame) = read_frame(&bytes[at..]) {
            at += frame.length();
        } else {
            return ends;
        }
    }
}

/// The event numbers of all entries of a stored log, in order.
pub(crate) fn events(log: &Log) -> Vec<u64> {
    let entries = log.reader().entries_from(0);
    entries
        .map(|entry| {
            entry
                .expect("the log is sound")
                .decode()
                .expect("entries are canonical")
                .event()
        })
        .collect()
}
