//! Up to where others vouch for a log, and how new what they say is.
//!
//! Witnesses of the policy, and a time stamp where one is asked for. Things held elsewhere are told apart: they vouch for
//! the log to whoever holds them, and to nobody else.

use super::{Agreement, Decision, NANOS};
use crate::{
    judge::{
        Failure, FailureKind, Remark, UncheckedReason,
        examination::{HeldCheckpoint, HeldHead, Keeper},
    },
    policy::Policy,
};

impl Decision<'_, '_> {
    /// Returns up to which size the log is anchored, and by whom.
    pub(super) fn anchoring(&mut self) -> (u64, Vec<String>) {
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

    /// Returns the newest time that others state about this log, in seconds since 1970.
    ///
    /// Where the policy asks for witnesses only their times count: a witness never goes back to a smaller log, while an
    /// authority stamps whatever it is given, a checkpoint of last year too.
    pub(super) fn newest_time(&self) -> Option<u64> {
        let is_of_log = |held: &HeldHead| !self.has_log || self.agrees(held);
        let checkpoints = self.examination.checkpoints.iter();
        let quorum = checkpoints
            .filter(|held| is_of_log(&held.head))
            .filter_map(|held| held.quorum_time_s);
        let policy = self.examination.trust().policy.as_ref();
        if policy.is_some_and(Policy::needs_witnesses) {
            return quorum.max();
        }
        let stamps = self.examination.stamps.iter();
        let stamps = stamps.filter(|held| is_of_log(&held.head));
        stamps.map(|held| held.time_ns / NANOS).max()
    }

    pub(super) fn freshness(&mut self, newest_time_s: Option<u64>) {
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
    pub(super) fn held_up_to(&self) -> u64 {
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

    fn agrees(&self, held: &HeldHead) -> bool {
        self.agreement(held) == Agreement::Agrees
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
