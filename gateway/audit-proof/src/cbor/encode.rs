//! Writing deterministic CBOR.
//!
//! Appends to a buffer the caller owns; allocates nothing itself. The only thing that can be wrong with a value is its
//! depth, since [`Value`] cannot express anything else that the decoder would refuse.

use super::{MAX_DEPTH, Major, Value};

/// A value has more arrays and maps inside each other than [`MAX_DEPTH`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("value is nested deeper than {MAX_DEPTH}")]
pub struct TooDeep;

/// Returns the encoding of `value`.
///
/// # Errors
/// [`TooDeep`] when arrays and maps are nested more than [`MAX_DEPTH`] deep.
pub fn encode(value: &Value) -> Result<Vec<u8>, TooDeep> {
    let mut bytes = Vec::new();
    write_value(&mut bytes, value, MAX_DEPTH)?;
    Ok(bytes)
}

/// Appends the head of an item: its kind and its number, in the shortest form.
pub(crate) fn write_head(out: &mut Vec<u8>, major: Major, number: u64) {
    let kind = (major as u8) << 5;
    let bytes = number.to_be_bytes();
    match number {
        0..24 => out.push(kind | bytes[7]),
        24..0x100 => out.extend([kind | 24, bytes[7]]),
        0x100..0x1_0000 => out.extend([kind | 25, bytes[6], bytes[7]]),
        0x1_0000..0x1_0000_0000 => {
            out.push(kind | 26);
            out.extend(&bytes[4..]);
        }
        _ => {
            out.push(kind | 27);
            out.extend(bytes);
        }
    }
}

/// Appends a byte string.
pub(crate) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_head(out, Major::Bytes, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a text string.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_head(out, Major::Text, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Appends `value`, inside which `depth` more arrays or maps may be nested.
pub(crate) fn write_value(out: &mut Vec<u8>, value: &Value, depth: usize) -> Result<(), TooDeep> {
    match value {
        Value::Unsigned(number) => write_head(out, Major::Unsigned, *number),
        Value::Negative(number) => write_head(out, Major::Negative, *number),
        Value::Bytes(bytes) => write_bytes(out, bytes),
        Value::Text(text) => write_text(out, text),
        Value::Bool(truth) => write_head(out, Major::Simple, 20 + u64::from(*truth)),
        Value::Null => write_head(out, Major::Simple, 22),
        Value::Array(values) => {
            let depth = depth.checked_sub(1).ok_or(TooDeep)?;
            write_head(out, Major::Array, values.len() as u64);
            for value in values {
                write_value(out, value, depth)?;
            }
        }
        Value::Map(values) => {
            let depth = depth.checked_sub(1).ok_or(TooDeep)?;
            write_head(out, Major::Map, values.len() as u64);
            for (key, value) in values {
                write_head(out, Major::Unsigned, *key);
                write_value(out, value, depth)?;
            }
        }
    }
    Ok(())
}
