//! X.500 names: as text for people, and whether two are the same.
//!
//! The text is that of RFC 4514. It looks nothing up. The stamp's name of the authority relies on it; a chain compares
//! the encoded names instead.

use std::fmt::Write as _;

use super::{
    der::{Element, FormError, Reader, SEQUENCE, SET, UTF8_STRING, constructed},
    oid,
};

/// Short names of attribute types (RFC 4514 §3).
const SHORT: &[(&[u8], &str)] = &[
    (b"\x55\x04\x03", "CN"),
    (b"\x55\x04\x06", "C"),
    (b"\x55\x04\x07", "L"),
    (b"\x55\x04\x08", "ST"),
    (b"\x55\x04\x09", "STREET"),
    (b"\x55\x04\x0a", "O"),
    (b"\x55\x04\x0b", "OU"),
];

/// Returns the encoded name inside a general name, when it is a directory name.
pub(super) fn of_directory(general: Element<'_>) -> Option<&[u8]> {
    (general.tag == constructed(4)).then_some(general.content)
}

/// Returns the text of an encoded name.
pub(super) fn to_text(name: &[u8]) -> Result<String, FormError> {
    let mut outer = Reader::new(name);
    let mut relative_names = outer.inside(SEQUENCE)?;
    outer.end()?;
    let mut texts = Vec::new();
    while !relative_names.is_empty() {
        texts.push(relative(relative_names.inside(SET)?)?);
    }
    // The text begins with what the encoding ends with.
    texts.reverse();
    Ok(texts.join(","))
}

/// Returns whether two encoded names are the same to a reader, whatever string types they use.
pub(super) fn are_same(left: &[u8], right: &[u8]) -> bool {
    let text = |name| to_text(name).map(|text| text.to_lowercase());
    left == right || matches!((text(left), text(right)), (Ok(left), Ok(right)) if left == right)
}

/// Returns the text of one relative distinguished name.
fn relative(mut attributes: Reader<'_>) -> Result<String, FormError> {
    let mut text = String::new();
    while !attributes.is_empty() {
        let mut attribute = attributes.inside(SEQUENCE)?;
        let kind = attribute.identifier()?;
        let value = attribute.any()?;
        attribute.end()?;
        if !text.is_empty() {
            text.push('+');
        }
        match SHORT.iter().find(|(identifier, _)| *identifier == kind) {
            Some((_, short)) => text.push_str(short),
            None => text.push_str(&oid::to_dotted(kind)?),
        }
        text.push('=');
        match string(value) {
            Some(value) => escape(&value, &mut text),
            None => write_hex(value.whole, &mut text),
        }
    }
    if text.is_empty() {
        return Err(FormError::Value);
    }
    Ok(text)
}

/// Returns the characters of a value; `None` when it is no string of a known type.
fn string(value: Element<'_>) -> Option<String> {
    const PRINTABLE: u8 = 0x13;
    const IA5: u8 = 0x16;
    const BMP: u8 = 0x1e;
    match value.tag {
        UTF8_STRING => String::from_utf8(value.content.to_vec()).ok(),
        PRINTABLE | IA5 if value.content.is_ascii() => {
            String::from_utf8(value.content.to_vec()).ok()
        }
        BMP => {
            let (units, rest) = value.content.as_chunks::<2>();
            let units: Vec<u16> = units.iter().copied().map(u16::from_be_bytes).collect();
            String::from_utf16(&units).ok().filter(|_| rest.is_empty())
        }
        _ => None,
    }
}

/// Writes a value so that it cannot be taken for anything else (RFC 4514 §2.4).
fn escape(value: &str, text: &mut String) {
    let last = value.chars().count().saturating_sub(1);
    for (index, character) in value.chars().enumerate() {
        let at_edge =
            (index == 0 && matches!(character, ' ' | '#')) || (index == last && character == ' ');
        if at_edge || matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '=' | '\\') {
            text.push('\\');
        }
        if character.is_control() {
            let mut utf8 = [0; 4];
            for byte in character.encode_utf8(&mut utf8).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\{byte:02x}");
            }
        } else {
            text.push(character);
        }
    }
}

/// Writes an encoded value in hexadecimal.
fn write_hex(value: &[u8], text: &mut String) {
    text.push('#');
    text.push_str(&crate::hash::to_hex(value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::der::{OBJECT_IDENTIFIER, write};

    fn name(attributes: &[(&[u8], u8, &[u8])]) -> Vec<u8> {
        let relative_names: Vec<Vec<u8>> = attributes
            .iter()
            .map(|(kind, tag, value)| {
                let parts = [write(OBJECT_IDENTIFIER, kind), write(*tag, value)];
                write(SET, &write(SEQUENCE, &parts.concat()))
            })
            .collect();
        write(SEQUENCE, &relative_names.concat())
    }

    #[test]
    fn names_are_written_last_part_first_and_escaped() {
        let bytes = name(&[
            (b"\x55\x04\x06", 0x13, b"CN"),
            (b"\x55\x04\x0a", UTF8_STRING, "时间, Ltd ".as_bytes()),
            (b"\x55\x04\x03", 0x1e, b"\x00T\x00S\x00A"),
            (b"\x2a\x03", 0x02, b"\x01"),
        ]);
        assert_eq!(
            to_text(&bytes),
            Ok("1.2.3=#020101,CN=TSA,O=时间\\, Ltd\\ ,C=CN".to_owned())
        );
    }

    #[test]
    fn string_types_and_case_make_no_other_name() {
        let utf8 = name(&[(b"\x55\x04\x03", UTF8_STRING, b"Time")]);
        let printable = name(&[(b"\x55\x04\x03", 0x13, b"TIME")]);
        let other = name(&[(b"\x55\x04\x03", 0x13, b"TIMES")]);
        assert!(are_same(&utf8, &printable));
        assert!(!are_same(&utf8, &other));
    }
}
