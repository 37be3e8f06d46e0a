//! Why nothing was signed or released.
//!
//! Two of these are alarms of the highest class and no faults of a disk: the log lost entries that were signed
//! ([`PublishError::ShorterThanSigned`]) or has others in their place ([`PublishError::OtherPast`]).

use std::{io, path::PathBuf};

use audit_proof::{
    checkpoint::CheckpointError, fault::FaultKind, files::ReadError, hash::Hash, signer::SignError,
    tile::TreeFull, verified::NoteVerifyError,
};

use crate::{OpenError, log::AppendError};

/// Why a publisher did not start, or did not sign or release a checkpoint.
///
/// After every error but [`PublishError::Sign`], [`PublishError::Stale`] and [`PublishError::OtherNote`] the publisher
/// signs nothing more until it is opened again.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The log has fewer entries than a checkpoint that was signed: it was set back or has lost its end.
    #[error("log has {log} entries, and {signed} were signed")]
    ShorterThanSigned {
        /// The size that was signed.
        signed: u64,
        /// The size of the log.
        log: u64,
    },
    /// The log has another root than was signed for the same size: its past was changed.
    #[error(
        "log has root {} at size {size}, and {} was signed",
        audit_proof::hash::to_hex(log),
        audit_proof::hash::to_hex(signed)
    )]
    OtherPast {
        /// The size.
        size: u64,
        /// The root that was signed.
        signed: Hash,
        /// The root of the log.
        log: Hash,
    },
    /// What was read from the files is not what the writer says it wrote.
    #[error(
        "entries on disk give {} at size {size}, and the writer says {}",
        audit_proof::hash::to_hex(found),
        audit_proof::hash::to_hex(stated)
    )]
    Disagrees {
        /// The size.
        size: u64,
        /// The root, or the leaf hash of the newest entry, as computed from the files.
        found: Hash,
        /// The same as the writer says.
        stated: Hash,
    },
    /// An entry in the files is not one, or does not follow the one before it.
    #[error("entry at position {position} does not belong there")]
    Entry {
        /// The position.
        position: u64,
        /// What is wrong.
        #[source]
        cause: FaultKind,
    },
    /// The head given is older than what has been read already; nothing happened.
    #[error("head of size {head} is older than the {read} entries read")]
    Stale {
        /// The size of the head given.
        head: u64,
        /// The entries read.
        read: u64,
    },
    /// The note handed back is not the released one with more signatures; nothing happened.
    #[error("note of size {size} is not the released one with more signatures")]
    OtherNote {
        /// The size that the note says.
        size: u64,
    },
    /// A signer failed. Nothing is lost: the next call tries again.
    #[error("checkpoint was not signed")]
    Sign(#[source] SignError),
    /// A signer gave a signature that its own key does not accept.
    #[error("checkpoint was signed wrongly")]
    WrongSignature(#[source] NoteVerifyError),
    /// No signer is configured for a tree, or the origin cannot stand in a checkpoint.
    #[error("configuration of the publisher: {field} is outside its range")]
    Config {
        /// The field.
        field: &'static str,
    },
    /// Another process, or this one, publishes into the folder.
    #[error("checkpoints are signed elsewhere, in {}", folder.display())]
    Locked {
        /// The folder of the signed notes.
        folder: PathBuf,
    },
    /// The note signed last, as stored, forbids to go on.
    #[error("{} forbids to sign", path.display())]
    Lock {
        /// The file of the note signed last.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        cause: LockError,
    },
    /// The log cannot be read.
    #[error("log cannot be read")]
    Read(#[from] ReadError),
    /// The log is larger than any tree.
    #[error("log is larger than any tree")]
    Full(#[from] TreeFull),
    /// A file operation failed; whether it had its effect is unknown.
    #[error("{action} {} failed", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        source: io::Error,
    },
    /// An error came before; see [`PublishError`].
    #[error("publisher has stopped after an error")]
    Stopped,
}

impl PublishError {
    /// Returns whether the publisher may go on after the error.
    pub(super) fn is_harmless(&self) -> bool {
        matches!(
            self,
            Self::Sign(_) | Self::Stale { .. } | Self::OtherNote { .. } | Self::Stopped
        )
    }
}

/// Why the note signed last, as stored, forbids to sign another one.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It is not the note that this publisher stored: somebody else signs for the log.
    #[error("it was changed by somebody else")]
    Changed,
    /// It is not a signed note, or not one of this log.
    #[error("it is not a checkpoint of this log")]
    Damaged(#[source] Option<CheckpointError>),
    /// It bears a wrong signature of one of the keys.
    #[error("a signature under it is wrong")]
    Signature(#[source] NoteVerifyError),
    /// It is missing although a checkpoint was released.
    #[error("it is missing although a checkpoint was released")]
    Missing,
    /// A checkpoint was released that it does not cover: it was set back.
    #[error("it says size {signed}, and size {released} was released")]
    Behind {
        /// The size it says.
        signed: u64,
        /// The size released.
        released: u64,
    },
}

/// Why a log and its publisher were not opened together.
#[derive(Debug, thiserror::Error)]
pub enum OpenPublishedError {
    /// The log did not open.
    #[error("audit log did not open")]
    Log(#[source] OpenError),
    /// The publisher refused to start; the log has been closed again and nothing was appended.
    #[error("checkpoints of the audit log cannot be continued")]
    Publisher(#[source] PublishError),
    /// The publisher refused to start, and closing the log failed, too.
    #[error("audit log did not close after its checkpoints could not be continued")]
    Close {
        /// Why the publisher refused.
        #[source]
        publisher: PublishError,
        /// Why the log did not close.
        close: AppendError,
    },
}
