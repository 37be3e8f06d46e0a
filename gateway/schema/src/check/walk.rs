//! Walking a record: where one is, and what was found so far.
//!
//! A path is a chain of borrowed names on the stack; it becomes text only when
//! something is wrong.

use proto::v1::{Action, Finding, Severity};

use crate::finding::{self, FindingExt as _};
use crate::remark::{Reading, Remark};

/// Where in a record one is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    name: &'a str,
    index: Option<usize>,
}

impl<'a> Path<'a> {
    /// The entity itself, by its field in `Record`.
    pub(super) const fn root(name: &'a str) -> Self {
        Self {
            parent: None,
            name,
            index: None,
        }
    }

    /// A field.
    pub(super) const fn at<'b>(&'b self, name: &'b str) -> Path<'b>
    where
        'a: 'b,
    {
        Path {
            parent: Some(self),
            name,
            index: None,
        }
    }

    /// An element of a repeated field.
    pub(super) const fn nth<'b>(&'b self, name: &'b str, index: usize) -> Path<'b>
    where
        'a: 'b,
    {
        Path {
            parent: Some(self),
            name,
            index: Some(index),
        }
    }

    fn write(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(out);
            out.push('.');
        }
        out.push_str(self.name);
        if let Some(index) = self.index {
            out.push('[');
            out.push_str(&index.to_string());
            out.push(']');
        }
    }
}

impl core::fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        formatter.write_str(&text)
    }
}

/// Who may see a value that a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Privacy {
    /// Not personal: the value may stand in the finding.
    Open,
    /// Personal in any class: neither the value nor a proposal may.
    Personal,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) findings: Vec<Finding>,
}

impl Walk {
    /// Reports a rule about a field, with the value as it stands there.
    #[cold]
    pub(super) fn report(&mut self, rule: &str, path: &Path<'_>, raw: &str) {
        self.report_as(Severity::Warning, rule, path, raw);
    }

    /// Reports a rule with a severity of its own.
    #[cold]
    pub(super) fn report_as(&mut self, severity: Severity, rule: &str, path: &Path<'_>, raw: &str) {
        let finding = finding::finding(rule, &path.to_string())
            .with_severity(severity)
            .with_raw(raw);
        self.findings.push(finding);
    }

    /// Reports that a mandatory field is missing.
    #[cold]
    pub(super) fn missing(&mut self, path: &Path<'_>) {
        self.report("schema.missing", path, "");
    }

    /// Reports the remark of a rule about a value that stays in the record.
    #[cold]
    pub(super) fn remark(&mut self, remark: &Remark, path: &Path<'_>, raw: &str) {
        let mut finding = finding::from_remark(remark, &path.to_string(), raw, true);
        // The record keeps what the guest set; nothing was normalised here.
        finding.action = Action::Kept.into();
        self.findings.push(finding);
    }

    /// Reports what reading a value again says about it; the value stays and
    /// its canonical form is proposed.
    #[cold]
    pub(super) fn reread(
        &mut self,
        reading: Reading<String>,
        path: &Path<'_>,
        raw: &str,
        privacy: Privacy,
    ) {
        let Some(remark) = reading.remark else {
            return;
        };
        let open = privacy == Privacy::Open;
        let mut finding =
            finding::from_remark(&remark, &path.to_string(), "", true).with_action(Action::Kept);
        if open {
            finding = finding.with_raw(raw);
            if let Some(proposal) = reading
                .proposal
                .or(reading.value.filter(|value| value != raw))
            {
                finding = finding.with_proposal(&proposal);
            }
        }
        self.findings.push(finding);
    }

    /// A mandatory text.
    pub(super) fn text(&mut self, path: &Path<'_>, value: &str) {
        if value.is_empty() {
            self.missing(path);
        }
    }

    /// A mandatory choice of an enumeration, by its number; 0 is "not stated".
    pub(super) fn choice(&mut self, path: &Path<'_>, is_stated: bool) {
        if !is_stated {
            self.missing(path);
        }
    }

    /// A mandatory message or a field with presence; returns it if it is there.
    pub(super) fn some<'v, T>(&mut self, path: &Path<'_>, value: Option<&'v T>) -> Option<&'v T> {
        if value.is_none() {
            self.missing(path);
        }
        value
    }

    /// A mandatory list.
    pub(super) fn list<T>(&mut self, path: &Path<'_>, values: &[T]) {
        if values.is_empty() {
            self.missing(path);
        }
    }
}
