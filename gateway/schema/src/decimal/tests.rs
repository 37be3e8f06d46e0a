//! Exactness of the operations on decimal text.

use proptest::prelude::*;

use super::*;

fn check_shift(text: &str, power: i32, expected: Option<&str>) {
    assert_eq!(shift(text, power).as_deref(), expected, "{text} by {power}");
}

#[test]
fn only_the_form_of_the_schema_is_well_formed() {
    for text in ["0", "-130.7", "12.50", "00012.50", "65535"] {
        assert!(is_well_formed(text), "{text}");
    }
    for text in [
        "", "-", ".", "1.", ".5", "+1", "1e3", "1,000", "NaN", "--1", "1.2.3", "１", "1 ",
    ] {
        assert!(!is_well_formed(text), "{text}");
    }
    assert!(
        is_canonical("0.5") && is_canonical("-0") && !is_canonical("00.5") && !is_canonical("-01")
    );
}

#[test]
fn shifting_keeps_every_digit() {
    check_shift("12.50", -3, Some("0.01250"));
    check_shift("12.50", 3, Some("12500"));
    check_shift("12.503", 1, Some("125.03"));
    check_shift("-0.5", 1, Some("-5"));
    check_shift("56880", -3, Some("56.880"));
    check_shift("7", 0, Some("7"));
    check_shift("0.000001", 6, Some("1"));
    check_shift("1e3", 1, None);
    check_shift("1", 65, None);
}

#[test]
fn differences_and_ratios_are_exact() {
    let parse = |text| Decimal::parse(text).expect("well formed");
    let difference = parse("53.10").minus(parse("56.88"));
    assert_eq!(difference.to_string(), "-3.78");
    assert_eq!(
        difference
            .ratio(parse("56.88"), 4)
            .map(|ratio| ratio.to_string())
            .as_deref(),
        Some("-0.0665")
    );
    assert_eq!(difference.ratio(parse("0.00"), 4), None);
    assert_eq!(parse("1.50"), parse("1.5"));
    assert!(parse("-2") < parse("-1.9"));
    assert_eq!(parse("-0.05").magnitude().to_string(), "0.05");
}

#[test]
fn numbers_too_long_to_compute_with_are_refused() {
    assert!(Decimal::parse("999999999999999999").is_some());
    assert!(Decimal::parse("9999999999999999999").is_none());
    assert!(Decimal::parse("0.1234567890123456789").is_none());
}

proptest! {
    #[test]
    fn shifting_there_and_back_gives_the_same_value(
        whole in 0_u64..1_000_000_000, fraction in "[0-9]{0,6}", power in -20_i32..20,
    ) {
        let text = if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") };
        let back = shift(&text, power).and_then(|there| shift(&there, -power)).expect("in range");
        let (back, text) = (trim(&back), trim(&text));
        prop_assert_eq!(back, text);
    }

    #[test]
    fn parsing_and_printing_keeps_the_text(text in "-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,8})?") {
        prop_assume!(!text.starts_with("-0") || text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)));
        prop_assert_eq!(Decimal::parse(&text).expect("short").to_string(), text);
    }

    #[test]
    fn nothing_panics(text in "\\PC*", power in any::<i32>()) {
        let _ = (shift(&text, power), Decimal::parse(&text), is_canonical(&text));
    }
}

/// Zeros at the end of the fraction are the only digits that may come and go.
fn trim(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}
