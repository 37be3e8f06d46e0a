//! Checks of sites, outlets and devices.

use proto::v1::{Averaging, Device, DeviceKind, EmissionLimit, Medium, Outlet, Site};

use super::monitoring::device_number;
use super::walk::{Path, Privacy, Walk};
use crate::permit::{self, CodeKind};
use crate::{factor, unit};

/// A site.
pub(super) fn site(walk: &mut Walk, site: &Site) {
    let root = Path::root("site");
    walk.required_reference(&root.at("party_id"), site.party_id.as_ref());
    let permit_code = root.at("permit_code");
    walk.permit(&permit_code, &site.permit_code);
    // The holder is only known to differ when the operator is named by a credit code.
    if let Some(operator) = site
        .party_id
        .as_ref()
        .filter(|operator| operator.key_kind == "credit-code")
        && let Some(remark) = permit::compare_holder(&site.permit_code, &operator.key)
    {
        walk.remark(&remark, &permit_code, &site.permit_code);
    }
    walk.optional_reference(&root.at("permit_holder_id"), site.permit_holder_id.as_ref());
    validity(
        walk,
        &root,
        site.valid_from.as_ref(),
        site.valid_to.as_ref(),
    );
    if let Some(position) = &site.position {
        walk.position(&root.at("position"), position, Privacy::Open);
    }
    walk.division(&root.at("division"), &site.division);
    walk.legible(&root.at("name"), &site.name, Privacy::Open);
}

/// An outlet.
pub(super) fn outlet(walk: &mut Walk, outlet: &Outlet) {
    let root = Path::root("outlet");
    walk.required_reference(&root.at("site_id"), outlet.site_id.as_ref());
    if !outlet.code.is_empty() && permit::kind(&outlet.code) != Some(CodeKind::Outlet) {
        walk.report("permit.outlet-code", &root.at("code"), &outlet.code);
    }
    walk.words(&root.at("name"), &outlet.name, Privacy::Open);
    walk.choice(&root.at("medium"), outlet.medium() != Medium::Unspecified);
    walk.list(&root.at("limits"), &outlet.limits);
    for (index, limit) in outlet.limits.iter().enumerate() {
        emission_limit(walk, &root.nth("limits", index), limit);
    }
    walk.decimal(&root.at("o2_reference"), &outlet.o2_reference);
}

fn emission_limit(walk: &mut Walk, path: &Path<'_>, limit: &EmissionLimit) {
    let factor = walk.factor(&path.at("factor"), &limit.factor);
    let value = path.at("limit");
    if let Some(quantity) = walk.some(&value, limit.limit.as_ref()) {
        match factor {
            Some(factor) => walk.quantity_of(&value, quantity, factor, false),
            None => walk.quantity(&value, quantity),
        }
    }
    walk.choice(
        &path.at("averaging"),
        limit.averaging() != Averaging::Unspecified,
    );
    walk.text(&path.at("standard_no"), &limit.standard_no);
    walk.required_time(&path.at("valid_from"), limit.valid_from.as_ref());
    walk.time(&path.at("valid_to"), limit.valid_to.as_ref());
    walk.order(path, limit.valid_from.as_ref(), limit.valid_to.as_ref());
}

/// A device.
pub(super) fn device(walk: &mut Walk, device: &Device) {
    let root = Path::root("device");
    walk.choice(&root.at("kind"), device.kind() != DeviceKind::Unspecified);
    device_number(walk, &root.at("native_id"), &device.native_id);
    let camera = matches!(
        device.kind(),
        DeviceKind::CameraHigh | DeviceKind::CameraHaz | DeviceKind::CameraSolid
    );
    if camera && crate::camera_id::parse(&device.native_id).is_none() {
        walk.report("camera-id.form", &root.at("native_id"), &device.native_id);
    }
    walk.optional_reference(&root.at("outlet_id"), device.outlet_id.as_ref());
    for (code, spelling) in &device.units {
        let units = root.at("units");
        let path = units.at(code);
        if !unit::is_canonical(spelling) {
            walk.report("schema.unknown-unit", &path, spelling);
        } else if factor::find(code).is_some_and(|factor| !factor.accepts(spelling, false)) {
            walk.report("schema.unit-kind", &path, spelling);
        }
    }
    for (index, mark) in device.mark_state.iter().enumerate() {
        let path = root.nth("mark_state", index);
        walk.required_time(&path.at("from"), mark.from.as_ref());
        walk.time(&path.at("to"), mark.to.as_ref());
        walk.order(&path, mark.from.as_ref(), mark.to.as_ref());
        walk.text(&path.at("state"), &mark.state);
        walk.text(&path.at("marked_by"), &mark.marked_by);
        walk.required_time(&path.at("marked_at"), mark.marked_at.as_ref());
    }
    if let Some(review) = &device.legal_review {
        walk.time(&root.at("legal_review").at("date"), review.date.as_ref());
    }
    walk.some(&root.at("valid_from"), device.valid_from.as_ref());
    validity(
        walk,
        &root,
        device.valid_from.as_ref(),
        device.valid_to.as_ref(),
    );
}

fn validity(
    walk: &mut Walk,
    path: &Path<'_>,
    from: Option<&proto::v1::DateTime>,
    to: Option<&proto::v1::DateTime>,
) {
    walk.time(&path.at("valid_from"), from);
    walk.time(&path.at("valid_to"), to);
    walk.order(path, from, to);
}
