//! From a document of any feed to records, by configuration alone.
//!
//! For the feeds whose field names are not public (police, justice, region) the
//! mapping is a file that the operator owns: which formats and encodings, which
//! envelopes, where the records stand, and which field comes from where. The
//! adapter is then a description and that file. Every value passes the readers
//! of `schema`; nothing is guessed, and what was not understood is a finding at
//! its bytes. The guide for integrators lists the keys of the file.

mod convert;
mod entities;
mod fill;
mod kind;
mod notes;
mod reading;
mod rules;
mod settings;
mod slot;

use crate::document;
use crate::proto::v1::Conversion;
use crate::{ConfigurationFault, Message, Rejection};
use rules::MappingRules;

/// A mapping, ready to convert.
#[derive(Debug)]
pub struct Mapping {
    rules: MappingRules,
}

impl Mapping {
    /// Reads a mapping from the bytes of its configuration file.
    ///
    /// # Errors
    /// Every fault of the file, each with its path.
    pub fn configure(configuration: &[u8]) -> Result<Self, Vec<ConfigurationFault>> {
        MappingRules::build(configuration).map(|rules| Self { rules })
    }

    /// Converts one message.
    ///
    /// # Errors
    /// A [`Rejection`] with the byte at fault when the message cannot be read
    /// at all (`document.…`) or holds no record of the feed (`mapping.…`).
    pub fn convert(&self, message: &Message<'_>) -> Result<Conversion, Rejection> {
        let content_type = message.attribute("content-type");
        match document::read(message.payload, content_type, &self.rules.reading) {
            Ok(reading) => convert::convert(&self.rules, reading),
            Err(fault) => Err(fault.into()),
        }
    }
}

#[cfg(test)]
mod tests;
