//! Faults of the files a configuration names: missing, of the wrong kind, or
//! another component than the one pinned.
//!
//! Only `config check` asks; at start each part opens its own files and fails
//! with its own error. Nothing here parses certificates or components.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::document::{Document, Table};
use super::fault::{Fault, Problem};
use super::key::{Kind, Target};
use super::rules;

/// Files of an adapter that must lie in its folder.
const ADAPTER_FILES: [&str; 3] = ["adapter.wasm", "adapter.toml", "configuration.json"];

/// Every fault of the files that `document` names; `folder` is where its paths begin.
pub(crate) fn check(document: &Document, folder: &Path) -> Vec<Fault> {
    let mut faults = Vec::new();
    for table in &document.tables {
        for key in table.section.keys {
            let Kind::Path(target) = key.kind else {
                continue;
            };
            let Some((path, line)) = table.text(key.name) else {
                continue;
            };
            let path = folder.join(path);
            let mut fault = |path: &Path, found: String| {
                faults.push(Fault {
                    line: line.or(table.line),
                    key: table.path(key.name),
                    problem: Problem::Path {
                        path: path.to_owned(),
                        found,
                        expected: target.expected().to_owned(),
                    },
                });
            };
            look(target, &path, table, &mut fault);
        }
        if table.section.name == "feed" {
            check_feed(table, folder, &mut faults);
        }
    }
    faults
}

fn look(target: Target, path: &Path, table: &Table, fault: &mut impl FnMut(&Path, String)) {
    match target {
        Target::OwnFolder => {
            if path.exists() && !path.is_dir() {
                fault(path, "is not a folder".to_owned());
            }
        }
        Target::File => drop(bytes(path, fault)),
        Target::CertificatePem => pem(path, "CERTIFICATE-----", "has no certificate", fault),
        Target::KeyPem => pem(path, "PRIVATE KEY-----", "has no private key", fault),
        Target::AdapterFolder => {
            if !path.is_dir() {
                return fault(path, "is not a folder".to_owned());
            }
            for name in ADAPTER_FILES {
                // A configuration of the operator's own takes the place of the adapter's.
                let is_replaced =
                    name == "configuration.json" && table.text("configuration").is_some();
                let file = path.join(name);
                if !is_replaced && !file.is_file() {
                    fault(&file, "does not exist".to_owned());
                }
            }
        }
    }
}

fn pem(path: &Path, label: &str, without: &str, fault: &mut impl FnMut(&Path, String)) {
    if let Some(bytes) = bytes(path, fault) {
        let text = String::from_utf8_lossy(&bytes);
        if !text
            .lines()
            .any(|line| line.starts_with("-----BEGIN ") && line.trim_end().ends_with(label))
        {
            fault(path, without.to_owned());
        }
    }
}

fn bytes(path: &Path, fault: &mut impl FnMut(&Path, String)) -> Option<Vec<u8>> {
    match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(cause) => {
            fault(path, cause.to_string());
            None
        }
    }
}

/// The pin and the kind, where the adapter's files are there to compare with.
fn check_feed(feed: &Table, folder: &Path, faults: &mut Vec<Fault>) {
    let Some((adapter, _)) = feed.text("adapter") else {
        return;
    };
    let adapter = folder.join(adapter);
    let mut contradiction = |key: &str, line, value: String, other: String, expected: String| {
        let problem = Problem::Contradiction {
            value,
            other,
            expected,
        };
        faults.push(Fault {
            line,
            key: feed.path(key),
            problem,
        });
    };
    if let Some((pin, line)) = feed.text("component_sha256")
        && let Ok(component) = fs::read(adapter.join(ADAPTER_FILES[0]))
    {
        let digest: [u8; 32] = Sha256::digest(&component).into();
        if rules::sha256(pin) != Some(digest) {
            let other = adapter.join(ADAPTER_FILES[0]).display().to_string();
            contradiction(
                "component_sha256",
                line,
                pin.to_owned(),
                other,
                crate::output::hex(&digest),
            );
        }
    }
    if let Some((kind, line)) = feed.text("kind")
        && let Some(kinds) = manifest_kinds(&adapter)
        && !kinds.iter().any(|known| known == kind)
    {
        let other = adapter.join(ADAPTER_FILES[1]).display().to_string();
        contradiction(
            "kind",
            line,
            kind.to_owned(),
            other,
            format!("one of {}", kinds.join(", ")),
        );
    }
}

/// `feed_kinds` of the manifest; `None` when there is no manifest to read, which is a fault of its own.
fn manifest_kinds(adapter: &Path) -> Option<Vec<String>> {
    let manifest: toml::Table = fs::read_to_string(adapter.join(ADAPTER_FILES[1]))
        .ok()?
        .parse()
        .ok()?;
    let kinds = manifest.get("feed_kinds")?.as_array()?;
    Some(
        kinds
            .iter()
            .filter_map(|kind| kind.as_str().map(str::to_owned))
            .collect(),
    )
}
