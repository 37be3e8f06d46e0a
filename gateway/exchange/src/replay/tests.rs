//! What was kept replays to the same bytes, and each thing that was altered is named.

use prost::Message as _;
use proto::v1::record::Entity;
use proto::v1::{Conversion, Observation, Record};

use super::*;
use crate::entry::CaseBinding;
use crate::ports::{AdapterIdentity, ConvertFailure, Converted};
use crate::{Caller, Submission};

/// An adapter that writes the message into a record, under a prefix.
struct Echo {
    identity: AdapterIdentity,
    prefix: &'static str,
}

fn echo(prefix: &'static str) -> Echo {
    Echo {
        identity: AdapterIdentity {
            id: "echo".to_owned(),
            version: "1.0.0".to_owned(),
            component: [1; 32],
            configuration: [2; 32],
            schema_version: "1.0.0".to_owned(),
        },
        prefix,
    }
}

impl Converter for Echo {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        let one = |message: &Message| {
            let said = String::from_utf8_lossy(&message.payload).into_owned();
            if said == "late" {
                return Converted::Rejected {
                    code: "adapter.deadline".to_owned(),
                    offset: 0,
                    text: self.prefix.to_owned(),
                };
            }
            let observation = Observation {
                mn: format!("{}{said}", self.prefix),
                ..Observation::default()
            };
            let record = Record {
                envelope: None,
                entity: Some(Entity::Observation(observation)),
            };
            let conversion = Conversion {
                records: vec![record],
                ..Conversion::default()
            };
            Converted::Conversion(conversion.encode_to_vec())
        };
        Ok(messages.iter().map(one).collect())
    }
}

fn recorded(messages: &[&str]) -> Recorded {
    let message = |text: &&str| Message {
        payload: text.as_bytes().to_vec().into(),
        attributes: vec![("content-type".to_owned(), "text/plain".to_owned())],
    };
    let submission = Submission {
        feed: "feed".to_owned(),
        idempotency_key: "key".to_owned(),
        messages: messages.iter().map(message).collect(),
        case: CaseBinding::default(),
        party: None,
    };
    let caller = Caller {
        agency: "sender".to_owned(),
        kind: "city-eco".to_owned(),
        certificate: [9; 32],
    };
    let prepared = crate::convert::prepare(&caller, &echo("a"), submission, [3; 16], None);
    let prepared = prepared.expect("is prepared");
    let own = |parts: &[Bytes]| parts.iter().map(|part| part.to_vec()).collect();
    Recorded {
        position: 7,
        payloads: own(&prepared.payloads),
        results: own(&prepared.results),
        entry: prepared.entry,
        sealed: None,
    }
}

fn kinds(recorded: &Recorded, converter: &Echo) -> Vec<Kind> {
    let findings = replay(recorded, converter).expect("is replayed");
    findings.iter().map(|finding| finding.kind).collect()
}

#[test]
fn what_was_kept_replays_to_the_same_bytes() {
    assert!(kinds(&recorded(&["1", "2"]), &echo("a")).is_empty());
}

#[test]
fn a_result_that_differs_is_shown_with_both_versions() {
    let findings = replay(&recorded(&["1", "2"]), &echo("b")).expect("is replayed");
    assert_eq!(findings.len(), 2);
    assert_eq!(
        (findings[1].kind, findings[1].message),
        (Kind::Differs, Some(1))
    );
    let expected = Difference {
        path: "converted.records[0].observation.mn".to_owned(),
        kept: Some("a2".to_owned()),
        replayed: Some("b2".to_owned()),
    };
    assert!(findings[1].differences.contains(&expected), "{findings:?}");
}

#[test]
fn each_thing_that_was_altered_is_named() {
    let kept = recorded(&["1", "2"]);
    let mut altered = kept.clone();
    altered.payloads[1][0] ^= 1;
    assert_eq!(kinds(&altered, &echo("a")), [Kind::PayloadAltered]);
    let mut altered = kept.clone();
    altered.results[2][3] ^= 1;
    assert_eq!(kinds(&altered, &echo("a")), [Kind::ResultAltered]);
    let mut other = echo("a");
    other.identity.component[5] ^= 1;
    assert_eq!(kinds(&kept, &other), [Kind::ComponentAltered]);
    let mut other = echo("a");
    other.identity.configuration[5] ^= 1;
    assert_eq!(kinds(&kept, &other), [Kind::ConfigurationAltered]);
}

#[test]
fn a_time_limit_that_was_met_then_is_no_difference_now() {
    let found = kinds(&recorded(&["late"]), &echo("b"));
    assert_eq!(found, [Kind::TimeLimit]);
    assert!(!found[0].is_wrong());
}

/// An adapter that acknowledges the message, and writes the length of that in two bytes, where one would do.
struct Wordy(AdapterIdentity);

impl Converter for Wordy {
    fn identity(&self) -> &AdapterIdentity {
        &self.0
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        let one = |message: &Message| {
            let bytes = acknowledged(&message.payload).encode_to_vec();
            let [key, length, reply @ ..] = bytes.as_slice() else {
                panic!("it has a reply")
            };
            assert!(*length < 0x80, "one byte holds the length");
            Converted::Conversion([&[*key, length | 0x80, 0], reply].concat())
        };
        Ok(messages.iter().map(one).collect())
    }
}

fn acknowledged(payload: &[u8]) -> Conversion {
    Conversion {
        reply: payload.to_vec(),
        ..Conversion::default()
    }
}

#[test]
fn what_was_sealed_is_compared_in_its_canonical_encoding_and_nothing_else_is() {
    let kept = MessageResult {
        result: Some(message_result::Result::Converted(acknowledged(b"a"))),
    };
    let of = |was_sealed| {
        let kept = KeptMessage {
            number: 0,
            message: Message {
                payload: b"a".to_vec().into(),
                attributes: Vec::new(),
            },
            result: kept.encode_to_vec(),
            was_sealed,
        };
        let replayed = replay_messages(7, &[kept], &Wordy(echo("").identity)).expect("is run");
        let finding = replayed.into_iter().next().expect("one").finding;
        finding.map(|finding| finding.kind)
    };
    assert_eq!(of(true), None);
    assert_eq!(of(false), Some(Kind::Differs));
}
