//! Tests of the adapter as it is shipped: configuration, samples, golden results.

use std::path::Path;

use adapter_sdk::goldens::compare;
use adapter_sdk::run;

use super::*;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");
const CONFIGURATION: &[u8] = include_bytes!("../configuration.json");
const SAMPLE: &[u8] = include_bytes!("../samples/hour-gbk.txt");

fn adapter() -> MyFeed {
    MyFeed::configure(CONFIGURATION).expect("the shipped configuration is right")
}

#[test]
fn every_sample_gives_its_golden_result() {
    let update = std::env::var_os("UPDATE").is_some();
    let differences = compare::<MyFeed>(Path::new(FOLDER), update).expect("the folder is complete");
    let shown: Vec<_> = differences
        .iter()
        .map(|one| format!("{}:\n{}", one.sample, one.result))
        .collect();
    assert!(
        shown.is_empty(),
        "golden results differ:\n{}",
        shown.join("\n")
    );
}

#[test]
fn a_sample_cut_at_every_byte_gives_a_result() {
    let adapter = adapter();
    for length in 0..SAMPLE.len() {
        let outcomes = run(&adapter, &[Message::new(&SAMPLE[..length])]);
        assert_eq!(outcomes.len(), 1, "cut at byte {length}");
    }
}

#[test]
fn places_lie_inside_a_damaged_message() {
    let adapter = adapter();
    for place in 0..SAMPLE.len() {
        let mut payload = SAMPLE.to_vec();
        payload[place] ^= 0x80;
        let end = payload.len() as u64;
        let Ok(conversion) = adapter.convert(&[Message::new(&payload)]).remove(0) else {
            continue;
        };
        for envelope in conversion
            .records
            .iter()
            .flat_map(|record| &record.envelope)
        {
            assert!(
                envelope.raw_offset + envelope.raw_length <= end,
                "byte {place}"
            );
            for finding in &envelope.quality {
                assert!(finding.offset + finding.length <= end, "{}", finding.rule);
            }
        }
    }
}

#[test]
fn every_fault_of_a_configuration_is_reported_with_its_path() {
    let faults =
        MyFeed::configure(br#"{"interval_s": 61.5, "colour": 1}"#).expect_err("two faults");
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(paths, ["colour", "interval_s"]);
}

#[test]
fn the_manifest_says_what_the_component_says() {
    let manifest = include_str!("../adapter.toml");
    let said = MyFeed::DESCRIPTION;
    for line in [
        format!("id = \"{}\"", said.id),
        format!("version = \"{}\"", said.version),
        format!("schema_version = \"{}\"", said.schema_version),
    ] {
        assert!(manifest.lines().any(|found| found == line), "{line}");
    }
}
