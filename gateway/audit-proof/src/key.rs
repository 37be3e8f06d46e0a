//! Keys that verify notes, as one line of text: name, id, and base64 of type and key (C2SP signed-note, vkey).
//!
//! It knows which kinds of signature there are, what each of them signs and whether one is good. It holds no private
//! key and says nothing about whom to trust: [`crate::policy`] and [`crate::key_history`] do. Everything that reads a
//! signature relies on one key never being taken for another: name, id and kind are bound by the id.

use std::fmt;
use std::str::FromStr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::cosignature::{self, CosignatureError};
use crate::note::{KeyId, NoteError, NoteSignature, is_key_name};

mod algorithm;

/// What the byte 0xff is followed by for SM2 with SM3 (signed-note: a longer name unlikely to collide).
const SM2_SM3: &[u8] = b"\xffsm2-sm3/v1";

/// The distinguishing identifier under which every SM2 signature is made (GM/T 0009-2012 §10, the default).
pub const SM2_DISTINGUISHING_ID: &str = "1234567812345678";

/// Which signature a key makes, and over what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Type 0x01: Ed25519 (RFC 8032) over the text of the note.
    Ed25519,
    /// Type 0x04: Ed25519 over `cosignature/v1`, the time and the text of a checkpoint.
    Ed25519Cosignature,
    /// Type 0x06: ML-DSA-44 (FIPS 204, empty context) over `subtree/v1`, names, time, size and root.
    MlDsa44Cosignature,
    /// Type 0xff with `sm2-sm3/v1`: SM2 with SM3 (GB/T 32918.2, GB/T 32905) over the text of the note.
    ///
    /// The key is the uncompressed point of 65 bytes, the signature the DER sequence of r and s (GM/T 0009-2012), so
    /// that the tools that verify SM2 take both as they are.
    Sm2Sm3,
}

/// A public key with the name and the id that signatures give it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    public: Vec<u8>,
    id: KeyId,
}

/// Why a text is no key that could verify something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not name, plus, eight lower-case hexadecimal digits, plus, base64.
    #[error("a key is name+id+base64, the id in eight lower-case hexadecimal digits")]
    Form,
    /// The name is empty or has a space, a plus or a control character.
    #[error("the name of the key is invalid")]
    Name,
    /// The type is none that can be verified here.
    #[error("keys of type 0x{kind:02x} are not verified here")]
    Kind {
        /// The first byte of type and key.
        kind: u8,
    },
    /// The bytes are no public key of the kind.
    #[error("the bytes are no {kind} public key")]
    Public {
        /// The kind that was stated.
        kind: KeyKind,
    },
    /// The id is not the one that follows from name, type and key.
    #[error("the id of the key is {stated} and ought to be {computed}")]
    Id {
        /// What the text says, in hexadecimal.
        stated: String,
        /// What follows, in hexadecimal.
        computed: String,
    },
}

/// Why there is nothing that a key could sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A cosignature is over a checkpoint, and the text is none.
    #[error("the text to cosign is not a checkpoint")]
    Checkpoint(#[source] CheckpointError),
    /// The cosignature cannot state the time or the names.
    #[error("the cosignature has no message")]
    Cosignature(#[source] CosignatureError),
}

/// Why a signature does not verify.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The bytes are no signature of the kind; for a cosignature the time may be missing or out of range.
    #[error("the bytes are no {kind} signature")]
    Form {
        /// The kind of the key.
        kind: KeyKind,
    },
    /// There is nothing under the text that the key could have signed.
    #[error("the key cannot have signed such a text")]
    Message(#[source] MessageError),
    /// The signature is not one of this key over this text.
    #[error("the signature does not fit the text")]
    Mismatch,
}

impl KeyKind {
    /// Every kind, in the order of the types.
    pub const ALL: [Self; 4] = [
        Self::Ed25519,
        Self::Ed25519Cosignature,
        Self::MlDsa44Cosignature,
        Self::Sm2Sm3,
    ];

    /// The bytes in front of the key: in its id and in its text.
    #[must_use]
    pub fn prefix(self) -> &'static [u8] {
        match self {
            Self::Ed25519 => &[0x01],
            Self::Ed25519Cosignature => &[0x04],
            Self::MlDsa44Cosignature => &[0x06],
            Self::Sm2Sm3 => SM2_SM3,
        }
    }

    /// Whether its signatures are cosignatures, which state a time and are over checkpoints only.
    #[must_use]
    pub fn is_cosignature(self) -> bool {
        match self {
            Self::Ed25519Cosignature | Self::MlDsa44Cosignature => true,
            Self::Ed25519 | Self::Sm2Sm3 => false,
        }
    }
}

impl fmt::Display for KeyKind {
    /// The name by which configuration and messages call it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "ed25519",
            Self::Ed25519Cosignature => "ed25519-cosignature",
            Self::MlDsa44Cosignature => "ml-dsa-44",
            Self::Sm2Sm3 => "sm2-sm3",
        })
    }
}

impl VerifierKey {
    /// Names a public key: 32 bytes of Ed25519, 1312 of ML-DSA-44, or the uncompressed point of SM2 in 65.
    ///
    /// # Errors
    /// [`KeyError::Name`] and [`KeyError::Public`].
    pub fn new(name: &str, kind: KeyKind, public: &[u8]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Name);
        }
        if !algorithm::is_public(kind, public) {
            return Err(KeyError::Public { kind });
        }
        Ok(Self {
            id: key_id(name, kind, public),
            name: name.to_owned(),
            kind,
            public: public.to_vec(),
        })
    }

    /// Reads a key from its text; writing it again gives `text`.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        // Neither name nor id has a plus; base64 may.
        let mut parts = text.splitn(3, '+');
        let mut next = || parts.next().ok_or(KeyError::Form);
        let (name, id, encoded) = (next()?, next()?, next()?);
        let is_lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if id.len() != 8 || !id.bytes().all(is_lower_hex) {
            return Err(KeyError::Form);
        }
        let bytes = STANDARD.decode(encoded).map_err(|_| KeyError::Form)?;
        let (kind, public) = split_kind(&bytes)?;
        let key = Self::new(name, kind, public)?;
        let computed = crate::hash::to_hex(&key.id);
        if id != computed {
            return Err(KeyError::Id {
                stated: id.to_owned(),
                computed,
            });
        }
        Ok(key)
    }

    /// The name that its signatures bear; for a log, its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs and how.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key).
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The public key as its algorithm writes it, without the type.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Whether a signature line claims to be of this key: name and id are equal.
    #[must_use]
    pub fn is_named_by(&self, signature: &NoteSignature) -> bool {
        self.name == signature.name() && self.id == signature.key_id()
    }

    /// Verifies what follows the key id in a signature line under `text`, and returns the time it states in seconds.
    ///
    /// Only a cosignature states one; an ML-DSA-44 cosignature may state none by a time of 0.
    ///
    /// # Errors
    /// Every variant means that the signature is worth nothing.
    pub fn verify(&self, text: &str, signature: &[u8]) -> Result<Option<u64>, SignatureError> {
        let malformed = SignatureError::Form { kind: self.kind };
        let (time_s, raw) = if self.kind.is_cosignature() {
            cosignature::split(signature).ok_or_else(|| malformed.clone())?
        } else {
            (0, signature)
        };
        let message = self
            .message(text, time_s)
            .map_err(SignatureError::Message)?;
        match algorithm::verify(self.kind, &self.public, &message, raw) {
            algorithm::Outcome::Good => Ok(self.stated_time(time_s)),
            algorithm::Outcome::Malformed => Err(malformed),
            algorithm::Outcome::Mismatch => Err(SignatureError::Mismatch),
        }
    }

    /// Returns the bytes that the private key has to sign for `text`; `time_s` matters for cosignatures only.
    ///
    /// # Errors
    /// Only for cosignatures: the text is no checkpoint, or time or names are too large to be stated.
    pub fn message(&self, text: &str, time_s: u64) -> Result<Vec<u8>, MessageError> {
        let checkpoint = || Checkpoint::parse_any(text).map_err(MessageError::Checkpoint);
        match self.kind {
            KeyKind::Ed25519 | KeyKind::Sm2Sm3 => Ok(text.as_bytes().to_vec()),
            KeyKind::Ed25519Cosignature => {
                checkpoint()?;
                cosignature::ed25519_message(text, time_s).map_err(MessageError::Cosignature)
            }
            KeyKind::MlDsa44Cosignature => {
                cosignature::ml_dsa_44_message(&self.name, &checkpoint()?, time_s)
                    .map_err(MessageError::Cosignature)
            }
        }
    }

    /// Makes of a signature over [`VerifierKey::message`] what stands after the key id: the time in front, if any.
    #[must_use]
    pub fn with_time(&self, time_s: u64, signature: &[u8]) -> Vec<u8> {
        if self.kind.is_cosignature() {
            cosignature::join(time_s, signature)
        } else {
            signature.to_vec()
        }
    }

    /// Makes the signature line of this key from what stands after its id.
    ///
    /// # Errors
    /// [`NoteError::SignatureLine`] for an empty signature.
    pub fn line(&self, signature: Vec<u8>) -> Result<NoteSignature, NoteError> {
        NoteSignature::new(&self.name, self.id, signature)
    }

    fn stated_time(&self, time_s: u64) -> Option<u64> {
        match self.kind {
            KeyKind::Ed25519 | KeyKind::Sm2Sm3 => None,
            KeyKind::Ed25519Cosignature => Some(time_s),
            KeyKind::MlDsa44Cosignature => (time_s != 0).then_some(time_s),
        }
    }
}

impl fmt::Display for VerifierKey {
    /// The text of the key: `name+id+base64`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = [self.kind.prefix(), &self.public].concat();
        let id = crate::hash::to_hex(&self.id);
        write!(f, "{}+{id}+{}", self.name, STANDARD.encode(typed))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::parse(text)
    }
}

/// Returns the first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key).
fn key_id(name: &str, kind: KeyKind, public: &[u8]) -> KeyId {
    let mut hasher = Sha256::new();
    hasher.update(name);
    hasher.update(b"\n");
    hasher.update(kind.prefix());
    hasher.update(public);
    let hash: [u8; 32] = hasher.finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// Parts type and key.
fn split_kind(bytes: &[u8]) -> Result<(KeyKind, &[u8]), KeyError> {
    let first = *bytes.first().ok_or(KeyError::Form)?;
    KeyKind::ALL
        .into_iter()
        .find_map(|kind| Some((kind, bytes.strip_prefix(kind.prefix())?)))
        .ok_or(KeyError::Kind { kind: first })
}

#[cfg(test)]
mod tests;
