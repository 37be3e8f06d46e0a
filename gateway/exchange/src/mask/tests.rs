//! Masking: what a reader without a grant must not learn, in fields and in findings.

use super::*;
use proto::v1::record::Entity;
use proto::v1::{Envelope, MessageOutcome, Observation, Party, Quarantine};

fn reader(granted: &[PersonalData]) -> Clearance {
    Clearance {
        sight: Sight::Processing,
        granted: granted.iter().map(|class| *class as i32).collect(),
        sees_every_class: granted == RESTRICTED,
    }
}

fn party() -> Record {
    let party = Party {
        name: "包头某某铝业有限公司".to_owned(),
        legal_rep_id: "11010519491231002X".to_owned(),
        legal_rep_name: "张某".to_owned(),
        ..Party::default()
    };
    let quote = Finding {
        field: "party.legal_rep_name".to_owned(),
        raw: " 张某".to_owned(),
        ..Finding::default()
    };
    let envelope = Envelope {
        quality: vec![quote],
        ..Envelope::default()
    };
    Record {
        envelope: Some(envelope),
        entity: Some(Entity::Party(Box::new(party))),
    }
}

fn party_of(record: &Record) -> &Party {
    match &record.entity {
        Some(Entity::Party(party)) => party,
        _ => panic!("the record holds a party"),
    }
}

#[test]
fn what_is_not_granted_is_masked_and_said_so() {
    let seen = reader(&[]).mask(party());
    assert_eq!(party_of(&seen).legal_rep_id, MASK);
    assert_eq!(party_of(&seen).legal_rep_name, MASK);
    assert_eq!(party_of(&seen).name, "包头某某铝业有限公司");
    let quality = &seen.envelope.as_ref().expect("is set").quality;
    assert_eq!(
        quality
            .iter()
            .filter(|finding| finding.rule == "personal-data.masked")
            .count(),
        2
    );
    assert!(
        quality.iter().all(|finding| finding.raw.is_empty()),
        "a finding still quotes: {quality:?}"
    );
}

#[test]
fn a_grant_shows_its_own_class_only() {
    let seen = reader(&[PersonalData::Personal]).mask(party());
    assert_eq!(party_of(&seen).legal_rep_name, "张某");
    assert_eq!(party_of(&seen).legal_rep_id, MASK);
}

#[test]
fn a_record_without_personal_data_is_not_touched() {
    let plain = Record {
        envelope: None,
        entity: Some(Entity::Observation(proto::v1::Observation::default())),
    };
    assert_eq!(reader(&[]).mask(plain.clone()), plain);
}

fn quote(field: &str) -> Finding {
    Finding {
        severity: Severity::Warning as i32,
        rule: "test.quote".to_owned(),
        field: field.to_owned(),
        raw: "张某".to_owned(),
        proposal: "张某".to_owned(),
        text: "张某 is not a name".to_owned(),
        ..Finding::default()
    }
}

fn observation(quality: Vec<Finding>) -> Record {
    Record {
        envelope: Some(Envelope {
            quality,
            ..Envelope::default()
        }),
        entity: Some(Entity::Observation(Observation::default())),
    }
}

fn says_nothing(finding: &Finding) -> bool {
    assert_eq!(finding.rule, "test.quote", "the rule stays");
    assert_eq!(
        finding.severity,
        Severity::Warning as i32,
        "the severity stays"
    );
    let texts = [&finding.raw, &finding.proposal, &finding.text];
    let empty = texts.iter().filter(|text| text.is_empty()).count();
    assert!(empty == 0 || empty == 3, "half emptied: {finding:?}");
    empty == 3
}

#[test]
fn a_finding_is_emptied_by_the_class_of_its_own_path() {
    let dropped = Record {
        entity: Some(Entity::Party(Box::default())),
        ..observation(Vec::new())
    };
    let check = |record: &Record, granted: &[PersonalData], field: &str, expected: bool| {
        let mut record = record.clone();
        let envelope = record.envelope.get_or_insert_default();
        envelope.quality = vec![quote(field)];
        let seen = reader(granted).mask(record);
        let quality = seen.envelope.expect("is set").quality;
        assert_eq!(says_nothing(&quality[0]), expected, "{field}");
    };
    for hidden in [
        "party.legal_rep_name",
        "party",
        "",
        "no.such.path",
        "party.no_such",
        "party.name.deeper",
        "legal_review.points[12].text",
        "clue.evidence[0].captured_by",
        "vehicle_track.at.text",
        "envelope.quality",
    ] {
        check(&dropped, &[], hidden, true);
        check(&dropped, &RESTRICTED, hidden, false);
    }
    for open in ["party.name", "observation.mn", "case.doc_nos[0].number"] {
        check(&dropped, &[], open, false);
    }
    let personal = [PersonalData::Personal];
    check(&dropped, &personal, "party.legal_rep_name", false);
    check(&dropped, &personal, "party.legal_rep_id", true);
    let plain = observation(Vec::new());
    check(&plain, &[], "", false);
    check(&plain, &[], "claimed_at", false);
    check(&plain, &[], "party.legal_rep_name", true);
    let nothing = Record {
        entity: None,
        ..plain
    };
    check(&nothing, &[], "", true);
}

#[test]
fn a_finding_about_a_message_is_open_only_when_no_record_of_it_is_personal() {
    let check = |records: Vec<Record>, field: &str, expected: bool| {
        let conversion = Conversion {
            records,
            findings: vec![quote(field)],
            ..Conversion::default()
        };
        let seen = reader(&[]).message_findings(&conversion, 9);
        assert_eq!(says_nothing(&seen[0]), expected, "{field}");
        let seen = reader(&RESTRICTED).message_findings(&conversion, 9);
        assert!(!says_nothing(&seen[0]), "{field}");
    };
    check(vec![observation(Vec::new())], "", false);
    check(vec![observation(Vec::new()), party()], "", true);
    check(vec![observation(Vec::new()), party()], "party.name", false);
    check(vec![observation(Vec::new())], "party.legal_rep_id", true);
}

#[test]
fn only_so_many_findings_about_a_message_go_with_a_record() {
    let conversion = Conversion {
        findings: vec![quote("observation.mn"); 7],
        ..Conversion::default()
    };
    assert_eq!(reader(&[]).message_findings(&conversion, 3).len(), 3);
}

#[test]
fn an_answer_to_a_sender_is_emptied_of_words_and_keeps_its_codes() {
    let outcome = MessageOutcome {
        records: 1,
        reply: b"ST=91".to_vec(),
        notable: vec![quote("observation.mn")],
        quarantine: Some(Quarantine {
            code: "test.bad".to_owned(),
            offset: 3,
            text: "张某".to_owned(),
        }),
        ..MessageOutcome::default()
    };
    let mut answer = SubmitResponse {
        outcomes: vec![outcome],
        ..SubmitResponse::default()
    };
    empty_answer(&mut answer);
    let outcome = &answer.outcomes[0];
    assert!(says_nothing(&outcome.notable[0]));
    assert!(outcome.reply.is_empty());
    let quarantine = outcome.quarantine.as_ref().expect("is kept");
    assert_eq!(
        (quarantine.code.as_str(), quarantine.text.as_str()),
        ("test.bad", "")
    );
    assert_eq!((outcome.records, quarantine.offset), (1, 3));
}
