//! `lawgate keys`: making keys, and replacing those of a stopped gateway.
//!
//! A change of keys is an entry of the log, so that a verifier finds it where it looks anyway. It is made offline, with
//! the lock of the log held: a gateway that runs has its keys in memory and would go on with the old ones.

mod history;

pub(crate) use history::path as history_path;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use audit_log::Clock as _;
use audit_proof::key::{KeyKind, VerifierKey};
use exchange::entry::{KeyPurpose, KeyRevokeEntry, KeyRotateEntry};
use serde_json::json;

use crate::attest::keys::{self, KeyRing, PUBLIC_ENDING, WantedKey};
use crate::attest::{self, Cosigners, OpenNode};
use crate::cli::{KeyKindArgument, KeysCommand, KeysGenerate, KeysRevoke, KeysRotate, RotatedKey};
use crate::config::{self, Config, KeyPlace};
use crate::output::{Ending, Format, Output};
use crate::wiring::SystemClock;

/// Does what is asked with keys.
///
/// # Errors
/// Files that cannot be read or written, a gateway that runs, a log that is not the one that was signed.
pub(crate) fn run(command: &KeysCommand, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    match command {
        KeysCommand::Generate(arguments) => generate(arguments, output),
        KeysCommand::Rotate(arguments) => rotate(arguments, output),
        KeysCommand::Revoke(arguments) => revoke(arguments, output),
    }
}

fn generate(arguments: &KeysGenerate, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let wanted = WantedKey {
        place: KeyPlace::File(arguments.out.clone()),
        name: arguments.name.clone(),
        kind: match arguments.kind {
            KeyKindArgument::Ed25519 => KeyKind::Ed25519,
            KeyKindArgument::MlDsa44 => KeyKind::MlDsa44Cosignature,
            KeyKindArgument::Sm2 => KeyKind::Sm2Sm3,
            KeyKindArgument::Witness => KeyKind::Ed25519Cosignature,
        },
        purpose: KeyPurpose::Log,
    };
    let key = keys::make(&arguments.out, &wanted)?;
    print(&key, &arguments.out, &[], output)?;
    Ok(Ending::Done)
}

/// A verifier key, or the file that it stands in.
///
/// # Errors
/// It is neither.
pub(crate) fn read_key(text: &str) -> anyhow::Result<VerifierKey> {
    if let Ok(key) = VerifierKey::parse(text) {
        return Ok(key);
    }
    let file = std::fs::read_to_string(text)
        .with_context(|| format!("{text} is neither a verifier key nor a file that can be read"))?;
    VerifierKey::parse(file.trim_end()).with_context(|| format!("{text} holds no verifier key"))
}

fn rotate(arguments: &KeysRotate, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let config = config::load(&arguments.config)?;
    let (old_path, wanted) = rotated(&config, arguments.key)?;
    let next_path = keys::next_path(&old_path);
    if !old_path.exists() && next_path.exists() {
        // Killed when the old key had left its place, which is after everything else.
        install_next(&old_path, &next_path)?;
        output.line("A rotation that was interrupted has been finished; nothing else was done.")?;
        return Ok(Ending::Done);
    }
    let ring = KeyRing::open(&config)?;
    let old = keys::load(&wanted, None)?;
    let node = open(&config, &ring)?;

    if !next_path.exists() {
        keys::make(&next_path, &wanted)?;
    }
    let place = KeyPlace::File(next_path.clone());
    let new = keys::load(
        &WantedKey {
            place,
            ..wanted.clone()
        },
        None,
    )?;
    let (old_key, new_key) = (old.key().to_string(), new.key().to_string());
    let origin = &config.gateway.origin;
    let statement = KeyRotateEntry::statement(origin, wanted.purpose, &old_key, &new_key);
    let text = KeyRotateEntry::signed_text(origin, &statement)?;
    let time_s = SystemClock.now_ns() / 1_000_000_000;
    let entry = KeyRotateEntry {
        purpose: wanted.purpose,
        old_signature: old.sign(&text, time_s)?,
        new_signature: new.sign(&text, time_s)?,
        old_key,
        new_key,
    };
    let size = match rotated_at(&node, &entry.new_key)? {
        // Killed after the entry: it is not repeated, and the old key counts up to where it stands.
        Some(size) => {
            attest::close(node)?;
            size
        }
        None => append(node, entry.draft())?,
    };

    let mut known = history::Known::open(&config, &ring)?;
    known.rotate(old.key(), new.key(), size)?;
    known.store()?;
    install(&old_path, &next_path, size)?;
    let policy = config.gateway.data_dir.join("keys").join(keys::POLICY_FILE);
    add_to_policy(&policy, new.key())?;
    let notes = [
        format!("The old key counts up to size {size}."),
        format!(
            "Give the new public line to every witness and verifier: log {}",
            new.key()
        ),
    ];
    print(new.key(), &old_path, &notes, output)?;
    Ok(Ending::Done)
}

fn revoke(arguments: &KeysRevoke, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let config = config::load(&arguments.config)?;
    let ring = KeyRing::open(&config)?;
    let key = read_key(&arguments.key)?;
    let in_force = ring.public().iter().any(|(_, own)| **own == key);
    anyhow::ensure!(
        !in_force,
        "the key is in use: replace it first with `lawgate keys rotate`"
    );
    let node = open(&config, &ring)?;
    let mut known = history::Known::open(&config, &ring)?;
    known.revoke(&key, arguments.last_good)?;
    let entry = KeyRevokeEntry {
        key: key.to_string(),
        last_good_size: arguments.last_good,
    };
    append(node, entry.draft())?;
    known.store()?;
    let path = history::path(&config);
    let note = format!(
        "It is not believed beyond size {}. Give {} to every verifier.",
        arguments.last_good,
        path.display()
    );
    print(&key, &path, &[note], output)?;
    Ok(Ending::Done)
}

/// The file of a key of the configuration, and what is wanted of it.
fn rotated(config: &Config, key: RotatedKey) -> anyhow::Result<(PathBuf, WantedKey)> {
    let is_it = |wanted: &WantedKey| match key {
        RotatedKey::Checkpoint => {
            (wanted.purpose, wanted.kind) == (KeyPurpose::Log, KeyKind::Ed25519)
        }
        RotatedKey::Receipt => wanted.purpose == KeyPurpose::Receipt,
        RotatedKey::MlDsa => wanted.kind == KeyKind::MlDsa44Cosignature,
        RotatedKey::Sm2 => (wanted.purpose, wanted.kind) == (KeyPurpose::Log, KeyKind::Sm2Sm3),
        RotatedKey::Twin => wanted.purpose == KeyPurpose::Twin,
    };
    let wanted = keys::wanted(config).into_iter().find(is_it);
    let wanted = wanted.context("the configuration has no such key")?;
    match &wanted.place {
        KeyPlace::File(path) => Ok((path.clone(), wanted)),
        KeyPlace::Token(label) => anyhow::bail!(
            "the key pkcs11:{label} is in a token; make the new one there and name it in the configuration"
        ),
    }
}

/// Opens the log of a stopped gateway.
pub(crate) fn open(config: &Config, ring: &KeyRing) -> anyhow::Result<OpenNode> {
    anyhow::ensure!(
        config.gateway.data_dir.join("audit").is_dir(),
        "there is no log in {} yet",
        config.gateway.data_dir.display()
    );
    let node = attest::open(config, ring).map_err(|error| {
        let is_used = error.chain().any(|cause| {
            cause
                .downcast_ref::<audit_log::OpenError>()
                .is_some_and(|cause| matches!(cause, audit_log::OpenError::Locked { .. }))
        });
        if is_used {
            error.context("a gateway uses this log; stop it first")
        } else {
            error
        }
    })?;
    let Some(cosigners) = Cosigners::open(config, ring)? else {
        return Ok(node);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    match runtime.block_on(node.check_witnesses(&cosigners)) {
        Ok(()) => Ok(node),
        Err(refused) => Err(attest::close_refused(node, refused)),
    }
}

/// Appends an entry, publishes the log up to it and closes it; returns the size published.
fn append(node: OpenNode, draft: audit_log::Draft) -> anyhow::Result<u64> {
    let OpenNode {
        log, mut publisher, ..
    } = node;
    log.append(draft)?.wait()?;
    let head = log.head();
    let time_s = SystemClock.now_ns() / 1_000_000_000;
    let published = publisher.publish(&head, time_s);
    drop(publisher);
    log.close().context("closing the audit log")?;
    published.context("the checkpoint was not signed")?;
    Ok(head.size)
}

/// Most entries at the end of a log among which an interrupted rotation is looked for: a gateway does not start before it
/// is finished, so few can follow it.
const LOOKED_BACK: u64 = 1_000;

/// Returns the size at which the log says that `new_key` took over, if it says so already.
fn rotated_at(node: &OpenNode, new_key: &str) -> anyhow::Result<Option<u64>> {
    let reader = node.log.reader();
    let from = node
        .log
        .size()
        .saturating_sub(LOOKED_BACK)
        .max(reader.first());
    for stored in reader.entries_from(from) {
        let stored = stored.context("the newest entries cannot be read")?;
        let read = stored.decode().ok();
        let rotation = read.and_then(|entry| KeyRotateEntry::read(&entry));
        if rotation.is_some_and(|rotation| rotation.new_key == new_key) {
            return Ok(Some(stored.position + 1));
        }
    }
    Ok(None)
}

/// Puts the new key in the place of the old one, which stays under a name that says until when it counted.
fn install(path: &Path, next: &Path, size: u64) -> anyhow::Result<()> {
    let retired = path.with_extension(format!("retired-{size}.pem"));
    let rename = |from: &Path, to: &Path| {
        std::fs::rename(from, to)
            .with_context(|| format!("{} cannot become {}", from.display(), to.display()))
    };
    let public = |path: &Path| path.with_extension(PUBLIC_ENDING);
    if public(path).exists() {
        rename(&public(path), &public(&retired))?;
    }
    rename(path, &retired)?;
    install_next(path, next)
}

/// Gives the new key its place, which is empty; its private half last.
fn install_next(path: &Path, next: &Path) -> anyhow::Result<()> {
    let rename = |from: &Path, to: &Path| {
        std::fs::rename(from, to)
            .with_context(|| format!("{} cannot become {}", from.display(), to.display()))
    };
    let public = |path: &Path| path.with_extension(PUBLIC_ENDING);
    if public(next).exists() {
        rename(&public(next), &public(path))?;
    }
    rename(next, path)
}

/// Adds a key to the policy that was made with the first keys, where it is.
fn add_to_policy(path: &Path, key: &VerifierKey) -> anyhow::Result<()> {
    let Ok(text) = std::fs::read_to_string(path) else {
        return Ok(());
    };
    let line = format!("log {key}\n");
    if text.contains(&line) {
        return Ok(());
    }
    let place = text.find("\nquorum ").map_or(text.len(), |place| place + 1);
    let (before, behind) = text.split_at(place);
    let text = format!("{before}{line}{behind}");
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

fn print(
    key: &VerifierKey,
    path: &Path,
    notes: &[String],
    output: &mut Output<'_>,
) -> std::io::Result<()> {
    if output.format == Format::Json {
        return output.json(&json!({ "key": key.to_string(), "file": path, "notes": notes }));
    }
    output.line(&key.to_string())?;
    output.line(&format!("in {}", path.display()))?;
    notes.iter().try_for_each(|note| output.line(note))
}
