//! Every form of a date that feeds send, and what must not be made of it.

use proptest::prelude::*;

use super::*;

fn check(text: &str, expected: Option<&str>, precision: Precision, quality: &str) {
    let reading = read(text);
    let actual = reading
        .value
        .as_ref()
        .map(|time| (time.text.as_str(), time.precision()));
    assert_eq!(
        actual,
        expected.map(|expected| (expected, precision)),
        "{text:?}"
    );
    assert_eq!(reading.quality(), quality, "{text:?}");
}

fn check_second(text: &str, quality: &str) {
    check(
        text,
        Some("2026-09-01T08:05:00+08:00"),
        Precision::Second,
        quality,
    );
}

fn check_none(text: &str, quality: &str) {
    check(text, None, Precision::Unspecified, quality);
}

#[test]
fn one_instant_in_every_form() {
    for text in [
        "20260901080500",
        "2026-09-01 08:05:00",
        "2026-09-01 08:05:00.0",
        "2026/9/1 8:05:00",
        "2026-9-1 8:5:0",
        "2026.09.01 08:05:00",
        "2026-09-01T08:05:00",
        "2026-09-01T08:05:00+08:00",
        "2026-09-01T08:05:00+0800",
        "2026-09-01T00:05:00Z",
        "2026-08-31T20:05:00-04:00",
        "2026-09-01 00:05:00 UTC",
        "2026年9月1日8时5分0秒",
        "2026年09月01日 08:05:00",
        "1788221100",
        "1788221100000",
        "/Date(1788221100000+0800)/",
        "/Date(1788221100000)/",
        "2026-09-01T08:05:00+08:00[Asia/Shanghai]",
    ] {
        check_second(text, "ok");
    }
    check_second("Tue Sep 01 08:05:00 CST 2026", "normalised:cst");
    check_second(
        "２０２６－０９－０１　０８：０５：００",
        "normalised:full-width",
    );
    check_second("20260901080500\0", "normalised:padding");
    check_second("二〇二六年九月一日八时五分零秒", "normalised:zh-numerals");
}

#[test]
fn the_offset_is_marked_as_assumed_unless_it_was_stated() {
    let assumed = |text| {
        read(text)
            .value
            .map(|time| (time.offset, time.offset_assumed))
    };
    assert_eq!(assumed("20260901080500"), Some(("+08:00".to_owned(), true)));
    assert_eq!(
        assumed("2026-09-01T00:05:00Z"),
        Some(("+08:00".to_owned(), false))
    );
    assert_eq!(assumed("1788221100"), Some(("+08:00".to_owned(), false)));
    assert_eq!(assumed("2026-09-01"), Some(("+08:00".to_owned(), true)));
    // The letters also mean US Central.
    assert_eq!(
        assumed("Tue Sep 01 08:05:00 CST 2026"),
        Some(("+08:00".to_owned(), true))
    );
}

#[test]
fn a_text_without_offset_is_at_the_one_its_format_documents() {
    let at = |text, offset| {
        let offset = Offset::parse(offset).expect("an offset");
        let time = read_at(text, offset).value.expect("a time");
        assert!(is_well_formed(&time), "{time:?}");
        (time.text, time.offset, time.offset_assumed)
    };
    let made = |text: &str, offset: &str, assumed| (text.to_owned(), offset.to_owned(), assumed);
    assert_eq!(
        at("2026-09-01 20:05:00", "-04:00"),
        made("2026-09-02T08:05:00+08:00", "+08:00", true)
    );
    assert_eq!(
        at("20260901000500", "+00:00"),
        made("2026-09-01T08:05:00+08:00", "+08:00", true)
    );
    // What the text states comes first, and CST is Chinese time.
    assert_eq!(
        at("2026-09-01T00:05:00Z", "-04:00"),
        made("2026-09-01T08:05:00+08:00", "+08:00", false)
    );
    assert_eq!(
        at("Tue Sep 01 08:05:00 CST 2026", "+00:00"),
        made("2026-09-01T08:05:00+08:00", "+08:00", true)
    );
    // A date keeps its day, and the offset says which day that is.
    assert_eq!(
        at("2026-09-01", "-03:30"),
        made("2026-09-01", "-03:30", true)
    );
    for wrong in ["", "08:00", "+8", "+0800", "+15:00", "Z"] {
        assert_eq!(Offset::parse(wrong), None, "{wrong}");
    }
}

#[test]
#[rustfmt::skip]
fn precision_is_what_was_written() {
    let table = [
        ("20260901080500123", "2026-09-01T08:05:00.123+08:00", Precision::Millisecond, "ok"),
        ("2026-09-01 08:05:00.000", "2026-09-01T08:05:00.000+08:00", Precision::Millisecond, "ok"),
        ("2026-09-01 08:05:00.5", "2026-09-01T08:05:00.500+08:00", Precision::Millisecond, "ok"),
        ("2026-09-01 08:05:00.123456", "2026-09-01T08:05:00.123456000+08:00", Precision::Nanosecond, "ok"),
        ("2026-09-01T00:05:00.123456789Z", "2026-09-01T08:05:00.123456789+08:00", Precision::Nanosecond, "ok"),
        ("202609010805", "2026-09-01T08:05:00+08:00", Precision::Minute, "ok"),
        ("2026-09-01 08:05", "2026-09-01T08:05:00+08:00", Precision::Minute, "ok"),
        ("2026090108", "2026-09-01T08:00:00+08:00", Precision::Hour, "ok"),
        ("2026年9月1日8时", "2026-09-01T08:00:00+08:00", Precision::Hour, "ok"),
        ("2026-09-01", "2026-09-01", Precision::Day, "ok"),
        ("2026-9-1", "2026-09-01", Precision::Day, "normalised:date-only"),
        ("20260901", "2026-09-01", Precision::Day, "normalised:date-only"),
        ("2026年9月1日", "2026-09-01", Precision::Day, "normalised:date-only"),
        ("二〇二六年九月一日", "2026-09-01", Precision::Day, "normalised:zh-numerals"),
        ("二○二六年十二月三十一日", "2026-12-31", Precision::Day, "normalised:zh-numerals"),
        ("二零二六年十月廿一日", "2026-10-21", Precision::Day, "normalised:zh-numerals"),
        ("2026年9月", "2026-09", Precision::Month, "ok"),
        ("202609", "2026-09", Precision::Month, "ok"),
        ("2026", "2026", Precision::Year, "ok"),
    ];
    for (text, expected, precision, quality) in table {
        check(text, Some(expected), precision, quality);
    }
}

#[test]
fn the_end_of_a_day_is_the_start_of_the_next() {
    let midnight = Some("2026-09-01T00:00:00+08:00");
    check(
        "2026-08-31 24:00:00",
        midnight,
        Precision::Second,
        "normalised:24h",
    );
    check(
        "20260831240000",
        midnight,
        Precision::Second,
        "normalised:24h",
    );
    check(
        "2026-12-31 24:00",
        Some("2027-01-01T00:00:00+08:00"),
        Precision::Minute,
        "normalised:24h",
    );
    check_none("2026-08-31 24:00:01", "reject:time");
}

#[test]
fn what_stands_for_no_date_is_missing() {
    for text in ["", "-", "null", "\u{200b}", "\0\0\0"] {
        check_none(text, "missing");
    }
    check_none("0000-00-00", "missing:zero-date");
    check_none("0000-00-00 00:00:00", "missing:zero-date");
    check_none("00000000000000", "missing:zero-date");
    check_none("9999-12-31", "missing:open-ended");
    check_none("9999-12-31 23:59:59", "missing:open-ended");
}

#[test]
fn impossible_dates_are_rejected_with_their_reason() {
    check_none("2026-02-30", "reject:date");
    check_none("20261301000000", "reject:date");
    check_none("2026-00-01", "reject:date");
    check_none("二〇二六年九十九月一日", "reject:date");
    check_none("26-09-01", "reject:two-digit-year");
    check_none("260901", "reject:two-digit-year");
    check_none("20260901080560", "reject:seconds-60");
    check_none("2026-09-01 25:00:00", "reject:time");
    check_none("2026-09-01 08:61:00", "reject:time");
    for text in [
        "abc",
        "2026-09-01 08",
        "2026-09-01 08:05:00 XYZ",
        "2026-09-01x",
        "1.5",
        "20260",
        "202609010",
        "Tue Sep",
        "/Date()/",
    ] {
        check_none(text, "reject:syntax");
    }
    check_none(&"2".repeat(65), "reject:length");
    check_none("46266", "reject:excel-serial");
    assert_eq!(read("46266").proposal.as_deref(), Some("2026-09-01"));
}

#[test]
fn defaults_of_databases_are_suspect_and_kept() {
    check(
        "1900-01-01 00:00:00",
        Some("1900-01-01T00:00:00+08:00"),
        Precision::Second,
        "suspect:default-date",
    );
    check(
        "1970-01-01 08:00:00",
        Some("1970-01-01T08:00:00+08:00"),
        Precision::Second,
        "suspect:default-date",
    );
}

#[test]
fn spans_follow_the_precision() {
    let start = 1_788_221_100_000;
    let check_span = |text: &str, expected| assert_eq!(query_span_ms(text), expected, "{text}");
    check_span("2026-09-01T08:05:00+08:00", Some((start, start + 1000)));
    check_span("2026-09-01T00:05:00Z", Some((start, start + 1000)));
    check_span("20260901080500123", Some((start + 123, start + 124)));
    check_span("202609010805", Some((start, start + 60_000)));
    let day = start - (8 * 60 + 5) * 60_000;
    check_span("2026-09-01", Some((day, day + DAY_MS)));
    check_span("2026-09", Some((day, day + 30 * DAY_MS)));
    check_span("2026-02-30", None);
    let year = query_span_ms("2026").expect("a year");
    assert_eq!(year.1 - year.0, 365 * DAY_MS);
}

#[test]
fn only_the_form_of_the_precision_is_well_formed() {
    let time = |text: &str, precision: Precision, offset: &str| DateTime {
        text: text.to_owned(),
        precision: precision.into(),
        offset: offset.to_owned(),
        offset_assumed: false,
    };
    let fine = [
        ("2026", Precision::Year),
        ("2026-09", Precision::Month),
        ("2026-09-01", Precision::Day),
        ("2026-09-01T08:05:00+08:00", Precision::Second),
        ("2026-09-01T08:05:00.123+08:00", Precision::Millisecond),
        ("2026-09-01T08:05:00.123456789+08:00", Precision::Nanosecond),
    ];
    for (text, precision) in fine {
        assert!(is_well_formed(&time(text, precision, "+08:00")), "{text}");
    }
    let wrong = [
        ("", Precision::Day, "+08:00"),
        ("2026-09-01", Precision::Second, "+08:00"),
        ("2026-09-01T08:05:00+08:00", Precision::Day, "+08:00"),
        ("2026-02-30", Precision::Day, "+08:00"),
        ("2026-09-01T24:00:00+08:00", Precision::Second, "+08:00"),
        ("2026-09-01 08:05:00+08:00", Precision::Second, "+08:00"),
        ("2026-09-01T08:05:00Z", Precision::Second, "+08:00"),
        ("2026-09-01T08:05:00+08:00", Precision::Second, "+00:00"),
        ("2026-09-01T08:05:00+08:00", Precision::Second, ""),
        (
            "2026-09-01T08:05:00+08:00",
            Precision::Unspecified,
            "+08:00",
        ),
        ("二〇二六年九月一日", Precision::Day, "+08:00"),
    ];
    for (text, precision, offset) in wrong {
        assert!(
            !is_well_formed(&time(text, precision, offset)),
            "{text} {offset}"
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics_and_gives_well_formed_times(
        text in "\\PC*|[0-9]{0,20}|[0-9年月日时分秒〇一二十廿: TZ.+-]{0,30}|/Date\\([0-9+-]{0,20}\\)/"
    ) {
        if let Some(time) = read(&text).value {
            prop_assert!(is_well_formed(&time), "{}", time.text);
            prop_assert!(span_ms(&time).is_some());
            // What was read is read again as the same, in the years that feeds can mean.
            if time.text.starts_with("20") {
                prop_assert_eq!(read(&time.text).value.map(|again| again.text), Some(time.text));
            }
        }
    }

    #[test]
    fn arbitrary_times_of_a_guest_never_panic(text in "\\PC*", precision in -2_i32..12, offset in "\\PC*|[+-][0-9:]{1,6}") {
        let time = DateTime { text, precision, offset, offset_assumed: false };
        let _ = (span_ms(&time), is_well_formed(&time));
    }

    #[test]
    fn fourteen_digits_keep_every_digit(seconds in 946_684_800_i64..4_102_444_800) {
        let civil = Civil::from_ms(seconds * 1000).expect("a year of this century");
        let Civil { year, month, day, hour, minute, second, .. } = civil;
        let digits = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}");
        let text = read(&digits).value.map(|time| time.text).expect("a time");
        let back: String = text.chars().take(19).filter(char::is_ascii_digit).collect();
        prop_assert_eq!(back, digits);
    }
}
