//! Where the durable bundles are, and reading them.
//!
//! The addresses of the open segment are in memory; those of sealed segments are looked up in their index files, the
//! newest first. An index that is damaged is made again from its segment.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use audit_log::{
    Hash,
    disk::{Disk, DiskFile, read_range},
};

use super::GetError;
use crate::{
    bundle::{Bundle, Location},
    format::{
        BUNDLE_HEAD_BYTES, BundleHead, Damage, HEADER_BYTES, Part, Salt, decode_body,
        decode_header, read_part,
    },
    index::{self, Found, Index},
    scan::{Scan, scan},
    segments::{Stage, path},
    writer::write_index,
};

/// The durable part of a store.
#[derive(Debug)]
pub(crate) struct Segments {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    directory: RwLock<Directory>,
    /// Held while an index is made again, so that only one reader does it.
    rebuilding: Mutex<()>,
}

#[derive(Debug)]
struct Directory {
    /// How many segments are sealed; their numbers are 0 up to this.
    sealed: u64,
    open: Option<OpenSegment>,
}

/// What is durable of the open segment.
#[derive(Debug)]
struct OpenSegment {
    number: u64,
    file: Arc<dyn DiskFile>,
    salt: Salt,
    tail: u64,
    offsets: HashMap<Hash, u64>,
}

/// A segment that can be read at places.
#[derive(Debug, Clone)]
pub(crate) struct ReadSegment {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    salt: Salt,
    /// Where its durable groups end.
    pub(crate) end: u64,
}

impl Segments {
    /// Returns the directory of a store with so many sealed segments and no open one.
    pub(crate) fn new(disk: Arc<dyn Disk>, folder: PathBuf, sealed: u64) -> Self {
        let directory = RwLock::new(Directory { sealed, open: None });
        Self {
            disk,
            folder,
            directory,
            rebuilding: Mutex::new(()),
        }
    }

    fn read_lock(&self) -> RwLockReadGuard<'_, Directory> {
        self.directory
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write_lock(&self) -> RwLockWriteGuard<'_, Directory> {
        self.directory
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of the segment to be created next.
    pub(crate) fn next_number(&self) -> u64 {
        self.read_lock().sealed
    }

    /// Notes a new open segment, whose durable part ends at `tail`.
    pub(crate) fn start(&self, number: u64, file: Box<dyn DiskFile>, salt: Salt, tail: u64) {
        let offsets = HashMap::new();
        self.write_lock().open = Some(OpenSegment {
            number,
            file: file.into(),
            salt,
            tail,
            offsets,
        });
    }

    /// Makes bundles of the open segment visible, whose durable part now ends at `tail`.
    pub(crate) fn publish(&self, tail: u64, bundles: Vec<(Hash, u64)>) {
        if let Some(open) = &mut self.write_lock().open {
            open.tail = tail;
            open.offsets.extend(bundles);
        }
    }

    /// Returns the bundles of the open segment.
    pub(crate) fn open_bundles(&self) -> Vec<(Hash, u64)> {
        let directory = self.read_lock();
        let offsets = directory.open.iter().flat_map(|open| &open.offsets);
        offsets
            .map(|(address, offset)| (*address, *offset))
            .collect()
    }

    /// Notes that the open segment has been sealed and has its index.
    pub(crate) fn seal(&self) {
        let mut directory = self.write_lock();
        directory.open = None;
        directory.sealed += 1;
    }

    /// Looks up an address, in the newest segment first.
    pub(crate) fn find(&self, address: &Hash) -> Result<Option<Location>, GetError> {
        let sealed = {
            let directory = self.read_lock();
            if let Some(open) = &directory.open
                && let Some(offset) = open.offsets.get(address)
            {
                return Ok(Some(Location {
                    segment: open.number,
                    offset: *offset,
                }));
            }
            directory.sealed
        };
        for segment in (0..sealed).rev() {
            if let Some(offset) = self.find_sealed(segment, address)? {
                return Ok(Some(Location { segment, offset }));
            }
        }
        Ok(None)
    }

    fn find_sealed(&self, number: u64, address: &Hash) -> Result<Option<u64>, GetError> {
        let path = path(&self.folder, number, Stage::Index);
        let look = || match self.open_index(number)? {
            Some(index) => index.find(address),
            None => Ok(Found::Damaged),
        };
        let mut found = look().map_err(io_error(&path))?;
        if found == Found::Damaged {
            let _one = self
                .rebuilding
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            found = look().map_err(io_error(&path))?;
            if found == Found::Damaged {
                self.rebuild_index(number)?;
                found = look().map_err(io_error(&path))?;
            }
        }
        match found {
            Found::At(offset) => Ok(Some(offset)),
            Found::Absent => Ok(None),
            Found::Damaged => Err(GetError::Io {
                path,
                source: io::ErrorKind::InvalidData.into(),
            }),
        }
    }

    /// Opens the index of a sealed segment; `None` when it is missing or not whole.
    pub(crate) fn open_index(&self, number: u64) -> io::Result<Option<Index>> {
        match self
            .disk
            .open(&path(&self.folder, number, Stage::Index), false)
        {
            Ok(file) => Index::open(file, number),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the index of a sealed segment again; returns what scanning the segment gave.
    pub(crate) fn rebuild_index(&self, number: u64) -> Result<Scan, GetError> {
        let segment = self.segment(number)?.ok_or_else(|| GetError::Io {
            path: path(&self.folder, number, Stage::Sealed),
            source: io::ErrorKind::NotFound.into(),
        })?;
        let mut bytes = Vec::new();
        read_range(&*segment.file, 0, segment.end, &mut bytes).map_err(io_error(&segment.path))?;
        let scan = scan(&bytes, segment.salt);
        let index = index::encode(number, scan.bundles.iter().copied());
        let path = path(&self.folder, number, Stage::Index);
        write_index(&*self.disk, &self.folder, number, &index).map_err(io_error(&path))?;
        Ok(scan)
    }

    /// Returns a segment to be read; `None` when there is none of that number yet.
    pub(crate) fn segment(&self, number: u64) -> Result<Option<ReadSegment>, GetError> {
        {
            let directory = self.read_lock();
            if let Some(open) = directory.open.as_ref().filter(|open| open.number == number) {
                let path = path(&self.folder, number, Stage::Open);
                let file = Arc::clone(&open.file);
                return Ok(Some(ReadSegment {
                    path,
                    file,
                    salt: open.salt,
                    end: open.tail,
                }));
            }
            if number >= directory.sealed {
                return Ok(None);
            }
        }
        let path = path(&self.folder, number, Stage::Sealed);
        let file: Arc<dyn DiskFile> = self
            .disk
            .open(&path, false)
            .map_err(io_error(&path))?
            .into();
        let mut header = Vec::new();
        read_range(&*file, 0, HEADER_BYTES as u64, &mut header).map_err(io_error(&path))?;
        let salt = decode_header(&header, number).ok_or_else(|| GetError::Damaged {
            file: path.clone(),
            offset: 0,
            damage: Damage::Head,
        })?;
        let end = file.length().map_err(io_error(&path))?;
        Ok(Some(ReadSegment {
            path,
            file,
            salt,
            end,
        }))
    }

    /// Reads the bundle at a place; it must have the address, when one is given.
    pub(crate) fn read(
        &self,
        location: Location,
        address: Option<&Hash>,
    ) -> Result<Bundle, GetError> {
        let segment = self
            .segment(location.segment)?
            .ok_or_else(|| GetError::Damaged {
                file: path(&self.folder, location.segment, Stage::Sealed),
                offset: location.offset,
                damage: Damage::Head,
            })?;
        match segment.part(location.offset)? {
            Some(Part::Bundle(head)) if address.is_none_or(|address| *address == head.address) => {
                segment.bundle(location, &head)
            }
            Some(Part::Bundle(_)) => Err(segment.damaged(location.offset, Damage::Address)),
            Some(Part::Trailer { .. }) | None => {
                Err(segment.damaged(location.offset, Damage::Head))
            }
        }
    }
}

impl ReadSegment {
    /// Reads the part that starts at `offset`; `None` when there is none.
    pub(crate) fn part(&self, offset: u64) -> Result<Option<Part>, GetError> {
        let mut head = Vec::new();
        let end = (offset + BUNDLE_HEAD_BYTES as u64).min(self.end);
        read_range(&*self.file, offset, end, &mut head).map_err(io_error(&self.path))?;
        Ok(read_part(&head, self.salt))
    }

    /// Reads the bundle with `head` at `location` and checks it.
    pub(crate) fn bundle(&self, location: Location, head: &BundleHead) -> Result<Bundle, GetError> {
        let offset = location.offset;
        if offset + head.len() > self.end {
            return Err(self.damaged(offset, Damage::Body));
        }
        let mut body = Vec::new();
        let start = offset + BUNDLE_HEAD_BYTES as u64;
        read_range(&*self.file, start, offset + head.len(), &mut body)
            .map_err(io_error(&self.path))?;
        let decoded = decode_body(&body, &head.address);
        let (kind, parts) = decoded.map_err(|damage| self.damaged(offset, damage))?;
        Ok(Bundle {
            kind,
            address: head.address,
            location,
            parts,
        })
    }

    pub(crate) fn damaged(&self, offset: u64, damage: Damage) -> GetError {
        GetError::Damaged {
            file: self.path.clone(),
            offset,
            damage,
        }
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> GetError {
    let path = path.to_owned();
    move |source| GetError::Io { path, source }
}
