//! Items of an entry's arrays: making them, and reading them strictly.
//!
//! A reader gives `None` for any other kind or length; it never guesses.

use audit_log::cbor::Value;

pub(super) fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

pub(super) fn optional(value: &str) -> Value {
    if value.is_empty() {
        Value::Null
    } else {
        text(value)
    }
}

pub(super) fn bytes(value: &[u8]) -> Value {
    Value::Bytes(value.to_vec())
}

pub(super) fn array(value: &Value) -> Option<&[Value]> {
    if let Value::Array(items) = value {
        Some(items)
    } else {
        None
    }
}

pub(super) fn as_text(value: &Value) -> Option<&str> {
    if let Value::Text(text) = value {
        Some(text)
    } else {
        None
    }
}

pub(super) fn as_bytes(value: &Value) -> Option<&[u8]> {
    if let Value::Bytes(bytes) = value {
        Some(bytes)
    } else {
        None
    }
}

pub(super) fn as_digest(value: &Value) -> Option<[u8; 32]> {
    as_bytes(value)?.try_into().ok()
}

pub(super) fn as_uint(value: &Value) -> Option<u64> {
    if let Value::Unsigned(number) = value {
        Some(*number)
    } else {
        None
    }
}

pub(super) fn as_bool(value: &Value) -> Option<bool> {
    if let Value::Bool(truth) = value {
        Some(*truth)
    } else {
        None
    }
}

/// The items of a field of exactly `N`.
pub(super) fn exactly<const N: usize>(values: Vec<Value>) -> Option<[Value; N]> {
    values.try_into().ok()
}
