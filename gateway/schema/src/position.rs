//! Places on the earth as senders write them, read into a [`Position`].
//!
//! Reads decimal degrees, degrees-minutes-seconds and millionths of a degree,
//! exactly, into decimal text with at most six decimals. Does not convert
//! between coordinate systems: a position whose system is not stated cannot be
//! compared with a boundary.

use proto::v1::Position;

use crate::decimal::{self, Decimal};
use crate::remark::{Reading, Remark};
use crate::text;

const AREA: &str = "position";

/// A box of longitudes and latitudes that a feed's places are expected in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Western border in degrees, decimal text.
    pub west: &'static str,
    /// Eastern border.
    pub east: &'static str,
    /// Southern border.
    pub south: &'static str,
    /// Northern border.
    pub north: &'static str,
}

/// The box around Baotou (包头市), a tenth of a degree wider than the city.
pub const BAOTOU: Region = Region {
    west: "109.2",
    east: "111.6",
    south: "40.1",
    north: "42.9",
};

/// Reads a longitude and a latitude.
///
/// Quality codes: `normalised:dms`, `:micro-degree`, `:rounded`,
/// `:full-width`, …; `missing`, `missing:zero` for the origin that devices
/// send when they know nothing; `suspect:outside-region` and
/// `suspect:swapped` (no value; what was read is proposed); `reject:range`,
/// `reject:syntax`. The coordinate system is left unspecified.
pub fn read(longitude: &str, latitude: &str, region: Option<&Region>) -> Reading<Position> {
    let (x, y) = match (axis(longitude), axis(latitude)) {
        (Axis::Missing, _) | (_, Axis::Missing) => return Reading::none(Remark::missing(AREA, "")),
        (Axis::Invalid, _) | (_, Axis::Invalid) => {
            return Reading::none(Remark::reject(AREA, "syntax"));
        }
        (Axis::Degrees(x), Axis::Degrees(y)) => (x, y),
    };
    if is_zero(&x.text) && is_zero(&y.text) {
        return Reading::none(Remark::missing(AREA, "zero"));
    }
    let what = x.what.or(y.what);
    let (x, y) = (x.text, y.text);
    if let Some(region) = region {
        if !region.contains(&x, &y) {
            let swapped = region.contains(&y, &x);
            let what = if swapped { "swapped" } else { "outside-region" };
            let proposal = if swapped {
                format!("{y},{x}")
            } else {
                format!("{x},{y}")
            };
            let in_range = is_in_range(&x, &y) || swapped;
            return if in_range {
                Reading::none(Remark::suspect(AREA, what)).proposing(Some(proposal))
            } else {
                Reading::none(Remark::reject(AREA, "range"))
            };
        }
    } else if !is_in_range(&x, &y) {
        return Reading::none(Remark::reject(AREA, "range"));
    }
    let position = Position {
        longitude: x,
        latitude: y,
        ..Position::default()
    };
    Reading::with(position, what.map(|what| Remark::normalised(AREA, what)))
}

impl Region {
    /// Returns whether a longitude and a latitude lie in the box.
    pub fn contains(&self, longitude: &str, latitude: &str) -> bool {
        is_between(longitude, self.west, self.east) && is_between(latitude, self.south, self.north)
    }
}

/// Returns whether a longitude and a latitude exist on the earth.
pub fn is_in_range(longitude: &str, latitude: &str) -> bool {
    is_between(longitude, "-180", "180") && is_between(latitude, "-90", "90")
}

fn is_between(text: &str, low: &str, high: &str) -> bool {
    match (
        Decimal::parse(text),
        Decimal::parse(low),
        Decimal::parse(high),
    ) {
        (Some(value), Some(low), Some(high)) => low <= value && value <= high,
        _ => false,
    }
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'))
}

enum Axis {
    Missing,
    Invalid,
    Degrees(Degrees),
}

/// One coordinate in degrees, and what was done to it.
struct Degrees {
    text: String,
    what: Option<&'static str>,
}

fn axis(raw: &str) -> Axis {
    let clean = text::clean(raw);
    let text: &str = &clean.text;
    if text::is_placeholder(text) {
        return Axis::Missing;
    }
    if let Some(degrees) = from_dms(text) {
        return Axis::Degrees(Degrees {
            text: degrees,
            what: Some("dms"),
        });
    }
    if !decimal::is_well_formed(text) || Decimal::parse(text).is_none() {
        return Axis::Invalid;
    }
    // More than 180 without a point: millionths of a degree, as JT/T 808 counts.
    let whole = text.trim_start_matches('-');
    if !whole.contains('.') && whole.trim_start_matches('0').len() > 3 {
        return match decimal::shift(text, -6) {
            Some(text) => Axis::Degrees(Degrees {
                text,
                what: Some("micro-degree"),
            }),
            None => Axis::Invalid,
        };
    }
    let rounded = round(text);
    let what = if rounded == text {
        clean.what()
    } else {
        Some("rounded")
    };
    Axis::Degrees(Degrees {
        text: rounded,
        what,
    })
}

/// Rounds to six decimals, a tenth of a metre. Shorter text stays as it is.
fn round(text: &str) -> String {
    let decimals = text
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    let one = Decimal::parse("1");
    match (Decimal::parse(text), one) {
        (Some(value), Some(one)) if decimals > 6 => value
            .ratio(one, 6)
            .map_or_else(|| text.to_owned(), |rounded| rounded.to_string()),
        _ => text.to_owned(),
    }
}

/// Reads `109°50′25.2″`, with any of the marks in use, and a letter of the
/// half of the earth at either end.
fn from_dms(text: &str) -> Option<String> {
    let letters = [
        'E', 'N', 'W', 'S', 'e', 'n', 'w', 's', '东', '北', '西', '南', '经', '纬', ' ',
    ];
    let negative = text.contains(['W', 'w', 'S', 's', '西', '南']);
    let body = text.trim_matches(letters);
    let (degrees, rest) = body.split_once(['°', '度', 'º', '˚'])?;
    let (minutes, rest) = rest.split_once(['′', '\'', '’', '分', '‘'])?;
    let seconds = rest.trim_end_matches(['″', '"', '”', '“', '秒', '\'', '’', '′']);
    let seconds = if seconds.trim().is_empty() {
        "0"
    } else {
        seconds.trim()
    };
    let (degrees, minutes) = (
        degrees.trim().parse::<u32>().ok()?,
        minutes.trim().parse::<u32>().ok()?,
    );
    let seconds_in_range =
        is_between(seconds, "0", "59.999999999") && decimal::is_well_formed(seconds);
    if degrees > 180 || minutes > 59 || !seconds_in_range {
        return None;
    }
    // In units of a second over 3600, so that one exact division rounds once.
    let whole_seconds = Decimal::parse(&format!("{}", degrees * 3600 + minutes * 60))?;
    let seconds = Decimal::parse(seconds)?;
    let total = seconds.minus(Decimal::parse("0")?.minus(whole_seconds));
    let value = total.ratio(Decimal::parse("3600")?, 6)?.to_string();
    Some(if negative { format!("-{value}") } else { value })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(from: (&str, &str), expected: Option<(&str, &str)>, quality: &str) {
        let reading = read(from.0, from.1, Some(&BAOTOU));
        let actual = reading
            .value
            .as_ref()
            .map(|value| (value.longitude.as_str(), value.latitude.as_str()));
        assert_eq!(actual, expected, "{from:?}");
        assert_eq!(reading.quality(), quality, "{from:?}");
    }

    #[test]
    fn degrees_stand_as_sent() {
        check(
            ("109.840347", "40.657449"),
            Some(("109.840347", "40.657449")),
            "ok",
        );
        check(("109.84", "40.65"), Some(("109.84", "40.65")), "ok");
    }

    #[test]
    fn other_forms_become_degrees() {
        check(
            ("109°50′25.2″", "40°39′26.8″"),
            Some(("109.840333", "40.657444")),
            "normalised:dms",
        );
        check(
            ("E109°50'25.2\"", "N40°39'26.8\""),
            Some(("109.840333", "40.657444")),
            "normalised:dms",
        );
        check(
            ("东经109度50分25.2秒", "北纬40度39分26.8秒"),
            Some(("109.840333", "40.657444")),
            "normalised:dms",
        );
        check(
            ("109840347", "40657449"),
            Some(("109.840347", "40.657449")),
            "normalised:micro-degree",
        );
        check(
            ("109.84034749", "40.6574495"),
            Some(("109.840347", "40.657450")),
            "normalised:rounded",
        );
    }

    #[test]
    fn places_that_cannot_be_are_not_passed_on() {
        check(("0.0", "0.0"), None, "missing:zero");
        check(("", "40.1"), None, "missing");
        check(
            ("106.3166667", "38.46666667"),
            None,
            "suspect:outside-region",
        );
        check(("40.657449", "109.840347"), None, "suspect:swapped");
        check(("999.5", "40.65"), None, "reject:range");
        check(("abc", "40.65"), None, "reject:syntax");
        let swapped = read("40.657449", "109.840347", Some(&BAOTOU));
        assert_eq!(swapped.proposal.as_deref(), Some("109.840347,40.657449"));
    }

    #[test]
    fn without_a_region_only_the_earth_is_checked() {
        assert_eq!(
            read("106.3166667", "38.46666667", None).quality(),
            "normalised:rounded"
        );
        assert_eq!(read("40.65", "109.84", None).quality(), "reject:range");
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(longitude in "\\PC*|[0-9.°′″' -]{0,24}", latitude in "\\PC*") {
            let _ = (read(&longitude, &latitude, Some(&BAOTOU)), read(&latitude, &longitude, None));
        }
    }
}
