//! The parts of a date as written, before anything is decided about them.

use proto::v1::Precision;

use super::calendar::Civil;

/// A date taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) civil: Civil,
    pub(super) precision: Precision,
    /// Offset the text states.
    pub(super) offset_minutes: Option<i32>,
    /// What about the form is worth a remark.
    pub(super) what: Option<&'static str>,
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Syntax,
    Date,
    TwoDigitYear,
    /// A day number of a spreadsheet, and the day it stands for.
    ExcelSerial(Civil),
}

impl Fault {
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Date => "date",
            Self::TwoDigitYear => "two-digit-year",
            Self::ExcelSerial(_) => "excel-serial",
        }
    }
}

/// Years in which a run of digits is believed to begin with a year.
const PLAUSIBLE_YEARS: core::ops::RangeInclusive<u32> = 1900..=2099;

/// Reads a run of ASCII digits: compact dates, epochs, spreadsheet day numbers.
pub(super) fn digits(text: &str) -> Result<Parts, Fault> {
    let number =
        |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let year = number(0, 4).unwrap_or_default();
    let precision = match text.len() {
        4 if PLAUSIBLE_YEARS.contains(&year) => Precision::Year,
        5 => return Err(excel_serial(text)),
        6 if PLAUSIBLE_YEARS.contains(&year) => Precision::Month,
        6 => return Err(Fault::TwoDigitYear),
        8 => Precision::Day,
        // Ten digits that begin with a year are an hour; epochs of our days begin with 10 to 18.
        10 if PLAUSIBLE_YEARS.contains(&year) => Precision::Hour,
        10 => return epoch_text(text, 1000),
        12 => Precision::Minute,
        13 => return epoch_text(text, 1),
        14 => Precision::Second,
        17 => Precision::Millisecond,
        _ => return Err(Fault::Syntax),
    };
    let part = |from: usize, absent: u8| match number(from, from + 2) {
        Some(value) => u8::try_from(value).unwrap_or(u8::MAX),
        None => absent,
    };
    let civil = Civil {
        year: u16::try_from(year).map_err(|_| Fault::Syntax)?,
        month: part(4, 1),
        day: part(6, 1),
        hour: part(8, 0),
        minute: part(10, 0),
        second: part(12, 0),
        nanosecond: number(14, 17).unwrap_or(0) * 1_000_000,
    };
    Ok(Parts {
        civil,
        precision,
        offset_minutes: None,
        what: None,
    })
}

/// A spreadsheet counts days from 1899-12-30; 36526 is 2000-01-01.
fn excel_serial(text: &str) -> Fault {
    match text.parse::<i64>() {
        Ok(days) if (36_526..73_051).contains(&days) => {
            Civil::from_ms((days - 25_569) * super::DAY_MS)
                .map_or(Fault::Syntax, Fault::ExcelSerial)
        }
        _ => Fault::Syntax,
    }
}

fn epoch_text(text: &str, unit_ms: i64) -> Result<Parts, Fault> {
    let ms = text
        .parse::<i64>()
        .ok()
        .and_then(|value| value.checked_mul(unit_ms))
        .ok_or(Fault::Syntax)?;
    let mut parts = epoch(ms).ok_or(Fault::Date)?;
    if unit_ms == 1000 {
        parts.precision = Precision::Second;
    }
    Ok(parts)
}

/// A time in milliseconds of Unix. Whole seconds are read as known to the second.
pub(super) fn epoch(ms: i64) -> Option<Parts> {
    let civil = Civil::from_ms(ms)?;
    let precision = if ms % 1000 == 0 {
        Precision::Second
    } else {
        Precision::Millisecond
    };
    Some(Parts {
        civil,
        precision,
        offset_minutes: Some(0),
        what: None,
    })
}

/// Reads `/Date(1788221100000+0800)/`. The offset is only a hint how to show
/// the time; the number counts from UTC.
pub(super) fn dot_net(text: &str) -> Option<i64> {
    let inner = text
        .strip_prefix("/Date(")
        .or_else(|| text.strip_prefix("\\/Date("))?;
    let inner = inner
        .strip_suffix(")/")
        .or_else(|| inner.strip_suffix(")\\/"))?;
    let sign = usize::from(inner.starts_with('-'));
    let end = inner
        .get(sign..)?
        .find(['+', '-'])
        .map_or(inner.len(), |at| at + sign);
    inner.get(..end)?.parse().ok()
}

/// Reads `2026-09-01` and `2026-09-01 08:05:00`, as [`parse`] does: what almost all senders write.
pub(super) fn usual(text: &str) -> Option<Parts> {
    let bytes = text.as_bytes();
    let pair = |at: usize| two(bytes.get(at..at + 2)?);
    if !matches!(bytes.len(), 10 | 19) || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = u16::from(pair(0)?) * 100 + u16::from(pair(2)?);
    let mut parts = Parts {
        civil: Civil::date(year, pair(5)?, pair(8)?),
        precision: Precision::Day,
        offset_minutes: None,
        what: None,
    };
    if bytes.len() == 19 {
        if !matches!(bytes[10], b' ' | b'T') || bytes[13] != b':' || bytes[16] != b':' {
            return None;
        }
        parts.civil.hour = pair(11)?;
        parts.civil.minute = pair(14)?;
        parts.civil.second = pair(17)?;
        parts.precision = Precision::Second;
    }
    Some(parts)
}

/// Reads a date with separators, with or without a time of day and an offset.
pub(super) fn parse(text: &str) -> Result<Parts, Fault> {
    if text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
        return java(text).ok_or(Fault::Syntax);
    }
    let mut cursor = Cursor { rest: text };
    let year = cursor.number().ok_or(Fault::Syntax)?;
    if year.digits == 2 {
        return Err(Fault::TwoDigitYear);
    }
    if year.digits != 4 {
        return Err(Fault::Syntax);
    }
    let mut civil = Civil::date(u16::try_from(year.value).map_err(|_| Fault::Syntax)?, 1, 1);
    let mut precision = Precision::Year;
    if cursor.eat(&['-', '/', '.', '年']) && !cursor.rest.is_empty() {
        civil.month = cursor.two_digits()?;
        precision = Precision::Month;
        if cursor.eat(&['-', '/', '.', '月']) && !cursor.rest.is_empty() {
            civil.day = cursor.two_digits()?;
            precision = Precision::Day;
            cursor.eat(&['日', '号']);
        }
    }
    let mut parts = Parts {
        civil,
        precision,
        offset_minutes: None,
        what: None,
    };
    if precision == Precision::Day {
        cursor.eat(&['T', 't']);
        cursor.rest = cursor.rest.trim_start();
        time(&mut cursor, &mut parts)?;
    }
    if cursor.rest.trim().is_empty() {
        Ok(parts)
    } else {
        Err(Fault::Syntax)
    }
}

/// Reads a time of day and an offset, if there is one.
fn time(cursor: &mut Cursor<'_>, parts: &mut Parts) -> Result<(), Fault> {
    if cursor.rest.is_empty() {
        return Ok(());
    }
    parts.civil.hour = cursor.two_digits()?;
    parts.precision = Precision::Hour;
    if !cursor.eat(&[':', '时', '点']) {
        return Err(Fault::Syntax);
    }
    if cursor.rest.starts_with(|c: char| c.is_ascii_digit()) {
        parts.civil.minute = cursor.two_digits()?;
        parts.precision = Precision::Minute;
        if cursor.eat(&[':', '分']) && cursor.rest.starts_with(|c: char| c.is_ascii_digit()) {
            parts.civil.second = cursor.two_digits()?;
            parts.precision = Precision::Second;
            cursor.eat(&['秒']);
            fraction(cursor, parts)?;
        }
    }
    let zone = cursor.rest.trim();
    cursor.rest = "";
    zone_of(zone, parts)
}

fn fraction(cursor: &mut Cursor<'_>, parts: &mut Parts) -> Result<(), Fault> {
    if !cursor.eat(&['.', ',']) {
        return Ok(());
    }
    let end = cursor
        .rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(cursor.rest.len());
    let (digits, rest) = cursor.rest.split_at(end);
    cursor.rest = rest;
    // Digits below a nanosecond are cut off: the schema knows nothing finer.
    let padded = format!("{digits:0<9}");
    parts.civil.nanosecond = padded
        .get(..9)
        .and_then(|part| part.parse().ok())
        .ok_or(Fault::Syntax)?;
    parts.precision = match digits.len() {
        0 => return Err(Fault::Syntax),
        // `.0` is how Java prints a time stamp of whole seconds, not a measured tenth.
        1 if parts.civil.nanosecond == 0 => Precision::Second,
        1..=3 => Precision::Millisecond,
        _ => Precision::Nanosecond,
    };
    Ok(())
}

fn zone_of(zone: &str, parts: &mut Parts) -> Result<(), Fault> {
    match zone {
        "" => {}
        "Z" | "z" | "UTC" | "GMT" => parts.offset_minutes = Some(0),
        // Chinese in our feeds, although the letters also mean US Central: so it stays assumed.
        "CST" => parts.what = Some("cst"),
        "[Asia/Shanghai]" | "Asia/Shanghai" => {
            parts.offset_minutes = Some(super::CHINA_OFFSET_MINUTES)
        }
        _ => {
            let named = zone
                .strip_prefix("GMT")
                .or_else(|| zone.strip_prefix("UTC"))
                .unwrap_or(zone);
            let named = named.strip_suffix("[Asia/Shanghai]").unwrap_or(named);
            parts.offset_minutes = Some(offset(named).ok_or(Fault::Syntax)?);
        }
    }
    Ok(())
}

/// Reads `+08:00`, `+0800` or `+8`, in minutes; at most 14 hours.
pub(super) fn offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(split) => split,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "00"),
    };
    let number = |part: &str| {
        let in_form = matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
        in_form.then(|| part.parse::<i32>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Reads what Java prints for a date: `Tue Sep 01 08:05:00 CST 2026`.
fn java(text: &str) -> Option<Parts> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut words = text.split_ascii_whitespace();
    let _weekday = words.next().filter(|word| word.len() == 3)?;
    let month = words.next()?;
    let month = (1_u8..).zip(MONTHS).find(|(_, name)| *name == month)?.0;
    let day = words.next()?;
    let clock = words.next()?;
    let zone = words.next()?;
    let year = words.next().filter(|year| year.len() == 4)?;
    if words.next().is_some() {
        return None;
    }
    parse(&format!("{year}-{month:02}-{day} {clock} {zone}")).ok()
}

/// Reads the form of the schema for a precision; returns the offset the text states.
pub(super) fn rfc3339(text: &str, precision: Precision) -> Option<(Civil, Option<i32>)> {
    let fraction = match precision {
        Precision::Unspecified => return None,
        Precision::Year | Precision::Month | Precision::Day => {
            return date(text, precision).map(|civil| (civil, None));
        }
        Precision::Hour | Precision::Minute | Precision::Second => 0,
        Precision::Millisecond => 3,
        Precision::Nanosecond => 9,
    };
    let mut civil = date(text.get(..10)?, Precision::Day)?;
    let bytes = text.as_bytes();
    let part = |at: usize| two(bytes.get(at..at + 2)?);
    civil.hour = part(11)?;
    civil.minute = part(14)?;
    civil.second = part(17)?;
    if bytes.get(10) != Some(&b'T') || bytes.get(13) != Some(&b':') || bytes.get(16) != Some(&b':')
    {
        return None;
    }
    let mut end = 19;
    if fraction > 0 {
        let digits = text.get(20..20 + fraction)?;
        if bytes.get(19) != Some(&b'.') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let scale = 10_u32.pow(9 - u32::try_from(fraction).ok()?);
        civil.nanosecond = digits.parse::<u32>().ok()?.checked_mul(scale)?;
        end = 20 + fraction;
    }
    let zone = text.get(end..)?;
    let in_range = civil.hour < 24 && civil.minute < 60 && civil.second < 60;
    (zone.len() == 6 && in_range).then_some((civil, Some(offset(zone)?)))
}

/// Reads `2026`, `2026-09` or `2026-09-01`.
fn date(text: &str, precision: Precision) -> Option<Civil> {
    let bytes = text.as_bytes();
    let (length, month, day) = match precision {
        Precision::Year => (4, 1, 1),
        Precision::Month => (7, two(bytes.get(5..7)?)?, 1),
        Precision::Unspecified
        | Precision::Day
        | Precision::Hour
        | Precision::Minute
        | Precision::Second
        | Precision::Millisecond
        | Precision::Nanosecond => (10, two(bytes.get(5..7)?)?, two(bytes.get(8..10)?)?),
    };
    let dashes = bytes.len() == length
        && [4, 7]
            .iter()
            .all(|&at| bytes.get(at).is_none_or(|&byte| byte == b'-'));
    let century = u16::from(two(bytes.get(..2)?)?);
    let year = century * 100 + u16::from(two(bytes.get(2..4)?)?);
    let civil = Civil::date(year, month, day);
    (dashes && civil.has_valid_date()).then_some(civil)
}

/// Reads two ASCII digits.
fn two(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

/// What is left of a text being read.
struct Cursor<'a> {
    rest: &'a str,
}

/// A number and how many digits it was written with.
struct Number {
    value: u32,
    digits: usize,
}

impl Cursor<'_> {
    fn number(&mut self) -> Option<Number> {
        let digits = self
            .rest
            .bytes()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (number, rest) = self.rest.split_at(digits);
        let value = number.parse().ok()?;
        self.rest = rest;
        Some(Number { value, digits })
    }

    fn two_digits(&mut self) -> Result<u8, Fault> {
        let number = self
            .number()
            .filter(|number| number.digits <= 2)
            .ok_or(Fault::Syntax)?;
        u8::try_from(number.value).map_err(|_| Fault::Syntax)
    }

    fn eat(&mut self, separators: &[char]) -> bool {
        match self.rest.strip_prefix(separators) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}
