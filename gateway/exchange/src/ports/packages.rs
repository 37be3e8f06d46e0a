//! What the exchange needs for evidence packages beside log, evidence and proofs: what lies in files of the node.

use std::sync::Arc;

use crate::refusal::Cause;

/// A time stamp and the checkpoint it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampedCheckpoint {
    /// The checkpoint, a signed note.
    pub note: Vec<u8>,
    /// The token (RFC 3161), or the authority's answer around it.
    pub token: Vec<u8>,
}

/// Files of the node that go into evidence packages.
///
/// Blocking; called from several threads at once, on the blocking pool.
pub trait PackageSource: Send + Sync {
    /// The program and its version: `lawgate 0.1.0`.
    fn software(&self) -> String;

    /// The policy of keys and witnesses in force (C2SP tlog-policy).
    ///
    /// # Errors
    /// It cannot be read.
    fn policy(&self) -> Result<String, Cause>;

    /// Up to which size each key of the log counts; `None` while none was ever replaced.
    ///
    /// # Errors
    /// It cannot be read.
    fn key_history(&self) -> Result<Option<String>, Cause>;

    /// Sizes of the checkpoints that were stamped, ascending.
    ///
    /// # Errors
    /// They cannot be read.
    fn stamps(&self) -> Result<Vec<u64>, Cause>;

    /// The stamp over the checkpoint of that size; `None` when it or its checkpoint is not there any more.
    ///
    /// # Errors
    /// It cannot be read.
    fn stamp(&self, size: u64) -> Result<Option<StampedCheckpoint>, Cause>;

    /// A font with Chinese characters for the statement; `None` when none is configured or found.
    fn font(&self) -> Option<Arc<[u8]>>;
}
