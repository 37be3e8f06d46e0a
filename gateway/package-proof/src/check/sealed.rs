//! Sealed values: those listed are those of the result, what is disclosed has its commitment, what was erased has its entry.

use audit_proof::{entry::Entry, erasure::Erasure, hash::leaf_hash};

use super::Check;
use crate::{
    FindingKind,
    index::{MessageItem, Presence},
    path,
    proofs::PartProof,
    sealed::{FieldState, FieldsText, PayloadState, commitment, commitments},
    verdict::{ErasedValues, SealedMessage},
};

/// Positions that an entry of an erasure names at most; of more it names the first.
const MOST_POSITIONS: usize = 4096;

impl Check<'_> {
    /// Checks what is said of the sealed values of a message; its result was held against the entry before.
    pub(super) fn sealed(&mut self, position: u64, item: &MessageItem, payload: &PartProof) {
        let file = path::fields(position, item.number);
        let Some(bytes) = self.contents(&file) else {
            return;
        };
        let text = match FieldsText::parse(&bytes) {
            Ok(text) => text,
            Err(error) => return self.find_at(position, file, FindingKind::ProofForm(error)),
        };
        let mut found = SealedMessage {
            position,
            message: item.number,
            sealed: 0,
            is_payload_sealed: text.payload == PayloadState::Sealed,
            disclosed: Vec::new(),
            erased: Vec::new(),
        };
        self.sealed_payload(&file, item, payload, (&text, &mut found));
        let result = self.contents(&path::result(position, item.number));
        let stored = result.and_then(|part| commitments(&part));
        let stated = text.fields.iter();
        let stated = stated.map(|line| (line.path.as_str(), line.commitment));
        let is_same = stored.as_ref().is_some_and(|stored| {
            let stored = stored.iter();
            stored.map(|(path, hash)| (path.as_str(), *hash)).eq(stated)
        });
        if !is_same {
            self.find_at(position, &file, FindingKind::Fields);
        }
        for line in &text.fields {
            match &line.state {
                FieldState::Sealed => {
                    found.sealed += 1;
                    self.counts.sealed += 1;
                }
                FieldState::Erased(entry) => {
                    if let Some(of) = self.erased_by(&file, *entry, &mut found) {
                        of.fields += 1;
                        self.counts.erased += 1;
                    }
                }
                FieldState::Disclosed { salt, value } => {
                    if commitment(&line.path, salt, value) == Some(line.commitment) {
                        let value = shown(value);
                        found.disclosed.push((line.path.clone(), value));
                        self.counts.disclosed += 1;
                    } else {
                        let field = line.path.clone();
                        self.find_at(position, &file, FindingKind::Commitment { field });
                    }
                }
            }
        }
        self.sealed.push(found);
    }

    /// The message itself: its bytes under their salt, or that they stay sealed or were erased.
    fn sealed_payload(
        &mut self,
        file: &str,
        item: &MessageItem,
        payload: &PartProof,
        (text, found): (&FieldsText, &mut SealedMessage),
    ) {
        let position = found.position;
        match (&text.payload, item.payload) {
            (PayloadState::Included(salt), Presence::Included) => {
                let name = path::payload(position, item.number);
                let Some(bytes) = self.contents(&name) else {
                    return;
                };
                let leaf = match salt.is_empty() {
                    true => leaf_hash(&bytes),
                    false => leaf_hash(&[salt.as_slice(), &bytes].concat()),
                };
                if leaf == payload.leaf {
                    self.counts.payloads += 1;
                } else {
                    self.find_at(position, name, FindingKind::Part { position });
                }
            }
            (PayloadState::Erased(entry), Presence::Erased) => {
                self.counts.digests_only += 1;
                if let Some(of) = self.erased_by(file, *entry, found) {
                    of.is_payload = true;
                }
            }
            (PayloadState::Sealed, Presence::Sealed) => self.counts.digests_only += 1,
            _ => self.find_at(position, file, FindingKind::Fields),
        }
    }

    /// What the entry at `entry` erased of the message; `None`, with a finding, when it does not say so.
    fn erased_by<'f>(
        &mut self,
        file: &str,
        entry: u64,
        found: &'f mut SealedMessage,
    ) -> Option<&'f mut ErasedValues> {
        let known = found.erased.iter();
        let known = known
            .map(|of| of.erasure.position)
            .position(|at| at == entry);
        let place = match known {
            Some(place) => place,
            None => {
                let Some(erasure) = self.erasure(entry, found.position) else {
                    self.find_at(found.position, file, FindingKind::Erasure { entry });
                    return None;
                };
                found.erased.push(ErasedValues {
                    erasure,
                    fields: 0,
                    is_payload: false,
                });
                found.erased.len() - 1
            }
        };
        found.erased.get_mut(place)
    }

    fn erasure(&self, entry: u64, submission: u64) -> Option<Erasure> {
        self.entries.get(&entry)?;
        let bytes = self.zip.member(&path::entry(entry))?.contents().ok()?;
        let erasure = Erasure::read(&Entry::decode(&bytes).ok()?)?;
        let names = &erasure.positions;
        let is_named = names.contains(&submission) || names.len() >= MOST_POSITIONS;
        is_named.then_some(erasure)
    }
}

/// A value for people: text as it is, anything else in hexadecimal.
fn shown(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => format!("hex {}", to_hex_of(value)),
    }
}

fn to_hex_of(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
