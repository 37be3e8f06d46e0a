//! Where two results of one message differ, field by field, and how often over many messages.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use prost_reflect::{
    DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage as _, Value,
};
use proto::v1;

/// Most differences looked for in one message; a message that differs more says enough with these.
const MOST_OF_MESSAGE: usize = 64;

/// Most paths of a report.
const MOST_PATHS: usize = 200;

/// Examples kept for each path.
const EXAMPLES: usize = 3;

/// Longest value shown, in bytes.
const VALUE_BYTES: usize = 256;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Path with numbers of list items.
    pub(crate) path: String,
    pub(crate) left: String,
    pub(crate) right: String,
}

/// The differences between two encoded `MessageResult`s; empty for equal bytes only.
pub(crate) fn differences(left: &[u8], right: &[u8]) -> Vec<Difference> {
    if left == right {
        return Vec::new();
    }
    let decode = |bytes| DynamicMessage::decode(descriptor(), bytes).ok();
    let mut found = Vec::new();
    if let (Some(left), Some(right)) = (decode(left), decode(right)) {
        messages("", &left, &right, &mut found);
    }
    if found.is_empty() {
        // Equal as messages, or no messages: the bytes differ all the same.
        found.push(Difference {
            path: "(encoding)".to_owned(),
            left: format!("{} bytes", left.len()),
            right: format!("{} bytes", right.len()),
        });
    }
    found
}

fn descriptor() -> MessageDescriptor {
    static DESCRIPTOR: OnceLock<MessageDescriptor> = OnceLock::new();
    DESCRIPTOR
        .get_or_init(|| {
            DescriptorPool::decode(proto::DESCRIPTOR_SET)
                .ok()
                .and_then(|pool| pool.get_message_by_name("lawgate.v1.MessageResult"))
                .expect("the descriptor set is checked in with the generated code")
        })
        .clone()
}

fn messages(
    path: &str,
    left: &DynamicMessage,
    right: &DynamicMessage,
    found: &mut Vec<Difference>,
) {
    for field in left.descriptor().fields() {
        if found.len() >= MOST_OF_MESSAGE {
            return;
        }
        let inner = if path.is_empty() {
            field.name().to_owned()
        } else {
            format!("{path}.{}", field.name())
        };
        match (left.has_field(&field), right.has_field(&field)) {
            (false, false) => {}
            (true, true) => values(
                &inner,
                &left.get_field(&field),
                &right.get_field(&field),
                found,
            ),
            (has_left, _) => {
                let side = |message: &DynamicMessage, has: bool| match has {
                    true => shown(&message.get_field(&field)),
                    false => String::new(),
                };
                found.push(Difference {
                    path: inner,
                    left: side(left, has_left),
                    right: side(right, !has_left),
                });
            }
        }
    }
}

fn values(path: &str, left: &Value, right: &Value, found: &mut Vec<Difference>) {
    if left == right || found.len() >= MOST_OF_MESSAGE {
        return;
    }
    match (left, right) {
        (Value::Message(left), Value::Message(right)) => messages(path, left, right, found),
        (Value::List(left), Value::List(right)) => {
            for (number, pair) in left.iter().zip(right).enumerate() {
                values(&format!("{path}[{number}]"), pair.0, pair.1, found);
            }
            let common = left.len().min(right.len());
            let rest = |items: &[Value], number| items.get(number).map(shown).unwrap_or_default();
            for number in common..left.len().max(right.len()) {
                if found.len() >= MOST_OF_MESSAGE {
                    return;
                }
                found.push(Difference {
                    path: format!("{path}[{number}]"),
                    left: rest(left, number),
                    right: rest(right, number),
                });
            }
        }
        _ => found.push(Difference {
            path: path.to_owned(),
            left: shown(left),
            right: shown(right),
        }),
    }
}

/// A value for people, cut.
fn shown(value: &Value) -> String {
    let mut text = match value {
        Value::String(text) => format!("{text:?}"),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::EnumNumber(number) => number.to_string(),
        Value::Message(message) => message.to_string(),
        Value::List(items) => format!("{} items", items.len()),
        Value::Map(items) => format!("{} items", items.len()),
        Value::Bool(truth) => truth.to_string(),
        Value::I32(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::U32(number) => number.to_string(),
        Value::U64(number) => number.to_string(),
        Value::F32(number) => number.to_string(),
        Value::F64(number) => number.to_string(),
    };
    text.truncate(text.floor_char_boundary(VALUE_BYTES));
    text
}

/// Differences over many messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    pub(crate) compared: u64,
    pub(crate) differing: u64,
    pub(crate) dropped: u64,
    pub(crate) failed: u64,
    fields: BTreeMap<String, v1::FieldDifference>,
}

impl Report {
    /// Takes one message over: what was published, what the candidate made.
    pub(crate) fn compare(
        &mut self,
        position: u64,
        message: u32,
        published: &[u8],
        candidate: &[u8],
    ) {
        self.compared += 1;
        let found = differences(published, candidate);
        self.differing += u64::from(!found.is_empty());
        for difference in found {
            self.note(position, message, difference);
        }
    }

    fn note(&mut self, position: u64, message: u32, difference: Difference) {
        let path = without_numbers(&difference.path);
        if !self.fields.contains_key(&path) && self.fields.len() >= MOST_PATHS {
            return;
        }
        let field = self
            .fields
            .entry(path.clone())
            .or_insert_with(|| v1::FieldDifference {
                path,
                ..v1::FieldDifference::default()
            });
        field.count += 1;
        if field.examples.len() < EXAMPLES {
            field.examples.push(v1::DifferenceExample {
                position,
                message_index: message,
                path: difference.path,
                published: difference.left,
                candidate: difference.right,
            });
        }
    }

    /// The report as it is answered; values only for those who may see every class of personal data.
    pub(crate) fn answer(
        &self,
        feed: &str,
        version: u32,
        with_values: bool,
    ) -> v1::ComparisonReport {
        let mut fields: Vec<_> = self.fields.values().cloned().collect();
        fields.sort_by_key(|field| std::cmp::Reverse(field.count));
        if !with_values {
            for example in fields.iter_mut().flat_map(|field| &mut field.examples) {
                example.published.clear();
                example.candidate.clear();
            }
        }
        v1::ComparisonReport {
            feed: feed.to_owned(),
            version,
            compared: self.compared,
            differing: self.differing,
            dropped: self.dropped,
            failed: self.failed,
            fields,
        }
    }
}

/// `records[3].findings[0].code` is `records.findings.code`.
fn without_numbers(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut is_inside = false;
    for letter in path.chars() {
        match letter {
            '[' => is_inside = true,
            ']' => is_inside = false,
            _ if !is_inside => plain.push(letter),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use proto::v1::record::Entity;
    use proto::v1::{Conversion, MessageResult, Observation, Record, message_result};

    use super::*;

    fn result(factors: &[&str]) -> Vec<u8> {
        let record = |factor: &&str| Record {
            envelope: None,
            entity: Some(Entity::Observation(Observation {
                mn: "MN1".to_owned(),
                factor: (*factor).to_owned(),
                ..Observation::default()
            })),
        };
        let conversion = Conversion {
            records: factors.iter().map(record).collect(),
            ..Conversion::default()
        };
        MessageResult {
            result: Some(message_result::Result::Converted(conversion)),
        }
        .encode_to_vec()
    }

    #[test]
    fn equal_results_do_not_differ_and_a_field_is_named_where_it_does() {
        assert_eq!(differences(&result(&["a"]), &result(&["a"])), []);
        let found = differences(&result(&["a", "b"]), &result(&["a", "c"]));
        let expected = Difference {
            path: "converted.records[1].observation.factor".to_owned(),
            left: "\"b\"".to_owned(),
            right: "\"c\"".to_owned(),
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_record_too_many_and_bytes_that_are_no_result_are_differences() {
        let found = differences(&result(&["a"]), &result(&["a", "b"]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "converted.records[1]");
        assert!(found[0].left.is_empty() && !found[0].right.is_empty());
        let found = differences(&result(&["a"]), &[0xFF]);
        assert_eq!(found[0].path, "(encoding)");
    }

    #[test]
    fn a_report_counts_by_path_and_shows_values_only_to_those_who_may_see_them() {
        let mut report = Report::default();
        for message in 0..5 {
            report.compare(7, message, &result(&["a", "b"]), &result(&["x", "y"]));
        }
        report.compare(7, 5, &result(&["a"]), &result(&["a"]));
        let answer = report.answer("feed", 2, true);
        assert_eq!((answer.compared, answer.differing), (6, 5));
        assert_eq!(answer.fields.len(), 1);
        assert_eq!(
            answer.fields[0].path,
            "converted.records.observation.factor"
        );
        assert_eq!(answer.fields[0].count, 10);
        assert_eq!(answer.fields[0].examples.len(), EXAMPLES);
        assert_eq!(answer.fields[0].examples[0].candidate, "\"x\"");
        let hidden = report.answer("feed", 2, false);
        assert_eq!(hidden.fields[0].examples[0].candidate, "");
    }
}
