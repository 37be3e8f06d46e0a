//! Crashes and failing disks: what was acknowledged is there, and nothing is tried twice.

use bytes::Bytes;

use audit_log::disk::{
    Disk as _, read_range,
    simulation::{Failure, Image, SimulatedDisk},
};
use proptest::prelude::*;

use super::*;
use crate::open::open_on;

const DIR: &str = "/evidence";

/// Puts up to eight submissions over several segments until one fails; returns how many were acknowledged.
fn run(disk: &SimulatedDisk) -> u64 {
    let Ok((store, _)) = open_on(Arc::new(disk.clone()), &config(Path::new(DIR), 500)) else {
        return 0;
    };
    for number in 0..8 {
        if let Err(error) = put(&store, number) {
            assert!(matches!(error, PutError::Poisoned { .. }), "{error}");
            assert!(
                matches!(put(&store, 99), Err(PutError::Poisoned { .. })),
                "the store stays closed"
            );
            let _ = store.close();
            return number;
        }
    }
    let _ = store.close();
    8
}

/// Opens what is left and checks that every acknowledged submission is there and that the store goes on.
fn check_left(disk: &SimulatedDisk, image: Image, acknowledged: u64, case: &str) {
    let disk = disk.restart(image);
    let opened = open_on(Arc::new(disk), &config(Path::new(DIR), 500));
    let (store, opened) = opened.unwrap_or_else(|error| panic!("{case}: {error:?}"));
    assert_eq!(opened.damaged, [], "{case}");
    for number in 0..acknowledged {
        check_stored(&store, &bundle(number));
        check_stored(&store, &results(number));
    }
    let walked: Vec<_> = store
        .scan(Location::default())
        .map(|bundle| bundle.unwrap().address)
        .collect();
    let whole = walked.len() as u64 / 2;
    assert!(walked.len() % 2 == 0, "{case}: half a submission is left");
    assert!(
        whole == acknowledged || whole == acknowledged + 1,
        "{case}: {whole} of {acknowledged}"
    );
    for number in 20..24 {
        put(&store, number).unwrap();
    }
    check_stored(&store, &bundle(20));
    check_stored(&store, &results(23));
}

#[test]
fn a_crash_at_any_operation_leaves_every_acknowledged_bundle() {
    let whole = SimulatedDisk::new();
    assert_eq!(run(&whole), 8);
    let operations = whole.operations();
    for kind in [
        "create",
        "write",
        "sync",
        "rename",
        "sync folder",
        "set length",
    ] {
        assert!(operations.contains(&kind), "the workload does no {kind}");
    }
    for (operation, name) in operations.iter().enumerate() {
        for failure in [
            Failure::Unwritten,
            Failure::Written,
            Failure::Torn(1),
            Failure::Torn(60),
            Failure::Torn(200),
        ] {
            let disk = SimulatedDisk::new();
            disk.crash_at(operation, failure);
            let acknowledged = run(&disk);
            for image in [Image::Durable, Image::Written] {
                check_left(
                    &disk,
                    image,
                    acknowledged,
                    &format!("{failure:?} at {operation} ({name}), {image:?}"),
                );
            }
        }
    }
}

#[test]
fn nothing_is_tried_again_after_an_error() {
    let whole = SimulatedDisk::new();
    run(&whole);
    for operation in 0..whole.operations().len() {
        for failure in [Failure::Unwritten, Failure::Written] {
            let disk = SimulatedDisk::new();
            disk.fail_at(operation, failure);
            let acknowledged = run(&disk);
            assert_eq!(
                disk.operations().len(),
                operation + 1,
                "{failure:?} at {operation}"
            );
            check_left(
                &disk,
                Image::Durable,
                acknowledged,
                &format!("{failure:?} at {operation}"),
            );
        }
    }
}

/// The open segment after two submissions, and where the second starts and ends.
pub(super) fn two_submissions() -> (Vec<u8>, usize, usize) {
    let disk = SimulatedDisk::new();
    let (store, _) = open_on(Arc::new(disk.clone()), &config(Path::new(DIR), 1 << 20)).unwrap();
    let mut ends = [0; 2];
    for number in 0..2 {
        put(&store, number).unwrap();
        let end = store
            .owner
            .shared
            .segments
            .segment(0)
            .unwrap()
            .expect("it is open")
            .end;
        ends[usize::try_from(number).unwrap()] = usize::try_from(end).unwrap();
    }
    let mut bytes = Vec::new();
    let file = disk.open(&open_segment(), false).unwrap();
    read_range(&*file, 0, file.length().unwrap(), &mut bytes).unwrap();
    (bytes, ends[0], ends[1])
}

pub(super) fn open_segment() -> std::path::PathBuf {
    Path::new(DIR).join("0000000000.open")
}

fn open_left(left: Vec<u8>) -> (Store, Opened) {
    let disk = SimulatedDisk::new();
    disk.put(&open_segment(), left);
    open_on(Arc::new(disk), &config(Path::new(DIR), 1 << 20)).unwrap()
}

#[test]
fn a_last_group_cut_anywhere_is_removed_whole() {
    let (bytes, start, end) = two_submissions();
    for cut in start..end {
        let mut zeroed = bytes.clone();
        zeroed[cut..].fill(0);
        if zeroed == bytes {
            continue;
        }
        for left in [zeroed, bytes[..cut].to_vec()] {
            let (store, opened) = open_left(left);
            assert!(
                opened.damaged.is_empty() && opened.torn_bytes <= (cut - start) as u64,
                "cut at {cut}: {opened:?}"
            );
            check_stored(&store, &bundle(0));
            for lost in [bundle(1), results(1)] {
                assert_eq!(store.get(lost.address()).unwrap(), None, "cut at {cut}");
            }
            put(&store, 2).unwrap();
            check_stored(&store, &results(2));
            assert_eq!(
                store.scan(Location::default()).map(Result::unwrap).count(),
                4
            );
        }
    }
}

#[test]
fn a_hole_in_the_last_group_is_reported_and_never_returned() {
    let (bytes, start, end) = two_submissions();
    for hole in start..end - crate::format::TRAILER_BYTES {
        let mut left = bytes.clone();
        left[hole] ^= 0xff;
        let (store, opened) = open_left(left);
        assert!(!opened.damaged.is_empty(), "byte {hole} is not noticed");
        assert!(
            opened
                .damaged
                .iter()
                .any(|range| range.bytes.contains(&(hole as u64))),
            "byte {hole}: {opened:?}"
        );
        check_stored(&store, &bundle(0));
        let found = [bundle(1), results(1)].map(|kept| store.get(kept.address()));
        assert!(
            found.iter().any(|found| !matches!(found, Ok(Some(_)))),
            "byte {hole} is returned"
        );
        put(&store, 2).unwrap();
        check_stored(&store, &bundle(2));
    }
}

#[test]
fn payloads_that_look_like_parts_of_a_segment_are_only_payloads() {
    let (foreign, _, end) = two_submissions();
    let disk = SimulatedDisk::new();
    let (store, _) = open_on(Arc::new(disk.clone()), &config(Path::new(DIR), 1 << 20)).unwrap();
    put(&store, 0).unwrap();
    let hostile = NewBundle::new(Kind::Payload, [Bytes::copy_from_slice(&foreign[..end])]).unwrap();
    store.put(hostile).unwrap().wait().unwrap();
    let mut bytes = Vec::new();
    let file = disk.open(&open_segment(), false).unwrap();
    read_range(&*file, 0, file.length().unwrap(), &mut bytes).unwrap();
    // The head of the hostile bundle is lost in a crash, so what follows is searched for valid parts.
    let start =
        bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1 - end - crate::format::TRAILER_BYTES;
    bytes[start - 60..start].fill(0);
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes.truncate(last - crate::format::TRAILER_BYTES);
    let (store, opened) = open_left(bytes);
    assert!(
        opened.damaged.is_empty() && opened.torn_bytes > 0,
        "{opened:?}"
    );
    assert_eq!(
        store.scan(Location::default()).map(Result::unwrap).count(),
        2
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_parts_in_any_groups_are_found(
        bursts in prop::collection::vec(prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..5), 1..4), 1..8),
        segment_bytes in 1..3_000_u64,
    ) {
        let disk = SimulatedDisk::new();
        let (store, _) = open_on(Arc::new(disk.clone()), &config(Path::new(DIR), segment_bytes)).unwrap();
        let mut kept = Vec::new();
        for burst in bursts {
            let bundles: Vec<_> = burst.into_iter().map(|parts| {
                let parts: Vec<Bytes> = parts.into_iter().map(Bytes::from).collect();
                NewBundle::new(Kind::Results, parts).unwrap()
            }).collect();
            kept.extend(bundles.clone());
            store.put_all(bundles).unwrap().wait().unwrap();
        }
        for bundle in &kept {
            check_stored(&store, bundle);
        }
        drop(store);
        let (store, opened) = open_on(Arc::new(disk.restart(Image::Durable)), &config(Path::new(DIR), segment_bytes)).unwrap();
        prop_assert!(opened.damaged.is_empty() && opened.rebuilt_indexes.is_empty());
        for bundle in &kept {
            check_stored(&store, bundle);
        }
        let walked: Vec<_> = store.scan(Location::default()).map(|bundle| bundle.unwrap().address).collect();
        prop_assert_eq!(walked, kept.iter().map(|bundle| *bundle.address()).collect::<Vec<_>>());
    }
}
