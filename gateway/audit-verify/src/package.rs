//! Checking an evidence package: reading the file and what is held, and printing what [`package_proof`] finds.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use package_proof::{Held, PackageVerdict, check, zip::MAX_PACKAGE_BYTES};

use crate::{evidence, node, options::Settings};

/// Checks a package; `now_s` is the time by the clock of this machine, in seconds since 1970.
pub(crate) fn run(file: &Path, settings: &Settings, now_s: u64) -> anyhow::Result<PackageVerdict> {
    let length = std::fs::metadata(file)
        .with_context(|| file.display().to_string())?
        .len();
    // Larger than any package may be: nothing is read of it, and the check of nothing names it.
    let bytes = match length > MAX_PACKAGE_BYTES as u64 {
        true => anyhow::bail!(
            "{}: {length} bytes, more than any package may have",
            file.display()
        ),
        false => node::read(file)?,
    };
    anyhow::ensure!(
        settings.token.is_empty(),
        "--token: a package has its own time stamps; they are checked with --tsa-roots"
    );
    let trust = evidence::trust(settings)?;
    let questions = evidence::questions(settings, now_s);
    let receipts = match &settings.receipts {
        Some(folder) => {
            anyhow::ensure!(folder.is_dir(), "{}: not a folder", folder.display());
            node::files(folder)?
        }
        None => Vec::new(),
    };
    let held = Held {
        checkpoints: named(&settings.checkpoint)?,
        receipts: named(&receipts)?,
        party_keys: evidence::party_keys(settings)?,
    };
    Ok(check(&bytes, &trust, &questions, &held))
}

fn named(files: &[PathBuf]) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    files
        .iter()
        .map(|path| Ok((path.display().to_string(), node::read(path)?)))
        .collect()
}
