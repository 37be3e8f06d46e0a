//! Building the tree every format is read into, within its bounds.
//!
//! The readers open, fill and close nodes here; `walk` shows the result.

use super::node::{COPIED, Kind, NameMark, Node, Piece, resolve};
use super::offsets::{Point, narrow};
use super::{Limits, NoticeLevel};

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
    pub(super) nodes: Vec<Node>,
    pub(super) copied: String,
    /// Where copied text came from, in order.
    pub(super) joints: Vec<Point>,
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
            parent: self.open.last().copied().unwrap_or(0),
            mark: NameMark::default(),
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
