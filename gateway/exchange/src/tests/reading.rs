//! Reading: logged first, then answered; nothing that is not granted, nothing damaged.

use audit_log::cbor::Value;
use audit_log::entry::Field;

use crate::entry::{CaseBinding, EVENT_DENY, EVENT_QUERY, EVENT_QUERY_RESULT, EVENT_SUBMIT};
use crate::tests::fixture::{Fixture, submission};
use crate::{ListQuarantine, ListRecords, SubmissionName, Turn};

async fn filled() -> Fixture {
    let fixture = Fixture::new();
    let sender = fixture.caller("sender");
    for (key, messages) in [("a", vec!["good", "reject"]), ("b", vec!["good"])] {
        fixture
            .exchange
            .submit(&sender, submission(key, &messages), Turn::free())
            .await
            .expect("is accepted");
    }
    fixture.index_all();
    fixture
}

#[tokio::test]
async fn a_reading_is_an_entry_before_and_after_it() {
    let fixture = filled().await;
    let reader = fixture.caller("reader");
    let page = fixture
        .exchange
        .list_records(&reader, ListRecords::default())
        .await
        .expect("is answered");
    assert_eq!(page.records.len(), 4);
    fixture
        .exchange
        .log
        .append(crate::entry::node_stop())
        .expect("queues")
        .wait()
        .expect("is durable");
    assert_eq!(
        fixture.events()[..4],
        [EVENT_SUBMIT, EVENT_SUBMIT, EVENT_QUERY, EVENT_QUERY_RESULT]
    );
}

#[tokio::test]
async fn without_a_log_nothing_is_shown() {
    let fixture = filled().await;
    fixture.exchange.log.clone().close().expect("closes");
    let refusal = fixture
        .exchange
        .list_records(&fixture.caller("reader"), ListRecords::default())
        .await;
    assert_eq!(refusal.expect_err("is refused").reason(), "log-unavailable");
}

#[tokio::test]
async fn a_reader_without_the_right_is_refused_by_name_and_by_default() {
    let fixture = filled().await;
    let nobody = fixture.caller("nobody");
    let by_name = ListRecords {
        feed: "feed".to_owned(),
        ..ListRecords::default()
    };
    for ask in [by_name, ListRecords::default()] {
        let refusal = fixture
            .exchange
            .list_records(&nobody, ask)
            .await
            .expect_err("is refused");
        assert_eq!(refusal.reason(), "read-not-granted");
    }
    assert!(fixture.events().ends_with(&[EVENT_DENY, EVENT_DENY]));
}

#[tokio::test]
async fn a_record_has_the_identity_it_was_listed_under_and_says_where_it_comes_from() {
    let fixture = filled().await;
    let reader = fixture.caller("reader");
    let page = fixture
        .exchange
        .list_records(&reader, ListRecords::default())
        .await
        .expect("is answered");
    for record in &page.records {
        let id = record
            .envelope
            .as_ref()
            .expect("envelope")
            .record_id
            .clone();
        let got = fixture
            .exchange
            .get_record(&reader, id, CaseBinding::default())
            .await
            .expect("is there");
        assert_eq!(got.record.as_ref(), Some(record));
        let provenance = got.provenance.expect("provenance");
        assert_eq!(provenance.adapter_digest, [1; 32]);
        assert!(
            provenance.payload.is_empty(),
            "a reader without every class does not get the message itself"
        );
    }
}

#[tokio::test]
async fn an_identity_nobody_gave_is_not_found() {
    let fixture = filled().await;
    let reader = fixture.caller("reader");
    let page = fixture
        .exchange
        .list_records(&reader, ListRecords::default())
        .await
        .expect("is answered");
    let real = page.records[0]
        .envelope
        .as_ref()
        .expect("envelope")
        .record_id
        .clone();
    let another_time = format!("0{}", &"7ZZZZZZZZ"[..8]) + &real[9..];
    for id in [
        "",
        "nonsense",
        another_time.as_str(),
        "00000000000000ZZZZZZZZZZZ0",
    ] {
        let refusal = fixture
            .exchange
            .get_record(&reader, id.to_owned(), CaseBinding::default())
            .await;
        assert_eq!(
            refusal.expect_err("is refused").reason(),
            "not-found",
            "{id}"
        );
    }
}

#[tokio::test]
async fn damaged_evidence_is_shown_to_nobody() {
    let fixture = filled().await;
    fixture.evidence.damage();
    let reader = fixture.caller("reader");
    let refusal = fixture
        .exchange
        .list_records(&reader, ListRecords::default())
        .await
        .expect_err("is refused");
    assert_eq!(refusal.reason(), "stored-data-damaged");
}

#[tokio::test]
async fn an_index_that_lags_is_said_after_the_wait() {
    let fixture = Fixture::with(|limits| {
        limits.index_wait = std::time::Duration::from_millis(50);
    });
    let sender = fixture.caller("sender");
    fixture
        .exchange
        .submit(&sender, submission("late", &["good"]), Turn::free())
        .await
        .expect("is accepted");
    // Nobody brings this index up to date.
    let refusal = fixture
        .exchange
        .list_records(&sender, ListRecords::default())
        .await
        .expect_err("is refused");
    assert_eq!(refusal.reason(), "index-behind");
    assert!(refusal.retry_after().is_some());
}

#[tokio::test]
async fn a_submission_is_told_to_its_sender_and_to_readers_of_its_feed_only() {
    let fixture = filled().await;
    let key = SubmissionName::Key {
        feed: "feed".to_owned(),
        idempotency_key: "a".to_owned(),
    };
    fixture.flush_and_index();
    let own = fixture
        .exchange
        .get_submission(&fixture.caller("sender"), key.clone())
        .await
        .expect("is there");
    fixture.flush_and_index();
    let others = fixture
        .exchange
        .get_submission(&fixture.caller("reader"), key)
        .await;
    assert_eq!(others.expect_err("is another's key").reason(), "not-found");
    let id = SubmissionName::Id(own.submission_id.clone());
    let read = fixture
        .exchange
        .get_submission(&fixture.caller("reader"), id.clone())
        .await
        .expect("may read the feed");
    assert_ne!(read, own, "the reason in words is the sender's");
    let mut emptied = own;
    crate::mask::empty_answer(&mut emptied);
    assert_eq!(read, emptied);
    let refusal = fixture
        .exchange
        .get_submission(&fixture.caller("nobody"), id)
        .await
        .expect_err("is refused");
    assert_eq!(refusal.reason(), "not-found");
}

#[tokio::test]
async fn quarantined_messages_come_with_their_bytes_to_their_sender_only() {
    let fixture = filled().await;
    for (agency, bytes, text) in [
        ("sender", b"reject".as_slice(), "not good"),
        ("inspector", b"reject", "not good"),
        ("reader", b"", ""),
    ] {
        fixture.flush_and_index();
        let ask = ListQuarantine {
            with_payload: true,
            ..ListQuarantine::default()
        };
        let page = fixture
            .exchange
            .list_quarantine(&fixture.caller(agency), ask)
            .await
            .expect("is answered");
        assert_eq!(page.messages.len(), 1);
        assert_eq!(page.messages[0].payload, bytes);
        let quarantine = page.messages[0].quarantine.as_ref().expect("reason");
        assert_eq!(quarantine.code, "test.bad");
        assert_eq!(quarantine.text, text, "{agency}");
        assert_eq!(page.messages[0].length, 6);
    }
}

/// Identities of the first submission and of its first record.
async fn identities(fixture: &Fixture) -> (String, String) {
    let inspector = fixture.caller("inspector");
    let page = fixture
        .exchange
        .list_records(&inspector, ListRecords::default())
        .await
        .expect("is answered");
    fixture.flush_and_index();
    let page_of = fixture
        .exchange
        .list_quarantine(&inspector, ListQuarantine::default())
        .await
        .expect("is answered");
    fixture.flush_and_index();
    let envelope = page.records[0].envelope.as_ref().expect("envelope");
    (
        page_of.messages[0].submission_id.clone(),
        envelope.record_id.clone(),
    )
}

#[tokio::test]
async fn who_has_no_right_makes_the_node_read_no_evidence() {
    let fixture = filled().await;
    let (submission, record) = identities(&fixture).await;
    fixture.evidence.damage();
    for (agency, expected) in [("nobody", "not-found"), ("reader", "stored-data-damaged")] {
        let caller = fixture.caller(agency);
        let got = fixture
            .exchange
            .get_record(&caller, record.clone(), CaseBinding::default())
            .await;
        assert_eq!(got.expect_err("is refused").reason(), expected);
        let name = SubmissionName::Id(submission.clone());
        let got = fixture.exchange.get_submission(&caller, name).await;
        assert_eq!(got.expect_err("is refused").reason(), expected);
    }
}

/// Digest in the last entry about an answer.
fn logged_digest(fixture: &Fixture) -> Value {
    fixture.flush_and_index();
    let entries = fixture.exchange.log.reader().entries_from(0);
    let digests = entries.filter_map(|entry| {
        let entry = entry.expect("reads");
        let entry = entry.decode().expect("decodes");
        let is_result = entry.event() == EVENT_QUERY_RESULT;
        is_result.then(|| entry.field(Field::Digests).expect("digests")[2].clone())
    });
    digests.last().expect("a result")
}

#[tokio::test]
async fn what_the_log_binds_is_what_each_reader_was_shown() {
    let fixture = filled().await;
    let (submission, record) = identities(&fixture).await;
    let bytes = |digest: [u8; 32]| Value::Bytes(digest.to_vec());
    for agency in ["reader", "inspector"] {
        let caller = fixture.caller(agency);
        let got = fixture
            .exchange
            .get_record(&caller, record.clone(), CaseBinding::default())
            .await
            .expect("is there");
        let shown = crate::assemble::digest(&[got]);
        assert_eq!(logged_digest(&fixture), bytes(shown), "{agency}: record");
        let name = SubmissionName::Id(submission.clone());
        let got = fixture.exchange.get_submission(&caller, name).await;
        let shown = crate::assemble::digest(&[got.expect("is there")]);
        assert_eq!(logged_digest(&fixture), bytes(shown), "{agency}: answer");
        let ask = ListQuarantine {
            with_payload: true,
            ..ListQuarantine::default()
        };
        let got = fixture.exchange.list_quarantine(&caller, ask).await;
        let shown = crate::assemble::digest(&got.expect("is answered").messages);
        assert_eq!(
            logged_digest(&fixture),
            bytes(shown),
            "{agency}: quarantine"
        );
    }
}

#[tokio::test]
async fn an_agency_that_reads_too_much_at_once_waits_and_no_other_does() {
    let fixture = Fixture::with(|limits| {
        limits.request_deadline = std::time::Duration::from_millis(500);
    });
    fixture.flush_and_index();
    let readings = &fixture.exchange.readings["reader"];
    let all = std::sync::Arc::clone(readings)
        .acquire_many_owned(4)
        .await
        .expect("is open");
    for (agency, expected) in [("reader", Some("deadline")), ("sender", None)] {
        fixture.flush_and_index();
        let got = fixture
            .exchange
            .list_records(&fixture.caller(agency), ListRecords::default())
            .await;
        assert_eq!(got.err().map(|refusal| refusal.reason()), expected);
    }
    drop(all);
    fixture.flush_and_index();
    let got = fixture
        .exchange
        .list_records(&fixture.caller("reader"), ListRecords::default())
        .await;
    got.expect("has its turn");
}

#[tokio::test]
async fn a_case_text_too_long_for_an_entry_is_refused_before_the_entry() {
    let fixture = filled().await;
    let reader = fixture.caller("reader");
    let ask = ListRecords {
        case: CaseBinding {
            legal_basis: "x".repeat(1025),
            ..CaseBinding::default()
        },
        ..ListRecords::default()
    };
    let got = fixture.exchange.list_records(&reader, ask).await;
    assert_eq!(got.expect_err("is refused").reason(), "request-malformed");
    assert!(fixture.events().ends_with(&[EVENT_SUBMIT, EVENT_DENY]));
    assert!(fixture.exchange.is_healthy());
}
