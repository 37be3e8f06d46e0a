//! The hashes of RFC 6962 §2.1 over SHA-256.
//!
//! Only the two prefixed hashes and their type. It builds no tree ([`crate::tree`] does) and chains nothing
//! ([`crate::chain`] does). Everything that names an entry or a root relies on it.

use sha2::{Digest, Sha256, block_api::compress256};

/// A SHA-256 value, in bytes as it is stored and compared.
pub type Hash = [u8; 32];

/// Returns the hash of a leaf: SHA-256(0x00 ‖ `data`).
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x00]);
    hasher.update(data);
    hasher.finalize().into()
}

/// Returns the hash of the leaf that follows the prefix 0x00 in `prefixed`; `None` when that prefix is not there.
#[must_use]
pub fn prefixed_leaf_hash(prefixed: &[u8]) -> Option<Hash> {
    (prefixed.first() == Some(&0x00)).then(|| sha256(prefixed))
}

/// Returns the hash of an inner node: SHA-256(0x01 ‖ `left` ‖ `right`).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    // Contiguous, because a node is the hash made most often and three updates cost more than this copy.
    let mut node = [0x01_u8; 65];
    node[1..33].copy_from_slice(left);
    node[33..].copy_from_slice(right);
    sha256(&node)
}

/// Returns the SHA-256 value of `bytes`: FIPS 180-4 §5.1.1 padding around the library's compression.
///
/// The same as `Sha256::digest`, which buffers and erases what here lies in one piece; that is a tenth of a short hash.
fn sha256(bytes: &[u8]) -> Hash {
    let mut state = INITIAL;
    let (blocks, rest) = bytes.as_chunks::<64>();
    compress256(&mut state, blocks);
    let mut last = [[0_u8; 64]; 2];
    let flat = last.as_flattened_mut();
    flat[..rest.len()].copy_from_slice(rest);
    flat[rest.len()] = 0x80;
    // The bit, and the length in 64 bits, need one block or two.
    let count = if rest.len() < 56 { 1 } else { 2 };
    let bits = (bytes.len() as u64) << 3;
    flat[count * 64 - 8..count * 64].copy_from_slice(&bits.to_be_bytes());
    compress256(&mut state, &last[..count]);
    let mut hash = [0; 32];
    for (out, word) in hash.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *out = word.to_be_bytes();
    }
    hash
}

/// The initial value of SHA-256 (FIPS 180-4 §5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Returns the root of the empty tree: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Writes `bytes` as lower-case hexadecimal.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_equal_the_published_test_vectors() {
        // Certificate Transparency reference vectors: empty tree, empty leaf, and the root of two leaves.
        assert_eq!(
            to_hex(&empty_root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        let empty_leaf = leaf_hash(b"");
        assert_eq!(
            to_hex(&empty_leaf),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        let pair = node_hash(&empty_leaf, &leaf_hash(&[0x00]));
        assert_eq!(
            to_hex(&pair),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
    }

    #[test]
    fn values_of_every_length_are_those_of_the_library() {
        let bytes: Vec<u8> = (0..600_u16).map(|number| (number % 251) as u8).collect();
        for length in 0..bytes.len() {
            let expected: Hash = Sha256::digest(&bytes[..length]).into();
            assert_eq!(sha256(&bytes[..length]), expected, "{length} bytes");
        }
    }

    #[test]
    fn a_leaf_is_hashed_with_its_prefix_only_where_that_stands() {
        assert_eq!(prefixed_leaf_hash(b"\x00ab"), Some(leaf_hash(b"ab")));
        assert_eq!(prefixed_leaf_hash(b"\x01ab"), None);
        assert_eq!(prefixed_leaf_hash(b""), None);
    }

    #[test]
    fn a_leaf_is_never_a_node() {
        let (left, right) = ([1; 32], [2; 32]);
        let concatenated: Vec<u8> = left.iter().chain(&right).copied().collect();
        assert_ne!(leaf_hash(&concatenated), node_hash(&left, &right));
    }
}
