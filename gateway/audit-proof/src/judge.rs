//! The verdict over a log: what its own bytes give, held against what others signed about it.
//!
//! Pure over its inputs. [`Examination`] collects signed checkpoints, receipts and time stamps and judges the signatures
//! of each; whoever reads the log gives the heads at [`Examination::sizes`] as [`Contents`]; [`Examination::decide`] says
//! of every range of entries whether it is anchored, unanchored or wrong. It reads no file, no clock and no network, so
//! that a program in a browser can use it as the offline verifier does. A verdict says what was really checked, what was
//! asked and could not be checked, and what was not asked: silence is never a pass.

mod chinese;
mod counts;
mod decide;
mod examination;
mod failure;
mod range;
#[cfg(test)]
mod tests;

pub use chinese::Chinese;
pub use counts::Counts;
pub use examination::{Examination, Keeper, SM3_ORIGIN_SUFFIX};
pub use failure::{Failure, FailureKind, Gap};
pub use range::{Range, Standing};

use std::time::Duration;

use crate::{
    chain::Head, key_history::KeyHistory, party::CounterReport, policy::Policy,
    timestamp::TrustedRoots,
};

/// How far the clock of a log may be ahead of a time stamp over its entries, when nobody says otherwise.
///
/// A synchronised clock is off by far less; a minute is more than any leap second handling or slow authority needs.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// Whom the examiner trusts. None of it may come from the operator of the log.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Keys of logs, and how many of which witnesses make a checkpoint final.
    pub policy: Option<Policy>,
    /// Up to which size each key was valid.
    pub key_history: Option<KeyHistory>,
    /// Root certificates of time-stamping authorities.
    pub stamp_roots: Option<TrustedRoots>,
}

/// What is asked besides what the evidence itself asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Questions {
    /// Whether the newest checkpoint with a quorum, or the newest time stamp, is recent.
    pub freshness: Option<FreshnessQuestion>,
    /// How far an entry's time may be after a time stamp that covers it.
    pub clock_tolerance: Duration,
    /// How long after a checkpoint its time stamp was made at most: with it, an entry after the checkpoint that states a
    /// time before that is a clock set back. `None`: not asked.
    pub stamp_delay: Option<Duration>,
    /// Receipts are asked for, so that not a single one is an answer not given.
    pub receipts: bool,
    /// Time stamps are asked for.
    pub stamps: bool,
    /// Party statements are asked for.
    pub party: bool,
}

impl Default for Questions {
    fn default() -> Self {
        Self {
            freshness: None,
            clock_tolerance: CLOCK_TOLERANCE,
            stamp_delay: None,
            receipts: false,
            stamps: false,
            party: false,
        }
    }
}

/// Is the log as new as it ought to be?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreshnessQuestion {
    /// The time of the examination, in seconds since 1970.
    pub now_s: u64,
    /// How old the newest statement of others may be.
    pub max_age: Duration,
}

/// What the bytes of a log, or of a mirror, give by themselves.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// The origin, where there is an entry or a segment that says it.
    pub origin: Option<String>,
    /// How many entries are sound.
    pub size: u64,
    /// Heads at the sizes asked for, as far as `size` goes, ascending.
    pub heads: Vec<Head>,
    /// The same of the SM3 tree; `None` when it was not computed.
    pub sm3_heads: Option<Vec<Head>>,
    /// The first thing wrong in the bytes themselves.
    pub fault: Option<Failure>,
    /// What is wrong in files beside, such as the tiles of a log that was read from its segments.
    pub faults_beside: Vec<Failure>,
    /// Entries before this position are archived, and their archives were not given: they were not checked.
    pub archived: u64,
    /// What was checked on the way.
    pub counts: Counts,
    /// What the party counters show; `None` when they were not checked.
    pub party: Option<CounterReport>,
    /// Bytes of an unfinished write at the end, which was never acknowledged.
    pub unfinished_bytes: u64,
}

/// Something that was asked and could not be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchecked {
    /// What it is about: a file, or empty when it is about the whole.
    pub file: String,
    /// Why it could not be checked.
    pub reason: UncheckedReason,
}

/// Why something that was asked could not be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UncheckedReason {
    /// There is neither a policy nor a key history.
    #[error("signatures cannot be checked without a policy or a key history")]
    NoKeys,
    /// Policy and key history name no key of this log.
    #[error("policy and key history name no key of this log")]
    NoKeyOfLog,
    /// No key for receipts of this log is named.
    #[error("policy and key history name no receipt key of this log")]
    NoReceiptKey,
    /// No checkpoint that the log contains has the quorum of witnesses.
    #[error("no checkpoint has the witness quorum that the policy asks for")]
    NoQuorum,
    /// There are no receipts.
    #[error("receipts were asked for and there is none")]
    NoReceipt,
    /// There is no root certificate of a time-stamping authority.
    #[error("time stamps cannot be checked without root certificates")]
    NoStampRoots,
    /// The checkpoint that a time stamp is over is not there.
    #[error("the checkpoint that the time stamp is over is not there")]
    NoStampedCheckpoint,
    /// There is no time stamp.
    #[error("time stamps were asked for and there is none")]
    NoStamp,
    /// The token is signed with an algorithm that is not verified here, such as SM2.
    #[error("the time stamp is signed with an algorithm that is not verified here")]
    StampAlgorithm,
    /// No statement of others that the log contains has a time.
    #[error("freshness cannot be judged: no checkpoint or time stamp states a time")]
    NoTime,
    /// What others state is later than the time of the examination.
    #[error("freshness cannot be judged: the clock of the examination is behind")]
    ClockBehind,
    /// No entry has a party statement.
    #[error("party statements were asked for and no entry has one")]
    NoStatement,
    /// No log was given to hold it against.
    #[error("there is no log to hold it against")]
    NoLog,
    /// The log has a fault before the size at which it would be compared.
    #[error("the log has a fault before this size")]
    BehindFault,
    /// The node keeps no tiles.
    #[error("there are no tiles")]
    NoTiles,
    /// The node keeps no lock with the checkpoint it signed last.
    #[error("there is no lock with the checkpoint signed last")]
    NoLock,
    /// The SM3 tree was not computed.
    #[error("the SM3 tree was not computed")]
    NoSm3,
    /// Entries are archived and their archive was not given.
    #[error("entries are archived, and their archives were not given")]
    Archived,
}

/// Something that was not asked, so that the verdict says nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAsked {
    /// Who signed: no policy and no key history were given.
    Signatures,
    /// Whether retired keys signed: no key history was given.
    KeyHistory,
    /// Whether the log contains checkpoints held elsewhere.
    HeldCheckpoints,
    /// Whether the log honours receipts.
    Receipts,
    /// Whether time stamps prove when.
    Stamps,
    /// Whether the log is as new as it ought to be.
    Freshness,
    /// Whether the agencies signed what is logged, and whether all they sent is there.
    Party,
    /// Whether an entry's time was set back between time stamps.
    ClockSetBack,
}

/// Something to know that is no failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// An unfinished write at the end; it was never acknowledged.
    UnfinishedTail {
        /// Its length in bytes.
        bytes: u64,
    },
    /// The same payloads were accepted under two counters: perhaps one file sent twice on purpose.
    SamePayloads {
        /// The agency.
        agency: String,
        /// Position of the first entry.
        first: u64,
        /// Position of the second.
        again: u64,
    },
    /// Something was sealed and can be opened no longer; every digest of it still holds.
    Erased(crate::erasure::Erasure),
    /// The policy asks for no witness, so no checkpoint can be anchored by one.
    NoWitnesses,
}

/// The outcome of an examination as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything asked was checked and passed, and something was checked.
    Passed,
    /// Something is wrong, or nothing was checked.
    Failed,
    /// Nothing is wrong, and something asked could not be checked.
    NotCheckable,
}

/// What an examination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The origin of the log.
    pub origin: Option<String>,
    /// The standing of every entry, range by range, ascending and without holes.
    pub ranges: Vec<Range>,
    /// Everything wrong, by position.
    pub failures: Vec<Failure>,
    /// What was asked and could not be checked.
    pub unchecked: Vec<Unchecked>,
    /// What was not asked.
    pub not_asked: Vec<NotAsked>,
    /// What is no failure and worth knowing.
    pub remarks: Vec<Remark>,
    /// How much was really checked.
    pub counts: Counts,
    /// Up to which size checkpoints or receipts that somebody holds outside agree with the log.
    pub held_up_to: u64,
    /// Who anchors the anchored range: names of witnesses, then of time-stamping authorities.
    pub anchors: Vec<String>,
    /// The newest time that others state about the log, in seconds since 1970.
    pub newest_time_s: Option<u64>,
}

impl Verdict {
    /// Returns the outcome as a whole.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if !self.failures.is_empty() {
            Outcome::Failed
        } else if !self.unchecked.is_empty() {
            Outcome::NotCheckable
        } else if self.counts.is_nothing() {
            Outcome::Failed
        } else {
            Outcome::Passed
        }
    }
}
