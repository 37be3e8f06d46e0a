//! Shape of a configuration key: name, kind, default, reason.
//!
//! Pure description. `keys` fills it in, `read` follows it, `reference` prints
//! it. A key that is not described here is a fault in the file, so nothing is
//! ever ignored.

use std::fmt;

/// One table of a file: `[listen]`, `[[agency]]`, or the top level when `name` is empty.
#[derive(Debug)]
pub(crate) struct Section {
    /// Name in the file.
    pub(crate) name: &'static str,
    /// Whether the table may stand several times (`[[name]]`).
    pub(crate) repeated: bool,
    /// What the table is about.
    pub(crate) doc: &'static str,
    /// Its keys, in the order of the reference.
    pub(crate) keys: &'static [Key],
}

/// Repeated tables that a file may do without: a node without auditors exchanges all the same.
const MAY_BE_ABSENT: &[&str] = &["staff"];

impl Section {
    /// Whether a repeated table may stand nowhere.
    pub(crate) fn may_be_absent(&self) -> bool {
        MAY_BE_ABSENT.contains(&self.name)
    }

    /// Full path of `key` as faults name it; `number` (from 1) counts repeated tables.
    pub(crate) fn path(&self, number: Option<usize>, key: &str) -> String {
        let dot = if key.is_empty() || self.name.is_empty() {
            ""
        } else {
            "."
        };
        match number {
            Some(number) => format!("{}[{number}]{dot}{key}", self.name),
            None => format!("{}{dot}{key}", self.name),
        }
    }
}

/// One key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    /// Name in the table.
    pub(crate) name: &'static str,
    /// What values it takes.
    pub(crate) kind: Kind,
    /// What holds when it is not written.
    pub(crate) fallback: Fallback,
    /// Meaning, unit and the reason for the default.
    pub(crate) doc: &'static str,
}

/// What values a key takes.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Text that keeps a rule.
    Text(&'static Rule),
    /// A list of texts, each keeping a rule.
    Texts(&'static Rule),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of these words.
    Choices(&'static [&'static str]),
    /// A whole number within `min..=max` of a unit.
    Integer {
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
        /// Unit in words.
        unit: &'static str,
    },
    /// True or false.
    Flag,
    /// Path relative to the folder of the file.
    Path(Target),
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// A folder the gateway makes itself.
    OwnFolder,
    /// An existing file of any content.
    File,
    /// An existing PEM file with at least one certificate.
    CertificatePem,
    /// An existing PEM file with a private key.
    KeyPem,
    /// An existing folder with `adapter.wasm`, `adapter.toml` and `configuration.json`.
    AdapterFolder,
}

/// A rule of a text.
#[derive(Debug)]
pub(crate) struct Rule {
    /// What is expected, in words.
    pub(crate) expected: &'static str,
    /// Whether the text keeps the rule.
    pub(crate) holds: fn(&str) -> bool,
}

/// What holds when a key is not written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fallback {
    /// It must be written.
    Required,
    /// Nothing: the key is optional.
    Nothing,
    /// This text.
    Text(&'static str),
    /// This number.
    Integer(u64),
    /// This truth.
    Flag(bool),
    /// The empty list.
    Empty,
}

/// What is expected, as a fault says it.
impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Text(rule) => formatter.write_str(rule.expected),
            Kind::Texts(rule) => write!(formatter, "a list, each {}", rule.expected),
            Kind::Choice(words) => write!(formatter, "one of {}", words.join(", ")),
            Kind::Choices(words) => write!(formatter, "a list of {}", words.join(", ")),
            Kind::Integer { min, max, unit } => {
                write!(formatter, "a whole number from {min} to {max} ({unit})")
            }
            Kind::Flag => formatter.write_str("true or false"),
            Kind::Path(target) => formatter.write_str(target.expected()),
        }
    }
}

impl Target {
    /// What is expected, in words.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Target::OwnFolder => "the path of a folder",
            Target::File => "the path of a file",
            Target::CertificatePem => "the path of a PEM file with certificates",
            Target::KeyPem => "the path of a PEM file with a private key",
            Target::AdapterFolder => {
                "the path of a folder with adapter.wasm, adapter.toml and configuration.json"
            }
        }
    }
}

/// The default, as the reference prints it.
impl fmt::Display for Fallback {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fallback::Required => formatter.write_str("required"),
            Fallback::Nothing => formatter.write_str("none"),
            Fallback::Text(text) => write!(formatter, "`\"{text}\"`"),
            Fallback::Integer(number) => write!(formatter, "`{number}`"),
            Fallback::Flag(truth) => write!(formatter, "`{truth}`"),
            Fallback::Empty => formatter.write_str("`[]`"),
        }
    }
}
