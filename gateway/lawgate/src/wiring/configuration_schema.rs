//! A configuration against the JSON Schema its adapter is shipped with (draft 2020-12, the part that mappings need).
//!
//! The adapter checks its configuration as well, and it alone knows what the values mean; the schema says the form, for
//! people and their editors. A keyword that asserts something and is not known here is refused with the schema: a check
//! that leaves something out would say that it had looked.

use std::cell::Cell;

use serde_json::{Map, Value};

/// Deepest nesting of schema and value looked at.
const DEPTH: usize = 64;

/// Most faults named.
const MOST_FAULTS: usize = 50;

/// Most places looked at: parts that refer to each other can ask for more than any machine can do.
const MOST_LOOKS: u32 = 1_000_000;

/// Keywords that assert nothing.
const ANNOTATIONS: [&str; 12] = [
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
];

/// Every fault of `configuration`, as `path: what is wrong`; empty when there is none.
///
/// # Errors
/// The schema is no JSON or uses what is not known here.
pub(crate) fn faults(schema: &[u8], configuration: &[u8]) -> Result<Vec<String>, String> {
    let root: Value = serde_json::from_slice(schema)
        .map_err(|error| format!("the schema of configurations is no JSON: {error}"))?;
    known(&root, 0)?;
    let value: Value = match serde_json::from_slice(configuration) {
        Ok(value) => value,
        Err(error) => return Ok(vec![format!("(whole file): is no JSON: {error}")]),
    };
    let (mut found, looks) = (Vec::new(), Cell::new(0));
    let mut check = Check {
        root: &root,
        looks: &looks,
        found: &mut found,
    };
    check.value(&root, &value, "", 0);
    match looks.get() > MOST_LOOKS {
        true => Err(format!(
            "the schema of configurations asks for more than {MOST_LOOKS} looks at this configuration"
        )),
        false => Ok(found),
    }
}

/// Refuses a schema with keywords, or forms of them, that would not be checked.
fn known(schema: &Value, depth: usize) -> Result<(), String> {
    if depth > DEPTH {
        return Err("the schema of configurations is nested too deep".to_owned());
    }
    let object = match schema {
        Value::Bool(_) => return Ok(()),
        Value::Object(object) => object,
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Err("the schema of configurations has a place that is no schema".to_owned());
        }
    };
    for (keyword, inner) in object {
        let has_form = match keyword.as_str() {
            "properties" | "$defs" => match inner.as_object() {
                Some(schemas) => {
                    let mut schemas = schemas.values();
                    schemas.try_for_each(|schema| known(schema, depth + 1))?;
                    true
                }
                None => false,
            },
            "items" | "additionalProperties" => {
                known(inner, depth + 1)?;
                true
            }
            "anyOf" | "allOf" => match inner.as_array() {
                Some(schemas) => {
                    let mut each = schemas.iter();
                    each.try_for_each(|schema| known(schema, depth + 1))?;
                    !schemas.is_empty()
                }
                None => false,
            },
            "$ref" => inner.as_str().is_some_and(|name| name.starts_with('#')),
            "type" => inner.as_str().is_some_and(is_type) || is_list(inner, is_type),
            "enum" => inner.is_array(),
            "required" => is_list(inner, |_| true),
            "minimum" | "maximum" => inner.is_number(),
            "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties"
            | "maxProperties" => inner.is_u64(),
            "const" => true,
            other if ANNOTATIONS.contains(&other) => true,
            other => {
                return Err(format!(
                    "the schema of configurations uses {other:?}, which is not checked here"
                ));
            }
        };
        if !has_form {
            return Err(format!(
                "the schema of configurations has {keyword:?} in a form that is not checked here: {inner}"
            ));
        }
    }
    Ok(())
}

/// Whether a value is a list of texts that are as wanted.
fn is_list(value: &Value, is_wanted: impl Fn(&str) -> bool) -> bool {
    let items = value.as_array();
    items.is_some_and(|items| {
        items
            .iter()
            .all(|item| item.as_str().is_some_and(&is_wanted))
    })
}

fn is_type(name: &str) -> bool {
    matches!(
        name,
        "null" | "boolean" | "integer" | "number" | "string" | "array" | "object"
    )
}

struct Check<'s, 'f> {
    root: &'s Value,
    /// Places looked at so far.
    looks: &'f Cell<u32>,
    found: &'f mut Vec<String>,
}

impl Check<'_, '_> {
    fn fault(&mut self, path: &str, text: String) {
        let path = if path.is_empty() {
            "(whole file)"
        } else {
            path
        };
        if self.found.len() < MOST_FAULTS {
            self.found.push(format!("{path}: {text}"));
        }
    }

    fn value(&mut self, schema: &Value, value: &Value, path: &str, depth: usize) {
        if depth > DEPTH {
            return self.fault(path, "is nested too deep".to_owned());
        }
        self.looks.set(self.looks.get().saturating_add(1));
        if self.looks.get() > MOST_LOOKS {
            return;
        }
        let object = match schema {
            Value::Object(object) => object,
            Value::Bool(false) => return self.fault(path, "is not allowed here".to_owned()),
            Value::Null
            | Value::Bool(true)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => return,
        };
        if let Some(name) = object.get("$ref").and_then(Value::as_str) {
            match self.root.pointer(name.trim_start_matches('#')) {
                Some(referred) => self.value(referred, value, path, depth + 1),
                None => self.fault(
                    path,
                    format!("the schema refers to {name}, which is not there"),
                ),
            }
        }
        self.plain(object, value, path);
        match value {
            Value::Object(members) => self.members(object, members, path, depth),
            Value::Array(items) => self.items(object, items, path, depth),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        for one in object
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.value(one, value, path, depth + 1);
        }
        if let Some(choices) = object.get("anyOf").and_then(Value::as_array) {
            let fits = |one: &Value| {
                let mut found = Vec::new();
                Check {
                    root: self.root,
                    looks: self.looks,
                    found: &mut found,
                }
                .value(one, value, path, depth + 1);
                found.is_empty()
            };
            if !choices.iter().any(fits) {
                self.fault(
                    path,
                    "fits none of the forms that are allowed here".to_owned(),
                );
            }
        }
    }

    /// Keywords about the value itself.
    fn plain(&mut self, schema: &Map<String, Value>, value: &Value, path: &str) {
        if let Some(types) = schema.get("type") {
            let names: Vec<&str> = match types.as_array() {
                Some(names) => names.iter().filter_map(Value::as_str).collect(),
                None => types.as_str().into_iter().collect(),
            };
            if !names.iter().any(|name| is_of(name, value)) {
                return self.fault(
                    path,
                    format!("is {}, expected {}", type_of(value), names.join(" or ")),
                );
            }
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
            && !allowed.contains(value)
        {
            let words: Vec<String> = allowed.iter().map(ToString::to_string).collect();
            self.fault(
                path,
                format!("is {value}, expected one of {}", words.join(", ")),
            );
        }
        if let Some(only) = schema.get("const")
            && only != value
        {
            self.fault(path, format!("is {value}, expected {only}"));
        }
        let length = value.as_str().map(|text| text.chars().count() as f64);
        let bounds = [
            ("minimum", "maximum", value.as_f64(), ""),
            ("minLength", "maxLength", length, " characters"),
            (
                "minItems",
                "maxItems",
                value.as_array().map(|items| items.len() as f64),
                " items",
            ),
            (
                "minProperties",
                "maxProperties",
                value.as_object().map(|members| members.len() as f64),
                " members",
            ),
        ];
        for (least, most, measure, unit) in bounds {
            let Some(measure) = measure else { continue };
            let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
            if let Some(least) = bound(least).filter(|least| measure < *least) {
                self.fault(
                    path,
                    format!("is {measure}{unit}, expected at least {least}"),
                );
            }
            if let Some(most) = bound(most).filter(|most| measure > *most) {
                self.fault(path, format!("is {measure}{unit}, expected at most {most}"));
            }
        }
    }

    fn members(
        &mut self,
        schema: &Map<String, Value>,
        members: &Map<String, Value>,
        path: &str,
        depth: usize,
    ) {
        let inner = |name: &str| match path {
            "" => name.to_owned(),
            _ => format!("{path}.{name}"),
        };
        for name in schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            if let Some(name) = name.as_str().filter(|name| !members.contains_key(*name)) {
                self.fault(&inner(name), "is missing".to_owned());
            }
        }
        let declared = schema.get("properties").and_then(Value::as_object);
        for (name, value) in members {
            match declared.and_then(|declared| declared.get(name)) {
                Some(of_member) => self.value(of_member, value, &inner(name), depth + 1),
                None => match schema.get("additionalProperties") {
                    Some(Value::Bool(false)) => self.fault(&inner(name), "is not known".to_owned()),
                    Some(others) => self.value(others, value, &inner(name), depth + 1),
                    None => {}
                },
            }
        }
    }

    fn items(&mut self, schema: &Map<String, Value>, items: &[Value], path: &str, depth: usize) {
        if let Some(of_item) = schema.get("items") {
            for (number, item) in items.iter().enumerate() {
                self.value(of_item, item, &format!("{path}[{number}]"), depth + 1);
            }
        }
    }
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => type_of(value) == other,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCHEMA: &str = r##"{
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["fields"],
        "additionalProperties": false,
        "properties": {
            "fields": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/field"}},
            "interval_s": {"type": "integer", "minimum": 1, "maximum": 3600},
            "mode": {"enum": ["strict", "loose"]}
        },
        "$defs": {"field": {"type": "object", "required": ["from"], "properties": {"from": {"type": "string", "minLength": 1},
            "to": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}}
    }"##;

    fn check(configuration: &str, expected: &[&str]) {
        let found =
            faults(SCHEMA.as_bytes(), configuration.as_bytes()).expect("the schema is known");
        assert_eq!(found, expected, "{configuration}");
    }

    #[test]
    fn a_configuration_that_fits_has_no_fault() {
        check(
            r#"{"fields": [{"from": "a", "to": null}], "interval_s": 60, "mode": "strict"}"#,
            &[],
        );
    }

    #[test]
    fn every_fault_is_named_with_its_path() {
        check(
            "[",
            &["(whole file): is no JSON: EOF while parsing a list at line 1 column 1"],
        );
        check("[]", &["(whole file): is array, expected object"]);
        check("{}", &["fields: is missing"]);
        check(
            r#"{"fields": []}"#,
            &["fields: is 0 items, expected at least 1"],
        );
        check(
            r#"{"fields": [{"from": ""}, {"to": 7}], "interval_s": 0.5, "mode": "x", "other": 1}"#,
            &[
                "fields[0].from: is 0 characters, expected at least 1",
                "fields[1].from: is missing",
                "fields[1].to: fits none of the forms that are allowed here",
                "interval_s: is number, expected integer",
                "mode: is \"x\", expected one of \"strict\", \"loose\"",
                "other: is not known",
            ],
        );
    }

    #[test]
    fn a_schema_that_would_not_be_checked_whole_is_refused() {
        for schema in [
            "{",
            "7",
            r#"{"pattern": "a"}"#,
            r#"{"properties": {"a": {"if": true}}}"#,
            r#"{"anyOf": [{"not": {}}]}"#,
            r#"{"anyOf": {}}"#,
            r#"{"required": "fields"}"#,
            r#"{"minimum": "1"}"#,
            r#"{"minLength": -1}"#,
            r#"{"type": "text"}"#,
            r#"{"type": ["string", 7]}"#,
            r#"{"properties": []}"#,
            r#"{"$ref": "other.json"}"#,
        ] {
            assert!(faults(schema.as_bytes(), b"{}").is_err(), "{schema}");
        }
        let endless = r##"{"$ref": "#"}"##;
        let found = faults(endless.as_bytes(), b"{}").expect("is known");
        assert_eq!(found, ["(whole file): is nested too deep"]);
    }

    #[test]
    fn a_schema_that_doubles_at_every_step_is_refused_and_keeps_nobody_waiting() {
        for choice in ["allOf", "anyOf"] {
            let twice = format!(
                r##"{{"{choice}": [{{"$ref": "#"}}, {{"$ref": "#"}}], "minProperties": 1}}"##
            );
            let refused = faults(twice.as_bytes(), b"{}").expect_err("is too much");
            assert!(refused.contains("looks"), "{refused}");
        }
    }

    /// Pieces of schemas and values that mean something to the check.
    fn piece() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            (-2_i64..4).prop_map(Value::from),
            "[a-b]{0,2}".prop_map(Value::from),
            proptest::sample::select(vec!["#", "#/$defs/a", "#/items", "string", "object"])
                .prop_map(Value::from),
        ];
        let names = vec![
            "$ref",
            "$defs",
            "a",
            "b",
            "type",
            "enum",
            "const",
            "properties",
            "required",
            "additionalProperties",
            "items",
            "minItems",
            "minimum",
            "maxLength",
            "anyOf",
            "allOf",
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            let member = (proptest::sample::select(names.clone()), inner.clone());
            let members = proptest::collection::vec(member, 0..4);
            prop_oneof![
                proptest::collection::vec(inner, 0..4).prop_map(Value::from),
                members.prop_map(|members| {
                    let named = |(name, value): (&str, Value)| (name.to_owned(), value);
                    Value::Object(members.into_iter().map(named).collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_schema_and_configuration_are_compared_or_refused(
            schema in piece(),
            configuration in piece(),
            cut in 0_usize..200,
        ) {
            let (schema, value) = (schema.to_string(), configuration.to_string());
            if let Ok(found) = faults(schema.as_bytes(), value.as_bytes()) {
                prop_assert!(found.len() <= MOST_FAULTS);
                prop_assert!(found.iter().all(|fault| fault.contains(": ")));
            }
            let cut = cut.min(schema.len());
            let _ = faults(&schema.as_bytes()[..cut], value.as_bytes());
        }
    }
}
