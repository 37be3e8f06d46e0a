//! Verifying a stored log from its files, without the writer.
//!
//! Reads only. Every segment is replayed from its own header, on several cores when asked; then each header is held
//! against the end of the segment before, so the whole follows from the genesis. The report says what was really
//! checked and names the first fault: a log of which nothing was checked is a fault too. Signatures, witnesses and
//! timestamps are not part of this; they vouch for a head, which is handed in as known.

mod batch;
mod feed;
mod join;

use std::{
    num::NonZero,
    path::{Path, PathBuf},
};

use join::replay_observing;

pub use join::replay_in_batches;

use crate::{
    archived::Archived,
    chain::{Head, State},
    fault::{Fault, FaultKind},
    folder::{self, Inventory, Stage, file_name, path},
    hash::Hash,
    recover::{Tail, judge_segment},
    scan::{KnownHead, scan_observing},
    segment::Header,
};

/// What is asked of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Where the log begins; 0 for a whole one. With another position it is the part of a log, such as an archive, and
    /// what its first segment says of the entries before is taken as it stands: whoever asks has to hold the head at the
    /// end against something that covers them.
    pub from: u64,
    /// The origin the log must have.
    pub expected_origin: Option<String>,
    /// The digest of the policy under which the log must have been created.
    pub expected_policy: Option<Hash>,
    /// Heads that the log must contain, from receipts or checkpoints held elsewhere. In any order.
    pub known_heads: Vec<KnownHead>,
    /// Sizes at which the head is wanted, whatever it is. In any order.
    pub observe: Vec<u64>,
    /// How many threads check at once, this one included; 0 stands for one on each core. Each holds about half a
    /// mebibyte of a segment, and only a segment with a flaw is read as a whole.
    pub threads: usize,
}

/// What a verification found. Only [`Report::is_verified`] says whether the log is sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The origin, as the first segment says.
    pub origin: Option<String>,
    /// Segments checked in full.
    pub segments: u64,
    /// Entries checked; of a log that begins at [`Options::from`], the position behind the last one.
    pub entries: u64,
    /// What of the log is archived: its entries are not there and not checked, and what follows them is.
    pub archived: Archived,
    /// Groups checked.
    pub groups: u64,
    /// Bytes checked.
    pub bytes: u64,
    /// Known heads found in the log.
    pub known_heads: u64,
    /// The heads at the sizes of [`Options::observe`] that the entries checked reach, in ascending order.
    pub observed: Vec<Head>,
    /// The head of the entries checked; `None` when there are none.
    pub head: Option<Head>,
    /// An unfinished write at the end of the open segment. It was never acknowledged, and is no fault.
    pub unfinished_tail: Option<UnfinishedTail>,
    /// The first thing wrong.
    pub fault: Option<Fault>,
}

/// An unfinished write at the end of the open segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedTail {
    /// The file.
    pub file: PathBuf,
    /// Where it starts, in bytes.
    pub offset: u64,
    /// How many bytes it has up to its last one that is not zero.
    pub bytes: u64,
}

impl Report {
    /// Returns whether at least one entry was checked and nothing was wrong.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.fault.is_none() && self.entries > self.archived.to()
    }
}

/// Verifies the log in `dir`.
///
/// Every byte of every segment is checked. The log may be written meanwhile; entries appended after the start may or
/// may not be part of the report, and the segment being sealed may be reported as unreadable.
#[must_use]
pub fn verify(dir: &Path, options: &Options) -> Report {
    let mut verification = Verification::new(options);
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get),
        threads => threads,
    };
    match list(dir) {
        Ok((archived, segments)) => {
            verification.begin(archived);
            for (first, stage) in segments {
                let file = path(dir, first, stage);
                let replay = verification.replay(&file, stage, threads);
                if let Err(fault) = verification.take(first, stage, replay) {
                    verification.report.fault = Some(fault);
                    break;
                }
            }
        }
        Err(fault) => verification.report.fault = Some(fault),
    }
    verification.finish(dir)
}

/// A log as it is on disk: what of it is archived, and its segments.
type Listed = (Archived, Vec<(u64, Stage)>);

fn list(dir: &Path) -> Result<Listed, Fault> {
    let unreadable = |error: std::io::Error| Fault {
        position: 0,
        file: dir.to_owned(),
        offset: 0,
        kind: FaultKind::Unreadable(error.kind()),
    };
    let names = folder::list(dir).map_err(unreadable)?;
    let inventory = Inventory::of(&names)?;
    let archived = folder::archived(dir, &inventory)?;
    Ok((archived, inventory.segments().collect()))
}

/// What replaying one segment by itself gave.
#[derive(Debug, Clone)]
pub struct Replay {
    /// What the segment says of itself. Whether that continues the segment before is not checked.
    pub header: Header,
    /// The seal of the segment: what the next header must carry.
    pub seal: Hash,
    /// The head at the end of the last complete group.
    pub head: Head,
    /// The log at the end of that group: what the next header must start from.
    pub end: State,
    /// How many complete groups there are.
    pub groups: u64,
    /// The heads at the sizes asked for, in ascending order.
    pub observed: Vec<Head>,
    /// How long the file is, in bytes.
    pub bytes: u64,
    /// What the segment ends with.
    pub tail: Tail,
    /// Where the last complete group ends, in bytes.
    pub offset: u64,
}

/// Replays a segment by itself: with several workers when it is sound, and again one entry after another to find out
/// what is wrong when it is not.
fn replay(
    path: &Path,
    stage: Stage,
    known: &[KnownHead],
    observe: &[u64],
    threads: usize,
) -> Result<Replay, FaultKind> {
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    // Two batches for each worker, or starting it costs more than it does.
    let batches = usize::try_from(length).unwrap_or(usize::MAX) / (2 * feed::BATCH_BYTES);
    match replay_observing(path, stage, known, observe, threads.min(batches).max(1)) {
        Some(replay) => Ok(replay),
        None => replay_one_by_one(path, stage, known, observe),
    }
}

fn replay_one_by_one(
    path: &Path,
    stage: Stage,
    known: &[KnownHead],
    observe: &[u64],
) -> Result<Replay, FaultKind> {
    let buffer = std::fs::read(path).map_err(|error| FaultKind::Unreadable(error.kind()))?;
    let (header, body) = Header::decode(&buffer)?;
    let scan = scan_observing(&buffer, &header, body, known, observe);
    let tail = judge_segment(stage, &buffer, &scan);
    Ok(Replay {
        seal: scan.running.seal(),
        head: scan.running.state.head(),
        end: scan.running.state,
        groups: scan.groups,
        observed: scan.observed,
        bytes: buffer.len() as u64,
        tail,
        offset: scan.tail as u64,
        header,
    })
}

/// A verification under way: the segments so far, in order.
struct Verification<'a> {
    options: &'a Options,
    known: Vec<KnownHead>,
    observe: Vec<u64>,
    report: Report,
    /// The header that the next segment must have.
    next: Option<Header>,
}

impl<'a> Verification<'a> {
    fn new(options: &'a Options) -> Self {
        let mut known = options.known_heads.clone();
        known.sort_unstable();
        let mut observe = options.observe.clone();
        observe.sort_unstable();
        observe.dedup();
        let report = Report {
            origin: None,
            segments: 0,
            entries: options.from,
            archived: Archived::default(),
            groups: 0,
            bytes: 0,
            known_heads: 0,
            observed: Vec::new(),
            head: None,
            unfinished_tail: None,
            fault: None,
        };
        Self {
            options,
            known,
            observe,
            report,
            next: None,
        }
    }

    /// Starts behind what is archived.
    fn begin(&mut self, archived: Archived) {
        if self.options.from == 0 {
            self.report.entries = archived.to();
            self.report.archived = archived;
        }
    }

    fn replay(&self, file: &Path, stage: Stage, threads: usize) -> Result<Replay, FaultKind> {
        replay(file, stage, &self.known, &self.observe, threads)
    }

    /// Takes in the next segment.
    fn take(
        &mut self,
        first: u64,
        stage: Stage,
        replay: Result<Replay, FaultKind>,
    ) -> Result<(), Fault> {
        let file = PathBuf::from(file_name(first, stage));
        let position = self.report.entries;
        let fault = |kind| Fault {
            position,
            file: file.clone(),
            offset: 0,
            kind,
        };
        if first != position {
            return Err(fault(FaultKind::MissingSegment));
        }
        let replay = replay.map_err(fault)?;
        self.check_header(first, &replay.header).map_err(fault)?;
        self.report.entries = replay.end.size();
        self.report.groups += replay.groups;
        self.report.observed.extend(replay.observed);
        self.report.head = (replay.head.size > 0).then_some(replay.head);
        match replay.tail {
            Tail::Damaged(flaw) => {
                self.report.bytes += replay.offset;
                return Err(flaw.in_file(file));
            }
            Tail::Torn(bytes) => {
                self.report.unfinished_tail = Some(UnfinishedTail {
                    file,
                    offset: replay.offset,
                    bytes: bytes as u64,
                });
            }
            Tail::Clean | Tail::Sealed(_) => {}
        }
        self.report.segments += 1;
        self.report.bytes += replay.bytes;
        self.next = Some(replay.header.next(replay.end, replay.seal));
        Ok(())
    }

    /// Checks what a header claims against the segment before it and against what is expected.
    fn check_header(&mut self, first: u64, header: &Header) -> Result<(), FaultKind> {
        if header.start.size() != first {
            return Err(FaultKind::HeaderName);
        }
        if let Some(next) = &self.next {
            return if header == next {
                Ok(())
            } else {
                Err(FaultKind::HeaderLink)
            };
        }
        self.report.origin = Some(header.origin.clone());
        if self
            .options
            .expected_origin
            .as_ref()
            .is_some_and(|origin| *origin != header.origin)
        {
            return Err(FaultKind::Origin);
        }
        if self
            .options
            .expected_policy
            .is_some_and(|policy| policy != header.policy_digest)
        {
            return Err(FaultKind::Policy);
        }
        // With another beginning than the genesis, that is what the caller covers.
        let archived = &self.report.archived;
        if (self.options.from > 0 && first > 0) || archived.continues_in(header) {
            Ok(())
        } else if !archived.is_empty() {
            Err(FaultKind::HeaderLink)
        } else {
            Err(FaultKind::Genesis)
        }
    }

    fn finish(self, dir: &Path) -> Report {
        let Self {
            known,
            mut report,
            options,
            ..
        } = self;
        let size = report.entries;
        let reached = known.partition_point(|head| head.size <= size);
        report.known_heads = known[..reached].iter().filter(|head| head.size > 0).count() as u64;
        if report.fault.is_none() {
            let kind = if size == options.from.max(report.archived.to()) {
                Some(FaultKind::Nothing)
            } else if reached < known.len() {
                Some(FaultKind::ShorterThanKnown)
            } else {
                None
            };
            report.fault = kind.map(|kind| Fault {
                position: size,
                file: dir.to_owned(),
                offset: 0,
                kind,
            });
        }
        report
    }
}
