//! Untrusted bytes to a bounded tree that remembers where everything stood.
//!
//! Reads XML, JSON and rows (CSV) of an agency's message into one kind of tree,
//! in whatever encoding they really are, and unwraps the envelopes such feeds
//! use. Every node knows its bytes in the message as received. No field is
//! interpreted here: `mapping` does that. Nothing panics, nothing is expanded
//! without a bound, and the same bytes always give the same tree.

mod base;
mod charset;
mod contract;
mod gb;
mod json;
mod node;
mod offsets;
mod path;
mod rows;
mod text;
mod tree;
mod unwrap;
mod utf;
mod walk;
mod xml;

pub use charset::Charset;
pub use node::{Kind, NodeId};
pub use offsets::{OffsetMap, Span};
pub use path::{Path, PathError};
pub use text::{Text, decode};
pub use unwrap::{Decoding, Step};
pub use walk::{Children, Document};

use tree::Tree;

/// A form a message can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// XML 1.0 without a document type.
    Xml,
    /// JSON (RFC 8259).
    Json,
    /// Rows with a header (RFC 4180, any line end).
    Csv,
}

/// Bounds on what a message may contain. A message beyond one is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the message, and of its decoded text.
    pub message_bytes: usize,
    /// Nesting of elements, objects and arrays.
    pub depth: usize,
    /// Nodes of the tree, attributes and cells included.
    pub nodes: usize,
    /// Bytes of one value.
    pub value_bytes: usize,
    /// Attributes of one element, namespace declarations included.
    pub attributes: usize,
    /// Bytes that compressed content may grow to.
    pub inflated_bytes: usize,
}

impl Limits {
    /// Bounds that fit an exchange document: four mebibytes, thirty-two levels,
    /// two hundred thousand nodes, sixteen mebibytes once inflated.
    pub const DOCUMENT: Self = Self {
        message_bytes: 4 << 20,
        depth: 32,
        nodes: 200_000,
        value_bytes: 1 << 20,
        attributes: 64,
        inflated_bytes: 16 << 20,
    };
}

/// How to read the messages of a feed.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Forms accepted, at least one.
    pub formats: Vec<Format>,
    /// Encodings to try, in order, when the declared one is missing or wrong.
    pub charsets: Vec<Charset>,
    /// Envelopes to take off, outermost first.
    pub unwrap: Vec<Step>,
    /// Character between the cells of a row.
    pub delimiter: u8,
    /// Whether names of fields match whatever the case of their ASCII letters.
    pub ignore_case: bool,
    /// Bounds.
    pub limits: Limits,
}

/// How serious a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeLevel {
    /// Worth knowing.
    Info,
    /// Odd.
    Warning,
    /// Wrong: what it speaks of was not used.
    Error,
}

/// Something odd about a message that could still be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How serious it is.
    pub level: NoticeLevel,
    /// Stable code: `encoding.mismatch`, `json.duplicate-key`.
    pub rule: &'static str,
    /// Where in the message.
    pub span: Span,
    /// One sentence for a person. Never holds a value of the message.
    pub text: String,
}

/// Why a message could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stable code: `document.doctype`, `document.depth`.
    pub code: &'static str,
    /// Byte of the message where the fault was noticed.
    pub offset: u64,
    /// One sentence for a person: what was found and what was expected.
    pub text: String,
}

impl Fault {
    fn new(code: &'static str, offset: usize, text: impl Into<String>) -> Self {
        Self {
            code,
            offset: offset as u64,
            text: text.into(),
        }
    }
}

/// Most notices kept for one message; the rest is only counted.
const MOST_NOTICES: usize = 128;

/// Notices of one message, bounded.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    kept: Vec<Notice>,
    more: usize,
}

impl Notices {
    fn push(
        &mut self,
        level: NoticeLevel,
        rule: &'static str,
        span: Span,
        text: impl Into<String>,
    ) {
        if self.kept.len() < MOST_NOTICES {
            self.kept.push(Notice {
                level,
                rule,
                span,
                text: text.into(),
            });
        } else {
            self.more += 1;
        }
    }

    /// Takes over what a reader noticed, its places carried out by `map`.
    fn extend(&mut self, noticed: Vec<tree::Remark>, map: &OffsetMap<'_>) {
        for remark in noticed {
            let span = map.span(remark.from, remark.to);
            self.push(remark.level, remark.rule, span, remark.text);
        }
    }

    fn finish(mut self) -> Vec<Notice> {
        if self.more > 0 {
            let text = format!(
                "{} further notices about this message were not kept",
                self.more
            );
            self.kept.push(Notice {
                level: NoticeLevel::Warning,
                rule: "document.notices",
                span: Span::default(),
                text,
            });
        }
        self.kept
    }
}

/// A message as read.
#[derive(Debug)]
pub struct Reading<'m> {
    /// The tree, envelopes taken off.
    pub document: Document<'m>,
    /// Form of the outermost document.
    pub format: Format,
    /// Encoding the message declares, as written; of packed content that of the content.
    pub declared: Option<String>,
    /// Encoding it was read in.
    pub used: Charset,
    /// What was odd, in the order noticed.
    pub notices: Vec<Notice>,
}

/// Reads one message.
///
/// `content_type` is what the transport stated, if anything.
///
/// # Errors
/// A [`Fault`] with the byte at fault: the message is not readable, goes beyond
/// a bound, or its envelope says that it carries no data.
pub fn read<'m>(
    payload: &'m [u8],
    content_type: Option<&str>,
    rules: &Rules,
) -> Result<Reading<'m>, Fault> {
    if payload.len() > rules.limits.message_bytes {
        let text = format!(
            "{} bytes; at most {} are read",
            payload.len(),
            rules.limits.message_bytes
        );
        return Err(Fault::new(
            "document.size",
            rules.limits.message_bytes,
            text,
        ));
    }
    let mut notices = Notices::default();
    let decoded = charset::decode(payload, content_type, &rules.charsets, &mut notices)?;
    let Some(format) = format_of(&decoded.text, &rules.formats) else {
        let at = decoded
            .map
            .offset(decoded.text.len() - decoded.text.trim_start().len());
        let text = "the message begins like none of the accepted formats";
        return Err(Fault {
            code: "document.format",
            offset: at,
            text: text.into(),
        });
    };
    let document = parse(decoded.text, decoded.map, format, rules, &mut notices)?;
    let document = unwrap::unwrap(document, rules, &mut notices)?;
    let (declared, used) = match document.packed().cloned() {
        Some(packed) => (packed.declared, packed.used),
        None => (decoded.declared, decoded.used),
    };
    Ok(Reading {
        document,
        format,
        declared,
        used,
        notices: notices.finish(),
    })
}

/// Parses text of a known form.
fn parse<'m>(
    text: std::borrow::Cow<'m, str>,
    map: OffsetMap<'m>,
    format: Format,
    rules: &Rules,
    notices: &mut Notices,
) -> Result<Document<'m>, Fault> {
    let mut tree = Tree::new(&rules.limits);
    let read = match format {
        Format::Xml => xml::read(&text, &mut tree),
        Format::Json => json::read(&text, &mut tree),
        Format::Csv => rows::read(&text, rules.delimiter, &mut tree),
    };
    notices.extend(tree.take_remarks(), &map);
    match read {
        Ok(()) => Ok(Document::new(text, map, tree)),
        Err(stop) => Err(Fault {
            code: stop.code,
            offset: map.offset(stop.at),
            text: stop.text,
        }),
    }
}

/// Tells the form of a text by its first character, among those `accepted`.
fn format_of(text: &str, accepted: &[Format]) -> Option<Format> {
    let takes = |format: Format| accepted.contains(&format).then_some(format);
    match text.trim_start().chars().next()? {
        '<' => takes(Format::Xml),
        '{' | '[' => takes(Format::Json),
        '"' => takes(Format::Csv).or_else(|| takes(Format::Json)),
        _ => takes(Format::Csv),
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
