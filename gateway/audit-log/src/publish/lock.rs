//! The note signed last, saved before it is released.
//!
//! One file that is changed by compare-and-swap: a note is stored only over exactly the one that this publisher saw last.
//! It keeps one log from being signed by two publishers and a publisher from forgetting what it signed. It does not
//! protect against somebody who can write the file; witnesses do.

use audit_proof::{checkpoint::Checkpoint, note::Note, signer::Signer};
use std::sync::Arc;

use super::{LockError, PublishError, SignedCheckpoint, files::Files};

/// The stored note of one tree.
#[derive(Debug)]
pub(super) struct Lock {
    files: Files,
    name: &'static str,
    /// The bytes of the file as last seen.
    seen: Option<Vec<u8>>,
}

impl Lock {
    /// Reads the note in the file `name`.
    pub(super) fn open(files: Files, name: &'static str) -> Result<Self, PublishError> {
        let seen = files.read(name)?;
        Ok(Self { files, name, seen })
    }

    /// Returns what was signed last for the log `origin`; `None` when nothing was.
    ///
    /// A note without a signature of one of `signers` is accepted, because keys are rotated; one with a wrong signature
    /// is not.
    pub(super) fn signed(
        &self,
        origin: &str,
        signers: &[Arc<dyn Signer>],
    ) -> Result<Option<SignedCheckpoint>, PublishError> {
        let Some(bytes) = &self.seen else {
            return Ok(None);
        };
        let signed = parse(bytes, origin).map_err(|cause| self.refused(cause))?;
        let keys = signers.iter().map(|signer| signer.key());
        match signed.note.verify(keys) {
            Ok(_) | Err(audit_proof::verified::NoteVerifyError::Unsigned) => Ok(Some(signed)),
            Err(wrong @ audit_proof::verified::NoteVerifyError::Signature { .. }) => {
                Err(self.refused(LockError::Signature(wrong)))
            }
        }
    }

    /// Stores `note` durably, if the file is as it was last seen.
    pub(super) fn swap(&mut self, note: &Note) -> Result<(), PublishError> {
        if self.files.read(self.name)? != self.seen {
            return Err(self.refused(LockError::Changed));
        }
        let bytes = note.to_string().into_bytes();
        self.files.replace(self.name, &bytes)?;
        self.seen = Some(bytes);
        Ok(())
    }

    /// Returns the error that says why the file forbids to sign.
    pub(super) fn refused(&self, cause: LockError) -> PublishError {
        PublishError::Lock {
            path: self.files.path(self.name),
            cause,
        }
    }
}

/// Reads the bytes of a signed checkpoint of the log `origin`.
pub(super) fn parse(bytes: &[u8], origin: &str) -> Result<SignedCheckpoint, LockError> {
    let note = Note::parse(bytes).map_err(|_| LockError::Damaged(None))?;
    let checkpoint =
        Checkpoint::parse(note.text()).map_err(|cause| LockError::Damaged(Some(cause)))?;
    if checkpoint.origin() != origin {
        return Err(LockError::Damaged(None));
    }
    Ok(SignedCheckpoint { checkpoint, note })
}
