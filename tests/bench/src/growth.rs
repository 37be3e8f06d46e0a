//! `growth-append`, `growth-proof` and `growth-lookup`: what a large log costs ÷ what a small one costs.
//!
//! Both sides read from the memory of the operating system, so that the rows say how the log's own work grows and not how
//! much memory the machine has; what the disk adds is a note beside them. Other notes: opening, verifying, range proofs
//! and room on the disk.

use std::{path::Path, process::Command, time::Instant};

use anyhow::Context as _;
use audit_log::{
    Log, Options,
    disk::{Disk as _, RealDisk},
};
use audit_proof::{
    Suite,
    proof::{CachedTiles, FolderTiles, inclusion, range, root, verify_inclusion},
};

use crate::{
    big_log::{BigLog, each_file},
    log::{BURST, RUNS, append_bursts},
    report::{Report, Row, median},
    sample::temporary,
    settings::Settings,
};

/// Entries of the small log.
const SMALL_ENTRIES: u64 = 100_000;
/// Bursts to one log before the other one's turn: a busy neighbour stays longer than they take.
const TURN: usize = 10;
/// Turns of each log in one run of appending.
const TURNS: usize = 10;
/// Proofs or lookups of one run.
const READS: u64 = 2_000;
/// Proofs or lookups with the files on the disk alone.
const COLD_READS: u64 = 200;
/// Entries of a range that is proven complete: a day's of one agency, say.
const RANGE: u64 = 1_000;
/// Times that a log is opened.
const OPENS: usize = 5;
/// Threads that verify; the goal of ten seconds is for two cores.
const VERIFY_THREADS: &str = "2";

/// The first argument of a process that does nothing but verify a log, so that its memory can be measured.
pub(crate) const VERIFY_COMMAND: &str = "verify-log";

/// Measures the rows that are asked for and the notes beside them.
pub(crate) fn measure(settings: &Settings, report: &mut Report) -> anyhow::Result<()> {
    let (large, small) = (BigLog::of(settings.entries)?, BigLog::of(SMALL_ENTRIES)?);
    report.note("growth: entries of the large log", large.entries as f64, "");
    report.note("growth: entries of the small log", small.entries as f64, "");
    if settings.wants("growth-append") {
        note_room(&large, report)?;
        note_opening(&large, "large", report)?;
        note_opening(&small, "small", report)?;
        note_verifying(&large, report)?;
        let runs = (0..RUNS).map(|_| append_costs(&large, &small));
        let runs = runs.collect::<anyhow::Result<Vec<_>>>()?;
        report.add(vec![Row::new("growth-append", "us/entry", "<= 1.2", runs)]);
    }
    if settings.wants("growth-proof") {
        let runs = alternate(&large, &small, |log| proof_cost(log, READS))?;
        report.add(vec![Row::new("growth-proof", "us/proof", "<= 1.2", runs)]);
        report.note("growth: range proof, large log", range_cost(&large)?, "us");
        report.note("growth: range proof, small log", range_cost(&small)?, "us");
        set_aside(&large.tiles().join("tile"))?;
        report.note(
            "growth: inclusion proof, large log, from the disk",
            proof_cost(&large, COLD_READS)?,
            "us",
        );
    }
    if settings.wants("growth-lookup") {
        let logs = (large.open()?, small.open()?);
        lookup_all(&logs.0)?;
        let mut runs = Vec::new();
        for _ in 0..=RUNS {
            runs.push((lookup_cost(&logs.0, READS)?, lookup_cost(&logs.1, READS)?));
        }
        // The first run brings what it reads into memory.
        runs.remove(0);
        report.add(vec![Row::new("growth-lookup", "us/entry", "<= 1.2", runs)]);
        set_aside(&large.audit())?;
        report.note(
            "growth: lookup, large log, from the disk",
            lookup_cost(&logs.0, COLD_READS)?,
            "us",
        );
    }
    Ok(())
}

/// Measures both logs in turn, after one run that brings what is read into memory.
fn alternate(
    large: &BigLog,
    small: &BigLog,
    cost: impl Fn(&BigLog) -> anyhow::Result<f64>,
) -> anyhow::Result<Vec<(f64, f64)>> {
    cost(large)?;
    cost(small)?;
    (0..RUNS)
        .map(|_| Ok((cost(large)?, cost(small)?)))
        .collect()
}

/// The median time of a burst behind the end of each log, in microseconds for each entry.
///
/// The disk is the greater part of it and not steady, so both logs are open and take turns within one run.
fn append_costs(large: &BigLog, small: &BigLog) -> anyhow::Result<(f64, f64)> {
    let folder = temporary()?;
    let logs = (
        large.open_copy(&folder.path().join("large"))?,
        small.open_copy(&folder.path().join("small"))?,
    );
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        times.0.extend(append_bursts(&logs.0, TURN)?);
        times.1.extend(append_bursts(&logs.1, TURN)?);
    }
    let grown = (logs.0.size() > large.entries, logs.1.size() > small.entries);
    anyhow::ensure!(grown == (true, true), "the copies have not the entries");
    logs.0.close()?;
    logs.1.close()?;
    let cost = |times: Vec<f64>| median(times.into_iter()) * 1e6 / BURST as f64;
    Ok((cost(times.0), cost(times.1)))
}

/// The median time of an inclusion proof from tiles, in microseconds.
fn proof_cost(log: &BigLog, reads: u64) -> anyhow::Result<f64> {
    let (suite, size) = (Suite::Sha256, log.entries);
    // As the gateway proves.
    let tiles = CachedTiles::new(FolderTiles::new(log.tiles()), 1_024);
    let root = root(suite, size, &tiles)?;
    let mut times = Vec::new();
    for index in positions(size, reads) {
        let start = Instant::now();
        let proof = inclusion(suite, index, size, &tiles)?;
        times.push(start.elapsed().as_secs_f64());
        let leaf = audit_proof::proof::leaf_hashes(suite, index, index + 1, size, &tiles)?[0];
        verify_inclusion(suite, index, size, &leaf, &proof, &root)?;
    }
    Ok(median(times.into_iter()) * 1e6)
}

/// The median time of the proof that a range is complete, in microseconds.
fn range_cost(log: &BigLog) -> anyhow::Result<f64> {
    let (suite, size) = (Suite::Sha256, log.entries);
    let tiles = FolderTiles::new(log.tiles());
    let mut times = Vec::new();
    for from in positions(size.saturating_sub(RANGE).max(1), READS) {
        let start = Instant::now();
        let proof = range(suite, from, size.min(from + RANGE), size, &tiles)?;
        times.push(start.elapsed().as_secs_f64());
        std::hint::black_box(proof);
    }
    Ok(median(times.into_iter()) * 1e6)
}

/// The median time of reading the entry at a position, in microseconds.
fn lookup_cost(log: &Log, reads: u64) -> anyhow::Result<f64> {
    let reader = log.reader();
    let mut times = Vec::new();
    for position in positions(log.size(), reads) {
        let start = Instant::now();
        let entry = reader.entry(position)?;
        times.push(start.elapsed().as_secs_f64());
        let entry = entry.context("the log has the entry")?;
        anyhow::ensure!(entry.decode()?.position() == position, "another entry");
    }
    Ok(median(times.into_iter()) * 1e6)
}

/// Reads the whole log, which brings it into memory as far as there is room.
fn lookup_all(log: &Log) -> anyhow::Result<()> {
    log.reader().entries_from(0).try_for_each(|entry| {
        std::hint::black_box(entry?);
        Ok(())
    })
}

/// Positions all over a log, the same in each run.
fn positions(size: u64, count: u64) -> impl Iterator<Item = u64> {
    // The golden ratio in 64 bits: its multiples spread evenly and touch neighbours late.
    (1..=count).map(move |number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % size)
}

/// Has the operating system forget what it holds of the files of a folder in memory.
fn set_aside(folder: &Path) -> anyhow::Result<()> {
    each_file(folder, &mut |path| {
        let file = RealDisk.open(path, false)?;
        file.set_aside(0, file.length()?);
        Ok(())
    })
}

fn note_room(log: &BigLog, report: &mut Report) -> anyhow::Result<()> {
    let room = log.room()?;
    report.note("growth: disk for segments", room.segments, "bytes/entry");
    report.note("growth: disk for tiles", room.tiles, "bytes/entry");
    report.note(
        "growth: disk for entry bundles",
        room.bundles,
        "bytes/entry",
    );
    Ok(())
}

/// Notes how long it takes to open a log and its publisher, from memory after the first time.
fn note_opening(log: &BigLog, which: &str, report: &mut Report) -> anyhow::Result<()> {
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..OPENS {
        let start = Instant::now();
        let open = log.open()?;
        times.0.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let publisher = log.publisher(&open)?;
        times.1.push(start.elapsed().as_secs_f64());
        drop(publisher);
        open.close()?;
    }
    let (log, publisher) = times;
    let log = median(log.into_iter()) * 1e3;
    let publisher = median(publisher.into_iter()) * 1e3;
    report.note(format!("growth: opening the {which} log"), log, "ms");
    report.note(
        format!("growth: opening the {which} log's publisher"),
        publisher,
        "ms",
    );
    Ok(())
}

/// Notes how long verifying takes and how much memory, in a process of its own.
///
/// Twice: as the machine has the files, on the disk or in memory, and again right after.
fn note_verifying(log: &BigLog, report: &mut Report) -> anyhow::Result<()> {
    for which in ["first time", "again"] {
        let output = Command::new(std::env::current_exe()?)
            .arg(VERIFY_COMMAND)
            .arg(log.audit())
            .args([&log.entries.to_string(), VERIFY_THREADS])
            .output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "the log does not verify: {errors}");
        let printed = String::from_utf8(output.stdout)?;
        let (seconds, peak) = printed.trim().split_once(' ').context("two figures")?;
        report.note(
            format!("growth: verifying the large log, 2 threads, {which}"),
            seconds.parse()?,
            "s",
        );
        report.note(
            format!("growth: peak memory of verifying, {which}"),
            peak.parse::<f64>()? / 1e6,
            "MB",
        );
    }
    Ok(())
}

/// Verifies a log and prints seconds and the most memory the process had: `verify-log FOLDER ENTRIES THREADS`.
pub(crate) fn verify_alone(arguments: &[String]) -> anyhow::Result<()> {
    let [folder, entries, threads] = arguments else {
        anyhow::bail!("usage: {VERIFY_COMMAND} FOLDER ENTRIES THREADS");
    };
    let options = Options {
        threads: threads.parse()?,
        ..Options::default()
    };
    let start = Instant::now();
    let report = audit_log::verify(Path::new(folder), &options);
    let seconds = start.elapsed().as_secs_f64();
    let is_whole = report.is_verified() && report.entries == entries.parse::<u64>()?;
    anyhow::ensure!(is_whole, "{} entries, {:?}", report.entries, report.fault);
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
    let kib: u64 = kib.context("the system says its peak memory")?.parse()?;
    println!("{seconds} {}", kib * 1024);
    Ok(())
}
