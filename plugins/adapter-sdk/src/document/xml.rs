//! XML into the tree.
//!
//! Tokens come from `quick-xml`; this file adds what it leaves open: no
//! document type, no entities but the five and numeric ones, bounds on depth,
//! nodes, values and attributes, one root, and the place of everything.
//! Namespaces are ignored: names are local names. Mixed content is not data:
//! text after a child element is remarked and left to the message.

use quick_xml::events::attributes::{AttrError, Attribute};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::NoticeLevel;
use super::node::{Kind, Piece};
use super::offsets::{Point, narrow};
use super::tree::{Stop, Tree};

/// Reads `text` into `tree`.
pub(crate) fn read(text: &str, tree: &mut Tree) -> Result<(), Stop> {
    let mut reader = Reader::from_str(text);
    // Agencies write `&` without escaping it; the value stands and is remarked.
    reader.config_mut().allow_dangling_amp = true;
    let mut state = State {
        text,
        tree,
        value: Value::default(),
    };
    loop {
        let from = place(reader.buffer_position());
        let event = reader.read_event().map_err(|error| {
            let at = place(reader.error_position()).min(text.len());
            Stop::new(
                "document.malformed",
                at,
                format!("not well-formed XML: {error}"),
            )
        })?;
        let to = place(reader.buffer_position()).min(text.len());
        if matches!(event, Event::Eof) {
            return state.finish();
        }
        state.event(&event, from, to)?;
    }
}

fn place(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// Text collected for the innermost open element.
#[derive(Default)]
struct Value {
    /// Range in the text, from the first to the last part.
    range: Option<(usize, usize)>,
    /// The text, once it is no longer one range.
    joined: Option<String>,
    /// Where the parts of the joined text came from.
    parts: Vec<Point>,
    /// A child was seen: further text is not the element's value.
    closed: bool,
}

struct State<'t> {
    text: &'t str,
    tree: &'t mut Tree,
    value: Value,
}

impl State<'_> {
    fn event(&mut self, event: &Event<'_>, from: usize, to: usize) -> Result<(), Stop> {
        match event {
            Event::Start(start) => self.start(start, from),
            Event::Empty(start) => {
                self.start(start, from)?;
                self.end(to)
            }
            Event::End(_) => self.end(to),
            Event::Text(_) => self.plain(from, to),
            Event::CData(_) => self.plain(from + "<![CDATA[".len(), to - "]]>".len()),
            Event::GeneralRef(reference) => self.reference(reference, from, to),
            Event::DocType(_) => Err(Stop::new(
                "document.doctype",
                from,
                "a document type declaration; documents without one are read",
            )),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, from: usize) -> Result<(), Stop> {
        self.settle()?;
        if !self.tree.is_open() && !self.tree.is_empty() {
            return Err(Stop::new(
                "document.root",
                from,
                "a second root element; one is expected",
            ));
        }
        let name = local(from + 1, start.name().as_ref());
        self.tree.open(Kind::Element, name, from)?;
        if !start.attributes_raw().is_empty() {
            self.attributes(start)?;
        }
        self.value = Value::default();
        Ok(())
    }

    fn attributes(&mut self, start: &BytesStart<'_>) -> Result<(), Stop> {
        for (count, attribute) in start.attributes().enumerate() {
            let at = self.tree.open_from();
            if count >= self.tree.limits().attributes {
                let text = format!(
                    "more than {} attributes in one element",
                    self.tree.limits().attributes
                );
                return Err(Stop::new("document.attributes", at, text));
            }
            let attribute = attribute.map_err(|error| {
                let within = attribute_error_place(&error);
                Stop::new(
                    "document.malformed",
                    at + 1 + within,
                    format!("attribute: {error}"),
                )
            })?;
            self.attribute(&attribute)?;
        }
        Ok(())
    }

    fn attribute(&mut self, attribute: &Attribute<'_>) -> Result<(), Stop> {
        let key = attribute.key.as_ref();
        if key == "xmlns" || key.starts_with("xmlns:") {
            return Ok(());
        }
        let key_from = self.distance(key);
        let value_from = self.distance(&attribute.value);
        let range = (value_from, value_from + attribute.value.len());
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| {
                Stop::new(
                    "document.entity",
                    value_from,
                    format!("attribute value: {error}"),
                )
            })?;
        let value = match value {
            std::borrow::Cow::Borrowed(_) => Piece::of_text(range.0, range.1),
            std::borrow::Cow::Owned(value) => self.tree.copy(&value),
        };
        self.tree.leaf(
            Kind::Attribute,
            local(key_from, key),
            value,
            (key_from, range.1 + 1),
            range,
        )
    }

    /// Place of `part`, a slice of the text.
    fn distance(&self, part: &str) -> usize {
        (part.as_ptr() as usize)
            .wrapping_sub(self.text.as_ptr() as usize)
            .min(self.text.len())
    }

    fn end(&mut self, to: usize) -> Result<(), Stop> {
        self.settle()?;
        self.tree.close(to);
        // Whatever encloses the closed element now has a child.
        self.value = Value {
            closed: true,
            ..Value::default()
        };
        Ok(())
    }

    fn plain(&mut self, from: usize, to: usize) -> Result<(), Stop> {
        let part = &self.text[from..to];
        if part.starts_with('&') {
            let text = "an ampersand that is not escaped; the text stands as sent";
            self.tree.remark(
                NoticeLevel::Warning,
                "xml.bare-ampersand",
                (from, from + 1),
                text,
            );
        }
        if part.bytes().all(|byte| byte.is_ascii_whitespace()) && self.value.range.is_none() {
            return Ok(());
        }
        self.append(part, from, to)
    }

    fn reference(&mut self, reference: &BytesRef<'_>, from: usize, to: usize) -> Result<(), Stop> {
        let name: &str = reference;
        let character = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => reference.resolve_char_ref().ok().flatten(),
        };
        let Some(character) = character else {
            let text =
                "an entity that is not predefined; the five of XML and numeric ones are read";
            return Err(Stop::new("document.entity", from, text));
        };
        self.append(character.encode_utf8(&mut [0; 4]), from, to)
    }

    fn append(&mut self, part: &str, from: usize, to: usize) -> Result<(), Stop> {
        if !self.tree.is_open() {
            return Err(Stop::new(
                "document.root",
                from,
                "text outside the root element",
            ));
        }
        if self.value.closed {
            if part.bytes().any(|byte| !byte.is_ascii_whitespace()) {
                let text = "text beside child elements was not read";
                self.tree
                    .remark(NoticeLevel::Warning, "xml.mixed-content", (from, to), text);
            }
            return Ok(());
        }
        let value = &mut self.value;
        let start = value.range.map_or(from, |range| range.0);
        if value.joined.is_none() && (value.range.is_some() || part.len() != to - from) {
            let before = &self.text[start..value.range.map_or(start, |range| range.1)];
            value.joined = Some(before.to_owned());
            value.parts.push(Point {
                inner: 0,
                outer: narrow(start),
            });
        }
        if let Some(joined) = &mut value.joined {
            value.parts.push(Point {
                inner: narrow(joined.len()),
                outer: narrow(from),
            });
            joined.push_str(part);
        }
        value.range = Some((start, to));
        Ok(())
    }

    /// Gives the innermost open element the text collected so far.
    fn settle(&mut self) -> Result<(), Stop> {
        let Some(range) = self.value.range.take() else {
            return Ok(());
        };
        match self.value.joined.take() {
            None => {
                let raw = &self.text[range.0..range.1];
                let from = range.1 - raw.trim_ascii_start().len();
                let to = from + self.text[from..range.1].trim_ascii_end().len();
                self.tree.value(Piece::of_text(from, to), (from, to))
            }
            Some(joined) => {
                let leading = joined.len() - joined.trim_ascii_start().len();
                let parts = std::mem::take(&mut self.value.parts);
                let value = self.tree.copy_parts(joined.trim_ascii(), &parts, leading);
                self.tree.value(value, range)
            }
        }
    }

    fn finish(self) -> Result<(), Stop> {
        if self.tree.is_open() {
            let text = "an element that is not closed; the message ends inside it";
            return Err(Stop::new("document.unclosed", self.tree.open_from(), text));
        }
        if self.tree.is_empty() {
            return Err(Stop::new("document.root", 0, "no root element"));
        }
        Ok(())
    }
}

/// The local part of a qualified name that starts at `from`.
fn local(from: usize, name: &str) -> Piece {
    let colon = name.bytes().position(|byte| byte == b':');
    let prefix = colon.map_or(0, |colon| colon + 1);
    Piece::of_text(from + prefix, from + name.len())
}

fn attribute_error_place(error: &AttrError) -> usize {
    match error {
        AttrError::ExpectedEq(at)
        | AttrError::ExpectedValue(at)
        | AttrError::UnquotedValue(at)
        | AttrError::ExpectedQuote(at, _)
        | AttrError::Duplicated(at, _) => *at,
    }
}
