//! Every proof of every tree up to 130 leaves, and those at the edges of tiles.

use super::*;

/// Largest tree of which every proof is tried: past one perfect subtree of 128.
const LARGEST: u64 = 130;

/// Positions around which trees and ranges at the edges of tiles are sampled.
const EDGES: [u64; 12] = [
    0, 1, 2, 127, 128, 255, 256, 257, 511, 65_279, 65_535, 65_536,
];

#[test]
fn every_inclusion_proof_is_that_of_the_definition_and_holds() {
    for suite in SUITES {
        let leaves = leaves(suite, LARGEST);
        for size in 1..=LARGEST {
            let leaves = &leaves[..size as usize];
            let tiles = tiles_of(suite, leaves);
            let root = definition::root(suite, leaves);
            assert_eq!(
                super::root(suite, size, &tiles),
                Ok(root),
                "{suite:?} {size}"
            );
            for (index, leaf) in (0..).zip(leaves) {
                let proof = inclusion(suite, index, size, &tiles).unwrap();
                let expected = definition::inclusion(suite, index as usize, leaves);
                assert_eq!(proof, expected, "{suite:?} {index} of {size}");
                let verified = verify_inclusion(suite, index, size, leaf, &proof, &root);
                assert_eq!(verified, Ok(()), "{suite:?} {index} of {size}");
            }
        }
    }
}

#[test]
fn every_consistency_proof_is_that_of_the_definition_and_holds() {
    for suite in SUITES {
        let leaves = leaves(suite, LARGEST);
        let roots: Vec<Hash> = (0..=leaves.len())
            .map(|size| definition::root(suite, &leaves[..size]))
            .collect();
        for new_size in 1..=LARGEST {
            let new = &leaves[..new_size as usize];
            let tiles = tiles_of(suite, new);
            let new_root = &roots[new.len()];
            for old_size in 1..=new_size {
                let proof = consistency(suite, old_size, new_size, &tiles).unwrap();
                let expected = definition::consistency(suite, old_size as usize, new);
                assert_eq!(proof, expected, "{suite:?} {old_size} to {new_size}");
                let old_root = &roots[old_size as usize];
                let verified =
                    verify_consistency(suite, old_size, old_root, new_size, new_root, &proof);
                assert_eq!(verified, Ok(()), "{suite:?} {old_size} to {new_size}");
            }
        }
    }
}

#[test]
fn every_range_of_every_small_tree_is_proved_complete() {
    // The other suite differs in nothing but its hashes; a smaller tree shows that.
    for (suite, largest) in [(Suite::Sha256, LARGEST), (Suite::Sm3, 33)] {
        let leaves = leaves(suite, largest);
        for size in 1..=largest {
            let leaves = &leaves[..size as usize];
            let tiles = tiles_of(suite, leaves);
            let root = definition::root(suite, leaves);
            for from in 0..size {
                for to in from + 1..=size {
                    let proof = range(suite, from, to, size, &tiles).unwrap();
                    let within = &leaves[from as usize..to as usize];
                    let verified = verify_range(suite, from, within, size, &proof, &root);
                    assert_eq!(verified, Ok(()), "{suite:?} {from} to {to} of {size}");
                }
            }
        }
    }
}

#[test]
fn a_range_of_one_leaf_has_the_hashes_of_its_inclusion_proof() {
    let leaves = leaves(Suite::Sha256, LARGEST);
    let tiles = tiles_of(Suite::Sha256, &leaves);
    for index in 0..LARGEST {
        let proof = range(Suite::Sha256, index, index + 1, LARGEST, &tiles).unwrap();
        let path = inclusion(Suite::Sha256, index, LARGEST, &tiles).unwrap();
        let of_range: BTreeSet<Hash> = proof.left.into_iter().chain(proof.right).collect();
        // The inclusion proof joins what stands along the right edge; all else is the same hash for hash.
        let shared = path.iter().filter(|hash| of_range.contains(*hash)).count();
        assert!(shared + 1 >= path.len(), "{index}");
    }
}

#[test]
fn proofs_hold_at_the_edges_of_tiles() {
    let suite = Suite::Sha256;
    let all = leaves(suite, 65_537);
    for size in [255, 256, 257, 65_535, 65_536, 65_537] {
        let leaves = &all[..size as usize];
        let tiles = tiles_of(suite, leaves);
        let root = definition::root(suite, leaves);
        assert_eq!(super::root(suite, size, &tiles), Ok(root), "{size}");
        let places = || EDGES.into_iter().chain([size - 1]).filter(|at| *at < size);
        for from in places() {
            check_leaf(suite, from, leaves, &tiles, &root);
            check_growth(suite, from + 1, leaves, &tiles, &root);
            for last in places().filter(|last| from <= *last) {
                let source = Once::new(&tiles);
                let proof = range(suite, from, last + 1, size, &source).unwrap();
                let source = Once::new(&tiles);
                let within = leaf_hashes(suite, from, last + 1, size, &source).unwrap();
                assert_eq!(within, leaves[from as usize..=last as usize]);
                let verified = verify_range(suite, from, &within, size, &proof, &root);
                assert_eq!(verified, Ok(()), "{from} to {last} of {size}");
            }
        }
    }
}

fn check_leaf(suite: Suite, index: u64, leaves: &[Hash], tiles: &MemoryTiles, root: &Hash) {
    let size = leaves.len() as u64;
    let proof = inclusion(suite, index, size, &Once::new(tiles)).unwrap();
    let leaf = &leaves[index as usize];
    let verified = verify_inclusion(suite, index, size, leaf, &proof, root);
    assert_eq!(verified, Ok(()), "{index} of {size}");
}

fn check_growth(suite: Suite, old: u64, leaves: &[Hash], tiles: &MemoryTiles, root: &Hash) {
    let size = leaves.len() as u64;
    let proof = consistency(suite, old, size, &Once::new(tiles)).unwrap();
    let old_root = definition::root(suite, &leaves[..old as usize]);
    let verified = verify_consistency(suite, old, &old_root, size, root, &proof);
    assert_eq!(verified, Ok(()), "{old} to {size}");
}
