//! From a place in decoded text back to a byte of the message as received.
//!
//! A message may be decoded from another encoding, and a document may lie
//! inside a string of another document, escaped or compressed. Each such step
//! is a layer; a place is carried outwards through all of them. A place inside
//! compressed content has no byte of its own: it becomes the place of the
//! whole compressed value. Findings and rejections rely on every result lying
//! inside the message.

use super::gb;

/// A range of bytes in the message as received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub offset: u64,
    /// Number of bytes; 0 when only the place is known.
    pub length: u64,
}

/// A known pair of places: inside a layer, and one layer further out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// Place in the inner text.
    pub(crate) inner: u32,
    /// The same place one layer further out.
    pub(crate) outer: u32,
}

/// One step from an inner text to what encloses it.
#[derive(Clone, Debug)]
enum Layer<'m> {
    /// The inner text starts at a fixed distance.
    Shift(u32),
    /// The inner text was decoded from GB 18030; `bytes` is the encoded form.
    Gb {
        bytes: &'m [u8],
        points: Vec<Point>,
        text_length: u32,
    },
    /// The inner text was decoded from UTF-16LE: a point at every change of
    /// the number of bytes a character takes in UTF-8.
    Utf16 { runs: Vec<Run>, text_length: u32 },
    /// The inner text is the outer one without escapes: linear between points,
    /// and never beyond the end.
    Unescaped { points: Vec<Point>, end: u32 },
    /// The inner text has no bytes of its own: every place is this range.
    Opaque { from: u32, to: u32 },
}

/// A run of characters that take equally many bytes in UTF-8.
#[derive(Clone, Copy, Debug)]
struct Run {
    start: Point,
    inner_width: u32,
    outer_width: u32,
}

/// Carries places of a document's text out to bytes of the message.
#[derive(Clone, Debug, Default)]
pub struct OffsetMap<'m> {
    /// Outermost first.
    layers: Vec<Layer<'m>>,
}

impl<'m> OffsetMap<'m> {
    /// Returns a map for text that starts `distance` bytes into the message.
    pub(crate) fn shifted(distance: usize) -> Self {
        let layers = if distance == 0 {
            Vec::new()
        } else {
            vec![Layer::Shift(narrow(distance))]
        };
        Self { layers }
    }

    /// Adds a layer of `text` decoded from GB 18030 `bytes`; `anchors` are
    /// places known from decoding (around malformed bytes), in order.
    pub(crate) fn push_gb(&mut self, bytes: &'m [u8], text: &str, anchors: &[Point]) {
        let points = gb::points(bytes, text, anchors);
        self.layers.push(Layer::Gb {
            bytes,
            points,
            text_length: narrow(text.len()),
        });
    }

    /// Adds a layer of text decoded from UTF-16LE.
    pub(crate) fn push_utf16(&mut self, text: &str) {
        self.layers.push(Layer::Utf16 {
            runs: utf16_runs(text),
            text_length: narrow(text.len()),
        });
    }

    /// Adds a layer of text from which escapes were removed; it ends at `end`
    /// of the enclosing text.
    pub(crate) fn push_unescaped(&mut self, points: Vec<Point>, end: usize) {
        let end = narrow(end);
        self.layers.push(Layer::Unescaped { points, end });
    }

    /// Adds a layer of text made from the range `from..to` by decompression.
    pub(crate) fn push_opaque(&mut self, from: usize, to: usize) {
        self.layers.push(Layer::Opaque {
            from: narrow(from),
            to: narrow(to),
        });
    }

    /// Returns the message's bytes that the range `from..to` of the text came from.
    #[must_use]
    pub fn span(&self, from: usize, to: usize) -> Span {
        let (mut from, mut to) = (narrow(from), narrow(to));
        for layer in self.layers.iter().rev() {
            (from, to) = layer.outer(from, to);
        }
        Span {
            offset: u64::from(from),
            length: u64::from(to.saturating_sub(from)),
        }
    }

    /// Returns the byte of the message that the place `at` of the text came from.
    #[must_use]
    pub fn offset(&self, at: usize) -> u64 {
        self.span(at, at).offset
    }
}

impl Layer<'_> {
    fn outer(&self, from: u32, to: u32) -> (u32, u32) {
        match self {
            Self::Shift(distance) => (from.saturating_add(*distance), to.saturating_add(*distance)),
            Self::Opaque { from, to } => (*from, *to),
            Self::Gb {
                bytes,
                points,
                text_length,
            } => {
                let place = |at: u32| {
                    let at = at.min(*text_length);
                    gb::place(bytes, before(points, at), at)
                };
                (place(from), place(to))
            }
            Self::Utf16 { runs, text_length } => (
                place_utf16(runs, from.min(*text_length)),
                place_utf16(runs, to.min(*text_length)),
            ),
            Self::Unescaped { points, end } => {
                (linear(points, from).min(*end), linear(points, to).min(*end))
            }
        }
    }
}

const ORIGIN: Point = Point { inner: 0, outer: 0 };

/// Returns the last point at or before `at`.
fn before(points: &[Point], at: u32) -> Point {
    let after = points.partition_point(|point| point.inner <= at);
    after.checked_sub(1).map_or(ORIGIN, |index| points[index])
}

fn linear(points: &[Point], at: u32) -> u32 {
    let after = points.partition_point(|point| point.inner <= at);
    let base = after.checked_sub(1).map_or(ORIGIN, |index| points[index]);
    let place = base.outer.saturating_add(at - base.inner);
    // Inside the text of one escape the outer place must not pass the next point.
    points
        .get(after)
        .map_or(place, |next| place.min(next.outer))
}

fn utf16_runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut outer = 0;
    for (inner, character) in text.char_indices() {
        let widths = (
            narrow(character.len_utf8()),
            narrow(character.len_utf16() * 2),
        );
        if runs
            .last()
            .is_none_or(|run| (run.inner_width, run.outer_width) != widths)
        {
            let start = Point {
                inner: narrow(inner),
                outer,
            };
            runs.push(Run {
                start,
                inner_width: widths.0,
                outer_width: widths.1,
            });
        }
        outer += widths.1;
    }
    runs
}

fn place_utf16(runs: &[Run], at: u32) -> u32 {
    let after = runs.partition_point(|run| run.start.inner <= at);
    after.checked_sub(1).map_or(0, |index| {
        let run = &runs[index];
        run.start.outer + (at - run.start.inner) / run.inner_width * run.outer_width
    })
}

/// Narrows a length. Messages are bounded far below 4 GiB; what is not is clamped.
pub(crate) fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
