//! Masking personal data: a reader sees the classes granted to its agency.
//!
//! The class of each field is part of the schema (`rule` option in `proto/`).
//! What is not granted is taken out of the answer, never out of the store, and
//! the record says which fields were masked.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value,
};
use proto::v1::{Action, Finding, PersonalData, Record, Severity};

use crate::Exchange;
use crate::policy::{Agency, Caller};

/// What stands for a masked text.
pub const MASK: &str = "※";

/// Classes that need a grant.
const RESTRICTED: [PersonalData; 4] = [
    PersonalData::Personal,
    PersonalData::Sensitive,
    PersonalData::CriminalProcedure,
    PersonalData::Reporter,
];

/// The schema's classes, by message and field number.
struct Classes {
    record: MessageDescriptor,
    by_field: HashMap<(String, u32), Vec<i32>>,
}

static CLASSES: LazyLock<Classes> = LazyLock::new(Classes::load);

impl Classes {
    fn load() -> Classes {
        let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET)
            .expect("the descriptor set is generated from proto/");
        let rule = pool
            .get_extension_by_name("lawgate.v1.rule")
            .expect("values.proto defines the option");
        let mut by_field = HashMap::new();
        for message in pool.all_messages() {
            for field in message.fields() {
                let options = field.options();
                let classes = options
                    .get_extension(&rule)
                    .as_message()
                    .map(classes_of)
                    .unwrap_or_default();
                if !classes.is_empty() {
                    by_field.insert((message.full_name().to_owned(), field.number()), classes);
                }
            }
        }
        let record = pool
            .get_message_by_name("lawgate.v1.Record")
            .expect("record.proto defines it");
        Classes { record, by_field }
    }

    /// Restricted classes of a field.
    fn of(&self, field: &FieldDescriptor) -> &[i32] {
        let key = (
            field.parent_message().full_name().to_owned(),
            field.number(),
        );
        self.by_field.get(&key).map_or(&[], Vec::as_slice)
    }
}

fn classes_of(rule: &DynamicMessage) -> Vec<i32> {
    let listed = rule.get_field_by_name("personal_data");
    let listed = listed
        .as_deref()
        .and_then(Value::as_list)
        .unwrap_or_default();
    let numbers = listed.iter().filter_map(Value::as_enum_number);
    numbers
        .filter(|number| RESTRICTED.iter().any(|class| *class as i32 == *number))
        .collect()
}

impl Agency {
    /// Whether the agency may see every class unmasked.
    pub fn sees_every_class(&self) -> bool {
        RESTRICTED
            .iter()
            .all(|class| self.personal.contains(&(*class as i32)))
    }
}

impl Exchange {
    /// The record as `caller` may see it.
    pub(crate) fn mask(&self, caller: &Caller, record: Record) -> Record {
        let none = BTreeSet::new();
        let agency = self.policy.agency(caller);
        if agency.is_some_and(Agency::sees_every_class) {
            return record;
        }
        mask(record, agency.map_or(&none, |agency| &agency.personal))
    }
}

/// The record with every field masked whose classes are not all in `granted`.
fn mask(mut record: Record, granted: &BTreeSet<i32>) -> Record {
    let classes = &*CLASSES;
    let mut dynamic =
        DynamicMessage::decode(classes.record.clone(), record.encode_to_vec().as_slice())
            .expect("a record follows its own descriptor");
    let mut masked = Vec::new();
    mask_fields(classes, &mut dynamic, granted, "", &mut masked);
    if masked.is_empty() {
        return record;
    }
    record = dynamic
        .transcode_to()
        .expect("a record follows its own descriptor");
    // What a finding quotes may be what was masked: the quotes of such fields go too.
    let envelope = record.envelope.get_or_insert_default();
    for finding in &mut envelope.quality {
        if masked
            .iter()
            .any(|path| finding.field.starts_with(path.as_str()))
        {
            finding.raw.clear();
            finding.proposal.clear();
        }
    }
    envelope
        .quality
        .extend(masked.into_iter().map(|field| Finding {
            severity: Severity::Info as i32,
            rule: "personal-data.masked".to_owned(),
            field,
            action: Action::Dropped as i32,
            text: "masked for this reader; stored unchanged".to_owned(),
            ..Finding::default()
        }));
    record
}

fn mask_fields(
    classes: &Classes,
    message: &mut DynamicMessage,
    granted: &BTreeSet<i32>,
    path: &str,
    masked: &mut Vec<String>,
) {
    let fields: Vec<FieldDescriptor> = message.fields().map(|(field, _)| field).collect();
    for field in fields {
        let path = if path.is_empty() {
            field.name().to_owned()
        } else {
            format!("{path}.{}", field.name())
        };
        if classes
            .of(&field)
            .iter()
            .any(|class| !granted.contains(class))
        {
            if field.kind() == Kind::String && !field.is_list() && !field.is_map() {
                message.set_field(&field, Value::String(MASK.to_owned()));
            } else {
                message.clear_field(&field);
            }
            masked.push(path);
            continue;
        }
        for inner in messages_in(message.get_field_mut(&field)) {
            mask_fields(classes, inner, granted, &path, masked);
        }
    }
}

/// The messages a value holds: itself, its items, its entries.
fn messages_in(value: &mut Value) -> Vec<&mut DynamicMessage> {
    if value.as_list().is_some() {
        let items = value.as_list_mut().into_iter().flatten();
        return items.filter_map(Value::as_message_mut).collect();
    }
    if value.as_map().is_some() {
        let entries = value
            .as_map_mut()
            .into_iter()
            .flat_map(|entries| entries.values_mut());
        return entries.filter_map(Value::as_message_mut).collect();
    }
    value.as_message_mut().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::v1::record::Entity;
    use proto::v1::{Envelope, Party};

    fn party() -> Record {
        let party = Party {
            name: "包头某某铝业有限公司".to_owned(),
            legal_rep_id: "11010519491231002X".to_owned(),
            legal_rep_name: "张某".to_owned(),
            ..Party::default()
        };
        let quote = Finding {
            field: "party.legal_rep_name".to_owned(),
            raw: " 张某".to_owned(),
            ..Finding::default()
        };
        let envelope = Envelope {
            quality: vec![quote],
            ..Envelope::default()
        };
        Record {
            envelope: Some(envelope),
            entity: Some(Entity::Party(Box::new(party))),
        }
    }

    fn party_of(record: &Record) -> &Party {
        match &record.entity {
            Some(Entity::Party(party)) => party,
            _ => panic!("the record holds a party"),
        }
    }

    #[test]
    fn what_is_not_granted_is_masked_and_said_so() {
        let seen = mask(party(), &BTreeSet::new());
        assert_eq!(party_of(&seen).legal_rep_id, MASK);
        assert_eq!(party_of(&seen).legal_rep_name, MASK);
        assert_eq!(party_of(&seen).name, "包头某某铝业有限公司");
        let quality = &seen.envelope.as_ref().expect("is set").quality;
        assert_eq!(
            quality
                .iter()
                .filter(|finding| finding.rule == "personal-data.masked")
                .count(),
            2
        );
        assert!(
            quality.iter().all(|finding| finding.raw.is_empty()),
            "a finding still quotes: {quality:?}"
        );
    }

    #[test]
    fn a_grant_shows_its_own_class_only() {
        let granted = BTreeSet::from([PersonalData::Personal as i32]);
        let seen = mask(party(), &granted);
        assert_eq!(party_of(&seen).legal_rep_name, "张某");
        assert_eq!(party_of(&seen).legal_rep_id, MASK);
    }

    #[test]
    fn a_record_without_personal_data_is_not_touched() {
        let plain = Record {
            envelope: None,
            entity: Some(Entity::Observation(proto::v1::Observation::default())),
        };
        assert_eq!(mask(plain.clone(), &BTreeSet::new()), plain);
    }
}
