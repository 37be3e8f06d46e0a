//! The chain from the certificate of a time-stamping authority to a root that the caller trusts.
//!
//! Names, signatures, validity at the time of the token, basicConstraints, keyUsage and purposes (RFC 5280 §6.1, with
//! any certificate policy accepted). Name and policy constraints are not evaluated: where they are critical, as they
//! should be, the chain is refused. Revocation is not looked at. [`super::verify()`] relies on it.

use super::{
    MAX_TOKEN_BYTES,
    certificate::Certificate,
    der::FormError,
    extensions::CERTIFICATE_SIGN,
    signature::{SignatureError, UnverifiedAlgorithm},
};

/// Most authorities between a root and the certificate of the time-stamping authority.
///
/// Two are usual; a longer chain than five has not been seen.
const MAX_INTERMEDIATES: usize = 5;

/// Most signatures of certificates that are verified for one token.
///
/// A good chain needs one for each certificate. Certificates of equal names need more, and a hostile token could need
/// very many.
const MAX_SIGNATURES: usize = 32;

/// Why a certificate does not lead to a trusted root. What is nearest to the root is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No certificate of the issuer's name is trusted or comes with the token.
    #[error("certificate leads to no trusted root")]
    UnknownIssuer,
    /// The certificate of the issuer does not verify the signature.
    #[error("certificate is not signed by the issuer it names")]
    Signature,
    /// A certificate is signed with an algorithm that is not verified here.
    #[error("certificate is signed with an algorithm that is not verified here")]
    NotVerifiedHere(UnverifiedAlgorithm),
    /// A certificate was not valid at the time of the token.
    #[error("certificate was not valid at the time of the token")]
    NotValidAtTime,
    /// The certificate of an issuer may not sign certificates, or not for this purpose.
    #[error("issuer may not sign this certificate")]
    NotAuthority,
    /// There are more authorities in the chain than one of them allows.
    #[error("chain is longer than an authority allows")]
    PathLength,
    /// A certificate has a critical extension that is not understood.
    #[error("certificate has a critical extension that is not understood")]
    CriticalExtension,
    /// Too many certificates of equal names have to be tried.
    #[error("chain needs too many signatures")]
    TooCostly,
}

/// Why certificates of the caller are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("certificate {index} of those given is malformed")]
pub struct RootError {
    /// Which one, counted from zero.
    pub index: usize,
    /// What is wrong with it.
    #[source]
    pub cause: FormError,
}

/// The root certificates that the caller trusts for time, and what may stand between them and an authority.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedRoots {
    roots: Vec<Vec<u8>>,
    intermediates: Vec<Vec<u8>>,
}

impl TrustedRoots {
    /// Takes DER certificates as trusted. Without any, no token is valid.
    ///
    /// # Errors
    /// [`RootError`] for the first that is not a certificate.
    pub fn new(roots: Vec<Vec<u8>>) -> Result<Self, RootError> {
        check_all(&roots)?;
        Ok(Self {
            roots,
            intermediates: Vec::new(),
        })
    }

    /// Adds DER certificates that are not trusted by themselves, for tokens that come without those of a chain.
    ///
    /// # Errors
    /// [`RootError`] for the first that is not a certificate.
    pub fn with_intermediates(self, intermediates: Vec<Vec<u8>>) -> Result<Self, RootError> {
        check_all(&intermediates)?;
        Ok(Self {
            intermediates,
            ..self
        })
    }
}

/// A search for a chain.
pub(super) struct Search<'a> {
    roots: Vec<Certificate<'a>>,
    others: Vec<Certificate<'a>>,
    time_s: i64,
    signatures_left: usize,
}

impl<'a> Search<'a> {
    /// Prepares a search at a time in seconds since 1970; `others` are the certificates that came with the token.
    pub(super) fn new(roots: &'a TrustedRoots, others: &'a [Certificate<'a>], time_s: i64) -> Self {
        Self {
            roots: read_all(&roots.roots),
            others: others
                .iter()
                .cloned()
                .chain(read_all(&roots.intermediates))
                .collect(),
            time_s,
            signatures_left: MAX_SIGNATURES,
        }
    }

    /// Follows the issuers of `leaf` to a root, and returns the last second at which all of the chain is valid.
    pub(super) fn run(mut self, leaf: &Certificate<'_>) -> Result<i64, ChainError> {
        self.check_itself(leaf)?;
        self.issuers_of(leaf, 0)
            .map(|not_after_s| not_after_s.min(leaf.not_after_s))
    }

    /// Returns the last second at which all issuers of `subject` are valid; `below` counts the authorities already passed.
    fn issuers_of(&mut self, subject: &Certificate<'_>, below: usize) -> Result<i64, ChainError> {
        let mut reason = ChainError::UnknownIssuer;
        for index in 0..self.roots.len() {
            let root = self.roots[index].clone();
            match self.check_issuer(&root, subject, below) {
                Ok(()) => return Ok(root.not_after_s),
                Err(ChainError::UnknownIssuer) => {}
                Err(error) => reason = error,
            }
        }
        for index in 0..self.others.len() {
            let other = self.others[index].clone();
            let above = self.check_issuer(&other, subject, below).and_then(|()| {
                if below == MAX_INTERMEDIATES {
                    return Err(ChainError::PathLength);
                }
                self.issuers_of(&other, below + 1)
            });
            match above {
                Ok(not_after_s) => return Ok(not_after_s.min(other.not_after_s)),
                Err(ChainError::UnknownIssuer) => {}
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    /// Checks that `issuer` may have signed `subject` and did.
    fn check_issuer(
        &mut self,
        issuer: &Certificate<'_>,
        subject: &Certificate<'_>,
        below: usize,
    ) -> Result<(), ChainError> {
        // A certificate that names itself is a root, and roots come from the caller only.
        if issuer.subject != subject.issuer || issuer.whole == subject.whole {
            return Err(ChainError::UnknownIssuer);
        }
        self.check_itself(issuer)?;
        let extensions = &issuer.extensions;
        let may_sign = extensions
            .key_usage
            .is_none_or(|bits| bits & CERTIFICATE_SIGN != 0);
        let has_purpose = extensions
            .purposes
            .is_none_or(|purposes| purposes.has_time_stamping || purposes.has_any);
        if !extensions.is_authority || !may_sign || !has_purpose {
            return Err(ChainError::NotAuthority);
        }
        if extensions
            .path_length
            .is_some_and(|allowed| (below as u64) > allowed)
        {
            return Err(ChainError::PathLength);
        }
        self.signatures_left = self
            .signatures_left
            .checked_sub(1)
            .ok_or(ChainError::TooCostly)?;
        subject
            .verify_signature(issuer)
            .map_err(|error| match error {
                SignatureError::Wrong => ChainError::Signature,
                SignatureError::NotVerifiedHere(algorithm) => {
                    ChainError::NotVerifiedHere(algorithm)
                }
            })
    }

    /// Checks what every certificate of a chain has to satisfy.
    fn check_itself(&self, certificate: &Certificate<'_>) -> Result<(), ChainError> {
        if !certificate.is_valid_at(self.time_s) {
            Err(ChainError::NotValidAtTime)
        } else if certificate.extensions.has_unknown_critical {
            Err(ChainError::CriticalExtension)
        } else {
            Ok(())
        }
    }
}

/// Checks that all of them are certificates.
fn check_all(certificates: &[Vec<u8>]) -> Result<(), RootError> {
    for (index, certificate) in certificates.iter().enumerate() {
        let read = if certificate.len() > MAX_TOKEN_BYTES {
            Err(FormError::Length)
        } else {
            Certificate::read(certificate).map(|_| ())
        };
        read.map_err(|cause| RootError { index, cause })?;
    }
    Ok(())
}

/// Reads certificates that have been checked.
fn read_all(certificates: &[Vec<u8>]) -> Vec<Certificate<'_>> {
    certificates
        .iter()
        .map(|certificate| {
            Certificate::read(certificate)
                .expect("certificates of the caller were read when they were taken")
        })
        .collect()
}
