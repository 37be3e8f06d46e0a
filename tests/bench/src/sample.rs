//! What the rows of the log append and where: drafts as submissions make them, and folders for logs.
//!
//! Entries are made up and of one size; the clock stands still, so that the log counts nanoseconds by itself.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use audit_log::{Clock, Config, Draft, Field, LogSuite, Value};

/// The name of every log of the benchmark.
pub(crate) const ORIGIN: &str = "bench.lawgate.example/1";

/// A clock that stands.
struct Standing;

impl Clock for Standing {
    fn now_ns(&self) -> u64 {
        1_780_000_000_000_000_000
    }
}

/// Returns the clock of every log of the benchmark.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(Standing)
}

/// Returns the folder `target/bench`, on the disk that is measured, and makes it.
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let folder = root
        .context("the package has the place of its source")?
        .join("target/bench");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}

/// Returns a folder of its own that is removed when it is dropped.
pub(crate) fn temporary() -> anyhow::Result<tempfile::TempDir> {
    Ok(tempfile::tempdir_in(folder()?)?)
}

/// Returns the configuration of a log as a node has it.
pub(crate) fn config(dir: &Path, suite: LogSuite) -> Config {
    Config {
        dir: dir.to_owned(),
        origin: ORIGIN.to_owned(),
        policy_digest: [0; 32],
        former_root: None,
        suite,
        segment_bytes: 64 << 20,
        queue_entries: 1 << 16,
        queue_bytes: 64 << 20,
    }
}

/// Returns a draft of the size that a submission's entry has.
pub(crate) fn draft(number: u64) -> Draft {
    let mut digest = [0x5A; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    let bytes = || Value::Bytes(digest.to_vec());
    let text = |text: &str| Value::Text(text.to_owned());
    Draft::new(1)
        .with(
            Field::Actor,
            vec![text("city-eco"), text("city-eco"), bytes(), Value::Null],
        )
        .with(
            Field::Object,
            vec![
                text("hj212"),
                bytes(),
                text("1.0.0"),
                text("hj212@0.1.0"),
                bytes(),
                bytes(),
            ],
        )
        .with(
            Field::Digests,
            vec![bytes(), Value::Null, bytes(), Value::Null],
        )
        .with_idempotency_key([7; 16])
}

/// Returns how many bytes the files of a folder have, those of its folders left out.
pub(crate) fn bytes_of(folder: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let metadata = entry?.metadata()?;
        sum += if metadata.is_file() {
            metadata.len()
        } else {
            0
        };
    }
    Ok(sum)
}
