//! X.509 certificates (RFC 5280 §4.1), as far as a chain of a time-stamping authority needs them.
//!
//! Reads the fields where they lie, so that what is verified is the bytes that were signed. It judges nothing;
//! [`super::chain`] and [`super::verify()`] do.

use super::{
    der::{BIT_STRING, Element, FormError, INTEGER, Reader, SEQUENCE, constructed, primitive},
    extensions::Extensions,
    signature::{Algorithm, Key, SignatureError},
    time::certificate_time,
};

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate<'a> {
    /// All bytes.
    pub(super) whole: &'a [u8],
    /// The bytes that the issuer signed.
    signed: &'a [u8],
    /// The serial number, in two's complement.
    pub(super) serial: &'a [u8],
    /// The encoded name of the issuer.
    pub(super) issuer: &'a [u8],
    /// The encoded name of the subject.
    pub(super) subject: &'a [u8],
    /// The first second since 1970 at which it is valid.
    pub(super) not_before_s: i64,
    /// The last second since 1970 at which it is valid.
    pub(super) not_after_s: i64,
    /// The key that it is about.
    pub(super) key: Key<'a>,
    /// What the key may sign.
    pub(super) extensions: Extensions<'a>,
    algorithm: Algorithm<'a>,
    signature: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads one certificate and nothing after it.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, FormError> {
        let mut outer = Reader::new(bytes);
        let mut reader = outer.inside(SEQUENCE)?;
        outer.end()?;
        let signed = reader.element(SEQUENCE)?;
        let algorithm = Algorithm::read(&mut reader)?;
        let signature = reader.element(BIT_STRING)?.whole_bits()?;
        reader.end()?;

        let mut fields = signed.reader();
        // Version 1 is the default, which DER does not write; 1 and 2 stand for versions 2 and 3.
        let version = match fields.optional(constructed(0))? {
            Some(element) => version(element)?,
            None => 0,
        };
        let serial = fields.element(INTEGER)?.signed()?;
        // The algorithm stands inside the signed bytes too, and must be the same (RFC 5280 §4.1.1.2).
        if Algorithm::read(&mut fields)? != algorithm {
            return Err(FormError::Value);
        }
        let issuer = fields.element(SEQUENCE)?.whole;
        let mut validity = fields.inside(SEQUENCE)?;
        let not_before_s = certificate_time(validity.any()?)?;
        let not_after_s = certificate_time(validity.any()?)?;
        validity.end()?;
        let subject = fields.element(SEQUENCE)?.whole;
        let key = Key::read(&mut fields)?;
        // Unique identifiers of versions 2 and 3 are obsolete and say nothing.
        for number in [1, 2] {
            fields.optional(primitive(number))?;
        }
        let extensions = match fields.optional(constructed(3))? {
            Some(element) if version == 2 => extensions(element)?,
            Some(_) => return Err(FormError::Value),
            None => Extensions::default(),
        };
        fields.end()?;
        Ok(Self {
            whole: bytes,
            signed: signed.whole,
            serial,
            issuer,
            subject,
            not_before_s,
            not_after_s,
            key,
            extensions,
            algorithm,
            signature,
        })
    }

    /// Verifies that the key of `issuer` signed this certificate.
    pub(super) fn verify_signature(&self, issuer: &Certificate<'_>) -> Result<(), SignatureError> {
        let scheme = self.algorithm.scheme(None)?;
        issuer.key.verify(scheme, self.signed, self.signature)
    }

    /// Returns whether it is valid at a time in seconds since 1970.
    pub(super) fn is_valid_at(&self, time_s: i64) -> bool {
        (self.not_before_s..=self.not_after_s).contains(&time_s)
    }
}

/// Reads the version inside its explicit tag.
fn version(element: Element<'_>) -> Result<u64, FormError> {
    let mut reader = element.reader();
    let version = reader.small()?;
    reader.end()?;
    if (1..=2).contains(&version) {
        Ok(version)
    } else {
        Err(FormError::Value)
    }
}

/// Reads the extensions inside their explicit tag.
fn extensions(element: Element<'_>) -> Result<Extensions<'_>, FormError> {
    let mut reader = element.reader();
    let list = reader.inside(SEQUENCE)?;
    reader.end()?;
    Extensions::read(list)
}
