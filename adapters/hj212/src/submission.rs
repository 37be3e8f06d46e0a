//! The messages of one submission together.
//!
//! Two things can be said only across messages: whether all parts of a split
//! packet arrived, and whether a sample is reported a second time. Neither
//! holds a message back: parts are converted one by one, and what is missing is
//! a finding on the parts that are there. Nothing outlives the submission.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use adapter_sdk::proto::v1::{Action, Conversion};
use adapter_sdk::{Message, Rejection};

use crate::configuration::Configuration;
use crate::finding::warning;
use crate::message;
use crate::segment::Split;

/// Samples remembered; a hostile submission must not grow without bound.
const MAX_SAMPLES: usize = 100_000;

/// Converts the messages of one submission and hands each result over once it is final.
///
/// A message with parts of split packets waits for the end of the submission, because what is
/// missing is known only then; every other one is final at once.
pub(crate) fn convert(
    configuration: &Configuration,
    messages: &[Message<'_>],
    each: &mut dyn FnMut(usize, Result<Conversion, Rejection>),
) {
    let mut memory = Memory::default();
    let mut waiting = BTreeMap::new();
    for (index, message) in messages.iter().enumerate() {
        memory.message = index;
        let parts = memory.parts.len();
        let result = message::convert(configuration, message.payload, &mut memory);
        if memory.parts.len() > parts {
            waiting.insert(index, result);
        } else {
            each(index, result);
        }
    }
    memory.report_missing_parts(&mut waiting);
    for (index, result) in waiting {
        each(index, result);
    }
}

/// What is remembered from one message to the next.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The message being converted.
    message: usize,
    parts: Vec<Part>,
    /// Sample, and the data time it was first reported with.
    samples: BTreeMap<Sample, String>,
}

/// One part of a split packet.
#[derive(Debug)]
struct Part {
    group: Group,
    number: u16,
    message: usize,
    offset: usize,
}

/// What the parts of a split packet have in common (HJ 212-2017 6.6.3).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    mn: String,
    cn: u32,
    data_time: i64,
    total: u16,
}

/// A sample: device, command, factor and the time it was taken.
type Sample = (String, u32, String, i64);

impl Memory {
    /// Remembers a part of a split packet whose frame is at `offset`.
    pub(crate) fn add_part(
        &mut self,
        mn: &str,
        cn: u32,
        data_time: i64,
        split: Split,
        offset: usize,
    ) {
        self.parts.push(Part {
            group: Group {
                mn: mn.to_owned(),
                cn,
                data_time,
                total: split.total,
            },
            number: split.number,
            message: self.message,
            offset,
        });
    }

    /// Remembers a sample; returns the data time it was reported with before,
    /// if that was another one.
    pub(crate) fn add_sample(
        &mut self,
        mn: &str,
        cn: u32,
        factor: &str,
        taken: i64,
        data_time: &str,
    ) -> Option<String> {
        if self.samples.len() >= MAX_SAMPLES {
            return None;
        }
        match self
            .samples
            .entry((mn.to_owned(), cn, factor.to_owned(), taken))
        {
            Entry::Vacant(vacant) => {
                vacant.insert(data_time.to_owned());
                None
            }
            Entry::Occupied(first) => (first.get() != data_time).then(|| first.get().clone()),
        }
    }

    fn report_missing_parts(
        mut self,
        waiting: &mut BTreeMap<usize, Result<Conversion, Rejection>>,
    ) {
        self.parts.sort_by(|one, other| {
            one.group
                .cmp(&other.group)
                .then(one.number.cmp(&other.number))
        });
        for parts in self.parts.chunk_by(|one, other| one.group == other.group) {
            let mut numbers: Vec<u16> = parts.iter().map(|part| part.number).collect();
            numbers.dedup();
            let total = parts[0].group.total;
            if numbers.len() == usize::from(total) {
                continue;
            }
            for part in parts {
                let text = format!(
                    "Part {} of {total} of a split packet; {} of the parts are in this submission.",
                    part.number,
                    numbers.len(),
                );
                let note = warning("hj212.incomplete-group", Action::Kept).at(part.offset, 0);
                if let Some(Ok(conversion)) = waiting.get_mut(&part.message) {
                    conversion.findings.push(note.text(text));
                }
            }
        }
    }
}
