//! What a package is made of, as it is handed in.

use audit_proof::hash::Hash;
use package_proof::{
    index::{LeftOut, PackageType, Presence, Role},
    proofs::{ConsistencyText, MessagesText, RangeText},
    sealed::FieldsText,
};

/// Everything of a package.
#[derive(Debug, Clone)]
pub struct Contents {
    /// What it is about.
    pub kind: PackageType,
    /// What was asked for, in the words of who asked.
    pub subject: String,
    /// Name of the log.
    pub origin: String,
    /// Position of the entry written before anything was read.
    pub query: u64,
    /// Time of that entry, RFC 3339.
    pub made_at: String,
    /// The program, with its version.
    pub software: String,
    /// The agency it is made for.
    pub agency: String,
    /// Purpose and legal basis as the agency stated them; empty when it did not.
    pub purpose: String,
    /// Whether anything was masked or withheld for it.
    pub is_masked: bool,
    /// The checkpoint that everything leads to.
    pub checkpoint: CheckpointFile,
    /// The policy of keys and witnesses in force at the gateway.
    pub policy: String,
    /// The key history of the log, when there is one.
    pub key_history: Option<String>,
    /// Entries, ascending by position.
    pub entries: Vec<EntryFile>,
    /// The run of entries, in a package of a range.
    pub range: Option<RangeText>,
    /// Submissions, ascending by position.
    pub submissions: Vec<SubmissionFile>,
    /// Adapters.
    pub adapters: Vec<AdapterFile>,
    /// Receipts by position, ascending.
    pub receipts: Vec<(u64, String)>,
    /// Consistency proofs, ascending by the older size; all to the checkpoint.
    pub consistency: Vec<ConsistencyText>,
    /// Time stamps, ascending by size.
    pub stamps: Vec<StampFile>,
    /// The documents of a transfer.
    pub transfer: Option<Transfer>,
    /// What is not in the package, and why.
    pub left_out: Vec<LeftOut>,
}

/// A checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointFile {
    /// The signed note.
    pub note: String,
    /// Its size.
    pub size: u64,
    /// Whether the quorum of the gateway's own policy cosigned it.
    pub is_final: bool,
    /// Names of the witnesses that cosigned.
    pub witnesses: Vec<String>,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFile {
    /// Its position.
    pub position: u64,
    /// Why it is in the package.
    pub role: Role,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
    /// Its inclusion proof; `None` when the proof of the range covers it.
    pub proof: Option<Vec<Hash>>,
}

/// Bytes, or why they are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The bytes.
    Included(Vec<u8>),
    /// The reader has no right to all of it.
    Withheld,
    /// It was asked for without them.
    LeftOut,
    /// The gateway does not have them.
    Unavailable,
    /// They hold personal data that is sealed, and were not asked for.
    Sealed,
    /// They held personal data that was erased.
    Erased,
}

impl Part {
    /// Whether the bytes are there.
    #[must_use]
    pub fn presence(&self) -> Presence {
        match self {
            Self::Included(_) => Presence::Included,
            Self::Withheld => Presence::Withheld,
            Self::LeftOut => Presence::LeftOut,
            Self::Unavailable => Presence::Unavailable,
            Self::Sealed => Presence::Sealed,
            Self::Erased => Presence::Erased,
        }
    }

    /// The bytes, when they are there.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Included(bytes) => Some(bytes),
            Self::Withheld | Self::LeftOut | Self::Unavailable | Self::Sealed | Self::Erased => {
                None
            }
        }
    }
}

/// A submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmissionFile {
    /// Position of its entry.
    pub position: u64,
    /// Its identity.
    pub id: String,
    /// The request without payloads.
    pub request: Part,
    /// Where its parts stand in the roots of the entry.
    pub proofs: MessagesText,
    /// The messages, ascending by number: as many as `proofs` has.
    pub items: Vec<MessageFile>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFile {
    /// Its number.
    pub number: u32,
    /// As received.
    pub payload: Part,
    /// What the adapter made of it.
    pub result: Part,
    /// What is said of the sealed values of the result, when it has any.
    pub fields: Option<FieldsText>,
    /// Its records: identity and JSON.
    pub records: Vec<(String, String)>,
}

/// An adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterFile {
    /// `name@version`.
    pub name: String,
    /// SHA-256 of the component.
    pub component: Hash,
    /// The component.
    pub component_bytes: Part,
    /// SHA-256 of the configuration.
    pub configuration: Hash,
    /// The configuration.
    pub configuration_bytes: Part,
}

/// A time stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampFile {
    /// Size of the checkpoint it is over.
    pub size: u64,
    /// That checkpoint, a signed note.
    pub note: Vec<u8>,
    /// The token, or the authority's answer around it.
    pub token: Vec<u8>,
}

/// The documents of a transfer (移送).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transfer {
    /// The list as JSON, for programs.
    pub json: String,
    /// For each group: its name in Chinese and English, and the records that are there; none when it is missing.
    pub groups: Vec<TransferGroup>,
    /// The receiving body's receipt, in the words of its record; `None` when there is none.
    pub receipt: Option<String>,
}

/// One group of documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransferGroup {
    /// Its name in Chinese.
    pub chinese: String,
    /// Its name in English.
    pub english: String,
    /// What is there: names of documents with the record that lists them.
    pub present: Vec<String>,
}
