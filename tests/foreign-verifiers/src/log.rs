//! A small log with tiles, made by our code, for others to judge.

use std::{fs, path::Path};

use audit_proof::{
    Hash,
    proof::MemoryTiles,
    suite::Suite,
    tile::{EntryBundle, TileAppender},
};

/// Entries with their tree.
pub(crate) struct Log {
    pub(crate) suite: Suite,
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) tiles: MemoryTiles,
    /// The root of every size, from that of the empty tree on.
    pub(crate) roots: Vec<Hash>,
}

impl Log {
    /// Returns a log of `size` entries, all different, the first of them empty.
    pub(crate) fn of(suite: Suite, size: u64) -> Self {
        let mut appender = TileAppender::new(suite);
        let mut log = Self {
            suite,
            entries: Vec::new(),
            tiles: MemoryTiles::new(),
            roots: vec![appender.root()],
        };
        for number in 0..size {
            let entry = match number {
                0 => Vec::new(),
                _ => format!("entry {number}").into_bytes(),
            };
            let full = appender.append(suite.leaf_hash(&entry)).unwrap();
            log.tiles
                .extend(full.into_iter().map(|filled| (filled.tile, filled.hashes)));
            log.entries.push(entry);
            log.roots.push(appender.root());
        }
        for filled in appender.partial_tiles() {
            log.tiles.insert(filled.tile, filled.hashes);
        }
        log
    }

    /// Returns how many entries there are.
    pub(crate) fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Returns the root of all entries.
    pub(crate) fn root(&self) -> Hash {
        self.roots[self.entries.len()]
    }

    /// Writes the files of all tiles and entry bundles into a folder.
    pub(crate) fn publish(&self, folder: &Path) {
        for (tile, hashes) in &self.tiles {
            write(folder, &tile.path(), hashes.as_flattened());
        }
        for (index, entries) in (0..).zip(self.entries.chunks(256)) {
            let bundle = EntryBundle::of_tree(index, self.size()).unwrap();
            write(folder, &bundle.path(), &bundle.encode(entries).unwrap());
        }
    }
}

fn write(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Returns everything that differs from `bytes` in one bit.
pub(crate) fn one_bit_changed(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}
