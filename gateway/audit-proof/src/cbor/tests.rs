//! Tests of the deterministic CBOR encoder and decoder.

use proptest::prelude::*;

use super::*;
use crate::hash::to_hex;

/// Any value that the encoder accepts, a few levels deep.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Value::Unsigned),
        (0..70_000_u64).prop_map(Value::Unsigned),
        any::<u64>().prop_map(Value::Negative),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        any::<String>().prop_map(Value::Text),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map(any::<u64>(), inner, 0..6).prop_map(Value::Map),
        ]
    })
}

#[test]
fn values_have_the_encodings_of_the_standard() {
    // RFC 8949 appendix A, the rows that this narrowing keeps.
    let check = |value: Value, expected: &str| {
        let bytes = encode(&value).expect("the value is shallow");
        assert_eq!(to_hex(&bytes), expected, "{value:?}");
        assert_eq!(decode(&bytes), Ok(value));
    };
    check(Value::Unsigned(0), "00");
    check(Value::Unsigned(23), "17");
    check(Value::Unsigned(24), "1818");
    check(Value::Unsigned(1000), "1903e8");
    check(Value::Unsigned(1_000_000), "1a000f4240");
    check(Value::Unsigned(1_000_000_000_000), "1b000000e8d4a51000");
    check(Value::Unsigned(u64::MAX), "1bffffffffffffffff");
    check(Value::Negative(u64::MAX), "3bffffffffffffffff");
    check(Value::integer(-1), "20");
    check(Value::integer(-1000), "3903e7");
    check(Value::integer(i64::MIN), "3b7fffffffffffffff");
    check(Value::integer(100), "1864");
    check(Value::Bool(false), "f4");
    check(Value::Bool(true), "f5");
    check(Value::Null, "f6");
    check(Value::from([1_u8, 2, 3, 4]), "4401020304");
    check(Value::from("IETF"), "6449455446");
    check(Value::from("水"), "63e6b0b4");
    check(Value::Array(vec![]), "80");
    check(
        Value::from(vec![
            1_u64.into(),
            Value::Array(vec![2_u64.into(), 3_u64.into()]),
        ]),
        "8201820203",
    );
    let map = Value::Map([(1, Value::Unsigned(2)), (3, Value::Unsigned(4))].into());
    check(map, "a201020304");
}

#[test]
fn every_other_encoding_is_refused_with_place_and_kind() {
    use DecodeErrorKind as Kind;
    let check = |bytes: &[u8], offset: usize, kind: Kind| {
        assert_eq!(
            decode(bytes),
            Err(DecodeError { offset, kind }),
            "{bytes:02x?}"
        );
        let mut decoder = Decoder::new(bytes);
        let skipped = decoder.skip().map(drop).and_then(|()| decoder.finish());
        assert_eq!(
            skipped,
            Err(DecodeError { offset, kind }),
            "skipping {bytes:02x?}"
        );
    };
    check(&[], 0, Kind::Truncated);
    check(&[0x18], 0, Kind::Truncated);
    check(&[0x18, 23], 0, Kind::NotShortest);
    check(&[0x19, 0, 255], 0, Kind::NotShortest);
    check(&[0x1a, 0, 0, 255, 255], 0, Kind::NotShortest);
    check(
        &[0x1b, 0, 0, 0, 0, 255, 255, 255, 255],
        0,
        Kind::NotShortest,
    );
    check(&[0x58, 1, 0], 0, Kind::NotShortest);
    check(&[0x5f, 0xff], 0, Kind::IndefiniteLength);
    check(&[0x9f, 0xff], 0, Kind::IndefiniteLength);
    check(&[0x1c], 0, Kind::UnsupportedKind);
    check(&[0xc0, 0x00], 0, Kind::UnsupportedKind);
    check(&[0xd8, 0x20, 0x00], 0, Kind::UnsupportedKind);
    check(&[0xf9, 0x3c, 0x00], 0, Kind::UnsupportedKind);
    check(&[0xf7], 0, Kind::UnsupportedKind);
    check(&[0xf8, 0x20], 0, Kind::UnsupportedKind);
    check(&[0x42, 1], 0, Kind::Truncated);
    check(&[0x61, 0xff], 0, Kind::NotUtf8);
    check(&[0x82, 0x00], 0, Kind::Truncated);
    check(&[0x81, 0x61, 0xc3], 1, Kind::NotUtf8);
    check(&[0xa2, 1, 0, 1, 0], 3, Kind::KeyOrder);
    check(&[0xa2, 2, 0, 1, 0], 3, Kind::KeyOrder);
    check(&[0xa1, 0x61, 0x61, 0], 1, Kind::KeyOrder);
    check(&[0xa1, 0x20, 0], 1, Kind::KeyOrder);
    check(&[0x00, 0x00], 1, Kind::TrailingBytes);
    check(
        &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        0,
        Kind::Truncated,
    );
}

#[test]
fn nesting_is_bounded_on_both_sides() {
    let nested = |depth: usize| (0..depth).fold(Value::Null, |value, _| Value::Array(vec![value]));
    let deepest = encode(&nested(MAX_DEPTH)).expect("the bound itself is allowed");
    assert_eq!(decode(&deepest), Ok(nested(MAX_DEPTH)));
    assert_eq!(encode(&nested(MAX_DEPTH + 1)), Err(TooDeep));
    let too_deep = [vec![0x81; MAX_DEPTH + 1], vec![0xf6]].concat();
    let expected = DecodeError {
        offset: MAX_DEPTH,
        kind: DecodeErrorKind::TooDeep,
    };
    assert_eq!(decode(&too_deep), Err(expected));
    let hostile = vec![0x81; 1 << 20];
    assert_eq!(decode(&hostile), Err(expected));
}

#[test]
fn another_kind_than_asked_for_is_refused() {
    let text = [0x61, 0x61];
    let errors = [
        Decoder::new(&text).unsigned().unwrap_err(),
        Decoder::new(&text).array().unwrap_err(),
        Decoder::new(&text).map().unwrap_err(),
        Decoder::new(&text).bytes().unwrap_err(),
        Decoder::new(&[0x00]).text().unwrap_err(),
    ];
    for error in errors {
        assert_eq!(
            error,
            DecodeError {
                offset: 0,
                kind: DecodeErrorKind::UnexpectedKind
            }
        );
    }
}

proptest! {
    #[test]
    fn a_value_survives_encoding(value in any_value()) {
        let bytes = encode(&value).expect("the strategy nests at most five deep");
        prop_assert_eq!(decode(&bytes), Ok(value));
        prop_assert_eq!(Decoder::new(&bytes).skip(), Ok(bytes.as_slice()));
    }

    #[test]
    fn what_is_accepted_after_a_change_encodes_to_the_same_bytes(
        value in any_value(), place in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = encode(&value).expect("the strategy nests at most five deep");
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(other) = decode(&bytes) {
            prop_assert_eq!(encode(&other), Ok(bytes));
        }
    }

    #[test]
    fn any_bytes_are_decoded_or_refused_alike_by_reading_and_skipping(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut decoder = Decoder::new(&bytes);
        let skipped = decoder.skip().map(drop).and_then(|()| decoder.finish());
        let decoded = decode(&bytes);
        prop_assert_eq!(decoded.as_ref().map(drop).map_err(|error| *error), skipped);
        if let Ok(value) = decoded {
            prop_assert_eq!(encode(&value), Ok(bytes));
        }
    }
}
