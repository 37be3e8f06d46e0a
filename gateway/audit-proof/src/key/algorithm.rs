//! The three algorithms behind the kinds of keys: whether bytes are a public key, and whether a signature is good.
//!
//! The only file that calls their libraries. It decides nothing about notes.

use ed25519_dalek::{Signature as Ed25519Signature, VerifyingKey as Ed25519Key};
use ml_dsa::{MlDsa44, Signature as MlDsaSignature, Verifier as _, VerifyingKey as MlDsaKey};
use sm2::dsa::{Signature as Sm2Signature, VerifyingKey as Sm2Key};

use super::{KeyKind, SM2_DISTINGUISHING_ID};

/// Length of an ML-DSA-44 public key in bytes (FIPS 204, table 2).
const ML_DSA_44_PUBLIC_BYTES: usize = 1312;

/// Length of an uncompressed point of SM2 in bytes (SEC 1 §2.3.3).
const SM2_PUBLIC_BYTES: usize = 65;

/// What came of verifying a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is a signature of the key over the message.
    Good,
    /// The bytes are no signature at all.
    Malformed,
    /// It is a signature, and not of this key over this message.
    Mismatch,
}

/// Whether `public` is a public key of `kind`.
pub(super) fn is_public(kind: KeyKind, public: &[u8]) -> bool {
    match kind {
        KeyKind::Ed25519 | KeyKind::Ed25519Cosignature => {
            // A weak key verifies nothing under the strict rules; better said here than at every signature.
            ed25519_key(public).is_some_and(|key| !key.is_weak())
        }
        KeyKind::MlDsa44Cosignature => public.len() == ML_DSA_44_PUBLIC_BYTES,
        KeyKind::Sm2Sm3 => sm2_key(public).is_some(),
    }
}

/// Verifies `signature` over `message`; a `public` that is no key makes it a mismatch.
pub(super) fn verify(kind: KeyKind, public: &[u8], message: &[u8], signature: &[u8]) -> Outcome {
    let good = match kind {
        KeyKind::Ed25519 | KeyKind::Ed25519Cosignature => {
            let Ok(signature) = Ed25519Signature::from_slice(signature) else {
                return Outcome::Malformed;
            };
            // Strict, so that all verifiers agree: no small orders, no second form of one signature.
            ed25519_key(public).is_some_and(|key| key.verify_strict(message, &signature).is_ok())
        }
        KeyKind::MlDsa44Cosignature => {
            let Ok(signature) = MlDsaSignature::<MlDsa44>::try_from(signature) else {
                return Outcome::Malformed;
            };
            ml_dsa_key(public).is_some_and(|key| key.verify(message, &signature).is_ok())
        }
        KeyKind::Sm2Sm3 => {
            let Some(signature) = sm2_signature(signature) else {
                return Outcome::Malformed;
            };
            sm2_key(public).is_some_and(|key| key.verify(message, &signature).is_ok())
        }
    };
    if good {
        Outcome::Good
    } else {
        Outcome::Mismatch
    }
}

fn ed25519_key(public: &[u8]) -> Option<Ed25519Key> {
    Ed25519Key::from_bytes(public.try_into().ok()?).ok()
}

fn ml_dsa_key(public: &[u8]) -> Option<MlDsaKey<MlDsa44>> {
    Some(MlDsaKey::decode(&public.try_into().ok()?))
}

fn sm2_key(public: &[u8]) -> Option<Sm2Key> {
    if public.len() != SM2_PUBLIC_BYTES {
        return None;
    }
    Sm2Key::from_sec1_bytes(SM2_DISTINGUISHING_ID, public).ok()
}

/// Reads the DER form, and only the one form of it.
fn sm2_signature(bytes: &[u8]) -> Option<Sm2Signature> {
    let signature = Sm2Signature::from_der(bytes).ok()?;
    (signature.to_der().as_bytes() == bytes).then_some(signature)
}
