//! The largest call that a gateway makes of an adapter, and the largest that the adapter is fast enough for.
//!
//! What one message never meets, many in one call may: deadline, memory, bytes returned. A gateway quarantines every
//! message of a call that ends without results, so that an adapter must say in its manifest how many it takes.

use std::time::{Duration, Instant};

use adapter_host::{Adapter, CallError, Message, Outcome};

use crate::Manifest;
use crate::sample::Sample;

/// Messages of the largest call of a gateway; `messages_per_call` of a manifest asks for less.
pub const CALL_MESSAGES: usize = 256;

/// Share of its deadline that a full call may take, as a divisor: a loaded machine is slower than this one.
const DEADLINE_SHARE: u32 = 2;

/// A call that was made.
#[derive(Debug)]
pub struct Call {
    /// Messages given.
    pub messages: usize,
    /// How long it took.
    pub took: Duration,
    /// Bytes returned, or how it ended.
    pub result: Result<usize, CallError>,
}

impl Call {
    /// Makes a call of `count` messages: the samples, again and again.
    #[must_use]
    pub fn make(adapter: &Adapter, samples: &[Sample], count: usize) -> Call {
        let messages = samples.iter().cycle().take(count).map(Sample::message);
        let messages: Vec<Message<'_>> = messages.collect();
        let start = Instant::now();
        let result = adapter.convert(&messages);
        let took = start.elapsed();
        let bytes = |outcome: &Outcome| match outcome {
            Outcome::Converted(bytes) => bytes.len(),
            Outcome::Rejected { code, text, .. } => code.len() + text.len(),
        };
        Call {
            messages: messages.len(),
            took,
            result: result.map(|outcomes| outcomes.iter().map(bytes).sum()),
        }
    }

    /// Whether it has results, and time to spare.
    #[must_use]
    pub fn fits(&self, adapter: &Adapter) -> bool {
        self.result.is_ok() && self.took <= adapter.describe().granted.deadline / DEADLINE_SHARE
    }
}

/// How many messages a gateway gives to one call of the adapter.
#[must_use]
pub fn messages_per_call(manifest: &Manifest) -> usize {
    match usize::try_from(manifest.limits.messages_per_call) {
        Ok(0) | Err(_) => CALL_MESSAGES,
        Ok(asked) => asked.min(CALL_MESSAGES),
    }
}

/// The largest call that fits, looked for from `most` down by halves; `None` when one message does not fit.
#[must_use]
pub fn largest(adapter: &Adapter, samples: &[Sample], most: usize) -> Option<Call> {
    std::iter::successors(Some(most), |count| Some(count / 2))
        .take_while(|count| *count > 0)
        .map(|count| Call::make(adapter, samples, count))
        .find(|call| call.fits(adapter))
}

/// What is to be said of the full call of an adapter: that it fits, or what would.
///
/// # Errors
/// The sentence about a call that ends without results or leaves no time to spare.
pub fn judge(adapter: &Adapter, manifest: &Manifest, samples: &[Sample]) -> Result<String, String> {
    let count = messages_per_call(manifest);
    // The better of two, so that a busy machine is not taken for a slow adapter.
    let mut call = Call::make(adapter, samples, count);
    if !call.fits(adapter) {
        let again = Call::make(adapter, samples, count);
        if again.fits(adapter) {
            call = again;
        }
    }
    let granted = adapter.describe().granted;
    let limits = format!(
        "the deadline of a call is {} ms, its memory {} MiB",
        granted.deadline.as_millis(),
        granted.memory_bytes >> 20
    );
    let took = call.took.as_millis();
    if call.fits(adapter) {
        return Ok(format!(
            "a call of {count} messages takes {took} ms; {limits}"
        ));
    }
    let ended = match &call.result {
        Ok(_) => {
            format!("takes {took} ms, and half of the deadline is the most it may take here")
        }
        Err(error) => format!(
            "ended without results after {took} ms ({}): {error}",
            error.code()
        ),
    };
    let source = match manifest.limits.messages_per_call {
        0 => "what a gateway gives where the manifest has no messages_per_call",
        _ => "messages_per_call of the manifest",
    };
    let advice = match largest(adapter, samples, count / 2) {
        Some(call) => format!(
            "{fits} messages take {} ms and fit: write `messages_per_call = {fits}` under [limits] in adapter.toml",
            call.took.as_millis(),
            fits = call.messages,
        ),
        None => "no smaller call fits either".to_owned(),
    };
    Err(format!(
        "a call of {count} messages, {source}, {ended}; {limits}; {advice}"
    ))
}
