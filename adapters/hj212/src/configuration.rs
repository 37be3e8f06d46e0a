//! The adapter's configuration: what is true of the devices and is not on the wire.
//!
//! Units above all: the protocol transmits none, and installers choose others
//! than the standard's. The file is JSON and is read in every fresh sandbox, so
//! the usual way is one pass without a tree; only a file with faults is read a
//! second time, to name all of them at once with their paths.

mod explain;
mod shape;
#[cfg(test)]
mod tests;

use adapter_sdk::ConfigurationFault;
use adapter_sdk::proto::v1::UnitSource;
use adapter_sdk::schema::factor::{self, Factor};
use adapter_sdk::schema::unit;

use crate::segment::Edition;
use shape::{Object, RawConfiguration, RawDevice, Text};

/// Longest device number the standard allows, in bytes.
const MAX_MN_BYTES: usize = 24;

/// Seconds between real-time packets where nothing else is configured.
///
/// The standard allows 30 to 3600; most devices send every minute. It is used
/// only to tell late packets.
const DEFAULT_REAL_TIME_INTERVAL_S: u32 = 60;

/// Minute intervals the standard allows, in minutes (HJ 212-2017 C.5).
const MINUTE_INTERVALS: [u32; 11] = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];

/// What is configured about the devices of a feed.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    accept_crc_dialect: bool,
    minute_interval_s: Option<u32>,
    real_time_interval_s: Option<u32>,
    default_units: Units,
    /// Sorted by device number.
    devices: Vec<Device>,
}

/// What is configured about one device.
#[derive(Debug, Default)]
pub(crate) struct Device {
    mn: String,
    accept_crc_dialect: Option<bool>,
    minute_interval_s: Option<u32>,
    real_time_interval_s: Option<u32>,
    edition: Option<Edition>,
    units: Units,
}

impl Device {
    /// The edition the device is configured to speak, if one is stated.
    pub(crate) fn edition(&self) -> Option<Edition> {
        self.edition
    }

    /// Units of the device as the schema's map: `a21026`, and `a21026-Cou` for amounts.
    pub(crate) fn units(&self) -> impl Iterator<Item = (String, String)> {
        self.units.0.iter().flat_map(|entry| {
            let value =
                (!entry.value.is_empty()).then(|| (entry.factor.clone(), entry.value.to_owned()));
            let amount = (!entry.amount.is_empty())
                .then(|| (format!("{}-Cou", entry.factor), entry.amount.to_owned()));
            value.into_iter().chain(amount)
        })
    }
}

impl Configuration {
    /// Reads the bytes of a configuration file.
    ///
    /// # Errors
    /// All faults found, each with its path.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Vec<ConfigurationFault>> {
        let mut faults = Vec::new();
        let configuration = match serde_json::from_slice::<Object<RawConfiguration<'_>>>(bytes) {
            Ok(Object(raw)) => build(raw, &mut faults),
            Err(error) => {
                let raw = explain::read(bytes, &error, &mut faults);
                build(raw, &mut faults)
            }
        };
        if faults.is_empty() {
            Ok(configuration)
        } else {
            Err(faults)
        }
    }

    /// What is configured about the device with this number.
    pub(crate) fn device(&self, mn: &str) -> Option<&Device> {
        let at = self
            .devices
            .binary_search_by(|device| device.mn.as_str().cmp(mn))
            .ok()?;
        self.devices.get(at)
    }

    /// Whether a known wrong check algorithm is accepted from the device.
    pub(crate) fn accepts_crc_dialect(&self, device: Option<&Device>) -> bool {
        device
            .and_then(|device| device.accept_crc_dialect)
            .unwrap_or(self.accept_crc_dialect)
    }

    /// Length of the device's minute interval in seconds, where it is configured.
    pub(crate) fn minute_interval_s(&self, device: Option<&Device>) -> Option<u32> {
        device
            .and_then(|device| device.minute_interval_s)
            .or(self.minute_interval_s)
    }

    /// Seconds between the device's real-time packets.
    pub(crate) fn real_time_interval_s(&self, device: Option<&Device>) -> u32 {
        let configured = device
            .and_then(|device| device.real_time_interval_s)
            .or(self.real_time_interval_s);
        configured.unwrap_or(DEFAULT_REAL_TIME_INTERVAL_S)
    }

    /// The unit of a factor's values, or of its accumulated amount, and where it comes from.
    ///
    /// Only what is configured for this very device is a statement about it.
    /// `default_units` outweigh the standard's defaults, because somebody knows
    /// the feed, but stay an assumption.
    pub(crate) fn unit(
        &self,
        device: Option<&Device>,
        code: &str,
        known: Option<&Factor>,
        is_amount: bool,
    ) -> (&'static str, UnitSource) {
        if let Some(unit) = device.and_then(|device| device.units.get(code, is_amount)) {
            return (unit, UnitSource::DeviceConfig);
        }
        if let Some(unit) = self.default_units.get(code, is_amount) {
            return (unit, UnitSource::Assumed);
        }
        match known.map(|factor| {
            if is_amount {
                factor.amount_unit
            } else {
                factor.unit
            }
        }) {
            Some(unit) if !unit.is_empty() => (unit, UnitSource::StandardDefault),
            _ => ("", UnitSource::Assumed),
        }
    }
}

/// Units by factor code, sorted.
#[derive(Debug, Default)]
struct Units(Vec<FactorUnits>);

#[derive(Debug)]
struct FactorUnits {
    factor: String,
    /// Unit of values; empty when not stated.
    value: &'static str,
    /// Unit of accumulated amounts; empty when not stated.
    amount: &'static str,
}

impl Units {
    fn get(&self, factor: &str, is_amount: bool) -> Option<&'static str> {
        let at = self
            .0
            .binary_search_by(|entry| entry.factor.as_str().cmp(factor))
            .ok()?;
        let entry = self.0.get(at)?;
        let unit = if is_amount { entry.amount } else { entry.value };
        (!unit.is_empty()).then_some(unit)
    }

    /// Keeps a unit; returns false when the factor has one already.
    fn insert(&mut self, factor: &str, is_amount: bool, unit: &'static str) -> bool {
        let place = self
            .0
            .binary_search_by(|entry| entry.factor.as_str().cmp(factor));
        let at = place.unwrap_or_else(|at| {
            let empty = FactorUnits {
                factor: factor.to_owned(),
                value: "",
                amount: "",
            };
            self.0.insert(at, empty);
            at
        });
        let entry = &mut self.0[at];
        let slot = if is_amount {
            &mut entry.amount
        } else {
            &mut entry.value
        };
        let is_new = slot.is_empty();
        *slot = unit;
        is_new
    }
}

/// Checks what the file says and takes it over.
fn build(raw: RawConfiguration<'_>, faults: &mut Vec<ConfigurationFault>) -> Configuration {
    let minute_interval_s = minutes(raw.minute_interval_s, "", faults);
    let real_time_interval_s = real_time(raw.real_time_interval_s, "", faults);
    let default_units = units(&raw.default_units.0, "default_units", faults);
    let mut devices: Vec<Device> = raw
        .devices
        .0
        .into_iter()
        .map(|(mn, raw)| device(&mn.0, raw.0, faults))
        .collect();
    devices.sort_by(|one, other| one.mn.cmp(&other.mn));
    for pair in devices.windows(2).filter(|pair| pair[0].mn == pair[1].mn) {
        faults.push(ConfigurationFault::new(
            format!("devices.{}", pair[0].mn),
            "the device is there twice",
        ));
    }
    Configuration {
        accept_crc_dialect: raw.accept_crc_dialect.unwrap_or(false),
        minute_interval_s,
        real_time_interval_s,
        default_units,
        devices,
    }
}

fn device(mn: &str, raw: RawDevice<'_>, faults: &mut Vec<ConfigurationFault>) -> Device {
    let clean = raw.units.0.is_empty() && raw.edition.is_none();
    // The path is written only where something can be wrong: there are many devices.
    let path = if clean && raw.minute_interval_s.is_none() && raw.real_time_interval_s.is_none() {
        String::new()
    } else {
        format!("devices.{mn}")
    };
    if mn.is_empty() || mn.len() > MAX_MN_BYTES {
        let text = format!("a device number (MN) has 1 to {MAX_MN_BYTES} characters");
        faults.push(ConfigurationFault::new(format!("devices.{mn}"), text));
    }
    Device {
        mn: mn.to_owned(),
        accept_crc_dialect: raw.accept_crc_dialect,
        minute_interval_s: minutes(raw.minute_interval_s, &path, faults),
        real_time_interval_s: real_time(raw.real_time_interval_s, &path, faults),
        edition: edition(raw.edition, &path, faults),
        units: units(&raw.units.0, &path, faults),
    }
}

fn minutes(seconds: Option<u32>, path: &str, faults: &mut Vec<ConfigurationFault>) -> Option<u32> {
    let is_allowed =
        |seconds: u32| seconds.is_multiple_of(60) && MINUTE_INTERVALS.contains(&(seconds / 60));
    if seconds.is_some_and(|seconds| !is_allowed(seconds)) {
        let text = "a minute interval is 60 times one of 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 (HJ 212-2017)";
        faults.push(ConfigurationFault::new(
            join(path, "minute_interval_s"),
            text,
        ));
    }
    seconds
}

fn real_time(
    seconds: Option<u32>,
    path: &str,
    faults: &mut Vec<ConfigurationFault>,
) -> Option<u32> {
    if seconds.is_some_and(|seconds| !(30..=3_600).contains(&seconds)) {
        let text = "a real-time interval is 30 to 3600 seconds (HJ 212-2017)";
        faults.push(ConfigurationFault::new(
            join(path, "real_time_interval_s"),
            text,
        ));
    }
    seconds
}

fn edition(
    stated: Option<Text<'_>>,
    path: &str,
    faults: &mut Vec<ConfigurationFault>,
) -> Option<Edition> {
    let edition = match &*stated?.0 {
        "2005" => Some(Edition::Of2005),
        "2017" => Some(Edition::Of2017),
        "2025" => Some(Edition::Of2025),
        _ => None,
    };
    if edition.is_none() {
        let text = "an edition is \"2005\", \"2017\" or \"2025\"";
        faults.push(ConfigurationFault::new(join(path, "edition"), text));
    }
    edition
}

/// Takes units over; `path` is `default_units` or that of the device.
fn units(
    entries: &[(Text<'_>, Text<'_>)],
    path: &str,
    faults: &mut Vec<ConfigurationFault>,
) -> Units {
    let mut units = Units(Vec::with_capacity(entries.len()));
    for (key, spelling) in entries {
        let (code, is_amount) = match key.0.strip_suffix("-Cou") {
            Some(code) => (code, true),
            None => (&*key.0, false),
        };
        let factor = factor::find(code);
        let text = match unit::canonical(&spelling.0) {
            None => format!("`{}` is no unit this adapter knows", spelling.0),
            Some(unit) if factor.is_some_and(|factor| !factor.accepts(unit, is_amount)) => {
                format!("`{}` is no unit for what {code} measures", spelling.0)
            }
            Some(unit)
                if !units.insert(factor.map_or(code, |factor| factor.code), is_amount, unit) =>
            {
                "the factor is there twice, perhaps under its code of 2005 too".to_owned()
            }
            Some(_) => continue,
        };
        let place = if path == "default_units" {
            path.to_owned()
        } else {
            join(path, "units")
        };
        faults.push(ConfigurationFault::new(join(&place, &key.0), text));
    }
    units
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
