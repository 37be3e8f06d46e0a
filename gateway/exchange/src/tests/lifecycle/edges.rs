//! Where one step touches another: a shadow that becomes active, a version that was retired, a call that is too large.

use std::sync::atomic::Ordering;

use proto::v1::AdapterRole::{Active, Canary, Retired, Unspecified};
use proto::v1::{AdapterVersion, ComparisonReport};

use super::node::{Disk, Node, files};
use super::{last_step, reason};
use crate::entry::{self, AdapterEntry, AdapterStep};

/// Every version, as it is listed.
async fn listed(node: &Node) -> Vec<AdapterVersion> {
    let caller = node.caller("inspector");
    let listed = node.exchange.list_adapters(&caller, String::new()).await;
    listed.expect("lists").versions
}

/// The report of the shadow, once it has seen `messages`.
async fn report(node: &Node, messages: u64) -> ComparisonReport {
    let caller = node.caller("inspector");
    loop {
        let report = node.exchange.shadow_report(&caller, "feed".to_owned());
        let report = report.await.expect("reports").report.expect("is there");
        if report.compared + report.dropped == messages {
            return report;
        }
        tokio::task::yield_now().await;
    }
}

/// Sums of the last shadow that ended, as the log has them.
fn ended(node: &Node) -> Option<(u32, entry::ShadowSums)> {
    let entries = node.exchange.log.reader().entries_from(0);
    let steps = entries.filter_map(|stored| {
        let stored = stored.expect("reads");
        AdapterEntry::read(&stored.decode().expect("decodes"))
    });
    let ends = steps.filter_map(|entry| match entry.step {
        AdapterStep::Shadow { is_on: false, sums } => Some((entry.version, sums)),
        AdapterStep::Load { .. }
        | AdapterStep::Install { .. }
        | AdapterStep::Approve
        | AdapterStep::Activate { .. }
        | AdapterStep::Shadow { .. }
        | AdapterStep::Canary { .. }
        | AdapterStep::Rollback { .. }
        | AdapterStep::Retire
        | AdapterStep::Breaker { .. } => None,
    });
    ends.last()
}

#[tokio::test]
async fn a_shadow_that_is_activated_or_rolled_back_to_leaves_its_sums_in_the_log() {
    let disk = Disk::new();
    let node = disk.start();
    node.install("second").await.expect("installs");
    node.shadow(2).await.expect("begins");
    node.submit("a").await.expect("is taken");
    report(&node, 1).await;
    node.activate("inspector", 2).await.expect("activates");
    let (version, sums) = ended(&node).expect("the shadow ended");
    assert_eq!((version, sums.compared, sums.differing), (2, 1, 1));
    assert_eq!(last_step(&node).step, AdapterStep::Activate { replaced: 1 });
    node.shadow(1).await.expect("begins");
    for key in ["b", "c"] {
        node.submit(key).await.expect("is taken");
    }
    report(&node, 2).await;
    assert_eq!(node.rollback().await.expect("goes back"), 1);
    let (version, sums) = ended(&node).expect("the shadow ended");
    assert_eq!((version, sums.compared), (1, 2));
    assert_eq!(node.roles().await, [(1, Active), (2, Unspecified)]);
    assert_eq!(reason(node.shadow(0).await), "adapter-state");
}

#[tokio::test]
async fn calls_of_a_shadow_that_end_without_a_result_are_counted() {
    let disk = Disk::new();
    let node = disk.start();
    node.install("trap").await.expect("installs");
    disk.store.traps.store(true, Ordering::Relaxed);
    node.shadow(2).await.expect("begins");
    for key in ["a", "b", "c"] {
        let answer = node.submit(key).await.expect("is taken");
        assert_eq!(node.factor_of(&answer), "first/{}");
    }
    let report = report(&node, 3).await;
    assert_eq!(
        (report.compared, report.differing, report.failed),
        (3, 3, 3)
    );
}

#[tokio::test]
async fn a_version_may_be_canary_and_shadow_at_once_and_the_list_says_both() {
    let disk = Disk::new();
    let node = disk.start();
    node.install("second").await.expect("installs");
    node.shadow(2).await.expect("begins");
    node.canary(2, 100).await.expect("begins");
    assert_eq!(node.roles().await, [(1, Active), (2, Canary)]);
    let versions = listed(&node).await;
    assert_eq!(
        versions.iter().map(|it| it.is_shadow).collect::<Vec<_>>(),
        [false, true]
    );
    node.shadow(0).await.expect("ends");
    assert!(!listed(&node).await[1].is_shadow);
}

#[tokio::test]
async fn what_was_retired_cannot_be_installed_again() {
    let mut disk = Disk::new();
    let node = disk.start();
    node.install("second").await.expect("installs");
    node.retire(2).await.expect("retires");
    let refused = node.install("second").await.expect_err("is refused");
    assert_eq!(refused.reason(), "adapter-state");
    let text = refused.to_string();
    assert!(
        text.contains("version 2") && text.contains("retired"),
        "{text}"
    );
    assert_eq!(node.install("third").await.expect("installs"), 3);
    node.activate("inspector", 3).await.expect("activates");
    node.retire(1).await.expect("retires");
    drop(node);
    // The file still names what is version 1: a start does not bring it back either.
    disk.file = Some(files("first"));
    let node = disk.start();
    assert_eq!(
        node.roles().await,
        [(1, Retired), (2, Retired), (3, Active)]
    );
}

#[tokio::test]
async fn whoever_activates_alone_is_the_one_who_approved() {
    let disk = Disk::new();
    let node = disk.start();
    node.install("second").await.expect("installs");
    assert!(listed(&node).await[1].approvals.is_empty());
    node.activate("inspector", 2).await.expect("activates");
    assert_eq!(listed(&node).await[1].approvals, ["inspector"]);
    drop(node);
    assert_eq!(listed(&disk.start()).await[1].approvals, ["inspector"]);
}

#[tokio::test]
async fn an_adapter_that_cannot_do_a_full_call_is_refused_with_what_would_fit() {
    let disk = Disk::new();
    let node = disk.start();
    let refused = node.install("narrow").await.expect_err("is refused");
    assert_eq!(refused.reason(), "adapter-conformance");
    let text = refused.to_string();
    for part in [
        "256 messages",
        "adapter.deadline",
        "1000 ms",
        "`messages_per_call = 32`",
    ] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
}

#[tokio::test]
async fn a_feed_without_a_version_is_listed() {
    let mut disk = Disk::new();
    disk.file = None;
    let node = disk.start();
    let caller = node.caller("inspector");
    let listed = node.exchange.list_adapters(&caller, String::new()).await;
    assert_eq!(listed.expect("lists").feeds_without_version, ["feed"]);
    node.install("first").await.expect("installs");
    let listed = node.exchange.list_adapters(&caller, String::new()).await;
    assert!(listed.expect("lists").feeds_without_version.is_empty());
}
