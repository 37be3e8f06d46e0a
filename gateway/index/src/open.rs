//! Opening the database, and starting again when it is not ours.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use rusqlite::{Connection, OpenFlags, params};

use crate::names::Names;
use crate::{Config, IndexError, SqliteIndex};

/// Version of the tables and of how rows are made. An index of another version is discarded and
/// built again.
pub(crate) const TABLES_VERSION: i64 = 4;

/// The tables. Places are keys in order of the log, so that writing is sequential;
/// `link` is the one table written at random. `run_by_time` holds the latest start too, so that
/// a run of the hour before that ends too early is passed over without being looked up.
///
/// `entry` has a row for each entry, written at its end; `word` holds words of texts, those of the
/// entry itself under message -1. Submissions of devices have no word.
const TABLES: &str = "
CREATE TABLE progress (size INTEGER NOT NULL, head BLOB NOT NULL, origin TEXT NOT NULL);
CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE submission (
    agency INTEGER NOT NULL, feed INTEGER NOT NULL, key BLOB NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (agency, feed, key)) WITHOUT ROWID;
CREATE TABLE run (
    position INTEGER NOT NULL, message INTEGER NOT NULL, first INTEGER NOT NULL,
    last_message INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,
    feed INTEGER NOT NULL, entity INTEGER NOT NULL,
    from_ms INTEGER, to_ms INTEGER, last_from_ms INTEGER,
    PRIMARY KEY (position, message, first)) WITHOUT ROWID;
CREATE INDEX run_by_feed ON run (feed, entity, position, message, first);
CREATE INDEX run_by_time ON run (from_ms, last_from_ms) WHERE from_ms IS NOT NULL;
CREATE TABLE link (
    kind INTEGER NOT NULL, value TEXT NOT NULL, position INTEGER NOT NULL, message INTEGER NOT NULL,
    first INTEGER NOT NULL, PRIMARY KEY (kind, value, position, message, first)) WITHOUT ROWID;
CREATE TABLE quarantined (
    position INTEGER NOT NULL, message INTEGER NOT NULL, feed INTEGER NOT NULL, code INTEGER NOT NULL,
    PRIMARY KEY (position, message)) WITHOUT ROWID;
CREATE TABLE entry (position INTEGER PRIMARY KEY, event INTEGER NOT NULL, actor INTEGER, feed INTEGER);
CREATE INDEX entry_by_event ON entry (event, position) WHERE event <> 1;
CREATE INDEX entry_by_feed ON entry (feed, position);
CREATE TABLE entry_case (
    value TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (value, position)) WITHOUT ROWID;
CREATE TABLE word (
    token INTEGER NOT NULL, position INTEGER NOT NULL, message INTEGER NOT NULL,
    first INTEGER NOT NULL, PRIMARY KEY (token, position, message, first)) WITHOUT ROWID;
";

impl SqliteIndex {
    /// Opens the index, or makes an empty one where it is missing, of another
    /// version, of another log, or damaged.
    ///
    /// # Errors
    /// [`IndexError::Folder`] and [`IndexError::Database`] when not even an empty one can be made.
    pub fn open(config: &Config) -> Result<SqliteIndex, IndexError> {
        let folder = |cause| IndexError::Folder {
            dir: config.dir.clone(),
            cause,
        };
        fs::create_dir_all(&config.dir).map_err(folder)?;
        let path = config.dir.join("index.sqlite");
        let writer = match existing(&path, &config.origin) {
            Some(connection) => connection,
            None => {
                for suffix in ["", "-wal", "-shm"] {
                    remove(&config.dir.join(format!("index.sqlite{suffix}"))).map_err(folder)?;
                }
                create(&path, &config.origin)?
            }
        };
        let (size, head): (i64, [u8; 32]) = writer
            .query_row("SELECT size, head FROM progress", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .map_err(IndexError::database("reading its size"))?;
        Ok(SqliteIndex {
            names: Names::load(&writer)?,
            path,
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            size: AtomicU64::new(size.unsigned_abs()),
            head: Mutex::new(head),
        })
    }
}

/// A connection for readers: it cannot write.
pub(crate) fn reader(path: &Path) -> Result<Connection, IndexError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(IndexError::database("opening for reading"))?;
    connection
        .execute_batch(
            "PRAGMA query_only = 1; PRAGMA mmap_size = 268435456; PRAGMA busy_timeout = 5000;",
        )
        .map_err(IndexError::database("preparing a reader"))?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// The database at `path` if it is whole, of this version and of this log.
fn existing(path: &Path, origin: &str) -> Option<Connection> {
    if !path.exists() {
        return None;
    }
    let connection = Connection::open(path).ok()?;
    pragmas(&connection).ok()?;
    let version: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .ok()?;
    let found: String = connection
        .query_row("SELECT origin FROM progress", [], |row| row.get(0))
        .ok()?;
    let check: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .ok()?;
    (version == TABLES_VERSION && found == origin && check == "ok").then_some(connection)
}

/// An empty database.
fn create(path: &Path, origin: &str) -> Result<Connection, IndexError> {
    let failed = IndexError::database("making an empty index");
    let connection = Connection::open(path).map_err(&failed)?;
    pragmas(&connection).map_err(&failed)?;
    connection.execute_batch(TABLES).map_err(&failed)?;
    connection
        .execute(
            "INSERT INTO progress (size, head, origin) VALUES (0, zeroblob(32), ?1)",
            params![origin],
        )
        .map_err(&failed)?;
    connection
        .pragma_update(None, "user_version", TABLES_VERSION)
        .map_err(&failed)?;
    Ok(connection)
}

/// WAL so that readers never block the writer; NORMAL because a lost tail is followed again; freed pages are
/// overwritten, so that what is erased is in no file.
fn pragmas(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8192;
         PRAGMA cache_size = -65536; PRAGMA busy_timeout = 5000; PRAGMA secure_delete = ON;",
    )?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}
