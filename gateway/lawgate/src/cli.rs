//! The command line: every command, option and example.
//!
//! Declares and parses; decides nothing. `main` hands each command to the
//! module that does it. `docs/cli.md` is printed from these declarations.

mod adapter;
mod archive;
mod attest;
mod evidence;
mod legal;
mod personal;
mod quarantine;
mod registry;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::output::Format;

pub(crate) use legal::{AuditSearch, CaseCommand, CaseShow, Replay};

pub(crate) use adapter::{
    AdapterBench, AdapterBuild, AdapterCheck, AdapterCommand, AdapterInspect, AdapterNew,
    AdapterPack, AdapterRun, AdapterSign, AdapterSource, AdapterTest, AdapterVerify,
};
pub(crate) use archive::{ArchiveCommand, ArchiveExport, ArchivePrune, Backup, Restore};
pub(crate) use attest::{
    AuditCheckpoint, InitWitnesses, KeyKindArgument, KeysCommand, KeysGenerate, KeysRevoke,
    KeysRotate, ReceiptCheck, ReceiptCommand, RotatedKey, Witness, WitnessCommand, WitnessInit,
};

pub(crate) use evidence::{EvidenceCommand, EvidenceExport};
pub(crate) use personal::{
    PersonalCommand, PersonalDisclose, PersonalErase, PersonalFind, PersonalHold, PersonalKey,
    PersonalRestrict,
};
pub(crate) use quarantine::{
    Quarantine, QuarantineCommand, QuarantineRedrive, QuarantineRetry, QuarantineStateArg,
    QuarantinedArgs,
};
pub(crate) use registry::{
    AdapterCanary, AdapterDryRun, AdapterFeedArgs, AdapterInstall, AdapterList, AdapterShadow,
    AdapterUsage, AdapterVersionArgs, RegistryCommand,
};

/// Exit codes, the same for every command.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused, failed, or the answer is that something is wrong
  2  the command line makes no sense
  3  submit: everything is kept, and something of it is in quarantine (隔离);
     adapter run: a message was rejected";

/// Regulatory data exchange for joint environmental enforcement (联合执法数据交换网关).
#[derive(Debug, Parser)]
#[command(name = "lawgate", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Form of the output.
    #[arg(long, short, global = true, value_enum, default_value = "table")]
    pub(crate) output: Format,
    /// Also print the causes of an error.
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway until it is told to stop.
    #[command(after_help = "\
Examples:
  lawgate serve
  lawgate serve --config /etc/lawgate/lawgate.toml")]
    Serve(ConfigFile),
    /// Check a configuration, or print the reference of every key.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make a folder to try the gateway in: certificates, configuration, client files.
    #[command(after_help = "\
Examples:
  lawgate init try --dev
  lawgate init try --dev --adapters target/adapters --address 127.0.0.1:9443")]
    Init(Init),
    /// Submit messages (提交) to a feed.
    #[command(after_help = "\
Each file is one message; with --lines each line is one. Without --key, the key is made of the content, so that
repeating the command repeats the submission and returns the same receipt.

Examples:
  lawgate submit --client client/region.toml --feed region-clue clue.xml
  lawgate submit --client client/city-eco.toml --feed hj212 --lines packets.txt
  lawgate submit --client client/region.toml --feed region-clue --receipts receipts clue.xml
  cat case.csv | lawgate submit --client client/police.toml --feed police-case --content-type text/csv -")]
    Submit(Submit),
    /// List records (记录), or show one with its provenance (来源).
    #[command(after_help = "\
Examples:
  lawgate records --client client/police.toml --feed region-clue --limit 20
  lawgate records --client client/police.toml --party 91150200114123456X --from 2026-09-01T00:00:00+08:00
  lawgate records --client client/police.toml --id 01KX3Z5E8G00000000008000G0 --output json")]
    Records(Records),
    /// Look at quarantined messages (隔离), convert them again, or close them.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Export evidence packages (证据包); `lawgate-verify` checks them.
    #[command(subcommand)]
    Evidence(EvidenceCommand),
    /// Look at the audit log (审计日志): on disk, where nothing needs to run, or by `search`.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at a case (案件) as the audit log has it.
    #[command(subcommand)]
    Case(CaseCommand),
    /// Convert what was received again (重放) and compare it with what was kept, byte for byte; no gateway is needed.
    #[command(after_help = "\
Every submission is converted with the component and the configuration it names by digest, from the copies in the data
folder, and the results are compared. What differs is printed with both versions, field by field, and the exit code is 1.

Examples:
  lawgate replay --data data
  lawgate replay --data data --position 17
  lawgate replay --data data --case 包环罚〔2026〕12号 --output json
  lawgate replay --package case.evp")]
    Replay(Replay),
    /// Check a receipt (回执) of the audit log; no gateway is needed.
    #[command(subcommand)]
    Receipt(ReceiptCommand),
    /// Make keys (密钥) that sign for an audit log, and replace them.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Be a witness (见证) of other agencies' audit logs until it is told to stop, or prepare to be one.
    #[command(after_help = "\
Examples:
  lawgate witness
  lawgate witness --config /etc/lawgate/witness.toml
  lawgate witness init witness --name police.example/witness --policy audit.policy")]
    Witness(Witness),
    /// Find, hold, restrict, erase and disclose personal data (个人信息).
    #[command(subcommand)]
    Personal(PersonalCommand),
    /// Export closed ranges of the log as archives (归档); the gateway must be stopped.
    #[command(subcommand)]
    Archive(ArchiveCommand),
    /// Back up log and evidence (备份), and verify the copy; the gateway must be stopped.
    #[command(after_help = "\
Keys are not in a backup. With snapshots of the file system nothing needs to be stopped: docs/operations.md, Back up.

Examples:
  lawgate backup --to /backup/2026-11-27")]
    Backup(Backup),
    /// Put a backup in place (恢复), unless that would fork the log; the gateway must be stopped.
    #[command(after_help = "\
The backup is compared with everything that remembers the log: what this data folder signed and holds, what the
witnesses cosigned last, and what is given with --saved. If any of it is larger than the backup, or another log,
nothing is changed: positions that others hold proofs of would be given again.

Examples:
  lawgate restore --from /backup/2026-11-27 --saved receipts/*.receipt export/checkpoint")]
    Restore(Restore),
    /// Make, try, pack and sign adapters (适配器); install and activate versions in a gateway.
    #[command(subcommand)]
    Adapter(AdapterCommand),
    /// Print a completion script for a shell.
    #[command(after_help = "\
Examples:
  lawgate completion bash > /etc/bash_completion.d/lawgate
  lawgate completion fish > ~/.config/fish/completions/lawgate.fish")]
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// The gateway's file.
#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// Configuration file.
    #[arg(long, short, value_name = "FILE", default_value = "lawgate.toml")]
    pub(crate) config: PathBuf,
}

/// `lawgate config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Report every fault of a configuration and of the files it names.
    #[command(after_help = "\
Examples:
  lawgate config check
  lawgate config check --config /etc/lawgate/lawgate.toml --output json")]
    Check(ConfigFile),
    /// Print the reference of every key as Markdown (docs/configuration.md).
    #[command(after_help = "\
Examples:
  lawgate config reference > docs/configuration.md")]
    Reference,
}

/// `lawgate init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Folder to fill; made when it is missing. Nothing in it is ever overwritten.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Confirms that the keys are for development: they lie unprotected in the folder.
    #[arg(long, required = true)]
    pub(crate) dev: bool,
    /// Folder with one folder for each adapter.
    #[arg(long, value_name = "DIR", default_value = "adapters")]
    pub(crate) adapters: PathBuf,
    /// Address the gateway will listen on.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7443")]
    pub(crate) address: String,
    #[command(flatten)]
    pub(crate) witnesses: InitWitnesses,
}

/// How to reach the gateway.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Client file: address, authority, certificate, key.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) client: PathBuf,
    /// Address in place of the one in the client file.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) address: Option<String>,
}

/// What a call is made for; goes into the audit entry.
#[derive(Debug, Args)]
pub(crate) struct PurposeArgs {
    /// Case (案号) the call is made for.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) for_case: Option<String>,
    /// Purpose (事由) of the call in your agency's words.
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<String>,
    /// Code of the legal basis (法律依据).
    #[arg(long, value_name = "CODE")]
    pub(crate) legal_basis: Option<String>,
}

/// `lawgate submit`.
#[derive(Debug, Args)]
pub(crate) struct Submit {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) purpose: PurposeArgs,
    /// Feed to submit to.
    #[arg(long, short, value_name = "ID")]
    pub(crate) feed: String,
    /// Each line of a file is one message; the line ends stay with it.
    #[arg(long)]
    pub(crate) lines: bool,
    /// Idempotency key; by default made of feed and content.
    #[arg(long, short, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Sign each submission with this Ed25519 key (报送签名): a PKCS #8 PEM file. The client file needs `agency`.
    #[arg(long, value_name = "FILE", requires = "party_counter")]
    pub(crate) party_key: Option<PathBuf>,
    /// File that counts what the key has signed; begin with an empty one, and never go back to an old copy.
    #[arg(long, value_name = "FILE", requires = "party_key")]
    pub(crate) party_counter: Option<PathBuf>,
    /// Keep the signed receipts (回执) in this folder, each under its log position; made when it is missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) receipts: Option<PathBuf>,
    /// Content type to state with each message.
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// Most messages in one submission; more are sent as several. A given key is numbered then: KEY/0, KEY/1.
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) batch: u32,
    /// Files; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// `lawgate records`.
#[derive(Debug, Args)]
pub(crate) struct Records {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(flatten)]
    pub(crate) purpose: PurposeArgs,
    /// Show this record with its provenance.
    #[arg(long, value_name = "ULID", conflicts_with_all = ["feed", "entity", "party", "device", "case", "from", "to", "limit"])]
    pub(crate) id: Option<String>,
    /// Feed.
    #[arg(long, short, value_name = "ID")]
    pub(crate) feed: Option<String>,
    /// Entity by its message name: `Observation`, `CaseTransfer`.
    #[arg(long, value_name = "NAME")]
    pub(crate) entity: Option<String>,
    /// Party (当事人): credit code (统一社会信用代码) or name.
    #[arg(long, value_name = "TEXT")]
    pub(crate) party: Option<String>,
    /// Device (设备): MN, camera or terminal.
    #[arg(long, value_name = "ID")]
    pub(crate) device: Option<String>,
    /// Case or document number (案号, 文号); bracket styles do not matter.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) case: Option<String>,
    /// Time the record speaks of, included (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Time the record speaks of, excluded (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// Most records to print; fetched page by page.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

/// Where the log lies.
#[derive(Debug, Args)]
pub(crate) struct LogFolder {
    /// Folder of the log: `audit` in the gateway's data folder.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) log: PathBuf,
}

/// `lawgate audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List entries.
    #[command(after_help = "\
Examples:
  lawgate audit list --log data/audit
  lawgate audit list --log data/audit --agency police --from 100 --to 200
  lawgate audit list --log data/audit --case 包环罚〔2026〕12号 --output json")]
    List(AuditList),
    /// Show one entry with every field.
    #[command(after_help = "\
Examples:
  lawgate audit show --log data/audit 17
  lawgate audit show --log data/audit 17 --raw")]
    Show(AuditShow),
    /// Search the log of a running gateway; for auditors (审计人员), and logged before it is answered.
    #[command(after_help = "\
A case number or a purpose must be given: it goes into the audit entry.

Examples:
  lawgate audit search --client client/audit-01.toml --purpose 法制审核 --case 包环罚〔2026〕12号
  lawgate audit search --client client/audit-01.toml --purpose 法制审核 --text 超标 --newest-first
  lawgate audit search --client client/audit-01.toml --purpose 法制审核 --event exchange.deny --from 2026-09-01T00:00:00+08:00
  lawgate audit search --client client/audit-01.toml --purpose 法制审核 --from-position 0 --to-position 500 --prove")]
    Search(Box<AuditSearch>),
    /// Check the whole log: every frame, entry, link and group.
    #[command(after_help = "\
Exit code 0 says that at least one entry was checked and nothing is wrong.

Examples:
  lawgate audit verify --log data/audit
  lawgate audit verify --log data/audit --output json")]
    Verify(LogFolder),
    /// Show the newest checkpoint (检查点) and what it is worth.
    #[command(after_help = "\
With a policy, exit code 0 says that the checkpoint is final: the log and the quorum of its witnesses signed it.

Examples:
  lawgate audit checkpoint --log data/audit
  lawgate audit checkpoint --log data/audit --policy audit.policy")]
    Checkpoint(AuditCheckpoint),
}

/// `lawgate audit list`.
#[derive(Debug, Args)]
pub(crate) struct AuditList {
    #[command(flatten)]
    pub(crate) log: LogFolder,
    /// First position, included.
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    pub(crate) from: u64,
    /// Last position, excluded.
    #[arg(long, value_name = "POSITION")]
    pub(crate) to: Option<u64>,
    /// Event by name or number.
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: Option<String>,
    /// Feed.
    #[arg(long, short, value_name = "ID")]
    pub(crate) feed: Option<String>,
    /// Agency that acted.
    #[arg(long, value_name = "ID")]
    pub(crate) agency: Option<String>,
    /// Case number (案号); bracket styles do not matter.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) case: Option<String>,
    /// Most entries to print.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: u64,
}

/// `lawgate audit show`.
#[derive(Debug, Args)]
pub(crate) struct AuditShow {
    #[command(flatten)]
    pub(crate) log: LogFolder,
    /// Position of the entry, from 0.
    #[arg(value_name = "POSITION")]
    pub(crate) position: u64,
    /// Also print the entry's bytes (CBOR) in hex.
    #[arg(long)]
    pub(crate) raw: bool,
}

#[cfg(test)]
mod tests;
