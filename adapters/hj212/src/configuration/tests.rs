//! Tests of reading and refusing configuration files.

use super::*;

fn faults(json: &str) -> Vec<String> {
    let Err(faults) = Configuration::parse(json.as_bytes()) else {
        return Vec::new();
    };
    assert!(!faults.is_empty());
    let mut paths: Vec<_> = faults.into_iter().map(|fault| fault.path).collect();
    paths.sort_unstable();
    paths
}

fn check_unit(json: &str, mn: &str, code: &str, is_amount: bool, expected: (&str, UnitSource)) {
    let configuration = Configuration::parse(json.as_bytes()).expect("a good file");
    let device = configuration.device(mn);
    assert_eq!(
        configuration.unit(device, code, factor::find(code), is_amount),
        expected,
        "{mn} {code}"
    );
}

const FILE: &str = r#"{
    "default_units": {"a34004": "µg/m³"},
    "devices": {
        "TESTMN01": {"units": {"a00000": "m3/h", "a00000-Cou": "m3", "02": "mg/m3", "vendor9": "degC"}, "minute_interval_s": 300},
        "TESTMN02": {"accept_crc_dialect": true, "edition": "2005", "real_time_interval_s": 30}
    }
}"#;

#[test]
fn an_empty_object_is_a_complete_configuration() {
    let configuration = Configuration::parse(b"{}").expect("a good file");
    assert!(!configuration.accepts_crc_dialect(None));
    assert_eq!(configuration.minute_interval_s(None), None);
    assert_eq!(configuration.real_time_interval_s(None), 60);
}

#[test]
fn a_unit_comes_from_the_device_then_the_file_then_the_standard() {
    let config = UnitSource::DeviceConfig;
    check_unit(FILE, "TESTMN01", "a00000", false, ("m3/h", config));
    check_unit(FILE, "TESTMN01", "a00000", true, ("m3", config));
    check_unit(FILE, "TESTMN01", "a21026", false, ("mg/m3", config));
    check_unit(FILE, "TESTMN01", "vendor9", false, ("degC", config));
    check_unit(
        FILE,
        "TESTMN02",
        "a00000",
        false,
        ("m3/s", UnitSource::StandardDefault),
    );
    check_unit(
        FILE,
        "TESTMN02",
        "a34004",
        false,
        ("ug/m3", UnitSource::Assumed),
    );
    check_unit(FILE, "OTHER", "vendor9", false, ("", UnitSource::Assumed));
    check_unit(FILE, "OTHER", "w01001", true, ("", UnitSource::Assumed));
}

#[test]
fn settings_of_a_device_outweigh_those_of_the_file() {
    let json = r#"{"accept_crc_dialect": true, "minute_interval_s": 600,
        "devices": {"M": {"accept_crc_dialect": false, "minute_interval_s": 60}}}"#;
    let configuration = Configuration::parse(json.as_bytes()).expect("a good file");
    let device = configuration.device("M");
    assert!(device.is_some() && !configuration.accepts_crc_dialect(device));
    assert!(configuration.accepts_crc_dialect(None));
    assert_eq!(configuration.minute_interval_s(device), Some(60));
    assert_eq!(configuration.minute_interval_s(None), Some(600));
    assert!(
        configuration.device("m").is_none(),
        "device numbers are case-sensitive"
    );
}

#[test]
fn all_faults_are_named_at_once_with_their_paths() {
    let json = r#"{
        "acept_crc_dialect": true, "accept_crc_dialect": "yes", "minute_interval_s": 90,
        "default_units": {"a34004": 5, "a01012": "m3/h", "w01018": "furlong"},
        "devices": {
            "": {},
            "TESTMN0123456789012345678": {"units": []},
            "M": {"minute_interval_s": -1, "edition": "2018", "unit": {}, "units": {"a21026": "mg", "w00000-Cou": "kg"}},
            "N": 7, "O": []
        }
    }"#;
    let expected = [
        "accept_crc_dialect",
        "acept_crc_dialect",
        "default_units.a01012",
        "default_units.a34004",
        "default_units.w01018",
        "devices.",
        "devices.M.edition",
        "devices.M.minute_interval_s",
        "devices.M.unit",
        "devices.M.units.a21026",
        "devices.M.units.w00000-Cou",
        "devices.N",
        "devices.O",
        "devices.TESTMN0123456789012345678",
        "devices.TESTMN0123456789012345678.units",
        "minute_interval_s",
    ];
    assert_eq!(faults(json), expected);
}

#[test]
fn what_a_tree_would_hide_is_a_fault_too() {
    assert_eq!(faults(r#"{"devices": {"M": {}, "M": {}}}"#), ["devices.M"]);
    assert_eq!(
        faults(r#"{"accept_crc_dialect": true, "accept_crc_dialect": false}"#),
        [""]
    );
    let twice = r#"{"devices": {"M": {"units": {"a21026": "mg/m3", "02": "ug/m3"}}}}"#;
    assert_eq!(faults(twice), ["devices.M.units.02"]);
}

#[test]
fn a_file_that_is_no_json_object_has_one_fault() {
    for json in ["", "[]", "null", "{", "{\"devices\": {}} x", "\u{feff}{}"] {
        assert_eq!(faults(json), [""], "{json}");
    }
}

#[test]
fn intervals_are_those_of_the_standard() {
    for (json, expected) in [
        (r#"{"minute_interval_s": 420}"#, vec!["minute_interval_s"]),
        (r#"{"minute_interval_s": 1800}"#, vec![]),
        (
            r#"{"real_time_interval_s": 29}"#,
            vec!["real_time_interval_s"],
        ),
        (r#"{"real_time_interval_s": 3600}"#, vec![]),
        (
            r#"{"devices": {"M": {"real_time_interval_s": 3601}}}"#,
            vec!["devices.M.real_time_interval_s"],
        ),
    ] {
        assert_eq!(faults(json), expected, "{json}");
    }
}

#[test]
fn the_units_of_a_device_are_told_as_a_map() {
    let configuration = Configuration::parse(FILE.as_bytes()).expect("a good file");
    let units: Vec<_> = configuration
        .device("TESTMN01")
        .expect("configured")
        .units()
        .collect();
    let expected = [
        ("a00000", "m3/h"),
        ("a00000-Cou", "m3"),
        ("a21026", "mg/m3"),
        ("vendor9", "degC"),
    ];
    let expected: Vec<_> = expected
        .map(|(factor, unit)| (factor.to_owned(), unit.to_owned()))
        .into();
    assert_eq!(units, expected);
}
