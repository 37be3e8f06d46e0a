//! Party signatures at admission: what a submission claims is checked before anything is kept.
//!
//! The statement and its bytes are `audit_log::party`'s; here is only who must sign, which keys
//! count, and what a refused call leaves in the log. Counters are not compared: whoever checks the
//! log does that, and a gateway that did would have to be believed.

use std::sync::Arc;

use audit_log::party::{KeyId, PartyField, Statement, attributes_digest, key_digest};
use audit_log::tree;

use crate::policy::{Caller, Policy, hex};
use crate::refusal::Refusal;
use crate::submit::run_blocking;
use crate::{Exchange, Submission};

/// A signature as it came with a submission. Not yet believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartySignature {
    /// Name of the key; 8 bytes when it is well-formed.
    pub key_id: Vec<u8>,
    /// Running number, from 1 when it is well-formed.
    pub counter: u64,
    /// When it was signed, by the agency's clock: nanoseconds since 1970, UTC.
    pub time_ns: u64,
    /// Ed25519 signature; 64 bytes when it is well-formed.
    pub signature: Vec<u8>,
}

/// Why a submission was refused for its signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartyRefusal {
    /// The agency must sign and did not.
    #[error("agency {agency} must sign its submissions, and this one has no party signature")]
    Missing {
        /// The agency.
        agency: String,
    },
    /// The key id or the signature has another length.
    #[error("party: expected a key_id of 8 bytes and a signature of 64")]
    Form,
    /// The counter is 0.
    #[error("party.counter: expected 1 for the first submission signed with a key")]
    ZeroCounter,
    /// The policy has no such key for the agency.
    #[error("agency {agency} has no party key {key}")]
    UnknownKey {
        /// The agency.
        agency: String,
        /// The key named, in hex.
        key: String,
    },
    /// The key did not sign this submission.
    #[error("the party signature with counter {counter} is not over this submission")]
    NotSigned {
        /// The counter stated.
        counter: u64,
    },
}

/// A checked signature with what it is over: what the entry of a refusal keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedSubmission {
    /// Digest of the idempotency key.
    pub key: [u8; 16],
    /// RFC 6962 root over the payloads.
    pub payload_root: [u8; 32],
    /// Key 12 of the entry.
    pub field: PartyField,
}

/// The field for the entry of a submission that was admitted; `None` when it is not signed.
pub(crate) fn field(submission: &Submission) -> Option<PartyField> {
    let party = submission.party.as_ref()?;
    let messages = submission.messages.iter().map(|message| {
        let attributes = message.attributes.iter();
        attributes.map(|(name, value)| (name.as_str(), value.as_str()))
    });
    Some(PartyField {
        key: KeyId(party.key_id.as_slice().try_into().ok()?),
        counter: party.counter,
        time_ns: party.time_ns,
        attributes: attributes_digest(messages),
        signature: party.signature.as_slice().try_into().ok()?,
    })
}

/// Checks the signature of a submission against the policy.
pub(crate) fn check(
    policy: &Policy,
    caller: &Caller,
    submission: &Submission,
) -> Result<Option<SignedSubmission>, PartyRefusal> {
    let of_agency = policy.agency(caller);
    let Some(party) = &submission.party else {
        let must_sign = of_agency.is_some_and(|agency| agency.must_sign);
        let agency = caller.agency.clone();
        return if must_sign {
            Err(PartyRefusal::Missing { agency })
        } else {
            Ok(None)
        };
    };
    let field = field(submission).ok_or(PartyRefusal::Form)?;
    if field.counter == 0 {
        return Err(PartyRefusal::ZeroCounter);
    }
    let mut keys = of_agency.into_iter().flat_map(|agency| &agency.party_keys);
    let Some(key) = keys.find(|key| key.id() == field.key) else {
        let (agency, key) = (caller.agency.clone(), hex(&party.key_id));
        return Err(PartyRefusal::UnknownKey { agency, key });
    };
    let payloads = submission.messages.iter().map(|message| &*message.payload);
    let statement = Statement {
        agency: caller.agency.clone(),
        feed: submission.feed.clone(),
        key: key_digest(
            &caller.agency,
            &submission.feed,
            &submission.idempotency_key,
        ),
        counter: field.counter,
        time_ns: field.time_ns,
        payload_root: tree::root(payloads),
        attributes: field.attributes,
    };
    if !key.has_signed(&statement, &field.signature) {
        let counter = field.counter;
        return Err(PartyRefusal::NotSigned { counter });
    }
    Ok(Some(SignedSubmission {
        key: statement.key,
        payload_root: statement.payload_root,
        field,
    }))
}

impl Exchange {
    /// Checks the signature off the connection's thread: it is over all payloads.
    ///
    /// This comes before rights and limits, so that every refusal of what was signed can keep the
    /// signature; what it costs is bounded by the longest request the edge reads.
    pub(crate) async fn check_party(
        self: &Arc<Self>,
        caller: &Caller,
        submission: &Submission,
    ) -> Result<Option<SignedSubmission>, Refusal> {
        if submission.party.is_none() {
            return Ok(check(&self.policy, caller, submission)?);
        }
        let (exchange, caller) = (Arc::clone(self), caller.clone());
        let submission = submission.clone();
        run_blocking(move || Ok(check(&exchange.policy, &caller, &submission)?)).await
    }
}
