//! Dates and times as agencies and devices write them, read into a [`DateTime`].
//!
//! The result says how exactly the time is known; a day never becomes
//! midnight. Every instant is written in Chinese time (+08:00), so that one
//! instant has one text whoever sent it. A text without offset is at the one
//! its format documents ([`read_at`]; Chinese time for [`read`]), and is marked
//! as assumed. Reads no clock: whether a time is late or in the future is not
//! decided here.

use proto::v1::{DateTime, Precision};

use crate::remark::{Reading, Remark};
use crate::text::{self, is_placeholder};

pub(crate) mod calendar;
mod chinese;
mod parts;

use calendar::{Civil, DAY_MS};
use parts::{Fault, Parts};

const AREA: &str = "date-time";

/// Offset of Chinese time in minutes. China has had no other since 1949 but
/// for the summers of 1986 to 1991, which no feed reaches.
const CHINA_OFFSET_MINUTES: i32 = 480;
const CHINA_OFFSET: &str = "+08:00";

/// Longest text read as a time, in bytes.
const MAX_LENGTH: usize = 64;

/// The offset of local time from UTC, which a format documents and its texts leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    minutes: i32,
}

impl Offset {
    /// Chinese time, +08:00.
    pub const CHINA: Self = Self {
        minutes: CHINA_OFFSET_MINUTES,
    };
    /// UTC, +00:00.
    pub const UTC: Self = Self { minutes: 0 };

    /// Reads `+08:00`; at most 14 hours on either side.
    pub fn parse(text: &str) -> Option<Self> {
        let minutes = parts::offset(text).filter(|_| text.len() == CHINA_OFFSET.len())?;
        Some(Self { minutes })
    }

    /// The form of the schema: `+08:00`.
    fn text(self) -> String {
        let sign = if self.minutes < 0 { '-' } else { '+' };
        let minutes = self.minutes.unsigned_abs();
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// Reads a date or a time; one that states no offset is taken for Chinese time.
///
/// The value is in Chinese time whatever offset the text states:
/// `2026-09-01T00:05:00Z` is `2026-09-01T08:05:00+08:00`. A text without offset
/// gets +08:00 and `offset_assumed`; for a format that documents another one
/// see [`read_at`].
///
/// Quality codes: `normalised:date-only` (a day in another form than
/// `2026-09-01`), `:zh-numerals`, `:24h`, `:cst`, `:full-width`, …;
/// `suspect:default-date`; `missing`, `missing:zero-date`,
/// `missing:open-ended`; `reject:date`, `:time`, `:seconds-60`,
/// `:two-digit-year`, `:excel-serial`, `:length`, `:syntax`.
pub fn read(text: &str) -> Reading<DateTime> {
    read_at(text, Offset::CHINA)
}

/// Reads a date or a time as [`read`] does; one that states no offset is at
/// `assumed`, the offset that its format documents.
///
/// Such a value is marked with `offset_assumed` and moved to Chinese time. A
/// date stays a date, because none of its hours is known: its `offset` is the
/// one assumed.
pub fn read_at(text: &str, assumed: Offset) -> Reading<DateTime> {
    // The hot path: HJ 212 times are 14 or 17 digits.
    if matches!(text.len(), 14 | 17) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return finish(parts::digits(text), None, text, assumed);
    }
    if let Some(parts) = parts::usual(text) {
        return finish(Ok(parts), None, text, assumed);
    }
    let clean = text::clean(text);
    let cleaned = clean.what();
    let text: &str = &clean.text;
    if text.len() > MAX_LENGTH {
        return Reading::none(Remark::reject(AREA, "length"));
    }
    if is_placeholder(text) {
        return Reading::none(Remark::missing(AREA, ""));
    }
    if let Some(arabic) = chinese::to_digits(text) {
        return finish(parts::parse(&arabic), Some("zh-numerals"), text, assumed);
    }
    if let Some(ms) = parts::dot_net(text) {
        return finish(parts::epoch(ms).ok_or(Fault::Date), cleaned, text, assumed);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return finish(parts::digits(text), cleaned, text, assumed);
    }
    finish(parts::parse(text), cleaned, text, assumed)
}

fn finish(
    parsed: Result<Parts, Fault>,
    cleaned: Option<&'static str>,
    text: &str,
    assumed: Offset,
) -> Reading<DateTime> {
    let parts = match parsed {
        Ok(parts) => parts,
        Err(Fault::ExcelSerial(civil)) => {
            let proposal = Some(format(&civil, Precision::Day));
            return Reading::none(Remark::reject(AREA, "excel-serial")).proposing(proposal);
        }
        Err(fault) => return Reading::none(Remark::reject(AREA, fault.what())),
    };
    let civil = parts.civil;
    if civil.year == 0 && civil.month == 0 && civil.day == 0 {
        return Reading::none(Remark::missing(AREA, "zero-date"));
    }
    if !civil.has_valid_date() {
        return Reading::none(Remark::reject(AREA, "date"));
    }
    if (civil.year, civil.month, civil.day) == (9999, 12, 31) {
        return Reading::none(Remark::missing(AREA, "open-ended"));
    }
    if let Err(what) = check_time(&civil) {
        return Reading::none(Remark::reject(AREA, what));
    }
    // A date is not moved: that would invent its hours. CST says where it is.
    let is_date = matches!(
        parts.precision,
        Precision::Year | Precision::Month | Precision::Day
    );
    let stands_still = is_date || parts.what == Some("cst");
    let elsewhere = (!stands_still).then_some(assumed.minutes);
    let Some(local) = to_china(&civil, parts.offset_minutes.or(elsewhere)) else {
        return Reading::none(Remark::reject(AREA, "date"));
    };
    let remark = remark(&parts, cleaned, &local, text);
    let value = DateTime {
        text: format(&local, parts.precision),
        precision: parts.precision.into(),
        offset: if is_date && assumed != Offset::CHINA {
            assumed.text()
        } else {
            CHINA_OFFSET.to_owned()
        },
        offset_assumed: parts.offset_minutes.is_none(),
    };
    Reading::with(value, remark)
}

/// Chooses the remark that tells most.
fn remark(
    parts: &Parts,
    cleaned: Option<&'static str>,
    local: &Civil,
    text: &str,
) -> Option<Remark> {
    if parts.civil.hour == 24 {
        return Some(Remark::normalised(AREA, "24h"));
    }
    if let Some(what) = parts.what.or(cleaned) {
        return Some(Remark::normalised(AREA, what));
    }
    // What databases and Unix write where no time was given.
    let midnight = (local.hour, local.minute, local.second) == (0, 0, 0);
    let sql_default = (local.year, local.month, local.day) == (1900, 1, 1) && midnight;
    let unix_default = local.to_ms() == i64::from(CHINA_OFFSET_MINUTES) * 60_000;
    if sql_default || unix_default {
        return Some(Remark::suspect(AREA, "default-date"));
    }
    let in_form = text.len() == 10 && text.as_bytes().get(4) == Some(&b'-');
    (parts.precision == Precision::Day && !in_form).then(|| Remark::normalised(AREA, "date-only"))
}

/// Checks the time of day; `24:00:00` is the only time of hour 24.
fn check_time(civil: &Civil) -> Result<(), &'static str> {
    if civil.second == 60 {
        return Err("seconds-60");
    }
    let end_of_day =
        civil.hour == 24 && civil.minute == 0 && civil.second == 0 && civil.nanosecond == 0;
    let in_range = civil.hour < 24 && civil.minute < 60 && civil.second < 60;
    if in_range || end_of_day {
        Ok(())
    } else {
        Err("time")
    }
}

/// Writes a time in Chinese time. Without an offset it is one already.
fn to_china(civil: &Civil, offset_minutes: Option<i32>) -> Option<Civil> {
    let move_minutes = CHINA_OFFSET_MINUTES - offset_minutes.unwrap_or(CHINA_OFFSET_MINUTES);
    if move_minutes == 0 && civil.hour < 24 {
        return Some(*civil);
    }
    let below_ms = civil.nanosecond % 1_000_000;
    let mut moved = Civil::from_ms(
        civil
            .to_ms()
            .checked_add(i64::from(move_minutes) * 60_000)?,
    )?;
    moved.nanosecond += below_ms;
    Some(moved)
}

/// Writes a time in the form of the schema. Digit by digit, because this is
/// done for every packet.
fn format(civil: &Civil, precision: Precision) -> String {
    let mut out = Written {
        bytes: [0; LONGEST],
        length: 0,
    };
    out.digits(u32::from(civil.year), 4);
    if precision == Precision::Year {
        return out.into_text();
    }
    out.push(b'-');
    out.pair(civil.month);
    if precision == Precision::Month {
        return out.into_text();
    }
    out.push(b'-');
    out.pair(civil.day);
    if matches!(precision, Precision::Unspecified | Precision::Day) {
        return out.into_text();
    }
    out.push(b'T');
    out.pair(civil.hour);
    out.push(b':');
    out.pair(civil.minute);
    out.push(b':');
    out.pair(civil.second);
    if precision == Precision::Millisecond {
        out.push(b'.');
        out.digits(civil.nanosecond / 1_000_000, 3);
    } else if precision == Precision::Nanosecond {
        out.push(b'.');
        out.digits(civil.nanosecond, 9);
    }
    CHINA_OFFSET.bytes().for_each(|byte| out.push(byte));
    out.into_text()
}

/// Bytes of the longest form: nanoseconds with an offset.
const LONGEST: usize = "2026-09-01T08:05:00.000000000+08:00".len();

/// A time being written; ASCII alone.
struct Written {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Written {
    #[inline]
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// Two digits.
    #[inline]
    fn pair(&mut self, value: u8) {
        self.push(b'0' + value / 10 % 10);
        self.push(b'0' + value % 10);
    }

    /// The last `count` decimal digits of `value`.
    fn digits(&mut self, value: u32, count: u32) {
        for place in (0..count).rev() {
            let digit = u8::try_from(value / 10_u32.pow(place) % 10).unwrap_or_default();
            self.push(b'0' + digit);
        }
    }

    fn into_text(self) -> String {
        core::str::from_utf8(&self.bytes[..self.length])
            .unwrap_or_default()
            .to_owned()
    }
}

/// Returns the span a time may stand for, in milliseconds UTC: the first
/// included, the last excluded. A day spans 24 hours, an instant 1 ms.
///
/// `None` when the time is not well formed; see [`is_well_formed`].
pub fn span_ms(time: &DateTime) -> Option<(i64, i64)> {
    let offset = parts::offset(&time.offset)?;
    let (civil, stated) = parts::rfc3339(&time.text, time.precision())?;
    let from = civil.to_ms() - i64::from(stated.unwrap_or(offset)) * 60_000;
    let length = match time.precision() {
        Precision::Unspecified => return None,
        Precision::Year => days_of(civil.year, 1..=12) * DAY_MS,
        Precision::Month => days_of(civil.year, civil.month..=civil.month) * DAY_MS,
        Precision::Day => DAY_MS,
        Precision::Hour => 3_600_000,
        Precision::Minute => 60_000,
        Precision::Second => 1000,
        Precision::Millisecond | Precision::Nanosecond => 1,
    };
    Some((from, from + length))
}

/// Returns the span of an RFC 3339 time or of a part of one (`2026-09`), as
/// queries write it; Chinese time where no offset is stated.
pub fn query_span_ms(text: &str) -> Option<(i64, i64)> {
    read(text).value.as_ref().and_then(span_ms)
}

fn days_of(year: u16, months: core::ops::RangeInclusive<u8>) -> i64 {
    months
        .map(|month| i64::from(calendar::days_in_month(year, month)))
        .sum()
}

/// Returns whether a time of the schema is well formed: the text has the form
/// its precision asks for, the date exists, and the offsets agree.
pub fn is_well_formed(time: &DateTime) -> bool {
    let Some(offset) = parts::offset(&time.offset) else {
        return false;
    };
    let parsed = parts::rfc3339(&time.text, time.precision());
    parsed.is_some_and(|(_, stated)| stated.is_none_or(|stated| stated == offset))
}

#[cfg(test)]
mod tests;
