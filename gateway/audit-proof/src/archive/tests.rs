//! The manifest: its spelling, and what it refuses. Whole archives are checked where they are written.

use proptest::prelude::*;

use super::*;
use crate::note::Note;

fn manifest(files: Vec<ArchivedFile>, hashes: usize) -> Manifest {
    Manifest {
        origin: "log.example/a".to_owned(),
        from: 0,
        to: 300,
        size: 301,
        root: [7; 32],
        made_s: 1_790_000_000,
        consistency: vec![[9; 32]; hashes],
        files,
    }
}

fn file(path: &str) -> ArchivedFile {
    ArchivedFile {
        path: path.to_owned(),
        bytes: 12,
        sha256: [1; 32],
        sm3: [2; 32],
    }
}

proptest! {
    #[test]
    fn a_manifest_is_read_back(hashes in 0_usize..40, names in proptest::collection::btree_set("[a-z0-9]{1,8}", 0..20)) {
        let files = names.iter().map(|name| file(&format!("log/{name}.segment"))).collect();
        let manifest = manifest(files, hashes);
        prop_assert_eq!(Manifest::parse(&manifest.to_text()), Ok(manifest));
    }

    #[test]
    fn a_manifest_with_one_byte_changed_is_another_or_none(at in 0_usize..400, to in 32_u8..127) {
        let whole = manifest(vec![file("checkpoint"), file("log/0.segment")], 1);
        let mut bytes = whole.to_text().into_bytes();
        let at = at % bytes.len();
        let is_same = bytes[at] == to;
        bytes[at] = to;
        let found = Manifest::parse(std::str::from_utf8(&bytes).unwrap());
        prop_assert!(is_same || found != Ok(whole.clone()));
        if let Ok(found) = found {
            prop_assert!(is_same || found.signed() != whole.signed());
        }
    }

    #[test]
    fn any_text_is_a_manifest_or_none(text in "\\PC{0,200}") {
        if let Ok(found) = Manifest::parse(&text) {
            prop_assert_eq!(found.to_text(), text);
        }
    }
}

#[test]
fn what_is_no_manifest_is_refused_with_its_line() {
    let whole = manifest(vec![file("checkpoint")], 0).to_text();
    for (from, to, line) in [
        ("lawgate-archive/v1", "lawgate-archive/v2", 1),
        ("range 0 300", "range 0", 3),
        ("range 0 300", "range 0 x", 3),
        ("tree 301 ", "tree ", 4),
        ("file 12 ", "file 12 0", 6),
        (" checkpoint", " ../checkpoint", 6),
        (" checkpoint", " .hidden", 6),
        (" checkpoint", " manifest", 6),
    ] {
        let found = Manifest::parse(&whole.replacen(from, to, 1));
        assert_eq!(found, Err(ManifestError::Line { line }), "{from} → {to}");
    }
    for (from, to) in [
        ("range 0 300", "range 300 300"),
        ("range 0 300", "range 00 300"),
        ("tree 301", "tree 299"),
    ] {
        let found = Manifest::parse(&whole.replacen(from, to, 1));
        assert_eq!(found, Err(ManifestError::Spelling), "{from} → {to}");
    }
    let twice = whole.clone() + whole.lines().last().unwrap() + "\n";
    assert_eq!(Manifest::parse(&twice), Err(ManifestError::Spelling));
}

#[test]
fn the_note_is_over_range_and_both_digests() {
    let signed = manifest(vec![file("checkpoint")], 0).signed();
    let text = signed.to_text();
    assert!(
        text.starts_with("log.example/a/archive\n0 300\nsha256 "),
        "{text}"
    );
    let note = |text: &str| Note::parse(format!("{text}\n\u{2014} k AAAAAAAA\n").as_bytes());
    assert!(signed.is_of(&note(&text).unwrap()));
    assert!(!signed.is_of(&note(&text.replace("0 300", "0 299")).unwrap()));
}
