//! Holding everything against the log, and saying what follows.
//!
//! In this order: which heads agree; what differs, and between which positions; receipts; times; parties; what is
//! anchored; how new it is. A head that differs narrows the change down to the positions between the largest size that
//! agrees below it and its own.

use super::{
    Contents, Examination, Failure, FailureKind, Gap, NotAsked, Remark, Unchecked, UncheckedReason,
    Verdict,
    examination::{HeldCheckpoint, HeldHead, HeldStamp, Keeper},
    range::ranges,
};
use crate::{chain::Head, party::CounterReport, suite::Suite};

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

    /// Finds entries that are missing or others although there is a receipt.
    fn receipts(&mut self) {
        if self.examination.questions.receipts && self.examination.receipts.is_empty() {
            self.examination.uncheck("", UncheckedReason::NoReceipt);
        }
        if !self.has_log {
            return;
        }
        let mut failures = Vec::new();
        for receipt in &self.examination.receipts {
            let position = receipt.position;
            let kind = if position >= self.contents.size {
                (self.contents.fault.is_none()).then_some(FailureKind::Dropped)
            } else {
                match self.head(receipt.head.suite, position + 1) {
                    Some(head) if head.hash != receipt.leaf_hash => Some(FailureKind::Replaced),
                    Some(head) if head.time_ns != receipt.time_ns => Some(FailureKind::ReceiptTime),
                    _ => None,
                }
            };
            failures.extend(kind.map(|kind| Failure::at(Some(position), &receipt.head.file, kind)));
        }
        self.examination.failures.extend(failures);
    }

    /// Holds the times of entries against the times that others state.
    fn times(&mut self) {
        let questions = &self.examination.questions;
        let tolerance = u64::try_from(questions.clock_tolerance.as_nanos()).unwrap_or(u64::MAX);
        let mut failures = Vec::new();
        for held in &self.examination.checkpoints {
            let seen = held
                .quorum_time_s
                .map(|time_s| time_s.saturating_mul(NANOS));
            failures.extend(seen.and_then(|seen| self.late(&held.head, seen, tolerance)));
        }
        for held in &self.examination.stamps {
            let seen = held.time_ns.saturating_add(held.accuracy_ns);
            failures.extend(self.late(&held.head, seen, tolerance));
            failures.extend(self.early(held));
        }
        self.examination.failures.extend(failures);
    }

    /// An entry that states a time after its tree was seen: the last one is the latest.
    fn late(&self, held: &HeldHead, seen_ns: u64, tolerance_ns: u64) -> Option<Failure> {
        if self.agreement(held) != Agreement::Agrees {
            return None;
        }
        let head = self.head(held.suite, held.size)?;
        let by = head
            .time_ns
            .checked_sub(seen_ns)
            .filter(|by| *by > tolerance_ns)?;
        let kind = FailureKind::TimeAfter {
            seconds: by / NANOS,
        };
        Some(Failure::at(held.size.checked_sub(1), &held.file, kind))
    }

    /// An entry behind a stamped checkpoint that states a time well before the stamp.
    fn early(&self, held: &HeldStamp) -> Option<Failure> {
        let delay = self.examination.questions.stamp_delay?;
        if self.agreement(&held.head) != Agreement::Agrees {
            return None;
        }
        let next = self.head(Suite::Sha256, held.head.size.checked_add(1)?)?;
        let delay = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        let earliest = held
            .time_ns
            .saturating_sub(held.accuracy_ns)
            .saturating_sub(delay);
        let by = earliest.checked_sub(next.time_ns).filter(|by| *by > 0)?;
        let kind = FailureKind::TimeBefore {
            seconds: by / NANOS,
        };
        Some(Failure::at(Some(held.head.size), &held.head.file, kind))
    }

    fn party(&mut self) {
        let Some(report) = &self.contents.party else {
            if self.examination.questions.party {
                let reason = match self.contents.fault {
                    Some(_) => UncheckedReason::BehindFault,
                    None => UncheckedReason::NoLog,
                };
                self.examination.uncheck("", reason);
            }
            return;
        };
        let statements: u64 = report.keys.iter().map(|key| key.signed).sum();
        self.examination.counts.statements += statements;
        if statements == 0 && report.faults.is_empty() {
            self.examination.uncheck("", UncheckedReason::NoStatement);
        }
        self.examination.failures.extend(party_failures(report));
        for key in &report.keys {
            self.remarks
                .extend(key.renumbered.iter().map(|same| Remark::SamePayloads {
                    agency: key.agency.clone(),
                    first: same.first.position,
                    again: same.again.position,
                }));
        }
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

    /// Returns up to which size the log is anchored, and by whom.
    fn anchoring(&mut self) -> (u64, Vec<String>) {
        let mut names = Vec::new();
        let needs_stamp = self.examination.questions.stamps;
        let stamp = newest(
            &self.examination.stamps,
            |held| self.agrees(&held.head),
            |held| held.head.size,
        );
        let stamped = stamp.map_or(0, |held| held.head.size);
        let stamp_name = stamp.map(|held| held.authority.clone());
        if needs_stamp && self.examination.stamps.is_empty() {
            self.examination.uncheck("", UncheckedReason::NoStamp);
        }
        let Some(policy) = &self.examination.trust().policy else {
            // Without a policy nobody is a witness; a time stamp alone still anchors when it was asked for.
            names.extend(stamp_name.filter(|_| needs_stamp));
            return (if needs_stamp { stamped } else { 0 }, names);
        };
        let has_witnesses = policy.needs_witnesses();
        let quorum = newest(
            &self.examination.checkpoints,
            |held| !held.quorum.is_empty() && self.agrees(&held.head),
            |held| held.head.size,
        );
        let witnessed = quorum.map_or(0, |held| held.head.size);
        names.extend(quorum.map(|held| held.quorum.clone()).unwrap_or_default());
        if !has_witnesses {
            self.remarks.push(Remark::NoWitnesses);
        } else if quorum.is_none() && self.has_log {
            self.examination.uncheck("", UncheckedReason::NoQuorum);
        }
        names.extend(stamp_name.filter(|_| needs_stamp));
        let anchored = match (has_witnesses, needs_stamp) {
            (true, true) => witnessed.min(stamped),
            (true, false) => witnessed,
            (false, true) => stamped,
            (false, false) => 0,
        };
        (anchored, names)
    }

    fn agrees(&self, held: &HeldHead) -> bool {
        self.agreement(held) == Agreement::Agrees
    }

    /// Returns the newest time that others state about this log, in seconds since 1970.
    fn newest_time(&self) -> Option<u64> {
        let is_of_log = |held: &HeldHead| !self.has_log || self.agrees(held);
        let checkpoints = self.examination.checkpoints.iter();
        let quorum = checkpoints
            .filter(|held| is_of_log(&held.head))
            .filter_map(|held| held.quorum_time_s);
        let stamps = self.examination.stamps.iter();
        let stamped = stamps
            .filter(|held| is_of_log(&held.head))
            .map(|held| held.time_ns / NANOS);
        quorum.chain(stamped).max()
    }

    fn freshness(&mut self, newest_time_s: Option<u64>) {
        let Some(question) = self.examination.questions.freshness else {
            return;
        };
        let Some(time_s) = newest_time_s else {
            return self.examination.uncheck("", UncheckedReason::NoTime);
        };
        let tolerance = self.examination.questions.clock_tolerance.as_secs();
        if time_s > question.now_s.saturating_add(tolerance) {
            return self.examination.uncheck("", UncheckedReason::ClockBehind);
        }
        let age_s = question.now_s.saturating_sub(time_s);
        if age_s > question.max_age.as_secs() {
            let kind = FailureKind::Stale { age_s };
            self.examination
                .failures
                .push(Failure::at(Some(self.contents.size), "", kind));
        }
    }

    /// Returns up to which size things held elsewhere agree.
    fn held_up_to(&self) -> u64 {
        let checkpoints = self.examination.checkpoints.iter();
        let elsewhere = checkpoints.filter(|held| held.keeper == Keeper::Elsewhere);
        let receipts = self.examination.receipts.iter().map(|held| &held.head);
        let heads = elsewhere
            .map(|held: &HeldCheckpoint| &held.head)
            .chain(receipts);
        heads
            .filter(|held| self.agrees(held))
            .map(|held| held.size)
            .max()
            .unwrap_or(0)
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

/// Returns the largest of the held that fulfil a condition.
fn newest<Held>(
    held: &[Held],
    is_good: impl Fn(&Held) -> bool,
    size: impl Fn(&Held) -> u64,
) -> Option<&Held> {
    held.iter()
        .filter(|held| is_good(held))
        .max_by_key(|held| size(held))
}

fn party_failures(report: &CounterReport) -> Vec<Failure> {
    let mut failures: Vec<Failure> = report
        .faults
        .iter()
        .map(|(position, fault)| {
            Failure::at(Some(*position), "", FailureKind::Party(fault.clone()))
        })
        .collect();
    for key in &report.keys {
        for (gap, position) in key.gaps.iter().zip(&key.after_gaps) {
            let gap = Gap {
                agency: key.agency.clone(),
                key: key.key,
                first: *gap.start(),
                last: *gap.end(),
            };
            let kind = FailureKind::PartyGap(Box::new(gap));
            failures.push(Failure::at(Some(*position), "", kind));
        }
        failures.extend(key.replays.iter().map(|replay| {
            let kind = FailureKind::PartyReplay {
                agency: key.agency.clone(),
                counter: replay.counter,
                first: replay.first,
            };
            Failure::at(Some(replay.again), "", kind)
        }));
    }
    failures
}

impl Unchecked {
    /// Returns whether it is about the examination as a whole.
    #[must_use]
    pub fn is_of_whole(&self) -> bool {
        self.file.is_empty()
    }
}
