//! What the index takes from entries for searches, and how it is asked for entries.

use crate::ports::FeedScope;
use crate::words::WordRange;

/// What the index takes from an entry that is no submission.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFacts {
    /// Number of the event.
    pub event: u64,
    /// Who acted; empty when the entry does not say.
    pub actor: String,
    /// Feed; empty when it is about none.
    pub feed: String,
    /// Case it is bound to, as [`schema::normalise_case_number`] writes it.
    pub case: Option<String>,
    /// Words of its readable parts.
    pub words: Vec<u64>,
}

/// Filters of a search for entries; empty ones do not filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryQuery {
    /// Feeds whose records may be looked at.
    pub feeds: FeedScope,
    /// Events, any of them.
    pub events: Vec<u64>,
    /// Who acted.
    pub actor: Option<String>,
    /// Feed.
    pub feed: Option<String>,
    /// Canonical case number, of the entry or of a record.
    pub case_number: Option<String>,
    /// Key of a party of a record.
    pub party: Option<String>,
    /// Key of a device of a record.
    pub device: Option<String>,
    /// Words: from each range one must be there.
    pub words: Vec<WordRange>,
    /// First position, included.
    pub from: u64,
    /// Last position, excluded.
    pub to: u64,
    /// Newest entries first.
    pub newest_first: bool,
    /// Most entries to return.
    pub limit: u32,
}
