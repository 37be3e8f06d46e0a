//! What the exchange needs of the signed log: receipts, checkpoints and proofs.
//!
//! Plain values only: hashes are 32 bytes, notes and receipts are text. The exchange checks what is asked for before it
//! calls, and never signs or proves by itself.

use audit_log::Appended;

use crate::refusal::Cause;

/// Signs receipts (回执): what a sender keeps, as text that proves itself (C2SP tlog-proof).
///
/// Blocking, because signing may ask a token; called from several threads at once and never from the log's writer.
/// What is signed is the tree head after the group that the entry became durable with, once for a group.
pub trait Receipts: Send + Sync {
    /// The receipt of an entry that has just become durable.
    ///
    /// # Errors
    /// The key did not sign. The entry is durable all the same.
    fn receipt(&self, appended: &Appended) -> Result<String, Cause>;

    /// The receipt of the entry at `position`, which is durable, made again from the stored log: while the key is the
    /// same, byte for byte what [`Receipts::receipt`] gave.
    ///
    /// # Errors
    /// The log cannot be read, or the key did not sign.
    fn receipt_again(&self, position: u64) -> Result<String, Cause>;
}

/// How far a checkpoint can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The log signed it; not yet enough witnesses.
    Provisional,
    /// The quorum of witnesses that the policy asks for has cosigned it.
    Final,
}

/// The newest checkpoint that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCheckpoint {
    /// The signed note (C2SP signed-note), with every signature there is.
    pub note: String,
    /// Size of the tree, in entries; at least 1.
    pub size: u64,
    /// How far it can be relied on.
    pub standing: Standing,
    /// Names of the witnesses that cosigned it, as in the policy.
    pub witnesses: Vec<String>,
    /// Names of the witnesses of the policy that have not.
    pub missing: Vec<String>,
}

/// That a tree has an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// RFC 6962 leaf hash of the entry.
    pub leaf_hash: [u8; 32],
    /// The path of RFC 6962 §2.1.1, sibling of the leaf first.
    pub hashes: Vec<[u8; 32]>,
    /// The same as text with the checkpoint of that size (C2SP tlog-proof); `None` when the log released no checkpoint
    /// of that size.
    pub text: Option<String>,
}

/// That a tree has a run of entries, none of them left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeProof {
    /// RFC 6962 leaf hash of every entry of the run, by position.
    pub leaf_hashes: Vec<[u8; 32]>,
    /// The largest subtrees before the run, by position.
    pub left: Vec<[u8; 32]>,
    /// The largest subtrees behind the run, by position.
    pub right: Vec<[u8; 32]>,
}

/// Proofs over what was published of the log.
///
/// Blocking; called from several threads at once, on the blocking pool. A proof costs a number of tiles that grows with
/// the logarithm of the size, and one tile more for each 256 leaf hashes of a range. Every tree up to the size of the
/// newest checkpoint can be asked about, whether a checkpoint of its size was released or not.
pub trait Proofs: Send + Sync {
    /// The newest checkpoint that was released; `None` before the first. Its size never becomes smaller.
    ///
    /// # Errors
    /// It cannot be read, or is not one.
    fn checkpoint(&self) -> Result<Option<ShownCheckpoint>, Cause>;

    /// That the tree of `size` entries has the one at `index`; `index < size`, and `size` is published.
    ///
    /// # Errors
    /// A tile cannot be read.
    fn inclusion(&self, index: u64, size: u64) -> Result<InclusionProof, Cause>;

    /// That the tree of `new` entries begins with that of `old` (RFC 6962 §2.1.2); `1 <= old <= new`, and `new` is
    /// published.
    ///
    /// # Errors
    /// A tile cannot be read.
    fn consistency(&self, old: u64, new: u64) -> Result<Vec<[u8; 32]>, Cause>;

    /// That the tree of `size` entries has those from `from` up to and without `to`; `from < to <= size`, and `size` is
    /// published.
    ///
    /// # Errors
    /// A tile cannot be read.
    fn range(&self, from: u64, to: u64, size: u64) -> Result<RangeProof, Cause>;
}
