//! Vehicle plates (机动车号牌, GA 36-2018).
//!
//! Reads a plate as written and says what was changed. Forms that are rare or
//! newer than the standard are kept with a remark: a plate refused is a track
//! lost.

use crate::remark::{Reading, Remark};
use crate::text;

const AREA: &str = "plate";

/// Short names of provinces, regions and municipalities.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// Reads a plate.
///
/// Quality codes: `normalised:case`, `:space`, `:dot`, `:full-width`;
/// `missing`; `suspect:letter-I` and `:letter-O` (never used; the digit is
/// proposed), `:prefix` (内蒙 for 蒙), `:form` (kept); `reject:length`,
/// `:form`.
pub fn read(text: &str) -> Reading<String> {
    let clean = text::clean(text);
    if text::is_placeholder(&clean.text) || is_no_plate(&clean.text) {
        return Reading::none(Remark::missing(AREA, ""));
    }
    let mut changed = clean.what();
    let mut plate = String::with_capacity(12);
    for character in clean.text.chars() {
        match character {
            ' ' => changed = changed.or(Some("space")),
            '·' | '•' | '・' | '.' | '-' => changed = changed.or(Some("dot")),
            other => {
                if other.is_ascii_lowercase() {
                    changed = changed.or(Some("case"));
                }
                plate.push(other.to_ascii_uppercase());
            }
        }
    }
    judge(plate, changed.map(|what| Remark::normalised(AREA, what)))
}

fn is_no_plate(text: &str) -> bool {
    ["无牌", "无号牌", "未上牌", "无牌照", "临牌"].contains(&text)
}

fn judge(plate: String, cleaned: Option<Remark>) -> Reading<String> {
    match form(&plate) {
        Form::Standard => Reading::with(plate, cleaned),
        Form::Unusual => Reading::with(plate, Some(Remark::suspect(AREA, "form"))),
        Form::None => refuse(&plate),
    }
}

/// A plate has none of the forms: says why and proposes what is likely.
fn refuse(plate: &str) -> Reading<String> {
    if let Some(without) = plate
        .strip_prefix('内')
        .filter(|without| without.starts_with('蒙'))
    {
        let proposal = (form(without) == Form::Standard).then(|| without.to_owned());
        return Reading::none(Remark::suspect(AREA, "prefix")).proposing(proposal);
    }
    let length = plate.chars().count();
    let forbidden = [('I', '1', "letter-I"), ('O', '0', "letter-O")];
    for (letter, digit, what) in forbidden {
        // The second character is always a letter, so there a digit is no proposal.
        if plate.chars().skip(1).any(|character| character == letter) && length >= 7 {
            let likely = plate.replace(letter, &digit.to_string());
            let proposal = (form(&likely) == Form::Standard).then_some(likely);
            return Reading::none(Remark::suspect(AREA, what)).proposing(proposal);
        }
    }
    let what = if (7..=8).contains(&length) {
        "form"
    } else {
        "length"
    };
    Reading::none(Remark::reject(AREA, what))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Standard,
    Unusual,
    None,
}

fn form(plate: &str) -> Form {
    // Nine characters at most, so that nothing long is collected.
    let characters: Vec<char> = plate.chars().take(10).collect();
    match characters.as_slice() {
        [province, rest @ ..] if PROVINCES.contains(*province) => civil(rest),
        ['W', 'J', rest @ ..] => armed_police(rest),
        [arm, army, digits @ ..]
            if is_military(*arm, *army) && digits.len() == 5 && all_digits(digits) =>
        {
            Form::Standard
        }
        _ => Form::None,
    }
}

/// A plate behind its province.
fn civil(rest: &[char]) -> Form {
    match rest {
        [office, body @ .., last]
            if is_letter(*office) && body.len() == 4 && body.iter().all(|&c| is_mark(c)) =>
        {
            let end = is_mark(*last) || "挂学警港澳".contains(*last);
            if end { Form::Standard } else { Form::None }
        }
        [office, body @ ..] if is_letter(*office) && body.len() == 6 => eight(body),
        // Consulates: digits and 领, without the letter of an office.
        [digits @ .., '领'] if digits.len() == 5 && all_digits(digits) => Form::Unusual,
        _ => Form::None,
    }
}

/// The six characters behind the office letter of a plate of eight.
fn eight(body: &[char]) -> Form {
    let is_energy = |character: char| matches!(character, 'D' | 'F');
    // Letters added for new-energy vehicles when D and F ran out; not in GA 36-2018.
    let is_added = |character: char| matches!(character, 'A'..='C' | 'E' | 'G' | 'H' | 'J' | 'K');
    match body {
        [marks @ .., '领'] if marks.iter().all(|&c| is_mark(c)) => Form::Standard,
        [first, second, digits @ ..]
            if is_energy(*first) && is_mark(*second) && all_digits(digits) =>
        {
            Form::Standard
        }
        [digits @ .., last] if all_digits(digits) && is_energy(*last) => Form::Standard,
        [first, second, digits @ ..]
            if is_added(*first) && is_mark(*second) && all_digits(digits) =>
        {
            Form::Unusual
        }
        [digits @ .., last] if all_digits(digits) && is_added(*last) => Form::Unusual,
        _ => Form::None,
    }
}

fn armed_police(rest: &[char]) -> Form {
    let number = match rest {
        [province, number @ ..] if PROVINCES.contains(*province) => number,
        number => number,
    };
    match number {
        [digits @ .., last] if digits.len() == 4 && all_digits(digits) => {
            if last.is_ascii_digit() || last.is_ascii_uppercase() {
                Form::Standard
            } else {
                Form::None
            }
        }
        _ => Form::None,
    }
}

fn is_military(arm: char, army: char) -> bool {
    "VKHBSLJNGCE".contains(arm) && matches!(army, 'A'..='D' | 'J'..='P' | 'R'..='T' | 'V' | 'Y')
}

fn is_letter(character: char) -> bool {
    character.is_ascii_uppercase() && !matches!(character, 'I' | 'O')
}

fn is_mark(character: char) -> bool {
    character.is_ascii_digit() || is_letter(character)
}

fn all_digits(characters: &[char]) -> bool {
    characters.iter().all(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<&str>, quality: &str) {
        let reading = read(text);
        assert_eq!(reading.value.as_deref(), expected, "{text:?}");
        assert_eq!(reading.quality(), quality, "{text:?}");
    }

    #[test]
    fn plates_of_every_form_stand_as_sent() {
        for plate in [
            "蒙B12345",
            "蒙B1234挂",
            "蒙BD12345",
            "蒙BFA1234",
            "蒙B12345D",
            "蒙B1234警",
            "WJ蒙12345",
            "WJ1234X",
            "VA12345",
        ] {
            check(plate, Some(plate), "ok");
        }
    }

    #[test]
    fn spellings_are_normalised_and_named() {
        check("蒙b12345", Some("蒙B12345"), "normalised:case");
        check("蒙 B 12345", Some("蒙B12345"), "normalised:space");
        check("蒙B·12345", Some("蒙B12345"), "normalised:dot");
        check("蒙Ｂ12345", Some("蒙B12345"), "normalised:full-width");
    }

    #[test]
    fn unusual_forms_are_kept_with_a_remark() {
        check("粤BA03205", Some("粤BA03205"), "suspect:form");
        check("闽20401领", Some("闽20401领"), "suspect:form");
    }

    #[test]
    fn likely_slips_are_proposed_and_not_applied() {
        check("蒙BI2345", None, "suspect:letter-I");
        assert_eq!(read("蒙BI2345").proposal.as_deref(), Some("蒙B12345"));
        check("蒙BO1234", None, "suspect:letter-O");
        check("内蒙B12345", None, "suspect:prefix");
        assert_eq!(read("内蒙B12345").proposal.as_deref(), Some("蒙B12345"));
    }

    #[test]
    fn what_is_no_plate_is_missing_or_rejected() {
        for text in ["", "-", "无牌", "无"] {
            check(text, None, "missing");
        }
        check("蒙B1234", None, "reject:length");
        check("蒙BA1234挂", None, "reject:form");
        check("1234567", None, "reject:form");
    }

    proptest! {
        #[test]
        fn reading_is_idempotent_and_never_panics(text in "\\PC*|[蒙内粤WJVA-Z0-9挂领· ]{5,10}") {
            if let Some(plate) = read(&text).value {
                prop_assert_eq!(read(&plate).value, Some(plate));
            }
        }
    }
}
