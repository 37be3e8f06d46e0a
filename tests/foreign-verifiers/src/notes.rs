//! Signed notes and checkpoints of the log, read by verifiers of others.
//!
//! A root is believed because of a note that signs it; the libraries that read roots and proofs stand in
//! [`crate::merkle`] and [`crate::tiles`].

use audit_proof::{
    checkpoint::Checkpoint,
    key::{KeyKind, VerifierKey},
    note::Note,
    signer::{Signer, sign_note},
};
use proptest::prelude::*;
use signed_note::{
    NoteError, Signer as _, StandardSigner, StandardVerifier, Verifier as _, VerifierList,
};
use signer::{FileSigner, generate};

const ORIGIN: &str = "lawgate.example/2026";

/// The name of their test key, and what makes it.
const THEIR_NAME: &str = "theirs.example/log";

fn our_signer(kind: KeyKind, name: &str) -> FileSigner {
    let made = generate(kind, name).unwrap();
    FileSigner::from_pem(name, kind, &made.private_text).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint::new(ORIGIN, 70_000, [9; 32]).unwrap()
}

/// A checkpoint of ours with a signature of every kind; the first key is the one they know.
fn full_note() -> (Note, VerifierKey) {
    let signers: Vec<FileSigner> = KeyKind::ALL
        .into_iter()
        .map(|kind| our_signer(kind, ORIGIN))
        .collect();
    let signers: Vec<&dyn Signer> = signers.iter().map(|signer| signer as &dyn Signer).collect();
    let note = sign_note(&checkpoint().to_string(), &signers, 1_800_000_000).unwrap();
    let key = signers[0].key().clone();
    (note, key)
}

fn known(key: &VerifierKey) -> VerifierList {
    let verifier = StandardVerifier::new(&key.to_string()).unwrap();
    assert_eq!(verifier.key_id().to_be_bytes(), key.id());
    VerifierList::new(vec![Box::new(verifier)])
}

fn their_signer() -> StandardSigner {
    // Their private keys are base64 of type and seed under an id that is that of the public key.
    let seed = [42; 32];
    let public = ed25519_public(seed);
    let key = VerifierKey::new(THEIR_NAME, KeyKind::Ed25519, &public).unwrap();
    let id = u32::from_be_bytes(key.id());
    let typed = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        [&[1][..], &seed].concat(),
    );
    StandardSigner::new(&format!("PRIVATE+KEY+{THEIR_NAME}+{id:08x}+{typed}")).unwrap()
}

/// The public key of a seed, by way of the PKCS#8 text of that seed (RFC 8410 §7).
fn ed25519_public(seed: [u8; 32]) -> Vec<u8> {
    let der = [
        &b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..],
        &seed,
    ]
    .concat();
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    let signer = FileSigner::from_pem(THEIR_NAME, KeyKind::Ed25519, &pem).unwrap();
    signer.key().public().to_vec()
}

#[test]
fn signed_note_opens_our_checkpoint_and_passes_over_the_kinds_it_does_not_know() {
    let (note, key) = full_note();
    let read = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
    let (verified, unverified) = read.verify(&known(&key)).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 3));
    assert_eq!(read.text(), note.text().as_bytes());
    assert_eq!(read.to_bytes(), note.to_string().into_bytes());
}

#[test]
fn signed_note_refuses_our_checkpoint_with_one_bit_changed() {
    let (note, key) = full_note();
    let text = note.to_string().replace("\n70000\n", "\n70001\n");
    let read = signed_note::Note::from_bytes(text.as_bytes()).unwrap();
    let refused = read.verify(&known(&key));
    assert!(matches!(refused, Err(NoteError::InvalidSignature { .. })));
}

#[test]
fn tlog_tiles_reads_our_checkpoint_as_we_do() {
    let ours = checkpoint();
    let theirs = tlog_tiles::Checkpoint::from_bytes(ours.to_string().as_bytes()).unwrap();
    assert_eq!(
        (theirs.origin(), theirs.size()),
        (ours.origin(), ours.size())
    );
    assert_eq!(&theirs.hash().0, ours.root());
    assert_eq!(theirs.to_bytes(), ours.to_string().into_bytes());
}

#[test]
fn a_note_that_signed_note_signed_verifies_here() {
    let signer = their_signer();
    let mut theirs = signed_note::Note::new(checkpoint().to_string().as_bytes(), &[]).unwrap();
    theirs.add_sigs(&[&signer]).unwrap();
    let note = Note::parse(&theirs.to_bytes()).unwrap();
    let key = VerifierKey::new(THEIR_NAME, KeyKind::Ed25519, &ed25519_public([42; 32])).unwrap();
    assert_eq!(key.id(), signer.key_id().to_be_bytes());
    assert_eq!(note.verify([&key]).unwrap().len(), 1);
}

proptest! {
    #[test]
    fn what_is_a_note_here_is_one_there(place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = b"text\n\nmore\n\n\xe2\x80\x94 a AAAAAAA=\n\xe2\x80\x94 b.example/c AAAAAQID\n".to_vec();
        let (place, cut) = (place.index(bytes.len()), cut.index(bytes.len()));
        bytes[place] = byte;
        for bytes in [&bytes[..], &bytes[..cut]] {
            if let Ok(note) = Note::parse(bytes) {
                let theirs = signed_note::Note::from_bytes(bytes).unwrap();
                prop_assert_eq!(theirs.text(), note.text().as_bytes());
                let written = theirs.to_bytes();
                prop_assert_eq!(&written[..], bytes);
            }
        }
    }
}
