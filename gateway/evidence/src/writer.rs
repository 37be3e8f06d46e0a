//! The writer: the one thread that makes bundles durable.
//!
//! It takes everything that is queued and writes it as one group with one write and one sync. After the first error of
//! the disk it writes nothing more. It computes no address and reads nothing back.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use audit_log::{
    Hash,
    commit::{CommitError, Gather},
    disk::{AppendFile, Disk},
};

use crate::{
    bundle::{Location, NewBundle},
    format::{Salt, encode_header, write_bundle, write_trailer},
    index,
    segments::{Stage, path},
    store::{Config, Shared, Stored},
};

/// A buffer that has grown beyond this is given back after its group, in bytes.
///
/// Groups are usually far smaller; one large submission must not hold its memory for ever.
const KEPT_BUFFER_BYTES: usize = 8 << 20;

/// How long puts that are being prepared are waited for, and for how many at most: as many as two cores convert in that
/// time, when each has 64 packets.
const GATHER: Gather = Gather {
    wait: Duration::from_millis(2),
    items: 8,
};

/// The open segment.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) number: u64,
    pub(crate) file: AppendFile,
    pub(crate) salt: Salt,
    pub(crate) last_group: u64,
}

/// The writer of one store.
pub(crate) struct Writer {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    segment_bytes: u64,
    shared: Arc<Shared>,
    active: Option<Active>,
    /// The bytes of a group; kept to be used again.
    buffer: Vec<u8>,
}

impl Writer {
    /// Returns the writer that continues `active` or, without one, the next segment.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        config: &Config,
        shared: Arc<Shared>,
        active: Option<Active>,
    ) -> Self {
        let (folder, segment_bytes) = (config.dir.clone(), config.segment_bytes);
        Self {
            disk,
            folder,
            segment_bytes,
            shared,
            active,
            buffer: Vec::new(),
        }
    }

    /// Writes groups until the queue is closed and empty. The open segment stays open, to be continued.
    pub(crate) fn run(mut self) -> Result<(), Arc<io::Error>> {
        let shared = Arc::clone(&self.shared);
        let _poison = PoisonOnPanic(Arc::clone(&shared));
        let mut puts = Vec::new();
        while let Some(group) = shared.queue.take_gathered(&mut puts, GATHER) {
            let result = self.write_group(&puts).map_err(Arc::new);
            puts.clear();
            match result {
                Ok(outcomes) => group.succeed(outcomes),
                Err(cause) => {
                    // Poison first: once the group fails, a caller must not be able to put again.
                    shared.queue.poison(Arc::clone(&cause));
                    group.fail(CommitError::Poisoned {
                        cause: Arc::clone(&cause),
                    });
                    return Err(cause);
                }
            }
            self.seal_if_full()
                .map_err(Arc::new)
                .inspect_err(|cause| shared.queue.poison(Arc::clone(cause)))?;
        }
        Ok(())
    }

    /// Makes one group durable and visible to readers.
    fn write_group(&mut self, puts: &[Vec<NewBundle>]) -> io::Result<Vec<Stored>> {
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.create_segment()?,
        };
        let group = active.last_group + 1;
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let mut outcomes = Vec::with_capacity(puts.len());
        let mut places: Vec<(Hash, u64)> = Vec::with_capacity(puts.len());
        for put in puts {
            let first = Location {
                segment: active.number,
                offset: active.file.tail() + buffer.len() as u64,
            };
            outcomes.push(Stored { first });
            for bundle in put {
                places.push((*bundle.address(), active.file.tail() + buffer.len() as u64));
                write_bundle(&mut buffer, group, active.salt, bundle);
            }
        }
        let bundles = u32::try_from(places.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        write_trailer(&mut buffer, group, active.salt, bundles);
        active.file.append(&mut buffer)?;
        active.last_group = group;
        self.shared.segments.publish(active.file.tail(), places);
        self.active = Some(active);
        if buffer.capacity() <= KEPT_BUFFER_BYTES {
            self.buffer = buffer;
        }
        Ok(outcomes)
    }

    /// Creates the next segment with its header. It gets its name last, so a named segment has a whole header.
    fn create_segment(&self) -> io::Result<Active> {
        let number = self.shared.segments.next_number();
        let new_path = path(&self.folder, number, Stage::New);
        let open_path = path(&self.folder, number, Stage::Open);
        // Keys of the standard library's hash tables are random, which is all that a salt needs to be.
        let salt = RandomState::new().build_hasher().finish().to_le_bytes();
        let header = encode_header(number, salt);
        let file = self.disk.create(&new_path)?;
        file.write_all_at(&header, 0)?;
        file.sync()?;
        self.disk.rename(&new_path, &open_path)?;
        self.disk.sync_folder(&self.folder)?;
        let tail = header.len() as u64;
        self.shared
            .segments
            .start(number, self.disk.open(&open_path, false)?, salt, tail);
        Ok(Active {
            number,
            file: AppendFile::new(file, tail, tail),
            salt,
            last_group: 0,
        })
    }

    /// Seals the open segment once it is large enough: length, index, then name.
    fn seal_if_full(&mut self) -> io::Result<()> {
        let Some(active) = self
            .active
            .take_if(|active| active.file.tail() >= self.segment_bytes)
        else {
            return Ok(());
        };
        let number = active.number;
        active.file.finish(&[])?;
        let index = index::encode(number, self.shared.segments.open_bundles());
        write_index(&*self.disk, &self.folder, number, &index)?;
        self.disk.rename(
            &path(&self.folder, number, Stage::Open),
            &path(&self.folder, number, Stage::Sealed),
        )?;
        self.disk.sync_folder(&self.folder)?;
        self.shared.segments.seal();
        Ok(())
    }
}

/// Writes the index of a segment under its name, whole or not at all, durably.
///
/// The name is durable before the segment is sealed: an older index of the segment would hide the bundles since.
pub(crate) fn write_index(
    disk: &dyn Disk,
    folder: &std::path::Path,
    number: u64,
    index: &[u8],
) -> io::Result<()> {
    let new_path = path(folder, number, Stage::New);
    let file = disk.create(&new_path)?;
    file.write_all_at(index, 0)?;
    file.sync()?;
    disk.rename(&new_path, &path(folder, number, Stage::Index))?;
    disk.sync_folder(folder)
}

/// Refuses further puts when the writer panics.
struct PoisonOnPanic(Arc<Shared>);

impl Drop for PoisonOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0
                .queue
                .poison(Arc::new(io::Error::other("the writer thread panicked")));
        }
    }
}
