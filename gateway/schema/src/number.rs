//! Numbers as agencies and devices write them, read into a [`Quantity`].
//!
//! Keeps every digit and the sender's scale; never passes through a float.
//! Tells a detection limit, a missing value and a faulty one apart. Whether
//! the number is plausible for its factor is not decided here.

use proto::v1::{Qualifier, Quantity, UnitSource};

use crate::decimal;
use crate::remark::{Reading, Remark};
use crate::text::{self, is_placeholder};
use crate::unit;

const AREA: &str = "number";

/// Longest text read as a number, in bytes. The longest number in the feeds
/// has 13 digits; what is longer than this is not one.
pub const MAX_LENGTH: usize = 64;

/// Reads a number.
///
/// The value has a unit only where the text itself states it (`7.20 mg/L`).
/// `<0.05` and `0.05L` give the detection limit with its qualifier, `ND` an
/// empty number with its qualifier. Quality codes: `normalised:full-width`,
/// `:thousands`, `:unit-in-value`, `:exponent`, `:sign`, `:space`, `:form`;
/// `suspect:sentinel`; `reject:nan`, `:infinite`, `:decimal-comma`, `:length`,
/// `:syntax`; `missing`.
pub fn read(text: &str) -> Reading<Quantity> {
    // The hot path: a number as the schema wants it.
    if text.len() <= MAX_LENGTH && decimal::is_canonical(text) {
        return Reading::with(quantity(text.to_owned()), sentinel(text));
    }
    read_dirty(text)
}

fn quantity(value: String) -> Quantity {
    Quantity {
        value,
        ..Quantity::default()
    }
}

fn read_dirty(raw: &str) -> Reading<Quantity> {
    let clean = text::clean(raw);
    let text: &str = &clean.text;
    if is_placeholder(text) {
        return Reading::none(Remark::missing(AREA, ""));
    }
    if text.len() > MAX_LENGTH {
        return Reading::none(Remark::reject(AREA, "length"));
    }
    if let Some(what) = not_a_number(text) {
        return Reading::none(Remark::reject(AREA, what));
    }
    let cleaned = clean.what().map(|what| Remark::normalised(AREA, what));
    if is_not_detected(text) {
        let qualifier = Qualifier::NotDetected.into();
        return Reading::with(
            Quantity {
                qualifier,
                raw: raw.to_owned(),
                ..Quantity::default()
            },
            cleaned,
        );
    }
    let (qualifier, body) = split_qualifier(text);
    let Some(number) = scan(body) else {
        return refuse(body);
    };
    let mut quantity = quantity(number.value);
    quantity.qualifier = qualifier.into();
    let mut remark = number
        .what
        .map(|what| Remark::normalised(AREA, what))
        .or(cleaned);
    // `L` right behind the number is the Chinese mark for "below the detection limit"
    // (HJ 91.1-2019, 10.2); litres are written with a space.
    let is_limit = number.rest == "L" && qualifier == Qualifier::Unspecified;
    if is_limit {
        quantity.qualifier = Qualifier::BelowDetectionLimit.into();
    } else if !number.rest.is_empty() {
        let Some(unit) = unit::canonical(number.rest.trim_start()) else {
            return Reading::none(Remark::reject(AREA, "syntax"));
        };
        quantity.unit = unit.to_owned();
        quantity.unit_source = UnitSource::Packet.into();
        remark = Some(Remark::normalised(AREA, "unit-in-value"));
    }
    let remark = sentinel(&quantity.value).or(remark);
    if quantity.value != raw {
        quantity.raw = raw.to_owned();
    }
    Reading::with(quantity, remark)
}

/// A number was not found: says so, and proposes what a decimal comma may mean.
fn refuse(body: &str) -> Reading<Quantity> {
    let with_point = body.replacen(',', ".", 1);
    if body.contains(',') && decimal::is_well_formed(&with_point) {
        return Reading::none(Remark::reject(AREA, "decimal-comma")).proposing(Some(with_point));
    }
    Reading::none(Remark::reject(AREA, "syntax"))
}

fn not_a_number(text: &str) -> Option<&'static str> {
    let unsigned = text.trim_start_matches(['+', '-']);
    if unsigned.eq_ignore_ascii_case("nan")
        || unsigned.starts_with("1.#QNAN")
        || unsigned.starts_with("1.#IND")
    {
        return Some("nan");
    }
    let infinite = ["inf", "infinity", "∞"]
        .iter()
        .any(|word| unsigned.eq_ignore_ascii_case(word));
    (infinite || unsigned.starts_with("1.#INF")).then_some("infinite")
}

fn is_not_detected(text: &str) -> bool {
    [
        "nd",
        "n.d.",
        "n.d",
        "未检出",
        "未检测出",
        "bdl",
        "<dl",
        "<mdl",
    ]
    .iter()
    .any(|word| text.eq_ignore_ascii_case(word))
}

fn split_qualifier(text: &str) -> (Qualifier, &str) {
    let below = ["<=", "≤", "≦", "<", "小于", "低于"];
    let above = [">=", "≥", "≧", ">", "大于", "高于"];
    for (marks, qualifier) in [
        (below, Qualifier::BelowDetectionLimit),
        (above, Qualifier::AboveRange),
    ] {
        if let Some(rest) = marks.iter().find_map(|mark| text.strip_prefix(mark)) {
            return (qualifier, rest.trim_start());
        }
    }
    (Qualifier::Unspecified, text)
}

/// A number at the start of a text.
struct Scanned<'a> {
    /// The number in the form of the schema.
    value: String,
    /// What had to be changed, if it is worth a remark.
    what: Option<&'static str>,
    /// What follows, with the space between.
    rest: &'a str,
}

fn scan(text: &str) -> Option<Scanned<'_>> {
    let (sign, mut what, unsigned) = split_sign(text);
    let end = unsigned
        .find(|c: char| !c.is_ascii_digit() && c != ',')
        .unwrap_or(unsigned.len());
    let (whole, after) = unsigned.split_at(end);
    let grouped = whole.contains(',');
    if grouped {
        is_grouped(whole).then_some(())?;
        what = Some("thousands");
    }
    let (fraction, after) = match after.strip_prefix('.') {
        Some(rest) => rest.split_at(
            rest.find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len()),
        ),
        None => ("", after),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    // `.5` and `5.` are numbers of printf, not of the schema.
    if whole.is_empty() || (fraction.is_empty() && unsigned[end..].starts_with('.')) {
        what = what.or(Some("form"));
    }
    let mut value = compose(sign, whole, fraction);
    let (power, rest) = split_exponent(after);
    if let Some(power) = power {
        value = decimal::shift(&value, power)?;
        what = Some("exponent");
    }
    Some(Scanned { value, what, rest })
}

/// Writes the parts of a number in the form of the schema, without leading zeros.
fn compose(sign: &str, whole: &str, fraction: &str) -> String {
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        trimmed => trimmed,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

fn split_sign(text: &str) -> (&'static str, Option<&'static str>, &str) {
    if let Some(rest) = text.strip_prefix('-') {
        ("-", None, rest)
    } else if let Some(rest) = text.strip_prefix('\u{2212}') {
        ("-", Some("sign"), rest)
    } else if let Some(rest) = text.strip_prefix('+') {
        ("", Some("sign"), rest)
    } else {
        ("", None, text)
    }
}

/// Returns whether commas stand where thousands are grouped: `1,234,567`.
fn is_grouped(whole: &str) -> bool {
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3)
}

/// Splits `E-3` off; more than 40 places are no measurement.
fn split_exponent(text: &str) -> (Option<i32>, &str) {
    let Some(rest) = text.strip_prefix(['e', 'E']) else {
        return (None, text);
    };
    let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let after = &digits[end..];
    let number = &rest[..rest.len() - after.len()];
    match number.parse::<i32>() {
        Ok(power) if power.unsigned_abs() <= 40 => (Some(power), after),
        _ => (None, text),
    }
}

/// Remarks on the values that devices send when they have none. The value is
/// kept: some of them can be measured.
fn sentinel(value: &str) -> Option<Remark> {
    const SENTINELS: [&str; 9] = [
        "65535",
        "32767",
        "-32768",
        "-9999",
        "-999",
        "-99999",
        "99999",
        "4294967295",
        "2147483647",
    ];
    if value.len() < 4 {
        return None;
    }
    let whole = match value.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => value,
    };
    SENTINELS
        .contains(&whole)
        .then(|| Remark::suspect(AREA, "sentinel"))
}

#[cfg(test)]
mod tests;
