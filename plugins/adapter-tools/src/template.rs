//! A new project: a template of its language, with the kit and the contract beside it.
//!
//! The templates are `plugins/template`, the kits `plugins/sdks`; they are part
//! of this program, so that a new project needs no clone of the repository.
//! Only Rust differs: its toolkit is a crate, which the project names by a
//! path into a clone.

mod files;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::language::Language;

/// The id that stands in the templates, and is replaced.
const ID: &str = "my-feed";

/// What stands for the language in manifests that several share.
const LANGUAGE: &str = "my-language";

/// How many messages a call gets, in manifests that several languages share.
const MESSAGES: &str = "messages_per_call = 0";

/// Longest id of an adapter, in characters; a gateway allows no more.
const ID_CHARACTERS: usize = 64;

/// The path by which the templates name the Rust toolkit.
const TOOLKIT: &str = "../../adapter-sdk";

/// Why no project was made.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder's name cannot be the id of an adapter.
    #[error(
        "{name:?} cannot be the id of an adapter: 1 to {ID_CHARACTERS} lower-case letters, digits and hyphens, \
         beginning with a letter"
    )]
    Id {
        /// The name.
        name: String,
    },
    /// There is something already.
    #[error("{} is there already, and nothing is ever overwritten", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The Rust toolkit was not found.
    #[error(
        "a project in Rust stands on the toolkit adapter-sdk: clone the gateway's repository and name it with \
         --sdk CLONE/plugins/adapter-sdk"
    )]
    Toolkit,
    /// A file cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
}

/// Makes a project in the new folder `folder`, whose name becomes the adapter's id.
///
/// `toolkit` is the folder of `adapter-sdk`; only Rust needs it.
///
/// # Errors
/// [`TemplateError`]; a folder that is there is never touched.
pub fn create(
    folder: &Path,
    language: Language,
    toolkit: Option<&Path>,
) -> Result<(), TemplateError> {
    let id = id_of(folder)?;
    if folder.exists() {
        return Err(TemplateError::Exists {
            path: folder.to_owned(),
        });
    }
    let toolkit = match language {
        Language::Rust => Some(
            toolkit
                .filter(|path| is_toolkit(path))
                .ok_or(TemplateError::Toolkit)?,
        ),
        Language::JavaScript | Language::Python | Language::C | Language::Go => None,
    };
    for (name, content) in files::of(language) {
        let path = folder.join(name);
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, filled(name, content, id, language, toolkit)));
        written.map_err(|cause| TemplateError::Write {
            path: path.clone(),
            cause,
        })?;
    }
    if let Some(toolkit) = toolkit {
        copy_lock(toolkit, folder)?;
    }
    Ok(())
}

/// Whether a path is the folder of the Rust toolkit.
#[must_use]
pub fn is_toolkit(path: &Path) -> bool {
    path.join("Cargo.toml").is_file() && path.join("src/adapter.rs").is_file()
}

/// The versions that were tried together: the lock file of the toolkit's repository.
fn copy_lock(toolkit: &Path, folder: &Path) -> Result<(), TemplateError> {
    let Some(lock) = toolkit
        .ancestors()
        .nth(2)
        .map(|root| root.join("Cargo.lock"))
    else {
        return Ok(());
    };
    let to = folder.join("Cargo.lock");
    match fs::copy(&lock, &to) {
        // A toolkit that lies elsewhere has no lock file; cargo makes one.
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            Err(TemplateError::Write { path: to, cause })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn id_of(folder: &Path) -> Result<&str, TemplateError> {
    let name = folder.file_name().and_then(|name| name.to_str());
    let name = name.unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins_well = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    if begins_well && name.len() <= ID_CHARACTERS && name.bytes().all(is_plain) {
        return Ok(name);
    }
    Err(TemplateError::Id {
        name: name.to_owned(),
    })
}

/// A file of a template with the id and the toolkit's place in it. Kits and the contract stay as they are.
fn filled(
    name: &str,
    content: &[u8],
    id: &str,
    language: Language,
    toolkit: Option<&Path>,
) -> Vec<u8> {
    let is_kit = name.starts_with("sdk/") || name.starts_with("wit/");
    let Ok(text) = std::str::from_utf8(content) else {
        return content.to_vec();
    };
    if is_kit {
        return content.to_vec();
    }
    let mut text = text
        .replace(ID, id)
        .replace("my_feed", &id.replace('-', "_"))
        .replace(LANGUAGE, language.name())
        .replace(MESSAGES, &messages_per_call(language));
    if let Some(toolkit) = toolkit {
        text = text.replace(TOOLKIT, &toolkit.display().to_string());
    }
    text.into_bytes()
}

/// What a manifest asks for in a language: an interpreter takes tens of times as long as native code, and the deadline
/// of a call is the same.
fn messages_per_call(language: Language) -> String {
    let messages = match language {
        Language::JavaScript => 32,
        Language::Python => 128,
        Language::Rust | Language::C | Language::Go => 0,
    };
    format!("messages_per_call = {messages}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_of_every_language_has_what_a_pack_needs() {
        let folder = tempfile::tempdir().expect("a folder");
        let toolkit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../adapter-sdk");
        for language in Language::ALL {
            let project = folder.path().join(format!("noise-{language}"));
            create(&project, language, Some(&toolkit)).expect("is made");
            let manifest = crate::Manifest::read(&project).expect("a manifest");
            assert_eq!(manifest.id, format!("noise-{language}"));
            assert_eq!(manifest.language.as_deref(), Some(language.name()));
            assert_eq!(Language::of_folder(&project), Some(language));
            for name in ["LICENSE", "README.md", "configuration.json", ".gitignore"] {
                assert!(project.join(name).is_file(), "{language}: {name}");
            }
            let samples = crate::sample::Sample::of_folder(&project).expect("samples");
            for sample in samples {
                assert!(sample.golden.is_some(), "{language}: {}", sample.name);
            }
        }
    }

    #[test]
    fn what_cannot_be_made_is_refused_with_its_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = |name: &str, toolkit: Option<&Path>, language| {
            let error = create(&folder.path().join(name), language, toolkit).expect_err("refused");
            error.to_string()
        };
        assert!(refused("Noise", None, Language::C).contains("cannot be the id"));
        assert!(refused("1noise", None, Language::C).contains("cannot be the id"));
        assert!(refused("noise", None, Language::Rust).contains("--sdk"));
        assert!(refused("noise", Some(folder.path()), Language::Rust).contains("--sdk"));
        fs::create_dir(folder.path().join("noise")).expect("made");
        assert!(refused("noise", None, Language::C).contains("is there already"));
    }
}
