//! The commands of the officer for personal data: find, hold, restrict, erase, disclose.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Connection, PurposeArgs};

/// `lawgate personal`.
#[derive(Debug, Subcommand)]
pub(crate) enum PersonalCommand {
    /// Find people (当事人、举报人) by a value of theirs or by a case, and the keys the other commands take.
    #[command(after_help = "\
The search is an entry of the log before anything is looked for; the value stands in it as a commitment.

Examples:
  lawgate personal find --client client/officer-01.toml 11010119900307471X
  lawgate personal find --client client/officer-01.toml --case 包环移〔2026〕3号")]
    Find(PersonalFind),
    /// Put a case under legal hold (证据保全): nothing may be erased of it.
    #[command(after_help = "\
Examples:
  lawgate personal hold --client client/officer-01.toml --basis CPL-54 包环移〔2026〕3号")]
    Hold(PersonalHold),
    /// Release a case from legal hold.
    #[command(after_help = "\
Examples:
  lawgate personal release --client client/officer-01.toml --basis CPL-54 包环移〔2026〕3号")]
    Release(PersonalHold),
    /// Restrict the processing of people's values to storage (个人信息保护法 art. 47), or lift that.
    #[command(after_help = "\
Examples:
  lawgate personal restrict --client client/officer-01.toml --basis PIPL-47-2 k17
  lawgate personal restrict --client client/officer-01.toml --basis PIPL-47-2 --lift k17")]
    Restrict(PersonalRestrict),
    /// Erase people in their cases by destroying keys (删除). It cannot be undone.
    #[command(after_help = "\
Where two officers have to approve, the first call asks and exit code 1 says that the other is waited for.

Examples:
  lawgate personal erase --client client/officer-01.toml --basis PIPL-47 --yes k17")]
    Erase(PersonalErase),
    /// Say how much is sealed, held, restricted and waiting.
    #[command(after_help = "\
Examples:
  lawgate personal status --client client/officer-01.toml --output json")]
    Status(Connection),
    /// Disclose chosen fields of a record (披露), each with what opens its commitment.
    #[command(after_help = "\
Each value is checked against its commitment before it is printed. JSON output has everything a court needs to check it
against the log.

Examples:
  lawgate personal disclose --client client/police.toml --id 01KX3Z5E8G00000000008000G0 case_transfer.suspects[0].name")]
    Disclose(PersonalDisclose),
    /// Make a key file for [vault].
    #[command(after_help = "\
Examples:
  lawgate personal key /etc/lawgate/vault.key")]
    Key(PersonalKey),
}

/// `lawgate personal find`.
#[derive(Debug, Args)]
pub(crate) struct PersonalFind {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) purpose: PurposeArgs,
    /// Only in this case (案号); bracket styles do not matter.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) case: Option<String>,
    /// Identity number, name, telephone number, card or plate, in any spelling.
    #[arg(value_name = "VALUE", required_unless_present = "case")]
    pub(crate) value: Option<String>,
}

/// `lawgate personal hold` and `release`.
#[derive(Debug, Args)]
pub(crate) struct PersonalHold {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Code of the legal basis (法律依据).
    #[arg(long, value_name = "CODE")]
    pub(crate) basis: String,
    /// The case (案号).
    #[arg(value_name = "NUMBER")]
    pub(crate) case: String,
}

/// `lawgate personal restrict`.
#[derive(Debug, Args)]
pub(crate) struct PersonalRestrict {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Code of the legal basis (法律依据).
    #[arg(long, value_name = "CODE")]
    pub(crate) basis: String,
    /// Lift the restriction.
    #[arg(long)]
    pub(crate) lift: bool,
    /// Keys as `find` prints them.
    #[arg(value_name = "KEY", required = true)]
    pub(crate) keys: Vec<String>,
}

/// `lawgate personal erase`.
#[derive(Debug, Args)]
pub(crate) struct PersonalErase {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Code of the legal basis (法律依据).
    #[arg(long, value_name = "CODE")]
    pub(crate) basis: String,
    /// Confirms it: what is erased is gone.
    #[arg(long, required = true)]
    pub(crate) yes: bool,
    /// Keys as `find` prints them.
    #[arg(value_name = "KEY", required = true)]
    pub(crate) keys: Vec<String>,
}

/// `lawgate personal disclose`.
#[derive(Debug, Args)]
pub(crate) struct PersonalDisclose {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) purpose: PurposeArgs,
    /// The record.
    #[arg(long, value_name = "ULID")]
    pub(crate) id: String,
    /// Fields by their paths in the record.
    #[arg(value_name = "FIELD", required = true)]
    pub(crate) fields: Vec<String>,
}

/// `lawgate personal key`.
#[derive(Debug, Args)]
pub(crate) struct PersonalKey {
    /// File to make; it must not exist.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}
