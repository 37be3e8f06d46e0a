//! Names of events, keys, and the entries of attestation: read back as written, and from nothing else.

use audit_log::cbor::Value;
use audit_log::entry::{Draft, Entry, Field, Place};
use audit_proof::key::KeyKind;
use audit_proof::signer::{Signer as _, sign_note};
use proptest::prelude::*;
use signer::FileSigner;

use super::*;

#[test]
fn every_event_has_a_name_and_back() {
    for (before, (number, name)) in std::iter::once(&(0, ""))
        .chain(EVENT_NAMES)
        .zip(EVENT_NAMES)
    {
        let (number, name) = (*number, *name);
        assert!(before.0 < number, "numbers grow");
        assert_eq!(event_name(number), name);
        assert_eq!(event_number(name), Some(number));
    }
    assert_eq!(event_name(999), "unknown");
    assert_eq!(event_number("no.such"), None);
}

#[test]
fn keys_that_differ_in_any_part_have_different_digests() {
    let digest = key_digest("police", "police-case", "k");
    for other in [
        ("police2", "police-case", "k"),
        ("police", "police", "-casek"),
        ("police", "police-case", "k2"),
    ] {
        assert_ne!(digest, key_digest(other.0, other.1, other.2));
    }
}

/// Encodes `draft` as the log does and lets `read` read it back.
fn read_back<Read>(draft: &Draft, read: impl Fn(&Entry<'_>) -> Read) -> Read {
    let place = Place {
        origin: "city.example/log",
        position: 9,
        time_ns: 7,
        link: &[0; 32],
        second_link: None,
    };
    let mut bytes = Vec::new();
    draft.write_entry(place, &mut bytes);
    read(&Entry::decode(&bytes).expect("the encoder writes entries"))
}

/// Which of the readers take an entry, by event.
fn readers(entry: &Entry<'_>) -> Vec<u64> {
    let outage = OutageEntry::read(entry).map(|outage| match outage.is_over {
        true => EVENT_OUTAGE_END,
        false => EVENT_OUTAGE_BEGIN,
    });
    let found = [
        AnchorEntry::read(entry).map(|_| EVENT_ANCHOR),
        TimestampEntry::read(entry).map(|_| EVENT_TIMESTAMP),
        ClockStepEntry::read(entry).map(|_| EVENT_CLOCK_STEP),
        WitnessAlarmEntry::read(entry).map(|_| EVENT_WITNESS_ALARM),
        outage,
        KeyRotateEntry::read(entry).map(|_| EVENT_KEY_ROTATE),
        KeyRevokeEntry::read(entry).map(|_| EVENT_KEY_REVOKE),
        LogStartEntry::read(entry).map(|_| EVENT_LOG_START),
    ];
    found.into_iter().flatten().collect()
}

fn purpose() -> impl Strategy<Value = KeyPurpose> {
    prop::sample::select(vec![KeyPurpose::Log, KeyPurpose::Twin, KeyPurpose::Receipt])
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9+/.-]{1,40}"
}

proptest! {
    #[test]
    fn what_is_entered_of_the_outside_is_read_back(
        size in any::<u64>(),
        numbers in any::<[u64; 3]>(),
        digests in any::<[[u8; 32]; 2]>(),
        token in prop::collection::vec(any::<u8>(), 0..3_000),
        other in any::<Option<[u8; 32]>>(),
        texts in (word(), word()),
        is_over in any::<bool>(),
    ) {
        let [root_sha256, root_sm3] = digests;
        let anchor = AnchorEntry { size, root_sha256, root_sm3 };
        prop_assert_eq!(read_back(&anchor.draft(), AnchorEntry::read), Some(anchor));
        let stamp = TimestampEntry::of_token(size, root_sha256, &token);
        prop_assert_eq!(read_back(&stamp.draft(), TimestampEntry::read), Some(stamp));
        let step = ClockStepEntry {
            source: texts.0.clone(),
            wall_before_ns: numbers[0],
            wall_after_ns: numbers[1],
            monotonic_ns: numbers[2],
        };
        prop_assert_eq!(read_back(&step.draft(), ClockStepEntry::read), Some(step));
        let alarm = WitnessAlarmEntry {
            witness: texts.0,
            kind: texts.1,
            own_note: root_sm3,
            other_note: other,
        };
        prop_assert_eq!(read_back(&alarm.draft(), WitnessAlarmEntry::read), Some(alarm));
        for what in [Dependency::Witnesses, Dependency::Timestamps] {
            let outage = OutageEntry { what, since_ns: size, is_over };
            prop_assert_eq!(read_back(&outage.draft(), OutageEntry::read), Some(outage));
        }
    }

    #[test]
    fn what_is_entered_of_keys_is_read_back(
        purpose in purpose(),
        keys in (word(), word()),
        signatures in any::<([u8; 64], [u8; 72])>(),
        last_good_size in any::<u64>(),
        in_force in prop::collection::vec((self::purpose(), word()), 0..5),
    ) {
        prop_assume!(keys.0 != keys.1);
        let rotation = KeyRotateEntry {
            purpose,
            old_key: keys.0.clone(),
            new_key: keys.1.clone(),
            old_signature: signatures.0.to_vec(),
            new_signature: signatures.1.to_vec(),
        };
        prop_assert_eq!(read_back(&rotation.draft(), KeyRotateEntry::read), Some(rotation));
        let revocation = KeyRevokeEntry { key: keys.0.clone(), last_good_size };
        prop_assert_eq!(read_back(&revocation.draft(), KeyRevokeEntry::read), Some(revocation));
        let start = LogStartEntry { version: keys.0, suite: keys.1, keys: in_force };
        prop_assert_eq!(read_back(&start.draft(), LogStartEntry::read), Some(start));
    }

    #[test]
    fn fields_of_any_shape_are_read_by_no_reader_of_another_event(
        event in 0_u64..20,
        object in fields(),
        outcome in fields(),
        digests in fields(),
    ) {
        let draft = Draft::new(event)
            .with(Field::Object, object)
            .with(Field::Outcome, outcome)
            .with(Field::Digests, digests);
        // Nothing here is what a reader takes: no outcome begins with the word that it needs.
        let taken: Vec<u64> = read_back(&draft, readers);
        prop_assert!(taken.iter().all(|of| *of == event && event == EVENT_ANCHOR), "{:?}", taken);
    }
}

/// Items such as readers may meet, of kinds and lengths that do and do not fit.
fn fields() -> impl Strategy<Value = Vec<Value>> {
    let item = prop_oneof![
        Just(Value::Null),
        any::<u64>().prop_map(Value::Unsigned),
        any::<[u8; 32]>().prop_map(|digest| Value::Bytes(digest.to_vec())),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        "[a-z ]{0,8}".prop_map(Value::Text),
    ];
    let nested = prop_oneof![
        3 => item.clone(),
        1 => prop::collection::vec(item, 0..4).prop_map(Value::Array),
    ];
    prop::collection::vec(nested, 0..5)
}

#[test]
fn a_token_that_is_too_long_is_entered_by_its_digest_alone() {
    for (length, is_there) in [(MAX_TOKEN_BYTES, true), (MAX_TOKEN_BYTES + 1, false)] {
        let stamp = TimestampEntry::of_token(3, [1; 32], &vec![7; length]);
        assert_eq!(stamp.token.is_some(), is_there);
        let draft = stamp.draft();
        let origin = "o".repeat(255);
        let suite = audit_log::LogSuite::Dual;
        assert!(
            draft.check(&origin, suite).is_ok(),
            "{length} bytes fit an entry"
        );
        assert_eq!(read_back(&draft, TimestampEntry::read), Some(stamp));
    }
}

#[test]
fn a_token_of_another_digest_is_not_read() {
    let mut stamp = TimestampEntry::of_token(3, [1; 32], b"token");
    stamp.token_digest[0] ^= 1;
    assert_eq!(read_back(&stamp.draft(), TimestampEntry::read), None);
}

#[test]
fn one_item_more_or_less_is_not_read() {
    let stepped = |count: usize| {
        let times = std::iter::repeat_n(Value::Unsigned(1), count);
        Draft::new(EVENT_CLOCK_STEP)
            .with(Field::Object, vec![Value::from("ntp")])
            .with(
                Field::Outcome,
                std::iter::once(Value::from("stepped"))
                    .chain(times)
                    .collect(),
            )
    };
    for count in 0..6 {
        let found = read_back(&stepped(count), ClockStepEntry::read);
        assert_eq!(found.is_some(), count == 3, "{count} times");
    }
}

#[test]
fn a_step_back_is_negative() {
    let step = |after| ClockStepEntry {
        source: "system".to_owned(),
        wall_before_ns: 1_000,
        wall_after_ns: after,
        monotonic_ns: 50,
    };
    assert_eq!(step(1_050).step_ns(), 0);
    assert_eq!(step(900).step_ns(), -150);
    assert_eq!(step(2_000).step_ns(), 950);
}

#[test]
fn keys_of_every_kind_sign_the_statement_of_a_rotation() {
    let origin = "city.example/log";
    for kind in [
        KeyKind::Ed25519,
        KeyKind::Ed25519Cosignature,
        KeyKind::MlDsa44Cosignature,
        KeyKind::Sm2Sm3,
    ] {
        let made = signer::generate(kind, origin).expect("makes a key");
        let key = FileSigner::from_pem(origin, kind, &made.private_text).expect("reads it");
        let vkey = key.key().to_string();
        let statement = KeyRotateEntry::statement(origin, KeyPurpose::Log, "old+1+a", &vkey);
        let text = KeyRotateEntry::signed_text(origin, &statement).expect("is a checkpoint");
        let note = sign_note(&text, &[&key], 7).expect("signs");
        note.verify([key.key()]).expect("verifies");
        let rotation = KeyRotateEntry {
            purpose: KeyPurpose::Log,
            old_key: "old+1+a".to_owned(),
            new_key: vkey,
            old_signature: vec![1],
            new_signature: note.signatures()[0].signature().to_vec(),
        };
        assert_eq!(
            read_back(&rotation.draft(), KeyRotateEntry::read),
            Some(rotation),
            "{kind}"
        );
    }
    assert!(KeyRotateEntry::signed_text("a name", "").is_err());
}
