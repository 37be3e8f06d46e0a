//! The component's exports: verbs in the configuration and in the first message.

use adapter_sdk::bindings;

use crate::attack;

struct Hostile;

impl bindings::Guest for Hostile {
    fn describe() -> bindings::Description {
        bindings::Description {
            id: "hostile".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            feed_kinds: vec!["hostile".to_owned()],
            schema_version: "1.0.0".to_owned(),
            limits: bindings::lawgate::adapter::types::Limits {
                memory_bytes: 0,
                deadline_ms: 0,
            },
        }
    }

    fn configure(configuration: Vec<u8>) -> Result<(), Vec<bindings::ConfigurationFault>> {
        match configuration.as_slice() {
            b"loop" => attack::spin(),
            b"trap" => panic!("asked to fail in configure"),
            b"hoard" => attack::hoard(),
            b"faulty" => Err(vec![fault("first"), fault("second")]),
            _ => Ok(()),
        }
    }

    fn convert(messages: Vec<bindings::Message>) -> Vec<bindings::Outcome> {
        attack::answer(messages)
    }
}

fn fault(path: &str) -> bindings::ConfigurationFault {
    bindings::ConfigurationFault {
        path: path.to_owned(),
        text: "is faulty".to_owned(),
    }
}

adapter_sdk::bindings::export!(Hostile with_types_in adapter_sdk::bindings);
