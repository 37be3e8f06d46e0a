//! The commands about what attests a log: receipts, keys, witnesses, checkpoints.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::LogFolder;

/// `lawgate receipt`.
#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Say in plain words what a receipt proves, and whether it is genuine.
    #[command(after_help = "\
The key comes from the operator once and is kept where the log is not. With --log, --tiles or --package the receipt is
also held against a copy of the log or an evidence package (证据包): does it have this entry at this place? An evidence
package in place of a receipt is checked as a whole, the receipts in it included.

Examples:
  lawgate receipt check receipts/17.receipt --key keys/receipt.vkey
  lawgate receipt check receipts/17.receipt --policy audit.policy --log data/audit
  lawgate receipt check receipts/17.receipt --policy audit.policy --tiles mirror --output json
  lawgate receipt check receipts/17.receipt --policy audit.policy --package case.evp
  lawgate receipt check case.evp --policy audit.policy")]
    Check(ReceiptCheck),
}

/// `lawgate receipt check`.
#[derive(Debug, Args)]
pub(crate) struct ReceiptCheck {
    /// The receipt, or an evidence package.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Receipt key: a verifier key, or the file it stands in.
    #[arg(long, value_name = "VKEY", conflicts_with = "policy")]
    pub(crate) key: Option<String>,
    /// Policy with the receipt key among its logs.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Folder of the log to hold it against.
    #[arg(long, value_name = "DIR", conflicts_with = "tiles")]
    pub(crate) log: Option<PathBuf>,
    /// Folder with the published tiles to hold it against.
    #[arg(long, value_name = "DIR")]
    pub(crate) tiles: Option<PathBuf>,
    /// Evidence package to hold it against.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["log", "tiles"])]
    pub(crate) package: Option<PathBuf>,
}

/// `lawgate keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key pair: a private file for one machine and a public line for everybody else.
    #[command(after_help = "\
The public half lies beside the private one with the ending .vkey. A gateway makes the keys it misses for a new log
by itself; this is for the others and for making keys elsewhere.

Examples:
  lawgate keys generate --kind ed25519 lawgate.baotou.example/2026 --out keys/checkpoint.pem
  lawgate keys generate --kind witness police.baotou.example/witness --out witness.pem")]
    Generate(KeysGenerate),
    /// Replace a signing key of a stopped gateway, and say so in its log (密钥更换).
    #[command(after_help = "\
Makes the new key, has both keys sign the statement, enters it, publishes with the old key a last time, puts the new
file in the place of the old one and writes the key history. Give the new public line to witnesses and verifiers.

Examples:
  lawgate keys rotate --key checkpoint
  lawgate keys rotate --config /etc/lawgate/lawgate.toml --key receipt")]
    Rotate(KeysRotate),
    /// Say in the log of a stopped gateway that a key must not be believed beyond a size (密钥作废).
    #[command(after_help = "\
The key must be out of use: rotate it first.

Examples:
  lawgate keys revoke keys/checkpoint.retired-4096.vkey --last-good 4000")]
    Revoke(KeysRevoke),
}

/// Kind of a key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyKindArgument {
    /// Checkpoints and receipts of a log.
    Ed25519,
    /// Checkpoints, against quantum computers.
    #[value(name = "ml-dsa-44")]
    MlDsa44,
    /// Checkpoints with SM2 and SM3 (国密).
    Sm2,
    /// Cosignatures of a witness (Ed25519).
    Witness,
}

/// `lawgate keys generate`.
#[derive(Debug, Args)]
pub(crate) struct KeysGenerate {
    /// Kind of the key.
    #[arg(long, value_enum)]
    pub(crate) kind: KeyKindArgument,
    /// Name in its signatures: the origin of the log, `ORIGIN/receipt`, `ORIGIN/sm3`, or that of a witness.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// File of the private half; never overwritten.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// A key of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RotatedKey {
    /// `audit.keys.checkpoint`.
    Checkpoint,
    /// `audit.keys.receipt`.
    Receipt,
    /// `audit.keys.checkpoint_ml_dsa`.
    #[value(name = "checkpoint-ml-dsa")]
    MlDsa,
    /// `audit.keys.checkpoint_sm2`.
    #[value(name = "checkpoint-sm2")]
    Sm2,
    /// `audit.keys.twin`.
    Twin,
}

/// `lawgate keys rotate`.
#[derive(Debug, Args)]
pub(crate) struct KeysRotate {
    /// Configuration file of the gateway, which must not run.
    #[arg(long, short, value_name = "FILE", default_value = "lawgate.toml")]
    pub(crate) config: PathBuf,
    /// Which key.
    #[arg(long, value_enum)]
    pub(crate) key: RotatedKey,
}

/// `lawgate keys revoke`.
#[derive(Debug, Args)]
pub(crate) struct KeysRevoke {
    /// Configuration file of the gateway, which must not run.
    #[arg(long, short, value_name = "FILE", default_value = "lawgate.toml")]
    pub(crate) config: PathBuf,
    /// The key: a verifier key, or the file it stands in.
    #[arg(value_name = "VKEY")]
    pub(crate) key: String,
    /// Largest size of the log at which its signature is known to be good.
    #[arg(long, value_name = "SIZE")]
    pub(crate) last_good: u64,
}

/// `lawgate witness`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Witness {
    #[command(subcommand)]
    pub(crate) command: Option<WitnessCommand>,
    /// Configuration file.
    #[arg(long, short, value_name = "FILE", default_value = "witness.toml")]
    pub(crate) config: PathBuf,
}

/// `lawgate witness …`.
#[derive(Debug, Subcommand)]
pub(crate) enum WitnessCommand {
    /// Make the key and the configuration of a witness.
    #[command(after_help = "\
Prints the line that the operator of the log adds to its policy.

Examples:
  lawgate witness init witness --name police.example/witness --policy audit.policy
  lawgate witness init witness --name court.example/witness --policy audit.policy --address 0.0.0.0:7480")]
    Init(WitnessInit),
}

/// `lawgate witness init`.
#[derive(Debug, Args)]
pub(crate) struct WitnessInit {
    /// Folder to fill; made when it is missing. Nothing in it is ever overwritten.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Name of the witness in its cosignatures.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// Policy with the keys of the logs to watch, as their operator gave it.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: PathBuf,
    /// Address the witness will listen on.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7480")]
    pub(crate) address: String,
}

/// `lawgate audit checkpoint`.
#[derive(Debug, Args)]
pub(crate) struct AuditCheckpoint {
    #[command(flatten)]
    pub(crate) log: LogFolder,
    /// Policy to judge it by: whom to believe, and how many witnesses have to cosign.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

/// Whom `lawgate init` names as witnesses.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct InitWitnesses {
    /// Witness (见证) of another agency that has to cosign checkpoints, with the line its `witness init` printed. Without
    /// any, three development witnesses are made in the folder.
    #[arg(
        long = "witness",
        value_name = "NAME=URL=KEY",
        conflicts_with = "witness_addresses"
    )]
    pub(crate) witnesses: Vec<String>,
    /// Address of a development witness; given three times, once for each. By default 127.0.0.1, ports 7481 to 7483.
    #[arg(long = "witness-address", value_name = "HOST:PORT")]
    pub(crate) witness_addresses: Vec<String>,
    /// How many of the witnesses have to cosign; by default more than half.
    #[arg(long, value_name = "COUNT")]
    pub(crate) quorum: Option<usize>,
    /// Name no witnesses: every checkpoint stays provisional, and nobody else can tell a rewritten log.
    #[arg(long, conflicts_with_all = ["witnesses", "witness_addresses", "quorum"])]
    pub(crate) no_witnesses: bool,
}
