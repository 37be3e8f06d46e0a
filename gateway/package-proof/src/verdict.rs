//! The verdict over a package: three-valued as that over a log, for the entries that are in it.

use audit_proof::erasure::Erasure;
use audit_proof::judge::{Outcome, Standing, Verdict};

use crate::{Finding, Index};

/// From whom the keys came by which signatures were checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// From the examiner.
    Examiner,
    /// From the package itself: they show that it agrees with itself, and nothing about who made it.
    Package,
}

/// Something asked, or needed for a full answer, that could not be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// There is no seal: nothing binds the list to the log.
    Unsealed,
    /// The package has no proof that leads to the size of something held elsewhere.
    NoConsistency {
        /// What is held.
        file: String,
    },
    /// Party keys were given, and no entry has a statement.
    NoStatement,
}

/// How much of a package was really checked, besides what the examination counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PackageCounts {
    /// Files whose length, SHA-256 and SM3 are those of the list.
    pub files: u64,
    /// Messages whose bytes are bound by their entry.
    pub payloads: u64,
    /// Results, and requests, whose bytes are bound by their entry.
    pub results: u64,
    /// Parts of which only the digest is there, bound by their entry.
    pub digests_only: u64,
    /// Components and configurations with the digest their entry names.
    pub adapters: u64,
    /// Inclusion proofs, or leaves of a proved range.
    pub inclusions: u64,
    /// Proofs that the checkpoint continues an older tree.
    pub consistencies: u64,
    /// Statements that agencies signed.
    pub statements: u64,
    /// Values that stay sealed.
    pub sealed: u64,
    /// Values that are disclosed and have their commitment.
    pub disclosed: u64,
    /// Values that an entry of the log erased.
    pub erased: u64,
}

/// What was found of the sealed values of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedMessage {
    /// Position of the submission's entry.
    pub position: u64,
    /// Number of the message.
    pub message: u32,
    /// How many values stay sealed.
    pub sealed: u64,
    /// Whether the message itself stays sealed.
    pub is_payload_sealed: bool,
    /// Field and value of each that is disclosed; a value that is no text is in hexadecimal.
    pub disclosed: Vec<(String, String)>,
    /// What was erased, by each erasure.
    pub erased: Vec<ErasedValues>,
}

/// What an entry erased of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedValues {
    /// The erasure, as its entry says it.
    pub erasure: Erasure,
    /// How many values.
    pub fields: u64,
    /// Whether the message itself.
    pub is_payload: bool,
}

/// What an examination of a package found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageVerdict {
    /// What the package says of itself; `None` when that could not be read.
    pub index: Option<Index>,
    /// SHA-256 of the list, which stands for the whole package.
    pub digest: Option<[u8; 32]>,
    /// Everything wrong in its files.
    pub findings: Vec<Finding>,
    /// What could not be checked, of the package.
    pub gaps: Vec<Gap>,
    /// The judgement over signatures, witnesses, receipts and time stamps.
    pub verdict: Verdict,
    /// By whose keys.
    pub keys: KeySource,
    /// Whether the checkpoint had the quorum of the policy it was judged by.
    pub has_quorum: bool,
    /// Whether the list is stated by a sound entry of the log.
    pub is_sealed: bool,
    /// The standing of each entry in the package, by position.
    pub standings: Vec<(u64, Standing)>,
    /// How much was really checked.
    pub counts: PackageCounts,
    /// What is sealed, disclosed and erased, by message.
    pub sealed: Vec<SealedMessage>,
}

impl PackageVerdict {
    /// The outcome as a whole, by the rule of the judge: wrong, else not checkable, else passed.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if !self.findings.is_empty() {
            return Outcome::Failed;
        }
        match self.verdict.outcome() {
            Outcome::Passed if !self.gaps.is_empty() => Outcome::NotCheckable,
            outcome @ (Outcome::Passed | Outcome::Failed | Outcome::NotCheckable) => outcome,
        }
    }
}

impl Gap {
    /// The sentence in English.
    #[must_use]
    pub fn english(&self) -> String {
        match self {
            Self::Unsealed => {
                "there is no seal: nothing binds the list of files to the log".to_owned()
            }
            Self::NoConsistency { file } => {
                format!("the package has no proof that leads to {file}")
            }
            Self::NoStatement => "party statements were asked for and no entry has one".to_owned(),
        }
    }

    /// The sentence in Chinese.
    #[must_use]
    pub fn chinese(&self) -> &'static str {
        match self {
            Self::Unsealed => "没有封存条目：清单未与日志绑定",
            Self::NoConsistency { .. } => "包内没有通向该检查点的一致性证明",
            Self::NoStatement => "要求核验报送方签名，但没有条目带有签名",
        }
    }
}
