//! C2SP tlog-checkpoint v1.0.0: the text a log signs, with origin, size and root.
//!
//! Only the text; [`crate::note`] holds the signatures. Our checkpoints have no extension lines, because nobody can
//! audit those and an ML-DSA-44 cosignature does not cover them. The checkpoints of others may have some: those are
//! read and handed back as [`CheckpointError::Extended`], so that nobody takes one for ours without saying so.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::hash::Hash;
use crate::note::is_key_name;

/// What a log says of itself at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
}

/// A checkpoint of another log with lines after the root, which nothing here interprets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedCheckpoint {
    /// The first three lines.
    pub checkpoint: Checkpoint,
    /// The lines after them, none of them empty.
    pub extension: Vec<String>,
}

/// Why a text is not a checkpoint of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is a checkpoint, and has extension lines; whoever reads another's log may use what is inside.
    #[error("the checkpoint has {} extension lines", .0.extension.len())]
    Extended(Box<ExtendedCheckpoint>),
    /// The text has fewer than three lines, an empty one, or does not end in a newline.
    #[error("a checkpoint is three lines, each with a newline")]
    Lines,
    /// The origin is empty, or one that is to be ours has a space, a plus or a control character.
    #[error("the origin is not a key name")]
    Origin,
    /// The size is not a decimal number without leading zeros that fits 64 bits.
    #[error("the size is not a decimal number")]
    Size,
    /// The root is not the base64 form of 32 bytes.
    #[error("the root is not the base64 form of 32 bytes")]
    Root,
}

impl Checkpoint {
    /// Says that the log `origin` has `size` entries under `root`.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`] when the origin could not be the name of the log's key, which it has to be.
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        if !is_key_name(origin) {
            return Err(CheckpointError::Origin);
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }

    /// Reads the text of a checkpoint; writing it again gives `text`.
    ///
    /// The origin of another's log may have spaces, which the standard allows.
    ///
    /// # Errors
    /// [`CheckpointError::Extended`] for a checkpoint with extension lines, with what it says; any other variant for a
    /// text that is none.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?;
        let mut lines = body.split('\n');
        let mut next = || lines.next().ok_or(CheckpointError::Lines);
        let (origin, size, root) = (next()?, next()?, next()?);
        if origin.is_empty() || origin.bytes().any(|byte| byte < b' ') {
            return Err(CheckpointError::Origin);
        }
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: decimal(size).ok_or(CheckpointError::Size)?,
            root: decode_hash(root).ok_or(CheckpointError::Root)?,
        };
        let extension: Vec<String> = lines.map(str::to_owned).collect();
        if extension.iter().any(String::is_empty) {
            return Err(CheckpointError::Lines);
        }
        if extension.is_empty() {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Extended(Box::new(ExtendedCheckpoint {
                checkpoint,
                extension,
            })))
        }
    }

    /// Reads the checkpoint of another's log and drops its extension lines.
    ///
    /// # Errors
    /// Any variant but [`CheckpointError::Extended`].
    pub fn parse_any(text: &str) -> Result<Self, CheckpointError> {
        match Self::parse(text) {
            Err(CheckpointError::Extended(extended)) => Ok(extended.checkpoint),
            result => result,
        }
    }

    /// The name of the log, which is the name of its key.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries the log has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over them.
    #[must_use]
    pub fn root(&self) -> &Hash {
        &self.root
    }
}

impl fmt::Display for Checkpoint {
    /// The text that is signed: three lines, each with its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.origin)?;
        writeln!(f, "{}", self.size)?;
        writeln!(f, "{}", encode_hash(&self.root))
    }
}

/// Reads a decimal number as the C2SP texts write them: digits only, no leading zero except in 0 itself.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    (digits && canonical).then(|| text.parse().ok()).flatten()
}

/// Reads a hash from its base64 form, in the one form that is canonical.
pub(crate) fn decode_hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// Writes a hash in base64.
pub(crate) fn encode_hash(hash: &Hash) -> String {
    STANDARD.encode(hash)
}

#[cfg(test)]
mod tests;
