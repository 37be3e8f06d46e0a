//! Signed packages: whose signature counts, what is refused, and that a refusal is an entry.

use std::path::{Path, PathBuf};

use adapter_pack::Pack;
use adapter_pack::pack::Content;
use audit_proof::key::KeyKind;
use end_to_end::{adapters, root};
use signer::FileSigner;

use super::{adapter, entries, roles, site};

/// A package of region-clue with its samples; `change` may spoil it.
fn package(change: impl FnOnce(&mut Content)) -> Pack {
    let mut content = Content::default();
    let built = adapters().expect("are built").join("region-clue");
    let mut put = |name: &str, path: PathBuf| {
        let bytes =
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        content.put(name, bytes);
    };
    for name in ["adapter.wasm", "adapter.toml", "configuration.json"] {
        put(name, built.join(name));
    }
    put("LICENSE", root().join("LICENSE"));
    put("README.md", root().join("adapters/region-clue/README.md"));
    for folder in ["samples", "golden"] {
        let from = root().join("adapters/region-clue").join(folder);
        for file in std::fs::read_dir(&from).expect("lists") {
            let path = file.expect("reads").path();
            let name = path
                .file_name()
                .expect("has a name")
                .to_string_lossy()
                .into_owned();
            put(&format!("{folder}/{name}"), path);
        }
    }
    change(&mut content);
    Pack::new(content).expect("is a package")
}

fn publisher(name: &str) -> (FileSigner, String) {
    let generated = signer::generate(KeyKind::Ed25519, name).expect("generates");
    let signer =
        FileSigner::from_pem(name, KeyKind::Ed25519, &generated.private_text).expect("is a key");
    let line = generated.key.to_string();
    (signer, line)
}

fn written(folder: &Path, name: &str, pack: &Pack) -> String {
    let path = folder.join(name);
    std::fs::write(&path, pack.to_bytes()).expect("writes");
    path.display().to_string()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn a_package_is_installed_only_with_the_signature_of_a_known_publisher_and_sound_samples() {
    let (known, line) = publisher("maker.example/adapters");
    let (stranger, _) = publisher("stranger.example/adapters");
    let site = site(1, true);
    std::fs::write(site.folder().join("publishers.keys"), format!("{line}\n")).expect("writes");
    site.set("adapters", "publishers = \"publishers.keys\"")
        .expect("sets");
    let gateway = site.start().expect("starts");
    let install = |path: &str| {
        adapter(
            &site,
            &gateway,
            "city-eco",
            &["install", "--feed", "region-clue", path],
        )
    };
    let time_s = 1_790_000_000;
    let unsigned = package(|_| {});
    let mut strange = package(|_| {});
    strange.sign(&stranger, time_s).expect("signs");
    let mut good = package(|_| {});
    good.sign(&known, time_s).expect("signs");
    let mut forged = good.to_bytes();
    let place = forged.len() / 2;
    forged[place] ^= 1;
    let forged_path = site.folder().join("forged.lga");
    std::fs::write(&forged_path, forged).expect("writes");
    let mut wrong = package(|content| {
        content.put(
            "golden/normal.xml.json",
            b"{\"converted\": {\"records\": []}}".to_vec(),
        );
    });
    wrong.sign(&known, time_s).expect("signs");
    let mut unfit = package(|content| {
        let schema = br#"{"type": "object", "required": ["no-such-key"]}"#;
        content.put("configuration.schema.json", schema.to_vec());
    });
    unfit.sign(&known, time_s).expect("signs");
    let refused = [
        (
            written(site.folder(), "unfit.lga", &unfit),
            "adapter-configuration",
        ),
        (
            written(site.folder(), "unsigned.lga", &unsigned),
            "adapter-unsigned",
        ),
        (
            written(site.folder(), "strange.lga", &strange),
            "adapter-signature",
        ),
        (forged_path.display().to_string(), "adapter-package"),
        (
            written(site.folder(), "wrong.lga", &wrong),
            "adapter-conformance",
        ),
    ];
    for (path, reason) in &refused {
        let said = install(path).expect_err("is refused");
        assert!(said.contains(reason), "{path}: {said}");
    }
    let component = adapters().expect("are built").join("region-clue");
    let file = |name: &str| component.join(name).display().to_string();
    let bare = adapter(
        &site,
        &gateway,
        "city-eco",
        &[
            "install",
            "--feed",
            "region-clue",
            "--component",
            &file("adapter.wasm"),
            "--manifest",
            &file("adapter.toml"),
            "--configuration",
            &file("configuration.json"),
        ],
    );
    assert!(bare.expect_err("is refused").contains("adapter-unsigned"));
    let wrong_feed = written(site.folder(), "good.lga", &good);
    let other = adapter(
        &site,
        &gateway,
        "city-eco",
        &["install", "--feed", "hj212", &wrong_feed],
    );
    assert!(other.expect_err("is refused").contains("adapter-feed-kind"));
    assert_eq!(
        roles(&site, &gateway, "region-clue").len(),
        1,
        "nothing was installed"
    );
    // The same component and configuration as version 1: it is that version.
    let same = install(&wrong_feed).expect("is there");
    assert_eq!(same["version"]["version"], 1);
    let mut newer = package(|content| {
        let plain = std::fs::read(component.join("configuration.json")).expect("reads");
        content.put("configuration.json", [plain, b"\n".to_vec()].concat());
    });
    newer.sign(&known, time_s).expect("signs");
    let newer = install(&written(site.folder(), "newer.lga", &newer)).expect("installs");
    assert_eq!(newer["version"]["version"], 2);
    assert_eq!(newer["version"]["publisher"], "maker.example/adapters");
    assert_ne!(newer["version"]["samples"], "0");
    gateway.stop().expect("stops");
    let denied = entries(&site, "exchange.deny");
    for (_, reason) in &refused {
        let is_it = |entry: &&serde_json::Value| entry.to_string().contains(reason);
        assert_eq!(
            denied.iter().filter(is_it).count(),
            if *reason == "adapter-unsigned" { 2 } else { 1 },
            "{reason}"
        );
    }
}
