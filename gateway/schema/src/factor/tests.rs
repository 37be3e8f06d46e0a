//! Look-up of factors, and the order and completeness of the tables.

use super::*;

#[test]
fn codes_of_both_editions_lead_to_the_same_factor() {
    let cod = by_code("w01018").expect("COD is listed");
    assert_eq!(
        (cod.name, cod.unit, cod.amount_unit),
        ("化学需氧量", "mg/L", "kg")
    );
    assert_eq!(by_legacy("011"), Some(cod));
    assert_eq!(find("011"), Some(cod));
    assert_eq!(by_legacy("02").map(|factor| factor.code), Some("a21026"));
    assert_eq!(by_legacy("S01").map(|factor| factor.code), Some("a19001"));
    assert_eq!(by_legacy("B01").map(|factor| factor.code), Some("w00000"));
}

#[test]
fn unknown_codes_are_not_found() {
    for code in [
        "",
        "a2102",
        "A21026",
        "a210260",
        "w99999",
        "二氧化硫",
        "é2102",
        "x",
    ] {
        assert_eq!(find(code), None, "{code:?}");
    }
}

#[test]
fn the_number_of_the_equipment_does_not_matter() {
    assert_eq!(by_code("e10103").map(|factor| factor.code), Some("e101xx"));
    assert_eq!(by_code("g11501").map(|factor| factor.unit), Some("kg/m3"));
    assert_eq!(by_code("i33312").map(|factor| factor.code), Some("i3331x"));
    assert_eq!(by_code("i33101").map(|factor| factor.code), Some("i33101"));
    assert_eq!(by_code("e1010a"), None);
}

#[test]
fn codes_printed_twice_have_no_unit() {
    for code in ["e701xx", "g119xx"] {
        let factor = by_code(code).expect("listed");
        assert_eq!(factor.unit, "");
        assert!(factor.name.contains('；'), "{}", factor.name);
    }
}

#[test]
fn fine_dust_is_in_nanograms_by_default_although_the_field_sends_micrograms() {
    let dust = by_code("a34004").expect("PM2.5 is listed");
    assert_eq!(dust.unit, "ng/m3");
    assert!(dust.accepts("ug/m3", false));
    assert!(!dust.accepts("kg", false));
    assert!(dust.accepts("kg", true));
}

#[test]
fn tables_are_sorted_complete_and_in_canonical_units() {
    let codes: Vec<_> = all().map(|factor| factor.code).collect();
    assert_eq!(codes.len(), 364);
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
    for factor in all() {
        assert_eq!(by_code(factor.code), Some(factor));
        for unit in [factor.unit, factor.amount_unit] {
            assert!(
                unit.is_empty() || crate::unit::is_canonical(unit),
                "{}: {unit}",
                factor.code
            );
        }
    }
    assert!(legacy::ROWS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    for (old, new) in legacy::ROWS {
        assert_eq!(by_code(new).map(|factor| factor.legacy), Some(*old));
    }
}
