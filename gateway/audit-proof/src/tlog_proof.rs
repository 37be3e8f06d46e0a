//! C2SP tlog-proof v1: one text that proves an entry to be in a log, without asking anybody.
//!
//! Index, inclusion proof and checkpoint in one file, which keeps for as long as the keys are known. Its extra data is
//! authenticated by nothing and interpreted by [`crate::receipt`] only. A proof over the SM3 tree of a log has the same
//! form; its origin says which tree it is, and the verifier says which suite that tree is made with.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::checkpoint::{Checkpoint, CheckpointError, decimal, decode_hash, encode_hash};
use crate::hash::Hash;
use crate::note::{MAX_NOTE_BYTES, Note, NoteError};
use crate::policy::{JudgeError, Policy, PolicyVerdict};
use crate::proof::{ProofError, verify_inclusion};
use crate::suite::Suite;

/// The first line of every proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Most hashes in an inclusion proof: one for each bit of a position of 64 bits.
const MAX_HASHES: usize = 64;

/// Longest extra data accepted, in bytes; ours has 150, and a proof is to be mailed.
pub const MAX_EXTRA_BYTES: usize = 64 << 10;

/// Longest text accepted, in bytes: a note of the largest size and what stands above it.
pub const MAX_PROOF_BYTES: usize = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES;

/// That a log has an entry at a position: an inclusion proof with the checkpoint it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: u64,
    hashes: Vec<Hash>,
    note: Note,
    checkpoint: Checkpoint,
}

/// Why bytes are not a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// The text is longer than [`MAX_PROOF_BYTES`], or its extra data longer than [`MAX_EXTRA_BYTES`].
    #[error("the proof or its extra data is too long")]
    TooLong,
    /// What stands above the checkpoint is not UTF-8, or no empty line ends it.
    #[error("no empty line before the checkpoint")]
    NoCheckpoint,
    /// The first line is not that of version 1 of the format.
    #[error("the first line is not {HEADER}")]
    Header,
    /// The extra data is not base64.
    #[error("the extra data is not base64")]
    Extra,
    /// The line of the index is missing, or its number is not decimal.
    #[error("the index is missing or not a decimal number")]
    Index,
    /// A line of the inclusion proof is not the base64 form of 32 bytes, or there are more than 64.
    #[error("hash {number} of the proof is malformed or one too many")]
    Hash {
        /// Which hash, from 1.
        number: usize,
    },
    /// What follows the empty line is no signed note.
    #[error("the checkpoint is not a signed note")]
    Note(#[source] NoteError),
    /// The note is no checkpoint.
    #[error("the note is not a checkpoint")]
    Checkpoint(#[source] CheckpointError),
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofVerifyError {
    /// The inclusion proof does not lead from the entry to the root.
    #[error("position {index} of {origin} does not hold the entry")]
    Inclusion {
        /// The log.
        origin: String,
        /// The position claimed.
        index: u64,
        /// What is wrong with the proof.
        #[source]
        cause: ProofError,
    },
    /// The checkpoint cannot be judged under the policy.
    #[error("the checkpoint of {origin} cannot be judged")]
    Checkpoint {
        /// The log.
        origin: String,
        /// Why not.
        #[source]
        cause: JudgeError,
    },
}

impl TlogProof {
    /// Puts a proof together: `hashes` lead from the leaf at `index` to the root in `note`.
    ///
    /// Nothing is verified.
    ///
    /// # Errors
    /// [`TlogProofError::TooLong`], [`TlogProofError::Hash`] for the hash that is one too many, and
    /// [`TlogProofError::Checkpoint`] when the note is none.
    pub fn new(
        extra: Option<Vec<u8>>,
        index: u64,
        hashes: Vec<Hash>,
        note: Note,
    ) -> Result<Self, TlogProofError> {
        if extra
            .as_ref()
            .is_some_and(|extra| extra.len() > MAX_EXTRA_BYTES)
        {
            return Err(TlogProofError::TooLong);
        }
        if hashes.len() > MAX_HASHES {
            return Err(TlogProofError::Hash {
                number: MAX_HASHES + 1,
            });
        }
        let checkpoint = Checkpoint::parse_any(note.text()).map_err(TlogProofError::Checkpoint)?;
        Ok(Self {
            extra,
            index,
            hashes,
            note,
            checkpoint,
        })
    }

    /// Reads a proof; writing it again gives `bytes`. Nothing is verified.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        if bytes.len() > MAX_PROOF_BYTES {
            return Err(TlogProofError::TooLong);
        }
        // Neither the lines of the proof nor the text of a checkpoint have empty lines: the first one parts them.
        let blank = bytes
            .windows(2)
            .position(|pair| pair == b"\n\n")
            .ok_or(TlogProofError::NoCheckpoint)?;
        let above =
            std::str::from_utf8(&bytes[..blank]).map_err(|_| TlogProofError::NoCheckpoint)?;
        let note = Note::parse(&bytes[blank + 2..]).map_err(TlogProofError::Note)?;

        let mut lines = above.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(TlogProofError::Header);
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(encoded) => {
                lines.next();
                Some(
                    STANDARD
                        .decode(encoded)
                        .map_err(|_| TlogProofError::Extra)?,
                )
            }
            None => None,
        };
        let index = lines
            .next()
            .and_then(|line| decimal(line.strip_prefix("index ")?))
            .ok_or(TlogProofError::Index)?;
        let mut hashes = Vec::new();
        for line in lines {
            let number = hashes.len() + 1;
            let hash = decode_hash(line).filter(|_| number <= MAX_HASHES);
            hashes.push(hash.ok_or(TlogProofError::Hash { number })?);
        }
        Self::new(extra, index, hashes, note)
    }

    /// The extra data, which nothing authenticates; `None` when the line is not there.
    #[must_use]
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The position of the entry.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The inclusion proof, from the sibling of the leaf upwards.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The checkpoint with its signatures.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// What the checkpoint says.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Verifies that the tree of the checkpoint has `leaf` at the index; says nothing about signatures.
    ///
    /// # Errors
    /// [`TlogProofVerifyError::Inclusion`].
    pub fn verify_inclusion(&self, suite: Suite, leaf: &Hash) -> Result<(), TlogProofVerifyError> {
        let (size, root) = (self.checkpoint.size(), self.checkpoint.root());
        verify_inclusion(suite, self.index, size, leaf, &self.hashes, root).map_err(|cause| {
            TlogProofVerifyError::Inclusion {
                origin: self.checkpoint.origin().to_owned(),
                index: self.index,
                cause,
            }
        })
    }

    /// Verifies that the tree has `leaf` at the index and judges the checkpoint by `policy`.
    ///
    /// A proof holds when the verdict's standing is final; the caller decides what a provisional one is worth.
    ///
    /// # Errors
    /// Every variant means that nothing is proven.
    pub fn verify(
        &self,
        suite: Suite,
        leaf: &Hash,
        policy: &Policy,
    ) -> Result<PolicyVerdict, TlogProofVerifyError> {
        self.verify_inclusion(suite, leaf)?;
        policy
            .judge(&self.note)
            .map_err(|cause| TlogProofVerifyError::Checkpoint {
                origin: self.checkpoint.origin().to_owned(),
                cause,
            })
    }
}

impl fmt::Display for TlogProof {
    /// The text as it is stored in a file `.tlog-proof`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", encode_hash(hash))?;
        }
        write!(f, "\n{}", self.note)
    }
}

#[cfg(test)]
mod tests;
