//! The index of a sealed segment: sorted addresses in a file beside it, searched by reading at places.
//!
//! Made when a segment is sealed and again whenever it is missing or damaged; losing it loses nothing. Addresses are
//! hashes and so spread evenly, which is why the search starts where the address should be and seldom reads more than
//! two blocks. Every block has its own checksum: a damaged index is noticed and not taken for an absent address.
//!
//! ```text
//! header   magic 8 | segment number u64 | bundles u64 | crc32c u32
//! block    address 32, offset u64 … (102 of them, the last block fewer) | zeros | crc32c u32     4096 bytes
//! ```

use std::io;

use audit_log::{
    Hash,
    disk::{DiskFile, read_range},
};

const MAGIC: &[u8; 8] = b"EVIDINDX";
const HEADER_BYTES: usize = 8 + 8 + 8 + 4;
const BLOCK_BYTES: usize = 4096;
const ENTRY_BYTES: usize = 32 + 8;
/// Entries in a full block.
const BLOCK_ENTRIES: usize = (BLOCK_BYTES - 4) / ENTRY_BYTES;

/// Encodes the index of segment `number`; of bundles with one address the last is kept.
pub(crate) fn encode(number: u64, bundles: impl IntoIterator<Item = (Hash, u64)>) -> Vec<u8> {
    let mut entries: Vec<_> = bundles.into_iter().collect();
    entries.sort_unstable();
    // After sorting, the last of equal addresses has the greatest offset; keep that one.
    entries.reverse();
    entries.dedup_by_key(|(address, _)| *address);
    entries.reverse();
    let mut out =
        Vec::with_capacity(HEADER_BYTES + entries.len().div_ceil(BLOCK_ENTRIES) * BLOCK_BYTES);
    out.extend(MAGIC);
    out.extend(number.to_le_bytes());
    out.extend((entries.len() as u64).to_le_bytes());
    let sum = crc32c::crc32c(&out);
    out.extend(sum.to_le_bytes());
    for block in entries.chunks(BLOCK_ENTRIES) {
        let start = out.len();
        for (address, offset) in block {
            out.extend(address);
            out.extend(offset.to_le_bytes());
        }
        out.resize(start + BLOCK_BYTES - 4, 0);
        let sum = crc32c::crc32c(&out[start..]);
        out.extend(sum.to_le_bytes());
    }
    out
}

/// What looking up an address gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// The bundle is at this offset of the segment.
    At(u64),
    /// The segment has no such bundle.
    Absent,
    /// The index is damaged and cannot tell.
    Damaged,
}

/// An open index.
#[derive(Debug)]
pub(crate) struct Index {
    file: Box<dyn DiskFile>,
    entries: u64,
}

impl Index {
    /// Takes a file as the index of segment `number`; `None` when it is not a whole one.
    pub(crate) fn open(file: Box<dyn DiskFile>, number: u64) -> io::Result<Option<Self>> {
        let mut header = Vec::new();
        read_range(&*file, 0, HEADER_BYTES as u64, &mut header)?;
        let Some((content, sum)) = header.split_last_chunk::<4>() else {
            return Ok(None);
        };
        let numbers = |range: std::ops::Range<usize>| {
            Some(u64::from_le_bytes(content.get(range)?.try_into().ok()?))
        };
        let is_header = content.starts_with(MAGIC)
            && crc32c::crc32c(content) == u32::from_le_bytes(*sum)
            && numbers(8..16) == Some(number);
        let Some(entries) = numbers(16..24).filter(|_| is_header) else {
            return Ok(None);
        };
        let blocks = entries.div_ceil(BLOCK_ENTRIES as u64);
        let is_whole = file.length()? == HEADER_BYTES as u64 + blocks * BLOCK_BYTES as u64;
        Ok(is_whole.then_some(Self { file, entries }))
    }

    /// Looks up an address.
    pub(crate) fn find(&self, address: &Hash) -> io::Result<Found> {
        let mut block = Vec::new();
        let (mut low, mut high) = (0, self.entries.div_ceil(BLOCK_ENTRIES as u64));
        let (leading, _) = address
            .split_first_chunk::<8>()
            .expect("an address has 32 bytes");
        let share = (u128::from(u64::from_be_bytes(*leading)) * u128::from(high)) >> 64;
        let mut guess = u64::try_from(share).expect("a share of a number is not greater than it");
        let mut step = 1;
        while low < high {
            let Some(entries) = self.read_block(guess, &mut block)? else {
                return Ok(Found::Damaged);
            };
            let (first, last) = (
                entry(entries, 0),
                entry(entries, entries.len() / ENTRY_BYTES - 1),
            );
            if *address < first.0 {
                high = guess;
                guess = guess.saturating_sub(step).max(low);
            } else if *address > last.0 {
                low = guess + 1;
                guess = (guess + step).min(high.saturating_sub(1)).max(low);
            } else {
                return Ok(find_in_block(entries, address).map_or(Found::Absent, Found::At));
            }
            // Doubling the step bounds the search by the logarithm, however unevenly the addresses lie.
            step *= 2;
        }
        Ok(Found::Absent)
    }

    /// Reads the entries of a block into `block`; `None` when it fails its checksum.
    fn read_block<'a>(&self, number: u64, block: &'a mut Vec<u8>) -> io::Result<Option<&'a [u8]>> {
        let offset = HEADER_BYTES as u64 + number * BLOCK_BYTES as u64;
        read_range(&*self.file, offset, offset + BLOCK_BYTES as u64, block)?;
        let Some((content, sum)) = block.split_last_chunk::<4>() else {
            return Ok(None);
        };
        if content.len() + 4 != BLOCK_BYTES || crc32c::crc32c(content) != u32::from_le_bytes(*sum) {
            return Ok(None);
        }
        let left = self.entries - number * BLOCK_ENTRIES as u64;
        let entries = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(BLOCK_ENTRIES);
        Ok(Some(&content[..entries * ENTRY_BYTES]))
    }
}

fn entry(entries: &[u8], place: usize) -> (Hash, u64) {
    let (address, rest) = entries[place * ENTRY_BYTES..]
        .split_first_chunk::<32>()
        .expect("an entry has 40 bytes");
    let (offset, _) = rest
        .split_first_chunk::<8>()
        .expect("an entry has 40 bytes");
    (*address, u64::from_le_bytes(*offset))
}

fn find_in_block(entries: &[u8], address: &Hash) -> Option<u64> {
    let entries = entries.as_chunks::<ENTRY_BYTES>().0;
    let place = entries
        .binary_search_by(|entry| entry[..32].cmp(address))
        .ok()?;
    Some(entry(&entries[place], 0).1)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use audit_log::{
        disk::{Disk as _, simulation::SimulatedDisk},
        leaf_hash,
    };
    use proptest::prelude::*;

    use super::*;

    fn open(bytes: Vec<u8>, number: u64) -> Option<Index> {
        let disk = SimulatedDisk::new();
        disk.put(Path::new("/index"), bytes);
        Index::open(disk.open(Path::new("/index"), false).unwrap(), number).unwrap()
    }

    fn bundles(count: u64) -> Vec<(Hash, u64)> {
        (0..count)
            .map(|number| (leaf_hash(&number.to_le_bytes()), number * 7))
            .collect()
    }

    #[test]
    fn every_address_is_found_and_no_other() {
        for count in [0, 1, 2, 101, 102, 103, 204, 5_000] {
            let index = open(encode(3, bundles(count)), 3).expect("it is whole");
            for (address, offset) in bundles(count) {
                assert_eq!(index.find(&address).unwrap(), Found::At(offset));
            }
            for absent in [[0; 32], [0xff; 32], leaf_hash(b"absent")] {
                assert_eq!(index.find(&absent).unwrap(), Found::Absent, "of {count}");
            }
        }
    }

    #[test]
    fn of_equal_addresses_the_last_is_found() {
        let index =
            open(encode(0, [([5; 32], 10), ([5; 32], 30), ([5; 32], 20)]), 0).expect("it is whole");
        assert_eq!(index.find(&[5; 32]).unwrap(), Found::At(30));
    }

    #[test]
    fn a_damaged_index_is_noticed() {
        let whole = encode(3, bundles(150));
        assert!(open(whole.clone(), 4).is_none(), "it is of another segment");
        assert!(
            open(whole[..whole.len() - 1].to_vec(), 3).is_none(),
            "it is cut"
        );
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1;
            let Some(index) = open(damaged, 3) else {
                continue;
            };
            let found: Vec<_> = bundles(150)
                .iter()
                .map(|(address, _)| index.find(address).unwrap())
                .collect();
            assert!(found.contains(&Found::Damaged), "byte {place}");
            for (found, (_, offset)) in found.iter().zip(bundles(150)) {
                assert!(
                    [Found::Damaged, Found::At(offset)].contains(found),
                    "byte {place}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn addresses_that_lie_unevenly_are_found(
            leading in prop::collection::btree_set(any::<u16>(), 0..600), other in any::<u16>(),
        ) {
            // Only the last two bytes differ, so every first guess is the first block.
            let address = |number: u16| { let mut address = [0; 32]; address[30..].copy_from_slice(&number.to_be_bytes()); address };
            let index = open(encode(0, leading.iter().map(|n| (address(*n), u64::from(*n)))), 0).expect("it is whole");
            for number in &leading {
                prop_assert_eq!(index.find(&address(*number)).unwrap(), Found::At(u64::from(*number)));
            }
            let expected = if leading.contains(&other) { Found::At(u64::from(other)) } else { Found::Absent };
            prop_assert_eq!(index.find(&address(other)).unwrap(), expected);
        }
    }
}
