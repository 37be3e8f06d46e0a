//! Identities of records and submissions.
//!
//! A ULID whose random part is not random: it holds the log position, the
//! message number and the ordinal of the record, so that a record is found
//! without an index and the same record always has the same identity
//! (docs/decisions/0006). Readers of the API treat it as opaque text.

use std::fmt;

/// Most messages a submission may hold: the identity has 16 bits for their number.
pub const MAX_MESSAGES: usize = 1 << 16;

/// Most records one message may yield: the identity has 16 bits for their ordinal.
pub const MAX_RECORDS_PER_MESSAGE: usize = 1 << 16;

/// Largest position an identity can name: 40 bits, a million entries a second for twelve days
/// or a thousand a second for 34 years.
pub const MAX_POSITION: u64 = (1 << 40) - 1;

/// Crockford's alphabet of ULID: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Place of a record: entry, message, ordinal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordPlace {
    /// Position of the submission's entry in the log.
    pub position: u64,
    /// Number of the message in the submission.
    pub message: u16,
    /// Number of the record in the message.
    pub ordinal: u16,
}

/// Identity of a record: 48 bits of time, 40 of position, 16 of message, 16 of ordinal, 8 zero
/// (kept for the shard of the log).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordId(u128);

impl RecordId {
    /// The identity of the record at `place` of an entry made at `time_ns` (UTC, nanoseconds).
    pub fn new(time_ns: u64, place: RecordPlace) -> RecordId {
        let millis = u128::from(time_ns / 1_000_000) & ((1 << 48) - 1);
        RecordId(
            millis << 80
                | u128::from(place.position & MAX_POSITION) << 40
                | u128::from(place.message) << 24
                | u128::from(place.ordinal) << 8,
        )
    }

    /// The identity of a whole submission: the place of its first record.
    pub fn of_submission(time_ns: u64, position: u64) -> RecordId {
        RecordId::new(
            time_ns,
            RecordPlace {
                position,
                message: 0,
                ordinal: 0,
            },
        )
    }

    /// Reads 26 characters of Crockford's base 32; letters may be lower case.
    ///
    /// `None` for any other length, character, overflow or a non-zero shard.
    pub fn parse(text: &str) -> Option<RecordId> {
        if text.len() != 26 {
            return None;
        }
        let mut value: u128 = 0;
        for (index, byte) in text.bytes().enumerate() {
            let digit = ALPHABET
                .iter()
                .position(|&letter| letter == byte.to_ascii_uppercase())?;
            if index == 0 && digit > 7 {
                return None;
            }
            value = value << 5 | digit as u128;
        }
        (value & 0xFF == 0).then_some(RecordId(value))
    }

    /// The place the identity names.
    pub fn place(self) -> RecordPlace {
        RecordPlace {
            position: (self.0 >> 40) as u64 & MAX_POSITION,
            message: (self.0 >> 24) as u16,
            ordinal: (self.0 >> 8) as u16,
        }
    }

    /// The time the identity names, in UTC milliseconds.
    pub fn millis(self) -> u64 {
        (self.0 >> 80) as u64
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; 26];
        for (index, letter) in text.iter_mut().enumerate() {
            *letter = ALPHABET[(self.0 >> (125 - 5 * index)) as usize & 31];
        }
        formatter.write_str(std::str::from_utf8(&text).expect("the alphabet is ASCII"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(position: u64, message: u16, ordinal: u16) -> RecordPlace {
        RecordPlace {
            position,
            message,
            ordinal,
        }
    }

    #[test]
    fn an_identity_names_its_place_and_time() {
        for place in [
            place(0, 0, 0),
            place(1, 2, 3),
            place(MAX_POSITION, u16::MAX, u16::MAX),
        ] {
            let id = RecordId::new(1_767_225_600_123_456_789, place);
            let read = RecordId::parse(&id.to_string()).expect("own text is read");
            assert_eq!(read, id);
            assert_eq!(read.place(), place);
            assert_eq!(read.millis(), 1_767_225_600_123);
        }
    }

    #[test]
    fn identities_sort_by_time_then_place() {
        let early = RecordId::new(1_000_000_000, place(9, 9, 9)).to_string();
        let late = RecordId::new(2_000_000_000, place(1, 0, 0)).to_string();
        let later = RecordId::new(2_000_000_000, place(1, 0, 1)).to_string();
        assert!(early < late && late < later);
    }

    #[test]
    fn foreign_text_is_not_an_identity() {
        for text in [
            "",
            "01",
            "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "01ARZ3NDEKTSV4RRFFQ69G5FAU",
            "包头市包头市包头市",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        ] {
            let read = RecordId::parse(text);
            assert!(read.is_none(), "{text} was read as {read:?}");
        }
    }

    #[test]
    fn lower_case_is_read() {
        let id = RecordId::new(5_000_000_000, place(77, 1, 2));
        assert_eq!(RecordId::parse(&id.to_string().to_lowercase()), Some(id));
    }
}
