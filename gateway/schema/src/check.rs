//! The check that every record passes before the gateway believes it.
//!
//! A record comes from a guest, which is not trusted. The check looks at the
//! record alone: what the gateway assigns is not demanded, what it derives may
//! not come from a sender, and what several records say together is not
//! decided here. It never changes a record but for [`strip_derived`]. It runs
//! for every record, so nothing is allocated while nothing is wrong.

use proto::v1::record::Entity;
use proto::v1::{Finding, Record};

mod asset;
mod derived;
mod enforcement;
mod monitoring;
mod party;
mod procedure;
mod report;
mod values;
mod walk;
mod waste;

pub use derived::strip_derived;

/// Checks a record and returns what is wrong or odd about it, in the order of
/// its fields.
///
/// Fields are named by path: `observation.value.value`, `case.doc_nos[1].number`.
/// Rules: `schema.missing`, `schema.decimal`, `schema.date-time`,
/// `schema.order`, `schema.no-unit`, `schema.unknown-unit`, `schema.unit-kind`,
/// `schema.assumed-unit`, `schema.too-few-officers`,
/// `schema.reviewer-not-independent`, `schema.range`, `schema.digest`,
/// `schema.not-canonical`, `schema.derived-by-sender`, `schema.no-entity`, and
/// those of the identifiers (`credit-code.check-digit`). Values of personal
/// fields are never put into a finding.
pub fn check(record: &Record) -> Vec<Finding> {
    check_after(record, None)
}

/// Does what [`check`] does, and reads nothing again that `sound` says too: a record that was
/// checked and had nothing to report. The values of one packet have one time.
pub fn check_after(record: &Record, sound: Option<&Record>) -> Vec<Finding> {
    let mut walk = walk::Walk::default();
    match &record.entity {
        None => walk.report("schema.no-entity", &walk::Path::root("entity"), ""),
        Some(Entity::Observation(observation)) => {
            let sound = sound.and_then(|record| match &record.entity {
                Some(Entity::Observation(sound)) => Some(sound),
                Some(_) | None => None,
            });
            monitoring::observation(&mut walk, observation, sound);
        }
        Some(Entity::VehicleTrack(track)) => waste::track(&mut walk, track),
        Some(Entity::Party(party)) => party::party(&mut walk, party),
        Some(Entity::Site(site)) => asset::site(&mut walk, site),
        Some(Entity::Outlet(outlet)) => asset::outlet(&mut walk, outlet),
        Some(Entity::Device(device)) => asset::device(&mut walk, device),
        Some(Entity::Exceedance(exceedance)) => monitoring::exceedance(&mut walk, exceedance),
        Some(Entity::Clue(clue)) => report::clue(&mut walk, clue),
        Some(Entity::WasteManifest(manifest)) => waste::manifest(&mut walk, manifest),
        Some(Entity::Evidence(evidence)) => {
            enforcement::evidence(&mut walk, &walk::Path::root("evidence"), evidence);
        }
        Some(Entity::Inspection(inspection)) => enforcement::inspection(&mut walk, inspection),
        Some(Entity::Case(case)) => enforcement::case(&mut walk, case),
        Some(Entity::CaseTransfer(transfer)) => procedure::transfer(&mut walk, transfer),
        Some(Entity::LegalReview(review)) => procedure::review(&mut walk, review),
        Some(Entity::PenaltyDecision(decision)) => procedure::decision(&mut walk, decision),
        Some(Entity::Deadline(deadline)) => procedure::deadline(&mut walk, deadline),
        Some(Entity::PublicReport(report)) => report::public_report(&mut walk, report),
    }
    derived::report(&mut walk, record);
    walk.findings
}

#[cfg(test)]
mod tests;
