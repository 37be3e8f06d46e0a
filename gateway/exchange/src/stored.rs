//! Reading a submission back: from the log, then from the evidence, checked against each other.

use prost::Message as _;
use proto::v1::{MessageResult, SubmitRequest, SubmitResponse, message_result};

use audit_log::tree::CompactRange;
use vault::Vault;

use crate::block::blocks;
use crate::entry::SubmitEntry;
use crate::personal::{self, Apart, Payload, Sight, Unopened};
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
    /// Of a sealed submission: the results as they were taken apart, by number of the message.
    pub(crate) apart: Vec<Option<Apart>>,
    /// How much of it was opened.
    sight: Sight,
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
    #[error("the messages do not give the payload digest of the entry")]
    Leaves,
    #[error("the submission is sealed, and this node has no vault")]
    NoVault,
}

/// The request, the results, and the results taken apart.
type Decoded = (Vec<u8>, Vec<MessageResult>, Vec<Option<Apart>>);

impl Exchange {
    /// The submission at `position`, from disk, with every digest checked. Values that are only stored stay sealed.
    pub(crate) fn stored(&self, position: u64) -> Result<Stored, Refusal> {
        self.stored_in(position, Sight::Processing)
    }

    /// The same with everything there is a key for: for the gateway's own work, and for who may read what is restricted.
    pub(crate) fn stored_whole(&self, position: u64) -> Result<Stored, Refusal> {
        self.stored_in(position, Sight::Whole)
    }

    /// The same, as much of it as `sight` says.
    pub(crate) fn stored_in(&self, position: u64, sight: Sight) -> Result<Stored, Refusal> {
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
        let (manifest_bytes, results, apart) = match &submit.sealed {
            None => {
                let (manifest, results) = decode(parts).map_err(|cause| damaged(cause.into()))?;
                (manifest, results, Vec::new())
            }
            Some(_) => self
                .decode_sealed(&submit.key, &parts, sight)
                .map_err(damaged)?,
        };
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
            apart,
            sight,
        })
    }

    /// The payloads of a stored submission, checked against the entry. One that is erased or only stored is empty.
    pub(crate) fn payloads(&self, stored: &Stored) -> Result<Vec<Vec<u8>>, Refusal> {
        let payloads = self.salted_payloads(stored)?;
        Ok(payloads
            .into_iter()
            .map(|payload| payload.message)
            .collect())
    }

    /// The payloads with the salts of their leaves.
    pub(crate) fn salted_payloads(&self, stored: &Stored) -> Result<Vec<Payload>, Refusal> {
        self.payloads_of(stored.position, &stored.entry, stored.sight)
    }

    /// The payloads of the submission with this entry, at `position`.
    pub(crate) fn payloads_of(
        &self,
        position: u64,
        entry: &SubmitEntry,
        sight: Sight,
    ) -> Result<Vec<Payload>, Refusal> {
        let damaged = |cause: Cause| Refusal::Damaged { position, cause };
        let parts = bundle(&*self.evidence, entry.payload_address()).map_err(damaged)?;
        if parts.len() as u64 != entry.sums.messages {
            return Err(damaged(Damage::Shape.into()));
        }
        if entry.sealed.is_none() {
            let clear = |message: Vec<u8>| Payload {
                leaf: audit_log::leaf_hash(&message),
                salt: Vec::new(),
                message,
                closed: None,
            };
            return Ok(parts.into_iter().map(clear).collect());
        }
        let vault = self.vault().map_err(damaged)?;
        let mut leaves = CompactRange::new();
        let mut payloads = Vec::with_capacity(parts.len());
        for (number, part) in parts.iter().enumerate() {
            let opened = personal::payload(vault, sight, &entry.key, number, part);
            let payload = match opened.map_err(damaged)? {
                Ok(payload) => payload,
                Err((closed, _)) => closed,
            };
            leaves.append(payload.leaf);
            payloads.push(payload);
        }
        if leaves.root() == entry.payload_root {
            Ok(payloads)
        } else {
            Err(damaged(Damage::Leaves.into()))
        }
    }

    /// Whether the stored payloads are these.
    ///
    /// # Errors
    /// [`Refusal::Erased`] when one was erased: nobody can say any more.
    pub(crate) fn is_same_sealed(
        &self,
        stored: &Stored,
        payloads: &[&[u8]],
    ) -> Result<bool, Refusal> {
        let kept = self.salted_payloads(stored)?;
        let is_erased = kept.iter().any(|payload| payload.message.is_empty());
        if is_erased || stored.manifest_bytes.is_empty() {
            return Err(Refusal::Erased {
                position: stored.position,
            });
        }
        let pairs = kept.iter().zip(payloads);
        Ok(kept.len() == payloads.len() && { pairs }.all(|(kept, sent)| kept.message == *sent))
    }

    fn vault(&self) -> Result<&Vault, Cause> {
        self.vault.as_deref().ok_or_else(|| Damage::NoVault.into())
    }

    fn decode_sealed(
        &self,
        key: &[u8; 16],
        parts: &[Vec<u8>],
        sight: Sight,
    ) -> Result<Decoded, Cause> {
        let vault = self.vault()?;
        let (request, rest) = parts.split_first().ok_or(Damage::Shape)?;
        // Erased or only stored: the answer then lacks what only the request said.
        let request = personal::request(vault, sight, key, request)?.unwrap_or_default();
        let (mut results, mut apart) = (Vec::new(), Vec::new());
        for (number, part) in rest.iter().enumerate() {
            let (result, taken) = personal::result(vault, sight, key, number, part)?;
            results.push(result);
            apart.push(taken);
        }
        Ok((request, results, apart))
    }
}

impl Exchange {
    /// The results of a stored submission, the request first: as kept, and what was sealed as it was before.
    ///
    /// # Errors
    /// [`Refusal::Erased`] when part of it cannot be had any more, or is only stored.
    pub(crate) fn result_parts(&self, stored: &Stored) -> Result<Vec<Vec<u8>>, Refusal> {
        if stored.entry.sealed.is_some() {
            if !stored.is_whole() {
                let position = stored.position;
                return Err(Refusal::Erased { position });
            }
            let results = stored.results.iter().map(prost::Message::encode_to_vec);
            return Ok(std::iter::once(stored.manifest_bytes.clone())
                .chain(results)
                .collect());
        }
        bundle(&*self.evidence, &stored.entry.result_root).map_err(|cause| Refusal::Damaged {
            position: stored.position,
            cause,
        })
    }
}

impl Stored {
    /// The answer that was given, without the salts of the messages.
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
    pub(crate) fn rows(&self, vault: Option<&Vault>) -> IndexedSubmission {
        let (mut runs, mut quarantined) = (Vec::new(), Vec::new());
        for (message, result) in (0..=u16::MAX).zip(&self.results) {
            let (of_message, row) = check::rows_of(message, result);
            let apart = self
                .apart
                .get(usize::from(message))
                .and_then(Option::as_ref);
            match (apart, vault) {
                (Some(apart), Some(vault)) => runs.extend(apart.runs(vault, message, result)),
                _ => runs.extend(of_message),
            }
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

    /// Whether everything that was sealed of it was opened.
    pub(crate) fn is_whole(&self) -> bool {
        let apart = self.apart.iter().flatten();
        let is_open = |apart: &Apart| apart.unopened("").next().is_none();
        self.entry.sealed.is_none() || (!self.manifest_bytes.is_empty() && { apart }.all(is_open))
    }

    /// Paths in the record at `ordinal` of message `message` whose values were not opened, with why.
    pub(crate) fn unopened(&self, message: u16, ordinal: u16) -> Vec<(String, Unopened)> {
        let above = format!("records[{ordinal}].");
        let apart = self
            .apart
            .get(usize::from(message))
            .and_then(Option::as_ref);
        let paths = apart.into_iter().flat_map(|apart| apart.unopened(&above));
        paths.map(|(path, why)| (path.to_owned(), why)).collect()
    }

    /// What is open of the conversion of message `message`: what text search looks at.
    pub(crate) fn open_conversion(&self, message: u16) -> Option<&proto::v1::Conversion> {
        let apart = self.apart.get(usize::from(message));
        let Some(apart) = apart.and_then(Option::as_ref) else {
            return self.conversion(message);
        };
        match &apart.open().result {
            Some(message_result::Result::Converted(conversion)) => Some(conversion),
            Some(message_result::Result::Quarantined(_)) | None => None,
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
