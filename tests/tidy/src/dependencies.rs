//! Which crate may depend on which: the dependency rule, as tables.
//!
//! Dependencies point one way: `lawgate → grpc-api → exchange → schema,
//! audit-log → audit-proof`; the stores and the adapter host implement traits that
//! `exchange` owns; an adapter sees only `adapter-sdk`. Reads what manifests
//! declare, not what is resolved, so that a breach is named where it is made.
//! A new edge is a decision: write the record first, then the line here.

use crate::{DependencyKind, Member, Repository, Violation};

/// Rule name of every violation of the tables.
const RULE: &str = "dependency-edge";

/// What one crate of ours may depend on, among our crates.
struct Edges {
    /// The crate.
    from: &'static str,
    /// What it may use.
    to: &'static [&'static str],
    /// What its tests may use besides.
    in_tests: &'static [&'static str],
}

const fn edges(
    from: &'static str,
    to: &'static [&'static str],
    in_tests: &'static [&'static str],
) -> Edges {
    Edges { from, to, in_tests }
}

/// The table: every crate of the workspace that is not listed here is refused,
/// except those in [`DRIVERS`], which may use anything.
#[rustfmt::skip]
const TABLE: &[Edges] = &[
    // What clients see.
    edges("proto", &[], &[]),
    edges("codegen", &[], &[]),
    // What the service does, from the inside out.
    edges("schema", &["proto"], &[]),
    // The verifier does not know how a log was written: nothing that writes may come in here.
    edges("audit-proof", &[], &[]),
    edges("audit-log", &["audit-proof"], &["signer"]),
    edges("log-http", &["audit-proof"], &["authority", "signer"]),
    edges("package-proof", &["audit-proof"], &["sample-package"]),
    edges("evidence-package", &["audit-proof", "package-proof"], &["sample-package"]),
    edges("verifier-wasm", &["audit-proof", "package-proof"], &["sample-package"]),
    edges("audit-verify", &["audit-proof", "package-proof"], &["audit-log", "sample-package", "signer"]),
    // A program of its own: it knows the rules of the exchange, and `audit-verify` must not.
    edges("package-replay", &["adapter-interpreter", "audit-proof", "exchange", "package-proof", "proto"], &["evidence-package", "sample-package"]),
    edges("signer", &["audit-proof"], &[]),
    edges("kernel-clock", &["audit-proof"], &[]),
    edges("evidence", &["audit-log", "exchange"], &[]),
    edges("index", &["exchange", "proto", "schema"], &[]),
    // Keys of personal data: whoever opens a disclosed value needs none of the gateway.
    edges("vault", &[], &[]),
    edges("exchange", &["proto", "schema", "audit-log", "evidence-package", "vault"], &["audit-proof", "package-proof", "signer"]),
    edges("grpc-api", &["proto", "schema", "exchange"], &[]),
    edges("lawgate", &["proto", "schema", "exchange", "grpc-api", "audit-log", "audit-proof", "evidence", "index", "adapter-host", "adapter-pack", "adapter-tools", "kernel-clock", "log-http", "package-proof", "package-replay", "signer", "vault"], &[]),
    // How foreign code takes part.
    edges("adapter-sdk", &["proto", "schema"], &[]),
    edges("adapter-host", &["exchange"], &["proto"]),
    edges("adapter-compiler", &["adapter-host"], &[]),
    edges("adapter-interpreter", &[], &[]),
    edges("adapter-pack", &["audit-proof"], &["signer"]),
    edges("adapter-build", &[], &[]),
    edges("adapter-tools", &["adapter-build", "adapter-host", "adapter-pack", "proto"], &[]),
    edges("hj212", &["adapter-sdk"], &[]),
    edges("region-clue", &["adapter-sdk"], &[]),
    edges("police-case", &["adapter-sdk"], &[]),
    edges("justice-review", &["adapter-sdk"], &[]),
    edges("hostile-adapter", &["adapter-sdk"], &[]),
    // Tools, which build the others and link none of them.
    edges("authority", &[], &[]),
    edges("sample-package", &["audit-proof", "evidence-package", "package-proof", "signer"], &[]),
    edges("xtask", &["adapter-build"], &[]),
    edges("tidy", &[], &[]),
];

/// Test and benchmark drivers: they look at everything, and nothing may depend on them.
const DRIVERS: &[&str] = &[
    "attacks",
    "end-to-end",
    "bench",
    "foreign-verifiers",
    "fuzz",
];

/// External crates that only the named crates may use.
///
/// A name ending in `*` stands for every crate whose name begins so; the first
/// matching row decides.
#[rustfmt::skip]
const RESTRICTED: &[(&str, &[&str], &str)] = &[
    ("tonic-prost-build", &["codegen"], "generated code is checked in"),
    // The drivers are clients, and the benchmark measures bare tonic beside us.
    ("tonic*", &["grpc-api", "end-to-end", "bench"], "only grpc-api knows tonic"),
    ("wasmtime*", &["adapter-host"], "only adapter-host knows wasmtime"),
    ("wasmi*", &["adapter-interpreter"], "only adapter-interpreter knows wasmi"),
    (
        "wasmparser",
        &["adapter-host", "adapter-interpreter"],
        "only adapter-interpreter reads components, and adapter-host changes them",
    ),
    ("wit-bindgen*", &["adapter-sdk", "codegen"], "adapters see only adapter-sdk"),
    ("wit-component", &["adapter-build", "adapter-host", "adapter-tools", "end-to-end", "bench"], "components are encoded where adapters are built or attacked"),
    ("wit-parser", &["adapter-build"], "the contract is read where components are encoded"),
    ("aws-lc-rs", &["vault"], "only vault knows how a value is sealed"),
    ("cryptoki", &["signer"], "only signer knows how a token keeps a key"),
    ("rusqlite", &["index"], "only index uses SQLite; everything in it can be rebuilt"),
    ("prost-build", &["codegen"], "generated code is checked in"),
    ("protox", &["codegen"], "generated code is checked in"),
    ("x509-parser", &["grpc-api", "lawgate"], "identity is decided at the edge"),
    ("hyper*", &["log-http"], "only log-http speaks HTTP without tonic"),
    ("http-body-util", &["log-http"], "only log-http speaks HTTP without tonic"),
    ("tokio-rustls", &["grpc-api", "log-http", "end-to-end", "bench"], "transport security is decided at the edge"),
    ("anyhow", &["lawgate", "audit-verify", "codegen", "xtask", "attacks", "end-to-end", "bench"], "libraries have typed errors"),
    ("clap*", &["lawgate", "audit-verify", "package-replay", "xtask", "bench"], "only programs have a command line"),
];

/// Crates that only tests need.
const TEST_TOOLS: &[&str] = &["proptest", "tempfile", "bolero"];

/// Every edge between our crates is in the table.
pub fn own_edges(repository: &Repository) -> Vec<Violation> {
    let names: Vec<&str> = repository.members.iter().map(|m| m.name.as_str()).collect();
    let mut found = Vec::new();
    for member in &repository.members {
        let own = member
            .dependencies
            .iter()
            .filter(|dependency| names.contains(&dependency.name.as_str()));
        if DRIVERS.contains(&member.name.as_str()) {
            continue;
        }
        let Some(row) = TABLE.iter().find(|row| row.from == member.name) else {
            found.push(breach(
                member,
                "the crate is not in TABLE of tests/tidy/src/dependencies.rs; add it with what it may use",
            ));
            continue;
        };
        for dependency in own {
            let name = dependency.name.as_str();
            let allowed = row.to.contains(&name)
                || dependency.kind == DependencyKind::Dev && row.in_tests.contains(&name);
            if !allowed {
                found.push(breach(
                    member,
                    &format!(
                        "{} may not depend on {name}; take a trait that exchange owns, or write a decision record and add the edge to TABLE",
                        member.name
                    ),
                ));
            }
        }
    }
    found
}

/// Restricted external crates are used only in their homes, tests included.
pub fn restricted(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for member in &repository.members {
        for dependency in &member.dependencies {
            let row = RESTRICTED
                .iter()
                .find(|(pattern, _, _)| matches(pattern, &dependency.name));
            if let Some((_, homes, reason)) = row
                && !homes.contains(&member.name.as_str())
            {
                found.push(breach(
                    member,
                    &format!(
                        "{} may not use {}: {reason} ({})",
                        member.name,
                        dependency.name,
                        homes.join(", ")
                    ),
                ));
            }
        }
    }
    found
}

/// Test tools are dev-dependencies, except in the test crates themselves.
pub fn test_tools(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for member in &repository.members {
        if member.folder.starts_with("tests/") {
            continue;
        }
        for dependency in &member.dependencies {
            if dependency.kind != DependencyKind::Dev
                && TEST_TOOLS.contains(&dependency.name.as_str())
            {
                found.push(breach(
                    member,
                    &format!("move {} to [dev-dependencies]", dependency.name),
                ));
            }
        }
    }
    found
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

fn breach(member: &Member, remedy: &str) -> Violation {
    Violation::whole(&format!("{}/Cargo.toml", member.folder), RULE, remedy)
}

#[cfg(test)]
mod tests;
