//! Private keys of every kind as PEM text, and the one signature that each makes.
//!
//! Ed25519 and SM2 are PKCS#8, which `openssl` reads and writes; SM2 may be SEC 1 too. ML-DSA-44 is the seed of 32 bytes
//! (FIPS 204, ξ) under the label [`ML_DSA_44_LABEL`], because the tools in use here know no other text for it. No file
//! is read here ([`crate::key_file`] does), and nothing is known of notes.

use audit_proof::key::{KeyKind, SM2_DISTINGUISHING_ID};
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use ml_dsa::{Keypair as _, MlDsa44};
use pem_rfc7468::LineEnding;
use sm2::dsa::signature::Signer as _;
use zeroize::Zeroizing;

/// PEM label of an ML-DSA-44 seed, whose 32 bytes stand in base64 between the lines.
///
/// Without hyphens: RFC 7468 allows them in a label, and not every reader takes them.
pub const ML_DSA_44_LABEL: &str = "LAWGATE MLDSA44 SEED";

/// Length of the seed of an ML-DSA-44 key in bytes (FIPS 204 §6.1).
pub(crate) const SEED_BYTES: usize = 32;

/// A private key in memory; it is erased when it is dropped.
pub struct PrivateKey(Algorithm);

enum Algorithm {
    Ed25519(ed25519_dalek::SigningKey),
    MlDsa44(Box<ml_dsa::SigningKey<MlDsa44>>),
    Sm2 {
        secret: sm2::SecretKey,
        signing: Box<sm2::dsa::SigningKey>,
    },
}

/// Why a text is not a private key of the kind asked for. None of the variants says anything of the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrivateKeyError {
    /// It is not one PEM block.
    #[error("the text is not one PEM block")]
    Pem,
    /// The block has another label than a key of the kind.
    #[error("a {kind} key is labelled {expected}, this one {found}")]
    Label {
        /// The kind asked for.
        kind: KeyKind,
        /// The label of such keys.
        expected: &'static str,
        /// The label found.
        found: String,
    },
    /// What the block holds is no private key of the kind.
    #[error("the block holds no {kind} private key")]
    Content {
        /// The kind asked for.
        kind: KeyKind,
    },
}

/// The key could make no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {kind} key made no signature")]
pub struct NoSignature {
    /// The kind of the key.
    pub kind: KeyKind,
}

impl PrivateKey {
    /// Reads a private key from its PEM text.
    ///
    /// # Errors
    /// What is wrong with the text, never its content.
    pub fn from_pem(kind: KeyKind, pem: &str) -> Result<Self, PrivateKeyError> {
        let label = pem_rfc7468::decode_label(pem.as_bytes()).map_err(|_| PrivateKeyError::Pem)?;
        let content = PrivateKeyError::Content { kind };
        match (kind, label) {
            (KeyKind::Ed25519 | KeyKind::Ed25519Cosignature, "PRIVATE KEY") => {
                ed25519_dalek::SigningKey::from_pkcs8_pem(pem)
                    .map(|key| Self(Algorithm::Ed25519(key)))
                    .map_err(|_| content)
            }
            (KeyKind::MlDsa44Cosignature, ML_DSA_44_LABEL) => {
                let (_, seed) =
                    pem_rfc7468::decode_vec(pem.as_bytes()).map_err(|_| PrivateKeyError::Pem)?;
                Self::from_bytes(kind, &Zeroizing::new(seed)).ok_or(content)
            }
            (KeyKind::Sm2Sm3, "PRIVATE KEY" | "EC PRIVATE KEY") => sm2::SecretKey::from_pem(pem)
                .ok()
                .and_then(Self::from_sm2)
                .ok_or(content),
            (_, found) => Err(PrivateKeyError::Label {
                kind,
                expected: match kind {
                    KeyKind::MlDsa44Cosignature => ML_DSA_44_LABEL,
                    KeyKind::Ed25519 | KeyKind::Ed25519Cosignature | KeyKind::Sm2Sm3 => {
                        "PRIVATE KEY"
                    }
                },
                found: found.to_owned(),
            }),
        }
    }

    /// Makes a key of 32 random bytes; `None` where they are none, as the few are that lie beyond the order of SM2.
    pub(crate) fn from_bytes(kind: KeyKind, bytes: &[u8]) -> Option<Self> {
        match kind {
            KeyKind::Ed25519 | KeyKind::Ed25519Cosignature => {
                let key = ed25519_dalek::SigningKey::from_bytes(bytes.try_into().ok()?);
                Some(Self(Algorithm::Ed25519(key)))
            }
            KeyKind::MlDsa44Cosignature => {
                let seed = bytes.try_into().ok()?;
                let key = ml_dsa::SigningKey::from_seed(&seed);
                Some(Self(Algorithm::MlDsa44(Box::new(key))))
            }
            KeyKind::Sm2Sm3 => Self::from_sm2(sm2::SecretKey::from_slice(bytes).ok()?),
        }
    }

    fn from_sm2(secret: sm2::SecretKey) -> Option<Self> {
        let signing = sm2::dsa::SigningKey::new(SM2_DISTINGUISHING_ID, &secret).ok()?;
        Some(Self(Algorithm::Sm2 {
            secret,
            signing: Box::new(signing),
        }))
    }

    /// Writes the key as PEM text that [`PrivateKey::from_pem`] reads; `None` if a library cannot.
    pub(crate) fn to_pem(&self) -> Option<Zeroizing<String>> {
        match &self.0 {
            Algorithm::Ed25519(key) => {
                // Without the public half: OpenSSL 3.0 does not read the second version of PKCS#8.
                let pair = KeypairBytes {
                    secret_key: key.to_bytes(),
                    public_key: None,
                };
                pair.to_pkcs8_pem(LineEnding::LF).ok()
            }
            Algorithm::MlDsa44(key) => {
                pem_rfc7468::encode_string(ML_DSA_44_LABEL, LineEnding::LF, key.as_seed())
                    .ok()
                    .map(Zeroizing::new)
            }
            Algorithm::Sm2 { secret, .. } => secret.to_pkcs8_pem(LineEnding::LF).ok(),
        }
    }

    /// The public half, in the form [`audit_proof::key::VerifierKey::new`] takes.
    #[must_use]
    pub fn public(&self) -> Vec<u8> {
        match &self.0 {
            Algorithm::Ed25519(key) => key.verifying_key().to_bytes().to_vec(),
            Algorithm::MlDsa44(key) => key.verifying_key().encode().to_vec(),
            Algorithm::Sm2 { signing, .. } => signing.verifying_key().to_sec1_bytes().to_vec(),
        }
    }

    /// Signs `message`, always with the same result: no kind needs randomness to sign.
    pub(crate) fn sign(&self, kind: KeyKind, message: &[u8]) -> Result<Vec<u8>, NoSignature> {
        let refused = NoSignature { kind };
        match &self.0 {
            Algorithm::Ed25519(key) => key
                .try_sign(message)
                .map(|signature| signature.to_bytes().to_vec())
                .map_err(|_| refused),
            Algorithm::MlDsa44(key) => key
                .try_sign(message)
                .map(|signature| signature.encode().to_vec())
                .map_err(|_| refused),
            Algorithm::Sm2 { signing, .. } => {
                let signature: sm2::dsa::Signature =
                    signing.try_sign(message).map_err(|_| refused)?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
        }
    }
}

impl std::fmt::Debug for PrivateKey {
    /// Names the algorithm and nothing of the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Algorithm::Ed25519(_) => "PrivateKey(Ed25519)",
            Algorithm::MlDsa44(_) => "PrivateKey(ML-DSA-44)",
            Algorithm::Sm2 { .. } => "PrivateKey(SM2)",
        })
    }
}

#[cfg(test)]
mod tests;
