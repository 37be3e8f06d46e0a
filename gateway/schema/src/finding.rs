//! Findings: what is told to senders, staff and the audit trail about a value.
//!
//! The one place that turns a rule's remark into a [`Finding`] with a field and
//! a severity. Adapters use it as well, so that the same fault has the same
//! words whoever notices it.

use proto::v1::{Action, Finding, Severity};

use crate::remark::{Reading, Remark, Verdict};

mod wording;

/// Longest received value kept in a finding, in bytes; more is cut at a
/// character. The whole value is in the message as received.
pub const MAX_RAW: usize = 256;

/// Builds a finding of a rule for a field. Severity is warning until set.
pub fn finding(rule: &str, field: &str) -> Finding {
    Finding {
        severity: Severity::Warning.into(),
        rule: rule.to_owned(),
        field: field.to_owned(),
        action: Action::Kept.into(),
        text: wording::of_rule(rule).to_owned(),
        ..Finding::default()
    }
}

/// Builds the finding that a remark makes about a field.
///
/// `raw` is the value as received; pass an empty text for sensitive fields.
/// `kept` says whether the record still holds a value.
pub fn from_remark(remark: &Remark, field: &str, raw: &str, kept: bool) -> Finding {
    let rule = remark.rule();
    let (severity, action) = match remark.verdict {
        Verdict::Ok => (Severity::Info, Action::Kept),
        Verdict::Normalised => (Severity::Info, Action::Normalised),
        Verdict::Suspect | Verdict::Mismatch if kept => (Severity::Warning, Action::Kept),
        Verdict::Suspect | Verdict::Mismatch => (Severity::Warning, Action::Dropped),
        Verdict::Reject if kept => (Severity::Error, Action::Kept),
        Verdict::Reject => (Severity::Error, Action::Dropped),
        Verdict::Missing => (Severity::Info, Action::Dropped),
    };
    let text = wording::of_remark(remark, &rule);
    Finding {
        severity: severity.into(),
        field: field.to_owned(),
        raw: shortened(raw).to_owned(),
        action: action.into(),
        text,
        rule,
        ..Finding::default()
    }
}

/// Builds the finding that a reading makes about a field, if it makes one.
///
/// `raw` is the value as received; pass an empty text for sensitive fields.
pub fn from_reading<T>(reading: &Reading<T>, field: &str, raw: &str) -> Option<Finding> {
    let remark = reading.remark.as_ref()?;
    let mut finding = from_remark(remark, field, raw, reading.value.is_some());
    if let Some(proposal) = &reading.proposal {
        finding.proposal.clone_from(proposal);
    }
    Some(finding)
}

/// Small steps that complete a finding; each returns it.
pub trait FindingExt: Sized {
    /// Sets the severity.
    fn with_severity(self, severity: Severity) -> Self;
    /// Sets what was done.
    fn with_action(self, action: Action) -> Self;
    /// Sets the value as received, shortened to [`MAX_RAW`]. Not for sensitive fields.
    fn with_raw(self, raw: &str) -> Self;
    /// Sets what the value may have been meant to be, and the action to go with it.
    fn with_proposal(self, proposal: &str) -> Self;
    /// Sets the place in the message, in bytes.
    fn at(self, offset: u64, length: u64) -> Self;
    /// Sets the sentence for a person.
    fn with_text(self, text: &str) -> Self;
}

impl FindingExt for Finding {
    fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity.into();
        self
    }

    fn with_action(mut self, action: Action) -> Self {
        self.action = action.into();
        self
    }

    fn with_raw(mut self, raw: &str) -> Self {
        self.raw = shortened(raw).to_owned();
        self
    }

    fn with_proposal(mut self, proposal: &str) -> Self {
        self.proposal = proposal.to_owned();
        self.action = Action::Proposed.into();
        self
    }

    fn at(mut self, offset: u64, length: u64) -> Self {
        self.offset = offset;
        self.length = length;
        self
    }

    fn with_text(mut self, text: &str) -> Self {
        self.text = text.to_owned();
        self
    }
}

fn shortened(raw: &str) -> &str {
    raw.get(..raw.floor_char_boundary(MAX_RAW)).unwrap_or(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_decides_severity_and_action() {
        let check = |remark: Remark, kept, severity, action| {
            let finding = from_remark(&remark, "observation.value.value", "raw", kept);
            assert_eq!(
                (finding.severity(), finding.action()),
                (severity, action),
                "{remark}"
            );
            assert!(finding.text.ends_with('.'), "{}", finding.text);
        };
        check(
            Remark::normalised("number", "full-width"),
            true,
            Severity::Info,
            Action::Normalised,
        );
        check(
            Remark::suspect("number", "sentinel"),
            true,
            Severity::Warning,
            Action::Kept,
        );
        check(
            Remark::suspect("plate", "letter-I"),
            false,
            Severity::Warning,
            Action::Dropped,
        );
        check(
            Remark::reject("number", "nan"),
            false,
            Severity::Error,
            Action::Dropped,
        );
        check(
            Remark::reject("credit-code", "check-digit"),
            true,
            Severity::Error,
            Action::Kept,
        );
        check(
            Remark::missing("number", ""),
            false,
            Severity::Info,
            Action::Dropped,
        );
    }

    #[test]
    fn a_reading_in_order_makes_no_finding_and_a_proposal_is_passed_on() {
        assert_eq!(from_reading(&crate::number::read("1.5"), "f", "1.5"), None);
        let finding =
            from_reading(&crate::number::read("7,5"), "f", "7,5").expect("a decimal comma");
        assert_eq!(
            (finding.rule.as_str(), finding.proposal.as_str()),
            ("number.decimal-comma", "7.5")
        );
    }

    #[test]
    fn long_values_are_cut_at_a_character() {
        let finding = finding("text.lost", "f").with_raw(&"包".repeat(200));
        assert_eq!(finding.raw, "包".repeat(85));
    }

    #[test]
    fn a_finding_is_completed_step_by_step() {
        let finding = finding("hj212.late", "observation.data_time")
            .with_severity(Severity::Info)
            .with_action(Action::Normalised)
            .at(7, 14)
            .with_proposal("x")
            .with_text("Late.");
        assert_eq!(
            (finding.severity(), finding.action()),
            (Severity::Info, Action::Proposed)
        );
        assert_eq!(
            (finding.offset, finding.length, finding.text.as_str()),
            (7, 14, "Late.")
        );
    }
}
