//! The decision of a witness: whether a log has grown from what was cosigned before.
//!
//! No network and no clock. The order of the checks is that of C2SP tlog-witness v1.0.0, `add-checkpoint`; a checkpoint
//! that a trusted key signed and that contradicts the one held is kept before the answer is made.

use std::collections::HashMap;
use std::sync::Arc;

use audit_proof::checkpoint::{Checkpoint, CheckpointError};
use audit_proof::hash::Hash;
use audit_proof::key::VerifierKey;
use audit_proof::note::{Note, NoteError, NoteSignature};
use audit_proof::proof::verify_consistency;
use audit_proof::signer::{SignError, Signer};
use audit_proof::suite::Suite;
use audit_proof::tile::MAX_SIZE;

use super::alarm::{Alarm, AlarmKind};
use super::answer::Answer;
use super::request::{AddCheckpoint, RequestFault};
use super::state::{Replaced, StateError, WitnessState, origin_hash};

/// How often a decision is made anew because another request came between.
///
/// Each time some request of the same log was cosigned, so that eight in a row mean a flood and not bad luck.
const MAX_ATTEMPTS: usize = 8;

/// A log that a witness watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessedLog {
    /// The name of the log, and of each of its keys.
    pub origin: String,
    /// The keys of which one has to have signed; more than one during a change of keys.
    pub keys: Vec<VerifierKey>,
    /// The hash of its tree; C2SP knows SHA-256 only, our twin of a log has SM3.
    pub suite: Suite,
}

/// A witness of some logs.
pub struct Witness {
    logs: HashMap<String, WitnessedLog>,
    origins: HashMap<String, String>,
    signers: Vec<Arc<dyn Signer>>,
    state: Arc<dyn WitnessState>,
}

/// Why there can be no such witness.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessBuildError {
    /// It has no key, and could answer nothing.
    #[error("a witness needs a key")]
    NoKey,
    /// A key of the witness makes no cosignatures.
    #[error("the key {key} makes no cosignatures")]
    Kind {
        /// The name of the key.
        key: String,
    },
    /// A log has no key, so that nothing could be verified.
    #[error("the log {origin} has no key")]
    LogWithoutKey {
        /// The log.
        origin: String,
    },
    /// A key of a log is not named after it.
    #[error("the key {key} is not named after the log {origin}")]
    LogKeyName {
        /// The log.
        origin: String,
        /// The name of the key.
        key: String,
    },
    /// A log stands in the list twice.
    #[error("the log {origin} is listed twice")]
    LogTwice {
        /// The log.
        origin: String,
    },
    /// A key of the witness is one of a log: it would witness itself.
    #[error("the key {key} is of the witness and of a log")]
    KeyOfLog {
        /// The name of the key.
        key: String,
    },
}

/// Why a witness could not do what was to be done.
#[derive(Debug, thiserror::Error)]
pub enum WitnessFault {
    /// Its state could not be read or written.
    #[error("the state could not be used")]
    State(#[from] StateError),
    /// What its state holds is no checkpoint.
    #[error("what is held is not a checkpoint")]
    Held(#[source] CheckpointError),
    /// It could not sign.
    #[error("the checkpoint could not be cosigned")]
    Sign(#[source] SignError),
    /// Log signatures and cosignatures are too much for one note.
    #[error("the cosigned checkpoint cannot be put together")]
    Note(#[source] NoteError),
    /// Other requests for the log came between each time.
    #[error("other requests came between {MAX_ATTEMPTS} times")]
    Contended,
}

/// What a checkpoint is, seen from the one held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judgement {
    /// The log grew from the one to the other, or is the same.
    Grown,
    /// The log started from another checkpoint than the one held.
    Stale,
    /// The proof is wrong in a way that says nothing about the log.
    Unproven,
    /// Both cannot be, or may not be, of one history.
    Contradicts(AlarmKind),
}

impl Witness {
    /// Makes a witness that signs with every one of `signers`.
    ///
    /// # Errors
    /// [`WitnessBuildError`] for the first thing that makes no sense.
    pub fn new(
        logs: Vec<WitnessedLog>,
        signers: Vec<Arc<dyn Signer>>,
        state: Arc<dyn WitnessState>,
    ) -> Result<Self, WitnessBuildError> {
        check_signers(&logs, &signers)?;
        let (mut by_origin, mut origins) = (HashMap::new(), HashMap::new());
        for log in logs {
            check_log(&log)?;
            let origin = log.origin.clone();
            origins.insert(origin_hash(&origin), origin.clone());
            if by_origin.insert(origin.clone(), log).is_some() {
                return Err(WitnessBuildError::LogTwice { origin });
            }
        }
        Ok(Self {
            logs: by_origin,
            origins,
            signers,
            state,
        })
    }

    /// Decides about the body of one `add-checkpoint`; `now_s`, seconds since 1970, is stated in the cosignatures.
    ///
    /// What was cosigned is durable before this returns. It may wait for the disk and for the keys.
    pub fn add_checkpoint(&self, body: &[u8], now_s: u64) -> Answer {
        let (request, checkpoint) = match AddCheckpoint::parse(body) {
            Ok(parsed) => parsed,
            Err(fault) => return Answer::Malformed(fault),
        };
        let Some(log) = self.logs.get(checkpoint.origin()) else {
            return Answer::UnknownOrigin;
        };
        let Some(signed) = log.signed(&request.note) else {
            return Answer::Untrusted;
        };
        if request.old_size > checkpoint.size() {
            return Answer::Malformed(RequestFault::OldSizeAbove {
                old_size: request.old_size,
                size: checkpoint.size(),
            });
        }
        self.decide(log, &request, &checkpoint, &signed, now_s)
            .unwrap_or_else(Answer::Failed)
    }

    /// Returns the checkpoint cosigned last for the log with this hash of its origin; `None` when there is none.
    ///
    /// # Errors
    /// [`WitnessFault::State`].
    pub fn latest(&self, origin_hash: &str) -> Result<Option<Note>, WitnessFault> {
        match self.origins.get(origin_hash) {
            Some(origin) => Ok(self.state.last(origin)?),
            None => Ok(None),
        }
    }

    /// The public keys of the witness, in the order of its lines.
    pub fn keys(&self) -> impl Iterator<Item = &VerifierKey> {
        self.signers.iter().map(|signer| signer.key())
    }

    /// Judges against the checkpoint held, and acts on the judgement.
    fn decide(
        &self,
        log: &WitnessedLog,
        request: &AddCheckpoint,
        checkpoint: &Checkpoint,
        signed: &Note,
        now_s: u64,
    ) -> Result<Answer, WitnessFault> {
        for _ in 0..MAX_ATTEMPTS {
            let held = self.state.last(&log.origin)?;
            let old = match &held {
                Some(note) => Some(Checkpoint::parse_any(note.text()).map_err(WitnessFault::Held)?),
                None => None,
            };
            let size = old.as_ref().map_or(0, Checkpoint::size);
            let (old_size, proof) = (request.old_size, &request.proof);
            match judge(log.suite, old.as_ref(), old_size, proof, checkpoint) {
                Judgement::Grown => {
                    // Signed before it is kept, and released only after: a cosignature that was not kept reaches nobody.
                    let (next, lines) = self.cosign(signed, now_s)?;
                    let replaced = self.state.replace(&log.origin, held.as_ref(), &next)?;
                    if replaced == Replaced::Yes {
                        return Ok(Answer::Cosigned(lines));
                    }
                }
                Judgement::Stale => return Ok(Answer::Conflict { size, alarm: None }),
                Judgement::Unproven => return Ok(Answer::Inconsistent { alarm: None }),
                Judgement::Contradicts(kind) => {
                    let alarm = Alarm {
                        kind,
                        held,
                        received: signed.clone(),
                    };
                    return self.raise(log, size, alarm);
                }
            }
        }
        Err(WitnessFault::Contended)
    }

    /// Keeps an alarm and makes the answer to what raised it.
    fn raise(&self, log: &WitnessedLog, size: u64, alarm: Alarm) -> Result<Answer, WitnessFault> {
        self.state.keep(&log.origin, &alarm)?;
        let (kind, alarm) = (alarm.kind, Some(Box::new(alarm)));
        Ok(match kind {
            AlarmKind::SplitView | AlarmKind::Shorter => Answer::Conflict { size, alarm },
            AlarmKind::Inconsistent => Answer::Inconsistent { alarm },
        })
    }

    /// Returns the checkpoint with the cosignatures, and these alone.
    fn cosign(
        &self,
        signed: &Note,
        now_s: u64,
    ) -> Result<(Note, Vec<NoteSignature>), WitnessFault> {
        let mut next = signed.clone();
        let mut lines = Vec::with_capacity(self.signers.len());
        for signer in &self.signers {
            let signature = signer
                .sign(signed.text(), now_s)
                .map_err(WitnessFault::Sign)?;
            let line = signer.key().line(signature).map_err(WitnessFault::Note)?;
            next.push(line.clone()).map_err(WitnessFault::Note)?;
            lines.push(line);
        }
        Ok((next, lines))
    }
}

impl WitnessedLog {
    /// Returns the note with one signature of each of the log's keys; `None` when there are none or one is wrong.
    ///
    /// One of each is enough, and leaves room for the cosignatures whatever was sent.
    fn signed(&self, note: &Note) -> Option<Note> {
        note.verify(&self.keys).ok()?;
        let first_of = |key: &VerifierKey| {
            let mut lines = note.signatures().iter();
            lines.find(|line| key.is_named_by(line)).cloned()
        };
        let lines = self.keys.iter().filter_map(first_of).collect();
        Note::new(note.text().to_owned(), lines).ok()
    }
}

/// Judges `next` by what is held; nothing was ever cosigned when that is `None`.
fn judge(
    suite: Suite,
    held: Option<&Checkpoint>,
    old_size: u64,
    proof: &[Hash],
    next: &Checkpoint,
) -> Judgement {
    if let Some(held) = held {
        if next.size() < held.size() {
            return Judgement::Contradicts(AlarmKind::Shorter);
        }
        if next.size() == held.size() && next.root() != held.root() {
            return Judgement::Contradicts(AlarmKind::SplitView);
        }
    }
    let held_size = held.map_or(0, Checkpoint::size);
    if old_size != held_size {
        return Judgement::Stale;
    }
    if next.size() > MAX_SIZE {
        return Judgement::Unproven;
    }
    match held {
        Some(held) if held_size > 0 => {
            let (size, root) = (next.size(), next.root());
            match verify_consistency(suite, held_size, held.root(), size, root, proof) {
                Ok(()) => Judgement::Grown,
                Err(_) => Judgement::Contradicts(AlarmKind::Inconsistent),
            }
        }
        Some(_) | None if next.size() == 0 && *next.root() != suite.empty_root() => {
            Judgement::Contradicts(AlarmKind::Inconsistent)
        }
        Some(_) | None if proof.is_empty() => Judgement::Grown,
        Some(_) | None => Judgement::Unproven,
    }
}

/// Checks that every signer cosigns, and with a key that is no log's.
fn check_signers(
    logs: &[WitnessedLog],
    signers: &[Arc<dyn Signer>],
) -> Result<(), WitnessBuildError> {
    if signers.is_empty() {
        return Err(WitnessBuildError::NoKey);
    }
    for signer in signers {
        let key = signer.key();
        let name = key.name().to_owned();
        if !key.kind().is_cosignature() {
            return Err(WitnessBuildError::Kind { key: name });
        }
        let of_log = |log: &WitnessedLog| log.keys.iter().any(|own| own.public() == key.public());
        if logs.iter().any(of_log) {
            return Err(WitnessBuildError::KeyOfLog { key: name });
        }
    }
    Ok(())
}

/// Checks that a log has keys, and that they bear its name.
fn check_log(log: &WitnessedLog) -> Result<(), WitnessBuildError> {
    let origin = log.origin.clone();
    if log.keys.is_empty() {
        return Err(WitnessBuildError::LogWithoutKey { origin });
    }
    match log.keys.iter().find(|key| key.name() != origin) {
        Some(key) => Err(WitnessBuildError::LogKeyName {
            key: key.name().to_owned(),
            origin,
        }),
        None => Ok(()),
    }
}
