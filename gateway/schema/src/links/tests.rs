//! What records of each kind are found by, and the form of case numbers.

use proptest::prelude::*;
use proto::v1::*;

use super::*;

fn time(text: &str) -> Option<DateTime> {
    date_time::read(text).value
}

fn reference(entity: &str, key_kind: &str, key: &str) -> Option<Reference> {
    let [entity, key_kind, key] = [entity, key_kind, key].map(str::to_owned);
    Some(Reference {
        entity,
        key_kind,
        key,
        raw: String::new(),
    })
}

fn record(entity: Entity) -> Record {
    Record {
        envelope: None,
        entity: Some(entity),
    }
}

fn check_normalised(text: &str, expected: &str) {
    assert_eq!(normalise_case_number(text), expected, "{text:?}");
    assert_eq!(normalise_case_number(expected), expected, "{expected:?}");
}

#[test]
fn case_numbers_are_found_in_any_spelling() {
    check_normalised("包环立[2026]第012号", "包环立〔2026〕12号");
    check_normalised("包 环 立〔2026〕12 号", "包环立〔2026〕12号");
    check_normalised("a1502025500002026090001", "A1502025500002026090001");
    check_normalised("Ａ1502 0255 0000", "A150202550000");
    check_normalised("\u{200b}", "");
    check_normalised(
        &format!("包环立{}〔2026〕12号", " ".repeat(300)),
        "包环立〔2026〕12号",
    );
}

#[test]
fn an_observation_is_found_by_device_and_time() {
    let record = record(Entity::Observation(Observation {
        mn: "010000A8900016F000169DC0".to_owned(),
        data_time: time("20260901080500"),
        ..Observation::default()
    }));
    let links = links(&record);
    assert_eq!(links.entity, "Observation");
    assert_eq!(links.device.as_deref(), Some("010000A8900016F000169DC0"));
    assert_eq!(links.time, Some((1_788_221_100_000, 1_788_221_101_000)));
    assert!(matches!(links.device, Some(Cow::Borrowed(_))));
    assert!(links.party.is_empty() && links.case_numbers.is_empty());
}

#[test]
fn a_case_is_found_by_party_numbers_and_time() {
    let number = |text: &str| DocumentNumber {
        kind: "filing".to_owned(),
        number: text.to_owned(),
    };
    let record = record(Entity::Case(Box::new(Case {
        doc_nos: vec![
            number("包环立[2026]12号"),
            number("A1502025500002026090001"),
            number("包环立〔2026〕012号"),
        ],
        party_id: reference("Party", "credit-code", "91130200699229617X"),
        site_id: reference("Site", "permit", "91130200699229617X001P"),
        conduct: Some(Conduct {
            from: time("2026-08-20"),
            ..Conduct::default()
        }),
        filed_at: time("2026-09-01"),
        ..Case::default()
    })));
    let links = links(&record);
    assert_eq!(
        links.case_numbers,
        ["包环立〔2026〕12号", "A1502025500002026090001"]
    );
    // The permit names the same holder, who is listed once.
    assert_eq!(links.party, ["91130200699229617X"]);
    let (from, to) = links.time.expect("conduct and filing are known");
    assert_eq!(to - from, 13 * 86_400_000);
}

#[test]
fn a_natural_person_is_not_found_by_name() {
    let record = record(Entity::Party(Box::new(Party {
        person_name: "某某".to_owned(),
        ..Party::default()
    })));
    assert!(links(&record).party.is_empty());
}

#[test]
fn a_party_without_a_code_is_found_by_name() {
    let party = Party {
        name: "包头市某某有限公司".to_owned(),
        ..Party::default()
    };
    let record = record(Entity::Party(Box::new(party)));
    assert_eq!(links(&record).party, ["包头市某某有限公司"]);
}

#[test]
fn a_clue_is_found_by_everything_its_subject_names() {
    let record = record(Entity::Clue(Box::new(Clue {
        native_id: "yc-2026-0007".to_owned(),
        subject: Some(ClueSubject {
            party: reference("Party", "name", "包头市某某有限公司"),
            device: reference("Device", "mn", "010000A8900016F000169DC0"),
            ..ClueSubject::default()
        }),
        window: Some(TimeWindow {
            from: time("20260901080000"),
            to: None,
        }),
        ..Clue::default()
    })));
    let links = links(&record);
    assert_eq!(links.party, ["包头市某某有限公司"]);
    assert_eq!(links.device.as_deref(), Some("010000A8900016F000169DC0"));
    assert_eq!(links.case_numbers, ["YC-2026-0007"]);
    assert!(links.time.is_some());
}

#[test]
fn a_transfer_is_found_by_its_own_number_and_by_its_case() {
    let record = record(Entity::CaseTransfer(Box::new(CaseTransfer {
        doc_no: "包环移(2026)3号".to_owned(),
        case_id: reference("Case", "document-number", "包环立〔2026〕12号"),
        report_at: time("2026-09-10"),
        state_history: vec![TransferEvent {
            at: time("2026-09-20 10:00:00"),
            doc_no: "A1502025500002026090001".to_owned(),
            ..TransferEvent::default()
        }],
        ..CaseTransfer::default()
    })));
    let links = links(&record);
    assert_eq!(
        links.case_numbers,
        [
            "包环移〔2026〕3号",
            "包环立〔2026〕12号",
            "A1502025500002026090001"
        ]
    );
    let (from, to) = links.time.expect("two times are known");
    assert_eq!(to - from, (10 * 24 + 10) * 3_600_000 + 1000);
}

#[test]
fn a_record_without_entity_is_found_by_nothing() {
    assert_eq!(links(&Record::default()), Links::default());
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(text in "\\PC*|[包环立〔〕()a-zA-Z0-9 第号\u{3000}]{0,40}") {
        let once = normalise_case_number(&text);
        prop_assert_eq!(normalise_case_number(&once), once.clone());
    }
}
