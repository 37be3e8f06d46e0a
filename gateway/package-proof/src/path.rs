//! What the files of a package are called, and what each is.
//!
//! Names are plain ASCII, so that every archiver unpacks them; what they hold stands in the list in both languages.

use audit_proof::hash::{Hash, to_hex};

/// What the package says of itself, for programs.
pub const INDEX: &str = "package.json";
/// The statement, as a web page.
pub const STATEMENT_HTML: &str = "statement.html";
/// The statement, for printing.
pub const STATEMENT_PDF: &str = "statement.pdf";
/// The checkpoint that every proof leads to, with the cosignatures there were.
pub const CHECKPOINT: &str = "checkpoint/checkpoint";
/// The policy of keys and witnesses in force at the gateway; not whom the examiner should trust.
pub const POLICY: &str = "policy/policy";
/// Up to which size each key of the log counts.
pub const KEY_HISTORY: &str = "policy/key-history";
/// That a range is complete.
pub const RANGE_PROOF: &str = "proofs/range.proof";
/// The documents of a transfer, present or missing.
pub const TRANSFER: &str = "transfer.json";
/// The entry that states the SHA-256 of the list.
pub const SEAL_ENTRY: &str = "seal/entry.cbor";
/// The log's receipt for that entry.
pub const SEAL_RECEIPT: &str = "seal/receipt.tlog-proof";
/// The second verifier, in Python: runs as it is, and is an archive of its source.
pub const VERIFIER: &str = "verify/lawgate_verify.pyz";
/// How to check the package with two tools.
pub const INSTRUCTIONS: &str = "verify/README.txt";

/// Canonical bytes of an entry.
#[must_use]
pub fn entry(position: u64) -> String {
    format!("entries/{position}.cbor")
}

/// The entry for people.
#[must_use]
pub fn entry_json(position: u64) -> String {
    format!("entries/{position}.json")
}

/// The inclusion proof of an entry: a C2SP tlog-proof when [`CHECKPOINT`] is put behind it.
#[must_use]
pub fn inclusion(position: u64) -> String {
    format!("proofs/{position}.proof")
}

/// Where the messages of a submission stand in the roots of its entry.
#[must_use]
pub fn messages(position: u64) -> String {
    format!("proofs/{position}.messages")
}

/// That the checkpoint continues the tree of an older size.
#[must_use]
pub fn consistency(old_size: u64) -> String {
    format!("proofs/consistency-{old_size}.proof")
}

/// A message as it was received.
#[must_use]
pub fn payload(position: u64, message: u32) -> String {
    format!("payloads/{position}/{message}.bin")
}

/// The request of a submission without its payloads, as it was received.
#[must_use]
pub fn request(position: u64) -> String {
    format!("results/{position}/request.pb")
}

/// What the adapter made of a message: canonical bytes.
#[must_use]
pub fn result(position: u64, message: u32) -> String {
    format!("results/{position}/{message}.pb")
}

/// What is said of the sealed values of a message.
#[must_use]
pub fn fields(position: u64, message: u32) -> String {
    format!("sealed/{position}/{message}.fields")
}

/// A record for people.
#[must_use]
pub fn record(id: &str) -> String {
    format!("records/{id}.json")
}

/// The component of an adapter.
#[must_use]
pub fn component(digest: &Hash) -> String {
    format!("adapters/{}.wasm", to_hex(digest))
}

/// The configuration of an adapter.
#[must_use]
pub fn configuration(digest: &Hash) -> String {
    format!("adapters/{}.configuration", to_hex(digest))
}

/// The receipt of an entry.
#[must_use]
pub fn receipt(position: u64) -> String {
    format!("receipts/{position}.tlog-proof")
}

/// A time stamp over the text of the checkpoint of that size.
#[must_use]
pub fn stamp(size: u64) -> String {
    format!("stamps/{size}.tsr")
}

/// The checkpoint that the stamp is over.
#[must_use]
pub fn stamped(size: u64) -> String {
    format!("stamps/{size}.checkpoint")
}

/// Whether the list leaves the file out: the list itself and the seal, which states the digest of the list.
#[must_use]
pub fn is_unlisted(file: &str) -> bool {
    file == crate::manifest::MANIFEST || file == SEAL_ENTRY || file == SEAL_RECEIPT
}

/// Category (类别) and file format (文件格式) of a file, as the list has them.
#[must_use]
pub fn described(file: &str) -> (&'static str, &'static str) {
    let (folder, _) = file.split_once('/').unwrap_or(("", file));
    let category = match folder {
        "entries" => "log entry 审计条目",
        "proofs" => "proof 证明",
        "payloads" => "message as received 原始报文",
        "results" => "result as kept 转换结果",
        "records" => "record 记录",
        "sealed" => "sealed values 封存字段",
        "adapters" => "adapter 适配器",
        "checkpoint" => "checkpoint 检查点",
        "policy" => "keys 密钥与策略",
        "receipts" => "receipt 回执",
        "stamps" => "time stamp 可信时间戳",
        "verify" => "verifier 核验程序",
        _ if file == INDEX => "index 包索引",
        _ if file == TRANSFER => "transfer list 移送材料清单",
        _ => "statement 说明",
    };
    let format = match file.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "cbor" => "CBOR (RFC 8949)",
        "json" => "JSON (RFC 8259)",
        "html" => "HTML",
        "pdf" => "PDF",
        "pb" => "Protocol Buffers",
        "wasm" => "WebAssembly component",
        "tsr" => "RFC 3161",
        "tlog-proof" => "C2SP tlog-proof",
        "pyz" => "Python zipapp",
        "bin" | "configuration" => "bytes as received",
        _ => "text",
    };
    (category, format)
}
