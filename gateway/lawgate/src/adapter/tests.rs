//! What is printed of a conversion, and which manifests are accepted.

use std::fs;
use std::time::Duration;

use adapter_host::{Description, Granted};
use proto::v1::record::Entity;
use proto::v1::{Message, Observation, Record};

use super::*;

fn message() -> Sourced {
    Sourced {
        source: "noise.txt:1".to_owned(),
        message: Message::default(),
    }
}

#[test]
fn a_rejection_is_shown_with_its_message() {
    let outcome = Outcome::Rejected {
        code: "noise.no-values".to_owned(),
        offset: 7,
        text: "nothing".to_owned(),
    };
    let expected = json!({
        "message": "noise.txt:1",
        "rejected": {"code": "noise.no-values", "offset": 7, "text": "nothing"},
    });
    assert_eq!(shown(&message(), outcome).expect("shown"), expected);
}

#[test]
fn the_findings_of_the_gateway_are_shown_with_the_record() {
    let conversion = Conversion {
        records: vec![Record {
            entity: Some(Entity::Observation(Observation::default())),
            ..Record::default()
        }],
        ..Conversion::default()
    };
    let outcome = Outcome::Converted(conversion.encode_to_vec());
    let shown = shown(&message(), outcome).expect("shown");
    let quality = &shown["converted"]["records"][0]["envelope"]["quality"];
    let missing = quality.as_array().into_iter().flatten();
    let fields: Vec<_> = missing
        .filter(|finding| finding["rule"] == "schema.missing")
        .filter_map(|finding| finding["field"].as_str())
        .collect();
    assert!(fields.contains(&"observation.mn"), "{shown}");
}

#[test]
fn bytes_that_are_no_conversion_are_named_as_the_gateway_names_them() {
    let error = shown(&message(), Outcome::Converted(vec![0xFF])).expect_err("no conversion");
    assert!(
        error.to_string().contains("adapter.bad-conversion"),
        "{error}"
    );
}

const MANIFEST: &str = "id = \"noise\"\nversion = \"1.0.0\"\nfeed_kinds = [\"noise\"]\nschema_version = \"1.0.0\"\ndescription = \"x\"\n[limits]\nmemory_bytes = 0\n";

fn compared(manifest: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("adapter.toml"), manifest).expect("written");
    let said = Description {
        id: "noise".to_owned(),
        version: "1.0.0".to_owned(),
        feed_kinds: vec!["noise".to_owned()],
        schema_version: "1.0.0".to_owned(),
        granted: Granted {
            memory_bytes: 1,
            deadline: Duration::ZERO,
        },
    };
    let text = match compare(folder.path(), &said) {
        Ok(()) => String::new(),
        Err(error) => error.to_string(),
    };
    text.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn a_manifest_that_agrees_with_the_component_is_accepted() {
    assert_eq!(compared(MANIFEST), "");
}

#[test]
fn a_manifest_that_says_something_else_is_refused_with_both_values() {
    let cases = [
        (
            ("version = \"1.0.0\"\nfeed", "version = \"1.1.0\"\nfeed"),
            "adapter.toml: version is 1.1.0, and the component says 1.0.0",
        ),
        (
            ("[\"noise\"]", "[\"noise\", \"dust\"]"),
            "adapter.toml: feed_kinds is noise, dust, and the component says noise",
        ),
        (("id = \"noise\"\n", ""), "adapter.toml is no manifest"),
    ];
    for ((from, to), expected) in cases {
        assert_eq!(compared(&MANIFEST.replacen(from, to, 1)), expected);
    }
}

#[test]
fn a_folder_without_a_manifest_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Installed::load(&AdapterInspect {
        folder: folder.path().to_owned(),
        configuration: None,
    })
    .map(|_| ())
    .expect_err("nothing is there");
    assert!(
        error.to_string().contains("adapter.wasm cannot be read"),
        "{error}"
    );
}

#[test]
fn the_limits_are_those_of_a_gateway_that_sets_none() {
    let sandbox = crate::config::default_sandbox();
    assert_eq!(sandbox.memory_bytes, 64 << 20);
    assert_eq!(sandbox.deadline, Duration::from_secs(2));
    assert_eq!(sandbox.output_bytes, 32 << 20);
}
