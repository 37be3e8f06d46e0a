//! Keys: text and id, what each kind signs, and that nothing else verifies.

use proptest::prelude::*;

use super::*;
use crate::note::Note;
use crate::signer::{SignError, Signer as _, sign_note};
use crate::test_signers::TestSigner;
use crate::verified::NoteVerifyError;

/// The key of the Go implementation's tests (golang.org/x/mod/sumdb/note): the vkey of PeterNeumann.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

/// A note that this key signed, from the same place.
const PETER_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

const CHECKPOINT: &str = "example.com/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

#[test]
fn a_note_of_another_implementation_verifies() {
    let key = VerifierKey::parse(PETER).unwrap();
    assert_eq!(key.to_string(), PETER);
    let note = Note::parse(PETER_NOTE.as_bytes()).unwrap();
    let verified = note.verify([&key]).unwrap();
    assert_eq!((verified[0].key, verified[0].time_s), (&key, None));
}

#[test]
fn every_kind_verifies_what_it_signed_and_nothing_else() {
    for kind in KeyKind::ALL {
        let signer = TestSigner::new("example.com/w", kind, 1);
        let key = signer.key();
        let signature = signer.sign(CHECKPOINT, 1_700_000_000).unwrap();
        let stated = kind.is_cosignature().then_some(1_700_000_000);
        assert_eq!(key.verify(CHECKPOINT, &signature), Ok(stated), "{kind}");

        let other_text = CHECKPOINT.replace("\n7\n", "\n8\n");
        assert_eq!(
            key.verify(&other_text, &signature),
            Err(SignatureError::Mismatch),
            "{kind}"
        );
        let other = TestSigner::new("example.com/w", kind, 2);
        assert!(
            other.key().verify(CHECKPOINT, &signature).is_err(),
            "{kind}"
        );
    }
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_signature_is_noticed() {
    for kind in KeyKind::ALL {
        let signer = TestSigner::new("example.com/w", kind, 1);
        let signature = signer.sign(CHECKPOINT, 5).unwrap();
        // Each bit of the short ones, some of each part of the long one.
        let step = signature.len().div_ceil(90);
        for index in (0..signature.len()).step_by(step) {
            let mut flipped = signature.clone();
            flipped[index] ^= 1 << (index % 8);
            assert!(signer.key().verify(CHECKPOINT, &flipped).is_err(), "{kind}");
            let cut = &signature[..index];
            assert!(signer.key().verify(CHECKPOINT, cut).is_err(), "{kind}");
        }
        let long = [&signature[..], &[0]].concat();
        assert!(signer.key().verify(CHECKPOINT, &long).is_err(), "{kind}");
    }
}

#[test]
fn a_cosignature_is_over_a_checkpoint_only() {
    for kind in KeyKind::ALL {
        let signer = TestSigner::new("example.com/w", kind, 1);
        let signed = signer.sign("any text\n", 5);
        assert_eq!(
            matches!(signed, Err(SignError::Message { .. })),
            kind.is_cosignature(),
            "{kind}"
        );
        let late = signer.sign(CHECKPOINT, u64::MAX);
        assert_eq!(late.is_err(), kind.is_cosignature(), "{kind}");
    }
}

#[test]
fn extension_lines_are_bound_by_ed25519_and_not_by_ml_dsa() {
    let extended = format!("{CHECKPOINT}more\n");
    let ed25519 = TestSigner::new("w", KeyKind::Ed25519Cosignature, 1);
    let signature = ed25519.sign(&extended, 5).unwrap();
    assert_eq!(ed25519.key().verify(&extended, &signature), Ok(Some(5)));
    assert!(ed25519.key().verify(CHECKPOINT, &signature).is_err());

    let ml_dsa = TestSigner::new("w", KeyKind::MlDsa44Cosignature, 1);
    let signature = ml_dsa.sign(&extended, 5).unwrap();
    assert_eq!(ml_dsa.key().verify(CHECKPOINT, &signature), Ok(Some(5)));
}

#[test]
fn an_ml_dsa_cosignature_binds_the_name_and_may_state_no_time() {
    let signer = TestSigner::new("w", KeyKind::MlDsa44Cosignature, 1);
    let signature = signer.sign(CHECKPOINT, 0).unwrap();
    assert_eq!(signer.key().verify(CHECKPOINT, &signature), Ok(None));
    let renamed = TestSigner::new("v", KeyKind::MlDsa44Cosignature, 1);
    assert!(renamed.key().verify(CHECKPOINT, &signature).is_err());
}

#[test]
fn the_same_bytes_under_two_kinds_are_two_keys() {
    let note = TestSigner::new("a", KeyKind::Ed25519, 1);
    let cosigner = TestSigner::new("a", KeyKind::Ed25519Cosignature, 1);
    assert_eq!(note.key().public(), cosigner.key().public());
    assert_ne!(note.key().id(), cosigner.key().id());
}

#[test]
fn a_text_that_is_no_key_is_refused_by_what_is_wrong() {
    let check = |text: &str, expected: KeyError| {
        assert_eq!(VerifierKey::parse(text), Err(expected), "{text}");
    };
    check("", KeyError::Form);
    check("PeterNeumann+c74f20a3", KeyError::Form);
    check(&PETER.replace("c74f20a3", "C74F20A3"), KeyError::Form);
    check(&PETER.replace("c74f20a3", "c74f20a"), KeyError::Form);
    check(&format!("{PETER}="), KeyError::Form);
    check("a+00000000+", KeyError::Form);
    check(&PETER.replace("Peter", "Peter "), KeyError::Name);
    check(
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        KeyError::Name,
    );
    check("a+00000000+AgAA", KeyError::Kind { kind: 2 });
    check("a+00000000+/3Nt", KeyError::Kind { kind: 0xff });
    check(
        "a+00000000+AQAA",
        KeyError::Public {
            kind: KeyKind::Ed25519,
        },
    );
    check(
        &PETER.replace("Peter", "Paul"),
        KeyError::Id {
            stated: "c74f20a3".to_owned(),
            computed: crate::hash::to_hex(&key_id(
                "PaulNeumann",
                KeyKind::Ed25519,
                VerifierKey::parse(PETER).unwrap().public(),
            )),
        },
    );
}

#[test]
fn a_public_key_that_verifies_anything_is_none() {
    // The neutral element of the curve: under the rules that are not strict, one signature fits every text.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    for kind in [KeyKind::Ed25519, KeyKind::Ed25519Cosignature] {
        assert_eq!(
            VerifierKey::new("a", kind, &neutral),
            Err(KeyError::Public { kind })
        );
    }
    let sm2 = TestSigner::new("a", KeyKind::Sm2Sm3, 1);
    let mut off_curve = sm2.key().public().to_vec();
    off_curve[64] ^= 1;
    for public in [&off_curve[..], &off_curve[..33], &[0]] {
        assert!(VerifierKey::new("a", KeyKind::Sm2Sm3, public).is_err());
    }
    assert!(VerifierKey::new("a", KeyKind::MlDsa44Cosignature, &[0; 1311]).is_err());
}

#[test]
fn a_wrong_signature_of_a_known_key_spoils_the_note_and_one_of_a_stranger_does_not() {
    let first = TestSigner::new("example.com/log", KeyKind::Ed25519, 1);
    let second = TestSigner::new("w", KeyKind::Sm2Sm3, 2);
    let note = sign_note(CHECKPOINT, &[&first, &second], 9).unwrap();
    assert_eq!(note.verify([first.key(), second.key()]).unwrap().len(), 2);

    let mut forged = Note::parse(note.to_string().replace("\n7\n", "\n8\n").as_bytes()).unwrap();
    assert!(matches!(
        forged.verify([first.key()]),
        Err(NoteVerifyError::Signature { .. })
    ));
    let stranger = TestSigner::new("x", KeyKind::Ed25519, 3);
    assert_eq!(
        forged.verify([stranger.key()]),
        Err(NoteVerifyError::Unsigned)
    );
    let own = stranger.sign(forged.text(), 0).unwrap();
    forged.push(stranger.key().line(own).unwrap()).unwrap();
    assert_eq!(forged.verify([stranger.key()]).unwrap().len(), 1);
    assert!(forged.verify([stranger.key(), second.key()]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,80}", name in "[a-z]{1,4}", rest in "[0-9a-f]{8}\\+[A-Za-z0-9+/]{0,60}={0,2}") {
        let _ = VerifierKey::parse(&text);
        let _ = VerifierKey::parse(&format!("{name}+{rest}"));
    }

    #[test]
    fn a_key_of_every_kind_is_read_as_itself(name in "[!-*,-~é水]{1,20}", seed in 1_u8..200) {
        for kind in KeyKind::ALL {
            let signer = TestSigner::new(&name, kind, seed);
            prop_assert_eq!(&VerifierKey::parse(&signer.key().to_string()).unwrap(), signer.key());
        }
    }

    #[test]
    fn arbitrary_signatures_never_panic_and_never_verify(bytes in proptest::collection::vec(any::<u8>(), 0..100), filler in any::<u8>()) {
        for kind in KeyKind::ALL {
            let signer = TestSigner::new("a", kind, 1);
            prop_assert!(signer.key().verify(CHECKPOINT, &bytes).is_err());
            let mut exact = vec![filler; 8 + 2420];
            exact[..bytes.len()].copy_from_slice(&bytes);
            prop_assert!(signer.key().verify(CHECKPOINT, &exact).is_err());
        }
    }
}
