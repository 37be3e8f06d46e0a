//! Checks of the values that entities are built from.

use proto::v1::{DateTime, Position, Quantity, Reference, TimeWindow, UnitSource};

use super::walk::{Path, Privacy, Walk};
use crate::factor::{self, Factor};
use crate::{
    credit_code, date_time, decimal, division, document_number, permit, plate, position,
    resident_id, text, unit, waste_code,
};

impl Walk {
    /// A time that may be missing; if it is there it is well formed.
    pub(super) fn time(&mut self, path: &Path<'_>, value: Option<&DateTime>) {
        if let Some(time) = value
            && !date_time::is_well_formed(time)
        {
            self.report_as(
                proto::v1::Severity::Error,
                "schema.date-time",
                path,
                &time.text,
            );
        }
    }

    /// A mandatory time.
    pub(super) fn required_time(&mut self, path: &Path<'_>, value: Option<&DateTime>) {
        let found = self.some(path, value);
        self.time(path, found);
    }

    /// Two times of which the first must not lie after the second.
    pub(super) fn order(
        &mut self,
        path: &Path<'_>,
        first: Option<&DateTime>,
        second: Option<&DateTime>,
    ) {
        let span = |time: Option<&DateTime>| time.and_then(date_time::span_ms);
        if let (Some(first), Some(second)) = (span(first), span(second))
            && first.0 >= second.1
        {
            self.report("schema.order", path, "");
        }
    }

    /// An interval: both ends well formed, the start before the end.
    pub(super) fn window(&mut self, path: &Path<'_>, window: &TimeWindow) {
        self.required_time(&path.at("from"), window.from.as_ref());
        self.time(&path.at("to"), window.to.as_ref());
        self.order(path, window.from.as_ref(), window.to.as_ref());
    }

    /// Decimal text that may be empty.
    pub(super) fn decimal(&mut self, path: &Path<'_>, value: &str) {
        if !value.is_empty() && !decimal::is_well_formed(value) {
            self.report_as(proto::v1::Severity::Error, "schema.decimal", path, value);
        }
    }

    /// A quantity: a number unless the qualifier says there is none, a
    /// canonical unit and where it comes from.
    pub(super) fn quantity(&mut self, path: &Path<'_>, quantity: &Quantity) {
        self.number(path, quantity);
        if quantity.unit.is_empty() {
            self.report("schema.no-unit", &path.at("unit"), "");
        } else if !unit::is_canonical(&quantity.unit) {
            self.report("schema.unknown-unit", &path.at("unit"), &quantity.unit);
        }
        self.unit_source(path, quantity);
    }

    /// A quantity of a factor, whose unit must be of the factor's kind.
    pub(super) fn quantity_of(
        &mut self,
        path: &Path<'_>,
        quantity: &Quantity,
        factor: &Factor,
        accumulated: bool,
    ) {
        // The hot path: the unit the standard gives.
        let expected = if accumulated {
            factor.amount_unit
        } else {
            factor.unit
        };
        if quantity.unit != expected || expected.is_empty() {
            self.quantity(path, quantity);
            if !factor.accepts(&quantity.unit, accumulated) {
                self.report("schema.unit-kind", &path.at("unit"), &quantity.unit);
            }
        } else {
            self.number(path, quantity);
            self.unit_source(path, quantity);
        }
    }

    fn number(&mut self, path: &Path<'_>, quantity: &Quantity) {
        let without_number = quantity.qualifier() == proto::v1::Qualifier::NotDetected;
        if quantity.value.is_empty() && !without_number {
            self.missing(&path.at("value"));
        } else {
            self.decimal(&path.at("value"), &quantity.value);
        }
    }

    fn unit_source(&mut self, path: &Path<'_>, quantity: &Quantity) {
        match quantity.unit_source() {
            UnitSource::Assumed => self.report("schema.assumed-unit", &path.at("unit_source"), ""),
            UnitSource::Unspecified if !quantity.unit.is_empty() => {
                self.missing(&path.at("unit_source"))
            }
            UnitSource::Unspecified
            | UnitSource::Packet
            | UnitSource::DeviceConfig
            | UnitSource::StandardDefault => {}
        }
    }

    /// A factor code; returns the factor if it is one of the standard.
    pub(super) fn factor(&mut self, path: &Path<'_>, code: &str) -> Option<&'static Factor> {
        let found = factor::by_code(code);
        if found.is_none() {
            if code.is_empty() {
                self.missing(path);
            } else if factor::by_legacy(code).is_some() {
                self.report("factor.legacy", path, code);
            } else if !factor::is_sound_index(code) {
                self.report("factor.unknown", path, code);
            }
        }
        found
    }

    /// A position on the earth, in decimal degrees.
    pub(super) fn position(&mut self, path: &Path<'_>, place: &Position, privacy: Privacy) {
        for (name, value) in [
            ("longitude", &place.longitude),
            ("latitude", &place.latitude),
        ] {
            if !decimal::is_well_formed(value) {
                let raw = if privacy == Privacy::Open {
                    value.as_str()
                } else {
                    ""
                };
                self.report_as(
                    proto::v1::Severity::Error,
                    "schema.decimal",
                    &path.at(name),
                    raw,
                );
                return;
            }
        }
        if !position::is_in_range(&place.longitude, &place.latitude) {
            self.report_as(proto::v1::Severity::Error, "schema.range", path, "");
        }
    }

    /// A credit code that may be empty.
    pub(super) fn credit_code(&mut self, path: &Path<'_>, code: &str) {
        let is_right =
            credit_code::is_valid(code) && credit_code::has_valid_organisation_code(code);
        if !is_right && !code.is_empty() {
            self.reread(credit_code::read(code), path, code, Privacy::Open);
        }
    }

    /// A resident id that may be empty. Its value never stands in a finding.
    pub(super) fn resident_id(&mut self, path: &Path<'_>, id: &str) {
        if !id.is_empty() {
            self.reread(resident_id::read(id), path, id, Privacy::Personal);
        }
    }

    /// A permit number that may be empty.
    pub(super) fn permit(&mut self, path: &Path<'_>, number: &str) {
        if !number.is_empty() && !permit::is_permit(number) {
            self.reread(permit::read(number), path, number, Privacy::Open);
        }
    }

    /// A plate that may be empty; personal, because it leads to a driver.
    pub(super) fn plate(&mut self, path: &Path<'_>, number: &str) {
        if !number.is_empty() {
            self.reread(plate::read(number), path, number, Privacy::Personal);
        }
    }

    /// A mandatory division.
    pub(super) fn division(&mut self, path: &Path<'_>, code: &str) {
        if code.is_empty() {
            self.missing(path);
        } else if let Some(remark) = division::check(code) {
            self.remark(&remark, path, code);
        }
    }

    /// A mandatory waste code.
    pub(super) fn waste_code(&mut self, path: &Path<'_>, code: &str) {
        if code.is_empty() {
            self.missing(path);
        } else if waste_code::class(code).is_none() {
            self.reread(waste_code::read(code), path, code, Privacy::Open);
        }
    }

    /// A document number that may be empty.
    pub(super) fn document_number(&mut self, path: &Path<'_>, number: &str) {
        if !number.is_empty() && !document_number::is_canonical(number) {
            let reading = document_number::read(number).map(|number| number.to_string());
            self.reread(reading, path, number, Privacy::Open);
        }
    }

    /// A name or a sentence: mandatory, and not decoded with the wrong table.
    pub(super) fn words(&mut self, path: &Path<'_>, value: &str, privacy: Privacy) {
        self.text(path, value);
        self.legible(path, value, privacy);
    }

    /// A text that may be empty, but not decoded with the wrong table.
    pub(super) fn legible(&mut self, path: &Path<'_>, value: &str, privacy: Privacy) {
        if let Some(remark) = text::mojibake(value) {
            self.remark(
                &remark,
                path,
                if privacy == Privacy::Open { value } else { "" },
            );
        }
    }

    /// A reference: names an entity of the schema and its key, and the key is
    /// of its kind.
    pub(super) fn reference(&mut self, path: &Path<'_>, reference: &Reference) {
        if !proto::ENTITY_NAMES.contains(&reference.entity.as_str()) {
            self.report(
                "schema.unknown-entity",
                &path.at("entity"),
                &reference.entity,
            );
        }
        self.text(&path.at("key_kind"), &reference.key_kind);
        let key = path.at("key");
        self.text(&key, &reference.key);
        match reference.key_kind.as_str() {
            "credit-code" => self.credit_code(&key, &reference.key),
            "permit" => self.permit(&key, &reference.key),
            "document-number" => self.document_number(&key, &reference.key),
            _ => {}
        }
    }

    /// A mandatory reference.
    pub(super) fn required_reference(&mut self, path: &Path<'_>, value: Option<&Reference>) {
        if let Some(reference) = self.some(path, value) {
            self.reference(path, reference);
        }
    }

    /// A reference that may be missing.
    pub(super) fn optional_reference(&mut self, path: &Path<'_>, value: Option<&Reference>) {
        if let Some(reference) = value {
            self.reference(path, reference);
        }
    }

    /// A SHA-256 digest.
    pub(super) fn digest(&mut self, path: &Path<'_>, digest: &[u8]) {
        match digest.len() {
            0 => self.missing(path),
            32 => {}
            _ => self.report_as(proto::v1::Severity::Error, "schema.digest", path, ""),
        }
    }
}
