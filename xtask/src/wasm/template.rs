//! `cargo xtask adapter new`: a folder of your own, copied from a template.
//!
//! The templates are `plugins/template/{lines,mapping}`. A copy has your name
//! in place of the template's, names the toolkit by its path in this
//! repository, and brings the repository's lock file, so that it is built from
//! the versions that were tried together.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

/// Folders of a template beside its root.
const FOLDERS: [&str; 4] = ["", "src", "samples", "golden"];

/// Longest id of an adapter, in characters; the gateway allows no more.
const ID_CHARACTERS: usize = 64;

/// A template of this repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Template {
    /// Code for lines of a format of their own.
    Lines,
    /// Configuration only, for XML, JSON and rows.
    Mapping,
}

impl Template {
    /// All templates.
    pub(crate) const ALL: [Self; 2] = [Self::Lines, Self::Mapping];

    /// Name of its folder.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Mapping => "mapping",
        }
    }

    /// Its package, and the id of its adapter.
    fn id(self) -> &'static str {
        match self {
            Self::Lines => "my-feed",
            Self::Mapping => "my-table",
        }
    }
}

/// Copies a template to `folder`, whose name becomes the adapter's id.
///
/// # Errors
/// A name that is no id, a folder that holds something, or files that cannot be written.
pub(crate) fn copy(root: &Path, template: Template, folder: &Path) -> Result<()> {
    let id = id_of(folder)?;
    let is_empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !folder.exists(),
    };
    ensure!(
        is_empty,
        "{} exists; nothing is overwritten",
        folder.display()
    );
    let source = root.join("plugins/template").join(template.folder());
    for name in FOLDERS {
        fs::create_dir_all(folder.join(name))
            .with_context(|| format!("{}", folder.join(name).display()))?;
        for file in files(&source.join(name))? {
            let Some(name_of_file) = file.file_name().filter(|name| *name != "Cargo.lock") else {
                continue;
            };
            let content = fs::read(&file).with_context(|| format!("{}", file.display()))?;
            let content = adapted(content, template, &id, root);
            let copy = folder.join(name).join(name_of_file);
            fs::write(&copy, content).with_context(|| format!("{}", copy.display()))?;
        }
    }
    copy_lock(root, folder)
}

/// Brings the versions that were tried together; leaves a lock file that is there.
pub(super) fn copy_lock(root: &Path, folder: &Path) -> Result<()> {
    let own = folder.join("Cargo.lock");
    if own.exists() {
        return Ok(());
    }
    fs::copy(root.join("Cargo.lock"), &own).with_context(|| format!("{}", own.display()))?;
    Ok(())
}

fn id_of(folder: &Path) -> Result<String> {
    let name = folder.file_name().and_then(|name| name.to_str());
    let id = name.with_context(|| format!("{} has no name", folder.display()))?;
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = id.starts_with(|letter: char| letter.is_ascii_lowercase());
    if !begins || id.len() > ID_CHARACTERS || !id.bytes().all(is_plain) {
        bail!(
            "{id} cannot be an adapter's id: name the folder with lower-case letters, digits and \
             hyphens, a letter first, at most {ID_CHARACTERS}"
        );
    }
    Ok(id.to_owned())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    Ok(files)
}

/// The content under the new name. Samples in another encoding hold no name and stay as they are.
fn adapted(content: Vec<u8>, template: Template, id: &str, root: &Path) -> Vec<u8> {
    let old = template.id();
    match String::from_utf8(content) {
        Ok(text) => text
            .replace(old, id)
            .replace(&type_name(old), &type_name(id))
            .replace("\"../../", &format!("\"{}/plugins/", root.display()))
            .into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

/// `noise-monitor` as a type: `NoiseMonitor`.
fn type_name(id: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    id.split('-').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_becomes_a_type() {
        for (id, expected) in [
            ("my-feed", "MyFeed"),
            ("noise", "Noise"),
            ("a--b", "AB"),
            ("gb-28181-2", "Gb281812"),
        ] {
            assert_eq!(type_name(id), expected, "{id}");
        }
    }

    #[test]
    fn a_folder_whose_name_is_no_id_is_refused() {
        for name in ["Noise", "noise_monitor", "2nd", "噪声", "-a", "a b", ".."] {
            assert!(id_of(&Path::new("/x").join(name)).is_err(), "{name}");
        }
        assert_eq!(
            id_of(Path::new("/x/noise-monitor")).expect("an id"),
            "noise-monitor"
        );
    }

    #[test]
    fn every_name_and_path_of_a_template_is_replaced() {
        let text = "name = \"my-feed\"\nuse MyFeed;\npath = \"../../adapter-sdk\"";
        let copy = adapted(text.into(), Template::Lines, "noise", Path::new("/gate"));
        assert_eq!(
            String::from_utf8(copy).expect("text"),
            "name = \"noise\"\nuse Noise;\npath = \"/gate/plugins/adapter-sdk\""
        );
        let gbk = b"S|\xB0\xFC".to_vec();
        assert_eq!(
            adapted(gbk.clone(), Template::Lines, "noise", Path::new("/")),
            gbk
        );
    }

    #[test]
    fn the_templates_are_named_as_this_program_expects() {
        for template in Template::ALL {
            let folder = crate::root()
                .join("plugins/template")
                .join(template.folder());
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a template");
            assert!(manifest.contains(&format!("name = \"{}\"", template.id())));
            assert!(manifest.contains("path = \"../../adapter-sdk\""));
        }
    }

    /// Code of a language in the guide for integrators.
    fn blocks(language: &str) -> Vec<String> {
        let guide = fs::read_to_string(crate::root().join("docs/adapters.md")).expect("the guide");
        let start = format!("```{language}\n");
        guide
            .split(start.as_str())
            .skip(1)
            .filter_map(|rest| Some(rest.split_once("\n```")?.0.to_owned()))
            .collect()
    }

    #[test]
    fn the_guide_shows_code_that_is_built() {
        let folder = crate::root().join("plugins/template");
        let text = |name: &str| fs::read_to_string(folder.join(name)).expect("a template");
        let sources = [
            text("lines/src/lib.rs"),
            text("lines/src/tests.rs"),
            text("lines/adapter.toml"),
            text("mapping/src/lib.rs"),
            text("mapping/configuration.json"),
        ];
        let (rust, json) = (blocks("rust"), blocks("json"));
        assert_eq!((rust.len(), json.len()), (3, 1));
        let manifest = blocks("toml").into_iter().take(1);
        for block in rust.into_iter().chain(json).chain(manifest) {
            assert!(
                sources.iter().any(|source| source.contains(&block)),
                "not in plugins/template:\n{block}"
            );
        }
    }
}
