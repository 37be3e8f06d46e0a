//! Receipts: what they prove, what spoils them, and what only the entry can confirm.

use proptest::prelude::*;

use super::*;
use crate::entry::{Draft, Place};
use crate::key::KeyKind;
use crate::signer::{Signer, sign_note};
use crate::test_signers::{TestSigner, prove};

const ORIGIN: &str = "example.com/log";
const TIME_NS: u64 = 1_767_225_600_000_000_123;
const SUITE: Suite = Suite::Sha256;

fn receipt_key(kind: KeyKind) -> TestSigner {
    TestSigner::new("example.com/log/receipt", kind, 1)
}

fn entry(position: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    Draft::new(1).write_entry(
        Place {
            origin: ORIGIN,
            position,
            time_ns: TIME_NS + position,
            link: &[5; 32],
            second_link: None,
        },
        &mut bytes,
    );
    bytes
}

/// The receipt of the entry at `position` of a log of `size`, its head signed by `signers`.
fn receipt(position: u64, size: u64, signers: &[&dyn Signer]) -> Receipt {
    let leaves: Vec<Hash> = (0..size)
        .map(|position| SUITE.leaf_hash(&entry(position)))
        .collect();
    let (root, hashes) = prove(SUITE, &leaves, position as usize);
    let head = Checkpoint::new(ORIGIN, size, root).unwrap();
    let note = sign_note(&head.to_string(), signers, 1_767_225_601).unwrap();
    let leaf = leaves[position as usize];
    Receipt::new(position, leaf, TIME_NS + position, hashes, note).unwrap()
}

#[test]
fn a_receipt_proves_that_the_log_had_the_entry() {
    for kind in KeyKind::ALL {
        let key = receipt_key(kind);
        let made = receipt(3, 6, &[&key]);
        let read = Receipt::parse(made.to_string().as_bytes()).unwrap();
        assert_eq!(read, made);
        let verified = read.verify(SUITE, key.key()).unwrap();
        assert_eq!(verified.tree_head.size(), 6, "{kind}");
        assert_eq!(
            (verified.position, verified.leaf_hash),
            (3, *made.leaf_hash())
        );
        let stated = kind.is_cosignature().then_some(1_767_225_601);
        assert_eq!(verified.signed_at_s, stated, "{kind}");
        assert_eq!(read.verify_entry(SUITE, &entry(3)), Ok(()));
    }
}

#[test]
fn a_receipt_is_a_proof_that_other_tools_read() {
    let text = receipt(0, 1, &[&receipt_key(KeyKind::Ed25519)]).to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra "));
    assert!(TlogProof::parse(text.as_bytes()).is_ok());
}

#[test]
fn only_the_receipt_key_of_the_log_makes_a_receipt() {
    let key = receipt_key(KeyKind::Ed25519);
    let made = receipt(3, 6, &[&key]);
    for name in [
        ORIGIN,
        "example.com/other/receipt",
        "/receipt",
        "example.com/log/receipt/receipt",
    ] {
        let other = TestSigner::new(name, KeyKind::Ed25519, 1);
        let refused = made.verify(SUITE, other.key());
        assert!(
            matches!(refused, Err(ReceiptVerifyError::OtherKey { .. })),
            "{name}"
        );
    }
    let forger = TestSigner::new("example.com/log/receipt", KeyKind::Ed25519, 2);
    assert_eq!(
        made.verify(SUITE, forger.key()),
        Err(ReceiptVerifyError::Signature(NoteVerifyError::Unsigned))
    );
}

#[test]
fn an_altered_receipt_is_noticed() {
    let key = receipt_key(KeyKind::Ed25519);
    let made = receipt(3, 6, &[&key]);
    let (hashes, note) = (made.proof().hashes().to_vec(), made.proof().note().clone());
    let altered =
        |position, leaf, hashes, note| Receipt::new(position, leaf, TIME_NS, hashes, note).unwrap();
    let other_leaf = altered(3, [9; 32], hashes.clone(), note.clone());
    let other_place = altered(2, *made.leaf_hash(), hashes.clone(), note.clone());
    let short = altered(3, *made.leaf_hash(), hashes[1..].to_vec(), note.clone());
    for receipt in [other_leaf, other_place, short] {
        let refused = receipt.verify(SUITE, key.key());
        assert!(matches!(refused, Err(ReceiptVerifyError::Inclusion(_))));
    }
    let head = Note::parse(note.to_string().replace("\n6\n", "\n7\n").as_bytes()).unwrap();
    let other_head = altered(3, *made.leaf_hash(), hashes, head);
    let refused = other_head.verify(SUITE, key.key());
    assert!(matches!(refused, Err(ReceiptVerifyError::Signature(_))));
}

#[test]
fn the_time_counts_once_the_entry_confirms_it() {
    let key = receipt_key(KeyKind::Ed25519);
    let made = receipt(3, 6, &[&key]);
    let proof = made.proof();
    let dated = Receipt::new(
        3,
        *made.leaf_hash(),
        1,
        proof.hashes().to_vec(),
        proof.note().clone(),
    )
    .unwrap();
    // The signature does not cover the time, and the receipt says so by failing against its entry only.
    assert!(dated.verify(SUITE, key.key()).is_ok());
    assert_eq!(
        dated.verify_entry(SUITE, &entry(3)),
        Err(ReceiptEntryError::Time {
            stated: 1,
            bound: TIME_NS + 3
        })
    );
    assert_eq!(
        made.verify_entry(SUITE, &entry(2)),
        Err(ReceiptEntryError::OtherEntry)
    );
}

#[test]
fn a_proof_without_the_facts_is_no_receipt() {
    let made = receipt(3, 6, &[&receipt_key(KeyKind::Ed25519)]);
    let with = |extra: Option<&str>| {
        let (hashes, note) = (made.proof().hashes().to_vec(), made.proof().note().clone());
        let extra = extra.map(|extra| extra.as_bytes().to_vec());
        Receipt::parse(
            TlogProof::new(extra, 3, hashes, note)
                .unwrap()
                .to_string()
                .as_bytes(),
        )
    };
    let facts = String::from_utf8(made.proof().extra().unwrap().to_vec()).unwrap();
    assert_eq!(with(Some(&facts)).unwrap(), made);
    assert_eq!(with(None), Err(ReceiptError::Facts));
    for (from, to) in [
        ("v1", "v2"),
        ("position 3", "position 03"),
        ("leaf ", "leaf  "),
        ("time ", "time -"),
        ("\ntime", "\n\ntime"),
    ] {
        assert_eq!(
            with(Some(&facts.replace(from, to))),
            Err(ReceiptError::Facts),
            "{to}"
        );
    }
    assert_eq!(
        with(Some(&format!("{facts}more\n"))),
        Err(ReceiptError::Facts)
    );
    assert_eq!(
        with(Some(&facts.replace("position 3", "position 4"))),
        Err(ReceiptError::Position {
            stated: 4,
            proven: 3
        })
    );
}

#[test]
fn a_tree_head_with_extension_lines_is_not_ours() {
    let made = receipt(0, 1, &[&receipt_key(KeyKind::Ed25519)]);
    let text = format!("{}more\n", made.proof().note().text());
    let note = sign_note(&text, &[&receipt_key(KeyKind::Ed25519)], 0).unwrap();
    let refused = Receipt::new(0, *made.leaf_hash(), TIME_NS, Vec::new(), note);
    assert!(matches!(
        refused,
        Err(ReceiptError::TreeHead(CheckpointError::Extended(_)))
    ));
}

proptest! {
    #[test]
    fn a_mutated_receipt_never_panics_and_never_proves_anything_else(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let key = receipt_key(KeyKind::Ed25519);
        let made = receipt(3, 6, &[&key]);
        let mut bytes = made.to_string().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(read) = Receipt::parse(&bytes) {
            prop_assert_eq!(read.to_string().into_bytes(), bytes);
            if read.verify(SUITE, key.key()).is_ok() {
                prop_assert_eq!(read.position(), made.position());
                prop_assert_eq!(read.leaf_hash(), made.leaf_hash());
            }
        }
    }

    #[test]
    fn arbitrary_facts_never_panic(extra in proptest::collection::vec(any::<u8>(), 0..120), lines in "(position [0-9]{0,21}\n|leaf [A-Za-z=]{44}\n|time [0-9]{0,21}\n){0,4}") {
        let _ = Facts::parse(&extra);
        let _ = Facts::parse(format!("{HEADER}\n{lines}").as_bytes());
    }
}
