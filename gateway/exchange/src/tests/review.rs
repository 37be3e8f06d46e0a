//! Findings of a review: each test states what was promised and fails while it is not kept.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use proto::v1::record::Entity;
use proto::v1::{
    Clue, Conversion, Envelope, Evidence, Finding, LegalReview, Party, Record, ReviewedPoint,
    Severity,
};
use tempfile::TempDir;

use crate::entry::{CaseBinding, EVENT_QUERY_RESULT};
use crate::policy::{Agency, CertificateName, Policy, Rights};
use crate::ports::{AdapterIdentity, ConvertFailure, Converted, Converter, Index, Message};
use crate::tests::fixture::{Fixture, MemoryEvidence, MemoryIndex, submission};
use crate::{
    Caller, Exchange, Feed, Follower, Limits, ListRecords, Parts, PeerCertificate, SubmissionName,
    Turn,
};

/// An adapter that answers every message with the same bytes.
struct Fixed(AdapterIdentity, Vec<u8>);

impl Converter for Fixed {
    fn identity(&self) -> &AdapterIdentity {
        &self.0
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        let one = |_: &Message| Converted::Conversion(self.1.clone());
        Ok(messages.iter().map(one).collect())
    }
}

struct Zero;

impl audit_log::Clock for Zero {
    fn now_ns(&self) -> u64 {
        1_790_000_000_000_000_000
    }
}

/// An exchange whose one feed answers with `bytes`; `sender` submits, `reader` reads without any class.
fn exchange(bytes: Vec<u8>) -> (Arc<Exchange>, Arc<MemoryIndex>, TempDir) {
    let folder = tempfile::tempdir().expect("folder");
    let config = audit_log::Config {
        dir: folder.path().join("audit"),
        origin: "test.lawgate.example/1".to_owned(),
        policy_digest: [0; 32],
        former_root: None,
        suite: audit_log::LogSuite::Sha256,
        segment_bytes: 1 << 20,
        queue_entries: 1000,
        queue_bytes: 1 << 20,
    };
    let identity = AdapterIdentity {
        id: "fixed".to_owned(),
        version: "1.0.0".to_owned(),
        component: [1; 32],
        configuration: [2; 32],
        schema_version: "1.0.0".to_owned(),
    };
    let agency = |id: &str, submit: Rights| Agency {
        id: id.to_owned(),
        kind: "city-eco".to_owned(),
        certificates: vec![CertificateName::Uri(format!("u:{id}"))],
        submit,
        read: Rights::All,
        personal: BTreeSet::new(),
        party_keys: Vec::new(),
        must_sign: false,
    };
    let index = Arc::new(MemoryIndex::default());
    let exchange = Exchange::build(Parts {
        log: audit_log::open(config, Arc::new(Zero)).expect("opens").0,
        evidence: Arc::new(MemoryEvidence::default()),
        index: Arc::clone(&index) as Arc<dyn Index>,
        receipts: None,
        proofs: None,
        vault: None,
        approvers: 1,
        search_key: crate::SearchKey::new([5; 32]),
        working_days: crate::working_days::WorkingDays::default(),
        policy: Policy::new(vec![
            agency("sender", Rights::All),
            agency("reader", Rights::Feeds(BTreeSet::new())),
        ]),
        feeds: vec![Feed {
            id: "feed".to_owned(),
            kind: "test".to_owned(),
            converter: Some(Arc::new(Fixed(identity, bytes))),
        }],
        adapters: crate::Adapters::default(),
        limits: Limits {
            submission_bytes: 100_000,
            submission_messages: 10,
            in_flight_submissions: 100,
            in_flight_bytes: 1_000_000,
            page_size: 100,
            request_deadline: Duration::from_secs(20),
            index_wait: Duration::from_millis(50),
            workers: 2,
        },
    });
    (exchange, index, folder)
}

fn caller(exchange: &Exchange, agency: &str) -> Caller {
    let peer = PeerCertificate {
        sha256: [9; 32],
        uris: vec![format!("u:{agency}")],
    };
    exchange.recognise(&peer).expect("is known")
}

fn quote(field: &str) -> Finding {
    Finding {
        severity: Severity::Warning as i32,
        rule: "test.quote".to_owned(),
        field: field.to_owned(),
        raw: "张某".to_owned(),
        proposal: "张某".to_owned(),
        ..Finding::default()
    }
}

fn record(entity: Entity, quality: Vec<Finding>) -> Record {
    let envelope = Envelope {
        quality,
        ..Envelope::default()
    };
    Record {
        envelope: Some(envelope),
        entity: Some(entity),
    }
}

#[tokio::test]
async fn a_reader_cannot_make_the_node_unhealthy_with_a_long_purpose() {
    let fixture = Fixture::new();
    let case = CaseBinding {
        purpose: "x".repeat(70_000),
        ..CaseBinding::default()
    };
    // An agency without any right is enough.
    let refusal = fixture
        .exchange
        .get_record(&fixture.caller("nobody"), "x".to_owned(), case)
        .await
        .expect_err("is refused");
    assert!(
        fixture.exchange.is_healthy(),
        "the node says it is not serving"
    );
    assert_eq!(refusal.reason(), "request-malformed");
    assert_eq!(fixture.events().len(), 1, "the refusal is not in the log");
}

#[tokio::test]
async fn a_refused_or_repeated_submission_does_not_let_the_next_overtake_the_one_before() {
    let fixture = Fixture::new();
    let sender = fixture.caller("sender");
    let mut last = None;
    let first = Turn::after(&mut last);
    let second = Turn::after(&mut last);
    let third = Turn::after(&mut last);
    // The second is refused at once, while the first is still being converted.
    fixture
        .exchange
        .submit(&sender, submission("", &["good"]), second)
        .await
        .expect_err("is refused");
    let call = fixture
        .exchange
        .submit(&sender, submission("third", &["good"]), third);
    tokio::pin!(call);
    let overtook = tokio::time::timeout(Duration::from_millis(300), &mut call).await;
    assert!(overtook.is_err(), "the third was logged before the first");
    drop(first);
    call.await.expect("is accepted after the first");
}

#[tokio::test]
async fn what_was_acknowledged_can_be_read_back_whatever_the_guest_returned() {
    // Unknown groups nested 100 deep: Conversion::decode allows them, MessageResult::decode,
    // one level further out, does not.
    let tag = |wire: u32| {
        let mut key = Vec::new();
        prost::encoding::encode_varint(u64::from(1000 << 3 | wire), &mut key);
        key
    };
    let bytes = [tag(3).repeat(100), tag(4).repeat(100)].concat();
    assert!(Conversion::decode(bytes.as_slice()).is_ok());
    let (exchange, index, _folder) = exchange(bytes);
    let sender = caller(&exchange, "sender");
    let first = exchange
        .submit(&sender, submission("k", &["a"]), Turn::free())
        .await
        .expect("is accepted or quarantined");
    let again = exchange
        .submit(&sender, submission("k", &["a"]), Turn::free())
        .await;
    assert_eq!(again.expect("the same answer for ever"), first);
    index.clear().expect("clears");
    Follower::new(Arc::clone(&exchange), 10)
        .catch_up(u64::MAX, |_, _| {})
        .expect("the gateway can start again");
}

#[tokio::test]
async fn no_finding_quotes_a_class_that_is_not_granted() {
    let fixture = Fixture::new();
    let reader = fixture.caller("reader");
    let evidence = Evidence {
        captured_by: "张某".to_owned(),
        ..Evidence::default()
    };
    let clue = Clue {
        evidence: vec![evidence],
        ..Clue::default()
    };
    let point = ReviewedPoint {
        text: "张某".to_owned(),
        ..ReviewedPoint::default()
    };
    let review = LegalReview {
        points: vec![point],
        ..LegalReview::default()
    };
    let cases = [
        (
            "a field inside a list",
            record(
                Entity::LegalReview(Box::new(review)),
                vec![quote("legal_review.points[0].text")],
            ),
        ),
        (
            "a list inside a list",
            record(
                Entity::Clue(Box::new(clue)),
                vec![quote("clue.evidence[0].captured_by")],
            ),
        ),
        (
            "a value that was dropped, so that the field is empty",
            record(
                Entity::Party(Box::default()),
                vec![quote("party.legal_rep_name")],
            ),
        ),
        (
            "the message around a masked field",
            record(
                Entity::Party(Box::new(Party {
                    legal_rep_name: "张某".to_owned(),
                    ..Party::default()
                })),
                vec![quote("party"), quote("")],
            ),
        ),
    ];
    let mut leaks = Vec::new();
    for (name, case) in cases {
        let seen = fixture.exchange.mask(&reader, case);
        if format!("{seen:?}").contains("张某") {
            leaks.push(name);
        }
    }
    assert!(
        leaks.is_empty(),
        "quoted to a reader without the grant: {leaks:?}"
    );
}

fn party_conversion() -> Vec<u8> {
    let party = Party {
        name: "包头某某铝业有限公司".to_owned(),
        legal_rep_name: "张某".to_owned(),
        ..Party::default()
    };
    let conversion = Conversion {
        records: vec![record(
            Entity::Party(Box::new(party)),
            vec![quote("party.legal_rep_name")],
        )],
        ..Conversion::default()
    };
    conversion.encode_to_vec()
}

#[tokio::test]
async fn the_answer_to_a_submission_quotes_nothing_to_a_reader_without_the_grant() {
    let (exchange, _index, _folder) = exchange(party_conversion());
    let sender = caller(&exchange, "sender");
    let answer = exchange
        .submit(&sender, submission("k", &["a"]), Turn::free())
        .await
        .expect("is accepted");
    let seen = exchange
        .get_submission(
            &caller(&exchange, "reader"),
            SubmissionName::Id(answer.submission_id),
        )
        .await
        .expect("may read the feed");
    assert!(!format!("{seen:?}").contains("张某"), "{seen:?}");
}

#[tokio::test]
async fn the_digest_in_the_log_is_the_digest_of_what_the_reader_got() {
    let (exchange, _index, _folder) = exchange(party_conversion());
    let sender = caller(&exchange, "sender");
    exchange
        .submit(&sender, submission("k", &["a"]), Turn::free())
        .await
        .expect("is accepted");
    Follower::new(Arc::clone(&exchange), 10)
        .catch_up(u64::MAX, |_, _| {})
        .expect("follows");
    let page = exchange
        .list_records(&caller(&exchange, "reader"), ListRecords::default())
        .await
        .expect("is answered");
    let shown = crate::assemble::digest(&page.records);
    exchange
        .log
        .append(crate::entry::node_stop())
        .expect("queues")
        .wait()
        .expect("is durable");
    let logged = exchange.log.reader().entries_from(0).find_map(|entry| {
        let entry = entry.expect("reads");
        let entry = entry.decode().expect("decodes");
        let is_result = entry.event() == EVENT_QUERY_RESULT;
        is_result.then(|| {
            entry
                .field(audit_log::entry::Field::Digests)
                .expect("digests")
        })
    });
    let expected = audit_log::cbor::Value::Bytes(shown.to_vec());
    assert_eq!(logged.expect("a result")[2], expected);
}

#[tokio::test]
async fn the_most_messages_the_configuration_allows_do_not_panic() {
    let fixture = Fixture::with(|limits| {
        limits.submission_messages = crate::ids::MAX_MESSAGES;
        limits.submission_bytes = 1 << 20;
        limits.in_flight_bytes = 1 << 20;
    });
    let messages = vec!["reject"; crate::ids::MAX_MESSAGES];
    let sender = fixture.caller("sender");
    let answer = fixture
        .exchange
        .submit(&sender, submission("k", &messages), Turn::free())
        .await
        .expect("is accepted");
    assert_eq!(answer.outcomes.len(), crate::ids::MAX_MESSAGES);
}

#[test]
fn a_guest_cannot_name_a_reason_as_long_as_it_likes() {
    // The code goes into the index's dictionary, which is kept in memory for ever.
    let rejected = Converted::Rejected {
        code: "x".repeat(1 << 20),
        offset: 0,
        text: "y".repeat(1 << 20),
    };
    let checked = crate::check::check(&mut crate::check::PlainReader::default(), 0, rejected);
    let quarantine = checked.outcome.quarantine.expect("is quarantined");
    assert!(
        quarantine.code.len() <= 256 && quarantine.text.len() <= 4096,
        "{} and {} bytes",
        quarantine.code.len(),
        quarantine.text.len()
    );
}

#[test]
fn a_guests_many_empty_records_are_refused_before_they_take_memory() {
    // Two bytes a record in the guest's output; the sandbox allows 32 MiB of output.
    let worst = (32 << 20) / 2 * size_of::<Record>();
    println!(
        "a Record takes {} bytes: {} MiB",
        size_of::<Record>(),
        worst >> 20
    );
    let bytes = [0x0A, 0].repeat(crate::ids::MAX_RECORDS_PER_MESSAGE);
    let checked = crate::check::check(
        &mut crate::check::PlainReader::default(),
        0,
        Converted::Conversion(bytes.clone()),
    );
    println!(
        "{} bytes of a guest become {} stored bytes, {} runs of {} bytes",
        bytes.len(),
        checked.part.len(),
        checked.runs.len(),
        size_of::<crate::ports::Run>()
    );
    assert!(
        checked.part.len() <= 4 * bytes.len(),
        "stored bytes are {} times the guest's",
        checked.part.len() / bytes.len()
    );
}
