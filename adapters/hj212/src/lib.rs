//! Adapter for HJ 212 (污染物在线监控（监测）系统数据传输标准), the protocol by which
//! data loggers of China's pollution sources report to the authorities.
//!
//! Reads the three editions in the field (HJ/T 212-2005, HJ 212-2017, HJ
//! 212-2025) and the departures from them that real loggers show. It only ever
//! reads: what would tell a device what to do is refused, and the only frames
//! it can write are acknowledgements. It opens no connection and keeps nothing
//! between submissions; the gateway runs it as a component and stores what it
//! returns.
//!
//! In reading order: [`frame`] finds and judges frames, `segment` and `items`
//! read one, `packet` decides what it is, `values` and `checks` make records of
//! it, `message` and `submission` put frames and messages together, and
//! [`reply`] acknowledges.

#![forbid(unsafe_code)]

mod checks;
mod command;
mod configuration;
pub mod crc;
mod device;
mod finding;
pub mod frame;
mod items;
mod key;
mod message;
mod packet;
pub mod reply;
mod segment;
mod stamp;
mod submission;
#[cfg(test)]
mod tests;
mod values;

use adapter_sdk::proto::v1::Conversion;
use adapter_sdk::{Adapter, ConfigurationFault, Description, Message, Rejection};

use configuration::Configuration;
pub use frame::{Dialect, Verdict, verdict};

/// The adapter, configured.
#[derive(Debug)]
pub struct Hj212 {
    configuration: Configuration,
}

impl Adapter for Hj212 {
    const DESCRIPTION: Description = Description {
        id: "hj212",
        version: env!("CARGO_PKG_VERSION"),
        feed_kinds: &["hj212"],
        schema_version: "1.0.0",
    };

    /// Reads the JSON configuration described in the adapter's README.
    fn configure(configuration: &[u8]) -> Result<Self, Vec<ConfigurationFault>> {
        let configuration = Configuration::parse(configuration)?;
        Ok(Self { configuration })
    }

    /// Converts messages of one or more frames each.
    fn convert(&self, messages: &[Message<'_>]) -> Vec<Result<Conversion, Rejection>> {
        let mut results: Vec<_> = (0..messages.len()).map(|_| None).collect();
        self.convert_each(messages, &mut |number, result| {
            results[number] = Some(result)
        });
        results.into_iter().flatten().collect()
    }

    fn convert_each(
        &self,
        messages: &[Message<'_>],
        each: &mut dyn FnMut(usize, Result<Conversion, Rejection>),
    ) {
        submission::convert(&self.configuration, messages, each);
    }
}

#[cfg(target_family = "wasm")]
adapter_sdk::export_adapter!(Hj212);
