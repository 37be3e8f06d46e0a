//! Times of entries as text in the time of the city, UTC+8.

/// Seconds that Chinese time is ahead of UTC; there is no summer time.
const OFFSET_S: u64 = 8 * 60 * 60;

/// Digits after the second.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Digits {
    /// Three.
    Millis,
    /// Nine: the time as the entry has it.
    Nanos,
}

/// UTC nanoseconds since 1970 as RFC 3339 with the offset of China.
pub(crate) fn rfc3339(time_ns: u64, digits: Digits) -> String {
    let (seconds, nanos) = (time_ns / 1_000_000_000 + OFFSET_S, time_ns % 1_000_000_000);
    let (year, month, day) = date(seconds / 86_400);
    let of_day = seconds % 86_400;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let fraction = match digits {
        Digits::Millis => format!("{:03}", nanos / 1_000_000),
        Digits::Nanos => format!("{nanos:09}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction}+08:00")
}

/// Year, month and day of a day since 1970, in the Gregorian calendar.
fn date(mut day: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    // A u64 of nanoseconds ends in 2554, so this loop is short.
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if day < length {
            break;
        }
        day -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    (year, month, day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        // Reference values from GNU date (`TZ=Asia/Shanghai date -d @…`).
        for (seconds, text) in [
            (0, "1970-01-01T08:00:00.000+08:00"),
            (951_782_399, "2000-02-29T07:59:59.000+08:00"),
            (951_840_000, "2000-03-01T00:00:00.000+08:00"),
            (1_767_196_799, "2025-12-31T23:59:59.000+08:00"),
            (1_767_196_800, "2026-01-01T00:00:00.000+08:00"),
            (4_107_542_400, "2100-03-01T08:00:00.000+08:00"),
        ] {
            assert_eq!(rfc3339(seconds * 1_000_000_000, Digits::Millis), text);
        }
    }

    #[test]
    fn nanoseconds_are_kept_when_asked_for() {
        assert_eq!(
            rfc3339(1_000_000_007, Digits::Nanos),
            "1970-01-01T08:00:01.000000007+08:00"
        );
        assert_eq!(
            rfc3339(1_999_999_999, Digits::Millis),
            "1970-01-01T08:00:01.999+08:00"
        );
    }

    #[test]
    fn the_largest_time_has_a_date() {
        assert_eq!(
            rfc3339(u64::MAX, Digits::Millis),
            "2554-07-22T07:34:33.709+08:00"
        );
    }
}
