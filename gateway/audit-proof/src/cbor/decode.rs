//! Reading deterministic CBOR, refusing every other encoding.
//!
//! A pull decoder over borrowed bytes. It never allocates on the word of a length it has not seen the bytes for, and
//! never recurses deeper than [`MAX_DEPTH`]. What it accepts has exactly one encoding, which is what it was given.

use std::collections::BTreeMap;

use super::{MAX_DEPTH, Major, Value};

/// Why bytes are not the deterministic encoding of anything, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct DecodeError {
    /// Where the item that is wrong starts, in bytes from the start of the input.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: DecodeErrorKind,
}

/// What is wrong with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeErrorKind {
    /// The input ends inside the item, or it announces more than the input holds.
    #[error("item is cut off")]
    Truncated,
    /// A number or a length is not in its shortest form.
    #[error("number is not in its shortest form")]
    NotShortest,
    /// A length is left open.
    #[error("length is indefinite")]
    IndefiniteLength,
    /// A tag, a float, a simple value other than false, true and null, or a reserved head.
    #[error("item is of a kind that entries do not use")]
    UnsupportedKind,
    /// Text is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// A map key is not an unsigned integer, or not greater than the one before it.
    #[error("map key is not an unsigned number above the one before it")]
    KeyOrder,
    /// Arrays and maps are nested more than [`MAX_DEPTH`] deep.
    #[error("item is nested too deep")]
    TooDeep,
    /// Another kind of item is needed at this place.
    #[error("item is of another kind than this place needs")]
    UnexpectedKind,
    /// Bytes follow the end of the item.
    #[error("bytes follow the end of the item")]
    TrailingBytes,
}

/// Decodes `bytes` as exactly one item.
///
/// # Errors
/// [`DecodeError`] when the bytes are anything but the deterministic encoding of one item.
pub fn decode(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.value()?;
    decoder.finish()?;
    Ok(value)
}

/// Reads items one after another.
#[derive(Debug, Clone)]
pub struct Decoder<'a> {
    bytes: &'a [u8],
    offset: usize,
}

/// The head of an item: where it starts, its kind and its number.
struct ItemHead {
    start: usize,
    major: Major,
    number: u64,
}

impl ItemHead {
    fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError {
            offset: self.start,
            kind,
        }
    }
}

impl<'a> Decoder<'a> {
    /// Starts at the beginning of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// Returns the place of the next item, in bytes from the start.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Reads an unsigned number.
    ///
    /// # Errors
    /// [`DecodeError`] when the next item is anything else.
    pub fn unsigned(&mut self) -> Result<u64, DecodeError> {
        Ok(self.expect(Major::Unsigned)?.number)
    }

    /// Reads a byte string.
    ///
    /// # Errors
    /// [`DecodeError`] when the next item is anything else.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let head = self.expect(Major::Bytes)?;
        self.take(&head)
    }

    /// Reads a text string.
    ///
    /// # Errors
    /// [`DecodeError`] when the next item is anything else.
    pub fn text(&mut self) -> Result<&'a str, DecodeError> {
        let head = self.expect(Major::Text)?;
        let bytes = self.take(&head)?;
        str::from_utf8(bytes).map_err(|_| head.error(DecodeErrorKind::NotUtf8))
    }

    /// Reads the head of an array and returns how many items it has; they follow.
    ///
    /// # Errors
    /// [`DecodeError`] when the next item is anything else.
    pub fn array(&mut self) -> Result<usize, DecodeError> {
        let head = self.expect(Major::Array)?;
        self.count(&head, 1)
    }

    /// Reads the head of a map and returns how many pairs it has; they follow, key before value.
    ///
    /// The caller checks the order of the keys with [`Decoder::key_above`].
    ///
    /// # Errors
    /// [`DecodeError`] when the next item is anything else.
    pub fn map(&mut self) -> Result<usize, DecodeError> {
        let head = self.expect(Major::Map)?;
        self.count(&head, 2)
    }

    /// Reads a map key that must be greater than `previous`.
    ///
    /// # Errors
    /// [`DecodeError`] when the next item is not such a key.
    pub fn key_above(&mut self, previous: Option<u64>) -> Result<u64, DecodeError> {
        let head = self.head()?;
        if head.major != Major::Unsigned || previous.is_some_and(|previous| head.number <= previous)
        {
            return Err(head.error(DecodeErrorKind::KeyOrder));
        }
        Ok(head.number)
    }

    /// Returns the kind of the next item without reading it; `None` at the end.
    #[must_use]
    pub fn peek(&self) -> Option<Major> {
        self.bytes.get(self.offset).map(|first| major_of(*first))
    }

    /// Reads one item of any kind and returns its bytes, checked but not decoded.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are not the deterministic encoding of an item.
    pub fn skip(&mut self) -> Result<&'a [u8], DecodeError> {
        let start = self.offset;
        self.skip_within(MAX_DEPTH)?;
        Ok(&self.bytes[start..self.offset])
    }

    /// Reads one item of any kind.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are not the deterministic encoding of an item.
    pub fn value(&mut self) -> Result<Value, DecodeError> {
        self.value_within(MAX_DEPTH)
    }

    /// Checks that nothing follows.
    ///
    /// # Errors
    /// [`DecodeErrorKind::TrailingBytes`] when something does.
    pub fn finish(&self) -> Result<(), DecodeError> {
        if self.offset == self.bytes.len() {
            return Ok(());
        }
        Err(DecodeError {
            offset: self.offset,
            kind: DecodeErrorKind::TrailingBytes,
        })
    }

    fn skip_within(&mut self, depth: usize) -> Result<(), DecodeError> {
        let head = self.head()?;
        match head.major {
            Major::Unsigned | Major::Negative => {}
            Major::Bytes => {
                self.take(&head)?;
            }
            Major::Text => {
                let bytes = self.take(&head)?;
                str::from_utf8(bytes).map_err(|_| head.error(DecodeErrorKind::NotUtf8))?;
            }
            Major::Array => {
                let depth = deeper(&head, depth)?;
                for _ in 0..self.count(&head, 1)? {
                    self.skip_within(depth)?;
                }
            }
            Major::Map => {
                let depth = deeper(&head, depth)?;
                let mut previous = None;
                for _ in 0..self.count(&head, 2)? {
                    previous = Some(self.key_above(previous)?);
                    self.skip_within(depth)?;
                }
            }
            Major::Simple | Major::Tag => {
                check_simple(&head)?;
            }
        }
        Ok(())
    }

    fn value_within(&mut self, depth: usize) -> Result<Value, DecodeError> {
        let head = self.head()?;
        Ok(match head.major {
            Major::Unsigned => Value::Unsigned(head.number),
            Major::Negative => Value::Negative(head.number),
            Major::Bytes => Value::Bytes(self.take(&head)?.to_vec()),
            Major::Text => {
                let text = str::from_utf8(self.take(&head)?);
                Value::Text(
                    text.map_err(|_| head.error(DecodeErrorKind::NotUtf8))?
                        .to_owned(),
                )
            }
            Major::Array => {
                let depth = deeper(&head, depth)?;
                let count = self.count(&head, 1)?;
                Value::Array(
                    (0..count)
                        .map(|_| self.value_within(depth))
                        .collect::<Result<_, _>>()?,
                )
            }
            Major::Map => {
                let depth = deeper(&head, depth)?;
                let mut pairs = BTreeMap::new();
                let mut previous = None;
                for _ in 0..self.count(&head, 2)? {
                    let key = self.key_above(previous)?;
                    previous = Some(key);
                    pairs.insert(key, self.value_within(depth)?);
                }
                Value::Map(pairs)
            }
            Major::Simple | Major::Tag => simple(&head)?,
        })
    }

    fn expect(&mut self, major: Major) -> Result<ItemHead, DecodeError> {
        let head = self.head()?;
        if head.major == major {
            Ok(head)
        } else {
            Err(head.error(DecodeErrorKind::UnexpectedKind))
        }
    }

    /// Reads a head; refuses numbers that a shorter head could hold.
    #[inline]
    fn head(&mut self) -> Result<ItemHead, DecodeError> {
        // Nearly every head is one byte; the others are read apart so that this can be part of its callers.
        let start = self.offset;
        match self.bytes.get(start) {
            Some(first) if first & 0x1f < 24 => {
                self.offset += 1;
                Ok(ItemHead {
                    start,
                    major: major_of(*first),
                    number: u64::from(first & 0x1f),
                })
            }
            _ => self.wide_head(),
        }
    }

    /// Reads a head that is followed by its number.
    fn wide_head(&mut self) -> Result<ItemHead, DecodeError> {
        let start = self.offset;
        let error = |kind| DecodeError {
            offset: start,
            kind,
        };
        let first = *self
            .bytes
            .get(start)
            .ok_or(error(DecodeErrorKind::Truncated))?;
        let (width, smallest) = match first & 0x1f {
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            31 => return Err(error(DecodeErrorKind::IndefiniteLength)),
            _ => return Err(error(DecodeErrorKind::UnsupportedKind)),
        };
        let bytes = self
            .bytes
            .get(start + 1..start + 1 + width)
            .ok_or(error(DecodeErrorKind::Truncated))?;
        let number = bytes
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let major = major_of(first);
        if major == Major::Simple || major == Major::Tag {
            // A wide head of major type 7 is a float or a reserved simple value.
            return Err(error(DecodeErrorKind::UnsupportedKind));
        }
        if number < smallest {
            return Err(error(DecodeErrorKind::NotShortest));
        }
        self.offset += 1 + width;
        Ok(ItemHead {
            start,
            major,
            number,
        })
    }

    /// Takes the content of a string whose head has been read.
    fn take(&mut self, head: &ItemHead) -> Result<&'a [u8], DecodeError> {
        let rest = &self.bytes[self.offset..];
        let length = usize::try_from(head.number)
            .ok()
            .filter(|length| *length <= rest.len());
        let length = length.ok_or(head.error(DecodeErrorKind::Truncated))?;
        self.offset += length;
        Ok(&rest[..length])
    }

    /// Returns a number of items, each of which takes at least `smallest` bytes of what is left.
    fn count(&self, head: &ItemHead, smallest: usize) -> Result<usize, DecodeError> {
        let most = (self.bytes.len() - self.offset) / smallest;
        let count = usize::try_from(head.number)
            .ok()
            .filter(|count| *count <= most);
        count.ok_or(head.error(DecodeErrorKind::Truncated))
    }
}

fn major_of(first: u8) -> Major {
    match first >> 5 {
        0 => Major::Unsigned,
        1 => Major::Negative,
        2 => Major::Bytes,
        3 => Major::Text,
        4 => Major::Array,
        5 => Major::Map,
        6 => Major::Tag,
        _ => Major::Simple,
    }
}

fn deeper(head: &ItemHead, depth: usize) -> Result<usize, DecodeError> {
    depth
        .checked_sub(1)
        .ok_or(head.error(DecodeErrorKind::TooDeep))
}

fn simple(head: &ItemHead) -> Result<Value, DecodeError> {
    check_simple(head)?;
    Ok(match head.number {
        20 => Value::Bool(false),
        21 => Value::Bool(true),
        _ => Value::Null,
    })
}

/// Checks that the item is false, true or null.
fn check_simple(head: &ItemHead) -> Result<(), DecodeError> {
    if head.major == Major::Simple && (20..=22).contains(&head.number) {
        Ok(())
    } else {
        Err(head.error(DecodeErrorKind::UnsupportedKind))
    }
}
