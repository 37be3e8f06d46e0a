//! The hash-chained audit log: append, follow and recover.
//!
//! Entries are canonical CBOR maps that link to each other and form an RFC 6962 Merkle tree. They are kept in segments
//! on one machine's disk by one writer, which groups them by natural group commit and acknowledges an entry only when it
//! is durable. The log binds an entry to its place and does not know what the entry says. Formats, hashes and
//! verification are no part of this crate: they are defined in `audit-proof`, which a verifier can link without the
//! writer, and named here again for those who append. A second code path, [`publish`], reads the entries back and signs
//! checkpoints over what it found; [`receipt`] makes what an agency keeps. Witnesses build on both.
//!
//! Reading order: [`entry`] (what is logged), [`chain`] and [`tree`] (what binds it), [`log`] (how it is appended),
//! [`reader`], [`mod@verify`]. [`commit`] and [`disk`] also serve the evidence store.
//!
//! ```
//! # use std::sync::Arc;
//! use audit_log::{Clock, Config, Draft, Field, LogSuite, Options, Value, open, verify};
//!
//! struct Fixed;
//! impl Clock for Fixed {
//!     fn now_ns(&self) -> u64 { 1_790_000_000_000_000_000 }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let config = Config {
//!     dir: folder.path().join("log"),
//!     suite: LogSuite::Sha256,
//!     origin: "city.example/audit/2026".to_owned(),
//!     policy_digest: [0; 32],
//!     former_root: None,
//!     segment_bytes: 64 << 20,
//!     queue_entries: 10_000,
//!     queue_bytes: 16 << 20,
//! };
//! let (log, opened) = open(config.clone(), Arc::new(Fixed))?;
//! assert!(opened.created);
//! let draft = Draft::new(1).with(Field::Actor, vec![Value::from("environment bureau")]);
//! let appended = log.append(draft)?.wait()?;
//! assert_eq!(appended.position, 0);
//! log.close()?;
//! assert!(verify(&config.dir, &Options::default()).is_verified());
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod commit;
pub mod disk;
pub mod log;
pub mod publish;
pub mod reader;
pub mod receipt;
#[cfg(test)]
mod testing;
mod writer;

pub use audit_proof::{
    Draft, DraftError, Entry, EntryError, Fault, FaultKind, Field, FolderEntries, FolderReader,
    Hash, Head, KnownHead, LogSuite, MAX_ENTRY_BYTES, Options, ReadError, Report, StoredEntry,
    UnfinishedTail, Value, cbor, chain, checkpoint, entry, hash, leaf_hash, party, proof, suite,
    tree, verify,
};
pub use log::{
    AppendError, Appended, Clock, Config, Group, Log, OpenError, Opened, Pending, Recovered, open,
};
pub use publish::{
    Anchor, OpenPublishedError, PublishConfig, PublishError, Published, Publisher, Resumed,
    SignedCheckpoint, open_published,
};
pub use reader::{Entries, Reader};
