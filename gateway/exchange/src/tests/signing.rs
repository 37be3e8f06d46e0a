//! Signed submissions: what is admitted, what the log keeps, and what a check of the log finds.

use std::collections::BTreeMap;

use audit_log::Draft;
use audit_log::party::{
    self, AgencyKeys, CounterCheck, CounterReport, PartyFault, PartyField, PartyKeys, Statement,
    attributes_digest, key_digest,
};
use audit_log::tree;
use ed25519_dalek::{Signer as _, SigningKey};
use prost::Message as _;
use proto::v1::{SubmitRequest, SubmitResponse};

use crate::entry::{EVENT_DENY, EVENT_SUBMIT, SubmitEntry};
use crate::tests::fixture::{Fixture, TIME_NS, party_key, party_public_key, submission};
use crate::{PartySignature, Refusal, Submission, Turn};

/// Signs a submission as its agency's own client does.
fn sign(key: &SigningKey, agency: &str, counter: u64, mut of: Submission) -> Submission {
    let messages = of.messages.iter().map(|message| {
        let attributes = message.attributes.iter();
        attributes.map(|(name, value)| (name.as_str(), value.as_str()))
    });
    let statement = Statement {
        agency: agency.to_owned(),
        feed: of.feed.clone(),
        key: key_digest(agency, &of.feed, &of.idempotency_key),
        counter,
        time_ns: TIME_NS,
        payload_root: tree::root(of.messages.iter().map(|message| &*message.payload)),
        attributes: attributes_digest(messages),
    };
    let signature = key.sign(&statement.to_signed_bytes()).to_bytes();
    of.party = Some(PartySignature {
        key_id: party_key_id(key),
        counter,
        time_ns: TIME_NS,
        signature: signature.to_vec(),
    });
    of
}

fn party_key_id(key: &SigningKey) -> Vec<u8> {
    let key = party::PartyKey::from_bytes(&key.verifying_key().to_bytes());
    key.expect("is a key").id().0.to_vec()
}

fn signed(agency: &str, counter: u64, key: &str, messages: &[&str]) -> Submission {
    sign(&party_key(), agency, counter, submission(key, messages))
}

async fn submit(
    fixture: &Fixture,
    agency: &str,
    submission: Submission,
) -> Result<SubmitResponse, Refusal> {
    let caller = fixture.caller(agency);
    let exchange = &fixture.exchange;
    exchange.submit(&caller, submission, Turn::free()).await
}

async fn refused(fixture: &Fixture, agency: &str, submission: Submission) -> (String, String) {
    let refusal = submit(fixture, agency, submission).await;
    let refusal = refusal.expect_err("is refused");
    (refusal.reason().to_owned(), refusal.to_string())
}

/// What a check of the whole log finds, with the keys of the policy: `signer` may sign, `sworn` must.
fn report(fixture: &Fixture) -> CounterReport {
    let keys = |must_sign_from| AgencyKeys {
        keys: vec![party_public_key()],
        must_sign_from,
    };
    let keys = PartyKeys(BTreeMap::from([
        ("signer".to_owned(), keys(None)),
        ("sworn".to_owned(), keys(Some(0))),
    ]));
    let mut check = CounterCheck::new(&keys);
    for entry in fixture.exchange.log.reader().entries_from(0) {
        check.take(&entry.expect("reads").decode().expect("decodes"));
    }
    check.finish()
}

fn append(fixture: &Fixture, draft: Draft) {
    let pending = fixture.exchange.log.append(draft).expect("is queued");
    pending.wait().expect("is durable");
}

fn entry_at(fixture: &Fixture, position: u64) -> SubmitEntry {
    let stored = fixture.exchange.log.reader().entry(position);
    let stored = stored.expect("reads").expect("is there");
    SubmitEntry::read(&stored.decode().expect("decodes")).expect("is a submission")
}

#[test]
fn the_numbers_of_both_crates_agree() {
    assert_eq!(party::SUBMIT_EVENT, EVENT_SUBMIT);
}

#[tokio::test]
async fn a_signed_submission_verifies_from_its_entry_alone() {
    let fixture = Fixture::new();
    let mut of = submission("k", &["good", "reject"]);
    of.messages[1].attributes = vec![("content-type".to_owned(), "text/plain".to_owned())];
    let of = sign(&party_key(), "sworn", 1, of);
    submit(&fixture, "sworn", of.clone())
        .await
        .expect("is accepted");
    let found = report(&fixture);
    assert!(found.is_clean(), "{found:#?}");
    let counters: Vec<_> = found
        .keys
        .iter()
        .map(|key| (&*key.agency, key.highest))
        .collect();
    assert_eq!(counters, [("signer", 0), ("sworn", 1)]);
    let entry = entry_at(&fixture, 0);
    let stored = fixture.exchange.stored(0).expect("is stored");
    let manifest = SubmitRequest::decode(&*stored.manifest_bytes).expect("decodes");
    let (in_manifest, sent) = (
        manifest.party.expect("is kept"),
        of.party.expect("is signed"),
    );
    assert_eq!(in_manifest.signature, sent.signature);
    assert_eq!((in_manifest.counter, in_manifest.time_ns), (1, TIME_NS));
    assert_eq!(in_manifest.key_id, sent.key_id);
    assert_eq!(entry.party.expect("is kept").signature[..], sent.signature);
}

#[tokio::test]
async fn a_signature_that_is_missing_or_wrong_is_refused_and_the_refusal_is_an_entry() {
    let fixture = Fixture::new();
    let good = || signed("sworn", 1, "k", &["good"]);
    let changed = |change: fn(&mut PartySignature)| {
        let mut of = good();
        change(of.party.as_mut().expect("is signed"));
        of
    };
    let other_key = SigningKey::from_bytes(&[4; 32]);
    let mut other_bytes = good();
    other_bytes.messages[0].payload = b"other".as_slice().into();
    let mut other_attributes = good();
    other_attributes.messages[0].attributes = vec![("a".to_owned(), "b".to_owned())];
    let cases = [
        (submission("k", &["good"]), "must sign"),
        (changed(|party| party.key_id = vec![1; 7]), "8 bytes"),
        (
            changed(|party| party.signature.truncate(63)),
            "signature of 64",
        ),
        (
            changed(|party| party.counter = 0),
            "expected 1 for the first",
        ),
        (
            changed(|party| party.key_id = vec![0; 8]),
            "no party key 0000000000000000",
        ),
        (
            sign(&other_key, "sworn", 1, submission("k", &["good"])),
            "no party key",
        ),
        (changed(|party| party.counter = 2), "counter 2 is not over"),
        (changed(|party| party.time_ns += 1), "is not over"),
        (changed(|party| party.signature[0] ^= 1), "is not over"),
        (signed("signer", 1, "k", &["good"]), "is not over"),
        (other_bytes, "is not over"),
        (other_attributes, "is not over"),
    ];
    let count = cases.len();
    for (of, expected) in cases {
        let (reason, sentence) = refused(&fixture, "sworn", of).await;
        assert_eq!(reason, "party-signature");
        assert!(sentence.contains(expected), "{sentence}: {expected}");
    }
    assert_eq!(fixture.events(), vec![EVENT_DENY; count]);
    assert_eq!(fixture.evidence.len(), 0);
    let found = report(&fixture);
    assert!(
        found.is_clean(),
        "what was not signed leaves no number: {found:#?}"
    );
}

#[tokio::test]
async fn an_agency_without_keys_may_not_pretend_and_one_with_keys_may_leave_it() {
    let fixture = Fixture::new();
    let (reason, _) = refused(&fixture, "sender", signed("sender", 1, "k", &["good"])).await;
    assert_eq!(reason, "party-signature");
    let unsigned = submit(&fixture, "signer", submission("k", &["good"])).await;
    unsigned.expect("is accepted");
    assert!(report(&fixture).is_clean());
}

#[tokio::test]
async fn a_repeat_is_the_same_only_with_the_same_signature() {
    let fixture = Fixture::new();
    let of = signed("signer", 1, "k", &["good"]);
    let first = submit(&fixture, "signer", of.clone())
        .await
        .expect("is accepted");
    let again = submit(&fixture, "signer", of).await.expect("is repeated");
    assert_eq!(again, first);
    for other in [
        signed("signer", 2, "k", &["good"]),
        submission("k", &["good"]),
    ] {
        let (reason, _) = refused(&fixture, "signer", other).await;
        assert_eq!(reason, "idempotency-conflict");
    }
    assert_eq!(fixture.events(), [EVENT_SUBMIT, EVENT_DENY, EVENT_DENY]);
    let found = report(&fixture);
    assert!(found.is_clean() && found.keys[0].highest == 2, "{found:#?}");
}

#[tokio::test]
async fn the_number_of_a_refused_submission_is_no_gap() {
    let fixture = Fixture::with(|limits| limits.submission_messages = 1);
    let mut other_feed = submission("k", &["good"]);
    other_feed.feed = "not-granted".to_owned();
    let other_feed = sign(&party_key(), "sworn", 1, other_feed);
    let (reason, _) = refused(&fixture, "sworn", other_feed).await;
    assert_eq!(reason, "submit-not-granted");
    let large = signed("sworn", 2, "k", &["good", "good"]);
    assert_eq!(
        refused(&fixture, "sworn", large).await.0,
        "submission-too-large"
    );
    fixture.exchange.stop_accepting();
    let late = signed("sworn", 3, "k", &["good"]);
    assert_eq!(refused(&fixture, "sworn", late).await.0, "node-stopping");
    let found = report(&fixture);
    assert!(found.is_clean() && found.keys[1].highest == 3, "{found:#?}");
}

#[tokio::test]
async fn a_feed_name_that_is_cut_in_the_entry_keeps_no_signature() {
    let fixture = Fixture::new();
    for feed in [String::new(), "f".repeat(200)] {
        let mut of = submission("k", &["good"]);
        of.feed = feed;
        let of = sign(&party_key(), "sworn", 1, of);
        assert_eq!(refused(&fixture, "sworn", of).await.0, "submit-not-granted");
    }
    let found = report(&fixture);
    assert!(
        found.faults.is_empty() && found.keys[1].highest == 0,
        "{found:#?}"
    );
}

#[tokio::test]
async fn a_submission_that_was_not_logged_is_a_gap() {
    let fixture = Fixture::new();
    for counter in [1, 2, 4] {
        let of = signed(
            "sworn",
            counter,
            &format!("k{counter}"),
            &[&format!("good {counter}")],
        );
        submit(&fixture, "sworn", of).await.expect("is accepted");
    }
    assert_eq!(report(&fixture).keys[1].gaps, [3..=3]);
}

#[tokio::test]
async fn what_a_gateway_with_all_its_keys_makes_up_is_found() {
    let fixture = Fixture::new();
    let of = signed("sworn", 1, "k", &["good"]);
    submit(&fixture, "sworn", of).await.expect("is accepted");
    let genuine = entry_at(&fixture, 0);
    let forged = |party: Option<PartyField>| SubmitEntry {
        key: key_digest("sworn", "feed", "never sent"),
        payload_root: [5; 32],
        party,
        ..genuine.clone()
    };
    // Without a signature, with a signature taken from elsewhere, and a genuine entry once more.
    append(&fixture, forged(None).draft());
    append(&fixture, forged(genuine.party.clone()).draft());
    append(&fixture, genuine.draft());
    let found = report(&fixture);
    let positions: Vec<u64> = found.faults.iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, [1, 2]);
    assert!(matches!(found.faults[0].1, PartyFault::Unsigned { .. }));
    assert!(matches!(found.faults[1].1, PartyFault::BadSignature { .. }));
    let replays: Vec<_> = found.keys[1].replays.iter().collect();
    assert_eq!(replays.len(), 1);
    assert_eq!((replays[0].first, replays[0].again), (0, 3));
    assert!(replays[0].is_same_statement);
}

#[tokio::test]
async fn one_number_for_two_submissions_and_two_numbers_for_one_are_reported() {
    let fixture = Fixture::new();
    for (counter, key, message) in [(1, "a", "good 1"), (1, "b", "good 2"), (2, "c", "good 1")] {
        let of = signed("signer", counter, key, &[message]);
        submit(&fixture, "signer", of).await.expect("is accepted");
    }
    let found = report(&fixture);
    let signer = &found.keys[0];
    assert_eq!((signer.replays.len(), signer.renumbered.len()), (1, 1));
    assert_eq!((signer.replays[0].first, signer.replays[0].again), (0, 1));
    let renumbered = signer.renumbered[0];
    assert_eq!(
        (renumbered.first.position, renumbered.again.position),
        (0, 2)
    );
    assert_eq!((renumbered.first.counter, renumbered.again.counter), (1, 2));
}
