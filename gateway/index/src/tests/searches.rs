//! Searches: every filter proposes what it should, in order, and counts the same.

use exchange::entry::{EVENT_DENY, EVENT_QUERY, EVENT_SUBMIT};
use exchange::ports::{EntryFacts, EntryQuery};
use exchange::words::{Term, words_of};

use super::*;

fn anything() -> EntryQuery {
    EntryQuery {
        feeds: FeedScope::All,
        events: Vec::new(),
        actor: None,
        feed: None,
        case_number: None,
        party: None,
        device: None,
        words: Vec::new(),
        from: 0,
        to: 1_000,
        newest_first: false,
        limit: 100,
    }
}

fn words(question: &str) -> Vec<(u64, u64)> {
    let terms = Term::read(question);
    terms.into_iter().flat_map(|term| term.ranges).collect()
}

fn facts(position: u64, event: u64, actor: &str, case: Option<&str>, text: &str) -> IndexedEntry {
    IndexedEntry {
        position,
        submission: None,
        facts: Some(EntryFacts {
            event,
            actor: actor.to_owned(),
            feed: String::new(),
            case: case.map(str::to_owned),
            words: words_of([text]),
        }),
    }
}

/// A document with a text, a packet of a device, a reading for the case, a refusal, another document.
fn searchable(dir: &std::path::Path) -> SqliteIndex {
    let index = SqliteIndex::open(&config(dir)).expect("opens");
    let case = [(LinkKind::Case, "甲〔2026〕1号"), (LinkKind::Party, "某厂")];
    let document = |text: &str, links: &[(LinkKind, &str)]| Run {
        words: words_of([text]),
        ..run(0, 0, 1, "Case", 1_000, links)
    };
    let device = [(LinkKind::Device, "MN1")];
    let entries = [
        entry(0, "police-case", vec![document("氨氮超标排放", &case)], &[]),
        entry(
            1,
            "hj212",
            vec![run(0, 0, 9, "Observation", 2_000, &device)],
            &[],
        ),
        facts(
            2,
            EVENT_QUERY,
            "audit-01",
            Some("甲〔2026〕1号"),
            "复核超标情况",
        ),
        facts(3, EVENT_DENY, "region", None, "read-not-granted"),
        entry(
            4,
            "region-clue",
            vec![document("夜间超标线索", &case[1..])],
            &[],
        ),
    ];
    index.apply(&entries, &HEAD).expect("applies");
    index
}

fn found(index: &SqliteIndex, query: &EntryQuery) -> Vec<u64> {
    let found = index.find_entries(query).expect("finds");
    let count = index.count_entries(query, 1_000).expect("counts");
    if (found.len() as u64) < query.limit.into() {
        assert_eq!(count, found.len() as u64);
    }
    found
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn every_filter_proposes_its_entries_in_order() {
    let dir = tempfile::tempdir().expect("folder");
    let index = searchable(dir.path());
    let some = |text: &str| Some(text.to_owned());
    let only = |feed: &str| FeedScope::Only(vec![feed.to_owned()]);
    let check = |query: EntryQuery, expected: &[u64]| {
        assert_eq!(found(&index, &query), expected, "{query:?}");
        let newest = EntryQuery {
            newest_first: true,
            ..query
        };
        let mut backwards = expected.to_vec();
        backwards.reverse();
        assert_eq!(found(&index, &newest), backwards, "{newest:?}");
    };
    check(anything(), &[0, 1, 2, 3, 4]);
    check(
        EntryQuery {
            from: 1,
            to: 4,
            ..anything()
        },
        &[1, 2, 3],
    );
    check(
        EntryQuery {
            case_number: some("甲〔2026〕1号"),
            ..anything()
        },
        &[0, 2],
    );
    check(
        EntryQuery {
            party: some("某厂"),
            ..anything()
        },
        &[0, 4],
    );
    check(
        EntryQuery {
            device: some("MN1"),
            ..anything()
        },
        &[1],
    );
    check(
        EntryQuery {
            words: words("超标"),
            ..anything()
        },
        &[0, 2, 4],
    );
    check(
        EntryQuery {
            words: words("超"),
            ..anything()
        },
        &[0, 2, 4],
    );
    check(
        EntryQuery {
            words: words("超标排放"),
            ..anything()
        },
        &[0],
    );
    check(
        EntryQuery {
            words: words("超标 线索"),
            ..anything()
        },
        &[4],
    );
    check(
        EntryQuery {
            words: words("超标"),
            party: some("某厂"),
            from: 1,
            ..anything()
        },
        &[4],
    );
    check(
        EntryQuery {
            events: vec![EVENT_DENY],
            ..anything()
        },
        &[3],
    );
    check(
        EntryQuery {
            events: vec![EVENT_DENY, EVENT_QUERY],
            ..anything()
        },
        &[2, 3],
    );
    check(
        EntryQuery {
            events: vec![EVENT_SUBMIT],
            actor: some("police"),
            ..anything()
        },
        &[0, 1, 4],
    );
    check(
        EntryQuery {
            actor: some("audit-01"),
            ..anything()
        },
        &[2],
    );
    check(
        EntryQuery {
            feed: some("hj212"),
            ..anything()
        },
        &[1],
    );
    check(
        EntryQuery {
            feed: some("nobody"),
            ..anything()
        },
        &[],
    );
    // Feeds that are not granted hide records, and never the texts of entries.
    check(
        EntryQuery {
            feeds: only("region-clue"),
            words: words("超标"),
            ..anything()
        },
        &[2, 4],
    );
    check(
        EntryQuery {
            feeds: only("nobody"),
            words: words("超标"),
            ..anything()
        },
        &[2],
    );
    check(
        EntryQuery {
            feeds: only("nobody"),
            party: some("某厂"),
            ..anything()
        },
        &[],
    );
}

#[test]
fn a_page_goes_on_where_the_one_before_ended() {
    let dir = tempfile::tempdir().expect("folder");
    let index = searchable(dir.path());
    let mut query = EntryQuery {
        words: words("超标"),
        limit: 1,
        ..anything()
    };
    let mut all = Vec::new();
    while let [position] = index.find_entries(&query).expect("finds")[..] {
        all.push(position);
        query.from = position + 1;
    }
    assert_eq!(all, [0, 2, 4]);
    assert_eq!(
        index
            .count_entries(&EntryQuery { from: 0, ..query }, 2)
            .expect("counts"),
        2
    );
}

#[test]
fn an_emptied_index_finds_nothing() {
    let dir = tempfile::tempdir().expect("folder");
    let index = searchable(dir.path());
    index.clear().expect("clears");
    for query in [
        anything(),
        EntryQuery {
            words: words("超标"),
            ..anything()
        },
        EntryQuery {
            case_number: Some("甲〔2026〕1号".to_owned()),
            ..anything()
        },
    ] {
        assert!(found(&index, &query).is_empty());
    }
}
