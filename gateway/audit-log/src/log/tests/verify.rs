//! Tests of verification: what it accepts and what it must find.

use std::path::{Path, PathBuf};

use audit_proof::{
    chain::State,
    entry::Place,
    fault::FaultKind,
    hash::{Hash, leaf_hash},
    scan::KnownHead,
    segment::{Header, Running, TRAILER_BYTES, write_frame},
    suite::LogSuite,
    verify::{Options, Report, verify},
};

use crate::{
    log::open,
    testing::{ORIGIN, append_each, clock, config, draft, group_ends, segment_paths},
};

/// A closed log of a few small segments; returns its files.
fn closed_log(folder: &Path, entries: u64, segment_bytes: u64) -> Vec<(PathBuf, Vec<u8>)> {
    let (log, _) = open(config(folder, segment_bytes), clock()).unwrap();
    append_each(&log, 0..entries);
    log.close().unwrap();
    segment_paths(folder)
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
        .collect()
}

fn kind(report: &Report) -> Option<FaultKind> {
    report.fault.as_ref().map(|fault| fault.kind)
}

#[test]
fn a_sound_log_is_verified_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let files = closed_log(folder.path(), 10, 600);
    for threads in [0, 1, 3] {
        let options = Options {
            expected_origin: Some(ORIGIN.to_owned()),
            threads,
            ..Options::default()
        };
        let report = verify(folder.path(), &options);
        assert!(report.is_verified(), "{report:?}");
        assert_eq!(
            (report.entries, report.groups, report.segments),
            (10, 10, files.len() as u64)
        );
        assert_eq!(
            report.bytes,
            files
                .iter()
                .map(|(_, bytes)| bytes.len() as u64)
                .sum::<u64>()
        );
        assert_eq!(
            (report.origin.as_deref(), report.unfinished_tail),
            (Some(ORIGIN), None)
        );
    }
}

#[test]
fn every_single_bit_of_a_closed_log_is_bound() {
    let folder = tempfile::tempdir().unwrap();
    let files = closed_log(folder.path(), 4, 450);
    assert!(files.len() > 1);
    for (path, bytes) in &files {
        let first: u64 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let ends = group_ends(bytes);
        for place in 0..bytes.len() {
            let damaged_position = first + ends.iter().filter(|end| **end <= place).count() as u64;
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[place] ^= 1 << bit;
                std::fs::write(path, &damaged).unwrap();
                let fault = verify(folder.path(), &Options::default()).fault;
                let fault = fault.unwrap_or_else(|| panic!("byte {place} bit {bit} is not bound"));
                assert!(
                    fault.position <= damaged_position,
                    "byte {place} bit {bit}: {fault}"
                );
                assert_eq!(fault.file, Path::new(path.file_name().unwrap()));
            }
        }
        std::fs::write(path, bytes).unwrap();
    }
}

#[test]
fn bytes_added_or_cut_at_the_end_of_a_segment_are_found() {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in closed_log(folder.path(), 4, 450) {
        for added in [0, 1] {
            std::fs::write(&path, [bytes.as_slice(), &[added]].concat()).unwrap();
            assert_eq!(
                kind(&verify(folder.path(), &Options::default())),
                Some(FaultKind::TrailingBytes)
            );
        }
        for cut in [1, 50, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert!(
                !verify(folder.path(), &Options::default()).is_verified(),
                "cut at {cut}"
            );
        }
        std::fs::write(&path, &bytes).unwrap();
    }
}

#[test]
fn nothing_verified_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        kind(&verify(folder.path(), &Options::default())),
        Some(FaultKind::Nothing)
    );
    let absent = verify(&folder.path().join("absent"), &Options::default());
    assert_eq!(
        kind(&absent),
        Some(FaultKind::Unreadable(std::io::ErrorKind::NotFound))
    );
    let header = Header::first(ORIGIN, LogSuite::Sha256, [0; 32], [0; 32]).encode();
    std::fs::write(folder.path().join("00000000000000000000.open"), header).unwrap();
    assert_eq!(
        kind(&verify(folder.path(), &Options::default())),
        Some(FaultKind::Nothing)
    );
}

#[test]
fn segments_out_of_place_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let files = closed_log(folder.path(), 8, 450);
    let check = |expected: FaultKind, case: &str| {
        assert_eq!(
            kind(&verify(folder.path(), &Options::default())),
            Some(expected),
            "{case}"
        );
        for (path, bytes) in &files {
            std::fs::write(path, bytes).unwrap();
        }
    };
    std::fs::remove_file(&files[1].0).unwrap();
    check(FaultKind::MissingSegment, "removed inside");
    std::fs::remove_file(&files[0].0).unwrap();
    check(FaultKind::MissingSegment, "removed first");
    std::fs::write(&files[1].0, &files[2].1).unwrap();
    check(FaultKind::HeaderName, "replaced by the next");
    let other = tempfile::tempdir().unwrap();
    let foreign = closed_log(other.path(), 9, 450);
    let (log, _) = open(config(other.path(), 450), clock()).unwrap();
    drop(log);
    assert_eq!(
        foreign[1].1, files[1].1,
        "the same drafts at the same time give the same log"
    );
}

#[test]
fn what_is_expected_of_the_log_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    closed_log(folder.path(), 2, 1 << 20);
    let origin = Options {
        expected_origin: Some("other.example/log".to_owned()),
        ..Options::default()
    };
    assert_eq!(
        kind(&verify(folder.path(), &origin)),
        Some(FaultKind::Origin)
    );
    let policy = Options {
        expected_policy: Some([6; 32]),
        ..Options::default()
    };
    assert_eq!(
        kind(&verify(folder.path(), &policy)),
        Some(FaultKind::Policy)
    );
    let right = Options {
        expected_policy: Some([5; 32]),
        ..Options::default()
    };
    assert!(verify(folder.path(), &right).is_verified());
}

#[test]
fn heads_known_from_elsewhere_find_rewritten_and_shortened_logs() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 450), clock()).unwrap();
    let appended = append_each(&log, 0..8);
    log.close().unwrap();
    let known: Vec<_> = appended
        .iter()
        .rev()
        .map(|a| KnownHead {
            size: a.tree_size,
            root: a.root,
        })
        .collect();
    let options = Options {
        known_heads: known.clone(),
        ..Options::default()
    };
    let report = verify(folder.path(), &options);
    assert!(
        report.is_verified() && report.known_heads == 8,
        "{report:?}"
    );

    let mut rewritten = options.clone();
    rewritten.known_heads[3].root = [0; 32];
    let fault = verify(folder.path(), &rewritten)
        .fault
        .expect("the head differs");
    assert_eq!(
        (fault.position, fault.kind),
        (known[3].size, FaultKind::DiffersFromKnown)
    );

    std::fs::remove_file(segment_paths(folder.path()).last().unwrap()).unwrap();
    let fault = verify(folder.path(), &options)
        .fault
        .expect("the log is shorter");
    assert_eq!(fault.kind, FaultKind::ShorterThanKnown);
}

/// How a forger changes the entry at position 1 while keeping every checksum right.
type Forgery = fn(&mut Place<'static>, &mut u64);

/// Writes an open segment of three entries by hand, the second one forged.
fn forged(folder: &Path, forgery: Forgery) {
    const OTHER: &Hash = &[7; 32];
    static ZERO: Hash = [0; 32];
    let header = Header::first(ORIGIN, LogSuite::Sha256, [5; 32], [0; 32]);
    let mut bytes = header.encode();
    let mut running = Running::after(&header, &bytes);
    for position in 0..3 {
        let link = running.state.hash;
        let mut place = Place {
            origin: ORIGIN,
            position,
            time_ns: 100 + position,
            link: &ZERO,
            second_link: None,
        };
        let mut frame_position = position;
        if position == 1 {
            forgery(&mut place, &mut frame_position);
        }
        let place = Place {
            link: if place.link == OTHER { OTHER } else { &link },
            ..place
        };
        let offset = bytes.len() as u64;
        let entry = write_frame(&mut bytes, frame_position, |out| {
            draft(position).write_entry(place, out)
        });
        let leaf = leaf_hash(&bytes[entry]);
        running.entry(offset, leaf, None, place.time_ns);
        let (trailer, _) = running.trailer();
        running.end_group();
        bytes.extend(trailer);
    }
    std::fs::write(folder.join("00000000000000000000.open"), bytes).unwrap();
}

#[test]
fn forgeries_with_right_checksums_are_named_at_the_first_wrong_position() {
    let folder = tempfile::tempdir().unwrap();
    let check = |forgery: Forgery, expected: Option<FaultKind>| {
        forged(folder.path(), forgery);
        let report = verify(folder.path(), &Options::default());
        assert_eq!(kind(&report), expected, "{report:?}");
        if let Some(fault) = report.fault {
            assert_eq!(fault.position, 1);
            assert!(matches!(
                open(config(folder.path(), 1 << 20), clock()),
                Err(crate::OpenError::Damaged(_))
            ));
        }
    };
    check(|_, _| (), None);
    check(|_, frame| *frame = 2, Some(FaultKind::FramePosition));
    check(
        |place, _| place.position = 2,
        Some(FaultKind::EntryPosition),
    );
    check(
        |place, _| place.origin = "other.example/log",
        Some(FaultKind::EntryOrigin),
    );
    check(|place, _| place.time_ns = 100, Some(FaultKind::EntryTime));
    check(|place, _| place.link = &[7; 32], Some(FaultKind::EntryLink));
}

#[test]
fn an_entry_edited_with_its_checksum_breaks_its_group() {
    let folder = tempfile::tempdir().unwrap();
    let files = closed_log(folder.path(), 3, 1 << 20);
    let (path, bytes) = &files[0];
    let ends = group_ends(bytes);
    let mut edited = bytes.clone();
    // The last digit of "case 1", then the checksum of its frame.
    let place = ends[0]
        + bytes[ends[0]..]
            .windows(6)
            .position(|window| window == b"case 1")
            .unwrap()
        + 5;
    edited[place] = b'7';
    let frame = ends[0]..ends[1] - TRAILER_BYTES;
    let sum = crc32c::crc32c(&edited[frame.start..frame.end - 4]);
    edited[frame.end - 4..frame.end].copy_from_slice(&sum.to_le_bytes());
    std::fs::write(path, edited).unwrap();
    let fault = verify(folder.path(), &Options::default())
        .fault
        .expect("the entry was edited");
    assert_eq!((fault.position, fault.kind), (1, FaultKind::GroupRoot));
}

#[test]
fn a_second_genesis_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut header = Header::first(ORIGIN, LogSuite::Sha256, [5; 32], [0; 32]);
    header.start = State::at_genesis([1; 32], None);
    std::fs::write(
        folder.path().join("00000000000000000000.open"),
        header.encode(),
    )
    .unwrap();
    assert_eq!(
        kind(&verify(folder.path(), &Options::default())),
        Some(FaultKind::Genesis)
    );
}
