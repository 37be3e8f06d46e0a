//! Comparing samples with their golden results, for the tests of adapters.
//!
//! A sample `samples/<name>` has its result in `golden/<name>.json`: the
//! conversion in canonical proto3 JSON, or the rejection. What the sender states
//! about a sample may stand in `samples/<name>.attributes.json`. Reads and
//! writes files, so it is never part of a guest.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use prost_reflect::{DescriptorError, DescriptorPool, DynamicMessage};
use serde_json::{Value, json};

use crate::adapter::{Adapter, Attribute, ConfigurationFault, Message, Rejection};
use crate::outcome::{Outcome, run};

/// Why golden results could not be compared.
#[derive(Debug)]
pub enum GoldenError {
    /// A file could not be read or written.
    File(PathBuf, io::Error),
    /// The adapter refuses the configuration it is shipped with.
    Configuration(Vec<ConfigurationFault>),
    /// A file of attributes is no object of strings.
    Attributes(PathBuf, serde_json::Error),
    /// The schema's descriptors do not load.
    Descriptors(DescriptorError),
    /// The adapter returned bytes that are no conversion.
    Encoding(PathBuf),
    /// The folder holds no sample.
    NoSample(PathBuf),
}

/// A sample whose result is not its golden result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Name of the sample.
    pub sample: String,
    /// The golden result; empty when there is none.
    pub golden: String,
    /// The result.
    pub result: String,
}

/// Converts every sample of the adapter in `folder` and compares the results.
///
/// With `update` the golden results are written instead, and there is no
/// difference. Every sample is converted alone, and then all of them together
/// with the same instance, which must give the same results.
///
/// # Errors
/// [`GoldenError`] when files, configuration or descriptors are not usable.
pub fn compare<A: Adapter>(folder: &Path, update: bool) -> Result<Vec<Difference>, GoldenError> {
    let configuration = read(&folder.join("configuration.json"))?;
    let adapter = A::configure(&configuration).map_err(GoldenError::Configuration)?;
    let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).map_err(GoldenError::Descriptors)?;
    let samples = samples(&folder.join("samples"))?;
    let mut differences = Vec::new();
    for (name, sample) in &samples {
        let outcomes = run(&adapter, &[sample.message()]);
        let again = run(&adapter, &[sample.message(), sample.message()]);
        let [outcome] = outcomes.as_slice() else {
            return Err(GoldenError::Encoding(name.into()));
        };
        let result = pretty(outcome, &pool).ok_or_else(|| GoldenError::Encoding(name.into()))?;
        let path = folder.join("golden").join(format!("{name}.json"));
        if update {
            fs::create_dir_all(folder.join("golden"))
                .map_err(|error| GoldenError::File(folder.join("golden"), error))?;
            fs::write(&path, &result).map_err(|error| GoldenError::File(path, error))?;
            continue;
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        let repeated = again.len() == 2 && again.iter().all(|repeated| repeated == outcome);
        if golden != result || !repeated {
            differences.push(Difference {
                sample: name.clone(),
                golden,
                result,
            });
        }
    }
    Ok(differences)
}

/// One sample with what is stated about it.
struct Sample {
    payload: Vec<u8>,
    attributes: Vec<Attribute>,
}

impl Sample {
    fn message(&self) -> Message<'_> {
        Message {
            payload: &self.payload,
            attributes: &self.attributes,
        }
    }
}

fn samples(folder: &Path) -> Result<BTreeMap<String, Sample>, GoldenError> {
    let failed = |error| GoldenError::File(folder.to_owned(), error);
    let mut samples = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.ends_with(".attributes.json") || name == "README.md" || path.is_dir() {
            continue;
        }
        let attributes = attributes(&path.with_file_name(format!("{name}.attributes.json")))?;
        samples.insert(
            name.to_owned(),
            Sample {
                payload: read(&path)?,
                attributes,
            },
        );
    }
    if samples.is_empty() {
        Err(GoldenError::NoSample(folder.to_owned()))
    } else {
        Ok(samples)
    }
}

fn attributes(path: &Path) -> Result<Vec<Attribute>, GoldenError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let stated: BTreeMap<String, String> = serde_json::from_slice(&read(path)?)
        .map_err(|error| GoldenError::Attributes(path.to_owned(), error))?;
    Ok(stated
        .into_iter()
        .map(|(name, value)| Attribute::new(name, value))
        .collect())
}

fn read(path: &Path) -> Result<Vec<u8>, GoldenError> {
    fs::read(path).map_err(|error| GoldenError::File(path.to_owned(), error))
}

/// An outcome as golden JSON; `None` when its bytes are no conversion.
#[must_use]
pub fn pretty(outcome: &Outcome, pool: &DescriptorPool) -> Option<String> {
    let value = match outcome {
        Outcome::Converted(bytes) => {
            let descriptor = pool.get_message_by_name("lawgate.v1.Conversion")?;
            let message = DynamicMessage::decode(descriptor, bytes.as_slice()).ok()?;
            json!({ "converted": serde_json::to_value(&message).ok()? })
        }
        Outcome::Rejected(rejection) => json!({ "rejected": rejected(rejection) }),
    };
    serde_json::to_string_pretty(&value)
        .ok()
        .map(|text| text + "\n")
}

fn rejected(rejection: &Rejection) -> Value {
    json!({ "code": rejection.code, "offset": rejection.offset, "text": rejection.text })
}
