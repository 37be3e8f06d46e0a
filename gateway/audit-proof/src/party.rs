//! Party signatures (报送方签名): what an agency signs about a submission, and what its running counter shows.
//!
//! An agency signs each submission with a key the gateway does not have and counts what it signs. The signature stands
//! in the entry (key 12), so a log can be checked for entries nobody sent, and the counters for submissions nobody
//! logged. Nothing here signs, keeps a key or counts: an agency's own client does, and the exchange decides whom it
//! admits. The offline verifier and the exchange rely on it.
//!
//! The log stays ignorant of what it stores; here alone stand the places where a signed entry has what was signed:
//!
//! | key | place | what |
//! |---|---|---|
//! | 6 | [`AGENCY_PLACE`] | agency, text |
//! | 7 | [`FEED_PLACE`] | feed, text |
//! | 9 | [`PAYLOAD_ROOT_PLACE`] | RFC 6962 root over the payloads, 32 bytes |
//! | 11 | | digest of the idempotency key, 16 bytes: [`key_digest`] |
//! | 12 | | [`PartyField`] |

mod counters;
mod field;
mod key;
mod key_list;
mod statement;
#[cfg(test)]
mod tests;

pub use counters::{CounterCheck, CounterReport, KeyCounters, Numbered, Renumbered, Replay};
pub use field::{FieldError, PartyField};
pub use key::{AgencyKeys, KeyError, KeyId, PartyKey, PartyKeys};
pub use key_list::{KeyListError, KeyListFault};
pub use statement::{DOMAIN, Statement, attributes_digest, key_digest};

use crate::{
    cbor::Value,
    entry::{Entry, Field},
    hash::Hash,
};

/// Event number of an accepted submission: the entry that must be signed, and only once under one counter.
pub const SUBMIT_EVENT: u64 = 1;

/// Place of the agency in the actor (key 6).
pub const AGENCY_PLACE: usize = 0;

/// Place of the feed in the object (key 7).
pub const FEED_PLACE: usize = 0;

/// Place of the root over the payloads in the digests (key 9).
pub const PAYLOAD_ROOT_PLACE: usize = 0;

/// Why an entry is not what an agency signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartyFault {
    /// An accepted submission of an agency that must sign has no signature.
    #[error("agency {agency} signs its submissions and this one is not signed")]
    Unsigned {
        /// The agency.
        agency: String,
    },
    /// Key 12 is not a party field.
    #[error("the party field cannot be read")]
    Field(#[source] FieldError),
    /// The entry carries a signature and lacks something that is signed.
    #[error("the entry has a party signature and no {missing}")]
    Incomplete {
        /// What is not at its place.
        missing: &'static str,
    },
    /// The key is not registered for the agency.
    #[error("agency {agency} has no party key {key}")]
    UnknownKey {
        /// The agency.
        agency: String,
        /// The key the entry names.
        key: KeyId,
    },
    /// The key did not sign this.
    #[error("the signature {counter} of party key {key} of agency {agency} is not over this entry")]
    BadSignature {
        /// The agency.
        agency: String,
        /// The key the entry names.
        key: KeyId,
        /// The counter the entry states.
        counter: u64,
    },
}

/// A statement that its agency signed, as an entry holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What was signed.
    pub statement: Statement,
    /// The key that signed it.
    pub key: KeyId,
    /// The entry says that the submission was accepted; otherwise that it was refused.
    pub is_accepted: bool,
}

/// Checks the party signature of an entry, from the entry and the registered keys alone.
///
/// `None`: the entry has no signature and needs none.
///
/// # Errors
/// [`PartyFault`] when the agency must sign and did not, or did not sign this.
pub fn verify_entry(entry: &Entry<'_>, keys: &PartyKeys) -> Result<Option<Signed>, PartyFault> {
    let is_accepted = entry.event() == SUBMIT_EVENT;
    let Some(values) = entry.field(Field::Party) else {
        let agency = agency(entry).filter(|_| is_accepted);
        let unsigned = agency.filter(|agency| keys.must_sign(agency, entry.position()));
        return unsigned.map_or(Ok(None), |agency| Err(PartyFault::Unsigned { agency }));
    };
    let field = PartyField::from_values(&values).map_err(PartyFault::Field)?;
    let statement = statement(entry, &field)?;
    let Some(key) = keys.find(&statement.agency, field.key) else {
        return Err(PartyFault::UnknownKey {
            agency: statement.agency,
            key: field.key,
        });
    };
    if !key.has_signed(&statement, &field.signature) {
        return Err(PartyFault::BadSignature {
            agency: statement.agency,
            key: field.key,
            counter: field.counter,
        });
    }
    Ok(Some(Signed {
        statement,
        key: field.key,
        is_accepted,
    }))
}

/// Puts together what `field` says was signed about `entry`.
fn statement(entry: &Entry<'_>, field: &PartyField) -> Result<Statement, PartyFault> {
    let missing = |missing| PartyFault::Incomplete { missing };
    Ok(Statement {
        agency: agency(entry).ok_or(missing("agency"))?,
        feed: text(entry, Field::Object, FEED_PLACE).ok_or(missing("feed"))?,
        key: entry.idempotency_key().ok_or(missing("idempotency key"))?,
        counter: field.counter,
        time_ns: field.time_ns,
        payload_root: payload_root(entry).ok_or(missing("root over the payloads"))?,
        attributes: field.attributes,
    })
}

fn agency(entry: &Entry<'_>) -> Option<String> {
    text(entry, Field::Actor, AGENCY_PLACE)
}

/// Returns the root over the payloads that the entry of a submission binds.
pub(crate) fn payload_root(entry: &Entry<'_>) -> Option<Hash> {
    let place = place(entry, Field::Digests, PAYLOAD_ROOT_PLACE)?;
    if let Value::Bytes(bytes) = place {
        bytes.try_into().ok()
    } else {
        None
    }
}

fn text(entry: &Entry<'_>, field: Field, index: usize) -> Option<String> {
    let place = place(entry, field, index)?;
    if let Value::Text(text) = place {
        Some(text)
    } else {
        None
    }
}

/// Returns the item `index` of a field.
pub(crate) fn place(entry: &Entry<'_>, field: Field, index: usize) -> Option<Value> {
    entry.field(field)?.into_iter().nth(index)
}
