//! Resident identity numbers (公民身份号码, GB 11643-1999).
//!
//! The value is sensitive personal information: nothing here puts it into a
//! remark, a proposal or a finding, and nobody may log it.

use crate::date_time::calendar::Civil;
use crate::division;
use crate::remark::{Reading, Remark};
use crate::text;

const AREA: &str = "resident-id";

/// Weights of the first 17 digits: powers of 2 modulo 11.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Check characters by the weighted sum modulo 11 (ISO 7064 MOD 11-2).
const CHECK: &[u8; 11] = b"10X98765432";

/// What a check of a number found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResidentIdCheck {
    /// 18 characters, check character and date are right.
    Valid,
    /// 15 digits of the form before 1999, with a date that exists.
    Legacy15,
    /// Neither 17 digits and a check character, nor 15 digits.
    Format,
    /// The check character is wrong.
    Check,
    /// The date of birth does not exist.
    Date,
    /// No place of issue begins like this.
    Region,
}

impl ResidentIdCheck {
    /// Returns the word of rule codes: `valid`, `format`, `check-digit`, ….
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Legacy15 => "legacy15",
            Self::Format => "format",
            Self::Check => "check-digit",
            Self::Date => "date",
            Self::Region => "region",
        }
    }
}

/// Checks a number as it stands; a small `x` is a fault of form.
///
/// The first digits name the division of first registration, 81 to 83 a
/// resident from Hong Kong, Macao or Taiwan, 9 and a country code a foreigner
/// with permanent residence.
pub fn check(id: &str) -> ResidentIdCheck {
    let bytes = id.as_bytes();
    let digits_end = if bytes.len() == 18 { 17 } else { bytes.len() };
    let (digits, last) = bytes.split_at(digits_end);
    if !digits.iter().all(u8::is_ascii_digit) {
        return ResidentIdCheck::Format;
    }
    match (digits.len(), last) {
        (15, []) => check_legacy(id),
        (17, [last]) if last.is_ascii_digit() || *last == b'X' => {
            let sum: u32 = digits
                .iter()
                .zip(WEIGHTS)
                .map(|(digit, weight)| u32::from(digit - b'0') * weight)
                .sum();
            if CHECK[(sum % 11) as usize] != *last {
                ResidentIdCheck::Check
            } else if !is_date(id.get(6..10), id.get(10..12), id.get(12..14)) {
                ResidentIdCheck::Date
            } else if is_region(id) {
                ResidentIdCheck::Valid
            } else {
                ResidentIdCheck::Region
            }
        }
        _ => ResidentIdCheck::Format,
    }
}

fn check_legacy(id: &str) -> ResidentIdCheck {
    // Legacy numbers leave the century out; all of them were given in the twentieth.
    let year = id.get(6..8).map(|year| format!("19{year}"));
    if !is_date(year.as_deref(), id.get(8..10), id.get(10..12)) {
        ResidentIdCheck::Date
    } else if is_region(id) {
        ResidentIdCheck::Legacy15
    } else {
        ResidentIdCheck::Region
    }
}

fn is_date(year: Option<&str>, month: Option<&str>, day: Option<&str>) -> bool {
    let number = |part: Option<&str>| {
        part.and_then(|part| part.parse::<u16>().ok())
            .unwrap_or_default()
    };
    let small = |part| u8::try_from(number(part)).unwrap_or_default();
    let civil = Civil::date(number(year), small(month), small(day));
    civil.has_valid_date() && (1850..=2199).contains(&civil.year)
}

fn is_region(id: &str) -> bool {
    id.starts_with('9') || id.starts_with("83") || id.get(..2).is_some_and(division::is_province)
}

/// Reads a number: cleans width, spaces and a small `x`.
///
/// Quality codes: `normalised:case`, `:space`, `:full-width`; `missing`;
/// `suspect:legacy15`, `suspect:region`; `reject:format`, `:check-digit`,
/// `:date`. Neither the remark nor a proposal ever holds the number.
pub fn read(text: &str) -> Reading<String> {
    let clean = text::clean(text);
    if text::is_placeholder(&clean.text) {
        return Reading::none(Remark::missing(AREA, ""));
    }
    let mut changed = clean.what();
    let mut id = String::with_capacity(18);
    for character in clean.text.chars() {
        match character {
            ' ' => changed = changed.or(Some("space")),
            'x' => {
                changed = changed.or(Some("case"));
                id.push('X');
            }
            other => id.push(other),
        }
    }
    let cleaned = changed.map(|what| Remark::normalised(AREA, what));
    match check(&id) {
        ResidentIdCheck::Valid => Reading::with(id, cleaned),
        found @ (ResidentIdCheck::Legacy15 | ResidentIdCheck::Region) => {
            Reading::with(id, Some(Remark::suspect(AREA, found.as_str())))
        }
        found @ (ResidentIdCheck::Format | ResidentIdCheck::Check | ResidentIdCheck::Date) => {
            Reading::none(Remark::reject(AREA, found.as_str()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GB 11643-1999.
    const EXAMPLE: &str = "11010519491231002X";

    #[test]
    fn each_fault_has_its_verdict() {
        let check_id = |id, expected| assert_eq!(check(id), expected);
        check_id(EXAMPLE, ResidentIdCheck::Valid);
        check_id("110105194912310021", ResidentIdCheck::Check);
        check_id("11010519491231002x", ResidentIdCheck::Format);
        check_id("11010519491231002Y", ResidentIdCheck::Format);
        check_id("1101051949123100", ResidentIdCheck::Format);
        check_id("", ResidentIdCheck::Format);
        check_id("一二三四五六", ResidentIdCheck::Format);
        check_id("110105491231002", ResidentIdCheck::Legacy15);
        check_id("110105491331002", ResidentIdCheck::Date);
        check_id("990105491231002", ResidentIdCheck::Legacy15);
        check_id("200105491231002", ResidentIdCheck::Region);
    }

    #[test]
    fn cleaning_is_named() {
        let check_reading = |text: &str, found: bool, quality: &str| {
            let reading = read(text);
            assert_eq!(reading.value.as_deref(), found.then_some(EXAMPLE));
            assert_eq!(reading.quality(), quality);
        };
        check_reading(EXAMPLE, true, "ok");
        check_reading("11010519491231002x", true, "normalised:case");
        check_reading("110105 19491231 002X", true, "normalised:space");
        check_reading(
            "１１０１０５１９４９１２３１００２Ｘ",
            true,
            "normalised:full-width",
        );
        check_reading("110105194912310021", false, "reject:check-digit");
        check_reading("-", false, "missing");
    }

    #[test]
    fn every_wrong_digit_of_the_example_is_detected() {
        for at in 0..17 {
            for digit in b'0'..=b'9' {
                let mut id = EXAMPLE.as_bytes().to_vec();
                if id[at] == digit {
                    continue;
                }
                id[at] = digit;
                let id = String::from_utf8(id).expect("ASCII");
                assert_eq!(check(&id), ResidentIdCheck::Check);
            }
        }
    }
}
