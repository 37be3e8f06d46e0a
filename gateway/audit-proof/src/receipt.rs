//! What an agency keeps of a submission: that the log took its entry, signed before any checkpoint is published.
//!
//! A receipt is a tlog-proof whose checkpoint is the head of the tree at the end of the commit group, signed with the
//! receipt key of the log, `<origin>/receipt`. Position, leaf hash and time stand in its extra data, as text:
//!
//! ```text
//! lawgate-receipt/v1
//! position 4711
//! leaf NuYBHRe/A0Y5SfsZOQvLd2oeQkVTbp3tpxMV5VbUPeQ=
//! time 1767225600000000000
//! ```
//!
//! The signature binds position and leaf hash, because the inclusion proof leads from them to the root. It does not bind
//! the time: that stands in the entry, which the leaf hash binds, so it counts once the entry has been seen
//! ([`Receipt::verify_entry`]). Whoever holds receipts can show that an entry was dropped before it was published.

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError, decimal, decode_hash, encode_hash};
use crate::entry::{Entry, EntryError};
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::note::Note;
use crate::suite::Suite;
use crate::tlog_proof::{TlogProof, TlogProofError, TlogProofVerifyError};
use crate::verified::NoteVerifyError;

/// What the name of a receipt key is, behind the origin of its log.
pub const RECEIPT_KEY_SUFFIX: &str = "/receipt";

/// The first line of the extra data.
const HEADER: &str = "lawgate-receipt/v1";

/// Where an entry stands in a log, with the proof of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    leaf_hash: Hash,
    time_ns: u64,
    proof: TlogProof,
}

/// Why bytes are not a receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// They are no proof, or cannot become one.
    #[error("the receipt is not a tlog-proof")]
    Proof(#[source] TlogProofError),
    /// The checkpoint has extension lines, which those of our logs never have.
    #[error("the tree head of the receipt is not one of our logs")]
    TreeHead(#[source] CheckpointError),
    /// The extra data is missing or is not the four lines of a receipt.
    #[error("the extra data is not that of a receipt")]
    Facts,
    /// The extra data names another position than the proof.
    #[error("the receipt names position {stated} and proves {proven}")]
    Position {
        /// What the extra data says.
        stated: u64,
        /// The index of the proof.
        proven: u64,
    },
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptVerifyError {
    /// The key is not the receipt key of the log that the receipt names.
    #[error("the key {key} is not that of receipts of {origin}")]
    OtherKey {
        /// Name of the key.
        key: String,
        /// Origin of the log.
        origin: String,
    },
    /// The tree head is not signed by the key.
    #[error("the tree head is not signed by the receipt key")]
    Signature(#[source] NoteVerifyError),
    /// The leaf hash does not lead to the root.
    #[error("the receipt does not lead to its tree head")]
    Inclusion(#[source] TlogProofVerifyError),
}

/// Why an entry is not the one a receipt is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptEntryError {
    /// The entry has another leaf hash.
    #[error("the entry is another one than that of the receipt")]
    OtherEntry,
    /// The bytes are no entry.
    #[error("the bytes are no entry")]
    Entry(#[source] EntryError),
    /// The entry states another time than the receipt.
    #[error("the receipt says {stated} ns and its entry {bound} ns")]
    Time {
        /// What the receipt says, in nanoseconds since 1970.
        stated: u64,
        /// What the entry says, in nanoseconds since 1970.
        bound: u64,
    },
}

/// What a receipt proves, once verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedReceipt<'receipt> {
    /// The tree head: the log had at least this many entries, and this root.
    pub tree_head: &'receipt Checkpoint,
    /// Position of the entry.
    pub position: u64,
    /// Leaf hash of the entry.
    pub leaf_hash: Hash,
    /// When the head was signed, in seconds since 1970; only a receipt key of a cosigning kind says so.
    pub signed_at_s: Option<u64>,
}

impl Receipt {
    /// Puts a receipt together: `hashes` lead from `leaf_hash` at `position` to the root in `tree_head`.
    ///
    /// Nothing is verified. `time_ns` is that of the entry, in nanoseconds since 1970.
    ///
    /// # Errors
    /// [`ReceiptError::Proof`] and [`ReceiptError::TreeHead`] when the note is no checkpoint of ours.
    pub fn new(
        position: u64,
        leaf_hash: Hash,
        time_ns: u64,
        hashes: Vec<Hash>,
        tree_head: Note,
    ) -> Result<Self, ReceiptError> {
        Checkpoint::parse(tree_head.text()).map_err(ReceiptError::TreeHead)?;
        let facts = Facts {
            position,
            leaf_hash,
            time_ns,
        };
        let extra = Some(facts.to_string().into_bytes());
        let proof =
            TlogProof::new(extra, position, hashes, tree_head).map_err(ReceiptError::Proof)?;
        Ok(Self {
            leaf_hash,
            time_ns,
            proof,
        })
    }

    /// Reads a receipt; writing it again gives `bytes`. Nothing is verified.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let proof = TlogProof::parse(bytes).map_err(ReceiptError::Proof)?;
        Checkpoint::parse(proof.note().text()).map_err(ReceiptError::TreeHead)?;
        let facts = proof
            .extra()
            .and_then(Facts::parse)
            .ok_or(ReceiptError::Facts)?;
        if facts.position != proof.index() {
            return Err(ReceiptError::Position {
                stated: facts.position,
                proven: proof.index(),
            });
        }
        Ok(Self {
            leaf_hash: facts.leaf_hash,
            time_ns: facts.time_ns,
            proof,
        })
    }

    /// Verifies the receipt under the receipt key of its log.
    ///
    /// # Errors
    /// Every variant means that nothing is proven.
    pub fn verify(
        &self,
        suite: Suite,
        key: &VerifierKey,
    ) -> Result<VerifiedReceipt<'_>, ReceiptVerifyError> {
        let origin = self.proof.checkpoint().origin();
        // A key of another purpose may sign heads too; only this one promises that the entry will be published.
        if key.name().strip_suffix(RECEIPT_KEY_SUFFIX) != Some(origin) {
            return Err(ReceiptVerifyError::OtherKey {
                key: key.name().to_owned(),
                origin: origin.to_owned(),
            });
        }
        let signatures = self
            .proof
            .note()
            .verify([key])
            .map_err(ReceiptVerifyError::Signature)?;
        self.proof
            .verify_inclusion(suite, &self.leaf_hash)
            .map_err(ReceiptVerifyError::Inclusion)?;
        Ok(VerifiedReceipt {
            tree_head: self.proof.checkpoint(),
            position: self.position(),
            leaf_hash: self.leaf_hash,
            signed_at_s: signatures.iter().filter_map(|signed| signed.time_s).max(),
        })
    }

    /// Verifies that `entry` is the one of the receipt, and that its time is the one the receipt states.
    ///
    /// # Errors
    /// Every variant means that the receipt is not about these bytes, or that its time is not theirs.
    pub fn verify_entry(&self, suite: Suite, entry: &[u8]) -> Result<(), ReceiptEntryError> {
        if suite.leaf_hash(entry) != self.leaf_hash {
            return Err(ReceiptEntryError::OtherEntry);
        }
        let bound = Entry::decode(entry)
            .map_err(ReceiptEntryError::Entry)?
            .time_ns();
        if bound != self.time_ns {
            return Err(ReceiptEntryError::Time {
                stated: self.time_ns,
                bound,
            });
        }
        Ok(())
    }

    /// Position of the entry.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.proof.index()
    }

    /// Leaf hash of the entry.
    #[must_use]
    pub fn leaf_hash(&self) -> &Hash {
        &self.leaf_hash
    }

    /// The time the receipt states, in nanoseconds since 1970; see [`Receipt::verify_entry`].
    #[must_use]
    pub fn time_ns(&self) -> u64 {
        self.time_ns
    }

    /// The proof, with the tree head and its signatures.
    #[must_use]
    pub fn proof(&self) -> &TlogProof {
        &self.proof
    }
}

impl fmt::Display for Receipt {
    /// The text as the agency stores it: a tlog-proof.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.proof.fmt(f)
    }
}

/// What stands in the extra data.
struct Facts {
    position: u64,
    leaf_hash: Hash,
    time_ns: u64,
}

impl Facts {
    fn parse(extra: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(extra).ok()?.strip_suffix('\n')?;
        let mut lines = text.split('\n');
        if lines.next() != Some(HEADER) {
            return None;
        }
        let position = decimal(lines.next()?.strip_prefix("position ")?)?;
        let leaf_hash = decode_hash(lines.next()?.strip_prefix("leaf ")?)?;
        let time_ns = decimal(lines.next()?.strip_prefix("time ")?)?;
        lines.next().is_none().then_some(Self {
            position,
            leaf_hash,
            time_ns,
        })
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        writeln!(f, "position {}", self.position)?;
        writeln!(f, "leaf {}", encode_hash(&self.leaf_hash))?;
        writeln!(f, "time {}", self.time_ns)
    }
}

#[cfg(test)]
mod tests;
