//! Up to which size of the log each key was valid: rotation and revocation.
//!
//! The policy format has no words for this, so it is a text of its own beside the policy: one line for each key, in the
//! order in which the keys came into use. Pure: sizes and not times decide, because a size is what a signature binds.
//!
//! ```text
//! key <vkey>
//! key <vkey> rotated 4096
//! key <vkey> compromised 8192
//! ```
//!
//! A compromised key could still sign a false checkpoint of a size at which it was valid. It is believed up to that
//! size only, and what it signed before has to be consistent with a checkpoint that others cosigned.

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError, decimal};
use crate::key::{KeyError, VerifierKey};
use crate::note::Note;
use crate::verified::{NoteVerifyError, Verified};

/// Keys, each with the largest size at which its signature counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyHistory {
    terms: Vec<KeyTerm>,
}

/// One key and how its use ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTerm {
    /// The key.
    pub key: VerifierKey,
    /// How its use ended; `None` while it is in use.
    pub end: Option<KeyEnd>,
}

/// How the use of a key ended, with the largest size at which its signature counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEnd {
    /// Another key took over.
    Rotated(u64),
    /// Somebody else may have had it; the size is the last one known to be good.
    Compromised(u64),
}

/// Why a text is not a history of keys, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the key history")]
pub struct KeyHistoryError {
    /// The line, from 1; for a list that was not read from text, the place of the key from 1.
    pub line: usize,
    /// What is wrong there.
    #[source]
    pub fault: KeyHistoryFault,
}

/// What is wrong in a line of a history of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyHistoryFault {
    /// The line is not of the one form there is.
    #[error("the form of the line is: key <vkey> [rotated|compromised <size>]")]
    Form,
    /// The key cannot be read.
    #[error("the key cannot be read")]
    Key(#[source] KeyError),
    /// The same public key under the same name stands in an earlier line.
    #[error("the key stands in an earlier line")]
    DuplicateKey,
}

/// Why a signature or a note is refused for the time of its keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetiredKeyError {
    /// The history does not name the key.
    #[error("the key {name} is not in the key history")]
    Unknown {
        /// Name of the key.
        name: String,
    },
    /// The key had been retired before the log had this size.
    #[error("the key {name} was {end} and signs size {size}")]
    Retired {
        /// Name of the key.
        name: String,
        /// How and at which size its use ended.
        end: KeyEnd,
        /// The size of the checkpoint it signed.
        size: u64,
    },
    /// The note is no checkpoint, so that there is no size to judge by.
    #[error("the note is not a checkpoint")]
    Checkpoint(#[source] CheckpointError),
    /// None of the keys signed, or a signature is wrong.
    #[error("the signatures of the note do not hold")]
    Signature(#[source] NoteVerifyError),
}

impl KeyEnd {
    /// The largest size at which a signature of the key counts.
    #[must_use]
    pub fn last_size(self) -> u64 {
        match self {
            Self::Rotated(size) | Self::Compromised(size) => size,
        }
    }
}

impl fmt::Display for KeyEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rotated(size) => write!(f, "rotated at size {size}"),
            Self::Compromised(size) => write!(f, "compromised after size {size}"),
        }
    }
}

impl KeyHistory {
    /// Makes a history of `terms`, in their order.
    ///
    /// # Errors
    /// [`KeyHistoryFault::DuplicateKey`]: a key that stood twice could be retired and in use at once.
    pub fn new(terms: Vec<KeyTerm>) -> Result<Self, KeyHistoryError> {
        for (index, term) in terms.iter().enumerate() {
            if terms[..index].iter().any(|earlier| earlier.key == term.key) {
                return Err(KeyHistoryError {
                    line: index + 1,
                    fault: KeyHistoryFault::DuplicateKey,
                });
            }
        }
        Ok(Self { terms })
    }

    /// Reads a history; writing it again gives `text`, since there are neither comments nor empty lines.
    ///
    /// # Errors
    /// The first line that is wrong, with its number.
    pub fn parse(text: &str) -> Result<Self, KeyHistoryError> {
        let mut terms = Vec::new();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            terms.push(KeyTerm::parse(line).map_err(|fault| KeyHistoryError {
                line: index + 1,
                fault,
            })?);
        }
        Self::new(terms)
    }

    /// The keys with their ends, in the order in which they came into use.
    #[must_use]
    pub fn terms(&self) -> &[KeyTerm] {
        &self.terms
    }

    /// Whether a signature of `key` over a checkpoint of `size` entries counts.
    ///
    /// # Errors
    /// [`RetiredKeyError::Unknown`] and [`RetiredKeyError::Retired`].
    pub fn admit(&self, key: &VerifierKey, size: u64) -> Result<(), RetiredKeyError> {
        let name = || key.name().to_owned();
        let term = self
            .terms
            .iter()
            .find(|term| term.key == *key)
            .ok_or_else(|| RetiredKeyError::Unknown { name: name() })?;
        match term.end {
            Some(end) if size > end.last_size() => Err(RetiredKeyError::Retired {
                name: name(),
                end,
                size,
            }),
            _ => Ok(()),
        }
    }

    /// Verifies the signatures of all keys of the history under a checkpoint.
    ///
    /// One retired key that signs a later size spoils the checkpoint even beside a key in use: it is the alarm for which
    /// the history is kept.
    ///
    /// # Errors
    /// Every variant but [`RetiredKeyError::Unknown`]; signatures of unknown keys are ignored.
    pub fn verify(&self, note: &Note) -> Result<Vec<Verified<'_>>, RetiredKeyError> {
        let checkpoint = Checkpoint::parse_any(note.text()).map_err(RetiredKeyError::Checkpoint)?;
        let verified = note
            .verify(self.terms.iter().map(|term| &term.key))
            .map_err(RetiredKeyError::Signature)?;
        for signature in &verified {
            self.admit(signature.key, checkpoint.size())?;
        }
        Ok(verified)
    }
}

impl fmt::Display for KeyHistory {
    /// The text of the history, one line for each key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.terms.iter().try_for_each(|term| match term.end {
            None => writeln!(f, "key {}", term.key),
            Some(KeyEnd::Rotated(size)) => writeln!(f, "key {} rotated {size}", term.key),
            Some(KeyEnd::Compromised(size)) => writeln!(f, "key {} compromised {size}", term.key),
        })
    }
}

impl KeyTerm {
    fn parse(line: &str) -> Result<Self, KeyHistoryFault> {
        let line = line.strip_suffix('\n').ok_or(KeyHistoryFault::Form)?;
        let words: Vec<&str> = line.split(' ').collect();
        let size = |text| decimal(text).ok_or(KeyHistoryFault::Form);
        let (key, end) = match words[..] {
            ["key", key] => (key, None),
            ["key", key, "rotated", text] => (key, Some(KeyEnd::Rotated(size(text)?))),
            ["key", key, "compromised", text] => (key, Some(KeyEnd::Compromised(size(text)?))),
            _ => return Err(KeyHistoryFault::Form),
        };
        let key = VerifierKey::parse(key).map_err(KeyHistoryFault::Key)?;
        Ok(Self { key, end })
    }
}

#[cfg(test)]
mod tests;
