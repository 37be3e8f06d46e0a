//! The statement: the bytes an agency signs about one submission.
//!
//! Only encoding; nothing here is ever decoded, because whoever checks a signature puts the statement together from
//! what it has and compares. Another language needs no more than what is written here.

use sha2::{Digest, Sha256};

use crate::{
    cbor::{Major, write_bytes, write_head, write_text},
    hash::Hash,
};

/// First element of every statement, and the start of the bytes that are signed.
///
/// A key used for something else besides cannot be brought to sign a statement, nor the other way round.
pub const DOMAIN: &str = "lawgate-party/v1";

/// What an agency says about one submission: I, the agency, sent this under this number.
///
/// As deterministic CBOR (RFC 8949 §4.2.1) it is an array of eight: [`DOMAIN`], then the fields in their order here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The agency, as the gateway's policy and the entry name it.
    pub agency: String,
    /// The feed submitted to.
    pub feed: String,
    /// Digest of the idempotency key: [`key_digest`].
    pub key: [u8; 16],
    /// Running number of the party key, from 1, one for each submission and none left out.
    pub counter: u64,
    /// When it was signed, by the agency's clock, in nanoseconds UTC since 1970; a claim.
    pub time_ns: u64,
    /// RFC 6962 root over the payloads of the messages, one leaf each, in order.
    pub payload_root: Hash,
    /// Digest of what is stated about the messages: [`attributes_digest`].
    pub attributes: Hash,
}

impl Statement {
    /// Returns the deterministic CBOR of the statement.
    #[must_use]
    pub fn to_cbor(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        write_head(&mut out, Major::Array, 8);
        write_text(&mut out, DOMAIN);
        write_text(&mut out, &self.agency);
        write_text(&mut out, &self.feed);
        write_bytes(&mut out, &self.key);
        write_head(&mut out, Major::Unsigned, self.counter);
        write_head(&mut out, Major::Unsigned, self.time_ns);
        write_bytes(&mut out, &self.payload_root);
        write_bytes(&mut out, &self.attributes);
        out
    }

    /// Returns the bytes that are signed (Ed25519, RFC 8032): [`DOMAIN`], a zero byte, then the CBOR.
    ///
    /// No signed note holds a zero byte, so these bytes are never the text of one.
    #[must_use]
    pub fn to_signed_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::from(DOMAIN);
        bytes.push(0);
        bytes.append(&mut self.to_cbor());
        bytes
    }

    /// Returns the SHA-256 of the signed bytes, by which statements are compared.
    pub(super) fn digest(&self) -> Hash {
        Sha256::digest(self.to_signed_bytes()).into()
    }
}

/// Returns the digest of an idempotency key: the first 16 bytes of SHA-256(`agency` ‖ 0x00 ‖ `feed` ‖ 0x00 ‖ `key`).
///
/// Names are UTF-8 and hold no zero byte, so no two triples share an input.
#[must_use]
pub fn key_digest(agency: &str, feed: &str, key: &str) -> [u8; 16] {
    let mut hash = Sha256::new();
    for (index, part) in [agency, feed, key].into_iter().enumerate() {
        if index > 0 {
            hash.update([0]);
        }
        hash.update(part);
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

/// Returns the digest of the attributes of all messages: SHA-256 over their deterministic CBOR.
///
/// The CBOR is an array with one element for each message, in order. Each is an array with one element for each
/// attribute of the message, in the order sent, and each of these is an array of two texts, name and value. Two
/// messages without attributes are `82 80 80`.
#[must_use]
pub fn attributes_digest<'a, Attributes>(
    messages: impl ExactSizeIterator<Item = Attributes>,
) -> Hash
where
    Attributes: ExactSizeIterator<Item = (&'a str, &'a str)>,
{
    let mut out = Vec::new();
    write_head(&mut out, Major::Array, messages.len() as u64);
    for attributes in messages {
        write_head(&mut out, Major::Array, attributes.len() as u64);
        for (name, value) in attributes {
            write_head(&mut out, Major::Array, 2);
            write_text(&mut out, name);
            write_text(&mut out, value);
        }
    }
    Sha256::digest(out).into()
}
