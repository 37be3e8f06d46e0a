//! Packs: one file with everything a gateway installs an adapter by.
//!
//! Component, manifest, configuration, samples with golden results, licence
//! and README, a list of their digests, and signatures of the publisher over
//! that list. A pack has exactly one form: the same files give the same bytes,
//! and bytes that were read are the bytes that would be written (`archive`).
//! Reading judges the file and nothing else: whether the component does what
//! the manifest says is found by installing it.

mod archive;
mod build;
mod error;
mod limits;
mod sample;
mod statement;

use std::path::Path;

use audit_proof::note::{Note, NoteSignature};
use audit_proof::signer::Signer;
use sha2::{Digest as _, Sha256};

use crate::manifest::{self, Manifest};
use archive::{Bounds, File};

pub use build::{Content, FolderError, content_of};
pub use error::PackError;
pub use limits::PackLimits;
pub use sample::{ATTRIBUTES_ENDING, Sample};

/// Ending of a pack's file name.
pub const ENDING: &str = "lga";

/// The component.
pub const COMPONENT: &str = "adapter.wasm";

/// The configuration it is shipped with.
pub const CONFIGURATION: &str = "configuration.json";

/// A JSON schema of configurations; the only file that may be missing.
pub const CONFIGURATION_SCHEMA: &str = "configuration.schema.json";

/// The licence.
pub const LICENSE: &str = "LICENSE";

/// What people read.
pub const README: &str = "README.md";

/// The form of the pack.
const FORMAT: &str = "FORMAT";

/// Content of [`FORMAT`] in this version.
const FORMAT_1: &[u8] = b"lawgate-adapter-pack 1\n";

/// SHA-256 of every other file but the signature, as `sha256sum` writes it.
const DIGESTS: &str = "DIGESTS";

/// A signed note over the digest of `DIGESTS`.
const SIGNATURE: &str = "SIGNATURE";

/// Files that every pack has, besides samples.
const REQUIRED: [&str; 7] = [
    DIGESTS,
    FORMAT,
    LICENSE,
    README,
    manifest::FILE,
    COMPONENT,
    CONFIGURATION,
];

/// A pack that was read or made: whole, in order, and its digests fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    manifest: Manifest,
    /// Every file but the signature, in order of names.
    files: Vec<File>,
    signature: Option<Note>,
}

impl Pack {
    /// Reads a pack, which comes from anywhere.
    ///
    /// # Errors
    /// The first thing found wrong. Who signed it is not looked at: [`Pack::verify`].
    pub fn read(bytes: &[u8], limits: &PackLimits) -> Result<Self, PackError> {
        if bytes.len() > limits.pack_bytes {
            return Err(PackError::TooLarge {
                bytes: bytes.len(),
                limit: limits.pack_bytes,
            });
        }
        let bounds = Bounds {
            files: limits.files,
            file_bytes: limits.file_bytes,
        };
        let mut files = archive::read(bytes, bounds)?;
        let signature = files
            .iter()
            .position(|file| file.name == SIGNATURE)
            .map(|at| Note::parse(&files.remove(at).content).map_err(PackError::Note))
            .transpose()?;
        check_format(&files)?;
        check_names(&files)?;
        statement::check_digests(&files)?;
        let manifest = manifest_of(&files)?;
        let pack = Self {
            manifest,
            files,
            signature,
        };
        pack.check_statement()?;
        Ok(pack)
    }

    /// Makes an unsigned pack of its files.
    ///
    /// # Errors
    /// What [`Pack::read`] would refuse.
    pub fn new(content: Content) -> Result<Self, PackError> {
        let mut files = content.into_files()?;
        files.push(File {
            name: FORMAT.to_owned(),
            content: FORMAT_1.to_vec(),
        });
        files.sort_by(|one, other| one.name.cmp(&other.name));
        let digests = statement::digests(&files);
        files.push(File {
            name: DIGESTS.to_owned(),
            content: digests.into_bytes(),
        });
        files.sort_by(|one, other| one.name.cmp(&other.name));
        check_names(&files)?;
        Ok(Self {
            manifest: manifest_of(&files)?,
            files,
            signature: None,
        })
    }

    /// The bytes of the pack.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut files = self.files.clone();
        if let Some(note) = &self.signature {
            files.push(File {
                name: SIGNATURE.to_owned(),
                content: note.to_string().into_bytes(),
            });
            files.sort_by(|one, other| one.name.cmp(&other.name));
        }
        archive::write(&files)
    }

    /// Adds the publisher's signature; `time_s` is what the signer is told and is not stated in the pack.
    ///
    /// # Errors
    /// [`PackError::KeyKind`], [`PackError::SignedAlready`], [`PackError::Sign`], or [`PackError::Note`] for too many.
    pub fn sign(&mut self, signer: &dyn Signer, time_s: u64) -> Result<(), PackError> {
        let key = signer.key();
        if !statement::is_publisher_kind(key.kind()) {
            return Err(PackError::KeyKind {
                key: key.name().to_owned(),
                kind: key.kind(),
            });
        }
        if self.signatures().iter().any(|line| key.is_named_by(line)) {
            return Err(PackError::SignedAlready {
                key: key.to_string(),
            });
        }
        let text = self.statement();
        let signature = signer.sign(&text, time_s).map_err(PackError::Sign)?;
        let line = key.line(signature).map_err(PackError::Note)?;
        match &mut self.signature {
            Some(note) => note.push(line).map_err(PackError::Note),
            None => {
                self.signature = Some(Note::new(text, vec![line]).map_err(PackError::Note)?);
                Ok(())
            }
        }
    }

    /// What a publisher signs: form, id, version, and the digest of `DIGESTS`.
    #[must_use]
    pub fn statement(&self) -> String {
        statement::text(&self.manifest, &self.content_digest())
    }

    /// The signatures, of whomever; [`Pack::verify`] says which of them count.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        self.signature.as_ref().map_or(&[], Note::signatures)
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// SHA-256 of `DIGESTS`: names the content, whoever signed it.
    #[must_use]
    pub fn content_digest(&self) -> [u8; 32] {
        Sha256::digest(self.file(DIGESTS).unwrap_or_default()).into()
    }

    /// The component's bytes.
    #[must_use]
    pub fn component(&self) -> &[u8] {
        self.file(COMPONENT).unwrap_or_default()
    }

    /// The bytes of the configuration it is shipped with.
    #[must_use]
    pub fn configuration(&self) -> &[u8] {
        self.file(CONFIGURATION).unwrap_or_default()
    }

    /// A JSON schema of configurations, if it brings one.
    #[must_use]
    pub fn configuration_schema(&self) -> Option<&[u8]> {
        self.file(CONFIGURATION_SCHEMA)
    }

    /// A file by its path in the pack.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        let at = self
            .files
            .binary_search_by(|file| file.name.as_str().cmp(name))
            .ok()?;
        Some(&self.files[at].content)
    }

    /// Every file but the signature, in order of names: path and bytes.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|file| (file.name.as_str(), file.content.as_slice()))
    }

    /// The samples with their golden results, in order of names.
    pub fn samples(&self) -> impl Iterator<Item = Sample<'_>> {
        self.files.iter().filter_map(|file| {
            let name = sample_name(&file.name)?;
            Some(Sample {
                name,
                payload: &file.content,
                attributes: self.file(&format!("{}{ATTRIBUTES_ENDING}", file.name)),
                golden: self.file(&golden_name(name))?,
            })
        })
    }

    fn check_statement(&self) -> Result<(), PackError> {
        let Some(note) = &self.signature else {
            return Ok(());
        };
        let expected = self.statement();
        if note.text() == expected {
            return Ok(());
        }
        let line = |text: &str| text.trim_end().replace('\n', " / ");
        Err(PackError::Statement {
            stated: line(note.text()),
            expected: line(&expected),
        })
    }
}

/// Name of a sample, if the file is one.
fn sample_name(file: &str) -> Option<&str> {
    let name = file.strip_prefix(sample::SAMPLES)?;
    (!name.ends_with(ATTRIBUTES_ENDING)).then_some(name)
}

fn golden_name(sample: &str) -> String {
    format!("{}{sample}.json", sample::GOLDEN)
}

fn find<'f>(files: &'f [File], name: &str) -> Result<&'f [u8], PackError> {
    files
        .iter()
        .find(|file| file.name == name)
        .map(|file| file.content.as_slice())
        .ok_or_else(|| PackError::Missing {
            name: name.to_owned(),
        })
}

fn manifest_of(files: &[File]) -> Result<Manifest, PackError> {
    Manifest::parse(find(files, manifest::FILE)?, Path::new(manifest::FILE))
        .map_err(PackError::Manifest)
}

/// Checked before anything else, so that a later form is called one.
fn check_format(files: &[File]) -> Result<(), PackError> {
    if find(files, FORMAT)? == FORMAT_1 {
        Ok(())
    } else {
        Err(PackError::Format)
    }
}

/// Checks that the files are those of a pack: all required, none else, each sample with its result.
fn check_names(files: &[File]) -> Result<(), PackError> {
    for name in REQUIRED {
        find(files, name)?;
    }
    let has = |name: &str| files.iter().any(|file| file.name == name);
    let mut samples = 0;
    for File { name, .. } in files {
        if let Some(sample) = sample_name(name) {
            if sample.contains('/') {
                return Err(PackError::Unexpected { name: name.clone() });
            }
            samples += 1;
            if !has(&golden_name(sample)) {
                return Err(PackError::NoGolden {
                    name: sample.to_owned(),
                });
            }
            continue;
        }
        let of_sample = name
            .strip_prefix(sample::GOLDEN)
            .and_then(|rest| rest.strip_suffix(".json"))
            .or_else(|| {
                name.strip_prefix(sample::SAMPLES)?
                    .strip_suffix(ATTRIBUTES_ENDING)
            });
        match of_sample {
            Some(sample) if has(&format!("{}{sample}", sample::SAMPLES)) => {}
            Some(_) => return Err(PackError::NoSample { name: name.clone() }),
            None if REQUIRED.contains(&name.as_str()) || name == CONFIGURATION_SCHEMA => {}
            None => return Err(PackError::Unexpected { name: name.clone() }),
        }
    }
    if samples == 0 {
        return Err(PackError::NoSamples);
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
