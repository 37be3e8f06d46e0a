//! Converting with an adapter that follows a script.

use std::sync::Mutex;

use super::*;
use crate::ports::{AdapterIdentity, ConvertFailure};

/// What the adapter does with one batch.
#[derive(Clone, Copy)]
enum Does {
    Converts,
    Fails(&'static str),
    IsShort,
    FindsNoSandbox,
}

/// An adapter that does one thing for each batch, in order; it remembers how many it was given.
struct Scripted {
    identity: AdapterIdentity,
    script: Vec<Does>,
    given: Mutex<usize>,
}

impl Scripted {
    fn new(script: &[Does]) -> Scripted {
        let identity = AdapterIdentity {
            id: "scripted".to_owned(),
            version: "1.0.0".to_owned(),
            component: [1; 32],
            configuration: [2; 32],
            schema_version: "1.0.0".to_owned(),
        };
        Scripted {
            identity,
            script: script.to_vec(),
            given: Mutex::new(0),
        }
    }
}

impl Converter for Scripted {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        let mut given = self.given.lock().expect("is free");
        let does = self.script[*given];
        *given += 1;
        let failure = |code: &str, temporary| ConvertFailure {
            code: code.to_owned(),
            text: "the adapter did not return".to_owned(),
            temporary,
        };
        let converted = |_: &Message| Converted::Conversion(Vec::new());
        match does {
            Does::Converts => Ok(messages.iter().map(converted).collect()),
            Does::IsShort => Ok(messages.iter().skip(1).map(converted).collect()),
            Does::Fails(code) => Err(failure(code, false)),
            Does::FindsNoSandbox => Err(failure("adapter.pool-exhausted", true)),
        }
    }
}

fn messages(count: usize) -> Vec<Message> {
    let message = Message {
        payload: b"x"[..].into(),
        attributes: Vec::new(),
    };
    vec![message; count]
}

/// Codes of the batches (empty: converted) and the number of batches that were run.
fn run(script: &[Does]) -> (Vec<String>, usize) {
    let converter = Scripted::new(script);
    let checked = convert(&converter, &messages(script.len() * SANDBOX_MESSAGES));
    let checked = checked.expect("is not refused");
    let code = |checked: &Checked| match &checked.outcome.quarantine {
        Some(quarantine) => quarantine.code.clone(),
        None => String::new(),
    };
    let codes = checked.chunks(SANDBOX_MESSAGES).map(|batch| {
        let first = code(&batch[0]);
        assert!(batch.iter().all(|checked| code(checked) == first));
        assert_eq!(batch.len(), SANDBOX_MESSAGES);
        first
    });
    let codes = codes.collect();
    let given = *converter.given.lock().expect("is free");
    (codes, given)
}

fn check_run(script: &[Does], codes: &[&str], given: usize) {
    let (found, ran) = run(script);
    assert_eq!(found, codes);
    assert_eq!(ran, given, "{codes:?}");
}

#[test]
fn after_two_failed_sandboxes_the_rest_is_quarantined_without_being_run() {
    use Does::{Converts, Fails, IsShort};
    let late = Fails("adapter.deadline");
    let (deadline, short) = ("adapter.deadline", "adapter.wrong-count");
    check_run(&[Converts, late, Converts], &["", deadline, ""], 3);
    check_run(
        &[late, Converts, late, Converts, Converts],
        &[deadline, "", deadline, deadline, deadline],
        3,
    );
    check_run(&[late; 16], &[deadline; 16], 2);
    // The last failure is the reason, whichever it is.
    check_run(&[late, IsShort, Converts], &[deadline, short, short], 2);
}

#[test]
fn a_sandbox_that_was_not_free_refuses_the_submission_and_quarantines_nothing() {
    for script in [
        &[Does::FindsNoSandbox][..],
        &[Does::Converts, Does::FindsNoSandbox],
        &[Does::Fails("adapter.trap"), Does::FindsNoSandbox],
    ] {
        let converter = Scripted::new(script);
        let refused = convert(&converter, &messages(script.len() * SANDBOX_MESSAGES));
        let refusal = refused.err().expect("is refused");
        assert!(matches!(refusal, Refusal::QueueFull { queue: "sandbox" }));
        assert!(refusal.retry_after().is_some());
    }
}

#[test]
fn every_message_keeps_its_number_up_to_the_most_there_can_be() {
    let outcomes = vec![
        proto::v1::MessageOutcome {
            quarantine: Some(Quarantine::default()),
            ..Default::default()
        };
        crate::ids::MAX_MESSAGES
    ];
    let rows = quarantined_rows(&outcomes);
    assert_eq!(rows.len(), crate::ids::MAX_MESSAGES);
    assert_eq!(rows.last().expect("rows").message, u16::MAX);
    let batches = crate::ids::MAX_MESSAGES / SANDBOX_MESSAGES;
    let converter = Scripted::new(&vec![Does::Converts; batches]);
    let checked = convert(&converter, &messages(crate::ids::MAX_MESSAGES));
    assert_eq!(
        checked.expect("is not refused").len(),
        crate::ids::MAX_MESSAGES
    );
}

#[test]
fn records_after_a_failed_sandbox_are_indexed_under_their_own_message() {
    struct Second(Scripted);
    impl Converter for Second {
        fn identity(&self) -> &AdapterIdentity {
            &self.0.identity
        }
        fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
            self.0.convert(messages).map(|converted| {
                let observation = proto::v1::Observation::default();
                let record = proto::v1::Record {
                    envelope: None,
                    entity: Some(proto::v1::record::Entity::Observation(observation)),
                };
                let conversion = proto::v1::Conversion {
                    records: vec![record],
                    ..Default::default()
                };
                let bytes = conversion.encode_to_vec();
                let one_record = |_| Converted::Conversion(bytes.clone());
                converted.into_iter().map(one_record).collect()
            })
        }
    }
    let converter = Second(Scripted::new(&[
        Does::Fails("adapter.trap"),
        Does::Converts,
    ]));
    let checked = convert(&converter, &messages(2 * SANDBOX_MESSAGES)).expect("is not refused");
    let numbers: Vec<usize> = checked
        .iter()
        .flat_map(|checked| &checked.runs)
        .map(|run| usize::from(run.message))
        .collect();
    let expected: Vec<usize> = (SANDBOX_MESSAGES..2 * SANDBOX_MESSAGES).collect();
    assert_eq!(numbers, expected);
}
