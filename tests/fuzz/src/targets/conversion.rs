//! What a guest returns: bytes that are decoded and checked before anybody believes them.

use adapter_sdk::proto::v1::{
    Conversion, DateTime, Envelope, Finding, Observation, Party, Quantity, Record, record::Entity,
};
use prost::Message as _;

use crate::{Corpus, fuzz};

/// Field heads, endless lengths, groups and the deepest nesting a short text can hold.
const TOKENS: &[&[u8]] = &[
    b"\x0a\x00",
    b"\x0a\xff\xff\xff\xff\x0f",
    b"\x12\x02\x08\x01",
    b"\x0b",
    b"\x0c",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a",
    b"\xc3\x28",
];

fn honest() -> Vec<Vec<u8>> {
    let time = DateTime {
        text: "2026-09-01T08:05:00+08:00".to_owned(),
        precision: 6,
        offset: "+08:00".to_owned(),
        offset_assumed: true,
    };
    let quantity = Quantity {
        value: "812.5".to_owned(),
        unit: "mg/m3".to_owned(),
        unit_source: 2,
        ..Quantity::default()
    };
    let observation = Observation {
        value: Some(quantity),
        data_time: Some(time),
        ..Observation::default()
    };
    let finding = Finding {
        rule: "number.full-width".to_owned(),
        ..Finding::default()
    };
    let record = |entity| Record {
        envelope: Some(Envelope {
            quality: vec![finding.clone()],
            ..Envelope::default()
        }),
        entity: Some(entity),
    };
    let conversion = |records| Conversion {
        records,
        findings: vec![finding.clone()],
        ..Conversion::default()
    };
    vec![
        conversion(vec![record(Entity::Observation(observation))]).encode_to_vec(),
        conversion(vec![record(Entity::Party(Party::default().into()))]).encode_to_vec(),
        conversion(Vec::new()).encode_to_vec(),
    ]
}

#[test]
fn any_bytes_are_a_conversion_that_can_be_checked_or_no_conversion() {
    let honest = honest();
    let honest: Vec<&[u8]> = honest.iter().map(Vec::as_slice).collect();
    let corpus = Corpus {
        honest: &honest,
        tokens: TOKENS,
    };
    fuzz(corpus, |bytes| {
        let Ok(conversion) = Conversion::decode(bytes) else {
            return;
        };
        for record in &conversion.records {
            let findings = schema::check(record);
            assert_eq!(
                findings,
                schema::check(record),
                "a check that changes its mind"
            );
            assert!(findings.iter().all(|finding| !finding.rule.is_empty()));
            let _ = schema::links(record);
        }
        // What the evidence store keeps is what is read back.
        let kept = conversion.encode_to_vec();
        assert_eq!(Conversion::decode(kept.as_slice()), Ok(conversion));
    });
}

#[test]
fn a_record_without_derived_facts_stays_so() {
    let honest = honest();
    let honest: Vec<&[u8]> = honest.iter().map(Vec::as_slice).collect();
    let corpus = Corpus {
        honest: &honest,
        tokens: TOKENS,
    };
    fuzz(corpus, |bytes| {
        let Ok(conversion) = Conversion::decode(bytes) else {
            return;
        };
        for mut record in conversion.records {
            schema::strip_derived(&mut record);
            let stripped = record.clone();
            assert!(
                !schema::strip_derived(&mut record),
                "stripped twice: {stripped:?}"
            );
            assert_eq!(record, stripped);
        }
    });
}
