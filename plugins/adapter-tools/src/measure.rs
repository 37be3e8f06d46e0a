//! How fast an adapter is, against its limits.
//!
//! Medians over calls as a gateway makes them, on this machine and with what
//! else it does: for comparing an adapter with itself, not machines.

use std::time::Duration;

use adapter_host::{Adapter, CallError};

use crate::full_call::{self, Call};
use crate::sample::Sample;

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// One message in a fresh sandbox, median over all samples.
    pub alone: Duration,
    /// The slowest sample in a fresh sandbox, median of its calls, with its name.
    pub slowest: (String, Duration),
    /// One message of a full call, median.
    pub in_full_call: Duration,
    /// A full call, median.
    pub full_call: Duration,
    /// Messages of a full call: what was asked for, or the largest number that fits.
    pub full_call_messages: usize,
    /// Bytes returned by a full call.
    pub full_call_output_bytes: usize,
    /// The deadline of a call.
    pub deadline: Duration,
    /// Calls made for each median.
    pub rounds: u32,
}

/// Measures an adapter with its samples, `rounds` calls for each figure; a full call has `full` messages, or as many
/// as fit when they do not.
///
/// # Errors
/// The first call of one message that ends without results.
pub fn measure(
    adapter: &Adapter,
    samples: &[Sample],
    full: usize,
    rounds: u32,
) -> Result<Measured, CallError> {
    let rounds = rounds.max(1);
    let mut all = Vec::new();
    let mut slowest = (String::new(), Duration::ZERO);
    for sample in samples {
        let mut own = Vec::new();
        for _ in 0..rounds {
            let call = Call::make(adapter, std::slice::from_ref(sample), 1);
            call.result?;
            own.push(call.took);
        }
        let middle = median(&mut own);
        if middle >= slowest.1 {
            slowest = (sample.name.clone(), middle);
        }
        all.push(middle);
    }
    let largest = full_call::largest(adapter, samples, full);
    let messages = largest.map_or(1, |call| call.messages);
    let mut times = Vec::new();
    let mut output_bytes = 0;
    for _ in 0..rounds {
        let call = Call::make(adapter, samples, messages);
        output_bytes = call.result?;
        times.push(call.took);
    }
    let full_call = median(&mut times);
    let count = u32::try_from(messages.max(1)).unwrap_or(u32::MAX);
    Ok(Measured {
        alone: median(&mut all),
        slowest,
        in_full_call: full_call / count,
        full_call,
        full_call_messages: messages,
        full_call_output_bytes: output_bytes,
        deadline: adapter.describe().granted.deadline,
        rounds,
    })
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
