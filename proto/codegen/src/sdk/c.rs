//! C: a type for each message and a function for each field, over a writer.
//!
//! Records are written as they are found: a message is begun in the one that
//! holds it and ended before the next field of that one. Nothing is kept but
//! the bytes.

use std::fmt::Write as _;

use super::{Field, FieldKind, Label, Message, Model, NOTICE, snake};

/// `lawgate_schema.h`.
pub(crate) fn generate(model: &Model) -> anyhow::Result<String> {
    let mut text = format!(
        "/* {NOTICE} */\n\
         /* The records of the common schema. See lawgate.h for how they are written. */\n\
         #ifndef LAWGATE_SCHEMA_H\n#define LAWGATE_SCHEMA_H\n\n#include \"lawgate_writer.h\"\n"
    );
    for inner in &model.enums {
        writeln!(text, "\n/* {} */\ntypedef enum {{", inner.comment)?;
        for value in &inner.values {
            writeln!(text, "  LG_{} = {},", value.name, value.number)?;
        }
        writeln!(text, "}} lg_{};", snake(&inner.name))?;
    }
    text.push('\n');
    for message in &model.messages {
        writeln!(
            text,
            "/* {} */\ntypedef struct {{ lg_writer *w; }} lg_{};",
            message.comment,
            snake(&message.name)
        )?;
    }
    for message in &model.messages {
        write_message(&mut text, message)?;
    }
    text.push_str("\n#endif\n");
    Ok(text)
}

fn write_message(text: &mut String, message: &Message) -> anyhow::Result<()> {
    let own = format!("lg_{}", snake(&message.name));
    writeln!(
        text,
        "\n/* Ends a {} that was begun in another message. */\n\
         static inline void {own}_end({own} m) {{ lg_end(m.w); }}",
        message.name
    )?;
    for field in &message.fields {
        writeln!(text, "/* {} */", field.comment)?;
        write_field(text, &own, field)?;
    }
    Ok(())
}

fn write_field(text: &mut String, own: &str, field: &Field) -> anyhow::Result<()> {
    let Field { number, name, .. } = field;
    // Values that may be missing, and items of lists, are written even where they are the default.
    let always = field.label != Label::One;
    if field.label == Label::Map {
        return Ok(writeln!(
            text,
            "static inline void {own}_put_{name}({own} m, lg_text key, lg_text value) {{ lg_pair(m.w, {number}, key, value); }}"
        )?);
    }
    let verb = if field.label == Label::Repeated {
        "add"
    } else {
        "set"
    };
    let scalar = |kind: &str, function: &str, argument: &str| {
        format!(
            "static inline void {own}_{verb}_{name}({own} m, {kind} value) {{ {function}(m.w, {number}, {argument}, {always}); }}"
        )
    };
    let line = match &field.kind {
        FieldKind::Text | FieldKind::Bytes => scalar("lg_text", "lg_field_text", "value"),
        FieldKind::Bool => scalar("bool", "lg_field_number", "value ? 1 : 0"),
        FieldKind::Uint32 => scalar("uint32_t", "lg_field_number", "value"),
        FieldKind::Uint64 => scalar("uint64_t", "lg_field_number", "value"),
        FieldKind::Fixed32 => scalar("uint32_t", "lg_field_fixed32", "value"),
        FieldKind::Enum(inner) => scalar(
            &format!("lg_{}", snake(inner)),
            "lg_field_number",
            "(uint64_t)value",
        ),
        FieldKind::Message(inner) => {
            let inner = format!("lg_{}", snake(inner));
            format!(
                "static inline {inner} {own}_begin_{name}({own} m) {{ lg_begin(m.w, {number}); return ({inner}){{ m.w }}; }}"
            )
        }
    };
    Ok(writeln!(text, "{line}")?)
}
