//! A good adapter passes every check, and each check fails for what it is there for.

use std::fs;
use std::path::Path;

use adapter_tools::Manifest;
use adapter_tools::check::{Check, Effort, Subject, Verdict, check};
use adapter_tools::measure::measure;
use adapter_tools::sample::Sample;

use crate::{frozen, lab};

const MANIFEST: &str =
    "id = \"frozen\"\nversion = \"0.1.0\"\nfeed_kinds = [\"frozen\"]\nschema_version = \"1.0.0\"\n";

const EFFORT: Effort = Effort {
    mutations: 200,
    seed: 1,
};

fn read(name: &str) -> Vec<u8> {
    fs::read(frozen().join(name)).expect("is there")
}

fn samples() -> Vec<Sample> {
    let golden = String::from_utf8(read("conversion.json")).expect("is text");
    let rejected = "{\"rejected\": {\"code\": \"frozen.malformed\", \"offset\": 0, \"text\": \"a value is expected\"}}";
    let sample = |name: &str, payload: Vec<u8>, golden: &str| Sample {
        name: name.to_owned(),
        payload,
        attributes: Vec::new(),
        golden: Some(golden.to_owned()),
    };
    vec![
        sample("message", read("message.json"), &golden),
        sample("empty", Vec::new(), rejected),
    ]
}

fn checked(component: &[u8], manifest: &str, samples: &[Sample]) -> Vec<Check> {
    let configuration = read("configuration.json");
    let manifest = Manifest::parse(manifest.as_bytes(), Path::new("adapter.toml"));
    let subject = Subject {
        component,
        configuration: &configuration,
        manifest: &manifest.expect("a manifest"),
        samples,
    };
    check(&lab().host, &subject, EFFORT)
}

fn failed(checks: &[Check]) -> Vec<(&str, &str)> {
    checks
        .iter()
        .filter(|check| check.verdict == Verdict::Failed)
        .map(|check| (check.name, check.text.as_str()))
        .collect()
}

#[test]
fn a_good_adapter_passes_every_check() {
    let checks = checked(&read("adapter.wasm"), MANIFEST, &samples());
    assert_eq!(failed(&checks), [] as [(&str, &str); 0]);
    assert_eq!(checks.len(), 9);
    assert!(checks.iter().all(|check| check.verdict == Verdict::Passed));
}

#[test]
fn a_full_call_that_meets_a_limit_fails_the_check_with_what_fits_and_bench_measures_that() {
    let narrow = format!("{MANIFEST}[limits]\noutput_bytes = 20000\n");
    let checks = checked(&read("adapter.wasm"), &narrow, &samples());
    let failed = failed(&checks);
    let [("full-call", text)] = failed.as_slice() else {
        panic!("{failed:?}");
    };
    for part in ["256 messages", "adapter.output", " ms", "2000 ms"] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
    let (_, fits) = text.split_once("messages_per_call = ").expect("is advised");
    let fits: usize = fits
        .split('`')
        .next()
        .unwrap_or("")
        .parse()
        .expect("a number");
    assert!((1..256).contains(&fits), "{text}");
    let narrow = format!("{narrow}messages_per_call = {fits}\n");
    let checks = checked(&read("adapter.wasm"), &narrow, &samples());
    assert!(checks.iter().all(|check| check.verdict == Verdict::Passed));
    let manifest = Manifest::parse(narrow.as_bytes(), Path::new("adapter.toml"));
    let asked = adapter_tools::asked(&manifest.expect("a manifest"));
    let (component, configuration) = (read("adapter.wasm"), read("configuration.json"));
    let lab = lab();
    let adapter = lab.host.install_within(&component, &configuration, asked);
    let measured = measure(&adapter.expect("installs"), &samples(), 256, 1);
    assert_eq!(measured.expect("measures").full_call_messages, fits);
}

#[test]
fn a_forged_manifest_is_found() {
    let forged = MANIFEST.replace("id = \"frozen\"", "id = \"hj212\"");
    let checks = checked(&read("adapter.wasm"), &forged, &samples());
    let text = "adapter.toml: id is hj212, and the component says frozen";
    assert_eq!(failed(&checks), [("manifest", text)]);
}

#[test]
fn another_result_than_the_golden_one_is_shown_as_a_difference() {
    let mut samples = samples();
    samples[1].golden = Some("{\n  \"rejected\": {}\n}\n".to_owned());
    samples[0].golden = None;
    let checks = checked(&read("adapter.wasm"), MANIFEST, &samples);
    let failed = failed(&checks);
    assert_eq!(failed.len(), 1, "{failed:?}");
    let (name, text) = failed[0];
    assert_eq!(name, "golden");
    assert!(
        text.contains("message: there is no golden/message.json"),
        "{text}"
    );
    assert!(
        text.contains("+     \"code\": \"frozen.malformed\""),
        "{text}"
    );
}

#[test]
fn what_does_not_install_is_not_tried_further() {
    let mut component = read("adapter.wasm");
    component.truncate(component.len() / 2);
    let checks = checked(&component, MANIFEST, &samples());
    assert_eq!(checks[0].verdict, Verdict::Failed);
    assert!(
        checks[1..]
            .iter()
            .all(|check| check.verdict == Verdict::Skipped)
    );
}
