//! One field of the reference: a row of a table.

use anyhow::Context as _;
use prost_reflect::{Cardinality, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, Value};

use crate::schema::Schema;

use super::{chinese, entities, slug};

/// The row of `field`.
pub(super) fn field(schema: &Schema, field: &FieldDescriptor) -> anyhow::Result<String> {
    let message = field.parent_message();
    let meaning = cell(schema.comment(&message.parent_file(), field.path()));
    let rule = rule(schema, field)?;
    let text = |name: &str| -> String {
        let value = rule.get_field_by_name(name);
        value
            .as_deref()
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (unit, codes) = (text("unit"), text("codes"));
    let between = if unit.is_empty() || codes.is_empty() {
        ""
    } else {
        "; "
    };
    Ok(format!(
        "| `{}` | {} | {} | {} | {} | {} | {meaning} |",
        field.name(),
        type_of(schema, field)?,
        presence(&rule),
        classes(&rule),
        cell(&format!("{unit}{between}{codes}")),
        cell(&text("source")),
    ))
}

/// The rule of a field, empty when it has none.
fn rule(schema: &Schema, field: &FieldDescriptor) -> anyhow::Result<DynamicMessage> {
    let extension = schema
        .pool
        .get_extension_by_name("lawgate.v1.rule")
        .context("no option rule")?;
    let options = field.options();
    let value = options.get_extension(&extension);
    value
        .as_message()
        .cloned()
        .context("the option rule is no message")
}

fn presence(rule: &DynamicMessage) -> String {
    let value = rule.get_field_by_name("presence");
    let number = value
        .as_deref()
        .and_then(Value::as_enum_number)
        .unwrap_or_default();
    letter(rule, "presence", number)
}

fn classes(rule: &DynamicMessage) -> String {
    let value = rule.get_field_by_name("personal_data");
    let listed = value
        .as_deref()
        .and_then(Value::as_list)
        .unwrap_or_default();
    let letters: Vec<String> = listed
        .iter()
        .filter_map(Value::as_enum_number)
        .map(|number| letter(rule, "personal_data", number))
        .collect();
    letters.join("+")
}

/// The letter that stands for an enumeration's value in the tables: N P S J R, M O C D.
fn letter(rule: &DynamicMessage, name: &str, number: i32) -> String {
    use prost_reflect::ReflectMessage as _;
    let Some(Kind::Enum(kind)) = rule
        .descriptor()
        .get_field_by_name(name)
        .map(|field| field.kind())
    else {
        return String::new();
    };
    let value = kind
        .get_value(number)
        .map(|value| value.name().to_owned())
        .unwrap_or_default();
    let word = value.strip_prefix(&prefix(&kind)).unwrap_or(&value);
    match word {
        "UNSPECIFIED" => String::new(),
        // Criminal procedure is J, for the organs of justice.
        "CRIMINAL_PROCEDURE" => "J".to_owned(),
        word => word.chars().take(1).collect(),
    }
}

/// What every value of an enumeration begins with: the unspecified one without its word.
fn prefix(kind: &EnumDescriptor) -> String {
    let first = kind.default_value();
    first
        .name()
        .strip_suffix("UNSPECIFIED")
        .unwrap_or_default()
        .to_owned()
}

/// The kind of a field's values: of a map's values, for a map.
pub(super) fn value_kind(field: &FieldDescriptor) -> Kind {
    let kind = field.kind();
    match kind.as_message() {
        Some(entry) if entry.is_map_entry() => entry.map_entry_value_field().kind(),
        _ => kind,
    }
}

/// The type of a field in words, with a link to its section.
fn type_of(schema: &Schema, field: &FieldDescriptor) -> anyhow::Result<String> {
    let kind = value_kind(field);
    let name = if let Some(message) = kind.as_message() {
        let is_entity = entities(schema)?.contains(message);
        let heading = format!("{} ({})", message.name(), chinese(schema, message));
        let anchor = slug(if is_entity { &heading } else { message.name() });
        format!("[{}](#{anchor})", message.name())
    } else if let Some(kind) = kind.as_enum() {
        format!("[{}](#{})", kind.name(), slug(kind.name()))
    } else {
        format!("{kind:?}").to_lowercase()
    };
    Ok(if field.is_map() {
        format!("map of string to {name}")
    } else if field.cardinality() == Cardinality::Repeated {
        format!("list of {name}")
    } else {
        name
    })
}

/// A text as the content of a cell: one line, without the mark that ends a cell.
pub(super) fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}
