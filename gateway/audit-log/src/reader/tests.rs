//! Tests of reading while the log is written.

use super::*;
use crate::{
    log::open,
    testing::{append_each, clock, config, draft, group_ends, segment_paths},
};
use audit_proof::entry::{Draft, Field};

#[test]
fn every_entry_is_found_by_its_position_and_none_beyond() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 3_000), clock()).unwrap();
    append_each(&log, 0..60);
    let reader = log.reader();
    // Backwards, so that no read profits from the one before.
    for position in (0..60).rev() {
        let entry = reader.entry(position).unwrap().expect("it is durable");
        assert_eq!(entry.position, position);
        assert_eq!(entry.decode().unwrap().event(), position);
    }
    assert_eq!(reader.entry(60).unwrap(), None);
    assert_eq!(reader.entry(u64::MAX).unwrap(), None);
}

#[test]
fn long_entries_are_found_past_the_points_of_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    let long =
        |number: u64| Draft::new(number).with(Field::Object, vec![vec![0xaa; 60_000].into()]);
    for number in 0..40 {
        let next = if number % 3 == 0 {
            long(number)
        } else {
            draft(number)
        };
        log.append(next).unwrap().wait().unwrap();
    }
    let reader = log.reader();
    for position in (0..40).rev() {
        assert_eq!(
            reader
                .entry(position)
                .unwrap()
                .unwrap()
                .decode()
                .unwrap()
                .event(),
            position
        );
    }
    let all: Vec<_> = reader
        .entries_from(0)
        .map(|entry| entry.unwrap().position)
        .collect();
    assert_eq!(all, (0..40).collect::<Vec<_>>());
}

#[test]
fn an_iterator_goes_on_when_more_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 2_000), clock()).unwrap();
    append_each(&log, 0..5);
    let mut entries = log.reader().entries_from(2);
    let mut seen: Vec<u64> = entries
        .by_ref()
        .map(|entry| entry.unwrap().position)
        .collect();
    assert!(entries.next().is_none());
    for start in [5, 6, 20] {
        append_each(&log, log.size()..start + 10);
        seen.extend(entries.by_ref().map(|entry| entry.unwrap().position));
    }
    assert_eq!(seen, (2..30).collect::<Vec<_>>());
    assert_eq!(entries.position(), 30);
}

#[test]
fn readers_see_a_prefix_while_segments_are_sealed_under_them() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1_000), clock()).unwrap();
    let reader = log.reader();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| append_each(&log, 0..200));
        while !writing.is_finished() {
            let read: Vec<u64> = reader
                .entries_from(0)
                .map(|entry| entry.unwrap().position)
                .collect();
            assert_eq!(read, (0..read.len() as u64).collect::<Vec<_>>());
        }
    });
    assert_eq!(reader.entries_from(0).count(), 200);
}

#[test]
fn damage_is_reported_with_file_and_offset() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    append_each(&log, 0..3);
    log.close().unwrap();
    let path = &segment_paths(folder.path())[0];
    let mut bytes = std::fs::read(path).unwrap();
    let ends = group_ends(&bytes);
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    bytes[ends[0] + 40] ^= 1;
    std::fs::write(path, &bytes).unwrap();
    let reader = log.reader();
    assert!(reader.entry(0).unwrap().is_some());
    let Err(ReadError::Damaged(fault)) = reader.entry(1) else {
        panic!("damage was read")
    };
    assert_eq!(
        (fault.position, fault.offset, &fault.file),
        (1, ends[0] as u64, path)
    );
    assert_eq!(fault.kind, FaultKind::FrameChecksum);
    let mut entries = reader.entries_from(1);
    assert!(
        entries.next().unwrap().is_err() && entries.next().unwrap().is_err(),
        "it does not hop over damage"
    );
}

#[test]
fn a_damaged_index_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 500), clock()).unwrap();
    append_each(&log, 0..8);
    let path = &segment_paths(folder.path())[0];
    let mut bytes = std::fs::read(path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(path, &bytes).unwrap();
    let Err(ReadError::Damaged(fault)) = log.reader().entry(0) else {
        panic!("damage was read")
    };
    assert_eq!(fault.kind, FaultKind::FooterChecksum);
}

#[test]
fn an_entry_likely_ends_with_its_share_of_the_bytes_between_two_points() {
    let point = |position, offset| Point { position, offset };
    let (start, next) = (point(10, 1_000), point(14, 1_400));
    for (position, end) in [(10, 1_100), (11, 1_200), (13, 1_400)] {
        let likely = likely_end(position, &start, &next);
        assert_eq!(likely, Some(end + LIKELY_MARGIN_BYTES), "{position}");
    }
}

#[test]
fn points_of_a_damaged_index_say_nothing_about_where_an_entry_ends() {
    let point = |position, offset| Point { position, offset };
    let start = point(10, 1_000);
    let unlikely = [
        (10, point(10, 1_400)),
        (9, point(14, 1_400)),
        (10, point(9, 1_400)),
        (10, point(14, 999)),
        (u64::MAX - 1, point(u64::MAX, u64::MAX)),
        (10, point(11, u64::MAX)),
    ];
    for (position, next) in unlikely {
        assert_eq!(likely_end(position, &start, &next), None, "{next:?}");
    }
}

#[test]
fn uneven_entries_between_two_points_are_found_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    let sized = |number: u64| {
        let bytes = if number.is_multiple_of(7) { 9_000 } else { 10 };
        Draft::new(number).with(Field::Object, vec![vec![0xaa; bytes].into()])
    };
    for number in 0..60 {
        log.append(sized(number)).unwrap().wait().unwrap();
    }
    let reader = log.reader();
    for position in (0..60).map(|number| number * 37 % 60) {
        let entry = reader.entry(position).unwrap().unwrap();
        assert_eq!(entry.decode().unwrap().event(), position);
        let head = reader.group_head(position).unwrap().unwrap();
        assert_eq!(head.size, position + 1);
    }
}
