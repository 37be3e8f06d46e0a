//! What has to be computed from every entry besides the chain: the heads of the SM3 tree, and the party counters.
//!
//! Only asked for sometimes, so [`crate::verify`] and [`crate::mirror`] do not do it; whoever does asks one of them first,
//! since nothing here checks that the entries are those of a sound log. Entries are taken from any iterator and a few
//! thousand are held at once.

use crate::{
    chain::Head,
    entry::Entry,
    hash::Hash,
    party::{CounterCheck, CounterReport, PartyKeys},
    peaks::{self, Peaks},
    suite::Suite,
};

/// Entries that are hashed together.
///
/// Enough that starting a thread for them costs nothing beside; entries are mostly some hundred bytes long.
const BATCH_ENTRIES: usize = 16 * BLOCK_ENTRIES;

/// Entries of a block: the leaves of a perfect subtree, whose root is computed beside others.
const BLOCK_ENTRIES: usize = 1 << BLOCK_HEIGHT;

/// Height of the subtree over a block.
const BLOCK_HEIGHT: u32 = 8;

/// Bytes of entries from which on no further block is taken in: at most 24 MiB are held.
const BATCH_BYTES: usize = 8 << 20;

/// What is wanted of a second pass.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'a> {
    /// Sizes at which the heads of the SM3 tree are wanted. In any order.
    pub sm3_sizes: Vec<u64>,
    /// The keys with which party signatures and counters are checked.
    pub party_keys: Option<&'a PartyKeys>,
    /// How many threads hash at once; 0 counts as 1.
    pub threads: usize,
}

/// What a second pass gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecondPass {
    /// Entries taken.
    pub entries: u64,
    /// Heads of the SM3 tree, in ascending order; their hashes are SM3.
    pub sm3_heads: Vec<Head>,
    /// What the party counters show.
    pub party: Option<CounterReport>,
}

/// Takes the first `size` entries of a log, from its beginning.
///
/// Bytes that are no entry are passed over: the check that came before has found them.
///
/// # Errors
/// What the iterator gave instead of an entry.
pub fn run<E>(
    entries: impl Iterator<Item = Result<Vec<u8>, E>>,
    size: u64,
    wanted: &Wanted<'_>,
) -> Result<SecondPass, E> {
    let mut sizes = wanted.sm3_sizes.clone();
    sizes.sort_unstable();
    sizes.dedup();
    let mut pass = Pass {
        sizes: sizes.into_iter().filter(|size| *size > 0).peekable(),
        peaks: Peaks::new(Suite::Sm3),
        counters: wanted.party_keys.map(CounterCheck::new),
        threads: wanted.threads.max(1),
        found: SecondPass::default(),
    };
    let mut batch = Vec::new();
    let mut bytes = 0;
    for entry in entries.take(usize::try_from(size).unwrap_or(usize::MAX)) {
        let entry = entry?;
        bytes += entry.len();
        batch.push(entry);
        // Whole blocks, so that the next batch begins where a block does.
        let is_whole = batch.len().is_multiple_of(BLOCK_ENTRIES);
        if batch.len() == BATCH_ENTRIES || (is_whole && bytes >= BATCH_BYTES) {
            pass.take(&batch);
            batch.clear();
            bytes = 0;
        }
    }
    pass.take(&batch);
    pass.found.party = pass.counters.map(CounterCheck::finish);
    Ok(pass.found)
}

/// A pass under way.
struct Pass<'a, Sizes: Iterator<Item = u64>> {
    sizes: std::iter::Peekable<Sizes>,
    peaks: Peaks,
    counters: Option<CounterCheck<'a>>,
    threads: usize,
    found: SecondPass,
}

impl<Sizes: Iterator<Item = u64>> Pass<'_, Sizes> {
    fn take(&mut self, batch: &[Vec<u8>]) {
        self.found.entries += batch.len() as u64;
        if let Some(counters) = &mut self.counters {
            batch
                .iter()
                .filter_map(|bytes| Entry::decode(bytes).ok())
                .for_each(|entry| counters.take(&entry));
        }
        // Behind the last size that is wanted nothing is hashed.
        if self.sizes.peek().is_none() {
            return;
        }
        for (entries, block) in batch.chunks(BLOCK_ENTRIES).zip(blocks(batch, self.threads)) {
            self.take_block(entries, &block);
        }
    }

    fn take_block(&mut self, entries: &[Vec<u8>], block: &Block) {
        let end = self.peaks.size() + block.leaves.len() as u64;
        if let Some(root) = block.root
            && self.sizes.peek().is_none_or(|size| *size > end)
        {
            self.peaks.push(BLOCK_HEIGHT, root, |_, _| {});
            return;
        }
        for (leaf, bytes) in block.leaves.iter().zip(entries) {
            self.peaks.push(0, *leaf, |_, _| {});
            let size = self.peaks.size();
            if self.sizes.next_if(|wanted| *wanted == size).is_some() {
                self.found.sm3_heads.push(Head {
                    size,
                    hash: *leaf,
                    root: self.peaks.root(),
                    time_ns: Entry::decode(bytes).map_or(0, |entry| entry.time_ns()),
                });
            }
        }
    }
}

/// The SM3 hashes of a block.
#[derive(Debug, Clone, Default)]
struct Block {
    leaves: Vec<Hash>,
    /// The root over the leaves of a whole block.
    root: Option<Hash>,
}

/// Returns the hashes of the blocks of a batch, in order.
fn blocks(batch: &[Vec<u8>], threads: usize) -> Vec<Block> {
    let parts: Vec<&[Vec<u8>]> = batch.chunks(BLOCK_ENTRIES).collect();
    let mut blocks = vec![Block::default(); parts.len()];
    let share = parts.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for (parts, blocks) in parts.chunks(share).zip(blocks.chunks_mut(share)) {
            scope.spawn(move || {
                for (entries, block) in parts.iter().zip(blocks) {
                    *block = Block::of(entries);
                }
            });
        }
    });
    blocks
}

impl Block {
    fn of(entries: &[Vec<u8>]) -> Self {
        let leaf = |entry: &Vec<u8>| Suite::Sm3.leaf_hash(entry);
        let leaves: Vec<Hash> = entries.iter().map(leaf).collect();
        let is_whole = leaves.len() == BLOCK_ENTRIES;
        Self {
            root: is_whole.then(|| peaks::fold(Suite::Sm3, &leaves)),
            leaves,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tile::TileAppender;

    #[test]
    fn sm3_heads_are_those_of_the_tree_at_every_size() {
        let entries: Vec<Vec<u8>> = (0..600_u32).map(|n| n.to_be_bytes().to_vec()).collect();
        let wanted = Wanted {
            sm3_sizes: (0..=700).rev().collect(),
            party_keys: None,
            threads: 3,
        };
        let given = entries.iter().cloned().map(Ok::<_, ()>);
        let found = run(given, 500, &wanted).unwrap();
        assert_eq!(found.sm3_heads.len(), 500);
        let mut tree = TileAppender::new(Suite::Sm3);
        for (entry, head) in entries.iter().zip(&found.sm3_heads) {
            let leaf = Suite::Sm3.leaf_hash(entry);
            tree.append(leaf).unwrap();
            assert_eq!((head.size, head.hash), (tree.size(), leaf));
            assert_eq!(head.root, tree.root());
        }
    }

    #[test]
    fn heads_between_whole_blocks_are_the_same_as_one_by_one() {
        let entries: Vec<Vec<u8>> = (0..10_000_u32).map(|n| n.to_be_bytes().to_vec()).collect();
        let sizes = [256, 257, 4096, 4097, 8191, 9_999, 10_000];
        let wanted = Wanted {
            sm3_sizes: sizes.to_vec(),
            party_keys: None,
            threads: 2,
        };
        let found = run(entries.iter().cloned().map(Ok::<_, ()>), u64::MAX, &wanted).unwrap();
        let mut tree = TileAppender::new(Suite::Sm3);
        let mut expected = Vec::new();
        for entry in &entries {
            tree.append(Suite::Sm3.leaf_hash(entry)).unwrap();
            expected.extend(sizes.contains(&tree.size()).then(|| tree.root()));
        }
        let roots: Vec<Hash> = found.sm3_heads.iter().map(|head| head.root).collect();
        assert_eq!(roots, expected);
    }

    #[test]
    fn the_error_of_the_iterator_is_given_back() {
        let given = [Ok(vec![1]), Err("broken")].into_iter();
        assert_eq!(run(given, 9, &Wanted::default()), Err("broken"));
    }
}
