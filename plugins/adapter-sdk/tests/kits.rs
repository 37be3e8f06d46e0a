//! The table of cases that the kits of other languages are held to, as the toolkit reads them.
//!
//! `plugins/sdks/tests/values.json` says what each text must become. The kits read the same file in `cargo xtask
//! languages`; here the toolkit is shown to agree with it, so that no kit can drift away from Rust.

#![cfg(feature = "documents")]

use adapter_sdk::document::{Charset, Format, Limits, Rules, read};
use adapter_sdk::proto::v1::{Encoding, Precision};
use adapter_sdk::schema::{date_time, decimal, finding, number};
use serde_json::{Value, json};

fn table(name: &str) -> Vec<Vec<Value>> {
    let table = include_str!("../../sdks/tests/values.json");
    let table: Value = serde_json::from_str(table).expect("the table is JSON");
    serde_json::from_value(table[name].clone()).expect("rows of values")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// `SECOND` of `PRECISION_SECOND`; empty for what is missing.
fn short(name: &str, prefix: &str) -> String {
    let name = name.strip_prefix(prefix).expect("the prefix");
    name.replace("UNSPECIFIED", "")
}

#[test]
fn numbers_have_the_value_the_code_and_the_severity_of_the_table() {
    for row in table("numbers") {
        let reading = number::read(text(&row[0]));
        let value = reading.value.as_ref().map(|quantity| &quantity.value);
        let found = finding::from_reading(&reading, "f", text(&row[0])).unwrap_or_default();
        let severity = short(found.severity().as_str_name(), "SEVERITY_");
        let action = short(found.action().as_str_name(), "ACTION_");
        let made = json!([row[0], value, found.rule, severity, action]);
        assert_eq!(made, Value::from(row));
    }
}

#[test]
fn decimal_points_move_as_in_the_table() {
    for row in table("shifts") {
        let power = row[1].as_i64().and_then(|power| i32::try_from(power).ok());
        let moved = decimal::shift(text(&row[0]), power.expect("a power"));
        assert_eq!(json!(moved), row[2], "{row:?}");
    }
    for row in table("decimals").iter().filter(|row| !row[1].is_null()) {
        let value = number::read(text(&row[0])).value;
        assert_eq!(json!(value.map(|value| value.value)), row[1], "{row:?}");
    }
}

fn precision(time: &adapter_sdk::proto::v1::DateTime) -> String {
    short(time.precision().as_str_name(), "PRECISION_")
}

#[test]
fn times_are_written_as_in_the_table() {
    for row in table("times") {
        let time = date_time::read(text(&row[0])).value;
        let time = time.filter(|time| time.precision() != Precision::Unspecified);
        let written = time.as_ref().map(|time| &time.text);
        let precision = time.as_ref().map(precision).unwrap_or_default();
        assert_eq!(json!([row[0], written, precision]), Value::from(row));
        assert!(time.is_none_or(|time| !time.offset_assumed));
    }
    for row in table("local") {
        let offset = date_time::Offset::parse(text(&row[1])).expect("an offset");
        let Some(time) = date_time::read_at(text(&row[0]), offset).value else {
            assert!(row[2].is_null(), "{row:?}");
            continue;
        };
        let precision = precision(&time);
        let made = json!([
            row[0],
            row[1],
            time.text,
            precision,
            time.offset,
            time.offset_assumed
        ]);
        assert_eq!(made, Value::from(row));
    }
}

fn rules() -> Rules {
    Rules {
        formats: vec![Format::Json],
        charsets: vec![Charset::Utf8],
        unwrap: Vec::new(),
        delimiter: b',',
        ignore_case: false,
        limits: Limits::DOCUMENT,
    }
}

#[test]
fn faults_of_json_have_the_code_and_the_byte_of_the_table() {
    for row in table("json") {
        let (code, offset) = match read(text(&row[0]).as_bytes(), None, &rules()) {
            Ok(_) => ("", 0),
            Err(fault) => (fault.code, fault.offset),
        };
        assert_eq!(json!([row[0], code, offset]), Value::from(row));
    }
}

#[test]
fn encodings_are_named_as_in_the_table() {
    for row in table("facts") {
        let content_type = Some(text(&row[1])).filter(|stated| !stated.is_empty());
        let reading = read(text(&row[0]).as_bytes(), content_type, &rules()).expect("is JSON");
        let used = short(Encoding::from(reading.used).as_str_name(), "ENCODING_");
        let declared = reading.declared.unwrap_or_default();
        assert_eq!(json!([row[0], row[1], declared, used]), Value::from(row));
    }
}
