//! `lawgate backup`: log and evidence as they are, with a manifest, read back before it is finished.
//!
//! The format is that of a manifest of an archive of the whole log; the folders are the data folder's own. Keys are not in
//! it: who has keys and a copy can write another history.

use std::path::Path;

use anyhow::Context as _;
use audit_proof::archive::{MANIFEST, Manifest};
use audit_proof::checkpoint::Checkpoint;
use audit_proof::note::Note;
use audit_proof::{Options, verify};
use exchange::entry::log_backup;
use serde_json::json;

use super::copy::Filling;
use super::now_s;
use crate::attest;
use crate::attest::OpenNode;
use crate::attest::keys::KeyRing;
use crate::cli::Backup;
use crate::config::{self, Config};
use crate::keys;
use crate::output::{Ending, Format, Output, hex};

/// Folders of the data folder that are backed up.
pub(super) const FOLDERS: [&str; 2] = ["audit", "evidence"];

/// Makes a backup.
///
/// # Errors
/// A gateway uses the log, or something cannot be read, written or verified; no backup is left then.
pub(crate) fn run(arguments: &Backup, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let config = config::load(&arguments.config)?;
    let ring = KeyRing::open(&config)?;
    let mut node = keys::open(&config, &ring)?;
    let copied = begin(&mut node).and_then(|()| copy(&config, &arguments.to));
    let manifest = match copied {
        Ok(manifest) => manifest,
        Err(why) => return Err(attest::close_refused(node, why)),
    };
    let signed = manifest.signed();
    attest::close(node)?;
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    match output.format {
        Format::Json => output.json(&json!({
            "folder": arguments.to, "entries": manifest.to, "signed": manifest.size,
            "files": manifest.files.len(), "bytes": bytes, "manifestSha256": hex(&signed.sha256),
        }))?,
        Format::Table => {
            output.line(&format!(
                "{} entries, {} files, {bytes} bytes in {}; read back and verified",
                manifest.to,
                manifest.files.len(),
                arguments.to.display()
            ))?;
            output.line("The keys are not in it: keep them elsewhere.")?;
        }
    }
    Ok(Ending::Done)
}

/// Notes the backup as the last entry of what is backed up, so that the node is not ahead of its backup at once.
fn begin(node: &mut OpenNode) -> anyhow::Result<()> {
    node.log.append(log_backup())?.wait()?;
    let published = node.publisher.publish(&node.log.head(), now_s());
    published.context("the checkpoint was not signed")?;
    Ok(())
}

fn copy(config: &Config, to: &Path) -> anyhow::Result<Manifest> {
    // Held while it is copied, so that nothing is written meanwhile.
    let (store, _) = evidence::open(crate::serve::evidence_config(config))
        .context("opening the evidence store")?;
    let mut filling = Filling::start(to)?;
    let left = |name: &str| name == "lock" || name.ends_with(".new");
    for folder in FOLDERS {
        filling.copy_all(&config.gateway.data_dir.join(folder), folder, &left)?;
    }
    store.close().context("closing the evidence store")?;
    let report = verify(
        &filling.folder().join("audit"),
        &Options {
            expected_origin: Some(config.gateway.origin.clone()),
            ..Options::default()
        },
    );
    if let Some(fault) = report.fault {
        return Err(anyhow::Error::new(fault).context("the copy of the log does not verify"));
    }
    let signed = filling.folder().join("audit/signed/checkpoint");
    let signed = std::fs::read(&signed).with_context(|| signed.display().to_string())?;
    let signed = Checkpoint::parse(Note::parse(&signed)?.text())?;
    anyhow::ensure!(
        signed.size() == report.entries,
        "the copy of the log has {} entries, and {} were signed",
        report.entries,
        signed.size()
    );
    let manifest = Manifest {
        origin: config.gateway.origin.clone(),
        from: 0,
        to: signed.size(),
        size: signed.size(),
        root: *signed.root(),
        made_s: now_s(),
        consistency: Vec::new(),
        files: filling.files(),
    };
    filling.seal(&[(MANIFEST, manifest.to_text().as_bytes())])?;
    filling.finish()?;
    Ok(manifest)
}
