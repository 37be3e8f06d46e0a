//! Exporting an adapter as a component.
//!
//! [`export_adapter!`](crate::export_adapter) connects an [`Adapter`] with the
//! generated bindings; [`Sandbox`] holds the one configured adapter of an
//! instance. The logic is ordinary Rust and is tested natively; only the
//! macro's expansion is for WebAssembly alone.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::adapter::{Adapter, Attribute, ConfigurationFault, Message, Rejection};
use crate::bindings;
use crate::outcome::{Outcome, run};

/// Severity of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For whoever writes the adapter.
    Debug,
    /// Worth knowing.
    Info,
    /// Odd, and handled.
    Warning,
    /// Wrong.
    Error,
}

/// Writes a line to the gateway's diagnostic log; natively it does nothing.
///
/// Lines are counted and a call beyond the budget ends the conversion. Nothing
/// logged becomes evidence: facts about a message belong into findings.
pub fn log(level: Level, text: &str) {
    #[cfg(target_family = "wasm")]
    bindings::lawgate::adapter::host::log(
        match level {
            Level::Debug => bindings::lawgate::adapter::host::Level::Debug,
            Level::Info => bindings::lawgate::adapter::host::Level::Info,
            Level::Warning => bindings::lawgate::adapter::host::Level::Warning,
            Level::Error => bindings::lawgate::adapter::host::Level::Error,
        },
        text,
    );
    #[cfg(not(target_family = "wasm"))]
    let _ = (level, text);
}

/// The adapter of one instance, empty until it is configured.
#[derive(Debug)]
pub struct Sandbox<A>(OnceCell<A>);

impl<A: Adapter> Sandbox<A> {
    /// A sandbox without an adapter.
    #[must_use]
    pub const fn new() -> Self {
        Self(OnceCell::new())
    }

    /// The `describe` of the contract.
    #[must_use]
    pub fn describe() -> bindings::Description {
        let description = A::DESCRIPTION;
        bindings::Description {
            id: description.id.to_owned(),
            version: description.version.to_owned(),
            feed_kinds: description
                .feed_kinds
                .iter()
                .map(|&kind| kind.to_owned())
                .collect(),
            schema_version: description.schema_version.to_owned(),
            limits: bindings::lawgate::adapter::types::Limits {
                memory_bytes: A::LIMITS.memory_bytes,
                deadline_ms: A::LIMITS.deadline_ms,
            },
        }
    }

    /// The `configure` of the contract. A second call is a fault: the digest
    /// of one configuration is audited, not of several.
    ///
    /// # Errors
    /// The faults of the configuration.
    pub fn configure(&self, configuration: &[u8]) -> Result<(), Vec<bindings::ConfigurationFault>> {
        let adapter = A::configure(configuration)
            .map_err(|faults| faults.into_iter().map(fault_to_wit).collect::<Vec<_>>())?;
        self.0.set(adapter).map_err(|_| {
            let text = "configure was called a second time in one sandbox";
            vec![fault_to_wit(ConfigurationFault::new("", text))]
        })
    }

    /// The `convert` of the contract. Without a configuration every message is
    /// rejected with `adapter.not-configured`.
    #[must_use]
    pub fn convert(&self, messages: Vec<bindings::Message>) -> Vec<bindings::Outcome> {
        let Some(adapter) = self.0.get() else {
            return messages
                .iter()
                .map(|_| outcome_to_wit(not_configured()))
                .collect();
        };
        // The strings are moved, not copied.
        let attributes: Vec<(Vec<u8>, Vec<Attribute>)> =
            messages.into_iter().map(message_from_wit).collect();
        let messages: Vec<Message<'_>> = attributes
            .iter()
            .map(|(payload, attributes)| Message {
                payload,
                attributes,
            })
            .collect();
        run(adapter, &messages)
            .into_iter()
            .map(outcome_to_wit)
            .collect()
    }
}

impl<A: Adapter> Default for Sandbox<A> {
    fn default() -> Self {
        Self::new()
    }
}

fn not_configured() -> Outcome {
    let text = "convert was called before configure";
    Outcome::Rejected(Rejection::new("adapter.not-configured", 0, text))
}

fn message_from_wit(message: bindings::Message) -> (Vec<u8>, Vec<Attribute>) {
    let attributes = message
        .attributes
        .into_iter()
        .map(|stated| Attribute {
            name: stated.name,
            value: stated.value,
        })
        .collect();
    (message.payload, attributes)
}

fn outcome_to_wit(outcome: Outcome) -> bindings::Outcome {
    match outcome {
        Outcome::Converted(bytes) => bindings::Outcome::Converted(bytes),
        Outcome::Rejected(rejection) => {
            bindings::Outcome::Rejected(bindings::lawgate::adapter::types::Rejection {
                code: Cow::into_owned(rejection.code),
                offset: rejection.offset,
                text: rejection.text,
            })
        }
    }
}

fn fault_to_wit(fault: ConfigurationFault) -> bindings::ConfigurationFault {
    bindings::ConfigurationFault {
        path: fault.path,
        text: fault.text,
    }
}

/// Exports an [`Adapter`](crate::Adapter) as a component.
///
/// Once in a crate of type `cdylib`, at its root. Natively it gives the crate
/// what `lawgate adapter bench` measures it by.
#[macro_export]
macro_rules! export_adapter {
    ($adapter:ty) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            use $crate::bindings;

            // A guest has one thread, and every submission has a guest of its own.
            ::std::thread_local! {
                static SANDBOX: $crate::export::Sandbox<$adapter> =
                    const { $crate::export::Sandbox::new() };
            }

            struct Export;

            impl bindings::Guest for Export {
                fn describe() -> bindings::Description {
                    $crate::export::Sandbox::<$adapter>::describe()
                }

                fn configure(
                    configuration: ::std::vec::Vec<u8>,
                ) -> ::std::result::Result<(), ::std::vec::Vec<bindings::ConfigurationFault>>
                {
                    SANDBOX.with(|sandbox| sandbox.configure(&configuration))
                }

                fn convert(
                    messages: ::std::vec::Vec<bindings::Message>,
                ) -> ::std::vec::Vec<bindings::Outcome> {
                    SANDBOX.with(|sandbox| sandbox.convert(messages))
                }
            }

    $crate::bindings::export!(Export with_types_in $crate::bindings);
        };

        #[cfg(not(target_family = "wasm"))]
        #[doc(hidden)]
        pub fn __lawgate_measure() -> ::std::process::ExitCode {
            $crate::native::answer::<$adapter>()
        }
    };
}

#[cfg(test)]
mod tests;
