//! Reading what is trusted and what is held, from files into an examination.
//!
//! A file that was named and cannot be read is wrong use; what is in it is for the examination to judge.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use audit_proof::{
    judge::{CLOCK_TOLERANCE, Examination, FreshnessQuestion, Keeper, Questions, Trust},
    key_history::KeyHistory,
    party::PartyKeys,
    policy::Policy,
    timestamp::TrustedRoots,
};

use crate::{node, options::Settings};

/// Reads whom to trust.
pub(crate) fn trust(settings: &Settings) -> anyhow::Result<Trust> {
    let policy = settings.policy.as_deref().map(policy);
    let history = settings.keys.as_deref().map(|path| {
        KeyHistory::parse(&node::read_text(path)?).with_context(|| path.display().to_string())
    });
    Ok(Trust {
        policy: policy.transpose()?,
        key_history: history.transpose()?,
        stamp_roots: settings.tsa_roots.as_deref().map(roots).transpose()?,
    })
}

/// Reads a policy.
pub(crate) fn policy(path: &Path) -> anyhow::Result<Policy> {
    Policy::parse(&node::read(path)?).with_context(|| path.display().to_string())
}

/// Reads the keys of agencies.
pub(crate) fn party_keys(settings: &Settings) -> anyhow::Result<Option<PartyKeys>> {
    let keys = settings.party_keys.as_deref().map(|path| {
        PartyKeys::parse(&node::read_text(path)?).with_context(|| path.display().to_string())
    });
    keys.transpose()
}

/// Returns what is asked, at the time `now_s` by the clock of this machine.
pub(crate) fn questions(settings: &Settings, now_s: u64) -> Questions {
    Questions {
        freshness: settings.max_age.map(|max_age_s| FreshnessQuestion {
            now_s: settings.now.unwrap_or(now_s),
            max_age: Duration::from_secs(max_age_s),
        }),
        clock_tolerance: settings
            .clock_tolerance
            .map_or(CLOCK_TOLERANCE, Duration::from_secs),
        stamp_delay: settings.stamp_delay.map(Duration::from_secs),
        receipts: settings.receipts.is_some(),
        stamps: settings.tsa_roots.is_some(),
        party: settings.party_keys.is_some(),
    }
}

/// Reads PEM certificates; text around them is passed over.
pub(crate) fn roots(path: &Path) -> anyhow::Result<TrustedRoots> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let text = node::read_text(path)?;
    let mut certificates = Vec::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find(BEGIN) {
        let block = &rest[start..];
        let end = block
            .find(END)
            .with_context(|| format!("{}: a certificate has no end", path.display()))?;
        let (block, after) = block.split_at(end + END.len());
        let (_, der) = pem_rfc7468::decode_vec(block.as_bytes()).map_err(|error| {
            anyhow::anyhow!(
                "{}: certificate {}: {error}",
                path.display(),
                certificates.len() + 1
            )
        })?;
        certificates.push(der);
        rest = after;
    }
    anyhow::ensure!(
        !certificates.is_empty(),
        "{}: no certificate",
        path.display()
    );
    TrustedRoots::new(certificates).with_context(|| path.display().to_string())
}

/// Takes what is named on the command line.
pub(crate) fn take_named(
    examination: &mut Examination<'_>,
    settings: &Settings,
) -> anyhow::Result<()> {
    take_checkpoints(
        examination,
        &settings.checkpoint,
        Keeper::Elsewhere,
        settings.threads,
    )?;
    if let Some(folder) = &settings.receipts {
        anyhow::ensure!(folder.is_dir(), "{}: not a folder", folder.display());
        take_receipts(examination, &node::files(folder)?)?;
    }
    anyhow::ensure!(
        settings.token.len() == settings.stamped.len(),
        "each --token needs its --for"
    );
    for (token, note) in settings.token.iter().zip(&settings.stamped) {
        take_token(examination, token, note)?;
    }
    Ok(())
}

/// Takes receipts.
pub(crate) fn take_receipts(
    examination: &mut Examination<'_>,
    files: &[PathBuf],
) -> anyhow::Result<()> {
    for path in files {
        examination.add_receipt(&path.display().to_string(), &node::read(path)?);
    }
    Ok(())
}

/// Takes a time stamp and the checkpoint it is over.
pub(crate) fn take_token(
    examination: &mut Examination<'_>,
    token: &Path,
    note: &Path,
) -> anyhow::Result<()> {
    let (name, note_name) = (token.display().to_string(), note.display().to_string());
    examination.add_stamp(&name, &node::read(token)?, &note_name, &node::read(note)?);
    Ok(())
}

/// Takes checkpoints on several threads: a signature takes longer than reading it.
pub(crate) fn take_checkpoints(
    examination: &mut Examination<'_>,
    files: &[PathBuf],
    keeper: Keeper,
    threads: usize,
) -> anyhow::Result<()> {
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        threads => threads,
    };
    let share = files.len().div_ceil(threads).max(1);
    let empty = Examination::new(examination.trust(), examination.questions().clone());
    let take = |files: &[PathBuf]| -> anyhow::Result<Examination<'_>> {
        let mut part = empty.clone();
        for path in files {
            part.add_checkpoint(&path.display().to_string(), &node::read(path)?, keeper);
        }
        Ok(part)
    };
    let parts: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = files
            .chunks(share)
            .map(|files| scope.spawn(|| take(files)))
            .collect();
        started
            .into_iter()
            .map(std::thread::ScopedJoinHandle::join)
            .collect()
    });
    for part in parts {
        match part {
            Ok(part) => examination.merge(part?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
    Ok(())
}
