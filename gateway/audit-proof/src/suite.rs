//! The hash suites a tree can be made with: SHA-256, and SM3 for Chinese courts (国密).
//!
//! The three hashes of RFC 6962 §2.1 over either function. It chooses no suite and knows no tree: whoever makes or checks
//! a proof names the suite, and a proof made with one never holds with the other. [`crate::proof`] and [`crate::tile`]
//! rely on it. The tree of the log itself is always SHA-256 ([`crate::hash`]); its entries may link by SM3 too
//! ([`LogSuite`]).

use sha2::{Digest as _, Sha256};
use sm3::Sm3;

use crate::hash::{self, Hash};

/// The hash function of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// SHA-256 (FIPS 180-4), which every verifier of transparency logs knows.
    Sha256,
    /// SM3 (GB/T 32905-2016), which commercial cryptography rules (商用密码) ask for.
    Sm3,
}

/// The hash functions by which the entries of a log link to each other; fixed when the log is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogSuite {
    /// SHA-256 alone: every entry has key 14, and none has key 15.
    Sha256,
    /// SHA-256 and SM3 (双算法): every entry has key 14 and key 15.
    Dual,
}

impl LogSuite {
    /// Returns what the next entry carries as key 15 after `entry`: SM3(0x00 ‖ `entry`), or nothing in a log without it.
    #[must_use]
    pub fn second_leaf_hash(self, entry: &[u8]) -> Option<Hash> {
        match self {
            Self::Sha256 => None,
            Self::Dual => Some(Suite::Sm3.leaf_hash(entry)),
        }
    }
}

impl Suite {
    /// Returns the hash of a leaf: H(0x00 ‖ `data`).
    #[must_use]
    pub fn leaf_hash(self, data: &[u8]) -> Hash {
        match self {
            Self::Sha256 => hash::leaf_hash(data),
            Self::Sm3 => {
                let mut hasher = Sm3::new();
                hasher.update([0x00]);
                hasher.update(data);
                hasher.finalize().into()
            }
        }
    }

    /// Returns the hash of an inner node: H(0x01 ‖ `left` ‖ `right`).
    #[must_use]
    pub fn node_hash(self, left: &Hash, right: &Hash) -> Hash {
        match self {
            Self::Sha256 => hash::node_hash(left, right),
            Self::Sm3 => {
                let mut node = [0x01_u8; 65];
                node[1..33].copy_from_slice(left);
                node[33..].copy_from_slice(right);
                Sm3::digest(node).into()
            }
        }
    }

    /// Returns the root of the empty tree: H of nothing.
    #[must_use]
    pub fn empty_root(self) -> Hash {
        self.hash(&[])
    }

    /// Returns H(`bytes`), without a prefix.
    #[must_use]
    pub fn hash(self, bytes: &[u8]) -> Hash {
        match self {
            Self::Sha256 => Sha256::digest(bytes).into(),
            Self::Sm3 => Sm3::digest(bytes).into(),
        }
    }
}

/// A hash over bytes that come piece by piece, such as those of a large file.
#[derive(Debug, Clone)]
pub struct Digest(Hasher);

#[derive(Debug, Clone)]
enum Hasher {
    Sha256(Sha256),
    Sm3(Sm3),
}

impl Digest {
    /// Starts a hash.
    #[must_use]
    pub fn new(suite: Suite) -> Self {
        Self(match suite {
            Suite::Sha256 => Hasher::Sha256(Sha256::new()),
            Suite::Sm3 => Hasher::Sm3(Sm3::new()),
        })
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Hasher::Sha256(hasher) => hasher.update(bytes),
            Hasher::Sm3(hasher) => hasher.update(bytes),
        }
    }

    /// Returns the hash of everything taken in.
    #[must_use]
    pub fn finish(self) -> Hash {
        match self.0 {
            Hasher::Sha256(hasher) => hasher.finalize().into(),
            Hasher::Sm3(hasher) => hasher.finalize().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::to_hex;

    const SUITES: [Suite; 2] = [Suite::Sha256, Suite::Sm3];

    #[test]
    fn sm3_values_are_those_of_the_standard() {
        // GB/T 32905-2016, appendix A: the two worked examples.
        assert_eq!(
            to_hex(&Suite::Sm3.hash(b"abc")),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        );
        assert_eq!(
            to_hex(&Suite::Sm3.hash(&b"abcd".repeat(16))),
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
        );
    }

    #[test]
    fn sha256_values_are_those_of_the_log() {
        assert_eq!(Suite::Sha256.leaf_hash(b"a"), hash::leaf_hash(b"a"));
        assert_eq!(
            Suite::Sha256.node_hash(&[1; 32], &[2; 32]),
            hash::node_hash(&[1; 32], &[2; 32])
        );
        assert_eq!(Suite::Sha256.empty_root(), hash::empty_root());
    }

    #[test]
    fn leaves_and_nodes_are_hashed_behind_their_prefix() {
        for suite in SUITES {
            assert_eq!(suite.leaf_hash(b"ab"), suite.hash(b"\x00ab"), "{suite:?}");
            let (left, right) = ([1; 32], [2; 32]);
            let node = [&[0x01][..], &left, &right].concat();
            assert_eq!(
                suite.node_hash(&left, &right),
                suite.hash(&node),
                "{suite:?}"
            );
        }
    }

    #[test]
    fn bytes_that_come_piece_by_piece_have_the_hash_of_all() {
        for suite in SUITES {
            let mut digest = Digest::new(suite);
            [&b"a"[..], b"", b"bc"]
                .iter()
                .for_each(|piece| digest.update(piece));
            assert_eq!(digest.finish(), suite.hash(b"abc"));
        }
    }

    #[test]
    fn the_suites_never_agree() {
        assert_ne!(SUITES[0].empty_root(), SUITES[1].empty_root());
        assert_ne!(SUITES[0].leaf_hash(b""), SUITES[1].leaf_hash(b""));
    }
}
