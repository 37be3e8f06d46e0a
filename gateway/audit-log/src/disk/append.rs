//! A file that grows by durable groups, with zeros written ahead of small ones.
//!
//! Knows where the next group starts and nothing of what a group is. The audit log and the evidence store write their
//! open segments with it.

use std::io;

use super::DiskFile;

/// How far a file is written with zeros ahead of small groups, in bytes.
///
/// A sync is a third faster when it changes no length. One mebibyte of zeros costs about as much as twenty such syncs
/// save, and lasts for thousands of small groups.
const ZERO_STEP_BYTES: u64 = 1 << 20;

/// Groups of at least this many bytes are written without zeros ahead: a step lasts for about twenty of them, so writing
/// every byte twice costs more than the changes of length that it saves.
const LARGE_GROUP_BYTES: usize = 48 << 10;

/// How much of the end of a file stays in the memory of the operating system, in bytes: followers and repeats read
/// what is young. The rest makes room for what is written next, instead of for what is used elsewhere.
const KEPT_IN_MEMORY_BYTES: u64 = 64 << 20;

/// How much is set aside at a time, in bytes, so that the hint is rare.
const SET_ASIDE_BYTES: u64 = 16 << 20;

/// A file that grows by durable groups.
#[derive(Debug)]
pub struct AppendFile {
    file: Box<dyn DiskFile>,
    /// Where the next group starts.
    tail: u64,
    /// The length of the file; from the tail to here it holds zeros.
    length: u64,
    /// What lies before is no longer kept in memory.
    set_aside: u64,
}

impl AppendFile {
    /// Continues `file` at `tail`; its `length` may be greater, and then it holds zeros from the tail on.
    #[must_use]
    pub fn new(file: Box<dyn DiskFile>, tail: u64, length: u64) -> Self {
        Self {
            file,
            tail,
            length,
            set_aside: 0,
        }
    }

    /// Returns where the next group starts; what lies before is durable.
    #[must_use]
    pub fn tail(&self) -> u64 {
        self.tail
    }

    /// Writes a group at the tail with one write and one sync. Zeros may have been added to `group` afterwards.
    ///
    /// # Errors
    /// The operating system's error; then it is unknown what is durable, and nothing more may be written.
    pub fn append(&mut self, group: &mut Vec<u8>) -> io::Result<()> {
        let end = self.tail + group.len() as u64;
        if end > self.length {
            self.length = end;
            if group.len() < LARGE_GROUP_BYTES {
                self.length = end.next_multiple_of(ZERO_STEP_BYTES);
                let zeros = usize::try_from(self.length - end)
                    .expect("a step is far below the address space");
                group.resize(group.len() + zeros, 0);
            }
        }
        self.file.write_all_at(group, self.tail)?;
        self.file.sync()?;
        self.tail = end;
        let old = end.saturating_sub(KEPT_IN_MEMORY_BYTES);
        if old >= self.set_aside + SET_ASIDE_BYTES {
            self.file.set_aside(self.set_aside, old);
            self.set_aside = old;
        }
        Ok(())
    }

    /// Writes `footer` at the tail and cuts the file after it, both durably.
    ///
    /// # Errors
    /// The operating system's error, as for [`AppendFile::append`].
    pub fn finish(self, footer: &[u8]) -> io::Result<()> {
        if !footer.is_empty() {
            self.file.write_all_at(footer, self.tail)?;
            self.file.sync()?;
        }
        self.file.set_length(self.tail + footer.len() as u64)?;
        self.file.sync()
    }
}
