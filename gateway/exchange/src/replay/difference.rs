//! Two results of one message, field by field.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MapKey, MessageDescriptor, Value};

use crate::policy::hex;

/// Most fields named: the rest of a result that is another one says no more.
const MOST_FIELDS: usize = 64;

/// Longest value shown, in characters.
const MOST_CHARS: usize = 200;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Path of the field: `converted.records[0].observation.value.value`.
    pub path: String,
    /// What was kept; `None` when the field was not there.
    pub kept: Option<String>,
    /// What replaying gave; `None` when the field is not there.
    pub replayed: Option<String>,
}

static RESULT: LazyLock<MessageDescriptor> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET)
        .expect("the descriptor set is generated from proto/");
    pool.get_message_by_name("lawgate.v1.MessageResult")
        .expect("conversion.proto defines it")
});

/// The fields in which two encoded `MessageResult` differ. Where one of them is none, and where they
/// differ in their bytes alone, that is what is said.
pub(super) fn between(kept: &[u8], replayed: &[u8]) -> Vec<Difference> {
    let (old, new) = (leaves(kept), leaves(replayed));
    let paths: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = paths
        .into_iter()
        .filter(|path| old.get(*path) != new.get(*path));
    let mut differences: Vec<Difference> = differing
        .take(MOST_FIELDS)
        .map(|path| Difference {
            path: path.clone(),
            kept: old.get(path).cloned(),
            replayed: new.get(path).cloned(),
        })
        .collect();
    if differences.is_empty() {
        let first = kept.iter().zip(replayed).position(|(a, b)| a != b);
        let at = first.unwrap_or(kept.len().min(replayed.len()));
        differences.push(Difference {
            path: format!("(encoding, byte {at})"),
            kept: Some(byte_at(kept, at)),
            replayed: Some(byte_at(replayed, at)),
        });
    }
    differences
}

fn byte_at(bytes: &[u8], at: usize) -> String {
    bytes.get(at).map_or("end".to_owned(), |byte| hex(&[*byte]))
}

fn leaves(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    match DynamicMessage::decode(RESULT.clone(), bytes) {
        Ok(message) => of_message("", &message, &mut leaves),
        Err(_) => {
            leaves.insert("(bytes)".to_owned(), shortened(&hex(bytes)));
        }
    }
    leaves
}

fn of_message(path: &str, message: &DynamicMessage, leaves: &mut BTreeMap<String, String>) {
    for (field, value) in message.fields() {
        let dot = if path.is_empty() { "" } else { "." };
        of_value(&format!("{path}{dot}{}", field.name()), value, leaves);
    }
}

fn of_value(path: &str, value: &Value, leaves: &mut BTreeMap<String, String>) {
    let text = match value {
        Value::Message(message) => {
            leaves.insert(path.to_owned(), String::new());
            return of_message(path, message, leaves);
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                of_value(&format!("{path}[{index}]"), item, leaves);
            }
            return;
        }
        Value::Map(entries) => {
            for (key, item) in entries {
                of_value(&format!("{path}[{}]", key_text(key)), item, leaves);
            }
            return;
        }
        Value::Bool(value) => value.to_string(),
        Value::I32(value) | Value::EnumNumber(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::U32(value) => value.to_string(),
        Value::U64(value) => value.to_string(),
        Value::F32(value) => value.to_string(),
        Value::F64(value) => value.to_string(),
        Value::String(value) => value.clone(),
        Value::Bytes(value) => hex(value),
    };
    leaves.insert(path.to_owned(), shortened(&text));
}

fn key_text(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}

fn shortened(text: &str) -> String {
    match text.chars().count() > MOST_CHARS {
        true => text.chars().take(MOST_CHARS).chain(['…']).collect(),
        false => text.to_owned(),
    }
}
