//! The last segment of a stored log: read, replayed, and made ready to be continued.
//!
//! What is found is judged by `open`; this carries out the judgement, and nothing else writes to a stored log before
//! its writer starts.

use std::path::{Path, PathBuf};

use super::{Config, OpenError, Recovered, io_error};
use crate::{
    disk::{AppendFile, Disk, read_range},
    writer::Active,
};
use audit_proof::{
    fault::{Fault, FaultKind, Flaw},
    folder::{Stage, file_name, path},
    scan::{Scan, scan},
    segment::Header,
};

/// The last segment of a stored log, read and replayed.
pub(super) struct LastSegment {
    pub(super) path: PathBuf,
    pub(super) file: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) header: Header,
    pub(super) scan: Scan,
}

impl LastSegment {
    pub(super) fn load(
        disk: &dyn Disk,
        config: &Config,
        first: u64,
        stage: Stage,
    ) -> Result<Self, OpenError> {
        let path = path(&config.dir, first, stage);
        let file = PathBuf::from(file_name(first, stage));
        let mut bytes = Vec::new();
        disk.open(&path, false)
            .and_then(|file| read_range(&*file, 0, file.length()?, &mut bytes))
            .map_err(io_error("reading", &path))?;
        let damaged = |kind| {
            OpenError::Damaged(Fault {
                position: first,
                file: file.clone(),
                offset: 0,
                kind,
            })
        };
        let (header, body) = Header::decode(&bytes).map_err(damaged)?;
        if header.start.size() != first {
            return Err(damaged(FaultKind::HeaderName));
        }
        if header.origin != config.origin {
            return Err(OpenError::Origin {
                expected: config.origin.clone(),
                found: header.origin,
            });
        }
        if header.suite() != config.suite {
            return Err(OpenError::Suite {
                expected: config.suite,
                found: header.suite(),
            });
        }
        let scan = scan(&bytes, &header, body, &[]);
        Ok(Self {
            path,
            file,
            bytes,
            header,
            scan,
        })
    }

    pub(super) fn damaged(&self, flaw: Flaw) -> OpenError {
        OpenError::Damaged(flaw.in_file(&self.file))
    }

    /// Zeroes an unfinished write, durably.
    pub(super) fn zero(&self, disk: &dyn Disk, bytes: usize) -> Result<Recovered, OpenError> {
        let offset = self.scan.tail as u64;
        let zero = || {
            let file = disk.open(&self.path, true)?;
            file.write_all_at(&vec![0; bytes], offset)?;
            file.sync()
        };
        zero().map_err(io_error("zeroing the unfinished tail of", &self.path))?;
        Ok(Recovered {
            position: self.scan.running.state.size(),
            file: self.file.clone(),
            from_offset: offset,
            zeroed_bytes: bytes as u64,
        })
    }

    /// Cuts what lies after the footer and gives the segment its final name, durably.
    pub(super) fn finish_sealing(&self, disk: &dyn Disk, end: u64) -> Result<(), OpenError> {
        let finish = || {
            let file = disk.open(&self.path, true)?;
            file.set_length(end)?;
            file.sync()?;
            disk.rename(&self.path, &self.path.with_extension("segment"))?;
            disk.sync_folder(self.path.parent().unwrap_or(Path::new(".")))
        };
        finish().map_err(io_error("sealing", &self.path))
    }

    pub(super) fn into_active(self, disk: &dyn Disk) -> Result<Active, OpenError> {
        let file = disk
            .open(&self.path, true)
            .map_err(io_error("opening", &self.path))?;
        let file = AppendFile::new(file, self.scan.tail as u64, self.bytes.len() as u64);
        Ok(Active {
            file,
            header: self.header,
            running: self.scan.running,
        })
    }
}
