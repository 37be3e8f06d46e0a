//! Adapters whose sandboxes begin configured: the same answers, the same limits, a cache that is
//! not believed.

use std::fs;
use std::path::{Path, PathBuf};

use adapter_host::{Host, NativeCode, PreinitializeError};
use tempfile::TempDir;

mod common;

use common::{Fixture, config, hostile_component, replies, send};

/// The one file of the cache that `before` lacks.
fn new_file(folder: &Path, before: &[PathBuf]) -> PathBuf {
    let mut new = files(folder);
    new.retain(|file| !before.contains(file));
    assert_eq!(new.len(), 1, "one file was added: {new:?}");
    new.remove(0)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("readable").path())
        .collect()
}

#[test]
fn sandboxes_that_begin_configured_answer_as_before_and_share_nothing() {
    let fixture = Fixture::new();
    let adapter = fixture.hostile();
    let texts = ["echo", "attribute", "\u{6c61}\u{67d3}"];
    let before = send(&adapter, &texts).expect("a good call");
    assert!(!adapter.is_preinitialized());
    adapter
        .preinitialize(&hostile_component())
        .expect("its state can be taken");
    assert!(adapter.is_preinitialized());
    assert_eq!(send(&adapter, &texts).expect("a good call"), before);
    for _ in 0..3 {
        assert_eq!(replies(&adapter, &["count"]), ["1"]);
    }
}

#[test]
fn every_limit_holds_for_sandboxes_that_begin_configured() {
    let fixture = Fixture::new();
    let adapter = fixture.hostile();
    adapter
        .preinitialize(&hostile_component())
        .expect("its state can be taken");
    for (verb, code) in [
        ("loop", "adapter.deadline"),
        ("hoard", "adapter.memory"),
        ("trap", "adapter.trap"),
        ("recurse", "adapter.stack"),
        ("flood", "adapter.output"),
        ("chatter", "adapter.log-budget"),
    ] {
        let error = send(&adapter, &[verb]).expect_err("an attack");
        assert_eq!(error.code(), code, "{verb}");
        assert_eq!(replies(&adapter, &["echo"]), ["echo"]);
    }
}

#[test]
fn another_host_finds_the_configured_code_for_the_same_configuration_only() {
    let folder = TempDir::new().expect("a temporary folder");
    let component = hostile_component();
    let first = Host::new(config(folder.path())).expect("a host");
    let adapter = first.install(&component, b"{}").expect("installs");
    adapter
        .preinitialize(&component)
        .expect("its state can be taken");
    drop((adapter, first));
    let second = Host::new(config(folder.path())).expect("a host");
    let same = second.install(&component, b"{}").expect("installs");
    assert!(same.is_preinitialized());
    assert_eq!(same.native_code(), NativeCode::Cached);
    assert_eq!(replies(&same, &["echo"]), ["echo"]);
    let other = second.install(&component, b"{ }").expect("installs");
    assert!(!other.is_preinitialized());
    assert_eq!(other.native_code(), NativeCode::Cached);
}

#[test]
fn tampered_configured_code_is_not_loaded_but_reported_and_replaced() {
    let fixture = Fixture::new();
    let component = hostile_component();
    let adapter = fixture.hostile();
    let before = files(&fixture.cache_dir());
    adapter
        .preinitialize(&component)
        .expect("its state can be taken");
    let path = new_file(&fixture.cache_dir(), &before);
    let good = fs::read(&path).expect("readable");
    let mut tampered = good.clone();
    let middle = tampered.len() / 2;
    tampered[middle] ^= 1;
    fs::write(&path, &tampered).expect("own file");
    let adapter = fixture.hostile();
    assert_eq!(adapter.native_code(), NativeCode::CompiledAfterTampering);
    assert!(!adapter.is_preinitialized());
    adapter
        .preinitialize(&component)
        .expect("its state can be taken");
    assert_eq!(fs::read(&path).expect("readable"), good);
    assert!(fixture.hostile().is_preinitialized());
}

#[test]
fn the_state_of_one_component_is_not_put_into_another() {
    let fixture = Fixture::new();
    let error = fixture
        .hostile()
        .preinitialize(b"\0asm")
        .expect_err("another component");
    assert!(
        matches!(error, PreinitializeError::OtherComponent),
        "{error}"
    );
}

#[test]
fn configured_code_that_no_longer_fits_is_left_alone() {
    let folder = TempDir::new().expect("a temporary folder");
    let component = hostile_component();
    let wide = Host::new(config(folder.path())).expect("a host");
    let adapter = wide.install(&component, b"{}").expect("installs");
    adapter
        .preinitialize(&component)
        .expect("its state can be taken");
    drop((adapter, wide));
    let mut narrow = config(folder.path());
    narrow.memory_bytes = 64 << 10;
    let narrow = Host::new(narrow).expect("a host");
    // Neither form fits; the refusal is the one of the component itself.
    let error = narrow
        .install(&component, b"{}")
        .expect_err("too little memory");
    assert!(error.to_string().contains("does not fit"), "{error}");
}
