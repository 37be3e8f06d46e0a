//! The commands of legal staff: searching the log, the chronicle of a case, replay.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Connection, PurposeArgs};

/// `lawgate audit search`.
#[derive(Debug, Args)]
pub(crate) struct AuditSearch {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) purpose: PurposeArgs,
    /// Case or document number (案号, 文号); bracket styles and width do not matter.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) case: Option<String>,
    /// Party (当事人): credit code (统一社会信用代码), or name of an organisation.
    #[arg(long, value_name = "TEXT")]
    pub(crate) party: Option<String>,
    /// Device (设备): MN, camera or terminal.
    #[arg(long, value_name = "ID")]
    pub(crate) device: Option<String>,
    /// Words (全文) that must all be found, separated by spaces; parts of words and single characters count.
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// Event by name or number; several times for any of them.
    #[arg(long = "event", value_name = "EVENT")]
    pub(crate) events: Vec<String>,
    /// Who acted (主体): agency or member of staff.
    #[arg(long, value_name = "ID")]
    pub(crate) actor: Option<String>,
    /// Feed (数据源).
    #[arg(long, short, value_name = "ID")]
    pub(crate) feed: Option<String>,
    /// Time of the entry, included (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Time of the entry, excluded (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// First position, included.
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    pub(crate) from_position: u64,
    /// Last position, excluded.
    #[arg(long, value_name = "POSITION")]
    pub(crate) to_position: Option<u64>,
    /// Newest entries first.
    #[arg(long)]
    pub(crate) newest_first: bool,
    /// Read the whole range of positions and prove that nothing of it is left out (at most 4096).
    #[arg(long, requires = "to_position", conflicts_with_all = ["from", "to", "newest_first"])]
    pub(crate) prove: bool,
    /// Most entries to print; fetched page by page.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

/// `lawgate case`.
#[derive(Debug, Subcommand)]
pub(crate) enum CaseCommand {
    /// Show everything the log has about a case, in order, with the deadlines (期限) that ran.
    #[command(after_help = "\
Deadlines are hints with their rule and legal basis, never decisions.

Examples:
  lawgate case show --client client/audit-01.toml --purpose 法制审核 包环罚〔2026〕12号
  lawgate case show --client client/audit-01.toml --purpose 法制审核 --output json '包环罚[2026]12号'")]
    Show(CaseShow),
}

/// `lawgate case show`.
#[derive(Debug, Args)]
pub(crate) struct CaseShow {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) purpose: PurposeArgs,
    /// Case or document number (案号, 文号) in any spelling.
    #[arg(value_name = "NUMBER")]
    pub(crate) number: String,
}

/// `lawgate replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Data folder of the gateway, or a copy of it.
    #[arg(long, short, value_name = "DIR", required_unless_present = "package")]
    pub(crate) data: Option<PathBuf>,
    /// Everything in this evidence package (证据包) instead; it needs no data folder.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "id", "position", "from", "to", "case"])]
    pub(crate) package: Option<PathBuf>,
    /// This record (ULID), with the submission it is of.
    #[arg(long, value_name = "ULID", conflicts_with_all = ["position", "from", "to", "case"])]
    pub(crate) id: Option<String>,
    /// The submission at this position.
    #[arg(long, value_name = "POSITION", conflicts_with_all = ["from", "to", "case"])]
    pub(crate) position: Option<u64>,
    /// First position, included.
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    pub(crate) from: u64,
    /// Last position, excluded; without it the end of the log.
    #[arg(long, value_name = "POSITION")]
    pub(crate) to: Option<u64>,
    /// Submissions made for this case, and those with records that name it (案号).
    #[arg(long, value_name = "NUMBER")]
    pub(crate) case: Option<String>,
    /// Key of the vault, to open what is sealed; with the key of reporters.
    #[arg(long, value_name = "FILE", requires = "vault_reporter_key")]
    pub(crate) vault_key: Option<PathBuf>,
    /// Key of the vault's reporters.
    #[arg(long, value_name = "FILE", requires = "vault_key")]
    pub(crate) vault_reporter_key: Option<PathBuf>,
}
