//! Replay (重放): converting what was received again, and comparing with what was kept, byte for byte.
//!
//! Works on one submission that the caller has read, from a data folder or out of an evidence
//! package, and needs no gateway: [`Recorded`] is all of it, [`KeptMessage`] a part, and the converter is made by the caller
//! from the component and the configuration that the entry names by digest. What differs is a
//! [`Finding`] with both versions.

mod difference;
mod kept;

use bytes::Bytes;
use prost::Message as _;
use proto::v1::{MessageResult, SubmitRequest, message_result};

use crate::convert::results;
use crate::entry::SubmitEntry;
use crate::policy::hex;
use crate::ports::{Converter, Message};
use crate::refusal::Refusal;

pub use difference::Difference;
pub use kept::{Sealed, put_together};

/// A submission as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Position of its entry.
    pub position: u64,
    /// What its entry binds.
    pub entry: SubmitEntry,
    /// The messages as received, in order.
    pub payloads: Vec<Vec<u8>>,
    /// The request without its payloads, then the result of each message.
    pub results: Vec<Vec<u8>>,
    /// Of a sealed submission, what it was opened from.
    pub sealed: Option<Sealed>,
}

/// What is wrong with a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The payloads are not those that the entry binds.
    PayloadAltered,
    /// The results are not those that the entry binds.
    ResultAltered,
    /// The component is not the one that the entry names.
    ComponentAltered,
    /// The configuration is not the one that the entry names.
    ConfigurationAltered,
    /// Something that is needed is not there.
    Missing,
    /// The adapter could not be installed or run.
    NotRun,
    /// The result of a message differs from the one that was kept.
    Differs,
    /// What was kept says that the adapter ran out of time, which no replay repeats. Not a difference.
    TimeLimit,
    /// It is sealed, and the keys of personal data were not given.
    Sealed,
    /// It was erased, by an entry of the log. Not a difference: nobody can convert it again.
    Erased,
}

impl Kind {
    /// The stable word of the kind.
    pub fn word(self) -> &'static str {
        match self {
            Kind::PayloadAltered => "payload-altered",
            Kind::ResultAltered => "result-altered",
            Kind::ComponentAltered => "component-altered",
            Kind::ConfigurationAltered => "configuration-altered",
            Kind::Missing => "missing",
            Kind::NotRun => "not-run",
            Kind::Differs => "differs",
            Kind::TimeLimit => "time-limit",
            Kind::Sealed => "sealed",
            Kind::Erased => "erased",
        }
    }

    /// Whether the submission is not what was kept.
    pub fn is_wrong(self) -> bool {
        !matches!(self, Kind::TimeLimit | Kind::Erased)
    }
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Position of the submission's entry.
    pub position: u64,
    /// What it is.
    pub kind: Kind,
    /// Number of the message, where one is meant.
    pub message: Option<u16>,
    /// One sentence that names what.
    pub text: String,
    /// Fields that differ, with both versions.
    pub differences: Vec<Difference>,
}

impl Finding {
    /// A finding about a whole submission.
    pub fn of_submission(position: u64, kind: Kind, text: String) -> Finding {
        Finding {
            position,
            kind,
            message: None,
            text,
            differences: Vec::new(),
        }
    }
}

impl Recorded {
    /// Whether payloads and results are those that the entry binds; what is not is a finding.
    pub fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut compare = |kind, what: &str, found: [u8; 32], bound: &[u8; 32]| {
            if found != *bound {
                let text = format!(
                    "{what}: the entry binds {}, what is kept gives {}",
                    hex(bound),
                    hex(&found)
                );
                findings.push(Finding::of_submission(self.position, kind, text));
            }
        };
        let entry = &self.entry;
        compare(
            Kind::PayloadAltered,
            "payloads",
            self.payload_root(),
            &entry.payload_root,
        );
        compare(
            Kind::ResultAltered,
            "results",
            self.result_root(),
            &entry.result_root,
        );
        findings
    }

    fn messages(&self) -> Option<Vec<Message>> {
        let manifest = self.results.first()?;
        let request = SubmitRequest::decode(manifest.as_slice()).ok()?;
        let is_whole = request.messages.len() == self.payloads.len()
            && self.results.len() == self.payloads.len() + 1;
        let stated = request.messages.into_iter().map(|message| {
            let attributes = message.attributes.into_iter();
            attributes.map(|it| (it.name, it.value)).collect()
        });
        let payloads = self.payloads.iter().cloned().map(Bytes::from);
        is_whole.then(|| {
            payloads
                .zip(stated)
                .map(|(payload, attributes)| Message {
                    payload,
                    attributes,
                })
                .collect()
        })
    }
}

/// Converts the submission again and compares.
///
/// Nothing is converted when what is kept is not what the entry binds, or the converter is not the
/// one that the entry names: the findings say which.
///
/// # Errors
/// [`Refusal::QueueFull`] when no sandbox was free; nothing is known then.
pub fn replay(recorded: &Recorded, converter: &dyn Converter) -> Result<Vec<Finding>, Refusal> {
    let mut findings = recorded.check();
    findings.extend(other_adapter(recorded, converter));
    if !findings.is_empty() {
        return Ok(findings);
    }
    let Some(messages) = recorded.messages() else {
        let text = "results: they are not the request and one result for each message".to_owned();
        let kind = Kind::ResultAltered;
        return Ok(vec![Finding::of_submission(recorded.position, kind, text)]);
    };
    let kept = recorded.results.iter().skip(1).cloned();
    let kept = (0..=u16::MAX).zip(messages).zip(kept);
    let kept: Vec<KeptMessage> = kept
        .map(|((number, message), result)| KeptMessage {
            number,
            message,
            result,
            was_sealed: recorded.was_sealed(number),
        })
        .collect();
    let replayed = replay_messages(recorded.position, &kept, converter)?;
    let findings = replayed.into_iter().filter_map(|replayed| replayed.finding);
    Ok(findings.map(|finding| recorded.shown(finding)).collect())
}

/// A message of a submission with the result that was kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMessage {
    /// Its number in the submission.
    pub number: u16,
    /// The message as the adapter was given it.
    pub message: Message,
    /// Encoded `MessageResult`.
    pub result: Vec<u8>,
    /// Whether it was kept with sealed values, and put together again: it is then in its canonical encoding, whatever the
    /// adapter's own was.
    pub was_sealed: bool,
}

/// What became of a message that was converted again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// Encoded `MessageResult`; in its canonical encoding where that was kept.
    pub result: Bytes,
    /// What differs from the one that was kept; `None` when they are the same bytes.
    pub finding: Option<Finding>,
}

/// Converts some messages of a submission again, in order, and compares each with what was kept.
///
/// Whoever calls has checked that they are what the entry binds, and that the converter is the one
/// that it names.
///
/// # Errors
/// As [`replay`].
pub fn replay_messages(
    position: u64,
    kept: &[KeptMessage],
    converter: &dyn Converter,
) -> Result<Vec<Replayed>, Refusal> {
    let messages: Vec<Message> = kept.iter().map(|kept| kept.message.clone()).collect();
    let replayed = results(converter, &messages)?;
    let compared = kept.iter().zip(replayed).map(|(kept, result)| {
        let result = match kept.was_sealed {
            true => canonical(result),
            false => result,
        };
        Replayed {
            finding: (kept.result != result[..])
                .then(|| differing(position, kept.number, &kept.result, &result)),
            result,
        }
    });
    Ok(compared.collect())
}

/// The canonical encoding of a result; what is none stays as it is.
pub(crate) fn canonical(result: Bytes) -> Bytes {
    match MessageResult::decode(&result[..]) {
        Ok(decoded) => decoded.encode_to_vec().into(),
        Err(_) => result,
    }
}

fn other_adapter(recorded: &Recorded, converter: &dyn Converter) -> Vec<Finding> {
    let (named, given) = (&recorded.entry.adapter, converter.identity());
    let parts = [
        (
            Kind::ComponentAltered,
            "component",
            named.component,
            given.component,
        ),
        (
            Kind::ConfigurationAltered,
            "configuration",
            named.configuration,
            given.configuration,
        ),
    ];
    let other = parts
        .into_iter()
        .filter(|(_, _, named, given)| named != given);
    other
        .map(|(kind, what, named, given)| {
            let text = format!(
                "{what}: the entry names sha256:{}, what was given is sha256:{}",
                hex(&named),
                hex(&given)
            );
            Finding::of_submission(recorded.position, kind, text)
        })
        .collect()
}

fn differing(position: u64, message: u16, kept: &[u8], replayed: &[u8]) -> Finding {
    let differences = difference::between(kept, replayed);
    let (kind, text) = match ran_out_of_time(kept) {
        true => (
            Kind::TimeLimit,
            "what was kept is that the adapter ran out of time".to_owned(),
        ),
        false => (
            Kind::Differs,
            format!(
                "the result differs: {} bytes kept, {} bytes replayed, {} fields",
                kept.len(),
                replayed.len(),
                differences.len()
            ),
        ),
    };
    Finding {
        position,
        kind,
        message: Some(message),
        text,
        differences,
    }
}

fn ran_out_of_time(kept: &[u8]) -> bool {
    let result = MessageResult::decode(kept).ok().and_then(|it| it.result);
    matches!(result, Some(message_result::Result::Quarantined(it)) if it.code == "adapter.deadline")
}

#[cfg(test)]
mod tests;
