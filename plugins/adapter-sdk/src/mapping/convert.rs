//! Converting one message by the rules.
//!
//! Every record keeps the bytes it was made from and the findings about it.
//! Whatever lies in a record's source and was not asked for is named in one
//! finding, so that nothing is lost without a word; values are never repeated
//! for classified fields.

use super::fill::Scope;
use super::kind::is_padding;
use super::notes::{self, Notes};
use super::rules::{MappingRules, RecordRule};
use super::slot::Entity;
use crate::Rejection;
use crate::document::{Document, NodeId, Path, Reading};
use crate::proto::v1::{
    Action, Conversion, DateTime, Encoding, Envelope, Finding, Integrity, MessageFacts, Record,
    Severity,
};
use crate::schema::date_time;

/// Converts a message that was read.
pub(crate) fn convert(rules: &MappingRules, reading: Reading<'_>) -> Result<Conversion, Rejection> {
    let document = &reading.document;
    let mut run = Run {
        document,
        ignore_case: rules.reading.ignore_case,
        seen: vec![false; document.len()],
        records: Vec::new(),
        sources: Vec::new(),
        notes: Notes::default(),
    };
    for rule in &rules.records {
        for node in rule.select(&run) {
            if run.records.len() >= rules.most_records {
                let offset = document.span(node).offset;
                let text = format!("more than {} records in one message", rules.most_records);
                return Err(Rejection::new("mapping.records", offset, text));
            }
            rule.apply(&mut run, node);
        }
    }
    if run.records.is_empty() && !rules.allow_empty {
        let offset = document.span(document.root()).offset;
        return Err(Rejection::new(
            "mapping.no-records",
            offset,
            "nothing in the message is a record of this feed",
        ));
    }
    let claimed_at = run.claimed_at(&rules.claimed_at);
    let root = document.root();
    for path in &rules.ignore {
        run.mark(path, root);
    }
    run.report_unmapped();
    let facts = MessageFacts {
        claimed_at,
        encoding_declared: reading.declared.unwrap_or_default(),
        encoding_used: Encoding::from(reading.used).into(),
        dialect: rules.dialect.to_string(),
        integrity: Integrity::None.into(),
    };
    let mut findings: Vec<Finding> = reading.notices.into_iter().map(Finding::from).collect();
    findings.append(&mut run.notes.message);
    Ok(Conversion {
        records: run.records,
        facts: Some(facts),
        findings,
        ..Conversion::default()
    })
}

/// One message on its way.
pub(crate) struct Run<'d, 'm> {
    pub(super) document: &'d Document<'m>,
    pub(super) ignore_case: bool,
    /// Nodes that a rule asked for.
    pub(super) seen: Vec<bool>,
    records: Vec<Record>,
    /// The node each record was made from.
    sources: Vec<NodeId>,
    pub(super) notes: Notes,
}

impl Run<'_, '_> {
    /// Nodes of the first path that names any, and whose condition holds.
    pub(crate) fn select(&self, paths: &[Path], when: &[Path]) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        for path in paths {
            path.visit(
                self.document,
                self.document.root(),
                self.ignore_case,
                &mut |node| nodes.push(node),
            );
            if !nodes.is_empty() {
                break;
            }
        }
        nodes.retain(|node| self.holds(when, *node));
        nodes
    }

    /// Whether one of the paths names something that is not empty, or none is asked for.
    pub(super) fn holds(&self, when: &[Path], node: NodeId) -> bool {
        let mut holds = when.is_empty();
        for path in when {
            path.visit(self.document, node, self.ignore_case, &mut |found| {
                holds |= !is_empty(self.document.value(found));
            });
        }
        holds
    }

    /// Makes one record from `node`.
    pub(crate) fn make<E: Entity>(&mut self, rule: &RecordRule<E>, node: NodeId) {
        let mut entity = E::default();
        let scope = Scope { list: None };
        for field in &rule.fields {
            self.fill(&mut entity, field, node, scope);
        }
        for path in &rule.drop {
            self.drop(path, node);
        }
        for path in &rule.ignore {
            self.mark(path, node);
        }
        let span = self.document.span(node);
        let envelope = Envelope {
            quality: self.notes.take(),
            raw_offset: span.offset,
            raw_length: span.length,
            ..Envelope::default()
        };
        self.records.push(Record {
            envelope: Some(envelope),
            entity: Some(entity.wrap()),
        });
        self.sources.push(node);
    }

    /// Says that a personal column stays outside, without its value.
    fn drop(&mut self, path: &Path, node: NodeId) {
        let mut found = Vec::new();
        path.visit(self.document, node, self.ignore_case, &mut |source| {
            found.push(source)
        });
        for source in found {
            self.seen[source.index()] = true;
            if !is_empty(self.document.value(source)) {
                self.report_dropped(String::new(), source);
            }
        }
    }

    pub(super) fn report_dropped(&mut self, field: String, source: NodeId) {
        let name = notes::name(self.document.name(source));
        let text = [
            "personal column ",
            &name,
            " stays outside; this feed may not pass it on",
        ]
        .concat();
        let span = self.document.value_span(source);
        self.notes.add(
            Severity::Info,
            "mapping.personal-dropped",
            field,
            Action::Dropped,
            span,
            text,
        );
    }

    fn mark(&mut self, path: &Path, node: NodeId) {
        let seen = &mut self.seen;
        let document = self.document;
        path.visit(document, node, self.ignore_case, &mut |source| {
            for inner in document.descendants(source) {
                seen[inner.index()] = true;
            }
        });
    }

    /// The sender's clock, from the first path that holds a time.
    fn claimed_at(&mut self, paths: &[Path]) -> Option<DateTime> {
        let (document, root) = (self.document, self.document.root());
        let mut claimed = None;
        for path in paths {
            self.mark(path, root);
            let Some(node) = path
                .first(document, root, self.ignore_case)
                .filter(|_| claimed.is_none())
            else {
                continue;
            };
            let value = document.value(node);
            if is_empty(value) {
                continue;
            }
            let reading = date_time::read(value);
            let span = document.value_span(node);
            self.notes
                .reading(&reading, "claimed_at", value, span, false);
            self.notes.message_level();
            claimed = reading.value;
        }
        claimed
    }

    /// Names what no rule asked for: once a record, and once for the rest of the message.
    fn report_unmapped(&mut self) {
        let document = self.document;
        let left = |node: &NodeId| {
            document.is_leaf(*node) && !self.seen[node.index()] && !is_empty(document.value(*node))
        };
        let unmapped: Vec<NodeId> = document.descendants(document.root()).filter(left).collect();
        if unmapped.is_empty() {
            return;
        }
        let owners = self.owners();
        let mut groups: Vec<Vec<NodeId>> = vec![Vec::new(); self.records.len() + 1];
        for node in unmapped {
            groups[owners[node.index()] as usize].push(node);
        }
        for (owner, nodes) in groups
            .iter()
            .enumerate()
            .filter(|(_, nodes)| !nodes.is_empty())
        {
            let finding = notes::unmapped(document, nodes);
            let record = owner
                .checked_sub(1)
                .and_then(|index| self.records.get_mut(index));
            match record.and_then(|record| record.envelope.as_mut()) {
                Some(envelope) => envelope.quality.push(finding),
                None => self.notes.message.push(finding),
            }
        }
    }

    /// For every node the innermost record it lies in, counted from 1; 0 for none.
    fn owners(&self) -> Vec<u32> {
        let mut owners = vec![0u32; self.document.len()];
        let mut sizes = vec![usize::MAX; self.document.len()];
        for (index, source) in self.sources.iter().enumerate() {
            let size = self.document.descendants(*source).count();
            if sizes[source.index()] <= size {
                // Another record was made from the same node before; it speaks for both.
                continue;
            }
            for node in self.document.descendants(*source) {
                if size < sizes[node.index()] {
                    sizes[node.index()] = size;
                    owners[node.index()] = u32::try_from(index + 1).unwrap_or(0);
                }
            }
        }
        owners
    }
}

/// Whether a value is empty but for padding.
pub(super) fn is_empty(value: &str) -> bool {
    value.chars().all(is_padding)
}
