//! What a log publishes, over HTTP: tiles, checkpoints, and proofs computed from them.
//!
//! [`PublishedLog`] reads a folder that somebody else writes and computes proofs from its tiles; [`LogService`] gives
//! both paths. Nothing that is not released is shown: no proof goes beyond the checkpoint. Auditors and other agencies
//! need nothing else of the log to check what they were told.

mod published;
mod routes;
mod text;

pub use published::{Published, PublishedError, PublishedLog};
pub use routes::{LOG_LIMITS, LogService};
pub use text::{ProofText, ProofTextError};
