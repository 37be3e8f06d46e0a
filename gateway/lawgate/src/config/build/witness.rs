//! Makes the types of a witness's file.
//!
//! Total as its parent is.

use std::path::Path;

use audit_proof::key::VerifierKey;
use audit_proof::suite::Suite;

use super::{Taker, takers};
use crate::config::document::Document;
use crate::config::model::*;

/// Makes a witness's configuration. `folder` is the folder of the file.
pub(crate) fn witness(document: &mut Document, folder: &Path) -> WitnessFile {
    let mut logs = takers(document, "log", folder);
    let mut taker = takers(document, "witness", folder)
        .pop()
        .expect("every table that is not repeated is read once");
    let certificate = taker.optional_path("certificate");
    let certificate_key = taker.optional_path("certificate_key");
    WitnessFile {
        name: taker.text("name"),
        key: taker.path("key"),
        ml_dsa_key: taker.optional_path("ml_dsa_key"),
        state: taker.path("state"),
        address: taker.address("address"),
        certificate: certificate.zip(certificate_key),
        logs: logs.iter_mut().map(log).collect(),
    }
}

fn log(taker: &mut Taker) -> WatchedLog {
    let key =
        |text: String| VerifierKey::parse(&text).expect("the key's rule asks for a verifier key");
    WatchedLog {
        origin: taker.text("origin"),
        keys: taker.texts("keys").map(key).collect(),
        suite: match taker.text("tree").as_str() {
            "sm3" => Suite::Sm3,
            // The key's words are sha256 and sm3.
            _ => Suite::Sha256,
        },
    }
}
