//! Checking entries one after another, from their bytes.
//!
//! The publisher's own eyes: it recomputes what the writer computed and shares with it only the decoder and the hash
//! functions. It reads no file. What it lets pass is what gets signed.

use audit_proof::{
    chain::check_second_link,
    entry::Entry,
    fault::FaultKind,
    hash::{Hash, leaf_hash},
    segment::Header,
    suite::{LogSuite, Suite},
};

use super::PublishError;
use crate::reader::Reader;

/// What is known of the log up to the next entry.
#[derive(Debug)]
pub(super) struct Checker {
    origin: String,
    suite: LogSuite,
    /// Whether SM3 leaf hashes are asked for though entries do not link by them.
    has_twin: bool,
    /// The position of the next entry.
    pub(super) position: u64,
    /// The leaf hash of the newest entry, or the genesis hash.
    pub(super) link: Hash,
    second: Option<Hash>,
    /// The time of the newest entry.
    pub(super) time_ns: u64,
}

/// The leaf hashes of one entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaves {
    pub(super) sha256: Hash,
    /// Only where entries link by SM3 or a twin is published.
    pub(super) sm3: Option<Hash>,
}

impl Checker {
    /// Starts at `position` of a log that has at least one entry.
    ///
    /// Before the first entry the genesis is computed anew; anywhere else the entry before is read from its file.
    pub(super) fn start(
        reader: &Reader,
        origin: &str,
        has_twin: bool,
        position: u64,
    ) -> Result<Self, PublishError> {
        let wrong = |position, cause| PublishError::Entry { position, cause };
        let header = reader.first_header()?;
        if header.origin != origin {
            return Err(wrong(0, FaultKind::Origin));
        }
        if !header.is_genesis() {
            return Err(wrong(0, FaultKind::Genesis));
        }
        let Header { start, .. } = &header;
        let mut checker = Self {
            origin: header.origin.clone(),
            suite: header.suite(),
            has_twin,
            position,
            link: start.hash,
            second: start.second,
            time_ns: 0,
        };
        if let Some(before) = position.checked_sub(1) {
            let stored = reader.durable_entry(before)?;
            let entry = Entry::decode(&stored.bytes)
                .map_err(|cause| wrong(before, FaultKind::Entry(cause)))?;
            checker.link = leaf_hash(&stored.bytes);
            checker.second = checker.suite.second_leaf_hash(&stored.bytes);
            checker.time_ns = entry.time_ns();
        }
        Ok(checker)
    }

    /// Checks that `bytes` are the next entry and returns its leaf hashes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<Leaves, PublishError> {
        let position = self.position;
        let wrong = |cause| PublishError::Entry { position, cause };
        let entry = Entry::decode(bytes).map_err(|cause| wrong(FaultKind::Entry(cause)))?;
        let holds = [
            (entry.origin() == self.origin, FaultKind::EntryOrigin),
            (entry.position() == position, FaultKind::EntryPosition),
            (entry.time_ns() > self.time_ns, FaultKind::EntryTime),
            (entry.link() == &self.link, FaultKind::EntryLink),
        ];
        if let Some((_, cause)) = holds.into_iter().find(|(holds, _)| !holds) {
            return Err(wrong(cause));
        }
        check_second_link(self.second.as_ref(), entry.second_link()).map_err(wrong)?;
        let sha256 = leaf_hash(bytes);
        let sm3 = match self.suite {
            LogSuite::Sha256 if !self.has_twin => None,
            LogSuite::Sha256 | LogSuite::Dual => Some(Suite::Sm3.leaf_hash(bytes)),
        };
        self.position += 1;
        self.link = sha256;
        self.second = self.second.and(sm3);
        self.time_ns = entry.time_ns();
        Ok(Leaves { sha256, sm3 })
    }
}
