//! What the entries of the node say: every third is a submission that its agency signed and counted.

use audit_log::{Draft, Field, Value};
use audit_proof::{
    key::{KeyKind, VerifierKey},
    party::{PartyField, PartyKey, SUBMIT_EVENT, Statement, attributes_digest, key_digest},
    tree,
};
use ed25519_dalek::{Signer as _, SigningKey};

use super::SIZE;

const AGENCY: &str = "region";
const FEED: &str = "region-clue";

fn key() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

/// The auditor's list: the agency's key, and that it signs from the first entry on.
pub(super) fn party_keys() -> String {
    let public = key().verifying_key().to_bytes();
    let named = VerifierKey::new(AGENCY, KeyKind::Ed25519, &public).unwrap();
    format!("agency {AGENCY} {named}\nmust-sign {AGENCY} 0\n")
}

/// Returns the drafts of all entries.
pub(crate) fn drafts() -> Vec<Draft> {
    (0..SIZE)
        .map(|number| match number % 3 {
            1 => submission(number / 3 + 1),
            _ => other(number),
        })
        .collect()
}

/// An entry that no agency signs.
pub(crate) fn other(number: u64) -> Draft {
    Draft::new(3)
        .with(Field::Actor, vec!["justice".into(), [7_u8; 32].into()])
        .with(
            Field::Case,
            vec![format!("包环罚〔2026〕{number}号").as_str().into()],
        )
}

/// A submission that its agency should have signed.
pub(crate) fn unsigned() -> Draft {
    Draft::new(SUBMIT_EVENT).with(Field::Actor, vec![AGENCY.into()])
}

/// A submission that its agency signed under a number.
pub(crate) fn submission(counter: u64) -> Draft {
    let key = key();
    let statement = Statement {
        agency: AGENCY.to_owned(),
        feed: FEED.to_owned(),
        key: key_digest(AGENCY, FEED, &counter.to_string()),
        counter,
        time_ns: counter,
        payload_root: tree::root([counter.to_be_bytes()]),
        attributes: attributes_digest([].iter().map(|one: &[(&str, &str); 0]| one.iter().copied())),
    };
    let public = PartyKey::from_bytes(&key.verifying_key().to_bytes()).unwrap();
    let signature = key.sign(&statement.to_signed_bytes()).to_bytes();
    let field = PartyField::new(public.id(), &statement, signature);
    Draft::new(SUBMIT_EVENT)
        .with(Field::Actor, vec![AGENCY.into()])
        .with(Field::Object, vec![FEED.into()])
        .with(Field::Digests, vec![Value::from(statement.payload_root)])
        .with_idempotency_key(statement.key)
        .with(Field::Party, field.to_values())
}
