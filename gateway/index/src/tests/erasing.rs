//! Replacing the rows of a submission: the old ones are in no file, the others are as they were.

use super::*;

const BLIND: &str = "\u{1}5f0c3a1e77b2";

fn holds(dir: &std::path::Path, needle: &str) -> bool {
    let files = std::fs::read_dir(dir).expect("reads");
    files.map(|file| file.expect("reads").path()).any(|path| {
        let bytes = std::fs::read(path).expect("reads");
        let needle = needle.as_bytes();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[test]
fn replaced_rows_are_in_no_file_and_the_others_are_found_as_before() {
    let folder = tempfile::tempdir().expect("folder");
    let index = SqliteIndex::open(&config(folder.path())).expect("opens");
    let sealed = [(LinkKind::Device, BLIND), (LinkKind::Sealed, "k17")];
    let entries: Vec<IndexedEntry> = (0..50)
        .map(|position| {
            let links: &[_] = if position == 7 { &sealed } else { &sealed[..0] };
            entry(
                position,
                "police-case",
                vec![run(0, 0, 1, "CaseTransfer", 5, links)],
                &[],
            )
        })
        .collect();
    index.apply(&entries, &HEAD).expect("applies");
    // A reader that was there before.
    assert_eq!(index.find_runs(&everything()).expect("finds").len(), 50);
    assert!(holds(folder.path(), BLIND));
    let found = index.find_sealed("k17", 10).expect("finds");
    assert_eq!(
        found.iter().map(|it| it.place.position).collect::<Vec<_>>(),
        [7]
    );
    let bare = entry(
        7,
        "police-case",
        vec![run(0, 0, 1, "CaseTransfer", 5, &[])],
        &[],
    );
    let bare = bare.submission.expect("has one");
    index.replace(7, &bare).expect("replaces");
    assert!(!holds(folder.path(), BLIND));
    assert!(index.find_sealed("k17", 10).expect("finds").is_empty());
    assert_eq!(index.find_runs(&everything()).expect("finds").len(), 50);
    let key = index.find_submission("police", "police-case", &[7; 16]);
    assert_eq!(key.expect("finds"), Some(7));
    drop(index);
    assert!(!holds(folder.path(), BLIND));
}
