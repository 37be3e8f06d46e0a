//! Tests of reading a log from its files.

use std::path::Path;

use audit_proof::{
    fault::FaultKind,
    files::{FolderReader, ReadError},
    segment::TRAILER_BYTES,
};

use crate::{
    log::open,
    testing::{append_each, clock, config, group_ends, segment_paths},
};

/// The positions that are read from `position` on, and the kind and the position of the fault that ends them.
fn read(dir: &Path, position: u64) -> (Vec<u64>, Option<(FaultKind, u64)>) {
    let mut entries = FolderReader::open(dir).unwrap().entries_from(position);
    let mut positions = Vec::new();
    let fault = loop {
        match entries.next() {
            Some(Ok(entry)) => {
                assert_eq!(entry.decode().unwrap().position(), entry.position);
                positions.push(entry.position);
            }
            Some(Err(ReadError::Damaged(fault))) => break Some((fault.kind, fault.position)),
            Some(Err(error)) => panic!("{error}"),
            None => break None,
        }
    };
    assert!(entries.next().is_none(), "nothing comes after the end");
    (positions, fault)
}

fn up_to(end: u64) -> Vec<u64> {
    (0..end).collect()
}

#[test]
fn a_log_is_read_from_any_position_while_its_writer_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 700), clock()).unwrap();
    append_each(&log, 0..20);
    assert!(segment_paths(folder.path()).len() > 3);
    for position in 0..20 {
        assert_eq!(
            read(folder.path(), position),
            ((position..20).collect(), None)
        );
    }
    assert_eq!(read(folder.path(), 20), (Vec::new(), None));
    assert_eq!(read(folder.path(), u64::MAX), (Vec::new(), None));
    let reader = FolderReader::open(folder.path()).unwrap();
    append_each(&log, 20..21);
    log.close().unwrap();
    // The segment that was open has another name now.
    assert!(reader.entries_from(0).all(|entry| entry.is_ok()));
    assert_eq!(read(folder.path(), 0), (up_to(21), None));
}

#[test]
fn entries_are_those_that_the_log_gives() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 900), clock()).unwrap();
    append_each(&log, 0..9);
    let of_log: Vec<_> = log.reader().entries_from(3).map(Result::unwrap).collect();
    let reader = FolderReader::open(folder.path()).unwrap();
    let of_files: Vec<_> = reader.entries_from(3).map(Result::unwrap).collect();
    assert_eq!(of_files, of_log);
}

#[test]
fn entries_of_an_unfinished_group_are_not_given() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    append_each(&log, 0..4);
    let path = &segment_paths(folder.path())[0];
    let bytes = std::fs::read(path).unwrap();
    let ends = group_ends(&bytes);
    let frame = ends[2]..ends[3] - TRAILER_BYTES;
    std::fs::write(path, &bytes[..frame.end]).unwrap();
    assert_eq!(read(folder.path(), 0), (up_to(3), None));
    std::fs::write(path, &bytes[..frame.end - 7]).unwrap();
    assert_eq!(read(folder.path(), 0), (up_to(3), None));
}

#[test]
fn damage_is_reported_after_every_entry_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    append_each(&log, 0..4);
    let open_path = &segment_paths(folder.path())[0];
    let bytes = std::fs::read(open_path).unwrap();
    let ends = group_ends(&bytes);
    let mut damaged = bytes.clone();
    damaged[ends[1] + 30] ^= 1;
    std::fs::write(open_path, &damaged).unwrap();
    let expected = (up_to(2), Some((FaultKind::FrameChecksum, 2)));
    assert_eq!(read(folder.path(), 0), expected);
    assert_eq!(read(folder.path(), 2), (Vec::new(), expected.1));
    std::fs::write(open_path, &bytes).unwrap();
    log.close().unwrap();

    let sealed = &segment_paths(folder.path())[0];
    let whole = std::fs::read(sealed).unwrap();
    for (content, expected) in [
        (&whole[..whole.len() - 1], FaultKind::FooterChecksum),
        (&whole[..ends[3]], FaultKind::FooterForm),
        (&[&whole[..], &[0]].concat(), FaultKind::TrailingBytes),
    ] {
        std::fs::write(sealed, content).unwrap();
        assert_eq!(read(folder.path(), 0), (up_to(4), Some((expected, 4))));
    }
    std::fs::write(sealed, &whole[..10]).unwrap();
    assert_eq!(
        read(folder.path(), 0),
        (Vec::new(), Some((FaultKind::HeaderForm, 0)))
    );
}

#[test]
fn segments_that_do_not_follow_each_other_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1), clock()).unwrap();
    append_each(&log, 0..5);
    log.close().unwrap();
    let paths = segment_paths(folder.path());
    let third = std::fs::read(&paths[2]).unwrap();
    std::fs::remove_file(&paths[2]).unwrap();
    assert_eq!(
        read(folder.path(), 0),
        (up_to(2), Some((FaultKind::MissingSegment, 2)))
    );
    std::fs::write(&paths[2], std::fs::read(&paths[3]).unwrap()).unwrap();
    assert_eq!(
        read(folder.path(), 0),
        (up_to(2), Some((FaultKind::HeaderName, 2)))
    );
    let other = tempfile::tempdir().unwrap();
    let (log, _) = open(config(other.path(), 1), clock()).unwrap();
    append_each(&log, 7..12);
    log.close().unwrap();
    std::fs::write(
        &paths[2],
        std::fs::read(&segment_paths(other.path())[2]).unwrap(),
    )
    .unwrap();
    assert_eq!(
        read(folder.path(), 0),
        (up_to(2), Some((FaultKind::HeaderLink, 2)))
    );
    std::fs::write(&paths[2], third).unwrap();
    std::fs::remove_file(&paths[0]).unwrap();
    assert_eq!(
        read(folder.path(), 0),
        (Vec::new(), Some((FaultKind::MissingSegment, 0)))
    );
    assert_eq!(read(folder.path(), 1), ((1..5).collect(), None));
}

#[test]
fn a_folder_that_cannot_be_listed_is_an_error_and_an_empty_one_has_no_entries() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read(folder.path(), 0), (Vec::new(), None));
    assert!(matches!(
        FolderReader::open(&folder.path().join("absent")),
        Err(ReadError::Io { .. })
    ));
}
