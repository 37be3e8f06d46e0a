//! Packs of adapters, and files of publishers' keys.

use std::path::Path;

use adapter_pack::pack::Content;
use adapter_pack::{Manifest, Pack, PackLimits, PublisherKeys};
use audit_proof::key::KeyKind;
use signer::FileSigner;

use crate::{Corpus, fuzz};

const MANIFEST: &[u8] = b"id = \"noise\"\nversion = \"1.0.0\"\nfeed_kinds = [\"noise\"]\nschema_version = \"1.0.0\"\n[limits]\nmemory_bytes = 0\n";

/// A key that is the same in every run: its seed is one byte repeated.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n-----END PRIVATE KEY-----\n";

fn pack() -> Pack {
    let mut content = Content::default();
    let files: [(&str, &[u8]); 7] = [
        ("adapter.toml", MANIFEST),
        ("adapter.wasm", b"\0asm"),
        ("configuration.json", b"{}"),
        ("LICENSE", b"Apache-2.0"),
        ("README.md", b"# noise"),
        ("samples/a", b"61.2"),
        ("golden/a.json", b"{}"),
    ];
    for (name, bytes) in files {
        content.put(name, bytes.to_vec());
    }
    Pack::new(content).expect("is whole")
}

#[test]
fn a_pack_that_is_accepted_has_no_other_form() {
    let unsigned = pack();
    let mut signed = unsigned.clone();
    let key = FileSigner::from_pem("noise.example/adapters", KeyKind::Ed25519, KEY);
    signed.sign(&key.expect("a key"), 0).expect("signs");
    let honest = [unsigned.to_bytes(), signed.to_bytes()];
    let corpus = Corpus {
        honest: &[&honest[0], &honest[1]],
        tokens: &[
            b"ustar\x0000",
            b"0000644\0",
            b"samples/",
            b"../",
            &[0; 512],
            &[0; 1024],
            b"00000000004\0",
        ],
    };
    fuzz(corpus, |bytes| {
        let limits = PackLimits {
            pack_bytes: 1 << 20,
            file_bytes: 1 << 19,
            files: 32,
        };
        if let Ok(pack) = Pack::read(bytes, &limits) {
            assert_eq!(pack.to_bytes(), bytes);
            assert!(pack.samples().count() > 0);
            assert!(pack.verify(&PublisherKeys::default()).is_err());
        }
    });
}

#[test]
fn a_manifest_is_read_or_refused() {
    let corpus = Corpus {
        honest: &[MANIFEST],
        tokens: &[b"[limits]", b" = ", b"\"", b"[[", b"-1"],
    };
    fuzz(corpus, |bytes| {
        let _ = Manifest::parse(bytes, Path::new("adapter.toml"));
    });
}

#[test]
fn a_file_of_publishers_keys_is_read_or_refused() {
    let key =
        b"region.example/party+751f4506+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4 hj212 noise\n";
    let corpus = Corpus {
        honest: &[key, b"# nobody\n\n"],
        tokens: &[b"+", b"#", b"\n", b" "],
    };
    fuzz(corpus, |bytes| {
        let _ = PublisherKeys::parse(&String::from_utf8_lossy(bytes));
    });
}
