//! Trees of any size up to the largest, of which one leaf differs from all others.

use proptest::prelude::*;

use super::*;
use crate::tile::MAX_SIZE;

/// A tree whose every hash is known without being stored: all leaves are equal but one.
#[derive(Clone)]
struct OneLeafDiffers {
    suite: Suite,
    position: u64,
    /// The root of a perfect subtree of equal leaves, by height.
    equal: Vec<Hash>,
    /// The root of the perfect subtree around the other leaf, by height.
    around: Vec<Hash>,
}

impl OneLeafDiffers {
    fn new(suite: Suite, position: u64) -> Self {
        let mut equal = vec![suite.leaf_hash(b"one of many")];
        let mut around = vec![suite.leaf_hash(b"the other one")];
        for height in 0..48 {
            let (other, same) = (around[height], equal[height]);
            around.push(if (position >> height) & 1 == 0 {
                suite.node_hash(&other, &same)
            } else {
                suite.node_hash(&same, &other)
            });
            equal.push(suite.node_hash(&same, &same));
        }
        Self {
            suite,
            position,
            equal,
            around,
        }
    }

    fn node(&self, height: u32, number: u64) -> Hash {
        if self.position >> height == number {
            self.around[height as usize]
        } else {
            self.equal[height as usize]
        }
    }

    /// The root of the leaves from `start` on, by the definition, with perfect subtrees looked up.
    fn root(&self, start: u64, end: u64) -> Hash {
        let size = end - start;
        if size.is_power_of_two() {
            return self.node(size.ilog2(), start >> size.ilog2());
        }
        let middle = start + (1 << size.ilog2());
        self.suite
            .node_hash(&self.root(start, middle), &self.root(middle, end))
    }
}

impl HashSource for OneLeafDiffers {
    type Error = MissingTile;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, MissingTile> {
        let first = tile.index() * 256;
        let height = u32::from(tile.level()) * 8;
        let numbers = first..first + u64::from(tile.width());
        Ok(numbers.map(|number| self.node(height, number)).collect())
    }
}

/// Sizes of every magnitude, and a place in the tree; small sizes as often as large ones.
fn tree_and_place() -> impl Strategy<Value = (u64, u64)> {
    let size = (0..=48_u32).prop_flat_map(|height| {
        let least = 1_u64 << height;
        prop_oneof![
            Just(least),
            Just(least.saturating_sub(1).max(1)),
            Just((least + 1).min(MAX_SIZE)),
            least..=(least * 2 - 1).min(MAX_SIZE),
        ]
    });
    size.prop_flat_map(|size| (Just(size), prop_oneof![Just(size - 1), 0..size]))
}

fn suite() -> impl Strategy<Value = Suite> {
    prop_oneof![Just(Suite::Sha256), Just(Suite::Sm3)]
}

/// Most tiles along one path: one on each level.
const LEVELS: usize = 7;

proptest! {
    #[test]
    fn inclusion_is_proved_in_trees_of_any_size((size, index) in tree_and_place(), suite in suite()) {
        let tree = OneLeafDiffers::new(suite, index);
        let source = Once::new(tree.clone());
        let proof = inclusion(suite, index, size, &source).unwrap();
        prop_assert!(source.count() <= 2 * LEVELS);
        let (leaf, root) = (tree.node(0, index), tree.root(0, size));
        prop_assert_eq!(super::root(suite, size, &source.source), Ok(root));
        prop_assert_eq!(verify_inclusion(suite, index, size, &leaf, &proof, &root), Ok(()));
        let other = tree.equal[0];
        prop_assert_eq!(
            verify_inclusion(suite, index, size, &other, &proof, &root),
            Err(ProofError::RootDiffers)
        );
        let wrong = index ^ 1;
        prop_assert!(verify_inclusion(suite, wrong, size, &leaf, &proof, &root).is_err() || size == 1);
    }

    #[test]
    fn growth_is_proved_between_trees_of_any_size(
        (size, last) in tree_and_place(),
        suite in suite(),
        position in 0..MAX_SIZE,
    ) {
        let tree = OneLeafDiffers::new(suite, position % size);
        let source = Once::new(tree.clone());
        let old_size = last + 1;
        let proof = consistency(suite, old_size, size, &source).unwrap();
        prop_assert!(source.count() <= 2 * LEVELS);
        let (old_root, root) = (tree.root(0, old_size), tree.root(0, size));
        prop_assert_eq!(verify_consistency(suite, old_size, &old_root, size, &root, &proof), Ok(()));
        // Another history of the same sizes, with the differing leaf elsewhere.
        let fork = OneLeafDiffers::new(suite, (position + 1) % size).root(0, size);
        prop_assert!(
            verify_consistency(suite, old_size, &old_root, size, &fork, &proof).is_err() || fork == root
        );
    }

    #[test]
    fn ranges_are_proved_complete_in_trees_of_any_size(
        (size, from) in tree_and_place(),
        suite in suite(),
        count in 1..600_u64,
    ) {
        let to = (from + count).min(size);
        let tree = OneLeafDiffers::new(suite, from);
        let source = Once::new(tree.clone());
        let proof = range(suite, from, to, size, &source).unwrap();
        prop_assert!(source.count() <= 3 * LEVELS);
        prop_assert!(proof.left.len() <= 48 && proof.right.len() <= 48);
        let within = leaf_hashes(suite, from, to, size, &Once::new(tree.clone())).unwrap();
        let root = tree.root(0, size);
        prop_assert_eq!(verify_range(suite, from, &within, size, &proof, &root), Ok(()));
        // One leaf left out at the front, the range and its proof else as they were.
        prop_assert!(verify_range(suite, from + 1, &within[1..], size, &proof, &root).is_err());
        prop_assert!(verify_range(suite, from, &within[1..], size, &proof, &root).is_err());
    }

    #[test]
    fn checking_foreign_proofs_never_panics(
        numbers in any::<[u64; 3]>(),
        shift in 0..64_u32,
        proof in prop::collection::vec(any::<Hash>(), 0..70),
        right in prop::collection::vec(any::<Hash>(), 0..70),
    ) {
        let [index, size, other] = numbers.map(|number| number >> shift);
        let hash = [7; 32];
        for suite in SUITES {
            prop_assert!(verify_inclusion(suite, index, size, &hash, &proof, &hash).is_err());
            let grown = verify_consistency(suite, index, &hash, size, &hash, &proof);
            prop_assert!(grown.is_err() || index == size && proof.is_empty());
            let sides = RangeProof { left: proof.clone(), right: right.clone() };
            prop_assert!(verify_range(suite, other, &right, size, &sides, &hash).is_err());
        }
    }
}
