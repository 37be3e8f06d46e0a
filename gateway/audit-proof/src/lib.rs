//! What of the audit log can be checked: its formats, its hashes and its verification.
//!
//! Everything a verifier needs and nothing that writes: entries, the chain and the RFC 6962 tree over them, the segments
//! they are stored in, and verifying a log from its files. `audit-log` writes what is defined here; a verifier links
//! this crate and not that one, so a verification cannot depend on how a log was written.
//!
//! Reading order: [`entry`] (what is logged), [`chain`] and [`tree`] (what binds it), [`segment`] (how it is stored),
//! [`mod@scan`] and [`recover`] (replaying one segment and judging its end), [`mod@verify`], [`files`]. Of proofs:
//! [`suite`], [`tile`], [`proof`]. Of what is signed: [`note`] and [`key`], [`checkpoint`], [`policy`] and
//! [`key_history`] (whom to believe), [`tlog_proof`], [`receipt`], [`timestamp`].
#![forbid(unsafe_code)]

pub mod archive;
pub mod archived;
pub mod cbor;
pub mod chain;
pub mod checkpoint;
pub mod cosignature;
pub mod entry;
pub mod erasure;
pub mod fault;
pub mod files;
pub mod folder;
pub mod hash;
pub mod judge;
pub mod kept;
pub mod key;
pub mod key_history;
pub mod mirror;
pub mod note;
pub mod party;
mod peaks;
pub mod policy;
mod positioned;
pub mod proof;
pub mod receipt;
pub mod recover;
pub mod scan;
pub mod second_pass;
pub mod segment;
pub mod signer;
pub mod suite;
#[cfg(test)]
mod test_signers;
pub mod tile;
pub mod timestamp;
pub mod tlog_proof;
pub mod tree;
pub mod verified;
pub mod verify;

pub use cbor::Value;
pub use chain::Head;
pub use entry::{Draft, DraftError, Entry, EntryError, Field, MAX_ENTRY_BYTES};
pub use fault::{Fault, FaultKind};
pub use files::{FolderEntries, FolderReader, ReadError, StoredEntry};
pub use hash::{Hash, leaf_hash};
pub use scan::KnownHead;
pub use suite::{LogSuite, Suite};
pub use verify::{Options, Report, UnfinishedTail, verify};
