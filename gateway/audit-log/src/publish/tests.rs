//! Tests of publishing: what is signed, what is refused, what a crash leaves.

mod cosigned;
mod crash;
mod refused;
mod resumed;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use audit_proof::{
    hash::leaf_hash,
    key::{KeyKind, VerifierKey},
    proof::{FolderTiles, root},
    signer::SignError,
    suite::LogSuite,
    tile::{EntryBundle, tiles},
};
use signer::{generate::generate, key_file::FileSigner};

use super::*;
use crate::testing::{ORIGIN, append_each, clock, config, draft};

/// A key that remembers what it signed and refuses when it is told to.
pub(super) struct TestSigner {
    inner: FileSigner,
    pub(super) texts: Mutex<Vec<String>>,
    pub(super) refuses: AtomicBool,
    pub(super) lies: AtomicBool,
}

impl Signer for TestSigner {
    fn key(&self) -> &VerifierKey {
        self.inner.key()
    }

    fn sign(&self, text: &str, time_s: u64) -> Result<Vec<u8>, SignError> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(SignError::Key {
                key: self.key().name().to_owned(),
                cause: "the device is gone".into(),
            });
        }
        self.texts.lock().unwrap().push(text.to_owned());
        let mut signature = self.inner.sign(text, time_s)?;
        if self.lies.load(Ordering::SeqCst) {
            signature[10] ^= 1;
        }
        Ok(signature)
    }
}

pub(super) fn test_signer(kind: KeyKind, name: &str) -> Arc<TestSigner> {
    let made = generate(kind, name).unwrap();
    Arc::new(TestSigner {
        inner: FileSigner::from_pem(name, kind, &made.private_text).unwrap(),
        texts: Mutex::default(),
        refuses: AtomicBool::new(false),
        lies: AtomicBool::new(false),
    })
}

impl TestSigner {
    /// The sizes signed, in order.
    pub(super) fn sizes(&self) -> Vec<u64> {
        let texts = self.texts.lock().unwrap();
        texts.iter().map(|text| size_of_text(text)).collect()
    }
}

fn size_of_text(text: &str) -> u64 {
    Checkpoint::parse(text).unwrap().size()
}

/// A configuration that publishes beside the log in `dir`.
pub(super) fn publishing(dir: &Path, signer: &Arc<TestSigner>) -> PublishConfig {
    PublishConfig {
        tiles: dir.join("tiles"),
        signed: dir.join("signed"),
        origin: ORIGIN.to_owned(),
        signers: vec![Arc::clone(signer) as Arc<dyn Signer>],
        twin_signers: None,
    }
}

/// The same with an SM3 tree.
pub(super) fn publishing_both(
    dir: &Path,
    signer: &Arc<TestSigner>,
    twin: &Arc<TestSigner>,
) -> PublishConfig {
    PublishConfig {
        twin_signers: Some(vec![Arc::clone(twin) as Arc<dyn Signer>]),
        ..publishing(dir, signer)
    }
}

pub(super) fn dual(dir: &Path) -> Config {
    Config {
        suite: LogSuite::Dual,
        ..config(dir, 40_000)
    }
}

/// Appends entries as they come, and publishes the head after them.
pub(super) fn grow(
    log: &Log,
    publisher: &mut Publisher,
    numbers: std::ops::Range<u64>,
) -> Published {
    let pending: Vec<_> = numbers
        .map(|number| log.append(draft(number)).unwrap())
        .collect();
    for pending in pending {
        pending.wait().unwrap();
    }
    publisher
        .publish(&log.head(), 1_800_000_000)
        .unwrap()
        .expect("the log has entries")
}

/// All files under a folder, by their names within it.
pub(super) fn files_under(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                files.insert(name.to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn every_size_published_is_answered_by_the_folder_with_tiles_bundles_and_notes() {
    let folder = tempfile::tempdir().unwrap();
    let (main, twin) = (
        test_signer(KeyKind::Ed25519, ORIGIN),
        test_signer(KeyKind::Sm2Sm3, &format!("{ORIGIN}/sm3")),
    );
    let publish = publishing_both(folder.path(), &main, &twin);
    let (log, _, mut publisher, resumed) =
        open_published(dual(folder.path()), clock(), publish).unwrap();
    assert!(resumed.signed_size == 0 && !resumed.rebuilt);
    assert_eq!(publisher.publish(&log.head(), 0).unwrap(), None);
    assert!(publisher.anchor().is_none());
    let sizes = [1, 2, 255, 256, 257, 300, 512, 700, 1_100];
    let mut before = 0;
    for size in sizes {
        let published = grow(&log, &mut publisher, before..size);
        before = size;
        let SignedCheckpoint { checkpoint, note } = &published.main;
        assert_eq!(
            (checkpoint.size(), checkpoint.root()),
            (size, &log.head().root)
        );
        note.verify([main.key()]).unwrap();
        let of_twin = published.twin.clone().unwrap();
        of_twin.note.verify([twin.key()]).unwrap();
        assert_eq!(of_twin.checkpoint.origin(), format!("{ORIGIN}/sm3"));
        let anchor = publisher.anchor().unwrap();
        assert_eq!((anchor.size, anchor.root_sha256), (size, log.head().root));
        assert_eq!(&anchor.root_sm3, of_twin.checkpoint.root());
        // The same head again is not signed again.
        assert_eq!(publisher.publish(&log.head(), 9).unwrap(), Some(published));
    }
    assert_eq!(
        (main.sizes(), twin.sizes()),
        (sizes.to_vec(), sizes.to_vec())
    );
    check_folder(&folder.path().join("tiles"), &log, Suite::Sha256, &sizes);
    check_folder(&folder.path().join("tiles/sm3"), &log, Suite::Sm3, &sizes);
}

/// Checks that a folder answers for every size, and has nothing but what it should have.
fn check_folder(folder: &Path, log: &Log, suite: Suite, sizes: &[u64]) {
    let source = FolderTiles::new(folder);
    let entries: Vec<Vec<u8>> = log
        .reader()
        .entries_from(0)
        .map(|entry| entry.unwrap().bytes)
        .collect();
    let mut tree = audit_proof::tile::TileAppender::new(suite);
    for (size, entry) in (1..).zip(&entries) {
        tree.append(suite.leaf_hash(entry)).unwrap();
        assert_eq!(root(suite, size, &source).unwrap(), tree.root(), "{size}");
    }
    for size in sizes {
        let bytes = std::fs::read(audit_proof::kept::find(folder, *size)).unwrap();
        let note = Note::parse(&bytes).unwrap();
        assert_eq!(size_of_text(note.text()), *size);
        assert_eq!(
            Checkpoint::parse(note.text()).unwrap().root(),
            &root(suite, *size, &source).unwrap()
        );
        if suite == Suite::Sm3 {
            continue;
        }
        for index in 0..size.div_ceil(256) {
            let bundle = EntryBundle::of_tree(index, *size).unwrap();
            let first = usize::try_from(bundle.first()).unwrap();
            let found = source.entries(bundle).unwrap();
            assert_eq!(found, entries[first..first + found.len()]);
        }
    }
    let last = *sizes.last().unwrap();
    let newest = std::fs::read(folder.join("checkpoint")).unwrap();
    assert_eq!(
        newest,
        std::fs::read(audit_proof::kept::find(folder, last)).unwrap()
    );
    let files = files_under(folder);
    let stray: Vec<_> = files
        .keys()
        .filter(|name| name.contains(".p/") && is_behind(name, last))
        .collect();
    assert!(
        stray.is_empty(),
        "partial files beside full ones: {stray:?}"
    );
    for tile in tiles(last) {
        assert!(files.contains_key(&tile.path()), "{}", tile.path());
    }
}

/// Whether a partial file lies where the tree of `size` leaves has a full one.
fn is_behind(name: &str, size: u64) -> bool {
    match audit_proof::tile::Tile::parse(name) {
        Ok(tile) => tile.index() < audit_proof::tile::full_tiles(tile.level(), size),
        Err(_) => EntryBundle::parse(name)
            .is_ok_and(|bundle| bundle.tile().index() < audit_proof::tile::full_tiles(0, size)),
    }
}

#[test]
fn the_debug_form_of_a_configuration_names_public_keys() {
    let signer = test_signer(KeyKind::Ed25519, ORIGIN);
    let text = format!("{:?}", publishing(Path::new("a"), &signer));
    assert!(text.contains(&signer.key().to_string()), "{text}");
}

#[test]
fn a_configuration_without_a_signer_or_an_origin_is_refused_by_field() {
    let folder = tempfile::tempdir().unwrap();
    let signer = test_signer(KeyKind::Ed25519, ORIGIN);
    let (log, _) = crate::open(config(folder.path(), 1 << 20), clock()).unwrap();
    let check = |change: fn(&mut PublishConfig), expected: &str| {
        let mut publish = publishing(folder.path(), &signer);
        change(&mut publish);
        match Publisher::open(log.reader(), publish) {
            Err(PublishError::Config { field }) => assert_eq!(field, expected),
            other => panic!("{expected}: {other:?}"),
        }
    };
    check(|publish| publish.origin = "a b".to_owned(), "origin");
    check(|publish| publish.signers.clear(), "signers");
    check(
        |publish| publish.twin_signers = Some(Vec::new()),
        "twin_signers",
    );
}

#[test]
fn the_leaves_of_a_log_without_second_links_can_have_a_twin_too() {
    let folder = tempfile::tempdir().unwrap();
    let (main, twin) = (
        test_signer(KeyKind::Ed25519, ORIGIN),
        test_signer(KeyKind::Sm2Sm3, &format!("{ORIGIN}/sm3")),
    );
    let config = config(folder.path(), 1 << 20);
    let (log, _, mut publisher, _) =
        open_published(config.clone(), clock(), publishing(folder.path(), &main)).unwrap();
    grow(&log, &mut publisher, 0..270);
    drop(publisher);
    log.close().unwrap();
    // It is added to a log that has been published without it.
    let both = publishing_both(folder.path(), &main, &twin);
    let (log, _, mut publisher, resumed) = open_published(config, clock(), both).unwrap();
    assert!(!resumed.rebuilt && publisher.anchor().is_none());
    let published = grow(&log, &mut publisher, 270..275);
    assert_eq!(published.twin.unwrap().checkpoint.size(), 275);
    let mut expected = audit_proof::tile::TileAppender::new(Suite::Sm3);
    for entry in log.reader().entries_from(0) {
        let bytes = entry.unwrap().bytes;
        assert_ne!(Suite::Sm3.leaf_hash(&bytes), leaf_hash(&bytes));
        expected.append(Suite::Sm3.leaf_hash(&bytes)).unwrap();
    }
    assert_eq!(publisher.anchor().unwrap().root_sm3, expected.root());
    assert_eq!((main.sizes(), twin.sizes()), (vec![270, 275], vec![275]));
}

/// Appends entries one by one.
pub(super) fn appended(log: &Log, numbers: std::ops::Range<u64>) {
    append_each(log, numbers);
}
