//! Taking off the envelopes that feeds put around their data.
//!
//! SOAP, `{code, msg, data}`, and documents that travel as a string of another
//! document: escaped, or GZIP in Base64. What to take off is the feed's
//! configuration; a step that finds nothing to take off leaves the document as
//! it is, because the same agency also sends the bare form.

use std::borrow::Cow;

use super::base::{UnpackError, from_base64, from_gzip};
use super::charset;
use super::node::{Kind, NodeId};
use super::offsets::{OffsetMap, Point, narrow};
use super::walk::{Document, Packed};
use super::{Fault, Format, NoticeLevel, Notices, Path, Rules, format_of, json, parse};

/// One envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// SOAP 1.1 or 1.2: the first element of the body becomes the root.
    Soap,
    /// The node at the path becomes the root.
    Select(Path),
    /// The value at the path must be one of those accepted, else there is no data.
    Status {
        /// Where the status stands.
        path: Path,
        /// Values that mean success.
        accept: Vec<String>,
    },
    /// The value at the path is itself a document.
    Embedded {
        /// Where the string stands.
        path: Path,
        /// How it is packed, outermost first; nothing for plain text.
        decode: Vec<Decoding>,
    },
}

/// How a string holds other content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoding {
    /// Base64 (RFC 4648).
    Base64,
    /// GZIP (RFC 1952).
    Gzip,
}

/// Takes off what `rules` name.
pub(crate) fn unwrap<'m>(
    document: Document<'m>,
    rules: &Rules,
    notices: &mut Notices,
) -> Result<Document<'m>, Fault> {
    let mut document = embedded_json(document, rules, notices)?;
    for step in &rules.unwrap {
        document = match step {
            Step::Soap => soap(document)?,
            Step::Select(path) => {
                let found = select(&document, path, rules);
                if let Some(node) = found {
                    document.set_root(node);
                }
                document
            }
            Step::Status { path, accept } => {
                status(&document, path, accept, rules)?;
                document
            }
            Step::Embedded { path, decode } => {
                match path.first(&document, document.root(), rules.ignore_case) {
                    Some(node) if !document.value(node).is_empty() => {
                        embedded(&document, node, decode, rules, notices)?
                    }
                    _ => document,
                }
            }
        };
        document = embedded_json(document, rules, notices)?;
    }
    Ok(document)
}

/// First node the path names; unlike the mapping, an array is itself, not its items.
fn select(document: &Document<'_>, path: &Path, rules: &Rules) -> Option<NodeId> {
    path.node(document, document.root(), rules.ignore_case)
}

fn soap(mut document: Document<'_>) -> Result<Document<'_>, Fault> {
    let child = |node, name: &str| {
        document
            .children(node)
            .find(|child| document.name(*child) == name)
    };
    if document.name(document.root()) != "Envelope" {
        return Ok(document);
    }
    let Some(body) = child(document.root(), "Body") else {
        let offset = document.span(document.root()).offset;
        return Err(Fault {
            code: "document.soap",
            offset,
            text: "a SOAP envelope without a body".into(),
        });
    };
    if let Some(fault) = child(body, "Fault") {
        let text = "a SOAP fault instead of data".into();
        return Err(Fault {
            code: "document.soap-fault",
            offset: document.span(fault).offset,
            text,
        });
    }
    let content = document
        .children(body)
        .find(|child| document.kind(*child) == Kind::Element);
    let Some(content) = content else {
        let offset = document.span(body).offset;
        return Err(Fault {
            code: "document.soap",
            offset,
            text: "a SOAP body without content".into(),
        });
    };
    document.set_root(content);
    Ok(document)
}

fn status(
    document: &Document<'_>,
    path: &Path,
    accept: &[String],
    rules: &Rules,
) -> Result<(), Fault> {
    let Some(node) = path.first(document, document.root(), rules.ignore_case) else {
        return Ok(());
    };
    let value = document.value(node).trim();
    if accept.iter().any(|accepted| accepted == value) {
        return Ok(());
    }
    let text = "the envelope's status is not one that comes with data".into();
    Err(Fault {
        code: "document.envelope-status",
        offset: document.value_span(node).offset,
        text,
    })
}

/// Reads a root that is a JSON string holding JSON.
fn embedded_json<'m>(
    document: Document<'m>,
    rules: &Rules,
    notices: &mut Notices,
) -> Result<Document<'m>, Fault> {
    let root = document.root();
    if document.kind(root) != Kind::Text
        || !document.value(root).trim_start().starts_with(['{', '['])
    {
        return Ok(document);
    }
    let text = "JSON inside a JSON string; it was read";
    notices.push(
        NoticeLevel::Warning,
        "json.double-encoded",
        document.value_span(root),
        text,
    );
    embedded(&document, root, &[], rules, notices)
}

/// Reads the document that is the value of `node`.
fn embedded<'m>(
    document: &Document<'m>,
    node: NodeId,
    decode: &[Decoding],
    rules: &Rules,
    notices: &mut Notices,
) -> Result<Document<'m>, Fault> {
    let offset = document.value_span(node).offset;
    let (text, map, packed) = if decode.is_empty() {
        let (text, map) = plain_text(document, node);
        (text, map, document.packed().cloned())
    } else {
        unpacked_text(document, node, decode, rules, notices)?
    };
    let accepted = [Format::Xml, Format::Json, Format::Csv];
    let Some(format) = format_of(&text, &accepted) else {
        return Err(Fault {
            code: "document.empty",
            offset,
            text: "the embedded document is empty".into(),
        });
    };
    let mut inner = parse(Cow::Owned(text), map, format, rules, notices)?;
    inner.set_packed(packed);
    Ok(inner)
}

/// The value of a node as a text of its own, every place known.
fn plain_text<'m>(document: &Document<'m>, node: NodeId) -> (String, OffsetMap<'m>) {
    let mut map = document.map().clone();
    let (from, to) = document.value_range(node);
    let raw = &document.text()[from..to];
    let value = document.value(node);
    let mut points = document.joints(node);
    if points.is_empty() && document.kind(node) == Kind::Text && raw.contains('\\') {
        // A JSON string was unescaped once already; a cell of a row may look like one.
        if json::unescape(raw, Some(&mut points)).as_deref() != Ok(value) {
            points.clear();
        }
        for point in &mut points {
            point.outer += narrow(from);
        }
    }
    points.insert(
        0,
        Point {
            inner: 0,
            outer: narrow(from),
        },
    );
    map.push_unescaped(points, to);
    (value.to_owned(), map)
}

/// Text that was packed, its map, and its encoding.
type Unpacked<'m> = (String, OffsetMap<'m>, Option<Packed>);

fn unpacked_text<'m>(
    document: &Document<'m>,
    node: NodeId,
    decode: &[Decoding],
    rules: &Rules,
    notices: &mut Notices,
) -> Result<Unpacked<'m>, Fault> {
    let span = document.value_span(node);
    let fault = |unpacked: UnpackError| {
        let (code, text) = match unpacked {
            UnpackError::NotBase64 => ("document.base64", "the embedded content is not Base64"),
            UnpackError::NotGzip => (
                "document.gzip",
                "the embedded content is not GZIP, or is damaged",
            ),
            UnpackError::TooLarge => (
                "document.inflated",
                "the embedded content grows beyond the bound",
            ),
        };
        Fault {
            code,
            offset: span.offset,
            text: text.into(),
        }
    };
    let mut bytes = Cow::Borrowed(document.value(node).as_bytes());
    for decoding in decode {
        bytes = Cow::Owned(match decoding {
            Decoding::Base64 => {
                let text =
                    std::str::from_utf8(&bytes).map_err(|_| fault(UnpackError::NotBase64))?;
                from_base64(text).map_err(fault)?
            }
            Decoding::Gzip => from_gzip(&bytes, rules.limits.inflated_bytes).map_err(fault)?,
        });
    }
    let mut inner = Notices::default();
    let decoded =
        charset::decode(&bytes, None, &rules.charsets, &mut inner).map_err(|inner| Fault {
            offset: span.offset,
            ..inner
        })?;
    // The embedded content has no bytes of its own in the message.
    for notice in inner.finish() {
        notices.push(notice.level, notice.rule, span, notice.text);
    }
    let (from, to) = document.value_range(node);
    let mut map = document.map().clone();
    map.push_opaque(from, to);
    let packed = Packed {
        declared: decoded.declared,
        used: decoded.used,
    };
    Ok((decoded.text.into_owned(), map, Some(packed)))
}
