//! What can be wrong with a log, and where.

use crate::{
    checkpoint::CheckpointError,
    fault::FaultKind,
    key_history::RetiredKeyError,
    mirror::MirrorFaultKind,
    note::NoteError,
    party::{KeyId, PartyFault},
    policy::JudgeError,
    receipt::{ReceiptError, ReceiptVerifyError},
    timestamp::TokenError,
};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The first position that cannot be relied on; `None` when it is about a note and no entry.
    pub position: Option<u64>,
    /// The position before which the change lies, when only a range is known.
    pub until: Option<u64>,
    /// The file in which it shows.
    pub file: String,
    /// Where in the file, in bytes.
    pub offset: u64,
    /// What is wrong.
    pub kind: FailureKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FailureKind {
    /// The stored log is damaged or changed.
    #[error("{0}")]
    Log(FaultKind),
    /// The mirror is damaged or changed.
    #[error("{0}")]
    Mirror(MirrorFaultKind),
    /// The file is no signed note.
    #[error("the file is not a signed note")]
    NoteForm(#[source] NoteError),
    /// The note is no checkpoint of a log of ours.
    #[error("the note is not a checkpoint")]
    CheckpointForm(#[source] CheckpointError),
    /// The checkpoint or receipt is of another log.
    #[error("it is of the log {origin}")]
    OtherLog {
        /// Which log.
        origin: String,
    },
    /// A signature that claims to be of a known key is wrong.
    #[error("a signature is wrong")]
    Signature(#[source] JudgeError),
    /// The key was no longer valid at that size, or its signature is wrong.
    #[error("the key history refuses the signatures")]
    Key(#[source] RetiredKeyError),
    /// No key of the log signed.
    #[error("no known key of the log signed it")]
    Unsigned,
    /// Entries are missing at the end: it states more than the log has.
    #[error("the log is shorter: it states {size} entries")]
    Shorter {
        /// How many it states.
        size: u64,
    },
    /// The entries give another root.
    #[error("the log is another one: at {size} entries it has another root")]
    Differs {
        /// At how many entries.
        size: u64,
    },
    /// Two signed checkpoints of one size have different roots.
    #[error("the log signed two different roots at {size} entries, the other in {other}")]
    SplitView {
        /// At how many entries.
        size: u64,
        /// The file of the other.
        other: String,
    },
    /// The file is no receipt.
    #[error("the file is not a receipt")]
    ReceiptForm(#[source] ReceiptError),
    /// The receipt does not hold by itself.
    #[error("the receipt does not hold")]
    Receipt(#[source] ReceiptVerifyError),
    /// The log ends before the entry of the receipt.
    #[error("an entry is missing for which there is a receipt")]
    Dropped,
    /// The log has another entry at the position of the receipt.
    #[error("another entry stands where the receipt says")]
    Replaced,
    /// The receipt states another time than its entry.
    #[error("the receipt states another time than its entry")]
    ReceiptTime,
    /// The time stamp does not hold.
    #[error("the time stamp does not hold")]
    Stamp(#[source] TokenError),
    /// An entry states a time after others saw it.
    #[error("the entry states a time {seconds} s after it was seen by others")]
    TimeAfter {
        /// By how much, in seconds.
        seconds: u64,
    },
    /// An entry states a time before a time stamp on which it builds.
    #[error("the entry states a time {seconds} s before the time stamp on which it builds")]
    TimeBefore {
        /// By how much, in seconds.
        seconds: u64,
    },
    /// The newest statement of others is too old: the log may have been set back.
    #[error("the newest checkpoint or time stamp is {age_s} s old: the log may have been set back")]
    Stale {
        /// Its age in seconds.
        age_s: u64,
    },
    /// The signature of an agency is missing or wrong.
    #[error("the agency did not sign this entry")]
    Party(#[source] PartyFault),
    /// Statements of an agency are missing.
    #[error("statements {first} to {last} of agency {agency} are not in the log (key {key})",
        first = .0.first, last = .0.last, agency = .0.agency, key = .0.key)]
    PartyGap(Box<Gap>),
    /// A statement of an agency was used twice.
    #[error("statement {counter} of agency {agency} was used before, at position {first}")]
    PartyReplay {
        /// The agency.
        agency: String,
        /// The counter.
        counter: u64,
        /// Position of its first use.
        first: u64,
    },
    /// Not a single entry and not a single receipt was checked.
    #[error("nothing was checked")]
    Nothing,
}

/// Counters of an agency that no entry has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The agency.
    pub agency: String,
    /// Its key.
    pub key: KeyId,
    /// The first counter missing.
    pub first: u64,
    /// The last counter missing.
    pub last: u64,
}

impl Failure {
    /// Returns a failure of a file, which is about no entry.
    pub(super) fn of_file(file: &str, kind: FailureKind) -> Self {
        Self::at(None, file, kind)
    }

    /// Returns a failure at a position.
    pub(super) fn at(position: Option<u64>, file: &str, kind: FailureKind) -> Self {
        Self {
            position,
            until: None,
            file: file.to_owned(),
            offset: 0,
            kind,
        }
    }
}

impl From<crate::fault::Fault> for Failure {
    fn from(fault: crate::fault::Fault) -> Self {
        Self {
            position: Some(fault.position),
            until: None,
            file: fault.file.display().to_string(),
            offset: fault.offset,
            kind: FailureKind::Log(fault.kind),
        }
    }
}

impl From<crate::mirror::MirrorFault> for Failure {
    fn from(fault: crate::mirror::MirrorFault) -> Self {
        Self {
            position: Some(fault.position),
            until: None,
            file: fault.file.display().to_string(),
            offset: fault.offset,
            kind: FailureKind::Mirror(fault.kind),
        }
    }
}

impl FailureKind {
    /// Returns the name of the kind, for programs; it never changes.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Log(_) => "log-fault",
            Self::Mirror(_) => "mirror-fault",
            Self::NoteForm(_) => "note-form",
            Self::CheckpointForm(_) => "checkpoint-form",
            Self::OtherLog { .. } => "other-log",
            Self::Signature(_) => "signature",
            Self::Key(_) => "key",
            Self::Unsigned => "unsigned",
            Self::Shorter { .. } => "shorter",
            Self::Differs { .. } => "differs",
            Self::SplitView { .. } => "split-view",
            Self::ReceiptForm(_) => "receipt-form",
            Self::Receipt(_) => "receipt",
            Self::Dropped => "dropped",
            Self::Replaced => "replaced",
            Self::ReceiptTime => "receipt-time",
            Self::Stamp(_) => "time-stamp",
            Self::TimeAfter { .. } => "time-after",
            Self::TimeBefore { .. } => "time-before",
            Self::Stale { .. } => "stale",
            Self::Party(_) => "party-signature",
            Self::PartyGap(_) => "party-gap",
            Self::PartyReplay { .. } => "party-replay",
            Self::Nothing => "nothing",
        }
    }
}
