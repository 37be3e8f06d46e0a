//! The rules of a mapping, and building them from a configuration.
//!
//! Paths, code tables and targets are resolved once, here; converting only
//! follows them. The format of the configuration is described in the adapter's
//! guide; every fault is reported with its path.

use super::entities::AnyRule;
use super::kind::{Kind, Table};
use super::reading;
use super::settings::{Faults, Section, parse};
use super::slot::{Entity, Shape, Slot, Target, Value};
use crate::ConfigurationFault;
use crate::document::{Path, Rules};

/// Everything a mapping does.
#[derive(Debug)]
pub(crate) struct MappingRules {
    /// How messages are read.
    pub(crate) reading: Rules,
    /// Name of the dialect, for the facts of the message.
    pub(crate) dialect: Box<str>,
    /// Where the sender's clock stands, seen from the root.
    pub(crate) claimed_at: Vec<Path>,
    /// What records to make.
    pub(crate) records: Vec<AnyRule>,
    /// Nodes outside the records that are known and not needed, seen from the root.
    pub(crate) ignore: Vec<Path>,
    /// Whether a message without a record is in order.
    pub(crate) allow_empty: bool,
    /// Most records of one message.
    pub(crate) most_records: usize,
}

/// How one kind of record is made.
pub(crate) struct RecordRule<E> {
    /// Where its sources stand; the first path that names any is used.
    pub(crate) select: Vec<Path>,
    /// The record is made only where one of these is not empty; nothing asks for none.
    pub(crate) when: Vec<Path>,
    /// Its fields.
    pub(crate) fields: Vec<Field<E>>,
    /// Personal columns that stay outside, with the finding that says so.
    pub(crate) drop: Vec<Path>,
    /// Columns that are known and not needed.
    pub(crate) ignore: Vec<Path>,
}

/// How one field is made.
pub(crate) struct Field<E> {
    /// Path of the field in the record, or below its list.
    pub(crate) path: Box<str>,
    /// Where the value goes.
    pub(crate) target: Target<E>,
    /// Where it comes from; the first source that is not empty wins.
    pub(crate) source: Vec<Path>,
    /// The text that belongs to a code, where the sender sends both.
    pub(crate) pair: Option<Path>,
    /// An item of a list is made only where one of these is not empty.
    pub(crate) when: Vec<Path>,
    /// Characters that separate several values in one text.
    pub(crate) split: Box<str>,
    /// How it is read.
    pub(crate) kind: Kind,
    /// Its absence is an error.
    pub(crate) required: bool,
    /// Its value where the sender states none.
    pub(crate) default: Option<Value>,
    /// Fields of the items of a list.
    pub(crate) items: Vec<Field<E>>,
}

impl<E> std::fmt::Debug for RecordRule<E> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RecordRule")
            .field("select", &self.select)
            .field("fields", &self.fields.len())
            .finish()
    }
}

const KEYS: &[&str] = &[
    "formats",
    "encodings",
    "delimiter",
    "ignore_case",
    "limits",
    "dialect",
    "unwrap",
    "claimed_at",
    "codes",
    "records",
    "ignore",
    "allow_empty",
    "note",
];

impl MappingRules {
    /// Builds the rules.
    pub(crate) fn build(configuration: &[u8]) -> Result<Self, Vec<ConfigurationFault>> {
        let faults = Faults::default();
        let document = parse(configuration, &faults);
        let top = document
            .as_ref()
            .and_then(|document| Section::top(document, &faults));
        let rules = top.map(|top| Self::from_section(top));
        match rules {
            Some(rules) if faults.is_empty() => Ok(rules),
            _ => Err(faults.into_inner()),
        }
    }

    fn from_section(top: Section<'_>) -> Self {
        top.only(KEYS);
        let mut records = Vec::new();
        top.each("records", |record| {
            records.extend(AnyRule::build(record, top))
        });
        if records.is_empty() {
            top.fault_at("records", "at least one record is expected");
        }
        let (reading, most_records) = reading::rules(top);
        Self {
            reading,
            dialect: top.required("dialect").unwrap_or_default().into(),
            claimed_at: paths(top, "claimed_at"),
            records,
            ignore: paths(top, "ignore"),
            allow_empty: top.flag("allow_empty"),
            most_records,
        }
    }
}

impl<E: Entity> RecordRule<E> {
    /// Builds the rule of one record; `top` holds the code tables.
    pub(crate) fn build(record: Section<'_>, top: Section<'_>) -> Self {
        record.only(&[
            "entity", "select", "when", "fields", "drop", "ignore", "note",
        ]);
        let select = paths(record, "select");
        if select.is_empty() {
            record.fault_at("select", "missing; `.` names the root itself");
        }
        let mut fields = Vec::new();
        record.each("fields", |field| {
            fields.extend(build_field::<E>(field, top, None))
        });
        if fields.is_empty() {
            record.fault_at("fields", "at least one field is expected");
        }
        let when = paths(record, "when");
        Self {
            select,
            when,
            fields,
            drop: paths(record, "drop"),
            ignore: paths(record, "ignore"),
        }
    }
}

const FIELD_KEYS: &[&str] = &[
    "target",
    "source",
    "pair",
    "when",
    "split",
    "kind",
    "required",
    "default",
    "fields",
    "table",
    "entity",
    "key_kind",
    "unit",
    "power_of_ten",
    "keep",
    "note",
    "verbatim",
];

fn build_field<E: Entity>(
    field: Section<'_>,
    top: Section<'_>,
    list: Option<&str>,
) -> Option<Field<E>> {
    field.only(FIELD_KEYS);
    let name = field.required("target")?;
    let full = list.map_or_else(|| name.to_owned(), |list| format!("{list}.{name}"));
    let Some(target) = E::target(&full) else {
        field.fault_at(
            "target",
            format!(
                "{} has no field {full}; fields are {}",
                E::NAME,
                E::paths().join(", ")
            ),
        );
        return None;
    };
    let table = table(field, top, &target.slot);
    let kind = Kind::build(field, target.slot.shape(), table)?;
    let source = paths(field, "source");
    let default = default_value(field, &target, &kind);
    if source.is_empty() && !field.has("default") {
        field.fault_at("source", "a source or a default is expected");
    }
    if field.has("pair") && !matches!(kind, Kind::Code(_)) {
        field.fault_at("pair", "only a code has a text that goes with it");
    }
    if field.has("split") && !target.slot.is_repeated() {
        field.fault_at(
            "split",
            "only a field that takes several values can be split",
        );
    }
    let mut items = Vec::new();
    if target.slot.shape() == Shape::List && list.is_none() {
        field.each("fields", |item| {
            items.extend(build_field::<E>(item, top, Some(name)))
        });
        if items.is_empty() {
            field.fault_at("fields", "the items of a list need fields");
        }
    } else if field.has("fields") {
        field.fault_at(
            "fields",
            "only a list has items, and no list lies in a list",
        );
    }
    let path = if list.is_some() {
        name.to_owned()
    } else {
        format!("{}.{name}", E::FIELD)
    };
    Some(Field {
        path: path.into(),
        target,
        source,
        pair: paths(field, "pair").pop(),
        when: paths(field, "when"),
        split: field.text("split").unwrap_or_default().into(),
        kind,
        required: field.flag("required"),
        default,
        items,
    })
}

/// The code table a field names, its values resolved to the numbers of its slot.
fn table<E>(field: Section<'_>, top: Section<'_>, slot: &Slot<E>) -> Option<Table> {
    let name = field.text("table")?;
    let mut table = None;
    top.inner("codes", |codes| {
        codes.inner(name, |entries| {
            let mut resolved = Table::default();
            for entry in entries.names() {
                let value = entries.required(entry).unwrap_or_default();
                match slot.code(value) {
                    Some(code) => resolved.insert(entry, code),
                    None => entries.fault_at(
                        entry,
                        format!("{value:?} is no value of this field's code list"),
                    ),
                }
            }
            table = Some(resolved);
        });
    });
    if table.is_none() {
        field.fault_at(
            "table",
            format!("there is no code table {name:?} in `codes`"),
        );
    }
    table
}

fn default_value<E>(field: Section<'_>, target: &Target<E>, kind: &Kind) -> Option<Value> {
    let text = field.text("default")?;
    let value = if let Kind::Code(_) = kind {
        target.slot.code(text).map(Value::Code)
    } else {
        kind.read(text).value
    };
    if value.is_none() {
        field.fault_at("default", format!("{text:?} is no value of this field"));
    }
    value
}

/// One path or several.
pub(crate) fn paths(section: Section<'_>, name: &str) -> Vec<Path> {
    let texts = section.texts(name);
    let mut paths = Vec::with_capacity(texts.len());
    for text in texts {
        match Path::parse(text) {
            Ok(path) => paths.push(path),
            Err(error) => section.fault_at(name, format!("path {text:?}: {error}")),
        }
    }
    paths
}
