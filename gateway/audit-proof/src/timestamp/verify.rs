//! What makes a token valid, in the order in which it is checked.
//!
//! Form, imprint, signed attributes, signature, the right of the certificate to stamp time, and its chain. It decides
//! from bytes alone: no clock, no network, no trust but in the roots given. The offline verifier relies on it.

use super::{
    Imprint, MAX_TOKEN_BYTES, Stamp,
    certificate::Certificate,
    chain::{ChainError, Search, TrustedRoots},
    claim::Content,
    der::{Element, FormError, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE},
    extensions::{DIGITAL_SIGNATURE, NON_REPUDIATION},
    names, oid,
    signature::{Algorithm, SignatureError, SignedHash, UnverifiedAlgorithm},
    signed::{Envelope, SignedToken, Signer, SignerName},
    time::NANOS,
};

/// Why a token proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is longer than [`MAX_TOKEN_BYTES`].
    #[error("token is too long")]
    TooLong,
    /// Its bytes are not the DER of a token.
    #[error("token is malformed")]
    Form(#[from] FormError),
    /// It is signed with an algorithm about which nothing is decided here. It is neither valid nor invalid.
    #[error("signature algorithm not verified here")]
    NotVerifiedHere(UnverifiedAlgorithm),
    /// It is no signed data, or its content is no timestamp.
    #[error("content is not a timestamp")]
    ContentType,
    /// It has not exactly one signer.
    #[error("token has not exactly one signer")]
    SignerCount,
    /// Its imprint is made with a hash other than SHA-256 and SM3.
    #[error("imprint is made with an unknown hash")]
    ImprintAlgorithm,
    /// It stamps something else.
    #[error("token is for another imprint")]
    Imprint,
    /// It has a critical extension, and none is understood.
    #[error("token has a critical extension that is not understood")]
    CriticalExtension,
    /// A signed attribute is missing, occurs twice or has not one value.
    #[error("signed attribute is missing or repeated: {0}")]
    Attribute(Attribute),
    /// The signed digest is not that of the content.
    #[error("content differs from the signed digest")]
    MessageDigest,
    /// The certificate that the signer names did not come with the token.
    #[error("certificate of the signer is missing")]
    SignerCertificate,
    /// The certificate of the signer is not the one that the signed attributes name.
    #[error("certificate is not the one that was signed for")]
    SigningCertificate,
    /// The signature is not that of the certificate's key over the signed attributes.
    #[error("signature is wrong")]
    Signature,
    /// The certificate is not for stamping time, critically and only, or its key may not sign content.
    #[error("certificate is not for stamping time only")]
    Purpose,
    /// The name that the token gives the authority is not one of the certificate.
    #[error("authority has another name than its certificate")]
    TsaName,
    /// The certificate does not lead to a trusted root.
    #[error("certificate of the authority is not trusted")]
    Chain(#[source] ChainError),
}

/// A signed attribute that a token needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Attribute {
    /// What the content is (RFC 5652 §11.1).
    #[error("content-type")]
    ContentType,
    /// The digest of the content (RFC 5652 §11.2).
    #[error("message-digest")]
    MessageDigest,
    /// Which certificate signs (RFC 2634 §5.4, RFC 5035 §3, RFC 5816).
    #[error("signing-certificate")]
    SigningCertificate,
}

impl From<SignatureError> for TokenError {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Wrong => Self::Signature,
            SignatureError::NotVerifiedHere(algorithm) => Self::NotVerifiedHere(algorithm),
        }
    }
}

/// Verifies that `token` stamps `imprint` by an authority whose certificate leads to one of `roots`.
///
/// Certificates have to be valid at the time of the token. A token whose certificate has expired since is valid only as
/// far as something else shows that it is older than that, such as a newer token over it: see
/// [`Stamp::renew_before_s`]. Neither revocation lists nor OCSP answers are looked at.
///
/// # Errors
/// [`TokenError`] for the first reason not to rely on it; [`TokenError::NotVerifiedHere`] when it was signed with SM2 or
/// an unknown algorithm, after which nothing is known about it.
pub fn verify(token: &[u8], imprint: &Imprint, roots: &TrustedRoots) -> Result<Stamp, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::TooLong);
    }
    let envelope = Envelope::read(token)?;
    if envelope.is_gm {
        return Err(TokenError::NotVerifiedHere(UnverifiedAlgorithm::Sm2));
    }
    let signed = SignedToken::read(envelope.content)?;
    let content = Content::read(signed.content)?;
    if content.claim.imprint != *imprint {
        return Err(TokenError::Imprint);
    }
    let certificates = signed
        .certificates
        .iter()
        .map(|bytes| Certificate::read(bytes))
        .collect::<Result<Vec<_>, _>>()?;
    let tsa = signer_certificate(&signed.signer, &certificates)?;
    check_signer(&signed, tsa)?;
    check_purpose(tsa)?;
    if let Some(name) = content.tsa {
        check_name(name, tsa)?;
    }
    let claim = content.claim;
    let time_s = i64::try_from(claim.time_ns / NANOS).map_err(|_| FormError::Value)?;
    let not_after_s = Search::new(roots, &certificates, time_s)
        .run(tsa)
        .map_err(TokenError::Chain)?;
    Ok(Stamp {
        time_ns: claim.time_ns,
        accuracy_ns: claim.accuracy_ns,
        serial: claim.serial,
        policy: claim.policy,
        imprint: claim.imprint,
        tsa_name: names::to_text(tsa.subject)?,
        // Not before 1970, because the chain is valid at the time of the token.
        renew_before_s: not_after_s.saturating_add(1).unsigned_abs(),
    })
}

/// Returns the certificate that the signer names.
fn signer_certificate<'a, 'b>(
    signer: &Signer<'_>,
    certificates: &'b [Certificate<'a>],
) -> Result<&'b Certificate<'a>, TokenError> {
    certificates
        .iter()
        .find(|certificate| match signer.certificate {
            SignerName::IssuerAndSerial { issuer, serial } => {
                certificate.issuer == issuer && certificate.serial == serial
            }
            SignerName::KeyIdentifier(identifier) => {
                certificate.extensions.key_identifier == Some(identifier)
            }
        })
        .ok_or(TokenError::SignerCertificate)
}

/// Checks the signature over the attributes, and that these speak of this content and this certificate.
fn check_signer(signed: &SignedToken<'_>, tsa: &Certificate<'_>) -> Result<(), TokenError> {
    let signer = &signed.signer;
    // The algorithm first: what cannot be verified here is said to be so, whatever else may be odd about it.
    let scheme = match signer.algorithm.identifier {
        oid::RSA => signer.algorithm.scheme(Some(signer.hash.hash()?))?,
        _ => signer.algorithm.scheme(None)?,
    };
    let hash = signer.hash.hash()?;
    if scheme.hash() != hash {
        return Err(TokenError::NotVerifiedHere(UnverifiedAlgorithm::Other));
    }
    let attributes = &signer.attributes;
    let content_type = attributes
        .content_type
        .ok_or(TokenError::Attribute(Attribute::ContentType))?;
    if (content_type.tag, content_type.content) != (OBJECT_IDENTIFIER, oid::TST_INFO) {
        return Err(TokenError::ContentType);
    }
    let digest = attributes
        .message_digest
        .ok_or(TokenError::Attribute(Attribute::MessageDigest))?;
    if (digest.tag, digest.content) != (OCTET_STRING, &hash.of(signed.content)[..]) {
        return Err(TokenError::MessageDigest);
    }
    tsa.key.verify(scheme, &signer.signed, signer.signature)?;
    check_signing_certificate(signer, tsa)
}

/// Checks that the signed attributes name the certificate; when both versions are there, both have to.
///
/// Issuer and serial beside the hash are not compared: the hash names one certificate already. Further identifiers,
/// which may name the rest of the chain, are not looked at.
fn check_signing_certificate(signer: &Signer<'_>, tsa: &Certificate<'_>) -> Result<(), TokenError> {
    let (first, second) = (
        signer.attributes.signing_certificate,
        signer.attributes.signing_certificate_v2,
    );
    if first.is_none() && second.is_none() {
        return Err(TokenError::Attribute(Attribute::SigningCertificate));
    }
    if let Some(value) = first {
        use sha1::Digest as _;
        let mut identifier = first_identifier(value)?;
        let named = identifier.element(OCTET_STRING)?.content;
        if named != &sha1::Sha1::digest(tsa.whole)[..] {
            return Err(TokenError::SigningCertificate);
        }
    }
    if let Some(value) = second {
        let mut identifier = first_identifier(value)?;
        // The algorithm is a sequence; SHA-256 is the default and not written.
        let mut ahead = identifier;
        let hash = match ahead.any()?.tag {
            SEQUENCE => Algorithm::read(&mut identifier)?.hash()?,
            _ => SignedHash::Sha256,
        };
        let named = identifier.element(OCTET_STRING)?.content;
        if named != hash.of(tsa.whole) {
            return Err(TokenError::SigningCertificate);
        }
    }
    Ok(())
}

/// Returns a reader of the first identifier in a value of signing-certificate, of either version.
fn first_identifier(value: Element<'_>) -> Result<Reader<'_>, FormError> {
    if value.tag != SEQUENCE {
        return Err(FormError::Tag);
    }
    value.reader().inside(SEQUENCE)?.inside(SEQUENCE)
}

/// Checks that the certificate is for stamping time, critically and only (RFC 3161 §2.3).
fn check_purpose(tsa: &Certificate<'_>) -> Result<(), TokenError> {
    let content_bits = DIGITAL_SIGNATURE | NON_REPUDIATION;
    let may_sign = tsa
        .extensions
        .key_usage
        .is_none_or(|bits| bits & content_bits != 0 && bits & !content_bits == 0);
    let is_for_time = tsa.extensions.purposes.is_some_and(|purposes| {
        purposes.is_critical && purposes.has_time_stamping && purposes.count == 1
    });
    if may_sign && is_for_time {
        Ok(())
    } else {
        Err(TokenError::Purpose)
    }
}

/// Checks that a name the token gives the authority is one of the certificate (RFC 3161 §2.4.2).
fn check_name(name: Element<'_>, tsa: &Certificate<'_>) -> Result<(), TokenError> {
    let is_subject =
        names::of_directory(name).is_some_and(|name| names::are_same(name, tsa.subject));
    if is_subject || tsa.extensions.alternative_names.contains(&name) {
        Ok(())
    } else {
        Err(TokenError::TsaName)
    }
}
