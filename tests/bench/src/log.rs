//! `log-append`, `append-p50` and `log-verify`: the audit log against what the machine can do at all.

use std::{fs::File, io::Write as _, ops::Range, path::Path, time::Instant};

use anyhow::Context as _;
use audit_log::{Draft, LogSuite, Options, Pending};
use audit_proof::segment::{Header, read_frame, read_trailer};
use sha2::{Digest as _, Sha256};

use crate::{
    fdatasync,
    report::{Report, Row, median},
    sample::{bytes_of, clock, config, draft, temporary},
};

/// Entries of one burst: what a busy stream yields in the time of one `fdatasync`.
pub(crate) const BURST: usize = 256;
/// Bursts of one run.
const BURSTS: usize = 200;
/// Entries of the log that is verified: three segments.
const VERIFIED_ENTRIES: u64 = 500_000;
/// Appends of one run that go one at a time.
const SINGLES: usize = 400;
/// Appends before measuring starts: the segment exists and threads have run.
const WARM_UP: usize = 20;
/// Runs of each side.
pub(crate) const RUNS: usize = 7;

/// `log-append`: entries per second ÷ raw write and `fdatasync` of the same bytes in the same groups.
///
/// The note beside it is the cost of the second suite: the same appends with links by SM3, ÷ its own baseline.
pub(crate) fn append(report: &mut Report) -> anyhow::Result<()> {
    let runs = append_runs(LogSuite::Sha256)?;
    report.add(vec![Row::new("log-append", "entries/s", ">= 0.7", runs)]);
    let dual = Row::new("", "", "", append_runs(LogSuite::Dual)?);
    report.note("log-append with SM3 links", dual.value, "entries/s");
    report.note("log-append with SM3 links, ratio", dual.ratio, "");
    Ok(())
}

fn append_runs(suite: LogSuite) -> anyhow::Result<Vec<(f64, f64)>> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let folder = temporary()?;
        let dir = folder.path().join("log");
        let (log, _) = audit_log::open(config(&dir, suite), clock())?;
        let seconds = append_bursts(&log, BURSTS)?.iter().sum::<f64>();
        log.close()?;
        let stored = Stored::read(&dir)?;
        // The burst that creates the segment is not measured, and not written by the baseline either.
        let groups = stored.groups_from(BURST as u64);
        let entries = (BURST * BURSTS) as f64;
        let raw = stored.write_raw(&folder.path().join("raw"), groups)?;
        runs.push((entries / seconds, entries / raw));
    }
    Ok(runs)
}

/// Appends a burst to warm up, then `bursts` of which two are under way at a time, as many submitters together do.
///
/// Returns the seconds from the end of each burst to the end of the next.
pub(crate) fn append_bursts(log: &audit_log::Log, bursts: usize) -> anyhow::Result<Vec<f64>> {
    let drafts: Vec<Draft> = (0..BURST as u64).map(draft).collect();
    let submit = || -> Result<Vec<Pending>, _> {
        let burst = drafts.iter().map(|draft| log.append(draft.clone()));
        burst.collect()
    };
    wait(submit()?)?;
    let mut times = Vec::with_capacity(bursts);
    let mut last = Instant::now();
    let mut before = submit()?;
    for number in 1..=bursts {
        let next = if number < bursts {
            submit()?
        } else {
            Vec::new()
        };
        wait(std::mem::replace(&mut before, next))?;
        times.push(last.elapsed().as_secs_f64());
        last = Instant::now();
    }
    Ok(times)
}

fn wait(burst: Vec<Pending>) -> anyhow::Result<()> {
    for pending in burst {
        pending.wait()?;
    }
    Ok(())
}

/// The bytes of a log of one segment and where its groups lie in them.
struct Stored {
    bytes: Vec<u8>,
    /// For each group the size of the log before it and its bytes.
    groups: Vec<(u64, Range<usize>)>,
}

impl Stored {
    /// Reads the first segment of a log and finds its groups by their trailers.
    fn read(dir: &Path) -> anyhow::Result<Stored> {
        let path = audit_proof::folder::path(dir, 0, audit_proof::folder::Stage::Sealed);
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        let header = Header::decode(&bytes);
        let (_, mut at) = header.map_err(|kind| anyhow::anyhow!("no header: {kind}"))?;
        let (mut start, mut size, mut groups) = (at, 0, Vec::new());
        loop {
            if let Some(head) = read_trailer(&bytes[at..]) {
                at += audit_proof::segment::TRAILER_BYTES;
                groups.push((size, start..at));
                (start, size) = (at, head.size);
            } else if let Ok(frame) = read_frame(&bytes[at..]) {
                at += frame.length();
            } else {
                return Ok(Stored { bytes, groups });
            }
        }
    }

    /// Returns the groups behind the first `size` entries.
    fn groups_from(&self, size: u64) -> &[(u64, Range<usize>)] {
        let first = self.groups.partition_point(|(before, _)| *before < size);
        &self.groups[first..]
    }

    /// Writes groups by nothing but write and `fdatasync`; returns the seconds.
    ///
    /// The log writes no zeros ahead of groups as large as these, so the file of the baseline grows, too; and it starts
    /// with what the log had when measuring started.
    fn write_raw(&self, path: &Path, groups: &[(u64, Range<usize>)]) -> anyhow::Result<f64> {
        let (_, first) = groups.first().context("the log has groups")?;
        let mut file = File::create_new(path)?;
        file.write_all(&self.bytes[..first.start])?;
        file.sync_all()?;
        let start = Instant::now();
        for (_, group) in groups {
            file.write_all(&self.bytes[group.clone()])?;
            file.sync_data()?;
        }
        Ok(start.elapsed().as_secs_f64())
    }
}

/// `append-p50`: one durable append at a time ÷ one `fdatasync` of the same bytes into a preallocated file.
pub(crate) fn append_p50(report: &mut Report) -> anyhow::Result<()> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let folder = temporary()?;
        let dir = folder.path().join("log");
        let (log, _) = audit_log::open(config(&dir, LogSuite::Sha256), clock())?;
        let mut times = Vec::with_capacity(SINGLES);
        for number in 0..WARM_UP + SINGLES {
            let draft = draft(number as u64);
            let start = Instant::now();
            log.append(draft)?.wait()?;
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
        log.close()?;
        let stored = Stored::read(&dir)?;
        let (_, group) = stored.groups.last().context("the log has groups")?;
        let raw = fdatasync::p50(folder.path(), group.len(), SINGLES)?;
        let log = median(times.into_iter().skip(WARM_UP));
        runs.push((log, raw.as_secs_f64() * 1e6));
    }
    report.add(vec![Row::new("append-p50", "us", "<= 2", runs)]);
    Ok(())
}

/// `log-verify`: bytes verified per second ÷ bare SHA-256 of the same bytes.
///
/// Verifying uses every core of the machine, as `lawgate audit verify` does; the baseline hashes on one, which is all
/// that bare SHA-256 of a file can use. The note beside it is the same for a log whose entries link by SM3 as well.
pub(crate) fn verify(report: &mut Report) -> anyhow::Result<()> {
    let runs = verify_runs(LogSuite::Sha256)?;
    report.add(vec![Row::new("log-verify", "MB/s", ">= 0.5", runs)]);
    let dual = Row::new("", "", "", verify_runs(LogSuite::Dual)?);
    report.note("log-verify with SM3 links", dual.value, "MB/s");
    report.note("log-verify with SM3 links, ratio", dual.ratio, "");
    Ok(())
}

fn verify_runs(suite: LogSuite) -> anyhow::Result<Vec<(f64, f64)>> {
    let folder = temporary()?;
    let dir = folder.path().join("log");
    let (log, _) = audit_log::open(config(&dir, suite), clock())?;
    append_numbered(&log, 0..VERIFIED_ENTRIES)?;
    log.close()?;
    let bytes = bytes_of(&dir)? as f64;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let report = audit_log::verify(&dir, &Options::default());
        let is_whole = report.is_verified() && report.entries == VERIFIED_ENTRIES;
        anyhow::ensure!(is_whole, "the log of the benchmark does not verify");
        let verified = bytes / start.elapsed().as_secs_f64();
        runs.push((verified / 1e6, bytes / hash(&dir)? / 1e6));
    }
    Ok(runs)
}

/// Appends one entry for each number, and waits for a burst when the next one has been submitted.
pub(crate) fn append_numbered(log: &audit_log::Log, numbers: Range<u64>) -> anyhow::Result<()> {
    let mut before = Vec::new();
    for start in numbers.clone().step_by(4 * BURST) {
        let end = numbers.end.min(start + 4 * BURST as u64);
        let burst = (start..end).map(|number| log.append(draft(number)));
        let burst = burst.collect::<Result<Vec<_>, _>>()?;
        wait(std::mem::replace(&mut before, burst))?;
    }
    wait(before)
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
