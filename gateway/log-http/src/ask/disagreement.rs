//! A witness holds another history than the log: the gravest thing that can be said of a log.

use std::fmt;

use audit_proof::note::Note;

use super::client::{LatestError, WitnessedCheckpoint};

/// What a witness's answer says against the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisagreementKind {
    /// It has cosigned a larger size: the log was set back, or somebody else signs with its key.
    Ahead {
        /// The size that the witness named.
        size: u64,
    },
    /// It has cosigned the same size with another root.
    SplitView,
    /// The log's own proof does not lead from what it has cosigned.
    Inconsistent,
}

/// A checkpoint of the log that a witness refuses because of another one.
///
/// Both are evidence and are to be kept: `ours` and, when it could be had, what the witness holds.
#[derive(Debug, thiserror::Error)]
#[error("the witness {witness} holds another history of the log: {kind}")]
pub struct Disagreement {
    /// The name of the witness's key.
    pub witness: String,
    /// What the answer says.
    pub kind: DisagreementKind,
    /// The signed checkpoint that was refused.
    pub ours: Note,
    /// The signed checkpoint that the witness cosigned last, verified, or why it could not be had.
    pub theirs: Result<WitnessedCheckpoint, LatestError>,
}

impl fmt::Display for DisagreementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ahead { size } => write!(f, "it has cosigned {size} entries, which are more"),
            Self::SplitView => f.write_str("it has cosigned another root of the same size"),
            Self::Inconsistent => f.write_str("the log does not grow from what it has cosigned"),
        }
    }
}
