//! Entries about what leaves the node: archives of a range, and backups.
//!
//! Written as one draft and read back strictly. Which files there are, the manifest says; the entry binds its digests.

use audit_log::cbor::Value;
use audit_log::entry::{Draft, Entry, Field};

use super::value::{as_digest, as_text, as_uint, bytes, exactly, text};
use super::{EVENT_ARCHIVE_EXPORT, EVENT_ARCHIVE_PRUNE, EVENT_BACKUP, operator, start};

/// A closed range was exported to an archive (`archive.export`), or the entries of one were removed from the node
/// (`archive.prune`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveEntry {
    /// [`EVENT_ARCHIVE_EXPORT`] or [`EVENT_ARCHIVE_PRUNE`].
    pub event: u64,
    /// Position of the first entry.
    pub from: u64,
    /// Position behind the last entry.
    pub to: u64,
    /// SHA-256 of the archive's manifest.
    pub manifest_sha256: [u8; 32],
    /// SM3 of it.
    pub manifest_sm3: [u8; 32],
}

impl ArchiveEntry {
    /// The draft the log completes: object `[from, to]`, result `exported` or `pruned`, digests of the manifest.
    pub fn draft(&self) -> Draft {
        start(self.event)
            .with(Field::Actor, operator())
            .with(
                Field::Object,
                vec![Value::Unsigned(self.from), Value::Unsigned(self.to)],
            )
            .with(Field::Outcome, vec![text(self.word())])
            .with(
                Field::Digests,
                vec![bytes(&self.manifest_sha256), bytes(&self.manifest_sm3)],
            )
    }

    /// Reads the entry back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<ArchiveEntry> {
        let event = entry.event();
        if ![EVENT_ARCHIVE_EXPORT, EVENT_ARCHIVE_PRUNE].contains(&event) {
            return None;
        }
        let [from, to] = exactly(entry.field(Field::Object)?)?;
        let [word] = exactly(entry.field(Field::Outcome)?)?;
        let [sha256, sm3] = exactly(entry.field(Field::Digests)?)?;
        let read = ArchiveEntry {
            event,
            from: as_uint(&from)?,
            to: as_uint(&to)?,
            manifest_sha256: as_digest(&sha256)?,
            manifest_sm3: as_digest(&sm3)?,
        };
        (as_text(&word)? == read.word()).then_some(read)
    }

    fn word(&self) -> &'static str {
        match self.event {
            EVENT_ARCHIVE_PRUNE => "pruned",
            _ => "exported",
        }
    }
}

/// A backup is made of the log with this entry as its last (`log.backup`).
pub fn log_backup() -> Draft {
    start(EVENT_BACKUP)
        .with(Field::Actor, operator())
        .with(Field::Outcome, vec![text("copied")])
}
