//! Records in order, records with nothing, derived fields and hostile text.
//!
//! The modules below check the rules of single entities with the samples here.

mod enforcement;
mod monitoring;
mod party;

use proptest::prelude::*;
use proto::v1::*;

use super::*;
use crate::date_time;
use record::Entity;

fn time(text: &str) -> Option<DateTime> {
    date_time::read(text).value
}

fn quantity(value: &str, unit: &str) -> Quantity {
    Quantity {
        value: value.to_owned(),
        unit: unit.to_owned(),
        unit_source: UnitSource::DeviceConfig.into(),
        ..Quantity::default()
    }
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

fn observation() -> Observation {
    Observation {
        mn: "010000A8900016F000169DC0".to_owned(),
        cn: 2061,
        data_time: time("20260901080000"),
        interval_s: 3600,
        factor: "a21026".to_owned(),
        stat: Statistic::Avg.into(),
        value: Some(quantity("35.2", "mg/m3")),
        ..Observation::default()
    }
}

fn party() -> Party {
    Party {
        kind: PartyKind::Enterprise.into(),
        name: "河钢股份有限公司唐山分公司".to_owned(),
        credit_code: "91130200699229617X".to_owned(),
        division: "150203".to_owned(),
        is_key_unit: Some(true),
        ..Party::default()
    }
}

fn case() -> Case {
    let officer = |card: &str| Officer {
        name: "某某".to_owned(),
        card_no: card.to_owned(),
    };
    Case {
        doc_nos: vec![DocumentNumber {
            kind: "filing".to_owned(),
            number: "包环立〔2026〕12号".to_owned(),
        }],
        source: CaseSource::Inspection.into(),
        cause: Some(CaseCause {
            code: String::new(),
            text: "超标排放大气污染物".to_owned(),
        }),
        party_id: reference("Party", "credit-code", "91130200699229617X"),
        conduct: Some(Conduct {
            from: time("2026-08-20"),
            to: None,
            continuous: false,
        }),
        legal_basis: vec![LegalBasis {
            law: "生态环境法典".to_owned(),
            version: "2026".to_owned(),
            article: "1108".to_owned(),
            force_at: time("2026-08-15"),
            ..LegalBasis::default()
        }],
        investigators: vec![officer("15020001"), officer("15020002")],
        status: CaseStatus::Filed.into(),
        filed_at: time("2026-09-01"),
        ..Case::default()
    }
}

/// Checks rules and fields of the findings, written `rule field`.
fn check_findings(entity: Entity, expected: &[&str]) {
    let findings = check(&record(entity));
    let actual: Vec<String> = findings
        .iter()
        .map(|finding| format!("{} {}", finding.rule, finding.field))
        .collect();
    assert_eq!(actual, expected);
    for finding in findings {
        assert_ne!(finding.severity(), Severity::Unspecified, "{finding:?}");
        assert_ne!(finding.action(), Action::Unspecified, "{finding:?}");
    }
}

#[test]
fn records_in_order_have_no_findings() {
    check_findings(Entity::Observation(observation()), &[]);
    check_findings(Entity::Party(Box::new(party())), &[]);
    check_findings(Entity::Case(Box::new(case())), &[]);
}

#[test]
fn what_a_sound_record_says_too_is_not_reported_and_the_rest_is() {
    let sound = record(Entity::Observation(observation()));
    let mut other = observation();
    other.data_time = time("2026-02-30");
    other.mn = String::new();
    let other = record(Entity::Observation(other));
    assert_eq!(check_after(&sound, Some(&sound)), []);
    assert_eq!(check_after(&other, Some(&sound)), check(&other));
    let case = record(Entity::Case(Box::new(case())));
    assert_eq!(check_after(&other, Some(&case)), check(&other));
    assert_eq!(check(&other).len(), 2);
}

#[test]
fn a_record_without_entity_is_reported() {
    let findings = check(&Record::default());
    assert_eq!(
        findings.first().map(|finding| finding.rule.as_str()),
        Some("schema.no-entity")
    );
}

#[test]
fn derived_fields_of_a_sender_are_reported_and_cleared() {
    let mut sent = observation();
    sent.valid_for_enforcement = true;
    sent.outlet_id = reference("Outlet", "record-id", "x");
    let mut record = record(Entity::Observation(sent));
    let rules: Vec<_> = check(&record)
        .into_iter()
        .map(|finding| (finding.rule, finding.field))
        .collect();
    let expected = ["observation.valid_for_enforcement", "observation.outlet_id"]
        .map(|field| ("schema.derived-by-sender".to_owned(), field.to_owned()));
    assert_eq!(rules, expected);
    assert!(strip_derived(&mut record));
    assert_eq!(record.entity, Some(Entity::Observation(observation())));
    assert!(!strip_derived(&mut record));
    assert_eq!(check(&record), []);
}

#[test]
fn every_derived_field_is_cleared_once_reported() {
    let deadline = || Some(Deadline::default());
    let entities = [
        Entity::Party(Box::new(Party {
            credit_code_check: 1,
            ..party()
        })),
        Entity::Case(Box::new(Case {
            clock: Some(CaseClock::default()),
            ..case()
        })),
        Entity::WasteManifest(Box::new(WasteManifest {
            confirm_due: deadline(),
            ..WasteManifest::default()
        })),
        Entity::CaseTransfer(Box::new(CaseTransfer {
            deadlines: vec![Deadline::default()],
            ..CaseTransfer::default()
        })),
        Entity::PenaltyDecision(Box::new(PenaltyDecision {
            pay_due: deadline(),
            ..PenaltyDecision::default()
        })),
        Entity::VehicleTrack(VehicleTrack {
            plate: "蒙B12345".to_owned(),
            ..VehicleTrack::default()
        }),
    ];
    let derived = |record: &Record| {
        check(record)
            .iter()
            .filter(|finding| finding.rule == "schema.derived-by-sender")
            .count()
    };
    for entity in entities {
        let mut record = record(entity);
        assert_eq!(derived(&record), 1);
        assert!(strip_derived(&mut record));
        assert_eq!(derived(&record), 0);
    }
}

#[test]
fn empty_entities_of_every_kind_are_checked_without_panic() {
    let entities = [
        Entity::Party(Box::default()),
        Entity::Site(Box::default()),
        Entity::Outlet(Box::default()),
        Entity::Device(Box::default()),
        Entity::Exceedance(Box::default()),
        Entity::Clue(Box::default()),
        Entity::WasteManifest(Box::default()),
        Entity::VehicleTrack(VehicleTrack::default()),
        Entity::Evidence(Box::default()),
        Entity::Inspection(Box::default()),
        Entity::Case(Box::default()),
        Entity::CaseTransfer(Box::default()),
        Entity::LegalReview(Box::default()),
        Entity::PenaltyDecision(Box::default()),
        Entity::Deadline(Box::default()),
        Entity::PublicReport(Box::default()),
    ];
    for entity in entities {
        let name = entity.name();
        let findings = check(&record(entity));
        assert!(
            findings
                .iter()
                .any(|finding| finding.rule == "schema.missing"),
            "{name}"
        );
    }
}

proptest! {
    #[test]
    fn hostile_text_in_any_field_never_panics(text in "\\PC*", number in any::<i32>()) {
        let hostile = || DateTime { text: text.clone(), precision: number, offset: text.clone(), offset_assumed: true };
        let observation = Observation {
            mn: text.clone(), factor: text.clone(), stat: number, data_time: Some(hostile()), eflag: text.clone(),
            value: Some(Quantity { value: text.clone(), unit: text.clone(), unit_source: number, ..Quantity::default() }),
            ..Observation::default()
        };
        let party = Party {
            name: text.clone(), credit_code: text.clone(), legal_rep_id: text.clone(), division: text.clone(),
            industry: text.clone(), kind: number, ..Party::default()
        };
        let mut case = case();
        case.doc_nos[0].number.clone_from(&text);
        case.filed_at = Some(hostile());
        for entity in [Entity::Observation(observation), Entity::Party(Box::new(party)), Entity::Case(Box::new(case))] {
            let record = record(entity);
            let _ = (check(&record), crate::links(&record));
        }
    }
}
