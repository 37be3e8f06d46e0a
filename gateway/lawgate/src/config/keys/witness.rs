//! Keys of a witness's file.
//!
//! Values only; how they are read is `keys`' and `read`'s.

use super::key;
use crate::config::key::{Fallback, Key, Kind, Target};
use crate::config::rules;

/// `[witness]`.
pub(super) const WITNESS: &[Key] = &[
    key(
        "name",
        Kind::Text(&rules::ORIGIN),
        Fallback::Required,
        "Name of the witness in its cosignatures. It stands in policies, so it does not change.",
    ),
    key(
        "key",
        Kind::Path(Target::File),
        Fallback::Text("witness.pem"),
        "Ed25519 key of its cosignatures, as `lawgate keys generate --kind witness` makes it.",
    ),
    key(
        "ml_dsa_key",
        Kind::Path(Target::File),
        Fallback::Nothing,
        "ML-DSA-44 key that cosigns as well. Not used unless it is named.",
    ),
    key(
        "state",
        Kind::Path(Target::OwnFolder),
        Fallback::Text("state"),
        "Folder of what it cosigned last. It must never go back to an older copy: a witness that forgets can be made to cosign two histories.",
    ),
    key(
        "address",
        Kind::Text(&rules::ADDRESS),
        Fallback::Text("127.0.0.1:7480"),
        "Address to listen on. Port 0 takes a free port; the bound address is printed at start.",
    ),
    key(
        "certificate",
        Kind::Path(Target::CertificatePem),
        Fallback::Nothing,
        "Certificate chain, to be reached by https. Cosignatures need no secrecy; without it the witness serves in the clear, as behind a proxy.",
    ),
    key(
        "certificate_key",
        Kind::Path(Target::KeyPem),
        Fallback::Nothing,
        "Private key of the certificate.",
    ),
];

/// `[[log]]`.
pub(super) const LOG: &[Key] = &[
    key(
        "origin",
        Kind::Text(&rules::ORIGIN),
        Fallback::Required,
        "Name of the log.",
    ),
    key(
        "keys",
        Kind::Texts(&rules::VERIFIER_KEY),
        Fallback::Required,
        "Its verifier keys, of which one has to have signed; two while a key is changed.",
    ),
    key(
        "tree",
        Kind::Choice(super::TREES),
        Fallback::Text("sha256"),
        "Hash of its tree; `sm3` for the twin of a log of suite `dual`, whose name ends in `/sm3`.",
    ),
];
