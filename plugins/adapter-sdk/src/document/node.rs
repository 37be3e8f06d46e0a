//! Nodes: what the readers build and `walk` shows.
//!
//! Names and values are ranges of the text, copied only where escapes had to be
//! removed. Nothing here is a rule of any format.

use super::offsets::narrow;

/// A node of a [`Document`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

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
    pub(super) start: u32,
    pub(super) length: u32,
}

/// What two equal names have in common, whatever the case of ASCII letters:
/// length, first, middle and last byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NameMark(pub(super) u32);

impl NameMark {
    pub(crate) fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        let byte = |at: usize| bytes.get(at).map_or(0, u8::to_ascii_lowercase);
        let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
        let last = byte(bytes.len().saturating_sub(1));
        Self(u32::from_le_bytes([
            length,
            byte(0),
            byte(bytes.len() / 2),
            last,
        ]))
    }

    /// Where a set of 256 bits has the mark: the word, of four, and the bit in it.
    #[inline]
    pub(crate) fn bit(self) -> (usize, u64) {
        // The product's high bits depend on every byte; the constant is 2³² over the golden ratio.
        let hash = self.0.wrapping_mul(0x9E37_79B9) >> 24;
        ((hash >> 6) as usize, 1 << (hash & 63))
    }
}

/// Marks a piece of the copied text. Texts are bounded far below this length.
pub(super) const COPIED: u32 = 1 << 31;

impl Piece {
    pub(crate) fn of_text(from: usize, to: usize) -> Self {
        Self {
            start: narrow(from),
            length: narrow(to - from),
        }
    }
}

/// One node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// The node it is a child of; the root is its own.
    pub(super) parent: u32,
    /// Mark of the name, so that a search compares few names in full.
    pub(super) mark: NameMark,
    pub(super) name: Piece,
    pub(super) value: Piece,
    /// Range of the whole node in the text.
    pub(super) from: u32,
    pub(super) to: u32,
    /// Range of the value in the text, escapes included.
    pub(super) value_from: u32,
    pub(super) value_to: u32,
    /// First node after the subtree.
    pub(super) end: u32,
}

/// Text of a piece.
pub(super) fn resolve<'t>(text: &'t str, copied: &'t str, piece: Piece) -> &'t str {
    let start = (piece.start & !COPIED) as usize;
    let source = if piece.start & COPIED == 0 {
        text
    } else {
        copied
    };
    &source[start..start + piece.length as usize]
}
