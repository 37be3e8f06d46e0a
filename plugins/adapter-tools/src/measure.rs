//! How fast an adapter is, against its limits.
//!
//! Medians over calls as a gateway makes them, on this machine and with what
//! else it does: for comparing an adapter with itself, not machines.

use std::time::{Duration, Instant};

use adapter_host::{Adapter, CallError, Message, Outcome};

use crate::sample::Sample;

/// Messages of the largest call of a gateway.
const CALL_MESSAGES: usize = 256;

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
    /// Messages of a full call.
    pub full_call_messages: usize,
    /// Bytes returned by a full call.
    pub full_call_output_bytes: usize,
    /// The deadline of a call.
    pub deadline: Duration,
    /// Calls made for each median.
    pub rounds: u32,
}

/// Measures an adapter with its samples, `rounds` calls for each figure.
///
/// # Errors
/// The first call that ends without results. A full call may meet a limit that a single message does not.
pub fn measure(adapter: &Adapter, samples: &[Sample], rounds: u32) -> Result<Measured, CallError> {
    let rounds = rounds.max(1);
    let mut all = Vec::new();
    let mut slowest = (String::new(), Duration::ZERO);
    for sample in samples {
        let mut own = Vec::new();
        for _ in 0..rounds {
            own.push(timed(adapter, &[sample.message()])?.0);
        }
        let middle = median(&mut own);
        if middle >= slowest.1 {
            slowest = (sample.name.clone(), middle);
        }
        all.push(middle);
    }
    let messages: Vec<Message<'_>> = samples
        .iter()
        .cycle()
        .take(CALL_MESSAGES)
        .map(Sample::message)
        .collect();
    let mut full = Vec::new();
    let mut output_bytes = 0;
    for _ in 0..rounds {
        let (took, bytes) = timed(adapter, &messages)?;
        full.push(took);
        output_bytes = bytes;
    }
    let full_call = median(&mut full);
    let count = u32::try_from(messages.len().max(1)).unwrap_or(u32::MAX);
    Ok(Measured {
        alone: median(&mut all),
        slowest,
        in_full_call: full_call / count,
        full_call,
        full_call_messages: messages.len(),
        full_call_output_bytes: output_bytes,
        deadline: adapter.describe().granted.deadline,
        rounds,
    })
}

/// The time of one call and the bytes it returned.
fn timed(adapter: &Adapter, messages: &[Message<'_>]) -> Result<(Duration, usize), CallError> {
    let start = Instant::now();
    let outcomes = adapter.convert(messages)?;
    let took = start.elapsed();
    let bytes = |outcome: &Outcome| match outcome {
        Outcome::Converted(bytes) => bytes.len(),
        Outcome::Rejected { code, text, .. } => code.len() + text.len(),
    };
    Ok((took, outcomes.iter().map(bytes).sum()))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
