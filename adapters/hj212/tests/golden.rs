//! The samples of this adapter and what becomes of each.
//!
//! `samples/<name>` is one message, `golden/<name>.json` its result under
//! `configuration.json`. `UPDATE=1` writes the golden results anew. Samples are
//! converted one by one: those that are parts of one split packet would find
//! each other in one submission.

use std::fs;
use std::path::{Path, PathBuf};

use adapter_sdk::goldens::pretty;
use adapter_sdk::{Adapter as _, Message, proto};
use hj212::Hj212;
use prost_reflect::DescriptorPool;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn adapter() -> Hj212 {
    let configuration = fs::read(folder("configuration.json")).expect("the configuration");
    Hj212::configure(&configuration).expect("a good configuration")
}

fn samples() -> Vec<PathBuf> {
    let listing = fs::read_dir(folder("samples")).expect("the samples");
    listing
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

#[test]
fn every_sample_has_its_golden_result() {
    let adapter = adapter();
    let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).expect("our own descriptors");
    let samples = samples();
    for path in &samples {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        let payload = fs::read(path).expect("a sample");
        let outcome = adapter_sdk::run(&adapter, &[Message::new(&payload)]).remove(0);
        let actual = pretty(&outcome, &pool).expect("our own encoding");
        let golden = folder("golden").join(format!("{name}.json"));
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&golden, &actual).expect("a writable folder");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(
            actual, expected,
            "{name}: run with UPDATE=1 if the change is meant"
        );
    }
    let goldens = fs::read_dir(folder("golden"))
        .expect("the golden results")
        .count();
    assert_eq!(goldens, samples.len(), "a golden result without a sample");
    assert!(samples.len() >= 12, "{} samples", samples.len());
}

#[test]
fn the_second_run_gives_the_same_bytes() {
    let adapter = adapter();
    for path in samples() {
        let payload = fs::read(path).expect("a sample");
        let messages = [Message::new(&payload), Message::new(&payload)];
        assert_eq!(
            adapter_sdk::run(&adapter, &messages),
            adapter_sdk::run(&adapter, &messages)
        );
    }
}
