//! The writer: the one thread that makes entries durable.
//!
//! It takes everything that is queued as one group, writes it with one write and one sync, and only then hands out the
//! outcomes. While it waits for the disk, a second thread encodes what is queued meanwhile, which becomes the beginning of
//! the next group. After the first error of the disk it writes nothing more, because nobody can know what is durable then;
//! what had been encoded fails with it. It never reads the log; `log::open` hands it the end of it.

mod encoder;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use encoder::{Encoded, Encoder, Moment, encode_ahead};

use crate::{
    commit::CommitError,
    disk::{AppendFile, Disk},
    log::{Clock, Config, Shared},
};
use audit_proof::{
    entry::Draft,
    folder::{Stage, path},
    segment::{Header, Running},
};

/// The open segment.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) file: AppendFile,
    pub(crate) header: Header,
    pub(crate) running: Running,
}

/// The writer of one log.
pub(crate) struct Writer {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    segment_bytes: u64,
    clock: Arc<dyn Clock>,
    shared: Arc<Shared>,
    /// What becomes the next group; the second thread has it while this one waits for the disk.
    encoder: Arc<Mutex<Encoder>>,
    /// The header of the segment to be created next, while there is no active one.
    next: Header,
    active: Option<Active>,
    /// The group being written; kept to be used again.
    group: Encoded,
}

impl Writer {
    /// Returns the writer that continues the log at `active` or, without one, with a segment that starts with `next`.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        config: &Config,
        clock: Arc<dyn Clock>,
        shared: Arc<Shared>,
        next: Header,
        active: Option<Active>,
    ) -> Self {
        let (folder, segment_bytes) = (config.dir.clone(), config.segment_bytes);
        let state = active
            .as_ref()
            .map_or(&next.start, |active| &active.running.state);
        let encoder = Encoder::new(&next, state.clone());
        Self {
            disk,
            folder,
            segment_bytes,
            clock,
            shared,
            encoder: Arc::new(Mutex::new(encoder)),
            next,
            active,
            group: Encoded::default(),
        }
    }

    /// Writes groups until the queue is closed and empty, then seals the open segment.
    pub(crate) fn run(mut self) -> Result<(), Arc<io::Error>> {
        let (shared, clock) = (Arc::clone(&self.shared), Arc::clone(&self.clock));
        let encoder = Arc::clone(&self.encoder);
        std::thread::scope(|scope| {
            // Dropped before the scope waits for the second thread, which ends when the queue is stopped.
            let stop = StopOnDrop(Arc::clone(&shared));
            let ahead = || encode_ahead(&shared.queue, &encoder, &*clock);
            // Without a second thread this one encodes everything, more slowly.
            let _ = std::thread::Builder::new()
                .name("audit-log-encode".to_owned())
                .spawn_scoped(scope, ahead);
            let result = self
                .write_groups()
                .and_then(|()| self.seal().map_err(Arc::new));
            if let Err(cause) = &result {
                shared.queue.poison(Arc::clone(cause));
            }
            drop(stop);
            result
        })
    }

    fn write_groups(&mut self) -> Result<(), Arc<io::Error>> {
        let mut drafts = Vec::new();
        while self.next_group(&mut drafts).map_err(Arc::new)? {
            match self.write_group() {
                Ok(()) => self.group.succeed(),
                Err(error) => {
                    // Poison first: once the group fails, a caller must not be able to append again.
                    let cause = Arc::new(error);
                    self.shared.queue.poison(Arc::clone(&cause));
                    let error = || CommitError::Poisoned {
                        cause: Arc::clone(&cause),
                    };
                    self.group.fail(error);
                    // What was encoded ahead is behind the group that failed.
                    if let Ok(mut encoder) = lock(&self.encoder) {
                        encoder.encoded.fail(error);
                    }
                    return Err(cause);
                }
            }
            if self
                .active
                .as_ref()
                .is_some_and(|active| active.file.tail() >= self.segment_bytes)
            {
                self.seal().map_err(Arc::new)?;
            }
        }
        Ok(())
    }

    /// Makes what was encoded ahead and what is queued now the next group; waits when there is neither.
    ///
    /// Returns `false` once the queue is closed and empty.
    fn next_group(&mut self, drafts: &mut Vec<Draft>) -> io::Result<bool> {
        let queue = &self.shared.queue;
        let mut encoder = lock(&self.encoder)?;
        let mut taken = queue.end_ahead(drafts);
        if taken.is_none() && encoder.encoded.is_empty() {
            // The second thread takes nothing now, so it does not matter that it cannot have the encoder.
            taken = queue.take(drafts);
        }
        if let Some(in_flight) = taken {
            encoder.encode(drafts, Moment::of(&*self.clock), in_flight);
            drafts.clear();
        }
        self.group.clear();
        std::mem::swap(&mut self.group, &mut encoder.encoded);
        encoder.encoded.start_after(&self.group);
        Ok(!self.group.is_empty())
    }

    /// Makes the group durable and visible to readers.
    fn write_group(&mut self) -> io::Result<()> {
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.create_segment()?,
        };
        let head = self.group.close(&mut active);
        self.shared.queue.start_ahead();
        active.file.append(&mut self.group.bytes)?;
        self.shared.stored.publish(&active);
        self.shared.durable.send_modify(|durable| {
            let entries = head.size - durable.head.size;
            durable.largest_group = durable.largest_group.max(entries);
            durable.groups += 1;
            durable.head = head;
        });
        self.active = Some(active);
        Ok(())
    }

    /// Creates the next segment with its header. It gets its name last, so a named segment has a whole header.
    fn create_segment(&self) -> io::Result<Active> {
        let first = self.next.start.size();
        let new_path = path(&self.folder, first, Stage::New);
        let bytes = self.next.encode();
        let file = self.disk.create(&new_path)?;
        file.write_all_at(&bytes, 0)?;
        file.sync()?;
        self.disk
            .rename(&new_path, &path(&self.folder, first, Stage::Open))?;
        self.disk.sync_folder(&self.folder)?;
        let tail = bytes.len() as u64;
        let running = Running::after(&self.next, &bytes);
        Ok(Active {
            file: AppendFile::new(file, tail, tail),
            header: self.next.clone(),
            running,
        })
    }

    /// Seals the open segment, if there is one: footer, length, then name, each durable before the next.
    fn seal(&mut self) -> io::Result<()> {
        let Some(active) = self.active.take() else {
            return Ok(());
        };
        let first = active.header.start.size();
        if active.running.state.size() == first {
            // A segment without entries is not sealed; it is continued when the log is opened again.
            return Ok(());
        }
        let footer = active.running.footer(active.file.tail());
        active.file.finish(&footer)?;
        rename_durably(&*self.disk, &self.folder, first)?;
        self.shared.stored.seal(first);
        self.next = active
            .header
            .next(active.running.state.clone(), active.running.seal());
        Ok(())
    }
}

/// Locks the encoder; after a panic of the thread that had it, what it holds is not fit to be written.
fn lock(encoder: &Mutex<Encoder>) -> io::Result<MutexGuard<'_, Encoder>> {
    let panicked = |_| io::Error::other("the thread that encodes ahead panicked");
    encoder.lock().map_err(panicked)
}

fn rename_durably(disk: &dyn Disk, folder: &Path, first: u64) -> io::Result<()> {
    disk.rename(
        &path(folder, first, Stage::Open),
        &path(folder, first, Stage::Sealed),
    )?;
    disk.sync_folder(folder)
}

/// Tells followers that nothing more will come, even when the writer panics.
struct StopOnDrop(Arc<Shared>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0
                .queue
                .poison(Arc::new(io::Error::other("the writer thread panicked")));
        }
        self.0
            .durable
            .send_modify(|durable| durable.is_stopped = true);
    }
}
