//! Archives, backups and restoring (归档、备份与恢复): what leaves a node, and what may come back.
//!
//! Offline commands: each opens the log as a starting gateway does, which refuses a log that is not the one that was
//! signed or witnessed, and holds its lock meanwhile. Nothing is overwritten, and a folder gets its name when everything
//! in it is durable and was read back. What an archive is, `audit_proof::archive` says; how it is checked, too.

mod backup;
mod copy;
mod export;
mod prune;
mod restore;
#[cfg(test)]
mod tests;

use anyhow::Context as _;
use audit_log::Draft;

use crate::attest::OpenNode;
use crate::cli::ArchiveCommand;
use crate::output::{Ending, Output};
use crate::wiring::SystemClock;

pub(crate) use backup::run as backup;
pub(crate) use restore::run as restore;

/// Runs a command about archives.
///
/// # Errors
/// What keeps it from being done; nothing is left half done then.
pub(crate) fn run(command: &ArchiveCommand, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    match command {
        ArchiveCommand::Export(arguments) => export::run(arguments, output),
        ArchiveCommand::Prune(arguments) => prune::run(arguments, output),
    }
}

/// Seconds since 1970.
fn now_s() -> u64 {
    use audit_log::Clock as _;
    SystemClock.now_ns() / 1_000_000_000
}

/// Notes something in the log, publishes it and closes the log.
fn note(node: OpenNode, draft: Draft) -> anyhow::Result<()> {
    let OpenNode {
        log, mut publisher, ..
    } = node;
    log.append(draft)?.wait()?;
    let published = publisher.publish(&log.head(), now_s());
    drop(publisher);
    log.close().context("closing the audit log")?;
    published.context("the checkpoint was not signed")?;
    Ok(())
}
