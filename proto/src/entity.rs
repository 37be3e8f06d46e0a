//! Entities by name, and agencies by their configured word.
//!
//! Only what follows from the schema itself and is needed wherever records are;
//! the rules about entities are in `schema`.

use crate::v1::record::Entity;
use crate::v1::{AgencyKind, Record};

/// Names of the entities a record may hold, in the order of `Record`.
///
/// They are the values of `Envelope.entity` and `RecordFilter.entity`.
pub const ENTITY_NAMES: [&str; 17] = [
    "Party",
    "Site",
    "Outlet",
    "Device",
    "Observation",
    "Exceedance",
    "Clue",
    "WasteManifest",
    "VehicleTrack",
    "Evidence",
    "Inspection",
    "Case",
    "CaseTransfer",
    "LegalReview",
    "PenaltyDecision",
    "Deadline",
    "PublicReport",
];

impl Record {
    /// Returns the name of the entity the record holds; empty when it holds none.
    #[must_use]
    pub fn entity_name(&self) -> &'static str {
        self.entity.as_ref().map_or("", Entity::name)
    }
}

impl Entity {
    /// Returns the message name of the entity, one of [`ENTITY_NAMES`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Party(_) => "Party",
            Self::Site(_) => "Site",
            Self::Outlet(_) => "Outlet",
            Self::Device(_) => "Device",
            Self::Observation(_) => "Observation",
            Self::Exceedance(_) => "Exceedance",
            Self::Clue(_) => "Clue",
            Self::WasteManifest(_) => "WasteManifest",
            Self::VehicleTrack(_) => "VehicleTrack",
            Self::Evidence(_) => "Evidence",
            Self::Inspection(_) => "Inspection",
            Self::Case(_) => "Case",
            Self::CaseTransfer(_) => "CaseTransfer",
            Self::LegalReview(_) => "LegalReview",
            Self::PenaltyDecision(_) => "PenaltyDecision",
            Self::Deadline(_) => "Deadline",
            Self::PublicReport(_) => "PublicReport",
        }
    }
}

/// Returns the kind of agency that a configuration names by its word:
/// `region`, `police`, `justice`, `city-eco`, `enterprise`, `public`.
///
/// Any other word is [`AgencyKind::Unspecified`].
#[must_use]
pub fn agency_kind(word: &str) -> AgencyKind {
    match word {
        "region" => AgencyKind::Region,
        "police" => AgencyKind::Police,
        "justice" => AgencyKind::Justice,
        "city-eco" => AgencyKind::CityEco,
        "enterprise" => AgencyKind::Enterprise,
        "public" => AgencyKind::Public,
        _ => AgencyKind::Unspecified,
    }
}

#[cfg(test)]
mod tests;
