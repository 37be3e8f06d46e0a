//! Tests of the sandbox state, natively.

use proto::v1::Conversion;

use super::*;
use crate::adapter::{Description, Limits};

/// Accepts the configuration `on`; replies with the attribute `content-type`.
#[derive(Debug)]
struct Switch;

impl Adapter for Switch {
    const DESCRIPTION: Description = Description {
        id: "switch",
        version: "1.2.3",
        feed_kinds: &["a", "b"],
        schema_version: "1.0.0",
    };
    const LIMITS: Limits = Limits {
        memory_bytes: 7,
        deadline_ms: 9,
    };

    fn configure(configuration: &[u8]) -> Result<Self, Vec<ConfigurationFault>> {
        match configuration {
            b"on" => Ok(Self),
            _ => Err(vec![
                ConfigurationFault::new("switch", "must be on"),
                ConfigurationFault::new("", "must be two bytes"),
            ]),
        }
    }

    fn convert(&self, messages: &[Message<'_>]) -> Vec<Result<Conversion, Rejection>> {
        let reply = |message: &Message<'_>| match message.attribute("content-type") {
            None => Err(Rejection::new("switch.untyped", 3, "no content type")),
            Some(kind) => Ok(Conversion {
                reply: [message.payload, kind.as_bytes()].concat(),
                ..Conversion::default()
            }),
        };
        messages.iter().map(reply).collect()
    }
}

fn message(payload: &[u8], kind: Option<&str>) -> bindings::Message {
    let attribute = |kind: &str| bindings::lawgate::adapter::types::Attribute {
        name: "content-type".to_owned(),
        value: kind.to_owned(),
    };
    bindings::Message {
        payload: payload.to_vec(),
        attributes: kind.map(attribute).into_iter().collect(),
    }
}

/// Prints outcomes briefly: hexadecimal bytes, or code and offset.
fn convert(sandbox: &Sandbox<Switch>, messages: Vec<bindings::Message>) -> Vec<String> {
    let brief = |outcome| match outcome {
        bindings::Outcome::Converted(bytes) => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        }
        bindings::Outcome::Rejected(rejection) => {
            format!("{}@{}", rejection.code, rejection.offset)
        }
    };
    sandbox.convert(messages).into_iter().map(brief).collect()
}

#[test]
fn the_description_is_carried_over_with_its_limits() {
    let description = Sandbox::<Switch>::describe();
    assert_eq!(description.id, "switch");
    assert_eq!(description.version, "1.2.3");
    assert_eq!(description.feed_kinds, ["a", "b"]);
    assert_eq!(description.schema_version, "1.0.0");
    assert_eq!(description.limits.memory_bytes, 7);
    assert_eq!(description.limits.deadline_ms, 9);
}

#[test]
fn before_configure_every_message_is_rejected() {
    let sandbox = Sandbox::<Switch>::new();
    let outcomes = convert(
        &sandbox,
        vec![message(b"x", Some("t")), message(b"y", None)],
    );
    assert_eq!(
        outcomes,
        ["adapter.not-configured@0", "adapter.not-configured@0"]
    );
}

#[test]
fn all_faults_are_reported_and_leave_the_sandbox_unconfigured() {
    let sandbox = Sandbox::<Switch>::new();
    let faults = sandbox.configure(b"off").expect_err("faulty configuration");
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(paths, ["switch", ""]);
    assert_eq!(
        convert(&sandbox, vec![message(b"x", None)]),
        ["adapter.not-configured@0"]
    );
}

#[test]
fn a_second_configuration_is_a_fault_and_the_first_stays() {
    let sandbox = Sandbox::<Switch>::new();
    sandbox.configure(b"on").expect("good configuration");
    let faults = sandbox.configure(b"on").expect_err("second configuration");
    assert_eq!(faults.len(), 1);
    assert_eq!(
        convert(&sandbox, vec![message(b"x", None)]),
        ["switch.untyped@3"]
    );
}

#[test]
fn payload_attributes_and_order_reach_the_adapter() {
    let sandbox = Sandbox::<Switch>::new();
    sandbox.configure(b"on").expect("good configuration");
    let outcomes = convert(
        &sandbox,
        vec![message(b"x", Some("t")), message(b"y", None)],
    );
    // Field 4 of a conversion is the reply: tag 0x22, length, bytes.
    assert_eq!(outcomes, ["22027874", "switch.untyped@3"]);
}
