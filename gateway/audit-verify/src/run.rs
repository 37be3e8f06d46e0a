//! What the commands do: each reads evidence, then the log, and lets the examination decide.

use std::path::Path;

use audit_proof::erasure::erasures;
use audit_proof::judge::{Examination, Keeper, Remark, UncheckedReason, Verdict};
use audit_proof::mirror::SM3_FOLDER;

use crate::{
    evidence, node,
    options::{Against, Command, Settings},
    source,
};

/// Runs a command; `now_s` is the time by the clock of this machine, in seconds since 1970.
pub(crate) fn run(command: &Command, now_s: u64) -> anyhow::Result<Verdict> {
    let settings = command.settings();
    let settings = settings.expect("an archive is checked elsewhere");
    let trust = evidence::trust(settings)?;
    let party_keys = evidence::party_keys(settings)?;
    let questions = evidence::questions(settings, now_s);
    let mut examination = Examination::new(&trust, questions);
    evidence::take_named(&mut examination, settings)?;
    let party_keys = party_keys.as_ref();
    let contents = match command {
        Command::Log { folder, .. } => {
            ensure_folder(folder)?;
            Some(source::log(folder, &examination, settings, party_keys))
        }
        Command::Mirror { folder, .. } => {
            ensure_folder(folder)?;
            take_mirror(&mut examination, folder, settings.threads)?;
            Some(source::mirror(folder, &examination, settings, party_keys))
        }
        Command::Archive { .. } => unreachable!("an archive has no settings of a log"),
        Command::All { folder, .. } => {
            ensure_folder(folder)?;
            Some(all(&mut examination, folder, settings, party_keys)?)
        }
        Command::Checkpoint {
            old, new, against, ..
        } => {
            let files = [old.clone(), new.clone()];
            let keeper = Keeper::Elsewhere;
            evidence::take_checkpoints(&mut examination, &files, keeper, settings.threads)?;
            contents(against, &mut examination, settings, party_keys)?
        }
        // A package is judged by itself; the binary asks for it elsewhere.
        Command::Package { .. } => None,
        Command::Receipt { files, against, .. } => {
            evidence::take_receipts(&mut examination, files)?;
            contents(against, &mut examination, settings, party_keys)?
        }
    };
    let mut verdict = examination.decide(contents.as_ref());
    // What is sealed in a sound log and cannot be opened any more is no fault: the log says who erased it.
    if let Command::Log { folder, .. } | Command::All { folder, .. } = command
        && let Ok(erasures) = erasures(folder)
    {
        verdict
            .remarks
            .extend(erasures.into_iter().map(Remark::Erased));
    }
    Ok(verdict)
}

fn ensure_folder(folder: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(folder.is_dir(), "{}: not a folder", folder.display());
    Ok(())
}

/// Reads the log or mirror against which something is held, if any.
fn contents(
    against: &Against,
    examination: &mut Examination<'_>,
    settings: &Settings,
    party_keys: Option<&audit_proof::party::PartyKeys>,
) -> anyhow::Result<Option<audit_proof::judge::Contents>> {
    Ok(match (&against.log, &against.mirror) {
        (Some(folder), _) => {
            ensure_folder(folder)?;
            Some(source::log(folder, examination, settings, party_keys))
        }
        (None, Some(folder)) => {
            ensure_folder(folder)?;
            take_mirror(examination, folder, settings.threads)?;
            Some(source::mirror(folder, examination, settings, party_keys))
        }
        (None, None) => None,
    })
}

/// Takes the checkpoints and time stamps that a mirror keeps, of both trees.
fn take_mirror(
    examination: &mut Examination<'_>,
    folder: &Path,
    threads: usize,
) -> anyhow::Result<()> {
    for folder in [folder.to_owned(), folder.join(SM3_FOLDER)] {
        let newest = folder.join(node::CHECKPOINT);
        let mut files = node::kept_checkpoints(&folder)?;
        files.extend(newest.exists().then_some(newest));
        evidence::take_checkpoints(examination, &files, Keeper::Log, threads)?;
        // Without roots they are not asked for, which the verdict says.
        if examination.trust().stamp_roots.is_some() {
            for (token, note) in node::kept_tokens(&folder)? {
                if note.exists() {
                    evidence::take_token(examination, &token, &note)?;
                } else {
                    let file = token.display().to_string();
                    examination.uncheck(&file, UncheckedReason::NoStampedCheckpoint);
                }
            }
        }
    }
    Ok(())
}

/// Reads everything in a node's audit folder.
fn all(
    examination: &mut Examination<'_>,
    folder: &Path,
    settings: &Settings,
    party_keys: Option<&audit_proof::party::PartyKeys>,
) -> anyhow::Result<audit_proof::judge::Contents> {
    let locks: Vec<_> = node::LOCKS
        .iter()
        .map(|name| folder.join(name))
        .filter(|path| path.exists())
        .collect();
    if locks.is_empty() {
        examination.uncheck(node::LOCKS[0], UncheckedReason::NoLock);
    }
    evidence::take_checkpoints(examination, &locks, Keeper::Log, settings.threads)?;
    let tiles = folder.join(node::TILES);
    if !tiles.is_dir() {
        examination.uncheck(node::TILES, UncheckedReason::NoTiles);
        return Ok(source::log(folder, examination, settings, party_keys));
    }
    take_mirror(examination, &tiles, settings.threads)?;
    Ok(source::node(folder, examination, settings, party_keys))
}
