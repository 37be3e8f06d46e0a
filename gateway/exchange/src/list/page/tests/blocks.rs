//! Runs over several messages: a reader cannot tell them from runs of one message.

use proptest::prelude::*;

use super::*;
use crate::Submission;
use crate::ids::RecordPlace;
use crate::ports::Run;
use crate::tests::fixture::time_of;

/// A fixture that holds these submissions, indexed.
async fn submitted(submissions: &[Vec<String>]) -> Fixture {
    let fixture = Fixture::with(|limits| {
        limits.submission_messages = 1_000;
        limits.submission_bytes = 100_000;
    });
    let sender = fixture.caller("sender");
    for (number, messages) in submissions.iter().enumerate() {
        let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
        let one: Submission = submission(&number.to_string(), &messages);
        let answered = fixture.exchange.submit(&sender, one, Turn::free()).await;
        answered.expect("is accepted");
    }
    fixture.index_all();
    fixture
}

/// What the messages became, message by message.
fn runs_of_messages(fixture: &Fixture, position: u64) -> Vec<Run> {
    let stored = fixture.exchange.stored(position).expect("is readable");
    let results = (0..=u16::MAX).zip(&stored.results);
    results
        .flat_map(|(message, result)| crate::check::rows_of(message, result).0)
        .collect()
}

fn rows(fixture: &Fixture) -> Vec<Run> {
    let entries = fixture.index.rows().into_iter();
    entries
        .filter_map(|entry| entry.submission)
        .flat_map(|submission| submission.runs)
        .collect()
}

fn minute_ms(minute: usize) -> i64 {
    let (from, _) = schema::date_time::query_span_ms(&time_of(minute)).expect("is a time");
    from
}

/// Something wrong with a row.
type Fault = fn(&mut Run);

/// Messages of one device, a minute each.
fn packets(count: usize, records: usize) -> Vec<String> {
    let packet = |minute| format!("at A {minute} {records}");
    (0..count).map(packet).collect()
}

#[tokio::test]
async fn pages_of_one_record_go_through_a_run_of_many_messages() {
    let fixture = submitted(&[packets(60, 3)]).await;
    assert_eq!(rows(&fixture).len(), 1);
    let all = pages(&fixture, "reader", &everything(100), PAGE_BYTES).concat();
    let single = pages(&fixture, "reader", &everything(1), PAGE_BYTES);
    assert_eq!(single.len(), 180);
    assert_eq!(single.concat(), all);
    let half_past = RecordQuery {
        from_ms: Some(minute_ms(30)),
        to_ms: Some(minute_ms(32)),
        ..everything(1)
    };
    let found = pages(&fixture, "reader", &half_past, PAGE_BYTES);
    assert_eq!(found.concat(), all[90..96]);
    // A token that stands before, inside and behind what matches.
    for (message, ordinal, expected) in [(3, 1, 90..96), (30, 1, 92..96), (31, 2, 96..96)] {
        let after = RecordPlace {
            position: 0,
            message,
            ordinal,
        };
        let query = RecordQuery {
            after: Some(after),
            ..half_past.clone()
        };
        let found = pages(&fixture, "reader", &query, PAGE_BYTES);
        assert_eq!(found.concat(), all[expected], "{after:?}");
    }
}

#[tokio::test]
async fn the_work_for_a_page_is_bounded_by_what_is_looked_at() {
    // Each place of a vehicle is a run, and hidden from this reader.
    let messages: Vec<String> = (0..4)
        .map(|minute| format!("drive A {minute} 1000"))
        .collect();
    let fixture = submitted(&[messages, packets(1, 1)]).await;
    let device = RecordQuery {
        device: Some("A".to_owned()),
        ..everything(10)
    };
    let found = pages(&fixture, "reader", &device, PAGE_BYTES);
    let lengths: Vec<usize> = found.iter().map(Vec::len).collect();
    assert_eq!(lengths, [0, 1]);
    // Without anything hidden, inside one run: more than a page may look at.
    let fixture = submitted(&[packets(60, 1_200)]).await;
    assert_eq!(rows(&fixture).len(), 1);
    let none_begins = RecordQuery {
        from_ms: Some(minute_ms(30) + 1),
        to_ms: Some(minute_ms(31)),
        ..everything(10)
    };
    let found = pages(&fixture, "reader", &none_begins, PAGE_BYTES);
    assert_eq!(found, [Vec::new(), Vec::new()]);
}

#[tokio::test]
async fn a_row_that_is_not_what_is_stored_is_said_and_not_believed() {
    let mut messages = packets(4, 2);
    messages.push("reject".to_owned());
    let changes: [(&str, Fault); 6] = [
        ("more records", |run| run.count += 1),
        ("fewer records", |run| run.count -= 1),
        ("an ordinal too high", |run| {
            (run.last, run.count) = (run.last + 1, run.count + 1);
        }),
        ("a message that is quarantined", |run| {
            (run.last_message, run.count) = (4, 9);
        }),
        ("messages that are not there", |run| {
            (run.last_message, run.count) = (u16::MAX, u32::MAX);
        }),
        ("an end before its beginning", |run| {
            (run.message, run.last_message) = (3, 1);
        }),
    ];
    for (what, change) in changes {
        let fixture = submitted(&[messages.clone()]).await;
        let reader = fixture.exchange.clearance(&fixture.caller("reader"));
        fixture.index.change_runs(|_, runs| change(&mut runs[0]));
        let page = fixture
            .exchange
            .page_of_records(everything(100), &reader, PAGE_BYTES);
        let refusal = page.expect_err(what);
        assert_eq!(refusal.reason(), "index-failed", "{what}");
    }
}

/// Words of one message.
fn message() -> impl Strategy<Value = String> {
    let device = prop::sample::select(vec!["A", "B"]);
    (0..16_u8, device, 0..100_usize, 1..4_usize).prop_map(
        |(kind, device, minute, count)| match kind {
            0 => "reject".to_owned(),
            1 => "silent".to_owned(),
            2 => "good".to_owned(),
            3 => format!("both A B {minute}"),
            4..=6 => format!("drive {device} {minute} 1"),
            7 => format!("drive {device} {minute} {count}"),
            8..=11 => format!("at A {} {count}", minute % 10),
            _ => format!("at {device} {minute} {count}"),
        },
    )
}

/// Who asks, and what.
fn question() -> impl Strategy<Value = (&'static str, RecordQuery)> {
    let agency = prop::sample::select(vec!["reader", "inspector"]);
    let word = |words: [&'static str; 2]| {
        prop::option::of(prop::sample::select(words.to_vec())).prop_map(|it| it.map(str::to_owned))
    };
    let minute = || prop::option::of((0..100_usize).prop_map(minute_ms));
    let limit = prop::sample::select(vec![1, 2, 7, 100]);
    let after = prop::option::of((0..4_u64, 0..12_u16, 0..3_u16));
    let parts = (
        agency,
        word(["Observation", "VehicleTrack"]),
        word(["A", "B"]),
        (minute(), minute()),
        limit,
        after,
    );
    parts.prop_map(|(agency, entity, device, (from_ms, to_ms), limit, after)| {
        let after = after.map(|(position, message, ordinal)| RecordPlace {
            position,
            message,
            ordinal,
        });
        let query = RecordQuery {
            entity,
            device,
            from_ms,
            to_ms,
            after,
            ..everything(limit)
        };
        (agency, query)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_query_answers_as_if_each_message_had_rows_of_its_own(
        submissions in prop::collection::vec(prop::collection::vec(message(), 1..12), 1..4),
        questions in prop::collection::vec(question(), 12),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("builds");
        let fixture = runtime.block_on(submitted(&submissions));
        let ask = |(agency, query): &(&str, RecordQuery)| pages(&fixture, agency, query, PAGE_BYTES);
        let with_blocks: Vec<_> = questions.iter().map(ask).collect();
        fixture
            .index
            .change_runs(|position, runs| *runs = runs_of_messages(&fixture, position));
        for (question, answer) in questions.iter().zip(with_blocks) {
            prop_assert_eq!(answer, ask(question), "{:?}", question);
        }
    }
}
