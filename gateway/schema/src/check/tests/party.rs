//! Parties, and that personal values stay out of findings.

use super::*;

fn check_party(change: impl FnOnce(&mut Party), expected: &[&str]) {
    let mut changed = party();
    change(&mut changed);
    check_findings(Entity::Party(Box::new(changed)), expected);
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
