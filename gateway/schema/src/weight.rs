//! Masses on waste manifests, in tonnes.
//!
//! Arithmetic that a manifest must satisfy, on exact decimals. What is found
//! is a hint for a person; no statutory tolerance exists.

use proto::v1::Quantity;

use crate::decimal::{self, Decimal};
use crate::number;
use crate::remark::{Reading, Remark, Verdict};
use crate::unit;

const AREA: &str = "weight";

/// Reads a mass and brings it to tonnes, exactly.
///
/// `spelling` is the unit of the column or empty; a unit in the value itself
/// wins. Quality codes are those of [`number::read`], and `normalised:unit`
/// when the point was moved, `suspect:no-unit`, `reject:unit`.
pub fn read_tonnes(text: &str, spelling: &str) -> Reading<Quantity> {
    let mut reading = number::read(text);
    let Some(quantity) = reading.value.as_mut() else {
        return reading;
    };
    let from = if quantity.unit.is_empty() {
        unit::canonical(spelling)
    } else {
        unit::canonical(&quantity.unit)
    };
    let Some(from) = from else {
        if spelling.trim().is_empty() {
            reading.remark = reading.remark.or(Some(Remark::suspect(AREA, "no-unit")));
            return reading;
        }
        return Reading::none(Remark::reject(AREA, "unit"));
    };
    let Some(power) = unit::power_between(from, "t") else {
        return Reading::none(Remark::reject(AREA, "unit"));
    };
    if power != 0 {
        let Some(moved) = decimal::shift(&quantity.value, power) else {
            return Reading::none(Remark::reject(AREA, "unit"));
        };
        if quantity.raw.is_empty() {
            quantity.raw = format!("{text} {spelling}").trim_end().to_owned();
        }
        quantity.value = moved;
        reading.remark = Some(Remark::normalised(AREA, "unit"));
    }
    quantity.unit = "t".to_owned();
    quantity.unit_source = proto::v1::UnitSource::Packet.into();
    reading
}

/// Checks gross - tare = net; `weight.arith` when it is not, to the last digit.
///
/// `None` when a number is missing or the sum is right.
pub fn check_sum(gross: &str, tare: &str, net: &str) -> Option<Remark> {
    let difference = Decimal::parse(gross)?.minus(Decimal::parse(tare)?);
    let net = Decimal::parse(net)?;
    (difference != net).then(|| Remark::suspect(AREA, "arith"))
}

/// How much received and declared masses may differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tolerance {
    /// Absolute difference in tonnes, decimal text.
    pub abs_t: String,
    /// Difference over the declared mass, decimal text.
    pub ratio: String,
}

/// The usual setting: more than 0.1 t and more than 5 %. No statute sets one.
impl Default for Tolerance {
    fn default() -> Self {
        Self {
            abs_t: "0.1".to_owned(),
            ratio: "0.05".to_owned(),
        }
    }
}

/// The difference between a received and a declared mass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Received minus declared in tonnes, with its sign.
    pub diff_t: String,
    /// `diff_t` over the declared mass, four decimals; empty when nothing was declared.
    pub ratio: String,
    /// Whether both limits of the tolerance are exceeded.
    pub exceeds: bool,
}

impl Difference {
    /// `weight.mismatch` when the tolerance is exceeded.
    pub fn remark(&self) -> Option<Remark> {
        self.exceeds
            .then(|| Remark::new(AREA, Verdict::Mismatch, ""))
    }
}

/// Compares masses in tonnes; `None` when one is not a number of at most 18 digits.
pub fn compare(declared: &str, received: &str, tolerance: &Tolerance) -> Option<Difference> {
    let declared = Decimal::parse(declared)?;
    let difference = Decimal::parse(received)?.minus(declared);
    let ratio = difference.ratio(declared, 4);
    let above_abs = difference.magnitude() > Decimal::parse(&tolerance.abs_t)?;
    let limit = Decimal::parse(&tolerance.ratio)?;
    let above_ratio = ratio.is_none_or(|ratio| ratio.magnitude() > limit);
    Some(Difference {
        diff_t: difference.to_string(),
        ratio: ratio.map(|ratio| ratio.to_string()).unwrap_or_default(),
        exceeds: above_abs && above_ratio,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masses_become_tonnes_without_losing_a_digit() {
        let check = |text: &str, unit: &str, expected: Option<&str>, quality: &str| {
            let reading = read_tonnes(text, unit);
            assert_eq!(
                reading.value.as_ref().map(|value| value.value.as_str()),
                expected,
                "{text} {unit}"
            );
            assert_eq!(reading.quality(), quality, "{text} {unit}");
        };
        check("56.88", "吨", Some("56.88"), "ok");
        check("56880", "kg", Some("56.880"), "normalised:unit");
        check("56880公斤", "", Some("56.880"), "normalised:unit");
        check("1.2", "万吨", Some("12000"), "normalised:unit");
        check("56.88", "", Some("56.88"), "suspect:no-unit");
        check("56.88", "mg/L", None, "reject:unit");
        check("56.88", "车", None, "reject:unit");
        check("-", "吨", None, "missing");
    }

    #[test]
    fn net_must_be_gross_less_tare() {
        assert_eq!(check_sum("72.34", "15.46", "56.88"), None);
        assert_eq!(check_sum("72.340", "15.46", "56.88"), None);
        assert_eq!(
            check_sum("72.34", "15.46", "65.88")
                .map(|remark| remark.to_string())
                .as_deref(),
            Some("suspect:arith")
        );
        assert_eq!(check_sum("", "15.46", "65.88"), None);
    }

    #[test]
    fn a_difference_counts_only_above_both_limits() {
        let check = |declared, received, expected: (&str, &str, bool)| {
            let difference = compare(declared, received, &Tolerance::default()).expect("numbers");
            assert_eq!(
                (
                    difference.diff_t.as_str(),
                    difference.ratio.as_str(),
                    difference.exceeds
                ),
                expected
            );
            assert_eq!(difference.remark().is_some(), expected.2);
        };
        check("56.88", "53.10", ("-3.78", "-0.0665", true));
        check("56.88", "56.80", ("-0.08", "-0.0014", false));
        check("1.00", "0.92", ("-0.08", "-0.0800", false));
        check("100", "104", ("4", "0.0400", false));
        check("0", "1.5", ("1.5", "", true));
        assert_eq!(compare("x", "1", &Tolerance::default()), None);
    }
}
