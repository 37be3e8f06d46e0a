//! Verifying a mirror: a folder of tiles and entry bundles, from its entries alone.
//!
//! A mirror is what a log publishes (C2SP tlog-tiles), copied by whoever wants to hold it. Everything is computed again
//! from the entries: leaf hashes, the chain, and every tile of the SHA-256 tree and of its SM3 twin, which lies in the
//! folder `sm3` beside and shares the entries. Reads only. Signatures are not part of this: the heads that are returned
//! are for [`crate::judge`] to hold against checkpoints. What the first entry links to is not known to a mirror and is
//! not checked.

mod bundle;
mod grow;
mod place;
#[cfg(test)]
mod tests;

use std::{
    io,
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    chain::Head,
    fault::FaultKind,
    suite::Suite,
    tile::{BundleError, MAX_SIZE, TILE_WIDTH},
};

/// Folder of the SM3 twin's tiles within a mirror.
pub const SM3_FOLDER: &str = "sm3";

/// What is asked of a verification of a mirror.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MirrorOptions {
    /// Entries of the SHA-256 tree: the size of the mirror's checkpoint.
    pub size: u64,
    /// Entries of the SM3 tree; `None` when the mirror has none.
    pub sm3_size: Option<u64>,
    /// The origin every entry must have; `None` takes that of the first one.
    pub expected_origin: Option<String>,
    /// Sizes at which the heads are wanted. In any order.
    pub observe: Vec<u64>,
    /// Entries before this position are archived: where their bundle is not there, the leaf hashes of the tiles are taken
    /// as they stand, and everything above is computed from them.
    pub archived: u64,
    /// How many threads check at once; 0 stands for one on each core. Each holds one bundle, at most 16 MiB.
    pub threads: usize,
}

/// What a verification of a mirror found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MirrorReport {
    /// The origin of the entries.
    pub origin: Option<String>,
    /// Entries checked; all before the fault, where there is one.
    pub entries: u64,
    /// Entry bundles checked.
    pub bundles: u64,
    /// Files of tiles compared.
    pub tiles: u64,
    /// Files of partial tiles that reach past the checkpoint; they were compared as far as it goes.
    pub tiles_past_checkpoint: u64,
    /// Heads of the SHA-256 tree at the sizes asked for, in ascending order.
    pub heads: Vec<Head>,
    /// Heads of the SM3 tree at the sizes asked for, in ascending order; their hashes are SM3.
    pub sm3_heads: Vec<Head>,
    /// The first thing wrong.
    pub fault: Option<MirrorFault>,
}

/// The first thing wrong with a mirror.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("position {position}: {kind} (byte {offset} of {})", file.display())]
pub struct MirrorFault {
    /// The position of the first entry that cannot be relied on.
    pub position: u64,
    /// The file, within the mirror.
    pub file: PathBuf,
    /// Where in the file the part that is wrong starts, in bytes.
    pub offset: u64,
    /// What is wrong.
    pub kind: MirrorFaultKind,
}

/// What is wrong at one place of a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MirrorFaultKind {
    /// An entry is not what it ought to be at its place.
    #[error(transparent)]
    Entry(FaultKind),
    /// An entry bundle is not there.
    #[error("entry bundle is missing")]
    BundleMissing,
    /// A file is not the bundle that its name says.
    #[error("file is not the entry bundle that its name says")]
    BundleForm(#[source] BundleError),
    /// A tile is not there.
    #[error("tile is missing")]
    TileMissing,
    /// A tile's file has another length than its name says.
    #[error("tile has another length than its name says")]
    TileForm,
    /// A tile holds another hash than the entries give.
    #[error("tile differs from the entries")]
    TileDiffers,
    /// A file or folder cannot be read.
    #[error("file cannot be read: {0}")]
    Unreadable(io::ErrorKind),
    /// The checkpoint states more entries than any log here can have.
    #[error("size is beyond every log")]
    TooLarge,
}

/// Verifies the mirror in `dir`.
#[must_use]
pub fn verify(dir: &Path, options: &MirrorOptions) -> MirrorReport {
    let size = options.size.max(options.sm3_size.unwrap_or(0));
    if size > MAX_SIZE {
        let fault = MirrorFault {
            position: 0,
            file: dir.to_owned(),
            offset: 0,
            kind: MirrorFaultKind::TooLarge,
        };
        return MirrorReport {
            fault: Some(fault),
            ..MirrorReport::default()
        };
    }
    let trees = trees(dir, options);
    let work = Work {
        bundles: size.div_ceil(u64::from(TILE_WIDTH)),
        size,
        archived: options.archived,
        next: AtomicU64::new(0),
        stop: AtomicU64::new(u64::MAX),
        join: Mutex::new(grow::Join::new(&trees, options)),
        trees: &trees,
    };
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get),
        threads => threads,
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| work.run());
        }
        work.run();
    });
    let join = work.join.into_inner();
    join.unwrap_or_else(PoisonError::into_inner).finish(&trees)
}

/// One tree of the mirror.
#[derive(Debug)]
struct Tree {
    suite: Suite,
    size: u64,
    /// Where its `tile/` lies.
    folder: PathBuf,
    /// The same, as faults name it.
    prefix: &'static str,
}

fn trees(dir: &Path, options: &MirrorOptions) -> Vec<Tree> {
    let mut trees = vec![Tree {
        suite: Suite::Sha256,
        size: options.size,
        folder: dir.to_owned(),
        prefix: "",
    }];
    trees.extend(options.sm3_size.map(|size| Tree {
        suite: Suite::Sm3,
        size,
        folder: dir.join(SM3_FOLDER),
        prefix: "sm3/",
    }));
    trees
}

/// The bundles to be checked, and what came of them.
struct Work<'a> {
    bundles: u64,
    size: u64,
    archived: u64,
    next: AtomicU64,
    /// The lowest bundle with a fault; none after it is begun.
    stop: AtomicU64,
    join: Mutex<grow::Join>,
    trees: &'a [Tree],
}

impl Work<'_> {
    fn run(&self) {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.bundles || index > self.stop.load(Ordering::Relaxed) {
                return;
            }
            let checked = bundle::check(index, self.size, self.archived, self.trees);
            let mut join = self.join.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(bundle) = join.add(index, checked, self.trees) {
                self.stop.fetch_min(bundle, Ordering::Relaxed);
            }
        }
    }
}
