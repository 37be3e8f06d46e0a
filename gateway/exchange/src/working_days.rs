//! Which days are worked: weekends, holidays and weekends that are worked instead.
//!
//! A value read from the operator's file; no year that the file does not call complete is guessed.

use std::collections::{BTreeMap, BTreeSet};

/// Chinese time, in milliseconds.
const OFFSET_MS: i64 = 8 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// A day of Chinese time: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// The day of an instant, UTC milliseconds.
    pub fn of_ms(ms: i64) -> Day {
        Day((ms + OFFSET_MS).div_euclid(DAY_MS))
    }

    /// The day `days` later.
    #[must_use]
    pub fn plus(self, days: i64) -> Day {
        Day(self.0 + days)
    }

    /// Reads `2026-10-01`.
    fn parse(text: &str) -> Option<Day> {
        let is_day = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
        let (from, to) = schema::date_time::query_span_ms(&format!("{text}T00:00:00+08:00"))?;
        (is_day && to > from).then(|| Day::of_ms(from))
    }

    fn is_weekend(self) -> bool {
        // 1970-01-01 was a Thursday.
        matches!((self.0 + 3).rem_euclid(7), 5 | 6)
    }

    fn year(self) -> u32 {
        self.to_string()[..4].parse().unwrap_or(0)
    }
}

/// As in RFC 3339: `2026-10-01`.
impl std::fmt::Display for Day {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = u64::try_from(self.0 * 86_400).unwrap_or(0);
        let midnight = (seconds.saturating_sub(8 * 3600)) * 1_000_000_000;
        formatter.write_str(&crate::answer::date_time(midnight).text[..10])
    }
}

/// A line of the file that says nothing known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: expected `YYYY-MM-DD off`, `YYYY-MM-DD work` or `year YYYY`, found {found:?}"
)]
pub struct CalendarFault {
    /// Line, from 1.
    pub line: usize,
    /// What stands there.
    pub found: String,
}

/// The working days of the years that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingDays {
    years: BTreeSet<u32>,
    /// Whether a day is worked that the week says otherwise of.
    exceptions: BTreeMap<Day, bool>,
}

impl WorkingDays {
    /// Reads the operator's file.
    ///
    /// # Errors
    /// [`CalendarFault`] for the first line that is none.
    pub fn parse(text: &str) -> Result<WorkingDays, CalendarFault> {
        let mut read = WorkingDays::default();
        for (number, line) in (1..).zip(text.lines()) {
            let content = line.split('#').next().unwrap_or_default().trim();
            let words: Vec<&str> = content.split_whitespace().collect();
            let fault = || CalendarFault {
                line: number,
                found: line.to_owned(),
            };
            match *words.as_slice() {
                [] => {}
                ["year", year] => {
                    let year: u32 = year.parse().map_err(|_| fault())?;
                    read.years.insert(year);
                }
                [day, word @ ("off" | "work")] => {
                    let day = Day::parse(day).ok_or_else(fault)?;
                    read.exceptions.insert(day, word == "work");
                }
                _ => return Err(fault()),
            }
        }
        Ok(read)
    }

    /// Whether `day` is worked; `None` in a year that is not known.
    pub fn is_worked(&self, day: Day) -> Option<bool> {
        self.years.contains(&day.year()).then(|| {
            let exception = self.exceptions.get(&day).copied();
            exception.unwrap_or(!day.is_weekend())
        })
    }

    /// The `count`th working day after `day`; `None` when a year on the way is not known.
    pub fn after(&self, day: Day, count: u32) -> Option<Day> {
        let mut day = day;
        for _ in 0..count {
            day = self.from(day.plus(1))?;
        }
        Some(day)
    }

    /// `day`, or the first working day after it; `None` when a year on the way is not known.
    pub fn from(&self, day: Day) -> Option<Day> {
        // No country rests longer than this.
        for later in 0..60 {
            if self.is_worked(day.plus(later))? {
                return Some(day.plus(later));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    fn of_2026() -> WorkingDays {
        // The National Day of 2026 as an example: seven days off, one weekend worked.
        let off = (1..=7).map(|day| format!("2026-10-0{day} off\n"));
        let text = "# example\nyear 2026\n2026-10-10 work # Saturday\n".to_owned();
        WorkingDays::parse(&(text + &off.collect::<String>())).expect("is read")
    }

    #[test]
    fn weekends_holidays_and_worked_weekends_are_told_apart() {
        let days = of_2026();
        for (text, worked) in [
            ("2026-09-30", true),
            ("2026-10-01", false),
            ("2026-10-08", true),
            ("2026-10-10", true),
            ("2026-10-11", false),
        ] {
            assert_eq!(days.is_worked(day(text)), Some(worked), "{text}");
        }
        assert_eq!(days.is_worked(day("2027-01-04")), None);
    }

    #[test]
    fn working_days_are_counted_over_a_holiday() {
        let days = of_2026();
        assert_eq!(days.after(day("2026-09-30"), 1), Some(day("2026-10-08")));
        assert_eq!(days.after(day("2026-09-30"), 3), Some(day("2026-10-10")));
        assert_eq!(days.from(day("2026-10-03")), Some(day("2026-10-08")));
        assert_eq!(days.after(day("2026-12-31"), 1), None, "2027 is not known");
    }

    #[test]
    fn days_are_those_of_chinese_time_and_print_as_they_are_read() {
        // 2026-09-30T16:00Z is midnight of the first of October there.
        assert_eq!(Day::of_ms(1_790_784_000_000), day("2026-10-01"));
        for text in ["1970-01-02", "2026-02-28", "2028-02-29", "2026-12-31"] {
            assert_eq!(day(text).to_string(), text);
        }
    }

    #[test]
    fn a_line_that_says_nothing_known_is_named() {
        for bad in ["2026-10-01", "2026-13-01 off", "year x", "2026-10-01 maybe"] {
            let fault = WorkingDays::parse(&format!("year 2026\n{bad}")).expect_err(bad);
            assert_eq!((fault.line, fault.found.as_str()), (2, bad));
        }
    }
}
