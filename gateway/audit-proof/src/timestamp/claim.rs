//! What a token says (`TSTInfo`, RFC 3161 §2.4.2), before anybody has verified it.
//!
//! Reads the signed content and believes nothing. [`super::verify()`] turns a claim into a [`super::Stamp`]; whoever shows a
//! token that cannot be verified here shows its claim and says so.

use super::{
    Imprint, ImprintAlgorithm, MAX_TOKEN_BYTES,
    der::{
        Element, FormError, GENERALIZED_TIME, INTEGER, OCTET_STRING, Reader, SEQUENCE, constructed,
        primitive,
    },
    names, oid,
    signature::Algorithm,
    signed::{Envelope, SignedToken},
    time::token_time,
    verify::TokenError,
};

/// What a token says about itself: unverified, so not to be relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
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
    /// The nonce of the request, big-endian without leading zero bytes; `None` when there was none.
    pub nonce: Option<Vec<u8>>,
    /// The name by which the authority calls itself, as in RFC 4514; `None` when it gives none or none that is a
    /// directory name.
    pub tsa_name: Option<String>,
}

impl Claim {
    /// Reads what `token` says, also when its signature cannot be verified here.
    ///
    /// # Errors
    /// [`TokenError::TooLong`], [`TokenError::Form`], [`TokenError::ContentType`], [`TokenError::SignerCount`],
    /// [`TokenError::ImprintAlgorithm`] or [`TokenError::CriticalExtension`] for bytes that are not a token of version 1
    /// over SHA-256 or SM3.
    pub fn read(token: &[u8]) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let envelope = Envelope::read(token)?;
        let signed = SignedToken::read(envelope.content)?;
        Ok(Content::read(signed.content)?.claim)
    }
}

/// A claim, and the name in it as it was encoded.
pub(super) struct Content<'a> {
    pub(super) claim: Claim,
    /// The `GeneralName` by which the authority calls itself.
    pub(super) tsa: Option<Element<'a>>,
}

impl<'a> Content<'a> {
    /// Reads the DER of a `TSTInfo`.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, TokenError> {
        let mut outer = Reader::new(bytes);
        let mut reader = outer.inside(SEQUENCE)?;
        outer.end()?;
        if reader.small()? != 1 {
            return Err(TokenError::Form(FormError::Value));
        }
        let policy = oid::to_dotted(reader.identifier()?)?;
        let imprint = imprint(reader.inside(SEQUENCE)?)?;
        let serial = reader.element(INTEGER)?.unsigned()?.to_vec();
        let time_ns = token_time(reader.element(GENERALIZED_TIME)?)?;
        let accuracy_ns = reader
            .optional(SEQUENCE)?
            .map(|element| accuracy_ns(element.reader()))
            .transpose()?;
        // Whether tokens of this authority are ordered by their times is of no use to one token.
        let _ordering = reader.flag()?;
        let nonce = reader
            .optional(INTEGER)?
            .map(Element::unsigned)
            .transpose()?
            .map(<[u8]>::to_vec);
        let tsa = reader
            .optional(constructed(0))?
            .map(general_name)
            .transpose()?;
        if let Some(extensions) = reader.optional(constructed(1))? {
            refuse_critical(extensions.reader())?;
        }
        reader.end()?;
        let claim = Claim {
            time_ns,
            accuracy_ns,
            serial,
            policy,
            imprint,
            nonce,
            tsa_name: tsa
                .and_then(names::of_directory)
                .map(names::to_text)
                .transpose()?,
        };
        Ok(Self { claim, tsa })
    }
}

/// Reads a `MessageImprint`.
fn imprint(mut reader: Reader<'_>) -> Result<Imprint, TokenError> {
    let algorithm = Algorithm::read(&mut reader)?;
    let digest = reader.element(OCTET_STRING)?.content;
    reader.end()?;
    let algorithm = match algorithm.identifier {
        oid::SHA256 => ImprintAlgorithm::Sha256,
        oid::SM3 => ImprintAlgorithm::Sm3,
        _ => return Err(TokenError::ImprintAlgorithm),
    };
    let digest = digest.try_into().map_err(|_| FormError::Value)?;
    Ok(Imprint { algorithm, digest })
}

/// Reads an `Accuracy`: seconds, thousandths and millionths.
fn accuracy_ns(mut reader: Reader<'_>) -> Result<u64, FormError> {
    let seconds = reader.optional(INTEGER)?.map_or(Ok(0), Element::small)?;
    let mut nanos = seconds
        .checked_mul(super::time::NANOS)
        .ok_or(FormError::Value)?;
    for (number, unit) in [(0, 1_000_000), (1, 1_000)] {
        let Some(part) = reader.optional(primitive(number))? else {
            continue;
        };
        let part = part.small()?;
        if !(1..=999).contains(&part) {
            return Err(FormError::Value);
        }
        nanos = nanos.checked_add(part * unit).ok_or(FormError::Value)?;
    }
    reader.end()?;
    Ok(nanos)
}

/// Returns the one general name inside its explicit tag.
fn general_name(element: Element<'_>) -> Result<Element<'_>, FormError> {
    let mut reader = element.reader();
    let name = reader.any()?;
    reader.end()?;
    Ok(name)
}

/// Refuses extensions that must be understood, for none is (RFC 3161 §2.4.2).
fn refuse_critical(mut reader: Reader<'_>) -> Result<(), TokenError> {
    while !reader.is_empty() {
        let mut extension = reader.inside(SEQUENCE)?;
        extension.identifier()?;
        let critical = extension.flag()?;
        extension.element(OCTET_STRING)?;
        extension.end()?;
        if critical {
            return Err(TokenError::CriticalExtension);
        }
    }
    Ok(())
}
