//! The vault of personal data, opened with the keys that the configuration names.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use vault::Vault;
use vault::wrap::FileKey;

use crate::config::model::VaultKeys;

/// Folder of the vault in the data folder.
const FOLDER: &str = "vault";

/// Opens the vault of a data folder for reading, beside a running gateway.
///
/// # Errors
/// A key that cannot be read or is another's, or no vault.
pub(crate) fn vault_for_reading(
    data: &Path,
    ordinary: &Path,
    reporter: &Path,
) -> anyhow::Result<Vault> {
    let load = |path: &Path| {
        FileKey::load(path).with_context(|| format!("the key {} cannot be read", path.display()))
    };
    let (ordinary, reporter) = (load(ordinary)?, load(reporter)?);
    let opened = Vault::read_only(&data.join(FOLDER), Box::new(ordinary), Box::new(reporter));
    opened.map_err(|error| {
        let text = format!("the vault cannot be opened: {error}");
        anyhow::Error::new(error).context(text)
    })
}

/// Opens the vault; `None` where none is configured and none was ever.
///
/// # Errors
/// A key that is missing or another's, or a vault without its table: what was sealed could not be opened.
pub(crate) fn vault(keys: Option<&VaultKeys>, data: &Path) -> anyhow::Result<Option<Arc<Vault>>> {
    let folder = data.join(FOLDER);
    let Some(keys) = keys else {
        if Vault::exists(&folder) {
            bail!(
                "{} holds keys of sealed personal data, and the configuration has no [vault]: name the two key files there",
                folder.display()
            );
        }
        return Ok(None);
    };
    let load = |path: &Path| {
        FileKey::load(path).with_context(|| {
            let has_data = match Vault::exists(&folder) {
                true => {
                    "what is sealed can be opened with this key alone; bring it back from its copy"
                }
                false => "make one with `lawgate personal key`",
            };
            format!(
                "the key {} of [vault] cannot be read: {has_data}",
                path.display()
            )
        })
    };
    let (ordinary, reporter) = (load(&keys.key)?, load(&keys.reporter_key)?);
    let opened = Vault::open(&folder, Box::new(ordinary), Box::new(reporter));
    // Which key does not open which file goes into the line that is shown without --verbose.
    let vault = opened.map_err(|error| {
        let text = format!("the vault cannot be opened: {error}");
        anyhow::Error::new(error).context(text)
    })?;
    if vault.damaged() > 0 {
        tracing::warn!(
            slots = vault.damaged(),
            "the files of keys have slots that are neither whole nor empty"
        );
    }
    Ok(Some(Arc::new(vault)))
}
