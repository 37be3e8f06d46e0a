//! Packages of adapters: what is in one, and whose signature on it holds.

use std::path::Path;

use adapter_pack::pack::Sample;
use adapter_pack::{Pack, PackLimits, PublisherKeys};
use anyhow::Context as _;
use bytes::Bytes;
use exchange::ports::{AdapterFault, AdapterFiles, GoldenSample, Message, Package};
use serde_json::Value;

/// Whose signatures count, and whether one must be there.
pub(crate) struct Publishers {
    keys: PublisherKeys,
    is_required: bool,
}

impl Publishers {
    /// Reads the file of publishers' keys, if there is one.
    ///
    /// # Errors
    /// A file that cannot be read, or the first line that is wrong.
    pub(crate) fn open(file: Option<&Path>, is_required: bool) -> anyhow::Result<Publishers> {
        let keys = match file {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .with_context(|| format!("{} cannot be read", file.display()))?;
                PublisherKeys::parse(&text)
                    .with_context(|| format!("{} is no file of publishers' keys", file.display()))?
            }
            None => PublisherKeys::default(),
        };
        Ok(Publishers { keys, is_required })
    }

    /// Whether an upload must be signed by a known publisher.
    pub(crate) fn is_required(&self) -> bool {
        self.is_required
    }
}

/// Reads a package and checks who vouches for it.
///
/// # Errors
/// The first thing wrong with its form, or that nobody who is known signed it.
pub(crate) fn read(
    bytes: &[u8],
    publishers: &Publishers,
    component_bytes: usize,
) -> Result<Package, AdapterFault> {
    let fault = |code, error: &dyn std::error::Error| AdapterFault {
        code,
        text: chain(error),
    };
    let limits = PackLimits {
        file_bytes: component_bytes,
        ..PackLimits::recommended()
    };
    let pack = Pack::read(bytes, &limits).map_err(|error| fault("adapter-package", &error))?;
    let publisher = match pack.verify(&publishers.keys) {
        Ok(keys) => {
            let names: Vec<&str> = keys.iter().map(|key| key.name()).collect();
            names.join(", ")
        }
        Err(adapter_pack::VerifyError::NotSigned) if !publishers.is_required => String::new(),
        Err(error @ adapter_pack::VerifyError::NotSigned) => {
            return Err(fault("adapter-unsigned", &error));
        }
        Err(error) => return Err(fault("adapter-signature", &error)),
    };
    let file = |name: &str| Bytes::copy_from_slice(pack.file(name).unwrap_or_default());
    let samples = pack.samples().map(sample).collect::<Result<_, _>>()?;
    Ok(Package {
        files: AdapterFiles {
            component: Bytes::copy_from_slice(pack.component()),
            manifest: file(adapter_pack::manifest::FILE),
            configuration: Bytes::copy_from_slice(pack.configuration()),
            schema: Bytes::copy_from_slice(pack.configuration_schema().unwrap_or_default()),
        },
        samples,
        publisher,
    })
}

fn sample(sample: Sample<'_>) -> Result<GoldenSample, AdapterFault> {
    let fault = || AdapterFault {
        code: "adapter-package",
        text: format!(
            "the attributes of sample {} are no object of texts",
            sample.name
        ),
    };
    let attributes = match sample.attributes {
        None => Vec::new(),
        Some(bytes) => {
            let value: Value = serde_json::from_slice(bytes).map_err(|_| fault())?;
            let attribute =
                |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
            let object = value.as_object().ok_or_else(fault)?;
            let attributes: Option<_> = object.iter().map(attribute).collect();
            attributes.ok_or_else(fault)?
        }
    };
    Ok(GoldenSample {
        name: sample.name.to_owned(),
        message: Message {
            payload: Bytes::copy_from_slice(sample.payload),
            attributes,
        },
        golden: Bytes::copy_from_slice(sample.golden),
    })
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}
