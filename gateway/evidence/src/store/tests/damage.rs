//! Damage: nothing is returned that was not kept, and lost indexes are made again.

use super::*;

/// A store of several sealed segments; returns the paths of the first one and of its index.
fn sealed_store(folder: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let (store, _) = open(config(folder, 400)).unwrap();
    for number in 0..8 {
        put(&store, number).unwrap();
    }
    store.close().unwrap();
    (
        folder.join("0000000000.bundles"),
        folder.join("0000000000.index"),
    )
}

#[test]
fn any_flip_in_a_sealed_segment_is_noticed_at_get_or_hurts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = sealed_store(folder.path());
    let bytes = std::fs::read(&path).unwrap();
    let (store, _) = open(config(folder.path(), 400)).unwrap();
    let in_segment: Vec<Location> = store
        .scan(Location::default())
        .map(|bundle| bundle.unwrap().location)
        .filter(|location| location.segment == 0)
        .collect();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x04;
        std::fs::write(&path, &damaged).unwrap();
        let mut failed = 0;
        for number in 0..8 {
            for kept in [bundle(number), results(number)] {
                match store.get(kept.address()) {
                    Ok(Some(_)) => check_stored(&store, &kept),
                    Ok(None) => panic!("byte {place}: the index still knows the bundle"),
                    Err(GetError::Damaged { file, offset, .. }) => {
                        assert_eq!(file, path);
                        assert!(
                            offset <= place as u64
                                && (offset == 0 || in_segment.iter().any(|l| l.offset == offset))
                        );
                        failed += 1;
                    }
                    Err(error) => panic!("byte {place}: {error}"),
                }
            }
        }
        // Only trailers carry nothing that a get returns.
        let in_bundle = in_segment.iter().any(|location| {
            let length = crate::format::BUNDLE_HEAD_BYTES as u64;
            (location.offset..location.offset + length).contains(&(place as u64))
        });
        assert!(
            failed > 0 || !in_bundle,
            "byte {place} is in the head of a bundle"
        );
        assert!(
            failed <= 1 || place < crate::format::HEADER_BYTES,
            "byte {place} hurts {failed} bundles"
        );
    }
}

#[test]
fn a_bundle_changed_with_its_checksum_is_noticed_by_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = sealed_store(folder.path());
    let (store, _) = open(config(folder.path(), 400)).unwrap();
    let location = store
        .get(results(0).address())
        .unwrap()
        .expect("it was kept")
        .location;
    let mut bytes = std::fs::read(&path).unwrap();
    let body = usize::try_from(location.offset).unwrap() + crate::format::BUNDLE_HEAD_BYTES;
    let length = 1 + 4 + 4 + b"results 0".len();
    bytes[body + length - 1] = b'9';
    let sum = crc32c::crc32c(&bytes[body..body + length]);
    bytes[body + length..body + length + 4].copy_from_slice(&sum.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let Err(GetError::Damaged {
        file,
        offset,
        damage,
    }) = store.get(results(0).address())
    else {
        panic!("returned")
    };
    assert_eq!(
        (file, offset, damage),
        (path, location.offset, Damage::Content)
    );
    check_stored(&store, &bundle(0));
    let walked: Vec<_> = store.scan(Location::default()).collect();
    assert_eq!(
        (
            walked.len(),
            walked.iter().filter(|bundle| bundle.is_err()).count()
        ),
        (16, 1)
    );
}

#[test]
fn an_index_that_is_missing_or_not_whole_is_made_again_on_open() {
    let folder = tempfile::tempdir().unwrap();
    let (_, index) = sealed_store(folder.path());
    let whole = std::fs::read(&index).unwrap();
    let lost: [&dyn Fn(); 3] = [
        &|| std::fs::remove_file(&index).unwrap(),
        &|| std::fs::write(&index, &whole[..whole.len() - 7]).unwrap(),
        &|| std::fs::write(&index, [b"X", &whole[1..]].concat()).unwrap(),
    ];
    for lose in lost {
        lose();
        let (store, opened) = open(config(folder.path(), 400)).unwrap();
        assert_eq!(
            (opened.rebuilt_indexes.as_slice(), opened.damaged.len()),
            ([0].as_slice(), 0)
        );
        assert_eq!(std::fs::read(&index).unwrap(), whole);
        check_stored(&store, &bundle(0));
    }
}

#[test]
fn an_index_that_is_damaged_or_lost_meanwhile_is_made_again_on_use() {
    let folder = tempfile::tempdir().unwrap();
    let (_, index) = sealed_store(folder.path());
    let whole = std::fs::read(&index).unwrap();
    let (store, _) = open(config(folder.path(), 400)).unwrap();
    let mut damaged = whole.clone();
    damaged[40] ^= 1;
    std::fs::write(&index, damaged).unwrap();
    check_stored(&store, &bundle(0));
    assert_eq!(std::fs::read(&index).unwrap(), whole);
    std::fs::remove_file(&index).unwrap();
    assert_eq!(
        store.get(&[7; 32]).unwrap(),
        None,
        "absence is told only by a whole index"
    );
    assert_eq!(std::fs::read(&index).unwrap(), whole);
}

#[test]
fn a_missing_segment_keeps_the_store_closed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = sealed_store(folder.path());
    std::fs::remove_file(path).unwrap();
    assert!(matches!(
        open(config(folder.path(), 400)),
        Err(OpenError::Segments { number: 0, .. })
    ));
}

#[test]
fn an_open_segment_without_its_header_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("0000000000.open");
    std::fs::write(&path, b"something else").unwrap();
    assert!(matches!(
        open(config(folder.path(), 400)),
        Err(OpenError::Header { .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), b"something else");
}
