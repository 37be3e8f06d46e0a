//! Values that are sealed: `sealed/<p>/<n>.fields` beside the stored result that holds their commitments.
//!
//! A value of class P and above is in a stored result as a salted commitment and as sealed bytes. A package says of each
//! value whether it stays sealed, was erased by an entry of the log, or is disclosed with its salt. Whoever checks needs
//! SHA-256 alone. Pure.

use std::fmt;

use audit_proof::{hash::Hash, suite::Suite};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::proofs::{Lines, ProofTextError, decimal};

/// The first line.
const FIELDS: &str = "lawgate-sealed-fields/v1";

/// What a line of an attribute begins with.
const ATTRIBUTE: &str = "attribute ";

/// The byte that a stored result with sealed values begins with.
const SEALED_RESULT: u8 = 2;

/// What is said of one sealed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldState {
    /// It stays sealed.
    Sealed,
    /// Its key was destroyed, by the entry at this position.
    Erased(u64),
    /// It is disclosed.
    Disclosed {
        /// The salt of its commitment.
        salt: [u8; 32],
        /// A text's UTF-8; of anything else its message with that field alone, encoded.
        value: Vec<u8>,
    },
}

/// One sealed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldLine {
    /// Where it belongs, from the conversion on: the tag of its commitment.
    pub path: String,
    /// The commitment.
    pub commitment: Hash,
    /// What is said of it.
    pub state: FieldState,
}

/// What is said of the message itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadState {
    /// It stays sealed.
    Sealed,
    /// It was erased, by the entry at this position.
    Erased(u64),
    /// It is in the package; its leaf is over this salt, empty where the agency signed, and the message.
    Included(Vec<u8>),
}

/// The sealed values of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldsText {
    /// The message itself.
    pub payload: PayloadState,
    /// What its sender stated beside it: name and value; only of a message that is included. Nothing binds it to the log.
    pub attributes: Vec<(String, String)>,
    /// The values, in the order of the stored result.
    pub fields: Vec<FieldLine>,
}

impl FieldsText {
    /// Reads a text; writing it again gives the same.
    ///
    /// # Errors
    /// The line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofTextError> {
        let mut lines = Lines::new(bytes)?;
        lines.exactly(FIELDS)?;
        let payload = lines.take(payload)?;
        let mut attributes = Vec::new();
        while matches!(payload, PayloadState::Included(_))
            && lines.peek().is_some_and(|line| line.starts_with(ATTRIBUTE))
        {
            attributes.push(lines.take(attribute)?);
        }
        let mut fields = Vec::new();
        while lines.peek().is_some() {
            fields.push(lines.take(field)?);
        }
        Ok(Self {
            payload,
            attributes,
            fields,
        })
    }
}

impl fmt::Display for FieldsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIELDS}")?;
        match &self.payload {
            PayloadState::Sealed => writeln!(f, "payload sealed")?,
            PayloadState::Erased(position) => writeln!(f, "payload erased {position}")?,
            PayloadState::Included(salt) if salt.is_empty() => writeln!(f, "payload unsalted")?,
            PayloadState::Included(salt) => {
                writeln!(f, "payload salted {}", STANDARD.encode(salt))?;
            }
        }
        for (name, value) in &self.attributes {
            let (name, value) = (STANDARD.encode(name), STANDARD.encode(value));
            writeln!(f, "{ATTRIBUTE}{name} {value}")?;
        }
        for line in &self.fields {
            let commitment = STANDARD.encode(line.commitment);
            write!(f, "field {} {commitment} ", line.path)?;
            match &line.state {
                FieldState::Sealed => writeln!(f, "sealed")?,
                FieldState::Erased(position) => writeln!(f, "erased {position}")?,
                FieldState::Disclosed { salt, value } => {
                    let (salt, value) = (STANDARD.encode(salt), STANDARD.encode(value));
                    writeln!(f, "disclosed {salt} {value}")?;
                }
            }
        }
        Ok(())
    }
}

fn payload(line: &str) -> Option<PayloadState> {
    let words: Vec<&str> = line.split(' ').collect();
    Some(match words.as_slice() {
        ["payload", "sealed"] => PayloadState::Sealed,
        ["payload", "erased", position] => PayloadState::Erased(decimal(position)?),
        ["payload", "unsalted"] => PayloadState::Included(Vec::new()),
        ["payload", "salted", salt] => PayloadState::Included(bytes32(salt)?.to_vec()),
        _ => return None,
    })
}

fn attribute(line: &str) -> Option<(String, String)> {
    let (name, value) = line.strip_prefix(ATTRIBUTE)?.split_once(' ')?;
    let text = |text| String::from_utf8(STANDARD.decode(text).ok()?).ok();
    Some((text(name)?, text(value)?))
}

fn field(line: &str) -> Option<FieldLine> {
    let words: Vec<&str> = line.split(' ').collect();
    let ["field", path, commitment, state @ ..] = words.as_slice() else {
        return None;
    };
    let state = match state {
        ["sealed"] => FieldState::Sealed,
        ["erased", position] => FieldState::Erased(decimal(position)?),
        ["disclosed", salt, value] => FieldState::Disclosed {
            salt: bytes32(salt)?,
            value: STANDARD.decode(value).ok()?,
        },
        _ => return None,
    };
    (!path.is_empty()).then_some(FieldLine {
        path: (*path).to_owned(),
        commitment: bytes32(commitment)?,
        state,
    })
}

fn bytes32(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// The commitment to a value: SHA-256(0x02 ‖ length of tag, 2 bytes, big-endian ‖ tag ‖ salt ‖ value); `None` for a tag
/// of 65,536 bytes or more.
#[must_use]
pub fn commitment(tag: &str, salt: &[u8; 32], value: &[u8]) -> Option<Hash> {
    let length = u16::try_from(tag.len()).ok()?;
    let whole = [&[2], &length.to_be_bytes()[..], tag.as_bytes(), salt, value].concat();
    Some(Suite::Sha256.hash(&whole))
}

/// Tag and commitment of each sealed value of a stored result, in order; `None` when the bytes are no stored result with
/// sealed values (docs/evidence-package.md).
#[must_use]
pub fn commitments(part: &[u8]) -> Option<Vec<(String, Hash)>> {
    let (kind, mut rest) = part.split_first()?;
    if *kind != SEALED_RESULT {
        return None;
    }
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (number, bytes, after) = protobuf_field(rest)?;
        rest = after;
        if number == 2 {
            found.push(sealed_field(bytes)?);
        }
    }
    Some(found)
}

fn sealed_field(mut rest: &[u8]) -> Option<(String, Hash)> {
    let (mut path, mut commitment) = (None, None);
    while !rest.is_empty() {
        let (number, bytes, after) = protobuf_field(rest)?;
        rest = after;
        match number {
            1 => path = Some(std::str::from_utf8(bytes).ok()?.to_owned()),
            2 => commitment = Some(bytes.try_into().ok()?),
            _ => {}
        }
    }
    Some((path?, commitment?))
}

/// Number and bytes of the next length-delimited field of Protocol Buffers, and what follows it. The messages that are
/// read here have no other kind.
fn protobuf_field(bytes: &[u8]) -> Option<(u64, &[u8], &[u8])> {
    let (key, rest) = varint(bytes)?;
    let (length, rest) = varint(rest)?;
    let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    (key & 7 == 2).then_some((key >> 3, value, rest))
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(9).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> FieldsText {
        let line = |path: &str, state| FieldLine {
            path: path.to_owned(),
            commitment: [4; 32],
            state,
        };
        FieldsText {
            payload: PayloadState::Included(vec![7; 32]),
            attributes: vec![("source 源".to_owned(), String::new())],
            fields: vec![
                line("records[0].case.name", FieldState::Sealed),
                line("records[0].case.phone", FieldState::Erased(90)),
                line(
                    "records[1].case.name",
                    FieldState::Disclosed {
                        salt: [8; 32],
                        value: "张三".as_bytes().to_vec(),
                    },
                ),
            ],
        }
    }

    #[test]
    fn a_text_is_read_as_it_is_written() {
        for payload in [
            PayloadState::Sealed,
            PayloadState::Erased(3),
            PayloadState::Included(Vec::new()),
            PayloadState::Included(vec![1; 32]),
        ] {
            let attributes = match payload {
                PayloadState::Included(_) => text().attributes,
                PayloadState::Sealed | PayloadState::Erased(_) => Vec::new(),
            };
            let text = FieldsText {
                payload,
                attributes,
                ..text()
            };
            assert_eq!(FieldsText::parse(text.to_string().as_bytes()), Ok(text));
        }
    }

    #[test]
    fn a_line_with_one_thing_more_or_less_is_refused() {
        let whole = text().to_string();
        for (from, to) in [
            ("payload salted", "payload  salted"),
            ("attribute ", "attribute  "),
            (" \nfield", "\nfield"),
            (" \nfield", " =\nfield"),
            (" sealed\n", "\n"),
            (" sealed\n", " sealed 1\n"),
            ("erased 90", "erased 090"),
            ("erased 90", "erased"),
            ("field ", "fields "),
        ] {
            let other = whole.replacen(from, to, 1);
            assert_ne!(other, whole);
            assert!(FieldsText::parse(other.as_bytes()).is_err(), "{from:?}");
        }
        let stays_sealed = FieldsText {
            payload: PayloadState::Sealed,
            ..text()
        };
        let bytes = stays_sealed.to_string();
        assert!(FieldsText::parse(bytes.as_bytes()).is_err(), "{bytes}");
    }

    #[test]
    fn the_commitment_of_a_known_value_is_that_of_the_vault() {
        let salt: [u8; 32] = std::array::from_fn(|index| index as u8);
        let found = commitment("a.b", &salt, b"v").expect("a short tag");
        let whole = [&[2, 0, 3][..], b"a.b", &salt, b"v"].concat();
        assert_eq!(found, Suite::Sha256.hash(&whole));
    }

    #[test]
    fn the_commitments_of_a_stored_result_are_found_in_order() {
        let field = |path: &str, byte| {
            let mut inner = vec![0x0a, path.len() as u8];
            inner.extend(path.as_bytes());
            inner.extend([0x12, 32]);
            inner.extend([byte; 32]);
            inner.extend([0x1a, 2, 1, 2]);
            [vec![0x12, inner.len() as u8], inner].concat()
        };
        let part = [vec![2, 0x0a, 1, 9], field("a", 1), field("b", 2)].concat();
        let expected = vec![("a".to_owned(), [1; 32]), ("b".to_owned(), [2; 32])];
        assert_eq!(commitments(&part), Some(expected));
        assert_eq!(commitments(&part[1..]), None);
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_refused_without_panic(bytes: Vec<u8>) {
            let _ = commitments(&bytes);
            let with_kind = [vec![2], bytes.clone()].concat();
            let _ = commitments(&with_kind);
            let _ = FieldsText::parse(&bytes);
        }
    }
}
