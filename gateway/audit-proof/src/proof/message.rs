//! One message of a submission, proven without the others: payload, payloads root, entry, root of the log.
//!
//! Two trees are climbed. The smaller one is over the payloads of the submission and its root stands in the entry; the
//! larger one is the log. Nothing is read and no signature checked: that the root is the log's is for its checkpoint to
//! say. Whoever shows one message to a court and keeps the others back relies on it.

use super::{ProofError, RequestError, make::split, verify_inclusion};
use crate::{
    cbor::Value,
    entry::{Entry, EntryError, Field},
    hash::{Hash, leaf_hash},
    party::{SUBMIT_EVENT, payload_root, place},
    suite::Suite,
    tree::CompactRange,
};

/// Where the sums over a submission stand in the outcome of its entry; the number of messages is the first of them.
const SUMS_PLACE: usize = 2;

/// What leads from a message to the root of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageProof<'a> {
    /// Number of the message in its submission, from 0.
    pub message: u64,
    /// The path in the tree over the payloads, sibling first (RFC 6962 §2.1.1).
    pub path: &'a [Hash],
    /// The canonical bytes of the submission's entry.
    pub entry: &'a [u8],
    /// Size of the log's tree, in entries.
    pub size: u64,
    /// The path in the log's tree, sibling first.
    pub inclusion: &'a [Hash],
}

/// Why a message is not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageProofError {
    /// The bytes are not an entry.
    #[error("the entry cannot be read")]
    Entry(#[source] EntryError),
    /// The entry is not that of an accepted submission.
    #[error("the entry has event {event} and is not that of a submission")]
    NotSubmission {
        /// The number of its event.
        event: u64,
    },
    /// The entry does not say what the entry of a submission says.
    #[error("the entry of the submission has no {missing}")]
    Incomplete {
        /// What is missing.
        missing: &'static str,
    },
    /// The message is not at that number of the submission.
    #[error("the submission does not have this message at number {message}")]
    Message {
        /// Its number.
        message: u64,
        /// What is wrong with the path.
        #[source]
        cause: ProofError,
    },
    /// The log does not have the entry at the position that it names.
    #[error("the log does not have the entry at position {position}")]
    Log {
        /// The position.
        position: u64,
        /// What is wrong with the path.
        #[source]
        cause: ProofError,
    },
}

/// Returns the path of message `message` in the tree whose leaves, in order, are the payloads with these leaf hashes.
///
/// # Errors
/// [`RequestError::EmptyTree`] and [`RequestError::IndexOutside`].
pub fn message_path(leaves: &[Hash], message: u64) -> Result<Vec<Hash>, RequestError> {
    let size = leaves.len() as u64;
    RequestError::check_index(message, size)?;
    let root = |start: u64, end: u64| {
        let mut range = CompactRange::new();
        for leaf in &leaves[start as usize..end as usize] {
            range.append(*leaf);
        }
        range.root()
    };
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = split(start, end);
        if message < middle {
            path.push(root(middle, end));
            end = middle;
        } else {
            path.push(root(start, middle));
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Checks that the log with the SHA-256 root `root` has an entry by which `payload` was received, and returns the entry.
///
/// The number of messages and the position are those that the entry states, so that neither can be chosen by whoever
/// made the proof.
///
/// # Errors
/// [`MessageProofError`]; nothing is proven then.
pub fn verify_message<'a>(
    payload: &[u8],
    proof: &MessageProof<'a>,
    root: &Hash,
) -> Result<Entry<'a>, MessageProofError> {
    let entry = Entry::decode(proof.entry).map_err(MessageProofError::Entry)?;
    let event = entry.event();
    if event != SUBMIT_EVENT {
        return Err(MessageProofError::NotSubmission { event });
    }
    let missing = |missing| MessageProofError::Incomplete { missing };
    let payloads = payload_root(&entry).ok_or(missing("root over the payloads"))?;
    let messages = messages(&entry).ok_or(missing("number of messages"))?;
    let (suite, message, position) = (Suite::Sha256, proof.message, entry.position());
    let leaf = leaf_hash(payload);
    verify_inclusion(suite, message, messages, &leaf, proof.path, &payloads)
        .map_err(|cause| MessageProofError::Message { message, cause })?;
    let leaf = leaf_hash(proof.entry);
    verify_inclusion(suite, position, proof.size, &leaf, proof.inclusion, root)
        .map_err(|cause| MessageProofError::Log { position, cause })?;
    Ok(entry)
}

/// Returns how many messages the submission of `entry` has.
fn messages(entry: &Entry<'_>) -> Option<u64> {
    let sums = place(entry, Field::Outcome, SUMS_PLACE)?;
    let first = if let Value::Array(sums) = sums {
        sums.into_iter().next()
    } else {
        None
    };
    if let Some(Value::Unsigned(messages)) = first {
        Some(messages)
    } else {
        None
    }
}
