//! The schema against the proposal it was made from.
//!
//! The proposal lists entities and fields in a form of its own; where the
//! schema says the same in another form, a table here says so. The corpus is
//! optional: without it the test prints a line and passes.

use std::collections::BTreeSet;
use std::fs;

use prost_reflect::MessageDescriptor;
use serde_json::Value;

use super::{compiled, rule, words};

const PROPOSAL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/design/common-schema.json"
);

/// Names of the proposal that are told by other fields: entity (or its part),
/// name there, path here.
const OTHERWISE: &[(&str, &str, &str)] = &[
    ("Site", "lng", "position.longitude"),
    ("Site", "lat", "position.latitude"),
    ("VehicleTrack", "lng", "position.longitude"),
    ("VehicleTrack", "lat", "position.latitude"),
    ("ReportTarget", "lng", "position.longitude"),
    ("ReportTarget", "lat", "position.latitude"),
    ("Observation", "unit", "value.unit"),
    ("Observation", "unit_source", "value.unit_source"),
    ("EmissionLimit", "unit", "limit.unit"),
    ("Adoption", "bool", "adopted"),
    ("Exemption", "bool", "exempt"),
];

/// Types of the proposal that need more than one field here.
const SEVERAL: &[(&str, &str, &[&str])] = &[
    (
        "Envelope",
        "raw_ref",
        &["raw_ref", "raw_offset", "raw_length"],
    ),
    ("Case", "cause", &["cause.code", "cause.text"]),
    ("Party", "name", &["name", "name_raw", "person_name"]),
    (
        "Exceedance",
        "observations",
        &["observations.record_id", "observations.digest"],
    ),
    (
        "WasteManifest",
        "generator",
        &["generator.party", "generator.site"],
    ),
];

/// Whether `path` leads from `message` to a field.
fn leads(message: &MessageDescriptor, path: &str) -> bool {
    let (first, rest) = path
        .split_once('.')
        .map_or((path, None), |(first, rest)| (first, Some(rest)));
    let Some(field) = message.get_field_by_name(first) else {
        return false;
    };
    match rest {
        None => true,
        Some(rest) => field
            .kind()
            .as_message()
            .is_some_and(|inner| leads(inner, rest)),
    }
}

/// Where a name of the proposal stands in `message`.
fn path_of<'a>(message: &MessageDescriptor, name: &'a str) -> &'a str {
    let otherwise = OTHERWISE
        .iter()
        .find(|(owner, given, _)| *owner == message.name() && *given == name);
    otherwise.map_or(name, |(_, _, path)| path)
}

fn text<'a>(field: &'a Value, name: &str) -> &'a str {
    field[name].as_str().expect("the proposal has only texts")
}

/// Members of an inline structure: `list{seq 1-7,name}` has `seq` and `name`.
fn members(kind: &str) -> Vec<&str> {
    let Some((_, inside)) = kind.split_once('{') else {
        return Vec::new();
    };
    let inside = inside.trim_end_matches('}');
    inside
        .split(',')
        .map(|member| member.trim().split([' ', '(']).next().unwrap_or(member))
        .collect()
}

/// Classes of the proposal: `S/J` and `S+R` are two; a condition in brackets
/// has a field of its own here and does not count.
fn classes(pipl: &str) -> BTreeSet<String> {
    let letters = pipl.split(" (").next().unwrap_or(pipl);
    letters
        .split(['/', '+'])
        .map(|letter| {
            let word = match letter {
                "N" => "NONE",
                "P" => "PERSONAL",
                "S" => "SENSITIVE",
                "J" => "CRIMINAL_PROCEDURE",
                "R" => "REPORTER",
                other => panic!("unknown class {other}"),
            };
            word.to_owned()
        })
        .collect()
}

fn presence(letter: &str) -> &'static str {
    match letter {
        "M" => "MANDATORY",
        "O" => "OPTIONAL",
        "C" => "CONDITIONAL",
        "D" => "DERIVED",
        other => panic!("unknown presence {other}"),
    }
}

/// What is wrong with one field of the proposal.
fn check_field(
    schema: &crate::schema::Schema,
    message: &MessageDescriptor,
    field: &Value,
) -> Vec<String> {
    let mut faults = Vec::new();
    for name in text(field, "name")
        .split(", ")
        .map(|name| name.trim_end_matches("[]"))
    {
        let path = path_of(message, name);
        let several = SEVERAL
            .iter()
            .find(|(owner, given, _)| *owner == message.name() && *given == name);
        let paths = several.map_or(vec![path], |(_, _, paths)| paths.to_vec());
        faults.extend(
            paths
                .iter()
                .filter(|path| !leads(message, path))
                .map(|path| format!("{}.{path} is missing", message.name())),
        );
        let first = path.split('.').next().unwrap_or(path);
        let Some(here) = message.get_field_by_name(first) else {
            continue;
        };
        let rule = rule(schema, &here).expect("another test holds it");
        let (said, asked) = (words(&rule, "presence"), presence(text(field, "presence")));
        if said != [asked] {
            faults.push(format!("{} is {said:?}, not {asked}", here.full_name()));
        }
        let said: BTreeSet<String> = words(&rule, "personal_data").into_iter().collect();
        if said != classes(text(field, "pipl")) {
            faults.push(format!(
                "{} has classes {said:?}, not {}",
                here.full_name(),
                text(field, "pipl")
            ));
        }
        for member in members(text(field, "type")) {
            let inner = here.kind();
            let inner = inner.as_message().expect("a structure is a message");
            if !leads(inner, path_of(inner, member)) {
                faults.push(format!("{}.{member} is missing", inner.name()));
            }
        }
    }
    faults
}

#[test]
fn every_field_of_the_proposal_is_in_the_schema() {
    let Ok(bytes) = fs::read(PROPOSAL) else {
        println!("skipped: {PROPOSAL} is not there");
        return;
    };
    let proposal: Value = serde_json::from_slice(&bytes).expect("the proposal is JSON");
    let entities = proposal["entities"].as_object().expect("entities by name");
    let schema = compiled();
    let (mut fields, mut faults) = (0, Vec::new());
    for (name, entity) in entities {
        let message = schema.message(name).expect("every entity is a message");
        for field in entity["fields"].as_array().expect("a list of fields") {
            fields += 1;
            faults.extend(check_field(&schema, &message, field));
        }
    }
    println!(
        "{} entities, {fields} fields of the proposal, {} faults",
        entities.len(),
        faults.len()
    );
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!((entities.len(), fields), (18, 196));
}

#[test]
fn members_of_an_inline_structure_are_its_names() {
    assert_eq!(
        members("list{seq 1-7,name,averaging(min/hour/day)}"),
        ["seq", "name", "averaging"]
    );
    assert_eq!(members("string<=200"), [""; 0]);
}
