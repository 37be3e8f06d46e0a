//! Findings of a mapping, bounded.
//!
//! Turns what readers remark into findings with field, place and action. Values
//! of classified fields never get in; names of foreign fields are cut short.

use crate::document::{Document, NodeId, Span};
use crate::proto::v1::{Action, Finding, Severity};
use crate::schema::{Reading, finding};

/// Findings of the record being made, and of the message.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    record: Vec<Finding>,
    /// Findings about the message as a whole.
    pub(crate) message: Vec<Finding>,
    count: usize,
}

/// Most findings of one message. A message with more is bad throughout.
const MOST_FINDINGS: usize = 5_000;

/// Most field names listed in one finding.
const MOST_NAMES: usize = 40;

impl Notes {
    /// Adds a finding without a value.
    pub(crate) fn add(
        &mut self,
        severity: Severity,
        rule: impl Into<String>,
        field: String,
        action: Action,
        span: Span,
        text: impl Into<String>,
    ) {
        self.push(Finding {
            severity: severity.into(),
            rule: rule.into(),
            field,
            action: action.into(),
            offset: span.offset,
            length: span.length,
            text: text.into(),
            ..Finding::default()
        });
    }

    /// Adds what a reader says about a value; nothing when it says nothing.
    ///
    /// Of a sensitive value neither the text nor a proposal is kept.
    pub(crate) fn reading<T>(
        &mut self,
        reading: &Reading<T>,
        field: &str,
        raw: &str,
        span: Span,
        sensitive: bool,
    ) {
        let raw = if sensitive { "" } else { raw };
        let Some(mut finding) = finding::from_reading(reading, field, raw) else {
            return;
        };
        if sensitive {
            finding.proposal.clear();
        } else if !finding.proposal.is_empty() && reading.value.is_some() {
            finding.action = Action::Proposed.into();
        }
        finding.offset = span.offset;
        finding.length = span.length;
        self.push(finding);
    }

    /// Findings of the record that was made; the next one starts without any.
    pub(crate) fn take(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.record)
    }

    /// Moves what was found since the last record to the message.
    pub(crate) fn message_level(&mut self) {
        self.message.append(&mut self.record);
    }

    fn push(&mut self, finding: Finding) {
        self.count += 1;
        if self.count <= MOST_FINDINGS {
            self.record.push(finding);
        } else if self.count == MOST_FINDINGS + 1 {
            self.message.push(Finding {
                severity: Severity::Warning.into(),
                rule: "mapping.findings".to_owned(),
                action: Action::Kept.into(),
                text: format!("more than {MOST_FINDINGS} findings; the rest was not kept"),
                ..Finding::default()
            });
        }
    }
}

/// One finding that names the fields no rule asked for.
pub(crate) fn unmapped(document: &Document<'_>, nodes: &[NodeId]) -> Finding {
    let mut names: Vec<String> = Vec::new();
    for node in nodes {
        let own = name(document.name(*node));
        if names.len() < MOST_NAMES && !names.contains(&own) {
            names.push(own);
        }
    }
    let more = if names.len() == MOST_NAMES {
        " and others"
    } else {
        ""
    };
    let span = nodes
        .first()
        .map(|node| document.span(*node))
        .unwrap_or_default();
    Finding {
        severity: Severity::Info.into(),
        rule: "mapping.unmapped".to_owned(),
        action: Action::Dropped.into(),
        offset: span.offset,
        length: span.length,
        text: format!(
            "fields the mapping does not know: {}{more}",
            names.join(", ")
        ),
        ..Finding::default()
    }
}

/// A foreign field's name, short enough for a sentence.
pub(crate) fn name(name: &str) -> String {
    if name.is_empty() {
        return "(unnamed)".to_owned();
    }
    name.chars()
        .take(64)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}
