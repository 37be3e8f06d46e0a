//! The configuration as types: what the rest of the binary is built from.
//!
//! Plain values. Paths are resolved against the folder of the file, times are
//! `Duration`, sizes are bytes; what each key means stands in `keys`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use audit_log::LogSuite;
use audit_log::party::PartyKey;
use audit_proof::key::VerifierKey;
use audit_proof::suite::Suite;

/// The gateway's configuration, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// The node.
    pub(crate) gateway: Gateway,
    /// Where agencies connect.
    pub(crate) listen: Listen,
    /// What one call and one agency may take.
    pub(crate) limits: Limits,
    /// The audit log on disk.
    pub(crate) audit: Audit,
    /// Payloads and results on disk.
    pub(crate) evidence: Evidence,
    /// Keys of personal data.
    pub(crate) vault: Option<VaultKeys>,
    /// The queryable views.
    pub(crate) index: Index,
    /// Limits of every adapter.
    pub(crate) sandbox: Sandbox,
    /// The registry of adapters.
    pub(crate) adapters: Adapters,
    /// Where metrics are served; `None`: nowhere.
    pub(crate) metrics: Option<Address>,
    /// Partner agencies; ids and certificates are unique.
    pub(crate) agencies: Vec<Agency>,
    /// Staff; ids, names and certificates are unique and no agency's.
    pub(crate) staff: Vec<Staff>,
    /// File of working days.
    pub(crate) calendar: Option<PathBuf>,
    /// Feeds; ids are unique. At least one.
    pub(crate) feeds: Vec<Feed>,
    /// The operator's log.
    pub(crate) log: Logging,
}

/// `[gateway]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gateway {
    /// Folder of the log, the evidence and the index.
    pub(crate) data_dir: PathBuf,
    /// Name of the audit log.
    pub(crate) origin: String,
    /// Name for people.
    pub(crate) name: String,
}

/// A host and a port; the host is a name or an IP address without brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Name or IP address.
    pub(crate) host: String,
    /// Port; 0 takes a free one.
    pub(crate) port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

/// `[listen]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listen {
    /// Address to listen on.
    pub(crate) address: Address,
    /// PEM file of the gateway's certificate chain.
    pub(crate) certificate: PathBuf,
    /// PEM file of its private key.
    pub(crate) key: PathBuf,
    /// PEM file of the authorities that sign agencies.
    pub(crate) client_ca: PathBuf,
    /// Longest TLS handshake.
    pub(crate) handshake_timeout: Duration,
    /// Most connections.
    pub(crate) max_connections: usize,
    /// Most calls on one connection.
    pub(crate) max_streams_per_connection: u32,
    /// How long running calls may go on after a stop signal.
    pub(crate) drain_timeout: Duration,
}

/// `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Most payload bytes in one submission.
    pub(crate) submission_bytes: usize,
    /// Most messages in one submission.
    pub(crate) submission_messages: usize,
    /// Most submissions of one agency under way.
    pub(crate) in_flight_submissions: usize,
    /// Most payload bytes of one agency under way.
    pub(crate) in_flight_bytes: usize,
    /// Most records on one page.
    pub(crate) page_size: u32,
    /// Longest time of one call.
    pub(crate) request_deadline: Duration,
}

/// `[audit]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Audit {
    /// Hashes of the log.
    pub(crate) suite: LogSuite,
    /// How often a log that grew is published.
    pub(crate) checkpoint_interval: Duration,
    /// What happens when witnesses or timestamps are missing.
    pub(crate) outage: Outage,
    /// Who signs.
    pub(crate) keys: AuditKeys,
    /// Who cosigns.
    pub(crate) witness: Option<WitnessPolicy>,
    /// Who stamps the time.
    pub(crate) timestamp: Option<Timestamping>,
    /// Where tiles and checkpoints are served.
    pub(crate) http: Option<Address>,
    /// Size of one segment file, in bytes.
    pub(crate) segment_bytes: u64,
    /// Most entries waiting for the disk.
    pub(crate) queue_entries: usize,
    /// Most bytes waiting for the disk.
    pub(crate) queue_bytes: usize,
}

/// How long attestation may be missing, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outage {
    /// How long.
    pub(crate) after: Duration,
    /// Whether exchanges are refused then.
    pub(crate) refuses: bool,
}

/// `[audit.keys]`; files are resolved, with their defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditKeys {
    /// Ed25519 key of checkpoints.
    pub(crate) checkpoint: KeyPlace,
    /// Ed25519 key of receipts.
    pub(crate) receipt: KeyPlace,
    /// ML-DSA-44 key of checkpoints.
    pub(crate) ml_dsa: Option<PathBuf>,
    /// SM2 key of checkpoints of the SHA-256 tree.
    pub(crate) sm2: Option<PathBuf>,
    /// SM2 key of the SM3 tree.
    pub(crate) twin: PathBuf,
    /// The token, where all three keys of it are there.
    pub(crate) token: Option<Token>,
}

/// Where a private key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    /// In a file.
    File(PathBuf),
    /// In the token, under a label.
    Token(String),
}

/// A PKCS#11 token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Shared library of its vendor.
    pub(crate) module: PathBuf,
    /// Its label.
    pub(crate) label: String,
    /// File with the user's PIN.
    pub(crate) pin_file: PathBuf,
}

/// `[audit.witness]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WitnessPolicy {
    /// The policy's file.
    pub(crate) policy: PathBuf,
    /// PEM file of the authorities of witnesses.
    pub(crate) authorities: Option<PathBuf>,
    /// Longest exchange.
    pub(crate) deadline: Duration,
}

/// `[audit.timestamp]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timestamping {
    /// Address of the authority.
    pub(crate) url: String,
    /// PEM file of the roots of its tokens.
    pub(crate) roots: PathBuf,
    /// PEM file of the authorities of the connection.
    pub(crate) authorities: Option<PathBuf>,
    /// How often a checkpoint is stamped.
    pub(crate) interval: Duration,
}

/// `[evidence]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// Size of one segment file, in bytes.
    pub(crate) segment_bytes: u64,
    /// Most bytes waiting for the disk.
    pub(crate) queue_bytes: usize,
    /// Font of the statement of evidence packages.
    pub(crate) statement_font: Option<PathBuf>,
}

/// `[vault]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VaultKeys {
    /// File of the key of ordinary data keys.
    pub(crate) key: PathBuf,
    /// File of the key of reporters' data keys.
    pub(crate) reporter_key: PathBuf,
    /// Officers that an erasure takes.
    pub(crate) approvers: u32,
}

/// `[index]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Index {
    /// Rows in one transaction.
    pub(crate) batch_rows: usize,
    /// How long a query waits for the index.
    pub(crate) wait: Duration,
}

/// `[sandbox]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sandbox {
    /// Most memory of one conversion, in bytes.
    pub(crate) memory_bytes: usize,
    /// Longest time of one conversion.
    pub(crate) deadline: Duration,
    /// How often the deadline is looked at.
    pub(crate) tick: Duration,
    /// Most bytes taken from one conversion.
    pub(crate) output_bytes: usize,
    /// Most log lines taken from one conversion.
    pub(crate) log_lines: u32,
    /// Most stack of one conversion, in bytes.
    pub(crate) stack_bytes: usize,
    /// Conversions at the same time; 0 is the number of cores.
    pub(crate) workers: usize,
    /// Largest component file, in bytes.
    pub(crate) component_bytes: u64,
    /// Most processor time of a compilation.
    pub(crate) compile_deadline: Duration,
    /// Most memory of the compiling child process, in bytes.
    pub(crate) compile_memory_bytes: u64,
    /// The program of the compiling child process; `None`: the one beside this program.
    pub(crate) compiler: Option<PathBuf>,
}

/// `[adapters]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Adapters {
    /// File of the keys of publishers.
    pub(crate) publishers: Option<PathBuf>,
    /// Whether an upload must be signed.
    pub(crate) require_signature: bool,
    /// Agencies that may change the registry.
    pub(crate) administrators: Vec<String>,
    /// Approvals a version needs.
    pub(crate) approvals: usize,
    /// Failures in a row that open a breaker; 0 never.
    pub(crate) breaker_failures: u32,
    /// First pause of an open breaker.
    pub(crate) breaker_pause: Duration,
    /// Most messages given to one call.
    pub(crate) messages_per_call: usize,
    /// Most calls of one version at the same time; 0 is the number of workers.
    pub(crate) concurrency: usize,
}

/// `[[agency]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agency {
    /// Short stable name.
    pub(crate) id: String,
    /// Name for people.
    pub(crate) name: String,
    /// Kind: `region`, `police`, `justice`, `city-eco`, `enterprise`, `public`.
    pub(crate) kind: String,
    /// How its certificates are recognised; at least one.
    pub(crate) certificates: Vec<CertificateName>,
    /// Feeds it may submit to.
    pub(crate) submit: FeedSet,
    /// Feeds it may read.
    pub(crate) read: FeedSet,
    /// Classes of personal data it sees unmasked.
    pub(crate) personal: BTreeSet<PersonalClass>,
    /// Keys it may sign its submissions with; one key belongs to one agency.
    pub(crate) party_keys: Vec<PartyKey>,
    /// Whether a submission it did not sign is refused.
    pub(crate) must_sign: bool,
}

/// `[[staff]]`. The person's name stays in the file: nothing else needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Staff {
    /// Pseudonym.
    pub(crate) id: String,
    /// `auditor`, `operator` or `administrator`.
    pub(crate) role: Role,
    /// How the person's certificates are recognised; at least one.
    pub(crate) certificates: Vec<CertificateName>,
    /// Feeds whose records are read.
    pub(crate) read: FeedSet,
    /// Classes of personal data seen unmasked.
    pub(crate) personal: BTreeSet<PersonalClass>,
}

/// What a member of staff does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Searches and reads.
    Auditor,
    /// Runs the node.
    Operator,
    /// Decides who may do what.
    Administrator,
    /// Answers for personal data.
    Officer,
}

/// How a certificate is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CertificateName {
    /// By a URI of the subject alternative name.
    Uri(String),
    /// By the SHA-256 of the certificate (DER).
    Sha256([u8; 32]),
}

/// Feeds a right covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FeedSet {
    /// Every feed, also those declared later.
    All,
    /// These feeds; each is declared.
    Only(BTreeSet<String>),
}

/// Class of personal data, as `lawgate.v1.PersonalData` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PersonalClass {
    /// `P`: personal information (个人信息).
    Personal,
    /// `S`: sensitive personal information (敏感个人信息).
    Sensitive,
    /// `J`: criminal procedure (刑事诉讼).
    CriminalProcedure,
    /// `R`: secrecy of the reporter (举报人保密).
    Reporter,
}

/// `[[feed]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Feed {
    /// Name agencies submit to.
    pub(crate) id: String,
    /// Kind, as the adapter's manifest names it.
    pub(crate) kind: String,
    /// Folder of the adapter the feed begins with.
    pub(crate) adapter: Option<PathBuf>,
    /// Configuration in place of the one in the adapter's folder.
    pub(crate) configuration: Option<PathBuf>,
    /// Digest the component must have.
    pub(crate) component_sha256: Option<[u8; 32]>,
}

/// `[log]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logging {
    /// Least severity written: `error`, `warn`, `info`, `debug`, `trace`.
    pub(crate) level: String,
    /// Form of the lines.
    pub(crate) format: LogFormat,
}

/// Form of the operator's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What the client commands connect with (`client/<agency>.toml`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientConfig {
    /// Address of the gateway.
    pub(crate) address: Address,
    /// PEM file of the authority that signed the gateway's certificate.
    pub(crate) ca: PathBuf,
    /// PEM file of the agency's certificate.
    pub(crate) certificate: PathBuf,
    /// PEM file of its private key.
    pub(crate) key: PathBuf,
    /// Name the gateway's certificate must carry; `None`: the host of `address`.
    pub(crate) server_name: Option<String>,
    /// Name of the agency at the gateway; what signing needs.
    pub(crate) agency: Option<String>,
}

/// What a witness runs with (`witness.toml`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WitnessFile {
    /// Its name.
    pub(crate) name: String,
    /// File of its Ed25519 key.
    pub(crate) key: PathBuf,
    /// File of its ML-DSA-44 key.
    pub(crate) ml_dsa_key: Option<PathBuf>,
    /// Folder of what it cosigned last.
    pub(crate) state: PathBuf,
    /// Address to listen on.
    pub(crate) address: Address,
    /// PEM files of its certificate chain and its key.
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
    /// The logs it watches; at least one.
    pub(crate) logs: Vec<WatchedLog>,
}

/// `[[log]]` of a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WatchedLog {
    /// Its name.
    pub(crate) origin: String,
    /// Its keys.
    pub(crate) keys: Vec<VerifierKey>,
    /// Hash of its tree.
    pub(crate) suite: Suite,
}
