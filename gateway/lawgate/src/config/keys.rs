//! Every key of the two files, with default and reason.
//!
//! The one place where a key is declared: reading, faults, defaults and
//! `docs/configuration.md` follow this table. `build` takes each value by the
//! name given here, and a test fails when a key is declared and never taken.

mod audit;
mod bounds;
mod staff;
mod witness;

use super::key::{Fallback, Key, Kind, Section, Target};
use super::rules;

/// Kinds of agencies, as in the envelope of a record.
pub(crate) const AGENCY_KINDS: &[&str] = &[
    "region",
    "police",
    "justice",
    "city-eco",
    "enterprise",
    "public",
];

/// Classes of personal data.
pub(crate) const PERSONAL_CLASSES: &[&str] = &["P", "S", "J", "R"];

/// Roles of staff.
pub(crate) const ROLES: &[&str] = &["auditor", "operator", "administrator", "officer"];

/// Levels of the operator's log, quiet to loud.
pub(crate) const LOG_LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];

/// Trees and chains of the audit log.
pub(crate) const SUITES: &[&str] = &["sha256", "dual"];

/// Hashes of trees that are witnessed.
pub(crate) const TREES: &[&str] = &["sha256", "sm3"];

/// What an outage of witnesses or timestamps leads to.
pub(crate) const ON_OUTAGE: &[&str] = &["refuse", "warn"];

/// Forms of the operator's log.
pub(crate) const LOG_FORMATS: &[&str] = &["text", "json"];

const fn key(name: &'static str, kind: Kind, fallback: Fallback, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        fallback,
        doc,
    }
}

const fn number(
    name: &'static str,
    (min, max): (u64, u64),
    unit: &'static str,
    fallback: u64,
    doc: &'static str,
) -> Key {
    Key {
        name,
        kind: Kind::Integer { min, max, unit },
        fallback: Fallback::Integer(fallback),
        doc,
    }
}

/// `lawgate.toml`, the gateway's own file.
pub(crate) static GATEWAY_FILE: &[Section] = &[
    Section {
        name: "gateway",
        repeated: false,
        doc: "The node.",
        keys: GATEWAY,
    },
    Section {
        name: "listen",
        repeated: false,
        doc: "Where agencies connect. Every connection is mutual TLS; there is no plain-text listener.",
        keys: LISTEN,
    },
    Section {
        name: "limits",
        repeated: false,
        doc: "What one call and one agency may take. Together they bound the memory the node can be made to use.",
        keys: bounds::LIMITS,
    },
    Section {
        name: "audit",
        repeated: false,
        doc: "The audit log (审计日志) on disk.",
        keys: audit::AUDIT,
    },
    Section {
        name: "audit.keys",
        repeated: false,
        doc: "Keys that sign for the audit log (签名密钥). Each is a file with mode 0600, or for Ed25519 `pkcs11:LABEL` in a token when the program is built with the feature `pkcs11`. A new log without key files gets new ones at its first start; a log that was signed and whose key is missing does not start. The public halves lie beside the default files as `.vkey`.",
        keys: audit::KEYS,
    },
    Section {
        name: "audit.witness",
        repeated: false,
        doc: "Witnesses (见证) that cosign checkpoints. Without this table every checkpoint stays provisional.",
        keys: audit::WITNESS,
    },
    Section {
        name: "audit.timestamp",
        repeated: false,
        doc: "A time-stamping authority (时间戳) of RFC 3161. Without this table no token is asked for.",
        keys: audit::TIMESTAMP,
    },
    Section {
        name: "audit.http",
        repeated: false,
        doc: "Checkpoints, tiles and proofs over HTTP (C2SP tlog-tiles) for auditors and witnesses. Entries are served whole: put it behind what decides who may read.",
        keys: audit::HTTP,
    },
    Section {
        name: "evidence",
        repeated: false,
        doc: "Payloads and results (证据) on disk.",
        keys: bounds::EVIDENCE,
    },
    Section {
        name: "vault",
        repeated: false,
        doc: "Keys of personal data (个人信息). With this table every message that may hold any is sealed, and people can be erased; without it everything is kept in the open, and a node that sealed something does not start.",
        keys: VAULT,
    },
    Section {
        name: "index",
        repeated: false,
        doc: "The queryable views. They are a cache and may be deleted; the gateway rebuilds them from the log.",
        keys: bounds::INDEX,
    },
    Section {
        name: "sandbox",
        repeated: false,
        doc: "Limits of every adapter. An adapter that meets one is stopped and its messages are quarantined.",
        keys: bounds::SANDBOX,
    },
    Section {
        name: "adapters",
        repeated: false,
        doc: "The registry of adapters (适配器登记): who may put a version in force, and what one version may use.",
        keys: bounds::ADAPTERS,
    },
    Section {
        name: "metrics",
        repeated: false,
        doc: "What the node does, in numbers, at `/metrics` in the text format of Prometheus. In the clear, and therefore to this machine only.",
        keys: bounds::METRICS,
    },
    Section {
        name: "agency",
        repeated: true,
        doc: "One partner agency (部门) and its rights. What is not granted here is refused; an unknown certificate is refused.",
        keys: AGENCY,
    },
    Section {
        name: "staff",
        repeated: true,
        doc: "One person who works with the node (人员) and the one role the person has. An auditor (审计人员) searches and reads and writes nothing; an operator (运维人员) and an administrator (管理员) read nothing through the gateway. Nobody has two roles, and no certificate of staff is an agency's.",
        keys: staff::STAFF,
    },
    Section {
        name: "calendar",
        repeated: false,
        doc: "Working days (工作日), for the deadlines shown with a case.",
        keys: staff::CALENDAR,
    },
    Section {
        name: "feed",
        repeated: true,
        doc: "One feed (数据源) and the adapter that converts it. At least one.",
        keys: FEED,
    },
    Section {
        name: "log",
        repeated: false,
        doc: "The operator's log on standard error.",
        keys: LOG,
    },
];

/// `client/<agency>.toml`, what the client commands connect with.
pub(crate) static CLIENT_FILE: &[Section] = &[Section {
    name: "",
    repeated: false,
    doc: "What `lawgate submit`, `records` and `quarantine` connect with. The keys stand at the top level.",
    keys: CLIENT,
}];

/// `witness.toml`, what `lawgate witness` runs with.
pub(crate) static WITNESS_FILE: &[Section] = &[
    Section {
        name: "witness",
        repeated: false,
        doc: "The witness (见证).",
        keys: witness::WITNESS,
    },
    Section {
        name: "log",
        repeated: true,
        doc: "One log that it watches. At least one.",
        keys: witness::LOG,
    },
];

const GATEWAY: &[Key] = &[
    key(
        "data_dir",
        Kind::Path(Target::OwnFolder),
        Fallback::Text("data"),
        "Folder of the log, the evidence and the index; made when it is missing. One gateway at a time uses it.",
    ),
    key(
        "origin",
        Kind::Text(&rules::ORIGIN),
        Fallback::Required,
        "Name of the audit log, for example `lawgate.baotou.example/2026`. It is part of the first link, so it cannot be changed for an existing log and must never be used for a second one; that is why it has no default.",
    ),
    key(
        "name",
        Kind::Text(&rules::NAME),
        Fallback::Text("lawgate"),
        "Name of this node for people: in the operator's log and at start.",
    ),
];

const LISTEN: &[Key] = &[
    key(
        "address",
        Kind::Text(&rules::ADDRESS),
        Fallback::Text("127.0.0.1:7443"),
        "Address to listen on. Port 0 takes a free port; the bound address is printed at start. The default is reachable from this machine only, so that opening a gateway to a network is a decision.",
    ),
    key(
        "certificate",
        Kind::Path(Target::CertificatePem),
        Fallback::Required,
        "Certificate chain of the gateway, leaf first.",
    ),
    key(
        "key",
        Kind::Path(Target::KeyPem),
        Fallback::Required,
        "Private key of the certificate (PKCS #8, SEC 1 or PKCS #1).",
    ),
    key(
        "client_ca",
        Kind::Path(Target::CertificatePem),
        Fallback::Required,
        "Certificate authorities that may sign agencies' certificates. A certificate they signed still needs an `[[agency]]` that names it.",
    ),
    number(
        "handshake_timeout_ms",
        (100, 60_000),
        "milliseconds",
        5_000,
        "Longest TLS handshake. Ends connections that are opened and left; 5 s is generous for a slow government network.",
    ),
    number(
        "max_connections",
        (1, 65_536),
        "connections",
        1_024,
        "Most connections at the same time. More wait in the kernel's queue.",
    ),
    number(
        "max_streams_per_connection",
        (1, 10_000),
        "calls",
        64,
        "Most calls at the same time on one connection (HTTP/2 streams). One submission stream is one call.",
    ),
    number(
        "drain_timeout_ms",
        (0, 600_000),
        "milliseconds",
        10_000,
        "How long running calls may go on after a stop signal. What was acknowledged is durable either way.",
    ),
];

const AGENCY: &[Key] = &[
    key(
        "id",
        Kind::Text(&rules::IDENTIFIER),
        Fallback::Required,
        "Short stable name; it goes into the audit log and is never used again for another agency.",
    ),
    key(
        "name",
        Kind::Text(&rules::NAME),
        Fallback::Required,
        "Name for people, for example `包头市公安局`.",
    ),
    key(
        "kind",
        Kind::Choice(AGENCY_KINDS),
        Fallback::Required,
        "What the agency is; part of every record's envelope.",
    ),
    key(
        "certificates",
        Kind::Texts(&rules::CERTIFICATE_NAME),
        Fallback::Required,
        "Certificates it comes with: URIs of the subject alternative name (they survive renewal) or SHA-256 fingerprints of single certificates. One certificate belongs to one agency only.",
    ),
    key(
        "submit",
        Kind::Texts(&rules::FEED_OR_ALL),
        Fallback::Empty,
        "Feeds it may submit to.",
    ),
    key(
        "read",
        Kind::Texts(&rules::FEED_OR_ALL),
        Fallback::Empty,
        "Feeds it may read.",
    ),
    key(
        "personal",
        Kind::Choices(PERSONAL_CLASSES),
        Fallback::Empty,
        "Classes of personal data it sees unmasked: `P` personal (个人信息), `S` sensitive personal (敏感个人信息), `J` criminal procedure (刑事诉讼), `R` reporter (举报人保密). Nothing by default.",
    ),
    key(
        "party_keys",
        Kind::Texts(&rules::PARTY_KEY),
        Fallback::Empty,
        "Public keys it may sign its submissions with (报送签名). A new key is added beside the old one, which stays until nothing signed with it is under way; one key belongs to one agency only.",
    ),
    key(
        "must_sign",
        Kind::Flag,
        Fallback::Flag(false),
        "Whether a submission of the agency without its signature is refused. Signing makes entries that nobody sent, and submissions that were never logged, visible; it is off by default because the agency needs a key and a counter first.",
    ),
];

/// `[vault]`.
const VAULT: &[Key] = &[
    key(
        "key",
        Kind::Path(Target::File),
        Fallback::Nothing,
        "Key of the data keys, mode 0600, as `lawgate personal key` makes it. Keep it, and a copy of it, where the data is not: with the data it opens everything, and without it nothing can be opened.",
    ),
    key(
        "reporter_key",
        Kind::Path(Target::File),
        Fallback::Nothing,
        "Another such key, for the identity of reporters (举报人) alone.",
    ),
    number(
        "approvers",
        (1, 2),
        "officers",
        2,
        "Officers that have to ask for the same erasure before it is carried out.",
    ),
];

const FEED: &[Key] = &[
    key(
        "id",
        Kind::Text(&rules::IDENTIFIER),
        Fallback::Required,
        "Name agencies submit to; part of every audit entry of the feed.",
    ),
    key(
        "kind",
        Kind::Text(&rules::IDENTIFIER),
        Fallback::Required,
        "Kind of the feed; one of the `feed_kinds` of the adapter's manifest.",
    ),
    key(
        "adapter",
        Kind::Path(Target::AdapterFolder),
        Fallback::Nothing,
        "Folder of the adapter the feed begins with: `adapter.wasm`, `adapter.toml`, `configuration.json`. It decides until the first activation through the registry; without it, submissions are refused until then.",
    ),
    key(
        "configuration",
        Kind::Path(Target::File),
        Fallback::Nothing,
        "Configuration to use in place of the `configuration.json` in the adapter's folder.",
    ),
    key(
        "component_sha256",
        Kind::Text(&rules::SHA256),
        Fallback::Nothing,
        "SHA-256 of `adapter.wasm`. When set, the gateway refuses to start with any other component.",
    ),
];

const LOG: &[Key] = &[
    key(
        "level",
        Kind::Choice(LOG_LEVELS),
        Fallback::Text("info"),
        "Least severity that is written.",
    ),
    key(
        "format",
        Kind::Choice(LOG_FORMATS),
        Fallback::Text("text"),
        "`text` for people, `json` for a log collector: one object a line.",
    ),
];

const CLIENT: &[Key] = &[
    key(
        "address",
        Kind::Text(&rules::ADDRESS),
        Fallback::Required,
        "Address of the gateway. `--address` takes its place.",
    ),
    key(
        "ca",
        Kind::Path(Target::CertificatePem),
        Fallback::Required,
        "Certificate authority that signed the gateway's certificate.",
    ),
    key(
        "certificate",
        Kind::Path(Target::CertificatePem),
        Fallback::Required,
        "Certificate of the agency.",
    ),
    key(
        "key",
        Kind::Path(Target::KeyPem),
        Fallback::Required,
        "Private key of the agency's certificate.",
    ),
    key(
        "server_name",
        Kind::Text(&rules::HOST),
        Fallback::Nothing,
        "Name the gateway's certificate must carry; without it, the host of `address`.",
    ),
    key(
        "agency",
        Kind::Text(&rules::IDENTIFIER),
        Fallback::Nothing,
        "Id of the agency at the gateway. It is part of what `lawgate submit --party-key` signs and needed for nothing else.",
    ),
];
