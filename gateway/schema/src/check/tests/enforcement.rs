//! Cases and reviews.

use super::*;

fn check_case(change: impl FnOnce(&mut Case), expected: &[&str]) {
    let mut changed = case();
    change(&mut changed);
    check_findings(Entity::Case(Box::new(changed)), expected);
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
