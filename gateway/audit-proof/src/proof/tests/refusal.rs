//! What is refused, and by which name.

use super::*;

/// Sizes whose every proof is bent: a single leaf, full and ragged trees, and both sides of a tile.
const SIZES: [u64; 9] = [1, 2, 3, 7, 8, 11, 64, 127, 257];

/// Returns every proof that differs from `proof` in one bit.
fn one_bit_changed(proof: &[Hash]) -> impl Iterator<Item = Vec<Hash>> {
    (0..proof.len() * 256).map(|bit| {
        let mut changed = proof.to_vec();
        changed[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
        changed
    })
}

/// Returns every proof made from `proof` by leaving out, doubling or swapping hashes, or adding one at an end.
fn reshaped(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = vec![[proof, &[[0; 32]]].concat(), [&[[0; 32]], proof].concat()];
    for place in 0..proof.len() {
        let mut changed = proof.to_vec();
        let hash = changed.remove(place);
        all.push(changed.clone());
        changed.splice(place..place, [hash, hash]);
        all.push(changed);
        for other in place + 1..proof.len() {
            let mut changed = proof.to_vec();
            changed.swap(place, other);
            all.push(changed);
        }
    }
    all
}

/// Returns places in a tree of `size` leaves, few of a large one.
fn places(size: u64) -> impl Iterator<Item = u64> {
    (0..size).filter(move |at| size < 12 || *at < 2 || at + 2 >= size || at % 61 == 0)
}

#[test]
fn every_changed_bit_of_an_inclusion_proof_is_refused() {
    for size in SIZES {
        let suite = Suite::Sha256;
        let leaves = leaves(suite, size);
        let tiles = tiles_of(suite, &leaves);
        let root = definition::root(suite, &leaves);
        for index in places(size) {
            let leaf = leaves[index as usize];
            let proof = inclusion(suite, index, size, &tiles).unwrap();
            let verify = |leaf: &Hash, proof: &[Hash], root: &Hash| {
                verify_inclusion(suite, index, size, leaf, proof, root)
            };
            for changed in one_bit_changed(&proof) {
                assert_eq!(verify(&leaf, &changed, &root), Err(ProofError::RootDiffers));
            }
            for changed in reshaped(&proof) {
                assert!(verify(&leaf, &changed, &root).is_err(), "{index} of {size}");
            }
            for changed in one_bit_changed(&[leaf]) {
                assert!(verify(&changed[0], &proof, &root).is_err());
            }
            for changed in one_bit_changed(&[root]) {
                assert!(verify(&leaf, &proof, &changed[0]).is_err());
            }
            for other in (0..size + 2).filter(|other| *other != index) {
                let moved = verify_inclusion(suite, other, size, &leaf, &proof, &root);
                assert!(moved.is_err(), "{index} shown as {other} of {size}");
            }
        }
    }
}

#[test]
fn every_changed_bit_of_a_consistency_proof_is_refused() {
    for size in SIZES {
        let suite = Suite::Sha256;
        let leaves = leaves(suite, size);
        let tiles = tiles_of(suite, &leaves);
        let root = definition::root(suite, &leaves);
        for old in places(size).map(|place| place + 1) {
            let old_root = definition::root(suite, &leaves[..old as usize]);
            let proof = consistency(suite, old, size, &tiles).unwrap();
            let verify = |old_root: &Hash, root: &Hash, proof: &[Hash]| {
                verify_consistency(suite, old, old_root, size, root, proof)
            };
            for changed in one_bit_changed(&proof).chain(reshaped(&proof)) {
                assert!(
                    verify(&old_root, &root, &changed).is_err(),
                    "{old} to {size}"
                );
            }
            for changed in one_bit_changed(&[old_root]) {
                assert!(verify(&changed[0], &root, &proof).is_err());
            }
            for changed in one_bit_changed(&[root]) {
                let refused = verify(&old_root, &changed[0], &proof);
                assert_eq!(refused, Err(ProofError::RootDiffers));
            }
        }
    }
}

#[test]
fn every_changed_bit_of_a_range_or_its_proof_is_refused() {
    for size in [1, 2, 3, 7, 8, 11, 64] {
        let suite = Suite::Sha256;
        let leaves = leaves(suite, size);
        let tiles = tiles_of(suite, &leaves);
        let root = definition::root(suite, &leaves);
        let pairs = places(size).flat_map(|from| places(size).map(move |last| (from, last + 1)));
        for (from, to) in pairs.filter(|(from, to)| from < to) {
            let within = &leaves[from as usize..to as usize];
            let RangeProof { left, right } = range(suite, from, to, size, &tiles).unwrap();
            let holds = |from: u64, within: &[Hash], left: &[Hash], right: &[Hash]| {
                let (left, right) = (left.to_vec(), right.to_vec());
                let proof = RangeProof { left, right };
                verify_range(suite, from, within, size, &proof, &root).is_ok()
            };
            assert!(holds(from, within, &left, &right));
            for changed in one_bit_changed(&left).chain(reshaped(&left)) {
                assert!(!holds(from, within, &changed, &right));
            }
            for changed in one_bit_changed(&right).chain(reshaped(&right)) {
                assert!(!holds(from, within, &left, &changed));
            }
            let few = &within[..within.len().min(4)];
            for changed in one_bit_changed(few) {
                let changed = [&changed, &within[few.len()..]].concat();
                assert!(!holds(from, &changed, &left, &right));
            }
            for changed in reshaped(within) {
                assert!(
                    !holds(from, &changed, &left, &right),
                    "{from} to {to} of {size}"
                );
            }
            for other in (0..size).filter(|other| *other != from) {
                assert!(!holds(other, within, &left, &right));
            }
        }
    }
}

#[test]
fn requests_outside_a_tree_are_refused_by_name() {
    use RequestError::{EmptyRange, EmptyTree, IndexOutside, RangeOutside, Shrunk, TooLarge};
    let (suite, hash, none) = (Suite::Sha256, [0; 32], MemoryTiles::new());
    let large = MAX_SIZE + 1;
    for (index, size, expected) in [
        (0, 0, EmptyTree),
        (5, 5, IndexOutside { index: 5, size: 5 }),
        (
            u64::MAX,
            5,
            IndexOutside {
                index: u64::MAX,
                size: 5,
            },
        ),
        (0, large, TooLarge { size: large }),
    ] {
        let verified = verify_inclusion(suite, index, size, &hash, &[], &hash);
        assert_eq!(verified, Err(expected.into()));
        assert_eq!(inclusion(suite, index, size, &none), Err(expected.into()));
    }
    for (old_size, new_size, expected) in [
        (0, 0, EmptyTree),
        (0, 5, EmptyTree),
        (
            6,
            5,
            Shrunk {
                old_size: 6,
                new_size: 5,
            },
        ),
        (1, large, TooLarge { size: large }),
    ] {
        let verified = verify_consistency(suite, old_size, &hash, new_size, &hash, &[]);
        assert_eq!(verified, Err(expected.into()));
        let made = consistency(suite, old_size, new_size, &none);
        assert_eq!(made, Err(expected.into()));
    }
    let outside = |from, count, size| RangeOutside { from, count, size };
    for (from, count, size, expected) in [
        (0, 1, 0, EmptyTree),
        (2, 0, 5, EmptyRange { from: 2 }),
        (2, 4, 5, outside(2, 4, 5)),
        (u64::MAX, 1, 5, outside(u64::MAX, 1, 5)),
        (0, 1, large, TooLarge { size: large }),
    ] {
        let leaves = vec![hash; count as usize];
        let proof = RangeProof::default();
        let verified = verify_range(suite, from, &leaves, size, &proof, &hash);
        assert_eq!(verified, Err(expected.into()));
        if let Some(to) = from.checked_add(count) {
            assert_eq!(range(suite, from, to, size, &none), Err(expected.into()));
        }
    }
    let backwards = range(suite, 4, 2, 5, &none);
    assert_eq!(backwards, Err(EmptyRange { from: 4 }.into()));
}

#[test]
fn proofs_of_a_wrong_length_are_refused_by_name() {
    let (suite, hash) = (Suite::Sha256, [0; 32]);
    let short = |expected, found| Err(ProofError::TooShort { expected, found });
    let long = |expected, found| Err(ProofError::TooLong { expected, found });
    let included = |count| verify_inclusion(suite, 2, 8, &hash, &vec![hash; count], &hash);
    assert_eq!(included(2), short(3, 2));
    assert_eq!(included(4), long(3, 4));
    let grown = |old, count| verify_consistency(suite, old, &hash, 8, &hash, &vec![hash; count]);
    assert_eq!(grown(8, 1), long(0, 1));
    assert_eq!(grown(4, 0), short(1, 0));
    assert_eq!(grown(3, 5), long(4, 5));
    let complete = |left, right| {
        let (left, right) = (vec![hash; left], vec![hash; right]);
        verify_range(suite, 3, &[hash], 8, &RangeProof { left, right }, &hash)
    };
    assert_eq!(complete(1, 1), short(2, 1));
    assert_eq!(complete(3, 1), long(2, 3));
    assert_eq!(complete(2, 0), short(1, 0));
    assert_eq!(complete(2, 2), long(1, 2));
}

#[test]
fn two_trees_of_one_size_are_one_tree() {
    let verify = |new| verify_consistency(Suite::Sha256, 8, &[1; 32], 8, &new, &[]);
    assert_eq!(verify([1; 32]), Ok(()));
    assert_eq!(verify([2; 32]), Err(ProofError::RootDiffers));
}

#[test]
fn a_proof_of_one_suite_never_holds_in_the_other() {
    let leaves = leaves(Suite::Sha256, 9);
    let tiles = tiles_of(Suite::Sha256, &leaves);
    let root = definition::root(Suite::Sha256, &leaves);
    let proof = inclusion(Suite::Sha256, 4, 9, &tiles).unwrap();
    let verified = verify_inclusion(Suite::Sm3, 4, 9, &leaves[4], &proof, &root);
    assert_eq!(verified, Err(ProofError::RootDiffers));
}

#[test]
fn a_source_that_lacks_a_tile_or_gives_another_width_makes_no_proof() {
    struct Short;
    impl HashSource for Short {
        type Error = MissingTile;
        fn tile(&self, tile: Tile) -> Result<Vec<Hash>, MissingTile> {
            Ok(vec![[0; 32]; usize::from(tile.width()) - 1])
        }
    }
    let tile = Tile::new(0, 0, 9).unwrap();
    let made = inclusion(Suite::Sha256, 4, 9, &Short);
    assert_eq!(made, Err(ProveError::Width { tile, found: 8 }));
    let made = inclusion(Suite::Sha256, 4, 9, &MemoryTiles::new());
    let cause = MissingTile(tile);
    assert_eq!(made, Err(ProveError::Source { tile, cause }));
}
