//! Spellings of units, and the steps between them.

use super::*;

fn check(spelling: &str, expected: Option<&str>) {
    assert_eq!(canonical(spelling), expected, "{spelling:?}");
}

#[test]
fn spellings_of_the_field_become_canonical() {
    check("mg/m³", Some("mg/m3"));
    check("mg/m3", Some("mg/m3"));
    check("MG/M3", Some("mg/m3"));
    check("μg/m³", Some("ug/m3"));
    check("µg/m3", Some("ug/m3"));
    check("毫克/升", Some("mg/L"));
    check("毫克 / 升", Some("mg/L"));
    check("ｍｇ／Ｌ", Some("mg/L"));
    check("㎎/L", Some("mg/L"));
    check("℃", Some("degC"));
    check("°C", Some("degC"));
    check("us/cm", Some("uS/cm"));
    check("μS/cm", Some("uS/cm"));
    check("吨", Some("t"));
    check("万元", Some("10kCNY"));
    check("dB(A)", Some("dB"));
    check("％", Some("%"));
}

#[test]
fn unknown_spellings_are_not_guessed() {
    check("", None);
    check("mg", Some("mg"));
    check("mgg/L", None);
    check(&"毫".repeat(500), None);
    // The vendor's spelling of dust fall lacks the exponent: not a unit of dust fall.
    check("t/km*m", None);
}

#[test]
fn powers_of_ten_are_exact_or_refused() {
    assert_eq!(power_between("g/m3", "mg/m3"), Some(3));
    assert_eq!(power_between("ug/m3", "mg/m3"), Some(-3));
    assert_eq!(power_between("mg/L", "mg/m3"), Some(3));
    assert_eq!(power_between("kg", "t"), Some(-3));
    assert_eq!(power_between("10kCNY", "CNY"), Some(4));
    assert_eq!(power_between("m3/h", "m3/h"), Some(0));
    assert_eq!(power_between("m3/h", "m3/s"), None);
    assert_eq!(power_between("mg/L", "kg"), None);
    assert_eq!(power_between("nonsense", "nonsense"), None);
}

#[test]
fn every_unit_is_listed_once() {
    for (index, row) in UNITS.iter().enumerate() {
        assert!(
            UNITS.iter().skip(index + 1).all(|other| other.0 != row.0),
            "{}",
            row.0
        );
    }
}
