//! Observations: one for each value of each factor of a packet.
//!
//! Items with the same code that stand together belong to one factor; their
//! flag, device flag and sample time hold for all its values. The digits of a
//! value are the sender's. What a value cannot tell of itself is looked up
//! (factor, unit), and where that is a guess the record says so.

use adapter_sdk::proto::v1::{
    Action, DataFlag, DateTime, Envelope, Finding, Observation, Quantity, Record, Statistic,
    UnitSource, record,
};
use adapter_sdk::schema::factor::{self, Factor};
use adapter_sdk::schema::{finding as schema_finding, number};

use crate::checks::{self, Expectations};
use crate::configuration::Configuration;
use crate::finding::{Findings, info, warning};
use crate::items::{Item, Suffix};
use crate::key::{is_same, key};
use crate::message::Output;
use crate::packet::Packet;
use crate::stamp::Stamp;

/// Path of a value in findings.
const VALUE: &str = "observation.value.value";

/// What a code in a packet stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meaning<'t> {
    /// The code of 2017, or the sender's where it is not known.
    pub(crate) code: &'t str,
    /// The code of 2005, where the sender used one.
    pub(crate) legacy: &'t str,
    /// What the standard says about the factor.
    pub(crate) known: Option<&'static Factor>,
}

/// What holds for all values of one factor in a packet.
#[derive(Debug, Default)]
struct Attributes {
    flag: DataFlag,
    eflag: String,
    sample_time: Option<DateTime>,
    /// Findings that belong to each of the factor's records.
    findings: Vec<Finding>,
}

/// Appends the observations of a packet.
pub(crate) fn convert(
    configuration: &Configuration,
    packet: &Packet<'_>,
    items: &[Item<'_>],
    output: &mut Output<'_>,
) {
    output.records.reserve(items.len());
    let data_time = packet.data_time.to_date_time();
    let mut seen = Seen::default();
    let is_one_factor = |one: &Item<'_>, other: &Item<'_>| {
        is_same((one.code_key, one.code), (other.code_key, other.code))
    };
    for run in items.chunk_by(is_one_factor) {
        if run[0].suffix == Suffix::None {
            continue;
        }
        let meaning = meaning(&run[0], &mut output.findings);
        seen.note(&meaning, &run[0], &mut output.findings);
        let factor = FactorOfPacket {
            packet,
            data_time: &data_time,
            attributes: attributes(packet, &meaning, run, &data_time, output),
            expectations: Expectations::of(meaning.known),
            unit: configuration.unit(packet.device, meaning.code, meaning.known, false),
            amount_unit: configuration.unit(packet.device, meaning.code, meaning.known, true),
            meaning,
        };
        let first = output.records.len();
        for item in run {
            factor.observe(item, output);
        }
        checks::factor(&mut output.records[first..]);
    }
    seen.finish(packet, &mut output.findings);
}

/// One factor of a packet: everything that is the same for each of its values.
struct FactorOfPacket<'p> {
    packet: &'p Packet<'p>,
    data_time: &'p DateTime,
    meaning: Meaning<'p>,
    attributes: Attributes,
    expectations: Expectations,
    unit: (&'static str, UnitSource),
    amount_unit: (&'static str, UnitSource),
}

impl FactorOfPacket<'_> {
    /// Appends the record of an item that holds a value.
    fn observe(&self, item: &Item<'_>, output: &mut Output<'_>) {
        let Some(statistic) = statistic(item, &mut output.findings) else {
            return;
        };
        let Some((mut quantity, mut findings)) = quantity(item, &mut output.findings) else {
            return;
        };
        if quantity.unit.is_empty() {
            let (unit, source) = self.unit(item, statistic);
            unit.clone_into(&mut quantity.unit);
            quantity.unit_source = source.into();
        }
        let flag = self.attributes.flag;
        self.expectations
            .check(item, statistic, &quantity, flag, &mut findings);
        findings.extend_from_slice(&self.attributes.findings);
        output.records.push(Record {
            envelope: Some(Envelope {
                quality: findings,
                raw_offset: item.offset as u64,
                raw_length: item.length() as u64,
                ..Envelope::default()
            }),
            entity: Some(record::Entity::Observation(
                self.observation(statistic, quantity),
            )),
        });
    }

    fn observation(&self, statistic: Statistic, quantity: Quantity) -> Observation {
        Observation {
            mn: self.packet.segment.mn.value.to_owned(),
            cn: self.packet.cn,
            data_time: Some(self.data_time.clone()),
            interval_s: self.packet.interval_s,
            factor: self.meaning.code.to_owned(),
            stat: statistic.into(),
            value: Some(quantity),
            flag: self.attributes.flag.into(),
            eflag: self.attributes.eflag.clone(),
            sample_time: self.attributes.sample_time.clone(),
            resend: self.packet.is_resent,
            factor_legacy: self.meaning.legacy.to_owned(),
            ..Observation::default()
        }
    }

    /// The unit of a value; facilities and sound levels have one by their nature.
    fn unit(&self, item: &Item<'_>, statistic: Statistic) -> (&'static str, UnitSource) {
        let found = if statistic == Statistic::Cou {
            self.amount_unit
        } else {
            self.unit
        };
        if !found.0.is_empty() {
            return found;
        }
        if item.suffix == Suffix::RunTime {
            ("h", UnitSource::StandardDefault)
        } else if item.suffix == Suffix::State {
            ("1", UnitSource::StandardDefault)
        } else if factor::is_sound_index(self.meaning.code) {
            ("dB", UnitSource::StandardDefault)
        } else {
            found
        }
    }
}

/// What a code means; a code nobody knows is kept as it is.
fn meaning<'t>(item: &Item<'t>, findings: &mut Findings) -> Meaning<'t> {
    let code = item.code;
    if let Some(known) = factor::by_code(code) {
        return Meaning {
            code,
            legacy: "",
            known: Some(known),
        };
    }
    if let Some(known) = factor::by_legacy(code) {
        return Meaning {
            code: known.code,
            legacy: code,
            known: Some(known),
        };
    }
    let meaning = Meaning {
        code,
        legacy: "",
        known: None,
    };
    if factor::is_sound_index(code) || is_facility(code) {
        return meaning;
    }
    let note = warning("hj212.unknown-factor", Action::Kept)
        .field("observation.factor")
        .raw(code, item.offset);
    let lower = code.to_ascii_lowercase();
    if lower != code && factor::by_code(&lower).is_some() {
        let text = "Factor codes are case-sensitive; this one is known in lower case.";
        findings.push(note.proposal(lower).text(text));
    } else {
        findings.push(
            note.text("The factor code is in no edition of the standard; it is kept as sent."),
        );
    }
    meaning
}

/// Whether a code names a treatment facility: `SB` and its number (治理设施).
fn is_facility(code: &str) -> bool {
    code.strip_prefix("SB").is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The statistic an item holds a value of, if it holds one.
///
/// The state of a facility is an instant's value, its run time an amount.
fn statistic(item: &Item<'_>, findings: &mut Findings) -> Option<Statistic> {
    let (note, text) = match item.suffix {
        Suffix::Value(statistic) => return Some(statistic),
        Suffix::State => return Some(Statistic::Rtd),
        Suffix::RunTime => return Some(Statistic::Cou),
        Suffix::Flag | Suffix::DeviceFlag | Suffix::SampleTime | Suffix::None => return None,
        Suffix::Unknown => (
            warning("hj212.unknown-suffix", Action::Dropped),
            "No edition knows the end of this name; what the value is cannot be said.",
        ),
        Suffix::NoPlace | Suffix::Info | Suffix::Serial => (
            info("hj212.no-place", Action::Dropped),
            "The common schema has no place for this field; it stays in the message.",
        ),
    };
    findings.push(
        note.field("observation.stat")
            .raw(item.name, item.offset)
            .text(text),
    );
    None
}

/// The number of an item, exactly as sent; without one there is no record.
fn quantity(item: &Item<'_>, findings: &mut Findings) -> Option<(Quantity, Vec<Finding>)> {
    let mut reading = number::read(item.value);
    let finding = reading
        .remark
        .and_then(|_| schema_finding::from_reading(&reading, VALUE, item.value));
    let finding = finding.map(|finding| Finding {
        offset: item.value_offset() as u64,
        length: item.value.len() as u64,
        ..finding
    });
    match reading.value.take() {
        Some(quantity) => Some((quantity, finding.into_iter().collect())),
        None => {
            finding
                .into_iter()
                .for_each(|finding| findings.push(finding));
            None
        }
    }
}

/// Flag, device flag and sample time of a factor.
fn attributes(
    packet: &Packet<'_>,
    meaning: &Meaning<'_>,
    run: &[Item<'_>],
    data_time: &DateTime,
    output: &mut Output<'_>,
) -> Attributes {
    let mut attributes = Attributes::default();
    for item in run {
        match item.suffix {
            Suffix::Flag => attributes.flag = flag(item, &mut attributes.findings),
            Suffix::DeviceFlag => item.value.clone_into(&mut attributes.eflag),
            Suffix::SampleTime => {
                sample_time(packet, meaning, item, data_time, &mut attributes, output)
            }
            Suffix::Value(_)
            | Suffix::State
            | Suffix::RunTime
            | Suffix::Serial
            | Suffix::Info
            | Suffix::NoPlace
            | Suffix::Unknown
            | Suffix::None => {}
        }
    }
    attributes
}

/// The data flag (HJ 212-2017 table C.1); another one is kept in a finding.
fn flag(item: &Item<'_>, findings: &mut Vec<Finding>) -> DataFlag {
    let (flag, letter) = match item.value {
        "N" => return DataFlag::Normal,
        "F" => return DataFlag::Stopped,
        "M" => return DataFlag::Maintenance,
        "S" => return DataFlag::Manual,
        "D" => return DataFlag::Fault,
        "C" => return DataFlag::Calibration,
        "T" => return DataFlag::OverRange,
        "B" => return DataFlag::Communication,
        "n" => (DataFlag::Normal, "N"),
        "f" => (DataFlag::Stopped, "F"),
        "m" => (DataFlag::Maintenance, "M"),
        "s" => (DataFlag::Manual, "S"),
        "d" => (DataFlag::Fault, "D"),
        "c" => (DataFlag::Calibration, "C"),
        "t" => (DataFlag::OverRange, "T"),
        "b" => (DataFlag::Communication, "B"),
        _ => {
            let note = warning("hj212.flag-other", Action::Kept).field("observation.flag");
            let text = "The data flag is none of the eight of HJ 212-2017.";
            findings.push(note.raw(item.value, item.value_offset()).text(text));
            return DataFlag::Other;
        }
    };
    let note = info("hj212.flag-case", Action::Normalised).field("observation.flag");
    let text = "The data flag is written in lower case.";
    findings.push(
        note.raw(item.value, item.value_offset())
            .proposal(letter)
            .text(text),
    );
    flag
}

fn sample_time(
    packet: &Packet<'_>,
    meaning: &Meaning<'_>,
    item: &Item<'_>,
    data_time: &DateTime,
    attributes: &mut Attributes,
    output: &mut Output<'_>,
) {
    let offset = item.value_offset();
    let Some(taken) = Stamp::parse(item.value) else {
        let note = warning("hj212.sample-time", Action::Dropped).field("observation.sample_time");
        let text = "SampleTime is not a time of the form YYYYMMDDhhmmss.";
        attributes
            .findings
            .push(note.raw(item.value, offset).text(text));
        return;
    };
    attributes.sample_time = Some(taken.to_date_time());
    let mn = packet.segment.mn.value;
    let before = output.memory.add_sample(
        mn,
        packet.cn,
        meaning.code,
        taken.seconds(),
        &data_time.text,
    );
    if let Some(before) = before {
        let note = warning("hj212.sample-repeated", Action::Kept).field("observation.sample_time");
        let text = format!(
            "The same sample was reported for {before} already: this is no new measurement."
        );
        attributes
            .findings
            .push(note.raw(item.value, offset).text(text));
    }
}

/// Codes met in a packet: what can only be said about all of them.
#[derive(Debug, Default)]
struct Seen<'t> {
    codes: Vec<(u64, &'t str)>,
    has_legacy: bool,
    has_current: bool,
}

impl<'t> Seen<'t> {
    fn note(&mut self, meaning: &Meaning<'t>, item: &Item<'_>, findings: &mut Findings) {
        if meaning.known.is_some() {
            self.has_legacy |= !meaning.legacy.is_empty();
            self.has_current |= meaning.legacy.is_empty();
        }
        let code = (key(meaning.code), meaning.code);
        if self.codes.iter().any(|&seen| is_same(seen, code)) {
            let note = warning("hj212.factor-repeated", Action::Kept).field("observation.factor");
            let text = "The factor is in this packet already, perhaps under its other code; all its values are kept.";
            findings.push(note.raw(item.code, item.offset).text(text));
        }
        self.codes.push(code);
    }

    fn finish(&self, packet: &Packet<'_>, findings: &mut Findings) {
        if self.has_legacy && self.has_current {
            let cp = packet.segment.cp;
            let note = warning("hj212.mixed-codes", Action::Kept).field("observation.factor");
            let text = "The packet mixes factor codes of 2005 and of 2017.";
            findings.push(note.at(cp.offset, cp.value.len()).text(text));
        }
    }
}
