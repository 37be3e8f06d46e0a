//! Reads a corpus of real and synthetic dirty values, where it lies beside the
//! repository, and compares what the readers yield with what it expects.
//!
//! The corpus is no part of the project; without it the tests say so and pass.
//! The crate's own tables hold examples of every kind.

use std::path::PathBuf;

use schema::text::encoding::{Encoding, sniff};
use schema::{
    camera_id, credit_code, date_time, division, document_number, factor, number, permit, plate,
    position, resident_id, text, unit, waste_code, weight,
};
use serde_json::Value;

/// Reads a file of the corpus; `None`, with a line on standard error, if there is none.
fn corpus(path: &str) -> Option<String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let found = std::fs::read_to_string(folder.join(path)).ok();
    if found.is_none() {
        eprintln!("skipped: no corpus file {path}");
    }
    found
}

fn json(path: &str) -> Vec<Value> {
    corpus(path)
        .map(|text| serde_json::from_str(&text).expect("the corpus is JSON"))
        .unwrap_or_default()
}

fn json_lines(path: &str) -> Vec<Value> {
    let text = corpus(path).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("the corpus is JSON"))
        .collect()
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// A value and its quality code, in the form the corpus writes them.
fn read_dirty(case: &Value) -> (Value, String) {
    let input = &case["input"];
    let string =
        |reading: schema::Reading<String>| (Value::from(reading.value.clone()), reading.quality());
    match text_of(case, "kind") {
        "number" => number_of(input.as_str().expect("text")),
        "datetime" => {
            let reading = date_time::read(input.as_str().expect("text"));
            (
                Value::from(reading.value.as_ref().map(|time| time.text.clone())),
                reading.quality(),
            )
        }
        "plate" => string(plate::read(input.as_str().expect("text"))),
        "credit_code" => string(credit_code::read(input.as_str().expect("text"))),
        "doc_number" => string(
            document_number::read(input.as_str().expect("text")).map(|number| number.to_string()),
        ),
        "coordinate" => coordinate_of(input),
        "weight" => weight_of(input),
        "bytes" => bytes_of(case),
        other => panic!("the corpus has a new kind: {other}"),
    }
}

fn number_of(input: &str) -> (Value, String) {
    let reading = number::read(input);
    let value = reading.value.as_ref().map_or(Value::Null, |quantity| {
        use proto::v1::Qualifier;
        let qualifier = match quantity.qualifier() {
            Qualifier::Unspecified if quantity.unit.is_empty() => {
                return Value::from(quantity.value.clone());
            }
            Qualifier::Unspecified => {
                return serde_json::json!({"value": quantity.value, "unit": quantity.unit});
            }
            Qualifier::BelowDetectionLimit => "below-detection-limit",
            Qualifier::NotDetected => "not-detected",
            Qualifier::AboveRange => "above-range",
        };
        let value = (!quantity.value.is_empty()).then_some(&quantity.value);
        serde_json::json!({"value": value, "qualifier": qualifier})
    });
    (value, reading.quality())
}

fn coordinate_of(input: &Value) -> (Value, String) {
    let axis = |at: usize| {
        input[at]
            .as_str()
            .map_or_else(|| input[at].to_string(), str::to_owned)
    };
    let reading = position::read(&axis(0), &axis(1), Some(&position::BAOTOU));
    let value = reading.value.as_ref().map_or(Value::Null, |position| {
        let degrees = |text: &str| text.parse::<f64>().expect("decimal text");
        serde_json::json!([degrees(&position.longitude), degrees(&position.latitude)])
    });
    (value, reading.quality())
}

fn weight_of(input: &Value) -> (Value, String) {
    if input.get("gross").is_some() {
        let remark = weight::check_sum(
            text_of(input, "gross"),
            text_of(input, "tare"),
            text_of(input, "net"),
        );
        return (
            Value::Null,
            remark.map_or("ok".to_owned(), |remark| remark.to_string()),
        );
    }
    if input.get("declared").is_some() {
        let tolerance = weight::Tolerance::default();
        let difference = weight::compare(
            text_of(input, "declared"),
            text_of(input, "received"),
            &tolerance,
        )
        .expect("the corpus has numbers");
        let quality = difference
            .remark()
            .map_or("ok".to_owned(), |remark| remark.to_string());
        return (
            serde_json::json!({"diff": difference.diff_t, "ratio": difference.ratio}),
            quality,
        );
    }
    let reading = weight::read_tonnes(text_of(input, "v"), text_of(input, "u"));
    let value = reading.value.as_ref().map_or(
        Value::Null,
        |quantity| serde_json::json!({"t": quantity.value}),
    );
    (value, reading.quality())
}

fn bytes_of(case: &Value) -> (Value, String) {
    let bytes = from_hex(text_of(case, "input_hex"));
    let declared = text_of(case, "name")
        .contains("declared-utf8")
        .then_some("UTF-8");
    let sniffed = sniff(&bytes, declared);
    let quality = sniffed
        .remark
        .map_or("ok".to_owned(), |remark| remark.to_string());
    let decoder = match sniffed.encoding {
        None => return (Value::Null, quality),
        Some(Encoding::Utf16Le) => encoding_rs::UTF_16LE,
        Some(Encoding::Gb18030) => encoding_rs::GB18030,
        Some(Encoding::Utf8 | Encoding::Ascii) => encoding_rs::UTF_8,
    };
    let decoded = decoder
        .decode_without_bom_handling(&bytes[sniffed.mark_length..])
        .0
        .into_owned();
    if let Some(remark) = text::mojibake(&decoded) {
        let (bytes, _, _) = encoding_rs::GB18030.encode(&decoded);
        return (
            Value::from(String::from_utf8(bytes.into_owned()).ok()),
            remark.to_string(),
        );
    }
    let lines = text::lines(&decoded);
    if let Some(remark) = lines.remark {
        let rows: Vec<Vec<&str>> = lines
            .lines
            .iter()
            .map(|line| line.split(',').collect())
            .collect();
        return (serde_json::json!(rows), remark.to_string());
    }
    (Value::from(decoded), quality)
}

fn from_hex(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    (0..hex.len()).step_by(2).map(digit).collect()
}

#[test]
fn dirty_values_give_the_expected_value_and_quality() {
    let mut wrong = Vec::new();
    for case in json_lines("validation/dirty-values.jsonl") {
        let actual = read_dirty(&case);
        let expected = (
            case["expected"].clone(),
            text_of(&case, "quality").to_owned(),
        );
        if actual != expected {
            wrong.push(format!(
                "{}: {actual:?} instead of {expected:?}",
                text_of(&case, "id")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn credit_codes_are_judged_as_expected() {
    for case in json("validation/uscc.json") {
        let code = text_of(&case, "code");
        let verdict = credit_code::check(code);
        assert_eq!(
            credit_code::is_valid(code),
            case["valid"] == true,
            "{code:?}: {verdict:?}"
        );
        let reason = text_of(&case, "reason");
        if let Some(expected) = reason.strip_prefix("check18 expected ") {
            let found = credit_code::check_character(code).map(String::from);
            assert_eq!(found.as_deref(), Some(expected), "{code}");
        }
        if let Some(organisation) = case["org9check"].as_bool() {
            assert_eq!(
                credit_code::has_valid_organisation_code(code),
                organisation,
                "{code}"
            );
        }
        if reason == "length" {
            assert_eq!(credit_code::word(verdict), "length", "{code:?}");
        } else if reason.starts_with("charset") {
            assert_eq!(credit_code::word(verdict), "alphabet", "{code:?}");
        }
    }
}

#[test]
fn resident_ids_are_judged_as_expected() {
    for (index, case) in json("validation/resident-id.json").iter().enumerate() {
        let verdict = resident_id::check(text_of(case, "id")).as_str();
        let expected = match (&case["valid"], case["reason"].as_str()) {
            (Value::Bool(true), _) => "valid",
            (Value::String(legacy), _) => legacy,
            (_, Some("check")) => "check-digit",
            (_, Some(reason)) => reason,
            _ => "invalid",
        };
        // The number itself is never printed.
        assert_eq!(verdict, expected, "case {index}");
    }
}

#[test]
fn permit_codes_are_told_apart_as_expected() {
    for case in json("validation/hj608.json") {
        let code = text_of(&case, "code");
        let kind = permit::kind(code).map(|kind| match kind {
            permit::CodeKind::Permit => "pollution-source/permit",
            permit::CodeKind::Outlet => "outlet",
            permit::CodeKind::Treatment => "treatment",
            permit::CodeKind::Production => "production",
        });
        assert_eq!(kind, case["kind"].as_str(), "{code}");
        if let Some(expected) = case["uscc_check"].as_bool() {
            assert_eq!(
                credit_code::propose_from_permit(code).is_some(),
                expected,
                "{code}"
            );
        }
    }
}

#[test]
fn plates_are_normalised_and_judged_as_expected() {
    let Some(text) = corpus("validation/plates.json") else {
        return;
    };
    let file: Value = serde_json::from_str(&text).expect("the corpus is JSON");
    for case in file["vectors"].as_array().expect("a list") {
        let reading = plate::read(text_of(case, "plate"));
        let clean = reading.quality() == "ok" || reading.quality().starts_with("normalised");
        assert_eq!(
            clean,
            case["regex_match"] == true,
            "{case}: {}",
            reading.quality()
        );
        if let Some(plate) = reading.value {
            assert_eq!(plate, text_of(case, "normalised"));
        }
    }
}

#[test]
fn waste_codes_and_manifest_numbers_are_judged_as_expected() {
    for case in json("validation/waste-codes-and-manifest-numbers.json") {
        let class = waste_code::class(text_of(&case, "code"));
        if let Some(hazardous) = case["hazardous"].as_bool() {
            assert_eq!(
                class == Some(waste_code::WasteClass::Hazardous),
                hazardous,
                "{case}"
            );
        } else if let Some(baotou) = case["baotou_hw_manifest"].as_bool() {
            let manifest = waste_code::hazardous_manifest(text_of(&case, "manifest_no"));
            assert_eq!(
                manifest.is_some_and(|manifest| manifest.origin == "1502"),
                baotou,
                "{case}"
            );
        } else {
            // `310-001-01` lacks its S for a general code; by its form it is one of HW01.
            let general = class.filter(|class| *class != waste_code::WasteClass::Hazardous);
            assert_eq!(
                general.map(waste_code::WasteClass::as_str),
                case["class"].as_str(),
                "{case}"
            );
        }
    }
}

#[test]
fn camera_ids_are_taken_apart_as_expected() {
    for case in json("validation/gb28181-ids.json") {
        let id = camera_id::parse(text_of(&case, "id"));
        assert_eq!(id.is_some(), case["valid"] == true, "{case}");
        if let Some(id) = id {
            let parts = [
                id.centre,
                id.industry,
                id.device_type,
                id.network,
                id.serial,
            ];
            let expected =
                ["centre", "industry", "type", "network", "serial"].map(|key| text_of(&case, key));
            assert_eq!(parts, expected);
        }
    }
}

#[test]
fn divisions_of_baotou_are_those_of_the_list() {
    let Some(text) = corpus("validation/gbt2260-baotou.json") else {
        return;
    };
    let file: Value = serde_json::from_str(&text).expect("the corpus is JSON");
    for (code, name) in file["gbt2260"].as_object().expect("an object") {
        assert_eq!(division::name(code), name.as_str());
    }
    for code in file["nbs_statistical_only"]
        .as_object()
        .expect("an object")
        .keys()
    {
        assert_eq!(
            division::check(code).map(|remark| remark.rule()).as_deref(),
            Some("division.statistical-only")
        );
    }
}

#[test]
fn real_parties_are_read_as_their_list_says() {
    for row in json_lines("enterprises/ningxia-parties.jsonl") {
        let raw = text_of(&row["raw"], "代码");
        let reading = credit_code::read(raw);
        match text_of(&row, "credit_code_check") {
            "valid" => assert_eq!(
                reading.value.as_deref(),
                row["credit_code"].as_str(),
                "{raw:?}"
            ),
            "missing" => assert!(reading.quality().starts_with("missing"), "{raw:?}"),
            "check-digit" => assert_eq!(reading.quality(), "reject:check-digit", "{raw:?}"),
            "alphabet" => assert!(reading.quality().starts_with("reject:letter"), "{raw:?}"),
            other => panic!("the corpus has a new verdict: {other}"),
        }
        let permit = text_of(&row["raw"], "许可证");
        assert_eq!(
            permit::read(permit).value.as_deref(),
            row["permit"].as_str(),
            "{permit:?}"
        );
        if let Some(expected) = row["credit_code_recoverable_from_permit"].as_str() {
            assert_eq!(
                credit_code::propose_from_permit(permit).as_deref(),
                Some(expected)
            );
        }
        if let (Some(code), Some(number)) = (row["credit_code"].as_str(), row["permit"].as_str()) {
            let differs = row["relation"] == "permit!=code" && credit_code::is_valid(code);
            assert_eq!(
                permit::compare_holder(number, code).is_some(),
                differs,
                "{number} and {code}"
            );
        }
    }
}

#[test]
fn units_of_real_outlets_are_known() {
    for row in json_lines("enterprises/ningxia-outlets.jsonl") {
        for pollutant in row["pollutants"].as_array().expect("a list") {
            let spelling = text_of(pollutant, "unit");
            let expected = matches!(spelling, "mg/m3" | "mg/L");
            assert_eq!(unit::canonical(spelling).is_some(), expected, "{spelling}");
        }
    }
}

#[test]
fn factors_are_those_of_annex_b() {
    for row in json("hj212/factors-2017.json") {
        let code = text_of(&row, "code");
        let factor = factor::by_code(code).unwrap_or_else(|| panic!("{code} is not listed"));
        if let Some(legacy) = row["legacy"].as_str() {
            assert_eq!(factor::by_legacy(legacy), Some(factor), "{legacy}");
        }
        if let Some(unit) = row["unit"].as_str() {
            assert_eq!(
                unit::canonical(factor.unit),
                unit::canonical(unit).or(Some("t/(km2.month)")),
                "{code}"
            );
        }
    }
}

#[test]
fn units_that_installers_choose_are_known_and_fit_their_factor() {
    let Some(text) = corpus("hj212/vendor-selectable-units.json") else {
        return;
    };
    let file: Value = serde_json::from_str(&text).expect("the corpus is JSON");
    // Dust fall is misspelt there, and `m³` and `L` are amounts, `无` is no unit of colour.
    let doubtful = ["t/km*m", "m³", "L", "无", "°"];
    for row in file["2017"].as_array().expect("a list") {
        for spelling in row["units"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_str)
        {
            if doubtful.contains(&spelling) {
                continue;
            }
            let unit =
                unit::canonical(spelling).unwrap_or_else(|| panic!("{spelling} is not known"));
            if let Some(factor) = factor::by_code(text_of(row, "polcode")) {
                assert!(factor.accepts(unit, false), "{} in {unit}", factor.code);
            }
        }
    }
}
