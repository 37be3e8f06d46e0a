//! A draft: the part of an entry that its author decides, and the encoder that completes it.
//!
//! A draft encodes its fields when they are set, on the author's thread, so that the log only joins bytes. It holds no
//! position, time or link: those exist only once the log has given the entry its place.

use super::{ENTRY_VERSION, MAX_ENTRY_BYTES, clock::MAX_CLOCK_BYTES};
use crate::{
    cbor::{MAX_DEPTH, Major, TooDeep, Value, write_bytes, write_head, write_text, write_value},
    hash::Hash,
    suite::LogSuite,
};

/// An array field that a draft may carry; the number is its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The state of the clock when the entry was made: source, estimated error in µs, leap or holdover flag.
    Clock = 4,
    /// Who acted: organisation, role, certificate SHA-256, pseudonym commitment.
    Actor = 6,
    /// What was acted on: feed, record commitment, schema version, adapter, component and configuration digests.
    Object = 7,
    /// What came of it: code, policy decision, rules.
    Outcome = 8,
    /// Integrity values of what came in and went out (完整性校验值).
    Digests = 9,
    /// Case number, purpose, legal basis (关联性).
    Case = 10,
    /// The counter and signature of the party that sent it.
    Party = 12,
    /// Commitments to personal values that stay outside the log.
    Sealed = 13,
}

impl Field {
    /// Returns the key under which the field stands in an entry.
    #[must_use]
    pub fn key(self) -> u8 {
        self as u8
    }
}

/// Why a draft cannot become an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// A field is nested deeper than [`MAX_DEPTH`].
    #[error("a field of the draft is nested too deep")]
    TooDeep,
    /// The entry could be longer than [`MAX_ENTRY_BYTES`].
    #[error("the entry would take up to {bytes} bytes, more than {MAX_ENTRY_BYTES}")]
    TooLong {
        /// The most bytes the entry could take.
        bytes: usize,
    },
}

/// What an author hands to the log: an event number and fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    event: u64,
    /// Key and value of each field, in ascending order of the keys.
    encoded: Vec<u8>,
    /// The key and the end in `encoded` of each field, ascending.
    ends: Vec<(u8, usize)>,
    too_deep: bool,
}

/// The most bytes that the map head, version, position, time, state of the clock, event and link take together.
const FIXED_BYTES: usize = 1 + 2 + 10 + 10 + MAX_CLOCK_BYTES + 10 + 35;
/// The bytes that the link of the second suite takes.
const SECOND_LINK_BYTES: usize = 35;

/// What the log adds to a draft.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The name of the log.
    pub origin: &'a str,
    /// The 0-based position of the entry.
    pub position: u64,
    /// The time of the entry, UTC nanoseconds since 1970-01-01; later than that of the entry before.
    pub time_ns: u64,
    /// The leaf hash of the entry before, or the genesis hash.
    pub link: &'a Hash,
    /// In a log with both suites, the SM3 leaf hash of the entry before, or the SM3 genesis hash.
    pub second_link: Option<&'a Hash>,
}

impl Draft {
    /// Starts a draft of an event; the log does not know what the number means.
    #[must_use]
    pub fn new(event: u64) -> Self {
        Self {
            event,
            encoded: Vec::new(),
            ends: Vec::new(),
            too_deep: false,
        }
    }

    /// Returns the event number.
    #[must_use]
    pub fn event(&self) -> u64 {
        self.event
    }

    /// Sets an array field; a field set twice keeps the second value.
    ///
    /// Text must be in Unicode normalisation form C: that is the author's duty, the log does not check it.
    /// A value nested deeper than [`MAX_DEPTH`] makes appending the draft fail.
    #[must_use]
    pub fn with(mut self, field: Field, values: Vec<Value>) -> Self {
        self.set(field.key(), |out| {
            write_value(out, &Value::Array(values), MAX_DEPTH)
        });
        self
    }

    /// Sets the idempotency key (key 11).
    #[must_use]
    pub fn with_idempotency_key(mut self, key: [u8; 16]) -> Self {
        self.set(11, |out| {
            write_bytes(out, &key);
            Ok(())
        });
        self
    }

    fn set(&mut self, key: u8, write: impl FnOnce(&mut Vec<u8>) -> Result<(), TooDeep>) {
        // Fields are nearly always set in ascending order; then nothing is moved.
        let place = self.ends.partition_point(|(other, _)| *other < key);
        let start = if place == 0 {
            0
        } else {
            self.ends[place - 1].1
        };
        let end = match self.ends.get(place) {
            Some((other, end)) if *other == key => {
                let end = *end;
                self.ends.remove(place);
                end
            }
            _ => start,
        };
        let later = self.encoded.split_off(end);
        self.encoded.truncate(start);
        write_head(&mut self.encoded, Major::Unsigned, u64::from(key));
        self.too_deep |= write(&mut self.encoded).is_err();
        let new_end = self.encoded.len();
        self.encoded.extend_from_slice(&later);
        for (_, later_end) in &mut self.ends[place..] {
            *later_end = *later_end - end + new_end;
        }
        self.ends.insert(place, (key, new_end));
    }

    /// Checks that the draft becomes an entry wherever the log with that name and suite places it; returns the most bytes it can take.
    ///
    /// # Errors
    /// [`DraftError`] when it is nested too deeply or too long.
    pub fn check(&self, origin: &str, suite: LogSuite) -> Result<usize, DraftError> {
        if self.too_deep {
            return Err(DraftError::TooDeep);
        }
        let second_link = match suite {
            LogSuite::Sha256 => 0,
            LogSuite::Dual => SECOND_LINK_BYTES,
        };
        let bytes = FIXED_BYTES + second_link + 4 + origin.len() + self.encoded.len();
        if bytes > MAX_ENTRY_BYTES {
            Err(DraftError::TooLong { bytes })
        } else {
            Ok(bytes)
        }
    }

    /// Appends the canonical bytes of the entry at `place`; the draft has been checked.
    pub fn write_entry(&self, place: Place<'_>, out: &mut Vec<u8>) {
        self.write_timed_entry(place, &[], out);
    }

    /// The same, with the state of the clock by which `place` is timed, as [`ClockState::to_cbor`] gives it or empty.
    ///
    /// A draft that has a state of its own keeps it.
    ///
    /// [`ClockState::to_cbor`]: super::ClockState::to_cbor
    pub fn write_timed_entry(&self, place: Place<'_>, clock: &[u8], out: &mut Vec<u8>) {
        let own_clock = self
            .ends
            .first()
            .filter(|(key, _)| *key == Field::Clock.key());
        let clock_end = own_clock.map_or(0, |(_, end)| *end);
        let clock = if own_clock.is_some() { &[] } else { clock };
        let added = 1 + u64::from(place.second_link.is_some()) + u64::from(!clock.is_empty());
        write_head(out, Major::Map, 5 + added + self.ends.len() as u64);
        out.push(0);
        write_head(out, Major::Unsigned, ENTRY_VERSION);
        out.push(1);
        write_text(out, place.origin);
        out.push(2);
        write_head(out, Major::Unsigned, place.position);
        out.push(3);
        write_head(out, Major::Unsigned, place.time_ns);
        out.extend_from_slice(clock);
        out.extend_from_slice(&self.encoded[..clock_end]);
        out.push(5);
        write_head(out, Major::Unsigned, self.event);
        out.extend_from_slice(&self.encoded[clock_end..]);
        out.push(14);
        write_bytes(out, place.link);
        if let Some(link) = place.second_link {
            out.push(15);
            write_bytes(out, link);
        }
    }
}
