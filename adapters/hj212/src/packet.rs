//! One frame: whether it is believed, what it is, and what becomes of it.
//!
//! Decides in this order: is the frame intact, is its head unambiguous, is it
//! readable without a key, is it something a device says. Only then is it
//! converted. Everything that is not is a rejection with its place.

use std::borrow::Cow;

use adapter_sdk::Rejection;
use adapter_sdk::proto::v1::Action;

use crate::command::{Command, Span};
use crate::configuration::{Configuration, Device};
use crate::crc;
use crate::device;
use crate::finding::{info, warning};
use crate::frame::{Frame, Verdict};
use crate::items::{self, Item, Suffix};
use crate::message::{Output, note_oddities};
use crate::segment::{Segment, Spot};
use crate::stamp::Stamp;
use crate::values;

/// Minute interval where none is configured: the most usual one, in seconds.
const ASSUMED_MINUTE_INTERVAL_S: u32 = 600;

/// A packet lag beyond this many intervals makes its data late (domain rule).
const LATE_INTERVALS: i64 = 10;

/// Seconds a device's data time may be ahead of its own QN before it is remarked on.
const CLOCK_TOLERANCE_S: i64 = 300;

/// A packet of values and what is known around it.
#[derive(Debug)]
pub(crate) struct Packet<'p> {
    /// Head of the packet.
    pub(crate) segment: &'p Segment<'p>,
    /// Command number.
    pub(crate) cn: u32,
    /// What is configured about the device.
    pub(crate) device: Option<&'p Device>,
    /// DataTime.
    pub(crate) data_time: Stamp,
    /// Length of the interval in seconds; 0 for an instant.
    pub(crate) interval_s: u32,
    /// Whether the data is sent again or late.
    pub(crate) is_resent: bool,
}

/// Converts one frame.
///
/// # Errors
/// Why the frame was not converted.
pub(crate) fn convert(
    configuration: &Configuration,
    frame: &Frame<'_>,
    output: &mut Output<'_>,
) -> Result<(), Rejection> {
    if !matches!(frame.verdict, Verdict::Ok | Verdict::CrcDialect(_)) {
        return Err(not_intact(frame));
    }
    let text = as_text(frame.segment);
    let segment = Segment::parse(&text, frame.segment_offset, &mut output.findings)?;
    let device = configuration.device(segment.mn.value);
    if segment.cp.value.starts_with("{0x") {
        return Err(encrypted(segment.cp.offset));
    }
    accept_dialect(configuration, frame, device, output)?;
    let mut items = Vec::with_capacity(segment.cp.value.len() / 16 + 1);
    items::parse(segment.cp, &mut items, &mut output.findings);
    let command = Command::of(segment.cn.value, &items);
    refuse(command, &segment)?;
    // Four digits: the head was checked.
    let cn = segment
        .cn
        .value
        .bytes()
        .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    match command {
        Command::Values(span) => {
            let packet = Packet::new(configuration, &segment, &items, span, cn, device, output)?;
            if let Some(split) = segment.split {
                let data_time = packet.data_time.seconds();
                output
                    .memory
                    .add_part(segment.mn.value, cn, data_time, split, frame.extent.start);
            }
            values::convert(configuration, &packet, &items, output);
        }
        Command::Restart | Command::Identity => device::convert(&segment, device, &items, output)?,
        Command::Told | Command::Notice | Command::Result | Command::Formality => {
            device::note_told(command, &segment, &items, output);
        }
        Command::Downlink | Command::Unknown => {}
    }
    note_oddities(frame, &mut output.findings);
    note_head(&segment, device, output);
    output.note_facts(&segment, matches!(frame.verdict, Verdict::CrcDialect(_)));
    acknowledge(command, &segment, output);
    Ok(())
}

/// The segment as text of the same length: bytes that are no UTF-8 become `?`.
///
/// Only free text can hold such bytes, and no record is made of free text.
fn as_text(segment: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(segment) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => segment
            .iter()
            .map(|&byte| {
                if byte.is_ascii() {
                    char::from(byte)
                } else {
                    '?'
                }
            })
            .collect(),
    }
}

fn not_intact(frame: &Frame<'_>) -> Rejection {
    const OPENING: &[u8] = b"CP=&&{0x";
    if let Some(at) = frame
        .segment
        .windows(OPENING.len())
        .position(|window| window == OPENING)
    {
        return encrypted(frame.segment_offset + at + 5);
    }
    let length = frame.segment.len();
    let declared = frame.declared_length.unwrap_or(0);
    let header = frame.segment_offset.saturating_sub(4);
    let crc_offset = frame.segment_offset + length;
    let (code, offset, text) = match frame.verdict {
        Verdict::LenBad => (
            "hj212.len-bad",
            header,
            format!("the length field says {declared} bytes, the data segment has {length}"),
        ),
        Verdict::LenAndCrcBad => {
            let text = format!(
                "the length field says {declared} bytes, the data segment has {length}; {}",
                crc_text(frame)
            );
            ("hj212.len-crc-bad", header, text)
        }
        Verdict::BadHeader => (
            "hj212.bad-header",
            frame.extent.start,
            "the length field is not four digits after `##`".to_owned(),
        ),
        Verdict::NoCrc => (
            "hj212.no-crc",
            crc_offset,
            "there are no four hexadecimal digits of check value after the data segment".to_owned(),
        ),
        Verdict::CrcBad | Verdict::Ok | Verdict::CrcDialect(_) => {
            ("hj212.crc-bad", crc_offset, crc_text(frame))
        }
    };
    Rejection::new(code, offset as u64, text)
}

fn crc_text(frame: &Frame<'_>) -> String {
    let stated = frame.stated_crc.unwrap_or(0);
    let right = crc::standard(frame.segment);
    let origin = if crc::is_possible(stated) {
        ""
    } else {
        "; the standard's algorithm can never give that value"
    };
    format!("the check value is {stated:04X} and should be {right:04X}{origin}")
}

fn encrypted(offset: usize) -> Rejection {
    let text = "CP is encrypted (HJ 212-2025, SM4); reading it needs the device's key, which this adapter does not take yet";
    Rejection::new("hj212.encrypted", offset as u64, text)
}

fn accept_dialect(
    configuration: &Configuration,
    frame: &Frame<'_>,
    device: Option<&Device>,
    output: &mut Output<'_>,
) -> Result<(), Rejection> {
    let Verdict::CrcDialect(dialect) = frame.verdict else {
        return Ok(());
    };
    let offset = frame.segment_offset + frame.segment.len();
    if !configuration.accepts_crc_dialect(device) {
        let text = format!(
            "the check value is a {}, which is not configured for this device; {}",
            dialect.name(),
            crc_text(frame)
        );
        return Err(Rejection::new("hj212.crc-dialect", offset as u64, text));
    }
    let text = format!(
        "The check value is a {}, accepted for this device by configuration.",
        dialect.name()
    );
    output.findings.push(
        warning("hj212.crc-dialect", Action::Kept)
            .at(offset, 4)
            .text(text),
    );
    Ok(())
}

fn refuse(command: Command, segment: &Segment<'_>) -> Result<(), Rejection> {
    let makes_records = matches!(
        command,
        Command::Values(_) | Command::Restart | Command::Identity
    );
    let (code, text) = if command == Command::Downlink {
        (
            "hj212.downlink-refused",
            "a command to a device; the gateway neither carries commands out nor passes them on nor answers them",
        )
    } else if command == Command::Unknown {
        (
            "hj212.unknown-command",
            "no edition of the standard has this command number",
        )
    } else if makes_records && segment.mn.value.is_empty() {
        (
            "hj212.no-mn",
            "MN is missing: nobody can say which device this is from",
        )
    } else {
        return Ok(());
    };
    Err(Rejection::new(
        code,
        segment.cn.offset as u64,
        format!("CN={}: {text}", segment.cn.value),
    ))
}

impl<'p> Packet<'p> {
    fn new(
        configuration: &Configuration,
        segment: &'p Segment<'p>,
        items: &[Item<'_>],
        span: Span,
        cn: u32,
        device: Option<&'p Device>,
        output: &mut Output<'_>,
    ) -> Result<Self, Rejection> {
        let data_time = data_time(segment.cp, items, output)?;
        if items.iter().all(|item| item.suffix == Suffix::None) {
            return Err(Rejection::new(
                "hj212.no-data",
                segment.cp.offset as u64,
                "CP holds no values",
            ));
        }
        let (interval_s, period_s) = match span {
            Span::Instant => (0, configuration.real_time_interval_s(device)),
            Span::Seconds(seconds) => (seconds, seconds),
            Span::Minutes => {
                let seconds = configuration
                    .minute_interval_s(device)
                    .unwrap_or_else(|| assume_interval(output));
                (seconds, seconds)
            }
        };
        let mut packet = Self {
            segment,
            cn,
            device,
            data_time,
            interval_s,
            is_resent: segment.is_resent,
        };
        packet.compare_clocks(period_s, output);
        Ok(packet)
    }

    /// Compares the data's time with the time the packet was sent at.
    fn compare_clocks(&mut self, period_s: u32, output: &mut Output<'_>) {
        let Some(sent_at) = self.segment.sent_at else {
            return;
        };
        let start = self.data_time.seconds();
        let lag = sent_at.seconds() - start - i64::from(self.interval_s);
        let spot = self.segment.qn;
        if lag > LATE_INTERVALS * i64::from(period_s) && !self.is_resent {
            self.is_resent = true;
            let text = format!(
                "Sent {lag} s after the end of the interval without RF=1: taken for data sent again."
            );
            let note = warning("hj212.late", Action::Kept).field("observation.resend");
            output
                .findings
                .push(note.raw(spot.value, spot.offset).text(text));
        } else if sent_at.seconds() + CLOCK_TOLERANCE_S < start {
            let note =
                warning("hj212.data-time-ahead", Action::Kept).field("observation.data_time");
            let text = "DataTime is later than the time the packet was sent at.";
            output
                .findings
                .push(note.raw(spot.value, spot.offset).text(text));
        } else if lag < 0 && self.interval_s > 0 {
            let note = info("hj212.interval-open", Action::Kept).field("observation.data_time");
            let text = "Sent before the interval that begins at DataTime was over: the device may state its end.";
            output
                .findings
                .push(note.raw(spot.value, spot.offset).text(text));
        }
    }
}

fn assume_interval(output: &mut Output<'_>) -> u32 {
    let note = info("hj212.interval-assumed", Action::Kept).field("observation.interval_s");
    output
        .findings
        .push(note.text("The minute interval of the device is not configured; 600 s are assumed."));
    ASSUMED_MINUTE_INTERVAL_S
}

/// DataTime of CP; without it no value has a time.
fn data_time(
    cp: Spot<'_>,
    items: &[Item<'_>],
    output: &mut Output<'_>,
) -> Result<Stamp, Rejection> {
    let item = items
        .iter()
        .find(|item| item.name.eq_ignore_ascii_case("DataTime"));
    let Some(item) = item else {
        return Err(Rejection::new(
            "hj212.no-data-time",
            cp.offset as u64,
            "CP has no DataTime",
        ));
    };
    let Some(stamp) = Stamp::parse(item.value) else {
        let text = "DataTime is not a time of the form YYYYMMDDhhmmss";
        return Err(Rejection::new(
            "hj212.no-data-time",
            item.value_offset() as u64,
            text,
        ));
    };
    if item.value.len() != 14 {
        let note = info("hj212.data-time-long", Action::Normalised).field("observation.data_time");
        let text = "DataTime has milliseconds, which no edition gives it; they are left out.";
        output
            .findings
            .push(note.raw(item.value, item.value_offset()).text(text));
    }
    Ok(stamp.to_second())
}

/// Findings about a head that was accepted.
fn note_head(segment: &Segment<'_>, device: Option<&Device>, output: &mut Output<'_>) {
    device::note_mn(segment.mn, output);
    if segment.split.is_some() {
        let note = info("hj212.partial", Action::Kept).at(segment.mn.offset, 0);
        output
            .findings
            .push(note.text("The frame is one part of a split packet."));
    }
    if !device::is_system_type(segment.st.value) {
        let note =
            warning("hj212.st-unknown", Action::Kept).raw(segment.st.value, segment.st.offset);
        output
            .findings
            .push(note.text("ST is no system type of any edition."));
    }
    if device
        .and_then(Device::edition)
        .is_some_and(|edition| edition != segment.edition)
    {
        let flag = segment.flag.unwrap_or(0).to_string();
        let note = warning("hj212.edition-unexpected", Action::Kept)
            .raw(&flag, segment.cn.offset)
            .at(segment.cn.offset, 0);
        output.findings.push(
            note.text("The packet states another edition than is configured for the device."),
        );
    }
}

fn acknowledge(command: Command, segment: &Segment<'_>, output: &mut Output<'_>) {
    let Some(answer) = command.acknowledgement().filter(|_| segment.wants_answer()) else {
        return;
    };
    let edition = segment.flag.map_or(0, |flag| flag >> 2);
    if !answer.append(
        &mut output.reply,
        segment.qn.value,
        segment.password,
        segment.mn.value,
        edition,
    ) {
        let note = warning("hj212.not-answered", Action::Kept).at(segment.qn.offset, 0);
        let text =
            "An answer is wanted but none is sent: QN is missing, or a field cannot be echoed.";
        output.findings.push(note.text(text));
    }
}
