//! Signed receipts: what they prove, that repeats are byte-identical, and what happens when the key does not sign.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use audit_proof::receipt::Receipt;
use audit_proof::signer::Signer as _;
use audit_proof::suite::Suite;
use futures_util::future::join_all;
use proptest::prelude::*;
use proto::v1::SubmitResponse;

use crate::entry::EVENT_SUBMIT;
use crate::ports::Receipts;
use crate::tests::fixture::signed_log::{Broken, Key, SignedLog, runtime};
use crate::tests::fixture::{Fixture, Ports, log, submission};
use crate::{Submission, SubmissionName, Turn};

const ORIGIN: &str = "test.lawgate.example/1";

/// A fixture whose answers are signed by keys that outlive it.
struct Signed {
    fixture: Fixture,
    ports: Arc<SignedLog>,
}

impl Signed {
    fn new() -> Signed {
        let folder = tempfile::tempdir().expect("folder");
        let keys = (Key::new(ORIGIN), Key::new(&format!("{ORIGIN}/receipt")));
        Signed::open(folder, &keys, Ports::default())
    }

    fn open(folder: tempfile::TempDir, keys: &(Arc<Key>, Arc<Key>), ports: Ports) -> Signed {
        let log = log(folder.path());
        let signed = SignedLog::open(&log, folder.path(), &keys.0, &keys.1);
        let ports = Ports {
            receipts: Some(Arc::clone(&signed) as Arc<dyn Receipts>),
            ..ports
        };
        Signed {
            fixture: Fixture::over(log, folder, |_| {}, ports),
            ports: signed,
        }
    }

    /// Stops the node and starts it again over the same files, with an empty index.
    fn reopened(self) -> Signed {
        let Signed { fixture, ports } = self;
        let keys = (Arc::clone(&ports.log_key), Arc::clone(&ports.receipt_key));
        let evidence = Some(Arc::clone(&fixture.evidence));
        fixture.exchange.log.clone().close().expect("closes");
        let Fixture {
            exchange, folder, ..
        } = fixture;
        drop((exchange, ports));
        let ports = Ports {
            evidence,
            ..Ports::default()
        };
        let signed = Signed::open(folder, &keys, ports);
        signed.fixture.index_all();
        signed
    }

    async fn submit(&self, submission: Submission) -> SubmitResponse {
        let (exchange, sender) = (&self.fixture.exchange, self.fixture.caller("sender"));
        let answer = exchange.submit(&sender, submission, Turn::free()).await;
        answer.expect("is accepted")
    }

    fn check(&self, answer: &SubmitResponse) -> Receipt {
        let receipt = Receipt::parse(answer.signed_receipt.as_bytes()).expect("is a receipt");
        let key = self.ports.receipt_key.key();
        receipt.verify(Suite::Sha256, key).expect("verifies");
        let stated = answer.receipt.as_ref().expect("is stated");
        assert_eq!(receipt.position(), stated.position);
        assert_eq!(receipt.leaf_hash()[..], stated.leaf_hash[..]);
        let stored = self.fixture.exchange.log.reader().entry(stated.position);
        let stored = stored.expect("reads").expect("is durable");
        let entry = receipt.verify_entry(Suite::Sha256, &stored.bytes);
        entry.expect("is that entry's");
        receipt
    }
}

#[tokio::test]
async fn an_answer_carries_a_receipt_that_proves_its_entry() {
    let signed = Signed::new();
    for number in 0..5 {
        let answer = signed.submit(submission(&format!("k{number}"), &["good"]));
        signed.check(&answer.await);
    }
}

#[tokio::test]
async fn a_repeat_has_the_same_receipt_byte_for_byte_whenever_it_is_asked_for() {
    let signed = Signed::new();
    let first = signed.submit(submission("k", &["good", "reject"])).await;
    assert_eq!(
        signed.submit(submission("k", &["good", "reject"])).await,
        first
    );
    for number in 0..20 {
        signed
            .submit(submission(&format!("other{number}"), &["good"]))
            .await;
    }
    signed.fixture.index_all();
    assert_eq!(
        signed.submit(submission("k", &["good", "reject"])).await,
        first
    );
    // Once the entry is in tiles the proof comes from there.
    signed.ports.publish(&signed.fixture.exchange.log);
    assert_eq!(
        signed.submit(submission("k", &["good", "reject"])).await,
        first
    );

    let signed = signed.reopened().reopened();
    assert_eq!(
        signed.submit(submission("k", &["good", "reject"])).await,
        first
    );
    let sender = signed.fixture.caller("sender");
    let name = SubmissionName::Id(first.submission_id.clone());
    let found = signed.fixture.exchange.get_submission(&sender, name).await;
    assert_eq!(found.expect("is found"), first);
    signed.check(&first);
}

#[tokio::test]
async fn without_a_key_there_is_no_receipt_and_everything_else() {
    let fixture = Fixture::new();
    let sender = fixture.caller("sender");
    let of = || submission("k", &["good"]);
    let first = fixture.exchange.submit(&sender, of(), Turn::free()).await;
    let first = first.expect("is accepted");
    assert!(first.signed_receipt.is_empty() && first.receipt.is_some());
    let again = fixture.exchange.submit(&sender, of(), Turn::free()).await;
    assert_eq!(again.expect("is accepted"), first);
}

#[tokio::test]
async fn a_key_that_does_not_sign_costs_the_receipt_and_not_the_submission() {
    let signed = Signed::new();
    let broken = &signed.ports.receipt_key.broken;
    broken.store(true, Ordering::Relaxed);
    let first = signed.submit(submission("k", &["good"])).await;
    assert_eq!(first.signed_receipt, "");
    assert_eq!(signed.fixture.events(), [EVENT_SUBMIT]);
    assert!(signed.fixture.exchange.is_healthy());
    assert_eq!(signed.submit(submission("k", &["good"])).await, first);

    broken.store(false, Ordering::Relaxed);
    let repeat = signed.submit(submission("k", &["good"])).await;
    signed.check(&repeat);
    assert_eq!(signed.fixture.events(), [EVENT_SUBMIT]);
    let without = SubmitResponse {
        signed_receipt: String::new(),
        ..repeat
    };
    assert_eq!(without, first);
}

#[tokio::test]
async fn ports_that_fail_leave_the_answer_as_it_is_without_them() {
    let folder = tempfile::tempdir().expect("folder");
    let log = log(folder.path());
    let ports = Ports {
        receipts: Some(Arc::new(Broken)),
        ..Ports::default()
    };
    let fixture = Fixture::over(log, folder, |_| {}, ports);
    let sender = fixture.caller("sender");
    let answer = fixture
        .exchange
        .submit(&sender, submission("k", &["good"]), Turn::free());
    assert_eq!(answer.await.expect("is accepted").signed_receipt, "");
}

#[tokio::test]
async fn nothing_is_signed_for_an_entry_that_is_not_durable() {
    let signed = Signed::new();
    let exchange = &signed.fixture.exchange;
    exchange.log.clone().close().expect("closes");
    let sender = signed.fixture.caller("sender");
    let refused = exchange
        .submit(&sender, submission("k", &["good"]), Turn::free())
        .await;
    let refusal = refused.expect_err("is refused");
    assert_eq!(refusal.reason(), "log-unavailable");
    assert_eq!(signed.ports.receipt_key.calls.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_signed_once_whoever_asks() {
    let signed = Signed::new();
    let keys: Vec<String> = (0..60).map(|number| format!("k{number}")).collect();
    let submitted = keys
        .iter()
        .map(|key| signed.submit(submission(key, &["good"])));
    let answers = join_all(submitted).await;
    let sizes: BTreeSet<u64> = answers
        .iter()
        .map(|answer| signed.check(answer).proof().checkpoint().size())
        .collect();
    let calls = signed.ports.receipt_key.calls.load(Ordering::Relaxed);
    assert_eq!(calls, sizes.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_receipt_of_every_order_of_things_is_made_again_as_it_was(
        steps in prop::collection::vec(0_u8..5, 1..25),
    ) {
        let runtime = runtime();
        let mut signed = Signed::new();
        let mut answers: Vec<SubmitResponse> = Vec::new();
        for step in steps {
            match step {
                0 => { signed.ports.publish(&signed.fixture.exchange.log); }
                1 => signed = signed.reopened(),
                _ => {
                    let of = submission(&format!("k{}", answers.len()), &["good"]);
                    answers.push(runtime.block_on(signed.submit(of)));
                }
            }
        }
        for (number, answer) in answers.iter().enumerate() {
            signed.check(answer);
            let of = submission(&format!("k{number}"), &["good"]);
            prop_assert_eq!(&runtime.block_on(signed.submit(of)), answer);
        }
    }
}
