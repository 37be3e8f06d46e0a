//! Names every fault in the shape of a configuration file that was refused.
//!
//! Slow and thorough: builds the tree, notes what is of a wrong type or not
//! known, and hands on what is right so that its content is checked too.

use std::borrow::Cow;

use adapter_sdk::ConfigurationFault;
use serde_json::{Map, Value};

use super::shape::{Entries, Object, RawConfiguration, RawDevice, Text};

/// Reads a file that serde refused with `error`, as far as it can be read.
pub(super) fn read(
    bytes: &[u8],
    error: &serde_json::Error,
    faults: &mut Vec<ConfigurationFault>,
) -> RawConfiguration<'static> {
    let before = faults.len();
    let raw = match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) => file(members, faults),
        Ok(_) => {
            faults.push(ConfigurationFault::new(
                "",
                "the file must be a JSON object",
            ));
            RawConfiguration::default()
        }
        Err(syntax) => {
            faults.push(ConfigurationFault::new(
                "",
                format!("the file is not JSON: {syntax}"),
            ));
            RawConfiguration::default()
        }
    };
    if faults.len() == before {
        // The tree hides what serde saw, for example a key written twice.
        faults.push(ConfigurationFault::new("", error.to_string()));
    }
    raw
}

fn file(
    members: Map<String, Value>,
    faults: &mut Vec<ConfigurationFault>,
) -> RawConfiguration<'static> {
    let mut raw = RawConfiguration::default();
    for (name, value) in members {
        match name.as_str() {
            "accept_crc_dialect" => raw.accept_crc_dialect = boolean(&name, &value, faults),
            "minute_interval_s" => raw.minute_interval_s = seconds(&name, &value, faults),
            "real_time_interval_s" => raw.real_time_interval_s = seconds(&name, &value, faults),
            "default_units" => raw.default_units = units(&name, value, faults),
            "devices" => raw.devices = devices(&name, value, faults),
            _ => unknown(&name, faults),
        }
    }
    raw
}

fn devices(
    path: &str,
    value: Value,
    faults: &mut Vec<ConfigurationFault>,
) -> Entries<'static, Object<RawDevice<'static>>> {
    let entries = object(path, value, faults).into_iter().map(|(mn, value)| {
        let path = format!("{path}.{mn}");
        let raw = device(&path, object(&path, value, faults), faults);
        (owned(mn), Object(raw))
    });
    Entries(entries.collect())
}

fn device(
    path: &str,
    members: Map<String, Value>,
    faults: &mut Vec<ConfigurationFault>,
) -> RawDevice<'static> {
    let mut raw = RawDevice::default();
    for (name, value) in members {
        let path = format!("{path}.{name}");
        match name.as_str() {
            "accept_crc_dialect" => raw.accept_crc_dialect = boolean(&path, &value, faults),
            "minute_interval_s" => raw.minute_interval_s = seconds(&path, &value, faults),
            "real_time_interval_s" => raw.real_time_interval_s = seconds(&path, &value, faults),
            "edition" => raw.edition = text(&path, value, faults),
            "units" => raw.units = units(&path, value, faults),
            _ => unknown(&path, faults),
        }
    }
    raw
}

fn units(
    path: &str,
    value: Value,
    faults: &mut Vec<ConfigurationFault>,
) -> Entries<'static, Text<'static>> {
    let entries = object(path, value, faults)
        .into_iter()
        .filter_map(|(factor, value)| {
            let unit = text(&format!("{path}.{factor}"), value, faults)?;
            Some((owned(factor), unit))
        });
    Entries(entries.collect())
}

fn object(path: &str, value: Value, faults: &mut Vec<ConfigurationFault>) -> Map<String, Value> {
    if let Value::Object(members) = value {
        return members;
    }
    faults.push(ConfigurationFault::new(path, "an object is expected"));
    Map::new()
}

fn text(path: &str, value: Value, faults: &mut Vec<ConfigurationFault>) -> Option<Text<'static>> {
    if let Value::String(text) = value {
        return Some(owned(text));
    }
    faults.push(ConfigurationFault::new(path, "a string is expected"));
    None
}

fn boolean(path: &str, value: &Value, faults: &mut Vec<ConfigurationFault>) -> Option<bool> {
    if !value.is_boolean() {
        faults.push(ConfigurationFault::new(path, "true or false is expected"));
    }
    value.as_bool()
}

fn seconds(path: &str, value: &Value, faults: &mut Vec<ConfigurationFault>) -> Option<u32> {
    let seconds = value
        .as_u64()
        .and_then(|seconds| u32::try_from(seconds).ok());
    if seconds.is_none() {
        faults.push(ConfigurationFault::new(
            path,
            "a whole number of seconds is expected",
        ));
    }
    seconds
}

fn unknown(path: &str, faults: &mut Vec<ConfigurationFault>) {
    faults.push(ConfigurationFault::new(path, "no such setting"));
}

fn owned(text: String) -> Text<'static> {
    Text(Cow::Owned(text))
}
