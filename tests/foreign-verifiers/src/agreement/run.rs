//! Running both verifiers as an expert does, each as a process of its own, and reading what they say.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;

use crate::{
    node::{Node, RECEIPTS, authority::has_openssl},
    tools::python_program,
};

/// Asks the Python package for every algorithm that the second verifier needs of it.
const NEEDED: &str = "from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa; \
                      mldsa.MLDSA44PrivateKey.generate()";

/// Where the workspace begins, from this package.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What a verifier says.
#[derive(Debug)]
pub(super) struct Said {
    /// The exit code: 0 accepted, 1 refused, 2 wrong use, 3 not everything could be checked.
    pub(super) code: i32,
    /// The first position that cannot be relied on, where one is named.
    pub(super) position: Option<u64>,
    /// Up to which size others vouch for the log.
    pub(super) anchored: u64,
    /// All of it.
    pub(super) report: Value,
}

/// Both verifiers' words on the same files.
#[derive(Debug)]
pub(super) struct Both {
    pub(super) ours: Said,
    pub(super) python: Said,
}

/// Files of the auditor that can be exchanged for others.
pub(super) struct Trusted {
    pub(super) history: &'static str,
    /// Whether receipts are held against the log; they vouch for it to whoever holds them.
    pub(super) has_receipts: bool,
}

/// Whether everything is there that the second verifier needs to check all; says what is missing.
pub(super) fn can_run() -> bool {
    let python = Command::new(python_program()).args(["-c", NEEDED]).output();
    let has_algorithms = python.is_ok_and(|output| output.status.success());
    if !has_algorithms {
        println!(
            "passed over: no Python with cryptography 48 or newer; `cargo xtask python` installs it"
        );
    }
    has_algorithms && has_openssl()
}

/// Has both verifiers check the audit folder of `node`.
pub(super) fn check(node: &Node, trusted: &Trusted) -> Both {
    let (policy, parties) = (node.path("policy"), node.path("party-keys"));
    let (history, roots) = (node.path(trusted.history), node.path("tsa/root.pem"));
    let mut ours = Command::new(our_program());
    ours.arg("all").arg(node.path("audit"));
    ours.arg("--keys")
        .arg(&history)
        .arg("--tsa-roots")
        .arg(&roots);
    let mut python = Command::new(python_program());
    python.current_dir(Path::new(ROOT).join("tests/verifier-python"));
    python.args(["-B", "-m", "lawgate_verify", "all"]);
    python.arg(node.path("audit"));
    python
        .arg("--key-history")
        .arg(&history)
        .arg("--token-roots")
        .arg(&roots);
    if trusted.has_receipts {
        ours.arg("--receipts").arg(node.path("receipts"));
        for position in RECEIPTS {
            python
                .arg("--receipt")
                .arg(node.path(&format!("receipts/{position}")));
        }
    }
    for command in [&mut ours, &mut python] {
        command
            .arg("--policy")
            .arg(&policy)
            .arg("--party-keys")
            .arg(&parties);
        command.arg("--json");
    }
    Both {
        ours: said(&mut ours, ours_position, ours_anchored),
        python: said(&mut python, python_position, python_anchored),
    }
}

fn said(
    command: &mut Command,
    position: fn(&Value) -> Option<u64>,
    anchored: fn(&Value) -> u64,
) -> Said {
    let output = command.output().unwrap();
    let (text, errors) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    let code = output.status.code().unwrap();
    // Wrong use, such as a policy that is none, has no report.
    let report = serde_json::from_slice(text).unwrap_or_else(|_| {
        assert_eq!(
            code,
            2,
            "{command:?}: {}{errors}",
            String::from_utf8_lossy(text)
        );
        Value::String(errors.into_owned())
    });
    Said {
        code,
        position: position(&report),
        anchored: anchored(&report),
        report,
    }
}

fn ours_position(report: &Value) -> Option<u64> {
    let failures = report["failures"].as_array()?;
    failures
        .iter()
        .find_map(|failure| failure["position"].as_u64())
}

fn python_position(report: &Value) -> Option<u64> {
    report["fault"]["position"].as_u64()
}

fn ours_anchored(report: &Value) -> u64 {
    reach(report, "to", |range| range["standing"] == "anchored")
}

fn python_anchored(report: &Value) -> u64 {
    let is_anchored = |range: &Value| {
        let detail = range["detail"].as_str().unwrap_or_default();
        detail.starts_with("(anchored")
    };
    reach(report, "end", is_anchored)
}

fn reach(report: &Value, end: &str, is_anchored: impl Fn(&Value) -> bool) -> u64 {
    let ranges = report["ranges"].as_array();
    let anchored = ranges
        .into_iter()
        .flatten()
        .filter(|range| is_anchored(range));
    anchored
        .filter_map(|range| range[end].as_u64())
        .max()
        .unwrap_or(0)
}

/// Returns our verifier, which lies beside the tests: the tests of the workspace build it anew, and where it is missing
/// it is built here. After a change of it `cargo build -p audit-verify` comes first.
fn our_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let running = env::current_exe().unwrap();
        let folder = running.parent().and_then(Path::parent).unwrap();
        let program = folder.join("lawgate-verify");
        if !program.exists() {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--quiet", "--package", "audit-verify"]);
            assert!(cargo.current_dir(ROOT).status().unwrap().success());
        }
        program
    })
}
