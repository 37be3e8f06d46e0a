//! Opening a store: find its segments, judge its end, start its writer.
//!
//! Reads the open segment in full and of the sealed ones only whether their index is whole. An unfinished write is
//! removed. Damage does not keep the store from opening, because every read is checked against its address; it is
//! reported.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use audit_log::{
    commit::{Limits, Queue, WriterThread},
    disk::{AppendFile, Disk, RealDisk, read_range},
};

use crate::{
    format::decode_header,
    scan::{Scan, scan},
    segments::{Inventory, Stage, path},
    store::{Config, GetError, Owner, Segments, Shared, Store},
    writer::{Active, Writer},
};

/// Largest size of a segment that may be asked for: the open one is read into memory at once.
const MAX_SEGMENT_BYTES: u64 = 4 << 30;

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A field of the configuration is outside its range.
    #[error("configuration of the evidence store: {field} is outside its range")]
    Config {
        /// The field.
        field: &'static str,
    },
    /// Another process, or this one, has the store open.
    #[error("evidence store {} is open elsewhere", dir.display())]
    Locked {
        /// The folder.
        dir: PathBuf,
    },
    /// A segment is missing, or there are two of one number.
    #[error("evidence store {} has no segment {number}, or has it twice", dir.display())]
    Segments {
        /// The folder.
        dir: PathBuf,
        /// The number of the segment.
        number: u64,
    },
    /// The open segment does not start with its header; nothing has been changed.
    #[error("{} is not an open segment", file.display())]
    Header {
        /// The file.
        file: PathBuf,
    },
    /// The index of a sealed segment could not be made again.
    #[error("index of segment {number} could not be made again")]
    Index {
        /// The number of the segment.
        number: u64,
        /// Why.
        #[source]
        cause: GetError,
    },
    /// The operating system failed.
    #[error("evidence store: {action} {} failed", path.display())]
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

/// A part of a segment that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedRange {
    /// The number of the segment.
    pub segment: u64,
    /// Which bytes of it.
    pub bytes: std::ops::Range<u64>,
}

/// What was found when the store was opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opened {
    /// How many segments there are.
    pub segments: u64,
    /// How many bytes of an unfinished write were removed. They had not been acknowledged.
    pub torn_bytes: u64,
    /// What is damaged in the segments that were read. Bundles there are not found, or reading them fails.
    pub damaged: Vec<DamagedRange>,
    /// The sealed segments whose index was made again.
    pub rebuilt_indexes: Vec<u64>,
}

/// Opens the store in `config.dir`, or creates it, and starts its writer.
///
/// # Errors
/// [`OpenError`] when the folder cannot be used.
pub fn open(config: Config) -> Result<(Store, Opened), OpenError> {
    open_on(Arc::new(RealDisk), &config)
}

/// [`open`] on a given disk.
pub(crate) fn open_on(disk: Arc<dyn Disk>, config: &Config) -> Result<(Store, Opened), OpenError> {
    check_config(config)?;
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
    let inventory = Inventory::of(&names).map_err(|number| OpenError::Segments {
        dir: dir.to_owned(),
        number,
    })?;
    for number in &inventory.new {
        let path = path(dir, *number, Stage::New);
        disk.remove(&path).map_err(io_error("removing", &path))?;
    }
    let segments = Segments::new(Arc::clone(&disk), config.dir.clone(), inventory.sealed);
    let mut opened = Opened {
        segments: inventory.sealed + u64::from(inventory.has_open),
        ..Opened::default()
    };
    check_indexes(&segments, &inventory, &mut opened)?;
    let active = match inventory.has_open {
        true => Some(continue_open(
            &*disk,
            dir,
            &segments,
            inventory.sealed,
            &mut opened,
        )?),
        false => None,
    };

    let limits = Limits {
        items: config.queue_bundles,
        bytes: config.queue_bytes,
    };
    let shared = Arc::new(Shared {
        queue: Queue::new(limits),
        segments,
    });
    let writer = Writer::new(disk, config, Arc::clone(&shared), active);
    let thread = WriterThread::spawn("evidence", move || writer.run());
    let thread = thread.map_err(io_error("starting the writer of", dir))?;
    Ok((
        Store {
            owner: Arc::new(Owner {
                shared,
                thread,
                _lock: lock,
            }),
        },
        opened,
    ))
}

fn check_config(config: &Config) -> Result<(), OpenError> {
    let checks = [
        (
            "segment_bytes",
            (1..=MAX_SEGMENT_BYTES).contains(&config.segment_bytes),
        ),
        ("queue_bundles", config.queue_bundles > 0),
        ("queue_bytes", config.queue_bytes > 0),
    ];
    match checks.into_iter().find(|(_, holds)| !holds) {
        Some((field, _)) => Err(OpenError::Config { field }),
        None => Ok(()),
    }
}

/// Makes the indexes again that are missing or not whole.
fn check_indexes(
    segments: &Segments,
    inventory: &Inventory,
    opened: &mut Opened,
) -> Result<(), OpenError> {
    for number in 0..inventory.sealed {
        let error = |cause| OpenError::Index { number, cause };
        let found = segments.open_index(number);
        let found = found.map_err(|source| {
            error(GetError::Io {
                path: PathBuf::from(number.to_string()),
                source,
            })
        })?;
        if found.is_none() {
            let scan = segments.rebuild_index(number).map_err(error)?;
            report(&scan, number, opened);
            opened.rebuilt_indexes.push(number);
        }
    }
    Ok(())
}

fn report(scan: &Scan, segment: u64, opened: &mut Opened) {
    opened
        .damaged
        .extend(scan.damaged.iter().map(|bytes| DamagedRange {
            segment,
            bytes: bytes.clone(),
        }));
}

/// Reads the open segment, removes what is unfinished and makes it ready to be continued.
fn continue_open(
    disk: &dyn Disk,
    dir: &Path,
    segments: &Segments,
    number: u64,
    opened: &mut Opened,
) -> Result<Active, OpenError> {
    let path = path(dir, number, Stage::Open);
    let file = disk.open(&path, true).map_err(io_error("opening", &path))?;
    let mut length = file.length().map_err(io_error("reading", &path))?;
    let mut bytes = Vec::new();
    read_range(&*file, 0, length, &mut bytes).map_err(io_error("reading", &path))?;
    let salt =
        decode_header(&bytes, number).ok_or_else(|| OpenError::Header { file: path.clone() })?;
    let scan = scan(&bytes, salt);
    if scan.torn_bytes > 0 {
        length = scan.end;
        file.set_length(length)
            .and_then(|()| file.sync())
            .map_err(io_error("cutting", &path))?;
        opened.torn_bytes = scan.torn_bytes;
    }
    report(&scan, number, opened);
    let reading = disk
        .open(&path, false)
        .map_err(io_error("opening", &path))?;
    segments.start(number, reading, salt, scan.end);
    segments.publish(scan.end, scan.bundles);
    Ok(Active {
        number,
        file: AppendFile::new(file, scan.end, length),
        salt,
        last_group: scan.last_group,
    })
}

pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io {
        action,
        path,
        source,
    }
}
