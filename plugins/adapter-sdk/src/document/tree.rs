//! The tree every format is read into.
//!
//! Nodes lie in document order in one vector; a node's subtree is the range up
//! to its end, so that nothing is linked and nothing recurses. Names and values
//! are ranges of the text, copied only where escapes had to be removed. The
//! readers build it, `path` walks it.

use std::borrow::Cow;

use super::offsets::{Point, narrow};
use super::{Charset, Limits, NoticeLevel, OffsetMap, Span};

/// A node of a [`Document`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// Place of the node in document order, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// XML element; its value is its text.
    Element,
    /// XML attribute.
    Attribute,
    /// JSON object, or a row.
    Object,
    /// JSON array, or all rows.
    Array,
    /// JSON string, or a cell.
    Text,
    /// JSON number, as written.
    Number,
    /// JSON `true` or `false`.
    Bool,
    /// JSON `null`.
    Null,
}

/// A range of the text, or of what was copied.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Piece {
    start: u32,
    length: u32,
}

/// Marks a piece of the copied text. Texts are bounded far below this length.
const COPIED: u32 = 1 << 31;

impl Piece {
    pub(crate) fn of_text(from: usize, to: usize) -> Self {
        Self {
            start: narrow(from),
            length: narrow(to - from),
        }
    }
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    name: Piece,
    value: Piece,
    /// Range of the whole node in the text.
    from: u32,
    to: u32,
    /// Range of the value in the text, escapes included.
    value_from: u32,
    value_to: u32,
    /// First node after the subtree.
    end: u32,
}

/// Something odd, with its place in the text.
#[derive(Debug)]
pub(crate) struct Remark {
    pub(crate) level: NoticeLevel,
    pub(crate) rule: &'static str,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) text: String,
}

/// Why reading stopped, with its place in the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) code: &'static str,
    pub(crate) at: usize,
    pub(crate) text: String,
}

impl Stop {
    pub(crate) fn new(code: &'static str, at: usize, text: impl Into<String>) -> Self {
        Self {
            code,
            at,
            text: text.into(),
        }
    }
}

/// A tree being built.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    copied: String,
    /// Where copied text came from, in order.
    joints: Vec<Point>,
    open: Vec<u32>,
    remarks: Vec<Remark>,
    limits: Limits,
}

impl Tree {
    pub(crate) fn new(limits: &Limits) -> Self {
        let nodes = Vec::with_capacity(64);
        Self {
            nodes,
            copied: String::new(),
            joints: Vec::new(),
            open: Vec::new(),
            remarks: Vec::new(),
            limits: *limits,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Opens a node that may get children; [`Tree::close`] ends it.
    pub(crate) fn open(&mut self, kind: Kind, name: Piece, from: usize) -> Result<(), Stop> {
        if self.open.len() >= self.limits.depth {
            let text = format!("nested deeper than {} levels", self.limits.depth);
            return Err(Stop::new("document.depth", from, text));
        }
        let place = self.add(kind, name, from, from)?;
        self.open.push(place);
        Ok(())
    }

    /// Ends the innermost open node.
    pub(crate) fn close(&mut self, to: usize) {
        if let Some(place) = self.open.pop() {
            let end = narrow(self.nodes.len());
            let node = &mut self.nodes[place as usize];
            node.to = narrow(to);
            node.end = end;
        }
    }

    /// Adds a node without children; `value_range` is its value with escapes.
    pub(crate) fn leaf(
        &mut self,
        kind: Kind,
        name: Piece,
        value: Piece,
        range: (usize, usize),
        value_range: (usize, usize),
    ) -> Result<(), Stop> {
        let place = self.add(kind, name, range.0, range.1)?;
        self.set_value(place, value, value_range)
    }

    /// Gives the innermost open node its value.
    pub(crate) fn value(&mut self, value: Piece, value_range: (usize, usize)) -> Result<(), Stop> {
        let place = self.open.last().copied().unwrap_or(0);
        self.set_value(place, value, value_range)
    }

    /// Copies text from which escapes were removed.
    pub(crate) fn copy(&mut self, text: &str) -> Piece {
        let start = narrow(self.copied.len());
        self.copied.push_str(text);
        Piece {
            start: start | COPIED,
            length: narrow(text.len()),
        }
    }

    /// Copies text joined from `parts`, of which `leading` bytes were left out.
    pub(crate) fn copy_parts(&mut self, text: &str, parts: &[Point], leading: usize) -> Piece {
        let (base, leading) = (narrow(self.copied.len()), narrow(leading));
        for part in parts {
            let left_out = leading.saturating_sub(part.inner);
            let inner = base + part.inner.saturating_sub(leading);
            self.joints.push(Point {
                inner,
                outer: part.outer + left_out,
            });
        }
        self.copy(text)
    }

    /// Text of a piece.
    pub(crate) fn text<'t>(&'t self, text: &'t str, piece: Piece) -> &'t str {
        resolve(text, &self.copied, piece)
    }

    pub(crate) fn remark(
        &mut self,
        level: NoticeLevel,
        rule: &'static str,
        range: (usize, usize),
        text: impl Into<String>,
    ) {
        // Bounded like the notices they become.
        if self.remarks.len() <= super::MOST_NOTICES {
            self.remarks.push(Remark {
                level,
                rule,
                from: range.0,
                to: range.1,
                text: text.into(),
            });
        }
    }

    pub(crate) fn take_remarks(&mut self) -> Vec<Remark> {
        std::mem::take(&mut self.remarks)
    }

    /// Whether a node is open.
    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether the tree has no node yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Where the innermost open node starts.
    pub(crate) fn open_from(&self) -> usize {
        self.open
            .last()
            .map_or(0, |place| self.nodes[*place as usize].from as usize)
    }

    fn add(&mut self, kind: Kind, name: Piece, from: usize, to: usize) -> Result<u32, Stop> {
        if self.nodes.len() >= self.limits.nodes {
            let text = format!("more than {} nodes", self.limits.nodes);
            return Err(Stop::new("document.nodes", from, text));
        }
        let place = narrow(self.nodes.len());
        let (from, to) = (narrow(from), narrow(to));
        let value = Piece::default();
        self.nodes.push(Node {
            kind,
            name,
            value,
            from,
            to,
            value_from: from,
            value_to: from,
            end: place + 1,
        });
        Ok(place)
    }

    fn set_value(
        &mut self,
        place: u32,
        value: Piece,
        value_range: (usize, usize),
    ) -> Result<(), Stop> {
        if value.length as usize > self.limits.value_bytes {
            let text = format!(
                "a value of {} bytes; at most {} are read",
                value.length, self.limits.value_bytes
            );
            return Err(Stop::new("document.value", value_range.0, text));
        }
        let node = &mut self.nodes[place as usize];
        node.value = value;
        node.value_from = narrow(value_range.0);
        node.value_to = narrow(value_range.1);
        Ok(())
    }
}

fn resolve<'t>(text: &'t str, copied: &'t str, piece: Piece) -> &'t str {
    let start = (piece.start & !COPIED) as usize;
    let source = if piece.start & COPIED == 0 {
        text
    } else {
        copied
    };
    &source[start..start + piece.length as usize]
}

/// Encoding of content that was packed into a string.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    pub(crate) declared: Option<String>,
    pub(crate) used: Charset,
}

/// A message's tree. It has at least a root.
#[derive(Debug)]
pub struct Document<'m> {
    text: Cow<'m, str>,
    copied: String,
    joints: Vec<Point>,
    nodes: Vec<Node>,
    root: NodeId,
    map: OffsetMap<'m>,
    packed: Option<Packed>,
}

impl<'m> Document<'m> {
    pub(crate) fn new(text: Cow<'m, str>, map: OffsetMap<'m>, tree: Tree) -> Self {
        Self {
            text,
            copied: tree.copied,
            joints: tree.joints,
            nodes: tree.nodes,
            root: NodeId(0),
            map,
            packed: None,
        }
    }

    /// The node that holds the data: the document's own, or the content of the last envelope.
    #[must_use]
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// Encoding of the innermost packed content, if any.
    pub(crate) fn packed(&self) -> Option<&Packed> {
        self.packed.as_ref()
    }

    pub(crate) fn set_packed(&mut self, packed: Option<Packed>) {
        self.packed = packed;
    }

    /// Makes a node the root.
    pub(crate) fn set_root(&mut self, root: NodeId) {
        self.root = root;
    }

    /// Number of nodes, envelopes included; every [`NodeId::index`] is below it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the document has no node. Never true for a document that was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What a node is.
    #[must_use]
    pub fn kind(&self, node: NodeId) -> Kind {
        self.nodes[node.index()].kind
    }

    /// Local name of an element or attribute, key of a member, header of a cell; else empty.
    #[must_use]
    pub fn name(&self, node: NodeId) -> &str {
        resolve(&self.text, &self.copied, self.nodes[node.index()].name)
    }

    /// Text of a node without escapes; empty for objects and arrays.
    #[must_use]
    pub fn value(&self, node: NodeId) -> &str {
        resolve(&self.text, &self.copied, self.nodes[node.index()].value)
    }

    /// Bytes of the whole node in the message.
    #[must_use]
    pub fn span(&self, node: NodeId) -> Span {
        let node = &self.nodes[node.index()];
        self.map.span(node.from as usize, node.to as usize)
    }

    /// Bytes of the node's value in the message, escapes included, quotes not.
    #[must_use]
    pub fn value_span(&self, node: NodeId) -> Span {
        let (from, to) = self.value_range(node);
        self.map.span(from, to)
    }

    /// Range of the node's value in the text.
    pub(crate) fn value_range(&self, node: NodeId) -> (usize, usize) {
        let node = &self.nodes[node.index()];
        (node.value_from as usize, node.value_to as usize)
    }

    /// Where the parts of the node's value came from in the text; nothing when
    /// it is one range of it.
    pub(crate) fn joints(&self, node: NodeId) -> Vec<Point> {
        let piece = self.nodes[node.index()].value;
        if piece.start & COPIED == 0 {
            return Vec::new();
        }
        let (start, end) = (
            piece.start & !COPIED,
            (piece.start & !COPIED) + piece.length,
        );
        let from = self.joints.partition_point(|joint| joint.inner < start);
        let to = self.joints.partition_point(|joint| joint.inner < end);
        let relative = |joint: &Point| Point {
            inner: joint.inner - start,
            outer: joint.outer,
        };
        self.joints[from..to].iter().map(relative).collect()
    }

    /// Text the tree was read from.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn map(&self) -> &OffsetMap<'m> {
        &self.map
    }

    /// Children of a node, attributes first, in document order.
    #[must_use]
    pub fn children(&self, node: NodeId) -> Children<'_> {
        Children {
            nodes: &self.nodes,
            next: node.0 + 1,
            end: self.nodes[node.index()].end,
        }
    }

    /// Every node of the subtree, the node itself first.
    pub fn descendants(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (node.0..self.nodes[node.index()].end).map(NodeId)
    }

    /// Whether a node has no children.
    #[must_use]
    pub fn is_leaf(&self, node: NodeId) -> bool {
        self.nodes[node.index()].end == node.0 + 1
    }
}

/// Iterator over the children of a node.
#[derive(Debug)]
pub struct Children<'d> {
    nodes: &'d [Node],
    next: u32,
    end: u32,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        if self.next >= self.end {
            return None;
        }
        let node = NodeId(self.next);
        self.next = self.nodes[node.index()].end;
        Some(node)
    }
}
