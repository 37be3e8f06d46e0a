//! The store of adapters behind the exchange's trait: a folder of files by digest, and the plugin host.
//!
//! Files are written whole, synchronised and renamed, so that what has a name is complete. A file is read against its
//! name each time. Nothing is ever removed: entries name what is here.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_host::{Asked, Host, InstallError};
use adapter_pack::Manifest;
use adapter_pack::manifest::{self, Said};
use exchange::ports::{
    AdapterFault, AdapterFiles, AdapterStore, Converted, Loaded, Package, Upload, VersionLimits,
};
use exchange::refusal::Cause;
use proto::v1::Conversion;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::configuration_schema;
use super::converter::{Sandboxed, fault_text, identity, is_our_own};
use super::package::{self, Publishers};
use super::preinitialize::Preinitializer;
use crate::client::to_json;
use crate::output::{hex, printable};

/// File in which the registry remembers where its entries are.
const MEMORY: &str = "entries";

/// The folder of adapters of one node.
pub(crate) struct AdapterFolder {
    files: PathBuf,
    memory: PathBuf,
    host: Host,
    publishers: Publishers,
    caps: Caps,
    preinitializer: Preinitializer,
}

/// What a version may use at most, as the operator says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caps {
    /// Bytes returned by a call.
    pub(crate) output_bytes: u64,
    /// Log lines of a call.
    pub(crate) log_lines: u32,
    /// Messages given to a call.
    pub(crate) messages_per_call: usize,
    /// Calls at the same time.
    pub(crate) concurrency: usize,
    /// Largest component, in bytes.
    pub(crate) component_bytes: usize,
}

/// A kept file is not what its name says.
#[derive(Debug, thiserror::Error)]
#[error("{} does not have the digest that its name says", path.display())]
struct Damaged {
    path: PathBuf,
}

impl AdapterFolder {
    /// Makes the folders below `data/adapters`.
    ///
    /// # Errors
    /// The disk's, or the system gives no thread.
    pub(crate) fn open(
        data: &Path,
        host: Host,
        publishers: Publishers,
        caps: Caps,
    ) -> std::io::Result<AdapterFolder> {
        let folder = data.join("adapters");
        let files = folder.join("sha256");
        fs::create_dir_all(&files)?;
        Ok(AdapterFolder {
            files,
            memory: folder.join(MEMORY),
            host,
            publishers,
            caps,
            preinitializer: Preinitializer::start()?,
        })
    }

    fn path(&self, digest: &[u8; 32]) -> PathBuf {
        self.files.join(hex(digest))
    }
}

impl AdapterStore for AdapterFolder {
    fn stand_back(&self) -> fn() {
        adapter_host::stand_back_thread
    }

    fn open(&self, upload: &Upload) -> Result<Package, AdapterFault> {
        match upload {
            Upload::Package(bytes) => {
                package::read(bytes, &self.publishers, self.caps.component_bytes)
            }
            Upload::Files(files) => {
                if self.publishers.is_required() {
                    return Err(AdapterFault {
                        code: "adapter-unsigned",
                        text: "files carry no signature, and this gateway takes signed packages only; pack and sign them".to_owned(),
                    });
                }
                Ok(Package {
                    files: files.clone(),
                    samples: Vec::new(),
                    publisher: String::new(),
                })
            }
        }
    }

    fn load(&self, files: &AdapterFiles, kind: &str) -> Result<Loaded, AdapterFault> {
        let stated = parsed(&files.manifest)?;
        fits_schema(files)?;
        let asked = Asked {
            memory_bytes: stated.limits.memory_bytes,
            deadline_ms: stated.limits.deadline_ms,
            output_bytes: stated.limits.output_bytes,
            log_lines: stated.limits.log_lines,
        };
        let (component, configuration) = (&files.component, &files.configuration);
        let installed = self.host.install_within(component, configuration, asked);
        let adapter = installed.map_err(|error| {
            let is_configuration = matches!(error, InstallError::Configuration { .. });
            let code = if is_configuration {
                "adapter-configuration"
            } else if is_our_own(&error) {
                "adapter-not-checked"
            } else {
                "adapter-component"
            };
            let text = fault_text(&error);
            AdapterFault { code, text }
        })?;
        let description = adapter.describe();
        agrees(&stated, description)?;
        if !description.feed_kinds.iter().any(|known| known == kind) {
            return Err(AdapterFault {
                code: "adapter-feed-kind",
                text: format!(
                    "kind is {kind}, and adapter {} converts feeds of kind {}",
                    description.id,
                    description.feed_kinds.join(", ")
                ),
            });
        }
        let limits = self.limits(&stated, description);
        let identity = identity(&adapter);
        let adapter = Arc::new(adapter);
        self.preinitializer.later(&adapter, component);
        Ok(Loaded {
            converter: Arc::new(Sandboxed { identity, adapter }),
            limits,
        })
    }

    fn golden_differs(&self, outcome: &Converted, golden: &[u8]) -> Option<String> {
        let golden: Value = match serde_json::from_slice(golden) {
            Ok(golden) => golden,
            Err(error) => return Some(format!("its golden result is no JSON: {error}")),
        };
        let result = match outcome {
            Converted::Rejected { code, offset, text } => {
                json!({ "rejected": { "code": code, "offset": offset, "text": text } })
            }
            Converted::Conversion(bytes) => {
                match <Conversion as prost_reflect::prost::Message>::decode(bytes.as_slice()) {
                    Ok(conversion) => json!({ "converted": to_json(&conversion, "Conversion") }),
                    Err(_) => return Some("the result is no lawgate.v1.Conversion".to_owned()),
                }
            }
        };
        first_difference("", &golden, &result)
    }

    fn keep(&self, bytes: &[u8]) -> Result<[u8; 32], Cause> {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        if self.kept(&digest).is_ok_and(|kept| kept.is_some()) {
            return Ok(digest);
        }
        write_whole(&self.path(&digest), bytes)?;
        Ok(digest)
    }

    fn kept(&self, digest: &[u8; 32]) -> Result<Option<Vec<u8>>, Cause> {
        let path = self.path(digest);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if <[u8; 32]>::from(Sha256::digest(&bytes)) == *digest {
            Ok(Some(bytes))
        } else {
            Err(Damaged { path }.into())
        }
    }

    fn remembered(&self) -> Option<String> {
        fs::read_to_string(&self.memory).ok()
    }

    fn remember(&self, text: &str) -> Result<(), Cause> {
        Ok(write_whole(&self.memory, text.as_bytes())?)
    }
}

impl AdapterFolder {
    /// What the manifest asks for, at most what the operator allows; 0 asks for what there is.
    fn limits(&self, stated: &Manifest, said: &adapter_host::Description) -> VersionLimits {
        let (asked, caps) = (&stated.limits, &self.caps);
        let most = |asked: u64, cap: u64| if asked == 0 { cap } else { asked.min(cap) };
        let small = |asked: u32, cap: usize| {
            let cap = u64::try_from(cap).unwrap_or(u64::MAX);
            usize::try_from(most(asked.into(), cap)).unwrap_or(usize::MAX)
        };
        VersionLimits {
            memory_bytes: said.granted.memory_bytes as u64,
            deadline: said.granted.deadline,
            output_bytes: most(asked.output_bytes, caps.output_bytes),
            messages_per_call: small(asked.messages_per_call, caps.messages_per_call),
            host_calls: match asked.log_lines {
                0 => caps.log_lines,
                lines => lines.min(caps.log_lines),
            },
            concurrency: small(asked.concurrency, caps.concurrency),
        }
    }
}

/// Checks the configuration against the schema, if there is one; the adapter checks it as well.
fn fits_schema(files: &AdapterFiles) -> Result<(), AdapterFault> {
    if files.schema.is_empty() {
        return Ok(());
    }
    let fault = |code, text| AdapterFault { code, text };
    let faults = configuration_schema::faults(&files.schema, &files.configuration);
    let faults = faults.map_err(|text| fault("adapter-package", text))?;
    if faults.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = faults.iter().map(|fault| printable(fault)).collect();
    let text = format!(
        "the configuration has {} faults by its schema\n  {}",
        faults.len(),
        lines.join("\n  ")
    );
    Err(fault("adapter-configuration", text))
}

/// The manifest of an upload.
fn parsed(bytes: &[u8]) -> Result<Manifest, AdapterFault> {
    Manifest::parse(bytes, Path::new(manifest::FILE)).map_err(|error| in_manifest(&error))
}

fn in_manifest(error: &adapter_pack::ManifestError) -> AdapterFault {
    AdapterFault {
        code: "adapter-manifest",
        text: super::package::chain(error),
    }
}

/// Checks that the manifest says what the component says.
fn agrees(stated: &Manifest, said: &adapter_host::Description) -> Result<(), AdapterFault> {
    let said = Said {
        id: &said.id,
        version: &said.version,
        feed_kinds: &said.feed_kinds,
        schema_version: &said.schema_version,
    };
    let agrees = stated.agrees_with(said, Path::new(manifest::FILE));
    agrees.map_err(|error| in_manifest(&error))
}

/// Writes a file that has its name only when it is complete and durable.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let unfinished = path.with_extension("unfinished");
    let mut file = fs::File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    fs::File::open(folder)?.sync_all()
}

/// The first place where two JSON values differ, in words.
fn first_difference(path: &str, golden: &Value, result: &Value) -> Option<String> {
    match (golden, result) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<&String> =
                left.keys().chain(right.keys()).collect();
            keys.into_iter().find_map(|key| {
                let inner = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let of = |side: &serde_json::Map<String, Value>| {
                    side.get(key).cloned().unwrap_or(Value::Null)
                };
                first_difference(&inner, &of(left), &of(right))
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => left
            .iter()
            .zip(right)
            .enumerate()
            .find_map(|(number, (left, right))| {
                first_difference(&format!("{path}[{number}]"), left, right)
            }),
        _ if golden == result => None,
        _ => Some(format!(
            "{path} is {}, the golden result has {}",
            short(result),
            short(golden)
        )),
    }
}

fn short(value: &Value) -> String {
    let mut text = value.to_string();
    if text.len() > 120 {
        text.truncate(text.floor_char_boundary(120));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_named_with_its_path_and_both_values() {
        let golden = json!({"converted": {"records": [{"clue": {"title": "a"}}]}});
        let result = json!({"converted": {"records": [{"clue": {"title": "b"}}]}});
        assert_eq!(first_difference("", &golden, &golden), None);
        assert_eq!(
            first_difference("", &golden, &result).as_deref(),
            Some("converted.records[0].clue.title is \"b\", the golden result has \"a\"")
        );
        let rejected = json!({"rejected": {"code": "x"}});
        assert!(first_difference("", &golden, &rejected).is_some());
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        write_whole(&path, b"one").expect("writes");
        write_whole(&path, b"two").expect("writes");
        assert_eq!(fs::read(&path).expect("reads"), b"two");
        let names = fs::read_dir(folder.path()).expect("lists").count();
        assert_eq!(names, 1);
    }
}
