//! Police cases and the states of transfers (公安案件、行刑衔接移送状态).
//!
//! The column names come from published table structures, their use at one site is
//! configuration: see the README. This crate only names the adapter and connects
//! it with the mapping; it holds no column name.

#![forbid(unsafe_code)]

use adapter_sdk::mapping::Mapping;
use adapter_sdk::proto::v1::Conversion;
use adapter_sdk::{Adapter, ConfigurationFault, Description, Message, Rejection};

/// Converts rows of police case tables into transfers and cases.
#[derive(Debug)]
pub struct PoliceCase(Mapping);

impl Adapter for PoliceCase {
    const DESCRIPTION: Description = Description {
        id: "police-case",
        version: env!("CARGO_PKG_VERSION"),
        feed_kinds: &["police-case"],
        schema_version: "1.0.0",
    };

    fn configure(configuration: &[u8]) -> Result<Self, Vec<ConfigurationFault>> {
        Mapping::configure(configuration).map(Self)
    }

    fn convert(&self, messages: &[Message<'_>]) -> Vec<Result<Conversion, Rejection>> {
        messages
            .iter()
            .map(|message| self.0.convert(message))
            .collect()
    }

    fn convert_each(
        &self,
        messages: &[Message<'_>],
        each: &mut dyn FnMut(usize, Result<Conversion, Rejection>),
    ) {
        for (number, message) in messages.iter().enumerate() {
            each(number, self.0.convert(message));
        }
    }
}

adapter_sdk::export_adapter!(PoliceCase);

#[cfg(test)]
mod tests;
