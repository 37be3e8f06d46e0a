//! The second engine behind the exchange's trait: adapters are interpreted, not compiled.

use std::sync::Arc;

use adapter_interpreter::{Component, Outcome};
use exchange::ports::{AdapterIdentity, ConvertFailure, Converted, Converter, Message};

use crate::replay::{Adapters, NotRun};

/// Runs adapters in the interpreter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interpreted;

impl Adapters for Interpreted {
    fn engine(&self) -> &'static str {
        "interpreter wasmi 2"
    }

    fn load(
        &mut self,
        named: &AdapterIdentity,
        component: &[u8],
        configuration: &[u8],
    ) -> Result<Arc<dyn Converter>, NotRun> {
        let component = Component::load(component).map_err(|error| NotRun {
            text: format!("{error}; `lawgate replay --package` runs it"),
        })?;
        Ok(Arc::new(Guest {
            identity: named.clone(),
            component,
            configuration: configuration.to_vec(),
        }))
    }
}

/// An adapter in the interpreter. The caller has held its bytes against the identity.
struct Guest {
    identity: AdapterIdentity,
    component: Component,
    configuration: Vec<u8>,
}

impl Converter for Guest {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        let messages: Vec<adapter_interpreter::Message<'_>> = messages
            .iter()
            .map(|message| adapter_interpreter::Message {
                payload: &message.payload,
                attributes: &message.attributes,
            })
            .collect();
        let outcomes = self.component.convert(&self.configuration, &messages);
        let outcomes = outcomes.map_err(|error| ConvertFailure {
            code: error.code().to_owned(),
            text: error.to_string(),
            temporary: false,
        })?;
        Ok(outcomes.into_iter().map(converted).collect())
    }
}

fn converted(outcome: Outcome) -> Converted {
    match outcome {
        Outcome::Converted(bytes) => Converted::Conversion(bytes),
        Outcome::Rejected { code, offset, text } => Converted::Rejected { code, offset, text },
    }
}
