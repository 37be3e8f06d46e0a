//! Complaints as rows of a table.
//!
//! Everything about the format is in the configuration. This crate only names
//! the adapter and connects it with the mapping; it holds no field name.

#![forbid(unsafe_code)]

use adapter_sdk::mapping::Mapping;
use adapter_sdk::proto::v1::Conversion;
use adapter_sdk::{Adapter, ConfigurationFault, Description, Message, Rejection};

/// Converts rows into clues.
#[derive(Debug)]
pub struct MyTable(Mapping);

impl Adapter for MyTable {
    const DESCRIPTION: Description = Description {
        id: "my-table",
        version: env!("CARGO_PKG_VERSION"),
        feed_kinds: &["my-table"],
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
}

adapter_sdk::export_adapter!(MyTable);

#[cfg(test)]
mod tests;
