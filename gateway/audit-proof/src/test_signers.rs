//! For the tests of this crate: keys of every kind from a fixed number, and proofs by the definition.
//!
//! No key of anybody, and nothing the crate itself uses.

use crate::hash::Hash;
use crate::key::{KeyKind, SM2_DISTINGUISHING_ID, VerifierKey};
use crate::signer::{SignError, Signer};
use crate::suite::Suite;

/// Signs with a key that follows from a number.
pub(crate) struct TestSigner {
    key: VerifierKey,
    seed: [u8; 32],
}

impl TestSigner {
    pub(crate) fn new(name: &str, kind: KeyKind, seed: u8) -> Self {
        let seed = [seed; 32];
        let key = VerifierKey::new(name, kind, &public(kind, &seed)).unwrap();
        Self { key, seed }
    }
}

impl Signer for TestSigner {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, text: &str, time_s: u64) -> Result<Vec<u8>, SignError> {
        let message = self
            .key
            .message(text, time_s)
            .map_err(|cause| SignError::Message {
                key: self.key.name().to_owned(),
                cause,
            })?;
        let raw = sign(self.key.kind(), &self.seed, &message);
        Ok(self.key.with_time(time_s, &raw))
    }
}

fn public(kind: KeyKind, seed: &[u8; 32]) -> Vec<u8> {
    use ml_dsa::Keypair as _;
    match kind {
        KeyKind::Ed25519 | KeyKind::Ed25519Cosignature => {
            ed25519_dalek::SigningKey::from_bytes(seed)
                .verifying_key()
                .to_bytes()
                .to_vec()
        }
        KeyKind::MlDsa44Cosignature => {
            let key = ml_dsa::SigningKey::<ml_dsa::MlDsa44>::from_seed(&(*seed).into());
            key.verifying_key().encode().to_vec()
        }
        KeyKind::Sm2Sm3 => sm2_key(seed).verifying_key().to_sec1_bytes().to_vec(),
    }
}

fn sign(kind: KeyKind, seed: &[u8; 32], message: &[u8]) -> Vec<u8> {
    use ml_dsa::Signer as _;
    match kind {
        KeyKind::Ed25519 | KeyKind::Ed25519Cosignature => {
            ed25519_dalek::SigningKey::from_bytes(seed)
                .sign(message)
                .to_bytes()
                .to_vec()
        }
        KeyKind::MlDsa44Cosignature => {
            let key = ml_dsa::SigningKey::<ml_dsa::MlDsa44>::from_seed(&(*seed).into());
            key.sign(message).encode().to_vec()
        }
        KeyKind::Sm2Sm3 => {
            let signature: sm2::dsa::Signature = sm2_key(seed).sign(message);
            signature.to_der().as_bytes().to_vec()
        }
    }
}

fn sm2_key(seed: &[u8; 32]) -> sm2::dsa::SigningKey {
    sm2::dsa::SigningKey::from_slice(SM2_DISTINGUISHING_ID, seed).unwrap()
}

/// The root over `leaves` and the inclusion proof of the one at `index`, as RFC 6962 §2.1 defines them.
pub(crate) fn prove(suite: Suite, leaves: &[Hash], index: usize) -> (Hash, Vec<Hash>) {
    if let [leaf] = leaves {
        return (*leaf, Vec::new());
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let is_left = index < left.len();
    let (left, left_proof) = prove(suite, left, index.min(left.len() - 1));
    let before = leaves.len() - right.len();
    let (right, right_proof) = prove(suite, right, index.saturating_sub(before));
    let (mut proof, sibling) = if is_left {
        (left_proof, right)
    } else {
        (right_proof, left)
    };
    proof.push(sibling);
    (suite.node_hash(&left, &right), proof)
}
