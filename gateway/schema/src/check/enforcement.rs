//! Checks of evidence, inspections and cases.

use proto::v1::{
    Case, CaseSource, CaseStatus, DocumentNumber, Evidence, EvidenceKind, Inspection, LegalBasis,
    Officer,
};

use super::walk::{Path, Privacy, Walk};

/// A piece of evidence, by itself or within another record.
pub(super) fn evidence(walk: &mut Walk, path: &Path<'_>, evidence: &Evidence) {
    walk.choice(
        &path.at("kind"),
        evidence.kind() != EvidenceKind::Unspecified,
    );
    walk.digest(&path.at("digest"), &evidence.digest);
    walk.text(&path.at("media_type"), &evidence.media_type);
    walk.required_time(&path.at("captured_at"), evidence.captured_at.as_ref());
    walk.text(&path.at("captured_by"), &evidence.captured_by);
    let place = path.at("place");
    if let Some(position) = walk
        .some(&place, evidence.place.as_ref())
        .and_then(|place| place.position.as_ref())
    {
        walk.position(&place.at("position"), position, Privacy::Personal);
    }
    walk.optional_reference(&path.at("device_id"), evidence.device_id.as_ref());
    walk.text(&path.at("purpose"), &evidence.purpose);
    for (index, event) in evidence.custody.iter().enumerate() {
        let path = path.nth("custody", index);
        walk.required_time(&path.at("at"), event.at.as_ref());
        walk.text(&path.at("to"), &event.to);
    }
    walk.some(
        &path.at("contains_personal"),
        evidence.contains_personal.as_ref(),
    );
    if let Some(review) = &evidence.review {
        walk.required_time(&path.at("review").at("at"), review.at.as_ref());
    }
}

/// An inspection.
pub(super) fn inspection(walk: &mut Walk, inspection: &Inspection) {
    let root = Path::root("inspection");
    for (index, clue) in inspection.clue_ids.iter().enumerate() {
        walk.reference(&root.nth("clue_ids", index), clue);
    }
    officers(walk, &root, "officers", &inspection.officers);
    walk.required_time(&root.at("start"), inspection.start.as_ref());
    walk.required_time(&root.at("end"), inspection.end.as_ref());
    walk.order(&root, inspection.start.as_ref(), inspection.end.as_ref());
    walk.required_reference(&root.at("party_id"), inspection.party_id.as_ref());
    walk.required_reference(&root.at("site_id"), inspection.site_id.as_ref());
    walk.words(
        &root.at("findings"),
        &inspection.findings,
        Privacy::Personal,
    );
    for (index, document) in inspection.documents.iter().enumerate() {
        evidence(walk, &root.nth("documents", index), document);
    }
    walk.list(&root.at("documents"), &inspection.documents);
    walk.optional_reference(&root.at("video_record"), inspection.video_record.as_ref());
    if let Some(rectification) = &inspection.rectification {
        let path = root.at("rectification");
        walk.document_number(&path.at("doc_no"), &rectification.doc_no);
        walk.time(&path.at("deadline"), rectification.deadline.as_ref());
    }
}

/// Officers who must be two at least, each named with a card (行政处罚法 art. 42).
fn officers(walk: &mut Walk, root: &Path<'_>, field: &str, officers: &[Officer]) {
    let path = root.at(field);
    if officers.is_empty() {
        walk.missing(&path);
        return;
    }
    // The same card twice is one officer.
    let is_repeated = |index: usize, officer: &Officer| {
        officers
            .iter()
            .take(index)
            .any(|other| !officer.card_no.is_empty() && other.card_no == officer.card_no)
    };
    let distinct = officers
        .iter()
        .enumerate()
        .filter(|(index, officer)| !is_repeated(*index, officer))
        .count();
    if distinct < 2 {
        walk.report("schema.too-few-officers", &path, "");
    }
    for (index, officer) in officers.iter().enumerate() {
        let path = root.nth(field, index);
        walk.words(&path.at("name"), &officer.name, Privacy::Personal);
        walk.text(&path.at("card_no"), &officer.card_no);
    }
}

/// A case.
pub(super) fn case(walk: &mut Walk, case: &Case) {
    let root = Path::root("case");
    walk.list(&root.at("doc_nos"), &case.doc_nos);
    for (index, document) in case.doc_nos.iter().enumerate() {
        document_number(walk, &root.nth("doc_nos", index), document);
    }
    walk.choice(&root.at("source"), case.source() != CaseSource::Unspecified);
    let cause = root.at("cause");
    if let Some(found) = walk.some(&cause, case.cause.as_ref()) {
        walk.words(&cause.at("text"), &found.text, Privacy::Open);
    }
    walk.required_reference(&root.at("party_id"), case.party_id.as_ref());
    walk.optional_reference(&root.at("site_id"), case.site_id.as_ref());
    let conduct = root.at("conduct");
    if let Some(found) = walk.some(&conduct, case.conduct.as_ref()) {
        walk.required_time(&conduct.at("from"), found.from.as_ref());
        walk.time(&conduct.at("to"), found.to.as_ref());
        walk.order(&conduct, found.from.as_ref(), found.to.as_ref());
    }
    walk.list(&root.at("legal_basis"), &case.legal_basis);
    for (index, basis) in case.legal_basis.iter().enumerate() {
        legal_basis(walk, &root.nth("legal_basis", index), basis);
    }
    officers(walk, &root, "investigators", &case.investigators);
    walk.choice(&root.at("status"), case.status() != CaseStatus::Unspecified);
    let filed = case.filed_at.as_ref();
    for (name, time) in [
        ("filed_at", filed),
        ("decided_at", case.decided_at.as_ref()),
        ("closed_at", case.closed_at.as_ref()),
    ] {
        walk.time(&root.at(name), time);
    }
    walk.order(&root.at("decided_at"), filed, case.decided_at.as_ref());
    walk.order(&root.at("closed_at"), filed, case.closed_at.as_ref());
    walk.legible(&root.at("title"), &case.title, Privacy::Open);
}

/// A number of a document of a case. Police case numbers and filing numbers of
/// other agencies have other forms; only what looks like a document number is
/// held to its canonical form.
fn document_number(walk: &mut Walk, path: &Path<'_>, document: &DocumentNumber) {
    walk.text(&path.at("kind"), &document.kind);
    let number = path.at("number");
    walk.text(&number, &document.number);
    if crate::document_number::canonical(&document.number).is_some() {
        walk.document_number(&number, &document.number);
    }
}

fn legal_basis(walk: &mut Walk, path: &Path<'_>, basis: &LegalBasis) {
    walk.words(&path.at("law"), &basis.law, Privacy::Open);
    walk.text(&path.at("version"), &basis.version);
    walk.text(&path.at("article"), &basis.article);
    walk.required_time(&path.at("force_at"), basis.force_at.as_ref());
}
