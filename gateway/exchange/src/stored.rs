//! Reading a submission back: from the log, then from the evidence, checked against each other.

use prost::Message as _;
use proto::v1::{MessageResult, SubmitRequest, SubmitResponse, message_result};

use crate::block::blocks;
use crate::entry::SubmitEntry;
use crate::ports::{EvidenceStore, IndexedSubmission};
use crate::refusal::{Cause, Refusal};
use crate::{Exchange, answer, check, facts};

/// A submission as it is stored.
pub(crate) struct Stored {
    pub(crate) position: u64,
    pub(crate) time_ns: u64,
    pub(crate) leaf_hash: [u8; 32],
    pub(crate) entry: SubmitEntry,
    pub(crate) manifest_bytes: Vec<u8>,
    pub(crate) manifest: SubmitRequest,
    pub(crate) results: Vec<MessageResult>,
}

/// Why what is stored cannot be shown.
#[derive(Debug, thiserror::Error)]
enum Damage {
    #[error("the entry is no submission")]
    NoSubmission,
    #[error("the evidence store has no bundle {address}")]
    Missing { address: String },
    #[error("the bundle of results does not hold the request and one result for each message")]
    Shape,
    #[error("part {part} of the results cannot be decoded")]
    Undecodable { part: usize },
}

impl Exchange {
    /// The submission at `position`, from disk, with every digest checked.
    pub(crate) fn stored(&self, position: u64) -> Result<Stored, Refusal> {
        let damaged = |cause: Cause| Refusal::Damaged { position, cause };
        let stored = self
            .log
            .reader()
            .entry(position)
            .map_err(|error| damaged(error.into()))?;
        let stored = stored.ok_or_else(|| damaged(Damage::NoSubmission.into()))?;
        let entry = stored.decode().map_err(|error| damaged(error.into()))?;
        let submit =
            SubmitEntry::read(&entry).ok_or_else(|| damaged(Damage::NoSubmission.into()))?;
        let parts = bundle(&*self.evidence, &submit.result_root).map_err(damaged)?;
        let (manifest_bytes, results) = decode(parts).map_err(|cause| damaged(cause.into()))?;
        if results.len() as u64 != submit.sums.messages {
            return Err(damaged(Damage::Shape.into()));
        }
        let manifest = SubmitRequest::decode(manifest_bytes.as_slice())
            .map_err(|_| damaged(Damage::Undecodable { part: 0 }.into()))?;
        Ok(Stored {
            position,
            time_ns: entry.time_ns(),
            leaf_hash: stored.leaf_hash(),
            entry: submit,
            manifest_bytes,
            manifest,
            results,
        })
    }

    /// The payloads of a stored submission, checked against the entry.
    pub(crate) fn payloads(&self, stored: &Stored) -> Result<Vec<Vec<u8>>, Refusal> {
        let damaged = |cause: Cause| Refusal::Damaged {
            position: stored.position,
            cause,
        };
        let parts = bundle(&*self.evidence, &stored.entry.payload_root).map_err(damaged)?;
        if parts.len() == stored.results.len() {
            Ok(parts)
        } else {
            Err(damaged(Damage::Shape.into()))
        }
    }
}

impl Exchange {
    /// The bundle of results of a stored submission, as kept: the request first.
    pub(crate) fn result_parts(&self, stored: &Stored) -> Result<Vec<Vec<u8>>, Refusal> {
        bundle(&*self.evidence, &stored.entry.result_root).map_err(|cause| Refusal::Damaged {
            position: stored.position,
            cause,
        })
    }
}

impl Stored {
    /// The answer that was given.
    pub(crate) fn answer(&self, origin: &str) -> SubmitResponse {
        let place = answer::Place {
            origin,
            position: self.position,
            time_ns: self.time_ns,
            leaf_hash: self.leaf_hash,
        };
        let mut outcomes: Vec<_> = self.results.iter().map(check::outcome_of).collect();
        check::shorten(&mut outcomes);
        answer::answer(
            &self.entry,
            &place,
            &self.manifest.idempotency_key,
            outcomes,
        )
    }

    /// The rows for the index.
    pub(crate) fn rows(&self) -> IndexedSubmission {
        let (mut runs, mut quarantined) = (Vec::new(), Vec::new());
        for (message, result) in (0..=u16::MAX).zip(&self.results) {
            let (of_message, row) = check::rows_of(message, result);
            runs.extend(of_message);
            quarantined.extend(row);
        }
        if self.entry.retry.is_some() {
            // The message is in quarantine already, under the submission it came with.
            quarantined.clear();
        }
        IndexedSubmission {
            agency: self.entry.agency.clone(),
            feed: self.entry.feed.clone(),
            key: self.entry.key,
            runs: blocks(runs),
            quarantined,
            case: facts::case_of(&self.entry.case),
            words: facts::words_of_case(&self.entry.case),
        }
    }

    /// The conversion of message `message`, unless it is quarantined or missing.
    pub(crate) fn conversion(&self, message: u16) -> Option<&proto::v1::Conversion> {
        match &self.results.get(usize::from(message))?.result {
            Some(message_result::Result::Converted(conversion)) => Some(conversion),
            Some(message_result::Result::Quarantined(_)) | None => None,
        }
    }
}

pub(crate) fn bundle(
    evidence: &dyn EvidenceStore,
    address: &[u8; 32],
) -> Result<Vec<Vec<u8>>, Cause> {
    let missing = || Damage::Missing {
        address: crate::policy::hex(address),
    };
    evidence.get(address)?.ok_or_else(|| missing().into())
}

fn decode(parts: Vec<Vec<u8>>) -> Result<(Vec<u8>, Vec<MessageResult>), Damage> {
    let mut parts = parts.into_iter();
    let manifest = parts.next().ok_or(Damage::Shape)?;
    let decoded = parts.enumerate().map(|(number, part)| {
        MessageResult::decode(part.as_slice()).map_err(|_| Damage::Undecodable { part: number + 1 })
    });
    Ok((manifest, decoded.collect::<Result<_, _>>()?))
}
