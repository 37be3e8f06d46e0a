//! Tests of the adapter as it is shipped: configuration, samples, golden results.

use std::path::Path;

use adapter_sdk::goldens::compare;

use super::*;

#[test]
fn every_sample_gives_its_golden_result() {
    let update = std::env::var_os("UPDATE").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let differences = compare::<MyTable>(folder, update).expect("the folder is complete");
    let shown: Vec<_> = differences
        .iter()
        .map(|one| format!("{}:\n{}", one.sample, one.result))
        .collect();
    assert!(
        shown.is_empty(),
        "golden results differ:\n{}",
        shown.join("\n")
    );
}
