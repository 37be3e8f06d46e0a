//! C2SP tlog-policy: which logs are known, which witnesses, and how many of them make a checkpoint final.
//!
//! A pure judgement over one note. It fetches nothing and knows no revocations, for which the format has no words:
//! [`crate::key_history`] has them. Verifiers rely on the verdict saying who signed and not only whether it was enough.
//!
//! Narrower than the format in one point: a name or an address that is not UTF-8 is refused.

use std::collections::HashSet;
use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::key::VerifierKey;
use crate::note::Note;
use crate::verified::NoteVerifyError;

mod parse;

pub use parse::{PolicyError, PolicyFault};

/// The name that stands for no witness at all in a quorum line.
const NONE: &str = "none";

/// Logs, witnesses and the rule for how many of them have to cosign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    members: Vec<Member>,
    quorum: Option<usize>,
}

/// A log whose checkpoints are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLog {
    /// Its key; the name is the origin of the log.
    pub key: VerifierKey,
    /// Where it can be reached, if the policy says so.
    pub url: Option<String>,
}

/// A witness whose cosignatures count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWitness {
    /// Its name in the policy, which may differ from the name of its key.
    pub name: String,
    /// Its key, of a kind that makes cosignatures.
    pub key: VerifierKey,
    /// Where it can be reached, if the policy says so.
    pub url: Option<String>,
}

/// How many members of a group have to cosign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Threshold {
    Any,
    All,
    Count(usize),
}

/// What a name of the policy stands for; members are indices of earlier ones, so there are no circles.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Member {
    Witness(PolicyWitness),
    Group {
        name: String,
        threshold: Threshold,
        members: Vec<usize>,
    },
}

/// What a checkpoint is worth under a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No log of the policy signed it.
    Unknown,
    /// A log signed it, and too few witnesses cosigned.
    Provisional,
    /// A log signed it, and the quorum is met.
    Final,
}

/// Who signed a checkpoint, and whether that is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVerdict {
    /// What was signed; extension lines of another's log are dropped.
    pub checkpoint: Checkpoint,
    /// Keys of logs that signed; the name of each is the origin of the checkpoint.
    pub logs: Vec<VerifierKey>,
    /// Witnesses that cosigned, in the order of the policy.
    pub witnesses: Vec<Cosigned>,
    /// Witnesses of the policy that did not, by name.
    pub missing: Vec<String>,
    /// Whether those who cosigned are the quorum; always so under `quorum none`.
    pub quorum_met: bool,
}

/// The newest cosignature of one witness under a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The witness's name in the policy.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// When it cosigned, in seconds since 1970; `None` when it made no statement of time.
    pub time_s: Option<u64>,
}

/// Why there is no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    /// The text of the note is not a checkpoint.
    #[error("the note is not a checkpoint")]
    Checkpoint(#[source] CheckpointError),
    /// A signature that claims to be of a key of the policy is wrong.
    #[error("the checkpoint bears a wrong signature")]
    Signature(#[source] NoteVerifyError),
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// The first line that is wrong, with its number.
    pub fn parse(text: &[u8]) -> Result<Self, PolicyError> {
        parse::policy(text)
    }

    /// The logs, in the order of the policy.
    #[must_use]
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses, in the order of the policy, whether or not the quorum needs them.
    pub fn witnesses(&self) -> impl Iterator<Item = &PolicyWitness> {
        self.members.iter().filter_map(|member| match member {
            Member::Witness(witness) => Some(witness),
            Member::Group { .. } => None,
        })
    }

    /// Whether the quorum line names witnesses; under `quorum none` every checkpoint of the log is final.
    #[must_use]
    pub fn needs_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// Judges a note: which logs and witnesses signed it, and is the quorum met.
    ///
    /// A key of a log counts only when its name is the origin of the checkpoint. Signatures of others are ignored.
    ///
    /// # Errors
    /// [`JudgeError::Checkpoint`] when it is none, [`JudgeError::Signature`] when a key of the policy is claimed
    /// falsely.
    pub fn judge(&self, note: &Note) -> Result<PolicyVerdict, JudgeError> {
        let checkpoint = Checkpoint::parse_any(note.text()).map_err(JudgeError::Checkpoint)?;
        let of_origin = self
            .logs
            .iter()
            .map(|log| &log.key)
            .filter(|key| key.name() == checkpoint.origin());
        let mut logs: Vec<VerifierKey> = Vec::new();
        for verified in note
            .verify_known(of_origin)
            .map_err(JudgeError::Signature)?
        {
            if !logs.contains(verified.key) {
                logs.push(verified.key.clone());
            }
        }
        let (mut witnesses, mut missing) = (Vec::new(), Vec::new());
        for witness in self.witnesses() {
            match cosigned(witness, note)? {
                Some(cosigned) => witnesses.push(cosigned),
                None => missing.push(witness.name.clone()),
            }
        }
        let quorum_met = self.is_quorum(&witnesses);
        Ok(PolicyVerdict {
            checkpoint,
            logs,
            witnesses,
            missing,
            quorum_met,
        })
    }

    /// Returns the latest time at which those who cosigned by then, or later, are the quorum: seconds since 1970.
    ///
    /// `None` when the quorum is not met by witnesses that state a time, and when no witness cosigned.
    #[must_use]
    pub fn quorum_time_s(&self, verdict: &PolicyVerdict) -> Option<u64> {
        let mut timed: Vec<&Cosigned> = verdict.witnesses.iter().collect();
        timed.retain(|witness| witness.time_s.is_some());
        timed.sort_by_key(|witness| std::cmp::Reverse(witness.time_s));
        (1..=timed.len()).find_map(|count| {
            let latest: Vec<Cosigned> = timed[..count].iter().copied().cloned().collect();
            self.is_quorum(&latest).then(|| latest[count - 1].time_s)?
        })
    }

    /// Whether those who cosigned are the quorum.
    fn is_quorum(&self, cosigned: &[Cosigned]) -> bool {
        let names: HashSet<&str> = cosigned
            .iter()
            .map(|witness| witness.name.as_str())
            .collect();
        // Members stand before their groups, so one pass decides all.
        let mut witnessed: Vec<bool> = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let is_witnessed = match member {
                Member::Witness(witness) => names.contains(witness.name.as_str()),
                Member::Group {
                    threshold, members, ..
                } => {
                    let count = members.iter().filter(|&&index| witnessed[index]).count();
                    count >= threshold.needed(members.len())
                }
            };
            witnessed.push(is_witnessed);
        }
        self.quorum.is_none_or(|index| witnessed[index])
    }
}

/// The newest cosignature of `witness` under `note`.
fn cosigned(witness: &PolicyWitness, note: &Note) -> Result<Option<Cosigned>, JudgeError> {
    let verified = note
        .verify_known([&witness.key])
        .map_err(JudgeError::Signature)?;
    let newest = verified.into_iter().max_by_key(|verified| verified.time_s);
    Ok(newest.map(|verified| Cosigned {
        name: witness.name.clone(),
        key: witness.key.clone(),
        time_s: verified.time_s,
    }))
}

impl PolicyVerdict {
    /// What the checkpoint is worth. A policy without logs leaves it [`Standing::Unknown`]; whoever knows the log from
    /// elsewhere looks at `quorum_met`.
    #[must_use]
    pub fn standing(&self) -> Standing {
        if self.logs.is_empty() {
            Standing::Unknown
        } else if self.quorum_met {
            Standing::Final
        } else {
            Standing::Provisional
        }
    }
}

impl Threshold {
    fn needed(self, members: usize) -> usize {
        match self {
            Self::Any => 1,
            Self::All => members,
            Self::Count(count) => count,
        }
    }
}

impl Member {
    fn name(&self) -> &str {
        match self {
            Self::Witness(witness) => &witness.name,
            Self::Group { name, .. } => name,
        }
    }
}

impl fmt::Display for Policy {
    /// The policy without comments, one space between the words of a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for log in &self.logs {
            write_words(f, &format!("log {}", log.key), log.url.as_deref())?;
        }
        for member in &self.members {
            match member {
                Member::Witness(PolicyWitness { name, key, url }) => {
                    write_words(f, &format!("witness {name} {key}"), url.as_deref())?;
                }
                Member::Group {
                    name,
                    threshold,
                    members,
                } => {
                    write!(f, "group {name} {threshold}")?;
                    for &index in members {
                        write!(f, " {}", self.members[index].name())?;
                    }
                    writeln!(f)?;
                }
            }
        }
        let quorum = self.quorum.map_or(NONE, |index| self.members[index].name());
        writeln!(f, "quorum {quorum}")
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::All => f.write_str("all"),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

fn write_words(f: &mut fmt::Formatter<'_>, words: &str, url: Option<&str>) -> fmt::Result {
    match url {
        Some(url) => writeln!(f, "{words} {url}"),
        None => writeln!(f, "{words}"),
    }
}

#[cfg(test)]
mod tests;
