//! UTCTime and GeneralizedTime as seconds and nanoseconds since 1970.
//!
//! Only the forms that RFC 5280 §4.1.2.5 and RFC 3161 §2.4.2 allow: UTC, with seconds; a fraction in tokens only. It
//! reads no clock. Certificates and tokens rely on it.

use super::der::{Element, FormError, GENERALIZED_TIME, UTC_TIME};

/// Nanoseconds in a second.
pub(super) const NANOS: u64 = 1_000_000_000;

/// Returns the time of a certificate, in seconds since 1970.
pub(super) fn certificate_time(element: Element<'_>) -> Result<i64, FormError> {
    match (element.tag, element.content.split_last()) {
        (UTC_TIME, Some((b'Z', digits))) if digits.len() == 12 => {
            // Two digits of a year mean 1950 to 2049 (RFC 5280 §4.1.2.5.1).
            let year = number(&digits[..2])?;
            let century = if year >= 50 { 1900 } else { 2000 };
            seconds(century + year, &digits[2..])
        }
        (GENERALIZED_TIME, Some((b'Z', digits))) if digits.len() == 14 => {
            seconds(number(&digits[..4])?, &digits[4..])
        }
        (UTC_TIME | GENERALIZED_TIME, _) => Err(FormError::Value),
        _ => Err(FormError::Tag),
    }
}

/// Returns the time of a token, in nanoseconds since 1970.
///
/// A fraction has at most nine digits and does not end in zero. Leap seconds (a 60) are refused.
pub(super) fn token_time(element: Element<'_>) -> Result<u64, FormError> {
    let content = element.content.strip_suffix(b"Z").ok_or(FormError::Value)?;
    let (digits, rest) = content.split_at_checked(14).ok_or(FormError::Value)?;
    let fraction = match rest {
        [] => 0,
        [b'.', fraction @ ..] => nanos(fraction)?,
        _ => return Err(FormError::Value),
    };
    let seconds = seconds(number(&digits[..4])?, &digits[4..])?;
    u64::try_from(seconds)
        .ok()
        .and_then(|seconds| seconds.checked_mul(NANOS)?.checked_add(fraction))
        .ok_or(FormError::Value)
}

/// Returns a fraction of a second in nanoseconds.
fn nanos(fraction: &[u8]) -> Result<u64, FormError> {
    if fraction.is_empty() || fraction.len() > 9 || fraction.ends_with(b"0") {
        return Err(FormError::Value);
    }
    let mut padded = [b'0'; 9];
    padded[..fraction.len()].copy_from_slice(fraction);
    number(&padded).map(i64::unsigned_abs)
}

/// Returns the seconds since 1970 of a year and ten digits: month, day, hour, minute, second.
fn seconds(year: i64, digits: &[u8]) -> Result<i64, FormError> {
    let mut parts = [0; 5];
    for (part, pair) in parts.iter_mut().zip(digits.chunks(2)) {
        *part = number(pair)?;
    }
    let [month, day, hour, minute, second] = parts;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last_day = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => 31,
    };
    let is_date = (1..=12).contains(&month) && (1..=last_day).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return Err(FormError::Value);
    }
    Ok(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last day of one.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let before_year = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let before_month = (month * 153 + 2) / 5;
    // 719 468 days lie between 0000-03-01 and 1970-01-01.
    before_year + before_month + day - 1 - 719_468
}

/// Returns the number that decimal digits write; nine at most are given.
fn number(digits: &[u8]) -> Result<i64, FormError> {
    digits.iter().try_fold(0, |number, byte| {
        if byte.is_ascii_digit() {
            Ok(number * 10 + i64::from(byte - b'0'))
        } else {
            Err(FormError::Value)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::der::{Reader, write};

    fn token(text: &str) -> Result<u64, FormError> {
        let element = write(GENERALIZED_TIME, text.as_bytes());
        Reader::new(&element).any().and_then(token_time)
    }

    fn certificate(tag: u8, text: &str) -> Result<i64, FormError> {
        let element = write(tag, text.as_bytes());
        Reader::new(&element).any().and_then(certificate_time)
    }

    #[test]
    fn times_are_counted_from_1970() {
        assert_eq!(token("19700101000000Z"), Ok(0));
        assert_eq!(token("20000229235959Z"), Ok(951_868_799 * NANOS));
        assert_eq!(
            token("20240101000000.000001Z"),
            Ok(1_704_067_200 * NANOS + 1000)
        );
        assert_eq!(certificate(UTC_TIME, "500101000000Z"), Ok(-631_152_000));
        assert_eq!(certificate(UTC_TIME, "491231235959Z"), Ok(2_524_607_999));
        assert_eq!(
            certificate(GENERALIZED_TIME, "99991231235959Z"),
            Ok(253_402_300_799)
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "Z",
            "20240101000000",
            "20230229000000Z",
            "20241301000000Z",
            "20240100000000Z",
            "20240101240000Z",
            "20240101006000Z",
            "20240101000060Z",
            "20240101000000.Z",
            "20240101000000.10Z",
            "2024010100000+Z",
            "20240101000000.1234567891Z",
            "20240101000000+0800",
            "19691231235959Z",
            "99990101000000Z",
        ] {
            assert_eq!(token(text), Err(FormError::Value), "{text}");
        }
        assert_eq!(certificate(UTC_TIME, "4912312359Z"), Err(FormError::Value));
        assert_eq!(
            certificate(GENERALIZED_TIME, "20240101000000.1Z"),
            Err(FormError::Value)
        );
        assert_eq!(certificate(0x0c, "491231235959Z"), Err(FormError::Tag));
    }
}
