//! Lines and their fields, each with its place in the message.
//!
//! Looks at bars and line ends only; what a field means is decided elsewhere.
//! Any text gives lines, and a line with too few fields has empty ones.

use adapter_sdk::document::{OffsetMap, Span, Text};

/// Fields of the longest line, and one more for whatever follows them.
const FIELDS: usize = 8;

/// One field.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Field<'t> {
    /// What stands between two bars.
    pub(crate) text: &'t str,
    /// Its bytes in the message.
    pub(crate) span: Span,
}

/// One line that is not empty.
#[derive(Debug)]
pub(crate) struct Line<'t> {
    text: &'t str,
    /// Where it begins in the decoded text.
    start: usize,
    map: &'t OffsetMap<'t>,
}

/// The lines of a message, empty ones left out.
pub(crate) fn of<'t>(text: &'t Text<'t>) -> impl Iterator<Item = Line<'t>> {
    let mut start = 0;
    text.text.split_inclusive('\n').filter_map(move |whole| {
        let line = Line {
            text: whole.trim_end(),
            start,
            map: &text.map,
        };
        start += whole.len();
        (!line.text.is_empty()).then_some(line)
    })
}

impl<'t> Line<'t> {
    /// The first field.
    pub(crate) fn kind(&self) -> &'t str {
        self.text.split('|').next().unwrap_or_default()
    }

    /// The line's bytes in the message, without its end.
    pub(crate) fn span(&self) -> Span {
        self.map.span(self.start, self.start + self.text.len())
    }

    /// The fields; missing ones are empty and stand at the line's end.
    pub(crate) fn fields(&self) -> [Field<'t>; FIELDS] {
        let end = self.start + self.text.len();
        let mut at = self.start;
        let mut parts = self.text.splitn(FIELDS, '|');
        std::array::from_fn(|_| {
            let text = parts.next().unwrap_or_default();
            let from = at.min(end);
            at = from + text.len() + 1;
            Field {
                text,
                span: self.map.span(from, from + text.len()),
            }
        })
    }
}
