//! Unified social credit codes (统一社会信用代码, GB 32100-2015).
//!
//! Checks and cleans; never corrects. What a broken code may have been meant
//! to be is a proposal for a person. Whether the code is registered is not
//! known here.

use proto::v1::CreditCodeCheck;

use crate::permit;
use crate::remark::{Reading, Remark};
use crate::text;

const AREA: &str = "credit-code";

/// Characters in order of their value (GB 32100-2015, table 1): no I, O, S, V, Z.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Weights of the first 17 characters: powers of 3 modulo 31.
const WEIGHTS: [u32; 17] = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
];

/// Weights of the organisation code's first eight characters (GB 11714-1997).
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// Characters of a code.
pub const LENGTH: usize = 18;

/// Returns the word of the code list for a verdict: `valid`, `check-digit`, ….
pub fn word(check: CreditCodeCheck) -> &'static str {
    match check {
        CreditCodeCheck::Unspecified => "unspecified",
        CreditCodeCheck::Valid => "valid",
        CreditCodeCheck::CheckDigit => "check-digit",
        CreditCodeCheck::Alphabet => "alphabet",
        CreditCodeCheck::Length => "length",
        CreditCodeCheck::Missing => "missing",
        CreditCodeCheck::Pilot => "pilot",
    }
}

/// Checks a code as it stands; nothing is cleaned.
///
/// A pilot code was given out in the trials before the standard: its
/// organisation code begins with `M0` and is right in itself, and its check
/// character follows another rule.
pub fn check(code: &str) -> CreditCodeCheck {
    if code.is_empty() {
        return CreditCodeCheck::Missing;
    }
    let mut values = [0_u32; LENGTH];
    let mut count = 0;
    let mut foreign = false;
    for character in code.chars() {
        match value(character) {
            Some(value) if count < LENGTH => values[count] = value,
            Some(_) => {}
            None => foreign = true,
        }
        count += 1;
    }
    if count != LENGTH {
        CreditCodeCheck::Length
    } else if foreign {
        CreditCodeCheck::Alphabet
    } else if check_value(&values) == values[LENGTH - 1] {
        CreditCodeCheck::Valid
    } else if code.get(8..10) == Some("M0") && has_valid_organisation_code(code) {
        CreditCodeCheck::Pilot
    } else {
        CreditCodeCheck::CheckDigit
    }
}

/// Returns whether a code can be relied on to name one organisation.
pub fn is_valid(code: &str) -> bool {
    check(code) == CreditCodeCheck::Valid
}

fn value(character: char) -> Option<u32> {
    let at = match character {
        '0'..='9' => u32::from(character) - u32::from('0'),
        'A'..='H' => u32::from(character) - u32::from('A') + 10,
        'J'..='N' => u32::from(character) - u32::from('J') + 18,
        'P'..='R' => u32::from(character) - u32::from('P') + 23,
        'T' | 'U' => u32::from(character) - u32::from('T') + 26,
        'W'..='Y' => u32::from(character) - u32::from('W') + 28,
        _ => return None,
    };
    Some(at)
}

fn check_value(values: &[u32; LENGTH]) -> u32 {
    let sum: u32 = values
        .iter()
        .zip(WEIGHTS)
        .map(|(value, weight)| value * weight)
        .sum();
    (31 - sum % 31) % 31
}

/// Returns the check character that belongs to the first 17 characters of a
/// code; `None` when one of them is outside the alphabet.
pub fn check_character(code: &str) -> Option<char> {
    let mut values = [0_u32; LENGTH];
    let mut characters = code.chars();
    for slot in values.iter_mut().take(LENGTH - 1) {
        *slot = value(characters.next()?)?;
    }
    ALPHABET
        .get(check_value(&values) as usize)
        .map(|&byte| char::from(byte))
}

/// Returns whether characters 9 to 17 are an organisation code whose own check
/// character is right (GB 11714-1997). Codes that pass the outer check and fail
/// this one exist; they are worth a remark, no more.
pub fn has_valid_organisation_code(code: &str) -> bool {
    let Some(organisation) = code.get(8..17) else {
        return false;
    };
    let mut sum = 0;
    for (character, weight) in organisation.chars().zip(ORGANISATION_WEIGHTS) {
        // Here letters count from 10 without gaps.
        let Some(value) = character
            .to_digit(36)
            .filter(|_| !character.is_ascii_lowercase())
        else {
            return false;
        };
        sum += value * weight;
    }
    let expected = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        other => char::from_digit(other, 10).unwrap_or('0'),
    };
    organisation.ends_with(expected)
}

/// Reads a code.
///
/// Cleans width, case, spaces, invisible characters and a bracketed suffix
/// (`…(01)`, written by plants that share a code). Quality codes:
/// `normalised:suffix`, `:suffix+nbsp`, `:full-width`, `:zero-width`,
/// `:space`, `:case`; `missing`, `missing:placeholder`,
/// `missing:zero-width-space`; `suspect:pilot`, `suspect:organisation-code`;
/// `reject:check-digit`, `reject:length` with the length,
/// `reject:letter-O` (I, S, V, Z likewise), `reject:alphabet`.
pub fn read(text: &str) -> Reading<String> {
    let clean = text::clean(text);
    if clean.text.is_empty() {
        let what = if clean.zero_width {
            "zero-width-space"
        } else {
            ""
        };
        return Reading::none(Remark::missing(AREA, what));
    }
    if text::is_placeholder(&clean.text) || clean.text.bytes().all(|byte| byte == b'0') {
        return Reading::none(Remark::missing(AREA, "placeholder"));
    }
    let (body, suffix) = split_suffix(&clean.text);
    let what = match suffix {
        Some(_) if clean.no_break_space => Some("suffix+nbsp"),
        Some(_) => Some("suffix"),
        None => clean.what(),
    };
    let (code, changed) = plain(body);
    let remark = what.or(changed).map(|what| Remark::normalised(AREA, what));
    judge(code, remark)
}

/// Decides about a cleaned code.
fn judge(code: String, cleaned: Option<Remark>) -> Reading<String> {
    match check(&code) {
        CreditCodeCheck::Valid if has_valid_organisation_code(&code) => {
            Reading::with(code, cleaned)
        }
        CreditCodeCheck::Valid => {
            let remark = cleaned.unwrap_or(Remark::suspect(AREA, "organisation-code"));
            Reading::with(code, Some(remark))
        }
        CreditCodeCheck::Pilot => Reading::with(code, Some(Remark::suspect(AREA, "pilot"))),
        CreditCodeCheck::Missing | CreditCodeCheck::Unspecified => {
            Reading::none(Remark::missing(AREA, ""))
        }
        CreditCodeCheck::CheckDigit => Reading::none(Remark::reject(AREA, "check-digit")),
        CreditCodeCheck::Length => {
            let length = u32::try_from(code.chars().count()).unwrap_or(u32::MAX);
            let remark = Remark::reject(AREA, "length").with_count(length);
            Reading::none(remark).proposing(without_doubled_character(&code))
        }
        CreditCodeCheck::Alphabet => {
            Reading::none(Remark::reject(AREA, letter(&code))).proposing(with_likely_digits(&code))
        }
    }
}

/// Splits a bracketed suffix off: `91…(01)`.
fn split_suffix(text: &str) -> (&str, Option<&str>) {
    match text.find('(') {
        Some(at) if text.ends_with(')') && at > 0 => {
            let (code, suffix) = text.split_at(at);
            (code.trim_end(), Some(suffix))
        }
        _ => (text, None),
    }
}

/// Writes a code in upper case without spaces and hyphens; says what changed.
fn plain(text: &str) -> (String, Option<&'static str>) {
    let mut what = None;
    let mut code = String::with_capacity(LENGTH);
    for character in text.chars() {
        if character == ' ' || character == '-' {
            what = Some("space");
        } else {
            if character.is_ascii_lowercase() {
                what = what.or(Some("case"));
            }
            code.push(character.to_ascii_uppercase());
        }
    }
    (code, what)
}

fn letter(code: &str) -> &'static str {
    match code.chars().find(|&character| value(character).is_none()) {
        Some('O') => "letter-O",
        Some('I') => "letter-I",
        Some('S') => "letter-S",
        Some('V') => "letter-V",
        Some('Z') => "letter-Z",
        _ => "alphabet",
    }
}

/// Proposes the digits that the forbidden letters are mistaken for, if the
/// check character then is right.
fn with_likely_digits(code: &str) -> Option<String> {
    let likely: String = code
        .chars()
        .map(|character| match character {
            'O' => '0',
            'I' => '1',
            'S' => '5',
            'Z' => '2',
            other => other,
        })
        .collect();
    is_valid(&likely).then_some(likely)
}

/// Proposes the code without a character typed twice, if exactly one such code is valid.
fn without_doubled_character(code: &str) -> Option<String> {
    let bytes = code.as_bytes();
    if bytes.len() != LENGTH + 1 || !code.is_ascii() {
        return None;
    }
    let mut found: Option<String> = None;
    for at in 1..bytes.len() {
        if bytes[at] != bytes[at - 1] {
            continue;
        }
        let candidate = format!("{}{}", &code[..at], &code[at + 1..]);
        if is_valid(&candidate) && found.as_ref() != Some(&candidate) {
            if found.is_some() {
                return None;
            }
            found = Some(candidate);
        }
    }
    found
}

/// Proposes the credit code that a permit number of the same row begins with.
///
/// `None` when the first 18 characters are no valid code: some permits carry a
/// coded id of an organisation without one, and some are mistyped.
pub fn propose_from_permit(permit: &str) -> Option<String> {
    let number = permit::read(permit).value?;
    number
        .get(..LENGTH)
        .filter(|prefix| is_valid(prefix))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests;
