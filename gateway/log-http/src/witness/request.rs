//! The body of `add-checkpoint`: an old size, a consistency proof and a signed checkpoint (C2SP tlog-witness v1.0.0).
//!
//! Only the form, for both sides. What is well-formed here may be signed by nobody and prove nothing.

use std::fmt;

use audit_proof::checkpoint::{Checkpoint, CheckpointError};
use audit_proof::hash::Hash;
use audit_proof::note::{Note, NoteError};

use crate::text::{decimal, decode_hash, encode_hash};

/// Longest body accepted, in bytes.
///
/// A note may bear sixteen ML-DSA-44 signatures (C2SP signed-note), which are 53 kB; the proof has 3 kB at most.
pub const MAX_REQUEST_BYTES: usize = 128 << 10;

/// Most hashes of a consistency proof (C2SP tlog-witness, `add-checkpoint`).
pub const MAX_PROOF_LINES: usize = 63;

/// What a log asks its witness to cosign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size of the checkpoint that the witness cosigned last, as the log believes.
    pub old_size: u64,
    /// The consistency proof from that size to the size of the checkpoint.
    pub proof: Vec<Hash>,
    /// The signed checkpoint.
    pub note: Note,
}

/// Why a body is no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// It is longer than [`MAX_REQUEST_BYTES`].
    #[error("the request is longer than {MAX_REQUEST_BYTES} bytes")]
    TooLong,
    /// What stands above the checkpoint is not text, or no empty line ends it.
    #[error("no empty line before the checkpoint")]
    NoCheckpoint,
    /// The first line is not `old` and a decimal number.
    #[error("the first line is not the old size")]
    OldSize,
    /// A line of the proof is not the base64 form of 32 bytes, or there are more than [`MAX_PROOF_LINES`].
    #[error("line {number} of the proof is malformed or one too many")]
    ProofLine {
        /// Which line, from 1.
        number: usize,
    },
    /// What follows the empty line is no signed note.
    #[error("the checkpoint is not a signed note")]
    Note(#[source] NoteError),
    /// The note is no checkpoint.
    #[error("the note is not a checkpoint")]
    Checkpoint(#[source] CheckpointError),
    /// The old size is above that of the checkpoint, to which nothing can have grown from it.
    #[error("the old size {old_size} is above the size {size} of the checkpoint")]
    OldSizeAbove {
        /// The old size.
        old_size: u64,
        /// The size of the checkpoint.
        size: u64,
    },
}

impl AddCheckpoint {
    /// Reads a body, and the checkpoint in it; writing the request again gives `body`.
    ///
    /// [`RequestFault::OldSizeAbove`] is not looked for, because it is to be found after the signature.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn parse(body: &[u8]) -> Result<(Self, Checkpoint), RequestFault> {
        if body.len() > MAX_REQUEST_BYTES {
            return Err(RequestFault::TooLong);
        }
        let blank = body
            .windows(2)
            .position(|pair| pair == b"\n\n")
            .ok_or(RequestFault::NoCheckpoint)?;
        let above = std::str::from_utf8(&body[..blank]).map_err(|_| RequestFault::NoCheckpoint)?;
        let mut lines = above.split('\n');
        let old_size = lines
            .next()
            .and_then(|line| decimal(line.strip_prefix("old ")?))
            .ok_or(RequestFault::OldSize)?;
        let mut proof = Vec::new();
        for line in lines {
            let number = proof.len() + 1;
            let hash = decode_hash(line).filter(|_| number <= MAX_PROOF_LINES);
            proof.push(hash.ok_or(RequestFault::ProofLine { number })?);
        }
        let note = Note::parse(&body[blank + 2..]).map_err(RequestFault::Note)?;
        let checkpoint = Checkpoint::parse_any(note.text()).map_err(RequestFault::Checkpoint)?;
        let request = Self {
            old_size,
            proof,
            note,
        };
        Ok((request, checkpoint))
    }
}

impl fmt::Display for AddCheckpoint {
    /// The body as it is sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        for hash in &self.proof {
            writeln!(f, "{}", encode_hash(hash))?;
        }
        write!(f, "\n{}", self.note)
    }
}
