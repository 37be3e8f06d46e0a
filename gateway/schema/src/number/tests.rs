//! Every form of a number that feeds send, and that no digit is lost.

use proptest::prelude::*;

use super::*;

/// Checks value, unit, qualifier and quality of a number.
fn check(text: &str, value: Option<(&str, &str, Qualifier)>, quality: &str) {
    let reading = read(text);
    let actual = reading
        .value
        .as_ref()
        .map(|q| (q.value.as_str(), q.unit.as_str(), q.qualifier()));
    assert_eq!(actual, value, "{text:?}");
    assert_eq!(reading.quality(), quality, "{text:?}");
}

fn plain(value: &str) -> Option<(&str, &str, Qualifier)> {
    Some((value, "", Qualifier::Unspecified))
}

#[test]
fn well_formed_numbers_stand_as_sent() {
    for text in ["0", "-130.7", "7.20", "0.000001", "12345678901234567890.5"] {
        check(text, plain(text), "ok");
        assert_eq!(read(text).value.map(|q| q.raw).as_deref(), Some(""));
    }
    check("00012.50", plain("12.50"), "ok");
    assert_eq!(
        read("00012.50").value.map(|q| q.raw).as_deref(),
        Some("00012.50")
    );
}

#[test]
fn dirty_spellings_are_normalised_and_named() {
    check("１２．３４", plain("12.34"), "normalised:full-width");
    check("1,234.5", plain("1234.5"), "normalised:thousands");
    check("1，234，567", plain("1234567"), "normalised:thousands");
    check(" 12.3\u{a0}", plain("12.3"), "normalised:space");
    check("12.3\0\0", plain("12.3"), "normalised:padding");
    check("\u{feff}12.3", plain("12.3"), "normalised:zero-width");
    check("+5", plain("5"), "normalised:sign");
    check("\u{2212}5", plain("-5"), "normalised:sign");
    check(".50", plain("0.50"), "normalised:form");
    check("5.", plain("5"), "normalised:form");
    check("1.20E-3", plain("0.00120"), "normalised:exponent");
    check("1.2e+2", plain("120"), "normalised:exponent");
}

#[test]
fn detection_limits_keep_their_number() {
    let below = Qualifier::BelowDetectionLimit;
    check("<0.05", Some(("0.05", "", below)), "ok");
    check("0.05L", Some(("0.05", "", below)), "ok");
    check("＜0.05", Some(("0.05", "", below)), "normalised:full-width");
    check(
        "<0.05mg/L",
        Some(("0.05", "mg/L", below)),
        "normalised:unit-in-value",
    );
    check(">2000", Some(("2000", "", Qualifier::AboveRange)), "ok");
    for text in ["ND", "nd", "未检出"] {
        check(text, Some(("", "", Qualifier::NotDetected)), "ok");
    }
    check(
        "5 L",
        Some(("5", "L", Qualifier::Unspecified)),
        "normalised:unit-in-value",
    );
}

#[test]
fn units_in_the_value_are_taken_from_the_packet() {
    check(
        "7.20 mg/L",
        Some(("7.20", "mg/L", Qualifier::Unspecified)),
        "normalised:unit-in-value",
    );
    check(
        "56.88吨",
        Some(("56.88", "t", Qualifier::Unspecified)),
        "normalised:unit-in-value",
    );
    check(
        "12.5%",
        Some(("12.5", "%", Qualifier::Unspecified)),
        "normalised:unit-in-value",
    );
    let source = read("7.20 mg/L").value.map(|q| q.unit_source());
    assert_eq!(source, Some(UnitSource::Packet));
}

#[test]
fn placeholders_are_missing_values() {
    for text in [
        "", " ", "-", "—", "--", "/", "null", "NULL", "无", "\u{200b}", "N/A", "\0\0",
    ] {
        check(text, None, "missing");
    }
}

#[test]
fn what_is_no_number_is_rejected() {
    check("NaN", None, "reject:nan");
    check("-nan", None, "reject:nan");
    check("1.#QNAN", None, "reject:nan");
    check("Infinity", None, "reject:infinite");
    for text in [
        "12.3.4", "12 34", "0x1F", "abc", "1e999", "约12", "1,23,4.5", "12-13", "<", "5e", "<<5",
    ] {
        check(text, None, "reject:syntax");
    }
    check(&"9".repeat(65), None, "reject:length");
    check("7,5", None, "reject:decimal-comma");
    assert_eq!(read("7,5").proposal.as_deref(), Some("7.5"));
}

#[test]
fn values_that_devices_send_for_nothing_are_suspect_and_kept() {
    for text in ["65535", "-9999", "-9999.0", "99999"] {
        check(text, plain(text), "suspect:sentinel");
    }
    check("65535.5", plain("65535.5"), "ok");
    check("999", plain("999"), "ok");
}

proptest! {
    #[test]
    fn digits_are_never_lost(
        sign in "-?", whole in "(0|[1-9][0-9]{0,20})", fraction in "[0-9]{0,20}", wide in any::<bool>(),
    ) {
        let point = if fraction.is_empty() { "" } else { "." };
        let text = format!("{sign}{whole}{point}{fraction}");
        let sent: String = if wide { text.chars().map(widen).collect() } else { text.clone() };
        let value = read(&sent).value.map(|quantity| quantity.value);
        prop_assert_eq!(value, Some(text));
    }

    #[test]
    fn arbitrary_text_never_panics_and_gives_well_formed_numbers(text in "[0-9.,eE+\\-<>L %mg/１．，a-z]{0,20}|\\PC*") {
        if let Some(quantity) = read(&text).value {
            prop_assert!(quantity.value.is_empty() || decimal::is_well_formed(&quantity.value));
        }
    }
}

fn widen(character: char) -> char {
    char::from_u32(u32::from(character) + 0xFEE0).expect("ASCII has full-width forms")
}
