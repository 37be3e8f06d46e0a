//! Holding everything against the log, and saying what follows.
//!
//! In this order: which heads agree; what differs, and between which positions; receipts; times; parties; what is
//! anchored; how new it is. A head that differs narrows the change down to the positions between the largest size that
//! agrees below it and its own.

mod anchoring;
mod findings;

use super::{
    Contents, Examination, Failure, FailureKind, NotAsked, Remark, Unchecked, UncheckedReason,
    Verdict,
    examination::{HeldHead, Keeper},
    range::ranges,
};
use crate::{chain::Head, suite::Suite};

/// Nanoseconds in a second.
const NANOS: u64 = 1_000_000_000;

/// Whether a held head agrees with the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agreement {
    Agrees,
    Differs,
    Shorter,
    OtherLog,
    Unknown(UncheckedReason),
}

impl Examination<'_> {
    /// Decides, given what the log's own bytes are; `None` when there is no log and only notes are judged.
    #[must_use]
    pub fn decide(mut self, contents: Option<&Contents>) -> Verdict {
        let nothing = Contents::default();
        let known = contents.unwrap_or(&nothing);
        self.counts.add(&known.counts);
        self.failures.extend(known.fault.clone());
        self.failures.extend(known.faults_beside.iter().cloned());
        let mut decision = Decision {
            has_log: contents.is_some(),
            contents: known,
            examination: self,
            agreed: vec![0],
            remarks: Vec::new(),
        };
        if known.archived > 0 {
            decision.examination.uncheck("", UncheckedReason::Archived);
        }
        decision.compare();
        decision.split_views();
        decision.receipts();
        decision.times();
        decision.party();
        decision.verdict()
    }
}

/// A decision under way.
struct Decision<'c, 't> {
    has_log: bool,
    contents: &'c Contents,
    examination: Examination<'t>,
    /// Sizes at which something that is held agrees with the log, ascending after [`Decision::compare`].
    agreed: Vec<u64>,
    remarks: Vec<Remark>,
}

impl Decision<'_, '_> {
    fn head(&self, suite: Suite, size: u64) -> Option<&Head> {
        let heads = match suite {
            Suite::Sha256 => Some(&self.contents.heads),
            Suite::Sm3 => self.contents.sm3_heads.as_ref(),
        }?;
        let place = heads.binary_search_by_key(&size, |head| head.size).ok()?;
        heads.get(place)
    }

    fn agreement(&self, held: &HeldHead) -> Agreement {
        if !self.has_log {
            return Agreement::Unknown(UncheckedReason::NoLog);
        }
        if self
            .contents
            .origin
            .as_ref()
            .is_some_and(|origin| *origin != held.origin)
        {
            return Agreement::OtherLog;
        }
        if held.size == 0 {
            let is_empty = held.root == held.suite.empty_root();
            return if is_empty {
                Agreement::Agrees
            } else {
                Agreement::Differs
            };
        }
        if held.size > self.contents.size {
            return match self.contents.fault {
                Some(_) => Agreement::Unknown(UncheckedReason::BehindFault),
                None => Agreement::Shorter,
            };
        }
        match self.head(held.suite, held.size) {
            Some(head) if head.root == held.root => Agreement::Agrees,
            Some(_) => Agreement::Differs,
            None if held.suite == Suite::Sha256 => Agreement::Unknown(UncheckedReason::Archived),
            None => Agreement::Unknown(UncheckedReason::NoSm3),
        }
    }

    /// Compares every held head with the log.
    fn compare(&mut self) {
        let checkpoints = std::mem::take(&mut self.examination.checkpoints);
        let receipts = self
            .examination
            .receipts
            .iter()
            .map(|held| held.head.clone());
        let stamps = self.examination.stamps.iter().map(|held| held.head.clone());
        let heads: Vec<HeldHead> = (checkpoints.iter().map(|held| held.head.clone()))
            .chain(receipts)
            .chain(stamps)
            .collect();
        let agreements: Vec<Agreement> = heads.iter().map(|held| self.agreement(held)).collect();
        for (held, agreement) in heads.iter().zip(&agreements) {
            if *agreement == Agreement::Agrees {
                self.agreed.push(held.size);
            }
        }
        self.agreed.sort_unstable();
        let of_checkpoints = agreements.iter().take(checkpoints.len());
        let agree = of_checkpoints.filter(|agreement| **agreement == Agreement::Agrees);
        self.examination.counts.checkpoints += agree.count() as u64;
        let is_lone = !self.has_log && checkpoints.is_empty();
        for (held, agreement) in heads.iter().zip(&agreements) {
            // A receipt is worth something without a log.
            if !(is_lone && *agreement == Agreement::Unknown(UncheckedReason::NoLog)) {
                self.report(held, *agreement);
            }
        }
        self.examination.checkpoints = checkpoints;
    }

    fn report(&mut self, held: &HeldHead, agreement: Agreement) {
        let size = held.size;
        let failure = match agreement {
            Agreement::Agrees => return,
            Agreement::Unknown(reason) => return self.examination.uncheck(&held.file, reason),
            Agreement::OtherLog => {
                let origin = held.origin.clone();
                Failure::of_file(&held.file, FailureKind::OtherLog { origin })
            }
            Agreement::Shorter => Failure {
                until: Some(size),
                ..Failure::at(
                    Some(self.contents.size),
                    &held.file,
                    FailureKind::Shorter { size },
                )
            },
            Agreement::Differs => Failure {
                until: Some(size),
                ..Failure::at(
                    Some(self.agreed_below(size)),
                    &held.file,
                    FailureKind::Differs { size },
                )
            },
        };
        self.examination.failures.push(failure);
    }

    /// Returns the largest size below `size` at which something agrees.
    fn agreed_below(&self, size: u64) -> u64 {
        let place = self.agreed.partition_point(|agreed| *agreed < size);
        place.checked_sub(1).map_or(0, |place| self.agreed[place])
    }

    /// Finds signed checkpoints of one size with different roots, also when there is no log.
    fn split_views(&mut self) {
        let mut heads: Vec<&HeldHead> = self
            .examination
            .checkpoints
            .iter()
            .map(|held| &held.head)
            .collect();
        heads.sort_by_key(|held| (&held.origin, held.suite, held.size));
        let is_split = |pair: &&[&HeldHead]| {
            let place = |held: &HeldHead| (held.origin.clone(), held.suite, held.size);
            place(pair[0]) == place(pair[1]) && pair[0].root != pair[1].root
        };
        let found: Vec<Failure> = heads
            .windows(2)
            .filter(is_split)
            .map(|pair| {
                let kind = FailureKind::SplitView {
                    size: pair[0].size,
                    other: pair[1].file.clone(),
                };
                let below = self.agreed_below(pair[0].size);
                Failure {
                    until: Some(pair[0].size),
                    ..Failure::at(Some(below), &pair[0].file, kind)
                }
            })
            .collect();
        self.examination.failures.extend(found);
    }

    fn verdict(mut self) -> Verdict {
        if self.examination.counts.is_nothing() && self.has_log {
            let kind = FailureKind::Nothing;
            let is_said = !self.examination.failures.is_empty();
            let failure = (!is_said).then(|| Failure::at(Some(0), "", kind));
            self.examination.failures.extend(failure);
        }
        let anchoring = self.anchoring();
        let newest_time_s = self.newest_time();
        self.freshness(newest_time_s);
        let not_asked = self.not_asked();
        if self.contents.unfinished_bytes > 0 {
            let bytes = self.contents.unfinished_bytes;
            self.remarks.push(Remark::UnfinishedTail { bytes });
        }
        let held_up_to = self.held_up_to();
        let Examination {
            mut failures,
            unchecked,
            counts,
            ..
        } = self.examination;
        failures.sort_by_key(|failure| (failure.position.is_none(), failure.position));
        let first = failures.iter().find(|failure| failure.position.is_some());
        let position = first.and_then(|failure| failure.position);
        let sound = position.map_or(self.contents.size, |at| at.min(self.contents.size));
        // A position behind what is there belongs to entries that are missing.
        let until = first.map(|failure| {
            let known = failure.until.unwrap_or(self.contents.size);
            let behind = failure.position.map_or(0, |at| at.saturating_add(1));
            known.max(self.contents.size).max(behind)
        });
        Verdict {
            origin: self.contents.origin.clone(),
            ranges: if self.has_log {
                ranges(anchoring.0, sound, until)
            } else {
                Vec::new()
            },
            failures,
            unchecked,
            not_asked,
            remarks: self.remarks,
            counts,
            held_up_to,
            anchors: anchoring.1,
            newest_time_s,
        }
    }

    fn not_asked(&self) -> Vec<NotAsked> {
        let trust = self.examination.trust();
        let questions = &self.examination.questions;
        let has_keys = trust.policy.is_some() || trust.key_history.is_some();
        let holds = self
            .examination
            .checkpoints
            .iter()
            .any(|held| held.keeper == Keeper::Elsewhere);
        let has_party = self.contents.party.is_some();
        [
            (!has_keys, NotAsked::Signatures),
            (trust.key_history.is_none(), NotAsked::KeyHistory),
            (!holds, NotAsked::HeldCheckpoints),
            (
                !questions.receipts && self.examination.receipts.is_empty(),
                NotAsked::Receipts,
            ),
            (
                !questions.stamps && self.examination.stamps.is_empty(),
                NotAsked::Stamps,
            ),
            (questions.freshness.is_none(), NotAsked::Freshness),
            (!questions.party && !has_party, NotAsked::Party),
            (questions.stamp_delay.is_none(), NotAsked::ClockSetBack),
        ]
        .into_iter()
        .filter_map(|(is_missing, what)| is_missing.then_some(what))
        .collect()
    }
}

impl Unchecked {
    /// Returns whether it is about the examination as a whole.
    #[must_use]
    pub fn is_of_whole(&self) -> bool {
        self.file.is_empty()
    }
}
