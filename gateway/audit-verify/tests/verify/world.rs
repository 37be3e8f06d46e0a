//! What the tests of the verifier share: keys, logs made by the real writer, and everything that is held against them.
//!
//! A log here is made from drafts with a clock that stands still: each entry is a nanosecond later than the one before, so
//! two logs of the same drafts have the same entries, however they were grouped.

pub(crate) mod run;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use audit_log::{Clock, Config, Draft, Field, FolderReader, open};
use audit_proof::{
    checkpoint::Checkpoint,
    entry::Place,
    hash::Hash,
    key::KeyKind,
    note::Note,
    proof::{self, MemoryTiles},
    receipt::Receipt,
    signer::{Signer, sign_note},
    suite::Suite,
    tile::{EntryBundle, TileAppender},
};
use signer::{generate, key_file::FileSigner};
use tempfile::TempDir;

pub(crate) const ORIGIN: &str = "lawgate.example/log";
/// Where the clock stands, in seconds since 1970.
pub(crate) const START_S: u64 = 1_790_000_000;

/// Keys of a log, of three witnesses and of an auditor's policy.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) log: FileSigner,
    pub(crate) log_sm3: FileSigner,
    pub(crate) receipt: FileSigner,
    pub(crate) witnesses: Vec<FileSigner>,
}

struct Standing(u64);

impl Clock for Standing {
    fn now_ns(&self) -> u64 {
        self.0
    }
}

fn key(name: &str, kind: KeyKind) -> FileSigner {
    let made = generate::generate(kind, name).unwrap();
    FileSigner::from_pem(name, kind, &made.private_text).unwrap()
}

/// The drafts of an honest log.
pub(crate) fn drafts(count: u64) -> Vec<Draft> {
    (0..count)
        .map(|number| draft(&format!("case {number}")))
        .collect()
}

pub(crate) fn draft(case: &str) -> Draft {
    Draft::new(7).with(Field::Case, vec![case.into()])
}

impl World {
    pub(crate) fn new() -> Self {
        let names = ["environment", "police", "justice"];
        Self {
            folder: TempDir::new().unwrap(),
            log: key(ORIGIN, KeyKind::Ed25519),
            log_sm3: key(&format!("{ORIGIN}/sm3"), KeyKind::Sm2Sm3),
            receipt: key(&format!("{ORIGIN}/receipt"), KeyKind::Ed25519),
            witnesses: names
                .iter()
                .map(|name| {
                    key(
                        &format!("{name}.example/witness"),
                        KeyKind::Ed25519Cosignature,
                    )
                })
                .collect(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The policy two of three, with the keys of the log.
    pub(crate) fn policy_text(&self) -> String {
        let mut text = String::new();
        for log in [&self.log, &self.log_sm3, &self.receipt] {
            text += &format!("log {}\n", log.key());
        }
        for (name, witness) in ["env", "police", "justice"].iter().zip(&self.witnesses) {
            text += &format!("witness {name} {}\n", witness.key());
        }
        text + "group agencies 2 env police justice\nquorum agencies\n"
    }

    pub(crate) fn policy(&self) -> PathBuf {
        self.file("policy", self.policy_text())
    }

    /// Makes a log of `drafts` in the folder `name`, with the real writer.
    pub(crate) fn log_of(&self, name: &str, drafts: Vec<Draft>) -> TestLog {
        self.log_from(name, drafts, START_S)
    }

    /// As [`World::log_of`], with a clock that starts at another time.
    pub(crate) fn log_from(&self, name: &str, drafts: Vec<Draft>, start_s: u64) -> TestLog {
        let folder = self.path(name);
        let config = Config {
            dir: folder.clone(),
            origin: ORIGIN.to_owned(),
            policy_digest: [7; 32],
            former_root: None,
            suite: audit_log::LogSuite::Sha256,
            segment_bytes: 16 << 10,
            queue_entries: 10_000,
            queue_bytes: 4 << 20,
        };
        let clock = Arc::new(Standing(start_s * 1_000_000_000));
        let (log, _) = open(config, clock).unwrap();
        // The queue takes no more than it was made for.
        for some in drafts.chunks(5_000) {
            let queued: Vec<_> = some
                .iter()
                .map(|draft| log.append(draft.clone()).unwrap())
                .collect();
            for entry in queued {
                entry.wait().unwrap();
            }
        }
        log.close().unwrap();
        TestLog::read(folder)
    }

    /// A checkpoint of the first `size` entries, signed by the log and cosigned by the first `witnesses` witnesses.
    pub(crate) fn checkpoint(&self, log: &TestLog, size: u64, witnesses: usize) -> Note {
        self.checkpoint_of(ORIGIN, log.root(size, Suite::Sha256), size, witnesses)
    }

    pub(crate) fn checkpoint_of(
        &self,
        origin: &str,
        root: Hash,
        size: u64,
        witnesses: usize,
    ) -> Note {
        let text = Checkpoint::new(origin, size, root).unwrap().to_string();
        let log = if origin.ends_with("/sm3") {
            &self.log_sm3
        } else {
            &self.log
        };
        let mut signers: Vec<&dyn Signer> = vec![log];
        signers.extend(
            self.witnesses[..witnesses]
                .iter()
                .map(|witness| witness as &dyn Signer),
        );
        sign_note(&text, &signers, seen_s(size)).unwrap()
    }

    /// A receipt for the entry at `position`, from the tree of `size` entries.
    pub(crate) fn receipt(&self, log: &TestLog, position: u64, size: u64) -> Receipt {
        let (leaf, root) = (log.leaf(position), log.root(size, Suite::Sha256));
        let text = Checkpoint::new(ORIGIN, size, root).unwrap().to_string();
        let head = sign_note(&text, &[&self.receipt], 0).unwrap();
        let hashes = proof::inclusion(Suite::Sha256, position, size, &log.tiles(size)).unwrap();
        Receipt::new(position, leaf, log.time_ns(position), hashes, head).unwrap()
    }

    /// Publishes the first `size` entries as a mirror in `folder`, with the SM3 twin.
    pub(crate) fn publish(&self, entries: &[Vec<u8>], size: u64, folder: &Path) {
        for (suite, folder, origin) in [
            (Suite::Sha256, folder.to_owned(), ORIGIN.to_owned()),
            (Suite::Sm3, folder.join("sm3"), format!("{ORIGIN}/sm3")),
        ] {
            let mut tree = TileAppender::new(suite);
            let mut tiles = Vec::new();
            for entry in &entries[..size as usize] {
                tiles.extend(tree.append(suite.leaf_hash(entry)).unwrap());
            }
            tiles.extend(tree.partial_tiles());
            for filled in tiles {
                write(&folder.join(filled.tile.path()), &filled.to_bytes());
            }
            let witnesses = if suite == Suite::Sha256 { 3 } else { 0 };
            let note = self
                .checkpoint_of(&origin, tree.root(), size, witnesses)
                .to_string();
            write(&folder.join("checkpoint"), note.as_bytes());
            write(&folder.join(format!("checkpoints/{size}")), note.as_bytes());
        }
        for index in 0..size.div_ceil(256) {
            let bundle = EntryBundle::of_tree(index, size).unwrap();
            let first = bundle.first() as usize;
            let held = &entries[first..first + usize::from(bundle.width())];
            write(&folder.join(bundle.path()), &bundle.encode(held).unwrap());
        }
    }
}

/// When witnesses saw a checkpoint: a minute after its last entry, in seconds since 1970.
pub(crate) fn seen_s(size: u64) -> u64 {
    START_S + size + 60
}

pub(crate) fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A stored log and its entries.
pub(crate) struct TestLog {
    pub(crate) folder: PathBuf,
    pub(crate) entries: Vec<Vec<u8>>,
}

impl TestLog {
    fn read(folder: PathBuf) -> Self {
        let reader = FolderReader::open(&folder).unwrap();
        let entries = reader
            .entries_from(0)
            .map(|entry| entry.unwrap().bytes)
            .collect();
        Self { folder, entries }
    }

    pub(crate) fn leaf(&self, position: u64) -> Hash {
        Suite::Sha256.leaf_hash(&self.entries[position as usize])
    }

    pub(crate) fn time_ns(&self, position: u64) -> u64 {
        let entry = &self.entries[position as usize];
        audit_log::Entry::decode(entry).unwrap().time_ns()
    }

    pub(crate) fn root(&self, size: u64, suite: Suite) -> Hash {
        let mut tree = TileAppender::new(suite);
        for entry in &self.entries[..size as usize] {
            tree.append(suite.leaf_hash(entry)).unwrap();
        }
        tree.root()
    }

    fn tiles(&self, size: u64) -> MemoryTiles {
        let mut tree = TileAppender::new(Suite::Sha256);
        let mut tiles = Vec::new();
        for position in 0..size {
            tiles.extend(tree.append(self.leaf(position)).unwrap());
        }
        tiles.extend(tree.partial_tiles());
        tiles
            .into_iter()
            .map(|filled| (filled.tile, filled.hashes))
            .collect()
    }

    /// Flips a bit in the first occurrence of `text` in the segments; returns the name of the file.
    pub(crate) fn flip(&self, text: &str) -> String {
        for file in fs::read_dir(&self.folder).unwrap() {
            let path = file.unwrap().path();
            let Ok(mut bytes) = fs::read(&path) else {
                continue;
            };
            if let Some(at) = bytes
                .windows(text.len())
                .position(|found| found == text.as_bytes())
            {
                bytes[at] ^= 1;
                fs::write(&path, bytes).unwrap();
                return path.file_name().unwrap().to_str().unwrap().to_owned();
            }
        }
        panic!("{text} is not in the log");
    }
}

/// Chains drafts with the times given, as a log with a false clock would.
pub(crate) fn chained(drafts: &[Draft], time_ns: impl Fn(u64) -> u64) -> Vec<Vec<u8>> {
    let mut link = [0; 32];
    (0..)
        .zip(drafts)
        .map(|(position, draft)| {
            let mut bytes = Vec::new();
            let place = Place {
                origin: ORIGIN,
                position,
                time_ns: time_ns(position),
                link: &link,
                second_link: None,
            };
            draft.write_entry(place, &mut bytes);
            link = Suite::Sha256.leaf_hash(&bytes);
            bytes
        })
        .collect()
}
