//! Party statements: counters that are missing, entries nobody signed, statements used twice.

use std::path::PathBuf;

use audit_log::{Draft, Field, Value};
use audit_proof::{
    hash::to_hex,
    party::{PartyField, PartyKey, SUBMIT_EVENT, Statement, attributes_digest, key_digest},
    tree,
};
use ed25519_dalek::{Signer as _, SigningKey};

use crate::world::{
    World, draft, drafts,
    run::{Run, verify},
};

const AGENCY: &str = "region";

fn statement(counter: u64) -> Statement {
    Statement {
        agency: AGENCY.to_owned(),
        feed: "region-clue".to_owned(),
        key: key_digest(AGENCY, "region-clue", &counter.to_string()),
        counter,
        time_ns: counter,
        payload_root: tree::root([counter.to_be_bytes()]),
        attributes: attributes_digest([].iter().map(|one: &[(&str, &str); 0]| one.iter().copied())),
    }
}

fn submission(key: &SigningKey, counter: u64) -> Draft {
    let statement = statement(counter);
    let public = PartyKey::from_bytes(&key.verifying_key().to_bytes()).unwrap();
    let signature = key.sign(&statement.to_signed_bytes()).to_bytes();
    let field = PartyField::new(public.id(), &statement, signature);
    Draft::new(SUBMIT_EVENT)
        .with(Field::Actor, vec![AGENCY.into()])
        .with(Field::Object, vec!["region-clue".into()])
        .with(Field::Digests, vec![Value::from(statement.payload_root)])
        .with_idempotency_key(statement.key)
        .with(Field::Party, field.to_values())
}

struct Parties {
    world: World,
    key: SigningKey,
    keys: PathBuf,
}

fn parties() -> Parties {
    let world = World::new();
    let key = SigningKey::from_bytes(&[5; 32]);
    // Base64 of 32 bytes by way of the verifier key of the same bytes, which the list takes, too.
    let named = audit_proof::key::VerifierKey::new(
        AGENCY,
        audit_proof::key::KeyKind::Ed25519,
        &key.verifying_key().to_bytes(),
    )
    .unwrap();
    let keys = world.file(
        "party-keys",
        format!(
            "# {}\nagency {AGENCY} {named}\nmust-sign {AGENCY} 0\n",
            to_hex(&[1])
        ),
    );
    Parties { world, key, keys }
}

impl Parties {
    fn verify(&self, drafts: Vec<Draft>) -> Run {
        let log = self.world.log_of("log", drafts);
        let folder = log.folder.as_os_str();
        let found = verify(&[
            "log".as_ref(),
            folder,
            "--party-keys".as_ref(),
            self.keys.as_os_str(),
        ]);
        std::fs::remove_dir_all(&log.folder).unwrap();
        found
    }

    fn submissions(&self, counters: &[u64]) -> Vec<Draft> {
        counters
            .iter()
            .map(|counter| submission(&self.key, *counter))
            .collect()
    }
}

#[test]
fn counters_without_gaps_pass_and_statements_are_counted() {
    let parties = parties();
    let mut entries = parties.submissions(&[1, 2, 3]);
    entries.insert(1, draft("something else"));
    let found = parties.verify(entries);
    found.passes(&[("unanchored", 0, 4)]);
    assert_eq!(found.verdict["checked"]["party_statements"], 3);
}

#[test]
fn a_submission_that_was_never_logged_is_a_gap_at_the_entry_after_it() {
    let parties = parties();
    let found = parties.verify(parties.submissions(&[1, 2, 5, 6]));
    found.fails(2, "party-gap");
    let message = found.verdict["failures"][0]["message"].as_str().unwrap();
    assert!(message.contains("3 to 4"), "{message}");
}

#[test]
fn an_entry_forged_unsigned_or_copied_is_named() {
    let parties = parties();
    let thief = SigningKey::from_bytes(&[6; 32]);
    let mut forged = parties.submissions(&[1, 2]);
    forged.push(submission(&thief, 3));
    parties.verify(forged).fails(2, "party-signature");
    let unsigned = Draft::new(SUBMIT_EVENT).with(Field::Actor, vec![AGENCY.into()]);
    let mut entries = parties.submissions(&[1]);
    entries.push(unsigned);
    parties.verify(entries).fails(1, "party-signature");
    parties
        .verify(parties.submissions(&[1, 2, 2]))
        .fails(2, "party-replay");
}

#[test]
fn a_log_in_which_nobody_signed_is_not_checkable_for_parties() {
    let parties = parties();
    parties
        .verify(drafts(3))
        .is_not_checkable("party statements");
}

#[test]
fn parties_are_checked_in_a_mirror_too() {
    let parties = parties();
    let log = parties.world.log_of("log", parties.submissions(&[1, 3]));
    let folder = parties.world.path("mirror");
    parties.world.publish(&log.entries, 2, &folder);
    let found = verify(&[
        "mirror".as_ref(),
        folder.as_os_str(),
        "--party-keys".as_ref(),
        parties.keys.as_os_str(),
        "--policy".as_ref(),
        parties.world.policy().as_os_str(),
    ]);
    found.fails(1, "party-gap");
}
