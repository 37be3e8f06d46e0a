//! Parts of bundles of version 2: a byte that says what follows, then that. Bytes and nothing else.
//!
//! ```text
//! 0 | a message, a result or a request without payloads, as it is
//! 1 | leaf hash 32 | sealed: length of salt u8, salt, message
//! 2 | encoded SealedResult
//! 3 | sealed: a request without payloads
//! ```
//!
//! The leaf hash is the message's leaf under the payload digest of the entry: over salt and message. It stays when the
//! message is erased, so that the other messages of the submission can still be proven.

use std::sync::Arc;

use audit_log::leaf_hash;
use bytes::Bytes;
use zeroize::Zeroizing;

use super::open::Unopened;
use crate::entry::SealedRoots;

/// A part of a bundle of version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Clear(&'a [u8]),
    Payload { leaf: [u8; 32], sealed: &'a [u8] },
    Result(&'a [u8]),
    Request(&'a [u8]),
}

impl<'a> Part<'a> {
    pub(crate) fn encode(self) -> Bytes {
        let (kind, leaf, rest): (u8, &[u8], &[u8]) = match &self {
            Part::Clear(bytes) => (0, &[], bytes),
            Part::Payload { leaf, sealed } => (1, leaf, sealed),
            Part::Result(bytes) => (2, &[], bytes),
            Part::Request(sealed) => (3, &[], sealed),
        };
        [&[kind], leaf, rest].concat().into()
    }

    /// `None` for a part of no known kind.
    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Part<'a>> {
        let (kind, rest) = bytes.split_first()?;
        match kind {
            0 => Some(Part::Clear(rest)),
            1 => {
                let (leaf, sealed) = rest.split_first_chunk()?;
                Some(Part::Payload {
                    leaf: *leaf,
                    sealed,
                })
            }
            2 => Some(Part::Result(rest)),
            3 => Some(Part::Request(rest)),
            _ => None,
        }
    }
}

/// A message with the salt of its leaf, as it is sealed.
pub(crate) fn salted(salt: &[u8], message: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = u8::try_from(salt.len()).expect("a salt has 32 bytes or none");
    Zeroizing::new([&[length], salt, message].concat())
}

/// Salt and message of what [`salted`] made.
pub(crate) fn split_salted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

/// The leaf of a message under the payload digest.
pub(crate) fn leaf(salt: &[u8], message: &[u8]) -> [u8; 32] {
    if salt.is_empty() {
        return leaf_hash(message);
    }
    leaf_hash(&[salt, message].concat())
}

/// The bundles of a sealed submission, and what its entry binds of them.
pub(crate) struct Bundles {
    pub(crate) payloads: Arc<[Bytes]>,
    pub(crate) results: Arc<[Bytes]>,
    /// Root over the leaves of the messages.
    pub(crate) payload_root: [u8; 32],
    /// Root over the parts of the results: also their address.
    pub(crate) result_root: [u8; 32],
    pub(crate) roots: SealedRoots,
    /// Salt of each message; empty where there is none.
    pub(crate) salts: Vec<Vec<u8>>,
}

/// A message as it can be had.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Payload {
    /// Salt of its leaf; empty where there is none.
    pub(crate) salt: Vec<u8>,
    /// The message; empty when it is erased or only stored, which no message is otherwise.
    pub(crate) message: Vec<u8>,
    /// Its leaf under the payload digest.
    pub(crate) leaf: [u8; 32],
    /// Why the message is not there.
    pub(crate) closed: Option<Unopened>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_are_read_as_they_are_written(bytes: Vec<u8>, leaf: [u8; 32]) {
            for part in [
                Part::Clear(&bytes),
                Part::Payload { leaf, sealed: &bytes },
                Part::Result(&bytes),
                Part::Request(&bytes),
            ] {
                let encoded = part.encode();
                prop_assert_eq!(Part::decode(&encoded), Some(part));
            }
        }

        #[test]
        fn foreign_parts_are_refused_without_panic(bytes: Vec<u8>) {
            let is_known = bytes.first().is_some_and(|kind| *kind < 4);
            prop_assert!(Part::decode(&bytes).is_none() || is_known);
        }

        #[test]
        fn salt_and_message_come_apart_again(salt: Option<[u8; 32]>, message: Vec<u8>) {
            let salt = salt.map_or_else(Vec::new, |salt| salt.to_vec());
            let joined = salted(&salt, &message);
            prop_assert_eq!(split_salted(&joined), Some((salt.as_slice(), message.as_slice())));
        }
    }
}
