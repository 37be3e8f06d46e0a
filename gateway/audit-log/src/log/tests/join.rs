//! Tests of verifying in batches: it agrees with replaying one entry after another.

use std::path::{Path, PathBuf};

use audit_proof::{
    chain::Head,
    entry::{Draft, Field},
    folder::Stage,
    hash::leaf_hash,
    recover::Tail,
    scan::{End, KnownHead, scan},
    segment::{Header, TRAILER_BYTES, TRAILER_MARKER, read_frame},
    suite::LogSuite,
    tree::CompactRange,
    verify::{Options, Report, replay_in_batches, verify},
};

use crate::{
    log::{Config, open},
    testing::{clock, config, draft, group_ends, segment_paths, segments},
};

/// A closed log whose groups and entries are of many sizes; returns its segments.
fn closed_log(folder: &Path, entries: u64, segment_bytes: u64, long: usize) -> Vec<PathBuf> {
    closed_log_of(LogSuite::Sha256, folder, entries, segment_bytes, long)
}

/// The same in a suite.
fn closed_log_of(
    suite: LogSuite,
    folder: &Path,
    entries: u64,
    segment_bytes: u64,
    long: usize,
) -> Vec<PathBuf> {
    let config = Config {
        suite,
        ..config(folder, segment_bytes)
    };
    let (log, _) = open(config, clock()).unwrap();
    let mut last = None;
    for number in 0..entries {
        let mut next = draft(number);
        if number % 7 == 3 {
            next = Draft::new(number).with(Field::Object, vec![vec![0xaa; long].into()]);
        }
        let pending = log.append(next).unwrap();
        // Groups of 1, 2, 3 … entries, as far as the writer leaves them together.
        if (number % 90).is_power_of_two() {
            pending.wait().unwrap();
        } else {
            last = Some(pending);
        }
    }
    last.map(|pending| pending.wait().unwrap());
    log.close().unwrap();
    segment_paths(folder)
}

/// Every size and root of the log, by replaying it one entry after another.
fn heads(paths: &[PathBuf]) -> Vec<KnownHead> {
    let mut tree = CompactRange::new();
    let mut heads = Vec::new();
    for path in paths {
        let bytes = std::fs::read(path).unwrap();
        let (_, mut at) = Header::decode(&bytes).unwrap();
        while at < bytes.len() {
            match read_frame(&bytes[at..]) {
                Ok(frame) => {
                    tree.append(leaf_hash(frame.entry));
                    heads.push(KnownHead {
                        size: tree.size(),
                        root: tree.root(),
                    });
                    at += frame.length();
                }
                Err(_) if bytes[at..].starts_with(&TRAILER_MARKER.to_le_bytes()) => {
                    at += TRAILER_BYTES;
                }
                Err(_) => break,
            }
        }
    }
    heads
}

/// Replays one segment in both ways and holds what they say against each other; returns whether it is sound.
fn is_sound_in_both_ways(path: &Path, known: &[KnownHead], workers: usize) -> bool {
    let bytes = std::fs::read(path).unwrap();
    let Ok((header, body)) = Header::decode(&bytes) else {
        assert!(replay_in_batches(path, Stage::Sealed, known, workers).is_none());
        return false;
    };
    let slow = scan(&bytes, &header, body, known);
    let is_sound = slow.end == End::Sealed(bytes.len());
    let fast = replay_in_batches(path, Stage::Sealed, known, workers);
    assert_eq!(fast.is_some(), is_sound, "{:?}", slow.end);
    if let Some(fast) = fast {
        assert_eq!(fast.header, header);
        assert_eq!(fast.seal, slow.running.seal());
        assert_eq!(fast.head, slow.running.state.head());
        assert_eq!(fast.end, slow.running.state);
        assert_eq!(fast.groups, slow.groups);
        assert_eq!(fast.bytes, bytes.len() as u64);
        assert_eq!(fast.tail, Tail::Sealed(bytes.len()));
        assert_eq!(fast.offset, slow.tail as u64);
    }
    is_sound
}

#[test]
fn sound_segments_give_the_same_in_batches_and_one_by_one() {
    // Many short entries; entries so long that a batch ends before it is full; segments that start anywhere.
    for (entries, segment_bytes, long) in [
        (4_000, 1 << 30, 40),
        (900, 1 << 30, 60_000),
        (700, 20_000, 300),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let paths = closed_log(folder.path(), entries, segment_bytes, long);
        let known = heads(&paths);
        assert_eq!(known.len() as u64, entries);
        for path in &paths {
            for workers in [1, 2, 5] {
                assert!(is_sound_in_both_ways(path, &known, workers));
                assert!(is_sound_in_both_ways(path, &[], workers));
            }
        }
    }
}

#[test]
fn a_dual_log_is_replayed_in_batches_and_damage_in_it_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let paths = closed_log_of(LogSuite::Dual, folder.path(), 1_300, 1 << 30, 40);
    let known = heads(&paths);
    for workers in [1, 2, 5] {
        assert!(is_sound_in_both_ways(&paths[0], &known, workers));
    }
    let bytes = std::fs::read(&paths[0]).unwrap();
    for place in (0..bytes.len()).step_by(2_003) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        std::fs::write(&paths[0], damaged).unwrap();
        assert!(!is_sound_in_both_ways(&paths[0], &[], 2), "byte {place}");
    }
}

#[test]
fn a_wrong_known_head_is_found_at_every_size() {
    let folder = tempfile::tempdir().unwrap();
    let paths = closed_log(folder.path(), 1_100, 1 << 30, 40);
    let known = heads(&paths);
    for wrong in (0..known.len()).step_by(53).chain([511, 512, 1_023, 1_024]) {
        let mut known = known.clone();
        known[wrong].root[31] ^= 1;
        assert!(!is_sound_in_both_ways(&paths[0], &known, 2), "head {wrong}");
    }
}

#[test]
fn damage_anywhere_in_a_segment_of_many_batches_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let paths = closed_log(folder.path(), 1_300, 1 << 30, 40);
    let bytes = std::fs::read(&paths[0]).unwrap();
    // A prime step meets every part of frames, trailers, header and footer.
    for place in (0..bytes.len()).step_by(1_009) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        std::fs::write(&paths[0], damaged).unwrap();
        assert!(!is_sound_in_both_ways(&paths[0], &[], 2), "byte {place}");
    }
}

#[test]
fn parts_taken_out_put_in_twice_or_exchanged_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let paths = closed_log(folder.path(), 1_300, 1 << 30, 40);
    let bytes = std::fs::read(&paths[0]).unwrap();
    let (_, body) = Header::decode(&bytes).unwrap();
    let mut ends = group_ends(&bytes);
    ends.insert(0, body);
    let groups: Vec<_> = ends.windows(2).map(|ends| ends[0]..ends[1]).collect();
    let rebuilt = |order: &[usize]| -> Vec<u8> {
        let middle = order
            .iter()
            .flat_map(|group| &bytes[groups[*group].clone()]);
        let footer = &bytes[groups[groups.len() - 1].end..];
        bytes[..body]
            .iter()
            .chain(middle)
            .chain(footer)
            .copied()
            .collect()
    };
    let whole: Vec<usize> = (0..groups.len()).collect();
    assert!(groups.len() > 4 && rebuilt(&whole) == bytes);
    let last = groups.len() - 1;
    let mut exchanged = whole.clone();
    exchanged.swap(1, 2);
    let twice = [&whole[..3], &whole[2..]].concat();
    let without_middle = [&whole[..2], &whole[3..]].concat();
    for order in [
        exchanged,
        twice,
        without_middle,
        whole[1..].to_vec(),
        whole[..last].to_vec(),
    ] {
        std::fs::write(&paths[0], rebuilt(&order)).unwrap();
        assert!(!is_sound_in_both_ways(&paths[0], &[], 2), "{order:?}");
    }
}

#[test]
fn an_open_segment_with_zeros_at_its_end_is_sound_and_one_with_a_torn_end_is_left_to_the_other_way()
{
    let folder = tempfile::tempdir().unwrap();
    let paths = closed_log(folder.path(), 600, 1 << 30, 40);
    let bytes = std::fs::read(&paths[0]).unwrap();
    let end = *group_ends(&bytes).last().unwrap();
    let open = paths[0].with_extension("open");
    std::fs::remove_file(&paths[0]).unwrap();
    std::fs::write(&open, [&bytes[..end], &[0; 5_000]].concat()).unwrap();
    let [(0, Stage::Open)] = segments(folder.path())[..] else {
        panic!("there is one open segment")
    };
    let replayed = replay_in_batches(&open, Stage::Open, &[], 2).expect("it is sound");
    assert_eq!(
        (replayed.end.size(), replayed.tail, replayed.bytes),
        (600, Tail::Clean, end as u64 + 5_000)
    );
    for torn in [&bytes[..end - 1], &bytes[..end + 9], &bytes[..]] {
        std::fs::write(&open, torn).unwrap();
        assert!(replay_in_batches(&open, Stage::Open, &[], 2).is_none());
    }
}

#[test]
fn heads_asked_for_are_those_of_the_log_with_any_number_of_workers_and_up_to_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let paths = closed_log(folder.path(), 400, 1 << 20, 30_000);
    let expected = heads(&paths);
    let observe = |threads| Options {
        observe: (0..=500).rev().collect(),
        threads,
        ..Options::default()
    };
    let roots = |report: &Report| -> Vec<KnownHead> {
        let known = |head: &Head| KnownHead {
            size: head.size,
            root: head.root,
        };
        report.observed.iter().map(known).collect()
    };
    for threads in [1, 4] {
        let report = verify(folder.path(), &observe(threads));
        assert_eq!(roots(&report), expected);
        assert_eq!(report.observed.last().copied(), report.head);
    }
    // Behind the last group before a fault nothing is given.
    let last = paths.last().unwrap();
    let mut bytes = std::fs::read(last).unwrap();
    let at = *group_ends(&bytes).last().unwrap() - TRAILER_BYTES - 1;
    bytes[at] ^= 1;
    std::fs::write(last, bytes).unwrap();
    let report = verify(folder.path(), &observe(4));
    assert!(report.fault.is_some());
    let sound = usize::try_from(report.entries).unwrap();
    assert!(sound < expected.len());
    assert_eq!(roots(&report), expected[..sound]);
}
