//! Go: a struct for each message, a type for each enumeration, and the encoding of each written out.
//!
//! No reflection and no tables: what an adapter does not use is left out of its component by the
//! linker. The text is laid out as `gofmt` does it.

use std::fmt::Write as _;

use super::{Enumeration, Field, FieldKind, Label, Message, Model, NOTICE};

/// `schema.go`.
pub(crate) fn generate(model: &Model) -> anyhow::Result<String> {
    let mut text = format!("// {NOTICE}\n\npackage lawgate\n");
    for inner in &model.enums {
        write_enum(&mut text, inner)?;
    }
    for message in &model.messages {
        write_struct(&mut text, message)?;
        write_encoding(&mut text, message)?;
    }
    Ok(text)
}

fn write_enum(text: &mut String, inner: &Enumeration) -> anyhow::Result<()> {
    let Enumeration { name, comment, .. } = inner;
    writeln!(
        text,
        "\n// {name}: {comment}\ntype {name} uint32\n\nconst ("
    )?;
    let constant = |short: &str| format!("{name}{}", camel(short));
    let width = inner
        .values
        .iter()
        .map(|value| constant(&value.short).len());
    let width = width.max().unwrap_or_default();
    for value in &inner.values {
        let constant = constant(&value.short);
        writeln!(text, "\t{constant:width$} {name} = {}", value.number)?;
    }
    text.push_str(")\n");
    Ok(())
}

fn write_struct(text: &mut String, message: &Message) -> anyhow::Result<()> {
    let Message { name, comment, .. } = message;
    writeln!(text, "\n// {name}: {comment}\ntype {name} struct {{")?;
    for field in &message.fields {
        let (name, kind) = (camel(&field.name), declared(field));
        writeln!(text, "\t// {}\n\t{name} {kind}", field.comment)?;
    }
    text.push_str("}\n");
    Ok(())
}

fn write_encoding(text: &mut String, message: &Message) -> anyhow::Result<()> {
    writeln!(
        text,
        "\nfunc (m *{}) appendTo(b []byte) []byte {{",
        message.name
    )?;
    for field in &message.fields {
        write_field(text, field)?;
    }
    text.push_str("\treturn b\n}\n");
    Ok(())
}

/// The statement that appends a field: an item of a list, or a value that is not the default.
fn write_field(text: &mut String, field: &Field) -> anyhow::Result<()> {
    let number = field.number;
    let name = format!("m.{}", camel(&field.name));
    let packs = match &field.kind {
        FieldKind::Bool | FieldKind::Uint32 | FieldKind::Uint64 | FieldKind::Enum(_) => true,
        FieldKind::Text | FieldKind::Bytes | FieldKind::Fixed32 | FieldKind::Message(_) => false,
    };
    match field.label {
        Label::Map => writeln!(text, "\tb = appendPairs(b, {number}, {name})")?,
        Label::Repeated if packs => writeln!(text, "\tb = appendPacked(b, {number}, {name})")?,
        Label::Repeated => {
            let is_message = matches!(field.kind, FieldKind::Message(_));
            let place = format!("{}{name}[i]", if is_message { "&" } else { "" });
            writeln!(
                text,
                "\tfor i := range {name} {{\n\t\tb = {}\n\t}}",
                append(&field.kind, number, &place)
            )?;
        }
        Label::Optional | Label::One => {
            let is_pointer = declared(field).starts_with('*');
            let (test, value) = match &field.kind {
                FieldKind::Message(_) => (format!("{name} != nil"), name.clone()),
                _ if is_pointer => (format!("{name} != nil"), format!("*{name}")),
                FieldKind::Text => (format!("{name} != \"\""), name.clone()),
                FieldKind::Bytes => (format!("len({name}) > 0"), name.clone()),
                FieldKind::Bool => (name.clone(), name.clone()),
                FieldKind::Uint32 | FieldKind::Uint64 | FieldKind::Fixed32 | FieldKind::Enum(_) => {
                    (format!("{name} != 0"), name.clone())
                }
            };
            writeln!(
                text,
                "\tif {test} {{\n\t\tb = {}\n\t}}",
                append(&field.kind, number, &value)
            )?;
        }
    }
    Ok(())
}

/// The call that appends one value.
fn append(kind: &FieldKind, number: u32, value: &str) -> String {
    match kind {
        FieldKind::Text => format!("appendText(b, {number}, {value})"),
        FieldKind::Bytes => format!("appendBytes(b, {number}, {value})"),
        FieldKind::Bool => format!("appendBool(b, {number}, {value})"),
        FieldKind::Fixed32 => format!("appendFixed32(b, {number}, {value})"),
        FieldKind::Message(_) => format!("appendMessage(b, {number}, {value})"),
        FieldKind::Uint32 | FieldKind::Uint64 | FieldKind::Enum(_) => {
            format!("appendNumber(b, {number}, uint64({value}))")
        }
    }
}

/// `unit_source` and `UNIT_SOURCE` as `UnitSource`.
fn camel(name: &str) -> String {
    let part = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        format!("{}{}", first.to_uppercase(), rest.to_lowercase())
    };
    name.split('_').map(part).collect()
}

fn declared(field: &Field) -> String {
    let one = match &field.kind {
        FieldKind::Text => "string",
        FieldKind::Bytes => "[]byte",
        FieldKind::Bool => "bool",
        FieldKind::Uint32 | FieldKind::Fixed32 => "uint32",
        FieldKind::Uint64 => "uint64",
        FieldKind::Enum(name) | FieldKind::Message(name) => name,
    };
    let is_message = matches!(field.kind, FieldKind::Message(_));
    match field.label {
        Label::Repeated => format!("[]{one}"),
        Label::Map => "map[string]string".to_owned(),
        Label::Optional => format!("*{one}"),
        Label::One if is_message => format!("*{one}"),
        Label::One => one.to_owned(),
    }
}
