//! Bundles: what is kept and how it is addressed.
//!
//! Pure values. The address is computed where a bundle is made, on the caller's thread, and checked where it is read.

use std::sync::Arc;

use audit_log::{Hash, tree::root};
use bytes::Bytes;

/// Largest bundle in bytes over all parts.
///
/// A bundle is read and checked as a whole in memory; 256 MiB is far above any submission the gateway admits.
pub const MAX_BUNDLE_BYTES: usize = 256 << 20;

/// What a bundle is to the gateway; the store only carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The untouched messages of a submission.
    Payload = 1,
    /// What an adapter made of them.
    Results = 2,
}

impl Kind {
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        [Self::Payload, Self::Results]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// Why parts are no bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The parts are longer than [`MAX_BUNDLE_BYTES`] together.
    #[error("bundle has {bytes} bytes, more than {MAX_BUNDLE_BYTES}")]
    TooLarge {
        /// Their length in bytes.
        bytes: usize,
    },
    /// There are more parts than a 32-bit number counts.
    #[error("bundle has {parts} parts")]
    TooManyParts {
        /// How many there are.
        parts: usize,
    },
}

/// A bundle to be kept. Clones share the parts.
#[derive(Debug, Clone)]
pub struct NewBundle {
    kind: Kind,
    address: Hash,
    parts: Arc<[Bytes]>,
    bytes: usize,
}

impl NewBundle {
    /// Makes a bundle of parts and computes its address: the RFC 6962 root over them, in order.
    ///
    /// # Errors
    /// [`BundleError`] when the parts are too long or too many.
    pub fn new(kind: Kind, parts: impl Into<Arc<[Bytes]>>) -> Result<Self, BundleError> {
        let parts = parts.into();
        Self::addressed(kind, root(parts.iter()), parts)
    }

    /// Makes a bundle of parts whose address the caller has just computed, so that it is computed once.
    ///
    /// `address` must be the RFC 6962 root over `parts`: the store keeps it as given, and a bundle under another
    /// address is reported as damaged by every reader.
    ///
    /// # Errors
    /// [`BundleError`] when the parts are too long or too many.
    pub fn addressed(kind: Kind, address: Hash, parts: Arc<[Bytes]>) -> Result<Self, BundleError> {
        let bytes = parts.iter().map(|part| part.len()).sum();
        if bytes > MAX_BUNDLE_BYTES {
            return Err(BundleError::TooLarge { bytes });
        }
        if u32::try_from(parts.len()).is_err() {
            return Err(BundleError::TooManyParts { parts: parts.len() });
        }
        Ok(Self {
            kind,
            address,
            parts,
            bytes,
        })
    }

    /// Returns what the bundle is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> &Hash {
        &self.address
    }

    /// Returns the parts.
    #[must_use]
    pub fn parts(&self) -> &[Bytes] {
        &self.parts
    }

    /// Returns the length of all parts together, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// A place in the store. Places are in the order in which bundles were kept; the default is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Location {
    /// The number of the segment.
    pub segment: u64,
    /// Where in it the bundle starts, in bytes.
    pub offset: u64,
}

/// A bundle that was read and whose parts give its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// What it is.
    pub kind: Kind,
    /// Its address.
    pub address: Hash,
    /// Where it lies.
    pub location: Location,
    /// The parts, in order.
    pub parts: Vec<Vec<u8>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(parts: &[&[u8]]) -> Vec<Bytes> {
        parts
            .iter()
            .map(|part| Bytes::copy_from_slice(part))
            .collect()
    }

    #[test]
    fn the_address_is_the_root_over_the_parts_and_not_over_the_kind() {
        let payload = NewBundle::new(Kind::Payload, parts(&[b"a", b"", b"bc"])).unwrap();
        assert_eq!(*payload.address(), root(["a", "", "bc"]));
        assert_eq!(payload.bytes(), 3);
        let results = NewBundle::new(Kind::Results, parts(&[b"a", b"", b"bc"])).unwrap();
        assert_eq!(payload.address(), results.address());
        let other = NewBundle::new(Kind::Payload, parts(&[b"a", b"bc"])).unwrap();
        assert_ne!(payload.address(), other.address());
    }

    #[test]
    fn a_bundle_above_the_limit_is_refused() {
        let half: Bytes = vec![0; MAX_BUNDLE_BYTES / 2 + 1].into();
        let refused = NewBundle::new(Kind::Payload, vec![half.clone(), half]).map(drop);
        assert_eq!(
            refused,
            Err(BundleError::TooLarge {
                bytes: MAX_BUNDLE_BYTES + 2
            })
        );
    }

    #[test]
    fn locations_are_ordered_as_bundles_were_kept() {
        let at = |segment, offset| Location { segment, offset };
        assert!(Location::default() < at(0, 32) && at(0, 32) < at(0, 33) && at(0, 99) < at(1, 32));
    }
}
