//! What is found at install: foreign imports, missing exports, sizes, memory,
//! configurations, and cached code that is not ours.

use std::fs;

use adapter_host::{CallError, Host, InstallError, NativeCode};
use tempfile::TempDir;

mod common;
mod handmade;

use common::{Fixture, hostile_component, replies, send};

fn check_refused(component: &[u8], expected: &str) {
    let fixture = Fixture::new();
    let error = fixture
        .host
        .install(component, b"{}")
        .expect_err("must be refused");
    assert!(error.to_string().contains(expected), "{error:?}");
}

#[test]
fn an_undeclared_import_is_refused_by_name() {
    let component = handmade::importing("wasi:filesystem/types@0.2.0");
    check_refused(&component, "imports wasi:filesystem/types@0.2.0;");
}

#[test]
fn another_major_version_of_the_contract_is_an_undeclared_import() {
    let component = handmade::importing("lawgate:adapter/host@2.0.0");
    check_refused(&component, "imports lawgate:adapter/host@2.0.0;");
}

#[test]
fn a_component_without_the_contracts_functions_is_refused() {
    check_refused(&handmade::empty(), "does not export describe");
    let component = handmade::importing("lawgate:adapter/types@1.0.0");
    check_refused(&component, "does not export describe");
}

#[test]
fn more_initial_memory_than_a_sandbox_has_is_refused() {
    // 64 MiB are 1024 pages.
    check_refused(&handmade::with_memory(1025), "does not fit a sandbox");
    check_refused(&handmade::with_memory(1024), "does not export describe");
}

#[test]
fn what_is_no_component_is_refused() {
    check_refused(b"", "cannot be compiled");
    check_refused(b"\0asm\x01\0\0\0", "cannot be compiled");
    let component = hostile_component();
    check_refused(&component[..component.len() / 2], "cannot be compiled");
}

#[test]
fn an_oversize_component_is_refused_before_it_is_compiled() {
    let fixture = Fixture::with(|config| config.component_bytes_max = 1000);
    let error = fixture
        .host
        .install(&hostile_component(), b"{}")
        .expect_err("over 1000 bytes");
    assert!(
        matches!(error, InstallError::TooLarge { limit: 1000, .. }),
        "{error:?}"
    );
    assert_eq!(
        fs::read_dir(fixture.cache_dir()).expect("a folder").count(),
        0
    );
}

#[test]
fn all_faults_of_a_configuration_are_reported() {
    let fixture = Fixture::new();
    let error = fixture
        .host
        .install(&hostile_component(), b"faulty")
        .expect_err("two faults");
    let InstallError::Configuration { faults } = error else {
        panic!("{error:?}")
    };
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(paths, ["first", "second"]);
}

#[test]
fn an_attack_in_configure_ends_at_its_limit() {
    let fixture = Fixture::new();
    for (configuration, expected) in [
        ("loop", "adapter.deadline"),
        ("trap", "adapter.trap"),
        ("hoard", "adapter.memory"),
    ] {
        let error = fixture
            .host
            .install(&hostile_component(), configuration.as_bytes())
            .expect_err("an attack");
        let InstallError::Call {
            function: "configure",
            cause,
        } = error
        else {
            panic!("{configuration}: {error:?}")
        };
        assert_eq!(cause.code(), expected);
    }
    assert_eq!(replies(&fixture.hostile(), &["echo"]), ["echo"]);
}

#[test]
fn an_adapter_names_what_it_is_made_of() {
    let fixture = Fixture::new();
    let adapter = fixture.hostile();
    let description = adapter.describe();
    assert_eq!(description.id, "hostile");
    assert_eq!(description.feed_kinds, ["hostile"]);
    assert_eq!(description.granted.memory_bytes, 64 << 20);
    let other = fixture
        .host
        .install(&hostile_component(), b"[]")
        .expect("installs");
    assert_eq!(adapter.digest(), other.digest());
    assert_ne!(adapter.configuration_digest(), other.configuration_digest());
    // SHA-256 of the two bytes `{}`, computed with sha256sum.
    assert_eq!(
        adapter.configuration_digest()[..4],
        [0x44, 0x13, 0x6f, 0xa3]
    );
}

#[test]
fn an_adapter_outlives_its_host_and_keeps_its_deadlines() {
    let fixture = Fixture::new();
    let adapter = fixture.hostile();
    drop(fixture);
    let error = send(&adapter, &["loop"]).expect_err("never ends by itself");
    assert!(matches!(error, CallError::Deadline), "{error:?}");
}

#[test]
fn compiled_code_is_used_again_by_another_host() {
    let folder = TempDir::new().expect("a temporary folder");
    let install = || {
        let host = Host::new(common::config(folder.path())).expect("a host");
        host.install(&hostile_component(), b"{}").expect("installs")
    };
    assert_eq!(install().native_code(), NativeCode::Compiled);
    let adapter = install();
    assert_eq!(adapter.native_code(), NativeCode::Cached);
    assert_eq!(replies(&adapter, &["echo"]), ["echo"]);
}

#[test]
fn tampered_code_is_not_loaded_but_reported_and_replaced() {
    let fixture = Fixture::new();
    drop(fixture.hostile());
    let entry = fs::read_dir(fixture.cache_dir())
        .expect("a folder")
        .next()
        .expect("one file");
    let path = entry.expect("readable").path();
    let good = fs::read(&path).expect("readable");
    let mut tampered = good.clone();
    // Somewhere in the machine code: the engine alone would load it.
    let middle = tampered.len() / 2;
    tampered[middle] ^= 1;
    fs::write(&path, &tampered).expect("own file");
    let adapter = fixture.hostile();
    assert_eq!(adapter.native_code(), NativeCode::CompiledAfterTampering);
    assert_eq!(replies(&adapter, &["echo"]), ["echo"]);
    assert_ne!(fs::read(&path).expect("readable"), tampered);
    assert_eq!(fixture.hostile().native_code(), NativeCode::Cached);
}
