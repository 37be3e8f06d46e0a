//! What the operator states and the format does not say.
//!
//! Reports every fault of the file at once, each with its path, because the
//! gateway does not start before all are mended.

use adapter_sdk::ConfigurationFault;
use serde_json::Value;

/// The adapter's configuration.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// Seconds a value stands for: 0, 60 to 1800, 3600 or 86400.
    pub(crate) interval_s: u32,
}

impl Configuration {
    /// Reads the bytes of `configuration.json`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Vec<ConfigurationFault>> {
        let whole = |text: String| vec![ConfigurationFault::new("", text)];
        let value: Value =
            serde_json::from_slice(bytes).map_err(|error| whole(error.to_string()))?;
        let Value::Object(members) = value else {
            return Err(whole("an object is expected".to_owned()));
        };
        let mut faults: Vec<_> = members
            .keys()
            .filter(|name| *name != "interval_s")
            .map(|name| ConfigurationFault::new(name, "unknown; known is interval_s"))
            .collect();
        let interval = members.get("interval_s").and_then(Value::as_u64);
        let interval = interval.and_then(|seconds| u32::try_from(seconds).ok());
        match interval.filter(|seconds| is_interval(*seconds)) {
            Some(interval_s) if faults.is_empty() => return Ok(Self { interval_s }),
            Some(_) => {}
            None => faults.push(ConfigurationFault::new(
                "interval_s",
                "0, 60 to 1800, 3600 or 86400 is expected",
            )),
        }
        Err(faults)
    }

    /// The command code (命令编码 CN) under which HJ 212 sends values of this interval.
    pub(crate) fn command(&self) -> u32 {
        match self.interval_s {
            0 => 2011,
            3600 => 2061,
            86_400 => 2031,
            _ => 2051,
        }
    }
}

fn is_interval(seconds: u32) -> bool {
    matches!(seconds, 0 | 60..=1800 | 3600 | 86_400)
}
