//! What one submission may become: records and bytes.
//!
//! The limits on one message do not bound a submission of thousands. Counts
//! what was made and nothing else, so that replay comes to the same.

use proto::v1::Quarantine;

use crate::check::{Checked, fault, quarantined};

/// Most records of one submission: each takes some hundred bytes while it is handed to the
/// index, and a whole day of a busy site's packets is a fifth of it.
pub(super) const MAX_RECORDS: usize = 1_000_000;

/// Most bytes of the results of one submission: half of the largest bundle of the evidence
/// store, which leaves room for the request and for the quarantines after the end of the budget.
pub(super) const MAX_RESULT_BYTES: usize = 128 << 20;

/// What is left for the messages that follow.
#[derive(Debug)]
pub(super) struct Budget {
    records: usize,
    bytes: usize,
    /// Set by the first message that did not fit.
    spent: Option<Quarantine>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget::new(MAX_RECORDS, MAX_RESULT_BYTES)
    }
}

impl Budget {
    /// A budget of `records` and `bytes`.
    pub(super) fn new(records: usize, bytes: usize) -> Budget {
        Budget {
            records,
            bytes,
            spent: None,
        }
    }

    /// The reason for every further message, once one did not fit.
    pub(super) fn spent(&self) -> Option<&Quarantine> {
        self.spent.as_ref()
    }

    /// `checked`, or its quarantine when it or one before it did not fit. The first that does
    /// not fit ends the budget, so that the sender can send again from there on.
    pub(super) fn take(&mut self, checked: Checked) -> Checked {
        if self.spent.is_none() {
            let records = usize::try_from(checked.outcome.records).unwrap_or(usize::MAX);
            let left = self.records.checked_sub(records);
            match left.zip(self.bytes.checked_sub(checked.part.len())) {
                Some((records, bytes)) => (self.records, self.bytes) = (records, bytes),
                None => self.spent = Some(exceeded()),
            }
        }
        match &self.spent {
            Some(quarantine) => quarantined(quarantine.clone()),
            None => checked,
        }
    }
}

fn exceeded() -> Quarantine {
    let text = format!(
        "the submission became more than {MAX_RECORDS} records or {MAX_RESULT_BYTES} bytes; send the rest in another"
    );
    fault("adapter.budget", text)
}

#[cfg(test)]
mod tests {
    use proto::v1::MessageOutcome;

    use super::*;

    fn made(records: u32, bytes: usize) -> Checked {
        Checked {
            is_open: true,
            part: vec![0; bytes].into(),
            outcome: MessageOutcome {
                records,
                ..MessageOutcome::default()
            },
            runs: Vec::new(),
        }
    }

    fn check(budget: (usize, usize), made_of: &[(u32, usize)], expected: &[bool]) {
        let mut budget = Budget::new(budget.0, budget.1);
        let fits: Vec<bool> = made_of
            .iter()
            .map(|&(records, bytes)| {
                let quarantine = budget.take(made(records, bytes)).outcome.quarantine;
                assert!(
                    quarantine
                        .as_ref()
                        .is_none_or(|it| it.code == "adapter.budget")
                );
                quarantine.is_none()
            })
            .collect();
        assert_eq!(fits, expected, "{made_of:?}");
        assert_eq!(budget.spent().is_some(), expected.contains(&false));
    }

    #[test]
    fn what_fits_exactly_is_taken_and_nothing_after_the_first_that_does_not() {
        check((10, 100), &[(10, 100), (0, 0)], &[true, true]);
        check((10, 100), &[(9, 1), (2, 1), (1, 1)], &[true, false, false]);
        check((10, 100), &[(1, 99), (1, 2), (0, 0)], &[true, false, false]);
        check((0, 100), &[(1, 1)], &[false]);
    }
}
