//! Submitting: what is kept, in which order, and what happens when something fails.

use std::sync::atomic::Ordering;

use crate::admit::MAX_KEY_BYTES;
use crate::convert::SANDBOX_MESSAGES;
use crate::entry::{EVENT_DENY, EVENT_SUBMIT};
use crate::ports::Message;
use crate::tests::fixture::{Fixture, submission};
use crate::{Refusal, Submission, Turn};

async fn submit(
    fixture: &Fixture,
    submission: Submission,
) -> Result<proto::v1::SubmitResponse, Refusal> {
    fixture
        .exchange
        .submit(&fixture.caller("sender"), submission, Turn::free())
        .await
}

async fn reason(fixture: &Fixture, submission: Submission) -> &'static str {
    submit(fixture, submission)
        .await
        .expect_err("is refused")
        .reason()
}

#[tokio::test]
async fn an_accepted_submission_is_one_entry_and_two_bundles() {
    let fixture = Fixture::new();
    let answer = submit(&fixture, submission("k", &["good", "reject this"]))
        .await
        .expect("is accepted");
    let counts = answer.counts.expect("counts");
    assert_eq!(
        (counts.messages, counts.records, counts.quarantined),
        (2, 2, 1)
    );
    assert_eq!(
        answer.outcomes[1]
            .quarantine
            .as_ref()
            .expect("reason")
            .offset,
        3
    );
    assert_eq!(fixture.events(), [EVENT_SUBMIT]);
    assert_eq!(fixture.evidence.len(), 2);
}

#[tokio::test]
async fn an_adapter_that_does_not_return_quarantines_what_it_was_given() {
    let fixture = Fixture::new();
    for (key, message, code) in [
        ("a", "trap", "adapter.trap"),
        ("b", "short", "adapter.wrong-count"),
        ("c", "garbage", "adapter.bad-conversion"),
    ] {
        let answer = submit(&fixture, submission(key, &[message]))
            .await
            .expect("is accepted");
        assert_eq!(
            answer.outcomes[0].quarantine.as_ref().expect("reason").code,
            code
        );
    }
    let after = submit(&fixture, submission("d", &["good"]))
        .await
        .expect("is accepted");
    assert_eq!(after.counts.expect("counts").records, 2);
}

#[tokio::test]
async fn a_message_that_stops_the_adapter_takes_only_its_own_sandbox_with_it() {
    let fixture = Fixture::with(|limits| {
        limits.submission_messages = 1000;
        limits.submission_bytes = 10_000;
    });
    let mut messages = vec!["good"; 3 * SANDBOX_MESSAGES];
    messages[SANDBOX_MESSAGES + 7] = "trap";
    let answer = submit(&fixture, submission("k", &messages))
        .await
        .expect("is accepted");
    let quarantined: Vec<bool> = answer
        .outcomes
        .iter()
        .map(|outcome| outcome.quarantine.is_some())
        .collect();
    let hit = SANDBOX_MESSAGES..2 * SANDBOX_MESSAGES;
    assert!(
        quarantined
            .iter()
            .enumerate()
            .all(|(number, is_in)| *is_in == hit.contains(&number))
    );
    fixture.index_all();
    assert_eq!(fixture.adapter.calls.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_repeat_before_and_after_indexing_gets_the_same_answer_and_converts_nothing() {
    let fixture = Fixture::new();
    let first = submit(&fixture, submission("k", &["good", "reject"]))
        .await
        .expect("is accepted");
    let calls = fixture.adapter.calls.load(Ordering::Relaxed);
    assert_eq!(
        submit(&fixture, submission("k", &["good", "reject"]))
            .await
            .expect("is repeated"),
        first
    );
    fixture.index_all();
    assert_eq!(
        submit(&fixture, submission("k", &["good", "reject"]))
            .await
            .expect("is repeated"),
        first
    );
    assert_eq!(fixture.adapter.calls.load(Ordering::Relaxed), calls);
    assert_eq!(fixture.events(), [EVENT_SUBMIT]);
}

#[tokio::test]
async fn the_same_key_with_anything_else_is_refused() {
    let fixture = Fixture::new();
    submit(&fixture, submission("k", &["good"]))
        .await
        .expect("is accepted");
    let mut stated = submission("k", &["good"]);
    stated.messages[0]
        .attributes
        .push(("content-type".to_owned(), "text/xml".to_owned()));
    let mut bound = submission("k", &["good"]);
    bound.case.case_number = "包环立〔2026〕12号".to_owned();
    for other in [
        submission("k", &["other"]),
        submission("k", &["good", "good"]),
        stated,
        bound,
    ] {
        assert_eq!(reason(&fixture, other).await, "idempotency-conflict");
    }
}

#[tokio::test]
async fn every_refusal_is_an_entry_and_keeps_nothing() {
    let fixture = Fixture::new();
    let unconfigured = Submission {
        feed: "unconfigured".to_owned(),
        ..submission("k", &["good"])
    };
    let elsewhere = Submission {
        feed: "elsewhere".to_owned(),
        ..submission("k", &["good"])
    };
    let long_key = submission(&"k".repeat(MAX_KEY_BYTES + 1), &["good"]);
    let many = submission("k", &["good"; 11]);
    let large = "x".repeat(1001);
    let cases = [
        (unconfigured, "feed-unknown"),
        (elsewhere, "submit-not-granted"),
        (long_key, "request-malformed"),
        (submission("", &["good"]), "request-malformed"),
        (submission("k", &[]), "request-malformed"),
        (submission("k", &[""]), "request-malformed"),
        (many, "submission-too-large"),
        (submission("k", &[&large]), "submission-too-large"),
    ];
    let count = cases.len();
    for (submission, expected) in cases {
        assert_eq!(reason(&fixture, submission).await, expected);
    }
    assert_eq!(fixture.events(), vec![EVENT_DENY; count]);
    assert_eq!(fixture.evidence.len(), 0);
}

#[tokio::test]
async fn evidence_that_cannot_write_refuses_and_leaves_no_submission() {
    let fixture = Fixture::new();
    fixture.evidence.broken.store(true, Ordering::Relaxed);
    assert_eq!(
        reason(&fixture, submission("k", &["good"])).await,
        "evidence-unavailable"
    );
    assert_eq!(fixture.events(), [EVENT_DENY]);
    assert!(!fixture.exchange.is_healthy());
    fixture.evidence.broken.store(false, Ordering::Relaxed);
    let answer = submit(&fixture, submission("k", &["good"]))
        .await
        .expect("the key was given up");
    assert_eq!(answer.counts.expect("counts").records, 2);
}

#[tokio::test]
async fn a_full_queue_is_said_and_passes() {
    let fixture = Fixture::new();
    fixture.evidence.full.store(true, Ordering::Relaxed);
    let refusal = submit(&fixture, submission("k", &["good"]))
        .await
        .expect_err("is refused");
    assert_eq!(refusal.reason(), "node-busy");
    assert!(refusal.retry_after().is_some());
    fixture.evidence.full.store(false, Ordering::Relaxed);
    submit(&fixture, submission("k", &["good"]))
        .await
        .expect("is accepted");
}

#[tokio::test]
async fn a_log_that_cannot_write_refuses_everything() {
    let fixture = Fixture::new();
    fixture.exchange.log.clone().close().expect("closes");
    assert_eq!(
        reason(&fixture, submission("k", &["good"])).await,
        "log-unavailable"
    );
    assert!(!fixture.exchange.is_healthy());
}

#[tokio::test]
async fn an_agency_at_its_limit_is_told_to_come_back_and_others_are_not() {
    let fixture = Fixture::with(|limits| limits.in_flight_submissions = 0);
    let refusal = submit(&fixture, submission("k", &["good"]))
        .await
        .expect_err("is refused");
    assert_eq!(refusal.reason(), "agency-busy");
    assert!(refusal.retry_after().is_some());
}

#[tokio::test]
async fn a_call_that_was_dropped_gives_its_allowance_back() {
    let fixture = Fixture::with(|limits| limits.in_flight_submissions = 1);
    for number in 0..5 {
        let sender = fixture.caller("sender");
        let call = fixture.exchange.submit(
            &sender,
            submission(&format!("d{number}"), &["good"]),
            Turn::free(),
        );
        // Polled once, then dropped as a lost connection would.
        let _ = tokio::time::timeout(std::time::Duration::ZERO, call).await;
    }
    submit(&fixture, submission("k", &["good"]))
        .await
        .expect("the allowance is free again");
}

#[tokio::test]
async fn entries_follow_the_order_of_turns_however_long_each_takes() {
    let fixture = Fixture::new();
    let sender = fixture.caller("sender");
    let mut last = None;
    let calls: Vec<_> = (0..20)
        .map(|number| {
            let turn = Turn::after(&mut last);
            fixture
                .exchange
                .submit(&sender, submission(&format!("t{number}"), &["good"]), turn)
        })
        .collect();
    // Polled in reverse: the last would be first if nothing held it back.
    let answers = futures_util::future::join_all(calls.into_iter().rev()).await;
    let positions: Vec<u64> = answers
        .into_iter()
        .rev()
        .map(|answer| {
            answer
                .expect("is accepted")
                .receipt
                .expect("receipt")
                .position
        })
        .collect();
    assert!(positions.is_sorted(), "{positions:?}");
}

#[tokio::test]
async fn rows_read_from_disk_are_the_rows_handed_over() {
    let fixture = Fixture::new();
    submit(&fixture, submission("k", &["good", "reject", "good"]))
        .await
        .expect("is accepted");
    let packets = [
        "at A 1 3", "at A 2 3", "reject", "at A 4 2", "at A 5 2", "at B 6 1",
    ];
    submit(&fixture, submission("l", &packets))
        .await
        .expect("is accepted");
    fixture.index_all();
    let handed_over = fixture.index.rows();
    let of_packets = handed_over[1].submission.as_ref().expect("is one");
    assert_eq!(of_packets.runs.len(), 3, "{of_packets:?}");
    crate::ports::Index::clear(&*fixture.index).expect("clears");
    fixture.index_all();
    assert_eq!(fixture.index.rows(), handed_over);
    assert!(fixture.folder.path().exists());
}

#[test]
fn a_message_is_shared_and_not_copied() {
    let message = Message {
        payload: b"abc".to_vec().into(),
        attributes: Vec::new(),
    };
    assert_eq!(message.payload.as_ptr(), message.clone().payload.as_ptr());
}

#[tokio::test]
async fn an_index_of_another_past_is_emptied_and_filled_again() {
    let fixture = Fixture::new();
    submit(&fixture, submission("k", &["good"]))
        .await
        .expect("is accepted");
    fixture.index_all();
    let honest = fixture.index.rows();
    // As if the entry had been another one when the index saw it.
    crate::ports::Index::apply(&*fixture.index, &[], &[9; 32]).expect("applies");
    fixture.index_all();
    assert_eq!(fixture.index.rows(), honest);
    assert_ne!(crate::ports::Index::head(&*fixture.index), [9; 32]);
}

#[tokio::test]
async fn a_node_that_stops_takes_nothing_new_and_says_so() {
    let fixture = Fixture::new();
    fixture.exchange.stop_accepting();
    let refusal = submit(&fixture, submission("k", &["good"]))
        .await
        .expect_err("is refused");
    assert_eq!(refusal.reason(), "node-stopping");
    assert!(refusal.retry_after().is_some());
}
