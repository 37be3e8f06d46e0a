//! What an adapter must satisfy before anybody installs it.
//!
//! Each check has a name, a verdict and a sentence. They run the component in
//! the sandboxes a gateway uses and ask: does it say who it is, do the samples
//! give their golden results, is it a function of its input alone, does it stay
//! within its limits when messages are bad and when a call is full, how long does it take? What is
//! random here follows from a seed, so that a failure can be repeated.

mod mutate;

use std::path::Path;
use std::time::{Duration, Instant};

use adapter_host::{Adapter, CallError, Host, InstallError, Message, Outcome};
use prost::Message as _;

use crate::diff;
use crate::golden::{self, Comparison};
use crate::sample::Sample;
use crate::{Manifest, agree, asked, full_call, manifest};

/// Share of its deadline that one sample may take, as a divisor: a loaded machine is several times slower.
const DEADLINE_SHARE: u32 = 4;

/// Largest part of a difference that is shown, in bytes.
const SHOWN_BYTES: usize = 2000;

/// What is checked.
#[derive(Debug)]
pub struct Subject<'s> {
    /// The component.
    pub component: &'s [u8],
    /// The configuration it is shipped with.
    pub configuration: &'s [u8],
    /// Its manifest.
    pub manifest: &'s Manifest,
    /// Its samples with golden results.
    pub samples: &'s [Sample],
}

/// How thorough the check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Bent messages tried.
    pub mutations: u32,
    /// What the bent messages follow from.
    pub seed: u64,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it must be.
    Passed,
    /// Not as it must be.
    Failed,
    /// Not tried, because an earlier check failed.
    Skipped,
}

/// One check with what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name: `golden`.
    pub name: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found, for a person.
    pub text: String,
}

/// The checks in their order. Nothing is decided by the order but what is skipped.
const NAMES: [&str; 9] = [
    "install",
    "manifest",
    "golden",
    "determinism",
    "splits",
    "configuration",
    "bent-messages",
    "timing",
    "full-call",
];

/// Checks an adapter in the sandboxes of `host`.
#[must_use]
pub fn check(host: &Host, subject: &Subject<'_>, effort: Effort) -> Vec<Check> {
    let asked = asked(subject.manifest);
    let adapter = match host.install_within(subject.component, subject.configuration, asked) {
        Ok(adapter) => adapter,
        Err(error) => {
            let skipped = |name: &&'static str| Check {
                name,
                verdict: Verdict::Skipped,
                text: String::new(),
            };
            let mut checks = vec![checked("install", Err(reason(&error)))];
            checks.extend(NAMES[1..].iter().map(skipped));
            return checks;
        }
    };
    let results = [
        installed(&adapter),
        agree(
            subject.manifest,
            adapter.describe(),
            Path::new(manifest::FILE),
        )
        .map(|()| "the component says the same".to_owned())
        .map_err(|error| error.to_string()),
        goldens(&golden::compare(&adapter, subject.samples)),
        determinism(&adapter, subject.samples),
        splits(&adapter, subject.samples),
        configurations(host, subject),
        bent_messages(&adapter, subject.samples, effort),
        timing(&adapter, subject.samples),
        full_call::judge(&adapter, subject.manifest, subject.samples),
    ];
    NAMES
        .into_iter()
        .zip(results)
        .map(|(name, result)| checked(name, result))
        .collect()
}

fn checked(name: &'static str, result: Result<String, String>) -> Check {
    let (verdict, text) = match result {
        Ok(text) => (Verdict::Passed, text),
        Err(text) => (Verdict::Failed, text),
    };
    Check {
        name,
        verdict,
        text,
    }
}

/// An error with its causes and the faults of a configuration, in one text.
#[must_use]
pub fn reason(error: &InstallError) -> String {
    let mut text = error.to_string();
    if let InstallError::Configuration { faults } = error {
        for fault in faults {
            text.push_str(&format!("\n  {}: {}", fault.path, fault.text));
        }
    }
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}

fn installed(adapter: &Adapter) -> Result<String, String> {
    let granted = adapter.describe().granted;
    Ok(format!(
        "imports the log and nothing else; granted {} MiB and {} ms a call",
        granted.memory_bytes >> 20,
        granted.deadline.as_millis()
    ))
}

fn goldens(comparisons: &[Comparison]) -> Result<String, String> {
    let different: Vec<String> = comparisons
        .iter()
        .filter(|comparison| !comparison.is_equal())
        .map(difference)
        .collect();
    match different.as_slice() {
        [] => Ok(format!(
            "{} samples give their golden results",
            comparisons.len()
        )),
        _ => Err(different.join("\n")),
    }
}

/// What is to be said about a sample that is not equal.
#[must_use]
pub fn difference(comparison: &Comparison) -> String {
    let name = &comparison.sample;
    match (&comparison.result, &comparison.golden) {
        (Err(error), _) => format!("{name}: {error}"),
        (Ok(_), None) => {
            format!("{name}: there is no golden/{name}.json; write it with `test --update`")
        }
        (Ok(result), Some(golden)) => format!("{name}:\n{}", cut(&diff::lines(golden, result))),
    }
}

fn cut(text: &str) -> &str {
    match text.char_indices().find(|(at, _)| *at >= SHOWN_BYTES) {
        Some((at, _)) => &text[..at],
        None => text,
    }
}

fn convert(adapter: &Adapter, messages: &[Message<'_>]) -> Result<Vec<Outcome>, String> {
    adapter.convert(messages).map_err(|error| call(&error))
}

fn call(error: &CallError) -> String {
    format!("the call ended without results ({}): {error}", error.code())
}

/// The same call in fresh sandboxes gives the same bytes.
fn determinism(adapter: &Adapter, samples: &[Sample]) -> Result<String, String> {
    let messages: Vec<Message<'_>> = samples.iter().map(Sample::message).collect();
    let first = convert(adapter, &messages)?;
    for _ in 0..2 {
        let again = convert(adapter, &messages)?;
        if let Some(at) = (0..first.len()).find(|&at| again.get(at) != first.get(at)) {
            return Err(format!(
                "{} gives other bytes in another sandbox; is there a counter, an address or an unordered map in it?",
                samples[at].name
            ));
        }
    }
    Ok("the same bytes in three fresh sandboxes".to_owned())
}

/// A message gives the same bytes whichever messages are in the call with it.
fn splits(adapter: &Adapter, samples: &[Sample]) -> Result<String, String> {
    let messages: Vec<Message<'_>> = samples.iter().map(Sample::message).collect();
    let alone: Vec<Outcome> = messages
        .iter()
        .map(|message| convert(adapter, &[*message])?.pop().ok_or_else(String::new))
        .collect::<Result<_, String>>()?;
    let orders: [Vec<usize>; 3] = [
        (0..messages.len()).collect(),
        (0..messages.len()).rev().collect(),
        (0..messages.len()).flat_map(|at| [at, at]).collect(),
    ];
    for order in &orders {
        let given: Vec<Message<'_>> = order.iter().map(|&at| messages[at]).collect();
        for size in [given.len(), 2] {
            let mut at = 0;
            for part in given.chunks(size.max(1)) {
                for outcome in convert(adapter, part)? {
                    if outcome != alone[order[at]] {
                        return Err(format!(
                            "{} gives other bytes beside other messages than alone; nothing may be kept from one message to the next",
                            samples[order[at]].name
                        ));
                    }
                    at += 1;
                }
            }
        }
    }
    Ok("the same bytes alone, in pairs, together, reversed and repeated".to_owned())
}

/// A configuration that is none is refused with faults, not with a trap.
fn configurations(host: &Host, subject: &Subject<'_>) -> Result<String, String> {
    let shipped = subject.configuration;
    let cut = &shipped[..shipped.len() / 2];
    let wrong: [(&str, &[u8]); 4] = [
        ("an empty file", b""),
        ("bytes that are no text", b"\xff\xfe\x00"),
        ("a file that is cut", cut),
        ("an unknown key", br#"{"no_adapter_has_this_key": 1}"#),
    ];
    for (what, configuration) in wrong {
        match host.install(subject.component, configuration) {
            Err(InstallError::Configuration { faults }) if !faults.is_empty() => {}
            Err(error) => return Err(format!("{what}: {}", reason(&error))),
            Ok(_) => return Err(format!("{what} is accepted as a configuration")),
        }
    }
    Ok("four wrong configurations are refused with faults".to_owned())
}

/// Bent samples give results that a gateway takes, within the limits.
fn bent_messages(adapter: &Adapter, samples: &[Sample], effort: Effort) -> Result<String, String> {
    let bent = mutate::bent(samples, effort);
    let (mut converted, mut rejected) = (0_u32, 0_u32);
    for message in &bent {
        let at = || format!("{} bent ({})", message.sample, message.change);
        let given = Message {
            payload: &message.payload,
            attributes: &[],
        };
        for outcome in convert(adapter, &[given]).map_err(|text| format!("{}: {text}", at()))? {
            accepted(&outcome, message.payload.len())
                .map_err(|text| format!("{}: {text}", at()))?;
            match outcome {
                Outcome::Converted(_) => converted += 1,
                Outcome::Rejected { .. } => rejected += 1,
            }
        }
    }
    Ok(format!(
        "{} bent messages (seed {}): {converted} converted, {rejected} rejected, no limit met",
        bent.len(),
        effort.seed
    ))
}

/// Whether a gateway takes an outcome.
fn accepted(outcome: &Outcome, bytes: usize) -> Result<(), String> {
    match outcome {
        Outcome::Converted(encoded) => {
            let conversion = proto::v1::Conversion::decode(encoded.as_slice())
                .map_err(|_| "returned bytes that are no lawgate.v1.Conversion".to_owned())?;
            let envelopes = conversion
                .records
                .iter()
                .filter_map(|record| record.envelope.as_ref());
            let places = envelopes
                .clone()
                .map(|envelope| (envelope.raw_offset, envelope.raw_length));
            let findings = conversion
                .findings
                .iter()
                .chain(envelopes.flat_map(|envelope| &envelope.quality))
                .map(|finding| (finding.offset, finding.length));
            let outside = |(offset, length): &(u64, u64)| {
                offset
                    .checked_add(*length)
                    .is_none_or(|end| end > bytes as u64)
            };
            match places.clone().chain(findings).find(outside) {
                Some((offset, length)) => Err(format!(
                    "names the place {offset} + {length} of a message of {bytes} bytes"
                )),
                None => Ok(()),
            }
        }
        Outcome::Rejected { code, offset, .. } => {
            let is_plain = |byte: u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-'
            };
            if !(1..=64).contains(&code.len()) || !code.bytes().all(is_plain) {
                return Err(format!("rejects with the code {code:?}"));
            }
            if *offset > bytes as u64 {
                return Err(format!("rejects at byte {offset} of a message of {bytes}"));
            }
            Ok(())
        }
    }
}

/// No sample takes more than a share of the deadline.
fn timing(adapter: &Adapter, samples: &[Sample]) -> Result<String, String> {
    let mut slowest = (Duration::ZERO, "");
    for sample in samples {
        // The better of two, so that a busy machine is not taken for a slow adapter.
        let took = (0..2)
            .map(|_| {
                let start = Instant::now();
                convert(adapter, &[sample.message()]).map(|_| start.elapsed())
            })
            .collect::<Result<Vec<_>, String>>()?;
        let took = took.into_iter().min().unwrap_or_default();
        if took > slowest.0 {
            slowest = (took, &sample.name);
        }
    }
    let deadline = adapter.describe().granted.deadline;
    let (took, name) = slowest;
    let text = format!(
        "the slowest sample, {name}, takes {:.2} ms in a fresh sandbox; the deadline is {} ms",
        took.as_secs_f64() * 1e3,
        deadline.as_millis()
    );
    if took > deadline / DEADLINE_SHARE {
        return Err(format!(
            "{text}; a quarter of it is the most a sample may take"
        ));
    }
    Ok(text)
}
