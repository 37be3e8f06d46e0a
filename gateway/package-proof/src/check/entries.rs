//! Entries: their form, their neighbours, and that the tree of the checkpoint has them.

use audit_proof::{
    checkpoint::Checkpoint,
    entry::Entry,
    hash::leaf_hash,
    note::Note,
    proof::verify_range,
    suite::Suite,
    tlog_proof::{TlogProof, TlogProofVerifyError},
};

use super::{Check, Known};
use crate::{FindingKind, path, proofs::RangeText};

impl Check<'_> {
    /// Reads the checkpoint that everything leads to.
    pub(super) fn checkpoint(&mut self) {
        let Some(bytes) = self.contents(path::CHECKPOINT) else {
            return;
        };
        let note = Note::parse(&bytes).ok();
        let checkpoint = note.and_then(|note| Checkpoint::parse(note.text()).ok());
        let is_it = |checkpoint: &Checkpoint| {
            checkpoint.origin() == self.index.origin && checkpoint.size() == self.index.size
        };
        match checkpoint.filter(is_it) {
            Some(checkpoint) => self.root = Some(*checkpoint.root()),
            None => self.find(path::CHECKPOINT, FindingKind::Checkpoint),
        }
    }

    /// Checks all entries of the index.
    pub(super) fn entries(&mut self) {
        let mut before: Option<(u64, Known)> = None;
        for item in &self.index.entries {
            let Some(bytes) = self.contents(&path::entry(item.position)) else {
                before = None;
                continue;
            };
            let known = self.entry(item.position, &bytes, before);
            before = known.map(|known| (item.position, known));
            if let Some(known) = known {
                self.entries.insert(item.position, known);
            }
        }
        self.range();
        let positions: Vec<u64> = self.entries.keys().copied().collect();
        for position in positions {
            if !self.is_in_range(position) {
                self.inclusion(position);
            }
        }
    }

    fn entry(
        &mut self,
        position: u64,
        bytes: &[u8],
        before: Option<(u64, Known)>,
    ) -> Option<Known> {
        let file = path::entry(position);
        let entry = match Entry::decode(bytes) {
            Ok(entry) => entry,
            Err(error) => {
                self.find_at(position, file, FindingKind::Entry(error));
                return None;
            }
        };
        if entry.position() != position || entry.origin() != self.index.origin {
            self.find_at(position, &file, FindingKind::EntryPlace);
            return None;
        }
        let known = Known {
            leaf: leaf_hash(bytes),
            time_ns: entry.time_ns(),
        };
        if let Some((last, neighbour)) = before
            && last + 1 == position
            && (*entry.link() != neighbour.leaf || entry.time_ns() <= neighbour.time_ns)
        {
            self.find_at(position, &file, FindingKind::Link);
        }
        let json = path::entry_json(position);
        let rendered = format!("{}\n", entry.to_json());
        if let Some(stated) = self.contents(&json)
            && stated != rendered.as_bytes()
        {
            self.find_at(position, json, FindingKind::Rendering);
        }
        self.party(position, &entry);
        Some(known)
    }

    /// The signature of the agency, when its key is known.
    fn party(&mut self, position: u64, entry: &Entry<'_>) {
        let Some(keys) = &self.held.party_keys else {
            return;
        };
        match audit_proof::party::verify_entry(entry, keys) {
            Ok(signed) => self.counts.statements += u64::from(signed.is_some()),
            Err(fault) => {
                self.find_at(position, path::entry(position), FindingKind::Party(fault));
            }
        }
    }

    /// Puts the checkpoint behind the proof of an entry, and verifies the C2SP tlog-proof that this is.
    fn inclusion(&mut self, position: u64) {
        let file = path::inclusion(position);
        let checkpoint = self.zip.member(path::CHECKPOINT);
        let checkpoint = checkpoint.and_then(|member| member.contents().ok());
        let (Some(mut text), Some(checkpoint)) = (self.contents(&file), checkpoint) else {
            return;
        };
        text.extend(checkpoint);
        let proof = match TlogProof::parse(&text) {
            Ok(proof) => proof,
            Err(error) => return self.find_at(position, file, FindingKind::TlogProof(error)),
        };
        if proof.index() != position || proof.extra().is_some() {
            return self.find_at(position, file, FindingKind::ProofPlace);
        }
        let leaf = self.entries[&position].leaf;
        match proof.verify_inclusion(Suite::Sha256, &leaf) {
            Ok(()) => self.prove(position),
            // Either of the two is not what it was; the list says which, unless it was made anew.
            Err(TlogProofVerifyError::Inclusion { cause, .. }) => {
                self.find_at(position, file, FindingKind::Proof(cause));
                self.find_at(position, path::entry(position), FindingKind::Proof(cause));
            }
            Err(TlogProofVerifyError::Checkpoint { .. }) => {
                self.find_at(position, file, FindingKind::Checkpoint);
            }
        }
    }

    fn prove(&mut self, position: u64) {
        self.proven.insert(position, true);
        self.counts.inclusions += 1;
    }

    /// The proof of the range, and each entry in it.
    fn range(&mut self) {
        let (Some(range), Some(root)) = (self.index.range, self.root) else {
            return;
        };
        let file = path::RANGE_PROOF;
        let Some(bytes) = self.contents(file) else {
            return;
        };
        let text = match RangeText::parse(&bytes) {
            Ok(text) => text,
            Err(error) => return self.find(file, FindingKind::ProofForm(error)),
        };
        let is_it = text.from == range.from
            && text.size == self.index.size
            && text.from.checked_add(text.leaves.len() as u64) == Some(range.to);
        if !is_it {
            return self.find(file, FindingKind::ProofPlace);
        }
        let holds = verify_range(
            Suite::Sha256,
            text.from,
            &text.leaves,
            text.size,
            &text.proof,
            &root,
        );
        if let Err(error) = holds {
            return self.find(file, FindingKind::Proof(error));
        }
        for (position, leaf) in (text.from..).zip(&text.leaves) {
            match self.entries.get(&position) {
                Some(known) if known.leaf == *leaf => self.prove(position),
                Some(_) => {
                    let cause = audit_proof::proof::ProofError::RootDiffers;
                    self.find_at(position, path::entry(position), FindingKind::Proof(cause));
                }
                // An entry that the reader may not see is in the range by its hash alone.
                None => self.counts.digests_only += 1,
            }
        }
    }
}
