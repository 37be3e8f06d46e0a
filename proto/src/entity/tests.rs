//! Tests of the names, against the descriptors and the types.

use prost::Message as _;
use prost_reflect::DescriptorPool;

use super::*;
use crate::DESCRIPTOR_SET;
use crate::v1::{Envelope, Observation, PublicReport, Quantity, Reporter, VehicleTrack};

fn pool() -> DescriptorPool {
    DescriptorPool::decode(DESCRIPTOR_SET).expect("the descriptor set is generated from proto/")
}

/// Encodes a record that holds an empty entity under field `number`.
fn record_with(number: u32) -> Record {
    let mut bytes = Vec::new();
    prost::encoding::encode_key(
        number,
        prost::encoding::WireType::LengthDelimited,
        &mut bytes,
    );
    bytes.push(0);
    Record::decode(bytes.as_slice()).expect("an empty entity decodes")
}

#[test]
fn the_names_are_the_entities_of_a_record_in_their_order() {
    let record = pool()
        .get_message_by_name("lawgate.v1.Record")
        .expect("is defined");
    let entities = record.oneofs().next().expect("has an entity");
    let names: Vec<String> = entities
        .fields()
        .map(|field| {
            let kind = field.kind();
            kind.as_message()
                .expect("an entity is a message")
                .name()
                .to_owned()
        })
        .collect();
    assert_eq!(names, ENTITY_NAMES);
}

#[test]
fn every_entity_tells_its_own_name() {
    let record = pool()
        .get_message_by_name("lawgate.v1.Record")
        .expect("is defined");
    let entities = record.oneofs().next().expect("has an entity");
    for (field, name) in entities.fields().zip(ENTITY_NAMES) {
        assert_eq!(record_with(field.number()).entity_name(), name);
    }
}

#[test]
fn a_record_without_an_entity_has_no_name() {
    assert_eq!(Record::default().entity_name(), "");
}

#[test]
fn a_record_is_not_larger_than_its_envelope_and_what_comes_by_the_million() {
    let inline = size_of::<Observation>().max(size_of::<VehicleTrack>());
    let record = size_of::<Record>();
    assert!(
        record <= size_of::<Envelope>() + inline + 16,
        "a record takes {record} bytes"
    );
}

#[test]
fn a_record_survives_the_wire() {
    let observation = Observation {
        mn: "A110000_0001".to_owned(),
        cn: 2011,
        factor: "a21026".to_owned(),
        value: Some(Quantity {
            value: "-0.050".to_owned(),
            unit: "mg/m3".to_owned(),
            ..Quantity::default()
        }),
        ..Observation::default()
    };
    let report = PublicReport {
        reporter: Some(Reporter::default()),
        insider: Some(false),
        ..PublicReport::default()
    };
    for entity in [
        Entity::Observation(observation),
        Entity::PublicReport(Box::new(report)),
    ] {
        let record = Record {
            envelope: Some(Envelope::default()),
            entity: Some(entity),
        };
        let decoded = Record::decode(record.encode_to_vec().as_slice()).expect("own encoding");
        assert_eq!(decoded, record);
    }
}

#[test]
fn agencies_have_a_word_each_and_other_words_none() {
    let words = [
        "region",
        "police",
        "justice",
        "city-eco",
        "enterprise",
        "public",
    ];
    let numbers: Vec<i32> = words.iter().map(|word| agency_kind(word) as i32).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    for other in ["", "Police", "procuratorate"] {
        assert_eq!(agency_kind(other), AgencyKind::Unspecified);
    }
}
