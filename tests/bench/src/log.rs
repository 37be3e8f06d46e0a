//! `log-append` and `log-verify`: the audit log against what the machine can do at all.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use audit_log::{Clock, Config, Draft, Field, Options, Value};
use sha2::{Digest as _, Sha256};

use crate::fdatasync::preallocated;
use crate::report::Row;

/// Entries of one group: what a busy stream yields in the time of one `fdatasync`.
const GROUP: usize = 256;
/// Groups of one run.
const GROUPS: usize = 200;
/// Runs of each side.
const RUNS: usize = 7;

struct Ticks;

impl Clock for Ticks {
    fn now_ns(&self) -> u64 {
        1_780_000_000_000_000_000
    }
}

/// A draft of the size a submission's entry has.
fn draft(number: u64) -> Draft {
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

fn config(dir: &Path) -> Config {
    Config {
        dir: dir.to_owned(),
        origin: "bench.lawgate.example/1".to_owned(),
        policy_digest: [0; 32],
        former_root: None,
        segment_bytes: 64 << 20,
        queue_entries: 1 << 16,
        queue_bytes: 64 << 20,
    }
}

/// Appends the groups; returns entries per second and the bytes written for each entry.
fn append_once(dir: &Path) -> anyhow::Result<(f64, f64)> {
    let (log, _) = audit_log::open(config(dir), Arc::new(Ticks))?;
    let drafts: Vec<Draft> = (0..GROUP as u64).map(draft).collect();
    let start = Instant::now();
    for _ in 0..GROUPS {
        let mut last = None;
        for draft in &drafts {
            last = Some(log.append(draft.clone())?);
        }
        if let Some(last) = last {
            last.wait()?;
        }
    }
    let rate = (GROUP * GROUPS) as f64 / start.elapsed().as_secs_f64();
    log.close()?;
    Ok((rate, bytes_of(dir)? as f64 / (GROUP * GROUPS) as f64))
}

/// The same bytes in the same groups by nothing but write and `fdatasync`.
fn raw_once(dir: &Path, entry_bytes: f64) -> anyhow::Result<f64> {
    let group = vec![0x5A; (entry_bytes * GROUP as f64) as usize];
    let mut file = preallocated(&dir.join("raw"), group.len() * GROUPS)?;
    let start = Instant::now();
    for _ in 0..GROUPS {
        file.write_all(&group)?;
        file.sync_data()?;
    }
    Ok((GROUP * GROUPS) as f64 / start.elapsed().as_secs_f64())
}

/// `log-append`: entries per second ÷ raw write and `fdatasync` of the same bytes in the same groups.
pub(crate) fn append() -> anyhow::Result<Vec<Row>> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let folder = tempfile::tempdir_in(end_to_end::root().join("target"))?;
        let (rate, entry_bytes) = append_once(&folder.path().join("log"))?;
        runs.push((rate, raw_once(folder.path(), entry_bytes)?));
    }
    Ok(vec![Row::new("log-append", "entries/s", ">= 0.7", runs)])
}

/// `log-verify`: bytes verified per second ÷ bare SHA-256 of the same bytes.
pub(crate) fn verify() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir_in(end_to_end::root().join("target"))?;
    let dir = folder.path().join("log");
    let (log, _) = audit_log::open(config(&dir), Arc::new(Ticks))?;
    let mut last = None;
    for number in 0..500_000 {
        loop {
            match log.append(draft(number)) {
                Ok(pending) => break last = Some(pending),
                Err(audit_log::AppendError::Full { .. }) => std::thread::yield_now(),
                Err(error) => return Err(error.into()),
            }
        }
    }
    if let Some(last) = last {
        last.wait()?;
    }
    log.close()?;
    let bytes = bytes_of(&dir)? as f64;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let report = audit_log::verify(&dir, &Options::default());
        anyhow::ensure!(
            report.is_verified(),
            "the log of the benchmark does not verify"
        );
        let verified = bytes / start.elapsed().as_secs_f64();
        runs.push((verified / 1e6, bytes / hash(&dir)? / 1e6));
    }
    Ok(vec![Row::new("log-verify", "MB/s", ">= 0.5", runs)])
}

/// Seconds to read and hash every file with bare SHA-256.
fn hash(dir: &Path) -> anyhow::Result<f64> {
    let start = Instant::now();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_file() {
            std::hint::black_box(Sha256::digest(std::fs::read(path)?));
        }
    }
    Ok(start.elapsed().as_secs_f64())
}

fn bytes_of(dir: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(dir)? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}
