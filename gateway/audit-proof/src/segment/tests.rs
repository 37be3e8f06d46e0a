//! Tests of the segment format.

use super::*;
use crate::{fault::FaultKind, hash::leaf_hash, suite::LogSuite, tree::CompactRange};

fn header(entries: u64) -> Header {
    header_of(LogSuite::Sha256, entries)
}

fn header_of(suite: LogSuite, entries: u64) -> Header {
    let mut tree = CompactRange::new();
    (0..entries).for_each(|number| tree.append(leaf_hash(&number.to_le_bytes())));
    let start = State {
        hash: [3; 32],
        second: suite.second_leaf_hash(b"the entry before"),
        time_ns: 9,
        tree,
    };
    Header::first("city.example/log", LogSuite::Sha256, [1; 32], [2; 32]).next(start, [4; 32])
}

#[test]
fn a_header_survives_encoding_at_every_shape_of_the_tree() {
    let shapes = [1, 2, 3, 7, 8, 255, 256, 1000];
    let suites = [LogSuite::Sha256, LogSuite::Dual];
    for (entries, suite) in shapes
        .into_iter()
        .flat_map(|size| suites.map(|suite| (size, suite)))
    {
        let header = header_of(suite, entries);
        assert_eq!(header.suite(), suite);
        let mut bytes = header.encode();
        let length = bytes.len();
        bytes.extend([0; 50]);
        assert_eq!(
            Header::decode(&bytes),
            Ok((header, length)),
            "{entries} entries"
        );
    }
}

#[test]
fn a_header_with_any_bit_changed_is_refused() {
    for suite in [LogSuite::Sha256, LogSuite::Dual] {
        let bytes = header_of(suite, 5).encode();
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[place] ^= 1 << bit;
                assert!(Header::decode(&changed).is_err(), "byte {place} bit {bit}");
            }
            assert!(Header::decode(&bytes[..place]).is_err(), "cut at {place}");
        }
    }
    assert_eq!(
        Header::decode(b"another file").map(drop),
        Err(FaultKind::HeaderForm)
    );
}

#[test]
fn only_the_first_header_of_its_own_log_is_a_genesis() {
    let first = Header::first("city.example/log", LogSuite::Sha256, [1; 32], [2; 32]);
    assert!(first.is_genesis());
    assert!(!header(1).is_genesis());
    let dual = Header::first("city.example/log", LogSuite::Dual, [1; 32], [2; 32]);
    assert!(dual.is_genesis());
    let mut forged = dual.clone();
    forged.start.second = Some([9; 32]);
    assert!(!forged.is_genesis(), "the SM3 genesis is bound as well");
    let forged = Header {
        policy_digest: [9; 32],
        ..first
    };
    assert!(!forged.is_genesis(), "the genesis hash binds the policy");
}

#[test]
fn origins_follow_the_rules_of_signed_notes() {
    for good in ["a", "city.example/audit/2026", "环境"] {
        assert!(check_origin(good), "{good}");
    }
    for bad in ["", " ", "a b", "a+b", "a\n", "a\u{7f}", "a\u{3000}b"] {
        assert!(!check_origin(bad), "{bad:?}");
    }
}

#[test]
fn a_frame_is_read_back_or_refused() {
    let mut bytes = vec![0xee; 3];
    let entry = write_frame(&mut bytes, 42, |out| out.extend(b"entry"));
    assert_eq!(&bytes[entry], b"entry");
    let frame = &bytes[3..];
    let read = read_frame(frame).expect("it was just written");
    assert_eq!(
        (read.position, read.entry, read.length()),
        (42, b"entry".as_slice(), frame.len())
    );
    for place in 0..frame.len() {
        let mut changed = frame.to_vec();
        changed[place] ^= 1;
        assert!(read_frame(&changed).is_err(), "byte {place}");
        assert!(read_frame(&frame[..place]).is_err(), "cut at {place}");
    }
    assert_eq!(read_frame(&[0; 20]).map(drop), Err(NoFrame::Length));
}

#[test]
fn a_footer_gives_back_its_points_and_its_end() {
    let header = header(3);
    let header_bytes = header.encode();
    let mut running = Running::after(&header, &header_bytes);
    let mut offset = header_bytes.len() as u64;
    for number in 0..50_u64 {
        running.entry(offset, leaf_hash(&number.to_le_bytes()), None, 10 + number);
        offset += 2_000;
    }
    running.end_group();
    let footer = running.footer(offset);
    let (points, end) = footer.split_at(footer.len() - FOOTER_END_BYTES);
    let points = decode_points(points).expect("the checksum holds");
    assert_eq!(points, running.points());
    // One point for the first frame and then one each 34,000 bytes, the first multiple of 2,000 past the spacing.
    assert_eq!(
        points
            .iter()
            .map(|point| point.position)
            .collect::<Vec<_>>(),
        [3, 20, 37]
    );
    let end = FooterEnd::decode(end).expect("the checksum holds");
    assert_eq!((end.size, end.offset), (53, offset));
    assert!(end.continues_in(&header.next(running.state.clone(), running.seal())));
    assert!(!end.continues_in(&header.next(running.state.clone(), [0; 32])));
    assert_eq!(footer.len(), footer_bytes(points.len()));
}

#[test]
fn a_trailer_is_read_back_or_refused() {
    let header = header(3);
    let running = Running::after(&header, &header.encode());
    let (trailer, head) = running.trailer();
    let read = read_trailer(&[&trailer[..], b"more"].concat()).expect("it was just written");
    assert_eq!((read.size, read.root), (head.size, head.root));
    for place in 0..trailer.len() {
        let mut changed = trailer;
        changed[place] ^= 1;
        assert_eq!(read_trailer(&changed), None, "byte {place}");
        assert_eq!(read_trailer(&trailer[..place]), None, "cut at {place}");
    }
    let frame_like = [&5_u32.to_le_bytes()[..], &[0; 72]].concat();
    let sum = crc32c::crc32c(&frame_like);
    let frame_like = [&frame_like[..], &sum.to_le_bytes()].concat();
    assert_eq!(read_trailer(&frame_like), None, "another marker");
}

#[test]
fn where_groups_end_is_part_of_the_seal() {
    let header = header(1);
    let bytes = header.encode();
    let (mut together, mut apart) = (
        Running::after(&header, &bytes),
        Running::after(&header, &bytes),
    );
    for running in [&mut together, &mut apart] {
        running.entry(500, [1; 32], None, 10);
    }
    apart.end_group();
    for running in [&mut together, &mut apart] {
        running.entry(600, [2; 32], None, 11);
        running.end_group();
    }
    assert_eq!(together.state, apart.state);
    assert_ne!(together.seal(), apart.seal());
}
