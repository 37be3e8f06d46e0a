//! Logs of a given size with everything a node keeps of them, made once and used again.
//!
//! Each lies in `target/bench/big-log/<entries>` as a node's folder of audit files: segments, `tiles/` and `signed/`. Tiles
//! are written before the publisher comes, who reads every entry back, compares every tile, finds nothing to write and
//! signs; with its syncs a log this large takes many minutes to make. A stamp, written last, says that it is whole. Nothing is ever appended to it: what
//! appends does so to a copy whose sealed segments are hard links.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use audit_log::{Entries, Head, Log, LogSuite, PublishConfig, Publisher};
use audit_proof::{
    Suite,
    key::KeyKind,
    signer::Signer,
    tile::{EntryBundle, TILE_WIDTH, TileAppender},
};
use signer::{FileSigner, generate};

use crate::{
    log::append_numbered,
    sample::{ORIGIN, clock, config, folder},
};

/// What a whole log is stamped with; a changed draft or layout needs another.
const STAMP: &str = "submission entries, segments, tiles and signed checkpoint, 1";
/// Entries after which the publisher reads what has been appended, while the next ones are.
const PUBLISH_STEP: u64 = 250_000;
/// Disk space that is asked for, for each entry; segments, bundles and tiles take about 850 bytes.
const BYTES_PER_ENTRY: u64 = 1_000;
/// The time that checkpoints are signed at, seconds since 1970; no cosignature states it.
const SIGNED_AT_S: u64 = 1_780_000_000;

/// A log with tiles, not open.
pub(crate) struct BigLog {
    folder: PathBuf,
    /// How many entries it has.
    pub(crate) entries: u64,
}

/// The room that a log takes on the disk, in bytes for each entry.
pub(crate) struct Room {
    pub(crate) segments: f64,
    pub(crate) bundles: f64,
    pub(crate) tiles: f64,
}

impl BigLog {
    /// Returns the log of so many entries, from the run before or made now.
    pub(crate) fn of(entries: u64) -> anyhow::Result<BigLog> {
        let log = BigLog {
            folder: folder()?.join("big-log").join(entries.to_string()),
            entries,
        };
        let stamp = std::fs::read_to_string(log.folder.join("stamp"));
        if stamp.is_ok_and(|stamp| stamp == STAMP) {
            eprintln!("log of {entries} entries: that of {}", log.folder.display());
        } else {
            log.make().context("making the log that is measured")?;
        }
        Ok(log)
    }

    /// Returns the folder of the segments.
    pub(crate) fn audit(&self) -> PathBuf {
        self.folder.join("audit")
    }

    /// Returns the folder of the tiles.
    pub(crate) fn tiles(&self) -> PathBuf {
        self.audit().join("tiles")
    }

    /// Opens the log; nothing may be appended to it.
    pub(crate) fn open(&self) -> anyhow::Result<Log> {
        Ok(audit_log::open(config(&self.audit(), LogSuite::Sha256), clock())?.0)
    }

    /// Opens the publisher of the log.
    pub(crate) fn publisher(&self, log: &Log) -> anyhow::Result<Publisher> {
        let key = std::fs::read_to_string(self.folder.join("key"))?;
        let signer: Arc<dyn Signer> =
            Arc::new(FileSigner::from_pem(ORIGIN, KeyKind::Ed25519, &key)?);
        let config = PublishConfig {
            tiles: self.tiles(),
            signed: self.audit().join("signed"),
            origin: ORIGIN.to_owned(),
            signers: vec![signer],
            twin_signers: None,
        };
        Ok(Publisher::open(log.reader(), config)?.0)
    }

    /// Returns a log with the same entries in `dir`, which does not exist, that may be appended to.
    pub(crate) fn open_copy(&self, dir: &Path) -> anyhow::Result<Log> {
        std::fs::create_dir(dir)?;
        for entry in std::fs::read_dir(self.audit())? {
            let path = entry?.path();
            // A sealed segment is never written again, so a link is as good as a copy.
            if path.extension().is_some_and(|stage| stage == "segment") {
                let name = path.file_name().context("a segment has a name")?;
                std::fs::hard_link(&path, dir.join(name))?;
            }
        }
        Ok(audit_log::open(config(dir, LogSuite::Sha256), clock())?.0)
    }

    /// Returns the room on the disk.
    pub(crate) fn room(&self) -> anyhow::Result<Room> {
        let per_entry = |bytes: u64| bytes as f64 / self.entries as f64;
        let bundles = disk_bytes(&self.tiles().join("tile/entries"))?;
        let all = disk_bytes(&self.tiles())?;
        let files = disk_bytes(&self.audit())?;
        Ok(Room {
            segments: per_entry(files - all),
            bundles: per_entry(bundles),
            tiles: per_entry(all - bundles),
        })
    }

    fn make(&self) -> anyhow::Result<()> {
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)?;
        }
        std::fs::create_dir_all(&self.folder)?;
        let disk = rustix::fs::statvfs(&self.folder)?;
        let (free, needed) = (
            disk.f_bavail * disk.f_frsize,
            self.entries * BYTES_PER_ENTRY,
        );
        anyhow::ensure!(
            free > needed,
            "{needed} bytes are needed in {} and {free} are free; --entries=COUNT asks for fewer",
            self.folder.display()
        );
        let entries = self.entries;
        eprintln!("log of {entries} entries: being made; {free} bytes of disk are free");
        let start = std::time::Instant::now();
        let key = generate(KeyKind::Ed25519, ORIGIN)?;
        std::fs::write(self.folder.join("key"), &*key.private_text)?;
        self.fill()?;
        std::fs::write(self.folder.join("stamp"), STAMP)?;
        let seconds = start.elapsed().as_secs();
        let used = disk_bytes(&self.folder)?;
        eprintln!("log of {entries} entries: made in {seconds} s; {used} bytes of disk are used");
        Ok(())
    }

    /// Appends every entry; meanwhile writes tiles of what is durable, and publishes.
    fn fill(&self) -> anyhow::Result<()> {
        let log = self.open()?;
        let mut publisher = self.publisher(&log)?;
        let mut files = TileFiles::new(self.tiles(), &log);
        let mut publish = |head: Head| -> anyhow::Result<()> {
            files.write_up_to(head.size)?;
            publisher.publish(&head, SIGNED_AT_S)?;
            Ok(())
        };
        for start in (0..self.entries).step_by(PUBLISH_STEP as usize) {
            let (head, end) = (log.head(), self.entries.min(start + PUBLISH_STEP));
            std::thread::scope(|scope| {
                let publish = scope.spawn(|| publish(head));
                append_numbered(&log, start..end)?;
                let panicked = |_| Err(anyhow::anyhow!("the publisher panicked"));
                publish.join().unwrap_or_else(panicked)
            })?;
        }
        publish(log.head())?;
        drop(publisher);
        log.close()?;
        Ok(())
    }
}

/// Full tiles and bundles of a log, written without a sync.
struct TileFiles {
    folder: PathBuf,
    entries: Entries,
    appender: TileAppender,
    /// The entries behind the last full bundle.
    unbundled: Vec<Vec<u8>>,
}

impl TileFiles {
    fn new(folder: PathBuf, log: &Log) -> TileFiles {
        TileFiles {
            folder,
            entries: log.reader().entries_from(0),
            appender: TileAppender::new(Suite::Sha256),
            unbundled: Vec::new(),
        }
    }

    /// Reads the log up to `size` and writes what becomes full; what is partial is the publisher's.
    fn write_up_to(&mut self, size: u64) -> anyhow::Result<()> {
        while self.appender.size() < size {
            let entry = self.entries.next().context("the log has the entry")??;
            for filled in self.appender.append(entry.leaf_hash())? {
                self.write(&filled.tile.path(), &filled.to_bytes())?;
            }
            self.unbundled.push(entry.bytes);
            if self.unbundled.len() == usize::from(TILE_WIDTH) {
                let index = self.appender.size() / u64::from(TILE_WIDTH) - 1;
                let bundle =
                    EntryBundle::new(index, TILE_WIDTH).context("a bundle is in a tree")?;
                self.write(&bundle.path(), &bundle.encode(&self.unbundled)?)?;
                self.unbundled.clear();
            }
        }
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.folder.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, bytes).with_context(|| path.display().to_string())
    }
}

/// Returns the room that a folder's files take on the disk, those of its folders included.
fn disk_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    each_file(folder, &mut |path| {
        // Blocks of 512 bytes, whatever those of the file system are (POSIX `st_blocks`).
        sum += path.metadata()?.blocks() * 512;
        Ok(())
    })?;
    Ok(sum)
}

/// Calls `visit` for each file in a folder and in its folders.
pub(crate) fn each_file(
    folder: &Path,
    visit: &mut dyn FnMut(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            each_file(&path, visit)?;
        } else {
            visit(&path)?;
        }
    }
    Ok(())
}
