//! `openssl ts -verify` on the time stamps of our checkpoints.
//!
//! A stamp is over the text of a checkpoint, without its signatures: whoever holds the note cuts it at the empty line
//! and asks OpenSSL, without a program of ours.

use std::process::Command;

use audit_log::LogSuite;
use audit_proof::note::Note;

use crate::node::{Node, STAMPED, authority::Form};

/// Whether OpenSSL takes `stamp` for one over `data`, by the root of the authority.
fn verifies(node: &Node, data: &[u8], stamp: &[u8], form: Form) -> bool {
    node.write("tsa/data", data);
    node.write("tsa/stamp.tsr", stamp);
    let mut command = Command::new("openssl");
    command.args([
        "ts",
        "-verify",
        "-data",
        "data",
        "-in",
        "stamp.tsr",
        "-CAfile",
        "root.pem",
    ]);
    if form == Form::Token {
        command.arg("-token_in");
    }
    let output = command.current_dir(node.path("tsa")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.success(),
        said.contains("Verification: OK"),
        "{said}"
    );
    output.status.success()
}

#[test]
fn openssl_verifies_our_time_stamps_over_the_text_of_the_checkpoint_and_over_nothing_else() {
    let node = Node::new(LogSuite::Sha256);
    if !node.stamp() {
        return;
    }
    for (size, form) in STAMPED {
        let whole = node.read(&format!("audit/tiles/checkpoints/{size}"));
        let note = Note::parse(&whole).unwrap();
        let text = note.text().as_bytes();
        let stamp = node.read(&format!("audit/tiles/tokens/{size}.tsr"));
        assert!(verifies(&node, text, &stamp, form));
        assert!(!verifies(&node, &whole, &stamp, form));
        let mut altered = text.to_vec();
        altered[30] ^= 1;
        assert!(!verifies(&node, &altered, &stamp, form));
        // The last bytes are the signature of the authority.
        let mut altered = stamp.clone();
        let place = altered.len() - 9;
        altered[place] ^= 1;
        assert!(!verifies(&node, text, &altered, form));
    }
}
