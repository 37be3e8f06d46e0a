//! `ct-merkle`: a tree of RFC 6962 that builds, proves and verifies over any hash, hence over SM3 too.

use audit_proof::{
    Hash,
    proof::{consistency, inclusion, verify_consistency, verify_inclusion},
    suite::Suite,
};
use ct_merkle::{
    ConsistencyProof, InclusionProof, RootHash,
    digest::{Digest, Output},
    mem_backed_tree::MemoryBackedTree,
};
use sha2::Sha256;
use sm3::Sm3;

use crate::log::{Log, one_bit_changed};

/// The entries of a log in their tree.
type Tree<H> = MemoryBackedTree<H, Vec<u8>>;

/// Most entries of a log all of whose proofs are judged: past a tile.
const LARGEST: u64 = 260;

fn their_root<H: Digest>(root: &Hash, size: u64) -> RootHash<H> {
    RootHash::new(Output::<H>::try_from(&root[..]).unwrap(), size)
}

fn tree_of<H: Digest>(log: &Log) -> Tree<H> {
    let mut tree = Tree::new();
    log.entries
        .iter()
        .for_each(|entry| tree.push(entry.clone()));
    tree
}

fn accepts_entry<H: Digest>(
    root: &Hash,
    size: u64,
    index: u64,
    entry: &Vec<u8>,
    proof: &[u8],
) -> bool {
    let proof = InclusionProof::<H>::try_from_bytes(proof.to_vec()).unwrap();
    let root = their_root::<H>(root, size);
    root.verify_inclusion(entry, index, &proof).is_ok()
}

fn accepts_growth<H: Digest>(old: (&Hash, u64), new: (&Hash, u64), proof: &[u8]) -> bool {
    let proof = ConsistencyProof::<H>::try_from_bytes(proof.to_vec()).unwrap();
    let (old, new) = (their_root::<H>(old.0, old.1), their_root::<H>(new.0, new.1));
    new.verify_consistency(&old, &proof).is_ok()
}

#[test]
fn roots_of_every_size_are_theirs() {
    fn check<H: Digest>(suite: Suite) {
        let log = Log::of(suite, LARGEST);
        let mut tree = Tree::<H>::new();
        for (entry, root) in log.entries.iter().zip(&log.roots[1..]) {
            tree.push(entry.clone());
            assert_eq!(
                tree.root().as_bytes()[..],
                root[..],
                "{suite:?} {}",
                tree.len()
            );
        }
        let empty = H::digest([]);
        assert_eq!(empty[..], log.roots[0][..]);
    }
    check::<Sha256>(Suite::Sha256);
    check::<Sm3>(Suite::Sm3);
}

#[test]
fn proofs_of_every_entry_are_theirs_and_accepted() {
    fn check<H: Digest>(suite: Suite) {
        for size in [1, 2, 3, 7, 64, 255, 256, 257, LARGEST] {
            let log = Log::of(suite, size);
            let tree = tree_of::<H>(&log);
            for (index, entry) in (0..).zip(&log.entries) {
                let proof = inclusion(suite, index, size, &log.tiles).unwrap();
                let proof = proof.as_flattened();
                let theirs = tree.prove_inclusion(index as usize);
                assert_eq!(theirs.as_bytes(), proof, "{suite:?} {index} of {size}");
                assert!(accepts_entry::<H>(&log.root(), size, index, entry, proof));
            }
        }
    }
    check::<Sha256>(Suite::Sha256);
    check::<Sm3>(Suite::Sm3);
}

#[test]
fn proofs_of_growth_are_theirs_and_accepted() {
    fn check<H: Digest>(suite: Suite) {
        for size in [2, 3, 7, 64, 255, 256, 257, LARGEST] {
            let log = Log::of(suite, size);
            let tree = tree_of::<H>(&log);
            for old in 1..size {
                let proof = consistency(suite, old, size, &log.tiles).unwrap();
                let proof = proof.as_flattened();
                let theirs = tree.prove_consistency((size - old) as usize);
                assert_eq!(theirs.as_bytes(), proof, "{suite:?} {old} to {size}");
                let old = (&log.roots[old as usize], old);
                assert!(accepts_growth::<H>(old, (&log.root(), size), proof));
            }
        }
    }
    check::<Sha256>(Suite::Sha256);
    check::<Sm3>(Suite::Sm3);
}

#[test]
fn one_changed_bit_is_refused_by_both() {
    fn check<H: Digest>(suite: Suite) {
        let (size, index, old) = (11, 8, 6);
        let log = Log::of(suite, size);
        let (root, entry) = (log.root(), &log.entries[index as usize]);
        let old_root = log.roots[old as usize];
        let hashes = |bytes: &[u8]| bytes.as_chunks::<32>().0.to_vec();
        let included = |root: &[u8], entry: &Vec<u8>, proof: &[u8]| {
            let root = root.try_into().unwrap();
            let theirs = accepts_entry::<H>(&root, size, index, entry, proof);
            let leaf = suite.leaf_hash(entry);
            let ours = verify_inclusion(suite, index, size, &leaf, &hashes(proof), &root);
            assert_eq!(theirs, ours.is_ok());
            theirs
        };
        let grown = |old_root: &[u8], root: &[u8], proof: &[u8]| {
            let (old_root, root) = (old_root.try_into().unwrap(), root.try_into().unwrap());
            let theirs = accepts_growth::<H>((&old_root, old), (&root, size), proof);
            let ours = verify_consistency(suite, old, &old_root, size, &root, &hashes(proof));
            assert_eq!(theirs, ours.is_ok());
            theirs
        };
        let path = inclusion(suite, index, size, &log.tiles).unwrap();
        let path = path.as_flattened();
        assert!(included(&root, entry, path));
        assert!(one_bit_changed(path).all(|changed| !included(&root, entry, &changed)));
        assert!(one_bit_changed(&root).all(|changed| !included(&changed, entry, path)));
        assert!(one_bit_changed(entry).all(|changed| !included(&root, &changed, path)));
        let growth = consistency(suite, old, size, &log.tiles).unwrap();
        let growth = growth.as_flattened();
        assert!(grown(&old_root, &root, growth));
        assert!(one_bit_changed(growth).all(|changed| !grown(&old_root, &root, &changed)));
        assert!(one_bit_changed(&root).all(|changed| !grown(&old_root, &changed, growth)));
        assert!(one_bit_changed(&old_root).all(|changed| !grown(&changed, &root, growth)));
    }
    check::<Sha256>(Suite::Sha256);
    check::<Sm3>(Suite::Sm3);
}
