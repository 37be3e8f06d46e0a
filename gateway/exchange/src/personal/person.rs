//! Whose value a field holds, as far as the schema says.
//!
//! A person is known by the strongest identifier beside the field: an identity number, a card, a telephone number, at
//! last the name. Names alone join nothing outside their case, because the key is of one case. A field that belongs to
//! nobody in particular, such as a free text, has no person and goes with its message.

use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};

/// A person as one message of the schema names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The strongest identifier.
    pub(crate) identifier: String,
    /// Everything the person can be looked for, the identifier included.
    pub(crate) known_as: Vec<String>,
    /// Whether it is a person for certain: what an event was done by may be an office.
    pub(crate) is_certain: bool,
}

/// Fields of a message that describe one person, strongest identifier first.
struct Row {
    message: &'static str,
    /// Fields that the row is about; empty for every field of the message and below it.
    fields: &'static [&'static str],
    identifiers: &'static [&'static str],
}

const fn row(
    message: &'static str,
    fields: &'static [&'static str],
    identifiers: &'static [&'static str],
) -> Row {
    Row {
        message,
        fields,
        identifiers,
    }
}

/// Messages whose fields say by whom something was done.
const DONE_BY: &[&str] = &[
    "CustodyEvent",
    "EvidenceReview",
    "TransferEvent",
    "LegalReview",
    "DeviceMark",
    "Evidence",
];

/// The first row that fits decides.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("Party", &["legal_rep_name", "legal_rep_id", "legal_rep_phone"], &["legal_rep_id", "legal_rep_phone", "legal_rep_name"]),
    row("Party", &["person_name", "home_address"], &["person_name"]),
    row("PersonInCharge", &[], &["id", "phone", "name"]),
    row("Suspect", &[], &["id", "name"]),
    row("Driver", &[], &["id", "licence", "phone", "name"]),
    row("Reporter", &[], &["id", "openid", "phone", "name"]),
    row("Officer", &[], &["card_no", "name"]),
    row("ResponsibleOfficer", &[], &["card", "phone", "name"]),
    row("Reviewer", &[], &["card", "name"]),
    row("VehicleTrack", &[], &["plate", "terminal_id"]),
    row("WasteManifest", &["vehicle_plate"], &["vehicle_plate"]),
    row("WasteManifest", &["trailer_plate"], &["trailer_plate"]),
    row("ClueSubject", &["vehicle"], &["vehicle"]),
    row("Evidence", &["captured_by"], &["captured_by"]),
    row("CustodyEvent", &["from"], &["from"]),
    row("CustodyEvent", &["to"], &["to"]),
    row("EvidenceReview", &["by"], &["by"]),
    row("TransferEvent", &["by"], &["by"]),
    row("LegalReview", &["submitted_by"], &["submitted_by"]),
    row("DeviceMark", &["marked_by"], &["marked_by"]),
];

/// The person that `field` of `message` is about; `None` when it is nobody in particular.
pub(crate) fn person(message: &DynamicMessage, field: &str) -> Option<Person> {
    let descriptor = message.descriptor();
    if descriptor.name() == "PublicReport" && matches!(field, "insider" | "reward") {
        // What is said of the reporter beside the reporter.
        let reporter = message.get_field_by_name("reporter")?;
        return person(reporter.as_message()?, "name");
    }
    let fits = |row: &&Row| {
        row.message == descriptor.name() && (row.fields.is_empty() || row.fields.contains(&field))
    };
    let row = ROWS.iter().find(fits)?;
    let known_as: Vec<String> = row
        .identifiers
        .iter()
        .filter_map(|name| {
            let value = message.get_field_by_name(name)?;
            value.as_str().map(str::trim).map(str::to_owned)
        })
        .filter(|text| !text.is_empty())
        .collect();
    Some(Person {
        identifier: known_as.first()?.clone(),
        known_as,
        is_certain: !DONE_BY.contains(&row.message),
    })
}

/// Whether `text` holds one of the values by which people are known: long enough not to be met by chance.
pub(crate) fn names_somebody(text: &str, values: &[String]) -> bool {
    let is_telling = |value: &&String| {
        let least = if value.is_ascii() { 5 } else { 2 };
        value.chars().count() >= least
    };
    values
        .iter()
        .filter(is_telling)
        .any(|value| text.contains(value.as_str()))
}

/// Whether a value, or any text in it, names somebody.
pub(crate) fn value_names_somebody(value: &Value, values: &[String]) -> bool {
    if let Some(text) = value.as_str() {
        return names_somebody(text, values);
    }
    if let Some(bytes) = value.as_bytes() {
        return names_somebody(&String::from_utf8_lossy(bytes), values);
    }
    if let Some(items) = value.as_list() {
        return items.iter().any(|item| value_names_somebody(item, values));
    }
    let entries = value.as_map().into_iter().flatten();
    entries.into_iter().any(|(key, value)| {
        key.as_str().is_some_and(|key| names_somebody(key, values))
            || value_names_somebody(value, values)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::CLASSES;

    #[test]
    fn every_row_names_fields_of_the_schema() {
        let pool = CLASSES.pool();
        for row in ROWS {
            let name = format!("lawgate.v1.{}", row.message);
            let message = pool.get_message_by_name(&name).expect(row.message);
            for field in row.fields.iter().chain(row.identifiers) {
                let found = message.get_field_by_name(field);
                let found = found.unwrap_or_else(|| panic!("{name}.{field}"));
                assert_eq!(found.kind(), prost_reflect::Kind::String, "{name}.{field}");
            }
        }
    }

    #[test]
    fn short_values_are_met_by_chance_and_do_not_count() {
        let values = ["张".to_owned(), "1234".to_owned(), "李四".to_owned()];
        assert!(!names_somebody("张三 1234", &values));
        assert!(names_somebody("李四涉嫌污染环境案", &values));
    }
}
