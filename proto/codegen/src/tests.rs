//! Tests of the generator and of the schema it reads.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use super::*;

mod proposal;

/// Messages of `values.proto` and their like, whose members take the class of
/// the field that holds them and have no rule of their own.
const VALUES: [&str; 6] = [
    "Quantity",
    "DateTime",
    "TimeWindow",
    "Reference",
    "Position",
    "Finding",
];

fn compiled() -> schema::Schema {
    schema::compile(&root().join("proto")).expect("the schema compiles")
}

/// The rule of a field, if it has one.
fn rule(schema: &schema::Schema, field: &FieldDescriptor) -> Option<DynamicMessage> {
    let extension = schema
        .pool
        .get_extension_by_name("lawgate.v1.rule")
        .expect("values.proto defines it");
    let options = field.options();
    options.has_extension(&extension).then(|| {
        options
            .get_extension(&extension)
            .as_message()
            .expect("the rule is a message")
            .clone()
    })
}

/// Names of the values of a rule's enumeration field, without their prefix.
fn words(rule: &DynamicMessage, name: &str) -> Vec<String> {
    use prost_reflect::ReflectMessage as _;
    let field = rule
        .descriptor()
        .get_field_by_name(name)
        .expect("FieldRule has the field");
    let Kind::Enum(kind) = field.kind() else {
        panic!("{name} is no enumeration")
    };
    let value = rule.get_field(&field);
    let numbers: Vec<i32> = match value.as_list() {
        Some(list) => list.iter().filter_map(Value::as_enum_number).collect(),
        None => value.as_enum_number().into_iter().collect(),
    };
    let prefix = format!("{}_", name.to_uppercase());
    numbers
        .into_iter()
        .map(|number| {
            kind.get_value(number)
                .expect("a known value")
                .name()
                .replacen(&prefix, "", 1)
        })
        .collect()
}

/// Every message that a record can hold, by name, the record itself included.
fn reachable(schema: &schema::Schema) -> BTreeMap<String, MessageDescriptor> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![schema.message("Record").expect("record.proto defines it")];
    while let Some(message) = waiting.pop() {
        if message.is_map_entry() || found.contains_key(message.name()) {
            continue;
        }
        waiting.extend(
            message
                .fields()
                .filter_map(|field| field.kind().as_message().cloned()),
        );
        found.insert(message.name().to_owned(), message);
    }
    found
}

#[test]
fn generated_files_are_what_the_generator_writes() {
    check(&root()).expect("no file is stale");
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    let first = outputs(&root()).expect("generates");
    let second = outputs(&root()).expect("generates");
    for (first, second) in first.iter().zip(&second) {
        assert!(
            first.content == second.content,
            "{} differs from run to run",
            first.path
        );
    }
}

#[test]
fn a_missing_or_changed_file_is_named_as_stale() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = |path: &str, content: &str| Output {
        path: path.to_owned(),
        content: content.as_bytes().to_vec(),
    };
    let outputs = [
        output("same", "a"),
        output("changed", "b"),
        output("missing", "c"),
    ];
    fs::write(folder.path().join("same"), "a").expect("writes");
    fs::write(folder.path().join("changed"), "other").expect("writes");
    let named: Vec<&str> = stale(folder.path(), &outputs)
        .map(|output| output.path.as_str())
        .collect();
    assert_eq!(named, ["changed", "missing"]);
}

#[test]
fn generated_rust_says_first_how_it_was_made() {
    for output in outputs(&root()).expect("generates") {
        if output.path.ends_with(".rs") {
            assert!(
                output.content.starts_with(HEADER.as_bytes()),
                "{} has no header",
                output.path
            );
        }
    }
}

#[test]
fn every_message_field_and_value_has_a_comment() {
    let schema = compiled();
    let mut bare = Vec::new();
    let mut enumerations = BTreeMap::new();
    for message in reachable(&schema).values() {
        let file = message.parent_file();
        if schema.comment(&file, message.path()).is_empty() {
            bare.push(message.full_name().to_owned());
        }
        for field in message.fields() {
            if schema.comment(&file, field.path()).is_empty() {
                bare.push(field.full_name().to_owned());
            }
            if let Kind::Enum(kind) = field.kind() {
                enumerations.insert(kind.full_name().to_owned(), kind);
            }
        }
    }
    for kind in enumerations.values() {
        let values = kind
            .values()
            .map(|value| (value.full_name().to_owned(), value.path().to_vec()));
        let all = values.chain([(kind.full_name().to_owned(), kind.path().to_vec())]);
        bare.extend(
            all.filter(|(_, path)| schema.comment(&kind.parent_file(), path).is_empty())
                .map(|(name, _)| name),
        );
    }
    assert!(bare.is_empty(), "without a comment: {bare:?}");
}

#[test]
fn every_field_of_an_entity_has_a_class_and_a_presence() {
    let schema = compiled();
    let mut faults = Vec::new();
    for message in reachable(&schema).values() {
        if message.name() == "Record" || VALUES.contains(&message.name()) {
            continue;
        }
        for field in message.fields() {
            let Some(rule) = rule(&schema, &field) else {
                faults.push(format!("{} has no rule", field.full_name()));
                continue;
            };
            let classes = words(&rule, "personal_data");
            let distinct: BTreeSet<&String> = classes.iter().collect();
            let alone = classes.len() == 1 || !classes.iter().any(|class| class == "NONE");
            if classes.is_empty() || distinct.len() != classes.len() || !alone {
                faults.push(format!("{} has classes {classes:?}", field.full_name()));
            }
            if words(&rule, "presence") == ["UNSPECIFIED"] {
                faults.push(format!("{} has no presence", field.full_name()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_a_derived_message_holds_is_not_asked_of_a_sender() {
    let schema = compiled();
    for name in ["Mismatch", "CaseClock"] {
        for field in schema.message(name).expect("is defined").fields() {
            let rule = rule(&schema, &field).expect("has a rule");
            assert_eq!(
                words(&rule, "presence"),
                ["DERIVED"],
                "{}",
                field.full_name()
            );
        }
    }
}

#[test]
fn every_enumeration_begins_with_an_unspecified_value() {
    let schema = compiled();
    for kind in schema
        .pool
        .all_enums()
        .filter(|kind| kind.package_name() == schema::PACKAGE)
    {
        let first = kind.default_value();
        assert!(
            first.number() == 0 && first.name().ends_with("_UNSPECIFIED"),
            "{}",
            kind.full_name()
        );
    }
}

#[test]
fn the_descriptor_set_keeps_options_and_imports_and_drops_comments() {
    let schema = compiled();
    let pool =
        prost_reflect::DescriptorPool::decode(schema.descriptors.as_slice()).expect("decodes");
    assert!(
        pool.get_file_by_name("google/protobuf/descriptor.proto")
            .is_some()
    );
    assert!(
        pool.files()
            .all(|file| file.file_descriptor_proto().source_code_info.is_none())
    );
    let extension = pool
        .get_extension_by_name("lawgate.v1.rule")
        .expect("is defined");
    let reporter = pool
        .get_message_by_name("lawgate.v1.PublicReport")
        .expect("is defined");
    let reporter = reporter.get_field_by_name("reporter").expect("is defined");
    assert!(reporter.options().has_extension(&extension));
}

#[test]
fn the_reference_has_a_section_for_every_link() {
    let document = reference::generate(&compiled()).expect("generates");
    let anchors: BTreeSet<String> = document
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| reference::slug(line.trim_start_matches('#').trim()))
        .collect();
    let links: BTreeSet<&str> = document
        .match_indices("](#")
        .filter_map(|(at, mark)| document[at + mark.len()..].split_once(')'))
        .map(|(anchor, _)| anchor)
        .collect();
    let broken: Vec<_> = links
        .iter()
        .filter(|link| !anchors.contains(**link))
        .collect();
    assert!(
        links.len() > 40 && broken.is_empty(),
        "{} links, broken: {broken:?}",
        links.len()
    );
}
