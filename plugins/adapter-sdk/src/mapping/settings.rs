//! Reading a JSON configuration with all its faults at once.
//!
//! A configuration is read in every fresh sandbox, so it uses the document
//! reader (one pass, nothing copied) and walks the tree directly. A fault never
//! stops the walk: whoever edits the file sees everything that is wrong, each
//! with its path. `rules` relies on it; nothing else does.

use std::cell::RefCell;
use std::fmt;

use crate::ConfigurationFault;
use crate::document::{Charset, Document, Format, Kind, Limits, NodeId, Reading, Rules, read};

/// Faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(RefCell<Vec<ConfigurationFault>>);

impl Faults {
    pub(crate) fn push(&self, path: impl fmt::Display, text: impl Into<String>) {
        self.0
            .borrow_mut()
            .push(ConfigurationFault::new(path.to_string(), text));
    }

    pub(crate) fn into_inner(self) -> Vec<ConfigurationFault> {
        self.0.into_inner()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

/// Place in the configuration, written only when a fault is found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'p> {
    /// The whole file.
    Top,
    /// A member of an object.
    Member(&'p Place<'p>, &'p str),
    /// An item of an array.
    Item(&'p Place<'p>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => Ok(()),
            Self::Member(Self::Top, name) => formatter.write_str(name),
            Self::Member(parent, name) => write!(formatter, "{parent}.{name}"),
            Self::Item(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

/// Bounds on a configuration: it is written by people and holds code tables.
const LIMITS: Limits = Limits {
    message_bytes: 1 << 20,
    depth: 16,
    nodes: 50_000,
    ..Limits::DOCUMENT
};

/// Parses a configuration; malformed JSON and duplicate keys are faults.
pub(crate) fn parse<'c>(bytes: &'c [u8], faults: &Faults) -> Option<Document<'c>> {
    let rules = Rules {
        formats: vec![Format::Json],
        charsets: vec![Charset::Utf8],
        unwrap: Vec::new(),
        delimiter: b',',
        ignore_case: false,
        limits: LIMITS,
    };
    match read(bytes, None, &rules) {
        Ok(Reading {
            document, notices, ..
        }) => {
            for notice in notices {
                faults.push("", format!("byte {}: {}", notice.span.offset, notice.text));
            }
            Some(document)
        }
        Err(fault) => {
            faults.push("", format!("byte {}: {}", fault.offset, fault.text));
            None
        }
    }
}

/// One object of the configuration.
#[derive(Clone, Copy)]
pub(crate) struct Section<'s> {
    document: &'s Document<'s>,
    node: NodeId,
    place: Place<'s>,
    faults: &'s Faults,
}

impl<'s> Section<'s> {
    /// The whole file; a fault when it is no object.
    pub(crate) fn top(document: &'s Document<'s>, faults: &'s Faults) -> Option<Self> {
        let section = Self {
            document,
            node: document.root(),
            place: Place::Top,
            faults,
        };
        section.is_object().then_some(section)
    }

    fn is_object(&self) -> bool {
        let object = self.document.kind(self.node) == Kind::Object;
        if !object {
            self.faults.push(self.place, "an object is expected");
        }
        object
    }

    /// Reports a fault of one member.
    pub(crate) fn fault_at(&self, name: &str, text: impl Into<String>) {
        self.faults.push(Place::Member(&self.place, name), text);
    }

    /// Reports every member that is not among `known`.
    pub(crate) fn only(&self, known: &[&str]) {
        for child in self.document.children(self.node) {
            let name = self.document.name(child);
            if !known.contains(&name) {
                self.fault_at(name, format!("unknown; known are {}", known.join(", ")));
            }
        }
    }

    fn member(&self, name: &str) -> Option<NodeId> {
        self.document
            .children(self.node)
            .find(|child| self.document.name(*child) == name)
    }

    /// Whether a member is present.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    /// The text of a member.
    pub(crate) fn text(&self, name: &str) -> Option<&'s str> {
        let node = self.member(name)?;
        if self.document.kind(node) == Kind::Text {
            return Some(self.document.value(node));
        }
        self.fault_at(name, "a string is expected");
        None
    }

    /// The text of a member that must be there.
    pub(crate) fn required(&self, name: &str) -> Option<&'s str> {
        if !self.has(name) {
            self.fault_at(name, "missing");
        }
        self.text(name)
    }

    /// A string or an array of strings; nothing when the member is missing.
    pub(crate) fn texts(&self, name: &str) -> Vec<&'s str> {
        let Some(node) = self.member(name) else {
            return Vec::new();
        };
        let is_text = |node: NodeId| self.document.kind(node) == Kind::Text;
        if is_text(node) {
            return vec![self.document.value(node)];
        }
        let items = self.document.children(node);
        if self.document.kind(node) == Kind::Array && self.document.children(node).all(is_text) {
            return items.map(|item| self.document.value(item)).collect();
        }
        self.fault_at(name, "a string or an array of strings is expected");
        Vec::new()
    }

    /// A boolean; false when the member is missing.
    pub(crate) fn flag(&self, name: &str) -> bool {
        let Some(node) = self.member(name) else {
            return false;
        };
        if self.document.kind(node) != Kind::Bool {
            self.fault_at(name, "true or false is expected");
        }
        self.document.value(node) == "true"
    }

    /// A whole number within `range`.
    pub(crate) fn number(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Option<usize> {
        let node = self.member(name)?;
        let number = self.document.value(node).parse().ok();
        let number = number
            .filter(|number| self.document.kind(node) == Kind::Number && range.contains(number));
        if number.is_none() {
            self.fault_at(
                name,
                format!(
                    "a number from {} to {} is expected",
                    range.start(),
                    range.end()
                ),
            );
        }
        number
    }

    /// Calls `visit` with every object of an array.
    pub(crate) fn each(&self, name: &str, mut visit: impl FnMut(Section<'_>)) {
        let Some(node) = self.member(name) else {
            return;
        };
        if self.document.kind(node) != Kind::Array {
            self.fault_at(name, "an array of objects is expected");
            return;
        }
        let list = Place::Member(&self.place, name);
        for (index, item) in self.document.children(node).enumerate() {
            let section = Section {
                node: item,
                place: Place::Item(&list, index),
                ..*self
            };
            if section.is_object() {
                visit(section);
            }
        }
    }

    /// Calls `visit` with an object member, if it is there.
    pub(crate) fn inner(&self, name: &str, visit: impl FnOnce(Section<'_>)) {
        let Some(node) = self.member(name) else {
            return;
        };
        let section = Section {
            node,
            place: Place::Member(&self.place, name),
            ..*self
        };
        if section.is_object() {
            visit(section);
        }
    }

    /// Names of the members, in the order written.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let document = self.document;
        document
            .children(self.node)
            .map(|child| document.name(child))
    }
}
