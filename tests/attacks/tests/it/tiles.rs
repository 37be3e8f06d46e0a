//! Tiles and bundles edited on disk: no proof made from them holds, and nothing else has to be asked to know it.

use std::fs;

use attacks::gateway::{Case, Node};
use audit_proof::{
    checkpoint::Checkpoint,
    hash::Hash,
    note::Note,
    proof::{FolderTiles, inclusion, verify_inclusion},
    suite::Suite,
    tile::EntryBundle,
};

use crate::small::Small;

/// A full tile and a partial one.
const SIZE: u64 = 300;

struct Published {
    case: Case,
    root: Hash,
    leaves: Vec<Hash>,
}

fn published(small: &Small) -> Published {
    let case = small.case("node", SIZE);
    let mut node = Node::open(&small.world.keys, &case.audit()).unwrap();
    small.append(&node, 0, SIZE, "");
    let note: Note = node.sign(small.world.time_s(SIZE)).unwrap();
    let reader = node.log.reader();
    let leaves = reader
        .entries_from(0)
        .map(|entry| entry.unwrap().leaf_hash());
    let leaves = leaves.collect();
    node.log.close().unwrap();
    let root = *Checkpoint::parse(note.text()).unwrap().root();
    Published { case, root, leaves }
}

impl Published {
    /// Whether the entry at `index` is proven, from the tiles as they are.
    fn is_proven(&self, index: u64) -> bool {
        let tiles = FolderTiles::new(self.case.tiles());
        let proof = inclusion(Suite::Sha256, index, SIZE, &tiles);
        let leaf = &self.leaves[index as usize];
        proof.is_ok_and(|proof| {
            verify_inclusion(Suite::Sha256, index, SIZE, leaf, &proof, &self.root).is_ok()
        })
    }
}

#[test]
fn every_hash_edited_in_a_tile_spoils_the_proof_of_its_neighbour_and_of_no_entry_falsely() {
    let small = Small::new();
    let published = published(&small);
    assert!((0..SIZE).all(|index| published.is_proven(index)));
    for index in 0..SIZE {
        let name = match index / 256 {
            0 => "tile/0/000".to_owned(),
            _ => format!("tile/0/001.p/{}", SIZE - 256),
        };
        let path = published.case.tiles().join(name);
        let bytes = fs::read(&path).unwrap();
        let mut edited = bytes.clone();
        edited[(index % 256) as usize * 32 + index as usize % 32] ^= 0x20;
        fs::write(&path, edited).unwrap();
        assert!(!published.is_proven(index ^ 1), "{index}");
        fs::write(&path, bytes).unwrap();
    }
}

#[test]
fn an_upper_tile_that_was_edited_spoils_every_proof_that_needs_it() {
    let small = Small::new();
    let published = published(&small);
    let path = published.case.tiles().join("tile/1/000.p/1");
    let mut bytes = fs::read(&path).unwrap();
    bytes[5] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!((256..SIZE).all(|index| !published.is_proven(index)));
    assert!((0..256).all(|index| published.is_proven(index)));
}

#[test]
fn every_byte_edited_in_an_entry_of_a_bundle_gives_a_leaf_that_no_proof_accepts() {
    let small = Small::new();
    let published = published(&small);
    let bundle = EntryBundle::of_tree(1, SIZE).unwrap();
    let path = published.case.tiles().join(bundle.path());
    let bytes = fs::read(&path).unwrap();
    let tiles = FolderTiles::new(published.case.tiles());
    let first = 2 + usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    let proof = inclusion(Suite::Sha256, 256, SIZE, &tiles).unwrap();
    for at in 0..first {
        let mut edited = bytes.clone();
        edited[at] ^= 4;
        fs::write(&path, edited).unwrap();
        let Ok(entries) = tiles.entries(bundle) else {
            continue;
        };
        let leaf = Suite::Sha256.leaf_hash(&entries[0]);
        let verified = verify_inclusion(Suite::Sha256, 256, SIZE, &leaf, &proof, &published.root);
        assert!(verified.is_err(), "byte {at}");
    }
}
