//! Tests of the store: putting, getting, walking, reopening.

mod crash;
mod damage;

use std::path::Path;

use bytes::Bytes;

use super::*;
use crate::{
    bundle::{BundleError, Kind},
    open::{OpenError, Opened, open},
};

fn config(dir: &Path, segment_bytes: u64) -> Config {
    Config {
        dir: dir.to_owned(),
        segment_bytes,
        queue_bundles: 100,
        queue_bytes: 1 << 20,
    }
}

/// A bundle that can be told from the others; some have no part, some an empty one.
fn bundle(number: u64) -> NewBundle {
    let parts = (0..number % 4).map(|part| match part {
        2 => Bytes::new(),
        _ => format!("message {part} of submission {number}")
            .into_bytes()
            .into(),
    });
    let mut parts: Vec<Bytes> = parts.collect();
    parts.push(Bytes::copy_from_slice(&number.to_le_bytes()));
    NewBundle::new(Kind::Payload, parts).unwrap()
}

fn results(number: u64) -> NewBundle {
    NewBundle::new(
        Kind::Results,
        [format!("results {number}").into_bytes().into()],
    )
    .unwrap()
}

/// Puts the payload and the results of one submission and waits.
fn put(store: &Store, number: u64) -> Result<Stored, PutError> {
    store.put_all(vec![bundle(number), results(number)])?.wait()
}

#[track_caller]
fn check_stored(store: &Store, expected: &NewBundle) {
    let found = store
        .get(expected.address())
        .unwrap()
        .expect("it was acknowledged");
    assert_eq!(
        (found.kind, found.address),
        (expected.kind(), *expected.address())
    );
    let parts: Vec<_> = expected.parts().iter().map(|part| part.to_vec()).collect();
    assert_eq!(found.parts, parts);
}

#[test]
fn what_is_put_is_found_by_its_address_over_many_segments() {
    let folder = tempfile::tempdir().unwrap();
    let (store, opened) = open(config(folder.path(), 700)).unwrap();
    assert_eq!(opened, Opened::default());
    for number in 0..30 {
        put(&store, number).unwrap();
        check_stored(&store, &results(number));
    }
    for number in (0..30).rev() {
        check_stored(&store, &bundle(number));
        assert!(store.contains(results(number).address()).unwrap());
    }
    assert_eq!(store.get(&[0; 32]).unwrap(), None);
    assert!(!store.contains(bundle(30).address()).unwrap());
    store.close().unwrap();
    let (store, opened) = open(config(folder.path(), 700)).unwrap();
    assert!(
        opened.segments > 4 && opened.damaged.is_empty() && opened.torn_bytes == 0,
        "{opened:?}"
    );
    for number in 0..30 {
        check_stored(&store, &bundle(number));
    }
    put(&store, 30).unwrap();
    check_stored(&store, &bundle(30));
}

#[test]
fn one_part_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(config(folder.path(), 1 << 20)).unwrap();
    put(&store, 3).unwrap();
    let address = *bundle(3).address();
    assert_eq!(
        store.get_part(&address, 1).unwrap().unwrap(),
        b"message 1 of submission 3"
    );
    assert_eq!(store.get_part(&address, 2).unwrap().unwrap(), b"");
    assert_eq!(store.get_part(&address, 4).unwrap(), None);
    assert_eq!(store.get_part(&[1; 32], 0).unwrap(), None);
}

#[test]
fn the_same_bundle_twice_is_found_once_and_walked_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(config(folder.path(), 400)).unwrap();
    for _ in 0..5 {
        put(&store, 1).unwrap();
    }
    check_stored(&store, &bundle(1));
    assert_eq!(store.scan(Location::default()).count(), 10);
}

#[test]
fn a_walk_gives_all_bundles_in_order_and_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(config(folder.path(), 500)).unwrap();
    let first: Vec<_> = (0..10)
        .map(|number| put(&store, number).unwrap().first)
        .collect();
    assert!(first.is_sorted());
    let mut walk = store.scan(Location::default());
    let mut seen: Vec<Hash> = walk
        .by_ref()
        .map(|bundle| bundle.unwrap().address)
        .collect();
    put(&store, 10).unwrap();
    seen.extend(walk.by_ref().map(|bundle| bundle.unwrap().address));
    let expected: Vec<Hash> = (0..11)
        .flat_map(|number| [*bundle(number).address(), *results(number).address()])
        .collect();
    assert_eq!(seen, expected);
    let rest: Vec<Hash> = store
        .scan(first[4])
        .map(|bundle| bundle.unwrap().address)
        .collect();
    assert_eq!(rest, expected[8..]);
    assert_eq!(store.scan(walk.location()).count(), 0);
}

#[test]
fn a_second_writer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(config(folder.path(), 1 << 20)).unwrap();
    assert!(matches!(
        open(config(folder.path(), 1 << 20)),
        Err(OpenError::Locked { .. })
    ));
    drop(store);
    assert!(open(config(folder.path(), 1 << 20)).is_ok());
}

#[test]
fn a_closed_store_reads_and_does_not_put() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(config(folder.path(), 1 << 20)).unwrap();
    let other = store.clone();
    put(&store, 0).unwrap();
    store.close().unwrap();
    assert!(matches!(put(&other, 1), Err(PutError::Closed)));
    check_stored(&other, &bundle(0));
}

#[test]
fn a_configuration_outside_its_range_is_refused_by_field() {
    let folder = tempfile::tempdir().unwrap();
    let good = config(folder.path(), 1);
    let check = |config: Config, expected: &str| {
        let Err(OpenError::Config { field }) = open(config) else {
            panic!("{expected} was accepted")
        };
        assert_eq!(field, expected);
    };
    check(
        Config {
            segment_bytes: 0,
            ..good.clone()
        },
        "segment_bytes",
    );
    check(
        Config {
            segment_bytes: (4 << 30) + 1,
            ..good.clone()
        },
        "segment_bytes",
    );
    check(
        Config {
            queue_bundles: 0,
            ..good.clone()
        },
        "queue_bundles",
    );
    check(
        Config {
            queue_bytes: 0,
            ..good
        },
        "queue_bytes",
    );
}

#[test]
fn large_bundles_pass_through() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = open(config(folder.path(), 1 << 20)).unwrap();
    let part: Bytes = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let large = NewBundle::new(Kind::Payload, [part]).unwrap();
    store.put(large.clone()).unwrap().wait().unwrap();
    check_stored(&store, &large);
    put(&store, 1).unwrap();
    check_stored(&store, &large);
    let too_large: Result<NewBundle, BundleError> = NewBundle::new(
        Kind::Payload,
        vec![Bytes::from(vec![0; crate::MAX_BUNDLE_BYTES + 1])],
    );
    assert!(too_large.is_err());
}
