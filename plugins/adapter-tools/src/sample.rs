//! Samples: messages with what the sender states about them, and their golden results.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use adapter_host::Message;
use adapter_pack::Pack;
use adapter_pack::pack::ATTRIBUTES_ENDING;

/// A message that an adapter is tried with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Name of its file.
    pub name: String,
    /// The message.
    pub payload: Vec<u8>,
    /// What the sender states about it.
    pub attributes: Vec<(String, String)>,
    /// The golden result; `None` when there is none yet.
    pub golden: Option<String>,
}

/// Why samples were not read.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// A file or folder cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
    /// A name or golden result is not UTF-8.
    #[error("{name} is not UTF-8")]
    NotText {
        /// The file.
        name: String,
    },
    /// A file of attributes is no object of strings.
    #[error("{name} is no JSON object of strings")]
    Attributes {
        /// The file.
        name: String,
        /// What is wrong with it.
        #[source]
        cause: serde_json::Error,
    },
    /// There is no sample.
    #[error("there is no sample in {place}")]
    None {
        /// Where they were looked for.
        place: String,
    },
}

impl Sample {
    /// The sample as a message of a submission.
    #[must_use]
    pub fn message(&self) -> Message<'_> {
        Message {
            payload: &self.payload,
            attributes: &self.attributes,
        }
    }

    /// Reads the samples of an adapter's folder, in order of names.
    ///
    /// # Errors
    /// Files that cannot be read, attributes of another form, no sample at all.
    pub fn of_folder(folder: &Path) -> Result<Vec<Self>, SampleError> {
        let place = folder.join("samples");
        let failed = |cause| SampleError::Read {
            path: place.clone(),
            cause,
        };
        let mut samples = Vec::new();
        for entry in fs::read_dir(&place).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| SampleError::NotText {
                name: path.display().to_string(),
            })?;
            let is_other = name.ends_with(ATTRIBUTES_ENDING) || name == "README.md";
            if is_other || name.starts_with('.') || !path.is_file() {
                continue;
            }
            let stated = place.join(format!("{name}{ATTRIBUTES_ENDING}"));
            let golden = golden_path(folder, name);
            samples.push(Self::new(
                name,
                read(&path)?.unwrap_or_default(),
                read(&stated)?.as_deref(),
                read(&golden)?,
            )?);
        }
        samples.sort_by(|one, other| one.name.cmp(&other.name));
        if samples.is_empty() {
            return Err(SampleError::None {
                place: place.display().to_string(),
            });
        }
        Ok(samples)
    }

    /// The samples of a pack, in order of names; it has at least one.
    ///
    /// # Errors
    /// Attributes or golden results of another form.
    pub fn of_pack(pack: &Pack) -> Result<Vec<Self>, SampleError> {
        pack.samples()
            .map(|sample| {
                Self::new(
                    sample.name,
                    sample.payload.to_vec(),
                    sample.attributes,
                    Some(sample.golden.to_vec()),
                )
            })
            .collect()
    }

    fn new(
        name: &str,
        payload: Vec<u8>,
        attributes: Option<&[u8]>,
        golden: Option<Vec<u8>>,
    ) -> Result<Self, SampleError> {
        let stated: BTreeMap<String, String> = attributes
            .map(serde_json::from_slice)
            .transpose()
            .map_err(|cause| SampleError::Attributes {
                name: format!("{name}{ATTRIBUTES_ENDING}"),
                cause,
            })?
            .unwrap_or_default();
        let golden =
            golden
                .map(String::from_utf8)
                .transpose()
                .map_err(|_| SampleError::NotText {
                    name: format!("golden/{name}.json"),
                })?;
        Ok(Self {
            name: name.to_owned(),
            payload,
            attributes: stated.into_iter().collect(),
            golden,
        })
    }
}

/// Where the golden result of a sample lies.
#[must_use]
pub fn golden_path(folder: &Path, sample: &str) -> PathBuf {
    folder.join("golden").join(format!("{sample}.json"))
}

/// The bytes of a file; `None` when there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, SampleError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(SampleError::Read {
            path: path.to_owned(),
            cause,
        }),
    }
}
