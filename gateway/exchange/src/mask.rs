//! Masking personal data: a reader sees the classes granted to its agency.
//!
//! The class of each field is part of the schema (`rule` option in `proto/`).
//! What is not granted is taken out of the answer, never out of the store, and
//! the record says which fields were masked.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value,
};
use proto::v1::{Action, Conversion, Finding, PersonalData, Record, Severity, SubmitResponse};

use crate::Exchange;
use crate::personal::Sight;
use crate::policy::{Agency, Caller, Reads};

/// What stands for a masked text.
pub const MASK: &str = "※";

/// Classes that need a grant.
const RESTRICTED: [PersonalData; 4] = [
    PersonalData::Personal,
    PersonalData::Sensitive,
    PersonalData::CriminalProcedure,
    PersonalData::Reporter,
];

/// The schema's classes.
pub(crate) struct Classes {
    record: MessageDescriptor,
    /// By message and field number.
    by_field: HashMap<(String, u32), Vec<i32>>,
    /// By message: the classes of its fields and of all that is below them.
    below: HashMap<String, BTreeSet<i32>>,
}

pub(crate) static CLASSES: LazyLock<Classes> = LazyLock::new(Classes::load);

impl Classes {
    fn load() -> Classes {
        let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET)
            .expect("the descriptor set is generated from proto/");
        let rule = pool
            .get_extension_by_name("lawgate.v1.rule")
            .expect("values.proto defines the option");
        let record = pool
            .get_message_by_name("lawgate.v1.Record")
            .expect("record.proto defines it");
        let mut classes = Classes {
            record,
            by_field: HashMap::new(),
            below: HashMap::new(),
        };
        for message in pool.all_messages() {
            for field in message.fields() {
                let options = field.options();
                let rule = options.get_extension(&rule);
                let listed = rule.as_message().map(classes_of).unwrap_or_default();
                if !listed.is_empty() {
                    let key = (message.full_name().to_owned(), field.number());
                    classes.by_field.insert(key, listed);
                }
            }
        }
        for message in pool.all_messages() {
            let mut found = BTreeSet::new();
            classes.collect(&message, &mut HashSet::new(), &mut found);
            classes.below.insert(message.full_name().to_owned(), found);
        }
        classes
    }

    /// Adds the classes of everything in `message`. A message may hold itself: each is visited once.
    fn collect(
        &self,
        message: &MessageDescriptor,
        visited: &mut HashSet<String>,
        found: &mut BTreeSet<i32>,
    ) {
        if !visited.insert(message.full_name().to_owned()) {
            return;
        }
        for field in message.fields() {
            found.extend(self.of(&field));
            if let Some(inner) = field.kind().as_message() {
                self.collect(inner, visited, found);
            }
        }
    }

    /// Restricted classes of a field.
    pub(crate) fn of(&self, field: &FieldDescriptor) -> &[i32] {
        let key = (
            field.parent_message().full_name().to_owned(),
            field.number(),
        );
        self.by_field.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Restricted classes anywhere in a record's entity; all of them when it has none or an unknown one.
    pub(crate) fn of_entity(&self, record: &Record) -> BTreeSet<i32> {
        let name = format!("lawgate.v1.{}", record.entity_name());
        let of_schema = self.below.get(&name).cloned();
        of_schema.unwrap_or_else(|| RESTRICTED.map(|class| class as i32).into())
    }
}

impl Classes {
    /// The descriptors of the schema.
    pub(crate) fn pool(&self) -> &DescriptorPool {
        self.record.parent_pool()
    }

    /// Whether a message, or anything below it, has a field of a restricted class.
    pub(crate) fn is_restricted(&self, message: &MessageDescriptor) -> bool {
        let below = self.below.get(message.full_name());
        below.is_none_or(|classes| !classes.is_empty())
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
        let (feeds, personal) = (&self.read, &self.personal);
        Reads { feeds, personal }.sees_every_class()
    }
}

impl Reads<'_> {
    /// Whether every class may be seen unmasked.
    pub fn sees_every_class(self) -> bool {
        RESTRICTED
            .iter()
            .all(|class| self.personal.contains(&(*class as i32)))
    }
}

impl Exchange {
    /// What `caller` may see.
    pub(crate) fn clearance(&self, caller: &Caller) -> Clearance {
        Clearance::of(self.policy.reads(caller), self.sight(caller))
    }

    /// The record as `caller` may see it.
    #[cfg(test)]
    pub(crate) fn mask(&self, caller: &Caller, record: Record) -> Record {
        self.clearance(caller).mask(record)
    }
}

/// What a reader may see: the classes granted to its agency.
#[derive(Debug, Clone)]
pub(crate) struct Clearance {
    granted: BTreeSet<i32>,
    sees_every_class: bool,
    /// How much of what is sealed is opened for the reader.
    pub(crate) sight: Sight,
}

/// What a finding's path says of the value it quotes.
enum Quoted {
    /// Nothing the reader may not see.
    Open,
    /// Something of a class that is not granted, at the path, above or below it.
    Hidden,
    /// The path is empty or not of the schema: the quote may be of anything.
    Unknown,
}

impl Clearance {
    /// Whether masking would take anything out of records of this one's entity.
    pub(crate) fn hides_of(&self, record: &Record) -> bool {
        !self.sees_every_class && self.hides(&CLASSES.of_entity(record))
    }

    /// What somebody sees with these rights.
    pub(crate) fn of(reads: Option<Reads<'_>>, sight: Sight) -> Clearance {
        Clearance {
            granted: reads.map(|it| it.personal.clone()).unwrap_or_default(),
            sees_every_class: reads.is_some_and(Reads::sees_every_class),
            sight,
        }
    }

    /// What somebody sees who was granted nothing.
    pub(crate) fn none() -> Clearance {
        Clearance {
            granted: BTreeSet::new(),
            sees_every_class: false,
            sight: Sight::Processing,
        }
    }

    /// Whether what a finding about the field at `path` quotes may be shown.
    pub(crate) fn may_quote(&self, path: &str) -> bool {
        matches!(self.quoted(path), Quoted::Open)
    }

    /// Whether the sealed value at `path`, from the record on, may be disclosed to this reader. What quotes others in the
    /// envelope may be of any class.
    pub(crate) fn may_disclose(&self, path: &str) -> bool {
        self.sees_every_class || self.may_quote(path)
    }

    fn hides<'a>(&self, classes: impl IntoIterator<Item = &'a i32>) -> bool {
        classes
            .into_iter()
            .any(|class| !self.granted.contains(class))
    }

    /// The record with every field masked whose classes are not all granted, in its findings too.
    pub(crate) fn mask(&self, mut record: Record) -> Record {
        if self.sees_every_class {
            return record;
        }
        let classes = &*CLASSES;
        let of_entity = classes.of_entity(&record);
        if let Some(envelope) = &mut record.envelope {
            self.unquote(&mut envelope.quality, of_entity.is_empty());
        }
        if !self.hides(&of_entity) {
            return record;
        }
        let mut dynamic =
            DynamicMessage::decode(classes.record.clone(), record.encode_to_vec().as_slice())
                .expect("a record follows its own descriptor");
        let mut masked = BTreeSet::new();
        mask_fields(classes, &mut dynamic, &self.granted, "", &mut masked);
        if masked.is_empty() {
            return record;
        }
        record = dynamic
            .transcode_to()
            .expect("a record follows its own descriptor");
        let said = masked.into_iter().map(|field| Finding {
            severity: Severity::Info as i32,
            rule: "personal-data.masked".to_owned(),
            field,
            action: Action::Dropped as i32,
            text: "masked for this reader; stored unchanged".to_owned(),
            ..Finding::default()
        });
        record.envelope.get_or_insert_default().quality.extend(said);
        record
    }

    /// The first `most` findings about a whole message, without the quotes the reader may not see.
    ///
    /// They go with every record of the message, so one that does not say what it quotes is
    /// open only when no record of the message holds personal data.
    pub(crate) fn message_findings(&self, conversion: &Conversion, most: usize) -> Vec<Finding> {
        let mut findings: Vec<Finding> = conversion.findings.iter().take(most).cloned().collect();
        if !self.sees_every_class {
            let mut records = conversion.records.iter();
            let is_plain = records.all(|record| CLASSES.of_entity(record).is_empty());
            self.unquote(&mut findings, is_plain);
        }
        findings
    }

    /// Empties the findings that quote what is hidden; rule and severity stay. The class of the
    /// finding's own path decides: a value that was rejected is in no field any more.
    fn unquote(&self, findings: &mut [Finding], is_plain: bool) {
        for finding in findings {
            let keeps = match self.quoted(&finding.field) {
                Quoted::Open => true,
                Quoted::Hidden => false,
                Quoted::Unknown => is_plain,
            };
            if !keeps {
                empty(finding);
            }
        }
    }

    fn quoted(&self, path: &str) -> Quoted {
        let classes = &*CLASSES;
        let mut message = Some(classes.record.clone());
        for (depth, segment) in path.split('.').enumerate() {
            let name = segment.split('[').next().unwrap_or_default();
            let field = message.and_then(|message| message.get_field_by_name(name));
            // The envelope is the gateway's: a guest's finding about it says nothing of its quote.
            let Some(field) = field.filter(|_| depth > 0 || name != "envelope") else {
                return Quoted::Unknown;
            };
            if self.hides(classes.of(&field)) {
                return Quoted::Hidden;
            }
            message = field.kind().as_message().cloned();
        }
        let below = message.and_then(|message| classes.below.get(message.full_name()));
        if below.is_some_and(|below| self.hides(below)) {
            Quoted::Hidden
        } else {
            Quoted::Open
        }
    }
}

/// The texts of a record that are of no restricted class, in the order of its fields: what text
/// search looks at. Times, the envelope and texts without a letter are no texts here.
pub(crate) fn open_texts(record: &Record) -> Vec<String> {
    let classes = &*CLASSES;
    let bare = Record {
        envelope: None,
        entity: record.entity.clone(),
    };
    let mut dynamic =
        DynamicMessage::decode(classes.record.clone(), bare.encode_to_vec().as_slice())
            .expect("a record follows its own descriptor");
    let mut texts = Vec::new();
    collect_texts(classes, &mut dynamic, &mut texts);
    texts
}

fn collect_texts(classes: &Classes, message: &mut DynamicMessage, texts: &mut Vec<String>) {
    use prost_reflect::ReflectMessage as _;
    let name = message.descriptor();
    if name.name() == "DateTime" {
        return;
    }
    // Of a reference only what it names: kinds of keys are the same in thousands of records.
    let is_reference = name.name() == "Reference";
    let fields: Vec<FieldDescriptor> = message.fields().map(|(field, _)| field).collect();
    for field in fields {
        if !classes.of(&field).is_empty() || (is_reference && field.name() != "key") {
            continue;
        }
        let value = message.get_field_mut(&field);
        if let Value::String(text) = value {
            texts.extend(readable(text));
        } else if let Value::List(items) = value {
            let items = items.iter().filter_map(Value::as_str);
            texts.extend(items.filter_map(readable));
        }
        for inner in messages_in(value) {
            collect_texts(classes, inner, texts);
        }
    }
}

fn readable(text: &str) -> Option<String> {
    text.chars()
        .any(char::is_alphabetic)
        .then(|| text.to_owned())
}

/// Takes out of a sender's answer what was meant for the sender alone: quotes, the guest's
/// words on a quarantined message, the reply to the device.
pub(crate) fn empty_answer(answer: &mut SubmitResponse) {
    for outcome in &mut answer.outcomes {
        outcome.notable.iter_mut().for_each(empty);
        outcome.reply.clear();
        outcome.payload_salt.clear();
        if let Some(quarantine) = &mut outcome.quarantine {
            quarantine.text.clear();
        }
    }
}

/// Takes what a finding quotes and says out of it.
fn empty(finding: &mut Finding) {
    finding.raw.clear();
    finding.proposal.clear();
    finding.text.clear();
}

fn mask_fields(
    classes: &Classes,
    message: &mut DynamicMessage,
    granted: &BTreeSet<i32>,
    path: &str,
    masked: &mut BTreeSet<String>,
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
            masked.insert(path);
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
mod tests;
