//! Rows with a header into the tree: an array of objects, one a row.
//!
//! Cells come from the `csv` crate; this file adds the place of every cell and
//! what a half-written file leaves: a row with the wrong number of cells, or a
//! quote that is never closed, is remarked and left out, and the others go on.

use super::NoticeLevel;
use super::node::{Kind, Piece};
use super::tree::{Stop, Tree};

/// Reads `text` into `tree`.
pub(crate) fn read(text: &str, delimiter: u8, tree: &mut Tree) -> Result<(), Stop> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut record = csv::ByteRecord::new();
    let mut header: Option<Vec<Piece>> = None;
    tree.open(Kind::Array, Piece::default(), 0)?;
    loop {
        let read = reader.read_byte_record(&mut record).map_err(|error| {
            Stop::new(
                "document.malformed",
                0,
                format!("not readable as rows: {error}"),
            )
        })?;
        if !read {
            break;
        }
        let start = record
            .position()
            .map_or(0, |position| place(position.byte()));
        let end = place(reader.position().byte()).min(text.len());
        let row = Row::locate(text, start.min(end), end, delimiter, record.len(), tree)?;
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

fn place(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
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
    /// Finds the cells of one row in `from..to`; `count` is what the parser saw.
    fn locate(
        text: &str,
        from: usize,
        to: usize,
        delimiter: u8,
        count: usize,
        tree: &mut Tree,
    ) -> Result<Self, Stop> {
        let from = from
            + text[from..to]
                .bytes()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
        let to = from + text[from..to].trim_end_matches(['\r', '\n']).len();
        if count > tree.limits().nodes {
            return Err(Stop::new(
                "document.nodes",
                from,
                "more cells in one row than nodes are read",
            ));
        }
        let mut row = Self {
            from,
            to,
            cells: Vec::with_capacity(count),
            unclosed: false,
        };
        let mut at = from;
        for _ in 0..count {
            at = row.cell(text, at, delimiter, tree) + 1;
            if at > to {
                break;
            }
        }
        Ok(row)
    }

    /// Adds the cell that starts at `at`; returns where its delimiter stands.
    fn cell(&mut self, text: &str, at: usize, delimiter: u8, tree: &mut Tree) -> usize {
        let bytes = &text.as_bytes()[..self.to];
        let until = |from: usize| {
            bytes[from..]
                .iter()
                .position(|byte| *byte == delimiter)
                .map_or(self.to, |n| from + n)
        };
        let at = at.min(self.to);
        if bytes.get(at) != Some(&b'"') {
            let end = until(at);
            self.cells.push(Cell {
                piece: Piece::of_text(at, end),
                range: (at, end),
            });
            return end;
        }
        let (close, doubled) = closing_quote(bytes, at + 1);
        let inner = close.unwrap_or(self.to);
        self.unclosed |= close.is_none();
        let end = until((inner + 1).min(self.to));
        let tail = &text[(inner + 1).min(end)..end];
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
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'"') {
        let quote = at + found;
        if bytes.get(quote + 1) != Some(&b'"') {
            return (Some(quote), doubled);
        }
        doubled = true;
        at = quote + 2;
    }
    (None, doubled)
}
