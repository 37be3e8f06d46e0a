//! What legal staff do, over the real binary: search, follow a case, replay; and nothing false is
//! shown of what was changed on the disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use end_to_end::{Gateway, Site, root, text};
use serde_json::Value;

const CODE: &str = "91150203MA0QEX2BX4";

/// A site whose gateway has taken one document of each feed.
fn filled() -> (Site, Gateway) {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    for (agency, feed, sample) in [
        ("region", "region-clue", "region-clue/samples/normal.xml"),
        (
            "police",
            "police-case",
            "police-case/samples/transfer-with-lists.xml",
        ),
        ("police", "police-case", "police-case/samples/states.xml"),
        (
            "justice",
            "justice-review",
            "justice-review/samples/every-opinion.json",
        ),
        ("city-eco", "hj212", "hj212/samples/minute-2017.txt"),
        ("city-eco", "hj212", "hj212/samples/crc-wrong.txt"),
    ] {
        let client = format!("client/{agency}.toml");
        let sample = root().join("adapters").join(sample);
        let sample = sample.display().to_string();
        let arguments = [
            "submit",
            "--client",
            &client,
            "--address",
            gateway.address(),
        ];
        let output = site.lawgate(&[&arguments[..], &["--feed", feed, &sample]].concat());
        let output = output.expect("runs");
        assert!(
            matches!(output.status.code(), Some(0 | 3)),
            "{}",
            text(&output)
        );
    }
    (site, gateway)
}

fn search(site: &Site, gateway: &Gateway, arguments: &[&str]) -> Output {
    let fixed = [
        "audit",
        "search",
        "--client",
        "client/audit-01.toml",
        "--address",
        gateway.address(),
        "--purpose",
        "法制审核",
        "--output",
        "json",
    ];
    site.lawgate(&[&fixed[..], arguments].concat())
        .expect("runs")
}

fn rows(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", text(output));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    answer["rows"].as_array().cloned().unwrap_or_default()
}

fn replay(site: &Site, arguments: &[&str]) -> (Option<i32>, Value) {
    let fixed = [
        "replay",
        "--data",
        "data",
        "--output",
        "json",
        "--vault-key",
        "pki/vault.key",
        "--vault-reporter-key",
        "pki/vault-reporter.key",
    ];
    let output = site
        .lawgate(&[&fixed[..], arguments].concat())
        .expect("runs");
    let answer = serde_json::from_slice(&output.stdout);
    (
        output.status.code(),
        answer.unwrap_or_else(|_| panic!("{}", text(&output))),
    )
}

#[test]
fn an_auditor_finds_a_case_in_any_spelling_and_nobody_else_searches() {
    let (site, gateway) = filled();
    for spelling in [
        "包环立[2026]1号",
        "包环立（２０２６）第001号",
        "包环立【2026】1号",
    ] {
        let found = rows(&search(&site, &gateway, &["--case", spelling]));
        assert!(!found.is_empty(), "{spelling}");
        assert_eq!(found[0]["feed"], "justice-review");
    }
    let found = rows(&search(&site, &gateway, &["--text", "突变"]));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["feed"], "region-clue");
    let found = rows(&search(&site, &gateway, &["--party", CODE]));
    assert_eq!(found.len(), 1);
    // Personal data is in no text index: the reviewer's name of the sample finds nothing.
    assert!(rows(&search(&site, &gateway, &["--text", "戊某"])).is_empty());
    let refused = site.lawgate(&[
        "audit",
        "search",
        "--client",
        "client/justice.toml",
        "--address",
        gateway.address(),
        "--purpose",
        "x",
    ]);
    let refused = refused.expect("runs");
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused).contains("role-not-granted"),
        "{}",
        text(&refused)
    );
    let case = site.lawgate(&[
        "case",
        "show",
        "--client",
        "client/audit-01.toml",
        "--address",
        gateway.address(),
        "--purpose",
        "法制审核",
        "包环立[2026]1号",
    ]);
    let case = text(&case.expect("runs"));
    assert!(case.contains("reviewed 法制审核意见"), "{case}");
    assert!(case.contains("hints, not decisions"), "{case}");
    gateway.stop().expect("stops");
    // The names that were asked for are nowhere in the log.
    for file in files(&site.audit()) {
        let bytes = fs::read(&file).expect("reads");
        let name = "戊某".as_bytes();
        assert!(
            !bytes.windows(name.len()).any(|part| part == name),
            "{}",
            file.display()
        );
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("lists") {
        let path = entry.expect("reads").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// Replaces every occurrence of `old` in a file by `new` of the same length; how many there were.
fn replace(file: &Path, old: &[u8], new: &[u8]) -> usize {
    let mut bytes = fs::read(file).expect("reads");
    let mut count = 0;
    let mut at = 0;
    while at + old.len() <= bytes.len() {
        if &bytes[at..at + old.len()] == old {
            bytes[at..at + old.len()].copy_from_slice(new);
            count += 1;
        }
        at += 1;
    }
    fs::write(file, bytes).expect("writes");
    count
}

#[test]
fn a_changed_index_segment_or_tile_gives_an_error_or_the_right_rows() {
    let (site, gateway) = filled();
    let other = CODE.replace('4', "5");
    let questions: [[&str; 2]; 4] = [
        ["--party", CODE],
        ["--party", &other],
        ["--text", "突变"],
        ["--case", "包环立[2026]1号"],
    ];
    let leaves = |found: &[Value]| -> Vec<Value> {
        found.iter().map(|row| row["leafHash"].clone()).collect()
    };
    let before = questions.map(|question| leaves(&rows(&search(&site, &gateway, &question))));
    assert!(before[1].is_empty() && before.iter().filter(|it| !it.is_empty()).count() == 3);
    gateway.stop().expect("stops");
    let changed = |is_unreadable: bool, change: &dyn Fn(&Site)| {
        let copy = site.copied().expect("copies");
        change(&copy);
        let gateway = copy.start().expect("starts");
        for (question, before) in questions.iter().zip(&before) {
            let output = search(&copy, &gateway, question);
            if !output.status.success() {
                // A database that cannot be read is another error than a row that does not agree.
                let is_named = text(&output).contains("stored-data-damaged");
                assert!(is_named || is_unreadable, "{}", text(&output));
                continue;
            }
            // Whatever is shown is a row that was there before, for the same question.
            let found = leaves(&rows(&output));
            for leaf in &found {
                assert!(before.contains(leaf), "{question:?}: a false row: {leaf}");
            }
        }
    };
    changed(false, &|copy| {
        let hits: usize = files(&copy.folder().join("data/index"))
            .iter()
            .map(|file| replace(file, CODE.as_bytes(), other.as_bytes()))
            .sum();
        assert!(hits > 0);
    });
    // A byte in the middle of every page of the database, its first page apart, which says what it is.
    changed(true, &|copy| {
        for file in files(&copy.folder().join("data/index")) {
            let mut bytes = fs::read(&file).expect("reads");
            for page in bytes.chunks_mut(4096).skip(1) {
                let middle = page.len() / 2;
                page[middle] ^= 0x20;
            }
            fs::write(&file, bytes).expect("writes");
        }
    });
    changed(false, &|copy| {
        let segments = files(&copy.folder().join("data/evidence"));
        let hits: usize = segments
            .iter()
            .map(|file| replace(file, CODE.as_bytes(), other.as_bytes()))
            .sum();
        assert!(hits > 0);
    });
    changed(false, &|copy| {
        for tile in files(&copy.audit().join("tiles/tile")) {
            let mut bytes = fs::read(&tile).expect("reads");
            bytes[0] ^= 1;
            fs::write(&tile, bytes).expect("writes");
        }
    });
}

#[test]
fn all_that_was_kept_replays_and_each_altered_byte_is_named() {
    let (site, gateway) = filled();
    // Beside the running gateway.
    let (code, report) = replay(&site, &[]);
    assert_eq!(
        (code, &report["equal"]),
        (Some(0), &Value::Bool(true)),
        "{report:#}"
    );
    assert_eq!(report["submissions"], 6);
    gateway.stop().expect("stops");
    let (code, report) = replay(&site, &["--case", "包环立[2026]1号"]);
    assert_eq!(
        (code, &report["submissions"]),
        (Some(0), &Value::from(1)),
        "{report:#}"
    );
    let kind = |site: &Site| -> Vec<String> {
        let (code, report) = replay(site, &[]);
        assert_eq!(code, Some(1), "{report:#}");
        let findings = report["findings"].as_array().cloned().unwrap_or_default();
        let kinds = findings
            .iter()
            .map(|finding| finding["kind"].as_str().unwrap_or_default());
        let mut kinds: Vec<String> = kinds.map(str::to_owned).collect();
        kinds.dedup();
        kinds
    };
    let kept = |site: &Site, is_component: bool| {
        let mut kept = files(&site.folder().join("data/adapters/sha256"));
        // Manifests are kept too; no entry names them.
        let begins: &[u8] = if is_component { b"\0asm" } else { b"{" };
        kept.retain(|file| fs::read(file).expect("reads").starts_with(begins));
        kept.sort();
        kept[0].clone()
    };
    for (is_component, expected) in [
        (true, "component-altered"),
        (false, "configuration-altered"),
    ] {
        let copy = site.copied().expect("copies");
        let file = kept(&copy, is_component);
        let mut bytes = fs::read(&file).expect("reads");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes).expect("writes");
        assert_eq!(kind(&copy), [expected]);
    }
    let copy = site.copied().expect("copies");
    let hits: usize = files(&copy.folder().join("data/evidence"))
        .iter()
        .map(|file| replace(file, b"QN=2", b"QN=3"))
        .sum();
    assert!(hits > 0);
    assert_eq!(kind(&copy), ["payload-altered"]);
}
