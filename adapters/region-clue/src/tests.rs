//! Tests of the adapter as it is shipped: configuration, samples, golden results.

use std::path::Path;

use adapter_sdk::goldens::compare;
use adapter_sdk::run;
use proptest::prelude::*;

use super::*;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");
const CONFIGURATION: &[u8] = include_bytes!("../configuration.json");

/// Samples that tests damage.
const DAMAGED: [&[u8]; 3] = [
    include_bytes!("../samples/normal.xml"),
    include_bytes!("../samples/soap-escaped-string.xml"),
    include_bytes!("../samples/batch-gbk.csv"),
];

fn adapter() -> RegionClue {
    RegionClue::configure(CONFIGURATION).expect("the shipped configuration is right")
}

#[test]
fn every_sample_gives_its_golden_result() {
    let update = std::env::var_os("UPDATE").is_some();
    let differences =
        compare::<RegionClue>(Path::new(FOLDER), update).expect("the folder is complete");
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

/// Canonical golden text of a sample.
fn golden(name: &str) -> String {
    std::fs::read_to_string(
        Path::new(FOLDER)
            .join("golden")
            .join(format!("{name}.json")),
    )
    .expect("recorded")
}

#[test]
fn transport_and_encoding_do_not_change_the_clues() {
    let clues = |name: &str| {
        let text = golden(name);
        text.lines()
            .filter(|line| line.contains("\"key\"") || line.contains("\"type\""))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let expected = clues("normal.xml");
    assert_eq!(expected.len(), 10);
    for name in [
        "soap-gzip-base64.xml",
        "soap-escaped-string.xml",
        "gbk-declared-utf-8.xml",
        "utf-8-declared-gb2312.xml",
    ] {
        assert_eq!(clues(name), expected, "{name}");
    }
}

#[test]
fn every_anomaly_of_the_push_has_its_type() {
    let text = golden("every-anomaly.xml");
    for code in [
        "CONSTANT_VALUE",
        "STEP",
        "NEAR_LIMIT",
        "MARKED_STOP_BUT_RUNNING",
        "ZERO",
        "GAP",
        "EXTREME",
        "NEGATIVE",
        "OVER_RANGE",
        "OTHER",
    ] {
        assert_eq!(
            text.matches(&format!("\"CLUE_TYPE_{code}\"")).count(),
            1,
            "{code}"
        );
    }
}

#[test]
fn every_fault_of_a_configuration_is_reported_with_its_path() {
    let broken = br#"{"formats":["pdf"],"encodings":[],"colour":1,"records":[{"entity":"Clue","select":"a//","fields":[{"target":"window.never","source":"x"},{"target":"window.from","source":"x","kind":"flag"}]}]}"#;
    let faults = RegionClue::configure(broken).expect_err("the configuration is wrong");
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
