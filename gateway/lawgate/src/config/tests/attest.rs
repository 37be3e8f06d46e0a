//! The tables inside `[audit]`, and the file of a witness.

use super::*;

const VKEY: &str =
    "lawgate.example/development+0524d386+AfKAmCgh1lotu4z16ImKC3Zy3OaPqpHgyEWqWZUXyuXA";

/// What a file says that names nothing of it.
pub(super) fn defaults() -> Audit {
    Audit {
        suite: audit_log::LogSuite::Sha256,
        checkpoint_interval: Duration::from_secs(1),
        outage: Outage {
            after: Duration::from_secs(4 * 60 * 60),
            refuses: true,
        },
        keys: AuditKeys {
            checkpoint: KeyPlace::File("data/keys/checkpoint.pem".into()),
            receipt: KeyPlace::File("data/keys/receipt.pem".into()),
            ml_dsa: None,
            sm2: None,
            twin: "data/keys/twin.pem".into(),
            token: None,
        },
        witness: None,
        timestamp: None,
        http: None,
        segment_bytes: 64 << 20,
        queue_entries: 65_536,
        queue_bytes: 64 << 20,
    }
}

#[test]
fn every_key_of_the_audit_log_is_read() {
    let text = format!(
        "{SMALLEST}[audit]\nsuite = \"dual\"\noutage_s = 60\non_outage = \"warn\"\n\
         [audit.keys]\ncheckpoint = \"pkcs11:log\"\nreceipt = \"r.pem\"\ntwin = \"t.pem\"\n\
         checkpoint_sm2 = \"s.pem\"\ncheckpoint_ml_dsa = \"m.pem\"\n\
         pkcs11_module = \"p.so\"\npkcs11_token = \"token\"\npkcs11_pin_file = \"pin\"\n\
         [audit.witness]\npolicy = \"w.policy\"\ndeadline_ms = 700\n\
         [audit.timestamp]\nurl = \"http://tsa.example/\"\nroots = \"tsa.pem\"\ninterval_s = 5\n\
         [audit.http]\naddress = \"127.0.0.1:0\"\n"
    );
    let audit = parse_text(&text).expect("no faults").audit;
    assert_eq!(audit.suite, audit_log::LogSuite::Dual);
    assert!(!audit.outage.refuses);
    assert_eq!(audit.keys.checkpoint, KeyPlace::Token("log".into()));
    assert_eq!(audit.keys.receipt, KeyPlace::File("r.pem".into()));
    assert_eq!(audit.keys.token.expect("named").label, "token");
    assert_eq!(audit.witness.expect("named").policy, Path::new("w.policy"));
    let timestamp = audit.timestamp.expect("named");
    assert_eq!(timestamp.interval, Duration::from_secs(5));
    assert_eq!(audit.http.expect("named").port, 0);
}

#[test]
fn what_means_nothing_alone_is_a_fault() {
    check_line(
        "audit.timestamp",
        "url = \"http://tsa.example/\"",
        "audit.timestamp.url: \"http://tsa.example/\" contradicts audit.timestamp.roots",
    );
    check_line(
        "audit.witness",
        "authorities = \"ca.pem\"",
        "audit.witness.authorities",
    );
    let text = format!("{SMALLEST}[audit.keys]\ncheckpoint = \"pkcs11:log\"\n");
    let found = parse_text(&text).map(|_| ()).expect_err("no token");
    assert_eq!(found.len(), 3, "{found:#?}");
}

#[test]
fn tables_inside_a_table_are_known_by_name() {
    check_line("audit", "witnes = 1", "checkpoint_interval_ms");
    check_line("audit", "witnes = 1", "witness");
    check_line("audit.keys", "chekpoint = \"a\"", "checkpoint_ml_dsa");
    check_line("audit", "keys = 1", "a table [audit.keys]");
}

#[test]
fn a_witness_reads_its_own_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("witness.toml");
    let write = |more: &str| {
        let text = format!(
            "[witness]\nname = \"court.example/witness\"\n{more}\n[[log]]\norigin = \"a\"\nkeys = [\"{VKEY}\"]\n\
             [[log]]\norigin = \"a/sm3\"\nkeys = [\"{VKEY}\"]\ntree = \"sm3\"\n"
        );
        std::fs::write(&path, text).expect("written");
    };
    write("");
    let file = load_witness(&path).expect("no faults");
    assert_eq!(file.key, folder.path().join("witness.pem"));
    assert_eq!(file.certificate, None);
    let suites: Vec<_> = file.logs.iter().map(|log| log.suite).collect();
    let expected = [audit_proof::Suite::Sha256, audit_proof::Suite::Sm3];
    assert_eq!(suites, expected);
    assert_eq!(file.logs[0].keys[0].to_string(), VKEY);
    write("certificate = \"c.pem\"");
    let error = load_witness(&path).expect_err("no key").to_string();
    assert!(error.contains("certificate_key"), "{error}");
}
