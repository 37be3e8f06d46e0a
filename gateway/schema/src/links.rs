//! What a record can be found by: its time, its parties, its device, its
//! document and case numbers.
//!
//! Reads one record; what several records say together is the index's. Names
//! of natural persons are never links, so that nobody is found by name alone.

use std::borrow::Cow;

use proto::v1::record::Entity;
use proto::v1::{Clue, DateTime, Record, Reference, WasteManifest};

use crate::{credit_code, date_time, document_number, text};

/// What a record can be found by. Borrows from the record where it can.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links<'a> {
    /// Name of the entity: `Observation`; empty for a record without one.
    pub entity: &'static str,
    /// Time the record speaks of, UTC milliseconds: first included, last
    /// excluded. An open interval ends where its start ends.
    pub time: Option<(i64, i64)>,
    /// Parties: credit code, or name where there is none.
    pub party: Vec<Cow<'a, str>>,
    /// Device: MN, camera id, terminal id.
    pub device: Option<Cow<'a, str>>,
    /// Case, document, manifest and report numbers, as
    /// [`normalise_case_number`] writes them.
    pub case_numbers: Vec<Cow<'a, str>>,
}

impl<'a> Links<'a> {
    /// Sets the time to the span of one time.
    fn at(&mut self, time: Option<&DateTime>) {
        self.time = time.and_then(date_time::span_ms);
    }

    /// Sets the time to the span between two times, either of which may be missing.
    fn between(&mut self, from: Option<&DateTime>, to: Option<&DateTime>) {
        let from = from.and_then(date_time::span_ms);
        let to = to.and_then(date_time::span_ms);
        self.time = match (from, to) {
            (Some(from), Some(to)) => Some((from.0.min(to.0), to.1.max(from.1))),
            (one, other) => one.or(other),
        };
    }

    /// Adds a party by its credit code, else by its name.
    fn party(&mut self, code: &'a str, name: &'a str) {
        let key = if code.is_empty() { name } else { code };
        if !key.is_empty() && !self.party.iter().any(|known| known == key) {
            self.party.push(Cow::Borrowed(key));
        }
    }

    /// Adds what a reference names. A permit also names its holder.
    fn reference(&mut self, reference: Option<&'a Reference>) {
        let Some(reference) = reference.filter(|reference| !reference.key.is_empty()) else {
            return;
        };
        match reference.key_kind.as_str() {
            "credit-code" | "name" if reference.entity == "Party" => self.party(&reference.key, ""),
            "permit" => {
                let holder = reference
                    .key
                    .get(..credit_code::LENGTH)
                    .filter(|code| credit_code::is_valid(code));
                self.party(holder.unwrap_or_default(), "");
            }
            "mn" | "camera-id" | "terminal-id" | "native-id" => self.device(&reference.key),
            "document-number" | "case-number" | "manifest-number" | "report-number" => {
                self.number(&reference.key)
            }
            _ => {}
        }
    }

    /// Sets the device, if there is none yet.
    fn device(&mut self, id: &'a str) {
        if !id.is_empty() {
            self.device.get_or_insert(Cow::Borrowed(id));
        }
    }

    /// Adds a case or document number in the form queries are brought to.
    fn number(&mut self, number: &'a str) {
        if number.is_empty() {
            return;
        }
        let key = case_number_key(number);
        if !key.is_empty() && !self.case_numbers.contains(&key) {
            self.case_numbers.push(key);
        }
    }
}

/// Returns what a record can be found by.
pub fn links(record: &Record) -> Links<'_> {
    let mut links = Links::default();
    let Some(entity) = &record.entity else {
        return links;
    };
    links.entity = entity.name();
    match entity {
        // The two frequent entities first: nothing is allocated for them.
        Entity::Observation(observation) => {
            links.at(observation.data_time.as_ref());
            links.device(&observation.mn);
        }
        Entity::VehicleTrack(track) => {
            links.at(track.at.as_ref());
            links.device(&track.terminal_id);
        }
        Entity::Party(party) => links.party(&party.credit_code, &party.name),
        Entity::Site(site) => {
            links.between(site.valid_from.as_ref(), site.valid_to.as_ref());
            links.reference(site.party_id.as_ref());
            links.reference(site.permit_holder_id.as_ref());
            links.number(&site.permit_code);
        }
        Entity::Outlet(outlet) => links.reference(outlet.site_id.as_ref()),
        Entity::Device(device) => {
            links.between(device.valid_from.as_ref(), device.valid_to.as_ref());
            links.device(&device.native_id);
        }
        Entity::Exceedance(exceedance) => {
            links.between(exceedance.start.as_ref(), exceedance.end.as_ref());
            links.reference(exceedance.outlet_id.as_ref());
        }
        Entity::Clue(clue) => of_clue(&mut links, clue),
        Entity::WasteManifest(manifest) => of_manifest(&mut links, manifest),
        Entity::Evidence(evidence) => {
            links.at(evidence.captured_at.as_ref());
            links.reference(evidence.device_id.as_ref());
        }
        Entity::Inspection(_) | Entity::Case(_) => of_case_work(&mut links, entity),
        Entity::CaseTransfer(_) | Entity::LegalReview(_) | Entity::PenaltyDecision(_) => {
            of_procedure(&mut links, entity);
        }
        Entity::Deadline(deadline) => {
            links.between(deadline.start.as_ref(), deadline.due.as_ref());
            links.reference(deadline.subject.as_ref());
        }
        Entity::PublicReport(report) => {
            links.at(report.received_at.as_ref());
            links.number(&report.native_no);
            if let Some(target) = &report.target {
                links.reference(target.party_id.as_ref());
                links.party("", &target.name);
            }
        }
    }
    links
}

fn of_clue<'a>(links: &mut Links<'a>, clue: &'a Clue) {
    if let Some(window) = &clue.window {
        links.between(window.from.as_ref(), window.to.as_ref());
    }
    links.number(&clue.native_id);
    links.number(&clue.batch_no);
    if let Some(subject) = &clue.subject {
        let references = [
            &subject.party,
            &subject.site,
            &subject.outlet,
            &subject.device,
            &subject.manifest,
        ];
        for reference in references {
            links.reference(reference.as_ref());
        }
    }
}

fn of_manifest<'a>(links: &mut Links<'a>, manifest: &'a WasteManifest) {
    let last = manifest.confirm_at.as_ref().or(manifest.arrive_at.as_ref());
    links.between(manifest.depart_at.as_ref(), last);
    links.number(&manifest.manifest_no);
    let ends = [manifest.generator.as_ref(), manifest.receiver.as_ref()];
    for party in ends.into_iter().flatten().chain(&manifest.carriers) {
        links.reference(party.party.as_ref());
        links.reference(party.site.as_ref());
    }
}

fn of_case_work<'a>(links: &mut Links<'a>, entity: &'a Entity) {
    if let Entity::Inspection(inspection) = entity {
        links.between(inspection.start.as_ref(), inspection.end.as_ref());
        links.number(&inspection.record_no);
        links.reference(inspection.party_id.as_ref());
        links.reference(inspection.site_id.as_ref());
        if let Some(rectification) = &inspection.rectification {
            links.number(&rectification.doc_no);
        }
    } else if let Entity::Case(case) = entity {
        let conduct = case.conduct.as_ref();
        let from = conduct
            .and_then(|conduct| conduct.from.as_ref())
            .or(case.filed_at.as_ref());
        let last = case
            .closed_at
            .as_ref()
            .or(case.decided_at.as_ref())
            .or(case.filed_at.as_ref());
        links.between(from, last);
        for document in &case.doc_nos {
            links.number(&document.number);
        }
        links.reference(case.party_id.as_ref());
        links.reference(case.site_id.as_ref());
    }
}

fn of_procedure<'a>(links: &mut Links<'a>, entity: &'a Entity) {
    if let Entity::CaseTransfer(transfer) = entity {
        let times = [
            &transfer.report_at,
            &transfer.decided_at,
            &transfer.handed_at,
            &transfer.receipt_at,
        ];
        let first = times.into_iter().flatten().next();
        let last = times.into_iter().rev().flatten().next();
        links.between(
            first,
            transfer
                .state_history
                .last()
                .and_then(|event| event.at.as_ref())
                .or(last),
        );
        links.number(&transfer.doc_no);
        links.reference(transfer.case_id.as_ref());
        for event in &transfer.state_history {
            links.number(&event.doc_no);
        }
    } else if let Entity::LegalReview(review) = entity {
        links.between(review.submitted_at.as_ref(), review.opined_at.as_ref());
        links.number(&review.doc_no);
        links.reference(review.case_id.as_ref());
    } else if let Entity::PenaltyDecision(decision) = entity {
        links.at(decision.decided_at.as_ref());
        links.number(&decision.decision_no);
        links.reference(decision.case_id.as_ref());
    }
}

/// Brings a case or document number into the form that records are indexed by.
///
/// A document number becomes canonical (`包环罚[2026]第012号` gives
/// `包环罚〔2026〕12号`). Any other number, such as a police case number, loses
/// width, white space and lower case. Applying it twice changes nothing.
pub fn normalise_case_number(text: &str) -> String {
    case_number_key(text).into_owned()
}

fn case_number_key(number: &str) -> Cow<'_, str> {
    // The hot path: police case numbers, and document numbers of clean feeds.
    let plain = number
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    if plain || document_number::is_canonical(number) {
        return Cow::Borrowed(number);
    }
    if let Some(canonical) = document_number::canonical(number) {
        return Cow::Owned(canonical);
    }
    let clean = text::clean(number);
    let kept = clean
        .text
        .chars()
        .filter(|character| !character.is_whitespace());
    let kept: String = kept
        .map(|character| character.to_ascii_uppercase())
        .collect();
    // A document number hidden in white space too long to be read at first.
    Cow::Owned(document_number::canonical(&kept).unwrap_or(kept))
}

#[cfg(test)]
mod tests;
