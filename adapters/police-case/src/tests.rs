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
    include_bytes!("../samples/transfer-with-lists.xml"),
    include_bytes!("../samples/rows.json"),
    include_bytes!("../samples/rows-gbk.csv"),
];

fn adapter() -> PoliceCase {
    PoliceCase::configure(CONFIGURATION).expect("the shipped configuration is right")
}

#[test]
fn every_sample_gives_its_golden_result() {
    let update = std::env::var_os("UPDATE").is_some();
    let differences =
        compare::<PoliceCase>(Path::new(FOLDER), update).expect("the folder is complete");
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

#[test]
fn no_personal_number_passes_the_border() {
    // The number printed as the example in GB 11643-1999 stands in the samples.
    for entry in std::fs::read_dir(Path::new(FOLDER).join("golden")).expect("recorded") {
        let path = entry.expect("recorded").path();
        let text = std::fs::read_to_string(&path).expect("recorded");
        for value in ["11010519491231002X", "0472-0000000", "乙某"] {
            assert!(!text.contains(value), "{value} in {}", path.display());
        }
    }
}

#[test]
fn a_resident_id_passes_only_where_the_feed_may_keep_it() {
    let shipped = std::str::from_utf8(CONFIGURATION).expect("text");
    let kept = shipped.replace("\"keep\": false", "\"keep\": true");
    assert_ne!(kept, shipped);
    let payload: &[u8] = include_bytes!("../samples/transfer-with-lists.xml");
    let id = b"11010519491231002X";
    for (configuration, passes) in [(shipped, false), (&*kept, true)] {
        let adapter = PoliceCase::configure(configuration.as_bytes()).expect("right");
        let [adapter_sdk::Outcome::Converted(bytes)] = &run(&adapter, &[Message::new(payload)])[..]
        else {
            panic!("the sample is readable");
        };
        assert_eq!(bytes.windows(id.len()).any(|window| window == id), passes);
    }
}

#[test]
fn every_fault_of_a_configuration_is_reported_with_its_path() {
    let broken = br#"{"formats":["pdf"],"encodings":[],"colour":1,"records":[{"entity":"Clue","select":"a//","fields":[{"target":"window.never","source":"x"},{"target":"window.from","source":"x","kind":"flag"}]}]}"#;
    let faults = PoliceCase::configure(broken).expect_err("the configuration is wrong");
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
