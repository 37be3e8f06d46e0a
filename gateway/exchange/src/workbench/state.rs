//! What became of quarantined messages, as a fold over the log.

use std::collections::BTreeMap;

use audit_log::Entry;
use proto::v1::QuarantineState;

use crate::entry::{DismissEntry, SubmitEntry};
use crate::ids::RecordId;

/// A step that an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepTaken {
    /// Position of its entry.
    pub(crate) position: u64,
    /// What it made of the message.
    pub(crate) state: QuarantineState,
}

/// Every message on which something was done.
#[derive(Debug, Default)]
pub(crate) struct QuarantineStates(BTreeMap<(u64, u16), Vec<StepTaken>>);

impl QuarantineStates {
    /// Takes a step over.
    pub(crate) fn take(&mut self, position: u64, place: (u64, u16), state: QuarantineState) {
        let steps = self.0.entry(place).or_default();
        steps.push(StepTaken { position, state });
    }

    /// Takes an entry over if it is a step; says whether it was.
    pub(crate) fn take_entry(&mut self, position: u64, entry: &Entry<'_>) -> bool {
        if let Some(dismissed) = DismissEntry::read(entry) {
            let place = (dismissed.position, dismissed.message);
            self.take(position, place, QuarantineState::Dismissed);
            return true;
        }
        let submit = SubmitEntry::read(entry);
        let Some((submit, retry)) = submit.and_then(|submit| {
            let retry = submit.retry.clone()?;
            Some((submit, retry))
        }) else {
            return false;
        };
        let state = match submit.sums.quarantined {
            0 => QuarantineState::Retried,
            _ => QuarantineState::Open,
        };
        self.take(position, (retry.position, retry.message), state);
        true
    }

    /// State of a message in quarantine.
    pub(crate) fn state(&self, place: (u64, u16)) -> QuarantineState {
        let steps = self.0.get(&place);
        let closing = steps.and_then(|steps| {
            let mut states = steps.iter().map(|step| step.state);
            states.find(|state| *state != QuarantineState::Open)
        });
        closing.unwrap_or(QuarantineState::Open)
    }

    /// The steps on a message, in order.
    pub(crate) fn steps(&self, place: (u64, u16)) -> Vec<StepTaken> {
        self.0.get(&place).cloned().unwrap_or_default()
    }
}

/// Identity of the submission that a retry is.
pub(crate) fn retry_id(time_ns: u64, position: u64) -> String {
    RecordId::of_submission(time_ns, position).to_string()
}
