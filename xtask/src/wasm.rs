//! `cargo xtask adapters`: builds the adapters as components.
//!
//! Every folder below `adapters/` and the hostile adapter of the tests become
//! `target/adapters/<id>/{adapter.wasm,adapter.toml,configuration.json}`. The
//! end-to-end tests, the demonstration and the benchmarks read them there.
//! Adapters of others are built by `cargo xtask adapter`, see [`folder`].

use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{fs, iter};

use adapter_build::component;
use adapter_build::toolchain::Toolchain;
use anyhow::{Context, Result, bail};

mod folder;
mod template;
mod toolchain;

pub(crate) use folder::{adapter, try_templates};

/// Files that go beside a component when the adapter has them.
const COMPANIONS: [&str; 2] = ["adapter.toml", "configuration.json"];

/// Builds the adapters named, or all.
pub(crate) fn adapters(root: &Path, names: &[String]) -> Result<()> {
    let guests = chosen(find_guests(root)?, names)?;
    let compiler = toolchain::find(root)?;
    let built = toolchain::build(&compiler, root, &guests)?;
    let mut failures = Vec::new();
    for guest in &guests {
        let module = built.join(guest.module_name());
        let place = root.join("target/adapters").join(&guest.id);
        if let Err(error) = guest.install(&place, &module) {
            failures.push(format!("{}: {error:#}", guest.package));
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    bail!(
        "{} of {} adapters failed\n  {}",
        failures.len(),
        guests.len(),
        failures.join("\n  ")
    );
}

/// Whether the compiler in use builds guests, without one of Debian's.
pub(crate) fn compiler_has_target() -> Result<bool> {
    Ok(Toolchain::in_use()?.is_some())
}

/// Builds a package of this repository as a plain module, no component, and returns its path.
///
/// # Errors
/// No compiler for the target, or it does not build.
pub(crate) fn module(root: &Path, package: &str) -> Result<PathBuf> {
    let built = toolchain::build_module(&toolchain::find(root)?, root, package)?;
    Ok(built.join(format!("{}.wasm", package.replace('-', "_"))))
}

/// One adapter of this repository.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Guest {
    /// Name of its cargo package, and of its folder.
    package: String,
    /// Its id: what its manifest states, else the package's name.
    id: String,
    folder: PathBuf,
}

impl Guest {
    /// Reads the adapter in `folder`; `None` when no package is there.
    fn read(folder: &Path) -> Result<Option<Self>> {
        let Some(package) = folder.file_name().and_then(|name| name.to_str()) else {
            return Ok(None);
        };
        if !folder.join("Cargo.toml").is_file() {
            return Ok(None);
        }
        let manifest = folder.join("adapter.toml");
        let id = match fs::read_to_string(&manifest) {
            Ok(text) => manifest_id(&text)
                .with_context(|| format!("{}: no line `id = \"..\"`", manifest.display()))?,
            Err(_) => package.to_owned(),
        };
        Ok(Some(Self {
            package: package.to_owned(),
            id,
            folder: folder.to_owned(),
        }))
    }

    /// The file name the compiler gives the module.
    fn module_name(&self) -> String {
        format!("{}.wasm", self.package.replace('-', "_"))
    }

    /// Encodes the module and puts component and companions into `folder`.
    fn install(&self, folder: &Path, module: &Path) -> Result<()> {
        let started = Instant::now();
        let bytes = fs::read(module).with_context(|| format!("{} not built", module.display()))?;
        let component = component::encode(&bytes)?;
        fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
        write_atomically(&folder.join("adapter.wasm"), &component)?;
        for name in COMPANIONS {
            match fs::read(self.folder.join(name)) {
                Ok(content) => write_atomically(&folder.join(name), &content)?,
                Err(_) => eprintln!("  {}: has no {name}", self.package),
            }
        }
        eprintln!(
            "  {:<18} {:>9} bytes  encoded in {} ms",
            self.id,
            component.len(),
            started.elapsed().as_millis()
        );
        Ok(())
    }
}

fn find_guests(root: &Path) -> Result<Vec<Guest>> {
    let adapters = root.join("adapters");
    let mut folders: Vec<PathBuf> = fs::read_dir(&adapters)
        .with_context(|| format!("{}", adapters.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    folders.sort();
    let hostile = root.join("tests/hostile-adapter");
    folders
        .iter()
        .chain(iter::once(&hostile))
        .filter_map(|folder| Guest::read(folder).transpose())
        .collect()
}

/// The guests with the given ids or package names; all when none is given.
fn chosen(guests: Vec<Guest>, names: &[String]) -> Result<Vec<Guest>> {
    let is_meant = |guest: &Guest, name: &String| guest.id == *name || guest.package == *name;
    if let Some(unknown) = names
        .iter()
        .find(|name| !guests.iter().any(|guest| is_meant(guest, name)))
    {
        let known: Vec<_> = guests.iter().map(|guest| guest.package.as_str()).collect();
        bail!("no adapter `{unknown}`; there are {}", known.join(", "));
    }
    let is_chosen =
        |guest: &Guest| names.is_empty() || names.iter().any(|name| is_meant(guest, name));
    Ok(guests.into_iter().filter(is_chosen).collect())
}

/// The value of the manifest's own key `id`, before any table.
fn manifest_id(manifest: &str) -> Option<String> {
    let value = manifest
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with('['))
        .find_map(|line| line.strip_prefix("id")?.trim_start().strip_prefix('='))?;
    let (id, _) = value.trim_start().strip_prefix('"')?.split_once('"')?;
    Some(id.to_owned())
}

/// Replaces a file at once, so that a reader never sees half of it.
fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    let draft = path.with_extension("draft");
    fs::write(&draft, content).with_context(|| format!("{}", draft.display()))?;
    fs::rename(&draft, path).with_context(|| format!("{}", path.display()))
}

#[cfg(test)]
mod tests;
