//! The samples of this adapter and what becomes of each.
//!
//! `samples/<name>.txt` is one message, `golden/<name>.json` its result under
//! `configuration.json`. `UPDATE=1` writes the golden results anew.

use std::fs;
use std::path::Path;

use adapter_sdk::{Adapter as _, Message, Outcome};
use hj212::Hj212;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::{Value, json};

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The result as JSON.
fn render(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Converted(bytes) => {
            let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).expect("our own descriptors");
            let conversion = pool
                .get_message_by_name("lawgate.v1.Conversion")
                .expect("a message of ours");
            let message =
                DynamicMessage::decode(conversion, bytes.as_slice()).expect("our own encoding");
            let options = SerializeOptions::new().stringify_64_bit_integers(false);
            let value = message.serialize_with_options(serde_json::value::Serializer, &options);
            json!({"converted": value.expect("JSON")})
        }
        Outcome::Rejected(rejection) => json!({
            "rejected": {"code": rejection.code, "offset": rejection.offset, "text": rejection.text}
        }),
    }
}

#[test]
fn every_sample_has_its_golden_result() {
    let configuration = fs::read(folder("configuration.json")).expect("the configuration");
    let adapter = Hj212::configure(&configuration).expect("a good configuration");
    let mut checked = 0;
    for entry in fs::read_dir(folder("samples")).expect("the samples") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a name")
            .to_owned();
        let payload = fs::read(&path).expect("a sample");
        let outcome = adapter_sdk::run(&adapter, &[Message::new(&payload)]).remove(0);
        let actual = render(outcome);
        let golden = folder("golden").join(format!("{name}.json"));
        if std::env::var_os("UPDATE").is_some() {
            let text = serde_json::to_string_pretty(&actual).expect("JSON") + "\n";
            fs::write(&golden, text).expect("a writable folder");
        }
        let expected: Value =
            serde_json::from_slice(&fs::read(&golden).unwrap_or_default()).unwrap_or_default();
        assert_eq!(
            actual, expected,
            "{name}: run with UPDATE=1 if the change is meant"
        );
        checked += 1;
    }
    let goldens = fs::read_dir(folder("golden"))
        .expect("the golden results")
        .count();
    assert_eq!(goldens, checked, "a golden result without a sample");
    assert!(checked >= 12, "{checked} samples");
}

#[test]
fn the_second_run_gives_the_same_bytes() {
    let configuration = fs::read(folder("configuration.json")).expect("the configuration");
    let adapter = Hj212::configure(&configuration).expect("a good configuration");
    for entry in fs::read_dir(folder("samples")).expect("the samples") {
        let payload = fs::read(entry.expect("an entry").path()).expect("a sample");
        let messages = [Message::new(&payload), Message::new(&payload)];
        assert_eq!(
            adapter_sdk::run(&adapter, &messages),
            adapter_sdk::run(&adapter, &messages)
        );
    }
}
