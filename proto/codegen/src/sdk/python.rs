//! Python: data classes and enumerations, with the tables that the encoder walks.

use std::fmt::Write as _;

use super::{Field, FieldKind, Label, Message, Model, NOTICE};

/// Words of the language that are names of fields; they get an underscore.
const KEYWORDS: [&str; 4] = ["from", "class", "import", "global"];

/// `schema.py`.
pub(crate) fn generate(model: &Model) -> anyhow::Result<String> {
    let mut text = format!(
        "# {NOTICE}\n\"\"\"The records of the common schema, as adapters return them.\"\"\"\n\n\
         from __future__ import annotations\n\n\
         from dataclasses import dataclass, field\n\
         from enum import IntEnum\n\
         from typing import ClassVar, Optional\n"
    );
    for inner in &model.enums {
        writeln!(
            text,
            "\n\nclass {}(IntEnum):\n    \"\"\"{}\"\"\"\n",
            inner.name, inner.comment
        )?;
        for value in &inner.values {
            writeln!(text, "    {} = {}", value.short, value.number)?;
        }
    }
    for message in &model.messages {
        write_class(&mut text, message)?;
    }
    Ok(text)
}

fn write_class(text: &mut String, message: &Message) -> anyhow::Result<()> {
    writeln!(
        text,
        "\n\n@dataclass(slots=True)\nclass {}:\n    \"\"\"{}\"\"\"\n",
        message.name, message.comment
    )?;
    for field in &message.fields {
        writeln!(
            text,
            "    #: {}\n    {}: {}",
            field.comment,
            name(field),
            declared(field)
        )?;
    }
    writeln!(
        text,
        "\n    #: Number, name, kind and label of each field, for the encoder.\n    FIELDS: ClassVar[tuple] = ("
    )?;
    for field in &message.fields {
        let kind = match &field.kind {
            FieldKind::Text => "s",
            FieldKind::Bytes => "y",
            FieldKind::Bool => "b",
            FieldKind::Uint32 => "u",
            FieldKind::Uint64 => "U",
            FieldKind::Fixed32 => "f",
            FieldKind::Enum(_) => "e",
            FieldKind::Message(_) => "m",
        };
        let label = match field.label {
            Label::One => "",
            Label::Optional => "?",
            Label::Repeated => "*",
            Label::Map => "%",
        };
        let class = match &field.kind {
            FieldKind::Enum(class) | FieldKind::Message(class) => class,
            FieldKind::Text
            | FieldKind::Bytes
            | FieldKind::Bool
            | FieldKind::Uint32
            | FieldKind::Uint64
            | FieldKind::Fixed32 => "",
        };
        writeln!(
            text,
            "        ({}, \"{}\", \"{kind}\", \"{label}\", \"{class}\"),",
            field.number,
            name(field)
        )?;
    }
    text.push_str("    )\n");
    Ok(())
}

fn name(field: &Field) -> String {
    if KEYWORDS.contains(&field.name.as_str()) {
        format!("{}_", field.name)
    } else {
        field.name.clone()
    }
}

fn declared(field: &Field) -> String {
    let (one, default) = match &field.kind {
        FieldKind::Text => ("str", "\"\"".to_owned()),
        FieldKind::Bytes => ("bytes", "b\"\"".to_owned()),
        FieldKind::Bool => ("bool", "False".to_owned()),
        FieldKind::Uint32 | FieldKind::Uint64 | FieldKind::Fixed32 => ("int", "0".to_owned()),
        FieldKind::Enum(name) => (name.as_str(), format!("{name}(0)")),
        FieldKind::Message(name) => (name.as_str(), String::new()),
    };
    let is_message = matches!(field.kind, FieldKind::Message(_));
    match field.label {
        Label::Repeated => format!("list[{one}] = field(default_factory=list)"),
        Label::Map => "dict[str, str] = field(default_factory=dict)".to_owned(),
        Label::Optional => format!("Optional[{one}] = None"),
        Label::One if is_message => format!("Optional[{one}] = None"),
        Label::One => format!("{one} = {default}"),
    }
}
