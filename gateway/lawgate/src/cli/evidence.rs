//! `lawgate evidence`: what can be asked of evidence packages.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Connection, PurposeArgs};

/// `lawgate evidence`.
#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Export a package that proves itself: entries, messages, records, proofs, adapter, statement, verifier.
    #[command(after_help = "\
The export is a reading: an entry of the log says who exports what and why, another one states the digest of the
package. What your agency may not see is masked or withheld, and the package says so. The file is checked without any
gateway: lawgate-verify case.evp --policy POLICY

Examples:
  lawgate evidence export --client client/justice.toml --case 包环罚〔2026〕12号 --to case.evp
  lawgate evidence export --client client/city-eco.toml --case 包环罚〔2026〕12号 --type transfer --to transfer.evp
  lawgate evidence export --client client/police.toml --record 01KX3Z5E8G00000000008000G0 --to record.evp
  lawgate evidence export --client client/justice.toml --range 100..200 --without-components --to range.evp")]
    Export(EvidenceExport),
}

/// `lawgate evidence export`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("subject").required(true).args(["case", "submission", "record", "range"])))]
pub(crate) struct EvidenceExport {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) purpose: PurposeArgs,
    /// Every record with this case or document number (案号, 文号); bracket styles do not matter.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) case: Option<String>,
    /// The submission with this identity.
    #[arg(long, value_name = "ULID")]
    pub(crate) submission: Option<String>,
    /// The record with this identity.
    #[arg(long, value_name = "ULID")]
    pub(crate) record: Option<String>,
    /// The entries from the first position up to and without the second, none left out.
    #[arg(long, value_name = "A..B", value_parser = range)]
    pub(crate) range: Option<(u64, u64)>,
    /// Kind of package: `transfer` (移送) adds the list of documents that are handed over with a case.
    #[arg(long = "type", value_name = "TYPE", value_enum, requires = "case")]
    pub(crate) kind: Option<PackageKindArgument>,
    /// Leave the components of adapters out; their digests are named.
    #[arg(long)]
    pub(crate) without_components: bool,
    /// Disclose this sealed value (披露), from the record on: `case_transfer.suspects[0].name`; what holds others
    /// discloses these, `*` all that your agency may see. Without it the package has commitments alone.
    #[arg(long, value_name = "FIELD")]
    pub(crate) disclose: Vec<String>,
    /// Disclose sealed messages whole, where your agency may see them.
    #[arg(long)]
    pub(crate) with_payloads: bool,
    /// File to write; one that is there is not overwritten.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
}

/// Kinds of packages that are not plain from their subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PackageKindArgument {
    /// A case handed to another authority (移送).
    Transfer,
}

fn range(text: &str) -> Result<(u64, u64), String> {
    let read = || {
        let (from, to) = text.split_once("..")?;
        Some((from.parse().ok()?, to.parse().ok()?))
    };
    read()
        .filter(|(from, to)| from < to)
        .ok_or_else(|| "expected A..B with A below B, for example 100..200".to_owned())
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn a_range_is_two_positions_the_second_above_the_first() {
        assert_eq!(range("0..1"), Ok((0, 1)));
        for text in ["", "5", "5..5", "9..2", "a..b", "1...2", "-1..2"] {
            assert!(range(text).is_err(), "{text}");
        }
    }
}
