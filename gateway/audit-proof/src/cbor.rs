//! Deterministic CBOR: RFC 8949 §4.2.1, narrowed to what an entry needs.
//!
//! Integers, byte strings, text, arrays, maps with ascending unsigned keys, booleans and null; shortest heads, definite
//! lengths, no tags, no floats, no other simple values. Every value has exactly one encoding and [`Decoder`] refuses
//! every other one, so decoding and encoding again gives the same bytes. Text must be valid UTF-8; that it is in
//! Unicode normalisation form C is the writer's duty and is not checked. Entries, verifier and rendering rely on it.

mod decode;
mod encode;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

pub use decode::{DecodeError, DecodeErrorKind, Decoder, decode};
pub use encode::{TooDeep, encode};
pub(crate) use encode::{write_bytes, write_head, write_text, write_value};

/// How many arrays and maps may stand inside each other.
///
/// An entry needs four; sixteen leaves room and keeps recursion far from the end of any stack.
pub const MAX_DEPTH: usize = 16;

/// The kind of a data item: the three high bits of its first byte (RFC 8949 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Major {
    /// An unsigned integer.
    Unsigned = 0,
    /// A negative integer, stored as −1 − n.
    Negative = 1,
    /// A byte string.
    Bytes = 2,
    /// A UTF-8 text string.
    Text = 3,
    /// An array.
    Array = 4,
    /// A map.
    Map = 5,
    /// A tag; never accepted.
    Tag = 6,
    /// A simple value or float; only false, true and null are accepted.
    Simple = 7,
}

/// One data item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A whole number from 0 to 2⁶⁴−1.
    Unsigned(u64),
    /// The number −1 − n.
    Negative(u64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text, which the writer has brought to normalisation form C.
    Text(String),
    /// Values in order.
    Array(Vec<Value>),
    /// Values by unsigned key; the ordered map makes the key order of the encoding a matter of course.
    Map(BTreeMap<u64, Value>),
    /// True or false.
    Bool(bool),
    /// Nothing.
    Null,
}

impl Value {
    /// Returns a signed number as the one item that stands for it.
    #[must_use]
    pub fn integer(number: i64) -> Self {
        match u64::try_from(number) {
            Ok(number) => Self::Unsigned(number),
            // −1 − n is the bitwise complement of n, so this cannot overflow.
            Err(_) => Self::Negative((!number).cast_unsigned()),
        }
    }

    /// Returns `value` or, when there is none, null.
    pub fn optional(value: Option<impl Into<Self>>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Unsigned(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<const LENGTH: usize> From<[u8; LENGTH]> for Value {
    fn from(bytes: [u8; LENGTH]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Self {
        Self::Array(values)
    }
}
