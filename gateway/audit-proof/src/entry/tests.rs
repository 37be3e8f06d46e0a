//! Tests of entries: canonical bytes, strictness, rendering.

use proptest::prelude::*;

use super::*;
use crate::{
    cbor::{DecodeErrorKind, Value, encode},
    hash::to_hex,
    suite::LogSuite,
};

const LINK: Hash = [0xab; 32];

fn place(position: u64) -> Place<'static> {
    Place {
        origin: "city.example/log",
        position,
        time_ns: 1_790_000_000_000_000_000,
        link: &LINK,
        second_link: None,
    }
}

fn encoded(draft: &Draft) -> Vec<u8> {
    let mut bytes = Vec::new();
    draft.write_entry(place(7), &mut bytes);
    bytes
}

fn full_draft() -> Draft {
    Draft::new(3)
        .with(
            Field::Clock,
            vec!["ntp".into(), 150_u64.into(), false.into()],
        )
        .with(Field::Actor, vec!["生态环境局".into(), Value::Null])
        .with(Field::Digests, vec![[1_u8; 32].into(), Value::integer(-5)])
        .with_idempotency_key([9; 16])
        .with(
            Field::Sealed,
            vec![Value::Map([(4, Value::from([2_u8, 3]))].into())],
        )
}

/// A map with raw keys and values, to write what the encoder would not.
fn raw(pairs: &[(u64, Value)]) -> Vec<u8> {
    encode(&Value::Map(pairs.iter().cloned().collect())).expect("the test values are shallow")
}

fn minimal() -> Vec<(u64, Value)> {
    vec![
        (0, Value::Unsigned(1)),
        (1, Value::from("o")),
        (2, Value::Unsigned(0)),
        (3, Value::Unsigned(5)),
        (5, Value::Unsigned(1)),
        (14, Value::from(LINK)),
    ]
}

#[test]
fn an_entry_holds_what_the_draft_and_the_log_said() {
    let bytes = encoded(&full_draft());
    let entry = Entry::decode(&bytes).expect("the encoder writes entries");
    assert_eq!(entry.origin(), "city.example/log");
    assert_eq!((entry.position(), entry.event()), (7, 3));
    assert_eq!(entry.time_ns(), 1_790_000_000_000_000_000);
    assert_eq!(entry.link(), &LINK);
    assert_eq!(entry.idempotency_key(), Some([9; 16]));
    assert_eq!(
        entry.field(Field::Actor),
        Some(vec!["生态环境局".into(), Value::Null])
    );
    assert_eq!(entry.field(Field::Case), None);
    assert_eq!(entry.as_bytes(), bytes);
}

#[test]
fn the_canonical_bytes_are_pinned() {
    // Changing this changes the wire form of every entry ever written.
    let bytes = encoded(&Draft::new(2).with(Field::Clock, vec![1_u64.into()]));
    let expected = format!(
        "a700010170636974792e6578616d706c652f6c6f670207031b18d75b8423f30000048101{}{}",
        "05020e5820",
        "ab".repeat(32)
    );
    assert_eq!(to_hex(&bytes), expected);
}

#[test]
fn fields_set_in_any_order_and_twice_give_the_same_bytes() {
    let shuffled = Draft::new(3)
        .with(
            Field::Sealed,
            vec!["to be replaced by something of another length".into()],
        )
        .with_idempotency_key([1; 16])
        .with(Field::Digests, vec![[1_u8; 32].into(), Value::integer(-5)])
        .with(
            Field::Clock,
            vec!["ntp".into(), 150_u64.into(), false.into()],
        )
        .with(
            Field::Sealed,
            vec![Value::Map([(4, Value::from([2_u8, 3]))].into())],
        )
        .with_idempotency_key([9; 16])
        .with(Field::Actor, vec!["生态环境局".into(), Value::Null]);
    assert_eq!(encoded(&shuffled), encoded(&full_draft()));
}

#[test]
fn bytes_that_are_no_entry_are_refused_by_kind() {
    let check = |change: (u64, Option<Value>), expected: EntryError| {
        let (key, value) = change;
        let mut pairs: Vec<_> = minimal()
            .into_iter()
            .filter(|(other, _)| *other != key)
            .collect();
        pairs.extend(value.map(|value| (key, value)));
        assert_eq!(Entry::decode(&raw(&pairs)), Err(expected), "key {key}");
    };
    assert!(Entry::decode(&raw(&minimal())).is_ok());
    for key in [0, 1, 2, 3, 5, 14] {
        check((key, None), EntryError::MissingKey { key });
    }
    check((0, Some(2_u64.into())), EntryError::Version { version: 2 });
    check((16, Some(Value::Null)), EntryError::UnknownKey { key: 16 });
    check(
        (u64::MAX, Some(Value::Null)),
        EntryError::UnknownKey { key: u64::MAX },
    );
    check(
        (11, Some([0_u8; 15].into())),
        EntryError::FieldLength { key: 11, bytes: 15 },
    );
    check(
        (14, Some([0_u8; 33].into())),
        EntryError::FieldLength { key: 14, bytes: 33 },
    );
    check(
        (15, Some([0_u8; 31].into())),
        EntryError::FieldLength { key: 15, bytes: 31 },
    );
}

#[test]
fn a_field_of_another_kind_is_refused_where_it_stands() {
    for key in [4, 6, 7, 8, 9, 10, 12, 13] {
        let mut pairs = minimal();
        pairs.push((key, Value::from("text")));
        let error = Entry::decode(&raw(&pairs)).expect_err("the field must be an array");
        let EntryError::Encoding(error) = error else {
            panic!("key {key}: {error}")
        };
        assert_eq!(error.kind, DecodeErrorKind::UnexpectedKind, "key {key}");
        assert_eq!(raw(&pairs)[error.offset], 0x64, "key {key}");
    }
}

#[test]
fn the_longest_entry_is_accepted_and_no_longer_one() {
    let draft = |bytes: usize| Draft::new(1).with(Field::Object, vec![vec![7; bytes].into()]);
    let fits = (0..MAX_ENTRY_BYTES)
        .rev()
        .find(|bytes| draft(*bytes).check("o", LogSuite::Dual).is_ok());
    let fits = fits.expect("a small draft fits");
    let mut bytes = Vec::new();
    let place = Place {
        origin: "o",
        position: u64::MAX,
        time_ns: u64::MAX,
        link: &LINK,
        second_link: Some(&LINK),
    };
    draft(fits).write_entry(place, &mut bytes);
    assert!(
        bytes.len() > MAX_ENTRY_BYTES - 32 - clock::MAX_CLOCK_BYTES
            && bytes.len() <= MAX_ENTRY_BYTES,
        "{}",
        bytes.len()
    );
    assert!(Entry::decode(&bytes).is_ok());
    let refused = draft(fits + 1).check("o", LogSuite::Dual);
    assert_eq!(
        refused,
        Err(DraftError::TooLong {
            bytes: MAX_ENTRY_BYTES + 1
        })
    );
    let long = vec![0; MAX_ENTRY_BYTES + 1];
    assert_eq!(
        Entry::decode(&long),
        Err(EntryError::TooLong { bytes: long.len() })
    );
}

#[test]
fn a_field_nested_too_deep_is_refused() {
    let deep = (0..20).fold(Value::Null, |value, _| Value::Array(vec![value]));
    assert_eq!(
        Draft::new(1)
            .with(Field::Case, vec![deep])
            .check("o", LogSuite::Dual),
        Err(DraftError::TooDeep)
    );
}

#[test]
fn the_rendering_shows_every_field() {
    let bytes = encoded(&full_draft());
    let json = Entry::decode(&bytes)
        .expect("the encoder writes entries")
        .to_json();
    let expected = format!(
        concat!(
            r#"{{"v":1,"origin":"city.example/log","seq":7,"t_ns":1790000000000000000,"#,
            r#""clk":["ntp",150,false],"ev":3,"actor":["生态环境局",null],"#,
            r#""dig":[{{"hex":"{}"}},-5],"idem":{{"hex":"{}"}},"sealed":[{{"4":{{"hex":"0203"}}}}],"#,
            r#""prev":{{"hex":"{}"}}}}"#
        ),
        "01".repeat(32),
        "09".repeat(16),
        "ab".repeat(32)
    );
    assert_eq!(json, expected);
}

/// Reads a rendered value back; the inverse of the rendering.
fn value_of(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match number.as_u64() {
            Some(number) => Value::Unsigned(number),
            None => Value::integer(number.as_i64().expect("the test numbers fit")),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(values) => Value::Array(values.iter().map(value_of).collect()),
        Json::Object(pairs) => match pairs.get("hex").and_then(Json::as_str) {
            Some(hex) => Value::Bytes(
                hex.as_bytes()
                    .chunks(2)
                    .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
                    .collect(),
            ),
            None => Value::Map(
                pairs
                    .iter()
                    .map(|(key, value)| (key.parse().unwrap(), value_of(value)))
                    .collect(),
            ),
        },
    }
}

/// Whether JSON numbers of this test's parser hold every number in the value.
fn is_parseable(value: &Value) -> bool {
    match value {
        Value::Negative(number) => i64::try_from(*number).is_ok(),
        Value::Array(values) => values.iter().all(is_parseable),
        Value::Map(pairs) => pairs.values().all(is_parseable),
        Value::Unsigned(_) | Value::Bytes(_) | Value::Text(_) | Value::Bool(_) | Value::Null => {
            true
        }
    }
}

proptest! {
    #[test]
    fn the_rendering_loses_nothing(
        values in prop::collection::vec(crate::cbor::tests::any_value().prop_filter("fits", is_parseable), 0..5),
    ) {
        let bytes = encoded(&Draft::new(1).with(Field::Object, values.clone()));
        let json = Entry::decode(&bytes).expect("the encoder writes entries").to_json();
        let parsed: serde_json::Value = serde_json::from_str(&json).expect("the rendering is JSON");
        prop_assert_eq!(value_of(&parsed["object"]), Value::Array(values));
        prop_assert_eq!(&parsed["seq"], 7);
    }

    #[test]
    fn an_entry_of_any_place_is_read_back_with_its_links(
        position in any::<u64>(), time_ns in any::<u64>(), link in any::<Hash>(), second in any::<Option<Hash>>(),
        values in prop::collection::vec(crate::cbor::tests::any_value(), 0..4),
    ) {
        let draft = Draft::new(9).with(Field::Object, values);
        let suite = if second.is_some() { LogSuite::Dual } else { LogSuite::Sha256 };
        let most = draft.check("city.example/log", suite);
        prop_assume!(most.is_ok());
        let place = Place {
            origin: "city.example/log", position, time_ns, link: &link, second_link: second.as_ref(),
        };
        let mut bytes = Vec::new();
        draft.write_entry(place, &mut bytes);
        prop_assert!(most.is_ok_and(|most| bytes.len() <= most));
        let entry = Entry::decode(&bytes).expect("the encoder writes entries");
        prop_assert_eq!((entry.position(), entry.time_ns()), (position, time_ns));
        prop_assert_eq!((entry.link(), entry.second_link()), (&link, second.as_ref()));
    }

    #[test]
    fn a_changed_byte_is_refused_or_still_canonical(
        values in prop::collection::vec(crate::cbor::tests::any_value(), 0..4),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encoded(&Draft::new(1).with(Field::Outcome, values));
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if Entry::decode(&bytes).is_ok() {
            let value = crate::cbor::decode(&bytes).expect("an entry is CBOR");
            prop_assert_eq!(encode(&value), Ok(bytes));
        }
    }
}
