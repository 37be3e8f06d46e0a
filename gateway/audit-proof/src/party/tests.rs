//! Party signatures: the bytes, the keys, and what an entry is checked for.

mod counters;

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;

use super::*;
use crate::{
    cbor,
    entry::{Draft, Place},
    hash::to_hex,
    tree,
};

const TIME_NS: u64 = 1_790_000_000_000_000_000;

/// The private key of the worked example in docs/exchange.md: the bytes 0 to 31.
fn example_key() -> SigningKey {
    let mut seed = [0; 32];
    (0..)
        .zip(&mut seed)
        .for_each(|(number, byte)| *byte = number);
    SigningKey::from_bytes(&seed)
}

fn public(key: &SigningKey) -> PartyKey {
    PartyKey::from_bytes(&key.verifying_key().to_bytes()).expect("is a key")
}

/// The submission of the worked example: one message with one attribute.
fn example() -> Statement {
    let attributes = [[("content-type", "text/plain")]];
    let messages = attributes.iter().map(|message| message.iter().copied());
    Statement {
        agency: "region".to_owned(),
        feed: "region-clue".to_owned(),
        key: key_digest("region", "region-clue", "clue-2026-0001"),
        counter: 1,
        time_ns: TIME_NS,
        payload_root: tree::root(["clue\n"]),
        attributes: attributes_digest(messages),
    }
}

fn sign(key: &SigningKey, statement: &Statement) -> PartyField {
    let signature = key.sign(&statement.to_signed_bytes()).to_bytes();
    PartyField::new(public(key).id(), statement, signature)
}

#[test]
fn the_worked_example_of_the_documentation_is_what_is_signed() {
    let document = include_str!("../../../../docs/exchange.md");
    let (key, statement) = (example_key(), example());
    let field = sign(&key, &statement);
    let values = [
        ("public key", to_hex(&public(&key).to_bytes())),
        ("key id", field.key.to_string()),
        ("key digest", to_hex(&statement.key)),
        ("payload root", to_hex(&statement.payload_root)),
        ("attributes digest", to_hex(&statement.attributes)),
        ("signed bytes", to_hex(&statement.to_signed_bytes())),
        ("signature", to_hex(&field.signature)),
    ];
    for (name, value) in values {
        assert!(document.contains(&value), "{name}: {value}");
    }
}

#[test]
fn a_statement_is_an_array_of_eight_in_the_deterministic_encoding() {
    let statement = example();
    let expected = cbor::encode(&Value::Array(vec![
        Value::from(DOMAIN),
        Value::from("region"),
        Value::from("region-clue"),
        Value::from(statement.key),
        Value::Unsigned(1),
        Value::Unsigned(TIME_NS),
        Value::from(statement.payload_root),
        Value::from(statement.attributes),
    ]));
    assert_eq!(statement.to_cbor(), expected.expect("is flat"));
}

#[test]
fn attributes_differ_by_message_order_name_and_value() {
    let digest = |messages: &[&[(&'static str, &'static str)]]| {
        attributes_digest(messages.iter().map(|message| message.iter().copied()))
    };
    let all = [
        digest(&[&[]]),
        digest(&[&[], &[]]),
        digest(&[&[("a", "b")], &[]]),
        digest(&[&[], &[("a", "b")]]),
        digest(&[&[("a", "b"), ("c", "d")]]),
        digest(&[&[("c", "d"), ("a", "b")]]),
        digest(&[&[("a", "b")], &[("c", "d")]]),
        digest(&[&[("ab", "")]]),
    ];
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    // As documented: `82 80 80`.
    let two: Hash = sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix([
        0x82, 0x80, 0x80,
    ]))
    .into();
    assert_eq!(digest(&[&[], &[]]), two);
}

#[test]
fn a_key_is_read_from_base64_and_from_a_verifier_key() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let key = public(&example_key());
    let raw = key.to_bytes();
    assert_eq!(PartyKey::parse(&STANDARD.encode(raw)), Ok(key.clone()));
    let note = |name: &str, kind: u8, change: &str| {
        let keyed = [&[kind][..], &raw].concat();
        let input = [name.as_bytes(), b"\n", &keyed].concat();
        let hash = to_hex(&<sha2::Sha256 as sha2::Digest>::digest(input)[..4]);
        format!("{name}{change}+{hash}+{}", STANDARD.encode(keyed))
    };
    assert_eq!(
        PartyKey::parse(&note("region.example/party", 1, "")),
        Ok(key)
    );
    let cases = [
        (note("region", 1, "x"), KeyError::Hash),
        (note("region", 4, ""), KeyError::Kind { kind: 4 }),
        (STANDARD.encode([0; 32]), KeyError::Point),
        (STANDARD.encode([1; 31]), KeyError::Form),
        (String::new(), KeyError::Form),
        ("包头".to_owned(), KeyError::Form),
        ("a+b+c".to_owned(), KeyError::Form),
    ];
    for (text, expected) in cases {
        assert_eq!(PartyKey::parse(&text), Err(expected), "{text}");
    }
}

#[test]
fn every_key_in_base64_is_read_whatever_signs_it_holds() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut with_plus = 0;
    for seed in 0..=255_u8 {
        let key = public(&SigningKey::from_bytes(&[seed; 32]));
        let text = STANDARD.encode(key.to_bytes());
        with_plus += usize::from(text.matches('+').count() >= 2);
        assert_eq!(PartyKey::parse(&text), Ok(key), "{text}");
    }
    assert!(with_plus > 0, "no key looked like a verifier key");
}

/// One entry of a log of this test: its event, the statement in it and the field beside it.
struct Logged {
    event: u64,
    statement: Statement,
    field: Option<PartyField>,
}

impl Logged {
    fn accepted(statement: Statement) -> Logged {
        let field = Some(sign(&example_key(), &statement));
        Logged {
            event: SUBMIT_EVENT,
            statement,
            field,
        }
    }

    fn refused(statement: Statement) -> Logged {
        Logged {
            event: 2,
            ..Logged::accepted(statement)
        }
    }

    fn draft(&self) -> Draft {
        let statement = &self.statement;
        let draft = Draft::new(self.event)
            .with(Field::Actor, vec![Value::from(statement.agency.as_str())])
            .with(Field::Object, vec![Value::from(statement.feed.as_str())])
            .with(Field::Digests, vec![Value::from(statement.payload_root)])
            .with_idempotency_key(statement.key);
        match &self.field {
            Some(field) => draft.with(Field::Party, field.to_values()),
            None => draft,
        }
    }

    fn bytes(&self, position: u64) -> Vec<u8> {
        encoded(&self.draft(), position)
    }
}

fn encoded(draft: &Draft, position: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let place = Place {
        origin: "test",
        position,
        time_ns: TIME_NS,
        link: &[0; 32],
        second_link: None,
    };
    draft.write_entry(place, &mut bytes);
    bytes
}

/// The example's agency with its key; it must sign from position 0.
fn keys() -> PartyKeys {
    let of_agency = AgencyKeys {
        keys: vec![public(&example_key())],
        must_sign_from: Some(0),
    };
    PartyKeys(BTreeMap::from([("region".to_owned(), of_agency)]))
}

#[test]
fn a_signature_holds_for_nothing_but_what_was_signed() {
    let genuine = sign(&example_key(), &example());
    let changes: [fn(&mut Statement, &mut PartyField); 7] = [
        |statement, _| statement.agency = "region2".to_owned(),
        |statement, _| statement.feed = "hj212".to_owned(),
        |statement, _| statement.key[15] ^= 1,
        |statement, _| statement.payload_root[0] ^= 1,
        |_, field| field.counter += 1,
        |_, field| field.time_ns += 1,
        |_, field| field.attributes[31] ^= 1,
    ];
    let mut keys = keys();
    let of_agency = keys.0["region"].clone();
    keys.0.insert("region2".to_owned(), of_agency);
    for (number, change) in changes.into_iter().enumerate() {
        let (mut statement, mut field) = (example(), genuine.clone());
        change(&mut statement, &mut field);
        let logged = Logged {
            event: SUBMIT_EVENT,
            statement,
            field: Some(field),
        };
        let bytes = logged.bytes(0);
        let found = verify_entry(&Entry::decode(&bytes).expect("is an entry"), &keys);
        assert!(
            matches!(found, Err(PartyFault::BadSignature { .. })),
            "change {number}: {found:?}"
        );
    }
}

#[test]
fn only_accepted_submissions_from_the_agreed_position_on_must_be_signed() {
    let mut keys = keys();
    if let Some(of_agency) = keys.0.get_mut("region") {
        of_agency.must_sign_from = Some(5);
    }
    let check = |event: u64, agency: &str, position: u64| {
        let logged = Logged {
            event,
            statement: Statement {
                agency: agency.to_owned(),
                ..example()
            },
            field: None,
        };
        let bytes = logged.bytes(position);
        verify_entry(&Entry::decode(&bytes).expect("is an entry"), &keys)
    };
    assert_eq!(check(SUBMIT_EVENT, "region", 4), Ok(None));
    assert!(check(SUBMIT_EVENT, "region", 5).is_err());
    assert_eq!(check(2, "region", 5), Ok(None));
    assert_eq!(check(SUBMIT_EVENT, "police", 5), Ok(None));
}

#[test]
fn a_signature_without_what_is_signed_is_incomplete() {
    let field = sign(&example_key(), &example()).to_values();
    let actor = || Draft::new(SUBMIT_EVENT).with(Field::Actor, vec![Value::from("region")]);
    let object = || actor().with(Field::Object, vec![Value::from("region-clue")]);
    let cases = [
        (Draft::new(SUBMIT_EVENT), "agency"),
        (
            Draft::new(SUBMIT_EVENT).with(Field::Actor, vec![Value::Null]),
            "agency",
        ),
        (actor(), "feed"),
        (object(), "idempotency key"),
        (
            object()
                .with_idempotency_key([1; 16])
                .with(Field::Digests, vec![Value::from([1; 31])]),
            "root over the payloads",
        ),
    ];
    for (draft, missing) in cases {
        let bytes = encoded(&draft.with(Field::Party, field.clone()), 0);
        let entry = Entry::decode(&bytes).expect("is an entry");
        let found = verify_entry(&entry, &keys());
        assert_eq!(found, Err(PartyFault::Incomplete { missing }));
    }
}

#[test]
fn a_field_of_any_other_shape_is_refused() {
    let good = sign(&example_key(), &example()).to_values();
    let check = |values: Vec<Value>, expected: FieldError| {
        assert_eq!(PartyField::from_values(&values), Err(expected));
        let bytes = encoded(&Draft::new(SUBMIT_EVENT).with(Field::Party, values), 0);
        let entry = Entry::decode(&bytes).expect("is an entry");
        let found = verify_entry(&entry, &keys());
        assert_eq!(found, Err(PartyFault::Field(expected)));
    };
    check(good[..4].to_vec(), FieldError::Elements { elements: 4 });
    let more = [&good[..], &[Value::Null]].concat();
    check(more, FieldError::Elements { elements: 6 });
    let elements = [
        "key id",
        "counter",
        "time",
        "attributes digest",
        "signature",
    ];
    for (index, element) in elements.into_iter().enumerate() {
        for wrong in [Value::Null, Value::from([1; 7]), Value::Negative(0)] {
            let mut values = good.clone();
            values[index] = wrong;
            check(values, FieldError::Kind { element });
        }
    }
    let mut values = good;
    values[1] = Value::Unsigned(0);
    check(values, FieldError::ZeroCounter);
}

proptest! {
    #[test]
    fn a_statement_decodes_to_what_was_put_in(
        agency in "[a-z0-9-]{1,64}", feed in "\\PC{0,64}", key: [u8; 16], counter: u64, time_ns: u64,
        payload_root: [u8; 32], attributes: [u8; 32],
    ) {
        let statement = Statement { agency, feed, key, counter, time_ns, payload_root, attributes };
        let decoded = cbor::decode(&statement.to_cbor());
        let expected = Value::Array(vec![
            Value::from(DOMAIN),
            Value::from(statement.agency),
            Value::from(statement.feed),
            Value::from(key),
            Value::Unsigned(counter),
            Value::Unsigned(time_ns),
            Value::from(payload_root),
            Value::from(attributes),
        ]);
        prop_assert_eq!(decoded, Ok(expected));
    }

    #[test]
    fn a_field_is_read_back_as_it_was(
        key: [u8; 8], counter in 1_u64.., time_ns: u64, attributes: [u8; 32], half: [[u8; 32]; 2],
    ) {
        let mut signature = [0; 64];
        signature.copy_from_slice(half.as_flattened());
        let field = PartyField { key: KeyId(key), counter, time_ns, attributes, signature };
        prop_assert_eq!(PartyField::from_values(&field.to_values()), Ok(field));
    }

    #[test]
    fn a_changed_byte_anywhere_in_a_signed_entry_never_panics_and_never_verifies_as_another(
        place: prop::sample::Index, change in 1_u8..,
    ) {
        let mut bytes = Logged::accepted(example()).bytes(0);
        let place = place.index(bytes.len());
        bytes[place] ^= change;
        if let Ok(entry) = Entry::decode(&bytes)
            && let Ok(Some(signed)) = verify_entry(&entry, &keys())
        {
            prop_assert_eq!(signed.statement, example());
        }
    }

    #[test]
    fn any_text_is_a_key_or_an_error(text in "\\PC{0,80}|[A-Za-z0-9+/=]{0,80}|[a-z]{1,9}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]{44}") {
        let _ = PartyKey::parse(&text);
    }
}
