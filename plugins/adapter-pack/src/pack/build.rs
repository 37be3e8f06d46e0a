//! Collecting the files of a pack from an adapter's folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::archive::{self, File};
use super::{COMPONENT, CONFIGURATION, CONFIGURATION_SCHEMA, LICENSE, PackError, README, sample};
use crate::manifest;

/// What goes into a pack.
#[derive(Debug, Clone, Default)]
pub struct Content {
    files: Vec<File>,
}

/// Why the files of a folder were not collected.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file or folder cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
    /// A name is not UTF-8.
    #[error("{} has no UTF-8 name", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
}

impl Content {
    /// Adds a file under its path in the pack; a later one replaces an earlier.
    pub fn put(&mut self, name: &str, content: Vec<u8>) {
        self.files.retain(|file| file.name != name);
        self.files.push(File {
            name: name.to_owned(),
            content,
        });
    }

    /// Gives the files up, in order of names.
    pub(super) fn into_files(mut self) -> Result<Vec<File>, PackError> {
        for file in &self.files {
            if !archive::is_name(&file.name) {
                return Err(PackError::FileName {
                    name: file.name.clone(),
                });
            }
        }
        self.files.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(self.files)
    }
}

/// Collects what an adapter's `folder` holds for a pack, with the component in `built`.
///
/// `README.md` in `samples/` stays outside, and so does every other file of the folder.
///
/// # Errors
/// A file that cannot be read. Files that are missing are named when the pack is made.
pub fn content_of(folder: &Path, built: &Path) -> Result<Content, FolderError> {
    let mut content = Content::default();
    let single = [
        (manifest::FILE, folder.join(manifest::FILE)),
        (CONFIGURATION, folder.join(CONFIGURATION)),
        (CONFIGURATION_SCHEMA, folder.join(CONFIGURATION_SCHEMA)),
        (LICENSE, folder.join(LICENSE)),
        (README, folder.join(README)),
        (COMPONENT, built.to_owned()),
    ];
    for (name, path) in single {
        if let Some(bytes) = read(&path)? {
            content.put(name, bytes);
        }
    }
    for folder_name in [sample::SAMPLES, sample::GOLDEN] {
        for (name, path) in listing(&folder.join(folder_name))? {
            if name == README || name.starts_with('.') {
                continue;
            }
            if let Some(bytes) = read(&path)? {
                content.put(&format!("{folder_name}{name}"), bytes);
            }
        }
    }
    Ok(content)
}

/// The bytes of a file; `None` when there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, FolderError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(FolderError::Read {
            path: path.to_owned(),
            cause,
        }),
    }
}

/// The files of a folder with their names; none when it is missing.
fn listing(folder: &Path) -> Result<Vec<(String, PathBuf)>, FolderError> {
    let failed = |cause| FolderError::Read {
        path: folder.to_owned(),
        cause,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(failed(cause)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if !path.is_file() {
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| FolderError::Name { path: path.clone() })?;
        files.push((name.to_owned(), path));
    }
    files.sort();
    Ok(files)
}
