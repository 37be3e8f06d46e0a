//! Rows with a header into the tree: an array of objects, one a row.
//!
//! Every cell keeps its place. What a half-written file leaves, a row with the
//! wrong number of cells or a quote that is never closed, is remarked and left
//! out, and the others go on. Rows are those of the `csv` crate, which a test
//! compares; its reader builds a table of states for every message, which took
//! a guest longer than reading the rows.

use super::NoticeLevel;
use super::node::{Kind, Piece};
use super::tree::{Stop, Tree};

/// Reads `text` into `tree`.
pub(crate) fn read(text: &str, delimiter: u8, tree: &mut Tree) -> Result<(), Stop> {
    let mut header: Option<Vec<Piece>> = None;
    tree.open(Kind::Array, Piece::default(), 0)?;
    let mut at = after_ends(text.as_bytes(), 0);
    while at < text.len() {
        let row = Row::read(text, at, delimiter, tree)?;
        at = after_ends(text.as_bytes(), row.to);
        match &header {
            None => header = Some(row.cells.iter().map(|cell| cell.piece).collect()),
            Some(names) => row.add(names, tree)?,
        }
    }
    tree.close(text.len());
    if header.is_none() {
        return Err(Stop::new("document.empty", 0, "no header row"));
    }
    if !text.ends_with(['\n', '\r']) {
        let text_end = (text.len(), text.len());
        let remark = "the last row has no line end; the file may be half-written";
        tree.remark(NoticeLevel::Info, "csv.no-final-line-end", text_end, remark);
    }
    Ok(())
}

/// Place after the line ends that stand at `at`; empty rows are none.
fn after_ends(bytes: &[u8], at: usize) -> usize {
    let ends = bytes[at..].iter();
    at + ends
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count()
}

struct Cell {
    piece: Piece,
    /// Range between the quotes, or of the whole cell.
    range: (usize, usize),
}

struct Row {
    from: usize,
    to: usize,
    cells: Vec<Cell>,
    /// A quote was opened and the text ended.
    unclosed: bool,
}

impl Row {
    /// Reads the row that starts at `from`, up to its line end.
    fn read(text: &str, from: usize, delimiter: u8, tree: &mut Tree) -> Result<Self, Stop> {
        let mut row = Self {
            from,
            to: from,
            cells: Vec::with_capacity(16),
            unclosed: false,
        };
        loop {
            if row.cells.len() >= tree.limits().nodes {
                return Err(Stop::new(
                    "document.nodes",
                    from,
                    "more cells in one row than nodes are read",
                ));
            }
            row.to = row.cell(text, row.to, delimiter, tree);
            if text.as_bytes().get(row.to) != Some(&delimiter) {
                return Ok(row);
            }
            row.to += 1;
        }
    }

    /// Adds the cell that starts at `at`; returns where its delimiter or line end stands.
    ///
    /// A quote opens a quoted cell only where the cell starts; what follows the closing quote
    /// belongs to the cell as it stands.
    fn cell(&mut self, text: &str, at: usize, delimiter: u8, tree: &mut Tree) -> usize {
        let bytes = text.as_bytes();
        let until = |from: usize| {
            memchr::memchr3(delimiter, b'\r', b'\n', &bytes[from..])
                .map_or(bytes.len(), |place| from + place)
        };
        if bytes.get(at) != Some(&b'"') {
            let end = until(at);
            self.cells.push(Cell {
                piece: Piece::of_text(at, end),
                range: (at, end),
            });
            return end;
        }
        let (close, doubled) = closing_quote(bytes, at + 1);
        let Some(inner) = close else {
            self.unclosed = true;
            let end = text.trim_end_matches(['\r', '\n']).len().max(at + 1);
            self.cells.push(Cell {
                piece: Piece::of_text(at + 1, end),
                range: (at + 1, end),
            });
            return end;
        };
        let end = until(inner + 1);
        let tail = &text[inner + 1..end];
        let piece = if doubled || !tail.is_empty() {
            tree.copy(&(text[at + 1..inner].replace("\"\"", "\"") + tail))
        } else {
            Piece::of_text(at + 1, inner)
        };
        self.cells.push(Cell {
            piece,
            range: (at + 1, inner),
        });
        end
    }

    fn add(self, names: &[Piece], tree: &mut Tree) -> Result<(), Stop> {
        let range = (self.from, self.to);
        if self.unclosed {
            let text = "a quote that is never closed; the row was not read";
            tree.remark(NoticeLevel::Error, "csv.unclosed-quote", range, text);
            return Ok(());
        }
        if self.cells.len() != names.len() {
            let text = format!(
                "{} cells where the header has {}; the row was not read",
                self.cells.len(),
                names.len()
            );
            tree.remark(NoticeLevel::Error, "csv.cell-count", range, text);
            return Ok(());
        }
        tree.open(Kind::Object, Piece::default(), self.from)?;
        for (name, cell) in names.iter().zip(self.cells) {
            tree.leaf(Kind::Text, *name, cell.piece, cell.range, cell.range)?;
        }
        tree.close(self.to);
        Ok(())
    }
}

/// Place of the quote that ends a cell, and whether doubled quotes stand before it.
fn closing_quote(bytes: &[u8], from: usize) -> (Option<usize>, bool) {
    let (mut at, mut doubled) = (from, false);
    while let Some(found) = memchr::memchr(b'"', &bytes[at..]) {
        let quote = at + found;
        if bytes.get(quote + 1) != Some(&b'"') {
            return (Some(quote), doubled);
        }
        doubled = true;
        at = quote + 2;
    }
    (None, doubled)
}
