//! Time stamps of HJ 212: `YYYYMMDDhhmmss`, with `zzz` milliseconds in QN.
//!
//! The protocol states no offset; China has one, +08:00, and it is marked as
//! assumed. Reading is strict: a stamp of another shape, or of a day that does
//! not exist, is none. Lateness and intervals rely on [`Stamp::seconds`].

use adapter_sdk::proto::v1::{DateTime, Precision};

/// The offset of every stamp: the protocol is used in China only.
const OFFSET: &str = "+08:00";

/// A point in local time, to the second or the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    /// Seconds of local time since 1970-01-01 00:00:00.
    seconds: i64,
    /// Milliseconds; missing when the stamp has none.
    milliseconds: Option<u16>,
    /// The 14 digits, as sent.
    digits: [u8; 14],
}

impl Stamp {
    /// Reads 14 digits, or 17 with milliseconds.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if !matches!(bytes.len(), 14 | 17) || !bytes.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let digits: [u8; 14] = bytes[..14].try_into().ok()?;
        let pair = |at: usize| number(&digits[at..at + 2]);
        let year = number(&digits[..4]);
        let (month, day) = (pair(4), pair(6));
        let (hour, minute, second) = (pair(8), pair(10), pair(12));
        let is_day = (1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day);
        if year == 0 || !is_day || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = days_since_epoch(year, month, day);
        Some(Self {
            seconds: days * 86_400 + hour * 3_600 + minute * 60 + second,
            milliseconds: (bytes.len() == 17).then(|| number(&bytes[14..]) as u16),
            digits,
        })
    }

    /// Seconds of local time since 1970-01-01 00:00:00.
    pub(crate) fn seconds(self) -> i64 {
        self.seconds
    }

    /// The stamp without its milliseconds.
    pub(crate) fn to_second(self) -> Self {
        Self {
            milliseconds: None,
            ..self
        }
    }

    /// The stamp as the common schema writes it.
    pub(crate) fn to_date_time(self) -> DateTime {
        let precision = match self.milliseconds {
            Some(_) => Precision::Millisecond,
            None => Precision::Second,
        };
        DateTime {
            text: self.text(),
            precision: precision.into(),
            offset: OFFSET.to_owned(),
            offset_assumed: true,
        }
    }

    fn text(self) -> String {
        let mut text = String::with_capacity(29);
        let ends = [(4, '-'), (6, '-'), (8, 'T'), (10, ':'), (12, ':')];
        let mut from = 0;
        for (to, after) in ends {
            self.push(&mut text, from, to);
            text.push(after);
            from = to;
        }
        self.push(&mut text, from, 14);
        if let Some(milliseconds) = self.milliseconds {
            text.push('.');
            for divisor in [100, 10, 1] {
                text.push(char::from(b'0' + (milliseconds / divisor % 10) as u8));
            }
        }
        text.push_str(OFFSET);
        text
    }

    fn push(self, text: &mut String, from: usize, to: usize) {
        text.extend(self.digits[from..to].iter().map(|&digit| char::from(digit)));
    }
}

fn number(digits: &[u8]) -> i64 {
    digits
        .iter()
        .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last of its year.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, i64)>) {
        let stamp = Stamp::parse(text);
        let actual = stamp.map(|stamp| (stamp.text(), stamp.seconds()));
        let expected = expected.map(|(text, seconds)| (text.to_owned(), seconds));
        assert_eq!(actual, expected, "{text}");
    }

    #[test]
    fn stamps_are_read_to_the_digit() {
        check("19700101000000", Some(("1970-01-01T00:00:00+08:00", 0)));
        check(
            "20240229235959",
            Some(("2024-02-29T23:59:59+08:00", 1_709_251_199)),
        );
        check(
            "20260901080500007",
            Some(("2026-09-01T08:05:00.007+08:00", 1_788_249_900)),
        );
        check(
            "20260301000000",
            Some(("2026-03-01T00:00:00+08:00", 1_772_323_200)),
        );
    }

    #[test]
    fn what_is_no_time_is_no_stamp() {
        for text in [
            "",
            "2026090108050",
            "202609010805000",
            "20260901080500x",
            "20261301080500",
            "20260230080500",
            "20230229000000",
            "20260901240000",
            "20260901086000",
            "20260901080560",
            "00000000000000",
            "2026-09-01 080",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn a_stamp_says_how_exact_it_is_and_that_its_offset_is_assumed() {
        let second = Stamp::parse("20260901080500")
            .expect("a stamp")
            .to_date_time();
        assert_eq!(second.precision(), Precision::Second);
        assert!(second.offset_assumed);
        assert_eq!(second.offset, "+08:00");
        let exact = Stamp::parse("20260901080500123").expect("a stamp");
        assert_eq!(exact.to_date_time().precision(), Precision::Millisecond);
        assert_eq!(exact.to_second().to_date_time(), second);
    }
}
