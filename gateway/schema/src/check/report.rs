//! Checks of clues and public reports.

use proto::v1::{
    Clue, ClueSource, ClueStatus, ClueSubject, ClueType, PollutionType, PublicReport,
    ReportChannel, ReportStatus,
};

use super::walk::{Path, Privacy, Walk};
use crate::decimal::Decimal;

/// A clue.
pub(super) fn clue(walk: &mut Walk, clue: &Clue) {
    let root = Path::root("clue");
    walk.choice(&root.at("source"), clue.source() != ClueSource::Unspecified);
    walk.choice(&root.at("type"), clue.r#type() != ClueType::Unspecified);
    walk.words(&root.at("native_type"), &clue.native_type, Privacy::Open);
    let subject = root.at("subject");
    if let Some(found) = walk.some(&subject, clue.subject.as_ref()) {
        clue_subject(walk, &subject, found);
    }
    let window = root.at("window");
    if let Some(found) = walk.some(&window, clue.window.as_ref()) {
        walk.window(&window, found);
    }
    for (index, evidence) in clue.evidence.iter().enumerate() {
        super::enforcement::evidence(walk, &root.nth("evidence", index), evidence);
    }
    confidence(walk, &root.at("confidence"), &clue.confidence);
    if let Some(dispatch) = &clue.dispatch {
        let path = root.at("dispatch");
        walk.words(&path.at("to_unit"), &dispatch.to_unit, Privacy::Open);
        walk.time(&path.at("at"), dispatch.at.as_ref());
        walk.time(&path.at("due"), dispatch.due.as_ref());
        walk.time(&path.at("feedback_at"), dispatch.feedback_at.as_ref());
    }
    walk.choice(&root.at("status"), clue.status() != ClueStatus::Unspecified);
    walk.legible(
        &root.at("description"),
        &clue.description,
        Privacy::Personal,
    );
    for (index, factor) in clue.factors.iter().enumerate() {
        walk.factor(&root.nth("factors", index), factor);
    }
}

fn clue_subject(walk: &mut Walk, path: &Path<'_>, subject: &ClueSubject) {
    let references = [
        ("site", &subject.site),
        ("outlet", &subject.outlet),
        ("device", &subject.device),
        ("manifest", &subject.manifest),
        ("party", &subject.party),
    ];
    // A clue about nothing cannot be followed up.
    if subject.vehicle.is_empty() && references.iter().all(|(_, reference)| reference.is_none()) {
        walk.missing(path);
    }
    for (name, reference) in references {
        walk.optional_reference(&path.at(name), reference.as_ref());
    }
    walk.plate(&path.at("vehicle"), &subject.vehicle);
}

/// A share between 0 and 1.
fn confidence(walk: &mut Walk, path: &Path<'_>, value: &str) {
    walk.decimal(path, value);
    let bounds = (Decimal::parse("0"), Decimal::parse("1"));
    if let (Some(share), (Some(low), Some(high))) = (Decimal::parse(value), bounds)
        && !(low..=high).contains(&share)
    {
        walk.report("schema.range", path, value);
    }
}

/// A public report. Everything about the reporter is personal and secret.
pub(super) fn public_report(walk: &mut Walk, report: &PublicReport) {
    let root = Path::root("public_report");
    walk.choice(
        &root.at("channel"),
        report.channel() != ReportChannel::Unspecified,
    );
    walk.required_time(&root.at("received_at"), report.received_at.as_ref());
    let target = root.at("target");
    if let Some(found) = walk.some(&target, report.target.as_ref()) {
        if found.name.is_empty()
            && found.address.is_empty()
            && found.position.is_none()
            && found.party_id.is_none()
        {
            walk.missing(&target);
        }
        walk.legible(&target.at("name"), &found.name, Privacy::Open);
        if let Some(position) = &found.position {
            walk.position(&target.at("position"), position, Privacy::Open);
        }
        walk.optional_reference(&target.at("party_id"), found.party_id.as_ref());
    }
    walk.choice(
        &root.at("pollution_type"),
        report.pollution_type() != PollutionType::Unspecified,
    );
    walk.words(&root.at("text"), &report.text, Privacy::Personal);
    for (index, attachment) in report.attachments.iter().enumerate() {
        walk.digest(
            &root.nth("attachments", index).at("digest"),
            &attachment.digest,
        );
    }
    if let Some(reporter) = &report.reporter {
        walk.resident_id(&root.at("reporter").at("id"), &reporter.id);
    }
    walk.some(&root.at("real_name"), report.real_name.as_ref());
    walk.choice(
        &root.at("status"),
        report.status() != ReportStatus::Unspecified,
    );
    walk.time(&root.at("feedback_at"), report.feedback_at.as_ref());
    walk.order(
        &root.at("feedback_at"),
        report.received_at.as_ref(),
        report.feedback_at.as_ref(),
    );
    if let Some(reward) = &report.reward {
        let path = root.at("reward");
        walk.time(&path.at("paid_at"), reward.paid_at.as_ref());
    }
}
