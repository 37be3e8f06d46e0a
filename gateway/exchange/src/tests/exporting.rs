//! Exporting: a package that proves itself, sealed by the log, with what the reader may see and no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use audit_log::cbor::Value;
use audit_log::entry::Field;
use audit_proof::judge::{Outcome, Questions, Trust};
use audit_proof::policy::Policy;
use audit_proof::signer::Signer as _;
use package_proof::index::{PackageType, Presence, Role};
use package_proof::{Held, PackageVerdict, check, render, zip::Zip};
use proto::v1::SubmitResponse;

use crate::entry::{CaseBinding, EVENT_DENY, EVENT_QUERY, EVENT_QUERY_RESULT};
use crate::ports::{PackageSource, Proofs, Receipts, StampedCheckpoint};
use crate::refusal::Cause;
use crate::tests::fixture::signed_log::{Key, SignedLog};
use crate::tests::fixture::{Fixture, Ports, log, submission};
use crate::{ExportEvidence, ExportSubject, ExportedPackage, Refusal, Turn};

const ORIGIN: &str = "test.lawgate.example/1";

/// The node's files.
struct Files {
    policy: String,
}

impl PackageSource for Files {
    fn software(&self) -> String {
        "lawgate test".to_owned()
    }

    fn policy(&self) -> Result<String, Cause> {
        Ok(self.policy.clone())
    }

    fn key_history(&self) -> Result<Option<String>, Cause> {
        Ok(None)
    }

    fn stamps(&self) -> Result<Vec<u64>, Cause> {
        Ok(Vec::new())
    }

    fn stamp(&self, _: u64) -> Result<Option<StampedCheckpoint>, Cause> {
        Ok(None)
    }

    fn font(&self) -> Option<Arc<[u8]>> {
        None
    }
}

struct Exporting {
    fixture: Fixture,
    ports: Arc<SignedLog>,
    policy: String,
}

impl Exporting {
    /// A log with two submissions of `sender`.
    async fn new() -> (Exporting, Vec<SubmitResponse>) {
        let folder = tempfile::tempdir().expect("folder");
        let log = log(folder.path());
        let (key, receipt) = (Key::new(ORIGIN), Key::new(&format!("{ORIGIN}/receipt")));
        let ports = SignedLog::open(&log, folder.path(), &key, &receipt);
        let policy = format!("log {}\nlog {}\nquorum none\n", key.key(), receipt.key());
        let given = Ports {
            proofs: Some(Arc::clone(&ports) as Arc<dyn Proofs>),
            receipts: Some(Arc::clone(&ports) as Arc<dyn Receipts>),
            ..Ports::default()
        };
        let fixture = Fixture::over(log, folder, |_| {}, given);
        let files = Files {
            policy: policy.clone(),
        };
        fixture.exchange.offer_packages(Arc::new(files));
        let exporting = Exporting {
            fixture,
            ports,
            policy,
        };
        let mut answers = Vec::new();
        let sender = exporting.fixture.caller("sender");
        for (key, messages) in [("a", vec!["good", "reject"]), ("b", vec!["good"])] {
            let exchange = &exporting.fixture.exchange;
            let answer = exchange.submit(&sender, submission(key, &messages), Turn::free());
            answers.push(answer.await.expect("is accepted"));
        }
        exporting.fixture.index_all();
        (exporting, answers)
    }

    /// Exports while the log is published and indexed as it grows.
    async fn export(
        &self,
        agency: &str,
        subject: ExportSubject,
    ) -> Result<ExportedPackage, Refusal> {
        let ask = ExportEvidence {
            subject,
            is_transfer: false,
            without_components: false,
            disclose: Vec::new(),
            with_payloads: false,
            case: CaseBinding {
                purpose: "review".to_owned(),
                ..CaseBinding::default()
            },
        };
        let is_done = AtomicBool::new(false);
        let caller = self.fixture.caller(agency);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_done.load(Ordering::Relaxed) {
                    self.ports.publish(&self.fixture.exchange.log);
                    self.fixture.index_all();
                    std::thread::yield_now();
                }
            });
            let exported = tokio::task::block_in_place(|| {
                let exported = self.fixture.exchange.export_evidence(&caller, ask);
                tokio::runtime::Handle::current().block_on(exported)
            });
            is_done.store(true, Ordering::Relaxed);
            exported
        })
    }

    fn judged(&self, package: &ExportedPackage) -> PackageVerdict {
        let trust = Trust {
            policy: Some(Policy::parse(self.policy.as_bytes()).expect("a policy")),
            ..Trust::default()
        };
        check(
            &package.bytes,
            &trust,
            &Questions::default(),
            &Held::default(),
        )
    }
}

fn file(package: &ExportedPackage, name: &str) -> Option<Vec<u8>> {
    let zip = Zip::read(&package.bytes).expect("a container");
    zip.member(name)
        .map(|member| member.contents().expect("is sound"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_is_exported_by_its_sender_whole_and_the_package_verifies() {
    let (exporting, answers) = Exporting::new().await;
    let id = answers[0].submission_id.clone();
    let exported = exporting
        .export("sender", ExportSubject::Submission(id))
        .await;
    let exported = exported.expect("is exported");
    let verdict = exporting.judged(&exported);
    assert_eq!(
        verdict.outcome(),
        Outcome::Passed,
        "{}",
        render::text(&verdict)
    );
    assert!(verdict.is_sealed);
    assert_eq!(verdict.digest, Some(exported.digest));
    assert_eq!((verdict.counts.payloads, verdict.counts.results), (2, 3));
    let index = verdict.index.expect("an index");
    assert_eq!(
        (index.kind, index.is_masked),
        (PackageType::Submission, false)
    );
    assert_eq!(
        file(&exported, "payloads/0/0.bin").as_deref(),
        Some(b"good".as_slice())
    );
    let left_out = index.left_out.iter().map(|left| left.what.as_str());
    assert!(left_out.clone().any(|what| what == "statement.pdf"));
    assert!(
        left_out
            .clone()
            .any(|what| what.starts_with("component of obedient"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_an_entry_before_and_one_with_the_digest_of_the_package_after_it() {
    let (exporting, answers) = Exporting::new().await;
    let id = answers[1].submission_id.clone();
    let subject = ExportSubject::Submission(id.clone());
    let exported = exporting
        .export("sender", subject)
        .await
        .expect("is exported");
    let reader = exporting.fixture.exchange.log.reader();
    let before = reader
        .entry(exported.query)
        .expect("reads")
        .expect("is there");
    let before = before.decode().expect("decodes");
    assert_eq!(before.event(), EVENT_QUERY);
    let object = before.field(Field::Object).expect("names what");
    assert_eq!(object[1], Value::Text("ExportPackage".to_owned()));
    assert_eq!(object[2], Value::Text(format!("submission={id:?}")));
    assert_eq!(
        before.field(Field::Case).expect("a purpose")[1],
        Value::Text("review".to_owned())
    );
    let after = reader
        .entry(exported.seal)
        .expect("reads")
        .expect("is there");
    let after = after.decode().expect("decodes");
    assert_eq!(after.event(), EVENT_QUERY_RESULT);
    let digests = after.field(Field::Digests).expect("a digest");
    assert_eq!(digests[2], Value::Bytes(exported.digest.to_vec()));
    assert!(exported.seal > exported.query);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_without_every_class_gets_digests_in_place_of_messages_and_results() {
    let (exporting, answers) = Exporting::new().await;
    let id = answers[0].submission_id.clone();
    let exported = exporting
        .export("reader", ExportSubject::Submission(id))
        .await;
    let exported = exported.expect("is exported");
    assert!(exported.is_masked);
    let verdict = exporting.judged(&exported);
    assert_eq!(
        verdict.outcome(),
        Outcome::Passed,
        "{}",
        render::text(&verdict)
    );
    assert_eq!((verdict.counts.payloads, verdict.counts.results), (0, 0));
    assert_eq!(verdict.counts.digests_only, 5);
    let index = verdict.index.clone().expect("an index");
    assert_eq!(index.submissions[0].items[0].payload, Presence::Withheld);
    assert!(file(&exported, "payloads/0/0.bin").is_none());
    assert!(render::text(&verdict).contains("masked or withheld"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_one_message_and_who_read_it_before_stands_beside_it() {
    let (exporting, answers) = Exporting::new().await;
    let records = exporting.fixture.exchange.clone();
    let page = records
        .list_records(
            &exporting.fixture.caller("sender"),
            crate::ListRecords::default(),
        )
        .await
        .expect("is answered");
    let id = page.records[0]
        .envelope
        .as_ref()
        .expect("an envelope")
        .record_id
        .clone();
    let reader = exporting.fixture.caller("reader");
    let read = records
        .get_record(&reader, id.clone(), CaseBinding::default())
        .await;
    read.expect("is read");
    exporting.fixture.flush_and_index();
    let whole = exporting
        .export("inspector", ExportSubject::Record(id.clone()))
        .await;
    let whole = whole.expect("is exported");
    let verdict = exporting.judged(&whole);
    assert_eq!(
        verdict.outcome(),
        Outcome::Passed,
        "{}",
        render::text(&verdict)
    );
    let index = verdict.index.expect("an index");
    assert_eq!(index.submissions.len(), 1);
    assert_eq!(index.submissions[0].items.len(), 1);
    assert_eq!(
        index.submissions[0].items[0].records,
        std::slice::from_ref(&id)
    );
    let custody = |index: &package_proof::Index| {
        let of_custody = |item: &&package_proof::index::EntryItem| item.role == Role::Custody;
        index.entries.iter().filter(of_custody).count()
    };
    // The reading of the record, its result, and the question of this export.
    assert_eq!(custody(&index), 3);
    let own = exporting
        .export("sender", ExportSubject::Record(id))
        .await
        .expect("is exported");
    let index = exporting.judged(&own).index.expect("an index");
    assert_eq!(
        custody(&index),
        1,
        "an agency that may not see every class sees its own readings"
    );
    assert!(
        index
            .left_out
            .iter()
            .any(|left| left.what.starts_with("custody"))
    );
    assert_eq!(answers.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_complete_and_entries_of_others_are_there_by_their_hashes() {
    let (exporting, _) = Exporting::new().await;
    let reader = exporting.fixture.caller("reader");
    let listed = exporting
        .fixture
        .exchange
        .list_records(&reader, crate::ListRecords::default());
    listed.await.expect("is answered");
    exporting.fixture.flush_and_index();
    let exported = exporting.export("sender", ExportSubject::Range(0, 4)).await;
    let exported = exported.expect("is exported");
    let verdict = exporting.judged(&exported);
    assert_eq!(
        verdict.outcome(),
        Outcome::Passed,
        "{}",
        render::text(&verdict)
    );
    assert!(file(&exported, "entries/0.cbor").is_some());
    assert!(
        file(&exported, "entries/2.cbor").is_none(),
        "the reading of another agency"
    );
    assert!(file(&exported, "proofs/range.proof").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_may_not_know_of_is_not_found_and_the_refusal_is_an_entry() {
    let (exporting, answers) = Exporting::new().await;
    let id = answers[0].submission_id.clone();
    for (agency, subject) in [
        ("nobody", ExportSubject::Submission(id)),
        (
            "reader",
            ExportSubject::Record("01KX3Z5E8G00000000008000G0".to_owned()),
        ),
        (
            "sender",
            ExportSubject::Case("包环罚〔2026〕1号".to_owned()),
        ),
    ] {
        let refusal = exporting
            .export(agency, subject)
            .await
            .expect_err("is refused");
        assert_eq!(refusal.reason(), "not-found", "{agency}");
        assert_eq!(exporting.fixture.events().last(), Some(&EVENT_DENY));
    }
    let refusal = exporting.export("sender", ExportSubject::Range(5, 5)).await;
    assert_eq!(
        refusal.expect_err("is refused").reason(),
        "request-malformed"
    );
}

#[tokio::test]
async fn a_node_that_offers_no_packages_refuses_by_name() {
    let fixture = Fixture::new();
    let ask = ExportEvidence {
        subject: ExportSubject::Range(0, 1),
        is_transfer: false,
        without_components: false,
        disclose: Vec::new(),
        with_payloads: false,
        case: CaseBinding::default(),
    };
    let caller = fixture.caller("sender");
    let refusal = fixture.exchange.export_evidence(&caller, ask).await;
    assert_eq!(
        refusal.expect_err("is refused").reason(),
        "proofs-not-offered"
    );
}
