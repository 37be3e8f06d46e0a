//! Opening a log: find its segments, judge its end, start its writer.
//!
//! Reads the last segment in full and of the others only that they follow each other; `verify` checks everything.
//! Changes nothing on the disk unless the log is sound, and then only removes what was never acknowledged.

mod last;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::watch;

use last::LastSegment;

use super::{Clock, Config, Durable, Log, Owner, Shared};
use crate::{
    commit::{Limits, Queue, WriterThread},
    disk::{Disk, DiskFile, RealDisk, read_range},
    reader::Stored,
    writer::{Active, Writer},
};
use audit_proof::{
    archived::{Archived, MAX_STUB_BYTES},
    chain::Head,
    fault::{Fault, FaultKind, Flaw},
    folder::{Inventory, Stage, file_name, path},
    recover::{Tail, judge},
    scan::End,
    segment::{FOOTER_END_BYTES, FooterEnd, Header, check_origin},
    suite::LogSuite,
};

/// Largest size of a segment that may be asked for, because verifying holds a segment in memory.
const MAX_SEGMENT_BYTES: u64 = 1 << 30;

/// Why a log did not open. Nothing has been changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A field of the configuration is outside its range.
    #[error("configuration of the audit log: {field} is outside its range")]
    Config {
        /// The field.
        field: &'static str,
    },
    /// Another process, or this one, has the log open.
    #[error("audit log {} is open elsewhere", dir.display())]
    Locked {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder holds the log of another origin.
    #[error("audit log is of origin {found}, not {expected}")]
    Origin {
        /// The origin asked for.
        expected: String,
        /// The origin found.
        found: String,
    },
    /// The folder holds a log whose entries link by other hash functions.
    #[error("audit log is of suite {found:?}, not {expected:?}")]
    Suite {
        /// The suite asked for.
        expected: LogSuite,
        /// The suite found.
        found: LogSuite,
    },
    /// The stored log is damaged, in a way that an unfinished write cannot explain. Its bytes are untouched.
    #[error("audit log is damaged")]
    Damaged(#[source] Fault),
    /// The operating system failed.
    #[error("audit log: {action} {} failed", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        source: io::Error,
    },
}

/// What was found when the log was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// How many entries there are.
    pub size: u64,
    /// The head.
    pub head: Head,
    /// The unfinished write that was removed, if there was one; the caller appends an entry that says so.
    pub recovered: Option<Recovered>,
    /// Whether the log is new.
    pub created: bool,
}

/// An unfinished write that was removed. It had not been acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The position that the next entry has.
    pub position: u64,
    /// The segment's file name.
    pub file: PathBuf,
    /// Where in it the zeroed bytes start.
    pub from_offset: u64,
    /// How many bytes were zeroed.
    pub zeroed_bytes: u64,
}

/// Opens the log in `config.dir`, or creates it, and starts its writer.
///
/// # Errors
/// [`OpenError::Damaged`] when the end of the log is anything but sound or an unfinished write; see the variants.
pub fn open(config: Config, clock: Arc<dyn Clock>) -> Result<(Log, Opened), OpenError> {
    open_on(Arc::new(RealDisk), config, clock)
}

/// [`open`] on a given disk.
pub(crate) fn open_on(
    disk: Arc<dyn Disk>,
    config: Config,
    clock: Arc<dyn Clock>,
) -> Result<(Log, Opened), OpenError> {
    check_config(&config)?;
    let dir = config.dir.as_path();
    disk.create_folder(dir).map_err(io_error("creating", dir))?;
    let lock = disk.lock(dir).map_err(|source| {
        let dir = dir.to_owned();
        if source.kind() == io::ErrorKind::WouldBlock {
            OpenError::Locked { dir }
        } else {
            OpenError::Io {
                action: "locking",
                path: dir,
                source,
            }
        }
    })?;
    let names = disk.list(dir).map_err(io_error("listing", dir))?;
    let inventory = Inventory::of(&names).map_err(OpenError::Damaged)?;
    let archived = read_archived(&*disk, dir, &inventory)?;
    check_sequence(&*disk, dir, &inventory, archived.to())?;
    let end = find_end(&*disk, &config, &inventory, &archived)?;
    for first in &inventory.new {
        let path = path(dir, *first, Stage::New);
        disk.remove(&path).map_err(io_error("removing", &path))?;
    }

    let head = end.head;
    let opened = Opened {
        size: head.size,
        head,
        recovered: end.recovered,
        created: end.created,
    };
    let stored = Stored::new(
        Arc::clone(&disk),
        config.dir.clone(),
        end.sealed,
        archived,
        end.active.as_ref(),
    );
    let limits = Limits {
        items: config.queue_entries,
        bytes: config.queue_bytes,
    };
    let durable = watch::Sender::new(Durable {
        head,
        groups: 0,
        largest_group: 0,
        is_stopped: false,
    });
    let shared = Arc::new(Shared {
        queue: Queue::new(limits),
        durable,
        stored,
    });
    let writer = Writer::new(
        disk,
        &config,
        clock,
        Arc::clone(&shared),
        end.next,
        end.active,
    );
    let thread = WriterThread::spawn("audit-log", move || writer.run());
    let thread = thread.map_err(io_error("starting the writer of", dir))?;
    let owner = Owner {
        shared,
        origin: config.origin,
        suite: config.suite,
        thread,
        _lock: lock,
    };
    Ok((
        Log {
            owner: Arc::new(owner),
        },
        opened,
    ))
}

fn check_config(config: &Config) -> Result<(), OpenError> {
    let checks = [
        ("origin", check_origin(&config.origin)),
        (
            "segment_bytes",
            (1..=MAX_SEGMENT_BYTES).contains(&config.segment_bytes),
        ),
        ("queue_entries", config.queue_entries > 0),
        ("queue_bytes", config.queue_bytes > 0),
    ];
    match checks.into_iter().find(|(_, holds)| !holds) {
        Some((field, _)) => Err(OpenError::Config { field }),
        None => Ok(()),
    }
}

/// Reads what of the log is archived.
fn read_archived(
    disk: &dyn Disk,
    dir: &Path,
    inventory: &Inventory,
) -> Result<Archived, OpenError> {
    let mut stubs = Vec::new();
    for first in &inventory.archived {
        let path = path(dir, *first, Stage::Archived);
        let mut bytes = Vec::new();
        disk.open(&path, false)
            .and_then(|file| read_range(&*file, 0, MAX_STUB_BYTES as u64 + 1, &mut bytes))
            .map_err(io_error("reading", &path))?;
        stubs.push((*first, bytes));
    }
    Archived::of(stubs.into_iter()).map_err(OpenError::Damaged)
}

/// Checks that each sealed segment ends where the next one starts; the first one where what is archived ends.
fn check_sequence(
    disk: &dyn Disk,
    dir: &Path,
    inventory: &Inventory,
    archived_to: u64,
) -> Result<(), OpenError> {
    let mut expected = archived_to;
    for (first, stage) in inventory.segments() {
        let fault = |kind| {
            let file = file_name(first, stage).into();
            Err(OpenError::Damaged(Fault {
                position: expected,
                file,
                offset: 0,
                kind,
            }))
        };
        if first != expected {
            return fault(FaultKind::MissingSegment);
        }
        if stage == Stage::Sealed {
            let path = path(dir, first, stage);
            let file = disk
                .open(&path, false)
                .map_err(io_error("opening", &path))?;
            match read_footer_end(&*file).map_err(io_error("reading", &path))? {
                Some(end) if end.size > first => expected = end.size,
                _ => return fault(FaultKind::FooterForm),
            }
        }
    }
    Ok(())
}

/// Reads the fixed end of a sealed segment's footer; `None` when it is not one.
pub(crate) fn read_footer_end(file: &dyn DiskFile) -> io::Result<Option<FooterEnd>> {
    let length = file.length()?;
    let mut bytes = Vec::new();
    read_range(
        file,
        length.saturating_sub(FOOTER_END_BYTES as u64),
        length,
        &mut bytes,
    )?;
    Ok(FooterEnd::decode(&bytes))
}

/// The end of a stored log, ready to be continued.
struct FoundEnd {
    head: Head,
    /// The sealed segments, by the position at which they start.
    sealed: Vec<u64>,
    /// The header of the segment to be created next, unless there is an active one.
    next: Header,
    active: Option<Active>,
    recovered: Option<Recovered>,
    created: bool,
}

fn find_end(
    disk: &dyn Disk,
    config: &Config,
    inventory: &Inventory,
    archived: &Archived,
) -> Result<FoundEnd, OpenError> {
    let Some((first, stage)) = inventory.segments().last() else {
        if !archived.is_empty() {
            // The last segment is never archived.
            let position = archived.to();
            return Err(OpenError::Damaged(Fault {
                position,
                file: file_name(position, Stage::Sealed).into(),
                offset: 0,
                kind: FaultKind::MissingSegment,
            }));
        }
        let next = Header::first(
            &config.origin,
            config.suite,
            config.policy_digest,
            config.former_root.unwrap_or_default(),
        );
        let head = next.start.head();
        return Ok(FoundEnd {
            head,
            sealed: Vec::new(),
            next,
            active: None,
            recovered: None,
            created: true,
        });
    };
    let last = LastSegment::load(disk, config, first, stage)?;
    let is_lone = stage == Stage::Sealed && inventory.sealed.len() == 1;
    if stage == Stage::Open || is_lone {
        check_link(disk, &config.dir, inventory, archived, &last.header)?;
    }
    let mut found = FoundEnd {
        head: last.scan.running.state.head(),
        sealed: inventory.sealed.clone(),
        next: last
            .header
            .next(last.scan.running.state.clone(), last.scan.running.seal()),
        active: None,
        recovered: None,
        created: false,
    };
    match (judge(&last.bytes, &last.scan), stage) {
        (Tail::Sealed(end), Stage::Sealed) if end == last.bytes.len() => {}
        (Tail::Sealed(end), Stage::Open) => {
            // The crash came between the footer and the name; finish what was begun.
            last.finish_sealing(disk, end as u64)?;
            found.sealed.push(first);
        }
        (Tail::Clean, Stage::Open) => found.active = Some(last.into_active(disk)?),
        (Tail::Torn(bytes), Stage::Open) => {
            found.recovered = Some(last.zero(disk, bytes)?);
            found.active = Some(last.into_active(disk)?);
        }
        (Tail::Damaged(flaw), _) => return Err(last.damaged(flaw)),
        (Tail::Clean | Tail::Torn(_) | Tail::Sealed(_), _) => {
            // A sealed segment that does not end with its footer and nothing else.
            let position = last.scan.running.state.size();
            let missing = Flaw {
                position,
                offset: last.scan.tail,
                kind: FaultKind::FooterForm,
            };
            let flaw = if let End::Flawed(flaw) = last.scan.end {
                flaw
            } else {
                missing
            };
            return Err(last.damaged(flaw));
        }
    }
    Ok(found)
}

/// Checks that the open segment continues the sealed one before it.
fn check_link(
    disk: &dyn Disk,
    dir: &Path,
    inventory: &Inventory,
    archived: &Archived,
    header: &Header,
) -> Result<(), OpenError> {
    let before = inventory.sealed.iter().rev();
    let mut before = before.filter(|first| **first < header.start.size());
    let (is_linked, position) = match before.next() {
        None => (archived.continues_in(header), archived.to()),
        Some(first) => {
            let path = path(dir, *first, Stage::Sealed);
            let file = disk
                .open(&path, false)
                .map_err(io_error("opening", &path))?;
            let end = read_footer_end(&*file).map_err(io_error("reading", &path))?;
            (
                end.is_some_and(|end| end.continues_in(header)),
                header.start.size(),
            )
        }
    };
    if is_linked {
        return Ok(());
    }
    let file = file_name(header.start.size(), Stage::Open).into();
    Err(OpenError::Damaged(Fault {
        position,
        file,
        offset: 0,
        kind: FaultKind::HeaderLink,
    }))
}

pub(super) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io {
        action,
        path,
        source,
    }
}
