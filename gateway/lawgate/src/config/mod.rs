//! Configuration: the only place that reads it.
//!
//! [`load`] gives the gateway's configuration or every fault of its file at
//! once; [`check`] also looks at the files it names. Not read again while the
//! gateway runs. `keys` declares every key; the rest follows it.

mod build;
pub(crate) mod command;
mod cross;
mod document;
mod fault;
mod files;
mod key;
mod keys;
pub(crate) mod model;
mod read;
mod reference;
mod rules;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub(crate) use fault::{Fault, Faults, Problem};
#[cfg(test)]
pub(crate) use keys::LOG_LEVELS;
pub(crate) use model::*;
pub(crate) use reference::reference;

use document::Document;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("configuration file {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The file has faults: all of them.
    #[error("{0}")]
    Faults(Faults),
}

/// Reads the gateway's configuration.
///
/// # Errors
/// [`ConfigError::Faults`] with every fault of the file; nothing is left out
/// because of an earlier one. The files it names are not opened.
pub(crate) fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = read_file(path)?;
    parse(path, &text, |_| Vec::new())
}

/// Reads the gateway's configuration and looks at every file it names.
///
/// # Errors
/// As [`load`]; faults of the files are among the faults.
pub(crate) fn check(path: &Path) -> Result<Config, ConfigError> {
    let text = read_file(path)?;
    parse(path, &text, |document| {
        files::check(document, folder_of(path))
    })
}

/// The limits of adapters where no configuration sets others.
pub(crate) fn default_sandbox() -> model::Sandbox {
    // Faults speak of required keys elsewhere; this table has none.
    let (mut document, _) = read::read("", keys::GATEWAY_FILE);
    build::sandbox_alone(&mut document)
}

/// Reads what a client command connects with.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_client(path: &Path) -> Result<ClientConfig, ConfigError> {
    let text = read_file(path)?;
    let (mut document, faults) = read::read(&text, keys::CLIENT_FILE);
    refuse(path, faults)?;
    Ok(build::client(&mut document, folder_of(path)))
}

/// Reads what a witness runs with.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_witness(path: &Path) -> Result<WitnessFile, ConfigError> {
    let text = read_file(path)?;
    let (mut document, mut faults) = read::read(&text, keys::WITNESS_FILE);
    faults.extend(cross::check_witness(&document));
    refuse(path, faults)?;
    Ok(build::witness(&mut document, folder_of(path)))
}

/// Reads `host:port`; `None` when it is not.
pub(crate) fn parse_address(text: &str) -> Option<Address> {
    rules::host_and_port(text).map(|(host, port)| Address { host, port })
}

/// Number of keys that are declared for the gateway's file.
pub(crate) fn declared_keys() -> usize {
    keys::GATEWAY_FILE
        .iter()
        .map(|section| section.keys.len())
        .sum()
}

fn parse(
    path: &Path,
    text: &str,
    more: impl FnOnce(&Document) -> Vec<Fault>,
) -> Result<Config, ConfigError> {
    let (mut document, mut faults) = read::read(text, keys::GATEWAY_FILE);
    let is_whole = !faults
        .iter()
        .any(|fault| matches!(fault.problem, Problem::Syntax { .. }));
    // In half a file, a feed that does not exist may only not have been read.
    if is_whole {
        faults.extend(cross::check(&document));
        faults.extend(more(&document));
    }
    refuse(path, faults)?;
    Ok(build::gateway(&mut document, folder_of(path)))
}

fn refuse(path: &Path, mut faults: Vec<Fault>) -> Result<(), ConfigError> {
    if faults.is_empty() {
        return Ok(());
    }
    // What is missing from the whole file comes last.
    faults.sort_by_key(|fault| fault.line.unwrap_or(usize::MAX));
    Err(ConfigError::Faults(Faults {
        file: path.to_owned(),
        faults,
    }))
}

fn read_file(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|cause| ConfigError::Read {
        path: path.to_owned(),
        cause,
    })
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}
