//! Filling the fields of one record.
//!
//! The first source that is not empty wins; a code and the text that goes with
//! it are compared; what a reader remarks becomes a finding at the bytes of the
//! value. `convert` makes the records this fills.

use super::convert::{Run, is_empty};
use super::kind::{Kind, is_padding};
use super::rules::Field;
use super::slot::{Entity, Slot};
use crate::document::{NodeId, Span};
use crate::proto::v1::{Action, Severity};
use crate::schema::text;

/// Where a field stands, for its findings: below a list, or in the record.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) list: Option<(&'s str, usize)>,
}

impl Scope<'_> {
    fn path(self, field: &str) -> String {
        match self.list {
            Some((list, index)) => format!("{list}[{index}].{field}"),
            None => field.to_owned(),
        }
    }
}

/// Sources of one field; almost always there is one, which needs no vector.
#[derive(Default)]
struct Sources {
    first: Option<NodeId>,
    others: Vec<NodeId>,
}

impl Sources {
    fn push(&mut self, source: NodeId) {
        match self.first {
            None => self.first = Some(source),
            Some(_) => self.others.push(source),
        }
    }

    fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.first.into_iter().chain(self.others.iter().copied())
    }
}

impl Run<'_, '_> {
    /// Fills one field of `entity` from `node`.
    pub(super) fn fill<E: Entity>(
        &mut self,
        entity: &mut E,
        field: &Field<E>,
        node: NodeId,
        scope: Scope<'_>,
    ) {
        if let Slot::List(append) = field.target.slot {
            self.fill_list(entity, field, append, node);
            return;
        }
        let found = self.find(field, node);
        let pair = self.pair(field, node);
        let mut written = false;
        if field.target.slot.is_repeated() {
            for source in found.iter() {
                written |= self.write(entity, field, source, scope);
            }
        } else if let Some(source) = found.first {
            self.report_repeated(field, source, &found.others, scope);
            written = self.write(entity, field, source, scope);
        }
        match (pair, found.first) {
            (Some(pair), Some(code)) if written => self.compare_pair(field, code, pair, scope),
            (Some(pair), _) => written = self.write(entity, field, pair, scope),
            (None, _) => {}
        }
        if written || field.target.slot.is_filled(entity) {
            return;
        }
        if let Some(default) = &field.default {
            field.target.slot.write(entity, default.clone());
        } else if field.required {
            self.report_missing(scope.path(&field.path), node);
        }
    }

    fn fill_list<E: Entity>(
        &mut self,
        entity: &mut E,
        field: &Field<E>,
        append: fn(&mut E),
        node: NodeId,
    ) {
        let mut items = Vec::new();
        for path in &field.source {
            path.visit(self.document, node, self.ignore_case, &mut |found| {
                items.push(found)
            });
            if !items.is_empty() {
                break;
            }
        }
        items.retain(|item| self.holds(&field.when, *item));
        for (index, item) in items.iter().enumerate() {
            append(entity);
            let scope = Scope {
                list: Some((&field.path, index)),
            };
            for inner in &field.items {
                self.fill(entity, inner, *item, scope);
            }
        }
        if items.is_empty() && field.required {
            self.report_missing(field.path.to_string(), node);
        }
    }

    /// Sources of a field that are not empty: those of the first path that has any.
    fn find<E>(&mut self, field: &Field<E>, node: NodeId) -> Sources {
        let (document, seen) = (self.document, &mut self.seen);
        let verbatim = matches!(field.kind, Kind::Text { verbatim: true });
        let (mut found, mut placeholders) = (Sources::default(), Sources::default());
        let mut done = false;
        for path in &field.source {
            path.visit(document, node, self.ignore_case, &mut |source| {
                seen[source.index()] = true;
                let value = document.value(source);
                if done || is_empty(value) {
                    return;
                }
                let filler = !verbatim && text::is_placeholder(value.trim_matches(is_padding));
                if filler {
                    placeholders.push(source)
                } else {
                    found.push(source)
                }
            });
            done = found.first.is_some();
        }
        // A placeholder is read only when nothing better is there; its reader says so.
        if done { found } else { placeholders }
    }

    /// The text that goes with a code.
    fn pair<E>(&mut self, field: &Field<E>, node: NodeId) -> Option<NodeId> {
        let pair = field.pair.as_ref()?;
        let (document, seen) = (self.document, &mut self.seen);
        let mut found = None;
        pair.visit(document, node, self.ignore_case, &mut |source| {
            seen[source.index()] = true;
            if !is_empty(document.value(source)) {
                found.get_or_insert(source);
            }
        });
        found
    }

    /// Reads one source and writes it, with what its reader remarks; false when
    /// there is no value.
    fn write<E: Entity>(
        &mut self,
        entity: &mut E,
        field: &Field<E>,
        source: NodeId,
        scope: Scope<'_>,
    ) -> bool {
        if matches!(field.kind, Kind::ResidentId { keep: false }) {
            self.report_dropped(scope.path(&field.path), source);
            return false;
        }
        let raw = self.document.value(source);
        if field.split.is_empty() {
            return self.write_value(entity, field, source, raw, scope);
        }
        // Asking a text whether it contains a character prepares a search each time.
        let ends = |character| field.split.chars().any(|end| end == character);
        let parts = raw.split(ends);
        let mut written = false;
        for part in parts.filter(|part| !is_empty(part)) {
            written |= self.write_value(entity, field, source, part, scope);
        }
        written
    }

    fn write_value<E: Entity>(
        &mut self,
        entity: &mut E,
        field: &Field<E>,
        source: NodeId,
        raw: &str,
        scope: Scope<'_>,
    ) -> bool {
        let reading = field.kind.read(raw);
        if reading.remark.is_some() || reading.proposal.is_some() {
            let sensitive = field.target.sensitive || field.kind.is_sensitive();
            let span = self.document.value_span(source);
            self.notes
                .reading(&reading, &scope.path(&field.path), raw, span, sensitive);
        }
        let Some(value) = reading.value else {
            return false;
        };
        // A target may have several fields, each an alternative for those before it.
        if field.target.slot.is_repeated() || !field.target.slot.is_filled(entity) {
            field.target.slot.write(entity, value);
        }
        true
    }

    fn compare_pair<E>(&mut self, field: &Field<E>, code: NodeId, pair: NodeId, scope: Scope<'_>) {
        let Kind::Code(table) = &field.kind else {
            return;
        };
        let meaning = |node: NodeId| table.find(self.document.value(node).trim_matches(is_padding));
        let text = match (meaning(code), meaning(pair)) {
            (Some(code), Some(pair)) if code != pair => {
                "the code and the text beside it say different things; the code is used"
            }
            (Some(_), None) => {
                "the text beside the code is not in the code table, so the two were not compared"
            }
            _ => return,
        };
        let (severity, rule) = match meaning(pair) {
            Some(_) => (Severity::Warning, "mapping.pair-disagrees"),
            None => (Severity::Info, "mapping.pair-unknown"),
        };
        let span = self.document.value_span(pair);
        self.notes.add(
            severity,
            rule,
            scope.path(&field.path),
            Action::Kept,
            span,
            text,
        );
    }

    fn report_repeated<E>(
        &mut self,
        field: &Field<E>,
        first: NodeId,
        others: &[NodeId],
        scope: Scope<'_>,
    ) {
        let first = self.document.value(first);
        let other = others
            .iter()
            .find(|other| self.document.value(**other) != first);
        if let Some(other) = other {
            let text =
                "the field is there more than once with different values; the first one is used";
            let span = self.document.value_span(*other);
            self.notes.add(
                Severity::Warning,
                "mapping.repeated",
                scope.path(&field.path),
                Action::Kept,
                span,
                text,
            );
        }
    }

    fn report_missing(&mut self, field: String, node: NodeId) {
        let span = Span {
            length: 0,
            ..self.document.span(node)
        };
        let text = "a field that must be there is missing or empty";
        self.notes.add(
            Severity::Error,
            "mapping.required",
            field,
            Action::Kept,
            span,
            text,
        );
    }
}
