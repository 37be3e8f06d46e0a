//! `lawgate archive export`: a closed range with everything that proves it.
//!
//! Order: segments, checkpoint, kept checkpoints, stamps, evidence; then the manifest and the note over it; all durable;
//! then the whole archive is checked as an expert would; then it gets its name; then the log notes it. A crash at any
//! point leaves the folder `….unfinished`, which the next attempt removes, or an archive that is whole.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use audit_log::{Entry, FolderReader};
use audit_proof::archive::{
    self, ArchiveOptions, CHECKPOINT, EVIDENCE, LOG, MANIFEST, Manifest, NOTE, verify_archive,
};
use audit_proof::checkpoint::Checkpoint;
use audit_proof::folder::{Inventory, Stage, file_name};
use audit_proof::kept;
use audit_proof::key::KeyKind;
use audit_proof::note::Note;
use audit_proof::proof::{FolderTiles, consistency};
use audit_proof::signer::{Signer, sign_note};
use audit_proof::suite::Suite;
use exchange::entry::{ArchiveEntry, EVENT_ARCHIVE_EXPORT, SubmitEntry};
use serde_json::json;

use super::copy::Filling;
use super::{note, now_s};
use crate::attest::keys::KeyRing;
use crate::attest::{self, OpenNode};
use crate::cli::ArchiveExport;
use crate::config::{self, Config};
use crate::keys;
use crate::output::{Ending, Format, Output, hex};

/// Positions of whole segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: u64,
    pub(super) to: u64,
    /// Where the segments start.
    pub(super) segments: Vec<u64>,
}

/// Exports a range.
pub(super) fn run(arguments: &ArchiveExport, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let config = config::load(&arguments.config)?;
    let ring = KeyRing::open(&config)?;
    let node = keys::open(&config, &ring)?;
    let exported = export(&config, &ring, &node, arguments);
    let manifest = match exported {
        Ok(manifest) => manifest,
        Err(why) => return Err(attest::close_refused(node, why)),
    };
    let signed = manifest.signed();
    let entry = ArchiveEntry {
        event: EVENT_ARCHIVE_EXPORT,
        from: manifest.from,
        to: manifest.to,
        manifest_sha256: signed.sha256,
        manifest_sm3: signed.sm3,
    };
    note(node, entry.draft())?;
    report(&manifest, &arguments.to, output)?;
    Ok(Ending::Done)
}

fn export(
    config: &Config,
    ring: &KeyRing,
    node: &OpenNode,
    arguments: &ArchiveExport,
) -> anyhow::Result<Manifest> {
    let audit = &node.folder;
    let tiles = audit.join("tiles");
    let range = range(audit, node.log.size(), &arguments.range)?;
    let newest = tiles.join("checkpoint");
    let newest = std::fs::read(&newest).with_context(|| newest.display().to_string())?;
    let covering = Checkpoint::parse(Note::parse(&newest)?.text())?;
    anyhow::ensure!(
        covering.size() >= range.to,
        "the newest checkpoint has {} entries, and the range ends at {}: start and stop the gateway once",
        covering.size(),
        range.to
    );
    let mut filling = Filling::start(&arguments.to)?;
    for first in &range.segments {
        let name = file_name(*first, Stage::Sealed);
        filling.copy(&audit.join(&name), &format!("{LOG}/{name}"))?;
    }
    filling.write(CHECKPOINT, &newest)?;
    attestation(&mut filling, &tiles, &range, covering.size())?;
    if !arguments.without_evidence {
        evidence_of(&mut filling, config, audit, &range)?;
    }
    let source = FolderTiles::new(&tiles);
    let manifest = Manifest {
        origin: config.gateway.origin.clone(),
        from: range.from,
        to: range.to,
        size: covering.size(),
        root: *covering.root(),
        made_s: now_s(),
        consistency: match covering.size() == range.to {
            true => Vec::new(),
            false => consistency(Suite::Sha256, range.to, covering.size(), &source)
                .context("the tiles do not prove that the log grew from the range")?,
        },
        files: filling.files(),
    };
    let signed = sign(ring, &manifest)?;
    filling.seal(&[
        (MANIFEST, manifest.to_text().as_bytes()),
        (NOTE, signed.to_string().as_bytes()),
    ])?;
    check(filling.folder(), &manifest)?;
    filling.finish()?;
    Ok(manifest)
}

/// Copies the checkpoints that the log keeps of sizes in the range, and the stamps of these and of the covering one.
fn attestation(
    filling: &mut Filling,
    tiles: &Path,
    range: &Range,
    covering: u64,
) -> anyhow::Result<()> {
    let stamp = |filling: &mut Filling, size: u64| -> anyhow::Result<()> {
        let name = format!("tokens/{size}.tsr");
        let token = tiles.join(&name);
        if token.is_file() {
            filling.copy(&token, &name)?;
        }
        Ok(())
    };
    for (size, path) in kept::list(tiles).with_context(|| tiles.display().to_string())? {
        if range.from < size && size <= range.to {
            filling.copy(&path, &kept::path(size))?;
            stamp(filling, size)?;
        }
    }
    if covering > range.to {
        stamp(filling, covering)?;
    }
    Ok(())
}

/// Copies the segments of the evidence store that have what the entries name; every bundle is read and checked first.
fn evidence_of(
    filling: &mut Filling,
    config: &Config,
    audit: &Path,
    range: &Range,
) -> anyhow::Result<()> {
    let (store, _) = evidence::open(crate::serve::evidence_config(config))
        .context("opening the evidence store")?;
    let mut numbers = BTreeSet::new();
    let entries = FolderReader::open(audit)?.entries_from(range.from);
    for stored in entries.take((range.to - range.from) as usize) {
        let stored = stored?;
        for address in addresses(&stored.decode()?) {
            let bundle = store.get(&address);
            let bundle =
                bundle.with_context(|| format!("evidence of entry {}", stored.position))?;
            let Some(bundle) = bundle else {
                anyhow::bail!(
                    "the evidence {} of entry {} is not there; --without-evidence exports the entries alone",
                    hex(&address),
                    stored.position
                );
            };
            numbers.insert(bundle.location.segment);
        }
    }
    store.close().context("closing the evidence store")?;
    let folder = config.gateway.data_dir.join("evidence");
    for number in numbers {
        // One that was never closed is copied as it is.
        let names = ["bundles", "open"].map(|ending| format!("{number:010}.{ending}"));
        let name = names.iter().find(|name| folder.join(name).is_file());
        let name = name.with_context(|| format!("segment {number} of the evidence is gone"))?;
        filling.copy(&folder.join(name), &format!("{EVIDENCE}/{name}"))?;
    }
    Ok(())
}

/// The addresses of payloads and results that an accepted submission, or a retry of a message, names.
fn addresses(entry: &Entry<'_>) -> Vec<[u8; 32]> {
    let submit = SubmitEntry::read(entry);
    let addresses = submit.map(|submit| [*submit.payload_address(), submit.result_root]);
    addresses.into_iter().flatten().collect()
}

/// Reads the range that was asked for, and holds it against the segments there are.
pub(super) fn range(audit: &Path, size: u64, asked: &str) -> anyhow::Result<Range> {
    let (from, to) = asked
        .split_once("..")
        .with_context(|| format!("--range {asked}: expected FROM..TO or FROM.."))?;
    let number = |text: &str| {
        text.parse::<u64>()
            .with_context(|| format!("--range {asked}: {text} is no position"))
    };
    let from = number(from)?;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(audit).with_context(|| audit.display().to_string())? {
        names.extend(entry?.file_name().into_string());
    }
    let inventory = Inventory::of(&names)?;
    let end = inventory.open.unwrap_or(size);
    let to = if to.is_empty() { end } else { number(to)? };
    let bounds: Vec<u64> = inventory.sealed.iter().copied().chain([end]).collect();
    let nearest = |position: u64| {
        let after = bounds.partition_point(|bound| *bound <= position);
        let near = &bounds[after.saturating_sub(1)..bounds.len().min(after + 1)];
        let near: Vec<String> = near.iter().map(u64::to_string).collect();
        near.join(" or ")
    };
    for position in [from, to] {
        anyhow::ensure!(
            bounds.contains(&position),
            "--range {asked}: no closed segment begins or ends at {position}; the nearest are {}",
            nearest(position)
        );
    }
    anyhow::ensure!(from < to, "--range {asked}: it has no entry");
    let within = |first: &u64| (from..to).contains(first);
    Ok(Range {
        from,
        to,
        segments: inventory.sealed.into_iter().filter(within).collect(),
    })
}

/// Signs the manifest with the keys of checkpoints, except those that sign nothing but checkpoints.
fn sign(ring: &KeyRing, manifest: &Manifest) -> anyhow::Result<Note> {
    let signers = ring.checkpoint.iter().map(|signer| &**signer);
    let signers: Vec<&dyn Signer> = signers
        .filter(|signer| signer.key().kind() != KeyKind::MlDsa44Cosignature)
        .collect();
    let note = sign_note(&manifest.signed().to_text(), &signers, now_s());
    note.context("the manifest was not signed")
}

/// Checks what was written as an expert does.
fn check(folder: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let options = ArchiveOptions {
        expected_origin: Some(manifest.origin.clone()),
        threads: 0,
    };
    let report = verify_archive(folder, &options);
    if let Some(fault) = report.fault {
        return Err(
            anyhow::Error::new(fault).context("the archive does not check, and was not finished")
        );
    }
    debug_assert_eq!(report.entries, manifest.to - manifest.from);
    Ok(())
}

fn report(manifest: &Manifest, folder: &Path, output: &mut Output<'_>) -> std::io::Result<()> {
    let (files, bytes) = (
        manifest.files.len(),
        manifest.files.iter().map(|file| file.bytes).sum::<u64>(),
    );
    let evidence = manifest.files.iter();
    let evidence = evidence
        .filter(|file| file.path.starts_with(archive::EVIDENCE))
        .count();
    let signed = manifest.signed();
    match output.format {
        Format::Json => output.json(&json!({
            "folder": folder, "from": manifest.from, "to": manifest.to, "size": manifest.size,
            "files": files, "bytes": bytes, "evidenceSegments": evidence,
            "manifestSha256": hex(&signed.sha256), "manifestSm3": hex(&signed.sm3),
        })),
        Format::Table => {
            output.line(&format!(
                "{} entries, positions {} to {}, in {}",
                manifest.to - manifest.from,
                manifest.from,
                manifest.to - 1,
                folder.display()
            ))?;
            output.line(&format!(
                "{files} files, {bytes} bytes, {evidence} of them evidence; checked, and covered by the checkpoint of {} entries",
                manifest.size
            ))?;
            output.line(&format!("manifest SHA-256 {}", hex(&signed.sha256)))?;
            output.line(&format!("manifest SM3     {}", hex(&signed.sm3)))
        }
    }
}
