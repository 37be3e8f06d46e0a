//! `lawgate archive prune`: entries that are in an archive leave the node.
//!
//! Order: the archive is checked, and held against this log and its keys; the log notes that its entries go, durably; then
//! each segment gets a stub beside it, durably, before it is removed; then the entry bundles of the tree go, whose hashes
//! stay. A crash at any point leaves stubs beside segments, which count as segments, or stubs alone; the same command
//! again finishes.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use audit_proof::archive::{ArchiveOptions, Manifest, verify_archive};
use audit_proof::archived::Stub;
use audit_proof::folder::{self, Inventory, Stage, path};
use audit_proof::proof::{FolderTiles, root};
use audit_proof::suite::Suite;
use audit_proof::tile::{EntryBundle, TILE_WIDTH};
use exchange::entry::{
    AdapterEntry, ArchiveEntry, EVENT_ADAPTER_LOAD, EVENT_ARCHIVE_PRUNE, EVENT_QUARANTINE_REDRIVE,
    EVENT_QUARANTINE_RETRY,
};
use serde_json::json;

use super::note;
use crate::attest;
use crate::attest::OpenNode;
use crate::attest::keys::KeyRing;
use crate::cli::ArchivePrune;
use crate::config::{self, Config};
use crate::keys;
use crate::output::{Ending, Format, Output, hex};

/// Removes the entries of an archive from the node.
pub(super) fn run(arguments: &ArchivePrune, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let config = config::load(&arguments.config)?;
    let ring = KeyRing::open(&config)?;
    let node = keys::open(&config, &ring)?;
    let audit = node.folder.clone();
    let manifest = match check(&config, &ring, &node, &arguments.archive) {
        Ok(manifest) => manifest,
        Err(why) => return Err(attest::close_refused(node, why)),
    };
    let signed = manifest.signed();
    let entry = ArchiveEntry {
        event: EVENT_ARCHIVE_PRUNE,
        from: manifest.from,
        to: manifest.to,
        manifest_sha256: signed.sha256,
        manifest_sm3: signed.sm3,
    };
    // Noted before the first one goes. A stub that is there shows that it was, before a crash.
    if has_stub(&audit, &signed.sha256)? {
        attest::close(node)?;
    } else {
        note(node, entry.draft())?;
    }
    let removed = remove_segments(&audit, &manifest, &signed.sha256)?;
    let bundles = remove_bundles(&audit.join("tiles"), manifest.to)?;
    match output.format {
        Format::Json => output.json(&json!({
            "from": manifest.from, "to": manifest.to, "segments": removed, "bundles": bundles,
            "manifestSha256": hex(&signed.sha256),
        }))?,
        Format::Table => {
            output.line(&format!(
                "positions {} to {} are archived: {removed} segments and {bundles} entry bundles removed, every hash kept",
                manifest.from,
                manifest.to - 1
            ))?;
            output.line(&format!(
                "archive with manifest SHA-256 {}",
                hex(&signed.sha256)
            ))?;
        }
    }
    Ok(Ending::Done)
}

/// Checks the archive, and that it is the next one of this log.
fn check(
    config: &Config,
    ring: &KeyRing,
    node: &OpenNode,
    archive: &Path,
) -> anyhow::Result<Manifest> {
    let options = ArchiveOptions {
        expected_origin: Some(config.gateway.origin.clone()),
        threads: 0,
    };
    let report = verify_archive(archive, &options);
    if let Some(fault) = report.fault {
        return Err(
            anyhow::Error::new(fault).context("the archive does not check; nothing was removed")
        );
    }
    let manifest = report.manifest.context("an archive has a manifest")?;
    let note = report.note.context("an archive has a note")?;
    note.verify(ring.checkpoint.iter().map(|signer| signer.key()))
        .context("the manifest is not signed by a key of this log; nothing was removed")?;
    let tiles = FolderTiles::new(node.folder.join("tiles"));
    let own = root(Suite::Sha256, manifest.size, &tiles)
        .context("the tree of this log at the checkpoint of the archive cannot be read")?;
    anyhow::ensure!(
        own == manifest.root,
        "the archive is of another past of this log: at {} entries it has another root; nothing was removed",
        manifest.size
    );
    let inventory = inventory(&node.folder)?;
    let archived = folder::archived(&node.folder, &inventory)?.to();
    // A crash may have left some of its segments removed already.
    anyhow::ensure!(
        manifest.from <= archived && archived <= manifest.to,
        "this log is archived up to position {archived}, and the archive begins at {}; nothing was removed",
        manifest.from
    );
    check_steps(node, archived.max(manifest.from), manifest.to)?;
    // What is published goes on from the entries of the last tile and the one before them.
    let signed = node.resumed.signed_size.saturating_sub(1);
    let last_tile = signed - signed % u64::from(TILE_WIDTH);
    anyhow::ensure!(
        manifest.to < last_tile,
        "entries from {} on are needed to go on publishing and stay; an archive up to {} cannot be pruned before the \
         log is longer; nothing was removed",
        last_tile.saturating_sub(1),
        manifest.to
    );
    Ok(manifest)
}

/// Refuses to remove steps that a start reads from the log: those of adapters, but for loads, which
/// every start makes again, and those of the quarantine.
fn check_steps(node: &OpenNode, from: u64, to: u64) -> anyhow::Result<()> {
    for (position, stored) in (from..to).zip(node.log.reader().entries_from(from)) {
        let stored =
            stored.context("an entry to be removed cannot be read; nothing was removed")?;
        let event = stored.decode()?.event();
        let is_step = (AdapterEntry::is_step(event) && event != EVENT_ADAPTER_LOAD)
            || (EVENT_QUARANTINE_RETRY..=EVENT_QUARANTINE_REDRIVE).contains(&event);
        anyhow::ensure!(
            !is_step,
            "entry {position} is a step of an adapter or of the quarantine, which each start reads from the log; \
             nothing was removed"
        );
    }
    Ok(())
}

fn inventory(audit: &Path) -> anyhow::Result<Inventory> {
    let names = folder::list(audit).with_context(|| audit.display().to_string())?;
    Ok(Inventory::of(&names)?)
}

/// Whether the removal was begun.
fn has_stub(audit: &Path, manifest: &[u8; 32]) -> anyhow::Result<bool> {
    for name in folder::list(audit).with_context(|| audit.display().to_string())? {
        if name.ends_with(".archived") {
            let bytes = fs::read(audit.join(&name)).with_context(|| name.clone())?;
            if Stub::decode(&bytes).is_some_and(|stub| stub.manifest == *manifest) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Puts a stub in the place of each segment of the archive; returns how many segments were removed.
pub(super) fn remove_segments(
    audit: &Path,
    manifest: &Manifest,
    digest: &[u8; 32],
) -> anyhow::Result<u64> {
    let sealed = inventory(audit)?.sealed.into_iter();
    let within = sealed.filter(|first| (manifest.from..manifest.to).contains(first));
    let mut removed = 0;
    for first in within {
        let segment = path(audit, first, Stage::Sealed);
        let bytes = fs::read(&segment).with_context(|| segment.display().to_string())?;
        let stub = Stub::of_segment(&bytes, digest)
            .with_context(|| format!("{} is no sealed segment", segment.display()))?;
        let place = path(audit, first, Stage::Archived);
        let put = || -> std::io::Result<()> {
            let new = place.with_extension("archived.new");
            let mut file = File::create(&new)?;
            file.write_all(&stub)?;
            file.sync_all()?;
            fs::rename(&new, &place)?;
            File::open(audit)?.sync_all()?;
            fs::remove_file(&segment)?;
            File::open(audit)?.sync_all()
        };
        put().with_context(|| format!("archiving {}", segment.display()))?;
        removed += 1;
    }
    Ok(removed)
}

/// Removes the full entry bundles before `to`; their hashes stay in the tiles.
pub(super) fn remove_bundles(tiles: &Path, to: u64) -> anyhow::Result<u64> {
    let mut removed = 0;
    for index in 0..to / u64::from(TILE_WIDTH) {
        let bundle = EntryBundle::new(index, TILE_WIDTH).context("a full bundle")?;
        let file = tiles.join(bundle.path());
        match fs::remove_file(&file) {
            Ok(()) => removed += 1,
            // Removed by an earlier archive, or before a crash.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| file.display().to_string()),
        }
    }
    Ok(removed)
}
