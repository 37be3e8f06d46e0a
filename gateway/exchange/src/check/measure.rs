//! What a guest's bytes would become, measured before anything is made of them.
//!
//! A scan of the wire format at its top level, without allocating. It decides
//! nothing about validity: what passes is decoded afterwards. `check` relies on
//! it, so that a guest's output cannot be turned into a hundred times its memory.

use prost::encoding::{DecodeContext, WireType, decode_key, skip_field};

/// How many of its repeated fields an encoded `Conversion` holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Measure {
    /// Records (field 1).
    pub(super) records: usize,
    /// Findings about the message (field 3).
    pub(super) findings: usize,
}

/// Measures an encoded `Conversion`. `None`: the bytes are no message at all.
pub(super) fn measure(mut bytes: &[u8]) -> Option<Measure> {
    let mut measure = Measure::default();
    while !bytes.is_empty() {
        let (tag, wire_type) = decode_key(&mut bytes).ok()?;
        match (tag, wire_type) {
            (1, WireType::LengthDelimited) => measure.records += 1,
            (3, WireType::LengthDelimited) => measure.findings += 1,
            _ => {}
        }
        skip_field(wire_type, tag, &mut bytes, DecodeContext::default()).ok()?;
    }
    Some(measure)
}

/// Cuts `text` to at most `most` bytes, between characters.
pub(super) fn cut(text: &mut String, most: usize) {
    text.truncate(text.floor_char_boundary(most));
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use proto::v1::{Conversion, Finding, Record};

    use super::*;

    #[test]
    fn only_fields_of_the_top_level_count() {
        let inner = Conversion {
            records: vec![Record::default(); 5],
            ..Conversion::default()
        };
        let conversion = Conversion {
            records: vec![Record::default(); 3],
            findings: vec![Finding::default(); 2],
            reply: inner.encode_to_vec(),
            ..Conversion::default()
        };
        let expected = Measure {
            records: 3,
            findings: 2,
        };
        assert_eq!(measure(&conversion.encode_to_vec()), Some(expected));
        assert_eq!(measure(&[]), Some(Measure::default()));
    }

    #[test]
    fn bytes_that_end_half_way_are_no_message() {
        // A length without its bytes, a key without a value, a group without its start, field 0.
        for bytes in [&[0x0A, 5, 1][..], &[0x08], &[0x0C], &[0x02, 0], &[0xFF; 11]] {
            assert_eq!(measure(bytes), None, "{bytes:02X?}");
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        let check = |text: &str, most: usize, expected: &str| {
            let mut text = text.to_owned();
            cut(&mut text, most);
            assert_eq!(text, expected);
        };
        check("abc", 3, "abc");
        check("abcd", 3, "abc");
        check("包头", 5, "包");
        check("包头", 2, "");
        check("", 0, "");
    }
}
