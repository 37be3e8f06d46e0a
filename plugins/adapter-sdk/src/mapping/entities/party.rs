//! Fields of parties, sites, outlets and devices.

use super::{code, count, entity, last};

entity!(Party, "party", {
    "kind" => code!(PartyKind, |e| &mut e.kind);
    "name" => Slot::Text(|e| &mut e.name);
    "credit_code" => Slot::Text(|e| &mut e.credit_code);
    "legal_rep_name" => Slot::Text(|e| &mut e.legal_rep_name), personal;
    "legal_rep_id" => Slot::Text(|e| &mut e.legal_rep_id), personal;
    "legal_rep_phone" => Slot::Text(|e| &mut e.legal_rep_phone), personal;
    "person_in_charge.name" => Slot::Text(|e| &mut e.person_in_charge.get_or_insert_default().name), personal;
    "person_in_charge.id" => Slot::Text(|e| &mut e.person_in_charge.get_or_insert_default().id), personal;
    "person_in_charge.phone" => Slot::Text(|e| &mut e.person_in_charge.get_or_insert_default().phone), personal;
    "division" => Slot::Text(|e| &mut e.division);
    "address" => Slot::Text(|e| &mut e.address);
    "industry" => Slot::Text(|e| &mut e.industry);
    "management_level" => code!(ManagementLevel, |e| &mut e.management_level);
    "is_key_unit" => Slot::Flag(|e, value| e.is_key_unit = Some(value));
    "name_raw" => Slot::Text(|e| &mut e.name_raw);
    "person_name" => Slot::Text(|e| &mut e.person_name), personal;
    "home_address" => Slot::Text(|e| &mut e.home_address), personal;
    "key_unit_year" => Slot::Count(|e, value| e.key_unit_year = count(value));
});

entity!(Site, "site", {
    "party_id" => Slot::Reference(|e| &mut e.party_id);
    "permit_code" => Slot::Text(|e| &mut e.permit_code);
    "permit_holder_id" => Slot::Reference(|e| &mut e.permit_holder_id);
    "valid_from" => Slot::DateTime(|e| &mut e.valid_from);
    "valid_to" => Slot::DateTime(|e| &mut e.valid_to);
    "position.longitude" => Slot::Text(|e| &mut e.position.get_or_insert_default().longitude);
    "position.latitude" => Slot::Text(|e| &mut e.position.get_or_insert_default().latitude);
    "position.system" => code!(CoordinateSystem, |e| &mut e.position.get_or_insert_default().system);
    "division" => Slot::Text(|e| &mut e.division);
    "sectors" => Slot::Texts(|e| &mut e.sectors);
    "name" => Slot::Text(|e| &mut e.name);
    "address" => Slot::Text(|e| &mut e.address);
});

entity!(Outlet, "outlet", {
    "site_id" => Slot::Reference(|e| &mut e.site_id);
    "code" => Slot::Text(|e| &mut e.code);
    "name" => Slot::Text(|e| &mut e.name);
    "medium" => code!(Medium, |e| &mut e.medium);
    "limits" => Slot::List(|e| e.limits.push(Default::default()));
    "limits.factor" => Slot::Text(|e| &mut last(&mut e.limits).factor);
    "limits.limit" => Slot::Quantity(|e| &mut last(&mut e.limits).limit);
    "limits.averaging" => code!(Averaging, |e| &mut last(&mut e.limits).averaging);
    "limits.standard_no" => Slot::Text(|e| &mut last(&mut e.limits).standard_no);
    "limits.clause" => Slot::Text(|e| &mut last(&mut e.limits).clause);
    "limits.valid_from" => Slot::DateTime(|e| &mut last(&mut e.limits).valid_from);
    "limits.valid_to" => Slot::DateTime(|e| &mut last(&mut e.limits).valid_to);
    "o2_reference" => Slot::Text(|e| &mut e.o2_reference);
});

entity!(Device, "device", {
    "kind" => code!(DeviceKind, |e| &mut e.kind);
    "native_id" => Slot::Text(|e| &mut e.native_id);
    "st" => Slot::Text(|e| &mut e.st);
    "outlet_id" => Slot::Reference(|e| &mut e.outlet_id);
    "vendor" => Slot::Text(|e| &mut e.vendor);
    "model" => Slot::Text(|e| &mut e.model);
    "serial" => Slot::Text(|e| &mut e.serial);
    "legal_review.passed" => Slot::Flag(|e, value| e.legal_review.get_or_insert_default().passed = value);
    "legal_review.doc_no" => Slot::Text(|e| &mut e.legal_review.get_or_insert_default().doc_no);
    "legal_review.date" => Slot::DateTime(|e| &mut e.legal_review.get_or_insert_default().date);
    "valid_from" => Slot::DateTime(|e| &mut e.valid_from);
    "valid_to" => Slot::DateTime(|e| &mut e.valid_to);
});
