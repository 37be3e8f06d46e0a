//! Sealing a submission: after it was checked, before it is kept.

use std::sync::Arc;

use audit_log::tree::{self, CompactRange};
use bytes::Bytes;
use prost::Message as _;
use proto::v1::{MessageResult, SealedField, SealedResult, message_result};
use vault::{Batch, Compartment, KeyName, NamedKey, Vault, commit, sealed};

use super::fields::{self, Taken};
use super::part::{Bundles, Part, leaf, salted};
use super::{rows, vault_failed};
use crate::entry::SealedRoots;
use crate::ports::Run;
use crate::refusal::Refusal;

/// What is sealed of a submission.
pub(crate) struct ToSeal<'a> {
    /// Digest of the idempotency key: binds what is sealed to its submission.
    pub(crate) key: &'a [u8; 16],
    /// The messages.
    pub(crate) payloads: &'a [Bytes],
    /// The request without payloads, then the result of each message.
    pub(crate) results: &'a [Bytes],
    /// Whether each message holds nothing personal.
    pub(crate) is_open: Vec<bool>,
    /// Whether the agency signed: its signature is over leaves without salt.
    pub(crate) is_signed: bool,
    /// The case the submission is bound to.
    pub(crate) case_number: &'a str,
}

/// A sealed submission: its bundles, and the rows of the messages that were sealed.
pub(crate) struct Sealed {
    pub(crate) bundles: Bundles,
    /// By number of the message; `None` for one that holds nothing personal.
    pub(crate) runs: Vec<Option<Vec<Run>>>,
}

/// What sealed bytes are, and where they belong.
pub(crate) fn context(what: &str, key: &[u8; 16], message: usize, path: &str) -> Vec<u8> {
    let head = format!("lawgate/{what}/{message}/{path}/");
    [head.as_bytes(), key].concat()
}

/// Seals what is personal of a submission. The keys are durable when it returns.
///
/// # Errors
/// [`Refusal::VaultFailed`]: nothing may be kept.
pub(crate) fn seal(vault: &Vault, of: &ToSeal<'_>) -> Result<Sealed, Refusal> {
    let mut batch = vault.batch();
    let sealed = Sealing {
        vault,
        of,
        batch: &mut batch,
        commitments: Vec::new(),
        people: Vec::new(),
    }
    .run()?;
    batch.commit().map_err(vault_failed)?;
    Ok(sealed)
}

struct Sealing<'a, 'v> {
    vault: &'a Vault,
    of: &'a ToSeal<'a>,
    batch: &'a mut Batch<'v>,
    commitments: Vec<[u8; 32]>,
    people: Vec<KeyName>,
}

/// One message, sealed.
struct Message {
    payload: Bytes,
    result: Bytes,
    leaf: [u8; 32],
    salt: Vec<u8>,
    runs: Option<Vec<Run>>,
}

impl Sealing<'_, '_> {
    fn run(mut self) -> Result<Sealed, Refusal> {
        let (of, count) = (self.of, self.of.payloads.len());
        let mut leaves = CompactRange::new();
        let (mut payloads, mut results) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let (mut salts, mut runs) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for number in 0..count {
            let message = match of.is_open[number] {
                true => self.open(number),
                false => self.message(number)?,
            };
            leaves.append(message.leaf);
            payloads.push(message.payload);
            results.push(message.result);
            salts.push(message.salt);
            runs.push(message.runs);
        }
        // Sealed last: whoever is erased from a message is erased from the request as well.
        let request = self.batch.message_key().map_err(vault_failed)?;
        for person in &self.people {
            self.batch.mention(*person, request.name);
        }
        let context = context("request", of.key, 0, "");
        let request = sealed::seal(&request, &context, &of.results[0]).map_err(vault_failed)?;
        let results: Arc<[Bytes]> = std::iter::once(Part::Request(&request).encode())
            .chain(results)
            .collect();
        let payloads: Arc<[Bytes]> = payloads.into();
        let bundles = Bundles {
            payload_root: leaves.root(),
            result_root: tree::root(results.iter()),
            roots: SealedRoots {
                payloads: tree::root(payloads.iter()),
                fields: tree::root(self.commitments.iter()),
            },
            payloads,
            results,
            salts,
        };
        Ok(Sealed { bundles, runs })
    }

    /// A message that holds nothing personal beside others that do.
    fn open(&self, number: usize) -> Message {
        let payload = &self.of.payloads[number];
        Message {
            payload: Part::Clear(payload).encode(),
            result: Part::Clear(&self.of.results[number + 1]).encode(),
            leaf: leaf(&[], payload),
            salt: Vec::new(),
            runs: None,
        }
    }

    fn message(&mut self, number: usize) -> Result<Message, Refusal> {
        let of = self.of;
        let message = self.batch.message_key().map_err(vault_failed)?;
        let salt = match of.is_signed {
            true => Vec::new(),
            false => commit::salt().map_err(vault_failed)?.to_vec(),
        };
        let payload = &of.payloads[number];
        let leaf = leaf(&salt, payload);
        let at = context("payload", of.key, number, "");
        let sealed = sealed::seal(&message, &at, &salted(&salt, payload)).map_err(vault_failed)?;
        let (result, runs) = self.result(number, &message)?;
        let part = Part::Payload {
            leaf,
            sealed: &sealed,
        };
        Ok(Message {
            payload: part.encode(),
            result,
            leaf,
            salt,
            runs: Some(runs),
        })
    }

    fn result(&mut self, number: usize, message: &NamedKey) -> Result<(Bytes, Vec<Run>), Refusal> {
        let whole = MessageResult::decode(&*self.of.results[number + 1])
            .map_err(|cause| vault_failed(Box::new(cause)))?;
        let (open, taken) = fields::take(&whole);
        let mut kept = Vec::with_capacity(taken.len());
        for value in taken {
            let key = self.key_of(&whole, &value, message)?;
            let salt = commit::salt().map_err(vault_failed)?;
            let commitment = commit::commitment(&value.path, &salt, &value.value);
            let plain = salted(&salt, &value.value);
            let at = context("field", self.of.key, number, &value.path);
            self.commitments.push(commitment);
            kept.push(SealedField {
                sealed: sealed::seal(&key, &at, &plain).map_err(vault_failed)?,
                path: value.path,
                commitment: commitment.to_vec(),
            });
        }
        let open_result = MessageResult::decode(open.as_slice())
            .map_err(|cause| vault_failed(Box::new(cause)))?;
        let keys = kept
            .iter()
            .filter_map(|field| Some((field.path.as_str(), sealed::key_of(&field.sealed)?)));
        let message = u16::try_from(number).unwrap_or(u16::MAX);
        let runs = rows::runs(self.vault, message, &open_result, &whole, keys);
        let result = SealedResult { open, fields: kept };
        Ok((Part::Result(&result.encode_to_vec()).encode(), runs))
    }

    /// The key a value is sealed under: that of its person in the case, or that of its message.
    fn key_of(
        &mut self,
        whole: &MessageResult,
        value: &Taken,
        message: &NamedKey,
    ) -> Result<NamedKey, Refusal> {
        let compartment = match value.is_reporter {
            true => Compartment::Reporter,
            false => Compartment::Ordinary,
        };
        let Some(person) = &value.person else {
            // A reporter's value that belongs to nobody in particular still lies in the reporters' compartment.
            return match compartment {
                Compartment::Ordinary => Ok(message.clone()),
                Compartment::Reporter => self.nobody(compartment, message),
            };
        };
        let subject = self.vault.subject_tag(compartment, &person.identifier);
        let case = self.vault.case_tag(&self.case_of(whole, &value.path));
        let key = self.batch.subject_key(compartment, &subject, &case);
        let key = key.map_err(vault_failed)?;
        for known_as in &person.known_as {
            self.batch.alias(key.name, known_as);
        }
        self.belongs(key.name, message.name);
        Ok(key)
    }

    fn nobody(
        &mut self,
        compartment: Compartment,
        message: &NamedKey,
    ) -> Result<NamedKey, Refusal> {
        let subject = self
            .vault
            .subject_tag(compartment, &message.name.to_string());
        let key = self
            .batch
            .subject_key(compartment, &subject, &self.vault.case_tag(""));
        let key = key.map_err(vault_failed)?;
        self.belongs(key.name, message.name);
        Ok(key)
    }

    fn belongs(&mut self, person: KeyName, message: KeyName) {
        self.batch.mention(person, message);
        if !self.people.contains(&person) {
            self.people.push(person);
        }
    }

    /// The case of a value: the first number of its record, else the one the submission is bound to.
    fn case_of(&self, whole: &MessageResult, path: &str) -> String {
        let ordinal = path
            .strip_prefix("records[")
            .and_then(|rest| rest.split_once(']'))
            .and_then(|(ordinal, _)| ordinal.parse::<usize>().ok());
        let record = match (&whole.result, ordinal) {
            (Some(message_result::Result::Converted(conversion)), Some(ordinal)) => {
                conversion.records.get(ordinal)
            }
            _ => None,
        };
        let links = record.map(schema::links);
        let own = links.and_then(|links| links.case_numbers.first().map(ToString::to_string));
        own.unwrap_or_else(|| schema::normalise_case_number(self.of.case_number))
    }
}
