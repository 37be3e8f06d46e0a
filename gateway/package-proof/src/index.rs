//! What a package says of itself: `package.json`.
//!
//! Names what is there and what was left out and why; every statement of it that can be checked is checked against the
//! files. Unknown keys are refused, so that nothing can stand in it that a verifier passes over.

use serde::{Deserialize, Serialize};

/// The format, in the key `format`.
pub const FORMAT: &str = "lawgate-evidence/v1";

/// Longest index that is read, in bytes.
pub const MAX_INDEX_BYTES: u64 = 32 << 20;

/// What a package is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageType {
    /// One record (记录).
    Record,
    /// One submission (提交).
    Submission,
    /// Everything of a case number (案件).
    Case,
    /// A run of entries, none left out (区间).
    Range,
    /// A case handed to another authority (移送).
    Transfer,
}

/// Why an entry is in the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It is what the package is about.
    Subject,
    /// It says which adapter was in force.
    Adapter,
    /// It says which keys sign for the log.
    Key,
    /// It says who read or exported the same thing (保管链).
    Custody,
    /// It erased something of the subject (删除).
    Erasure,
}

/// An entry in the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryItem {
    /// Its position.
    pub position: u64,
    /// Why it is there.
    pub role: Role,
}

/// Whether bytes are in the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// They are there.
    Included,
    /// Only their digest is there: the reader has no right to all of it.
    Withheld,
    /// Only their digest is there: it was asked for without them.
    LeftOut,
    /// Only their digest is there: the gateway does not have them any more.
    Unavailable,
    /// Only their digest is there: they hold personal data that is sealed, and were not asked for.
    Sealed,
    /// Only their digest is there: they held personal data that was erased.
    Erased,
}

/// A message of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageItem {
    /// Its number in the submission, from 0.
    pub number: u32,
    /// The message as received.
    pub payload: Presence,
    /// What the adapter made of it.
    pub result: Presence,
    /// Whether the result has sealed values; what is said of them stands in a file of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// Identities of the records of it that are in the package as JSON.
    pub records: Vec<String>,
}

/// A submission in the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmissionItem {
    /// Position of its entry.
    pub position: u64,
    /// Its identity.
    pub id: String,
    /// Number of its messages.
    pub messages: u32,
    /// The request without payloads: the context of the conversion.
    pub request: Presence,
    /// The messages in the package, by number.
    pub items: Vec<MessageItem>,
}

/// An adapter that converted something in the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterItem {
    /// `name@version`.
    pub name: String,
    /// SHA-256 of the component, hexadecimal.
    pub component: String,
    /// Whether the component is there.
    pub component_is: Presence,
    /// SHA-256 of the configuration, hexadecimal.
    pub configuration: String,
    /// Whether the configuration is there.
    pub configuration_is: Presence,
}

/// A run of entries that is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeItem {
    /// The first position.
    pub from: u64,
    /// The position after the last.
    pub to: u64,
}

/// Something that is not in the package, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// What: a file, or a few words.
    pub what: String,
    /// Why, for people.
    pub why: String,
    /// The same in Chinese.
    pub why_chinese: String,
}

/// The index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// [`FORMAT`].
    pub format: String,
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: PackageType,
    /// The case number, identity or range that was asked for.
    pub subject: String,
    /// Name of the log.
    pub origin: String,
    /// Size of the checkpoint that every proof leads to.
    pub size: u64,
    /// Whether the quorum of the gateway's own policy had cosigned it.
    pub is_final: bool,
    /// Position of the entry that was written before anything was read.
    pub query: u64,
    /// When it was made, RFC 3339; the time of the query's entry.
    pub made_at: String,
    /// The program that made it, with its version.
    pub software: String,
    /// The agency it was made for.
    pub agency: String,
    /// Whether personal data was masked or withheld for that agency.
    pub is_masked: bool,
    /// The entries, by position.
    pub entries: Vec<EntryItem>,
    /// The run that is complete, in a package of a range.
    pub range: Option<RangeItem>,
    /// The submissions, by position.
    pub submissions: Vec<SubmissionItem>,
    /// The adapters, by component and configuration.
    pub adapters: Vec<AdapterItem>,
    /// Positions of the entries whose receipts are there.
    pub receipts: Vec<u64>,
    /// Sizes of older trees that the checkpoint is proved to continue.
    pub consistency: Vec<u64>,
    /// Sizes of the checkpoints whose time stamps are there.
    pub stamps: Vec<u64>,
    /// What is not there, and why.
    pub left_out: Vec<LeftOut>,
}

/// Why bytes are not an index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// Not JSON of this form.
    #[error("{0}")]
    Form(String),
    /// Another format.
    #[error("the format is {0}, and this program knows {FORMAT}")]
    Format(String),
    /// Lists are not ascending, or something is there twice.
    #[error("{0} are not ascending")]
    Order(&'static str),
}

impl Index {
    /// Reads an index.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, IndexError> {
        let index: Self =
            serde_json::from_slice(bytes).map_err(|error| IndexError::Form(error.to_string()))?;
        if index.format != FORMAT {
            return Err(IndexError::Format(index.format.chars().take(64).collect()));
        }
        let positions = |mut items: &mut dyn Iterator<Item = u64>| {
            let mut last = None;
            (&mut items).all(|item| last.replace(item).is_none_or(|last| last < item))
        };
        let orders = [
            (
                "entries",
                positions(&mut index.entries.iter().map(|item| item.position)),
            ),
            (
                "submissions",
                positions(&mut index.submissions.iter().map(|item| item.position)),
            ),
            ("receipts", positions(&mut index.receipts.iter().copied())),
            (
                "consistency",
                positions(&mut index.consistency.iter().copied()),
            ),
            ("stamps", positions(&mut index.stamps.iter().copied())),
            (
                "messages",
                index.submissions.iter().all(|submission| {
                    positions(&mut submission.items.iter().map(|item| u64::from(item.number)))
                }),
            ),
        ];
        match orders.iter().find(|(_, is_ascending)| !is_ascending) {
            Some((what, _)) => Err(IndexError::Order(what)),
            None => Ok(index),
        }
    }

    /// The index as it is stored.
    ///
    /// # Errors
    /// None that a value of this type has; the serialiser's are handed on.
    pub fn to_bytes(&self) -> Result<Vec<u8>, IndexError> {
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|error| IndexError::Form(error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}
