//! Paths that name nodes of a document, the same for XML, JSON and rows.
//!
//! `a/b` names children by name, `@a` an attribute, `*` any child, `//a` a node
//! at any depth, `.` the node itself; a leading `/` starts at the root instead
//! of the record. The root is never named. An array stands for its items, so
//! that repeated elements and arrays are the same thing.

use super::node::{Kind, NameMark, NodeId};
use super::walk::Document;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hop {
    Child(Name),
    Attribute(Name),
    Any,
    Descendant(Name),
}

/// A name to find, with its mark.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    mark: NameMark,
    text: Box<str>,
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self {
            mark: NameMark::of(text),
            text: text.into(),
        }
    }
}

/// A compiled path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    absolute: bool,
    hops: Vec<Hop>,
}

/// Why a path cannot be compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path is empty; `.` names the node itself.
    #[error("the path is empty; `.` names the node itself")]
    Empty,
    /// A step has no name.
    #[error("a step has no name")]
    UnnamedStep,
    /// A step after an attribute.
    #[error("an attribute has no children")]
    AfterAttribute,
    /// More steps than a document has levels.
    #[error("more than 32 steps")]
    TooLong,
}

/// Most steps of a path: documents are no deeper.
const MOST_HOPS: usize = 32;

impl Path {
    /// Compiles a path.
    ///
    /// # Errors
    /// [`PathError`] when a step is empty or follows an attribute.
    pub fn parse(source: &str) -> Result<Self, PathError> {
        if source.is_empty() {
            return Err(PathError::Empty);
        }
        let deep = source.starts_with("//");
        let absolute = source.starts_with('/') && !deep;
        let steps = if absolute { &source[1..] } else { source };
        let mut hops = Vec::new();
        let mut descend = false;
        if steps != "." && !steps.is_empty() {
            let steps = steps.strip_prefix("//").unwrap_or(steps);
            descend |= deep;
            for step in steps.split('/') {
                if step.is_empty() && !descend {
                    descend = true;
                    continue;
                }
                hops.push(hop(step, std::mem::take(&mut descend))?);
            }
        }
        let inner = hops.len().saturating_sub(1);
        if hops[..inner]
            .iter()
            .any(|hop| matches!(hop, Hop::Attribute(_)))
        {
            return Err(PathError::AfterAttribute);
        }
        if descend {
            return Err(PathError::UnnamedStep);
        }
        if hops.len() > MOST_HOPS {
            return Err(PathError::TooLong);
        }
        Ok(Self { absolute, hops })
    }

    /// Calls `visit` with every node the path names, in document order.
    ///
    /// `from` is the node a relative path starts at.
    #[inline]
    pub fn visit(
        &self,
        document: &Document<'_>,
        from: NodeId,
        ignore_case: bool,
        visit: &mut dyn FnMut(NodeId),
    ) {
        // Most names a mapping asks for are spellings that other senders use.
        if let [Hop::Child(name)] = self.hops.as_slice() {
            if !document.may_name(name.mark) {
                return;
            }
            let start = if self.absolute { document.root() } else { from };
            if document.kind(start) != Kind::Array && !document.may_have(start, name.mark) {
                return;
            }
        }
        self.visit_found(document, from, ignore_case, visit);
    }

    fn visit_found(
        &self,
        document: &Document<'_>,
        from: NodeId,
        ignore_case: bool,
        visit: &mut dyn FnMut(NodeId),
    ) {
        let start = if self.absolute { document.root() } else { from };
        // Almost every path of a mapping is one name: its children need no walk.
        if let [Hop::Child(name)] = self.hops.as_slice()
            && document.kind(start) != Kind::Array
        {
            for child in document.children_named(start, name.mark, &name.text, ignore_case) {
                match document.kind(child) {
                    Kind::Attribute => {}
                    Kind::Array => walk(document, child, &[], ignore_case, visit),
                    Kind::Element
                    | Kind::Object
                    | Kind::Text
                    | Kind::Number
                    | Kind::Bool
                    | Kind::Null => visit(child),
                }
            }
            return;
        }
        walk(document, start, &self.hops, ignore_case, visit);
    }

    /// Returns the first node the path names, an array as itself.
    pub(crate) fn node(
        &self,
        document: &Document<'_>,
        from: NodeId,
        ignore_case: bool,
    ) -> Option<NodeId> {
        let start = if self.absolute { document.root() } else { from };
        let (last, before) = match self.hops.split_last() {
            Some((last, before)) => (last, before),
            None => return Some(start),
        };
        let mut found = None;
        walk(document, start, before, ignore_case, &mut |parent| {
            found = found.or_else(|| {
                let mut child = None;
                step(document, parent, last, ignore_case, &mut |it| {
                    child.get_or_insert(it);
                });
                child
            });
        });
        found
    }

    /// Returns the first node the path names.
    #[must_use]
    pub fn first(
        &self,
        document: &Document<'_>,
        from: NodeId,
        ignore_case: bool,
    ) -> Option<NodeId> {
        let mut first = None;
        self.visit(document, from, ignore_case, &mut |node| {
            first.get_or_insert(node);
        });
        first
    }
}

fn hop(step: &str, descend: bool) -> Result<Hop, PathError> {
    match (step, step.strip_prefix('@')) {
        ("" | "." | "@", _) => Err(PathError::UnnamedStep),
        (_, Some(name)) => Ok(Hop::Attribute(name.into())),
        ("*", None) => Ok(Hop::Any),
        (name, None) if descend => Ok(Hop::Descendant(name.into())),
        (name, None) => Ok(Hop::Child(name.into())),
    }
}

fn walk(
    document: &Document<'_>,
    node: NodeId,
    hops: &[Hop],
    ignore_case: bool,
    visit: &mut dyn FnMut(NodeId),
) {
    if document.kind(node) == Kind::Array {
        for item in document.children(node) {
            walk(document, item, hops, ignore_case, visit);
        }
        return;
    }
    let Some((hop, rest)) = hops.split_first() else {
        visit(node);
        return;
    };
    if let Hop::Descendant(name) = hop {
        for inner in document.descendants(node).skip(1) {
            if document.is_named(inner, name.mark, &name.text, ignore_case)
                && document.kind(inner) != Kind::Attribute
            {
                walk(document, inner, rest, ignore_case, visit);
            }
        }
        return;
    }
    step(document, node, hop, ignore_case, &mut |child| {
        walk(document, child, rest, ignore_case, visit);
    });
}

/// Calls `visit` with every child that a step goes to; a step to any depth goes to none here.
fn step(
    document: &Document<'_>,
    node: NodeId,
    hop: &Hop,
    ignore_case: bool,
    visit: &mut dyn FnMut(NodeId),
) {
    let is_attribute = |child: NodeId| document.kind(child) == Kind::Attribute;
    match hop {
        Hop::Child(name) => document
            .children_named(node, name.mark, &name.text, ignore_case)
            .filter(|child| !is_attribute(*child))
            .for_each(visit),
        Hop::Attribute(name) => document
            .children_named(node, name.mark, &name.text, ignore_case)
            .filter(|child| is_attribute(*child))
            .for_each(visit),
        Hop::Any => document
            .children(node)
            .filter(|child| !is_attribute(*child))
            .for_each(visit),
        Hop::Descendant(_) => {}
    }
}
