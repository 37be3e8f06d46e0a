//! Reading: logged first, then answered; nothing that is not granted, nothing damaged.

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
    let fixture = filled().await;
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
    assert_eq!(read, own);
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
    for (agency, bytes) in [("sender", b"reject".as_slice()), ("reader", b"")] {
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
        assert_eq!(
            page.messages[0].quarantine.as_ref().expect("reason").code,
            "test.bad"
        );
        assert_eq!(page.messages[0].length, 6);
    }
}
