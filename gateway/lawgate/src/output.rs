//! What the commands print: tables for people, JSON for programs.
//!
//! The only writer to standard output. Column titles are English with the
//! Chinese term beside it. A reader that goes away (`lawgate … | head`) ends
//! the command quietly ([`is_reader_gone`]); a connection that breaks does not.

use std::io::{self, Write};
use std::path::PathBuf;

use comfy_table::{ContentArrangement, LineStyle, Table, presets};
use serde_json::Value;

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Tables and sentences.
    Table,
    /// One JSON document.
    Json,
}

/// How a command ended, when nothing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Everything asked for was done: exit code 0.
    Done,
    /// The answer is that something is wrong: exit code 1. It was printed.
    Wrong,
    /// Everything was kept, and something of it is in quarantine: exit code 3.
    Quarantined,
}

/// The arguments are well formed and make no sense: exit code 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    /// Standard input is named as two files.
    #[error("standard input (-) can be read only once")]
    StdinTwice,
    /// An address is not one.
    #[error("{option} {value}: expected host:port")]
    Address {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
    },
    /// The client file does not say which agency signs.
    #[error("--party-key: {} has no `agency`, which is part of what is signed", path.display())]
    NoAgency {
        /// The client file.
        path: PathBuf,
    },
    /// There is no such folder.
    #[error("--log {}: there is no such folder", path.display())]
    NoFolder {
        /// The path.
        path: PathBuf,
    },
    /// The range of positions is empty.
    #[error("--from {from} is not before --to {to}")]
    EmptyRange {
        /// First position.
        from: u64,
        /// Position after the last.
        to: u64,
    },
    /// No event has this name or number.
    #[error("--event {value}: expected a number or one of {known}")]
    NoSuchEvent {
        /// The value.
        value: String,
        /// The names there are.
        known: String,
    },
}

/// Where a command prints to, and how.
pub(crate) struct Output<'w> {
    /// Form asked for.
    pub(crate) format: Format,
    writer: ToReader<'w>,
}

/// Whoever reads the output has seen enough.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output any more")]
struct ReaderGone;

/// Whether an error is that the reader of the output has gone, and not that a connection broke,
/// which the system calls the same.
pub(crate) fn is_reader_gone(error: &(dyn std::error::Error + 'static)) -> bool {
    error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
        .is_some_and(|inner| inner.is::<ReaderGone>())
}

/// A writer whose broken pipe is a [`ReaderGone`].
struct ToReader<'w>(&'w mut dyn Write);

impl Write for ToReader<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(named)
    }
}

fn named(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        io::Error::new(io::ErrorKind::BrokenPipe, ReaderGone)
    } else {
        error
    }
}

impl<'w> Output<'w> {
    /// Prints to `writer` in `format`.
    pub(crate) fn new(format: Format, writer: &'w mut dyn Write) -> Output<'w> {
        let writer = ToReader(writer);
        Output { format, writer }
    }

    /// Prints one line as it is.
    ///
    /// # Errors
    /// The writer's.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.writer, "{line}")
    }

    /// Prints text as it is.
    ///
    /// # Errors
    /// The writer's.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        self.writer.write_all(text.as_bytes())
    }

    /// Prints a JSON document with line breaks.
    ///
    /// # Errors
    /// The writer's.
    pub(crate) fn json(&mut self, value: &Value) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.writer, value)?;
        writeln!(self.writer)
    }

    /// Prints a table; nothing but its titles when there are no rows.
    ///
    /// # Errors
    /// The writer's.
    pub(crate) fn table(
        &mut self,
        titles: &[&str],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> io::Result<()> {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(titles.to_vec());
        for row in rows {
            table.add_row(row.into_iter().map(|cell| printable(&cell)));
        }
        for line in table.lines() {
            writeln!(self.writer, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Text from elsewhere without what would move a terminal's cursor.
///
/// Partners choose these bytes; a terminal must not obey them.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_control() {
                '\u{FFFD}'
            } else {
                letter
            }
        })
        .collect()
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(print: impl FnOnce(&mut Output<'_>) -> io::Result<()>) -> String {
        let mut bytes = Vec::new();
        print(&mut Output::new(Format::Table, &mut bytes)).expect("memory takes everything");
        String::from_utf8(bytes).expect("output is UTF-8")
    }

    #[test]
    fn columns_line_up_with_chinese_text() {
        let text = printed(|output| {
            output.table(
                &["feed 数据源", "n"],
                [
                    vec!["包头".to_owned(), "1".to_owned()],
                    vec!["abcd".to_owned(), "2".to_owned()],
                ],
            )
        });
        // Both cells are four columns wide, so the next column begins at the same place.
        let column = |digit: char| {
            let line = text
                .lines()
                .find(|line| line.contains(digit))
                .expect("the row is printed");
            line.chars()
                .take_while(|&letter| letter != digit)
                .map(|letter| if letter.is_ascii() { 1 } else { 2 })
                .sum::<usize>()
        };
        assert_eq!(column('1'), column('2'), "{text}");
        assert!(text.contains("feed 数据源"), "{text}");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let text = printed(|output| output.table(&["text"], [vec!["a\u{1b}[2Jb".to_owned()]]));
        assert!(!text.contains('\u{1b}'), "{text:?}");
        assert!(text.contains("a\u{FFFD}[2Jb"), "{text:?}");
    }

    #[test]
    fn hex_is_lower_case_and_complete() {
        assert_eq!(hex(&[0x00, 0xAF, 0x10]), "00af10");
        assert_eq!(hex(&[]), "");
    }

    #[test]
    fn json_ends_with_a_line_break() {
        let text = printed(|output| output.json(&serde_json::json!({"a": 1})));
        assert_eq!(text, "{\n  \"a\": 1\n}\n");
    }
}
