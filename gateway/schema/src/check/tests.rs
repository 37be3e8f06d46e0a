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

fn check_observation(change: impl FnOnce(&mut Observation), expected: &[&str]) {
    let mut changed = observation();
    change(&mut changed);
    check_findings(Entity::Observation(changed), expected);
}

fn check_party(change: impl FnOnce(&mut Party), expected: &[&str]) {
    let mut changed = party();
    change(&mut changed);
    check_findings(Entity::Party(Box::new(changed)), expected);
}

fn check_case(change: impl FnOnce(&mut Case), expected: &[&str]) {
    let mut changed = case();
    change(&mut changed);
    check_findings(Entity::Case(Box::new(changed)), expected);
}

#[test]
fn records_in_order_have_no_findings() {
    check_observation(|_| {}, &[]);
    check_party(|_| {}, &[]);
    check_case(|_| {}, &[]);
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
fn what_an_observation_lacks_is_named() {
    let all = [
        "schema.missing observation.mn",
        "schema.missing observation.cn",
        "schema.missing observation.data_time",
        "schema.missing observation.factor",
        "schema.missing observation.stat",
        "schema.missing observation.value",
    ];
    check_findings(Entity::Observation(Observation::default()), &all);
}

#[test]
fn values_of_observations_are_held_to_their_form() {
    let value = |o: &mut Observation, text: &str| o.value = Some(quantity(text, "mg/m3"));
    for text in ["NaN", "1e5", "35,2", "３５", " 1"] {
        check_observation(
            |o| value(o, text),
            &["schema.decimal observation.value.value"],
        );
    }
    check_observation(
        |o| value(o, ""),
        &["schema.missing observation.value.value"],
    );
    let not_detected = Quantity {
        qualifier: Qualifier::NotDetected.into(),
        ..quantity("", "mg/m3")
    };
    check_observation(|o| o.value = Some(not_detected), &[]);
}

#[test]
fn units_of_observations_are_held_to_their_factor() {
    let unit = |o: &mut Observation, unit: &str| o.value = Some(quantity("1", unit));
    check_observation(|o| unit(o, "ug/m3"), &[]);
    check_observation(|o| unit(o, ""), &["schema.no-unit observation.value.unit"]);
    check_observation(
        |o| unit(o, "mg/m³"),
        &["schema.unknown-unit observation.value.unit"],
    );
    check_observation(
        |o| unit(o, "kg"),
        &["schema.unit-kind observation.value.unit"],
    );
    check_observation(
        |o| {
            unit(o, "kg");
            o.stat = Statistic::Cou.into();
        },
        &[],
    );
    let source = |source: UnitSource| {
        move |o: &mut Observation| {
            o.value = Some(Quantity {
                unit_source: source.into(),
                ..quantity("1", "mg/m3")
            })
        }
    };
    check_observation(
        source(UnitSource::Assumed),
        &["schema.assumed-unit observation.value.unit_source"],
    );
    check_observation(
        source(UnitSource::Unspecified),
        &["schema.missing observation.value.unit_source"],
    );
}

#[test]
fn factors_intervals_and_times_of_observations_are_held_to_the_standard() {
    check_observation(
        |o| o.factor = "02".to_owned(),
        &["factor.legacy observation.factor"],
    );
    check_observation(
        |o| o.factor = "a99999".to_owned(),
        &["factor.unknown observation.factor"],
    );
    check_observation(|o| o.factor = "Leq".to_owned(), &[]);
    check_observation(
        |o| o.interval_s = 59,
        &["schema.range observation.interval_s"],
    );
    check_observation(
        |o| o.mn = "abc".to_owned(),
        &["schema.range observation.mn"],
    );
    check_observation(|o| o.stat = 99, &["schema.missing observation.stat"]);
    let broken = DateTime {
        text: "2026-02-30".to_owned(),
        ..time("2026-02-28").expect("a day")
    };
    check_observation(
        |o| o.data_time = Some(broken),
        &["schema.date-time observation.data_time"],
    );
    let other_offset = DateTime {
        offset: "+00:00".to_owned(),
        ..time("20260901080000").expect("a time")
    };
    check_observation(
        |o| o.data_time = Some(other_offset),
        &["schema.date-time observation.data_time"],
    );
}

#[test]
fn parties_are_held_to_the_rules_of_their_identifiers() {
    check_party(
        |p| p.credit_code.clear(),
        &["schema.missing party.credit_code"],
    );
    let wrong = "91130200699229617Y".to_owned();
    check_party(
        |p| p.credit_code = wrong,
        &["credit-code.check-digit party.credit_code"],
    );
    check_party(
        |p| p.division = "150271".to_owned(),
        &["division.statistical-only party.division"],
    );
    check_party(
        |p| p.name = "鍖呭ご甯傜敓鎬佺幆澧冨眬".to_owned(),
        &["text.mojibake party.name"],
    );
    check_party(
        |p| p.is_key_unit = None,
        &["schema.missing party.is_key_unit"],
    );
    check_party(
        |p| p.industry = "44".to_owned(),
        &["schema.range party.industry"],
    );
    check_party(
        |p| p.kind = PartyKind::NaturalPerson.into(),
        &[
            "schema.missing party.person_name",
            "schema.personal-in-open-field party.name",
        ],
    );
}

#[test]
fn a_likely_credit_code_is_proposed_and_the_field_keeps_what_was_sent() {
    let sent = "9113O200699229617X";
    let mut party = party();
    party.credit_code = sent.to_owned();
    let findings = check(&record(Entity::Party(Box::new(party))));
    let finding = findings.first().expect("a letter O");
    assert_eq!(
        (finding.raw.as_str(), finding.proposal.as_str()),
        (sent, "91130200699229617X")
    );
    assert_eq!(finding.action(), Action::Proposed);
}

#[test]
fn values_of_personal_fields_never_stand_in_a_finding() {
    let wrong_id = "110105194912310021";
    let mut party = party();
    party.legal_rep_id = wrong_id.to_owned();
    party.legal_rep_name = "锟斤拷".to_owned();
    let manifest = WasteManifest {
        vehicle_plate: "蒙BI2345".to_owned(),
        ..WasteManifest::default()
    };
    for entity in [
        Entity::Party(Box::new(party)),
        Entity::WasteManifest(Box::new(manifest)),
    ] {
        let findings = check(&record(entity));
        let personal = ["resident-id.check-digit", "text.lost", "plate.letter-I"];
        let about: Vec<_> = findings
            .iter()
            .filter(|finding| personal.contains(&finding.rule.as_str()))
            .collect();
        assert!(!about.is_empty());
        for finding in about {
            assert_eq!(
                (finding.raw.as_str(), finding.proposal.as_str()),
                ("", ""),
                "{finding:?}"
            );
            assert!(!finding.text.contains(wrong_id));
        }
    }
}

#[test]
fn a_case_needs_two_officers() {
    check_case(
        |c| c.investigators.truncate(1),
        &["schema.too-few-officers case.investigators"],
    );
    check_case(
        |c| {
            let first = c.investigators[0].clone();
            c.investigators[1] = first;
        },
        &["schema.too-few-officers case.investigators"],
    );
    check_case(
        |c| c.investigators.clear(),
        &["schema.missing case.investigators"],
    );
    check_case(
        |c| c.investigators[1].card_no.clear(),
        &["schema.missing case.investigators[1].card_no"],
    );
}

#[test]
fn numbers_and_times_of_a_case_are_held_to_their_form() {
    check_case(
        |c| c.doc_nos[0].number = "包环立[2026]012号".to_owned(),
        &["document-number.normalised case.doc_nos[0].number"],
    );
    check_case(
        |c| c.doc_nos[0].number = "A1502025500002026090001".to_owned(),
        &[],
    );
    check_case(
        |c| c.decided_at = time("2026-08-01"),
        &["schema.order case.decided_at"],
    );
    check_case(|c| c.decided_at = time("2026-09-01"), &[]);
    check_case(|c| c.party_id = None, &["schema.missing case.party_id"]);
    check_case(
        |c| c.party_id = reference("Company", "credit-code", "91130200699229617Y"),
        &[
            "schema.unknown-entity case.party_id.entity",
            "credit-code.check-digit case.party_id.key",
        ],
    );
}

#[test]
fn a_reviewer_must_not_be_who_submitted() {
    let review = LegalReview {
        case_id: reference("Case", "document-number", "包环立〔2026〕12号"),
        round: 1,
        required_by: vec![1],
        submitted_at: time("2026-09-20"),
        submitted_by: "某甲".to_owned(),
        materials: vec!["调查报告".to_owned()],
        points: vec![ReviewedPoint {
            point: ReviewPoint::Facts.into(),
            result: PointResult::Ok.into(),
            ..ReviewedPoint::default()
        }],
        opinion: ReviewOpinion::Agree.into(),
        reviewer: Some(Reviewer {
            name: "某甲".to_owned(),
            ..Reviewer::default()
        }),
        opined_at: time("2026-09-22"),
        ..LegalReview::default()
    };
    let expected = ["schema.reviewer-not-independent legal_review.reviewer"];
    check_findings(Entity::LegalReview(Box::new(review)), &expected);
}

#[test]
fn weights_of_a_manifest_must_add_up() {
    let at_departure = |value| {
        Some(WeightAtEnds {
            departure: Some(quantity(value, "t")),
            arrival: None,
        })
    };
    let manifest = WasteManifest {
        gross_t: at_departure("72.34"),
        tare_t: at_departure("15.46"),
        net_t: at_departure("65.88"),
        ..WasteManifest::default()
    };
    let findings = check(&record(Entity::WasteManifest(Box::new(manifest))));
    let sum = findings
        .iter()
        .find(|finding| finding.rule == "weight.arith")
        .expect("72.34 - 15.46 is 56.88");
    assert_eq!(
        (sum.field.as_str(), sum.raw.as_str()),
        ("waste_manifest.net_t.departure", "65.88")
    );
}

#[test]
fn tracks_off_the_earth_are_reported_without_their_place() {
    let track = VehicleTrack {
        terminal_id: "013800138000".to_owned(),
        at: time("20260901080000"),
        position: Some(Position {
            longitude: "209.8".to_owned(),
            latitude: "40.6".to_owned(),
            ..Position::default()
        }),
        ..VehicleTrack::default()
    };
    let findings = check(&record(Entity::VehicleTrack(track)));
    assert_eq!(findings.len(), 1);
    assert_eq!(
        (findings[0].rule.as_str(), findings[0].raw.as_str()),
        ("schema.range", "")
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
