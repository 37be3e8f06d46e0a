//! Findings of this adapter: how they are made and how many a message may have.
//!
//! A finding states what is odd about the input and changes nothing. The rules
//! are listed in the adapter's README. Conversion relies on [`Findings`] to
//! keep a hostile message from growing without bound.

use adapter_sdk::proto::v1::{Action, Finding, Severity};

/// Findings kept about one message; the rest is counted in one more.
const MAX_FINDINGS: usize = 200;

/// Longest raw text kept in a finding, in bytes.
const MAX_RAW_BYTES: usize = 120;

/// Starts a finding that a value or a fact is worth knowing.
pub(crate) fn info(rule: &str, action: Action) -> Note {
    Note::new(Severity::Info, rule, action)
}

/// Starts a finding that a person should look at before the value is used.
pub(crate) fn warning(rule: &str, action: Action) -> Note {
    Note::new(Severity::Warning, rule, action)
}

/// Starts a finding about a value that must not be used.
pub(crate) fn error(rule: &str, action: Action) -> Note {
    Note::new(Severity::Error, rule, action)
}

/// A finding in the making.
#[derive(Debug)]
pub(crate) struct Note(Finding);

impl Note {
    fn new(severity: Severity, rule: &str, action: Action) -> Self {
        Self(Finding {
            severity: severity.into(),
            rule: rule.to_owned(),
            action: action.into(),
            ..Finding::default()
        })
    }

    /// The field of the record, for example `observation.value.value`.
    pub(crate) fn field(mut self, field: &str) -> Self {
        field.clone_into(&mut self.0.field);
        self
    }

    /// The value as received, and its place in the message.
    pub(crate) fn raw(mut self, raw: &str, offset: usize) -> Self {
        self.0.raw = excerpt(raw);
        self.at(offset, raw.len())
    }

    /// The place in the message, in bytes.
    pub(crate) fn at(mut self, offset: usize, length: usize) -> Self {
        self.0.offset = offset as u64;
        self.0.length = length as u64;
        self
    }

    /// What the value may have been meant to be.
    pub(crate) fn proposal(mut self, proposal: impl Into<String>) -> Self {
        self.0.proposal = proposal.into();
        self
    }

    /// One sentence for a person; ends the making.
    pub(crate) fn text(mut self, text: impl Into<String>) -> Finding {
        self.0.text = text.into();
        self.0
    }
}

/// The beginning of `raw`, cut at a character and marked where it was cut.
fn excerpt(raw: &str) -> String {
    if raw.len() <= MAX_RAW_BYTES {
        return raw.to_owned();
    }
    let end = (0..=MAX_RAW_BYTES)
        .rev()
        .find(|&end| raw.is_char_boundary(end));
    format!("{}…", &raw[..end.unwrap_or(0)])
}

/// The findings about one message as a whole.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    left_out: usize,
}

impl Findings {
    /// Keeps a finding, or counts it when there are too many.
    pub(crate) fn push(&mut self, finding: Finding) {
        if self.kept.len() < MAX_FINDINGS {
            self.kept.push(finding);
        } else {
            self.left_out += 1;
        }
    }

    /// The findings; with a last one that says how many were left out, if any.
    pub(crate) fn into_vec(mut self) -> Vec<Finding> {
        if self.left_out > 0 {
            let text = format!(
                "{} further findings about this message are left out.",
                self.left_out
            );
            self.kept
                .push(warning("hj212.more-findings", Action::Kept).text(text));
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_raw_value_is_cut_at_a_character() {
        let raw = "数".repeat(41);
        let finding = info("hj212.x", Action::Kept).raw(&raw, 7).text("");
        assert_eq!(finding.raw, format!("{}…", "数".repeat(40)));
        assert_eq!(
            (finding.offset, finding.length),
            (7, 123),
            "the place is of the whole value"
        );
    }

    #[test]
    fn findings_beyond_the_limit_are_counted_and_not_kept() {
        let mut findings = Findings::default();
        for _ in 0..MAX_FINDINGS + 3 {
            findings.push(info("hj212.x", Action::Kept).text(""));
        }
        let findings = findings.into_vec();
        assert_eq!(findings.len(), MAX_FINDINGS + 1);
        let last = findings.last().expect("not empty");
        assert_eq!(last.rule, "hj212.more-findings");
        assert!(last.text.starts_with("3 further"), "{}", last.text);
    }
}
