//! Reading an adapter from where it lies: a folder or a pack.

use std::fs;
use std::path::Path;

use adapter_tools::manifest::{self, Manifest};
use adapter_tools::pack::{COMPONENT, CONFIGURATION};
use adapter_tools::{Pack, PackLimits};
use anyhow::Context as _;

use crate::cli::AdapterSource;

/// What a gateway installs an adapter by.
pub(super) struct Source {
    /// The component.
    pub(super) component: Vec<u8>,
    /// The configuration to install it with.
    pub(super) configuration: Vec<u8>,
    /// The manifest.
    pub(super) manifest: Manifest,
    /// The pack, when it is one.
    pub(super) pack: Option<Pack>,
}

impl Source {
    /// Reads a folder or a pack.
    ///
    /// # Errors
    /// A file that is missing or cannot be read, a pack or manifest that is refused.
    pub(super) fn read(arguments: &AdapterSource) -> anyhow::Result<Self> {
        let path = &arguments.path;
        let mut source = if path.is_dir() {
            Self::folder(path)?
        } else {
            Self::packed(read_pack(path)?)
        };
        if let Some(file) = &arguments.configuration {
            source.configuration = read(file)?;
        }
        Ok(source)
    }

    fn folder(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            component: read(&folder.join(COMPONENT)).with_context(|| {
                format!(
                    "{} holds no built adapter; give the folder that `lawgate adapter build` printed, or a pack",
                    folder.display()
                )
            })?,
            configuration: read(&folder.join(CONFIGURATION))?,
            manifest: Manifest::read(folder).map_err(|error| whole(error.into()))?,
            pack: None,
        })
    }

    fn packed(pack: Pack) -> Self {
        Self {
            component: pack.component().to_vec(),
            configuration: pack.configuration().to_vec(),
            manifest: pack.manifest().clone(),
            pack: Some(pack),
        }
    }

    /// Checks that the component says of itself what the manifest says.
    ///
    /// # Errors
    /// The first key that differs.
    pub(super) fn agrees_with(&self, said: &adapter_host::Description) -> anyhow::Result<()> {
        Ok(adapter_tools::agree(
            &self.manifest,
            said,
            Path::new(manifest::FILE),
        )?)
    }
}

/// An error whose first line says everything: integrators look there for what to do.
pub(super) fn whole(error: anyhow::Error) -> anyhow::Error {
    let text = format!("{error:#}");
    error.context(text)
}

/// Reads a pack from a file.
///
/// # Errors
/// A file that cannot be read, or what is wrong with the pack.
pub(super) fn read_pack(path: &Path) -> anyhow::Result<Pack> {
    let limits = PackLimits::recommended();
    let size = fs::metadata(path)
        .with_context(|| format!("{} cannot be read", path.display()))?
        .len();
    anyhow::ensure!(
        size <= limits.pack_bytes as u64,
        "{} has {size} bytes; a pack has at most {}",
        path.display(),
        limits.pack_bytes
    );
    Pack::read(&read(path)?, &limits)
        .with_context(|| format!("{} is refused", path.display()))
        .map_err(whole)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}
