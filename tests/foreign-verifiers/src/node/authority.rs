//! Stamps by the authority that OpenSSL plays for all tests, in the two forms in which they are kept.

use std::path::Path;

use ::authority::Authority;
use audit_proof::{
    suite::Suite,
    timestamp::{Imprint, ImprintAlgorithm, request},
};

/// Whether there is an OpenSSL; says so when there is none.
pub(crate) fn has_openssl() -> bool {
    let found = ::authority::is_available();
    if !found {
        println!("passed over: openssl is not installed");
    }
    found
}

/// Makes the authority in a new folder; its root certificate is `root.pem`. `None` when there is no OpenSSL.
pub(crate) fn make(folder: &Path) -> Option<Authority> {
    has_openssl().then(|| Authority::new(folder).unwrap())
}

/// The two forms in which a stamp is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The authority's answer (RFC 3161 `TimeStampResp`).
    Answer,
    /// The token in it.
    Token,
}

/// Returns what the authority gives for our request over `text`.
pub(crate) fn stamp(authority: &Authority, text: &str, form: Form) -> Vec<u8> {
    let imprint = Imprint {
        algorithm: ImprintAlgorithm::Sha256,
        digest: Suite::Sha256.hash(text.as_bytes()),
    };
    let query = request(&imprint, 7);
    match form {
        Form::Answer => authority.answer(&query).unwrap(),
        Form::Token => authority.token(&query).unwrap(),
    }
}
