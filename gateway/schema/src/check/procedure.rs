//! Checks of transfers, reviews, decisions and deadlines.

use proto::v1::{
    CaseTransfer, Deadline, LegalReview, PenaltyDecision, PointResult, ReviewOpinion, ReviewPoint,
    Severity, TransferKind, TransferState,
};

use super::walk::{Path, Privacy, Walk};

/// A transfer of a case. Each side knows only its own half of the times, so a
/// time that is missing is worth knowing, no more.
pub(super) fn transfer(walk: &mut Walk, transfer: &CaseTransfer) {
    let root = Path::root("case_transfer");
    walk.choice(
        &root.at("kind"),
        transfer.kind() != TransferKind::Unspecified,
    );
    walk.required_reference(&root.at("case_id"), transfer.case_id.as_ref());
    let number = root.at("doc_no");
    walk.text(&number, &transfer.doc_no);
    walk.document_number(&number, &transfer.doc_no);
    walk.text(&root.at("from_agency"), &transfer.from_agency);
    walk.text(&root.at("to_agency"), &transfer.to_agency);
    times(walk, &root, transfer);
    for (index, material) in transfer.materials.iter().enumerate() {
        let path = root.nth("materials", index);
        if !(1..=7).contains(&material.seq) {
            walk.report("schema.range", &path.at("seq"), &material.seq.to_string());
        }
        walk.words(&path.at("name"), &material.name, Privacy::Open);
    }
    for (index, suspect) in transfer.suspects.iter().enumerate() {
        let path = root.nth("suspects", index);
        walk.words(&path.at("name"), &suspect.name, Privacy::Personal);
        walk.resident_id(&path.at("id"), &suspect.id);
    }
    for (index, item) in transfer.property_list.iter().enumerate() {
        let path = root.nth("property_list", index);
        walk.words(&path.at("name"), &item.name, Privacy::Open);
        if let Some(quantity) = walk.some(&path.at("qty"), item.qty.as_ref()) {
            walk.decimal(&path.at("qty").at("value"), &quantity.value);
        }
    }
    walk.choice(
        &root.at("state"),
        transfer.state() != TransferState::Unspecified,
    );
    for (index, event) in transfer.state_history.iter().enumerate() {
        let path = root.nth("state_history", index);
        walk.choice(
            &path.at("state"),
            event.state() != TransferState::Unspecified,
        );
        walk.required_time(&path.at("at"), event.at.as_ref());
        walk.document_number(&path.at("doc_no"), &event.doc_no);
    }
}

fn times(walk: &mut Walk, root: &Path<'_>, transfer: &CaseTransfer) {
    // States are numbered in the order of the flow up to the receipt (17号 art. 7 to 9).
    let state = transfer.state;
    let reached = |first: TransferState| {
        state >= i32::from(first) && state != i32::from(TransferState::Rejected)
    };
    let times = [
        (
            "report_at",
            transfer.report_at.as_ref(),
            reached(TransferState::Reported),
        ),
        (
            "decided_at",
            transfer.decided_at.as_ref(),
            reached(TransferState::Approved),
        ),
        (
            "handed_at",
            transfer.handed_at.as_ref(),
            reached(TransferState::Handed),
        ),
        (
            "receipt_at",
            transfer.receipt_at.as_ref(),
            reached(TransferState::Received),
        ),
    ];
    let mut earlier = None;
    for (name, time, is_due) in times {
        let path = root.at(name);
        if time.is_none() && is_due {
            walk.report_as(Severity::Info, "schema.missing", &path, "");
        }
        walk.time(&path, time);
        walk.order(&path, earlier, time);
        earlier = time.or(earlier);
    }
}

/// A legal review. The reviewer may not be who submitted it.
pub(super) fn review(walk: &mut Walk, review: &LegalReview) {
    let root = Path::root("legal_review");
    walk.required_reference(&root.at("case_id"), review.case_id.as_ref());
    if review.round == 0 {
        walk.missing(&root.at("round"));
    }
    walk.list(&root.at("required_by"), &review.required_by);
    walk.required_time(&root.at("submitted_at"), review.submitted_at.as_ref());
    walk.text(&root.at("submitted_by"), &review.submitted_by);
    walk.list(&root.at("materials"), &review.materials);
    walk.list(&root.at("points"), &review.points);
    for (index, point) in review.points.iter().enumerate() {
        let path = root.nth("points", index);
        walk.choice(&path.at("point"), point.point() != ReviewPoint::Unspecified);
        walk.choice(
            &path.at("result"),
            point.result() != PointResult::Unspecified,
        );
        walk.legible(&path.at("text"), &point.text, Privacy::Personal);
    }
    walk.choice(
        &root.at("opinion"),
        review.opinion() != ReviewOpinion::Unspecified,
    );
    let reviewer = root.at("reviewer");
    if let Some(found) = walk.some(&reviewer, review.reviewer.as_ref()) {
        walk.words(&reviewer.at("name"), &found.name, Privacy::Personal);
        if !found.name.is_empty() && found.name == review.submitted_by {
            walk.report("schema.reviewer-not-independent", &reviewer, "");
        }
        if found.legal_qualified == Some(false) {
            walk.report(
                "schema.reviewer-not-qualified",
                &reviewer.at("legal_qualified"),
                "",
            );
        }
    }
    walk.required_time(&root.at("opined_at"), review.opined_at.as_ref());
    walk.order(
        &root.at("opined_at"),
        review.submitted_at.as_ref(),
        review.opined_at.as_ref(),
    );
    walk.legible(
        &root.at("opinion_text"),
        &review.opinion_text,
        Privacy::Personal,
    );
    walk.document_number(&root.at("doc_no"), &review.doc_no);
}

/// A penalty decision.
pub(super) fn decision(walk: &mut Walk, decision: &PenaltyDecision) {
    let root = Path::root("penalty_decision");
    let number = root.at("decision_no");
    walk.text(&number, &decision.decision_no);
    walk.document_number(&number, &decision.decision_no);
    walk.required_reference(&root.at("case_id"), decision.case_id.as_ref());
    walk.list(&root.at("penalties"), &decision.penalties);
    for (index, penalty) in decision.penalties.iter().enumerate() {
        let path = root.nth("penalties", index);
        walk.text(&path.at("type"), &penalty.r#type);
        walk.decimal(&path.at("amount_yuan"), &penalty.amount_yuan);
        walk.words(&path.at("content"), &penalty.content, Privacy::Open);
    }
    walk.some(&root.at("discretion"), decision.discretion.as_ref());
    let decided = decision.decided_at.as_ref();
    walk.required_time(&root.at("decided_at"), decided);
    for (name, time) in [
        ("served_at", decision.served_at.as_ref()),
        ("published_at", decision.published_at.as_ref()),
    ] {
        let path = root.at(name);
        // A decision is sent before it is served and published.
        if time.is_none() {
            walk.report_as(Severity::Info, "schema.missing", &path, "");
        }
        walk.time(&path, time);
        walk.order(&path, decided, time);
    }
    if let Some(executed) = &decision.executed {
        let path = root.at("executed");
        walk.text(&path.at("amount"), &executed.amount);
        walk.decimal(&path.at("amount"), &executed.amount);
        walk.decimal(&path.at("late_fee"), &executed.late_fee);
        walk.time(&path.at("at"), executed.at.as_ref());
    }
}

/// A deadline; derived as a whole, so only its form is checked.
pub(super) fn deadline(walk: &mut Walk, deadline: &Deadline) {
    let root = Path::root("deadline");
    walk.text(&root.at("rule_id"), &deadline.rule_id);
    walk.required_reference(&root.at("subject"), deadline.subject.as_ref());
    walk.required_time(&root.at("start"), deadline.start.as_ref());
    walk.required_time(&root.at("due"), deadline.due.as_ref());
    walk.order(&root, deadline.start.as_ref(), deadline.due.as_ref());
    walk.text(&root.at("calendar"), &deadline.calendar);
    for (index, window) in deadline.paused.iter().enumerate() {
        walk.window(&root.nth("paused", index), window);
    }
}
