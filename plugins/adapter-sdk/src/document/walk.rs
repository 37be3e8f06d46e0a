//! A message's tree as readers of it see it.
//!
//! Nodes lie in document order in one vector; a node's subtree is the range up
//! to its end, so that walking recurses nowhere. `path` and the mapping rely on
//! every span lying inside the message.

use std::borrow::Cow;

use super::node::{COPIED, Kind, NameMark, Node, NodeId, resolve};
use super::offsets::Point;
use super::tree::Tree;
use super::{Charset, OffsetMap, Span};

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
    /// Every node below the first under its parent and the mark of its name, in this order: a
    /// mapping asks for a child by name far more often than there are children.
    named: Vec<(u64, u32)>,
    /// A bit for every mark some node below the first has: for most names a mapping asks for,
    /// nothing has to be searched.
    marks: [u64; 4],
    /// The same for every name under its parent.
    children: [u64; 16],
    root: NodeId,
    map: OffsetMap<'m>,
    packed: Option<Packed>,
}

impl<'m> Document<'m> {
    pub(crate) fn new(text: Cow<'m, str>, map: OffsetMap<'m>, tree: Tree) -> Self {
        let mut nodes = tree.nodes;
        let mut named = Vec::with_capacity(nodes.len());
        let mut marks = [0; 4];
        let mut children = [0; 16];
        for (place, node) in (0_u32..).zip(&mut nodes) {
            node.mark = NameMark::of(resolve(&text, &tree.copied, node.name));
            if place > 0 {
                let key = key(node.parent, node.mark);
                named.push((key, place));
                let (word, bit) = node.mark.bit();
                marks[word] |= bit;
                let (word, bit) = bit_of_child(key);
                children[word] |= bit;
            }
        }
        named.sort_unstable();
        Self {
            text,
            copied: tree.copied,
            joints: tree.joints,
            nodes,
            named,
            marks,
            children,
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

    /// Children of a node that have a name, whose mark is `mark`, in document order.
    #[inline]
    pub(crate) fn children_named<'d>(
        &'d self,
        parent: NodeId,
        mark: NameMark,
        name: &'d str,
        ignore_case: bool,
    ) -> impl Iterator<Item = NodeId> + use<'d, 'm> {
        let wanted = key(parent.0, mark);
        let from = if self.may_have(parent, mark) {
            self.named.partition_point(|(found, _)| *found < wanted)
        } else {
            self.named.len()
        };
        self.named[from..]
            .iter()
            .take_while(move |(found, _)| *found == wanted)
            .map(|(_, place)| NodeId(*place))
            .filter(move |child| self.is_called(*child, name, ignore_case))
    }

    /// Whether some node may have a name with this mark; `false` is certain.
    #[inline]
    pub(crate) fn may_name(&self, mark: NameMark) -> bool {
        let (word, bit) = mark.bit();
        self.marks[word] & bit != 0
    }

    /// Whether a node may have a child with a name of this mark; `false` is certain.
    #[inline]
    pub(crate) fn may_have(&self, parent: NodeId, mark: NameMark) -> bool {
        let (word, bit) = bit_of_child(key(parent.0, mark));
        self.children[word] & bit != 0
    }

    /// Whether a node has a name, whose mark is `mark`.
    #[inline]
    pub(crate) fn is_named(
        &self,
        node: NodeId,
        mark: NameMark,
        name: &str,
        ignore_case: bool,
    ) -> bool {
        self.nodes[node.index()].mark == mark && self.is_called(node, name, ignore_case)
    }

    #[inline]
    fn is_called(&self, node: NodeId, name: &str, ignore_case: bool) -> bool {
        let found = resolve(&self.text, &self.copied, self.nodes[node.index()].name);
        found == name || (ignore_case && found.eq_ignore_ascii_case(name))
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

/// Under what a node is found by its parent and the mark of its name.
fn key(parent: u32, mark: NameMark) -> u64 {
    u64::from(parent) << 32 | u64::from(mark.0)
}

/// Where a set of 1,024 bits has a key: the word, of sixteen, and the bit in it.
#[inline]
fn bit_of_child(key: u64) -> (usize, u64) {
    // The product's high bits depend on every byte; the constant is 2⁶⁴ over the golden ratio.
    let hash = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54;
    ((hash >> 6) as usize, 1 << (hash & 63))
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
