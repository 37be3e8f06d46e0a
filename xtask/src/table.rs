//! A plain table for the terminal: columns as wide as their widest cell.

use std::fmt;

/// Rows under a heading.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with this heading.
    pub(crate) fn new(heading: &[&str]) -> Table {
        Table {
            rows: vec![heading.iter().map(|cell| (*cell).to_owned()).collect()],
        }
    }

    /// Adds a row; it has as many cells as the heading.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            self.rows
                .iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (number, row) in self.rows.iter().enumerate() {
            for (cell, width) in row.iter().zip(&widths) {
                write!(formatter, "  {cell:<width$}")?;
            }
            writeln!(formatter)?;
            if number == 0 {
                let line: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                writeln!(formatter, "  {}", line.join("  "))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["feed", "n"]);
        table.row(vec!["region-clue".to_owned(), "7".to_owned()]);
        assert_eq!(
            table.to_string(),
            "  feed         n\n  ───────────  ─\n  region-clue  7\n"
        );
    }
}
