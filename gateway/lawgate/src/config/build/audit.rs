//! Makes the types of the audit log's tables.
//!
//! Total as its parent is; `cross` has checked that what belongs together is there together.

use std::path::Path;
use std::time::Duration;

use audit_log::LogSuite;

use super::{MIB, Taker};
use crate::config::model::*;

/// Takes the tables `[audit]` and `[audit.*]`; keys lie in `data` unless they are named.
pub(super) fn audit<'f>(one: &mut impl FnMut(&str) -> Taker<'f>, data: &Path) -> Audit {
    let mut taker = one("audit");
    Audit {
        suite: if taker.text("suite") == "dual" {
            LogSuite::Dual
        } else {
            LogSuite::Sha256
        },
        checkpoint_interval: taker.millis("checkpoint_interval_ms"),
        outage: Outage {
            after: Duration::from_secs(taker.number("outage_s")),
            refuses: taker.text("on_outage") == "refuse",
        },
        keys: keys(&mut one("audit.keys"), data),
        witness: witness(&mut one("audit.witness")),
        timestamp: timestamp(&mut one("audit.timestamp")),
        http: one("audit.http").optional_address("address"),
        segment_bytes: taker.times("segment_mib", MIB),
        queue_entries: taker.number("queue_entries"),
        queue_bytes: taker.times("queue_mib", MIB),
    }
}

fn keys(taker: &mut Taker, data: &Path) -> AuditKeys {
    let own = |name: &str| data.join("keys").join(name);
    AuditKeys {
        checkpoint: place(taker, "checkpoint")
            .unwrap_or_else(|| KeyPlace::File(own("checkpoint.pem"))),
        receipt: place(taker, "receipt").unwrap_or_else(|| KeyPlace::File(own("receipt.pem"))),
        ml_dsa: taker.optional_path("checkpoint_ml_dsa"),
        sm2: taker.optional_path("checkpoint_sm2"),
        twin: taker
            .optional_path("twin")
            .unwrap_or_else(|| own("twin.pem")),
        token: token(taker),
    }
}

fn place(taker: &mut Taker, key: &str) -> Option<KeyPlace> {
    let text = taker.optional_text(key)?;
    Some(match text.strip_prefix("pkcs11:") {
        Some(label) => KeyPlace::Token(label.to_owned()),
        None => KeyPlace::File(taker.folder.join(text)),
    })
}

fn token(taker: &mut Taker) -> Option<Token> {
    let module = taker.optional_path("pkcs11_module");
    let label = taker.optional_text("pkcs11_token");
    let pin_file = taker.optional_path("pkcs11_pin_file");
    Some(Token {
        module: module?,
        label: label?,
        pin_file: pin_file?,
    })
}

fn witness(taker: &mut Taker) -> Option<WitnessPolicy> {
    let policy = taker.optional_path("policy");
    let authorities = taker.optional_path("authorities");
    let deadline = taker.millis("deadline_ms");
    Some(WitnessPolicy {
        policy: policy?,
        authorities,
        deadline,
    })
}

fn timestamp(taker: &mut Taker) -> Option<Timestamping> {
    let url = taker.optional_text("url");
    let roots = taker.optional_path("roots");
    let authorities = taker.optional_path("authorities");
    let interval = Duration::from_secs(taker.number("interval_s"));
    Some(Timestamping {
        url: url?,
        roots: roots?,
        authorities,
        interval,
    })
}
