//! Tests of the adapter as it is shipped: configuration, samples, golden results.

use std::path::Path;

use adapter_sdk::goldens::compare;
use adapter_sdk::run;
use proptest::prelude::*;

use super::*;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");
const CONFIGURATION: &[u8] = include_bytes!("../configuration.json");

/// Samples that tests damage.
const DAMAGED: [&[u8]; 2] = [
    include_bytes!("../samples/normal.json"),
    include_bytes!("../samples/normal-gbk.xml"),
];

fn adapter() -> JusticeReview {
    JusticeReview::configure(CONFIGURATION).expect("the shipped configuration is right")
}

#[test]
fn every_sample_gives_its_golden_result() {
    let update = std::env::var_os("UPDATE").is_some();
    let differences =
        compare::<JusticeReview>(Path::new(FOLDER), update).expect("the folder is complete");
    let shown: Vec<_> = differences
        .iter()
        .map(|one| format!("{}:\n{}", one.sample, one.result))
        .collect();
    assert!(
        differences.is_empty(),
        "golden results differ:\n{}",
        shown.join("\n")
    );
}

/// Values of the lines with `key` in the golden result of a sample.
fn values(name: &str, key: &str) -> Vec<String> {
    let path = Path::new(FOLDER)
        .join("golden")
        .join(format!("{name}.json"));
    let text = std::fs::read_to_string(path).expect("recorded");
    let key = format!("\"{key}\": ");
    let lines = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix(&key));
    lines
        .map(|value| value.trim_matches([',', '"']).to_owned())
        .collect()
}

#[test]
fn fines_in_ten_thousand_yuan_become_exact_yuan() {
    assert_eq!(
        values("fines.json", "amountYuan"),
        ["1234.56", "1000000", "200000", "15000"]
    );
    assert_eq!(values("normal.json", "amountYuan"), ["125000.00"]);
    assert_eq!(values("normal-gbk.xml", "amountYuan"), ["350000"]);
}

#[test]
fn every_opinion_has_its_code_and_a_code_wins_over_its_text() {
    let expected = [
        "AGREE",
        "AGREE_AFTER_CORRECTION",
        "DISAGREE",
        "SUPPLEMENT",
        "TRANSFER_TO_POLICE",
        "AGREE",
        "DISAGREE",
    ];
    let expected = expected.map(|code| format!("REVIEW_OPINION_{code}"));
    assert_eq!(values("every-opinion.json", "opinion"), expected);
}

#[test]
fn every_fault_of_a_configuration_is_reported_with_its_path() {
    let broken = br#"{"formats":["pdf"],"encodings":[],"colour":1,"records":[{"entity":"Clue","select":"a//","fields":[{"target":"window.never","source":"x"},{"target":"window.from","source":"x","kind":"flag"}]}]}"#;
    let faults = JusticeReview::configure(broken).expect_err("the configuration is wrong");
    let mut paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    let expected = [
        "colour",
        "dialect",
        "encodings",
        "formats",
        "records[0].fields[0].target",
        "records[0].fields[1].kind",
        "records[0].select",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn a_sample_cut_at_every_byte_gives_a_result() {
    let adapter = adapter();
    for payload in DAMAGED {
        for length in 0..payload.len() {
            let outcomes = run(&adapter, &[Message::new(&payload[..length])]);
            assert_eq!(outcomes.len(), 1, "cut at byte {length}");
        }
    }
}

proptest! {
    #[test]
    fn findings_lie_inside_a_damaged_message(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for sample in DAMAGED {
            let mut payload = sample.to_vec();
            payload[place.index(sample.len())] = byte;
            let end = payload.len() as u64;
            match adapter().convert(&[Message::new(&payload)]).remove(0) {
                Err(rejection) => prop_assert!(rejection.offset <= end),
                Ok(conversion) => {
                    let envelopes = conversion.records.iter().filter_map(|record| record.envelope.as_ref());
                    let quality = envelopes.flat_map(|envelope| &envelope.quality);
                    for finding in quality.chain(&conversion.findings) {
                        prop_assert!(finding.offset + finding.length <= end, "{}", finding.rule);
                    }
                }
            }
        }
    }
}
