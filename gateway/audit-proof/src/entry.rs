//! The audit entry: its fields, its canonical bytes and its strict decoding.
//!
//! An entry is one CBOR map with the keys of [`KEY_NAMES`]. The log sets what binds an entry to its place (keys 0 to 3,
//! 14 and 15); everything else comes from a [`Draft`] and stays opaque: this module knows the kinds of the fields and not
//! what they mean. Entries are hashed as they are stored and never encoded again to be checked.
//!
//! | key | name | kind | set by |
//! |---|---|---|---|
//! | 0 | v | unsigned, 1 | log |
//! | 1 | origin | text | log |
//! | 2 | seq | unsigned, the position | log |
//! | 3 | `t_ns` | unsigned, UTC nanoseconds, greater than that of the entry before | log |
//! | 4 | clk | array: source, estimated error in µs, leap or holdover flag ([`ClockState`]) | draft, or log where its clock has a state |
//! | 5 | ev | unsigned, the event number | draft |
//! | 6–10, 12, 13 | actor, object, res, dig, case, party, sealed | array | draft, optional |
//! | 11 | idem | 16 bytes | draft, optional |
//! | 14 | prev | 32 bytes, the leaf hash of the entry before, or the genesis hash | log |
//! | 15 | prev3 | 32 bytes, the SM3 counterpart of prev; in a log with both suites | log |

mod clock;
mod draft;
mod json;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use clock::{ClockFlag, ClockSource, ClockState};
pub use draft::{Draft, DraftError, Field, Place};

use crate::{
    cbor::{DecodeError, Decoder, Major, Value},
    hash::Hash,
};

/// Longest entry in bytes: what the 16-bit length of a C2SP tlog-tiles entry bundle can say.
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// The only version of the entry there is.
pub const ENTRY_VERSION: u64 = 1;

/// The names of the keys 0 to 15, as the rendering shows them.
pub const KEY_NAMES: [&str; 16] = [
    "v", "origin", "seq", "t_ns", "clk", "ev", "actor", "object", "res", "dig", "case", "idem",
    "party", "sealed", "prev", "prev3",
];

/// Why bytes are not an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The bytes are not deterministic CBOR, or an item is of the wrong kind for its key.
    #[error(transparent)]
    Encoding(#[from] DecodeError),
    /// The entry is longer than [`MAX_ENTRY_BYTES`].
    #[error("entry has {bytes} bytes")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// A key is not one of [`KEY_NAMES`].
    #[error("key {key} is unknown")]
    UnknownKey {
        /// The key.
        key: u64,
    },
    /// A key that every entry has is missing.
    #[error("key {key} is missing")]
    MissingKey {
        /// The key.
        key: u64,
    },
    /// The version is not [`ENTRY_VERSION`].
    #[error("entry version {version} is unknown")]
    Version {
        /// The version found.
        version: u64,
    },
    /// A byte string does not have the length its key asks for.
    #[error("key {key} has {bytes} bytes")]
    FieldLength {
        /// The key.
        key: u64,
        /// The length found.
        bytes: usize,
    },
}

/// A decoded entry that borrows its canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    bytes: &'a [u8],
    origin: &'a str,
    position: u64,
    time_ns: u64,
    event: u64,
    link: Hash,
    second_link: Option<Hash>,
    /// Where the value of each key lies in `bytes`; an empty range means that the key is absent.
    values: [Range<u16>; 16],
}

impl<'a> Entry<'a> {
    /// Decodes canonical bytes.
    ///
    /// # Errors
    /// [`EntryError`] for any bytes that the encoder would not have written.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::TooLong { bytes: bytes.len() });
        }
        let mut entry = Self {
            bytes,
            origin: "",
            position: 0,
            time_ns: 0,
            event: 0,
            link: [0; 32],
            second_link: None,
            values: [const { 0..0 }; 16],
        };
        let mut decoder = Decoder::new(bytes);
        let mut previous = None;
        for _ in 0..decoder.map()? {
            let key = decoder.key_above(previous)?;
            previous = Some(key);
            let start = decoder.offset();
            entry.read_value(key, &mut decoder)?;
            let range = entry
                .values
                .get_mut(usize::try_from(key).unwrap_or(usize::MAX));
            *range.ok_or(EntryError::UnknownKey { key })? = narrow(start)..narrow(decoder.offset());
        }
        decoder.finish()?;
        match [0, 1, 2, 3, 5, 14]
            .into_iter()
            .find(|key| entry.field_bytes(*key).is_none())
        {
            Some(key) => Err(EntryError::MissingKey {
                key: u64::from(key),
            }),
            None => Ok(entry),
        }
    }

    fn read_value(&mut self, key: u64, decoder: &mut Decoder<'a>) -> Result<(), EntryError> {
        match key {
            0 => {
                let version = decoder.unsigned()?;
                if version != ENTRY_VERSION {
                    return Err(EntryError::Version { version });
                }
            }
            1 => self.origin = decoder.text()?,
            2 => self.position = decoder.unsigned()?,
            3 => self.time_ns = decoder.unsigned()?,
            5 => self.event = decoder.unsigned()?,
            4 | 6..=10 | 12 | 13 => {
                if decoder.peek() != Some(Major::Array) {
                    // Read as an array so that the error names this place.
                    decoder.array()?;
                }
                decoder.skip()?;
            }
            11 => {
                fixed::<16>(key, decoder)?;
            }
            14 => self.link = fixed(key, decoder)?,
            15 => self.second_link = Some(fixed(key, decoder)?),
            _ => return Err(EntryError::UnknownKey { key }),
        }
        Ok(())
    }

    /// Returns the canonical bytes, which are what is hashed.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the name of the log (key 1).
    #[must_use]
    pub fn origin(&self) -> &'a str {
        self.origin
    }

    /// Returns the 0-based position (key 2).
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Returns the time in UTC nanoseconds since 1970-01-01 (key 3).
    #[must_use]
    pub fn time_ns(&self) -> u64 {
        self.time_ns
    }

    /// Returns the event number (key 5); the log does not know what it means.
    #[must_use]
    pub fn event(&self) -> u64 {
        self.event
    }

    /// Returns the hash of the entry before, or the genesis hash (key 14).
    #[must_use]
    pub fn link(&self) -> &Hash {
        &self.link
    }

    /// Returns the idempotency key (key 11), when there is one.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<[u8; 16]> {
        let bytes = self.field_bytes(11)?;
        // The head of a 16-byte string is one byte.
        bytes[1..].try_into().ok()
    }

    /// Returns the values of an array field, when the entry has it.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<Vec<Value>> {
        let bytes = self.field_bytes(field.key())?;
        match Decoder::new(bytes).value() {
            Ok(Value::Array(values)) => Some(values),
            _ => unreachable!("decoding an entry checks that its fields are arrays"),
        }
    }

    /// Returns the CBOR bytes of the value of any key, when the entry has it.
    #[must_use]
    pub fn field_bytes(&self, key: u8) -> Option<&'a [u8]> {
        let range = self.values.get(usize::from(key))?;
        let range = usize::from(range.start)..usize::from(range.end);
        (!range.is_empty()).then(|| &self.bytes[range])
    }

    /// Returns the SM3 hash of the entry before, or the SM3 genesis hash (key 15), when the entry has it.
    #[must_use]
    pub fn second_link(&self) -> Option<&Hash> {
        self.second_link.as_ref()
    }

    /// Renders the entry as one JSON object, from its bytes and nothing else.
    ///
    /// Keys carry the names of [`KEY_NAMES`]. Nothing is lost: numbers are written in full, byte strings as
    /// `{"hex":"…"}`, inner maps as objects whose keys are decimal numbers.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::render(self)
    }
}

/// Reads a byte string of exactly `LENGTH` bytes.
fn fixed<const LENGTH: usize>(
    key: u64,
    decoder: &mut Decoder<'_>,
) -> Result<[u8; LENGTH], EntryError> {
    let bytes = decoder.bytes()?;
    bytes.try_into().map_err(|_| EntryError::FieldLength {
        key,
        bytes: bytes.len(),
    })
}

fn narrow(offset: usize) -> u16 {
    u16::try_from(offset).expect("an entry is at most 65,535 bytes long")
}
