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

/// A record to be used again: its fields are overwritten where they are, because those of one
/// packet mostly say the same again, and then nothing is copied and nothing checked for UTF-8.
struct Slot {
    record: Record,
    /// Parts that the last record did not have.
    data_time: Option<DateTime>,
    sample_time: Option<DateTime>,
    value: Option<Quantity>,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            record: Record {
                envelope: None,
                entity: Some(Entity::Observation(Observation::default())),
            },
            data_time: None,
            sample_time: None,
            value: None,
        }
    }
}

/// Which fields of a message were there, by their tags; none of those read here is above 31.
#[derive(Default)]
struct Seen(u32);

impl Seen {
    /// Notes a field; false when it was there before.
    fn first(&mut self, tag: u32) -> bool {
        let is_first = self.lacks(tag);
        self.0 |= 1 << (tag & 31);
        is_first
    }

    fn lacks(&self, tag: u32) -> bool {
        self.0 & 1 << (tag & 31) == 0
    }

    /// Empties a text that was not there.
    fn or_empty(&self, tag: u32, text: &mut String) {
        if self.lacks(tag) {
            text.clear();
        }
    }
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
            // The one before was sound, or this would have ended there.
            let before = (ordinal > 0).then_some(&before.record);
            slot.read(field, before)?;
            let findings = slot.record.envelope.iter().flat_map(|it| &it.quality);
            findings.for_each(|finding| tally.add(finding));
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
    /// Reads one record, which the schema must have nothing to say about, as it had not about `sound`.
    fn read(&mut self, bytes: &[u8], sound: Option<&Record>) -> Option<()> {
        let mut seen = Seen::default();
        fields(bytes, |tag, wire, rest| {
            let field = bytes_of(wire, rest)?;
            // A second one would be merged into the first, which is not plain.
            if tag > 31 || !seen.first(tag) {
                return None;
            }
            match tag {
                1 => envelope(self.record.envelope.get_or_insert_default(), field),
                6 => self.observation(field),
                _ => None,
            }
        })?;
        if seen.lacks(6) {
            return None;
        }
        if seen.lacks(1) {
            self.record.envelope = None;
        }
        // What is derived is reported where it is set, so nothing is left to be cleared.
        schema::check_after(&self.record, sound)
            .is_empty()
            .then_some(())
    }

    fn observation(&mut self, bytes: &[u8]) -> Option<()> {
        let Some(Entity::Observation(it)) = &mut self.record.entity else {
            return None;
        };
        let mut seen = Seen::default();
        (it.cn, it.interval_s, it.stat, it.flag, it.resend) = (0, 0, 0, 0, false);
        fields(bytes, |tag, wire, rest| {
            if tag > 31 || !seen.first(tag) && matches!(tag, 3 | 7 | 10) {
                return None;
            }
            match tag {
                1 => text(&mut it.mn, wire, rest)?,
                2 => it.cn = number(wire, rest)? as u32,
                3 => time(present(&mut it.data_time, &mut self.data_time), wire, rest)?,
                4 => it.interval_s = number(wire, rest)? as u32,
                5 => text(&mut it.factor, wire, rest)?,
                6 => it.stat = number(wire, rest)? as i32,
                7 => quantity(present(&mut it.value, &mut self.value), wire, rest)?,
                8 => it.flag = number(wire, rest)? as i32,
                9 => text(&mut it.eflag, wire, rest)?,
                10 => time(
                    present(&mut it.sample_time, &mut self.sample_time),
                    wire,
                    rest,
                )?,
                11 => it.resend = number(wire, rest)? != 0,
                14 => text(&mut it.factor_legacy, wire, rest)?,
                // 12 and 13 are derived here and not a sender's to set.
                _ => return None,
            }
            Some(())
        })?;
        seen.or_empty(1, &mut it.mn);
        seen.or_empty(5, &mut it.factor);
        seen.or_empty(9, &mut it.eflag);
        seen.or_empty(14, &mut it.factor_legacy);
        absent(seen.lacks(3), &mut it.data_time, &mut self.data_time);
        absent(seen.lacks(7), &mut it.value, &mut self.value);
        absent(seen.lacks(10), &mut it.sample_time, &mut self.sample_time);
        Some(())
    }
}

/// The part to read into: the one that is there, else the one that was.
fn present<'a, Part: Default>(
    part: &'a mut Option<Part>,
    spare: &mut Option<Part>,
) -> &'a mut Part {
    part.get_or_insert_with(|| spare.take().unwrap_or_default())
}

/// Puts a part aside that the record at hand does not have.
fn absent<Part>(is_absent: bool, part: &mut Option<Part>, spare: &mut Option<Part>) {
    if is_absent && part.is_some() {
        *spare = part.take();
    }
}

fn envelope(envelope: &mut Envelope, bytes: &[u8]) -> Option<()> {
    envelope.quality.clear();
    (envelope.raw_offset, envelope.raw_length) = (0, 0);
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

fn time(time: &mut DateTime, wire: WireType, rest: &mut &[u8]) -> Option<()> {
    let mut seen = Seen::default();
    (time.precision, time.offset_assumed) = (0, false);
    fields(bytes_of(wire, rest)?, |tag, wire, rest| {
        seen.first(tag);
        match tag {
            1 => text(&mut time.text, wire, rest)?,
            2 => time.precision = number(wire, rest)? as i32,
            3 => text(&mut time.offset, wire, rest)?,
            4 => time.offset_assumed = number(wire, rest)? != 0,
            _ => return None,
        }
        Some(())
    })?;
    seen.or_empty(1, &mut time.text);
    seen.or_empty(3, &mut time.offset);
    Some(())
}

fn quantity(quantity: &mut Quantity, wire: WireType, rest: &mut &[u8]) -> Option<()> {
    let mut seen = Seen::default();
    (quantity.unit_source, quantity.qualifier) = (0, 0);
    fields(bytes_of(wire, rest)?, |tag, wire, rest| {
        seen.first(tag);
        match tag {
            1 => text(&mut quantity.value, wire, rest)?,
            2 => text(&mut quantity.unit, wire, rest)?,
            3 => quantity.unit_source = number(wire, rest)? as i32,
            4 => quantity.qualifier = number(wire, rest)? as i32,
            5 => text(&mut quantity.raw, wire, rest)?,
            _ => return None,
        }
        Some(())
    })?;
    seen.or_empty(1, &mut quantity.value);
    seen.or_empty(2, &mut quantity.unit);
    seen.or_empty(5, &mut quantity.raw);
    Some(())
}

/// Facts about a message: read only to know that they can be.
fn facts(facts: &mut MessageFacts, bytes: &[u8]) -> Option<()> {
    let claimed_at = facts.claimed_at.get_or_insert_default();
    let (declared, dialect) = (&mut facts.encoding_declared, &mut facts.dialect);
    fields(bytes, |tag, wire, rest| {
        match tag {
            1 => time(claimed_at, wire, rest)?,
            2 => text(declared, wire, rest)?,
            3 | 5 => drop(number(wire, rest)?),
            4 => text(dialect, wire, rest)?,
            _ => return None,
        }
        Some(())
    })
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
#[inline]
fn fields<'a>(
    mut bytes: &'a [u8],
    mut each: impl FnMut(u32, WireType, &mut &'a [u8]) -> Option<()>,
) -> Option<()> {
    while let Some(&first) = bytes.first() {
        // Nearly every key is one byte; the others are read as they are everywhere.
        let wire = match (first, first & 7) {
            (8..0x80, 0) => Some(WireType::Varint),
            (8..0x80, 2) => Some(WireType::LengthDelimited),
            _ => None,
        };
        let (tag, wire) = match wire {
            Some(wire) => {
                bytes = &bytes[1..];
                (u32::from(first >> 3), wire)
            }
            None => decode_key(&mut bytes).ok()?,
        };
        each(tag, wire, &mut bytes)?;
    }
    Some(())
}

#[inline]
fn bytes_of<'a>(wire: WireType, rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if wire != WireType::LengthDelimited {
        return None;
    }
    let length = usize::try_from(varint(rest)?).ok()?;
    let (field, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(field)
}

/// Reads a text, unless it is the one that is there.
#[inline]
fn text(into: &mut String, wire: WireType, rest: &mut &[u8]) -> Option<()> {
    let bytes = bytes_of(wire, rest)?;
    if into.as_bytes() != bytes {
        let text = std::str::from_utf8(bytes).ok()?;
        into.clear();
        into.push_str(text);
    }
    Some(())
}

#[inline]
fn number(wire: WireType, rest: &mut &[u8]) -> Option<u64> {
    if wire != WireType::Varint {
        return None;
    }
    varint(rest)
}

#[inline]
fn varint(rest: &mut &[u8]) -> Option<u64> {
    match rest.split_first() {
        Some((&first, after)) if first < 0x80 => {
            *rest = after;
            Some(first.into())
        }
        _ => decode_varint(rest).ok(),
    }
}
