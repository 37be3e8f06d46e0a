//! Sound levels of noise monitors, one line each.
//!
//! An example to change: `configuration` reads what the operator states,
//! `lines` finds the fields and their places, this file makes records of them.
//! Nothing here may panic, and nothing may depend on anything but the
//! configuration and the messages.

#![forbid(unsafe_code)]

mod configuration;
mod lines;

use adapter_sdk::document::{Charset, Text, decode};
use adapter_sdk::proto::v1::record::Entity;
use adapter_sdk::proto::v1::{
    Action, Conversion, DataFlag, Encoding, Envelope, Finding, MessageFacts, Observation, Quantity,
    Record, Statistic, UnitSource,
};
use adapter_sdk::schema::finding::{self, FindingExt};
use adapter_sdk::schema::{Reading, date_time, number, unit};
use adapter_sdk::{Adapter, ConfigurationFault, Description, Message, Rejection};

use configuration::Configuration;
use lines::{Field, Line};

/// Encodings to try, in this order, when the sender states none or a wrong one.
const ENCODINGS: [Charset; 2] = [Charset::Utf8, Charset::Gbk];

/// Converts the lines of noise monitors.
#[derive(Debug)]
pub struct MyFeed(Configuration);

impl Adapter for MyFeed {
    const DESCRIPTION: Description = Description {
        id: "my-feed",
        version: env!("CARGO_PKG_VERSION"),
        feed_kinds: &["my-feed"],
        schema_version: "1.0.0",
    };

    fn configure(configuration: &[u8]) -> Result<Self, Vec<ConfigurationFault>> {
        Configuration::parse(configuration).map(Self)
    }

    fn convert(&self, messages: &[Message<'_>]) -> Vec<Result<Conversion, Rejection>> {
        let convert = |message| convert(&self.0, message);
        messages.iter().map(convert).collect()
    }
}

adapter_sdk::export_adapter!(MyFeed);

fn convert(configuration: &Configuration, message: &Message<'_>) -> Result<Conversion, Rejection> {
    let text = decode(
        message.payload,
        message.attribute("content-type"),
        &ENCODINGS,
    )?;
    let mut records = Vec::new();
    let mut findings = Vec::new();
    for line in lines::of(&text) {
        match line.kind() {
            "N" => records.push(record(configuration, &line)),
            "S" => findings.push(not_mapped(&line)),
            // One odd line does not condemn the others: say so and go on.
            _ => findings.push(unknown(&line)),
        }
    }
    if records.is_empty() {
        let text = "no line begins with N, so there is no value in the message";
        return Err(Rejection::new("my-feed.no-values", 0, text));
    }
    let facts = facts(&text);
    findings.extend(text.notices.into_iter().map(Finding::from));
    Ok(Conversion {
        records,
        facts: Some(facts),
        findings,
        ..Conversion::default()
    })
}

fn facts(text: &Text<'_>) -> MessageFacts {
    MessageFacts {
        encoding_declared: text.declared.clone().unwrap_or_default(),
        encoding_used: Encoding::from(text.used).into(),
        dialect: "my-feed".to_owned(),
        ..MessageFacts::default()
    }
}

/// `N|device|time|index|value|unit|flag`
fn record(configuration: &Configuration, line: &Line<'_>) -> Record {
    let [_, device, time, index, value, unit, flag, rest] = line.fields();
    let mut quality = Vec::new();
    let data_time = taken(&mut quality, date_time::read(time.text), "data_time", time);
    let mut quantity = taken(&mut quality, number::read(value.text), "value.value", value);
    if let Some(quantity) = &mut quantity {
        set_unit(&mut quality, quantity, unit);
    }
    if !rest.text.is_empty() {
        quality.push(about(
            "my-feed.more-fields",
            "",
            rest,
            "more fields than the format has",
        ));
    }
    let observation = Observation {
        mn: device.text.to_owned(),
        cn: configuration.command(),
        data_time,
        interval_s: configuration.interval_s,
        factor: factor(index.text).to_owned(),
        stat: Statistic::Data.into(),
        value: quantity,
        flag: data_flag(&mut quality, flag).into(),
        ..Observation::default()
    };
    let place = line.span();
    Record {
        envelope: Some(Envelope {
            quality,
            raw_offset: place.offset,
            raw_length: place.length,
            ..Envelope::default()
        }),
        entity: Some(Entity::Observation(observation)),
    }
}

/// The value a reader of the schema took, its remark becoming a finding at the field's place.
fn taken<T>(
    quality: &mut Vec<Finding>,
    reading: Reading<T>,
    name: &str,
    field: Field<'_>,
) -> Option<T> {
    let path = format!("observation.{name}");
    let finding = finding::from_reading(&reading, &path, field.text);
    quality.extend(finding.map(|finding| finding.at(field.span.offset, field.span.length)));
    reading.value
}

/// The unit the line states; an unknown one is kept out, because nothing is guessed.
fn set_unit(quality: &mut Vec<Finding>, quantity: &mut Quantity, field: Field<'_>) {
    match unit::canonical(field.text) {
        Some(unit) => {
            quantity.unit = unit.to_owned();
            quantity.unit_source = UnitSource::Packet.into();
        }
        None => {
            let text = "the unit is not known; the value stands without one";
            let finding = about("my-feed.unit", "observation.value.unit", field, text);
            quality.push(finding.with_action(Action::Dropped));
        }
    }
}

fn data_flag(quality: &mut Vec<Finding>, field: Field<'_>) -> DataFlag {
    match field.text {
        "N" => DataFlag::Normal,
        "M" => DataFlag::Maintenance,
        "D" => DataFlag::Fault,
        "C" => DataFlag::Calibration,
        "T" => DataFlag::OverRange,
        _ => {
            let text = "the flag is none of N, M, D, C, T";
            quality.push(about("my-feed.flag", "observation.flag", field, text));
            DataFlag::Other
        }
    }
}

/// The schema's name of an index; an unknown one is kept, and the gateway says so.
fn factor(index: &str) -> &str {
    match index {
        "LAeq" => "Leq",
        other => other,
    }
}

/// What an observation has no place for is named, so that nothing is lost without a word.
fn not_mapped(line: &Line<'_>) -> Finding {
    let [_, _, name, ..] = line.fields();
    about(
        "my-feed.site-name",
        "",
        name,
        "the site's name has no field in an observation",
    )
    .with_severity(adapter_sdk::proto::v1::Severity::Info)
    .with_action(Action::Dropped)
}

fn unknown(line: &Line<'_>) -> Finding {
    let [kind, ..] = line.fields();
    about(
        "my-feed.line",
        "",
        kind,
        "a line of an unknown kind was not read",
    )
    .with_action(Action::Dropped)
}

/// A warning about a field at its place in the message.
fn about(rule: &str, path: &str, field: Field<'_>, text: &str) -> Finding {
    finding::finding(rule, path)
        .with_raw(field.text)
        .at(field.span.offset, field.span.length)
        .with_text(text)
}

#[cfg(test)]
mod tests;
