//! What the exchange needs from the world.
//!
//! The consumer owns the traits: the binary implements them over the plugin
//! host, the evidence store and the index. Each says what it promises about
//! durability, order and concurrency.

mod adapters;
mod packages;
mod proofs;
mod search;

pub use adapters::{
    AdapterFault, AdapterFiles, AdapterStore, GoldenSample, Loaded, Package, Upload, VersionLimits,
};
pub use packages::{PackageSource, StampedCheckpoint};
pub use proofs::{InclusionProof, Proofs, RangeProof, Receipts, ShownCheckpoint, Standing};
pub use search::{EntryFacts, EntryQuery};

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::ids::RecordPlace;
use crate::refusal::Cause;

/// A future behind a port.
pub type PortFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Identity of the adapter in force: what the audit entry binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterIdentity {
    /// Adapter id, `hj212`.
    pub id: String,
    /// Version of its code.
    pub version: String,
    /// SHA-256 of the component.
    pub component: [u8; 32],
    /// SHA-256 of the configuration bytes.
    pub configuration: [u8; 32],
    /// Version of the common schema its records follow.
    pub schema_version: String,
}

/// One message as given to an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The untouched bytes; shared with the evidence store.
    pub payload: Bytes,
    /// What the sender stated.
    pub attributes: Vec<(String, String)>,
}

/// What an adapter said of one message. Not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Converted {
    /// Encoded `lawgate.v1.Conversion`.
    Conversion(Vec<u8>),
    /// Not understood.
    Rejected {
        /// Stable code.
        code: String,
        /// Byte offset in the message.
        offset: u64,
        /// One sentence.
        text: String,
    },
}

/// An adapter that did not return: every message it was given is quarantined, unless the
/// adapter is not to blame.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct ConvertFailure {
    /// Stable code, `adapter.deadline`.
    pub code: String,
    /// One sentence, the same for the same cause.
    pub text: String,
    /// The same call may succeed later: the host was busy. Nothing is quarantined, the
    /// submission is refused and can be made again.
    pub temporary: bool,
}

/// Converts the messages of one submission in a sandbox made for them.
///
/// Blocking; called from several threads at once. A pure function of the
/// messages, apart from its limits on time.
pub trait Converter: Send + Sync {
    /// Which adapter and which configuration this is.
    fn identity(&self) -> &AdapterIdentity;

    /// One outcome for each message, in order.
    ///
    /// # Errors
    /// [`ConvertFailure`] when the adapter trapped or met a limit.
    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure>;

    /// The same within a slice of time, by the clock; `None`: it took longer and was ended, and
    /// nothing is known of the messages. A converter whose calls are always short need not end them.
    ///
    /// # Errors
    /// As [`Converter::convert`].
    fn convert_sliced(
        &self,
        messages: &[Message],
        slice: Duration,
    ) -> Result<Option<Vec<Converted>>, ConvertFailure> {
        let _ = slice;
        self.convert(messages).map(Some)
    }

    /// Most memory that one call was granted since the converter was made, in bytes; 0: not known.
    fn memory_peak(&self) -> u64 {
        0
    }

    /// Most messages given to one call; the exchange has a limit of its own.
    fn messages_per_call(&self) -> usize {
        usize::MAX
    }
}

/// A bundle to keep, with the address the caller computed.
#[derive(Debug, Clone)]
pub struct Kept {
    /// RFC 6962 root over the parts.
    pub address: [u8; 32],
    /// The parts, in order.
    pub parts: Arc<[Bytes]>,
}

/// Payloads and results, content-addressed.
///
/// A bundle is a list of parts; its address is the RFC 6962 root over them.
pub trait EvidenceStore: Send + Sync {
    /// Queues both bundles; they are durable together when the future resolves.
    /// Queueing keeps the order of the calls; dropping the future does not undo it.
    ///
    /// # Errors
    /// At once when the queue is full; from the future when the write failed.
    fn keep(
        &self,
        payloads: Kept,
        results: Kept,
    ) -> Result<PortFuture<Result<(), Cause>>, KeepError>;

    /// Says that bundles are being prepared, until what is returned is dropped: once they were
    /// handed to [`EvidenceStore::keep`] or will not come. A store may wait for them a little, to
    /// write more at once; one that does not has nothing to do.
    fn expect(&self) -> Expected {
        Expected::default()
    }

    /// Bundles that wait to be written, and their bytes.
    fn waiting(&self) -> (usize, usize) {
        (0, 0)
    }

    /// The parts of the bundle at `address`, checked against it. `None`: there is none.
    ///
    /// # Errors
    /// What is stored does not agree with the address, or cannot be read.
    fn get(&self, address: &[u8; 32]) -> Result<Option<Vec<Vec<u8>>>, Cause>;
}

/// What says that bundles are being prepared; see [`EvidenceStore::expect`].
#[derive(Default)]
#[must_use = "dropping it says that the bundles were handed over or will not come"]
pub struct Expected(#[expect(dead_code, reason = "held for its drop")] Option<Box<dyn Send>>);

impl Expected {
    /// Holds what the store is to be told by dropping it.
    pub fn new(held: impl Send + 'static) -> Expected {
        Expected(Some(Box::new(held)))
    }
}

/// Why a bundle was not queued.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The queue is full; later it may not be.
    #[error("the queue is full")]
    Full,
    /// No bundle may be this large. The store is well; the same submission will never fit.
    #[error("the bundle has {size} {unit}, the limit is {limit}")]
    TooLarge {
        /// What it has.
        size: usize,
        /// Of what: `bytes` or `messages`.
        unit: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The store cannot write any more.
    #[error("the store cannot write")]
    Closed(#[source] Cause),
}

/// What a record can be found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LinkKind {
    /// Credit code or name of a party.
    Party = 1,
    /// Native id of a device.
    Device = 2,
    /// Case or document number, canonical.
    Case = 3,
    /// Name of a key under which values of the record are sealed.
    Sealed = 4,
}

/// A run of consecutive records of one submission that share entity and keys.
///
/// Inside one message they share their time too. A run over several messages is a block, within
/// the limits of [`crate::block`]: it holds every record of each of its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Number of the message of the first record.
    pub message: u16,
    /// Ordinal of the first record.
    pub first: u16,
    /// Number of the message of the last record.
    pub last_message: u16,
    /// Ordinal of the last record.
    pub last: u16,
    /// Number of records, at least 1.
    pub count: u32,
    /// Entity, by its message name.
    pub entity: String,
    /// Time the records speak of together, UTC milliseconds: `from` is the earliest start and
    /// included, `to` the latest end and excluded. None of them has a time, or all have.
    pub time: Option<(i64, i64)>,
    /// Latest start of a record, UTC milliseconds; set when `time` is.
    pub last_from: Option<i64>,
    /// Keys of each record.
    pub links: Vec<(LinkKind, String)>,
    /// Words of the record's texts, ascending. Observations and tracks have none.
    pub words: Vec<u64>,
}

/// A quarantined message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedRow {
    /// Number of the message.
    pub message: u16,
    /// Reason code.
    pub code: String,
}

/// What the index takes from a submission's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedSubmission {
    /// Agency that submitted.
    pub agency: String,
    /// Feed.
    pub feed: String,
    /// Digest of the idempotency key, as in the entry.
    pub key: [u8; 16],
    /// Its records.
    pub runs: Vec<Run>,
    /// Its quarantined messages.
    pub quarantined: Vec<QuarantinedRow>,
    /// Case it was made for, as [`schema::normalise_case_number`] writes it.
    pub case: Option<String>,
    /// Words of the purpose it was made for.
    pub words: Vec<u64>,
}

/// One entry for the index: a submission, or what an entry of another kind can be found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedEntry {
    /// Position in the log.
    pub position: u64,
    /// Set for a submission.
    pub submission: Option<IndexedSubmission>,
    /// Set for every other entry.
    pub facts: Option<EntryFacts>,
}

/// Feeds a query may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedScope {
    /// Every feed.
    All,
    /// These.
    Only(Vec<String>),
}

/// Filters of a query; `None` does not filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordQuery {
    /// Feeds.
    pub feeds: FeedScope,
    /// Entity.
    pub entity: Option<String>,
    /// Key of a party.
    pub party: Option<String>,
    /// Key of a device.
    pub device: Option<String>,
    /// Canonical case number.
    pub case_number: Option<String>,
    /// Runs that may hold records whose time begins at or after this (UTC ms).
    pub from_ms: Option<i64>,
    /// Runs that may hold records whose time begins before this (UTC ms).
    pub to_ms: Option<i64>,
    /// Only runs that have records after this place.
    pub after: Option<RecordPlace>,
    /// Most runs to return.
    pub limit: u32,
}

/// A run found. Some of its records may lie outside the time or before the place asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunFound {
    /// Place of its first record.
    pub place: RecordPlace,
    /// Number of the message of its last record.
    pub last_message: u16,
    /// Ordinal of its last record.
    pub last: u16,
    /// Number of its records.
    pub count: u32,
}

impl RunFound {
    /// Place of its last record.
    pub fn last_place(&self) -> RecordPlace {
        RecordPlace {
            position: self.place.position,
            message: self.last_message,
            ordinal: self.last,
        }
    }
}

/// Filters of a quarantine query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineQuery {
    /// Feeds.
    pub feeds: FeedScope,
    /// Reason code.
    pub code: Option<String>,
    /// Only messages after this position and message number.
    pub after: Option<(u64, u16)>,
    /// Most messages to return.
    pub limit: u32,
}

/// Queryable views over the log: a cache that follows it and can be rebuilt.
///
/// One writer ([`Index::apply`], in order of position), many readers that never block it.
pub trait Index: Send + Sync {
    /// Every entry below this size is applied.
    fn size(&self) -> u64;

    /// Leaf hash of the last entry applied: which log, and which past of it, this is a view of.
    fn head(&self) -> [u8; 32];

    /// Applies entries: positions go on from [`Index::size`] without a gap; `head` is the leaf
    /// hash of the last. All or none.
    ///
    /// # Errors
    /// The index's own failure; nothing was applied.
    fn apply(&self, entries: &[IndexedEntry], head: &[u8; 32]) -> Result<(), Cause>;

    /// Replaces the rows of the submission at `position`, which was applied before; the old ones are in no file when it
    /// returns.
    ///
    /// # Errors
    /// The index's own failure; the old rows are still there.
    fn replace(&self, position: u64, submission: &IndexedSubmission) -> Result<(), Cause>;

    /// Places of runs that hold values sealed under the key of this name, in order, at most `limit`.
    ///
    /// # Errors
    /// The index's own failure.
    fn find_sealed(&self, key: &str, limit: u32) -> Result<Vec<RunFound>, Cause>;

    /// Forgets everything: the next size is 0.
    ///
    /// # Errors
    /// The index's own failure.
    fn clear(&self) -> Result<(), Cause>;

    /// Position of the submission with this key.
    ///
    /// # Errors
    /// The index's own failure.
    fn find_submission(
        &self,
        agency: &str,
        feed: &str,
        key: &[u8; 16],
    ) -> Result<Option<u64>, Cause>;

    /// Runs by filters, in order of place: every run that may hold a record that matches.
    ///
    /// # Errors
    /// The index's own failure.
    fn find_runs(&self, query: &RecordQuery) -> Result<Vec<RunFound>, Cause>;

    /// Quarantined messages by filters, in order of position and message.
    ///
    /// # Errors
    /// The index's own failure.
    fn find_quarantined(&self, query: &QuarantineQuery) -> Result<Vec<(u64, u16)>, Cause>;

    /// Positions of entries by filters, in order: every entry that may match, and others too where a
    /// filter says so.
    ///
    /// # Errors
    /// The index's own failure.
    fn find_entries(&self, query: &EntryQuery) -> Result<Vec<u64>, Cause>;

    /// How many entries [`Index::find_entries`] would find without a limit, counted up to `most`.
    ///
    /// # Errors
    /// The index's own failure.
    fn count_entries(&self, query: &EntryQuery, most: u64) -> Result<u64, Cause>;
}
