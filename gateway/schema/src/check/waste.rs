//! Checks of waste manifests and vehicle tracks.

use proto::v1::{
    ManifestParty, ManifestScheme, ManifestStatus, Quantity, VehicleTrack, Waste, WasteKind,
    WasteManifest, WeightAtEnds,
};

use super::walk::{Path, Privacy, Walk};
use crate::waste_code::{self, WasteClass};
use crate::weight;

/// A waste manifest.
pub(super) fn manifest(walk: &mut Walk, manifest: &WasteManifest) {
    let root = Path::root("waste_manifest");
    let number = root.at("manifest_no");
    walk.text(&number, &manifest.manifest_no);
    let hazardous_number = waste_code::hazardous_manifest(&manifest.manifest_no).is_some();
    if manifest.scheme() == ManifestScheme::CnHw14digit
        && !hazardous_number
        && !manifest.manifest_no.is_empty()
    {
        let reading = waste_code::read_hazardous_manifest(&manifest.manifest_no);
        walk.reread(reading, &number, &manifest.manifest_no, Privacy::Open);
    }
    walk.choice(
        &root.at("scheme"),
        manifest.scheme() != ManifestScheme::Unspecified,
    );
    walk.choice(&root.at("kind"), manifest.kind() != WasteKind::Unspecified);
    manifest_party(walk, &root.at("generator"), manifest.generator.as_ref());
    walk.list(&root.at("carriers"), &manifest.carriers);
    for (index, carrier) in manifest.carriers.iter().enumerate() {
        manifest_party(walk, &root.nth("carriers", index), Some(carrier));
    }
    manifest_party(walk, &root.at("receiver"), manifest.receiver.as_ref());
    walk.list(&root.at("waste"), &manifest.waste);
    for (index, waste) in manifest.waste.iter().enumerate() {
        one_waste(walk, &root.nth("waste", index), waste, manifest.kind());
    }
    weights(walk, &root, manifest);
    walk.plate(&root.at("vehicle_plate"), &manifest.vehicle_plate);
    walk.plate(&root.at("trailer_plate"), &manifest.trailer_plate);
    if let Some(driver) = &manifest.driver {
        walk.resident_id(&root.at("driver").at("id"), &driver.id);
    }
    walk.time(&root.at("depart_at"), manifest.depart_at.as_ref());
    walk.time(&root.at("arrive_at"), manifest.arrive_at.as_ref());
    walk.time(&root.at("confirm_at"), manifest.confirm_at.as_ref());
    walk.order(
        &root.at("arrive_at"),
        manifest.depart_at.as_ref(),
        manifest.arrive_at.as_ref(),
    );
    walk.choice(
        &root.at("status"),
        manifest.status() != ManifestStatus::Unspecified,
    );
}

fn manifest_party(walk: &mut Walk, path: &Path<'_>, party: Option<&ManifestParty>) {
    if let Some(party) = walk.some(path, party) {
        walk.required_reference(&path.at("party"), party.party.as_ref());
        walk.optional_reference(&path.at("site"), party.site.as_ref());
    }
}

fn one_waste(walk: &mut Walk, path: &Path<'_>, waste: &Waste, kind: WasteKind) {
    let code = path.at("code");
    walk.waste_code(&code, &waste.code);
    let hazardous = waste_code::class(&waste.code).map(|class| class == WasteClass::Hazardous);
    if let (Some(hazardous), WasteKind::Hazardous | WasteKind::GeneralIndustrial) =
        (hazardous, kind)
        && hazardous != (kind == WasteKind::Hazardous)
    {
        walk.report("waste-code.other-kind", &code, &waste.code);
    }
    walk.words(&path.at("name"), &waste.name, Privacy::Open);
    let declared = path.at("declared_t");
    walk.some(&declared, waste.declared_t.as_ref());
    tonnes(walk, &declared, waste.declared_t.as_ref());
    tonnes(walk, &path.at("received_t"), waste.received_t.as_ref());
}

/// A mass in tonnes.
fn tonnes(walk: &mut Walk, path: &Path<'_>, mass: Option<&Quantity>) {
    if let Some(mass) = mass {
        walk.quantity(path, mass);
        if !mass.unit.is_empty() && mass.unit != "t" {
            walk.report("schema.unit-kind", &path.at("unit"), &mass.unit);
        }
        if mass.value.starts_with('-') {
            walk.report("schema.range", &path.at("value"), &mass.value);
        }
    }
}

fn weights(walk: &mut Walk, root: &Path<'_>, manifest: &WasteManifest) {
    let weights = [
        ("gross_t", &manifest.gross_t),
        ("tare_t", &manifest.tare_t),
        ("net_t", &manifest.net_t),
    ];
    for (name, ends) in weights {
        if let Some(ends) = ends {
            let path = root.at(name);
            tonnes(walk, &path.at("departure"), ends.departure.as_ref());
            tonnes(walk, &path.at("arrival"), ends.arrival.as_ref());
        }
    }
    for (name, is_arrival) in [("departure", false), ("arrival", true)] {
        let value = |ends| mass_at(ends, is_arrival);
        let net = value(&manifest.net_t);
        if let Some(remark) =
            weight::check_sum(value(&manifest.gross_t), value(&manifest.tare_t), net)
        {
            walk.remark(&remark, &root.at("net_t").at(name), net);
        }
    }
}

/// The number of a mass at one end; empty where it was not weighed.
fn mass_at(ends: &Option<WeightAtEnds>, is_arrival: bool) -> &str {
    let mass = ends.as_ref().and_then(|ends| {
        if is_arrival {
            ends.arrival.as_ref()
        } else {
            ends.departure.as_ref()
        }
    });
    mass.map_or("", |mass| mass.value.as_str())
}

/// A position of a vehicle. Frequent: allocates nothing while in order.
pub(super) fn track(walk: &mut Walk, track: &VehicleTrack) {
    let root = Path::root("vehicle_track");
    walk.text(&root.at("terminal_id"), &track.terminal_id);
    walk.required_time(&root.at("at"), track.at.as_ref());
    let position = root.at("position");
    if let Some(place) = walk.some(&position, track.position.as_ref()) {
        walk.position(&position, place, Privacy::Personal);
    }
    walk.decimal(&root.at("speed"), &track.speed);
    walk.decimal(&root.at("mileage"), &track.mileage);
    walk.decimal(&root.at("fuel"), &track.fuel);
    if track.direction.is_some_and(|direction| direction > 359) {
        walk.report("schema.range", &root.at("direction"), "");
    }
}
