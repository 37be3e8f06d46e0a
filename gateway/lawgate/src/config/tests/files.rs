//! Faults of the files around a configuration, and client files.

use std::fs;
use std::path::Path;

use super::SMALLEST;
use crate::config::*;

#[test]
fn files_that_are_missing_or_of_the_wrong_kind_are_faults() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(
        path("lawgate.toml"),
        SMALLEST
            .replace("adapter = ", "component_sha256 = \"aa\"\nadapter = ")
            .replace("\"aa\"", &format!("\"{}\"", "aa".repeat(32))),
    )
    .expect("written");
    fs::write(path("server.pem"), "not PEM").expect("written");
    fs::write(path("server.key"), "-----BEGIN PRIVATE KEY-----\n").expect("written");
    fs::write(path("data"), "a file").expect("written");
    fs::create_dir_all(path("adapters/hj212")).expect("made");
    fs::write(path("adapters/hj212/adapter.wasm"), "\0asm").expect("written");
    fs::write(
        path("adapters/hj212/adapter.toml"),
        "feed_kinds = [\"hj212-2017\", \"hj212-2025\"]",
    )
    .expect("written");

    let Err(ConfigError::Faults(faults)) = check(&path("lawgate.toml")) else {
        panic!("there are faults")
    };
    let lines: Vec<String> = faults
        .lines()
        .map(|line| line.replace(&folder.path().display().to_string(), ""))
        .collect();
    let expected = [
        "/lawgate.toml:2: gateway.data_dir: /data: is not a folder, expected the path of a folder",
        "/lawgate.toml:5: listen.certificate: /server.pem: has no certificate, expected the path of a PEM file with certificates",
        "/lawgate.toml:7: listen.client_ca: /ca.pem: No such file or directory (os error 2), expected the path of a PEM file with certificates",
        "/lawgate.toml:15: feed[1].kind: hj212 contradicts /adapters/hj212/adapter.toml, expected one of hj212-2017, hj212-2025",
        "/lawgate.toml:16: feed[1].component_sha256: aaaa",
        "/lawgate.toml:17: feed[1].adapter: /adapters/hj212/configuration.json: does not exist, expected the path of a folder with adapter.wasm, adapter.toml and configuration.json",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(
            line.starts_with(expected),
            "{line} does not begin with {expected}"
        );
    }
    assert!(
        load(&path("lawgate.toml")).is_ok(),
        "loading does not open the files"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_no_fault_of_the_file() {
    let error = load(Path::new("/nonexistent/lawgate.toml")).expect_err("there is none");
    assert!(matches!(error, ConfigError::Read { .. }));
    assert_eq!(
        error.to_string(),
        "configuration file /nonexistent/lawgate.toml cannot be read"
    );
}

#[test]
fn a_client_file_is_read_along_its_own_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("client.toml");
    fs::write(&path, "address = \"gw.example:7443\"\nca = \"../ca.pem\"\ncertificate = \"a.pem\"\nkey = \"a.key\"\n").expect("written");
    let client = load_client(&path).expect("no faults");
    assert_eq!(
        (client.address.host.as_str(), client.address.port),
        ("gw.example", 7443)
    );
    assert_eq!(client.ca, folder.path().join("../ca.pem"));
    assert_eq!(client.server_name, None);

    fs::write(
        &path,
        "address = \"gw.example\"\nca = \"\"\nserver_name = \"a b\"\nfeed = \"x\"\n",
    )
    .expect("written");
    let Err(ConfigError::Faults(faults)) = load_client(&path) else {
        panic!("there are faults")
    };
    let keys: Vec<&str> = faults
        .faults
        .iter()
        .map(|fault| fault.key.as_str())
        .collect();
    assert_eq!(
        keys,
        ["address", "ca", "server_name", "feed", "certificate", "key"]
    );
}
