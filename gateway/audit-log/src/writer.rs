//! The writer: the one thread that gives entries their places and makes them durable.
//!
//! It takes everything that is queued, encodes it as one group, writes it with one write and one sync, and only then
//! hands out the outcomes. After the first error of the disk it writes nothing more, because nobody can know what is
//! durable then. It never reads the log; `log::open` hands it the end of it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    commit::CommitError,
    disk::{AppendFile, Disk},
    log::{Appended, Clock, Config, Group, Shared},
};
use audit_proof::{
    chain::Head,
    entry::{Draft, Place},
    folder::{Stage, path},
    hash::{leaf_hash, prefixed_leaf_hash},
    segment::{Header, Running, write_frame},
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
    /// The header of the segment to be created next, while there is no active one.
    next: Header,
    active: Option<Active>,
    /// The bytes of a group; kept to be used again.
    buffer: Vec<u8>,
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
        Self {
            disk,
            folder,
            segment_bytes,
            clock,
            shared,
            next,
            active,
            buffer: Vec::new(),
        }
    }

    /// Writes groups until the queue is closed and empty, then seals the open segment.
    pub(crate) fn run(mut self) -> Result<(), Arc<io::Error>> {
        let stop = StopOnDrop(Arc::clone(&self.shared));
        let result = self
            .write_groups()
            .and_then(|()| self.seal().map_err(Arc::new));
        if let Err(cause) = &result {
            self.shared.queue.poison(Arc::clone(cause));
        }
        drop(stop);
        result
    }

    fn write_groups(&mut self) -> Result<(), Arc<io::Error>> {
        let shared = Arc::clone(&self.shared);
        let mut drafts = Vec::new();
        while let Some(group) = shared.queue.take(&mut drafts) {
            match self.write_group(&drafts) {
                Ok(outcomes) => group.succeed(outcomes),
                Err(error) => {
                    // Poison first: once the group fails, a caller must not be able to append again.
                    let cause = Arc::new(error);
                    shared.queue.poison(Arc::clone(&cause));
                    group.fail(CommitError::Poisoned {
                        cause: Arc::clone(&cause),
                    });
                    return Err(cause);
                }
            }
            drafts.clear();
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

    /// Makes one group durable and visible to readers.
    fn write_group(&mut self, drafts: &[Draft]) -> io::Result<Vec<Appended>> {
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.create_segment()?,
        };
        let now_ns = self.clock.now_ns();
        let (outcomes, head) = encode_group(&mut active, drafts, now_ns, &mut self.buffer);
        active.file.append(&mut self.buffer)?;
        self.shared.stored.publish(&active);
        self.shared
            .durable
            .send_modify(|durable| durable.head = head);
        self.active = Some(active);
        Ok(outcomes)
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

fn rename_durably(disk: &dyn Disk, folder: &Path, first: u64) -> io::Result<()> {
    disk.rename(
        &path(folder, first, Stage::Open),
        &path(folder, first, Stage::Sealed),
    )?;
    disk.sync_folder(folder)
}

/// Encodes `drafts` as one group into `buffer` and takes it into the running state of `active`.
fn encode_group(
    active: &mut Active,
    drafts: &[Draft],
    now_ns: u64,
    buffer: &mut Vec<u8>,
) -> (Vec<Appended>, Head) {
    buffer.clear();
    let Active {
        file,
        header,
        running,
    } = active;
    let before = running.state.tree.clone();
    let mut leaves = Vec::with_capacity(drafts.len());
    let mut times = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let offset = file.tail() + buffer.len() as u64;
        let position = running.state.size();
        // One reading serves the group; each entry is at least a nanosecond later than the one before it.
        let time_ns = now_ns.max(running.state.time_ns + 1);
        let place = Place {
            origin: &header.origin,
            position,
            time_ns,
            link: &running.state.hash,
            second_link: running.state.second.as_ref(),
        };
        let entry = write_frame(buffer, position, |out| draft.write_entry(place, out));
        // The byte before the entry is the highest one of its position, which is also the prefix of a leaf: 0.
        let leaf = prefixed_leaf_hash(&buffer[entry.start - 1..entry.end])
            .unwrap_or_else(|| leaf_hash(&buffer[entry.clone()]));
        let second = header.suite().second_leaf_hash(&buffer[entry]);
        running.entry(offset, leaf, second, time_ns);
        leaves.push(leaf);
        times.push(time_ns);
    }
    let (trailer, head) = running.trailer();
    running.end_group();
    buffer.extend(trailer);
    let group = Arc::new(Group::new(before, leaves, head));
    (group.appended(&times), head)
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
