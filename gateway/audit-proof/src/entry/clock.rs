//! The state of the clock by which an entry was timed (key 4): where its time comes from and how far off it may be.
//!
//! A claim of the node, like the time itself. It is what the operating system said when the entry was made, and tells an
//! expert whether a time is that of a disciplined clock or of a quartz that runs by itself. Other values than these are
//! shown as they are and make no entry wrong: the log does not know what its fields mean.

use crate::cbor::{Major, Value, write_head, write_text};

use super::Field;

/// Who keeps the clock right, as far as the operating system knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockSource {
    /// A pulse per second, as a receiver of BeiDou (北斗) or GPS gives it.
    Pps,
    /// A time service over the network steers it (NTP, PTP); what steers that is not known here.
    Ntp,
    /// Nobody: the clock of the machine runs by itself.
    Free,
}

/// What is special about the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockFlag {
    /// Nothing.
    Normal,
    /// A leap second will be inserted at the end of the day (闰秒).
    LeapInsert,
    /// A leap second will be deleted at the end of the day.
    LeapDelete,
    /// A leap second is going on.
    LeapNow,
    /// The clock is not synchronised now, or nobody has steered it for long (守时).
    Holdover,
}

/// The state of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockState {
    /// Who keeps it right.
    pub source: ClockSource,
    /// The operating system's estimate of its error, in microseconds.
    pub error_us: u64,
    /// What is special about the moment.
    pub flag: ClockFlag,
}

/// The most bytes that key and value take: array of three, texts of at most eleven bytes, a number.
pub(super) const MAX_CLOCK_BYTES: usize = 1 + 1 + 5 + 9 + 12;

impl ClockSource {
    const ALL: [Self; 3] = [Self::Pps, Self::Ntp, Self::Free];

    /// Returns its word in an entry.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pps => "pps",
            Self::Ntp => "ntp",
            Self::Free => "free",
        }
    }
}

impl ClockFlag {
    const ALL: [Self; 5] = [
        Self::Normal,
        Self::LeapInsert,
        Self::LeapDelete,
        Self::LeapNow,
        Self::Holdover,
    ];

    /// Returns its word in an entry.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::LeapInsert => "leap-insert",
            Self::LeapDelete => "leap-delete",
            Self::LeapNow => "leap",
            Self::Holdover => "holdover",
        }
    }
}

impl ClockState {
    /// Returns the key and the value as they stand in an entry.
    #[must_use]
    pub fn to_cbor(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAX_CLOCK_BYTES);
        write_head(&mut out, Major::Unsigned, u64::from(Field::Clock.key()));
        write_head(&mut out, Major::Array, 3);
        write_text(&mut out, self.source.word());
        write_head(&mut out, Major::Unsigned, self.error_us);
        write_text(&mut out, self.flag.word());
        out
    }

    /// Reads the values of the field; `None` when they are not a state as it is written here.
    #[must_use]
    pub fn from_values(values: &[Value]) -> Option<Self> {
        let [
            Value::Text(source),
            Value::Unsigned(error_us),
            Value::Text(flag),
        ] = values
        else {
            return None;
        };
        let mut sources = ClockSource::ALL.into_iter();
        let mut flags = ClockFlag::ALL.into_iter();
        Some(Self {
            source: sources.find(|known| known.word() == source)?,
            error_us: *error_us,
            flag: flags.find(|known| known.word() == flag)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor::Decoder;

    #[test]
    fn every_state_is_read_back_and_takes_no_more_bytes_than_are_reserved() {
        for source in ClockSource::ALL {
            for flag in ClockFlag::ALL {
                for error_us in [0, 23, 1_000, u64::MAX] {
                    let state = ClockState {
                        source,
                        error_us,
                        flag,
                    };
                    let bytes = state.to_cbor();
                    assert!(bytes.len() <= MAX_CLOCK_BYTES, "{state:?}");
                    assert_eq!(bytes[0], 4);
                    let Ok(Value::Array(values)) = Decoder::new(&bytes[1..]).value() else {
                        panic!("{bytes:?} is no array");
                    };
                    assert_eq!(ClockState::from_values(&values), Some(state));
                }
            }
        }
        let other = [Value::from("ntp"), Value::from(150_u64), Value::Bool(false)];
        assert_eq!(ClockState::from_values(&other), None);
    }
}
