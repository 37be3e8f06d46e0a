//! The short way of checking: messages that became observations with nothing to report.
//!
//! Minute data are nearly all that a city sends. Making a record of each value only to look at it
//! and drop it costs more than the looking. Here the wire format is read into records that are
//! used again for the next value, the rules of the schema look at those, and nothing is kept.
//! Whatever is not plain (another entity, a field no adapter sets, a rule with something to say,
//! an encoding another writer might choose) is `None`, and goes the long way, which alone decides.
//! `check` relies on both ways saying the same; a property test holds them together.

use prost::encoding::{WireType, decode_key, decode_varint};
use proto::v1::record::Entity;
use proto::v1::{
    DateTime, Envelope, Finding, MessageFacts, MessageOutcome, Observation, Quantity, Record,
};

use super::{MAX_REPLY_BYTES, Tally, add_run};
use crate::ports::Run;

#[cfg(test)]
mod tests;

/// What a plain message comes to.
pub(super) struct Plain {
    pub(super) outcome: MessageOutcome,
    pub(super) runs: Vec<Run>,
}

/// Reads messages one after another into the same memory.
#[derive(Default)]
pub(crate) struct PlainReader {
    /// The record read last and the one before it, which may share its keys.
    records: [Slot; 2],
    facts: MessageFacts,
}

/// A record to be used again, and its parts while they are not set.
#[derive(Default)]
struct Slot {
    record: Record,
    observation: Observation,
    envelope: Envelope,
    times: [DateTime; 2],
    value: Quantity,
}

impl PlainReader {
    /// Reads an encoded `Conversion` of message number `message`; `None` when it is not plain.
    pub(super) fn read(&mut self, message: u16, bytes: &[u8]) -> Option<Plain> {
        let mut tally = Tally::default();
        let mut reply: &[u8] = &[];
        // Findings about the message come first in what the sender is told, wherever they stand.
        fields(bytes, |tag, wire, rest| {
            match tag {
                1 => drop(bytes_of(wire, rest)?),
                2 => facts(&mut self.facts, bytes_of(wire, rest)?)?,
                3 => tally.add(&finding(bytes_of(wire, rest)?)?),
                4 => reply = bytes_of(wire, rest)?,
                _ => return None,
            }
            Some(())
        })?;
        if reply.len() > MAX_REPLY_BYTES {
            return None;
        }
        let (mut runs, mut ordinal) = (Vec::new(), 0_u16);
        fields(bytes, |tag, wire, rest| {
            let field = bytes_of(wire, rest)?;
            if tag != 1 {
                return Some(());
            }
            let [before, slot] = &mut self.records;
            std::mem::swap(before, slot);
            slot.read(field)?;
            let findings = slot.record.envelope.iter().flat_map(|it| &it.quality);
            findings.for_each(|finding| tally.add(finding));
            let before = (ordinal > 0).then_some(&before.record);
            add_run(&mut runs, message, ordinal, before, &slot.record);
            ordinal = ordinal.checked_add(1)?;
            Some(())
        })?;
        Some(Plain {
            outcome: tally.outcome(usize::from(ordinal), reply.to_vec()),
            runs,
        })
    }
}

impl Slot {
    /// Reads one record, which the schema must have nothing to say about.
    fn read(&mut self, bytes: &[u8]) -> Option<()> {
        self.empty();
        fields(bytes, |tag, wire, rest| {
            let field = bytes_of(wire, rest)?;
            match tag {
                1 if self.record.envelope.is_none() => {
                    let mut envelope = std::mem::take(&mut self.envelope);
                    read_envelope(&mut envelope, field)?;
                    self.record.envelope = Some(envelope);
                }
                6 if self.record.entity.is_none() => {
                    let mut observation = std::mem::take(&mut self.observation);
                    self.observation(&mut observation, field)?;
                    self.record.entity = Some(Entity::Observation(observation));
                }
                _ => return None,
            }
            Some(())
        })?;
        self.record.entity.as_ref()?;
        // What is derived is reported where it is set, so nothing is left to be cleared.
        schema::check(&self.record).is_empty().then_some(())
    }

    /// Takes the record apart, so that the memory of its parts is used again.
    fn empty(&mut self) {
        if let Some(envelope) = self.record.envelope.take() {
            self.envelope = envelope;
        }
        self.envelope.quality.clear();
        self.envelope.raw_offset = 0;
        self.envelope.raw_length = 0;
        let Some(Entity::Observation(mut observation)) = self.record.entity.take() else {
            return;
        };
        let [data_time, sample_time] = &mut self.times;
        give_back(&mut observation.data_time, data_time);
        give_back(&mut observation.sample_time, sample_time);
        give_back(&mut observation.value, &mut self.value);
        prost::Message::clear(&mut observation);
        self.observation = observation;
    }

    fn observation(&mut self, observation: &mut Observation, bytes: &[u8]) -> Option<()> {
        let [data_time, sample_time] = &mut self.times;
        fields(bytes, |tag, wire, rest| {
            match tag {
                1 => text(&mut observation.mn, wire, rest)?,
                2 => observation.cn = number(wire, rest)? as u32,
                3 => once(&mut observation.data_time, data_time, time, wire, rest)?,
                4 => observation.interval_s = number(wire, rest)? as u32,
                5 => text(&mut observation.factor, wire, rest)?,
                6 => observation.stat = number(wire, rest)? as i32,
                7 => once(
                    &mut observation.value,
                    &mut self.value,
                    quantity,
                    wire,
                    rest,
                )?,
                8 => observation.flag = number(wire, rest)? as i32,
                9 => text(&mut observation.eflag, wire, rest)?,
                10 => once(&mut observation.sample_time, sample_time, time, wire, rest)?,
                11 => observation.resend = number(wire, rest)? != 0,
                14 => text(&mut observation.factor_legacy, wire, rest)?,
                // 12 and 13 are derived here and not a sender's to set.
                _ => return None,
            }
            Some(())
        })
    }
}

/// Keeps the memory of a part that is no longer set.
fn give_back<Part>(from: &mut Option<Part>, spare: &mut Part) {
    if let Some(part) = from.take() {
        *spare = part;
    }
}

/// Reads a part that may stand once; a second one would be merged into it, which is not plain.
fn once<Part: prost::Message + Default>(
    into: &mut Option<Part>,
    spare: &mut Part,
    read: impl FnOnce(&mut Part, &[u8]) -> Option<()>,
    wire: WireType,
    rest: &mut &[u8],
) -> Option<()> {
    if into.is_some() {
        return None;
    }
    let mut part = std::mem::take(spare);
    part.clear();
    read(&mut part, bytes_of(wire, rest)?)?;
    *into = Some(part);
    Some(())
}

fn read_envelope(envelope: &mut Envelope, bytes: &[u8]) -> Option<()> {
    fields(bytes, |tag, wire, rest| {
        match tag {
            16 => envelope.quality.push(finding(bytes_of(wire, rest)?)?),
            20 => envelope.raw_offset = number(wire, rest)?,
            21 => envelope.raw_length = number(wire, rest)?,
            // The rest is the gateway's to set.
            _ => return None,
        }
        Some(())
    })
}

fn time(time: &mut DateTime, bytes: &[u8]) -> Option<()> {
    fields(bytes, |tag, wire, rest| {
        match tag {
            1 => text(&mut time.text, wire, rest)?,
            2 => time.precision = number(wire, rest)? as i32,
            3 => text(&mut time.offset, wire, rest)?,
            4 => time.offset_assumed = number(wire, rest)? != 0,
            _ => return None,
        }
        Some(())
    })
}

fn quantity(quantity: &mut Quantity, bytes: &[u8]) -> Option<()> {
    fields(bytes, |tag, wire, rest| {
        match tag {
            1 => text(&mut quantity.value, wire, rest)?,
            2 => text(&mut quantity.unit, wire, rest)?,
            3 => quantity.unit_source = number(wire, rest)? as i32,
            4 => quantity.qualifier = number(wire, rest)? as i32,
            5 => text(&mut quantity.raw, wire, rest)?,
            _ => return None,
        }
        Some(())
    })
}

/// Facts about a message: read only to know that they can be.
fn facts(facts: &mut MessageFacts, bytes: &[u8]) -> Option<()> {
    let mut claimed_at = facts.claimed_at.take().unwrap_or_default();
    fields(bytes, |tag, wire, rest| {
        match tag {
            1 => time(&mut claimed_at, bytes_of(wire, rest)?)?,
            2 => text(&mut facts.encoding_declared, wire, rest)?,
            3 | 5 => drop(number(wire, rest)?),
            4 => text(&mut facts.dialect, wire, rest)?,
            _ => return None,
        }
        Some(())
    })?;
    facts.claimed_at = Some(claimed_at);
    Some(())
}

fn finding(bytes: &[u8]) -> Option<Finding> {
    let mut finding = Finding::default();
    fields(bytes, |tag, wire, rest| {
        match tag {
            1 => finding.severity = number(wire, rest)? as i32,
            2 => text(&mut finding.rule, wire, rest)?,
            3 => text(&mut finding.field, wire, rest)?,
            4 => text(&mut finding.raw, wire, rest)?,
            5 => finding.action = number(wire, rest)? as i32,
            6 => text(&mut finding.proposal, wire, rest)?,
            7 => finding.offset = number(wire, rest)?,
            8 => finding.length = number(wire, rest)?,
            9 => text(&mut finding.text, wire, rest)?,
            _ => return None,
        }
        Some(())
    })?;
    Some(finding)
}

/// Calls `each` with the tag and the wire type of every field, and with what follows its key.
fn fields<'a>(
    mut bytes: &'a [u8],
    mut each: impl FnMut(u32, WireType, &mut &'a [u8]) -> Option<()>,
) -> Option<()> {
    while !bytes.is_empty() {
        let (tag, wire) = decode_key(&mut bytes).ok()?;
        each(tag, wire, &mut bytes)?;
    }
    Some(())
}

fn bytes_of<'a>(wire: WireType, rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if wire != WireType::LengthDelimited {
        return None;
    }
    let length = usize::try_from(decode_varint(rest).ok()?).ok()?;
    let (field, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(field)
}

fn text(into: &mut String, wire: WireType, rest: &mut &[u8]) -> Option<()> {
    let text = std::str::from_utf8(bytes_of(wire, rest)?).ok()?;
    into.clear();
    into.push_str(text);
    Some(())
}

fn number(wire: WireType, rest: &mut &[u8]) -> Option<u64> {
    if wire != WireType::Varint {
        return None;
    }
    decode_varint(rest).ok()
}
