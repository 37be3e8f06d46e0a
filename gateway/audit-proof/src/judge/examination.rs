//! What is held against a log: checkpoints, receipts and time stamps, each judged by itself as it is taken.
//!
//! Only what the comparison with the log needs is kept of each, some hundred bytes, since a log may have released a
//! checkpoint every second for a year. What does not hold by itself is a failure at once and not compared.

use super::{Counts, Failure, FailureKind, Questions, Trust, Unchecked, UncheckedReason};
use crate::{
    checkpoint::Checkpoint,
    hash::Hash,
    key::VerifierKey,
    note::Note,
    receipt::{RECEIPT_KEY_SUFFIX, Receipt},
    suite::Suite,
    timestamp::{self, Claim, Imprint, ImprintAlgorithm, Response, TokenError},
    verified::NoteVerifyError,
};

/// What the origin of an SM3 twin is, behind the origin of its log.
pub const SM3_ORIGIN_SUFFIX: &str = "/sm3";

/// Who kept what is held against the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// The log itself: found in its own folder.
    Log,
    /// Somebody else, where the operator of the log cannot reach it.
    Elsewhere,
}

/// An examination under way: what was taken so far.
#[derive(Debug, Clone)]
pub struct Examination<'t> {
    trust: &'t Trust,
    pub(super) questions: Questions,
    pub(super) checkpoints: Vec<HeldCheckpoint>,
    pub(super) receipts: Vec<HeldReceipt>,
    pub(super) stamps: Vec<HeldStamp>,
    pub(super) failures: Vec<Failure>,
    pub(super) unchecked: Vec<Unchecked>,
    pub(super) counts: Counts,
}

/// A root of a log at a size, as something that is held states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeldHead {
    pub(super) file: String,
    pub(super) suite: Suite,
    /// The origin of the log, also for its SM3 twin.
    pub(super) origin: String,
    pub(super) size: u64,
    pub(super) root: Hash,
}

/// A checkpoint that holds by itself.
#[derive(Debug, Clone)]
pub(super) struct HeldCheckpoint {
    pub(super) head: HeldHead,
    pub(super) keeper: Keeper,
    /// Witnesses that cosigned; empty unless they are the quorum.
    pub(super) quorum: Vec<String>,
    /// When the quorum was reached, in seconds since 1970.
    pub(super) quorum_time_s: Option<u64>,
}

/// A receipt that holds by itself.
#[derive(Debug, Clone)]
pub(super) struct HeldReceipt {
    pub(super) head: HeldHead,
    pub(super) position: u64,
    pub(super) leaf_hash: Hash,
    pub(super) time_ns: u64,
}

/// A time stamp that holds by itself.
#[derive(Debug, Clone)]
pub(super) struct HeldStamp {
    pub(super) head: HeldHead,
    pub(super) time_ns: u64,
    pub(super) accuracy_ns: u64,
    pub(super) authority: String,
}

impl HeldHead {
    fn new(file: &str, checkpoint: &Checkpoint) -> Self {
        let origin = checkpoint.origin();
        let (origin, suite) = match origin.strip_suffix(SM3_ORIGIN_SUFFIX) {
            Some(log) => (log, Suite::Sm3),
            None => (origin, Suite::Sha256),
        };
        Self {
            file: file.to_owned(),
            suite,
            origin: origin.to_owned(),
            size: checkpoint.size(),
            root: *checkpoint.root(),
        }
    }
}

impl<'t> Examination<'t> {
    /// Begins an examination.
    #[must_use]
    pub fn new(trust: &'t Trust, questions: Questions) -> Self {
        Self {
            trust,
            questions,
            checkpoints: Vec::new(),
            receipts: Vec::new(),
            stamps: Vec::new(),
            failures: Vec::new(),
            unchecked: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Returns whom the examiner trusts.
    #[must_use]
    pub fn trust(&self) -> &'t Trust {
        self.trust
    }

    /// Returns what is asked besides.
    #[must_use]
    pub fn questions(&self) -> &Questions {
        &self.questions
    }

    /// Takes in what another examination with the same trust and questions took.
    pub fn merge(&mut self, mut other: Self) {
        self.checkpoints.append(&mut other.checkpoints);
        self.receipts.append(&mut other.receipts);
        self.stamps.append(&mut other.stamps);
        self.failures.append(&mut other.failures);
        self.unchecked.append(&mut other.unchecked);
        self.counts.add(&other.counts);
    }

    /// Returns the sizes at which heads of the tree of `suite` are needed, ascending.
    #[must_use]
    pub fn sizes(&self, suite: Suite) -> Vec<u64> {
        let checkpoints = self.checkpoints.iter().map(|held| &held.head);
        let receipts = self.receipts.iter().map(|held| &held.head);
        let stamps = self.stamps.iter().map(|held| &held.head);
        let of_suite = |head: &&HeldHead| head.suite == suite;
        let heads = checkpoints.chain(receipts).chain(stamps).filter(of_suite);
        let mut sizes: Vec<u64> = heads.map(|head| head.size).collect();
        let receipts = self.receipts.iter().filter(|held| held.head.suite == suite);
        sizes.extend(receipts.map(|held| held.position.saturating_add(1)));
        // The entry behind a stamped checkpoint, for its time, which is the same in both trees.
        if self.questions.stamp_delay.is_some() && suite == Suite::Sha256 {
            sizes.extend(
                self.stamps
                    .iter()
                    .map(|held| held.head.size.saturating_add(1)),
            );
        }
        sizes.retain(|size| *size > 0);
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// Takes a signed checkpoint, read from `file`.
    pub fn add_checkpoint(&mut self, file: &str, bytes: &[u8], keeper: Keeper) {
        let Some((note, checkpoint)) = self.checkpoint(file, bytes) else {
            return;
        };
        let mut held = HeldCheckpoint {
            head: HeldHead::new(file, &checkpoint),
            keeper,
            quorum: Vec::new(),
            quorum_time_s: None,
        };
        match self.judge_signatures(file, &note, &checkpoint, &mut held) {
            Ok(()) => self.checkpoints.push(held),
            Err(kind) => self.failures.push(Failure::of_file(file, kind)),
        }
    }

    fn checkpoint(&mut self, file: &str, bytes: &[u8]) -> Option<(Note, Checkpoint)> {
        let read = Note::parse(bytes)
            .map_err(FailureKind::NoteForm)
            .and_then(|note| match Checkpoint::parse(note.text()) {
                Ok(checkpoint) => Ok((note, checkpoint)),
                Err(cause) => Err(FailureKind::CheckpointForm(cause)),
            });
        read.map_err(|kind| self.failures.push(Failure::of_file(file, kind)))
            .ok()
    }

    /// Judges who signed by the policy and by the history of keys, as far as there are any.
    fn judge_signatures(
        &mut self,
        file: &str,
        note: &Note,
        checkpoint: &Checkpoint,
        held: &mut HeldCheckpoint,
    ) -> Result<(), FailureKind> {
        if !self.knows_key(checkpoint.origin()) {
            let reason = match (&self.trust.policy, &self.trust.key_history) {
                (None, None) => UncheckedReason::NoKeys,
                _ => UncheckedReason::NoKeyOfLog,
            };
            self.uncheck(file, reason);
            return Ok(());
        }
        let mut signatures = 0;
        if let Some(policy) = &self.trust.policy {
            let verdict = policy.judge(note).map_err(FailureKind::Signature)?;
            signatures = verdict.logs.len() as u64;
            self.counts.cosignatures += verdict.witnesses.len() as u64;
            if verdict.quorum_met && signatures > 0 {
                held.quorum_time_s = policy.quorum_time_s(&verdict);
                held.quorum = verdict.witnesses.into_iter().map(|w| w.name).collect();
            }
        }
        if let Some(history) = &self.trust.key_history {
            use crate::key_history::RetiredKeyError;
            match history.verify(note) {
                Ok(verified) => signatures = signatures.max(verified.len() as u64),
                // Somebody the policy knows signed; the history only has to know of the keys that ended.
                Err(RetiredKeyError::Signature(NoteVerifyError::Unsigned)) => {}
                Err(error) => return Err(FailureKind::Key(error)),
            }
        }
        self.counts.signatures += signatures;
        if signatures == 0 {
            return Err(FailureKind::Unsigned);
        }
        Ok(())
    }

    fn knows_key(&self, name: &str) -> bool {
        !self.keys_named(name).is_empty()
    }

    /// Returns the keys of that name in policy and key history.
    fn keys_named(&self, name: &str) -> Vec<&'t VerifierKey> {
        let logs = self.trust.policy.iter().flat_map(|policy| policy.logs());
        let terms = self
            .trust
            .key_history
            .iter()
            .flat_map(|history| history.terms());
        let keys = logs.map(|log| &log.key).chain(terms.map(|term| &term.key));
        keys.filter(|key| key.name() == name).collect()
    }

    /// Takes a receipt, read from `file`.
    pub fn add_receipt(&mut self, file: &str, bytes: &[u8]) {
        let receipt = match Receipt::parse(bytes) {
            Ok(receipt) => receipt,
            Err(cause) => {
                let kind = FailureKind::ReceiptForm(cause);
                self.failures.push(Failure::of_file(file, kind));
                return;
            }
        };
        let head = HeldHead::new(file, receipt.proof().checkpoint());
        let key_name = format!(
            "{}{RECEIPT_KEY_SUFFIX}",
            receipt.proof().checkpoint().origin()
        );
        let keys = self.keys_named(&key_name);
        if keys.is_empty() {
            self.uncheck(file, UncheckedReason::NoReceiptKey);
        } else if let Err(kind) = self.verify_receipt(&receipt, head.suite, &keys) {
            let position = Some(receipt.position());
            self.failures.push(Failure {
                position,
                ..Failure::of_file(file, kind)
            });
            return;
        } else {
            self.counts.signatures += 1;
            self.counts.receipts += 1;
        }
        self.receipts.push(HeldReceipt {
            head,
            position: receipt.position(),
            leaf_hash: *receipt.leaf_hash(),
            time_ns: receipt.time_ns(),
        });
    }

    fn verify_receipt(
        &self,
        receipt: &Receipt,
        suite: Suite,
        keys: &[&VerifierKey],
    ) -> Result<(), FailureKind> {
        let mut result = Err(FailureKind::Unsigned);
        for key in keys {
            result = receipt
                .verify(suite, key)
                .map(|_| ())
                .map_err(FailureKind::Receipt);
            if result.is_ok() {
                let terms = self.trust.key_history.iter();
                let mut known =
                    terms.filter(|history| history.terms().iter().any(|term| term.key == **key));
                let size = receipt.proof().checkpoint().size();
                return known
                    .try_for_each(|history| history.admit(key, size).map_err(FailureKind::Key));
            }
        }
        result
    }

    /// Takes a time stamp, read from `file`, over the text of the checkpoint in `note`: an answer of an authority
    /// (RFC 3161 `TimeStampResp`) or the token in it.
    pub fn add_stamp(&mut self, file: &str, token: &[u8], note_file: &str, note: &[u8]) {
        let Some(roots) = &self.trust.stamp_roots else {
            self.uncheck(file, UncheckedReason::NoStampRoots);
            return;
        };
        let Some((note, checkpoint)) = self.checkpoint(note_file, note) else {
            return;
        };
        let answered = Response::read(token).ok().and_then(|answer| answer.token);
        let token = answered.as_deref().unwrap_or(token);
        let stamp = imprint(token, note.text())
            .and_then(|imprint| timestamp::verify(token, &imprint, roots));
        match stamp {
            Ok(stamp) => {
                self.counts.stamps += 1;
                self.stamps.push(HeldStamp {
                    head: HeldHead::new(file, &checkpoint),
                    time_ns: stamp.time_ns,
                    accuracy_ns: stamp.accuracy_ns.unwrap_or(0),
                    authority: stamp.tsa_name,
                });
            }
            Err(TokenError::NotVerifiedHere(_)) => {
                self.uncheck(file, UncheckedReason::StampAlgorithm);
            }
            Err(cause) => {
                let kind = FailureKind::Stamp(cause);
                self.failures.push(Failure::of_file(file, kind));
            }
        }
    }

    /// Says that something asked could not be checked; `file` is empty when it is about the whole.
    pub fn uncheck(&mut self, file: &str, reason: UncheckedReason) {
        self.unchecked.push(Unchecked {
            file: file.to_owned(),
            reason,
        });
    }
}

/// Returns the imprint of `text` by the hash that the token names.
fn imprint(token: &[u8], text: &str) -> Result<Imprint, TokenError> {
    let algorithm = match Claim::read(token) {
        Ok(claim) => claim.imprint.algorithm,
        // What cannot be read for its form may still be recognised as one that is not verified here.
        Err(_) => ImprintAlgorithm::Sha256,
    };
    let suite = match algorithm {
        ImprintAlgorithm::Sha256 => Suite::Sha256,
        ImprintAlgorithm::Sm3 => Suite::Sm3,
    };
    Ok(Imprint {
        algorithm,
        digest: suite.hash(text.as_bytes()),
    })
}
