//! `lawgate quarantine`.

use clap::{Args, Subcommand, ValueEnum};

use super::{Connection, PurposeArgs};

/// Work on the quarantine (隔离处置).
#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// List quarantined messages with their reasons and what became of them.
    #[command(after_help = "\
Examples:
  lawgate quarantine list --client client/city-eco.toml --feed hj212
  lawgate quarantine list --client client/city-eco.toml --code hj212.crc-bad --state open --output json")]
    List(Quarantine),
    /// Show one message: the reason, and the place in the message as hex and as text.
    #[command(after_help = "\
Examples:
  lawgate quarantine show --client client/city-eco.toml 01KX3Z5E8G00000000008000G0 3")]
    Show(QuarantinedArgs),
    /// Convert one message again (重新转换) with the active version or another; administrators only.
    #[command(after_help = "\
Its records are listed and proved as others. Exit code 3 says that it stays in quarantine.

Examples:
  lawgate quarantine retry --client client/admin.toml 01KX3Z5E8G00000000008000G0 3
  lawgate quarantine retry --client client/admin.toml --version 4 01KX3Z5E8G00000000008000G0 3")]
    Retry(QuarantineRetry),
    /// Convert every open message again that the filter matches; administrators only.
    #[command(after_help = "\
The messages are not edited. It can be repeated at any time: what was converted is left out.

Examples:
  lawgate quarantine redrive --client client/admin.toml --feed hj212 --code adapter.breaker-open")]
    Redrive(QuarantineRedrive),
    /// Close one message without converting it (关闭); administrators only.
    #[command(after_help = "\
Examples:
  lawgate quarantine dismiss --client client/admin.toml --purpose duplicate 01KX3Z5E8G00000000008000G0 3")]
    Dismiss(QuarantinedArgs),
}

/// `lawgate quarantine list`.
#[derive(Debug, Args)]
pub(crate) struct Quarantine {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Feed; without it, every feed you may read.
    #[arg(long, short, value_name = "ID")]
    pub(crate) feed: Option<String>,
    /// Reason code, for example `hj212.crc-bad`.
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,
    /// Only messages in this state.
    #[arg(long, value_enum)]
    pub(crate) state: Option<QuarantineStateArg>,
    /// Also fetch the messages (JSON output only).
    #[arg(long)]
    pub(crate) with_payload: bool,
    /// Most messages to print; fetched page by page.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum QuarantineStateArg {
    /// Nothing yet, or retries that did not convert it.
    Open,
    /// A retry converted it.
    Retried,
    /// It was dismissed.
    Dismissed,
}

/// One quarantined message.
#[derive(Debug, Args)]
pub(crate) struct QuarantinedArgs {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) purpose: PurposeArgs,
    /// Identity of the submission, as `list` prints it.
    #[arg(value_name = "SUBMISSION")]
    pub(crate) submission: String,
    /// Number of the message in it, from 0.
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: u32,
}

/// `lawgate quarantine retry`.
#[derive(Debug, Args)]
pub(crate) struct QuarantineRetry {
    #[command(flatten)]
    pub(crate) of: QuarantinedArgs,
    /// Version that converts; 0 is the active one.
    #[arg(long = "version", value_name = "N", default_value_t = 0)]
    pub(crate) number: u32,
}

/// `lawgate quarantine redrive`.
#[derive(Debug, Args)]
pub(crate) struct QuarantineRedrive {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) purpose: PurposeArgs,
    /// Feed.
    #[arg(long, short, value_name = "ID")]
    pub(crate) feed: String,
    /// Reason code; without it, every code.
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,
    /// Version that converts; 0 is the active one.
    #[arg(long = "version", value_name = "N", default_value_t = 0)]
    pub(crate) number: u32,
    /// Most messages to convert again; done in calls of a hundred.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}
