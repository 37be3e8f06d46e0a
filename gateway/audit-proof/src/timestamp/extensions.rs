//! The extensions of a certificate that decide what its key may sign.
//!
//! Reads basicConstraints, keyUsage, extKeyUsage, subjectKeyIdentifier and subjectAltName (RFC 5280 §4.2.1), takes
//! note of critical extensions that it does not know, and judges nothing; [`super::chain`] does.

use super::{
    der::{BIT_STRING, Element, FormError, OCTET_STRING, Reader, SEQUENCE},
    oid,
};

/// Bit of keyUsage: signatures other than on certificates.
pub(super) const DIGITAL_SIGNATURE: u32 = 1 << 0;
/// Bit of keyUsage: signatures that commit to content.
pub(super) const NON_REPUDIATION: u32 = 1 << 1;
/// Bit of keyUsage: signatures on certificates.
pub(super) const CERTIFICATE_SIGN: u32 = 1 << 5;

/// What the extensions of a certificate say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Extensions<'a> {
    /// Whether the key may sign certificates.
    pub(super) is_authority: bool,
    /// How many authorities may stand between this one and the end of a chain.
    pub(super) path_length: Option<u64>,
    /// The bits of keyUsage.
    pub(super) key_usage: Option<u32>,
    /// The purposes of the key.
    pub(super) purposes: Option<Purposes>,
    /// The name of the key.
    pub(super) key_identifier: Option<&'a [u8]>,
    /// Further general names of the subject.
    pub(super) alternative_names: Vec<Element<'a>>,
    /// Whether an extension has to be understood and is not.
    pub(super) has_unknown_critical: bool,
}

/// What extKeyUsage says about stamping time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Purposes {
    /// Whether the extension is critical.
    pub(super) is_critical: bool,
    /// Whether stamping time is one of the purposes.
    pub(super) has_time_stamping: bool,
    /// Whether every purpose is allowed.
    pub(super) has_any: bool,
    /// How many purposes there are.
    pub(super) count: usize,
}

impl<'a> Extensions<'a> {
    /// Reads a list of extensions; one that occurs twice is an error.
    pub(super) fn read(mut list: Reader<'a>) -> Result<Self, FormError> {
        let mut extensions = Self::default();
        let mut seen: Vec<&[u8]> = Vec::new();
        while !list.is_empty() {
            let mut extension = list.inside(SEQUENCE)?;
            let identifier = extension.identifier()?;
            let is_critical = extension.flag()?;
            let value = extension.element(OCTET_STRING)?.content;
            extension.end()?;
            if seen.contains(&identifier) {
                return Err(FormError::Value);
            }
            seen.push(identifier);
            extensions.take(identifier, is_critical, value)?;
        }
        Ok(extensions)
    }

    fn take(
        &mut self,
        identifier: &[u8],
        is_critical: bool,
        value: &'a [u8],
    ) -> Result<(), FormError> {
        let mut reader = Reader::new(value);
        match identifier {
            oid::BASIC_CONSTRAINTS => {
                let mut inside = reader.inside(SEQUENCE)?;
                self.is_authority = inside.flag()?;
                self.path_length = if inside.is_empty() {
                    None
                } else {
                    Some(inside.small()?)
                };
                inside.end()?;
            }
            oid::KEY_USAGE => self.key_usage = Some(reader.element(BIT_STRING)?.named_bits()?),
            oid::EXTENDED_KEY_USAGE => {
                self.purposes = Some(purposes(reader.inside(SEQUENCE)?, is_critical)?);
            }
            oid::SUBJECT_KEY_IDENTIFIER => {
                self.key_identifier = Some(reader.element(OCTET_STRING)?.content);
            }
            oid::SUBJECT_ALT_NAME => {
                let mut inside = reader.inside(SEQUENCE)?;
                while !inside.is_empty() {
                    self.alternative_names.push(inside.any()?);
                }
            }
            // Any policy of a certificate will do, so there is nothing to understand.
            oid::CERTIFICATE_POLICIES => return Ok(()),
            _ => {
                self.has_unknown_critical |= is_critical;
                return Ok(());
            }
        }
        reader.end()
    }
}

/// Reads the purposes of extKeyUsage.
fn purposes(mut list: Reader<'_>, is_critical: bool) -> Result<Purposes, FormError> {
    let mut purposes = Purposes {
        is_critical,
        has_time_stamping: false,
        has_any: false,
        count: 0,
    };
    while !list.is_empty() {
        let purpose = list.identifier()?;
        purposes.has_time_stamping |= purpose == oid::TIME_STAMPING;
        purposes.has_any |= purpose == oid::ANY_USAGE;
        purposes.count += 1;
    }
    Ok(purposes)
}
