//! Tests of receipts: what they hold, that a group is signed once, that they can be made again.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use audit_proof::{
    key::{KeyKind, VerifierKey},
    proof::{FolderTiles, MemoryTiles},
    signer::SignError,
    suite::Suite,
};
use signer::{generate::generate, key_file::FileSigner};

use super::*;
use crate::{
    log::{Appended, Log},
    publish::{PublishConfig, Publisher},
    testing::{ORIGIN, clock, config, draft},
};

/// A key that counts how often it signs.
struct Counting {
    inner: FileSigner,
    calls: AtomicUsize,
    refuses: bool,
}

impl Signer for Counting {
    fn key(&self) -> &VerifierKey {
        self.inner.key()
    }

    fn sign(&self, text: &str, time_s: u64) -> Result<Vec<u8>, SignError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.refuses {
            return Err(SignError::Key {
                key: self.key().name().to_owned(),
                cause: "the device is gone".into(),
            });
        }
        self.inner.sign(text, time_s)
    }
}

fn key(kind: KeyKind, name: &str) -> Counting {
    let made = generate(kind, name).unwrap();
    Counting {
        inner: FileSigner::from_pem(name, kind, &made.private_text).unwrap(),
        calls: AtomicUsize::new(0),
        refuses: false,
    }
}

fn receipt_key(kind: KeyKind) -> Counting {
    key(kind, &format!("{ORIGIN}/receipt"))
}

/// Appends in bursts, so that groups have several entries.
fn append_in_bursts(log: &Log, numbers: std::ops::Range<u64>) -> Vec<Appended> {
    let mut appended = Vec::new();
    let numbers: Vec<u64> = numbers.collect();
    for burst in numbers.chunks(37) {
        let pending: Vec<_> = burst
            .iter()
            .map(|n| log.append(draft(*n)).unwrap())
            .collect();
        appended.extend(pending.into_iter().map(|pending| pending.wait().unwrap()));
    }
    appended
}

fn text(receipt: &Receipt) -> String {
    receipt.to_string()
}

#[test]
fn every_receipt_proves_its_entry_and_a_group_is_signed_once() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = crate::open(config(folder.path(), 20_000), clock()).unwrap();
    let appended = append_in_bursts(&log, 0..300);
    let key = receipt_key(KeyKind::Ed25519);
    let mut heads = std::collections::BTreeSet::new();
    for appended in &appended {
        let receipt = appended.receipt(&key, ORIGIN).unwrap();
        let verified = receipt.verify(Suite::Sha256, key.key()).unwrap();
        assert_eq!(
            (verified.position, verified.leaf_hash),
            (appended.position, appended.leaf_hash)
        );
        assert_eq!(
            (verified.tree_head.size(), verified.tree_head.root()),
            (appended.tree_size, &appended.root)
        );
        let stored = log.reader().entry(appended.position).unwrap().unwrap();
        receipt.verify_entry(Suite::Sha256, &stored.bytes).unwrap();
        assert_eq!(Receipt::parse(text(&receipt).as_bytes()).unwrap(), receipt);
        heads.insert(appended.tree_size);
    }
    assert_eq!(key.calls.load(Ordering::SeqCst), heads.len());
    assert!(heads.len() < appended.len(), "groups have several entries");
}

#[test]
fn many_threads_that_ask_at_once_have_their_group_signed_once() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = crate::open(config(folder.path(), 1 << 20), clock()).unwrap();
    let appended = append_in_bursts(&log, 0..1).remove(0);
    let key = receipt_key(KeyKind::Ed25519);
    let receipts: Vec<String> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8)
            .map(|_| {
                let (appended, key) = (appended.clone(), &key);
                scope.spawn(move || text(&appended.receipt(key, ORIGIN).unwrap()))
            })
            .collect();
        asked
            .into_iter()
            .map(|asked| asked.join().unwrap())
            .collect()
    });
    assert!(receipts.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(key.calls.load(Ordering::SeqCst), 1);
}

#[test]
fn the_same_receipt_is_made_again_before_and_after_publishing() {
    for kind in [
        KeyKind::Ed25519,
        KeyKind::Ed25519Cosignature,
        KeyKind::Sm2Sm3,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (log, _) = crate::open(config(folder.path(), 20_000), clock()).unwrap();
        let key = receipt_key(kind);
        let mut appended = append_in_bursts(&log, 0..290);
        let published = log.head();
        let publish = PublishConfig {
            tiles: folder.path().join("tiles"),
            signed: folder.path().join("signed"),
            origin: ORIGIN.to_owned(),
            signers: vec![Arc::new(self::key(KeyKind::Ed25519, ORIGIN))],
            twin_signers: None,
        };
        let (mut publisher, _) = Publisher::open(log.reader(), publish).unwrap();
        publisher.publish(&published, 0).unwrap();
        appended.extend(append_in_bursts(&log, 290..620));
        let reader = log.reader();
        let tiles = FolderTiles::new(folder.path().join("tiles"));
        // Every one with the tiles; and some by the log alone, which is read as a whole each time.
        for appended in &appended {
            let given = text(&appended.receipt(&key, ORIGIN).unwrap());
            let position = appended.position;
            let again = remake(&reader, &tiles, published.size, position, &key, ORIGIN);
            let again = again.unwrap().expect("the entry is durable");
            assert_eq!(text(&again), given, "{kind} {position}");
            if position % 100 == 7 {
                let alone = remake(&reader, &MemoryTiles::new(), 0, position, &key, ORIGIN);
                assert_eq!(text(&alone.unwrap().unwrap()), given, "{kind} {position}");
            }
        }
        let none = remake(&reader, &tiles, published.size, 620, &key, ORIGIN).unwrap();
        assert!(none.is_none());
    }
}

#[test]
fn the_head_of_a_group_is_found_from_each_of_its_entries() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = crate::open(config(folder.path(), 9_000), clock()).unwrap();
    let mut appended = append_in_bursts(&log, 0..200);
    let big = draft(1).with(
        audit_proof::entry::Field::Object,
        vec![vec![7; 60_000].into()],
    );
    let pending: Vec<_> = (0..9).map(|_| log.append(big.clone()).unwrap()).collect();
    appended.extend(pending.into_iter().map(|pending| pending.wait().unwrap()));
    let reader = log.reader();
    for appended in &appended {
        let head = reader.group_head(appended.position).unwrap().unwrap();
        assert_eq!((head.size, head.root), (appended.tree_size, appended.root));
        let of_group = appended.group().head();
        assert_eq!((of_group.size, of_group.root), (head.size, head.root));
    }
    assert_eq!(reader.group_head(209).unwrap(), None);
    assert_eq!(reader.group_head(u64::MAX).unwrap(), None);
}

#[test]
fn tiles_of_another_tree_give_no_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = crate::open(config(folder.path(), 1 << 20), clock()).unwrap();
    append_in_bursts(&log, 0..10);
    let key = receipt_key(KeyKind::Ed25519);
    let mut tiles = MemoryTiles::new();
    tiles.insert(Tile::of_tree(0, 0, 5).unwrap(), vec![[9; 32]; 5]);
    let refused = remake(&log.reader(), &tiles, 5, 7, &key, ORIGIN);
    assert!(
        matches!(refused, Err(RemakeReceiptError::Differs { .. })),
        "{refused:?}"
    );
    let missing = remake(&log.reader(), &tiles, 6, 7, &key, ORIGIN);
    assert!(
        matches!(missing, Err(RemakeReceiptError::Tiles(_))),
        "{missing:?}"
    );
    assert_eq!(key.calls.load(Ordering::SeqCst), 0, "nothing was signed");
}

#[test]
fn a_key_of_another_name_and_one_that_refuses_give_no_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = crate::open(config(folder.path(), 1 << 20), clock()).unwrap();
    let appended = append_in_bursts(&log, 0..1).remove(0);
    for name in [ORIGIN, "other.example/receipt"] {
        let refused = appended.receipt(&key(KeyKind::Ed25519, name), ORIGIN);
        assert!(
            matches!(refused, Err(MakeReceiptError::OtherKey { .. })),
            "{name}"
        );
    }
    let mut device = receipt_key(KeyKind::Ed25519);
    device.refuses = true;
    let refused = appended.receipt(&device, ORIGIN);
    assert!(
        matches!(refused, Err(MakeReceiptError::Sign(_))),
        "{refused:?}"
    );
    device.refuses = false;
    assert!(
        appended.receipt(&device, ORIGIN).is_ok(),
        "a refusal is not kept"
    );
}
