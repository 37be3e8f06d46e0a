//! Whose signatures under a note are good.
//!
//! Applies the rule of signed-note: signatures of unknown keys are ignored, one of a known key that is wrong spoils the
//! note. Who is known is the caller's affair: one key, a policy, a history of keys.

use crate::key::{SignatureError, VerifierKey};
use crate::note::{KeyId, Note};

/// A good signature of a known key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified<'key> {
    /// Whose it is.
    pub key: &'key VerifierKey,
    /// The time it states, in seconds since 1970; only cosignatures state one.
    pub time_s: Option<u64>,
}

/// Why a note is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteVerifyError {
    /// A signature that claims to be of a known key is not.
    #[error("the signature of {name}+{} is wrong", crate::hash::to_hex(.id))]
    Signature {
        /// Name of the key.
        name: String,
        /// Id of the key.
        id: KeyId,
        /// What is wrong.
        #[source]
        cause: SignatureError,
    },
    /// None of the known keys signed.
    #[error("no known key signed the note")]
    Unsigned,
}

impl Note {
    /// Verifies every signature of one of `keys` and returns them in the order of their lines.
    ///
    /// A key may have signed more than once, a cosigner at several times.
    ///
    /// # Errors
    /// [`NoteVerifyError::Signature`] when a known key's signature is wrong, whatever else is there;
    /// [`NoteVerifyError::Unsigned`] when none of the keys signed.
    pub fn verify<'key>(
        &self,
        keys: impl IntoIterator<Item = &'key VerifierKey>,
    ) -> Result<Vec<Verified<'key>>, NoteVerifyError> {
        let verified = self.verify_known(keys)?;
        if verified.is_empty() {
            return Err(NoteVerifyError::Unsigned);
        }
        Ok(verified)
    }

    /// As [`Note::verify`], and returns an empty list when none of the keys signed.
    ///
    /// # Errors
    /// [`NoteVerifyError::Signature`].
    pub(crate) fn verify_known<'key>(
        &self,
        keys: impl IntoIterator<Item = &'key VerifierKey>,
    ) -> Result<Vec<Verified<'key>>, NoteVerifyError> {
        let keys: Vec<&VerifierKey> = keys.into_iter().collect();
        let mut verified = Vec::new();
        for signature in self.signatures() {
            // Two keys may share name and id by accident; the standard then has every one of them verify.
            for key in keys.iter().filter(|key| key.is_named_by(signature)) {
                let time_s = key
                    .verify(self.text(), signature.signature())
                    .map_err(|cause| NoteVerifyError::Signature {
                        name: key.name().to_owned(),
                        id: key.id(),
                        cause,
                    })?;
                verified.push(Verified { key, time_s });
            }
        }
        Ok(verified)
    }
}
