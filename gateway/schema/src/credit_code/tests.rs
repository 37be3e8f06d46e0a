//! Verdicts, cleaning and proposals of credit codes, and what the check character must detect.

use proptest::prelude::*;

use super::*;

/// The example of HJ 608-2017 Annex A.
const EXAMPLE: &str = "91130200699229617X";

fn check_reading(text: &str, expected: Option<&str>, quality: &str) {
    let reading = read(text);
    assert_eq!(reading.value.as_deref(), expected, "{text:?}");
    assert_eq!(reading.quality(), quality, "{text:?}");
}

#[test]
fn each_fault_has_its_verdict() {
    let check_code = |code, expected| assert_eq!(check(code), expected, "{code:?}");
    check_code(EXAMPLE, CreditCodeCheck::Valid);
    check_code("91130200699229617Y", CreditCodeCheck::CheckDigit);
    check_code("91130200699229617x", CreditCodeCheck::Alphabet);
    check_code("9113020069922961ZX", CreditCodeCheck::Alphabet);
    check_code("91130200699229617", CreditCodeCheck::Length);
    check_code("91130200699229617XX", CreditCodeCheck::Length);
    check_code("", CreditCodeCheck::Missing);
    check_code(
        "河钢集团有限公司唐山分公司一二三四五",
        CreditCodeCheck::Alphabet,
    );
}

#[test]
fn codes_of_the_trials_are_told_from_wrong_ones() {
    // Made up: an organisation code M0… right in itself under a wrong outer check character.
    let body = "91150200M0000001";
    let code = ('0'..='9')
        .chain(['X'])
        .flat_map(|organisation| {
            ALPHABET
                .iter()
                .map(move |&last| format!("{body}{organisation}{}", char::from(last)))
        })
        .find(|code| has_valid_organisation_code(code) && !is_valid(code))
        .expect("one of eleven check characters is right");
    assert_eq!(check(&code), CreditCodeCheck::Pilot);
    check_reading(&code, Some(&code), "suspect:pilot");
}

#[test]
fn cleaning_is_named_and_loses_nothing() {
    check_reading(EXAMPLE, Some(EXAMPLE), "ok");
    check_reading("91130200699229617x", Some(EXAMPLE), "normalised:case");
    check_reading(
        "９１１３０２００６９９２２９６１７Ｘ",
        Some(EXAMPLE),
        "normalised:full-width",
    );
    check_reading("91130200 6992 29617X", Some(EXAMPLE), "normalised:space");
    check_reading(" 91130200699229617X", Some(EXAMPLE), "normalised:space");
    check_reading(
        "\u{200b}91130200699229617X",
        Some(EXAMPLE),
        "normalised:zero-width",
    );
    check_reading(
        "91130200699229617X(02）",
        Some(EXAMPLE),
        "normalised:suffix",
    );
    check_reading(
        "91130200699229617X(\u{a0})",
        Some(EXAMPLE),
        "normalised:suffix+nbsp",
    );
}

#[test]
fn placeholders_are_missing_codes() {
    check_reading("", None, "missing");
    check_reading("\u{200b}", None, "missing:zero-width-space");
    for text in ["-", "0", "`", "无", "/", "000000000000000000", "\u{200b}0"] {
        check_reading(text, None, "missing:placeholder");
    }
}

#[test]
fn broken_codes_are_proposed_for_but_never_corrected() {
    let with_letter = EXAMPLE.replacen('0', "O", 1);
    check_reading(&with_letter, None, "reject:letter-O");
    assert_eq!(read(&with_letter).proposal.as_deref(), Some(EXAMPLE));

    let doubled = EXAMPLE.replacen('3', "33", 1);
    check_reading(&doubled, None, "reject:length19");
    assert_eq!(read(&doubled).proposal.as_deref(), Some(EXAMPLE));

    check_reading("91130200699229617Y", None, "reject:check-digit");
    assert_eq!(read("91130200699229617Y").proposal, None);
    check_reading("9113020069922961中X", None, "reject:alphabet");
}

#[test]
fn a_permit_number_proposes_its_prefix_only_if_that_is_a_code() {
    assert_eq!(
        propose_from_permit("91130200699229617X001P").as_deref(),
        Some(EXAMPLE)
    );
    assert_eq!(
        propose_from_permit("91130200699229617x001p").as_deref(),
        Some(EXAMPLE)
    );
    assert_eq!(propose_from_permit("91130200699229617Y001P"), None);
    assert_eq!(propose_from_permit("91130200699229617X"), None);
}

#[test]
fn rule_codes_do_not_depend_on_the_value() {
    let remark = read("9113").remark.expect("too short");
    assert_eq!(remark.rule(), "credit-code.length");
    assert_eq!(remark.to_string(), "reject:length4");
}

proptest! {
    #[test]
    fn every_substitution_of_one_character_is_detected(
        body in prop::collection::vec(0_usize..31, 17), at in 0_usize..18, by in 1_usize..31,
    ) {
        let mut code: Vec<u8> = body.iter().map(|&value| ALPHABET[value]).collect();
        let last = check_character(core::str::from_utf8(&code).expect("ASCII")).expect("in the alphabet");
        code.push(u8::try_from(last).expect("ASCII"));
        prop_assert!(is_valid(core::str::from_utf8(&code).expect("ASCII")));
        let old = ALPHABET.iter().position(|&byte| byte == code[at]).expect("in the alphabet");
        code[at] = ALPHABET[(old + by) % 31];
        prop_assert!(!is_valid(core::str::from_utf8(&code).expect("ASCII")));
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC*|[0-9A-Z()（） \u{200b}O]{16,22}") {
        let reading = read(&text);
        if let Some(code) = reading.value {
            prop_assert!(matches!(check(&code), CreditCodeCheck::Valid | CreditCodeCheck::Pilot));
        }
        let _ = (check_character(&text), propose_from_permit(&text), has_valid_organisation_code(&text));
    }
}
