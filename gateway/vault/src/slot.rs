//! Slots: the fixed-size places of a file of keys. Bytes and nothing else.
//!
//! ```text
//! state u8 | kind u8 | number u64 | first 32 | second 32 | wrapped key 60 | zeros 22 | crc32c u32
//! ```
//!
//! Numbers are little-endian. A slot never moves, so erasing overwrites a key where it lies, and no copy of it stays
//! behind in the file. What is left is a tombstone: `first` begins with the log position of the entry that says who
//! erased it, and the time of that entry in nanoseconds. A slot of zeros was never written.

use crate::blind::Tag;
use crate::key::{Compartment, KeyName};
use crate::wrap::{WRAPPED_BYTES, Wrapped};

/// Bytes of a slot.
pub(crate) const SLOT_BYTES: usize = 160;
const PLACE_BYTES: usize = 2 + 8 + 32 + 32;
const LIVE: u8 = 1;
const ERASED: u8 = 2;

/// What a live slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// The key of the blind index; slot 0.
    Index(Wrapped),
    /// The key of one message, or of one text of an entry.
    Message(Wrapped),
    /// The key of a person in a case.
    Subject {
        subject: Tag,
        case: Tag,
        key: Wrapped,
    },
    /// A value by which a person can be looked for.
    Alias { value: Tag, subject: u64 },
    /// A message that holds values of a person.
    Mention { subject: KeyName, message: u64 },
    /// A case that nothing may be erased of.
    Hold { case: Tag },
    /// A person in a case whose values are only stored; number of the slot of the key.
    Restriction { subject: KeyName },
}

/// What is left of an erased slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tombstone {
    /// Log position of the entry that says who erased it and why.
    pub position: u64,
    /// Time of that entry, UTC nanoseconds.
    pub time_ns: u64,
}

/// A slot as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Zeros: never written.
    Unwritten,
    Live(Content),
    Erased(Tombstone),
    /// Neither: cut off by a crash before anybody was told of it, or damaged.
    Damaged,
}

impl Content {
    fn kind(&self) -> u8 {
        match self {
            Self::Index(_) => 1,
            Self::Message(_) => 2,
            Self::Subject { .. } => 3,
            Self::Alias { .. } => 4,
            Self::Mention { .. } => 5,
            Self::Hold { .. } => 6,
            Self::Restriction { .. } => 7,
        }
    }
}

/// The bytes that bind a wrapped key to its slot.
pub(crate) fn place(kind: Kind, number: u64) -> [u8; PLACE_BYTES] {
    let (kind, first, second) = match kind {
        Kind::Index => (1, Tag::default(), Tag::default()),
        Kind::Message => (2, Tag::default(), Tag::default()),
        Kind::Subject(subject, case) => (3, subject, case),
    };
    head(LIVE, kind, number, first.0, second.0)
}

/// Kinds that hold a key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Index,
    Message,
    Subject(Tag, Tag),
}

fn head(state: u8, kind: u8, number: u64, first: [u8; 32], second: [u8; 32]) -> [u8; PLACE_BYTES] {
    let mut out = [0; PLACE_BYTES];
    out[0] = state;
    out[1] = kind;
    out[2..10].copy_from_slice(&number.to_le_bytes());
    out[10..42].copy_from_slice(&first);
    out[42..].copy_from_slice(&second);
    out
}

/// Encodes a live slot.
pub(crate) fn encode(number: u64, content: &Content) -> [u8; SLOT_BYTES] {
    let zeros = [0; 32];
    let (first, second, key) = match content {
        Content::Index(key) | Content::Message(key) => (zeros, zeros, Some(key)),
        Content::Subject { subject, case, key } => (subject.0, case.0, Some(key)),
        Content::Alias { value, subject } => (value.0, numbers(*subject, 0), None),
        Content::Mention { subject, message } => (named(*subject), numbers(*message, 0), None),
        Content::Hold { case } => (case.0, zeros, None),
        Content::Restriction { subject } => (named(*subject), zeros, None),
    };
    finish(head(LIVE, content.kind(), number, first, second), key)
}

/// Encodes what is left of an erased slot.
pub(crate) fn encode_tombstone(number: u64, left: Tombstone) -> [u8; SLOT_BYTES] {
    let first = numbers(left.position, left.time_ns);
    finish(head(ERASED, 0, number, first, [0; 32]), None)
}

fn finish(head: [u8; PLACE_BYTES], key: Option<&Wrapped>) -> [u8; SLOT_BYTES] {
    let mut out = [0; SLOT_BYTES];
    out[..PLACE_BYTES].copy_from_slice(&head);
    if let Some(key) = key {
        out[PLACE_BYTES..PLACE_BYTES + WRAPPED_BYTES].copy_from_slice(key);
    }
    let sum = crc32c::crc32c(&out[..SLOT_BYTES - 4]);
    out[SLOT_BYTES - 4..].copy_from_slice(&sum.to_le_bytes());
    out
}

fn numbers(one: u64, two: u64) -> [u8; 32] {
    let mut out = [0; 32];
    out[..8].copy_from_slice(&one.to_le_bytes());
    out[8..16].copy_from_slice(&two.to_le_bytes());
    out
}

fn named(name: KeyName) -> [u8; 32] {
    numbers(name.number, name.compartment as u64)
}

/// Decodes slot `number`.
pub(crate) fn decode(number: u64, bytes: &[u8; SLOT_BYTES]) -> Slot {
    if bytes.iter().all(|byte| *byte == 0) {
        return Slot::Unwritten;
    }
    read(number, bytes).unwrap_or(Slot::Damaged)
}

fn read(number: u64, bytes: &[u8; SLOT_BYTES]) -> Option<Slot> {
    let (content, sum) = bytes.split_last_chunk::<4>()?;
    let is_whole = crc32c::crc32c(content) == u32::from_le_bytes(*sum);
    let own = u64_at(bytes, 2)? == number;
    if !is_whole || !own {
        return None;
    }
    if bytes[0] == ERASED {
        return Some(Slot::Erased(Tombstone {
            position: u64_at(bytes, 10)?,
            time_ns: u64_at(bytes, 18)?,
        }));
    }
    if bytes[0] != LIVE {
        return None;
    }
    let first = Tag(bytes[10..42].try_into().ok()?);
    let second = Tag(bytes[42..74].try_into().ok()?);
    let key: Wrapped = bytes[PLACE_BYTES..PLACE_BYTES + WRAPPED_BYTES]
        .try_into()
        .ok()?;
    let name = || {
        Some(KeyName {
            compartment: Compartment::from_number(u8::try_from(u64_at(bytes, 18)?).ok()?)?,
            number: u64_at(bytes, 10)?,
        })
    };
    Some(Slot::Live(match bytes[1] {
        1 => Content::Index(key),
        2 => Content::Message(key),
        3 => Content::Subject {
            subject: first,
            case: second,
            key,
        },
        4 => Content::Alias {
            value: first,
            subject: u64_at(bytes, 42)?,
        },
        5 => Content::Mention {
            subject: name()?,
            message: u64_at(bytes, 42)?,
        },
        6 => Content::Hold { case: first },
        7 => Content::Restriction { subject: name()? },
        _ => return None,
    }))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(number: u64) -> KeyName {
        KeyName {
            compartment: Compartment::Reporter,
            number,
        }
    }

    fn contents() -> Vec<Content> {
        let key = [7; WRAPPED_BYTES];
        vec![
            Content::Index(key),
            Content::Message(key),
            Content::Subject {
                subject: Tag([1; 32]),
                case: Tag([2; 32]),
                key,
            },
            Content::Alias {
                value: Tag([3; 32]),
                subject: 4,
            },
            Content::Mention {
                subject: name(5),
                message: 6,
            },
            Content::Hold { case: Tag([8; 32]) },
            Content::Restriction { subject: name(9) },
        ]
    }

    #[test]
    fn what_is_written_is_read_at_its_own_place_and_no_other() {
        for content in contents() {
            let bytes = encode(12, &content);
            assert_eq!(decode(12, &bytes), Slot::Live(content));
            assert_eq!(decode(13, &bytes), Slot::Damaged);
        }
        let left = Tombstone {
            position: 77,
            time_ns: 88,
        };
        assert_eq!(decode(3, &encode_tombstone(3, left)), Slot::Erased(left));
        assert_eq!(decode(3, &[0; SLOT_BYTES]), Slot::Unwritten);
    }

    #[test]
    fn every_flipped_bit_is_damage() {
        for content in contents() {
            let bytes = encode(12, &content);
            for bit in 0..SLOT_BYTES * 8 {
                let mut changed = bytes;
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(
                    decode(12, &changed),
                    Slot::Damaged,
                    "{content:?}, bit {bit}"
                );
            }
        }
    }

    #[test]
    fn a_tombstone_keeps_no_byte_of_the_key() {
        let bytes = encode_tombstone(1, Tombstone::default());
        assert!(
            bytes[PLACE_BYTES..SLOT_BYTES - 4]
                .iter()
                .all(|byte| *byte == 0)
        );
    }

    proptest! {
        #[test]
        fn foreign_bytes_are_never_a_live_slot(bytes in proptest::collection::vec(any::<u8>(), SLOT_BYTES)) {
            let bytes: [u8; SLOT_BYTES] = bytes.try_into().unwrap();
            prop_assert!(!matches!(decode(1, &bytes), Slot::Live(_)));
        }
    }
}
