//! The CMS signed data that a token is (RFC 5652 §5), and the attributes its signer signed.
//!
//! Finds the parts and verifies nothing; [`super::verify()`] does. Only DER is read, which RFC 3161 tokens are made in;
//! sets may be in any order, because OpenSSL does not sort the certificates.

use super::{
    der::{
        Element, FormError, INTEGER, OCTET_STRING, Reader, SEQUENCE, SET, constructed, primitive,
    },
    oid,
    signature::Algorithm,
    verify::{Attribute, TokenError},
};

/// Most certificates that a token may carry.
const MAX_CERTIFICATES: usize = 16;

/// The outermost structure of a token.
pub(super) struct Envelope<'a> {
    /// The signed data.
    pub(super) content: Element<'a>,
    /// Whether it is wrapped as GM/T 0010 says, so that its signature is one with SM2.
    pub(super) is_gm: bool,
}

impl<'a> Envelope<'a> {
    /// Reads the envelope of a token.
    pub(super) fn read(token: &'a [u8]) -> Result<Self, TokenError> {
        let mut outer = Reader::new(token);
        let mut reader = outer.inside(SEQUENCE)?;
        outer.end()?;
        let is_gm = match reader.identifier()? {
            oid::SIGNED_DATA => false,
            oid::SIGNED_DATA_GM => true,
            _ => return Err(TokenError::ContentType),
        };
        let mut explicit = reader.inside(constructed(0))?;
        reader.end()?;
        let content = explicit.element(SEQUENCE)?;
        explicit.end()?;
        Ok(Self { content, is_gm })
    }
}

/// The signed data of a token.
pub(super) struct SignedToken<'a> {
    /// The DER of the content that was signed.
    pub(super) content: &'a [u8],
    /// The certificates that came with it, each in its DER.
    pub(super) certificates: Vec<&'a [u8]>,
    /// Its one signer.
    pub(super) signer: Signer<'a>,
}

/// The signer of a token.
pub(super) struct Signer<'a> {
    /// Which certificate is the signer's.
    pub(super) certificate: SignerName<'a>,
    /// The hash over content and attributes.
    pub(super) hash: Algorithm<'a>,
    /// How the signature was made.
    pub(super) algorithm: Algorithm<'a>,
    /// The signed attributes with the tag that they have in the signed bytes.
    pub(super) signed: Vec<u8>,
    /// The attributes that a token needs.
    pub(super) attributes: Attributes<'a>,
    /// The signature.
    pub(super) signature: &'a [u8],
}

/// How a signer names its certificate (RFC 5652 §5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignerName<'a> {
    /// By encoded issuer and serial number.
    IssuerAndSerial { issuer: &'a [u8], serial: &'a [u8] },
    /// By the name of its key.
    KeyIdentifier(&'a [u8]),
}

/// Values of the signed attributes that a token needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Attributes<'a> {
    pub(super) content_type: Option<Element<'a>>,
    pub(super) message_digest: Option<Element<'a>>,
    pub(super) signing_certificate: Option<Element<'a>>,
    pub(super) signing_certificate_v2: Option<Element<'a>>,
}

impl<'a> SignedToken<'a> {
    /// Reads signed data whose content is a `TSTInfo`, by one signer.
    pub(super) fn read(element: Element<'a>) -> Result<Self, TokenError> {
        let mut reader = element.reader();
        let _version = reader.small()?;
        reader.element(SET)?;
        let content = content(reader.inside(SEQUENCE)?)?;
        let certificates = match reader.optional(constructed(0))? {
            Some(set) => certificates(set.reader())?,
            None => Vec::new(),
        };
        // Revocation lists are evidence beside the token and not looked at.
        reader.optional(constructed(1))?;
        let mut signers = reader.inside(SET)?;
        reader.end()?;
        let first = signers.inside(SEQUENCE)?;
        if !signers.is_empty() {
            return Err(TokenError::SignerCount);
        }
        Ok(Self {
            content,
            certificates,
            signer: Signer::read(first)?,
        })
    }
}

impl<'a> Signer<'a> {
    fn read(mut reader: Reader<'a>) -> Result<Self, TokenError> {
        let _version = reader.small()?;
        let certificate = match reader.optional(primitive(0))? {
            Some(identifier) => SignerName::KeyIdentifier(identifier.content),
            None => issuer_and_serial(reader.inside(SEQUENCE)?)?,
        };
        let hash = Algorithm::read(&mut reader)?;
        let attributes = reader.element(constructed(0))?;
        let algorithm = Algorithm::read(&mut reader)?;
        let signature = reader.element(OCTET_STRING)?.content;
        reader.optional(constructed(1))?;
        reader.end()?;
        // What is signed is the set with its own tag, not with the one it has here (RFC 5652 §5.4).
        let mut signed = attributes.whole.to_vec();
        signed[0] = SET;
        Ok(Self {
            certificate,
            hash,
            algorithm,
            signed,
            attributes: Attributes::read(attributes.reader())?,
            signature,
        })
    }
}

impl<'a> Attributes<'a> {
    /// Reads signed attributes; each of those needed may occur once and has one value.
    fn read(mut list: Reader<'a>) -> Result<Self, TokenError> {
        let mut attributes = Self::default();
        while !list.is_empty() {
            let mut attribute = list.inside(SEQUENCE)?;
            let identifier = attribute.identifier()?;
            let mut values = attribute.inside(SET)?;
            attribute.end()?;
            let (slot, name) = match identifier {
                oid::CONTENT_TYPE => (&mut attributes.content_type, Attribute::ContentType),
                oid::MESSAGE_DIGEST => (&mut attributes.message_digest, Attribute::MessageDigest),
                oid::SIGNING_CERTIFICATE => (
                    &mut attributes.signing_certificate,
                    Attribute::SigningCertificate,
                ),
                oid::SIGNING_CERTIFICATE_V2 => (
                    &mut attributes.signing_certificate_v2,
                    Attribute::SigningCertificate,
                ),
                _ => continue,
            };
            let value = values.any()?;
            if slot.replace(value).is_some() || !values.is_empty() {
                return Err(TokenError::Attribute(name));
            }
        }
        Ok(attributes)
    }
}

/// Reads the encapsulated content, which must be a `TSTInfo`.
fn content(mut reader: Reader<'_>) -> Result<&[u8], TokenError> {
    if reader.identifier()? != oid::TST_INFO {
        return Err(TokenError::ContentType);
    }
    let mut explicit = reader.inside(constructed(0))?;
    reader.end()?;
    let content = explicit.element(OCTET_STRING)?.content;
    explicit.end()?;
    Ok(content)
}

/// Reads the certificates; choices other than X.509 are passed over.
fn certificates(mut reader: Reader<'_>) -> Result<Vec<&[u8]>, FormError> {
    let mut certificates = Vec::new();
    while !reader.is_empty() {
        let element = reader.any()?;
        if element.tag == SEQUENCE {
            certificates.push(element.whole);
        }
    }
    if certificates.len() > MAX_CERTIFICATES {
        return Err(FormError::Length);
    }
    Ok(certificates)
}

/// Reads an `IssuerAndSerialNumber`.
fn issuer_and_serial(mut reader: Reader<'_>) -> Result<SignerName<'_>, FormError> {
    let issuer = reader.element(SEQUENCE)?.whole;
    let serial = reader.element(INTEGER)?.signed()?;
    reader.end()?;
    Ok(SignerName::IssuerAndSerial { issuer, serial })
}
