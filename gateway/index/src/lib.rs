//! Queryable views over the log and the evidence: SQLite, one file.
//!
//! A cache: it follows the log by position, may lag, and may be deleted at any
//! time while the gateway is stopped; [`SqliteIndex::open`] then starts from
//! nothing and the follower fills it again. Holds places and keys, never
//! records: every answer is read from the evidence and checked against the log.
//! The only user of rusqlite.
#![forbid(unsafe_code)]

mod apply;
mod find;
mod names;
mod open;
mod search;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use exchange::ports::{
    EntryQuery, Index, IndexedEntry, IndexedSubmission, QuarantineQuery, RecordQuery, RunFound,
};
use exchange::refusal::Cause;
use rusqlite::Connection;

use crate::names::Names;

/// Where the index lives and which log it follows.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder of the index; made when missing.
    pub dir: PathBuf,
    /// Name of the log. An index of another log is discarded.
    pub origin: String,
}

/// Why the index could not be used. The log and the evidence are not affected.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The folder cannot be made or cleared.
    #[error("cannot prepare the index folder {dir}")]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// The cause.
        #[source]
        cause: std::io::Error,
    },
    /// SQLite failed.
    #[error("the index database failed while {doing}")]
    Database {
        /// What was attempted.
        doing: &'static str,
        /// SQLite's error.
        #[source]
        cause: rusqlite::Error,
    },
    /// Rows were replaced, and a reader keeps the old ones in the write-ahead file.
    #[error("rows of position {position} were replaced, and a reader still holds the old ones")]
    Busy {
        /// Position of the submission.
        position: u64,
    },
    /// Entries were given that do not go on from the index's size.
    #[error("the index has size {size} and was given position {position}")]
    Gap {
        /// Size of the index.
        size: u64,
        /// Position given.
        position: u64,
    },
}

impl IndexError {
    fn database(doing: &'static str) -> impl Fn(rusqlite::Error) -> IndexError {
        move |cause| IndexError::Database { doing, cause }
    }
}

/// The embedded index.
pub struct SqliteIndex {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    names: Names,
    size: AtomicU64,
    head: Mutex<[u8; 32]>,
}

/// Most idle connections kept for readers: more than the cores of a machine gain nothing.
const IDLE_READERS: usize = 8;

impl SqliteIndex {
    /// Runs `read` on a connection of its own.
    fn with_reader<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        let idle = self
            .readers
            .lock()
            .expect("no reader panics while it holds the pool")
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open::reader(&self.path)?,
        };
        let answer = read(&connection);
        let mut pool = self
            .readers
            .lock()
            .expect("no reader panics while it holds the pool");
        if pool.len() < IDLE_READERS {
            pool.push(connection);
        }
        answer
    }
}

impl Index for SqliteIndex {
    fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    fn head(&self) -> [u8; 32] {
        *self.head.lock().expect("no holder of the head panics")
    }

    fn apply(&self, entries: &[IndexedEntry], head: &[u8; 32]) -> Result<(), Cause> {
        let mut writer = self
            .writer
            .lock()
            .expect("no writer panics while it holds the connection");
        let size = apply::apply(&mut writer, &self.names, self.size(), entries, head)?;
        *self.head.lock().expect("no holder of the head panics") = *head;
        self.size.store(size, Ordering::Release);
        Ok(())
    }

    fn replace(&self, position: u64, submission: &IndexedSubmission) -> Result<(), Cause> {
        let mut writer = self
            .writer
            .lock()
            .expect("no writer panics while it holds the connection");
        // Readers that were begun before must be gone, so that the old pages leave the write-ahead file.
        self.readers
            .lock()
            .expect("no reader panics while it holds the pool")
            .clear();
        Ok(apply::replace(
            &mut writer,
            &self.names,
            position,
            submission,
        )?)
    }

    fn find_sealed(&self, key: &str, limit: u32) -> Result<Vec<RunFound>, Cause> {
        Ok(self.with_reader(|connection| find::sealed(connection, key, limit))?)
    }

    fn clear(&self) -> Result<(), Cause> {
        let mut writer = self
            .writer
            .lock()
            .expect("no writer panics while it holds the connection");
        apply::clear(&mut writer)?;
        self.size.store(0, Ordering::Release);
        Ok(())
    }

    fn find_submission(
        &self,
        agency: &str,
        feed: &str,
        key: &[u8; 16],
    ) -> Result<Option<u64>, Cause> {
        let names = (self.names.known(agency), self.names.known(feed));
        let (Some(agency), Some(feed)) = names else {
            return Ok(None);
        };
        Ok(self.with_reader(|connection| find::submission(connection, agency, feed, key))?)
    }

    fn find_runs(&self, query: &RecordQuery) -> Result<Vec<RunFound>, Cause> {
        Ok(self.with_reader(|connection| find::runs(connection, &self.names, query))?)
    }

    fn find_quarantined(&self, query: &QuarantineQuery) -> Result<Vec<(u64, u16)>, Cause> {
        Ok(self.with_reader(|connection| find::quarantined(connection, &self.names, query))?)
    }

    fn find_entries(&self, query: &EntryQuery) -> Result<Vec<u64>, Cause> {
        Ok(self.with_reader(|connection| search::entries(connection, &self.names, query))?)
    }

    fn count_entries(&self, query: &EntryQuery, most: u64) -> Result<u64, Cause> {
        Ok(self.with_reader(|connection| search::count(connection, &self.names, query, most))?)
    }
}
