//! Calls of an adapter: what goes in, what comes out, and how a call fails.
//!
//! A failed call concerns the messages it was given and nothing else: its
//! sandbox is gone, and the next call has a new one. What guests return is
//! passed on undecoded; only the number of outcomes is checked here.

use std::error::Error;

use wasmtime::{PoolConcurrencyLimitError, Trap};

use crate::contract;
use crate::sandbox::{LogBudgetSpent, Sandbox};
use crate::stop::Reason;

/// The cause of an error inside the engine, whose types this crate keeps to itself.
pub type Cause = Box<dyn Error + Send + Sync>;

/// One message of a submission.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The untouched bytes.
    pub payload: &'a [u8],
    /// Names and values the sender or the transport stated, in the order stated.
    pub attributes: &'a [(String, String)],
}

/// What became of one message, as the guest says; nothing in it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Bytes that should be an encoded `lawgate.v1.Conversion`.
    Converted(Vec<u8>),
    /// The guest did not understand the message.
    Rejected {
        /// The guest's code for the reason.
        code: String,
        /// Byte offset in the message; may lie beyond its end.
        offset: u64,
        /// A sentence for a person.
        text: String,
    },
}

/// A fault in an adapter's configuration, as the guest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationFault {
    /// Where, as a path: `devices[3].units.a21026`.
    pub path: String,
    /// What is wrong and what would be right.
    pub text: String,
}

/// Why a call ended without outcomes.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The guest ran longer than its deadline.
    #[error("the adapter did not end before its deadline")]
    Deadline,
    /// The guest ran longer than the slice of time it was given; made without one, the same call
    /// has its whole deadline.
    #[error("the adapter did not end within its slice of time")]
    Slice,
    /// The guest wanted more memory than it was granted.
    #[error("the adapter wanted more memory than it was granted")]
    Memory,
    /// The guest returned or logged more bytes than the host takes.
    #[error("the adapter returned more bytes than allowed")]
    Output,
    /// The guest logged more lines than it may.
    #[error("the adapter logged more lines than allowed")]
    LogBudget,
    /// The guest's calls were nested too deep.
    #[error("the adapter exhausted its stack")]
    Stack,
    /// The guest failed: a panic, an abort, an access outside its memory.
    #[error("the adapter failed")]
    Trap {
        /// The engine's word for it.
        #[source]
        cause: Cause,
    },
    /// What the guest returned does not follow the contract's encoding.
    #[error("the adapter returned malformed data")]
    Malformed {
        /// What is malformed.
        #[source]
        cause: Cause,
    },
    /// The guest returned another number of outcomes than it was given messages.
    #[error("the adapter returned {returned} outcomes for {given} messages")]
    WrongCount {
        /// Messages given.
        given: usize,
        /// Outcomes returned.
        returned: usize,
    },
    /// The guest refused a configuration it had accepted at install.
    #[error("the adapter refused its configuration with {} faults", faults.len())]
    NotConfigured {
        /// All faults the guest returned.
        faults: Vec<ConfigurationFault>,
    },
    /// More calls at the same time than the host has sandboxes. The adapter is
    /// not at fault; the call can be made again.
    #[error("all sandboxes are in use")]
    PoolExhausted,
}

impl CallError {
    /// The stable code under which messages are quarantined and calls counted.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Deadline => "adapter.deadline",
            Self::Slice => "adapter.slice",
            Self::Memory => "adapter.memory",
            Self::Output => "adapter.output",
            Self::LogBudget => "adapter.log-budget",
            Self::Stack => "adapter.stack",
            Self::Trap { .. } => "adapter.trap",
            Self::Malformed { .. } => "adapter.malformed",
            Self::WrongCount { .. } => "adapter.wrong-count",
            Self::NotConfigured { .. } => "adapter.not-configured",
            Self::PoolExhausted => "adapter.pool-exhausted",
        }
    }

    /// Whether the same call may succeed later: the host was busy, or the call had a slice of time.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::PoolExhausted | Self::Slice)
    }

    /// The error of a call that was stopped.
    pub(crate) fn stopped(reason: Reason) -> Self {
        match reason {
            Reason::Slice => Self::Slice,
            Reason::Deadline => Self::Deadline,
        }
    }

    /// Sorts a failure of the engine. `stopped` says that the guest was stopped, and
    /// `memory_denied` that it was refused memory before: what it does then (Rust aborts) follows
    /// from that.
    pub(crate) fn from_guest(
        cause: wasmtime::Error,
        stopped: Option<Reason>,
        memory_denied: bool,
    ) -> Self {
        if cause.is::<LogBudgetSpent>() {
            return Self::LogBudget;
        }
        if cause.is::<PoolConcurrencyLimitError>() {
            return Self::PoolExhausted;
        }
        // The engine keeps this error's type private; its version is pinned and
        // a test floods the host, so a changed text does not go unnoticed.
        if cause
            .root_cause()
            .to_string()
            .contains("fuel allocated for hostcalls")
        {
            return Self::Output;
        }
        match (cause.downcast_ref::<Trap>(), stopped) {
            // What a look that finds the guest stopped does; the guest itself may have done it a
            // moment before, and its time is over all the same.
            (Some(Trap::UnreachableCodeReached), Some(reason)) => Self::stopped(reason),
            (trap, _) => Self::of_trap(trap.copied(), cause, memory_denied),
        }
    }

    fn of_trap(trap: Option<Trap>, cause: wasmtime::Error, memory_denied: bool) -> Self {
        match trap {
            Some(Trap::StackOverflow) => Self::Stack,
            _ if memory_denied => Self::Memory,
            Some(trap) if is_lifting(trap) => Self::Malformed {
                cause: cause.into_boxed_dyn_error(),
            },
            Some(_) => Self::Trap {
                cause: cause.into_boxed_dyn_error(),
            },
            None => Self::Malformed {
                cause: cause.into_boxed_dyn_error(),
            },
        }
    }
}

/// Whether the engine found the fault while it read what a guest returned.
fn is_lifting(trap: Trap) -> bool {
    [
        Trap::InvalidChar,
        Trap::InvalidDiscriminant,
        Trap::ListOutOfBounds,
        Trap::StringOutOfBounds,
        Trap::UnalignedPointer,
    ]
    .contains(&trap)
}

/// Configures the guest of a new sandbox, unless it begins configured, and converts messages in it.
pub(crate) fn convert(
    mut sandbox: Sandbox,
    configuration: Option<&[u8]>,
    messages: &[Message<'_>],
) -> Result<Vec<Outcome>, CallError> {
    if let Some(configuration) = configuration {
        sandbox
            .configure(configuration)?
            .map_err(|faults| CallError::NotConfigured {
                faults: faults_from_guest(faults),
            })?;
    }
    let attributes: Vec<Vec<contract::lawgate::adapter::types::Attribute<'_>>> =
        messages.iter().map(attributes_to_guest).collect();
    let lowered: Vec<contract::Message<'_>> = messages
        .iter()
        .zip(&attributes)
        .map(|(message, attributes)| contract::Message {
            payload: message.payload,
            attributes,
        })
        .collect();
    let outcomes = sandbox.convert(&lowered)?;
    if outcomes.len() != messages.len() {
        return Err(CallError::WrongCount {
            given: messages.len(),
            returned: outcomes.len(),
        });
    }
    Ok(outcomes.into_iter().map(outcome_from_guest).collect())
}

fn attributes_to_guest<'a>(
    message: &Message<'a>,
) -> Vec<contract::lawgate::adapter::types::Attribute<'a>> {
    let attribute = |(name, value): &'a (String, String)| {
        contract::lawgate::adapter::types::Attribute { name, value }
    };
    message.attributes.iter().map(attribute).collect()
}

fn outcome_from_guest(outcome: contract::Outcome) -> Outcome {
    match outcome {
        contract::Outcome::Converted(bytes) => Outcome::Converted(bytes),
        contract::Outcome::Rejected(rejection) => Outcome::Rejected {
            code: rejection.code,
            offset: rejection.offset,
            text: rejection.text,
        },
    }
}

/// Translates the faults a guest returned.
pub(crate) fn faults_from_guest(
    faults: Vec<contract::ConfigurationFault>,
) -> Vec<ConfigurationFault> {
    let fault = |fault: contract::ConfigurationFault| ConfigurationFault {
        path: fault.path,
        text: fault.text,
    };
    faults.into_iter().map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cause: impl Into<wasmtime::Error>, stopped: Option<Reason>, expected: &str) {
        let error = CallError::from_guest(cause.into(), stopped, false);
        assert_eq!(error.code(), expected);
    }

    #[test]
    fn failures_of_the_engine_are_sorted() {
        check(Trap::StackOverflow, None, "adapter.stack");
        check(Trap::UnreachableCodeReached, None, "adapter.trap");
        check(Trap::ListOutOfBounds, None, "adapter.malformed");
        let spent = wasmtime::Error::new(LogBudgetSpent);
        check(spent, None, "adapter.log-budget");
        let text = wasmtime::Error::msg("invalid utf-8");
        check(text, None, "adapter.malformed");
    }

    #[test]
    fn a_guest_that_was_stopped_met_its_slice_or_its_deadline() {
        let unreachable = Trap::UnreachableCodeReached;
        check(unreachable, Some(Reason::Deadline), "adapter.deadline");
        check(unreachable, Some(Reason::Slice), "adapter.slice");
        // It ended otherwise before it looked.
        let deadline = Some(Reason::Deadline);
        check(Trap::StackOverflow, deadline, "adapter.stack");
    }

    #[test]
    fn an_abort_after_memory_was_denied_is_about_memory_unless_the_guest_was_stopped() {
        let code = |stopped| {
            CallError::from_guest(Trap::UnreachableCodeReached.into(), stopped, true).code()
        };
        assert_eq!(code(None), "adapter.memory");
        assert_eq!(code(Some(Reason::Deadline)), "adapter.deadline");
    }

    #[test]
    fn only_a_full_pool_and_a_slice_are_temporary() {
        assert!(CallError::PoolExhausted.is_temporary());
        assert!(CallError::Slice.is_temporary());
        assert!(!CallError::Deadline.is_temporary());
    }
}
