//! What the node does, in numbers: for whoever watches it, never for whoever decides.
//!
//! Counters begin at the start of the node and are lost at its end; the log is what remembers.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use proto::v1::AdapterUsage;

use crate::Exchange;
use crate::refusal::Refusal;

/// Submissions by what became of them.
#[derive(Debug, Default)]
pub(crate) struct Outcomes(Mutex<BTreeMap<&'static str, u64>>);

/// A submission that was accepted now.
const ACCEPTED: &str = "accepted";
/// A submission that was accepted before and got the same answer.
const REPEATED: &str = "repeated";

impl Outcomes {
    /// Counts one; a refusal by its reason.
    pub(crate) fn count(&self, outcome: Result<Done, &Refusal>) {
        let name = match outcome {
            Ok(Done::Accepted) => ACCEPTED,
            Ok(Done::Repeated) => REPEATED,
            Err(refusal) => refusal.reason(),
        };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(name).or_default() += 1;
    }

    fn read(&self) -> BTreeMap<&'static str, u64> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// How a submission that was not refused was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    Accepted,
    Repeated,
}

/// What the node did since it started, and what it does at the moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// Submissions by outcome: `accepted`, `repeated`, or the reason of a refusal.
    pub submissions: BTreeMap<&'static str, u64>,
    /// Submissions that agencies have under way.
    pub in_flight: u64,
    /// Durable entries of the log.
    pub log_size: u64,
    /// Groups of entries that were made durable together.
    pub log_groups: u64,
    /// Entries of the largest group.
    pub log_largest_group: u64,
    /// Entries that wait for the log, and their bytes.
    pub log_waiting: (usize, usize),
    /// Bundles that wait for the evidence store, and their bytes.
    pub evidence_waiting: (usize, usize),
    /// Conversions in the fast lane, in the slow lane, and waiting for the slow lane.
    pub conversions: [usize; 3],
    /// Whether the log and the evidence store accept writes.
    pub is_healthy: bool,
    /// What loaded versions of adapters used.
    pub adapters: Vec<AdapterMetrics>,
}

/// What one loaded version used.
#[derive(Debug, Clone, PartialEq)]
pub struct AdapterMetrics {
    /// Calls and what came of them.
    pub usage: AdapterUsage,
    /// Most memory that one call was granted, in bytes.
    pub memory_peak_bytes: u64,
    /// Whether its submissions stand back behind those of others.
    pub is_on_probation: bool,
}

impl Exchange {
    /// What the node did since it started, and what it does at the moment. Reads counters only.
    pub fn metrics(&self) -> Metrics {
        let (log_groups, log_largest_group) = self.log.groups();
        let taken = self.lanes.taken(self.limits.workers);
        Metrics {
            submissions: self.outcomes.read(),
            in_flight: self
                .in_flight
                .values()
                .map(|agency| agency.submissions() as u64)
                .sum(),
            log_size: self.log.size(),
            log_groups,
            log_largest_group,
            log_waiting: self.log.waiting(),
            evidence_waiting: self.evidence.waiting(),
            conversions: [taken.fast, taken.slow, taken.waiting],
            is_healthy: self.is_healthy(),
            adapters: self.adapter_metrics(),
        }
    }
}
