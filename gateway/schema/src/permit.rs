//! Discharge permit numbers and the codes of what they license (HJ 608-2017).
//!
//! A permit number is 18 + 3 + 1 characters: usually the credit code of the
//! holder, the number of the site, and a letter. The letter is opaque: P to Z
//! occur, it is no check character, and its meaning is not published.

use crate::credit_code;
use crate::remark::{Reading, Remark};
use crate::text;

const AREA: &str = "permit";

/// Characters of a permit number.
pub const LENGTH: usize = 22;

/// What a code of HJ 608 names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeKind {
    /// A pollution source: the permit number.
    Permit,
    /// An outlet (排放口): `DA001` waste gas, `DW001` waste water.
    Outlet,
    /// A treatment facility (污染治理设施): `TA`, `TW`, `TN`, `TS` and three digits.
    Treatment,
    /// A production facility (生产设施): `MF0001`.
    Production,
}

/// Says what a code names; `None` for a code that is not well formed.
pub fn kind(code: &str) -> Option<CodeKind> {
    match code.as_bytes() {
        [b'D', b'A' | b'W', number @ ..] if is_number(number, 3) => Some(CodeKind::Outlet),
        [b'T', b'A' | b'W' | b'N' | b'S', number @ ..] if is_number(number, 3) => {
            Some(CodeKind::Treatment)
        }
        [b'M', b'F', number @ ..] if is_number(number, 4) => Some(CodeKind::Production),
        _ => is_permit(code).then_some(CodeKind::Permit),
    }
}

/// Returns whether a text is a well-formed permit number.
///
/// The first 18 characters need not be a valid credit code: organisations
/// without one got a coded id (`G1…`, `H9…`, `1000006…`).
pub fn is_permit(code: &str) -> bool {
    let bytes = code.as_bytes();
    let Some((holder, rest)) = bytes.split_at_checked(18) else {
        return false;
    };
    let plain = holder
        .iter()
        .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    match rest {
        [number @ .., letter] => plain && is_number(number, 3) && (b'P'..=b'Z').contains(letter),
        [] => false,
    }
}

fn is_number(bytes: &[u8], digits: usize) -> bool {
    bytes.len() == digits && bytes.iter().all(u8::is_ascii_digit)
}

/// Reads a permit number: cleans width, case and spaces.
///
/// Quality codes: `normalised:case`, `:space`, `:full-width`, …; `missing`;
/// `reject:length` with the length, `reject:form`.
pub fn read(text: &str) -> Reading<String> {
    let clean = text::clean(text);
    if text::is_placeholder(&clean.text) {
        return Reading::none(Remark::missing(AREA, ""));
    }
    let mut changed = clean.what();
    let mut number = String::with_capacity(LENGTH);
    for character in clean.text.chars() {
        if character == ' ' {
            changed = changed.or(Some("space"));
        } else {
            if character.is_ascii_lowercase() {
                changed = changed.or(Some("case"));
            }
            number.push(character.to_ascii_uppercase());
        }
    }
    if is_permit(&number) {
        return Reading::with(number, changed.map(|what| Remark::normalised(AREA, what)));
    }
    let length = number.chars().count();
    if length == LENGTH {
        Reading::none(Remark::reject(AREA, "form"))
    } else {
        Reading::none(
            Remark::reject(AREA, "length").with_count(u32::try_from(length).unwrap_or(u32::MAX)),
        )
    }
}

/// Compares the holder in a permit number with the credit code of its row.
///
/// `permit.other-holder`: both are valid and differ, so somebody else holds
/// the permit. `permit.coded-holder`: the permit carries no credit code.
/// `None` when they agree or the credit code itself is not valid, which has
/// its own finding.
pub fn compare_holder(permit: &str, code: &str) -> Option<Remark> {
    let holder = permit
        .get(..credit_code::LENGTH)
        .filter(|_| is_permit(permit))?;
    if holder == code || !credit_code::is_valid(code) {
        return None;
    }
    let what = if credit_code::is_valid(holder) {
        "other-holder"
    } else {
        "coded-holder"
    };
    Some(Remark::suspect(AREA, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart_by_their_form() {
        let check = |code, expected| assert_eq!(kind(code), expected, "{code:?}");
        check("91130200699229617X001P", Some(CodeKind::Permit));
        check("G1000012200400000V001U", Some(CodeKind::Permit));
        check("DA001", Some(CodeKind::Outlet));
        check("DW031", Some(CodeKind::Outlet));
        check("TN004", Some(CodeKind::Treatment));
        check("MF0001", Some(CodeKind::Production));
        for code in [
            "",
            "DW31",
            "DA１",
            "DX001",
            "MF001",
            "da001",
            "91130200699229617X001O",
            "91130200699229617X01P",
        ] {
            check(code, None);
        }
    }

    #[test]
    fn permits_are_cleaned_and_every_letter_from_p_to_z_passes() {
        let check = |text: &str, expected: Option<&str>, quality: &str| {
            let reading = read(text);
            assert_eq!(reading.value.as_deref(), expected, "{text:?}");
            assert_eq!(reading.quality(), quality, "{text:?}");
        };
        check(
            "91130200699229617x001P",
            Some("91130200699229617X001P"),
            "normalised:case",
        );
        check(
            "91130200699229617X 001 P",
            Some("91130200699229617X001P"),
            "normalised:space",
        );
        check("", None, "missing");
        check("91130200699229617X001", None, "reject:length21");
        check("91130200699229617X00AP", None, "reject:form");
        for letter in 'P'..='Z' {
            let permit = format!("91130200699229617X001{letter}");
            check(&permit, Some(&permit), "ok");
        }
    }

    #[test]
    fn a_permit_of_another_holder_is_noticed() {
        let what = |permit, code| compare_holder(permit, code).map(|remark| remark.what);
        assert_eq!(what("91130200699229617X001P", "91130200699229617X"), None);
        assert_eq!(
            what("911302307808371268001P", "91130200699229617X"),
            Some("other-holder")
        );
        assert_eq!(
            what("G1000012200400000V001P", "91130200699229617X"),
            Some("coded-holder")
        );
        assert_eq!(what("91130200699229617X001P", "not a code"), None);
        assert_eq!(what("公司", "91130200699229617X"), None);
    }
}
