//! `log-append` and `log-verify`: the audit log against what the machine can do at all.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use audit_log::{Clock, Config, Draft, Field, Options, Pending, Value};
use sha2::{Digest as _, Sha256};

use crate::report::Row;

/// Entries of one burst: what a busy stream yields in the time of one `fdatasync`.
const GROUP: usize = 256;
/// Bursts of one run.
const GROUPS: usize = 200;
/// Entries of the log that is verified: three segments.
const VERIFIED_ENTRIES: u64 = 500_000;
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
        suite: audit_log::LogSuite::Sha256,
        segment_bytes: 64 << 20,
        queue_entries: 1 << 16,
        queue_bytes: 64 << 20,
    }
}

/// What one run of appending gave.
struct Appends {
    entries_per_second: f64,
    /// Entries of each group, as the log made them.
    groups: Vec<usize>,
    bytes_per_entry: f64,
}

/// Appends in bursts of [`GROUP`] entries, of which two are under way at a time, as many submitters together do.
fn append_once(dir: &Path) -> anyhow::Result<Appends> {
    let (log, _) = audit_log::open(config(dir), Arc::new(Ticks))?;
    let drafts: Vec<Draft> = (0..GROUP as u64).map(draft).collect();
    let mut sizes = Vec::with_capacity(GROUP * GROUPS);
    let mut before = Vec::new();
    let start = Instant::now();
    for _ in 0..GROUPS {
        let burst = drafts.iter().map(|draft| log.append(draft.clone()));
        let burst = burst.collect::<Result<Vec<_>, _>>()?;
        wait(std::mem::replace(&mut before, burst), &mut sizes)?;
    }
    wait(before, &mut sizes)?;
    let seconds = start.elapsed().as_secs_f64();
    log.close()?;
    let groups = sizes.chunk_by(|one, next| one == next).map(<[u64]>::len);
    let entries = sizes.len() as f64;
    Ok(Appends {
        entries_per_second: entries / seconds,
        groups: groups.collect(),
        bytes_per_entry: bytes_of(dir)? as f64 / entries,
    })
}

/// Waits for a burst and notes the size of the tree after the group of each entry.
fn wait(burst: Vec<Pending>, sizes: &mut Vec<u64>) -> anyhow::Result<()> {
    for pending in burst {
        sizes.push(pending.wait()?.tree_size);
    }
    Ok(())
}

/// The same bytes in the same groups by nothing but write and `fdatasync`, at the end of a file that grows.
fn raw_once(dir: &Path, appends: &Appends) -> anyhow::Result<f64> {
    let longest = appends.groups.iter().max().copied().unwrap_or_default();
    let bytes = |entries: usize| (entries as f64 * appends.bytes_per_entry) as usize;
    let group = vec![0x5A; bytes(longest)];
    let mut file = File::create_new(dir.join("raw"))?;
    let start = Instant::now();
    for entries in &appends.groups {
        file.write_all(&group[..bytes(*entries)])?;
        file.sync_data()?;
    }
    let entries: usize = appends.groups.iter().sum();
    Ok(entries as f64 / start.elapsed().as_secs_f64())
}

/// `log-append`: entries per second ÷ raw write and `fdatasync` of the same bytes in the same groups.
///
/// The log does not write zeros ahead of groups this large, and so the baseline does not either: its file grows, too.
pub(crate) fn append() -> anyhow::Result<Vec<Row>> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let folder = tempfile::tempdir_in(end_to_end::root().join("target"))?;
        let appends = append_once(&folder.path().join("log"))?;
        let raw = raw_once(folder.path(), &appends)?;
        runs.push((appends.entries_per_second, raw));
    }
    Ok(vec![Row::new("log-append", "entries/s", ">= 0.7", runs)])
}

/// `log-verify`: bytes verified per second ÷ bare SHA-256 of the same bytes.
///
/// Verifying uses every core of the machine, as `lawgate audit verify` does; the baseline hashes on one, which is all
/// that bare SHA-256 of a file can use.
pub(crate) fn verify() -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir_in(end_to_end::root().join("target"))?;
    let dir = folder.path().join("log");
    let (log, _) = audit_log::open(config(&dir), Arc::new(Ticks))?;
    for number in 0..VERIFIED_ENTRIES {
        let pending = log.append(draft(number))?;
        if (number + 1) % GROUP as u64 == 0 {
            pending.wait()?;
        }
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
