//! What receipts, times and party statements show of a log.
//!
//! Each compares what somebody else holds with the entries; none of them says what is anchored.

use super::{Agreement, Decision, NANOS};
use crate::{
    judge::{
        Failure, FailureKind, Gap, Remark, UncheckedReason,
        examination::{HeldHead, HeldStamp},
    },
    party::CounterReport,
    suite::Suite,
};

impl Decision<'_, '_> {
    /// Finds entries that are missing or others although there is a receipt.
    pub(super) fn receipts(&mut self) {
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
    pub(super) fn times(&mut self) {
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

    pub(super) fn party(&mut self) {
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
