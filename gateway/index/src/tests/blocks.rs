//! Runs over several messages: the same records are found as with a row for each message.

use std::collections::BTreeMap;

use exchange::block::{WINDOW_MESSAGES, blocks};
use exchange::ports::RunFound;
use proptest::prelude::*;

use super::*;

const MINUTE_MS: i64 = 60_000;

/// What a query can ask of a record.
#[derive(Debug, Clone)]
struct Known {
    feed: &'static str,
    run: Run,
}

/// Every record by its place: what a query must find is read from here.
type Model = BTreeMap<RecordPlace, Known>;

fn place(position: u64, message: u16, ordinal: u16) -> RecordPlace {
    RecordPlace {
        position,
        message,
        ordinal,
    }
}

/// Submissions of these runs, in two feeds by turns, and what they hold.
fn indexed(
    submissions: &[Vec<Run>],
    made: fn(Vec<Run>) -> Vec<Run>,
) -> (tempfile::TempDir, SqliteIndex, Model) {
    let dir = tempfile::tempdir().expect("folder");
    let index = SqliteIndex::open(&config(dir.path())).expect("opens");
    let mut model = Model::new();
    for (position, runs) in (0..).zip(submissions) {
        let feed = ["hj212", "track"][position as usize % 2];
        for run in runs {
            let known = Known {
                feed,
                run: run.clone(),
            };
            let ordinals = run.first..=run.last;
            let places = ordinals.map(|ordinal| place(position, run.message, ordinal));
            model.extend(places.map(|place| (place, known.clone())));
        }
        index
            .apply(&[entry(position, feed, made(runs.clone()), &[])], &HEAD)
            .expect("applies");
    }
    (dir, index, model)
}

fn matches(query: &RecordQuery, known: &Known) -> bool {
    let in_feed = match &query.feeds {
        FeedScope::All => true,
        FeedScope::Only(feeds) => feeds.iter().any(|feed| feed == known.feed),
    };
    let has_key = |device: &String| known.run.links.iter().any(|(_, key)| key == device);
    let start = known.run.time.map(|(from, _)| from);
    in_feed
        && query
            .entity
            .as_ref()
            .is_none_or(|entity| known.run.entity == *entity)
        && query.device.as_ref().is_none_or(has_key)
        && query
            .from_ms
            .is_none_or(|from| start.is_some_and(|start| from <= start))
        && query
            .to_ms
            .is_none_or(|to| start.is_some_and(|start| start < to))
}

/// What the index finds page by page, as records: of each run those that match.
fn found(index: &SqliteIndex, model: &Model, query: &RecordQuery) -> Vec<RecordPlace> {
    let (mut query, mut all) = (query.clone(), Vec::new());
    loop {
        let runs = index.find_runs(&query).expect("finds");
        let Some(last) = runs.last().map(RunFound::last_place) else {
            return all;
        };
        for run in runs {
            let records = model.range(run.place..=run.last_place());
            assert_eq!(records.clone().count(), run.count as usize, "{run:?}");
            let left = records.filter(|(place, known)| {
                query.after.is_none_or(|after| **place > after) && matches(&query, known)
            });
            all.extend(left.map(|(place, _)| *place));
        }
        assert!(
            query.after.is_none_or(|after| last > after),
            "{query:?} stands still"
        );
        query.after = Some(last);
    }
}

fn expected(model: &Model, query: &RecordQuery) -> Vec<RecordPlace> {
    let after = |place: &RecordPlace| query.after.is_none_or(|after| *place > after);
    let matching = model
        .iter()
        .filter(|(place, known)| after(place) && matches(query, known));
    matching.map(|(place, _)| *place).collect()
}

fn packet(message: u16, device: &str, minute: i64) -> Run {
    let links = [(LinkKind::Device, device)];
    run(message, 0, 3, "Observation", minute * MINUTE_MS, &links)
}

#[test]
fn a_submission_of_one_device_is_one_row_that_is_found_by_every_minute_of_it() {
    let packets = (0..60)
        .map(|minute| packet(minute, "A", i64::from(minute)))
        .collect();
    let (_dir, index, model) = indexed(&[packets], blocks);
    assert_eq!(places(&index, &everything()), [(0, 0, 0, 180)]);
    for minute in -1..61 {
        let query = RecordQuery {
            from_ms: Some(minute * MINUTE_MS),
            to_ms: Some((minute + 1) * MINUTE_MS),
            ..everything()
        };
        let records = if (0..60).contains(&minute) { 3 } else { 0 };
        assert_eq!(found(&index, &model, &query).len(), records, "{minute}");
        let by_device = RecordQuery {
            device: Some("A".to_owned()),
            ..query
        };
        assert_eq!(places(&index, &by_device).len(), records.min(1), "{minute}");
    }
}

#[test]
fn a_place_inside_a_run_finds_what_is_left_of_it_whichever_table_is_searched() {
    // Messages before the window, a run over the whole window, and messages behind it.
    let packets = (200..600).map(|message| packet(message, "A", 0)).collect();
    let (_dir, index, model) = indexed(&[vec![packet(0, "A", 0)], packets], blocks);
    let starts: Vec<u16> = places(&index, &everything())
        .iter()
        .map(|run| run.1)
        .collect();
    assert_eq!(starts, [0, 200, WINDOW_MESSAGES, 2 * WINDOW_MESSAGES]);
    let queries = [
        everything(),
        RecordQuery {
            device: Some("A".to_owned()),
            ..everything()
        },
        RecordQuery {
            feeds: FeedScope::Only(vec!["track".to_owned()]),
            entity: Some("Observation".to_owned()),
            ..everything()
        },
    ];
    for query in queries {
        for message in [199, 200, 255, 256, 300, 511, 512, 599, 600] {
            for ordinal in [0, 2, 9] {
                let query = RecordQuery {
                    after: Some(place(1, message, ordinal)),
                    limit: 1,
                    ..query.clone()
                };
                assert_eq!(
                    found(&index, &model, &query),
                    expected(&model, &query),
                    "{query:?}"
                );
            }
        }
    }
}

/// Runs of one submission, its first message about the end of a window.
fn submission() -> impl Strategy<Value = Vec<Run>> {
    let message = (0_u8..10, 0..2_usize, 0..150_i64);
    let messages = prop::collection::vec(message, 0..40);
    (230..256_u16, messages).prop_map(|(start, messages)| {
        let mut runs = Vec::new();
        for (number, (kind, device, minute)) in (start..).zip(messages) {
            let device = [(LinkKind::Device, ["A", "B"][device])];
            let from_ms = minute * MINUTE_MS;
            let one = run(number, 0, 2, "Observation", from_ms, &device);
            match kind {
                0 => {}
                1 => runs.push(run(number, 0, 1, "Case", from_ms, &device)),
                2 => {
                    let other = run(number, 2, 3, "Observation", from_ms + 7, &device);
                    runs.extend([one, other]);
                }
                3 => runs.push(Run {
                    time: None,
                    last_from: None,
                    ..one
                }),
                _ => runs.push(one),
            }
        }
        runs
    })
}

fn question() -> impl Strategy<Value = RecordQuery> {
    let word = |words: [&'static str; 2]| {
        prop::option::of(prop::sample::select(words.to_vec())).prop_map(|it| it.map(str::to_owned))
    };
    let minute = || prop::option::of((-5..155_i64).prop_map(|minute| minute * MINUTE_MS));
    let after = prop::option::of((0..3_u64, 225..300_u16, 0..5_u16));
    let parts = (
        word(["hj212", "track"]),
        word(["Observation", "Case"]),
        word(["A", "B"]),
        (minute(), minute()),
        after,
        prop::sample::select(vec![1, 3, 100]),
    );
    parts.prop_map(
        |(feed, entity, device, (from_ms, to_ms), after, limit)| RecordQuery {
            feeds: feed.map_or(FeedScope::All, |feed| FeedScope::Only(vec![feed])),
            entity,
            device,
            from_ms,
            to_ms,
            after: after.map(|(position, message, ordinal)| place(position, message, ordinal)),
            limit,
            ..everything()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_query_finds_the_records_it_would_find_without_blocks(
        submissions in prop::collection::vec(submission(), 1..4),
        questions in prop::collection::vec(question(), 24),
    ) {
        let (_dir, merged, model) = indexed(&submissions, blocks);
        let (_other_dir, apart, _) = indexed(&submissions, |runs| runs);
        for query in questions {
            let expected = expected(&model, &query);
            prop_assert_eq!(&found(&merged, &model, &query), &expected, "{:?}", query);
            prop_assert_eq!(&found(&apart, &model, &query), &expected, "{:?}", query);
        }
    }
}
