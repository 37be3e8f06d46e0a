//! Taking out and putting back, over results with everything the schema can hold.

use proptest::prelude::*;
use proto::v1::record::Entity;
use proto::v1::{Conversion, Quarantine, Record, message_result};

use super::*;

/// Sets every field of a message, so many levels deep; lists get two items.
fn filled(descriptor: &MessageDescriptor, depth: u32, seed: &mut u32) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        *seed += 1;
        let one = |seed: &mut u32| match field.kind() {
            Kind::String => Some(Value::String(format!("text {seed} 张三"))),
            Kind::Bytes => Some(Value::Bytes(vec![1, 2, 3].into())),
            Kind::Bool => Some(Value::Bool(true)),
            Kind::Uint32 => Some(Value::U32(*seed)),
            Kind::Uint64 => Some(Value::U64(u64::from(*seed))),
            Kind::Int32 => Some(Value::I32(7)),
            Kind::Int64 => Some(Value::I64(-7)),
            Kind::Enum(_) => Some(Value::EnumNumber(1)),
            Kind::Message(inner) if depth > 0 && !field.is_map() => {
                Some(Value::Message(filled(&inner, depth - 1, seed)))
            }
            Kind::Double
            | Kind::Float
            | Kind::Sint32
            | Kind::Sint64
            | Kind::Fixed32
            | Kind::Fixed64
            | Kind::Sfixed32
            | Kind::Sfixed64
            | Kind::Message(_) => None,
        };
        if field.is_map() {
            let entries = [("甲".to_owned(), "乙".to_owned())];
            let entries = entries
                .map(|(key, value)| (prost_reflect::MapKey::String(key), Value::String(value)));
            message.set_field(&field, Value::Map(entries.into()));
        } else if field.is_list() {
            let items: Vec<Value> = (0..2).filter_map(|_| one(seed)).collect();
            message.set_field(&field, Value::List(items));
        } else if let Some(value) = one(seed) {
            message.set_field(&field, value);
        }
    }
    message
}

/// One record of each entity, with every field set.
fn everything() -> Vec<Record> {
    let record = CLASSES.pool().get_message_by_name("lawgate.v1.Record");
    let record = record.expect("the schema has it");
    let entity = record.oneofs().next().expect("the entity");
    let mut seed = 0;
    let of_entity = |field: FieldDescriptor| {
        let inner = field.kind().as_message().cloned()?;
        let mut whole = DynamicMessage::new(record.clone());
        whole.set_field(&field, Value::Message(filled(&inner, 4, &mut seed)));
        let envelope = record.get_field_by_name("envelope")?;
        let of_envelope = envelope.kind().as_message().cloned()?;
        whole.set_field(
            &envelope,
            Value::Message(filled(&of_envelope, 2, &mut seed)),
        );
        Some(whole.transcode_to().expect("is a record"))
    };
    entity.fields().filter_map(of_entity).collect()
}

fn result(records: Vec<Record>) -> MessageResult {
    MessageResult {
        result: Some(message_result::Result::Converted(Conversion {
            records,
            ..Conversion::default()
        })),
    }
}

fn restored(open: &[u8], taken: &[Taken]) -> Option<MessageResult> {
    let values = taken
        .iter()
        .map(|it| (it.path.as_str(), it.value.as_slice()));
    put_back(open, values)
}

#[test]
fn every_entity_is_put_back_byte_for_byte() {
    let records = everything();
    assert!(records.len() >= 17, "{}", records.len());
    for record in records {
        let name = record.entity_name();
        let whole = result(vec![record.clone(), record]);
        let (open, taken) = take(&whole);
        let back = restored(&open, &taken).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(canonical(&back), canonical(&whole), "{name}");
        let paths: std::collections::BTreeSet<&str> =
            taken.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(
            paths.len(),
            taken.len(),
            "{name}: a path stands for one value"
        );
    }
}

/// What masking takes from somebody who was granted nothing is taken here too, and more.
#[test]
fn nothing_that_masking_hides_stays_open() {
    for record in everything() {
        let name = record.entity_name();
        let (open, _) = take(&result(vec![record]));
        let open = MessageResult::decode(open.as_slice()).expect("is a result");
        let Some(message_result::Result::Converted(conversion)) = open.result else {
            panic!("{name} is converted");
        };
        let mut record = conversion.records[0].clone();
        record.envelope = None;
        let masked = Clearance::none().mask(record.clone());
        for finding in masked.envelope.iter().flat_map(|it| &it.quality) {
            // Only empty messages are left for masking to hide, so that places do not move.
            let dynamic = DynamicMessage::decode(
                CLASSES
                    .pool()
                    .get_message_by_name("lawgate.v1.Record")
                    .expect("is there"),
                record.encode_to_vec().as_slice(),
            );
            let left = dynamic.expect("is a record").to_string();
            let leaf = finding.field.rsplit('.').next().unwrap_or_default();
            assert!(!left.contains(&format!("{leaf}: \"")), "{name}: {left}");
        }
    }
}

#[test]
fn texts_that_name_somebody_are_taken_though_they_have_no_class() {
    let transfer = proto::v1::CaseTransfer {
        doc_no: "包环移〔2026〕3号".to_owned(),
        from_agency: "包头市生态环境局".to_owned(),
        suspects: vec![proto::v1::Suspect {
            name: "张三".to_owned(),
            ..proto::v1::Suspect::default()
        }],
        materials: vec![proto::v1::TransferMaterial {
            name: "张三询问笔录".to_owned(),
            count: 1,
            ..proto::v1::TransferMaterial::default()
        }],
        ..proto::v1::CaseTransfer::default()
    };
    let record = Record {
        envelope: None,
        entity: Some(Entity::CaseTransfer(transfer.into())),
    };
    let (open, taken) = take(&result(vec![record]));
    let holds = |text: &str| {
        let text = text.as_bytes();
        open.windows(text.len()).any(|window| window == text)
    };
    assert!(!holds("张三"));
    assert!(holds("包环移〔2026〕3号") && holds("包头市生态环境局"));
    let paths: Vec<&str> = taken.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "records[0].case_transfer.suspects[0].name",
            "records[0].case_transfer.materials[0].name"
        ]
    );
    assert_eq!(
        taken[0].person.as_ref().map(|it| &*it.identifier),
        Some("张三")
    );
    assert_eq!(taken[1].person, None);
}

#[test]
fn the_words_on_a_quarantined_message_are_taken() {
    let whole = MessageResult {
        result: Some(message_result::Result::Quarantined(Quarantine {
            code: "test.bad".to_owned(),
            offset: 3,
            text: "cannot read 张三".to_owned(),
        })),
    };
    let (open, taken) = take(&whole);
    assert_eq!(taken.len(), 1);
    assert_eq!(restored(&open, &taken), Some(whole));
}

proptest! {
    #[test]
    fn foreign_paths_and_values_are_refused_without_panic(path in "[a-z_.\\[\\]0-9]{0,40}", value: Vec<u8>) {
        let (open, _) = take(&result(everything().into_iter().take(2).collect()));
        let _ = put_back(&open, [(path.as_str(), value.as_slice())]);
        let _ = put_back(&value, [(path.as_str(), value.as_slice())]);
    }
}
