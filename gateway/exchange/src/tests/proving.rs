//! Proofs: who may ask, what holds against the checkpoint, what is refused, and what becomes an entry.

use std::sync::Arc;

use audit_log::Hash;
use audit_proof::checkpoint::Checkpoint;
use audit_proof::note::Note;
use audit_proof::proof::{
    MessageProof, RangeProof, verify_consistency, verify_inclusion, verify_message, verify_range,
};
use audit_proof::signer::Signer as _;
use audit_proof::suite::Suite;
use audit_proof::tlog_proof::TlogProof;
use proptest::prelude::*;
use proto::v1::{
    CheckpointStanding, GetCheckpointResponse, GetInclusionProofResponse, GetMessageProofResponse,
    SubmitResponse,
};

use crate::entry::{CaseBinding, EVENT_DENY, EVENT_QUERY, EVENT_QUERY_RESULT};
use crate::ports::Proofs;
use crate::tests::fixture::signed_log::{Broken, Key, SignedLog, runtime};
use crate::tests::fixture::{Fixture, Ports, log, submission};
use crate::{EntryName, MAX_RANGE, Refusal, Turn};

const ORIGIN: &str = "test.lawgate.example/1";

struct Proving {
    fixture: Fixture,
    ports: Arc<SignedLog>,
}

impl Proving {
    fn new() -> Proving {
        let folder = tempfile::tempdir().expect("folder");
        let log = log(folder.path());
        let (key, receipt) = (Key::new(ORIGIN), Key::new(&format!("{ORIGIN}/receipt")));
        let ports = SignedLog::open(&log, folder.path(), &key, &receipt);
        let given = Ports {
            proofs: Some(Arc::clone(&ports) as Arc<dyn Proofs>),
            ..Ports::default()
        };
        Proving {
            fixture: Fixture::over(log, folder, |_| {}, given),
            ports,
        }
    }

    /// One with this many submissions, published twice: in the middle and at the end.
    async fn with(count: u64) -> (Proving, Vec<SubmitResponse>) {
        let proving = Proving::new();
        let mut answers = Vec::new();
        for number in 0..count {
            if number == count / 2 {
                proving.publish();
            }
            answers.push(proving.submit(&format!("k{number}"), &["good"]).await);
        }
        proving.publish();
        (proving, answers)
    }

    fn publish(&self) -> u64 {
        self.ports.publish(&self.fixture.exchange.log)
    }

    async fn submit(&self, key: &str, messages: &[&str]) -> SubmitResponse {
        let sender = self.fixture.caller("sender");
        let exchange = &self.fixture.exchange;
        let answer = exchange.submit(&sender, submission(key, messages), Turn::free());
        answer.await.expect("is accepted")
    }

    async fn checkpoint(&self) -> (GetCheckpointResponse, Checkpoint) {
        let caller = self.fixture.caller("nobody");
        let answer = self.fixture.exchange.get_checkpoint(&caller).await;
        let answer = answer.expect("is published");
        let note = Note::parse(answer.note.as_bytes()).expect("is a note");
        note.verify([self.ports.log_key.key()]).expect("is signed");
        let checkpoint = Checkpoint::parse(note.text()).expect("is a checkpoint");
        assert_eq!(checkpoint.size(), answer.size);
        (answer, checkpoint)
    }

    async fn inclusion(
        &self,
        agency: &str,
        name: EntryName,
        size: u64,
    ) -> Result<GetInclusionProofResponse, Refusal> {
        let caller = self.fixture.caller(agency);
        let exchange = &self.fixture.exchange;
        exchange.get_inclusion_proof(&caller, name, size).await
    }

    async fn message(
        &self,
        agency: &str,
        id: &str,
        message: u32,
        size: u64,
    ) -> Result<GetMessageProofResponse, Refusal> {
        let caller = self.fixture.caller(agency);
        let (id, case) = (id.to_owned(), CaseBinding::default());
        let exchange = &self.fixture.exchange;
        exchange
            .get_message_proof(&caller, id, message, size, case)
            .await
    }
}

fn hash(bytes: &[u8]) -> Hash {
    bytes.try_into().expect("has 32 bytes")
}

fn hashes(list: &[Vec<u8>]) -> Vec<Hash> {
    list.iter().map(|bytes| hash(bytes)).collect()
}

fn reason<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> &'static str {
    answer.expect_err("is refused").reason()
}

#[tokio::test]
async fn a_checkpoint_is_shown_with_its_standing_and_its_witnesses() {
    let proving = Proving::new();
    let caller = proving.fixture.caller("nobody");
    let exchange = &proving.fixture.exchange;
    assert_eq!(
        reason(exchange.get_checkpoint(&caller).await),
        "not-published"
    );
    assert_eq!(proving.fixture.events(), [EVENT_DENY]);
    let size = proving.publish();
    let (shown, _) = proving.checkpoint().await;
    assert_eq!(shown.size, size);
    assert_eq!(shown.standing(), CheckpointStanding::Provisional);
    assert_eq!(
        (shown.witnesses.len(), shown.missing_witnesses.len()),
        (0, 1)
    );
    assert_eq!(
        proving.fixture.events(),
        [EVENT_DENY],
        "hashes are no reading"
    );
}

#[tokio::test]
async fn every_entry_of_every_published_size_is_proven_to_every_agency() {
    let (proving, _) = Proving::with(9).await;
    let (_, checkpoint) = proving.checkpoint().await;
    assert_eq!(checkpoint.size(), 9);
    for position in 0..9 {
        let name = EntryName::Position(position);
        let proof = proving
            .inclusion("nobody", name, 0)
            .await
            .expect("is there");
        let (leaf, path) = (hash(&proof.leaf_hash), hashes(&proof.hashes));
        let root = checkpoint.root();
        verify_inclusion(Suite::Sha256, position, proof.size, &leaf, &path, root).expect("holds");
        let text = TlogProof::parse(proof.tlog_proof.as_bytes()).expect("is a proof");
        text.verify_inclusion(Suite::Sha256, &leaf).expect("holds");
        assert_eq!(text.checkpoint(), &checkpoint);
        let name = EntryName::Position(position);
        let old = proving.inclusion("nobody", name, 4).await;
        match position < 4 {
            true => assert!(!old.expect("is there").tlog_proof.is_empty()),
            false => assert_eq!(reason(old), "request-malformed"),
        }
    }
    let between = proving.inclusion("nobody", EntryName::Position(1), 6).await;
    let between = between.expect("every size can be asked about");
    assert_eq!(between.tlog_proof, "", "no checkpoint was released there");
}

#[tokio::test]
async fn an_entry_by_its_submission_is_for_those_who_may_know_of_it() {
    let (proving, answers) = Proving::with(4).await;
    let name = || EntryName::Submission(answers[2].submission_id.clone());
    for agency in ["sender", "reader"] {
        let proof = proving
            .inclusion(agency, name(), 0)
            .await
            .expect("is there");
        let receipt = answers[2].receipt.as_ref().expect("is stated");
        assert_eq!(proof.position, receipt.position);
        assert_eq!(proof.leaf_hash, receipt.leaf_hash);
    }
    assert_eq!(
        reason(proving.inclusion("nobody", name(), 0).await),
        "not-found"
    );
    for id in [
        "",
        "01ARZ3NDEKTSV4RRFFQ69G5FAU",
        "00000000000000000000000000",
    ] {
        let name = EntryName::Submission(id.to_owned());
        assert_eq!(
            reason(proving.inclusion("sender", name, 0).await),
            "not-found"
        );
    }
}

#[tokio::test]
async fn what_is_not_published_yet_is_said_and_comes_with_the_next_checkpoint() {
    let (proving, _) = Proving::with(4).await;
    let late = proving.submit("late", &["good"]).await;
    let position = late.receipt.as_ref().expect("is stated").position;
    let names = [
        EntryName::Position(position),
        EntryName::Submission(late.submission_id.clone()),
    ];
    for name in names.clone() {
        let refusal = proving.inclusion("sender", name, 0).await;
        let refusal = refusal.expect_err("is refused");
        assert_eq!(refusal.reason(), "not-published");
        assert!(refusal.retry_after().is_some());
    }
    let huge = proving.inclusion("sender", EntryName::Position(0), u64::MAX);
    assert_eq!(reason(huge.await), "not-published");
    let message = proving.message("sender", &late.submission_id, 0, 0);
    assert_eq!(reason(message.await), "not-published");
    proving.publish();
    for name in names {
        proving
            .inclusion("sender", name, 0)
            .await
            .expect("is there");
    }
}

#[tokio::test]
async fn one_message_is_proven_without_the_others_and_the_reading_is_logged_first() {
    let proving = Proving::new();
    let messages = ["good", "reject this", "good as well", "good", "last"];
    let answer = proving.submit("k", &messages).await;
    proving.publish();
    let (_, checkpoint) = proving.checkpoint().await;
    let events = proving.fixture.events().len();
    for (number, message) in (0_u32..).zip(messages) {
        let found = proving.message("reader", &answer.submission_id, number, checkpoint.size());
        let found = found.await.expect("is there");
        assert_eq!(found.message_count, 5);
        let inclusion = found.inclusion.as_ref().expect("is there");
        let (path, in_log) = (hashes(&found.payload_hashes), hashes(&inclusion.hashes));
        let proof = MessageProof {
            message: u64::from(found.message_index),
            path: &path,
            entry: &found.entry,
            size: inclusion.size,
            inclusion: &in_log,
        };
        let entry = verify_message(message.as_bytes(), &proof, checkpoint.root());
        assert_eq!(entry.expect("holds").position(), inclusion.position);
        assert!(verify_message(b"other", &proof, checkpoint.root()).is_err());
        let bytes = found.payload_leaf_hash;
        assert_eq!(hash(&bytes), audit_log::leaf_hash(message.as_bytes()));
    }
    proving.fixture.flush_and_index();
    let logged = proving.fixture.events()[events..events + 10].to_vec();
    assert_eq!(logged, [EVENT_QUERY, EVENT_QUERY_RESULT].repeat(5));
}

#[tokio::test]
async fn a_message_proof_is_refused_to_strangers_and_for_what_is_not_there() {
    let (proving, answers) = Proving::with(2).await;
    let id = &answers[0].submission_id;
    assert_eq!(
        reason(proving.message("nobody", id, 0, 0).await),
        "not-found"
    );
    assert_eq!(proving.fixture.events().last(), Some(&EVENT_DENY));
    assert_eq!(
        reason(proving.message("sender", id, 1, 0).await),
        "request-malformed"
    );
    assert_eq!(
        reason(proving.message("sender", id, u32::MAX, 0).await),
        "request-malformed"
    );
    let long = "x".repeat(10_000);
    assert_eq!(
        reason(proving.message("sender", &long, 0, 0).await),
        "not-found"
    );
    proving.fixture.evidence.damage();
    assert_eq!(
        reason(proving.message("sender", id, 0, 0).await),
        "stored-data-damaged"
    );
}

#[tokio::test]
async fn ranges_and_growths_that_no_log_has_are_refused_as_malformed() {
    let (proving, _) = Proving::with(6).await;
    let caller = proving.fixture.caller("reader");
    let exchange = &proving.fixture.exchange;
    for (from, to, size) in [
        (0, 0, 0),
        (3, 2, 0),
        (0, 7, 0),
        (0, 5, 4),
        (0, MAX_RANGE + 1, 0),
        (u64::MAX, u64::MAX, 0),
    ] {
        let range = exchange.get_range_proof(&caller, from, to, size).await;
        assert_eq!(reason(range), "request-malformed", "{from} {to} {size}");
    }
    for (old, new) in [(0, 0), (0, 3), (5, 4), (7, 0), (u64::MAX, 6)] {
        let growth = exchange.get_consistency_proof(&caller, old, new).await;
        assert_eq!(reason(growth), "request-malformed", "{old} {new}");
    }
    let events = proving.fixture.events();
    let refusals = events.iter().filter(|event| **event == EVENT_DENY);
    assert_eq!(refusals.count(), 11, "every refusal is an entry");
}

#[tokio::test]
async fn a_node_without_proofs_says_so_and_one_whose_files_are_gone_too() {
    let fixture = Fixture::new();
    let caller = fixture.caller("sender");
    assert_eq!(
        reason(fixture.exchange.get_checkpoint(&caller).await),
        "proofs-not-offered"
    );
    let folder = tempfile::tempdir().expect("folder");
    let log = log(folder.path());
    let ports = Ports {
        proofs: Some(Arc::new(Broken)),
        ..Ports::default()
    };
    let fixture = Fixture::over(log, folder, |_| {}, ports);
    let exchange = &fixture.exchange;
    assert_eq!(
        reason(exchange.get_checkpoint(&caller).await),
        "proof-failed"
    );
    let range = exchange.get_range_proof(&caller, 0, 1, 0).await;
    assert_eq!(reason(range), "proof-failed");
    assert!(exchange.is_healthy(), "the log is not affected");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn what_is_answered_holds_and_nothing_panics(
        count in 1_u64..14,
        asked in prop::collection::vec(any::<(u64, u64, u64, bool)>(), 40),
    ) {
        let runtime = runtime();
        runtime.block_on(async {
            let (proving, _) = Proving::with(count).await;
            let (_, newest) = proving.checkpoint().await;
            for (from, to, size, small) in asked {
                let bounded = |number: u64| if small { number % (count + 3) } else { number };
                check(&proving, &newest, bounded(from), bounded(to), bounded(size)).await;
            }
        });
    }
}

/// Asks for a range and a growth, and holds what is answered for the newest size against its root.
async fn check(proving: &Proving, newest: &Checkpoint, from: u64, to: u64, size: u64) {
    let caller = proving.fixture.caller("reader");
    let exchange = &proving.fixture.exchange;
    let range = exchange.get_range_proof(&caller, from, to, size).await;
    let fits = from < to && to <= newest.size() && size <= newest.size();
    assert_eq!(
        range.is_ok(),
        fits && (size == 0 || to <= size),
        "{from} {to} {size}"
    );
    if let Ok(answer) = range
        && answer.size == newest.size()
    {
        let proof = RangeProof {
            left: hashes(&answer.left),
            right: hashes(&answer.right),
        };
        let leaves = hashes(&answer.leaf_hashes);
        let (size, root) = (answer.size, newest.root());
        verify_range(Suite::Sha256, from, &leaves, size, &proof, root).expect("holds");
    }
    let growth = exchange.get_consistency_proof(&caller, from, 0).await;
    assert_eq!(
        growth.is_ok(),
        (1..=newest.size()).contains(&from),
        "{from}"
    );
    if let Ok(answer) = growth {
        let reader = exchange.log.reader();
        let leaves = reader.entries_from(0).take(from as usize);
        let mut old = audit_log::tree::CompactRange::new();
        leaves.for_each(|entry| old.append(entry.expect("reads").leaf_hash()));
        let proof = hashes(&answer.hashes);
        let (new, root) = (answer.new_size, newest.root());
        verify_consistency(Suite::Sha256, from, &old.root(), new, root, &proof).expect("holds");
    }
}
