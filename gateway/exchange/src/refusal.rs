//! Why a call was refused.
//!
//! One variant for each thing a caller or an operator can do something about.
//! `grpc-api` maps each to one status; [`Refusal::reason`] is the stable code
//! that goes to the peer and into the audit entry.

use std::error::Error;
use std::time::Duration;

use crate::entry::Dependency;
use crate::party::PartyRefusal;

/// A boxed cause from behind a port.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a call was refused. Nothing was kept and nothing was shown.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The certificate belongs to no agency of the policy.
    #[error("the client certificate sha256:{fingerprint} belongs to no agency")]
    UnknownAgency {
        /// SHA-256 of the certificate, hex.
        fingerprint: String,
    },
    /// No feed of this name exists.
    #[error("there is no feed {feed}")]
    UnknownFeed {
        /// The name asked for.
        feed: String,
    },
    /// The agency may not submit to the feed.
    #[error("agency {agency} may not submit to feed {feed}")]
    SubmitNotGranted {
        /// The agency.
        agency: String,
        /// The feed.
        feed: String,
    },
    /// The agency may not read the feed.
    #[error("agency {agency} may not read feed {feed}")]
    ReadNotGranted {
        /// The agency.
        agency: String,
        /// The feed.
        feed: String,
    },
    /// The call is for members of staff with a role that the caller does not have.
    #[error("{caller} is no {role}")]
    RoleNotGranted {
        /// Who called.
        caller: String,
        /// The role it takes.
        role: &'static str,
    },
    /// A field of the request is malformed.
    #[error("{field}: {expected}")]
    Malformed {
        /// Path of the field.
        field: &'static str,
        /// What would be right.
        expected: String,
    },
    /// The signature of the agency is missing or wrong; the sentence says which.
    #[error(transparent)]
    PartySignature(#[from] PartyRefusal),
    /// The submission is larger than the limit.
    #[error("the submission has {size} {unit}, the limit is {limit}")]
    TooLarge {
        /// What it has.
        size: usize,
        /// Of what: `bytes` or `messages`.
        unit: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The idempotency key was used for other bytes.
    #[error("idempotency key {key} was used for other bytes at position {position}")]
    IdempotencyConflict {
        /// The key.
        key: String,
        /// Position of the earlier submission.
        position: u64,
    },
    /// The agency has as much under way as it may.
    #[error("agency {agency} has {limit} {unit} under way, which is its limit")]
    Busy {
        /// The agency.
        agency: String,
        /// The limit met.
        limit: usize,
        /// Of what.
        unit: &'static str,
    },
    /// A queue of the node is full.
    #[error("the node's {queue} queue is full")]
    QueueFull {
        /// Which queue.
        queue: &'static str,
    },
    /// Another upload is being checked, and others wait for it.
    #[error("other uploads are being checked, one at a time; try again when they are done")]
    UploadsBusy,
    /// The node is stopping: it finishes what it has and takes nothing new.
    #[error("the node is stopping")]
    Stopping,
    /// Nothing from outside has vouched for the log for longer than the operator allows.
    #[error("{} have been missing for {} s, which is longer than allowed", what.word(), lasting.as_secs())]
    Unattested {
        /// What is missing.
        what: Dependency,
        /// For how long.
        lasting: Duration,
    },
    /// The call took longer than it may.
    #[error("the call took longer than {limit:?}")]
    Deadline {
        /// The limit.
        limit: Duration,
    },
    /// The index has not reached the size the answer needs.
    #[error("the index has reached {indexed} of {size} entries")]
    IndexBehind {
        /// Size indexed.
        indexed: u64,
        /// Size of the log.
        size: u64,
    },
    /// Nothing of this identity exists, or the caller may not know of it.
    #[error("there is no {what} {id}")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// Identity asked for.
        id: String,
    },
    /// This node publishes no checkpoints, so that there is nothing to prove with.
    #[error("this node publishes no checkpoints")]
    ProofsNotOffered,
    /// The tree asked about is larger than that of the newest checkpoint; later it may not be.
    #[error("the newest checkpoint has {published} entries, {size} are asked about")]
    NotPublished {
        /// Size asked about, at least 1.
        size: u64,
        /// Size of the newest checkpoint; 0 before the first.
        published: u64,
    },
    /// The evidence package would hold more than a package may; less can be asked for.
    #[error("the package would hold more than {limit} {unit}")]
    PackageTooLarge {
        /// The limit.
        limit: usize,
        /// Of what: `bytes`, `records` or `submissions`.
        unit: &'static str,
    },
    /// A checkpoint or a proof cannot be read; the log is not affected.
    #[error("the proof cannot be made")]
    ProofFailed {
        /// What the published files say.
        #[source]
        cause: Cause,
    },
    /// The caller is no administrator.
    #[error("agency {agency} is no administrator of the adapters")]
    NotAdministrator {
        /// The agency.
        agency: String,
    },
    /// This node has no registry of adapters.
    #[error("this node has no registry of adapters")]
    AdaptersNotOffered,
    /// No adapter converts the feed yet; later one may.
    #[error("feed {feed} has no active adapter")]
    NoAdapter {
        /// The feed.
        feed: String,
    },
    /// An uploaded adapter is refused; the sentence says what is wrong with it.
    #[error("{text}")]
    AdapterRefused {
        /// Stable code: `adapter-signature`.
        code: &'static str,
        /// What is wrong.
        text: String,
    },
    /// The version, the feed or the message is in a state in which this cannot be done.
    #[error("{text}")]
    AdapterState {
        /// Which, and what would help.
        text: String,
    },
    /// The quarantined message is closed: nothing is done on it any more.
    #[error("message {message} of the submission at position {position} was {state}")]
    QuarantineClosed {
        /// Position of the submission.
        position: u64,
        /// Number of the message.
        message: u16,
        /// What became of it.
        state: &'static str,
    },
    /// The store of adapters cannot be read or written; exchanges are not affected.
    #[error("the store of adapters failed")]
    StoreFailed {
        /// The store's error.
        #[source]
        cause: Cause,
    },
    /// The audit log cannot write: exchanges are refused.
    #[error("the audit log cannot write")]
    LogUnavailable {
        /// The log's error.
        #[source]
        cause: Cause,
    },
    /// The evidence store cannot write: exchanges are refused.
    #[error("the evidence store cannot write")]
    EvidenceUnavailable {
        /// The store's error.
        #[source]
        cause: Cause,
    },
    /// The index failed; the log and the evidence are not affected.
    #[error("the index failed")]
    IndexFailed {
        /// The index's error.
        #[source]
        cause: Cause,
    },
    /// Part of what is asked about was erased; nothing can be said of it any more.
    #[error("the submission at position {position} was erased in part")]
    Erased {
        /// Position of the submission's entry.
        position: u64,
    },
    /// What is asked about is only stored: its processing is restricted.
    #[error("values of the submission at position {position} are only stored")]
    Restricted {
        /// Position of the submission's entry.
        position: u64,
    },
    /// A case under legal hold stands in the way.
    #[error("{key} is in a case under legal hold, or in a message with somebody who is")]
    LegalHold {
        /// Name of the key.
        key: String,
    },
    /// This node seals nothing.
    #[error("this node has no vault")]
    NoVault,
    /// The vault cannot be read or written.
    #[error("the vault of personal data cannot be used")]
    VaultFailed {
        /// The vault's error.
        #[source]
        cause: Cause,
    },
    /// What is stored does not agree with its digest: shown to nobody.
    #[error("what is stored for position {position} does not agree with the log")]
    Damaged {
        /// Position of the entry.
        position: u64,
        /// What was found.
        #[source]
        cause: Cause,
    },
}

impl Refusal {
    /// The stable code of the reason, for peers and for the audit entry.
    pub fn reason(&self) -> &'static str {
        match self {
            Refusal::UnknownAgency { .. } => "agency-unknown",
            Refusal::UnknownFeed { .. } => "feed-unknown",
            Refusal::SubmitNotGranted { .. } => "submit-not-granted",
            Refusal::ReadNotGranted { .. } => "read-not-granted",
            Refusal::RoleNotGranted { .. } => "role-not-granted",
            Refusal::Malformed { .. } => "request-malformed",
            Refusal::PartySignature(_) => "party-signature",
            Refusal::TooLarge { .. } => "submission-too-large",
            Refusal::IdempotencyConflict { .. } => "idempotency-conflict",
            Refusal::Busy { .. } => "agency-busy",
            Refusal::QueueFull { .. } => "node-busy",
            Refusal::UploadsBusy => "uploads-busy",
            Refusal::Stopping => "node-stopping",
            Refusal::Unattested { .. } => "attestation-missing",
            Refusal::Deadline { .. } => "deadline",
            Refusal::IndexBehind { .. } => "index-behind",
            Refusal::NotFound { .. } => "not-found",
            Refusal::ProofsNotOffered => "proofs-not-offered",
            Refusal::NotPublished { .. } => "not-published",
            Refusal::PackageTooLarge { .. } => "package-too-large",
            Refusal::ProofFailed { .. } => "proof-failed",
            Refusal::NotAdministrator { .. } => "administrator-only",
            Refusal::AdaptersNotOffered => "adapters-not-offered",
            Refusal::NoAdapter { .. } => "feed-without-adapter",
            Refusal::AdapterRefused { code, .. } => code,
            Refusal::AdapterState { .. } => "adapter-state",
            Refusal::QuarantineClosed { .. } => "quarantine-closed",
            Refusal::StoreFailed { .. } => "adapter-store-failed",
            Refusal::LogUnavailable { .. } => "log-unavailable",
            Refusal::EvidenceUnavailable { .. } => "evidence-unavailable",
            Refusal::IndexFailed { .. } => "index-failed",
            Refusal::Erased { .. } => "erased",
            Refusal::Restricted { .. } => "restricted",
            Refusal::LegalHold { .. } => "legal-hold",
            Refusal::NoVault => "vault-not-configured",
            Refusal::VaultFailed { .. } => "vault-failed",
            Refusal::Damaged { .. } => "stored-data-damaged",
        }
    }

    /// When it makes sense to try again without a change; `None`: it does not.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Refusal::Busy { .. } | Refusal::QueueFull { .. } => Some(Duration::from_millis(200)),
            Refusal::Stopping => Some(Duration::from_secs(5)),
            Refusal::Unattested { .. } | Refusal::NoAdapter { .. } => Some(Duration::from_secs(60)),
            Refusal::IndexBehind { .. }
            | Refusal::Deadline { .. }
            | Refusal::NotPublished { .. } => Some(Duration::from_secs(1)),
            Refusal::LogUnavailable { .. }
            | Refusal::EvidenceUnavailable { .. }
            | Refusal::UploadsBusy => Some(Duration::from_secs(30)),
            Refusal::UnknownAgency { .. }
            | Refusal::UnknownFeed { .. }
            | Refusal::SubmitNotGranted { .. }
            | Refusal::ReadNotGranted { .. }
            | Refusal::RoleNotGranted { .. }
            | Refusal::Malformed { .. }
            | Refusal::PartySignature(_)
            | Refusal::TooLarge { .. }
            | Refusal::IdempotencyConflict { .. }
            | Refusal::NotFound { .. }
            | Refusal::IndexFailed { .. }
            | Refusal::NotAdministrator { .. }
            | Refusal::AdaptersNotOffered
            | Refusal::AdapterRefused { .. }
            | Refusal::AdapterState { .. }
            | Refusal::QuarantineClosed { .. }
            | Refusal::StoreFailed { .. }
            | Refusal::ProofsNotOffered
            | Refusal::PackageTooLarge { .. }
            | Refusal::ProofFailed { .. }
            | Refusal::Erased { .. }
            | Refusal::Restricted { .. }
            | Refusal::LegalHold { .. }
            | Refusal::NoVault
            | Refusal::VaultFailed { .. }
            | Refusal::Damaged { .. } => None,
        }
    }
}
