//! Who vouches for a pack.

use audit_proof::key::KeyKind;
use audit_proof::signer::Signer as _;

use super::*;
use crate::pack::tests::{pack, signer};

fn signed_by(signers: &[&signer::FileSigner]) -> Pack {
    let mut pack = pack();
    for signer in signers {
        pack.sign(*signer, 0).expect("signs");
    }
    pack
}

#[test]
fn every_known_publisher_that_signed_is_named() {
    let (one, two, unknown) = (
        signer("one", KeyKind::Ed25519),
        signer("two", KeyKind::Sm2Sm3),
        signer("unknown", KeyKind::Ed25519),
    );
    let pack = signed_by(&[&unknown, &two, &one]);
    let keys = PublisherKeys::of([one.key().clone(), two.key().clone()]);
    let names: Vec<_> = pack.verify(&keys).expect("known");
    let names: Vec<_> = names.iter().map(VerifierKey::name).collect();
    assert_eq!(names, ["one", "two"]);
}

#[test]
fn a_pack_nobody_known_signed_is_refused() {
    let (one, other) = (
        signer("one", KeyKind::Ed25519),
        signer("one", KeyKind::Ed25519),
    );
    assert_eq!(
        pack().verify(&PublisherKeys::of([one.key().clone()])),
        Err(VerifyError::NotSigned)
    );
    // The same name, another key.
    let error = signed_by(&[&other])
        .verify(&PublisherKeys::of([one.key().clone()]))
        .expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "the pack is signed by one, and none of them is a known publisher"
    );
    assert!(
        signed_by(&[&one])
            .verify(&PublisherKeys::default())
            .is_err()
    );
}

#[test]
fn a_wrong_signature_under_a_known_name_condemns_the_pack() {
    let (good, known) = (
        signer("good", KeyKind::Ed25519),
        signer("known", KeyKind::Ed25519),
    );
    let pack = signed_by(&[&good, &known]);
    let bytes = pack.to_bytes();
    // The last signature's last base64 digits, changed to others.
    let text = String::from_utf8_lossy(&bytes);
    let line = pack.signatures()[1].to_string();
    let at = text.find(&line).expect("is there");
    let mut forged = bytes.clone();
    let place = bytes
        .windows(line.len())
        .position(|window| window == line.as_bytes())
        .unwrap_or(at);
    let digit = &mut forged[place + line.len() - 8];
    *digit = if *digit == b'A' { b'B' } else { b'A' };
    let forged = Pack::read(&forged, &crate::PackLimits::recommended()).expect("still a note");
    let keys = PublisherKeys::of([good.key().clone(), known.key().clone()]);
    let error = forged.verify(&keys).expect_err("forged");
    assert!(
        matches!(&error, VerifyError::Forged { key, .. } if key == "known"),
        "{error}"
    );
}

#[test]
fn a_key_may_be_bound_to_adapters() {
    let one = signer("one", KeyKind::Ed25519);
    let keys = |ids: &str| {
        PublisherKeys::parse(&format!("# publishers\n\n{} {ids}\n", one.key())).expect("keys")
    };
    let pack = signed_by(&[&one]);
    assert!(pack.verify(&keys("")).is_ok());
    assert!(pack.verify(&keys("hj212 noise")).is_ok());
    let error = pack.verify(&keys("hj212")).expect_err("another's");
    assert_eq!(error.to_string(), "one may not sign the adapter noise");
}

#[test]
fn a_file_of_keys_is_read_strictly() {
    let one = signer("one", KeyKind::Ed25519);
    let witness = signer("witness", KeyKind::Ed25519Cosignature);
    let refused = |text: String| {
        PublisherKeys::parse(&text)
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(
        refused("# x\nnoise\n".to_owned()),
        "line 2 does not begin with a key"
    );
    assert_eq!(
        refused(format!("{}\n{}\n", one.key(), one.key())),
        "line 2: one is there already"
    );
    assert!(
        refused(witness.key().to_string()).starts_with("line 1: witness signs checkpoints only")
    );
    assert!(PublisherKeys::parse("# nobody\n").expect("keys").is_empty());
}
