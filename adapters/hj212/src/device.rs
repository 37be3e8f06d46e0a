//! What a packet says about a device rather than about the air or the water.
//!
//! A restart (2081) and serial numbers (3019, 1001) make a `Device` record;
//! what the schema has no place for becomes a finding and stays in the message.
//! Also here: what a device number and a system type look like.

use adapter_sdk::Rejection;
use adapter_sdk::proto::v1::{
    Action, Device as DeviceRecord, DeviceKind, Envelope, Record, record,
};
use adapter_sdk::schema::credit_code;

use crate::command::Command;
use crate::configuration::Device;
use crate::finding::{info, warning};
use crate::items::{Item, Suffix};
use crate::message::Output;
use crate::segment::{Segment, Spot};
use crate::stamp::Stamp;

/// System types of the three editions (HJ 212-2017 table 5, HJ 212-2025 table 5).
const SYSTEM_TYPES: [&str; 22] = [
    "21", "22", "23", "24", "25", "26", "27", "31", "32", "33", "34", "35", "36", "37", "38", "39",
    "41", "44", "45", "51", "52", "91",
];

/// Appends the record of a device that told its serial number or its restart.
///
/// The record holds from the time the packet speaks of: earlier the message
/// vouches for nothing.
///
/// # Errors
/// `hj212.no-data-time` when neither the packet nor its QN has a time.
pub(crate) fn convert(
    segment: &Segment<'_>,
    device: Option<&Device>,
    items: &[Item<'_>],
    output: &mut Output<'_>,
) -> Result<(), Rejection> {
    let find = |name: &str| {
        items
            .iter()
            .find(|item| item.name.eq_ignore_ascii_case(name))
    };
    let stated = find("DataTime").and_then(|item| Stamp::parse(item.value));
    let Some(since) = stated.or(segment.sent_at) else {
        let text = "neither DataTime nor QN is a time: nobody can say since when this holds";
        return Err(Rejection::new(
            "hj212.no-data-time",
            segment.cp.offset as u64,
            text,
        ));
    };
    if let Some(restart) = find("RestartTime") {
        let note = info("hj212.restart", Action::Kept)
            .field("device")
            .raw(restart.value, restart.value_offset());
        output
            .findings
            .push(note.text("The data logger restarted; the time it states is kept here."));
    }
    let serial = items
        .iter()
        .find(|item| matches!(item.suffix, Suffix::Serial | Suffix::Info));
    for item in items
        .iter()
        .filter(|item| matches!(item.suffix, Suffix::Serial | Suffix::Info))
        .skip(1)
    {
        let note = info("hj212.no-place", Action::Dropped)
            .field("device.serial")
            .raw(item.name, item.offset);
        output.findings.push(note.text(
            "A device has one serial number in the common schema; this one stays in the message.",
        ));
    }
    // 3019 names the analyser of a factor; everything else is the logger itself.
    let kind = match serial.map(|item| item.suffix) {
        Some(Suffix::Serial) => DeviceKind::Analyser,
        _ => DeviceKind::DataLogger,
    };
    output.records.push(Record {
        envelope: Some(Envelope {
            raw_offset: segment.cp.offset as u64,
            raw_length: segment.cp.value.len() as u64,
            ..Envelope::default()
        }),
        entity: Some(record::Entity::Device(Box::new(DeviceRecord {
            kind: kind.into(),
            native_id: segment.mn.value.to_owned(),
            st: segment.st.value.to_owned(),
            serial: serial.map(|item| item.value.to_owned()).unwrap_or_default(),
            units: device.into_iter().flat_map(Device::units).collect(),
            valid_from: Some(since.to_second().to_date_time()),
            ..DeviceRecord::default()
        }))),
    });
    Ok(())
}

/// Findings about a packet that makes no record.
pub(crate) fn note_told(
    command: Command,
    segment: &Segment<'_>,
    items: &[Item<'_>],
    output: &mut Output<'_>,
) {
    if command == Command::Result {
        let failed =
            |item: &&Item<'_>| matches!(item.name, "QnRtn" | "ExeRtn") && item.value != "1";
        for item in items.iter().filter(failed) {
            let note =
                warning("hj212.request-failed", Action::Kept).raw(item.value, item.value_offset());
            output
                .findings
                .push(note.text(format!("The device answers {}={}.", item.name, item.value)));
        }
    }
    if command == Command::Told {
        // The text may name people, so only its place is given.
        let cp = segment.cp;
        let note = info("hj212.no-place", Action::Dropped).at(cp.offset, cp.value.len());
        let text = "Settings and logs of a device have no place in the common schema; they stay in the message.";
        output.findings.push(note.text(text));
    }
    if segment.cn.value == "9021" {
        let note =
            info("hj212.vendor-command", Action::Kept).raw(segment.cn.value, segment.cn.offset);
        output
            .findings
            .push(note.text("A vendor's log-in, which is in no edition of the standard."));
    }
}

/// Findings about a device number: its length, and a credit code inside it.
pub(crate) fn note_mn(mn: Spot<'_>, output: &mut Output<'_>) {
    if !(4..=24).contains(&mn.value.len()) {
        let note = warning("hj212.mn-length", Action::Kept)
            .field("observation.mn")
            .raw(mn.value, mn.offset);
        output
            .findings
            .push(note.text("A device number has 4 to 24 characters."));
    }
    let starts = 0..=mn.value.len().saturating_sub(credit_code::LENGTH);
    let codes =
        starts.filter_map(|start| Some((start, mn.value.get(start..start + credit_code::LENGTH)?)));
    // Eighteen digits pass the check by chance once in 31: a code of an enterprise has its
    // registration authority in front.
    let mut codes =
        codes.filter(|(_, code)| code.starts_with(['1', '5', '9']) && credit_code::is_valid(code));
    if let Some((start, code)) = codes.next() {
        let note = info("hj212.mn-credit-code", Action::Proposed).field("observation.mn");
        let text = "The device number holds a valid unified social credit code: a candidate for its party, not a proof.";
        output.findings.push(
            note.raw(mn.value, mn.offset)
                .at(mn.offset + start, code.len())
                .proposal(code)
                .text(text),
        );
    }
}

/// Whether a system type is in any edition.
pub(crate) fn is_system_type(st: &str) -> bool {
    SYSTEM_TYPES.contains(&st)
}
