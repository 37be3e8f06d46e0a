//! Which runs become one, and that nothing is lost by it.

use proptest::prelude::*;

use super::*;
use crate::ports::LinkKind;

const MINUTE_MS: i64 = 60_000;

/// All that a message became: `count` records of one device at a minute.
fn packet(message: u16, device: &str, minute: i64, count: u16) -> Run {
    let from = minute * MINUTE_MS;
    Run {
        message,
        first: 0,
        last_message: message,
        last: count - 1,
        count: count.into(),
        entity: "Observation".to_owned(),
        time: Some((from, from + 1_000)),
        last_from: Some(from),
        links: vec![(LinkKind::Device, device.to_owned())],
        words: Vec::new(),
    }
}

fn packets(messages: std::ops::Range<u16>) -> Vec<Run> {
    messages.map(|message| packet(message, "A", 0, 2)).collect()
}

/// Holds the messages that `runs` span after merging against `expected`.
#[track_caller]
fn check(runs: Vec<Run>, expected: &[(u16, u16)]) {
    let merged = blocks(runs);
    let spans: Vec<(u16, u16)> = merged
        .iter()
        .map(|run| (run.message, run.last_message))
        .collect();
    assert_eq!(spans, expected, "{merged:?}");
}

#[test]
fn an_hour_of_minute_packets_becomes_one_run_that_says_all_of_them() {
    let minutes = (0..61).map(|minute| packet(minute, "A", i64::from(minute), 3));
    let expected = Run {
        last_message: 60,
        count: 183,
        time: Some((0, 60 * MINUTE_MS + 1_000)),
        last_from: Some(60 * MINUTE_MS),
        ..packet(0, "A", 0, 3)
    };
    assert_eq!(blocks(minutes.collect()), [expected]);
}

#[test]
fn what_was_sent_late_widens_the_time_to_both_sides() {
    let merged = blocks(vec![
        packet(0, "A", 30, 1),
        packet(1, "A", 10, 1),
        packet(2, "A", 20, 4),
    ]);
    let [run] = merged.as_slice() else {
        panic!("{merged:?}");
    };
    assert_eq!(run.time, Some((10 * MINUTE_MS, 30 * MINUTE_MS + 1_000)));
    assert_eq!(run.last_from, Some(30 * MINUTE_MS));
    assert_eq!((run.last, run.count), (3, 6));
}

#[test]
fn a_run_ends_where_the_hour_the_window_or_the_device_does() {
    let at = |minutes: [i64; 3]| {
        let runs = (0..).zip(minutes);
        runs.map(|(message, minute)| packet(message, "A", minute, 1))
            .collect()
    };
    check(at([0, 60, 30]), &[(0, 2)]);
    check(at([0, 61, 62]), &[(0, 0), (1, 2)]);
    check(at([61, 0, 0]), &[(0, 0), (1, 2)]);
    check(
        at([i64::MIN / MINUTE_MS, i64::MAX / MINUTE_MS, 0]),
        &[(0, 0), (1, 1), (2, 2)],
    );
    check(packets(250..260), &[(250, 255), (256, 259)]);
    check(packets(0..513), &[(0, 255), (256, 511), (512, 512)]);
    check(
        packets(u16::MAX - 1..u16::MAX),
        &[(u16::MAX - 1, u16::MAX - 1)],
    );
    let mut of_two = packets(0..4);
    of_two[2] = packet(2, "B", 0, 2);
    check(of_two, &[(0, 1), (2, 2), (3, 3)]);
}

#[test]
fn a_message_that_became_nothing_ends_a_run() {
    let runs = packets(0..6).into_iter();
    let without = runs.filter(|run| run.message != 3).collect();
    check(without, &[(0, 2), (4, 5)]);
}

#[test]
fn a_message_of_several_runs_joins_neither_neighbour() {
    let mut runs = packets(0..4);
    let second = Run {
        first: 2,
        last: 4,
        count: 3,
        ..runs[1].clone()
    };
    runs.insert(2, second);
    check(runs, &[(0, 0), (1, 1), (1, 1), (2, 3)]);
}

#[test]
fn only_what_devices_send_is_merged() {
    for (entity, expected) in [
        ("Observation", &[(0, 1)][..]),
        ("VehicleTrack", &[(0, 1)]),
        ("Case", &[(0, 0), (1, 1)]),
    ] {
        let of_entity = |run| Run {
            entity: entity.to_owned(),
            ..run
        };
        check(packets(0..2).into_iter().map(of_entity).collect(), expected);
    }
}

#[test]
fn runs_without_a_time_join_each_other_and_none_with_a_time() {
    let timeless = |run| Run {
        time: None,
        last_from: None,
        ..run
    };
    let mut runs = packets(0..4);
    runs.splice(1..3, packets(1..3).into_iter().map(timeless));
    check(runs, &[(0, 0), (1, 2), (3, 3)]);
}

/// Messages of a submission, some without a run, some with two.
fn submission() -> impl Strategy<Value = Vec<Run>> {
    let message = (0_u8..8, 0..3_usize, 0..90_i64, 1..5_u16);
    (0..600_u16, prop::collection::vec(message, 0..60)).prop_map(|(start, messages)| {
        let mut runs = Vec::new();
        for (number, (kind, device, minute, count)) in (start..).zip(messages) {
            let run = packet(number, ["A", "B", "C"][device], minute, count);
            match kind {
                0 => continue,
                1 => runs.push(Run {
                    entity: "Case".to_owned(),
                    ..run
                }),
                2 => {
                    let second = Run {
                        first: count,
                        last: count,
                        count: 1,
                        ..run.clone()
                    };
                    runs.extend([run, second]);
                }
                _ => runs.push(Run {
                    links: if device == 2 {
                        Vec::new()
                    } else {
                        run.links.clone()
                    },
                    ..run
                }),
            }
        }
        runs
    })
}

proptest! {
    #[test]
    fn merging_keeps_every_record_and_every_limit(runs in submission()) {
        let merged = blocks(runs.clone());
        prop_assert_eq!(blocks(merged.clone()), merged.clone(), "once is enough");
        let mut left = runs.into_iter();
        for block in merged {
            prop_assert_eq!(block.message / WINDOW_MESSAGES, block.last_message / WINDOW_MESSAGES);
            let mut count = 0;
            while count < block.count {
                let run = left.next().expect("no record is added");
                prop_assert_eq!((&run.entity, &run.links), (&block.entity, &block.links));
                let ((from, to), (earliest, latest)) = (
                    run.time.expect("has one"),
                    block.time.expect("has one"),
                );
                let last_start = block.last_from.expect("has one");
                prop_assert!(earliest <= from && from <= last_start && to <= latest);
                prop_assert!(last_start - earliest <= MOST_BETWEEN_STARTS_MS);
                count += run.count;
            }
            prop_assert_eq!(count, block.count);
        }
        prop_assert!(left.next().is_none(), "no record is lost");
    }
}
