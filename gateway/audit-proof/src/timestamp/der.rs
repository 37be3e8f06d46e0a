//! A strict reader of DER (X.690 §10), and the few values that a request writes.
//!
//! Definite and shortest lengths, tags of one byte, no bytes left over. It knows no schema: every reader of a structure
//! asks for the elements that it expects. All other files of this folder rely on it never to panic on any bytes.

/// Why bytes are not the DER that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The bytes end inside an element.
    #[error("bytes end inside an element")]
    Truncated,
    /// A length is indefinite, not the shortest, or beyond what is read.
    #[error("length is not the shortest definite one")]
    Length,
    /// An element has another tag than the structure has in its place.
    #[error("element has an unexpected tag")]
    Tag,
    /// The value of an element is not one of its type, or not one that the structure allows.
    #[error("value is not one of its type")]
    Value,
    /// Bytes follow the last element.
    #[error("bytes follow the last element")]
    Trailing,
}

/// BOOLEAN.
pub(super) const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub(super) const INTEGER: u8 = 0x02;
/// BIT STRING.
pub(super) const BIT_STRING: u8 = 0x03;
/// OCTET STRING.
pub(super) const OCTET_STRING: u8 = 0x04;
/// NULL.
pub(super) const NULL: u8 = 0x05;
/// OBJECT IDENTIFIER.
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
/// UTF8String.
pub(super) const UTF8_STRING: u8 = 0x0c;
/// UTCTime.
pub(super) const UTC_TIME: u8 = 0x17;
/// GeneralizedTime.
pub(super) const GENERALIZED_TIME: u8 = 0x18;
/// SEQUENCE and SEQUENCE OF.
pub(super) const SEQUENCE: u8 = 0x30;
/// SET and SET OF.
pub(super) const SET: u8 = 0x31;

/// Returns the tag `[number]` of a primitive element.
pub(super) const fn primitive(number: u8) -> u8 {
    0x80 | number
}

/// Returns the tag `[number]` of an element that contains others.
pub(super) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// The tag, in its one byte.
    pub(super) tag: u8,
    /// The content without tag and length.
    pub(super) content: &'a [u8],
    /// Tag, length and content.
    pub(super) whole: &'a [u8],
}

/// Reads elements one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the beginning of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Ends reading; something left over is an error.
    pub(super) fn end(self) -> Result<(), FormError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(FormError::Trailing)
        }
    }

    /// Returns the next element, whatever its tag.
    pub(super) fn any(&mut self) -> Result<Element<'a>, FormError> {
        let bytes = self.rest;
        let (&tag, after_tag) = bytes.split_first().ok_or(FormError::Truncated)?;
        if tag & 0x1f == 0x1f {
            return Err(FormError::Tag);
        }
        let (length, after_length) = length(after_tag)?;
        let (content, rest) = after_length
            .split_at_checked(length)
            .ok_or(FormError::Truncated)?;
        self.rest = rest;
        Ok(Element {
            tag,
            content,
            whole: &bytes[..bytes.len() - rest.len()],
        })
    }

    /// Returns the next element, which must have `tag`.
    pub(super) fn element(&mut self, tag: u8) -> Result<Element<'a>, FormError> {
        let element = self.any()?;
        if element.tag == tag {
            Ok(element)
        } else {
            Err(FormError::Tag)
        }
    }

    /// Returns the next element when it has `tag`, and takes nothing when it has not.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, FormError> {
        if self.rest.first() == Some(&tag) {
            self.any().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Returns a reader of the content of the next element, which must have `tag`.
    pub(super) fn inside(&mut self, tag: u8) -> Result<Reader<'a>, FormError> {
        self.element(tag).map(Element::reader)
    }

    /// Returns the content of the object identifier that is next.
    pub(super) fn identifier(&mut self) -> Result<&'a [u8], FormError> {
        self.element(OBJECT_IDENTIFIER)
            .map(|element| element.content)
    }

    /// Returns the number that is next, as a small one.
    pub(super) fn small(&mut self) -> Result<u64, FormError> {
        self.element(INTEGER)?.small()
    }

    /// Returns the BOOLEAN DEFAULT FALSE that may be next; DER does not write a default.
    pub(super) fn flag(&mut self) -> Result<bool, FormError> {
        match self.optional(BOOLEAN)? {
            None => Ok(false),
            Some(element) if element.content == [0xff] => Ok(true),
            Some(_) => Err(FormError::Value),
        }
    }
}

impl<'a> Element<'a> {
    /// Returns a reader of the content.
    pub(super) fn reader(self) -> Reader<'a> {
        Reader::new(self.content)
    }

    /// Returns the bytes of a number that is not negative, big-endian without leading zero bytes; nothing for zero.
    pub(super) fn unsigned(self) -> Result<&'a [u8], FormError> {
        match self.signed()? {
            [0, rest @ ..] => Ok(rest),
            [first, ..] if *first >= 0x80 => Err(FormError::Value),
            bytes => Ok(bytes),
        }
    }

    /// Returns the bytes of a number in two's complement, in their shortest form.
    pub(super) fn signed(self) -> Result<&'a [u8], FormError> {
        match self.content {
            [] | [0x00, 0x00..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(FormError::Value),
            bytes => Ok(bytes),
        }
    }

    /// Returns a number from 0 to 2⁶⁴−1.
    pub(super) fn small(self) -> Result<u64, FormError> {
        let bytes = self.unsigned()?;
        if bytes.len() > 8 {
            return Err(FormError::Value);
        }
        Ok(bytes
            .iter()
            .fold(0, |number, &byte| (number << 8) | u64::from(byte)))
    }

    /// Returns the bytes of a bit string of whole bytes.
    pub(super) fn whole_bits(self) -> Result<&'a [u8], FormError> {
        match self.content {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(FormError::Value),
        }
    }

    /// Returns the numbers of the bits that are set in a list of named bits, of which the first 32 are read.
    pub(super) fn named_bits(self) -> Result<u32, FormError> {
        let (&unused, bytes) = self.content.split_first().ok_or(FormError::Value)?;
        let last = bytes.last().copied().unwrap_or(0);
        let padding = 1_u8
            .checked_shl(u32::from(unused))
            .unwrap_or(0)
            .wrapping_sub(1);
        if unused > 7 || (bytes.is_empty() && unused != 0) || last & padding != 0 {
            return Err(FormError::Value);
        }
        Ok(bytes
            .iter()
            .take(4)
            .enumerate()
            .fold(0, |bits, (index, byte)| {
                bits | (u32::from(byte.reverse_bits()) << (8 * index))
            }))
    }
}

/// Writes one element.
pub(super) fn write(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let zeros = length.iter().take_while(|&&byte| byte == 0).count();
    let mut element = vec![tag];
    if content.len() < 0x80 {
        element.extend_from_slice(&length[length.len() - 1..]);
    } else {
        let count = u8::try_from(length.len() - zeros).expect("a length has at most 16 bytes");
        element.push(0x80 | count);
        element.extend_from_slice(&length[zeros..]);
    }
    element.extend_from_slice(content);
    element
}

/// Writes a number that is not negative.
pub(super) fn write_unsigned(number: u64) -> Vec<u8> {
    write(INTEGER, &unsigned_content(number))
}

/// Returns the content of the INTEGER `number`.
fn unsigned_content(number: u64) -> Vec<u8> {
    // One zero byte in front keeps the sign; all further ones go.
    let mut bytes = vec![0];
    bytes.extend_from_slice(&number.to_be_bytes());
    let superfluous = bytes
        .windows(2)
        .take_while(|pair| pair[0] == 0 && pair[1] < 0x80)
        .count();
    bytes.split_off(superfluous)
}

/// Reads a length, and returns what follows it.
fn length(bytes: &[u8]) -> Result<(usize, &[u8]), FormError> {
    let (&first, rest) = bytes.split_first().ok_or(FormError::Truncated)?;
    if first < 0x80 {
        return Ok((usize::from(first), rest));
    }
    let count = usize::from(first & 0x7f);
    // No length, which is the indefinite form, or more than three bytes: longer than anything read here.
    if !(1..=3).contains(&count) {
        return Err(FormError::Length);
    }
    let (digits, rest) = rest.split_at_checked(count).ok_or(FormError::Truncated)?;
    let length = digits
        .iter()
        .fold(0, |length, &byte| (length << 8) | usize::from(byte));
    if length < 0x80 || digits[0] == 0 {
        return Err(FormError::Length);
    }
    Ok((length, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_the_one_encoding_is_refused() {
        let cases: &[(&[u8], FormError)] = &[
            (b"", FormError::Truncated),
            (b"\x02", FormError::Truncated),
            (b"\x02\x02\x01", FormError::Truncated),
            (b"\x30\x80\x00\x00", FormError::Length),
            (b"\x04\x81\x01\x00", FormError::Length),
            (b"\x04\x84\x00\x00\x00\x00", FormError::Length),
            (b"\x1f\x01\x00", FormError::Tag),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Reader::new(bytes).any(), Err(*expected), "{bytes:02x?}");
        }
    }

    #[test]
    fn numbers_have_one_form() {
        let read = |bytes: &[u8]| Reader::new(bytes).small();
        assert_eq!(read(b"\x02\x01\x00"), Ok(0));
        assert_eq!(read(b"\x02\x02\x00\x80"), Ok(128));
        for wrong in [
            &b"\x02\x00"[..],
            b"\x02\x02\x00\x7f",
            b"\x02\x01\x80",
            b"\x02\x0a\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00",
        ] {
            assert_eq!(read(wrong), Err(FormError::Value), "{wrong:02x?}");
        }
    }

    #[test]
    fn named_bits_count_from_the_first_bit() {
        let read = |content: &[u8]| {
            let element = write(BIT_STRING, content);
            Reader::new(&element).any().and_then(Element::named_bits)
        };
        assert_eq!(read(b"\x06\xc0"), Ok(0b11));
        assert_eq!(read(b"\x00"), Ok(0));
        assert_eq!(read(b"\x05\x00\x00\x20"), Ok(1 << 18));
        for wrong in [&b""[..], b"\x06\xc1", b"\x08\x00", b"\x01"] {
            assert_eq!(read(wrong), Err(FormError::Value), "{wrong:02x?}");
        }
    }

    proptest! {
        #[test]
        fn every_number_and_content_is_read_as_written(number: u64, content in prop::collection::vec(any::<u8>(), 0..70_000)) {
            prop_assert_eq!(Reader::new(&write_unsigned(number)).small(), Ok(number));
            let written = write(OCTET_STRING, &content);
            let element = Reader::new(&written).any();
            prop_assert_eq!(element.map(|element| element.content), Ok(&content[..]));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = Reader::new(&bytes);
            while let Ok(element) = reader.any() {
                let _ = (element.small(), element.named_bits(), element.whole_bits(), element.signed());
            }
        }
    }
}
