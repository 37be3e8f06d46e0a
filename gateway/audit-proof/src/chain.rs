//! The hash chain: what binds an entry to the one before it.
//!
//! Pure functions over hashes; no storage, no clock, no signing. The link of an entry is the RFC 6962 leaf hash of the
//! entry before it, so the chain costs nothing beside the tree. Writer and verifier rely on it.

use crate::{
    fault::FaultKind,
    hash::{Hash, empty_root, leaf_hash},
    suite::Suite,
    tree::CompactRange,
};

/// The label that starts the genesis preimage; its 16 bytes are part of the format.
const GENESIS_LABEL: &[u8; 16] = b"audit-genesis/v1";

/// Returns the hash that the first entry of a log links to.
///
/// SHA-256 over, in this order: the 16 bytes `audit-genesis/v1`; the length of `origin` in bytes as a big-endian
/// 32-bit number; the bytes of `origin`; the 32 bytes of `policy_digest`; the 32 bytes of `former_root`, which is
/// the last root of the log this one continues, or 32 zero bytes when it continues none.
#[must_use]
pub fn genesis(origin: &str, policy_digest: &Hash, former_root: &Hash) -> Hash {
    genesis_in(Suite::Sha256, origin, policy_digest, former_root)
}

/// Returns the genesis hash in a suite: [`genesis`], or for SM3 the hash that the first entry of a log with both suites
/// carries as key 15, which is SM3 over the same bytes.
#[must_use]
pub fn genesis_in(suite: Suite, origin: &str, policy_digest: &Hash, former_root: &Hash) -> Hash {
    let length = u32::try_from(origin.len()).expect("an origin is at most 255 bytes");
    let preimage = [
        GENESIS_LABEL.as_slice(),
        &length.to_be_bytes(),
        origin.as_bytes(),
        policy_digest,
        former_root,
    ];
    suite.hash(&preimage.concat())
}

/// Checks the link of the second suite (key 15) that an entry carries against the one it has to carry.
///
/// # Errors
/// [`FaultKind::SecondLinkMissing`], [`FaultKind::SecondLinkUnexpected`] or [`FaultKind::SecondLink`].
pub fn check_second_link(expected: Option<&Hash>, found: Option<&Hash>) -> Result<(), FaultKind> {
    match (expected, found) {
        (None, None) => Ok(()),
        (Some(expected), Some(found)) if expected == found => Ok(()),
        (Some(_), Some(_)) => Err(FaultKind::SecondLink),
        (Some(_), None) => Err(FaultKind::SecondLinkMissing),
        (None, Some(_)) => Err(FaultKind::SecondLinkUnexpected),
    }
}

/// The newest link of a log and the tree over all entries so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many entries there are; also the position of the next one.
    pub size: u64,
    /// The leaf hash of the newest entry, or the genesis hash when there is none.
    pub hash: Hash,
    /// The RFC 6962 root over all entries.
    pub root: Hash,
    /// The time of the newest entry, UTC nanoseconds since 1970-01-01; 0 when there is none.
    pub time_ns: u64,
}

/// Everything that must be known to append or to check the next entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// What the next entry links to: the leaf hash of the newest one, or the genesis hash.
    pub hash: Hash,
    /// What the next entry links to by SM3: the SM3 leaf hash of the newest one, or the SM3 genesis hash. `None` in a log
    /// of SHA-256 alone.
    pub second: Option<Hash>,
    /// The time of the newest entry, UTC nanoseconds since 1970-01-01; 0 when there is none.
    pub time_ns: u64,
    /// The tree over all entries.
    pub tree: CompactRange,
}

impl State {
    /// Returns the state before the first entry; `second` is the SM3 genesis hash of a log with both suites.
    #[must_use]
    pub fn at_genesis(genesis: Hash, second: Option<Hash>) -> Self {
        Self {
            hash: genesis,
            second,
            time_ns: 0,
            tree: CompactRange::new(),
        }
    }

    /// Returns the number of entries so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Takes in the next entry, given by its leaf hashes and its time.
    pub fn append(&mut self, leaf: Hash, second: Option<Hash>, time_ns: u64) {
        self.hash = leaf;
        self.second = second;
        self.time_ns = time_ns;
        self.tree.append(leaf);
    }

    /// Takes in the entries of `tree`, given with the leaf hashes and the time of its last one; `None`, and nothing is
    /// taken in, where [`CompactRange::extend`] cannot.
    pub(crate) fn extend(
        &mut self,
        tree: &CompactRange,
        hash: Hash,
        second: Option<Hash>,
        time_ns: u64,
    ) -> Option<()> {
        self.tree.extend(tree)?;
        self.hash = hash;
        self.second = second;
        self.time_ns = time_ns;
        Some(())
    }

    /// Returns the head; this is where the root is computed.
    #[must_use]
    pub fn head(&self) -> Head {
        let root = if self.size() == 0 {
            empty_root()
        } else {
            self.tree.root()
        };
        Head {
            size: self.size(),
            hash: self.hash,
            root,
            time_ns: self.time_ns,
        }
    }
}

/// Returns what the entry after `entry` links to.
#[must_use]
pub fn link(entry: &[u8]) -> Hash {
    leaf_hash(entry)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn genesis_depends_on_each_of_its_parts() {
        let base = genesis("a.example/log", &[1; 32], &[2; 32]);
        assert_eq!(base, genesis("a.example/log", &[1; 32], &[2; 32]));
        for other in [
            genesis("b.example/log", &[1; 32], &[2; 32]),
            genesis("a.example/log", &[3; 32], &[2; 32]),
            genesis("a.example/log", &[1; 32], &[3; 32]),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn genesis_is_the_documented_preimage() {
        let mut preimage = b"audit-genesis/v1\x00\x00\x00\x01x".to_vec();
        preimage.extend([7; 32]);
        preimage.extend([0; 32]);
        let expected: Hash = Sha256::digest(&preimage).into();
        assert_eq!(genesis("x", &[7; 32], &[0; 32]), expected);
        assert_eq!(
            genesis_in(Suite::Sm3, "x", &[7; 32], &[0; 32]),
            Suite::Sm3.hash(&preimage)
        );
    }

    #[test]
    fn the_head_follows_the_newest_entry() {
        let mut state = State::at_genesis([9; 32], None);
        assert_eq!(
            state.head(),
            Head {
                size: 0,
                hash: [9; 32],
                root: empty_root(),
                time_ns: 0
            }
        );
        state.append([1; 32], None, 5);
        assert_eq!(
            state.head(),
            Head {
                size: 1,
                hash: [1; 32],
                root: [1; 32],
                time_ns: 5
            }
        );
    }
}
