//! The commands about what leaves the node: archives, backups, and putting one back.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `lawgate archive`.
#[derive(Debug, Subcommand)]
pub(crate) enum ArchiveCommand {
    /// Export a closed range of the log with everything that proves it; the gateway must be stopped.
    #[command(after_help = "\
A range is made of whole segments; which there are is said when it does not fit. The result is checked before it is
reported, and the log notes the export. Anybody checks it with `lawgate-verify archive DIR`.

Examples:
  lawgate archive export --range 0.. --to /archive/2026-11
  lawgate archive export --range 0..250112 --to /archive/2026-11 --without-evidence")]
    Export(ArchiveExport),
    /// Remove entries from the node that are in an archive; the gateway must be stopped.
    #[command(after_help = "\
The archive is checked first, and held against the log. Archives are pruned in their order from the first entry on, and
the newest entries always stay. The tree keeps all its hashes, so every proof can still be made; what was removed is said
to be in the archive, by the digest of its manifest. Evidence is not removed. Keep the archive in two places before.

Examples:
  lawgate archive prune --archive /archive/2026-11")]
    Prune(ArchivePrune),
}

/// `lawgate archive prune`.
#[derive(Debug, Args)]
pub(crate) struct ArchivePrune {
    /// Configuration of the gateway.
    #[arg(long, value_name = "FILE", default_value = "lawgate.toml")]
    pub(crate) config: PathBuf,
    /// The archive that has the entries.
    #[arg(long, value_name = "DIR")]
    pub(crate) archive: PathBuf,
}

/// `lawgate archive export`.
#[derive(Debug, Args)]
pub(crate) struct ArchiveExport {
    /// Configuration of the gateway.
    #[arg(long, value_name = "FILE", default_value = "lawgate.toml")]
    pub(crate) config: PathBuf,
    /// Positions: the first one, and the one behind the last; without it up to the last closed segment.
    #[arg(long, value_name = "FROM..TO")]
    pub(crate) range: String,
    /// Folder to make; it must not exist.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// Leave out payloads and results, and export the entries alone.
    #[arg(long)]
    pub(crate) without_evidence: bool,
}

/// `lawgate backup`.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// Configuration of the gateway.
    #[arg(long, value_name = "FILE", default_value = "lawgate.toml")]
    pub(crate) config: PathBuf,
    /// Folder to make; it must not exist.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
}

/// `lawgate restore`.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup.
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// Configuration of the gateway whose data folder it goes into.
    #[arg(long, value_name = "FILE", default_value = "lawgate.toml")]
    pub(crate) config: PathBuf,
    /// Checkpoints and receipts that somebody saved: the backup must have all of them.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) saved: Vec<PathBuf>,
    /// Go on although a witness cannot be asked what it cosigned last.
    #[arg(long)]
    pub(crate) without_witnesses: bool,
}
