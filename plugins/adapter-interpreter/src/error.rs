//! How a call of an adapter ends without outcomes.
//!
//! Codes and sentences are those under which the gateway quarantines messages: they are part of
//! what it kept, so a replay has to come to the same ones. A test holds the two against each other.

/// Why a call ended without outcomes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The guest executed more instructions than it is given.
    #[error("the adapter did not end before its deadline")]
    Deadline,
    /// The guest returned more bytes than are taken.
    #[error("the adapter returned more bytes than allowed")]
    Output,
    /// The guest's calls were nested too deep.
    #[error("the adapter exhausted its stack")]
    Stack,
    /// The guest failed: a panic, an abort, an access outside its memory.
    #[error("the adapter failed")]
    Trap {
        /// The interpreter's words for it.
        cause: String,
    },
    /// What the guest returned does not follow the contract's encoding.
    #[error("the adapter returned malformed data")]
    Malformed {
        /// What is malformed.
        what: &'static str,
    },
    /// The guest returned another number of outcomes than it was given messages.
    #[error("the adapter returned {returned} outcomes for {given} messages")]
    WrongCount {
        /// Messages given.
        given: usize,
        /// Outcomes returned.
        returned: usize,
    },
    /// The guest refused its configuration.
    #[error("the adapter refused its configuration with {faults} faults")]
    NotConfigured {
        /// Number of faults.
        faults: usize,
    },
}

impl CallError {
    /// The code under which the gateway quarantines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Deadline => "adapter.deadline",
            Self::Output => "adapter.output",
            Self::Stack => "adapter.stack",
            Self::Trap { .. } => "adapter.trap",
            Self::Malformed { .. } => "adapter.malformed",
            Self::WrongCount { .. } => "adapter.wrong-count",
            Self::NotConfigured { .. } => "adapter.not-configured",
        }
    }
}

/// A fault found while a value crosses between guest and host; carried through the interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Crossing {
    /// The bytes are not a value of the contract.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// More bytes than are taken.
    #[error("more bytes than are taken")]
    Output,
}

impl wasmi::errors::HostError for Crossing {}

impl From<wasmi::Error> for CallError {
    fn from(error: wasmi::Error) -> Self {
        match error.downcast_ref::<Crossing>() {
            Some(Crossing::Malformed(what)) => return Self::Malformed { what },
            Some(Crossing::Output) => return Self::Output,
            None => {}
        }
        match error.as_trap_code() {
            Some(wasmi::TrapCode::OutOfFuel) => Self::Deadline,
            Some(wasmi::TrapCode::StackOverflow) => Self::Stack,
            _ => Self::Trap {
                cause: error.to_string(),
            },
        }
    }
}

impl From<Crossing> for CallError {
    fn from(fault: Crossing) -> Self {
        match fault {
            Crossing::Malformed(what) => Self::Malformed { what },
            Crossing::Output => Self::Output,
        }
    }
}
