//! Legal reviews, penalty decisions and case lists (法制审核、行政处罚).
//!
//! Everything about the format is configuration, because no public text defines
//! it: see the README. This crate only names the adapter and connects it with the
//! mapping; it holds no field name.

#![forbid(unsafe_code)]

use adapter_sdk::mapping::Mapping;
use adapter_sdk::proto::v1::Conversion;
use adapter_sdk::{Adapter, ConfigurationFault, Description, Message, Rejection};

/// Converts reviews, decisions and case lists of the justice bureau.
#[derive(Debug)]
pub struct JusticeReview(Mapping);

impl Adapter for JusticeReview {
    const DESCRIPTION: Description = Description {
        id: "justice-review",
        version: env!("CARGO_PKG_VERSION"),
        feed_kinds: &["justice-review"],
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

adapter_sdk::export_adapter!(JusticeReview);

#[cfg(test)]
mod tests;
