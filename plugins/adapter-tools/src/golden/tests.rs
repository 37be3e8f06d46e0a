//! Golden results as text and as bytes.

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;
use sha2::{Digest as _, Sha256};

use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The golden conversions of our own adapters, by their path in the repository.
fn conversions() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for adapter in ["hj212", "justice-review", "police-case", "region-clue"] {
        let folder = root().join("adapters").join(adapter).join("golden");
        for entry in fs::read_dir(&folder).expect("golden results") {
            let path = entry.expect("reads").path();
            let text = fs::read_to_string(&path).expect("reads");
            let value: Value = serde_json::from_str(&text).expect("is JSON");
            let name = path.file_name().expect("a file").to_string_lossy();
            if let Some(converted) = value.get("converted") {
                found.push((
                    format!("adapters/{adapter}/golden/{name}"),
                    converted.clone(),
                ));
            }
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

fn encoded(value: Value) -> Vec<u8> {
    let message = DynamicMessage::deserialize(conversion(), value).expect("is a conversion");
    let conversion: proto::v1::Conversion = message.transcode_to().expect("of one schema");
    conversion.encode_to_vec()
}

/// The kits of other languages are tested against this file; `UPDATE=1` writes it anew.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the developer asks for an update by the environment"
)]
fn the_bytes_of_golden_conversions_are_those_the_kits_are_held_against() {
    let mut lines = String::new();
    for (name, value) in conversions() {
        let digest: [u8; 32] = Sha256::digest(encoded(value)).into();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        lines.push_str(&format!("{hex}  {name}\n"));
    }
    let path = root().join("plugins/sdks/tests/golden-bytes.txt");
    if std::env::var("UPDATE").is_ok() {
        fs::write(&path, &lines).expect("can be written");
    }
    assert_eq!(
        fs::read_to_string(&path).expect("is there"),
        lines,
        "UPDATE=1 writes it anew"
    );
}

#[test]
fn a_conversion_becomes_the_text_of_its_golden_result() {
    let (name, value) = conversions().swap_remove(0);
    let shown = text(&Outcome::Converted(encoded(value.clone()))).expect("is a conversion");
    let shown: Value = serde_json::from_str(&shown).expect("is JSON");
    assert_eq!(shown, json!({ "converted": value }), "{name}");
    assert_eq!(text(&Outcome::Converted(vec![0xff])), None);
}

#[test]
fn layout_makes_no_difference_and_content_does() {
    let comparison = |result: &str, golden: Option<&str>| Comparison {
        sample: "s".to_owned(),
        result: Ok(result.to_owned()),
        golden: golden.map(str::to_owned),
    };
    assert!(comparison("{\"a\": 1}\n", Some("{ \"a\":1 }")).is_equal());
    assert!(!comparison("{\"a\": 1}\n", Some("{\"a\": 2}")).is_equal());
    assert!(!comparison("{}", None).is_equal());
    let failed = Comparison {
        sample: "s".to_owned(),
        result: Err(GoldenError::Encoding),
        golden: Some("{}".to_owned()),
    };
    assert!(!failed.is_equal());
}
