//! What an adapter is: the trait and the types of the contract.
//!
//! These are the Rust forms of `plugins/wit/adapter.wit`; the component
//! bindings are translated to and from them in `export`. No encoding happens
//! here. Every adapter, and the native benchmarks, rely on these types.

use std::borrow::Cow;

use proto::v1::Conversion;

/// Converts the messages of one feed into records of the common schema.
///
/// An adapter is a pure function of its configuration and the messages: no
/// clock, no randomness, no files, no network. The same input must give the
/// same bytes for ever, because an audited conversion is replayed.
pub trait Adapter: Sized {
    /// What the adapter says about itself.
    const DESCRIPTION: Description;

    /// The limits it asks for; the host grants at most its own.
    const LIMITS: Limits = Limits::OF_HOST;

    /// Reads the bytes of the configuration file.
    ///
    /// Called at most once in every sandbox, before `convert`: a sandbox may begin in the state
    /// after it.
    ///
    /// # Errors
    /// All faults found, not the first only; never an empty list.
    fn configure(configuration: &[u8]) -> Result<Self, Vec<ConfigurationFault>>;

    /// Converts the messages of one submission: one result for each, in order.
    ///
    /// A message that cannot be understood is a [`Rejection`], which is data
    /// and no failure; the other messages go on.
    fn convert(&self, messages: &[Message<'_>]) -> Vec<Result<Conversion, Rejection>>;

    /// Converts the messages and hands each result over as soon as it is final, with the number
    /// of its message; every message exactly once, in any order.
    ///
    /// This is what the gateway runs. The provided version goes through [`Adapter::convert`] and
    /// is right for every adapter; one whose messages do not depend on each other gains much by
    /// its own, because the memory of one message is then used again for the next.
    fn convert_each(
        &self,
        messages: &[Message<'_>],
        each: &mut dyn FnMut(usize, Result<Conversion, Rejection>),
    ) {
        for (number, result) in self.convert(messages).into_iter().enumerate() {
            each(number, result);
        }
    }
}

/// What an adapter says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// Stable name: lower-case letters, digits and hyphens, at most 64 characters.
    pub id: &'static str,
    /// Semantic version of the adapter's code.
    pub version: &'static str,
    /// Kinds of feed it converts, for example `hj212`. At least one.
    pub feed_kinds: &'static [&'static str],
    /// Version of the common schema its records follow, for example `1.0.0`.
    pub schema_version: &'static str,
}

/// Limits an adapter asks for; 0 asks for the host's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory, in bytes.
    pub memory_bytes: u64,
    /// Time for one call of `convert`, in milliseconds.
    pub deadline_ms: u32,
}

impl Limits {
    /// Whatever the host grants by default.
    pub const OF_HOST: Self = Self {
        memory_bytes: 0,
        deadline_ms: 0,
    };
}

/// One message of a submission, exactly as the agency delivered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// The untouched bytes.
    pub payload: &'a [u8],
    /// What the sender or the transport stated, in the order stated.
    pub attributes: &'a [Attribute],
}

impl<'a> Message<'a> {
    /// A message about which nothing was stated.
    #[must_use]
    pub fn new(payload: &'a [u8]) -> Self {
        Self {
            payload,
            attributes: &[],
        }
    }

    /// The first value stated under `name`, if any.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let stated = self.attributes.iter().find(|stated| stated.name == name)?;
        Some(&stated.value)
    }
}

/// A name and a value the sender stated. Known names: `content-type`, `file-name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name, as stated.
    pub name: String,
    /// The value, as stated.
    pub value: String,
}

impl Attribute {
    /// Pairs a name with a value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// Why a message was not converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Stable code, `<adapter>.<what>` in lower case, for example `hj212.crc-bad`.
    pub code: Cow<'static, str>,
    /// Byte offset in the message where the fault was noticed.
    pub offset: u64,
    /// One sentence for a person: what was found and what was expected.
    pub text: String,
}

impl Rejection {
    /// A rejection with its place in the message, in bytes.
    pub fn new(code: impl Into<Cow<'static, str>>, offset: u64, text: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            offset,
            text: text.into(),
        }
    }
}

/// A fault in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationFault {
    /// Where, as a path: `devices[3].units.a21026`. Empty for the whole file.
    pub path: String,
    /// What is wrong and what would be right.
    pub text: String,
}

impl ConfigurationFault {
    /// A fault at a path.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_stated_under_a_name_counts() {
        let attributes = [
            Attribute::new("file-name", "first.xml"),
            Attribute::new("content-type", "text/xml"),
            Attribute::new("file-name", "second.xml"),
        ];
        let message = Message {
            payload: b"",
            attributes: &attributes,
        };
        assert_eq!(message.attribute("file-name"), Some("first.xml"));
        assert_eq!(message.attribute("content-type"), Some("text/xml"));
        assert_eq!(message.attribute("File-Name"), None);
    }

    #[test]
    fn a_bare_message_states_nothing() {
        assert_eq!(Message::new(b"x").attribute("content-type"), None);
    }
}
