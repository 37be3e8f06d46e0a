//! Makes types of a document without faults.
//!
//! Total: every value was checked by its key's rule, so what is taken here is
//! there and parses. Takes each key exactly once; a test fails when one is left.

mod audit;
mod witness;

use std::path::{Path, PathBuf};
use std::time::Duration;

use audit_log::party::PartyKey;

use super::document::{Document, Table, Value};
use super::model::*;
use super::rules;

pub(crate) use witness::witness;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Makes the gateway's configuration. `folder` is the folder of the file.
pub(crate) fn gateway(document: &mut Document, folder: &Path) -> Config {
    let mut agencies: Vec<Taker> = takers(document, "agency", folder);
    let mut staff: Vec<Taker> = takers(document, "staff", folder);
    let mut feeds: Vec<Taker> = takers(document, "feed", folder);
    let mut one = |name: &str| -> Taker {
        takers(document, name, folder)
            .pop()
            .expect("every table that is not repeated is read once")
    };
    let gateway = node(&mut one("gateway"));
    let audit = audit::audit(&mut one, &gateway.data_dir);
    Config {
        gateway,
        audit,
        listen: listen(&mut one("listen")),
        limits: limits(&mut one("limits")),
        evidence: evidence(&mut one("evidence")),
        vault: vault(&mut one("vault")),
        index: index(&mut one("index")),
        sandbox: sandbox(&mut one("sandbox")),
        adapters: adapters(&mut one("adapters")),
        metrics: one("metrics").optional_address("address"),
        log: logging(&mut one("log")),
        agencies: agencies.iter_mut().map(agency).collect(),
        staff: staff.iter_mut().map(member).collect(),
        calendar: one("calendar").optional_path("file"),
        feeds: feeds.iter_mut().map(feed).collect(),
    }
}

/// Makes the limits of adapters and nothing else.
pub(crate) fn sandbox_alone(document: &mut Document) -> Sandbox {
    let mut tables = takers(document, "sandbox", Path::new(""));
    let mut table = tables
        .pop()
        .expect("every table that is not repeated is read once");
    sandbox(&mut table)
}

/// Makes a client's configuration. `folder` is the folder of the file.
pub(crate) fn client(document: &mut Document, folder: &Path) -> ClientConfig {
    let mut taker = takers(document, "", folder)
        .pop()
        .expect("the top level is always read");
    ClientConfig {
        address: taker.address("address"),
        ca: taker.path("ca"),
        certificate: taker.path("certificate"),
        key: taker.path("key"),
        server_name: taker.optional_text("server_name"),
        agency: taker.optional_text("agency"),
    }
}

fn node(taker: &mut Taker) -> Gateway {
    Gateway {
        data_dir: taker.path("data_dir"),
        origin: taker.text("origin"),
        name: taker.text("name"),
    }
}

fn listen(taker: &mut Taker) -> Listen {
    Listen {
        address: taker.address("address"),
        certificate: taker.path("certificate"),
        key: taker.path("key"),
        client_ca: taker.path("client_ca"),
        handshake_timeout: taker.millis("handshake_timeout_ms"),
        max_connections: taker.number("max_connections"),
        max_streams_per_connection: taker.number("max_streams_per_connection"),
        drain_timeout: taker.millis("drain_timeout_ms"),
    }
}

fn limits(taker: &mut Taker) -> Limits {
    Limits {
        submission_bytes: taker.number("submission_bytes"),
        submission_messages: taker.number("submission_messages"),
        in_flight_submissions: taker.number("in_flight_submissions"),
        in_flight_bytes: taker.number("in_flight_bytes"),
        page_size: taker.number("page_size"),
        request_deadline: taker.millis("request_deadline_ms"),
    }
}

fn evidence(taker: &mut Taker) -> Evidence {
    Evidence {
        segment_bytes: taker.times("segment_mib", MIB),
        queue_bytes: taker.times("queue_mib", MIB),
        statement_font: taker.optional_path("statement_font"),
    }
}

fn vault(taker: &mut Taker) -> Option<VaultKeys> {
    let key = taker.optional_path("key");
    let reporter_key = taker.optional_path("reporter_key");
    let approvers = taker.number("approvers");
    Some(VaultKeys {
        key: key?,
        reporter_key: reporter_key?,
        approvers,
    })
}

fn index(taker: &mut Taker) -> Index {
    Index {
        batch_rows: taker.number("batch_rows"),
        wait: taker.millis("wait_ms"),
    }
}

fn sandbox(taker: &mut Taker) -> Sandbox {
    Sandbox {
        memory_bytes: taker.times("memory_mib", MIB),
        deadline: taker.millis("deadline_ms"),
        tick: taker.millis("tick_ms"),
        output_bytes: taker.times("output_mib", MIB),
        log_lines: taker.number("log_lines"),
        stack_bytes: taker.times("stack_kib", KIB),
        workers: taker.number("workers"),
        component_bytes: taker.times("component_mib", MIB),
        compile_deadline: taker.millis("compile_deadline_ms"),
        compile_memory_bytes: taker.times("compile_memory_mib", MIB),
        compiler: taker.optional_path("compiler"),
    }
}

fn adapters(taker: &mut Taker) -> Adapters {
    Adapters {
        publishers: taker.optional_path("publishers"),
        require_signature: taker.flag("require_signature"),
        administrators: taker.texts("administrators").collect(),
        approvals: taker.number("approvals"),
        breaker_failures: taker.number("breaker_failures"),
        breaker_pause: taker.millis("breaker_pause_ms"),
        messages_per_call: taker.number("messages_per_call"),
        concurrency: taker.number("concurrency"),
    }
}

fn agency(taker: &mut Taker) -> Agency {
    Agency {
        id: taker.text("id"),
        name: taker.text("name"),
        kind: taker.text("kind"),
        certificates: taker.texts("certificates").map(certificate_name).collect(),
        submit: feed_set(taker, "submit"),
        read: feed_set(taker, "read"),
        personal: taker.texts("personal").map(personal_class).collect(),
        party_keys: taker.texts("party_keys").map(party_key).collect(),
        must_sign: taker.flag("must_sign"),
    }
}

fn member(taker: &mut Taker) -> Staff {
    // The name is for the operator and for the check that nobody stands twice.
    drop(taker.text("name"));
    Staff {
        id: taker.text("id"),
        role: match taker.text("role").as_str() {
            "auditor" => Role::Auditor,
            "operator" => Role::Operator,
            "administrator" => Role::Administrator,
            // The key's words are these four.
            _ => Role::Officer,
        },
        certificates: taker.texts("certificates").map(certificate_name).collect(),
        read: feed_set(taker, "read"),
        personal: taker.texts("personal").map(personal_class).collect(),
    }
}

fn feed(taker: &mut Taker) -> Feed {
    Feed {
        id: taker.text("id"),
        kind: taker.text("kind"),
        adapter: taker.optional_path("adapter"),
        configuration: taker.optional_path("configuration"),
        component_sha256: taker
            .optional_text("component_sha256")
            .map(|text| digest(&text)),
    }
}

fn logging(taker: &mut Taker) -> Logging {
    Logging {
        level: taker.text("level"),
        format: if taker.text("format") == "json" {
            LogFormat::Json
        } else {
            LogFormat::Text
        },
    }
}

fn feed_set(taker: &mut Taker, key: &str) -> FeedSet {
    let feeds: std::collections::BTreeSet<String> = taker.texts(key).collect();
    if feeds.contains("*") {
        FeedSet::All
    } else {
        FeedSet::Only(feeds)
    }
}

fn certificate_name(text: String) -> CertificateName {
    match text.strip_prefix("sha256:") {
        Some(hex) => CertificateName::Sha256(digest(hex)),
        None => CertificateName::Uri(text),
    }
}

fn party_key(text: String) -> PartyKey {
    PartyKey::parse(&text).expect("the key's rule asks for a party key")
}

fn digest(text: &str) -> [u8; 32] {
    rules::sha256(text).expect("the key's rule asks for 64 hex digits")
}

fn personal_class(text: String) -> PersonalClass {
    match text.as_str() {
        "P" => PersonalClass::Personal,
        "S" => PersonalClass::Sensitive,
        "J" => PersonalClass::CriminalProcedure,
        // The key's words are P, S, J and R.
        _ => PersonalClass::Reporter,
    }
}

fn takers<'f>(document: &mut Document, name: &str, folder: &'f Path) -> Vec<Taker<'f>> {
    document
        .take(name)
        .into_iter()
        .map(|table| Taker { table, folder })
        .collect()
}

/// Takes values out of one table.
struct Taker<'f> {
    table: Table,
    folder: &'f Path,
}

impl Taker<'_> {
    fn optional_text(&mut self, key: &str) -> Option<String> {
        self.assert_declared(key);
        match self.table.take(key)? {
            Value::Text(text) => Some(text),
            Value::Integer(_) | Value::Flag(_) | Value::Texts(_) => {
                unreachable!("{key} is declared as a text")
            }
        }
    }

    fn text(&mut self, key: &str) -> String {
        self.optional_text(key)
            .expect("a document without faults has every required key")
    }

    fn texts(&mut self, key: &str) -> impl Iterator<Item = String> + use<> {
        self.assert_declared(key);
        match self.table.take(key) {
            Some(Value::Texts(texts)) => texts.into_iter().map(|(text, _)| text),
            Some(Value::Text(_) | Value::Integer(_) | Value::Flag(_)) | None => {
                unreachable!("{key} is declared as a list")
            }
        }
    }

    fn integer(&mut self, key: &str) -> u64 {
        self.assert_declared(key);
        match self.table.take(key) {
            Some(Value::Integer(number)) => number,
            Some(Value::Text(_) | Value::Flag(_) | Value::Texts(_)) | None => {
                unreachable!("{key} is declared as a number")
            }
        }
    }

    fn flag(&mut self, key: &str) -> bool {
        self.assert_declared(key);
        match self.table.take(key) {
            Some(Value::Flag(truth)) => truth,
            Some(Value::Text(_) | Value::Integer(_) | Value::Texts(_)) | None => {
                unreachable!("{key} is declared as true or false")
            }
        }
    }

    fn number<N: TryFrom<u64>>(&mut self, key: &str) -> N {
        N::try_from(self.integer(key))
            .ok()
            .expect("the key's range fits the type on 64-bit machines")
    }

    fn times<N: TryFrom<u64>>(&mut self, key: &str, unit: u64) -> N {
        N::try_from(self.integer(key) * unit)
            .ok()
            .expect("the key's range fits the type on 64-bit machines")
    }

    fn millis(&mut self, key: &str) -> Duration {
        Duration::from_millis(self.integer(key))
    }

    fn optional_path(&mut self, key: &str) -> Option<PathBuf> {
        self.optional_text(key).map(|path| self.folder.join(path))
    }

    fn path(&mut self, key: &str) -> PathBuf {
        self.optional_path(key)
            .expect("a document without faults has every required key")
    }

    fn address(&mut self, key: &str) -> Address {
        self.optional_address(key)
            .expect("a document without faults has every required key")
    }

    fn optional_address(&mut self, key: &str) -> Option<Address> {
        let text = self.optional_text(key)?;
        let (host, port) =
            rules::host_and_port(&text).expect("the key's rule asks for host and port");
        Some(Address { host, port })
    }

    fn assert_declared(&self, key: &str) {
        debug_assert!(
            self.table
                .section
                .keys
                .iter()
                .any(|declared| declared.name == key),
            "{key} is declared in [{}]",
            self.table.section.name
        );
    }
}

/// In tests, a key that is declared and never taken would be a key that is ignored.
#[cfg(test)]
impl Drop for Taker<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let left: Vec<_> = self.table.untaken().collect();
            assert!(
                left.is_empty(),
                "[{}] has keys nobody takes: {left:?}",
                self.table.section.name
            );
        }
    }
}
