//! The lossless JSON rendering of an entry, for people and for tools that do not read CBOR.
//!
//! Made from the canonical bytes alone. It informs; what is hashed and proved is the bytes.

use std::fmt::Write as _;

use super::{Entry, KEY_NAMES};
use crate::{
    cbor::{Value, decode},
    hash::to_hex,
};

/// Renders `entry` as one JSON object in the order of its keys.
pub(super) fn render(entry: &Entry<'_>) -> String {
    let mut out = String::with_capacity(entry.as_bytes().len() * 3);
    out.push('{');
    for (key, name) in (0_u8..).zip(KEY_NAMES) {
        let Some(bytes) = entry.field_bytes(key) else {
            continue;
        };
        if out.len() > 1 {
            out.push(',');
        }
        write_text(&mut out, name);
        out.push(':');
        let value = decode(bytes).expect("decoding an entry checks each of its values");
        write_value(&mut out, &value);
    }
    out.push('}');
    out
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Unsigned(number) => write_display(out, number),
        Value::Negative(number) => write_display(out, &(-1 - i128::from(*number))),
        Value::Bytes(bytes) => {
            out.push_str("{\"hex\":\"");
            out.push_str(&to_hex(bytes));
            out.push_str("\"}");
        }
        Value::Text(text) => write_text(out, text),
        Value::Bool(truth) => write_display(out, truth),
        Value::Null => out.push_str("null"),
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                separate(out, index);
                write_value(out, value);
            }
            out.push(']');
        }
        Value::Map(pairs) => {
            out.push('{');
            for (index, (key, value)) in pairs.iter().enumerate() {
                separate(out, index);
                // A decimal key can never be "hex", so maps and byte strings stay apart.
                write_text(out, &key.to_string());
                out.push(':');
                write_value(out, value);
            }
            out.push('}');
        }
    }
}

fn separate(out: &mut String, index: usize) {
    if index > 0 {
        out.push(',');
    }
}

fn write_display(out: &mut String, value: &dyn std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control.is_control() => {
                let mut units = [0; 2];
                for unit in control.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
