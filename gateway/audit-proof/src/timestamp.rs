//! Timestamps of RFC 3161: asking for one, reading the answer and verifying a token without a network.
//!
//! [`request`] makes what is sent to a time-stamping authority, [`Response`] reads what it answers, [`verify`] decides
//! years later what a stored token proves, and [`freshness`] and [`bracket`] say what tokens mean for a log. It sends
//! nothing, reads no clock and trusts no certificate that the caller has not given. Tokens signed with SM2 are
//! recognised and reported as not verified here, never as valid. Revocation is not looked at: lists and OCSP answers
//! are evidence beside a token. The writer of the log and the offline verifier rely on this module being total.

mod certificate;
mod chain;
mod claim;
mod der;
mod extensions;
mod names;
mod oid;
mod period;
mod request;
mod response;
mod signature;
mod signed;
#[cfg(test)]
mod tests;
mod time;
mod verify;

pub use chain::{ChainError, RootError, TrustedRoots};
pub use claim::Claim;
pub use der::FormError;
pub use period::{Anchor, Bracket, Contradiction, Freshness, bracket, freshness};
pub use request::request;
pub use response::{Failure, Refusal, Response, ResponseError, Status};
pub use signature::UnverifiedAlgorithm;
pub use verify::{Attribute, TokenError, verify};

use crate::hash::Hash;

/// Longest token that is read, in bytes.
///
/// Tokens measured are 1 to 7 KB; sixty-four leaves room for long chains and bounds what a hostile one can cost.
pub const MAX_TOKEN_BYTES: usize = 64 << 10;

/// The hash by which an imprint was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImprintAlgorithm {
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SM3 (GB/T 32905-2016).
    Sm3,
}

/// What is stamped: a digest and how it was made (`MessageImprint`, RFC 3161 §2.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imprint {
    /// The hash that made the digest.
    pub algorithm: ImprintAlgorithm,
    /// The digest.
    pub digest: Hash,
}

/// What a verified token proves: the imprint existed at the time, by the word of the named authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The time of the token, in nanoseconds since 1970 (UTC).
    pub time_ns: u64,
    /// How far the time may be off in either direction, in nanoseconds; `None` when the token does not say.
    pub accuracy_ns: Option<u64>,
    /// The serial number of the token, big-endian without leading zero bytes.
    pub serial: Vec<u8>,
    /// The policy of the authority, as a dotted object identifier.
    pub policy: String,
    /// What was stamped.
    pub imprint: Imprint,
    /// The subject of the authority's certificate, as in RFC 4514.
    pub tsa_name: String,
    /// The first second since 1970 at which a certificate of the chain is no longer valid.
    ///
    /// The token has to be stamped anew before it, because a key may become known after its certificate has expired.
    pub renew_before_s: u64,
}
