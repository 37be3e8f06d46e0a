//! The adapter of JSON that `docs/adapters/rust.md` shows, so that what stands there compiles and does what it says.

#![cfg(feature = "documents")]

use adapter_sdk::document::{Charset, Document, Format, Limits, NodeId, Rules, read};
use adapter_sdk::proto::v1::record::Entity;
use adapter_sdk::proto::v1::{
    Conversion, DateTime, Encoding, Envelope, Finding, MessageFacts, Observation, Quantity, Record,
    Statistic, UnitSource,
};
use adapter_sdk::schema::{Reading, date_time, finding, number};
use adapter_sdk::{Message, Rejection};

// docs: begin
fn convert(message: &Message<'_>) -> Result<Conversion, Rejection> {
    let rules = Rules {
        formats: vec![Format::Json],
        charsets: vec![Charset::Utf8, Charset::Gb18030],
        unwrap: Vec::new(),
        delimiter: b',',
        ignore_case: false,
        limits: Limits::DOCUMENT,
    };
    // A fault becomes a rejection with the toolkit's code: `document.unclosed`.
    let reading = read(message.payload, message.attribute("content-type"), &rules)?;
    let document = &reading.document;
    let Some(values) = find(document, document.root(), "values") else {
        let text = "an object with values is expected";
        return Err(Rejection::new("my-feed.no-values", 0, text));
    };
    let device = find(document, document.root(), "device").map_or("", |node| document.value(node));
    let records = document.children(values);
    let records = records.map(|item| record(document, device, item)).collect();
    Ok(Conversion {
        records,
        facts: Some(MessageFacts {
            encoding_declared: reading.declared.unwrap_or_default(),
            encoding_used: Encoding::from(reading.used).into(),
            dialect: "my-feed".to_owned(),
            ..MessageFacts::default()
        }),
        findings: reading.notices.into_iter().map(Finding::from).collect(),
        ..Conversion::default()
    })
}

/// The member of this name.
fn find(document: &Document<'_>, from: NodeId, name: &str) -> Option<NodeId> {
    document
        .children(from)
        .find(|node| document.name(*node) == name)
}

fn record(document: &Document<'_>, device: &str, item: NodeId) -> Record {
    let mut quality = Vec::new();
    let time: Option<DateTime> = taken(document, item, "time", &mut quality, date_time::read);
    let value: Option<Quantity> = taken(document, item, "value", &mut quality, number::read);
    let place = document.span(item);
    Record {
        envelope: Some(Envelope {
            quality,
            raw_offset: place.offset,
            raw_length: place.length,
            ..Envelope::default()
        }),
        entity: Some(Entity::Observation(Observation {
            mn: device.to_owned(),
            cn: 2061,
            data_time: time,
            interval_s: 3600,
            factor: "a34004".to_owned(),
            stat: Statistic::Avg.into(),
            // The standard of this invented format says ug/m3.
            value: value.map(|value| Quantity {
                unit: "ug/m3".to_owned(),
                unit_source: UnitSource::Packet.into(),
                ..value
            }),
            ..Observation::default()
        })),
    }
}

/// What a reader of the schema makes of a member; its remark becomes a finding at the member's place.
fn taken<T>(
    document: &Document<'_>,
    item: NodeId,
    name: &str,
    quality: &mut Vec<Finding>,
    reader: fn(&str) -> Reading<T>,
) -> Option<T> {
    let node = find(document, item, name)?;
    let reading = reader(document.value(node));
    let place = document.value_span(node);
    let found = finding::from_reading(&reading, name, document.value(node));
    quality.extend(found.map(|found| Finding {
        offset: place.offset,
        length: place.length,
        ..found
    }));
    reading.value
}
// docs: end

#[test]
fn the_adapter_of_the_tutorial_reads_json_with_places() {
    let payload = br#"{"device": "D1", "values": [{"time": "2026-09-01T00:00:00Z", "value": 12.50}, {"value": "NaN"}]}"#;
    let conversion = convert(&Message::new(payload)).expect("is read");
    let [first, second] = conversion.records.as_slice() else {
        panic!("{:?}", conversion.records);
    };
    let Some(Entity::Observation(observation)) = &first.entity else {
        panic!("{first:?}");
    };
    let time = observation.data_time.as_ref().expect("a time");
    let value = observation.value.as_ref().expect("a value");
    assert_eq!(
        (time.text.as_str(), value.value.as_str()),
        ("2026-09-01T08:00:00+08:00", "12.50")
    );
    let quality = &second.envelope.as_ref().expect("an envelope").quality;
    let place = payload.windows(3).position(|part| part == b"NaN");
    assert_eq!(quality[0].rule, "number.nan");
    assert_eq!(Some(quality[0].offset), place.map(|at| at as u64));
}

#[test]
fn a_message_that_was_cut_is_rejected_with_the_code_of_the_toolkit() {
    let rejection = convert(&Message::new(br#"{"values": [{"time": "20"#)).expect_err("was cut");
    assert_eq!(rejection.code, "document.unclosed");
}

#[test]
fn the_tutorial_shows_this_adapter() {
    let source = include_str!("json_adapter.rs");
    let (_, rest) = source.split_once("// docs: begin\n").expect("the mark");
    let (shown, _) = rest.split_once("// docs: end\n").expect("the mark");
    let tutorial = include_str!("../../../docs/adapters/rust.md");
    assert!(
        tutorial.contains(shown),
        "docs/adapters/rust.md shows another adapter"
    );
}
