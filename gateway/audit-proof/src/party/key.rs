//! Party keys: the public keys agencies sign their submissions with, and how they are written.
//!
//! Public halves only. Which keys are an agency's is told by whoever checks, a policy or a verifier's own file, and
//! never read from the log that is being checked.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use super::Statement;
use crate::hash::to_hex;

/// Type byte of an Ed25519 key in a verifier key (C2SP signed-note, "Signature types").
const NOTE_ED25519: u8 = 0x01;

/// Name of a party key: the first 8 bytes of the SHA-256 over its 32 raw bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&to_hex(&self.0))
    }
}

/// Why a text or bytes are not a party key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is neither base64 nor a verifier key.
    #[error("not base64 of 32 bytes and not a verifier key `name+hash+base64`")]
    Form,
    /// The hash in a verifier key is not that of its name and key.
    #[error("the hash in the verifier key is not that of its name and key")]
    Hash,
    /// A verifier key is of another signature type than Ed25519 (0x01).
    #[error("the verifier key is of type {kind:#04x}, not Ed25519 (0x01)")]
    Kind {
        /// The type byte found.
        kind: u8,
    },
    /// The bytes are no point of the curve, or one of small order, under which anything can be signed.
    #[error("the bytes are no usable Ed25519 public key")]
    Point,
}

/// An Ed25519 public key of an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyKey {
    id: KeyId,
    key: VerifyingKey,
}

impl PartyKey {
    /// Takes the 32 raw bytes of a public key (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`KeyError::Point`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Point)?;
        if key.is_weak() {
            return Err(KeyError::Point);
        }
        let digest = Sha256::digest(bytes);
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        Ok(Self { id: KeyId(id), key })
    }

    /// Reads standard base64 of the 32 raw bytes, or a C2SP verifier key `name+hash+base64` of type Ed25519.
    ///
    /// # Errors
    /// Every [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        // A plus sign also stands in base64; a verifier key has its first after the name and its second 8 digits on.
        let mut parts = text.splitn(3, '+');
        if let (Some(name), Some(hash), Some(rest)) = (parts.next(), parts.next(), parts.next())
            && hash.len() == 8
            && !name.is_empty()
            && let Ok(keyed) = STANDARD.decode(rest)
            && keyed.len() == 33
        {
            return Self::of_verifier_key(name, hash, &keyed);
        }
        let bytes = STANDARD.decode(text).map_err(|_| KeyError::Form)?;
        Self::from_bytes(&bytes.try_into().map_err(|_| KeyError::Form)?)
    }

    fn of_verifier_key(name: &str, hash: &str, keyed: &[u8]) -> Result<Self, KeyError> {
        let mut expected = Sha256::new();
        expected.update(name);
        expected.update(b"\n");
        expected.update(keyed);
        if to_hex(&expected.finalize()[..4]) != hash {
            return Err(KeyError::Hash);
        }
        match keyed.split_first_chunk::<1>() {
            Some(([NOTE_ED25519], key)) => {
                Self::from_bytes(key.try_into().map_err(|_| KeyError::Form)?)
            }
            Some(([kind], _)) => Err(KeyError::Kind { kind: *kind }),
            None => Err(KeyError::Form),
        }
    }

    /// Returns the key's name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Returns the 32 raw bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Returns whether `signature` is this key's over `statement`, by the strict rules: canonical numbers only, no
    /// points of small order.
    #[must_use]
    pub fn has_signed(&self, statement: &Statement, signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.key
            .verify_strict(&statement.to_signed_bytes(), &signature)
            .is_ok()
    }
}

/// The keys of one agency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgencyKeys {
    /// Its keys, those no longer used included: entries under them are still there.
    pub keys: Vec<PartyKey>,
    /// The position from which on every accepted submission of the agency must be signed; `None`: none must.
    pub must_sign_from: Option<u64>,
}

/// The keys of all agencies, by agency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartyKeys(pub BTreeMap<String, AgencyKeys>);

impl PartyKeys {
    /// Returns the key of this name among those of `agency`.
    #[must_use]
    pub fn find(&self, agency: &str, id: KeyId) -> Option<&PartyKey> {
        let agency = self.0.get(agency)?;
        agency.keys.iter().find(|key| key.id() == id)
    }

    /// Returns whether an accepted submission of `agency` at `position` must be signed.
    #[must_use]
    pub fn must_sign(&self, agency: &str, position: u64) -> bool {
        let agency = self.0.get(agency);
        agency
            .and_then(|agency| agency.must_sign_from)
            .is_some_and(|from| position >= from)
    }
}
