//! Fields that the gateway derives: reported when a sender set them, and cleared.
//!
//! One list serves both, so that nothing is cleared silently and nothing
//! reported is kept. `Exceedance` and `Deadline` are derived as a whole; a
//! record of one from a sender is reported and keeps its content as a claim.

use proto::v1::record::Entity;
use proto::v1::{Observation, Record, VehicleTrack};

use super::walk::{Path, Walk};

/// Calls `found` for every derived field of the entity that is set, by path.
fn each_set(entity: &Entity, mut found: impl FnMut(&Path<'_>)) {
    let mut at = |entity: &str, fields: &[(&str, bool)]| {
        let root = Path::root(entity);
        for (field, _) in fields.iter().filter(|field| field.1) {
            found(&root.at(field));
        }
    };
    match entity {
        Entity::Observation(Observation {
            valid_for_enforcement,
            outlet_id,
            ..
        }) => {
            let fields = [
                ("valid_for_enforcement", *valid_for_enforcement),
                ("outlet_id", outlet_id.is_some()),
            ];
            at("observation", &fields);
        }
        Entity::VehicleTrack(VehicleTrack {
            plate, manifest_no, ..
        }) => {
            at(
                "vehicle_track",
                &[
                    ("plate", !plate.is_empty()),
                    ("manifest_no", manifest_no.is_some()),
                ],
            );
        }
        Entity::Party(party) => at(
            "party",
            &[("credit_code_check", party.credit_code_check != 0)],
        ),
        Entity::WasteManifest(manifest) => {
            let fields = [
                ("mismatch", manifest.mismatch.is_some()),
                ("confirm_due", manifest.confirm_due.is_some()),
            ];
            at("waste_manifest", &fields);
        }
        Entity::Case(case) => at("case", &[("clock", case.clock.is_some())]),
        Entity::CaseTransfer(transfer) => at(
            "case_transfer",
            &[("deadlines", !transfer.deadlines.is_empty())],
        ),
        Entity::PenaltyDecision(decision) => {
            let fields = [
                ("pay_due", decision.pay_due.is_some()),
                ("public_fields", !decision.public_fields.is_empty()),
            ];
            at("penalty_decision", &fields);
        }
        Entity::Exceedance(exceedance) => {
            let fields = [
                ("times_over", !exceedance.times_over.is_empty()),
                ("exempt", exceedance.exempt.is_some()),
                ("basis_version", !exceedance.basis_version.is_empty()),
            ];
            at("exceedance", &fields);
            found(&Path::root("exceedance"));
        }
        Entity::Deadline(deadline) => {
            at("deadline", &[("state", deadline.state != 0)]);
            found(&Path::root("deadline"));
        }
        Entity::Site(_)
        | Entity::Outlet(_)
        | Entity::Device(_)
        | Entity::Clue(_)
        | Entity::Evidence(_)
        | Entity::Inspection(_)
        | Entity::LegalReview(_)
        | Entity::PublicReport(_) => {}
    }
}

/// Reports every derived field that the sender set. The values are not shown.
pub(super) fn report(walk: &mut Walk, record: &Record) {
    use crate::finding::FindingExt as _;
    let Some(entity) = &record.entity else {
        return;
    };
    each_set(entity, |path| {
        let finding = crate::finding::finding("schema.derived-by-sender", &path.to_string());
        walk.findings
            .push(finding.with_action(proto::v1::Action::Dropped));
    });
}

/// Clears the fields that the gateway derives; returns whether any was set.
///
/// Call it after [`super::check`], which reports them.
pub fn strip_derived(record: &mut Record) -> bool {
    let Some(entity) = record.entity.as_mut() else {
        return false;
    };
    let mut any = false;
    each_set(entity, |_| any = true);
    if !any {
        return false;
    }
    match entity {
        Entity::Observation(observation) => {
            observation.valid_for_enforcement = false;
            observation.outlet_id = None;
        }
        Entity::VehicleTrack(track) => {
            track.plate.clear();
            track.manifest_no = None;
        }
        Entity::Party(party) => party.credit_code_check = 0,
        Entity::WasteManifest(manifest) => {
            manifest.mismatch = None;
            manifest.confirm_due = None;
        }
        Entity::Case(case) => case.clock = None,
        Entity::CaseTransfer(transfer) => transfer.deadlines.clear(),
        Entity::PenaltyDecision(decision) => {
            decision.pay_due = None;
            decision.public_fields.clear();
        }
        Entity::Exceedance(exceedance) => {
            exceedance.times_over.clear();
            exceedance.exempt = None;
            exceedance.basis_version.clear();
        }
        Entity::Deadline(deadline) => deadline.state = 0,
        Entity::Site(_)
        | Entity::Outlet(_)
        | Entity::Device(_)
        | Entity::Clue(_)
        | Entity::Evidence(_)
        | Entity::Inspection(_)
        | Entity::LegalReview(_)
        | Entity::PublicReport(_) => {}
    }
    true
}
