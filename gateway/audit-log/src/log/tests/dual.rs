//! Tests of logs whose entries link by SM3 as well.

use std::path::Path;

use audit_proof::{
    chain::genesis_in,
    entry::{Draft, Place},
    fault::FaultKind,
    hash::{Hash, leaf_hash},
    segment::{Header, Running, write_frame},
    suite::{LogSuite, Suite},
    verify::{Options, verify},
};

use super::{Config, OpenError, open};
use crate::testing::{ORIGIN, append_each, clock, config, draft, segment_paths};

fn dual(dir: &Path, segment_bytes: u64) -> Config {
    Config {
        suite: LogSuite::Dual,
        ..config(dir, segment_bytes)
    }
}

#[test]
fn entries_link_by_both_hashes_over_segments_and_starts() {
    let folder = tempfile::tempdir().unwrap();
    let genesis = |suite| genesis_in(suite, ORIGIN, &[5; 32], &[0; 32]);
    let (mut link, mut second) = (genesis(Suite::Sha256), genesis(Suite::Sm3));
    for run in 0..3 {
        let (log, opened) = open(dual(folder.path(), 700), clock()).unwrap();
        assert_eq!(opened.size, run * 7);
        for appended in append_each(&log, run * 7..run * 7 + 7) {
            let stored = log.reader().entry(appended.position).unwrap().unwrap();
            let entry = stored.decode().unwrap();
            assert_eq!(
                (entry.link(), entry.second_link()),
                (&link, Some(&second)),
                "position {}",
                appended.position
            );
            link = appended.leaf_hash;
            second = Suite::Sm3.leaf_hash(&stored.bytes);
        }
        log.close().unwrap();
    }
    assert!(segment_paths(folder.path()).len() > 3);
    for threads in [1, 3] {
        let options = Options {
            threads,
            ..Options::default()
        };
        let report = verify(folder.path(), &options);
        assert!(report.is_verified() && report.entries == 21, "{report:?}");
    }
}

#[test]
fn a_log_keeps_the_suite_it_was_created_with() {
    for (created, other) in [
        (LogSuite::Dual, LogSuite::Sha256),
        (LogSuite::Sha256, LogSuite::Dual),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let with = |suite| Config {
            suite,
            ..config(folder.path(), 1 << 20)
        };
        let (log, _) = open(with(created), clock()).unwrap();
        append_each(&log, 0..2);
        log.close().unwrap();
        let Err(OpenError::Suite { expected, found }) = open(with(other), clock()) else {
            panic!("a log of suite {created:?} opened as {other:?}")
        };
        assert_eq!((expected, found), (other, created));
    }
}

#[test]
fn every_single_bit_of_a_closed_dual_log_is_bound() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(dual(folder.path(), 600), clock()).unwrap();
    append_each(&log, 0..4);
    log.close().unwrap();
    let paths = segment_paths(folder.path());
    assert!(paths.len() > 1);
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[place] ^= 1 << bit;
                std::fs::write(path, &damaged).unwrap();
                let fault = verify(folder.path(), &Options::default()).fault;
                let fault = fault.unwrap_or_else(|| panic!("byte {place} bit {bit} is not bound"));
                assert_eq!(fault.file, Path::new(path.file_name().unwrap()));
            }
        }
        std::fs::write(path, &bytes).unwrap();
    }
}

/// Writes an open segment of three entries with right checksums, the second of which carries `second_link` as key 15.
fn forged(folder: &Path, suite: LogSuite, second_link: impl Fn(Option<Hash>) -> Option<Hash>) {
    let header = Header::first(ORIGIN, suite, [5; 32], [0; 32]);
    let mut bytes = header.encode();
    let mut running = Running::after(&header, &bytes);
    for position in 0..3 {
        let (link, right) = (running.state.hash, running.state.second);
        let second_link = if position == 1 {
            second_link(right)
        } else {
            right
        };
        let place = Place {
            origin: ORIGIN,
            position,
            time_ns: 100 + position,
            link: &link,
            second_link: second_link.as_ref(),
        };
        let offset = bytes.len() as u64;
        let entry = write_frame(&mut bytes, position, |out| {
            draft(position).write_entry(place, out)
        });
        let (leaf, second) = (
            leaf_hash(&bytes[entry.clone()]),
            suite.second_leaf_hash(&bytes[entry]),
        );
        running.entry(offset, leaf, second, place.time_ns);
        let (trailer, _) = running.trailer();
        running.end_group();
        bytes.extend(trailer);
    }
    std::fs::write(folder.join("00000000000000000000.open"), bytes).unwrap();
}

#[test]
fn a_second_link_that_is_wrong_missing_or_not_asked_for_is_named_by_its_position() {
    let check = |suite, second_link: fn(Option<Hash>) -> Option<Hash>, expected| {
        let folder = tempfile::tempdir().unwrap();
        forged(folder.path(), suite, second_link);
        for threads in [1, 2] {
            let options = Options {
                threads,
                ..Options::default()
            };
            let fault = verify(folder.path(), &options).fault;
            let found = fault.map(|fault| (fault.position, fault.kind));
            assert_eq!(found, expected, "{suite:?}");
        }
        let opened = open(
            Config {
                suite,
                ..config(folder.path(), 1 << 20)
            },
            clock(),
        );
        let is_damaged = matches!(&opened, Err(OpenError::Damaged(fault)) if fault.position == 1);
        assert_eq!(is_damaged, expected.is_some(), "{suite:?}");
    };
    check(LogSuite::Dual, |right| right, None);
    check(LogSuite::Sha256, |right| right, None);
    let missing = Some((1, FaultKind::SecondLinkMissing));
    check(LogSuite::Dual, |_| None, missing);
    let unexpected = Some((1, FaultKind::SecondLinkUnexpected));
    check(LogSuite::Sha256, |_| Some([7; 32]), unexpected);
    for bit in 0..256_usize {
        let folder = tempfile::tempdir().unwrap();
        forged(folder.path(), LogSuite::Dual, |right| {
            let mut wrong = right?;
            wrong[bit / 8] ^= 1 << (bit % 8);
            Some(wrong)
        });
        let fault = verify(folder.path(), &Options::default()).fault.unwrap();
        assert_eq!((fault.position, fault.kind), (1, FaultKind::SecondLink));
    }
}

#[test]
fn a_draft_that_fits_without_the_second_link_only_is_refused_in_a_dual_log() {
    let folder = tempfile::tempdir().unwrap();
    let of = |bytes: usize| {
        Draft::new(1).with(
            audit_proof::entry::Field::Object,
            vec![vec![7; bytes].into()],
        )
    };
    let fits = (65_000..65_535_usize)
        .rev()
        .find(|bytes| of(*bytes).check(ORIGIN, LogSuite::Sha256).is_ok())
        .unwrap();
    let (log, _) = open(dual(folder.path(), 1 << 20), clock()).unwrap();
    assert!(log.append(of(fits)).is_err());
    let appended = log.append(of(fits - 35)).unwrap().wait().unwrap();
    assert_eq!(appended.position, 0);
}
