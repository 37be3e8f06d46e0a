//! Writes a large log with its tiles and a signed checkpoint, to measure how long a verification takes.
//!
//! `cargo run --release -p audit-verify --example write-node -- DIR N` makes an audit folder of `N` entries of some 300
//! bytes in the new folder `DIR`, the mirror in `DIR/tiles`, and beside it `DIR.policy`, a policy of one witness. It is
//! no tool of the gateway: the entries are made up and the keys are thrown away.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context as _;
use audit_log::{Clock, Config, Draft, Field, FolderReader, open};
use audit_proof::{
    checkpoint::Checkpoint,
    key::KeyKind,
    signer::{Signer as _, sign_note},
    suite::Suite,
    tile::{EntryBundle, TileAppender},
};
use signer::{generate::generate, key_file::FileSigner};

const ORIGIN: &str = "lawgate.example/large";

/// A second of the year 2026, where the clock of the log begins.
const START_S: u64 = 1_790_000_000;

/// Counts on by a millisecond at each look.
struct Counting(AtomicU64);

impl Clock for Counting {
    fn now_ns(&self) -> u64 {
        self.0.fetch_add(1_000_000, Ordering::Relaxed)
    }
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, count] = arguments.as_slice() else {
        anyhow::bail!("usage: write-node DIR N");
    };
    let (dir, count) = (PathBuf::from(dir), count.parse()?);
    write_log(&dir, count)?;
    publish(&dir, count)
}

fn write_log(dir: &Path, count: u64) -> anyhow::Result<()> {
    let config = Config {
        dir: dir.to_owned(),
        origin: ORIGIN.to_owned(),
        policy_digest: [7; 32],
        former_root: None,
        suite: audit_log::LogSuite::Sha256,
        segment_bytes: 64 << 20,
        queue_entries: 100_000,
        queue_bytes: 64 << 20,
    };
    let clock = Arc::new(Counting(AtomicU64::new(START_S * 1_000_000_000)));
    let (log, opened) = open(config, clock)?;
    anyhow::ensure!(opened.created, "the folder holds a log already");
    for group in 0..count.div_ceil(4096) {
        let numbers = group * 4096..(group * 4096 + 4096).min(count);
        let queued: Vec<_> = numbers
            .map(|number| log.append(draft(number)))
            .collect::<Result<_, _>>()?;
        for entry in queued {
            entry.wait()?;
        }
    }
    log.close()?;
    Ok(())
}

fn draft(number: u64) -> Draft {
    Draft::new(number % 9 + 1)
        .with(
            Field::Actor,
            vec!["environment bureau".into(), [7_u8; 32].into()],
        )
        .with(
            Field::Digests,
            vec![[1_u8; 32].into(), [2_u8; 32].into(), [3_u8; 32].into()],
        )
        .with(
            Field::Case,
            vec![format!("包环罚〔2026〕{number}号").as_str().into()],
        )
}

/// Writes tiles and bundles of both trees, checkpoints and policy.
fn publish(dir: &Path, count: u64) -> anyhow::Result<()> {
    let tiles = dir.join("tiles");
    let mut trees = [
        (TileAppender::new(Suite::Sha256), tiles.clone()),
        (TileAppender::new(Suite::Sm3), tiles.join("sm3")),
    ];
    let mut bundle: Vec<Vec<u8>> = Vec::new();
    for entry in FolderReader::open(dir)?.entries_from(0) {
        let entry = entry?;
        for (tree, folder) in &mut trees {
            let leaf = tree.suite().leaf_hash(&entry.bytes);
            for tile in tree.append(leaf)? {
                write(&folder.join(tile.tile.path()), &tile.to_bytes())?;
            }
        }
        bundle.push(entry.bytes);
        if bundle.len() == 256 || entry.position + 1 == count {
            let place =
                EntryBundle::of_tree(entry.position / 256, count).context("within the log")?;
            write(&tiles.join(place.path()), &place.encode(&bundle)?)?;
            bundle.clear();
        }
    }
    let made = |name: &str, kind| -> anyhow::Result<FileSigner> {
        Ok(FileSigner::from_pem(
            name,
            kind,
            &generate(kind, name)?.private_text,
        )?)
    };
    let witness = made("witness.example/w", KeyKind::Ed25519Cosignature)?;
    let mut policy = String::new();
    for ((tree, folder), origin) in trees
        .iter()
        .zip([ORIGIN.to_owned(), format!("{ORIGIN}/sm3")])
    {
        for tile in tree.partial_tiles() {
            write(&folder.join(tile.tile.path()), &tile.to_bytes())?;
        }
        let log = made(&origin, KeyKind::Ed25519)?;
        let text = Checkpoint::new(&origin, count, tree.root())?.to_string();
        let note = sign_note(&text, &[&log, &witness], START_S + count / 1000 + 1)?;
        write(&folder.join("checkpoint"), note.to_string().as_bytes())?;
        policy += &format!("log {}\n", log.key());
    }
    policy += &format!("witness w {}\nquorum w\n", witness.key());
    write(&dir.with_extension("policy"), policy.as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
    fs::write(path, bytes)?;
    Ok(())
}
