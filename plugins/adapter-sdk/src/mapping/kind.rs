//! How a source's text becomes a value of the common schema.
//!
//! Every kind is one of the readers of `schema`; this file only chooses among
//! them and adds code tables. Text that is no value of its kind is never
//! guessed at: the reader's remark becomes a finding.

use super::settings::Section;
use super::slot::{Shape, Value};
use crate::proto::v1::{Quantity, Reference, UnitSource};
use crate::schema::{
    Reading, Remark, credit_code, date_time, decimal, division, document_number, number, permit,
    plate, resident_id, text, unit,
};

/// How a field is read.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Text as sent, without white space at its ends; verbatim also where it
    /// reads like a placeholder (缺失 is the name of an anomaly).
    Text { verbatim: bool },
    /// A number with its unit, times a power of ten (万元 to yuan: 4).
    Number { unit: Box<str>, power: i32 },
    /// The same number as decimal text.
    Decimal { power: i32 },
    /// A point in time.
    DateTime,
    /// An official document number (文号).
    DocumentNumber,
    /// A credit code (统一社会信用代码).
    CreditCode,
    /// A resident id (公民身份号码): stays outside unless the feed may keep it.
    ResidentId { keep: bool },
    /// A permit number (排污许可证编号).
    Permit,
    /// A plate (车牌).
    Plate,
    /// A division (行政区划), as code or as name.
    Division,
    /// A value of a code list, through a table.
    Code(Table),
    /// Yes or no.
    Flag,
    /// A count or a size.
    Count,
    /// A SHA-256 digest in hexadecimal.
    Digest,
    /// A reference by a key of another kind.
    Reference {
        entity: Box<str>,
        key_kind: Box<str>,
    },
    /// Items with fields of their own.
    List,
}

/// Values of a sender and the numbers of the code list they mean.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(Vec<(Box<str>, i32)>);

impl Table {
    pub(crate) fn insert(&mut self, value: &str, code: i32) {
        self.0.push((value.into(), code));
    }

    fn read(&self, value: &str) -> Reading<i32> {
        match self.find(value) {
            Some(code) => Reading::ok(code),
            None if text::is_placeholder(value) => {
                Reading::none(Remark::missing("code", "placeholder"))
            }
            None => Reading::none(Remark::reject("code", "unknown")),
        }
    }

    /// Number of a sender's value.
    pub(crate) fn find(&self, value: &str) -> Option<i32> {
        self.0
            .iter()
            .find(|(known, _)| **known == *value)
            .map(|(_, code)| *code)
    }
}

/// Keys by which an entity can be referred to; each is read as its kind.
const KEY_KINDS: [&str; 7] = [
    "credit-code",
    "permit",
    "mn",
    "name",
    "document-number",
    "native-id",
    "plate",
];

/// Entities that can be referred to.
const ENTITIES: [&str; 14] = [
    "Party",
    "Site",
    "Outlet",
    "Device",
    "Observation",
    "Clue",
    "WasteManifest",
    "Evidence",
    "Inspection",
    "Case",
    "CaseTransfer",
    "LegalReview",
    "PenaltyDecision",
    "PublicReport",
];

impl Kind {
    /// Reads a field's kind; `shape` is what its target holds.
    pub(crate) fn build(field: Section<'_>, shape: Shape, table: Option<Table>) -> Option<Self> {
        let name = field.text("kind").unwrap_or_else(|| usual(shape));
        let kind = match name {
            "text" => Self::Text {
                verbatim: field.flag("verbatim"),
            },
            "number" => number_kind(field, shape),
            "date-time" => Self::DateTime,
            "document-number" => Self::DocumentNumber,
            "credit-code" => Self::CreditCode,
            "resident-id" => Self::ResidentId {
                keep: field.flag("keep"),
            },
            "permit" => Self::Permit,
            "plate" => Self::Plate,
            "division" => Self::Division,
            "code" => Self::Code(table.unwrap_or_default()),
            "flag" => Self::Flag,
            "count" => Self::Count,
            "sha256" => Self::Digest,
            "reference" => reference_kind(field),
            "list" => Self::List,
            _ => {
                field.fault_at("kind", format!("{name:?} is unknown"));
                return None;
            }
        };
        if kind.shape() != shape {
            field.fault_at(
                "kind",
                format!("{name:?} does not fit; this field takes {:?}", usual(shape)),
            );
        }
        Some(kind)
    }

    fn shape(&self) -> Shape {
        match self {
            Self::Text { .. }
            | Self::DocumentNumber
            | Self::CreditCode
            | Self::ResidentId { .. } => Shape::Text,
            Self::Permit | Self::Plate | Self::Division | Self::Decimal { .. } => Shape::Text,
            Self::Number { .. } => Shape::Quantity,
            Self::DateTime => Shape::DateTime,
            Self::Code(_) => Shape::Code,
            Self::Flag => Shape::Flag,
            Self::Count => Shape::Count,
            Self::Digest => Shape::Digest,
            Self::Reference { .. } => Shape::Reference,
            Self::List => Shape::List,
        }
    }

    /// Reads `text`, which holds more than white space.
    pub(crate) fn read(&self, text: &str) -> Reading<Value> {
        match self {
            Self::Text { verbatim: true } => {
                Reading::ok(Value::Text(text.trim_matches(is_padding).to_owned()))
            }
            Self::Text { verbatim: false } => read_text(text).map(Value::Text),
            Self::Number { unit, power } => read_number(text, unit, *power).map(Value::Quantity),
            Self::Decimal { power } => {
                read_number(text, "", *power).map(|quantity| Value::Text(quantity.value))
            }
            Self::DateTime => date_time::read(text).map(Value::DateTime),
            Self::DocumentNumber => read_document_number(text).map(Value::Text),
            Self::CreditCode => credit_code::read(text).map(Value::Text),
            Self::ResidentId { .. } => resident_id::read(text).map(Value::Text),
            Self::Permit => permit::read(text).map(Value::Text),
            Self::Plate => plate::read(text).map(Value::Text),
            Self::Division => read_division(text).map(Value::Text),
            Self::Code(table) => table.read(text.trim_matches(is_padding)).map(Value::Code),
            Self::Flag => read_flag(text).map(Value::Flag),
            Self::Count => read_count(text).map(Value::Count),
            Self::Digest => read_digest(text).map(Value::Digest),
            Self::Reference { entity, key_kind } => {
                read_reference(text, entity, key_kind).map(Value::Reference)
            }
            Self::List => Reading::none(Remark::reject("list", "form")),
        }
    }

    /// Whether a value may never be repeated in a finding.
    pub(crate) fn is_sensitive(&self) -> bool {
        matches!(self, Self::ResidentId { .. })
    }
}

/// The kind a field has when its configuration names none.
fn usual(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "text",
        Shape::DateTime => "date-time",
        Shape::Quantity => "number",
        Shape::Reference => "reference",
        Shape::Code => "code",
        Shape::Flag => "flag",
        Shape::Count => "count",
        Shape::Digest => "sha256",
        Shape::List => "list",
    }
}

fn number_kind(field: Section<'_>, shape: Shape) -> Kind {
    // A fine of 万元 is four places from yuan; more than nine is a mistake.
    let power = field.number("power_of_ten", 0..=9).unwrap_or(0);
    let power = i32::try_from(power).unwrap_or(0);
    if shape == Shape::Text {
        return Kind::Decimal { power };
    }
    let unit = field.text("unit").unwrap_or_default();
    if !unit.is_empty() && !unit::is_canonical(unit) {
        field.fault_at("unit", format!("{unit:?} is no canonical unit"));
    }
    Kind::Number {
        unit: unit.into(),
        power,
    }
}

fn reference_kind(field: Section<'_>) -> Kind {
    let entity = field.required("entity").unwrap_or_default();
    if field.has("entity") && !ENTITIES.contains(&entity) {
        field.fault_at(
            "entity",
            format!(
                "{entity:?} is no entity; entities are {}",
                ENTITIES.join(", ")
            ),
        );
    }
    let key_kind = field.required("key_kind").unwrap_or_default();
    if field.has("key_kind") && !KEY_KINDS.contains(&key_kind) {
        field.fault_at(
            "key_kind",
            format!(
                "{key_kind:?} is unknown; known are {}",
                KEY_KINDS.join(", ")
            ),
        );
    }
    Kind::Reference {
        entity: entity.into(),
        key_kind: key_kind.into(),
    }
}

/// Whether a character carries nothing at the ends of a value.
pub(crate) fn is_padding(character: char) -> bool {
    character.is_whitespace() || character == '\0' || text::is_invisible(character)
}

fn read_text(raw: &str) -> Reading<String> {
    let trimmed = raw.trim_matches(is_padding);
    if text::is_placeholder(trimmed) {
        return Reading::none(Remark::missing("text", "placeholder"));
    }
    Reading::with(trimmed.to_owned(), text::mojibake(trimmed))
}

fn read_document_number(text: &str) -> Reading<String> {
    document_number::read(text).map(|number| number.to_string())
}

fn read_number(text: &str, unit: &str, power: i32) -> Reading<Quantity> {
    let mut reading = number::read(text);
    let Some(quantity) = &mut reading.value else {
        return reading;
    };
    if power != 0 && !quantity.value.is_empty() {
        match decimal::shift(&quantity.value, power) {
            Some(shifted) => {
                quantity.raw = text.to_owned();
                quantity.value = shifted;
            }
            None => return Reading::none(Remark::reject("number", "range")),
        }
    }
    if quantity.unit.is_empty() && !unit.is_empty() {
        unit.clone_into(&mut quantity.unit);
        quantity.unit_source = UnitSource::DeviceConfig.into();
    }
    reading
}

fn read_division(raw: &str) -> Reading<String> {
    let trimmed = raw.trim_matches(is_padding);
    if text::is_placeholder(trimmed) {
        return Reading::none(Remark::missing("division", "placeholder"));
    }
    if let Some(code) = division::code(trimmed) {
        return Reading::with(
            code.to_owned(),
            Some(Remark::normalised("division", "name")),
        );
    }
    Reading::with(trimmed.to_owned(), division::check(trimmed))
}

fn read_flag(text: &str) -> Reading<bool> {
    match text.trim_matches(is_padding) {
        "1" | "true" | "TRUE" | "True" | "Y" | "y" | "yes" | "是" | "有" => Reading::ok(true),
        "0" | "false" | "FALSE" | "False" | "N" | "n" | "no" | "否" | "无" => Reading::ok(false),
        _ => Reading::none(Remark::reject("flag", "form")),
    }
}

fn read_digest(raw: &str) -> Reading<Vec<u8>> {
    let digits = raw.trim_matches(is_padding).as_bytes();
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let bytes = digits
        .chunks(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?));
    match bytes
        .collect::<Option<Vec<u8>>>()
        .filter(|bytes| bytes.len() == 32)
    {
        Some(bytes) => Reading::ok(bytes),
        None => Reading::none(Remark::reject("sha256", "form")),
    }
}

fn read_count(text: &str) -> Reading<u64> {
    let clean = text::clean(text);
    match clean.text.parse() {
        Ok(count) => Reading::with(
            count,
            clean.what().map(|what| Remark::normalised("count", what)),
        ),
        Err(_) if text::is_placeholder(&clean.text) => {
            Reading::none(Remark::missing("count", "placeholder"))
        }
        Err(_) => Reading::none(Remark::reject("count", "form")),
    }
}

fn read_reference(raw: &str, entity: &str, key_kind: &str) -> Reading<Reference> {
    let key = match key_kind {
        "credit-code" => credit_code::read(raw),
        "permit" => permit::read(raw),
        "document-number" => read_document_number(raw),
        "plate" => plate::read(raw),
        _ => read_text(raw),
    };
    key.map(|key| Reference {
        raw: if key == raw {
            String::new()
        } else {
            raw.to_owned()
        },
        entity: entity.to_owned(),
        key_kind: key_kind.to_owned(),
        key,
    })
}
