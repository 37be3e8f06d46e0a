//! Damage: what no crash can cause is never opened, and the bytes stay as they are.

use super::*;
use audit_proof::fault::{Fault, FaultKind};

/// Makes a log of three one-entry groups in an open segment; returns its bytes.
fn open_segment(folder: &std::path::Path) -> (PathBuf, Vec<u8>) {
    let (log, _) = open(config(folder, 1 << 20), clock()).unwrap();
    append_each(&log, 0..3);
    let path = segment_paths(folder)[0].clone();
    // Taken while the log runs, as a crash would leave it.
    let bytes = std::fs::read(&path).unwrap();
    drop(log);
    std::fs::remove_file(&segment_paths(folder)[0]).unwrap();
    (path, bytes)
}

fn refused(folder: &std::path::Path) -> Fault {
    match open(config(folder, 1 << 20), clock()) {
        Err(OpenError::Damaged(fault)) => fault,
        other => panic!("expected damage, got {other:?}"),
    }
}

#[test]
fn a_flip_in_an_acknowledged_group_is_refused_and_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = open_segment(folder.path());
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let groups = group_ends(&bytes);
    assert_eq!((groups.len(), groups[2]), (3, end));
    for place in 0..groups[1] {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x10;
        std::fs::write(&path, &damaged).unwrap();
        let is_origin = matches!(
            open(config(folder.path(), 1 << 20), clock()),
            Err(OpenError::Origin { .. })
        );
        assert!(!is_origin, "the checksum of the header is checked first");
        let fault = refused(folder.path());
        let damaged_position = groups.iter().position(|end| place < *end).unwrap() as u64;
        assert!(fault.position <= damaged_position, "byte {place}: {fault}");
        assert!(fault.offset <= place as u64, "byte {place}: {fault}");
        assert_eq!(
            std::fs::read(&path).unwrap(),
            damaged,
            "byte {place} was written to"
        );
        let report = verify(folder.path(), &Options::default());
        assert_eq!(
            report.fault.map(|found| found.kind),
            Some(fault.kind),
            "byte {place}"
        );
    }
}

#[test]
fn a_damaged_frame_before_a_whole_trailer_is_not_taken_for_an_unfinished_write() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut bytes) = open_segment(folder.path());
    let groups = group_ends(&bytes);
    bytes[groups[1] + 30] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let fault = refused(folder.path());
    assert_eq!((fault.position, fault.kind), (2, FaultKind::FrameChecksum));
    assert_eq!(fault.offset, groups[1] as u64);
}

#[test]
fn stray_bytes_in_the_zeros_are_reported_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bytes) = open_segment(folder.path());
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for place in [end, end + 1, end + 5_000, bytes.len() - 1] {
        let mut stray = bytes.clone();
        stray[place] = 0x40;
        std::fs::write(&path, &stray).unwrap();
        let report = verify(folder.path(), &Options::default());
        let tail = report
            .unfinished_tail
            .clone()
            .expect("the byte is reported");
        assert_eq!(
            (tail.offset, tail.bytes),
            (end as u64, (place - end + 1) as u64)
        );
        let (log, opened) = open(config(folder.path(), 1 << 20), clock()).unwrap();
        let recovered = opened.recovered.expect("the byte is reported");
        assert_eq!(
            (recovered.from_offset, recovered.zeroed_bytes),
            (tail.offset, tail.bytes)
        );
        assert_eq!((recovered.position, opened.size), (3, 3));
        drop(log);
        std::fs::remove_file(&segment_paths(folder.path())[0]).unwrap();
    }
}

#[test]
fn a_whole_entry_that_does_not_belong_is_refused_even_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut bytes) = open_segment(folder.path());
    let groups = group_ends(&bytes);
    // The last group again: every checksum holds, the position does not.
    let repeated = bytes[groups[1]..groups[2]].to_vec();
    bytes[groups[2]..groups[2] + repeated.len()].copy_from_slice(&repeated);
    std::fs::write(&path, &bytes).unwrap();
    let fault = refused(folder.path());
    assert_eq!((fault.position, fault.kind), (3, FaultKind::FramePosition));
}

#[test]
fn a_missing_segment_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 500), clock()).unwrap();
    append_each(&log, 0..12);
    log.close().unwrap();
    let paths = segment_paths(folder.path());
    assert!(paths.len() > 3);
    for path in &paths[..paths.len() - 1] {
        let bytes = std::fs::read(path).unwrap();
        std::fs::remove_file(path).unwrap();
        assert_eq!(refused(folder.path()).kind, FaultKind::MissingSegment);
        std::fs::write(path, bytes).unwrap();
    }
}

#[test]
fn a_damaged_end_of_a_sealed_log_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    append_each(&log, 0..3);
    log.close().unwrap();
    let path = &segment_paths(folder.path())[0];
    let bytes = std::fs::read(path).unwrap();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x80;
        std::fs::write(path, &damaged).unwrap();
        assert!(refused(folder.path()).position <= 3, "byte {place}");
    }
    std::fs::write(path, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(refused(folder.path()).kind, FaultKind::FooterForm);
}
