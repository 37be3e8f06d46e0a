//! Days of the Gregorian calendar as numbers, and back.
//!
//! Pure arithmetic for years 1 to 9999; no time zones and no clock.

/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// A date and time of day as written, without offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
    pub(crate) nanosecond: u32,
}

impl Civil {
    /// The start of a day.
    pub(crate) fn date(year: u16, month: u8, day: u8) -> Self {
        Self {
            year,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
        }
    }

    /// Returns whether the date exists.
    pub(crate) fn has_valid_date(&self) -> bool {
        (1..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=days_in_month(self.year, self.month)).contains(&self.day)
    }

    /// Milliseconds from 1970-01-01T00:00:00 of the same offset; parts below are cut off.
    pub(crate) fn to_ms(self) -> i64 {
        let seconds =
            i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        days_from_1970(self.year, self.month, self.day) * DAY_MS
            + seconds * 1000
            + i64::from(self.nanosecond / 1_000_000)
    }

    /// The inverse of [`Self::to_ms`]; `None` outside the years 1 to 9999.
    pub(crate) fn from_ms(ms: i64) -> Option<Self> {
        let (year, month, day) = date_from_days(ms.div_euclid(DAY_MS))?;
        let rest = u32::try_from(ms.rem_euclid(DAY_MS)).ok()?;
        let part = |value: u32| u8::try_from(value).ok();
        Some(Self {
            year,
            month,
            day,
            hour: part(rest / 3_600_000)?,
            minute: part(rest / 60_000 % 60)?,
            second: part(rest / 1000 % 60)?,
            nanosecond: rest % 1000 * 1_000_000,
        })
    }
}

/// Returns the number of days of a month; 0 for a month that does not exist.
pub(crate) fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 0,
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days before a year, counted from year 1.
fn days_before_year(year: i64) -> i64 {
    let before = year - 1;
    before * 365 + before / 4 - before / 100 + before / 400
}

/// Days before 1970, counted from year 1.
const DAYS_BEFORE_1970: i64 = 719_162;

fn days_from_1970(year: u16, month: u8, day: u8) -> i64 {
    let months: i64 = (1..month)
        .map(|month| i64::from(days_in_month(year, month)))
        .sum();
    days_before_year(i64::from(year)) - DAYS_BEFORE_1970 + months + i64::from(day) - 1
}

fn date_from_days(days: i64) -> Option<(u16, u8, u8)> {
    let from_year_one = days.checked_add(DAYS_BEFORE_1970)?;
    if !(0..days_before_year(10_000)).contains(&from_year_one) {
        return None;
    }
    // A year has at most 366 days, so the estimate is never too late; 400 years are 146097 days.
    let mut year = from_year_one * 400 / 146_097;
    year = year.max(1);
    while days_before_year(year + 1) <= from_year_one {
        year += 1;
    }
    while days_before_year(year) > from_year_one {
        year -= 1;
    }
    let mut rest = from_year_one - days_before_year(year);
    let year = u16::try_from(year).ok()?;
    for month in 1..=12 {
        let length = i64::from(days_in_month(year, month));
        if rest < length {
            return Some((year, month, u8::try_from(rest + 1).ok()?));
        }
        rest -= length;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        let check = |year, month, day, expected: i64| {
            assert_eq!(
                Civil::date(year, month, day).to_ms(),
                expected * DAY_MS,
                "{year}-{month}-{day}"
            );
        };
        check(1970, 1, 1, 0);
        check(1969, 12, 31, -1);
        check(2000, 3, 1, 11_017);
        check(2026, 9, 1, 20_697);
        check(1, 1, 1, -719_162);
    }

    #[test]
    fn every_day_of_ten_thousand_years_comes_back() {
        for days in -719_162..2_932_897 {
            let (year, month, day) = date_from_days(days).expect("within the years 1 to 9999");
            assert!(Civil::date(year, month, day).has_valid_date());
            assert_eq!(days_from_1970(year, month, day), days);
        }
        assert_eq!(date_from_days(2_932_897), None);
        assert_eq!(date_from_days(-719_163), None);
        assert_eq!(Civil::from_ms(i64::MIN), None);
        assert_eq!(Civil::from_ms(i64::MAX), None);
    }

    #[test]
    fn leap_years_follow_the_gregorian_rule() {
        assert_eq!(
            [1900, 2000, 2024, 2026].map(|year| days_in_month(year, 2)),
            [28, 29, 29, 28]
        );
        assert_eq!(days_in_month(2026, 13), 0);
    }
}
