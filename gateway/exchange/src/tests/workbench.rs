//! Work on the quarantine: the original stays, the retry is a submission, and no message is converted twice.

use std::sync::atomic::Ordering;

use proto::v1::QuarantineState;

use super::lifecycle::node::{Disk, Node};
use crate::entry::{self, CaseBinding, SubmitEntry};
use crate::{ListQuarantine, ListRecords, Redrive, Refusal};

/// A node with `count` messages in quarantine because `trap` trapped, and a version 1 that would convert them.
async fn trapped(disk: &Disk, count: usize) -> (Node, Vec<String>) {
    let node = disk.start();
    node.install("trap").await.expect("installs");
    node.activate("inspector", 2).await.expect("activates");
    disk.store.traps.store(true, Ordering::Relaxed);
    let mut ids = Vec::new();
    for number in 0..count {
        let answer = node
            .submit(&format!("key-{number}"))
            .await
            .expect("is taken");
        assert_eq!(answer.counts.expect("counts").quarantined, 1);
        ids.push(answer.submission_id);
    }
    disk.store.traps.store(false, Ordering::Relaxed);
    node.index_all();
    (node, ids)
}

async fn retry(node: &Node, id: &str, version: u32) -> Result<(u64, QuarantineState), Refusal> {
    let caller = node.caller("inspector");
    let case = CaseBinding::default();
    let done = node
        .exchange
        .retry_quarantined(&caller, (id.to_owned(), 0), version, case)
        .await?;
    let receipt = done.retry.as_ref().and_then(|retry| retry.receipt.clone());
    Ok((receipt.expect("has a receipt").position, done.state()))
}

async fn dismiss(node: &Node, id: &str, why: &str) -> Result<u64, Refusal> {
    let caller = node.caller("inspector");
    let case = CaseBinding {
        purpose: why.to_owned(),
        ..CaseBinding::default()
    };
    let done = node
        .exchange
        .dismiss_quarantined(&caller, (id.to_owned(), 0), case)
        .await?;
    Ok(done.step.expect("is there").position)
}

/// The quarantine as a reader sees it: state and number of steps of each message.
async fn listed(node: &Node, state: QuarantineState) -> Vec<(QuarantineState, usize)> {
    node.index_all();
    let ask = ListQuarantine {
        feed: "feed".to_owned(),
        state,
        ..ListQuarantine::default()
    };
    let caller = node.caller("inspector");
    let follow = follow(node);
    let (page, ()) = tokio::join!(node.exchange.list_quarantine(&caller, ask), follow);
    let messages = page.expect("lists").messages;
    messages
        .iter()
        .map(|message| (message.state(), message.steps.len()))
        .collect()
}

/// Brings the index along while somebody waits for it.
async fn follow(node: &Node) {
    for _ in 0..20 {
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        node.index_all();
        node.exchange.indexed.notify_waiters();
    }
}

#[tokio::test]
async fn a_retry_is_a_submission_that_names_the_original_and_keeps_its_time() {
    let disk = Disk::new();
    let (node, ids) = trapped(&disk, 1).await;
    let original = node.exchange.log.size() - 1;
    let (position, state) = retry(&node, &ids[0], 1).await.expect("retries");
    assert_eq!(state, QuarantineState::Retried);
    let stored = node.exchange.stored(position).expect("is stored");
    let first = node.exchange.submit_entry(original);
    let first = first.expect("reads").expect("is a submission");
    let of = stored.entry.retry.as_ref().expect("is a retry");
    assert_eq!(
        (of.position, of.message, of.time_ns),
        (original, 0, first.time_ns)
    );
    assert_eq!(of.by, "inspector");
    assert_eq!(
        stored.entry.agency, "sender",
        "it is the sender's message still"
    );
    assert_eq!(stored.entry.received_ns(stored.time_ns), first.time_ns);
    let entry = node
        .exchange
        .log
        .reader()
        .entry(position)
        .expect("reads")
        .expect("is there");
    let entry = entry.decode().expect("decodes");
    assert_eq!(entry.event(), entry::EVENT_QUARANTINE_RETRY);
    assert_eq!(SubmitEntry::read(&entry).as_ref(), Some(&stored.entry));
    node.index_all();
    let ask = ListRecords {
        feed: "feed".to_owned(),
        ..ListRecords::default()
    };
    let caller = node.caller("inspector");
    let (page, ()) = tokio::join!(node.exchange.list_records(&caller, ask), follow(&node));
    let records = page.expect("lists").records;
    assert_eq!(records.len(), 1);
    let envelope = records[0].envelope.as_ref().expect("has one");
    let received = envelope.received_at.as_ref().expect("has one");
    assert_eq!(*received, crate::answer::date_time(first.time_ns));
    assert_eq!(
        listed(&node, QuarantineState::Unspecified).await,
        [(QuarantineState::Retried, 1)]
    );
    assert_eq!(listed(&node, QuarantineState::Open).await, []);
    let again = retry(&node, &ids[0], 1).await.expect_err("is closed");
    assert_eq!(again.reason(), "quarantine-closed");
}

#[tokio::test]
async fn what_a_retry_does_not_convert_stays_open_and_survives_a_kill() {
    let disk = Disk::new();
    let (node, ids) = trapped(&disk, 2).await;
    disk.store.traps.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        let (_, state) = retry(&node, &ids[0], 2).await.expect("is tried");
        assert_eq!(state, QuarantineState::Open);
    }
    disk.store.traps.store(false, Ordering::Relaxed);
    assert_eq!(
        dismiss(&node, &ids[1], " ")
            .await
            .expect_err("no reason")
            .reason(),
        "request-malformed"
    );
    dismiss(&node, &ids[1], "sent twice")
        .await
        .expect("dismisses");
    drop(node);
    disk.store.forget();
    let node = disk.start();
    let expected = [(QuarantineState::Open, 2), (QuarantineState::Dismissed, 1)];
    assert_eq!(listed(&node, QuarantineState::Unspecified).await, expected);
    assert_eq!(
        retry(&node, &ids[1], 1)
            .await
            .expect_err("is closed")
            .reason(),
        "quarantine-closed"
    );
    let (_, state) = retry(&node, &ids[0], 0).await.expect("is tried");
    assert_eq!(state, QuarantineState::Retried);
}

#[tokio::test]
async fn many_are_converted_again_in_bounded_calls_that_can_be_gone_on_with() {
    let disk = Disk::new();
    let (node, ids) = trapped(&disk, 7).await;
    dismiss(&node, &ids[1], "sent twice")
        .await
        .expect("dismisses");
    let caller = node.caller("inspector");
    let (mut token, mut tried, mut skipped, mut calls) = (String::new(), 0, 0, 0);
    loop {
        let ask = Redrive {
            feed: "feed".to_owned(),
            version: 1,
            limit: 3,
            page_token: token,
            ..Redrive::default()
        };
        let (done, ()) = tokio::join!(
            node.exchange.redrive_quarantine(&caller, ask),
            follow(&node)
        );
        let done = done.expect("is done");
        assert_eq!(done.tried, done.converted);
        tried += done.tried;
        skipped += done.skipped;
        calls += 1;
        token = done.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!((tried, skipped, calls), (6, 1, 3));
    let events = node.events();
    let count = |event| events.iter().filter(|other| **other == event).count();
    assert_eq!(count(entry::EVENT_QUARANTINE_RETRY), 6);
    assert_eq!(count(entry::EVENT_QUARANTINE_REDRIVE), 3);
    assert_eq!(listed(&node, QuarantineState::Open).await, []);
}

#[tokio::test]
async fn showing_gives_the_place_to_those_who_may_see_it_and_the_rest_to_nobody() {
    let disk = Disk::new();
    let (node, ids) = trapped(&disk, 1).await;
    let show = async |agency: &str| {
        let caller = node.caller(agency);
        let of = (ids[0].clone(), 0);
        node.exchange
            .show_quarantined(&caller, of, CaseBinding::default())
            .await
    };
    let own = show("sender").await.expect("its own");
    assert_eq!(
        (own.window.as_slice(), own.charset.as_str()),
        (&b"message"[..], "UTF-8")
    );
    assert_eq!(own.text, "message");
    let reader = show("reader").await.expect("may read the feed");
    assert_eq!((reader.window.len(), reader.charset.as_str()), (0, ""));
    let message = reader.message.expect("is there");
    assert_eq!(message.quarantine.expect("has one").text, crate::MASK);
    assert_eq!(
        show("nobody").await.expect_err("is refused").reason(),
        "not-found"
    );
}

#[tokio::test]
async fn only_an_administrator_converts_again_or_dismisses() {
    let disk = Disk::new();
    let (node, ids) = trapped(&disk, 1).await;
    let caller = node.caller("reader");
    let of = (ids[0].clone(), 0);
    let retried = node
        .exchange
        .retry_quarantined(&caller, of, 1, CaseBinding::default());
    assert_eq!(
        retried.await.expect_err("is refused").reason(),
        "administrator-only"
    );
    let missing = retry(&node, "01KX3Z5E8G00000000008000G0", 1).await;
    assert_eq!(missing.expect_err("is not there").reason(), "not-found");
}
