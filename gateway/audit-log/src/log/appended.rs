//! What the writer hands out: durable entries, and the group that each became durable with.
//!
//! Holds what a receipt needs, so that the writer computes nothing for it: proof and signature are made by whoever asks,
//! the signature once for a group. It reads no file; [`crate::receipt`] makes the same receipts again from the files.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use audit_proof::{
    chain::Head, hash::Hash, key::VerifierKey, note::Note, proof::Growth, receipt::Receipt,
    scan::KnownHead, signer::Signer, suite::Suite, tree::CompactRange,
};

use crate::receipt::{MakeReceiptError, put_together, sign_tree_head};

/// A durable entry, with the tree head that its group gave: everything a receipt names.
#[derive(Debug, Clone)]
pub struct Appended {
    /// The 0-based position of the entry.
    pub position: u64,
    /// Its RFC 6962 leaf hash.
    pub leaf_hash: Hash,
    /// Its time, UTC nanoseconds since 1970-01-01.
    pub time_ns: u64,
    /// The size of the tree after the group of the entry.
    pub tree_size: u64,
    /// The root of the tree at that size.
    pub root: Hash,
    group: Arc<Group>,
}

impl Appended {
    /// Returns the group that the entry became durable with.
    #[must_use]
    pub fn group(&self) -> &Arc<Group> {
        &self.group
    }

    /// Returns the proof that the tree of [`Appended::tree_size`] entries has this one, sibling first.
    ///
    /// The first call for a group hashes the group once; every other one only picks hashes.
    #[must_use]
    pub fn inclusion(&self) -> Vec<Hash> {
        let proof = self.group.growth().inclusion(self.position);
        proof.expect("a group holds the entries it was made of")
    }

    /// Returns the receipt of the entry, signed by the receipt key of the log `origin`.
    ///
    /// The tree head is signed once for a group, by whoever asks first; the others wait for it. A time that the key
    /// states is that of the newest entry of the group, so that the same receipt can be made again.
    ///
    /// # Errors
    /// [`MakeReceiptError::OtherKey`] for a key of another name; otherwise what the signer said.
    pub fn receipt(&self, signer: &dyn Signer, origin: &str) -> Result<Receipt, MakeReceiptError> {
        let tree_head = self.group.tree_head(signer, origin)?;
        put_together(
            self.position,
            self.leaf_hash,
            self.time_ns,
            self.inclusion(),
            tree_head,
        )
    }
}

/// Entries that became durable together.
#[derive(Debug)]
pub struct Group {
    before: CompactRange,
    leaves: Vec<Hash>,
    head: Head,
    growth: OnceLock<Growth>,
    /// The signed tree head, with the origin and the key it was signed for.
    signed: Mutex<Option<(String, VerifierKey, Note)>>,
}

impl Group {
    pub(crate) fn new(before: CompactRange, leaves: Vec<Hash>, head: Head) -> Self {
        Self {
            before,
            leaves,
            head,
            growth: OnceLock::new(),
            signed: Mutex::new(None),
        }
    }

    /// Returns the outcomes of the group's entries, whose times are given in order.
    pub(crate) fn appended(self: &Arc<Self>, times: &[u64]) -> Vec<Appended> {
        let positions = self.before.size()..;
        let entries = positions.zip(&self.leaves).zip(times);
        entries
            .map(|((position, leaf), time_ns)| Appended {
                position,
                leaf_hash: *leaf,
                time_ns: *time_ns,
                tree_size: self.head.size,
                root: self.head.root,
                group: Arc::clone(self),
            })
            .collect()
    }

    /// Returns the head of the log after the group.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    fn growth(&self) -> &Growth {
        self.growth.get_or_init(|| {
            let (size, peaks) = (self.before.size(), self.before.peaks());
            Growth::new(Suite::Sha256, size, peaks, &self.leaves)
                .expect("the tree before the group has one peak for each bit set in its size")
        })
    }

    fn tree_head(&self, signer: &dyn Signer, origin: &str) -> Result<Note, MakeReceiptError> {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, key, note)) = &*signed
            && of == origin
            && key == signer.key()
        {
            return Ok(note.clone());
        }
        let head = KnownHead {
            size: self.head.size,
            root: self.head.root,
        };
        let note = sign_tree_head(signer, origin, head, self.head.time_ns)?;
        *signed = Some((origin.to_owned(), signer.key().clone(), note.clone()));
        Ok(note)
    }
}
