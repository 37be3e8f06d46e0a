//! The short way says what the long way says, or leaves it to the long way.

use proptest::prelude::*;
use prost::Message as _;
use proto::v1::{Conversion, DataFlag, Severity, Statistic, UnitSource};

use super::super::{convert_whole, wrap};
use super::*;

/// A packet's worth of sound values, as the device's adapter makes them.
fn packet(values: usize) -> Conversion {
    let value = |number: usize| Record {
        envelope: Some(Envelope {
            raw_offset: 16 * number as u64,
            raw_length: 15,
            ..Envelope::default()
        }),
        entity: Some(Entity::Observation(Observation {
            mn: "LGT00000000000000000001".to_owned(),
            cn: 2051,
            data_time: Some(DateTime {
                text: "2026-09-01T00:01:00+08:00".to_owned(),
                precision: proto::v1::Precision::Second as i32,
                offset: "+08:00".to_owned(),
                offset_assumed: true,
            }),
            interval_s: 600,
            factor: "a21026".to_owned(),
            stat: Statistic::Avg as i32,
            value: Some(Quantity {
                value: format!("{number}.01"),
                unit: "mg/m3".to_owned(),
                unit_source: UnitSource::StandardDefault as i32,
                ..Quantity::default()
            }),
            flag: DataFlag::Normal as i32,
            ..Observation::default()
        })),
    };
    Conversion {
        records: (0..values).map(value).collect(),
        facts: Some(MessageFacts {
            dialect: "hj212-2017".to_owned(),
            ..MessageFacts::default()
        }),
        reply: b"##0001".to_vec(),
        ..Conversion::default()
    }
}

fn observation(conversion: &mut Conversion, number: usize) -> &mut Observation {
    match &mut conversion.records[number].entity {
        Some(Entity::Observation(observation)) => observation,
        other => panic!("{other:?}"),
    }
}

/// Reads the short way and holds what it says against the long way; true when it said anything.
fn agrees(reader: &mut PlainReader, bytes: &[u8]) -> bool {
    let Some(plain) = reader.read(3, bytes) else {
        return false;
    };
    let whole = convert_whole(3, bytes).expect("what is plain can be decoded");
    assert_eq!(plain.outcome, whole.outcome);
    assert_eq!(plain.runs, whole.runs);
    assert_eq!(*whole.part, *wrap(bytes), "nothing plain is amended");
    true
}

#[track_caller]
fn check(conversion: &Conversion, is_plain: bool) {
    let mut reader = PlainReader::default();
    let bytes = conversion.encode_to_vec();
    // Twice, and once after another message, because the memory is used again.
    for _ in 0..2 {
        assert_eq!(agrees(&mut reader, &bytes), is_plain);
        assert!(agrees(&mut reader, &packet(3).encode_to_vec()));
    }
}

#[test]
fn sound_values_are_plain_and_one_run() {
    check(&packet(12), true);
    let plain = PlainReader::default().read(3, &packet(12).encode_to_vec());
    let plain = plain.expect("sound values are plain");
    assert_eq!((plain.outcome.records, plain.runs.len()), (12, 1));
    assert_eq!((plain.runs[0].count, plain.runs[0].message), (12, 3));
    check(&packet(0), true);
}

#[test]
fn values_of_different_times_and_devices_are_runs_of_their_own() {
    let mut conversion = packet(6);
    observation(&mut conversion, 2).mn = "ANOTHER000000001".to_owned();
    observation(&mut conversion, 4).interval_s = 3600;
    observation(&mut conversion, 5).data_time = observation(&mut packet(1), 0).data_time.clone();
    check(&conversion, true);
}

#[test]
fn findings_of_the_guest_are_counted_and_told_in_the_same_order() {
    let finding = |severity: Severity, text: &str| Finding {
        severity: severity as i32,
        rule: "hj212.constant".to_owned(),
        field: "observation.value".to_owned(),
        raw: text.repeat(200),
        text: text.to_owned(),
        offset: 7,
        length: 2,
        ..Finding::default()
    };
    let mut conversion = packet(40);
    conversion.findings = vec![finding(Severity::Warning, "message")];
    for (number, record) in conversion.records.iter_mut().enumerate() {
        let envelope = record.envelope.get_or_insert_default();
        envelope.quality = vec![
            finding(Severity::Info, "info"),
            finding(Severity::Error, &format!("error {number}")),
        ];
    }
    check(&conversion, true);
}

#[test]
fn what_a_rule_speaks_of_goes_the_long_way() {
    let long = |change: &dyn Fn(&mut Observation)| {
        let mut conversion = packet(3);
        change(observation(&mut conversion, 1));
        check(&conversion, false);
    };
    long(&|it| it.mn.clear());
    long(&|it| it.data_time = None);
    long(&|it| it.value = None);
    long(&|it| it.factor = "zz".to_owned());
    long(&|it| it.valid_for_enforcement = true);
    long(&|it| it.outlet_id = Some(proto::v1::Reference::default()));
    let mut conversion = packet(2);
    conversion.records[1].entity = Some(Entity::Party(Box::default()));
    check(&conversion, false);
    conversion.records[1].entity = None;
    check(&conversion, false);
    let mut conversion = packet(2);
    conversion.reply = vec![0; MAX_REPLY_BYTES + 1];
    check(&conversion, false);
}

#[test]
fn values_without_envelope_or_with_optional_fields_are_plain() {
    let mut conversion = packet(4);
    conversion.records[1].envelope = None;
    let sampled = observation(&mut conversion, 0).data_time.clone();
    let second = observation(&mut conversion, 2);
    second.sample_time = sampled;
    second.eflag = "A01".to_owned();
    second.resend = true;
    second.factor_legacy = "011".to_owned();
    check(&conversion, true);
}

proptest! {
    #[test]
    fn bytes_changed_anywhere_never_make_the_ways_disagree(
        values in 1_usize..4,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = packet(values).encode_to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let mut reader = PlainReader::default();
        agrees(&mut reader, &bytes);
        prop_assert!(agrees(&mut reader, &packet(2).encode_to_vec()));
    }

    #[test]
    fn parts_given_twice_or_in_another_order_never_make_the_ways_disagree(
        order in prop::collection::vec(0_usize..4, 0..8),
    ) {
        let mut whole = packet(1);
        let record = whole.records.remove(0);
        let envelope = Record { entity: None, ..record.clone() }.encode_to_vec();
        let entity = Record { envelope: None, ..record.clone() }.encode_to_vec();
        let parts = [envelope, entity, record.encode_to_vec(), Vec::new()];
        let inner: Vec<u8> = order.iter().flat_map(|part| parts[*part].clone()).collect();
        let mut bytes = vec![0x0A];
        prost::encode_length_delimiter(inner.len(), &mut bytes).expect("a vector takes it");
        bytes.extend(inner);
        agrees(&mut PlainReader::default(), &bytes);
    }
}
