//! Golden results: what each sample must become, as text that people read.
//!
//! The text is that of `adapter_sdk::goldens`: an object with `converted`, the
//! conversion in canonical proto3 JSON, or with `rejected`. A golden result is
//! compared as JSON, so that its layout does not matter, and is written in one
//! layout.

use std::sync::OnceLock;

use adapter_host::{Adapter, CallError, Outcome};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde_json::{Value, json};

use crate::sample::Sample;

/// What became of one sample.
#[derive(Debug)]
pub struct Comparison {
    /// Name of the sample.
    pub sample: String,
    /// What it became, as text; an error when the call had no result.
    pub result: Result<String, GoldenError>,
    /// The golden result; `None` when there is none.
    pub golden: Option<String>,
}

/// Why a sample has no result that could be compared.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// The call ended without results.
    #[error("the call ended without results ({})", cause.code())]
    Call {
        /// How it ended.
        #[source]
        cause: CallError,
    },
    /// The adapter returned bytes that are no conversion.
    #[error("the adapter returned bytes that are no lawgate.v1.Conversion")]
    Encoding,
}

impl Comparison {
    /// Whether the result is the golden one.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        let (Ok(result), Some(golden)) = (&self.result, &self.golden) else {
            return false;
        };
        let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
        result == golden || parsed(result).is_some_and(|value| parsed(golden) == Some(value))
    }
}

/// Converts every sample, each in a call of its own, beside its golden result.
#[must_use]
pub fn compare(adapter: &Adapter, samples: &[Sample]) -> Vec<Comparison> {
    let one = |sample: &Sample| Comparison {
        sample: sample.name.clone(),
        result: result(adapter, sample),
        golden: sample.golden.clone(),
    };
    samples.iter().map(one).collect()
}

fn result(adapter: &Adapter, sample: &Sample) -> Result<String, GoldenError> {
    let outcomes = adapter
        .convert(&[sample.message()])
        .map_err(|cause| GoldenError::Call { cause })?;
    outcomes.first().and_then(text).ok_or(GoldenError::Encoding)
}

/// An outcome as golden text; `None` when its bytes are no conversion.
#[must_use]
pub fn text(outcome: &Outcome) -> Option<String> {
    let value = match outcome {
        Outcome::Converted(bytes) => {
            let message = DynamicMessage::decode(conversion(), bytes.as_slice()).ok()?;
            json!({ "converted": serde_json::to_value(&message).ok()? })
        }
        Outcome::Rejected { code, offset, text } => {
            json!({ "rejected": { "code": code, "offset": offset, "text": text } })
        }
    };
    let text = serde_json::to_string_pretty(&value).ok()?;
    Some(text + "\n")
}

fn conversion() -> MessageDescriptor {
    static DESCRIPTOR: OnceLock<MessageDescriptor> = OnceLock::new();
    DESCRIPTOR
        .get_or_init(|| {
            DescriptorPool::decode(proto::DESCRIPTOR_SET)
                .ok()
                .and_then(|pool| pool.get_message_by_name("lawgate.v1.Conversion"))
                .expect("the descriptor set is checked in with the generated code")
        })
        .clone()
}

#[cfg(test)]
mod tests;
