//! Taking values out of a result, and putting them back: pure, over the descriptors of the schema.
//!
//! What is taken out leaves a valid result in which everything else stands where it stood: messages that held only taken
//! values stay as empty messages, so that the places of others do not move. Putting back everything that was taken gives
//! the result again, byte for byte in its canonical encoding.

use prost::Message as _;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value,
};
use proto::v1::{Conversion, MessageResult, PersonalData, Record, message_result};

use super::person::{Person, person, value_names_somebody};
use crate::mask::{CLASSES, Clearance};

/// A value taken out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Taken {
    /// Where it belongs, from the conversion or the quarantine on: `records[0].party.legal_rep_id`.
    pub(crate) path: String,
    /// A text's UTF-8; of anything else its message with that field alone, encoded.
    pub(crate) value: Vec<u8>,
    /// Whether it is of class R.
    pub(crate) is_reporter: bool,
    /// Whose it is.
    pub(crate) person: Option<Person>,
}

/// The canonical bytes of a result: what prost makes of it, without fields the schema does not know.
pub(crate) fn canonical(result: &MessageResult) -> Vec<u8> {
    result.encode_to_vec()
}

/// Takes out of a result everything that is personal; returns what stays, encoded, and what was taken.
pub(crate) fn take(result: &MessageResult) -> (Vec<u8>, Vec<Taken>) {
    let mut whole = dynamic(&canonical(result));
    let mut taken = Vec::new();
    for inner in ["converted", "quarantined"] {
        let field = descriptor().get_field_by_name(inner);
        let field = field.expect("the schema has it");
        if !whole.has_field(&field) {
            continue;
        }
        let Some(message) = whole.get_field_mut(&field).as_message_mut() else {
            continue;
        };
        let walk = Walk {
            path: "",
            classes: &[],
            person: None,
        };
        take_classed(message, walk, &mut taken);
        let mut values: Vec<String> = taken
            .iter()
            .filter_map(|taken| taken.person.as_ref())
            .filter(|person| person.is_certain)
            .flat_map(|person| person.known_as.iter().cloned())
            .collect();
        values.sort();
        values.dedup();
        take_quotes(message, "", &values, &mut taken);
    }
    (whole.encode_to_vec(), taken)
}

/// Everything that people of a record are known as, as far as the record shows it.
pub(crate) fn people(record: &Record) -> Vec<String> {
    let conversion = Conversion {
        records: vec![record.clone()],
        ..Conversion::default()
    };
    let result = MessageResult {
        result: Some(message_result::Result::Converted(conversion)),
    };
    let (_, taken) = take(&result);
    let people = taken.into_iter().filter_map(|taken| taken.person);
    people.flat_map(|person| person.known_as).collect()
}

/// Where a walk has come to.
#[derive(Clone)]
struct Walk<'a> {
    path: &'a str,
    /// Classes of the fields above.
    classes: &'a [i32],
    person: Option<Person>,
}

/// Takes what has a class, and everything below what has one.
fn take_classed(message: &mut DynamicMessage, walk: Walk<'_>, taken: &mut Vec<Taken>) {
    let fields: Vec<FieldDescriptor> = message.fields().map(|(field, _)| field).collect();
    // People are told before anything is taken: the identifiers stand beside what they identify.
    let people: Vec<Option<Person>> = fields
        .iter()
        .map(|field| person(message, field.name()).or_else(|| walk.person.clone()))
        .collect();
    for (field, person) in fields.into_iter().zip(people) {
        let classes: Vec<i32> = [walk.classes, CLASSES.of(&field)].concat();
        let path = join(walk.path, field.name());
        let inner = field.kind().as_message().cloned();
        let goes_below = !field.is_map()
            && inner
                .as_ref()
                .is_some_and(|inner| CLASSES.is_restricted(inner));
        if goes_below {
            for (path, inner) in messages(message.get_field_mut(&field), &path) {
                let walk = Walk {
                    path: &path,
                    classes: &classes,
                    person: person.clone(),
                };
                take_classed(inner, walk, taken);
            }
        } else if !classes.is_empty() {
            taken.push(take_one(message, &field, path, &classes, person));
        }
    }
}

/// Takes what quotes a personal value, or may: findings, words of the guest, acknowledgements, and texts without a class
/// in which somebody of the message is named.
fn take_quotes(
    message: &mut DynamicMessage,
    path: &str,
    values: &[String],
    taken: &mut Vec<Taken>,
) {
    let name = message.descriptor().name().to_owned();
    let about = |message: &DynamicMessage| {
        let field = message.get_field_by_name("field");
        field.and_then(|field| field.as_str().map(str::to_owned))
    };
    let is_silent =
        name == "Finding" && about(message).is_some_and(|path| Clearance::none().may_quote(&path));
    let fields: Vec<FieldDescriptor> = message.fields().map(|(field, _)| field).collect();
    for field in fields {
        let path = join(path, field.name());
        let may_quote = match (name.as_str(), field.name()) {
            ("Finding", "raw" | "proposal" | "text") => !is_silent,
            ("Quarantine", "text") | ("Conversion", "reply") => true,
            _ => false,
        };
        let is_message = field.kind().as_message().is_some() && !field.is_map();
        if !may_quote && is_message {
            for (path, inner) in messages(message.get_field_mut(&field), &path) {
                take_quotes(inner, &path, values, taken);
            }
        } else if may_quote || value_names_somebody(&message.get_field(&field), values) {
            taken.push(take_one(message, &field, path, &[], None));
        }
    }
}

fn take_one(
    message: &mut DynamicMessage,
    field: &FieldDescriptor,
    path: String,
    classes: &[i32],
    person: Option<Person>,
) -> Taken {
    let value = message.get_field(field).into_owned();
    message.clear_field(field);
    Taken {
        path,
        value: encode(field, value),
        is_reporter: classes.contains(&(PersonalData::Reporter as i32)),
        person,
    }
}

fn is_text(field: &FieldDescriptor) -> bool {
    field.kind() == Kind::String && !field.is_list() && !field.is_map()
}

fn encode(field: &FieldDescriptor, value: Value) -> Vec<u8> {
    if is_text(field)
        && let Value::String(text) = value
    {
        return text.into_bytes();
    }
    let mut alone = DynamicMessage::new(field.parent_message().clone());
    alone.set_field(field, value);
    alone.encode_to_vec()
}

fn decode(field: &FieldDescriptor, bytes: &[u8]) -> Option<Value> {
    if is_text(field) {
        return String::from_utf8(bytes.to_vec()).ok().map(Value::String);
    }
    let alone = DynamicMessage::decode(field.parent_message().clone(), bytes).ok()?;
    Some(alone.get_field(field).into_owned())
}

/// Puts values back into what [`take`] left; `None` when a path or a value is not of this result.
pub(crate) fn put_back<'a>(
    open: &[u8],
    values: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Option<MessageResult> {
    let mut whole = DynamicMessage::decode(descriptor(), open).ok()?;
    for (path, value) in values {
        put_one(&mut whole, path, value)?;
    }
    MessageResult::decode(whole.encode_to_vec().as_slice()).ok()
}

fn put_one(whole: &mut DynamicMessage, path: &str, bytes: &[u8]) -> Option<()> {
    let inner = ["converted", "quarantined"]
        .into_iter()
        .filter_map(|name| descriptor().get_field_by_name(name))
        .find(|field| whole.has_field(field))?;
    let mut message = whole.get_field_mut(&inner).as_message_mut()?;
    let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
    for segment in above.split('.').filter(|segment| !segment.is_empty()) {
        let (name, index) = match segment.strip_suffix(']') {
            Some(indexed) => {
                let (name, index) = indexed.split_once('[')?;
                (name, Some(index.parse::<usize>().ok()?))
            }
            None => (segment, None),
        };
        let field = message.descriptor().get_field_by_name(name)?;
        if !message.has_field(&field) {
            return None;
        }
        let value = message.get_field_mut(&field);
        message = match index {
            Some(index) => value.as_list_mut()?.get_mut(index)?.as_message_mut()?,
            None => value.as_message_mut()?,
        };
    }
    let field = message.descriptor().get_field_by_name(last)?;
    let value = decode(&field, bytes)?;
    message.try_set_field(&field, value).ok()
}

/// The messages a value holds, each with its path.
fn messages<'a>(value: &'a mut Value, path: &str) -> Vec<(String, &'a mut DynamicMessage)> {
    if value.as_list().is_some() {
        let items = value.as_list_mut().into_iter().flatten().enumerate();
        return items
            .filter_map(|(index, item)| Some((format!("{path}[{index}]"), item.as_message_mut()?)))
            .collect();
    }
    let inner = value.as_message_mut();
    inner
        .into_iter()
        .map(|inner| (path.to_owned(), inner))
        .collect()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn descriptor() -> MessageDescriptor {
    let pool = CLASSES.pool();
    pool.get_message_by_name("lawgate.v1.MessageResult")
        .expect("conversion.proto defines it")
}

fn dynamic(bytes: &[u8]) -> DynamicMessage {
    DynamicMessage::decode(descriptor(), bytes).expect("prost wrote it by the same schema")
}

#[cfg(test)]
mod tests;
