//! What can be said against a value without knowing more than its packet.
//!
//! None of this changes or drops a value. Limits here are bounds of what is
//! physically possible or usual in a unit, never emission limits; whether a
//! value exceeds one is decided by the gateway from configured limits.

use adapter_sdk::proto::v1::{
    Action, DataFlag, Finding, Observation, Quantity, Record, Statistic, UnitSource, record,
};
use adapter_sdk::schema::decimal::Decimal;
use adapter_sdk::schema::factor::Factor;
use adapter_sdk::schema::unit::{self, Kind};

use crate::finding::{info, warning};
use crate::items::Item;
use crate::key::key;

/// Path of a value in findings.
const VALUE: &str = "observation.value.value";

/// Values of a factor in its default unit that make another unit more likely.
#[derive(Debug)]
struct Doubt {
    code: &'static str,
    unit: &'static str,
    /// Whole numbers between which the value is plausible, both included.
    plausible: (i64, i64),
    /// Unit that would explain a value outside.
    instead: &'static str,
}

/// Where the field is known to send another unit than the standard's default.
///
/// Static pressure of a flue is a few kPa below or above the air's, or absolute
/// around 100 kPa. A flow of more than 500 m3/s exists in no stack of a city.
/// Particles of less than 1000 ng/m3 (1 ug/m3) are not met in air.
const DOUBTS: [Doubt; 6] = [
    Doubt {
        code: "a01013",
        unit: "kPa",
        plausible: (-50, 150),
        instead: "Pa",
    },
    Doubt {
        code: "a00000",
        unit: "m3/s",
        plausible: (0, 500),
        instead: "m3/h",
    },
    Doubt {
        code: "a34001",
        unit: "ng/m3",
        plausible: (1_000, 10_000_000),
        instead: "ug/m3",
    },
    Doubt {
        code: "a34002",
        unit: "ng/m3",
        plausible: (1_000, 10_000_000),
        instead: "ug/m3",
    },
    Doubt {
        code: "a34004",
        unit: "ng/m3",
        plausible: (1_000, 10_000_000),
        instead: "ug/m3",
    },
    Doubt {
        code: "a34005",
        unit: "ng/m3",
        plausible: (1_000, 10_000_000),
        instead: "ug/m3",
    },
];

/// Bounds of what is possible, in the only unit the factor has.
const BOUNDS: [(&str, i64, i64); 4] = [
    ("w01001", 0, 14),
    ("a19001", 0, 25),
    ("a01014", 0, 100),
    ("a01002", 0, 100),
];

/// What is expected of the values of one factor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expectations {
    doubt: Option<&'static Doubt>,
    bounds: Option<(i64, i64)>,
    /// Whether converting to reference oxygen has a meaning, as far as is known.
    can_be_converted: bool,
}

impl Expectations {
    /// What is expected of a factor; of an unknown one nothing.
    pub(crate) fn of(known: Option<&Factor>) -> Self {
        let Some(known) = known else {
            return Self {
                doubt: None,
                bounds: None,
                can_be_converted: true,
            };
        };
        let number = key(known.code);
        let bounds = BOUNDS.iter().find(|bounds| key(bounds.0) == number);
        Self {
            doubt: DOUBTS.iter().find(|doubt| key(doubt.code) == number),
            bounds: bounds.map(|bounds| (bounds.1, bounds.2)),
            can_be_converted: unit::kind(known.unit).is_none_or(|kind| kind == Kind::Concentration),
        }
    }

    /// Checks one value by itself.
    pub(crate) fn check(
        &self,
        item: &Item<'_>,
        statistic: Statistic,
        quantity: &Quantity,
        flag: DataFlag,
        findings: &mut Vec<Finding>,
    ) {
        let is_zero = is_zero(&quantity.value);
        if is_zero && let Some((rule, text)) = zero_under(flag) {
            let note = warning(rule, Action::Kept).field(VALUE);
            findings.push(note.raw(item.value, item.value_offset()).text(text));
        }
        if is_converted(statistic) && !self.can_be_converted {
            let note = info("hj212.converted-parameter", Action::Kept).field("observation.stat");
            let text =
                "A value converted to reference oxygen has a meaning for concentrations only.";
            findings.push(note.raw(item.name, item.offset).text(text));
        }
        if statistic != Statistic::Cou && (self.doubt.is_some() || self.bounds.is_some()) {
            self.check_size(item, quantity, is_zero, findings);
        }
    }

    fn check_size(
        &self,
        item: &Item<'_>,
        quantity: &Quantity,
        is_zero: bool,
        findings: &mut Vec<Finding>,
    ) {
        let Some(whole) = whole(&quantity.value) else {
            return;
        };
        // Where somebody stated the unit of this very device there is no doubt about it.
        let is_stated = quantity.unit_source() == UnitSource::DeviceConfig;
        if let Some(doubt) = self
            .doubt
            .filter(|doubt| doubt.unit == quantity.unit && !is_stated && !is_zero)
            && !(doubt.plausible.0..=doubt.plausible.1).contains(&whole)
        {
            let note =
                warning("hj212.unit-suspect", Action::Proposed).field("observation.value.unit");
            let text = format!(
                "The value is not plausible in {}; the unit is not configured for this device.",
                doubt.unit
            );
            findings.push(
                note.raw(item.value, item.value_offset())
                    .proposal(doubt.instead)
                    .text(text),
            );
        }
        if let Some((low, high)) = self
            .bounds
            .filter(|bounds| !(bounds.0..=bounds.1).contains(&whole))
        {
            let note = warning("hj212.not-possible", Action::Kept).field(VALUE);
            let text = format!("The factor cannot be below {low} or above {high}.");
            findings.push(note.raw(item.value, item.value_offset()).text(text));
        }
    }
}

/// What a zero under a flag is not.
fn zero_under(flag: DataFlag) -> Option<(&'static str, &'static str)> {
    if matches!(flag, DataFlag::Fault | DataFlag::Communication) {
        let text = "Zero under a flag of fault (D) or lost communication (B) is no measured zero.";
        return Some(("hj212.zero-while-faulty", text));
    }
    let text = "The flag says the value is over the measuring range, and the value is zero.";
    (flag == DataFlag::OverRange).then_some(("hj212.over-range-zero", text))
}

fn is_converted(statistic: Statistic) -> bool {
    matches!(
        statistic,
        Statistic::ZsRtd | Statistic::ZsMin | Statistic::ZsAvg | Statistic::ZsMax
    )
}

/// Compares the records of one factor with one another: minimum, average and
/// maximum, and the same converted to reference oxygen.
pub(crate) fn factor(records: &mut [Record]) {
    for triple in [
        [Statistic::Min, Statistic::Avg, Statistic::Max],
        [Statistic::ZsMin, Statistic::ZsAvg, Statistic::ZsMax],
    ] {
        let places = triple.map(|statistic| {
            records
                .iter()
                .position(|record| statistic_of(record) == Some(statistic))
        });
        let [Some(low), Some(middle), Some(high)] = places else {
            continue;
        };
        let finding = compare(records, low, middle, high);
        if let (Some(finding), Some(envelope)) = (finding, &mut records[middle].envelope) {
            envelope.quality.push(Finding {
                offset: envelope.raw_offset,
                length: envelope.raw_length,
                ..finding
            });
        }
    }
}

fn compare(records: &[Record], low: usize, middle: usize, high: usize) -> Option<Finding> {
    let [low, average, high] = [low, middle, high].map(|at| observation(&records[at]));
    let flag = average?.flag();
    let [low, average, high] = [text_of(low?), text_of(average?), text_of(high?)];
    let is_constant = low == average && average == high;
    // A constant zero under a flag of fault is remarked on as what it is.
    if is_constant && matches!(flag, DataFlag::Normal | DataFlag::Unspecified) {
        let note = warning("hj212.constant", Action::Kept).field(VALUE);
        return Some(
            note.raw(average, 0)
                .text("Minimum, average and maximum are the same (恒值)."),
        );
    }
    if is_constant {
        return None;
    }
    let is_ordered = |one: &str, other: &str| match (Decimal::parse(one), Decimal::parse(other)) {
        (Some(one), Some(other)) => one <= other,
        // Too long to be computed with: nothing is said.
        _ => true,
    };
    if is_ordered(low, average) && is_ordered(average, high) {
        return None;
    }
    let note = warning("hj212.average-outside", Action::Kept).field(VALUE);
    Some(
        note.raw(average, 0)
            .text("The average does not lie between minimum and maximum."),
    )
}

fn observation(record: &Record) -> Option<&Observation> {
    match &record.entity {
        Some(record::Entity::Observation(observation)) => Some(observation),
        _ => None,
    }
}

fn statistic_of(record: &Record) -> Option<Statistic> {
    observation(record).map(Observation::stat)
}

fn text_of(observation: &Observation) -> &str {
    observation
        .value
        .as_ref()
        .map_or("", |quantity| &quantity.value)
}

/// Whether decimal text is zero, whatever its scale and sign.
fn is_zero(value: &str) -> bool {
    value.contains('0') && value.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'))
}

/// The value rounded away from zero to a whole number: enough to tell whether
/// it lies outside whole bounds.
fn whole(value: &str) -> Option<i64> {
    let (text, fraction) = value.split_once('.').unwrap_or((value, ""));
    let number: i64 = text.parse().ok()?;
    let has_fraction = fraction.bytes().any(|byte| byte != b'0');
    let away = if text.starts_with('-') { -1 } else { 1 };
    Some(number + if has_fraction { away } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_is_recognised_at_every_scale() {
        for value in ["0", "0.0000", "-0.0", "00"] {
            assert!(is_zero(value), "{value}");
        }
        for value in ["", "0.0001", "10", "-1", "."] {
            assert!(!is_zero(value), "{value}");
        }
    }

    #[test]
    fn a_value_is_rounded_away_from_zero() {
        for (value, expected) in [
            ("14", 14),
            ("14.0", 14),
            ("14.01", 15),
            ("-0.3", -1),
            ("-130.7116", -131),
            ("0.5", 1),
        ] {
            assert_eq!(whole(value), Some(expected), "{value}");
        }
        assert_eq!(whole("99999999999999999999"), None);
        assert_eq!(whole(""), None);
    }
}
