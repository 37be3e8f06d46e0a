//! Every adapter's samples through its component, against the golden results its native tests made.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use adapter_host::{Compiler, Host, Message, Outcome};
use end_to_end::{adapters, root};
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::{Value, json};

/// One sample and what it must become.
struct Sample {
    name: String,
    payload: Vec<u8>,
    attributes: Vec<(String, String)>,
    golden: Value,
}

fn samples(adapter: &str) -> Vec<Sample> {
    let folder = root().join("adapters").join(adapter);
    let listing = fs::read_dir(folder.join("samples")).expect("the adapter has samples");
    let mut files: Vec<PathBuf> = listing.map(|entry| entry.expect("reads").path()).collect();
    files.sort();
    files
        .iter()
        .filter(|file| !file.to_string_lossy().ends_with(".attributes.json"))
        .map(|file| sample(&folder, file))
        .collect()
}

fn sample(folder: &Path, file: &Path) -> Sample {
    let name = file
        .file_name()
        .expect("is a file")
        .to_string_lossy()
        .into_owned();
    let read = |path: PathBuf| {
        serde_json::from_slice::<Value>(
            &fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        )
        .expect("is JSON")
    };
    let stated = folder
        .join("samples")
        .join(format!("{name}.attributes.json"));
    let stated = if stated.exists() {
        read(stated)
    } else {
        json!({})
    };
    let attribute = |(name, value): (&String, &Value)| {
        (name.clone(), value.as_str().expect("is text").to_owned())
    };
    Sample {
        payload: fs::read(file).expect("reads"),
        attributes: stated
            .as_object()
            .expect("is an object")
            .iter()
            .map(attribute)
            .collect(),
        golden: read(folder.join("golden").join(format!("{name}.json"))),
        name,
    }
}

/// The outcome in the form of the golden files.
fn rendered(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Rejected { code, offset, text } => {
            json!({ "rejected": { "code": code, "offset": offset, "text": text } })
        }
        Outcome::Converted(bytes) => {
            let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).expect("decodes");
            let descriptor = pool
                .get_message_by_name("lawgate.v1.Conversion")
                .expect("exists");
            let message =
                DynamicMessage::decode(descriptor, bytes.as_slice()).expect("a conversion");
            json!({ "converted": serde_json::to_value(&message).expect("serialises") })
        }
    }
}

/// A host with a generous deadline and its cache in `folder`.
pub(crate) fn host(folder: &Path) -> Host {
    let compiler = Compiler::beside_this_program().expect("is built");
    let config = adapter_host::Config {
        deadline: Duration::from_secs(20),
        ..adapter_host::Config::recommended(folder.to_owned(), [7; 32], compiler)
    };
    Host::new(config).expect("starts")
}

#[test]
fn every_sample_gives_its_golden_result_as_a_component() {
    let cache = tempfile::tempdir().expect("folder");
    let host = host(cache.path());
    for adapter in ["hj212", "region-clue", "police-case", "justice-review"] {
        let built = adapters().expect("are built").join(adapter);
        let component = fs::read(built.join("adapter.wasm")).expect("reads");
        let configuration = fs::read(built.join("configuration.json")).expect("reads");
        let installed = host.install(&component, &configuration).expect("installs");
        let samples = samples(adapter);
        assert!(!samples.is_empty(), "{adapter} has no samples");
        for sample in &samples {
            let message = Message {
                payload: &sample.payload,
                attributes: &sample.attributes,
            };
            let outcomes = installed
                .convert(&[message])
                .unwrap_or_else(|error| panic!("{adapter}/{}: {error}", sample.name));
            assert_eq!(
                rendered(&outcomes[0]),
                sample.golden,
                "{adapter}/{}",
                sample.name
            );
        }
        println!("{adapter}: {} samples", samples.len());
    }
}

/// A message for the interpreter.
fn interpreted(sample: &Sample) -> adapter_interpreter::Message<'_> {
    adapter_interpreter::Message {
        payload: &sample.payload,
        attributes: &sample.attributes,
    }
}

/// What the interpreter says, as the host says it.
pub(crate) fn as_host(outcome: adapter_interpreter::Outcome) -> Outcome {
    match outcome {
        adapter_interpreter::Outcome::Converted(bytes) => Outcome::Converted(bytes),
        adapter_interpreter::Outcome::Rejected { code, offset, text } => {
            Outcome::Rejected { code, offset, text }
        }
    }
}

#[test]
fn the_second_engine_gives_the_same_bytes_as_the_first() {
    let cache = tempfile::tempdir().expect("folder");
    let host = host(cache.path());
    for adapter in ["hj212", "region-clue", "police-case", "justice-review"] {
        let built = adapters().expect("are built").join(adapter);
        let component = fs::read(built.join("adapter.wasm")).expect("reads");
        let configuration = fs::read(built.join("configuration.json")).expect("reads");
        let installed = host.install(&component, &configuration).expect("installs");
        let loaded = adapter_interpreter::Component::load(&component).expect("loads");
        let samples = samples(adapter);
        let messages: Vec<Message<'_>> = samples
            .iter()
            .map(|sample| Message {
                payload: &sample.payload,
                attributes: &sample.attributes,
            })
            .collect();
        let compiled = installed.convert(&messages).expect("converts");
        let messages: Vec<_> = samples.iter().map(interpreted).collect();
        let outcomes = loaded.convert(&configuration, &messages).expect("converts");
        let outcomes: Vec<Outcome> = outcomes.into_iter().map(as_host).collect();
        assert_eq!(outcomes, compiled, "{adapter}");
    }
}

#[test]
fn the_second_engine_fails_with_the_codes_and_sentences_of_the_first() {
    let cache = tempfile::tempdir().expect("folder");
    let host = host(cache.path());
    let built = adapters().expect("are built").join("hostile");
    let component = fs::read(built.join("adapter.wasm")).expect("reads");
    let installed = host.install(&component, b"{}\n").expect("installs");
    let loaded = adapter_interpreter::Component::load(&component).expect("loads");
    // What meets a limit of the node is no matter of the engine, and is not made again.
    for verb in [
        "echo",
        "count",
        "trap",
        "too-few",
        "too-many",
        "garbage",
        "claim",
        "no such verb",
    ] {
        let attributes = [("content-type".to_owned(), "text/plain".to_owned())];
        let (payload, other) = (verb.as_bytes(), "正文".as_bytes());
        let compiled = installed.convert(&[payload, other].map(|payload| Message {
            payload,
            attributes: &attributes,
        }));
        let outcomes = loaded.convert(
            b"{}\n",
            &[payload, other].map(|payload| adapter_interpreter::Message {
                payload,
                attributes: &attributes,
            }),
        );
        let compiled = compiled.map_err(|error| (error.code(), error.to_string()));
        let outcomes = outcomes
            .map(|outcomes| outcomes.into_iter().map(as_host).collect::<Vec<_>>())
            .map_err(|error| (error.code(), error.to_string()));
        assert_eq!(outcomes, compiled, "{verb}");
    }
    let refused = loaded.convert(b"faulty", &[]).expect_err("is refused");
    assert_eq!(refused.code(), "adapter.not-configured");
    assert!(refused.to_string().contains("with 2 faults"), "{refused}");
}

#[test]
fn the_same_messages_give_the_same_bytes_again() {
    let cache = tempfile::tempdir().expect("folder");
    let host = host(cache.path());
    for adapter in ["hj212", "region-clue", "police-case", "justice-review"] {
        let built = adapters().expect("are built").join(adapter);
        let component = fs::read(built.join("adapter.wasm")).expect("reads");
        let configuration = fs::read(built.join("configuration.json")).expect("reads");
        let installed = host.install(&component, &configuration).expect("installs");
        let samples = samples(adapter);
        let messages: Vec<Message<'_>> = samples
            .iter()
            .map(|sample| Message {
                payload: &sample.payload,
                attributes: &sample.attributes,
            })
            .collect();
        let first = installed.convert(&messages).expect("converts");
        for _ in 0..3 {
            assert_eq!(
                installed.convert(&messages).expect("converts"),
                first,
                "{adapter}"
            );
        }
    }
}
