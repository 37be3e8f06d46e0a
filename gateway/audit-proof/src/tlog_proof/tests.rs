//! Proofs in one text: form, every position of small trees, and what does not belong to the checkpoint.

use proptest::prelude::*;

use super::*;
use crate::key::KeyKind;
use crate::policy::Standing;
use crate::signer::{Signer as _, sign_note};
use crate::test_signers::{TestSigner, prove};

const ORIGIN: &str = "example.com/log";

fn log() -> TestSigner {
    TestSigner::new(ORIGIN, KeyKind::Ed25519, 1)
}

fn leaves(suite: Suite, size: usize) -> Vec<Hash> {
    (0..size)
        .map(|index| suite.leaf_hash(&index.to_be_bytes()))
        .collect()
}

/// The proof of the entry `index` of a tree of `size`.
fn proof(suite: Suite, index: usize, size: usize, extra: Option<Vec<u8>>) -> TlogProof {
    let (root, hashes) = prove(suite, &leaves(suite, size), index);
    let checkpoint = Checkpoint::new(ORIGIN, size as u64, root).unwrap();
    let note = sign_note(&checkpoint.to_string(), &[&log()], 0).unwrap();
    TlogProof::new(extra, index as u64, hashes, note).unwrap()
}

fn policy() -> Policy {
    Policy::parse(format!("log {}\nquorum none\n", log().key()).as_bytes()).unwrap()
}

#[test]
fn every_position_of_every_small_tree_is_proven_and_no_other() {
    for suite in [Suite::Sha256, Suite::Sm3] {
        for size in 1..=17 {
            let leaves = leaves(suite, size);
            for (index, leaf) in leaves.iter().enumerate() {
                let read = TlogProof::parse(proof(suite, index, size, None).to_string().as_bytes());
                let read = read.unwrap();
                let verdict = read.verify(suite, leaf, &policy()).unwrap();
                assert_eq!(verdict.standing(), Standing::Final);
                let other = suite.leaf_hash(b"another");
                let refused = read.verify(suite, &other, &policy());
                assert!(matches!(
                    refused,
                    Err(TlogProofVerifyError::Inclusion { .. })
                ));
            }
        }
    }
}

#[test]
fn a_proof_of_the_other_suite_proves_nothing() {
    let sm3 = proof(Suite::Sm3, 2, 5, None);
    let leaf = leaves(Suite::Sm3, 5)[2];
    assert!(sm3.verify_inclusion(Suite::Sm3, &leaf).is_ok());
    assert!(sm3.verify_inclusion(Suite::Sha256, &leaf).is_err());
}

#[test]
fn an_altered_index_hash_or_checkpoint_is_noticed() {
    let (text, leaf) = (
        proof(Suite::Sha256, 2, 5, None).to_string(),
        leaves(Suite::Sha256, 5)[2],
    );
    let verify = |text: &str| {
        TlogProof::parse(text.as_bytes())
            .unwrap()
            .verify(Suite::Sha256, &leaf, &policy())
    };
    assert!(verify(&text).is_ok());
    for index in [0, 1, 3, 4, 5, u64::MAX] {
        assert!(
            verify(&text.replace("index 2", &format!("index {index}"))).is_err(),
            "{index}"
        );
    }
    assert!(matches!(
        verify(&text.replace("\n5\n", "\n6\n")),
        Err(TlogProofVerifyError::Checkpoint { .. })
    ));
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.swap(2, 3);
    assert!(verify(&lines.join("\n")).is_err());
    lines.remove(2);
    assert!(verify(&lines.join("\n")).is_err());
}

#[test]
fn whatever_breaks_a_rule_is_refused_by_name() {
    let text = proof(Suite::Sha256, 2, 5, Some(b"extra".to_vec())).to_string();
    let check = |text: &str, expected: TlogProofError| {
        assert_eq!(TlogProof::parse(text.as_bytes()), Err(expected), "{text:?}");
    };
    assert!(text.contains("\nextra ZXh0cmE=\nindex 2\n"));
    check("", TlogProofError::NoCheckpoint);
    check(
        &text.replace("proof@v1", "proof@v2"),
        TlogProofError::Header,
    );
    check(&text.replace("ZXh0cmE=", "ZXh0cmE"), TlogProofError::Extra);
    check(&text.replace("extra ", "Extra "), TlogProofError::Index);
    check(&text.replace("index 2\n", ""), TlogProofError::Index);
    check(&text.replace("index 2", "index 02"), TlogProofError::Index);
    check(
        &text.replace("index 2\n", "index 2\nAAAA\n"),
        TlogProofError::Hash { number: 1 },
    );
    let hash = encode_hash(&[0; 32]) + "\n";
    let long = format!("index 2\n{}", hash.repeat(62));
    check(
        &text.replace("index 2\n", &long),
        TlogProofError::Hash { number: 65 },
    );
    check(
        &text.replace("\n\nexample", "\n\n\nexample"),
        TlogProofError::Checkpoint(CheckpointError::Origin),
    );
    check(
        &text[..text.len() - 1],
        TlogProofError::Note(NoteError::UnfinishedLine),
    );
    check(&"x".repeat(MAX_PROOF_BYTES + 1), TlogProofError::TooLong);
}

#[test]
fn extra_data_too_long_is_refused_when_made() {
    let note = proof(Suite::Sha256, 0, 1, None).note().clone();
    let made = |bytes| TlogProof::new(Some(vec![0; bytes]), 0, Vec::new(), note.clone());
    assert!(made(MAX_EXTRA_BYTES).is_ok());
    assert_eq!(made(MAX_EXTRA_BYTES + 1), Err(TlogProofError::TooLong));
    let hashes = TlogProof::new(None, 0, vec![[0; 32]; 65], note.clone());
    assert_eq!(hashes, Err(TlogProofError::Hash { number: 65 }));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        lines in "(extra [A-Za-z=]{0,8}\n)?index [0-9]{0,21}\n([A-Za-z0-9+/=]{44}\n){0,3}\n?",
    ) {
        let _ = TlogProof::parse(&bytes);
        let _ = TlogProof::parse(format!("{HEADER}\n{lines}").as_bytes());
    }

    #[test]
    fn a_mutated_proof_is_refused_or_written_as_it_was_read(place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let text = proof(Suite::Sha256, 2, 5, Some(b"x".to_vec())).to_string();
        let mut bytes = text.into_bytes();
        let (place, cut) = (place.index(bytes.len()), cut.index(bytes.len()));
        bytes[place] = byte;
        for bytes in [&bytes[..], &bytes[..cut]] {
            if let Ok(proof) = TlogProof::parse(bytes) {
                let written = proof.to_string().into_bytes();
                prop_assert_eq!(&written[..], bytes);
            }
        }
    }

    #[test]
    fn a_proof_is_read_as_itself(index in 0_usize..40, extra in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..50))) {
        let proof = proof(Suite::Sha256, index, 40, extra);
        prop_assert_eq!(TlogProof::parse(proof.to_string().as_bytes()).unwrap(), proof);
    }
}
