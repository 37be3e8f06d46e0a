//! A component that was built for contract 1.0.0 works for ever.

use std::fs;

use adapter_host::Message;
use adapter_tools::golden;
use serde_json::Value;

use crate::{frozen, lab};

#[test]
fn a_component_of_contract_1_0_0_gives_what_it_gave_when_it_was_built() {
    let read = |name: &str| fs::read(frozen().join(name)).expect("is there");
    let lab = lab();
    let adapter = lab
        .host
        .install(&read("adapter.wasm"), &read("configuration.json"))
        .expect("every host of version 1 installs it");
    assert_eq!(adapter.describe().id, "frozen");
    let payload = read("message.json");
    let outcomes = adapter
        .convert(&[Message {
            payload: &payload,
            attributes: &[],
        }])
        .expect("every host of version 1 runs it");
    let text = golden::text(&outcomes[0]).expect("a conversion");
    let found: Value = serde_json::from_str(&text).expect("is JSON");
    let expected: Value = serde_json::from_slice(&read("conversion.json")).expect("is JSON");
    assert_eq!(found, expected);
}

#[test]
fn the_frozen_files_are_those_that_were_frozen() {
    use sha2::{Digest as _, Sha256};
    let bytes = fs::read(frozen().join("adapter.wasm")).expect("is there");
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "19c27cb65e5bddfb321c23617498e8e22b180e7512c4cc66586e4d08d97c35f4"
    );
}
