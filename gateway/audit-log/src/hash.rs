//! The hashes of RFC 6962 §2.1 over SHA-256.
//!
//! Only the two prefixed hashes and their type. It builds no tree ([`crate::tree`] does) and chains nothing
//! ([`crate::chain`] does). Everything that names an entry or a root relies on it.

use sha2::{Digest, Sha256};

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
pub(crate) fn prefixed_leaf_hash(prefixed: &[u8]) -> Option<Hash> {
    (prefixed.first() == Some(&0x00)).then(|| Sha256::digest(prefixed).into())
}

/// Returns the hash of an inner node: SHA-256(0x01 ‖ `left` ‖ `right`).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    // One contiguous block, because a node is the hash made most often and three updates cost more than this copy.
    let mut block = [0x01_u8; 65];
    block[1..33].copy_from_slice(left);
    block[33..].copy_from_slice(right);
    Sha256::digest(block).into()
}

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
