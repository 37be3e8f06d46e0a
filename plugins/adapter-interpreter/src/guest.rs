//! The functions of the contract: `configure`, then `convert`, in a store made for them.
//!
//! Layouts follow from `plugins/wit/adapter.wit` by the rules of the canonical ABI: a list or a
//! string is a position and a length; a message is two lists, an attribute two strings; an outcome
//! is a byte that says which, and at offset 8 a list of bytes, or a string, a number and a string.

use wasmi::{Func, Memory, TypedFunc};

use crate::component::{Component, Lifted};
use crate::error::{CallError, Crossing};
use crate::link::Linked;
use crate::memory::{Bytes, Taken};

/// Bytes of a message, and of an attribute.
const PAIR_OF_LISTS: u32 = 16;
/// Bytes of an outcome; it is aligned to 8 for the offset of a rejection.
const OUTCOME: u32 = 32;

/// One message of a submission.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The untouched bytes.
    pub payload: &'a [u8],
    /// Names and values the sender or the transport stated, in the order stated.
    pub attributes: &'a [(String, String)],
}

/// What became of one message, as the guest says.
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

impl Component {
    /// Configures a fresh guest and converts messages in it: one outcome for each, in order.
    ///
    /// # Errors
    /// [`CallError`] when the guest fails, meets a limit or does not follow the contract.
    pub fn convert(
        &self,
        configuration: &[u8],
        messages: &[Message<'_>],
    ) -> Result<Vec<Outcome>, CallError> {
        let mut linked = Linked::new(self)?;
        configure(&mut linked, self.configure, configuration)?;
        linked.refuel()?;
        let outcomes = convert(&mut linked, self.convert, messages)?;
        match outcomes.len() == messages.len() {
            true => Ok(outcomes),
            false => Err(CallError::WrongCount {
                given: messages.len(),
                returned: outcomes.len(),
            }),
        }
    }
}

/// A function of the contract that takes one list and returns the position of its result.
struct Call<'a> {
    linked: &'a mut Linked,
    function: TypedFunc<(u32, u32), u32>,
    memory: Memory,
    realloc: TypedFunc<(u32, u32, u32, u32), u32>,
    post_return: Option<Func>,
}

impl<'a> Call<'a> {
    fn new(linked: &'a mut Linked, lifted: Lifted) -> Result<Self, CallError> {
        let function = linked.function(lifted.function)?.typed(&linked.store)?;
        let realloc = linked.function(lifted.realloc)?.typed(&linked.store)?;
        let memory = linked.memory(lifted.memory)?;
        let post_return = lifted
            .post_return
            .map(|at| linked.function(at))
            .transpose()?;
        Ok(Self {
            linked,
            function,
            memory,
            realloc,
            post_return,
        })
    }

    /// Room in the guest's memory, given by the guest.
    fn room(&mut self, bytes: u32, alignment: u32) -> Result<u32, CallError> {
        let at = self
            .realloc
            .call(&mut self.linked.store, (0, 0, alignment, bytes))?;
        Bytes::new(self.memory.data(&self.linked.store)).slice(at, bytes)?;
        match at.is_multiple_of(alignment) {
            true => Ok(at),
            false => Err(Crossing::Malformed("a position that is not aligned").into()),
        }
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), CallError> {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let written = self.memory.write(&mut self.linked.store, at, bytes);
        written.map_err(|_| Crossing::Malformed("room outside the memory").into())
    }

    /// Copies bytes into the guest; where they are.
    fn lower(&mut self, bytes: &[u8]) -> Result<(u32, u32), CallError> {
        let length = length(bytes.len())?;
        let at = self.room(length, 1)?;
        self.write(at, bytes)?;
        Ok((at, length))
    }

    fn write_pair(&mut self, at: u32, (position, length): (u32, u32)) -> Result<(), CallError> {
        self.write(at, &position.to_le_bytes())?;
        self.write(at + 4, &length.to_le_bytes())
    }

    fn message(&mut self, at: u32, message: &Message<'_>) -> Result<(), CallError> {
        let payload = self.lower(message.payload)?;
        self.write_pair(at, payload)?;
        let count = length(message.attributes.len())?;
        let list = self.room(list_bytes(count)?, 4)?;
        for (number, (name, value)) in (0..).zip(message.attributes) {
            let attribute = list + number * PAIR_OF_LISTS;
            let name = self.lower(name.as_bytes())?;
            self.write_pair(attribute, name)?;
            let value = self.lower(value.as_bytes())?;
            self.write_pair(attribute + 8, value)?;
        }
        self.write_pair(at + 8, (list, count))
    }

    /// Calls the function, reads its result, and tells the guest that it was read.
    fn run<T>(
        mut self,
        argument: (u32, u32),
        read: impl FnOnce(Bytes<'_>, u32) -> Result<T, Crossing>,
    ) -> Result<T, CallError> {
        let store = &mut self.linked.store;
        let at = self.function.call(&mut *store, argument)?;
        let result = read(Bytes::new(self.memory.data(&*store)), at)?;
        if let Some(post_return) = self.post_return.take() {
            post_return
                .typed::<u32, ()>(&*store)?
                .call(&mut *store, at)?;
        }
        Ok(result)
    }
}

fn configure(linked: &mut Linked, lifted: Lifted, configuration: &[u8]) -> Result<(), CallError> {
    let mut call = Call::new(linked, lifted)?;
    let argument = call.lower(configuration)?;
    let faults = call.run(argument, |bytes, at| match bytes.byte(at)? {
        0 => Ok(None),
        1 => {
            // A fault is two strings.
            let list = bytes.pair(at + 4)?;
            Ok(Some(bytes.elements(list, PAIR_OF_LISTS, 4)?.count()))
        }
        _ => Err(Crossing::Malformed("the result of configure")),
    })?;
    match faults {
        None => Ok(()),
        Some(faults) => Err(CallError::NotConfigured { faults }),
    }
}

fn convert(
    linked: &mut Linked,
    lifted: Lifted,
    messages: &[Message<'_>],
) -> Result<Vec<Outcome>, CallError> {
    let mut call = Call::new(linked, lifted)?;
    let count = length(messages.len())?;
    let list = call.room(list_bytes(count)?, 4)?;
    for (number, message) in (0..).zip(messages) {
        call.message(list + number * PAIR_OF_LISTS, message)?;
    }
    call.run((list, count), |bytes, at| {
        let mut taken = Taken::new();
        let list = bytes.pair(at)?;
        let outcomes = bytes.elements(list, OUTCOME, 8)?;
        outcomes.map(|at| outcome(bytes, at, &mut taken)).collect()
    })
}

fn outcome(bytes: Bytes<'_>, at: u32, taken: &mut Taken) -> Result<Outcome, Crossing> {
    let (first, length) = bytes.pair(at + 8)?;
    Ok(match bytes.byte(at)? {
        0 => Outcome::Converted(taken.bytes(bytes.slice(first, length)?)?),
        1 => {
            let (text, text_length) = bytes.pair(at + 24)?;
            Outcome::Rejected {
                code: taken.text(bytes.text(first, length)?)?,
                offset: bytes.long(at + 16)?,
                text: taken.text(bytes.text(text, text_length)?)?,
            }
        }
        _ => return Err(Crossing::Malformed("what became of a message")),
    })
}

/// Bytes of a list of messages or attributes.
fn list_bytes(count: u32) -> Result<u32, CallError> {
    let bytes = count.checked_mul(PAIR_OF_LISTS);
    bytes.ok_or(Crossing::Malformed("a list that is too long").into())
}

fn length(length: usize) -> Result<u32, CallError> {
    u32::try_from(length).map_err(|_| Crossing::Malformed("a list that is too long").into())
}
