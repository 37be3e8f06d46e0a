//! Commands about the adapters of a running gateway.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Connection, PurposeArgs};

/// The part of `lawgate adapter` that asks a gateway. The caller is an administrator.
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryCommand {
    /// Upload an adapter (安装) to a running gateway; it converts nothing before it is activated.
    #[command(after_help = "\
Give a package, or the three files where the gateway takes unsigned ones. A configuration alone makes a new version
with the component of the active one, or of --of.

Examples:
  lawgate adapter install --client client/admin.toml --feed noise noise-monitor-0.1.0.lga
  lawgate adapter install --client client/admin.toml --feed police-case --configuration site/police-case.json
  lawgate adapter install --client client/admin.toml --feed noise --component adapter.wasm --manifest adapter.toml --configuration configuration.json")]
    Install(AdapterInstall),
    /// List the versions of every feed: what is active, what runs beside it, what is retired.
    #[command(after_help = "\
Examples:
  lawgate adapter list --client client/admin.toml
  lawgate adapter list --client client/admin.toml --feed hj212 --output json")]
    List(AdapterList),
    /// Show one version: digests, publisher, approvals, limits and what it has used.
    #[command(after_help = "\
Examples:
  lawgate adapter show --client client/admin.toml --feed hj212 --version 2")]
    Show(AdapterVersionArgs),
    /// Approve a version (批准) and make it the active one when enough administrators have.
    #[command(after_help = "\
Submissions under way finish on the version they began with. Where the gateway asks for two approvals, the first call
only approves; exit code 1 says that approvals are missing.

Examples:
  lawgate adapter activate --client client/admin.toml --feed hj212 --version 2 --purpose change-17")]
    Activate(AdapterVersionArgs),
    /// Run a version beside the active one (影子运行) without publishing what it makes; report; or end it.
    #[command(after_help = "\
Examples:
  lawgate adapter shadow --client client/admin.toml --feed hj212 --version 2
  lawgate adapter shadow --client client/admin.toml --feed hj212
  lawgate adapter shadow --client client/admin.toml --feed hj212 --off")]
    Shadow(AdapterShadow),
    /// Let a version convert a share of the submissions (灰度), or end that.
    #[command(after_help = "\
Which submissions is decided by their idempotency keys. Needs the approvals that `activate` needs.

Examples:
  lawgate adapter canary --client client/admin.toml --feed hj212 --version 2 --percent 5
  lawgate adapter canary --client client/admin.toml --feed hj212 --version 2 --percent 0")]
    Canary(AdapterCanary),
    /// End the canary if there is one; otherwise go back (回退) to the version that was active before.
    #[command(after_help = "\
Examples:
  lawgate adapter rollback --client client/admin.toml --feed hj212 --purpose incident-3")]
    Rollback(AdapterFeedArgs),
    /// Take a version out of use for ever (停用); it is kept, because entries name it.
    #[command(after_help = "\
Examples:
  lawgate adapter retire --client client/admin.toml --feed hj212 --version 1")]
    Retire(AdapterVersionArgs),
    /// Show what versions have used since the start of the gateway.
    #[command(after_help = "\
With --prometheus it prints the text format of Prometheus, for a collector that reads files.

Examples:
  lawgate adapter usage --client client/admin.toml
  lawgate adapter usage --client client/admin.toml --prometheus
  lawgate adapter usage --client client/admin.toml --feed hj212 --output json")]
    Usage(AdapterUsage),
    /// Convert the newest kept submissions with a version (试运行) and show where the results differ.
    #[command(after_help = "\
Nothing is published. Values are shown only to those who may see every class of personal data.

Examples:
  lawgate adapter dry-run --client client/admin.toml --feed police-case --version 3 --submissions 50")]
    DryRun(AdapterDryRun),
}

/// `lawgate adapter install`.
#[derive(Debug, Args)]
pub(crate) struct AdapterInstall {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) purpose: PurposeArgs,
    /// Feed the version is for.
    #[arg(long, short, value_name = "ID")]
    pub(crate) feed: String,
    /// A package (.lga) with everything in it.
    #[arg(value_name = "PACKAGE", conflicts_with_all = ["component", "manifest", "configuration", "of"], required_unless_present = "configuration")]
    pub(crate) package: Option<PathBuf>,
    /// Component, where unsigned files are taken.
    #[arg(long, value_name = "FILE", requires_all = ["manifest", "configuration"])]
    pub(crate) component: Option<PathBuf>,
    /// Manifest of the component.
    #[arg(long, value_name = "FILE", requires = "component")]
    pub(crate) manifest: Option<PathBuf>,
    /// Configuration; alone, for the component of an installed version.
    #[arg(long, value_name = "FILE")]
    pub(crate) configuration: Option<PathBuf>,
    /// Version whose component the configuration is for; the active one by default.
    #[arg(
        long,
        value_name = "VERSION",
        default_value_t = 0,
        conflicts_with = "component"
    )]
    pub(crate) of: u32,
}

/// `lawgate adapter list`.
#[derive(Debug, Args)]
pub(crate) struct AdapterList {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Feed; without it, every feed.
    #[arg(long, short, value_name = "ID")]
    pub(crate) feed: Option<String>,
}

/// `lawgate adapter usage`.
#[derive(Debug, Args)]
pub(crate) struct AdapterUsage {
    #[command(flatten)]
    pub(crate) of: AdapterList,
    /// Print the text format of Prometheus.
    #[arg(long)]
    pub(crate) prometheus: bool,
}

/// A feed to act on.
#[derive(Debug, Args)]
pub(crate) struct AdapterFeedArgs {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) purpose: PurposeArgs,
    /// Feed.
    #[arg(long, short, value_name = "ID")]
    pub(crate) feed: String,
}

/// A version to act on.
#[derive(Debug, Args)]
pub(crate) struct AdapterVersionArgs {
    #[command(flatten)]
    pub(crate) of: AdapterFeedArgs,
    /// Number of the version.
    #[arg(long = "version", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) number: u32,
}

/// `lawgate adapter shadow`.
#[derive(Debug, Args)]
pub(crate) struct AdapterShadow {
    #[command(flatten)]
    pub(crate) of: AdapterFeedArgs,
    /// Version to begin with; without it and without --off, the report is printed.
    #[arg(long = "version", value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "off")]
    pub(crate) number: Option<u32>,
    /// End the shadow and print its report.
    #[arg(long)]
    pub(crate) off: bool,
}

/// `lawgate adapter canary`.
#[derive(Debug, Args)]
pub(crate) struct AdapterCanary {
    #[command(flatten)]
    pub(crate) of: AdapterVersionArgs,
    /// Percent of the submissions, with at most two decimals; 0 ends the canary.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) percent: Share,
}

/// `lawgate adapter dry-run`.
#[derive(Debug, Args)]
pub(crate) struct AdapterDryRun {
    #[command(flatten)]
    pub(crate) of: AdapterVersionArgs,
    /// Newest submissions to convert.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) submissions: u32,
}

/// A share in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share(pub(crate) u32);

/// Reads `5`, `0.25` or `100` as a share.
fn percent(text: &str) -> Result<Share, String> {
    let expected = || "expected a percentage from 0 to 100 with at most two decimals".to_owned();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 2 || !is_number(whole) || !is_number(decimals) {
        return Err(expected());
    }
    let whole: u32 = whole.parse().map_err(|_| expected())?;
    let hundredths: u32 = format!("{decimals:0<2}").parse().map_err(|_| expected())?;
    let share = whole.saturating_mul(100).saturating_add(hundredths);
    if share > 10_000 {
        return Err(expected());
    }
    Ok(Share(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_read_exactly() {
        for (text, share) in [
            ("0", 0),
            ("5", 500),
            ("0.25", 25),
            ("12.5", 1250),
            ("100", 10_000),
        ] {
            assert_eq!(percent(text), Ok(Share(share)), "{text}");
        }
        for text in ["", "-1", "100.01", "0.123", "a", "1e2", ".5"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }
}
