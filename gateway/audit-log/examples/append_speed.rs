//! How fast the log appends, against the same bytes by nothing but write and `fdatasync`.
//!
//! A yardstick for work on the writer, on the disk of the folder it is started in; `cargo xtask bench` is what reports
//! figures. Both sides alternate; medians are printed and, for a busy machine, the best:
//! `cargo run --release -p audit-log --example append_speed [FOLDER]`.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use audit_log::{Appended, Clock, Config, Draft, Field, LogSuite, Value};

/// Entries of one burst: what a busy stream yields in the time of one `fdatasync`.
const BURST: u64 = 256;
/// Bursts of one run.
const BURSTS: u64 = 200;
/// Runs of each side.
const RUNS: usize = 9;

struct Ticks;

impl Clock for Ticks {
    fn now_ns(&self) -> u64 {
        1_780_000_000_000_000_000
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    for suite in [LogSuite::Sha256, LogSuite::Dual] {
        let (mut logs, mut raws, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let dir = tempfile::tempdir_in(&folder)?;
            let (speed, groups) = append_once(dir.path(), suite)?;
            logs.push(speed);
            raws.push(raw_once(dir.path(), &groups)?);
            sizes.push(groups.len() as f64);
        }
        let (log, raw) = (median(&mut logs), median(&mut raws));
        let best = |values: &[f64]| values.last().copied().unwrap_or_default();
        let (best_log, best_raw) = (best(&logs), best(&raws));
        report(&format!(
            "{suite:?}: {log:.0} entries/s, raw {raw:.0}, ratio {:.2}; best {best_log:.0}, raw {best_raw:.0}, \
             ratio {:.2}; {:.0} groups",
            log / raw,
            best_log / best_raw,
            median(&mut sizes)
        ));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example prints what it measured")]
fn report(line: &str) {
    println!("{line}");
}

/// Appends in bursts of which two are under way at a time; returns entries a second and the sizes of the groups.
fn append_once(
    dir: &Path,
    suite: LogSuite,
) -> Result<(f64, Vec<usize>), Box<dyn std::error::Error>> {
    let config = Config {
        dir: dir.join("log"),
        suite,
        origin: "speed.example/log".to_owned(),
        policy_digest: [0; 32],
        former_root: None,
        segment_bytes: 64 << 20,
        queue_entries: 1 << 16,
        queue_bytes: 64 << 20,
    };
    let (log, _) = audit_log::open(config, Arc::new(Ticks))?;
    let drafts: Vec<Draft> = (0..BURST).map(draft).collect();
    let mut appended: Vec<Appended> = Vec::new();
    let mut before = Vec::new();
    let start = Instant::now();
    for _ in 0..BURSTS {
        let burst: Result<Vec<_>, _> = drafts.iter().map(|d| log.append(d.clone())).collect();
        for pending in std::mem::replace(&mut before, burst?) {
            appended.push(pending.wait()?);
        }
    }
    for pending in before {
        appended.push(pending.wait()?);
    }
    let speed = appended.len() as f64 / start.elapsed().as_secs_f64();
    log.close()?;
    let groups = appended.chunk_by(|one, next| one.tree_size == next.tree_size);
    Ok((speed, groups.map(<[Appended]>::len).collect()))
}

/// Writes as many bytes in the same groups at the end of a file that grows; returns entries a second.
fn raw_once(dir: &Path, groups: &[usize]) -> Result<f64, Box<dyn std::error::Error>> {
    let stored: u64 = std::fs::read_dir(dir.join("log"))?
        .map(|entry| Ok(entry?.metadata()?.len()))
        .sum::<std::io::Result<u64>>()?;
    let entries: usize = groups.iter().sum();
    let each = stored as usize / entries;
    let bytes = vec![0x5A; each * groups.iter().max().copied().unwrap_or_default()];
    let mut file = File::create_new(dir.join("raw"))?;
    let start = Instant::now();
    for group in groups {
        file.write_all(&bytes[..each * group])?;
        file.sync_data()?;
    }
    Ok(entries as f64 / start.elapsed().as_secs_f64())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A draft of the size that the entry of a submission has.
fn draft(number: u64) -> Draft {
    let mut digest = [0x5A; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    let bytes = || Value::Bytes(digest.to_vec());
    let text = |text: &str| Value::Text(text.to_owned());
    let actor = [text("city-eco"), text("city-eco"), bytes(), Value::Null];
    let object = [text("hj212"), bytes(), text("1.0.0"), bytes(), bytes()];
    let digests = [bytes(), Value::Null, bytes(), Value::Null];
    Draft::new(1)
        .with(Field::Actor, actor.to_vec())
        .with(Field::Object, object.to_vec())
        .with(Field::Digests, digests.to_vec())
        .with_idempotency_key([7; 16])
}
