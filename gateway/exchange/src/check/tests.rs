//! What a guest may and may not return.

use proto::v1::{Device, Envelope};

use super::*;

fn converted(conversion: &Conversion) -> Checked {
    check(
        &mut PlainReader::default(),
        0,
        Converted::Conversion(conversion.encode_to_vec()),
    )
}

fn code(checked: &Checked) -> &str {
    match &checked.outcome.quarantine {
        Some(quarantine) => &quarantine.code,
        None => "",
    }
}

fn warning(text: &str) -> Finding {
    Finding {
        severity: Severity::Warning as i32,
        rule: text.to_owned(),
        field: "party.name".to_owned(),
        raw: text.to_owned(),
        proposal: text.to_owned(),
        text: text.to_owned(),
        ..Finding::default()
    }
}

#[test]
fn what_needs_no_change_is_kept_as_the_guest_wrote_it() {
    // An unknown field 15 stays, because nothing is encoded again.
    let checked = check(
        &mut PlainReader::default(),
        0,
        Converted::Conversion(vec![0x7A, 1, b'x']),
    );
    assert_eq!(code(&checked), "");
    assert_eq!(*checked.part, [0x0A, 3, 0x7A, 1, b'x']);
}

#[test]
fn what_is_believed_can_be_decoded_as_it_is_kept() {
    // Groups of an unknown field, one inside the other.
    let nested = |depth: usize| {
        let mut bytes = Vec::new();
        for _ in 0..depth {
            prost::encoding::encode_varint(1000 << 3 | 3, &mut bytes);
        }
        for _ in 0..depth {
            prost::encoding::encode_varint(1000 << 3 | 4, &mut bytes);
        }
        bytes
    };
    let mut refused = 0;
    for depth in 90..110 {
        let checked = check(
            &mut PlainReader::default(),
            0,
            Converted::Conversion(nested(depth)),
        );
        assert!(MessageResult::decode(&*checked.part).is_ok(), "{depth}");
        if checked.outcome.quarantine.is_some() {
            assert_eq!(code(&checked), "adapter.bad-conversion", "{depth}");
            refused += 1;
        }
    }
    assert!(refused > 0 && refused < 20, "{refused}");
}

#[test]
fn bytes_that_would_take_too_much_memory_are_not_decoded() {
    let check = |bytes: Vec<u8>, expected: &str| {
        let checked = check(&mut PlainReader::default(), 0, Converted::Conversion(bytes));
        assert_eq!(code(&checked), expected);
        assert!(checked.part.len() < 1000);
    };
    let most = MAX_RECORDS_PER_MESSAGE;
    check([0x0A, 0].repeat(most + 1), "adapter.too-many-records");
    check([0x1A, 0].repeat(most + 1), "adapter.too-many-findings");
    check([0x0A, 0].repeat(most), "adapter.no-entity");
    // As many as may be: an observation with nothing in it gets findings of fifty times its size.
    check(observations(most), "adapter.too-large");
    check(vec![0; MAX_CONVERSION_BYTES + 1], "adapter.too-large");
    check(vec![0x0A, 5, 0], "adapter.bad-conversion");
}

fn observations(count: usize) -> Vec<u8> {
    let record = Record {
        envelope: None,
        entity: Some(Entity::Observation(proto::v1::Observation::default())),
    };
    let conversion = Conversion {
        records: vec![record; count],
        ..Conversion::default()
    };
    conversion.encode_to_vec()
}

#[test]
fn the_most_that_is_allowed_is_converted() {
    let checked = check(
        &mut PlainReader::default(),
        0,
        Converted::Conversion(observations(1000)),
    );
    assert_eq!(code(&checked), "");
    assert_eq!(checked.outcome.records, 1000);
    assert!(checked.outcome.findings >= 1000);
    let findings_only = check(
        &mut PlainReader::default(),
        0,
        Converted::Conversion([0x1A, 0].repeat(MAX_MESSAGE_FINDINGS)),
    );
    assert_eq!(
        findings_only.outcome.findings as usize,
        MAX_MESSAGE_FINDINGS
    );
    let reply = |length| {
        let conversion = Conversion {
            reply: vec![1; length],
            ..Conversion::default()
        };
        converted(&conversion)
    };
    assert_eq!(code(&reply(MAX_REPLY_BYTES)), "");
    assert_eq!(code(&reply(MAX_REPLY_BYTES + 1)), "adapter.too-large");
}

#[test]
fn only_a_short_lower_case_word_is_a_reason() {
    let check = |given: &str, expected: &str| {
        let rejected = Converted::Rejected {
            code: given.to_owned(),
            offset: 7,
            text: "a reason".to_owned(),
        };
        let checked = check(&mut PlainReader::default(), 0, rejected);
        assert_eq!(code(&checked), expected, "{given:?}");
        let quarantine = checked.outcome.quarantine.expect("is quarantined");
        assert_eq!((quarantine.offset, &*quarantine.text), (7, "a reason"));
    };
    let longest = "x".repeat(64);
    for given in ["hj212.crc-bad", "a", "0", &longest] {
        check(given, given);
    }
    let too_long = "x".repeat(65);
    for given in ["", "HJ212", "a b", "a_b", "包头", "a\n", "a/b", &too_long] {
        check(given, "adapter.bad-code");
    }
}

#[test]
fn a_long_sentence_is_cut_in_what_is_told_and_in_what_is_kept() {
    let rejected = Converted::Rejected {
        code: "test.bad".to_owned(),
        offset: 0,
        text: "包".repeat(1000),
    };
    let checked = check(&mut PlainReader::default(), 0, rejected);
    let told = checked.outcome.quarantine.clone().expect("is quarantined");
    assert_eq!(told.text, "包".repeat(341));
    let kept = MessageResult::decode(&*checked.part).expect("decodes");
    assert_eq!(outcome_of(&kept), checked.outcome);
}

#[test]
fn texts_of_findings_are_cut_in_what_is_told_and_whole_in_what_is_kept() {
    let long = "包".repeat(100);
    let conversion = Conversion {
        findings: vec![warning("short"), warning(&long)],
        ..Conversion::default()
    };
    let checked = converted(&conversion);
    assert_eq!(checked.outcome.notable[0], warning("short"));
    assert_eq!(checked.outcome.notable[1], warning(&"包".repeat(85)));
    assert_eq!(*checked.part, *wrap(&conversion.encode_to_vec()));
}

#[test]
fn a_finding_whose_path_is_cut_quotes_nothing() {
    let finding = Finding {
        field: "x".repeat(257),
        ..warning("secret")
    };
    let conversion = Conversion {
        findings: vec![finding],
        ..Conversion::default()
    };
    let told = &converted(&conversion).outcome.notable[0];
    assert_eq!(told.field.len(), 256);
    assert!(told.raw.is_empty() && told.proposal.is_empty() && told.text.is_empty());
}

#[test]
fn a_submission_is_told_a_thousand_findings_at_most() {
    let conversion = Conversion {
        findings: vec![warning("x"); 40],
        ..Conversion::default()
    };
    let mut outcomes = vec![converted(&conversion).outcome; 33];
    shorten(&mut outcomes);
    let told: Vec<usize> = outcomes.iter().map(|it| it.notable.len()).collect();
    assert_eq!(told[..31], [32; 31]);
    assert_eq!(told[31..], [8, 0]);
    assert!(outcomes.iter().all(|outcome| outcome.findings == 40));
}

#[test]
fn a_key_that_is_too_long_is_not_indexed() {
    let links = |length: usize| {
        let device = Device {
            native_id: "d".repeat(length),
            ..Device::default()
        };
        let record = Record {
            envelope: Some(Envelope::default()),
            entity: Some(Entity::Device(Box::new(device))),
        };
        let conversion = Conversion {
            records: vec![record],
            ..Conversion::default()
        };
        let mut checked = converted(&conversion);
        checked.runs.remove(0).links.len()
    };
    assert_eq!(links(256), 1);
    assert_eq!(links(257), 0);
}
