//! Values of senders: numbers, dates, units, codes. One rule for all of them:
//! what comes out is well formed, stays what it is when read again, and the
//! same text always gives the same answer.

use schema::{date_time, decimal, number, text, unit};

use crate::{Corpus, fuzz};

/// Runs `check` on the inputs that are text, as the schema's readers take text only.
fn fuzz_text(honest: &[&str], tokens: &[&str], check: impl Fn(&str)) {
    let honest: Vec<&[u8]> = honest.iter().map(|text| text.as_bytes()).collect();
    let tokens: Vec<&[u8]> = tokens.iter().map(|text| text.as_bytes()).collect();
    let corpus = Corpus {
        honest: &honest,
        tokens: &tokens,
    };
    fuzz(corpus, |bytes| check(&String::from_utf8_lossy(bytes)));
}

const SPACES: &[&str] = &[
    "\u{200b}", "\u{3000}", "\u{feff}", "\0", " ", "\t", "－", "—",
];

#[test]
fn a_number_is_decimal_text_or_has_a_remark() {
    let honest = [
        "812.5",
        "1,000.50",
        "１２．５",
        "<0.05",
        "0.05L",
        "7.20 mg/L",
        "1.5e3",
        "ND",
        "未检出",
        "-0",
    ];
    let tokens = [
        "e999999999",
        "E-400",
        "NaN",
        "inf",
        ",",
        "+",
        "--",
        ".",
        "999999999999999999999",
        "%",
    ];
    fuzz_text(&honest, &[&tokens, SPACES].concat(), |input| {
        let reading = number::read(input);
        assert_eq!(reading, number::read(input));
        match reading.value {
            Some(quantity) => {
                let value = &quantity.value;
                assert!(
                    value.is_empty() || decimal::is_well_formed(value),
                    "{input:?} → {value:?}"
                );
                assert!(
                    quantity.unit.is_empty() || unit::is_canonical(&quantity.unit),
                    "{input:?}"
                );
            }
            None => assert!(
                reading.remark.is_some(),
                "{input:?} vanished without a remark"
            ),
        }
    });
}

#[test]
fn a_time_is_well_formed_or_has_a_remark() {
    let honest = [
        "20260901080500",
        "2026-09-01T08:05:00+08:00",
        "2026/9/1 8:05",
        "2026年9月1日",
        "1788221100000",
        "2026-09",
    ];
    let tokens = [
        "24:00:00", "0000", "9999", "-02-30", "+99:99", "Z", "上午", "T", "60",
    ];
    fuzz_text(&honest, &[&tokens, SPACES].concat(), |input| {
        let reading = date_time::read(input);
        assert_eq!(reading, date_time::read(input));
        match reading.value {
            Some(time) => {
                assert!(date_time::is_well_formed(&time), "{input:?} → {time:?}");
                let span = date_time::span_ms(&time);
                assert!(
                    span.is_some_and(|(from, to)| from < to),
                    "{input:?} → {time:?}"
                );
                let again = date_time::read(&time.text);
                assert_eq!(
                    again.value.map(|time| time.text),
                    Some(time.text),
                    "{input:?}"
                );
            }
            None => assert!(
                reading.remark.is_some(),
                "{input:?} vanished without a remark"
            ),
        }
    });
}

#[test]
fn a_time_of_a_query_is_a_span_or_refused() {
    let honest = ["2026-09-01T08:05:00+08:00", "2026-09-01", "2026"];
    fuzz_text(&honest, &["-", ":", "+14:00", "-99:00", "00"], |input| {
        if let Some((from, to)) = date_time::query_span_ms(input) {
            assert!(from < to, "{input:?}");
        }
    });
}

#[test]
fn shifting_a_decimal_back_gives_the_same_number() {
    fuzz_text(
        &["812.5", "-0.001", "0"],
        &["0", ".", "-", "00000"],
        |input| {
            for power in [-3, 3] {
                if let Some(shifted) = decimal::shift(input, power) {
                    assert!(decimal::is_well_formed(&shifted), "{input:?} → {shifted:?}");
                    let back =
                        decimal::shift(&shifted, -power).expect("a decimal can be shifted back");
                    // Leading zeros count against the digits that a `Decimal` holds.
                    let plain = |text: &str| decimal::Decimal::parse(text);
                    if let (Some(first), Some(last)) = (plain(input), plain(&back)) {
                        assert_eq!(first, last, "{input:?} → {shifted:?} → {back:?}");
                    }
                }
            }
        },
    );
}

#[test]
fn a_unit_is_canonical_or_unknown() {
    fuzz_text(
        &["mg/m3", "mg/m³", "ＭＧ／Ｌ", "℃"],
        &["³", "／", "u", "μ", "/"],
        |input| {
            if let Some(canonical) = unit::canonical(input) {
                assert!(unit::is_canonical(canonical), "{input:?} → {canonical:?}");
                assert_eq!(unit::canonical(canonical), Some(canonical));
            }
        },
    );
}

#[test]
fn cleaning_a_clean_text_changes_nothing() {
    let honest = [
        "包头市环境监察支队",
        "ＡＢＣ－１２３",
        " a\u{200b}b ",
        "\u{feff}x",
    ];
    fuzz_text(&honest, SPACES, |input| {
        let once = text::clean(input);
        let twice = text::clean(&once.text);
        assert_eq!(once.text, twice.text, "{input:?}");
        assert!(twice.what().is_none(), "{input:?} → {:?}", once.text);
    });
}
