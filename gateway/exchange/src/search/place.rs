//! Where an entry stands in the log, and how far that is proved.

use audit_log::checkpoint::Checkpoint;
use audit_log::proof::verify_inclusion;
use audit_log::suite::Suite;
use audit_log::{Hash, StoredEntry};
use proto::v1::{GetCheckpointResponse, ProofState};

use crate::Exchange;
use crate::ports::{Proofs, ShownCheckpoint, Standing};
use crate::prove::{answer_of, failed};
use crate::refusal::{Cause, Refusal};

/// Why an entry is not shown although it can be read.
#[derive(Debug, thiserror::Error)]
enum Misplaced {
    #[error("the log has no entry there")]
    Missing,
    #[error("the entry says that it stands elsewhere")]
    OtherPlace,
    #[error("the entry after it is not linked to it")]
    NotLinked,
    #[error("the tree of the checkpoint has another entry there")]
    NotInTree(#[source] Cause),
}

/// The newest checkpoint, against which places are checked.
pub(crate) struct Places<'a> {
    exchange: &'a Exchange,
    newest: Option<(&'a dyn Proofs, ShownCheckpoint, Hash)>,
}

impl<'a> Places<'a> {
    /// Reads the newest checkpoint, if there is one.
    pub(crate) fn new(exchange: &'a Exchange) -> Result<Places<'a>, Refusal> {
        let Some(proofs) = exchange.proofs.as_deref() else {
            return Ok(Places {
                exchange,
                newest: None,
            });
        };
        let newest = match proofs.checkpoint().map_err(failed)? {
            Some(shown) => {
                let root = root_of(&shown)?;
                Some((proofs, shown, root))
            }
            None => None,
        };
        Ok(Places { exchange, newest })
    }

    /// The checkpoint as callers get it.
    pub(crate) fn shown(&self) -> Option<GetCheckpointResponse> {
        let (_, shown, _) = self.newest.as_ref()?;
        Some(answer_of(shown.clone()))
    }

    /// Size and root of the checkpoint.
    pub(crate) fn tree(&self) -> Option<(u64, Hash)> {
        let (_, shown, root) = self.newest.as_ref()?;
        Some((shown.size, *root))
    }

    /// How far the place of an entry is proved, once its leaf hash is found in the tree, or, where it
    /// is not published yet, in the link of the entry after it.
    pub(crate) fn state(&self, position: u64, leaf: &Hash) -> Result<ProofState, Refusal> {
        let damaged = |cause: Misplaced| Refusal::Damaged {
            position,
            cause: cause.into(),
        };
        let in_tree = self
            .newest
            .as_ref()
            .filter(|(_, shown, _)| position < shown.size);
        let Some((proofs, shown, root)) = in_tree else {
            let next = self.exchange.log.reader().entry(position + 1);
            let next = next.map_err(|error| Refusal::Damaged {
                position,
                cause: error.into(),
            })?;
            let link = next.and_then(|next| next.decode().map(|entry| *entry.link()).ok());
            return match link {
                Some(link) if link != *leaf => Err(damaged(Misplaced::NotLinked)),
                _ => Ok(ProofState::Unpublished),
            };
        };
        let proof = proofs.inclusion(position, shown.size).map_err(failed)?;
        let hashes = &proof.hashes;
        verify_inclusion(Suite::Sha256, position, shown.size, leaf, hashes, root)
            .map_err(|cause| damaged(Misplaced::NotInTree(cause.into())))?;
        Ok(match shown.standing {
            Standing::Provisional => ProofState::Provisional,
            Standing::Final => ProofState::Final,
        })
    }
}

fn root_of(shown: &ShownCheckpoint) -> Result<Hash, Refusal> {
    // The text of a note ends with the line break before the empty line (C2SP signed-note).
    let text = match shown.note.split_once("\n\n") {
        Some((text, _)) => format!("{text}\n"),
        None => shown.note.clone(),
    };
    let checkpoint = Checkpoint::parse(&text).map_err(|cause| failed(cause.into()))?;
    match checkpoint.size() == shown.size {
        true => Ok(*checkpoint.root()),
        false => Err(failed("the checkpoint has another size".into())),
    }
}

impl Exchange {
    /// The entry at `position` and its leaf hash, once it says itself that it stands there.
    pub(crate) fn checked_entry(&self, position: u64) -> Result<(StoredEntry, Hash), Refusal> {
        let damaged = |cause: Cause| Refusal::Damaged { position, cause };
        let stored = self.log.reader().entry(position);
        let stored = stored.map_err(|error| damaged(error.into()))?;
        let stored = stored.ok_or_else(|| damaged(Misplaced::Missing.into()))?;
        let leaf = stored.leaf_hash();
        let is_there = stored
            .decode()
            .map_err(|error| damaged(error.into()))
            .map(|entry| entry.position() == position && entry.origin() == self.log.origin())?;
        match is_there {
            true => Ok((stored, leaf)),
            false => Err(damaged(Misplaced::OtherPlace.into())),
        }
    }
}
