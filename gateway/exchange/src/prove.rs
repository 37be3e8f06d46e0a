//! Checkpoints and proofs for agencies: who may ask, what is in the tree, and where a message stands in an entry.
//!
//! Hashes are for every agency of the policy; an entry is for the agency that submitted and for those who may read the
//! feed. Refusals are entries; of the readings only that of a message's proof is, because it shows an entry. Proofs come
//! from the port [`crate::ports::Proofs`], on the blocking pool and under the limit of readings of an agency; a proof
//! costs the logarithm of the size, a range what it is long, a message's proof reading its submission.

use std::sync::Arc;

use audit_log::Hash;
use audit_log::proof::message_path;
use proto::v1::{
    CheckpointStanding, GetCheckpointResponse, GetConsistencyProofResponse,
    GetInclusionProofResponse, GetMessageProofResponse, GetRangeProofResponse,
};

use crate::entry::CaseBinding;
use crate::ids::RecordId;
use crate::policy::Caller;
use crate::ports::{InclusionProof, Proofs, ShownCheckpoint, Standing};
use crate::read::Found;
use crate::refusal::{Cause, Refusal};
use crate::{Exchange, assemble};

/// Most leaf hashes in one answer of a range: 16 full tiles, 128 KiB.
pub const MAX_RANGE: u64 = 4_096;

/// How an entry is named by who asks for its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryName {
    /// By its position, from 0.
    Position(u64),
    /// By the identity of a submission.
    Submission(String),
}

impl Exchange {
    /// The newest checkpoint that was released.
    ///
    /// # Errors
    /// [`Refusal::ProofsNotOffered`], [`Refusal::NotPublished`] before the first, [`Refusal::ProofFailed`].
    pub async fn get_checkpoint(
        self: &Arc<Self>,
        caller: &Caller,
    ) -> Result<GetCheckpointResponse, Refusal> {
        let work = |_: &Exchange, proofs: &dyn Proofs| Ok(answer_of(newest(proofs)?));
        self.proving(caller, "GetCheckpoint", work).await
    }

    /// That the tree of `size` entries, 0 for the newest, has the entry.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] for a position that is not in the tree, [`Refusal::NotFound`] also for a submission the
    /// caller may not know of, and as for [`Exchange::get_checkpoint`].
    pub async fn get_inclusion_proof(
        self: &Arc<Self>,
        caller: &Caller,
        name: EntryName,
        size: u64,
    ) -> Result<GetInclusionProofResponse, Refusal> {
        let reader = caller.clone();
        let work = move |exchange: &Exchange, proofs: &dyn Proofs| {
            let position = match &name {
                EntryName::Position(position) => *position,
                EntryName::Submission(id) => exchange.visible_submission(&reader, id)?.0,
            };
            inclusion(proofs, position, size)
        };
        self.proving(caller, "GetInclusionProof", work).await
    }

    /// That the tree of `new` entries, 0 for the newest, begins with that of `old`.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] for sizes between which no log grows, and as for [`Exchange::get_checkpoint`].
    pub async fn get_consistency_proof(
        self: &Arc<Self>,
        caller: &Caller,
        old: u64,
        new: u64,
    ) -> Result<GetConsistencyProofResponse, Refusal> {
        let work = move |_: &Exchange, proofs: &dyn Proofs| {
            let new = published(proofs, new)?;
            if !(1..=new).contains(&old) {
                return Err(malformed("old_size", format!("expected 1 to {new}")));
            }
            let hashes = proofs.consistency(old, new).map_err(failed)?;
            Ok(GetConsistencyProofResponse {
                old_size: old,
                new_size: new,
                hashes: lists(hashes),
            })
        };
        self.proving(caller, "GetConsistencyProof", work).await
    }

    /// That the tree of `size` entries, 0 for the newest, has those from `from` up to and without `to`.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] for a range that is empty, not in the tree or longer than [`MAX_RANGE`], and as for
    /// [`Exchange::get_checkpoint`].
    pub async fn get_range_proof(
        self: &Arc<Self>,
        caller: &Caller,
        from: u64,
        to: u64,
        size: u64,
    ) -> Result<GetRangeProofResponse, Refusal> {
        let work = move |_: &Exchange, proofs: &dyn Proofs| {
            // Judged before anything is read: a range that is too long costs nothing.
            let most = from.saturating_add(MAX_RANGE);
            if from >= to || to > most {
                let expected = format!("expected more than {from} and at most {most}");
                return Err(malformed("to", expected));
            }
            let size = published(proofs, size)?;
            if to > size {
                return Err(malformed(
                    "to",
                    format!("expected at most {size}, the size"),
                ));
            }
            let range = proofs.range(from, to, size).map_err(failed)?;
            Ok(GetRangeProofResponse {
                from,
                to,
                size,
                leaf_hashes: lists(range.leaf_hashes),
                left: lists(range.left),
                right: lists(range.right),
            })
        };
        self.proving(caller, "GetRangeProof", work).await
    }

    /// That a message of a submission was received: its place in the payloads root, the entry, and the entry's place in
    /// the tree of `size` entries, 0 for the newest.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] also for a submission the caller may not know of, and as for
    /// [`Exchange::get_inclusion_proof`].
    pub async fn get_message_proof(
        self: &Arc<Self>,
        caller: &Caller,
        id: String,
        message: u32,
        size: u64,
        case: CaseBinding,
    ) -> Result<GetMessageProofResponse, Refusal> {
        const METHOD: &str = "GetMessageProof";
        let read = async {
            let shown = RecordId::parse(&id).map_or("", |_| id.as_str());
            let asked = format!("{shown} message {message} size {size}");
            let query = self
                .log_query(caller, METHOD, "", asked.as_str(), &case)
                .await?;
            let (exchange, reader) = (Arc::clone(self), caller.clone());
            let work = move || {
                let proofs = exchange.proofs()?;
                let answer = exchange.message_proof(proofs, &reader, &id, message, size)?;
                let digest = assemble::digest(std::slice::from_ref(&answer));
                Ok((answer, digest))
            };
            let (answer, digest) = self.read_blocking(caller, work).await?;
            self.log_answer(caller, query, 1, digest)?;
            Ok(answer)
        };
        self.reading(caller, METHOD, "", read).await
    }

    fn message_proof(
        &self,
        proofs: &dyn Proofs,
        reader: &Caller,
        id: &str,
        message: u32,
        size: u64,
    ) -> Result<GetMessageProofResponse, Refusal> {
        // Rights and the tree come before evidence: what is refused makes the node read nothing more.
        let (position, found) = self.visible_submission(reader, id)?;
        let inclusion = inclusion(proofs, position, size)?;
        let count = found.entry.sums.messages;
        if u64::from(message) >= count {
            let expected = format!("expected less than {count}, the number of messages");
            return Err(malformed("message_index", expected));
        }
        if inclusion.leaf_hash != audit_log::leaf_hash(&found.bytes) {
            return Err(failed(
                "the tiles have another entry at the position".into(),
            ));
        }
        let sight = self.sight(reader);
        let mut payloads = self.payloads_of(position, &found.entry, sight)?;
        let leaves: Vec<Hash> = payloads.iter().map(|payload| payload.leaf).collect();
        let payload_salt = match self.sees_payload(reader, &found.entry.agency) {
            true => payloads.swap_remove(message as usize).salt,
            false => Vec::new(),
        };
        let path = message_path(&leaves, u64::from(message));
        let path = path.map_err(|cause| failed(cause.into()))?;
        Ok(GetMessageProofResponse {
            message_index: message,
            message_count: u32::try_from(count).unwrap_or(u32::MAX),
            payload_leaf_hash: leaves[message as usize].to_vec(),
            payload_hashes: lists(path),
            entry: found.bytes,
            inclusion: Some(inclusion),
            payload_salt,
        })
    }

    /// Position and entry of the submission `id`, when the caller submitted it or may read its feed.
    pub(crate) fn visible_submission(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(u64, Found), Refusal> {
        let not_found = || Refusal::NotFound {
            what: "submission",
            id: id.chars().take(64).collect(),
        };
        let position = RecordId::parse(id).ok_or_else(not_found)?.place().position;
        let found = self.submit_entry(position)?.ok_or_else(not_found)?;
        let real = RecordId::of_submission(found.time_ns, position).to_string();
        let may_know =
            found.entry.agency == caller.agency || self.policy.may_read(caller, &found.entry.feed);
        match may_know && id.eq_ignore_ascii_case(&real) {
            true => Ok((position, found)),
            false => Err(not_found()),
        }
    }

    pub(crate) fn proofs(&self) -> Result<&dyn Proofs, Refusal> {
        self.proofs.as_deref().ok_or(Refusal::ProofsNotOffered)
    }

    /// Runs a reading of hashes: on the blocking pool, under the deadline, its refusal an entry.
    async fn proving<T: Send + 'static>(
        self: &Arc<Self>,
        caller: &Caller,
        method: &str,
        work: impl FnOnce(&Exchange, &dyn Proofs) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let exchange = Arc::clone(self);
        let work = move || work(&exchange, exchange.proofs()?);
        let read = self.read_blocking(caller, work);
        self.reading(caller, method, "", read).await
    }
}

pub(crate) fn newest(proofs: &dyn Proofs) -> Result<ShownCheckpoint, Refusal> {
    let none = Refusal::NotPublished {
        size: 1,
        published: 0,
    };
    proofs.checkpoint().map_err(failed)?.ok_or(none)
}

/// The size asked for, once it is known to be published; that of the newest checkpoint for 0.
pub(crate) fn published(proofs: &dyn Proofs, size: u64) -> Result<u64, Refusal> {
    let published = newest(proofs)?.size;
    match size {
        0 => Ok(published),
        _ if size > published => Err(Refusal::NotPublished { size, published }),
        _ => Ok(size),
    }
}

fn inclusion(
    proofs: &dyn Proofs,
    position: u64,
    size: u64,
) -> Result<GetInclusionProofResponse, Refusal> {
    let is_newest = size == 0;
    let size = published(proofs, size)?;
    if position >= size {
        // In the newest tree it may come to be; in one of a given size it never will.
        return Err(match is_newest {
            true => Refusal::NotPublished {
                size: position.saturating_add(1),
                published: size,
            },
            false => malformed("position", format!("expected less than {size}, the size")),
        });
    }
    let InclusionProof {
        leaf_hash,
        hashes,
        text,
    } = proofs.inclusion(position, size).map_err(failed)?;
    Ok(GetInclusionProofResponse {
        position,
        size,
        leaf_hash: leaf_hash.to_vec(),
        hashes: lists(hashes),
        tlog_proof: text.unwrap_or_default(),
    })
}

pub(crate) fn answer_of(shown: ShownCheckpoint) -> GetCheckpointResponse {
    let standing = match shown.standing {
        Standing::Provisional => CheckpointStanding::Provisional,
        Standing::Final => CheckpointStanding::Final,
    };
    GetCheckpointResponse {
        note: shown.note,
        size: shown.size,
        standing: standing as i32,
        witnesses: shown.witnesses,
        missing_witnesses: shown.missing,
    }
}

pub(crate) fn lists(hashes: Vec<[u8; 32]>) -> Vec<Vec<u8>> {
    hashes.into_iter().map(|hash| hash.to_vec()).collect()
}

pub(crate) fn failed(cause: Cause) -> Refusal {
    Refusal::ProofFailed { cause }
}

pub(crate) fn malformed(field: &'static str, expected: String) -> Refusal {
    Refusal::Malformed { field, expected }
}
