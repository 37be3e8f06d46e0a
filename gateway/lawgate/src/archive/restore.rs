//! `lawgate restore`: a backup put in place, unless that would fork the log.
//!
//! A restored log that goes on gives positions again that somebody holds proofs of. So it is compared with everything that
//! remembers: what this data folder signed and holds, what the witnesses cosigned last, and checkpoints and receipts that
//! were saved. Whatever is larger than the backup, or other, refuses. Then the copy is made beside its place, durably, and
//! the folders change names; what was there stays under another name.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use audit_proof::archive::{MANIFEST, Manifest, file_digests};
use audit_proof::checkpoint::Checkpoint;
use audit_proof::hash::Hash;
use audit_proof::note::Note;
use audit_proof::receipt::Receipt;
use audit_proof::suite::Suite;
use audit_proof::{FolderReader, Options, verify};
use log_http::ask::check_start;
use serde_json::json;

use super::backup::FOLDERS;
use super::copy::Filling;
use crate::attest::Cosigners;
use crate::attest::keys::{self, KeyRing};
use crate::cli::Restore;
use crate::config::{self, Config, KeyPlace};
use crate::output::{Ending, Format, Output};

/// Names of what was there before, in the data folder.
const REPLACED: &str = ".replaced";

/// Where a backup is copied to before it gets its place, in the data folder.
const COMING: &str = "restored";

/// A head that somebody remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Remembered {
    /// Who.
    by: String,
    size: u64,
    root: Hash,
}

/// Puts a backup in place.
///
/// # Errors
/// It is not whole, or it would fork the log; nothing was changed then.
pub(crate) fn run(arguments: &Restore, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let config = config::load(&arguments.config)?;
    let data = &config.gateway.data_dir;
    ensure_stopped(data)?;
    let coming = data.join(COMING);
    if coming.is_dir() {
        // A restore was interrupted when everything was checked and durable.
        swap(&coming, data)?;
        output.line("A restore that was interrupted has been finished; nothing else was done.")?;
        return Ok(Ending::Done);
    }
    let manifest = check_files(&arguments.from)?;
    anyhow::ensure!(
        manifest.origin == config.gateway.origin,
        "the backup is of the log {}, and the configuration of {}",
        manifest.origin,
        config.gateway.origin
    );
    let mut remembered = own_memory(data)?;
    for path in &arguments.saved {
        remembered.push(saved(path)?);
    }
    let size = compare(&arguments.from.join("audit"), &config, &remembered)?;
    witnesses(
        &config,
        &arguments.from.join("audit"),
        size,
        arguments.without_witnesses,
    )?;
    let replaced = install(&arguments.from, data)?;
    match output.format {
        Format::Json => output.json(&json!({
            "entries": size, "compared": remembered.len(), "replaced": replaced,
        }))?,
        Format::Table => {
            output.line(&format!(
                "{size} entries are in place; compared with {} heads that are remembered, none is beyond it",
                remembered.len()
            ))?;
            for path in replaced {
                output.line(&format!("what was there is in {}", path.display()))?;
            }
        }
    }
    Ok(Ending::Done)
}

/// Refuses while a gateway has the log open.
fn ensure_stopped(data: &Path) -> anyhow::Result<()> {
    let lock = data.join("audit/lock");
    let Ok(file) = File::options().write(true).open(&lock) else {
        return Ok(());
    };
    let is_free = file.try_lock().is_ok();
    anyhow::ensure!(is_free, "a gateway uses {}; stop it first", data.display());
    Ok(())
}

/// Checks every file of a backup against its manifest.
fn check_files(from: &Path) -> anyhow::Result<Manifest> {
    let path = from.join(MANIFEST);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let manifest = Manifest::parse(&text).with_context(|| path.display().to_string())?;
    for file in &manifest.files {
        let path = from.join(&file.path);
        let found = file_digests(&path).with_context(|| path.display().to_string())?;
        anyhow::ensure!(
            found == (file.bytes, file.sha256, file.sm3),
            "{} is not what was backed up: its length or a digest is another one",
            path.display()
        );
    }
    Ok(manifest)
}

/// What the data folder remembers: what it signed last, and the log that is there, also if a restore was interrupted.
fn own_memory(data: &Path) -> anyhow::Result<Vec<Remembered>> {
    let mut remembered = Vec::new();
    for folder in [data.join("audit"), data.join(format!("audit{REPLACED}"))] {
        let signed = folder.join("signed/checkpoint");
        if signed.exists() {
            remembered.push(saved(&signed)?);
        }
        if !folder.is_dir() {
            continue;
        }
        let report = verify(&folder, &Options::default());
        if let Some(head) = report.head {
            remembered.push(Remembered {
                by: format!("the log in {}", folder.display()),
                size: head.size,
                root: head.root,
            });
        }
    }
    Ok(remembered)
}

/// Reads a checkpoint or a receipt that somebody saved.
fn saved(path: &Path) -> anyhow::Result<Remembered> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    let by = path.display().to_string();
    if let Ok(note) = Note::parse(&bytes) {
        let head = Checkpoint::parse(note.text()).with_context(|| by.clone())?;
        return Ok(Remembered {
            by,
            size: head.size(),
            root: *head.root(),
        });
    }
    let receipt = Receipt::parse(&bytes)
        .with_context(|| format!("{by} is neither a checkpoint nor a receipt"))?;
    let note = receipt.proof().note();
    let head = Checkpoint::parse_any(note.text()).with_context(|| by.clone())?;
    Ok(Remembered {
        by,
        size: head.size(),
        root: *head.root(),
    })
}

/// Verifies the log of the backup and holds it against everything remembered; returns its size.
fn compare(audit: &Path, config: &Config, remembered: &[Remembered]) -> anyhow::Result<u64> {
    let report = verify(
        audit,
        &Options {
            expected_origin: Some(config.gateway.origin.clone()),
            observe: remembered.iter().map(|one| one.size).collect(),
            ..Options::default()
        },
    );
    if let Some(fault) = report.fault {
        return Err(anyhow::Error::new(fault).context("the log of the backup does not verify"));
    }
    for one in remembered.iter().filter(|one| one.size > 0) {
        anyhow::ensure!(
            one.size <= report.entries,
            "the backup has {} entries, and {} has {}: restoring it would fork the log; nothing was changed \
             (docs/operations.md, Restoring a backup)",
            report.entries,
            one.by,
            one.size
        );
        let head = report.observed.iter().find(|head| head.size == one.size);
        anyhow::ensure!(
            head.is_some_and(|head| head.root == one.root),
            "the backup has another past than {} at {} entries: restoring it would fork the log; nothing was changed",
            one.by,
            one.size
        );
    }
    Ok(report.entries)
}

/// Asks every witness of the policy what it cosigned last.
fn witnesses(config: &Config, audit: &Path, size: u64, may_miss: bool) -> anyhow::Result<()> {
    for wanted in keys::wanted(config) {
        // Or new ones would be made, which is right for a new log only.
        if let KeyPlace::File(path) = &wanted.place {
            anyhow::ensure!(
                path.exists(),
                "the key file {} is missing: put the keys back first; nothing was changed",
                path.display()
            );
        }
    }
    let ring = KeyRing::open(config)?;
    let Some(cosigners) = Cosigners::open(config, &ring)? else {
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    for (suite, witness, latest) in runtime.block_on(cosigners.latest()) {
        match latest {
            Ok(None) => {}
            Ok(Some(witnessed)) => check_start(size, |at| root_at(audit, suite, at), &witnessed)
                .with_context(|| {
                    format!("the witness {witness} has cosigned more than this backup has, or another past; nothing was changed")
                })?,
            Err(error) if may_miss => {
                tracing::warn!(witness, error = &error as &dyn std::error::Error, "not asked");
            }
            Err(error) => {
                return Err(anyhow::Error::new(error).context(format!(
                    "the witness {witness} cannot be asked what it cosigned last; nothing was changed \
                     (--without-witnesses goes on all the same)"
                )));
            }
        }
    }
    Ok(())
}

/// Why a root cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("the log of the backup cannot be read")]
struct NoRoot(#[source] Box<dyn std::error::Error + Send + Sync>);

/// The root of the backup's log at a size.
fn root_at(audit: &Path, suite: Suite, size: u64) -> Result<Hash, NoRoot> {
    let mut tree = audit_proof::tile::TileAppender::new(suite);
    let reader = FolderReader::open(audit).map_err(|error| NoRoot(error.into()))?;
    for entry in reader
        .entries_from(0)
        .take(usize::try_from(size).unwrap_or(usize::MAX))
    {
        let entry = entry.map_err(|error| NoRoot(error.into()))?;
        let leaf = suite.leaf_hash(&entry.bytes);
        tree.append(leaf).map_err(|error| NoRoot(error.into()))?;
    }
    Ok(tree.root())
}

/// Copies the backup beside its place and changes names; returns where what was there is.
fn install(from: &Path, data: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fs::create_dir_all(data).with_context(|| data.display().to_string())?;
    let coming = data.join(COMING);
    let mut filling = Filling::start(&coming)?;
    for folder in FOLDERS {
        filling.copy_all(&from.join(folder), folder, &|_: &str| false)?;
    }
    filling.seal(&[])?;
    for folder in FOLDERS {
        let old = data.join(format!("{folder}{REPLACED}"));
        anyhow::ensure!(
            !old.exists(),
            "{} is there from a restore before; move it away",
            old.display()
        );
    }
    filling.finish()?;
    swap(&coming, data)
}

/// Gives the folders that are still in `coming` their places; repeated after a crash it goes on where it was.
pub(super) fn swap(coming: &Path, data: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut replaced = Vec::new();
    for folder in FOLDERS {
        if !coming.join(folder).is_dir() {
            continue;
        }
        let (place, old) = (data.join(folder), data.join(format!("{folder}{REPLACED}")));
        if place.is_dir() {
            fs::rename(&place, &old).with_context(|| place.display().to_string())?;
            replaced.push(old);
        }
        fs::rename(coming.join(folder), &place).with_context(|| place.display().to_string())?;
    }
    fs::remove_dir(coming).with_context(|| coming.display().to_string())?;
    // A cache of the log that was there.
    let index = data.join("index");
    if index.is_dir() {
        fs::remove_dir_all(&index).with_context(|| index.display().to_string())?;
    }
    File::open(data)
        .and_then(|folder| folder.sync_all())
        .with_context(|| data.display().to_string())?;
    Ok(replaced)
}
