//! Checking an archive from its files alone: every digest, every entry, and that the log it comes from has the range.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{
    CHECKPOINT, LOG, MANIFEST, Manifest, ManifestError, NOTE,
    manifest::{ArchivedFile, MAX_BYTES},
};
use crate::{
    checkpoint::Checkpoint,
    fault::Fault,
    hash::Hash,
    kept,
    note::{MAX_NOTE_BYTES, Note},
    proof::verify_consistency,
    suite::{Digest, Suite},
    verify::{Options, verify},
};

/// What is asked of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveOptions {
    /// The origin the log must have.
    pub expected_origin: Option<String>,
    /// How many threads check at once; 0 stands for one on each core.
    pub threads: usize,
}

/// What was found. Only with `fault` of `None` it is sound; whose signatures the notes bear is for a policy to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveReport {
    /// The manifest, once it could be read.
    pub manifest: Option<Manifest>,
    /// The note over it.
    pub note: Option<Note>,
    /// The checkpoint that covers the range.
    pub checkpoint: Option<Note>,
    /// Files whose digests were checked.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Entries checked.
    pub entries: u64,
    /// Checkpoints of sizes in the range whose roots the entries give.
    pub checkpoints: u64,
    /// The first thing wrong.
    pub fault: Option<ArchiveFault>,
}

/// The first thing wrong with an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveFault {
    /// A file cannot be read.
    #[error("{} cannot be read: {kind}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The operating system's error.
        kind: io::ErrorKind,
    },
    /// The manifest is none.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The log is another one than it must be.
    #[error("the archive is of the log {found}")]
    Origin {
        /// The log it is of.
        found: String,
    },
    /// A note is none, or not over what it must be.
    #[error("{file} is not the note that belongs here")]
    Note {
        /// The file.
        file: String,
    },
    /// A file of the manifest is not there.
    #[error("{file} is missing")]
    Missing {
        /// The file.
        file: String,
    },
    /// A file has another length than the manifest says.
    #[error("{file} has {found} bytes, not {stated}")]
    Length {
        /// The file.
        file: String,
        /// Its length.
        found: u64,
        /// What the manifest says.
        stated: u64,
    },
    /// A file has another digest than the manifest says.
    #[error("{file} has another {suite} digest than the manifest says")]
    Digest {
        /// The file.
        file: String,
        /// Which one.
        suite: &'static str,
    },
    /// A file is there that the manifest does not have.
    #[error("{file} is not in the manifest")]
    Extra {
        /// The file.
        file: String,
    },
    /// The entries are not those of a log.
    #[error(transparent)]
    Log(#[from] Fault),
    /// The entries end at another position than the manifest says.
    #[error("the entries end at {found}, not at {stated}")]
    End {
        /// Where they end.
        found: u64,
        /// What the manifest says.
        stated: u64,
    },
    /// The log at the checkpoint has not this range.
    #[error("the log of {size} entries at the checkpoint did not grow from these entries")]
    NotOfLog {
        /// The size of the checkpoint.
        size: u64,
    },
    /// A checkpoint states another root than the entries give.
    #[error("{file} states another root than the entries give")]
    Root {
        /// The file.
        file: String,
    },
}

/// Checks the archive in `dir`: every file of the manifest and no other, both digests of each, every entry of the range,
/// that the log at the checkpoint grew from it, and the checkpoints of sizes within.
#[must_use]
pub fn verify_archive(dir: &Path, options: &ArchiveOptions) -> ArchiveReport {
    let mut report = ArchiveReport::default();
    if let Err(fault) = check(dir, options, &mut report) {
        report.fault = Some(fault);
    }
    report
}

fn check(
    dir: &Path,
    options: &ArchiveOptions,
    report: &mut ArchiveReport,
) -> Result<(), ArchiveFault> {
    let text = read(&dir.join(MANIFEST), MAX_BYTES)?;
    let text = String::from_utf8(text).map_err(|_| ManifestError::Spelling)?;
    let manifest = Manifest::parse(&text)?;
    report.manifest = Some(manifest.clone());
    let is_other = |origin: &&String| **origin != manifest.origin;
    if options.expected_origin.as_ref().filter(is_other).is_some() {
        let found = manifest.origin;
        return Err(ArchiveFault::Origin { found });
    }
    let note = read_note(dir, NOTE)?;
    if !manifest.signed().is_of(&note) {
        let file = NOTE.to_owned();
        return Err(ArchiveFault::Note { file });
    }
    report.note = Some(note);
    check_files(dir, &manifest, report)?;
    check_entries(dir, &manifest, options, report)
}

/// Checks that the files are those of the manifest.
fn check_files(
    dir: &Path,
    manifest: &Manifest,
    report: &mut ArchiveReport,
) -> Result<(), ArchiveFault> {
    let mut found = BTreeMap::new();
    walk(dir, "", &mut found)?;
    found.remove(MANIFEST);
    found.remove(NOTE);
    for stated in &manifest.files {
        let file = stated.path.clone();
        let Some(path) = found.remove(&file) else {
            return Err(ArchiveFault::Missing { file });
        };
        let (bytes, sha256, sm3) = file_digests(&path).map_err(unreadable(&path))?;
        let ArchivedFile { bytes: length, .. } = *stated;
        if bytes != length {
            return Err(ArchiveFault::Length {
                file,
                found: bytes,
                stated: length,
            });
        }
        for (suite, found, stated) in [("SHA-256", sha256, stated.sha256), ("SM3", sm3, stated.sm3)]
        {
            if found != stated {
                return Err(ArchiveFault::Digest { file, suite });
            }
        }
        report.files += 1;
        report.bytes += bytes;
    }
    match found.into_keys().next() {
        Some(file) => Err(ArchiveFault::Extra { file }),
        None => Ok(()),
    }
}

/// Checks the entries, and what is known of the log from elsewhere in the archive.
fn check_entries(
    dir: &Path,
    manifest: &Manifest,
    options: &ArchiveOptions,
    report: &mut ArchiveReport,
) -> Result<(), ArchiveFault> {
    let kept = kept::list(dir).map_err(unreadable(dir))?;
    let within = |size: u64| manifest.from < size && size <= manifest.to;
    let log = verify(
        &dir.join(LOG),
        &Options {
            from: manifest.from,
            expected_origin: Some(manifest.origin.clone()),
            observe: kept.iter().map(|(size, _)| *size).collect(),
            threads: options.threads,
            ..Options::default()
        },
    );
    if let Some(fault) = log.fault {
        return Err(fault.into());
    }
    report.entries = log.entries - manifest.from;
    let head = log.head.filter(|head| head.size == manifest.to);
    let Some(head) = head else {
        return Err(ArchiveFault::End {
            found: log.entries,
            stated: manifest.to,
        });
    };
    // The root at the end of the range is made of the peaks with which its first segment starts and of its leaves, so
    // that a log that grew from it has both.
    let (to, size) = (manifest.to, manifest.size);
    let grew = verify_consistency(
        Suite::Sha256,
        to,
        &head.root,
        size,
        &manifest.root,
        &manifest.consistency,
    );
    if grew.is_err() {
        return Err(ArchiveFault::NotOfLog { size });
    }
    let note = read_note(dir, CHECKPOINT)?;
    let covers = checkpoint(&note, CHECKPOINT, &manifest.origin)?;
    if (covers.size(), *covers.root()) != (size, manifest.root) {
        let file = CHECKPOINT.to_owned();
        return Err(ArchiveFault::Root { file });
    }
    report.checkpoint = Some(note);
    for (size, path) in kept {
        let name = kept::path(size);
        let bytes = read(&path, MAX_NOTE_BYTES as u64)?;
        let file = || ArchiveFault::Note { file: name.clone() };
        let note = Note::parse(&bytes).map_err(|_| file())?;
        let found = checkpoint(&note, &name, &manifest.origin)?;
        let head = log.observed.iter().find(|head| head.size == size);
        if found.size() != size
            || !within(size)
            || head.map(|head| &head.root) != Some(found.root())
        {
            return Err(ArchiveFault::Root { file: name });
        }
        report.checkpoints += 1;
    }
    Ok(())
}

fn checkpoint(note: &Note, file: &str, origin: &str) -> Result<Checkpoint, ArchiveFault> {
    let file = || ArchiveFault::Note {
        file: file.to_owned(),
    };
    let found = Checkpoint::parse(note.text()).map_err(|_| file())?;
    if found.origin() == origin {
        Ok(found)
    } else {
        Err(file())
    }
}

fn read_note(dir: &Path, name: &str) -> Result<Note, ArchiveFault> {
    let path = dir.join(name);
    if !path.exists() {
        let file = name.to_owned();
        return Err(ArchiveFault::Missing { file });
    }
    let bytes = read(&path, MAX_NOTE_BYTES as u64)?;
    Note::parse(&bytes).map_err(|_| ArchiveFault::Note {
        file: name.to_owned(),
    })
}

/// Reads a file of at most `most` bytes.
fn read(path: &Path, most: u64) -> Result<Vec<u8>, ArchiveFault> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable(path))?;
    let read = file.take(most + 1).read_to_end(&mut bytes);
    read.map_err(unreadable(path))?;
    if bytes.len() as u64 > most {
        return Err(unreadable(path)(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(bytes)
}

/// Returns length, SHA-256 and SM3 of a file, which is read piece by piece.
///
/// # Errors
/// The operating system's error.
pub fn file_digests(path: &Path) -> io::Result<(u64, Hash, Hash)> {
    let mut file = File::open(path)?;
    let (mut sha256, mut sm3) = (Digest::new(Suite::Sha256), Digest::new(Suite::Sm3));
    let (mut buffer, mut bytes) = (vec![0; 1 << 20], 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, sha256.finish(), sm3.finish()));
        }
        sha256.update(&buffer[..read]);
        sm3.update(&buffer[..read]);
        bytes += read as u64;
    }
}

/// Finds every file, by its path within the archive.
fn walk(
    dir: &Path,
    prefix: &str,
    found: &mut BTreeMap<String, PathBuf>,
) -> Result<(), ArchiveFault> {
    let folder = dir.join(prefix);
    for entry in std::fs::read_dir(&folder).map_err(unreadable(&folder))? {
        let entry = entry.map_err(unreadable(&folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let name = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}/{name}")
        };
        if entry.path().is_dir() {
            walk(dir, &name, found)?;
        } else {
            found.insert(name, entry.path());
        }
    }
    Ok(())
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> ArchiveFault {
    let file = path.to_owned();
    move |error| ArchiveFault::Unreadable {
        file,
        kind: error.kind(),
    }
}
