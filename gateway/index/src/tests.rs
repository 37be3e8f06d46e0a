//! The index alone: order, filters, paging, starting again.

mod blocks;
mod erasing;
mod searches;

use exchange::ids::RecordPlace;
use exchange::ports::{
    FeedScope, Index, IndexedEntry, IndexedSubmission, LinkKind, QuarantineQuery, QuarantinedRow,
    RecordQuery, Run,
};

use crate::{Config, SqliteIndex};

/// Stands for a leaf hash.
const HEAD: [u8; 32] = [7; 32];

fn config(dir: &std::path::Path) -> Config {
    Config {
        dir: dir.to_owned(),
        origin: "log.example/1".to_owned(),
    }
}

fn run(
    message: u16,
    first: u16,
    count: u32,
    entity: &str,
    from_ms: i64,
    links: &[(LinkKind, &str)],
) -> Run {
    Run {
        message,
        first,
        last_message: message,
        last: first + (count - 1) as u16,
        count,
        entity: entity.to_owned(),
        time: Some((from_ms, from_ms + 1)),
        last_from: Some(from_ms),
        links: links
            .iter()
            .map(|(kind, value)| (*kind, (*value).to_owned()))
            .collect(),
        words: Vec::new(),
    }
}

fn entry(position: u64, feed: &str, runs: Vec<Run>, codes: &[&str]) -> IndexedEntry {
    let quarantined = codes.iter().enumerate().map(|(n, code)| QuarantinedRow {
        message: n as u16,
        code: (*code).to_owned(),
    });
    IndexedEntry {
        position,
        submission: Some(IndexedSubmission {
            agency: "police".to_owned(),
            feed: feed.to_owned(),
            key: [position as u8; 16],
            runs,
            quarantined: quarantined.collect(),
            case: None,
            words: Vec::new(),
        }),
        facts: None,
    }
}

fn everything() -> RecordQuery {
    RecordQuery {
        feeds: FeedScope::All,
        entity: None,
        party: None,
        device: None,
        case_number: None,
        from_ms: None,
        to_ms: None,
        after: None,
        limit: 100,
    }
}

/// Two feeds, a gap entry between them, one quarantined message.
fn filled(dir: &std::path::Path) -> SqliteIndex {
    let index = SqliteIndex::open(&config(dir)).expect("opens");
    let device = [(LinkKind::Device, "MN1")];
    let case = [
        (LinkKind::Case, "包环立〔2026〕12号"),
        (LinkKind::Party, "某厂"),
    ];
    index
        .apply(
            &[
                entry(
                    0,
                    "hj212",
                    vec![
                        run(0, 0, 40, "Observation", 1_000, &device),
                        run(1, 0, 2, "Observation", 2_000, &device),
                    ],
                    &[],
                ),
                IndexedEntry {
                    position: 1,
                    submission: None,
                    facts: None,
                },
                entry(
                    2,
                    "police-case",
                    vec![
                        run(0, 0, 1, "Case", 1_500, &case),
                        run(0, 1, 1, "Party", 1_500, &case[1..]),
                    ],
                    &["x.bad"],
                ),
            ],
            &HEAD,
        )
        .expect("applies");
    index
}

fn places(index: &SqliteIndex, query: &RecordQuery) -> Vec<(u64, u16, u16, u32)> {
    let runs = index.find_runs(query).expect("finds");
    runs.iter()
        .map(|run| {
            (
                run.place.position,
                run.place.message,
                run.place.ordinal,
                run.count,
            )
        })
        .collect()
}

#[test]
fn every_filter_narrows_the_answer() {
    let dir = tempfile::tempdir().expect("folder");
    let index = filled(dir.path());
    let check = |query: RecordQuery, expected: &[(u64, u16, u16, u32)]| {
        assert_eq!(places(&index, &query), expected)
    };
    let only = |feed: &str| FeedScope::Only(vec![feed.to_owned()]);
    check(
        everything(),
        &[(0, 0, 0, 40), (0, 1, 0, 2), (2, 0, 0, 1), (2, 0, 1, 1)],
    );
    check(
        RecordQuery {
            feeds: only("police-case"),
            ..everything()
        },
        &[(2, 0, 0, 1), (2, 0, 1, 1)],
    );
    check(
        RecordQuery {
            feeds: only("hj212"),
            entity: Some("Observation".into()),
            ..everything()
        },
        &[(0, 0, 0, 40), (0, 1, 0, 2)],
    );
    check(
        RecordQuery {
            feeds: only("nowhere"),
            ..everything()
        },
        &[],
    );
    check(
        RecordQuery {
            entity: Some("Party".into()),
            ..everything()
        },
        &[(2, 0, 1, 1)],
    );
    check(
        RecordQuery {
            device: Some("MN1".into()),
            ..everything()
        },
        &[(0, 0, 0, 40), (0, 1, 0, 2)],
    );
    check(
        RecordQuery {
            party: Some("某厂".into()),
            case_number: Some("包环立〔2026〕12号".into()),
            ..everything()
        },
        &[(2, 0, 0, 1)],
    );
    check(
        RecordQuery {
            from_ms: Some(1_500),
            to_ms: Some(2_000),
            ..everything()
        },
        &[(2, 0, 0, 1), (2, 0, 1, 1)],
    );
    check(
        RecordQuery {
            device: Some("MN1".into()),
            to_ms: Some(2_000),
            ..everything()
        },
        &[(0, 0, 0, 40)],
    );
    check(
        RecordQuery {
            party: Some("nobody".into()),
            ..everything()
        },
        &[],
    );
}

#[test]
fn a_feed_that_never_sent_anything_is_answered_with_nothing() {
    let dir = tempfile::tempdir().expect("folder");
    let index = filled(dir.path());
    for entity in [None, Some("Observation".to_owned())] {
        let query = RecordQuery {
            feeds: FeedScope::Only(vec!["nowhere".to_owned()]),
            entity,
            ..everything()
        };
        assert!(places(&index, &query).is_empty(), "{query:?}");
    }
}

#[test]
fn a_page_goes_on_inside_a_run() {
    let dir = tempfile::tempdir().expect("folder");
    let index = filled(dir.path());
    let after = |position, message, ordinal| RecordQuery {
        after: Some(RecordPlace {
            position,
            message,
            ordinal,
        }),
        ..everything()
    };
    assert_eq!(places(&index, &after(0, 0, 10))[0], (0, 0, 0, 40));
    assert_eq!(places(&index, &after(0, 0, 39))[0], (0, 1, 0, 2));
    assert_eq!(
        places(
            &index,
            &RecordQuery {
                device: Some("MN1".into()),
                ..after(0, 0, 39)
            }
        ),
        [(0, 1, 0, 2)]
    );
    assert!(places(&index, &after(2, 0, 1)).is_empty());
}

#[test]
fn submissions_and_quarantine_are_found_by_key() {
    let dir = tempfile::tempdir().expect("folder");
    let index = filled(dir.path());
    assert_eq!(
        index
            .find_submission("police", "hj212", &[0; 16])
            .expect("finds"),
        Some(0)
    );
    assert_eq!(
        index
            .find_submission("police", "hj212", &[9; 16])
            .expect("finds"),
        None
    );
    assert_eq!(
        index
            .find_submission("nobody", "hj212", &[0; 16])
            .expect("finds"),
        None
    );
    let query = |code: Option<&str>, after| QuarantineQuery {
        feeds: FeedScope::All,
        code: code.map(str::to_owned),
        after,
        limit: 10,
    };
    assert_eq!(
        index.find_quarantined(&query(None, None)).expect("finds"),
        [(2, 0)]
    );
    assert_eq!(
        index
            .find_quarantined(&query(Some("x.bad"), None))
            .expect("finds"),
        [(2, 0)]
    );
    assert!(
        index
            .find_quarantined(&query(Some("x.other"), None))
            .expect("finds")
            .is_empty()
    );
    assert!(
        index
            .find_quarantined(&query(None, Some((2, 0))))
            .expect("finds")
            .is_empty()
    );
}

#[test]
fn a_gap_is_refused_and_changes_nothing() {
    let dir = tempfile::tempdir().expect("folder");
    let index = filled(dir.path());
    assert!(
        index
            .apply(&[entry(4, "hj212", vec![], &[])], &HEAD)
            .is_err()
    );
    assert_eq!(index.size(), 3);
}

#[test]
fn a_failed_batch_leaves_no_trace_and_its_names_are_usable_after() {
    let dir = tempfile::tempdir().expect("folder");
    let index = filled(dir.path());
    // The same key twice breaks the primary key inside the batch, after a new feed was named.
    let mut twice = entry(4, "new-feed", vec![], &[]);
    twice.submission.as_mut().expect("is one").key = [3; 16];
    assert!(
        index
            .apply(&[entry(3, "new-feed", vec![], &[]), twice], &HEAD)
            .is_err()
    );
    assert_eq!(index.size(), 3);
    index
        .apply(
            &[entry(
                3,
                "new-feed",
                vec![run(0, 0, 1, "Clue", 5, &[])],
                &[],
            )],
            &HEAD,
        )
        .expect("applies");
    let only = RecordQuery {
        feeds: FeedScope::Only(vec!["new-feed".into()]),
        ..everything()
    };
    assert_eq!(places(&index, &only), [(3, 0, 0, 1)]);
}

#[test]
fn what_was_applied_is_there_after_reopening() {
    let dir = tempfile::tempdir().expect("folder");
    let before = places(&filled(dir.path()), &everything());
    let index = SqliteIndex::open(&config(dir.path())).expect("opens");
    assert_eq!(index.size(), 3);
    assert_eq!(places(&index, &everything()), before);
}

#[test]
fn an_index_that_is_damaged_or_of_another_log_starts_again() {
    let dir = tempfile::tempdir().expect("folder");
    drop(filled(dir.path()));
    let other = Config {
        origin: "log.example/2".to_owned(),
        ..config(dir.path())
    };
    assert_eq!(SqliteIndex::open(&other).expect("opens").size(), 0);
    std::fs::write(
        dir.path().join("index.sqlite"),
        b"not a database at all, only some bytes",
    )
    .expect("writes");
    assert_eq!(SqliteIndex::open(&other).expect("opens").size(), 0);
}

#[test]
fn an_index_of_the_version_before_is_made_again() {
    let dir = tempfile::tempdir().expect("folder");
    let before = places(&filled(dir.path()), &everything());
    let database = rusqlite::Connection::open(dir.path().join("index.sqlite")).expect("opens");
    // The tables as they were: a row for each run of one message, without where it ends.
    database
        .execute_batch(
            "DROP TABLE run;
             CREATE TABLE run (position INTEGER NOT NULL, message INTEGER NOT NULL,
                 first INTEGER NOT NULL, count INTEGER NOT NULL, feed INTEGER NOT NULL,
                 entity INTEGER NOT NULL, from_ms INTEGER, to_ms INTEGER,
                 PRIMARY KEY (position, message, first)) WITHOUT ROWID;",
        )
        .expect("goes back");
    database
        .pragma_update(None, "user_version", crate::open::TABLES_VERSION - 1)
        .expect("goes back");
    drop(database);
    let index = SqliteIndex::open(&config(dir.path())).expect("opens");
    assert_eq!(index.size(), 0);
    drop(index);
    assert_eq!(places(&filled(dir.path()), &everything()), before);
}

#[test]
fn no_query_plan_sorts_or_scans_what_a_key_names() {
    let dir = tempfile::tempdir().expect("folder");
    let index = filled(dir.path());
    let keyed = RecordQuery {
        device: Some("MN1".into()),
        ..everything()
    };
    let by_feed = RecordQuery {
        feeds: FeedScope::Only(vec!["hj212".into()]),
        entity: Some("Observation".into()),
        ..everything()
    };
    let after = Some(RecordPlace {
        position: 0,
        message: 300,
        ordinal: 4,
    });
    let span = |query: RecordQuery| RecordQuery {
        from_ms: Some(1_000),
        to_ms: Some(2_000),
        after,
        ..query
    };
    let queries = [span(keyed.clone()), span(by_feed.clone()), keyed, by_feed];
    for query in queries {
        let plan = crate::find::explain(&index, &query);
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        assert!(!plan.contains("SCAN"), "{plan}");
    }
    // A time alone is the one search that sorts what it found; both its ends bound it.
    let plan = crate::find::explain(&index, &span(everything()));
    assert!(
        plan.contains("run_by_time (from_ms>? AND from_ms<?)"),
        "{plan}"
    );
}
