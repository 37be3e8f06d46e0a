//! JavaScript: tables that the encoder walks, and declarations for TypeScript.

use std::fmt::Write as _;

use super::{Field, FieldKind, Label, Model, NOTICE};

/// `schema.js`: for each message its fields, for each enumeration its numbers.
pub(crate) fn tables(model: &Model) -> anyhow::Result<String> {
    let mut text = format!("// {NOTICE}\n\n");
    text.push_str(
        "// For each message its fields: number, name, kind, then `*` for lists, `?` for values that\n\
         // may be missing and `%` for maps of texts. Kinds: s text, y bytes, b truth, u and U numbers\n\
         // of 32 and 64 bits, f numbers of four bytes, e: enumerations, m: messages.\n",
    );
    text.push_str("export const messages = {\n");
    for message in &model.messages {
        writeln!(text, "  {}: [", message.name)?;
        for field in &message.fields {
            let kind = match &field.kind {
                FieldKind::Text => "s".to_owned(),
                FieldKind::Bytes => "y".to_owned(),
                FieldKind::Bool => "b".to_owned(),
                FieldKind::Uint32 => "u".to_owned(),
                FieldKind::Uint64 => "U".to_owned(),
                FieldKind::Fixed32 => "f".to_owned(),
                FieldKind::Enum(name) => format!("e:{name}"),
                FieldKind::Message(name) => format!("m:{name}"),
            };
            let label = match field.label {
                Label::One => "",
                Label::Optional => "?",
                Label::Repeated => "*",
                Label::Map => "%",
            };
            writeln!(
                text,
                "    [{}, '{}', '{kind}', '{label}'],",
                field.number, field.json
            )?;
        }
        text.push_str("  ],\n");
    }
    text.push_str("};\n\nexport const enums = {\n");
    for inner in &model.enums {
        writeln!(text, "  {}: {{", inner.name)?;
        for value in &inner.values {
            writeln!(text, "    {}: {},", value.name, value.number)?;
        }
        text.push_str("  },\n");
    }
    text.push_str("};\n");
    Ok(text)
}

/// `schema.d.ts`: what the tables mean, for editors and the TypeScript compiler.
pub(crate) fn declarations(model: &Model) -> anyhow::Result<String> {
    let mut text = format!("// {NOTICE}\n");
    for inner in &model.enums {
        writeln!(text, "\n/** {} */", inner.comment)?;
        let values: Vec<String> = inner
            .values
            .iter()
            .map(|value| format!("  | '{}'", value.name))
            .collect();
        writeln!(text, "export type {} =\n{};", inner.name, values.join("\n"))?;
    }
    for message in &model.messages {
        writeln!(
            text,
            "\n/** {} */\nexport interface {} {{",
            message.comment, message.name
        )?;
        for field in &message.fields {
            writeln!(text, "  /** {} */", field.comment)?;
            writeln!(text, "  {}?: {};", field.json, kind(field))?;
        }
        text.push_str("}\n");
    }
    Ok(text)
}

fn kind(field: &Field) -> String {
    let one = match &field.kind {
        FieldKind::Text => "string",
        FieldKind::Bytes => "Uint8Array",
        FieldKind::Bool => "boolean",
        FieldKind::Uint32 | FieldKind::Fixed32 => "number",
        FieldKind::Uint64 => "number | bigint",
        FieldKind::Enum(name) | FieldKind::Message(name) => name,
    };
    match field.label {
        Label::One | Label::Optional => one.to_owned(),
        Label::Repeated => format!("Array<{one}>"),
        Label::Map => "Record<string, string>".to_owned(),
    }
}
