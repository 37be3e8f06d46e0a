//! Opening what is stored of a sealed submission, as far as its keys are there and the reader may.

use prost::Message as _;
use proto::v1::{MessageResult, SealedResult};
use vault::{KeyName, OpenError, Tombstone, Vault, sealed};
use zeroize::Zeroizing;

use super::fields;
use super::part::{Part, Payload, leaf, split_salted};
use super::rows;
use super::seal::context;
use crate::ports::Run;
use crate::refusal::Cause;

/// How much is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// What may be processed: values that are only stored stay sealed.
    Processing,
    /// Everything there is a key for: for the gateway's own work, and for whoever may read restricted values.
    Whole,
}

/// Why a value was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// Its key was destroyed.
    Erased(Tombstone),
    /// It is only stored.
    Restricted,
}

/// A value of a stored result.
pub(crate) struct Field {
    pub(crate) path: String,
    pub(crate) commitment: Vec<u8>,
    pub(crate) key: KeyName,
    /// Salt and value, or why they were not opened.
    pub(crate) opened: Result<(Vec<u8>, Zeroizing<Vec<u8>>), Unopened>,
}

/// A stored result that was taken apart.
pub(crate) struct Apart {
    /// Without the sealed values.
    open: MessageResult,
    pub(crate) fields: Vec<Field>,
}

/// What is wrong with stored parts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PartError {
    #[error("part {part} has no known form")]
    Form { part: usize },
    #[error("part {part} is not what was sealed")]
    Sealed {
        part: usize,
        #[source]
        cause: OpenError,
    },
    #[error("the sealed values of part {part} do not fit the result they were taken from")]
    Misfit { part: usize },
    #[error("message {message} does not give its leaf hash")]
    Leaf { message: usize },
}

/// Opens sealed bytes; the inner error is one that is part of the order of things.
fn open_bytes(
    vault: &Vault,
    sight: Sight,
    at: &[u8],
    bytes: &[u8],
    part: usize,
) -> Result<Result<Zeroizing<Vec<u8>>, Unopened>, PartError> {
    let name = sealed::key_of(bytes).ok_or(PartError::Form { part })?;
    let is_restricted = || vault.is_restricted(name) || vault.mentions_restricted(name);
    if sight == Sight::Processing && is_restricted() {
        return Ok(Err(Unopened::Restricted));
    }
    match vault.open_sealed(at, bytes) {
        Ok(plain) => Ok(Ok(plain)),
        Err(OpenError::Erased(left)) => Ok(Err(Unopened::Erased(left))),
        Err(cause) => Err(PartError::Sealed { part, cause }),
    }
}

/// The request without payloads; `Err` inside when it was erased or is only stored.
pub(crate) fn request(
    vault: &Vault,
    sight: Sight,
    key: &[u8; 16],
    part: &[u8],
) -> Result<Result<Vec<u8>, Unopened>, Cause> {
    match Part::decode(part) {
        Some(Part::Clear(bytes)) => Ok(Ok(bytes.to_vec())),
        Some(Part::Request(bytes)) => {
            let at = context("request", key, 0, "");
            Ok(open_bytes(vault, sight, &at, bytes, 0)?.map(|plain| plain.to_vec()))
        }
        _ => Err(PartError::Form { part: 0 }.into()),
    }
}

/// The result of message `number`, with back what could be opened; taken apart where it was sealed.
pub(crate) fn result(
    vault: &Vault,
    sight: Sight,
    key: &[u8; 16],
    number: usize,
    part: &[u8],
) -> Result<(MessageResult, Option<Apart>), Cause> {
    let misfit = || PartError::Misfit { part: number + 1 };
    let sealed = match Part::decode(part) {
        Some(Part::Clear(bytes)) => return Ok((MessageResult::decode(bytes)?, None)),
        Some(Part::Result(bytes)) => SealedResult::decode(bytes)?,
        _ => return Err(PartError::Form { part: number + 1 }.into()),
    };
    let mut opened = Vec::with_capacity(sealed.fields.len());
    for field in sealed.fields {
        let at = context("field", key, number, &field.path);
        let plain = open_bytes(vault, sight, &at, &field.sealed, number + 1)?;
        let plain = match plain {
            Ok(plain) => {
                let (salt, value) = split_salted(&plain).ok_or_else(misfit)?;
                Ok((salt.to_vec(), Zeroizing::new(value.to_vec())))
            }
            Err(unopened) => Err(unopened),
        };
        opened.push(Field {
            key: sealed::key_of(&field.sealed).ok_or_else(misfit)?,
            path: field.path,
            commitment: field.commitment,
            opened: plain,
        });
    }
    let values = opened.iter().filter_map(|field| {
        let (_, value) = field.opened.as_ref().ok()?;
        Some((field.path.as_str(), value.as_slice()))
    });
    let whole = fields::put_back(&sealed.open, values).ok_or_else(misfit)?;
    let apart = Apart {
        open: MessageResult::decode(sealed.open.as_slice())?,
        fields: opened,
    };
    Ok((whole, Some(apart)))
}

/// What is open of a result; `None` for a part that is none.
pub(crate) fn open_result(part: &[u8]) -> Option<MessageResult> {
    match Part::decode(part)? {
        Part::Clear(bytes) => MessageResult::decode(bytes).ok(),
        Part::Result(bytes) => {
            let sealed = SealedResult::decode(bytes).ok()?;
            MessageResult::decode(sealed.open.as_slice()).ok()
        }
        Part::Payload { .. } | Part::Request(_) => None,
    }
}

/// A result with sealed values, with these put back; `None` for another part, and when a value does not fit.
pub(crate) fn put_together<'a>(
    part: &[u8],
    values: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Option<MessageResult> {
    let Part::Result(bytes) = Part::decode(part)? else {
        return None;
    };
    fields::put_back(&SealedResult::decode(bytes).ok()?.open, values)
}

/// The bytes of a part that was not sealed, as they are.
pub(crate) fn clear(part: &[u8]) -> Result<Vec<u8>, Cause> {
    match Part::decode(part) {
        Some(Part::Clear(bytes)) => Ok(bytes.to_vec()),
        _ => Err("the part is sealed".into()),
    }
}

/// Message `number` as received, as far as it can be had.
pub(crate) fn payload(
    vault: &Vault,
    sight: Sight,
    key: &[u8; 16],
    number: usize,
    part: &[u8],
) -> Result<Result<Payload, (Payload, Unopened)>, Cause> {
    let (stated, sealed) = match Part::decode(part) {
        Some(Part::Clear(message)) => {
            return Ok(Ok(Payload {
                salt: Vec::new(),
                message: message.to_vec(),
                leaf: leaf(&[], message),
                closed: None,
            }));
        }
        Some(Part::Payload { leaf, sealed }) => (leaf, sealed),
        _ => return Err(PartError::Form { part: number }.into()),
    };
    let at = context("payload", key, number, "");
    let plain = match open_bytes(vault, sight, &at, sealed, number)? {
        Ok(plain) => plain,
        Err(unopened) => {
            let closed = Payload {
                leaf: stated,
                closed: Some(unopened),
                ..Payload::default()
            };
            return Ok(Err((closed, unopened)));
        }
    };
    let misfit = PartError::Misfit { part: number };
    let (salt, message) = split_salted(&plain).ok_or(misfit)?;
    if leaf(salt, message) != stated {
        return Err(PartError::Leaf { message: number }.into());
    }
    Ok(Ok(Payload {
        salt: salt.to_vec(),
        message: message.to_vec(),
        leaf: stated,
        closed: None,
    }))
}

impl Apart {
    /// The result with these of its sealed values; `None` when one does not fit.
    pub(crate) fn with<'a>(
        &self,
        values: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Option<MessageResult> {
        fields::put_back(&fields::canonical(&self.open), values)
    }

    /// What is open of the result.
    pub(crate) fn open(&self) -> &MessageResult {
        &self.open
    }

    /// Rows of the message for the index.
    pub(crate) fn runs(&self, vault: &Vault, message: u16, whole: &MessageResult) -> Vec<Run> {
        let is_there = |field: &&Field| !matches!(field.opened, Err(Unopened::Erased(_)));
        let keys = self.fields.iter().filter(is_there);
        let keys = keys.map(|field| (field.path.as_str(), field.key));
        rows::runs(vault, message, &self.open, whole, keys)
    }

    /// Paths of values that were not opened, with why, below `above`.
    pub(crate) fn unopened<'a>(
        &'a self,
        above: &'a str,
    ) -> impl Iterator<Item = (&'a str, Unopened)> {
        self.fields.iter().filter_map(move |field| {
            let path = field.path.strip_prefix(above)?;
            Some((path, *field.opened.as_ref().err()?))
        })
    }
}
