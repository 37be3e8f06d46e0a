//! What signs a note: the trait, and putting the signatures of several under one text.
//!
//! No private key and no clock: who signs implements [`Signer`], and the caller says what time it is. The log, the
//! witnesses and the tests rely on the one way in which a note is put together here.

use crate::key::{MessageError, VerifierKey};
use crate::note::{Note, NoteError};

/// A private key that signs notes.
///
/// Signing may wait for a device and may fail; it never signs something else than it was given.
pub trait Signer: Send + Sync {
    /// The public key, under which [`Signer::sign`]'s signatures verify.
    fn key(&self) -> &VerifierKey;

    /// Signs `text` and returns what stands after the key id in the signature line.
    ///
    /// `time_s` is seconds since 1970 and matters for cosignatures only.
    ///
    /// # Errors
    /// [`SignError::Message`] when a cosignature is asked over something else than a checkpoint; [`SignError::Key`] when
    /// the key cannot be used.
    fn sign(&self, text: &str, time_s: u64) -> Result<Vec<u8>, SignError>;
}

/// Why a text was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key signs no such text.
    #[error("the key {key} cannot sign such a text")]
    Message {
        /// Name of the key.
        key: String,
        /// What is wrong with the text.
        #[source]
        cause: MessageError,
    },
    /// The device or library that holds the key refused or failed.
    #[error("the key {key} could not be used")]
    Key {
        /// Name of the key.
        key: String,
        /// What the device or library said.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Text and signatures make no note.
    #[error("text and signatures make no note")]
    Note(#[source] NoteError),
}

/// Signs `text` with every one of `signers`, in their order.
///
/// # Errors
/// What the first signer that failed said, or [`SignError::Note`]; no note is made then.
pub fn sign_note(text: &str, signers: &[&dyn Signer], time_s: u64) -> Result<Note, SignError> {
    let mut lines = Vec::with_capacity(signers.len());
    for signer in signers {
        let signature = signer.sign(text, time_s)?;
        lines.push(signer.key().line(signature).map_err(SignError::Note)?);
    }
    Note::new(text.to_owned(), lines).map_err(SignError::Note)
}
