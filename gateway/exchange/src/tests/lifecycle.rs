//! The life of a version: every step is an entry first, survives a kill, and never touches a submission under way.

mod edges;
pub(crate) mod node;

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use proto::v1::AdapterRole::{Active, Canary, Retired, Shadow, Unspecified};

use crate::entry::{self, AdapterEntry, AdapterStep};
use crate::lifecycle::Install;
use crate::ports::Upload;
use node::{Disk, Node, files};

/// The last entry about adapters.
fn last_step(node: &Node) -> AdapterEntry {
    let entries = node.exchange.log.reader().entries_from(0);
    let steps = entries.filter_map(|stored| {
        let stored = stored.expect("reads");
        AdapterEntry::read(&stored.decode().expect("decodes"))
    });
    steps.last().expect("there is one")
}

fn reason<T: std::fmt::Debug>(result: Result<T, crate::Refusal>) -> &'static str {
    result.expect_err("is refused").reason()
}

#[tokio::test]
async fn a_version_converts_from_its_activation_on_and_not_before() {
    let disk = Disk::new();
    let node = disk.start();
    let before = node.submit("a").await.expect("is taken");
    assert_eq!(node.factor_of(&before), "first/{}");
    assert_eq!(node.install("second").await.expect("installs"), 2);
    let installed = node.submit("b").await.expect("is taken");
    assert_eq!(node.factor_of(&installed), "first/{}");
    assert_eq!(node.activate("inspector", 2).await.expect("activates"), 0);
    let after = node.submit("c").await.expect("is taken");
    assert_eq!(node.factor_of(&after), "second/{}");
    assert_eq!(
        node.submit("a").await.expect("repeats"),
        before,
        "a repeat gets the answer it got"
    );
    assert_eq!(node.roles().await, [(1, Unspecified), (2, Active)]);
    let events = [
        entry::EVENT_ADAPTER_LOAD,
        entry::EVENT_SUBMIT,
        entry::EVENT_ADAPTER_INSTALL,
        entry::EVENT_SUBMIT,
        entry::EVENT_ADAPTER_ACTIVATE,
        entry::EVENT_SUBMIT,
    ];
    assert_eq!(node.events(), events);
}

#[tokio::test]
async fn every_step_survives_a_kill_with_and_without_the_memory_of_positions() {
    let mut disk = Disk::new();
    for forgets in [false, true] {
        if forgets {
            disk = Disk::new();
        }
        let restart = |node: Node| {
            drop(node);
            if forgets {
                disk.store.forget();
            }
            disk.start()
        };
        let mut node = disk.start();
        node.install("second").await.expect("installs");
        node = restart(node);
        assert_eq!(node.roles().await, [(1, Active), (2, Unspecified)]);
        node.shadow(2).await.expect("begins");
        node = restart(node);
        assert_eq!(node.roles().await, [(1, Active), (2, Shadow)]);
        node.shadow(0).await.expect("ends");
        node.canary(2, 10_000).await.expect("begins");
        node = restart(node);
        assert_eq!(node.roles().await, [(1, Active), (2, Canary)]);
        let taken = node.submit("canary").await.expect("is taken");
        assert_eq!(node.factor_of(&taken), "second/{}");
        node.activate("inspector", 2).await.expect("activates");
        node = restart(node);
        assert_eq!(node.roles().await, [(1, Unspecified), (2, Active)]);
        let taken = node.submit("active").await.expect("is taken");
        assert_eq!(node.factor_of(&taken), "second/{}");
        assert_eq!(node.rollback().await.expect("goes back"), 1);
        node = restart(node);
        assert_eq!(node.roles().await, [(1, Active), (2, Unspecified)]);
        node.retire(2).await.expect("retires");
        node = restart(node);
        assert_eq!(node.roles().await, [(1, Active), (2, Retired)]);
        assert_eq!(reason(node.activate("inspector", 2).await), "adapter-state");
        let taken = node.submit("last").await.expect("is taken");
        assert_eq!(node.factor_of(&taken), "first/{}");
    }
}

#[tokio::test]
async fn two_different_administrators_must_approve_before_a_version_publishes_anything() {
    let mut disk = Disk::new();
    disk.approvals = 2;
    let node = disk.start();
    node.install("second").await.expect("installs");
    assert_eq!(node.activate("inspector", 2).await.expect("approves"), 1);
    assert_eq!(node.activate("inspector", 2).await.expect("again"), 1);
    assert_eq!(node.canary(2, 10_000).await.expect("the same"), 1);
    let approvals = |node: &Node| {
        let events = node.events();
        let is_it = |event: &&u64| **event == entry::EVENT_ADAPTER_APPROVE;
        events.iter().filter(is_it).count()
    };
    assert_eq!(approvals(&node), 1, "one person approves once");
    let taken = node.submit("a").await.expect("is taken");
    assert_eq!(node.factor_of(&taken), "first/{}");
    drop(node);
    let node = disk.start();
    assert_eq!(node.activate("sender", 2).await.expect("activates"), 0);
    assert_eq!(approvals(&node), 2);
    assert_eq!(node.roles().await, [(1, Unspecified), (2, Active)]);
    let step = last_step(&node);
    assert_eq!(
        (step.step, step.by.as_str()),
        (AdapterStep::Activate { replaced: 1 }, "sender")
    );
    assert_eq!(node.rollback().await.expect("one goes back"), 1);
}

#[tokio::test]
async fn a_changed_file_is_no_approval_where_two_must_approve() {
    let mut disk = Disk::new();
    drop(disk.start());
    disk.approvals = 2;
    disk.file = Some(node::files("second"));
    for _ in 0..2 {
        let node = disk.start();
        assert_eq!(node.roles().await, [(1, Active), (2, Unspecified)]);
        let key = format!("at {}", node.exchange.log.size());
        let taken = node.submit(&key).await.expect("is taken");
        assert_eq!(node.factor_of(&taken), "first/{}");
    }
    let node = disk.start();
    assert_eq!(node.activate("inspector", 2).await.expect("approves"), 1);
    assert_eq!(node.activate("sender", 2).await.expect("activates"), 0);
    drop(node);
    let node = disk.start();
    assert_eq!(node.roles().await, [(1, Unspecified), (2, Active)]);
}

#[tokio::test]
async fn staff_with_the_role_administer_and_other_staff_do_not() {
    let disk = Disk::new();
    let node = disk.start();
    node.install("second").await.expect("installs");
    for other in ["auditor", "operator", "officer", "reader"] {
        let refusal = node
            .activate(other, 2)
            .await
            .expect_err("has not the right");
        assert_eq!(refusal.reason(), "administrator-only");
    }
    assert_eq!(node.activate("head", 2).await.expect("activates"), 0);
    assert_eq!(last_step(&node).by, "head");
}

#[tokio::test]
async fn a_canary_takes_its_share_by_key_and_a_repeat_goes_the_same_way() {
    let disk = Disk::new();
    let node = disk.start();
    node.install("second").await.expect("installs");
    node.canary(2, 5_000).await.expect("begins");
    let mut by_second = 0;
    for number in 0..60 {
        let key = format!("key-{number}");
        let answer = node.submit(&key).await.expect("is taken");
        let digest = entry::key_digest("sender", "feed", &key);
        let route = node.exchange.feeds["feed"].route();
        let again = route.choose(&digest).expect("there is one").number;
        let second = node.factor_of(&answer) == "second/{}";
        assert_eq!(second, again == 2);
        by_second += u32::from(second);
    }
    assert!((15..45).contains(&by_second), "{by_second} of 60");
    assert_eq!(node.rollback().await.expect("ends the canary"), 1);
    assert_eq!(node.roles().await, [(1, Active), (2, Unspecified)]);
    assert_eq!(reason(node.rollback().await), "adapter-state");
    assert_eq!(reason(node.canary(1, 100).await), "adapter-state");
    assert_eq!(reason(node.canary(2, 10_001).await), "request-malformed");
}

#[tokio::test]
async fn going_back_twice_goes_back_two_versions() {
    let disk = Disk::new();
    let node = disk.start();
    for (word, number) in [("second", 2), ("third", 3)] {
        assert_eq!(node.install(word).await.expect("installs"), number);
        node.activate("inspector", number).await.expect("activates");
    }
    assert_eq!(node.rollback().await.expect("goes back"), 2);
    assert_eq!(node.rollback().await.expect("goes back"), 1);
    assert_eq!(reason(node.rollback().await), "adapter-state");
}

#[tokio::test]
async fn only_an_administrator_changes_anything_and_a_refused_upload_is_an_entry() {
    let disk = Disk::new();
    let node = disk.start();
    let outsider = node.caller("reader");
    let case = entry::CaseBinding::default;
    let refused = node
        .exchange
        .activate_adapter(&outsider, "feed".to_owned(), 1, case());
    assert_eq!(reason(refused.await), "administrator-only");
    let forged = Install::Adapter(Upload::Package(Bytes::from_static(b"forged")));
    assert_eq!(reason(node.install_this(forged).await), "adapter-signature");
    let mut wrong = files("wrong");
    wrong.manifest = Bytes::from_static(b"wrong");
    let wrong = Install::Adapter(Upload::Files(wrong));
    assert_eq!(
        reason(node.install_this(wrong).await),
        "adapter-conformance"
    );
    let denials = node.events();
    assert_eq!(
        denials
            .iter()
            .filter(|event| **event == entry::EVENT_DENY)
            .count(),
        3
    );
    assert_eq!(node.roles().await, [(1, Active)]);
}

#[tokio::test]
async fn a_configuration_is_a_version_like_any_other() {
    let disk = Disk::new();
    let node = disk.start();
    let of = |text: &'static [u8]| Install::Configuration {
        configuration: Bytes::from_static(text),
        of: 0,
    };
    assert_eq!(
        reason(node.install_this(of(b"bad")).await),
        "adapter-configuration"
    );
    assert_eq!(
        node.install_this(of(b"mapping")).await.expect("installs"),
        2
    );
    assert_eq!(
        node.install_this(of(b"mapping")).await.expect("is there"),
        2
    );
    node.submit("old").await.expect("is taken");
    let caller = node.caller("inspector");
    let tried = node
        .exchange
        .dry_run_adapter(&caller, "feed".to_owned(), 2, 5, Default::default());
    let report = tried.await.expect("tries").report.expect("is there");
    assert_eq!((report.compared, report.differing), (1, 1));
    let is_factor =
        |field: &&proto::v1::FieldDifference| field.path.ends_with("observation.factor");
    let factor = report.fields.iter().find(is_factor).expect("differs");
    assert_eq!(factor.examples[0].published, "\"first/{}\"");
    assert_eq!(factor.examples[0].candidate, "\"first/mapping\"");
    node.activate("inspector", 2).await.expect("activates");
    let taken = node.submit("new").await.expect("is taken");
    assert_eq!(node.factor_of(&taken), "first/mapping");
}

#[tokio::test]
async fn a_shadow_reports_what_differs_and_publishes_nothing() {
    let disk = Disk::new();
    let node = disk.start();
    node.install("second").await.expect("installs");
    assert_eq!(reason(node.shadow(1).await), "adapter-state");
    node.shadow(2).await.expect("begins");
    for number in 0..5 {
        let answer = node
            .submit(&format!("key-{number}"))
            .await
            .expect("is taken");
        assert_eq!(node.factor_of(&answer), "first/{}");
    }
    let caller = node.caller("inspector");
    let report = loop {
        let report = node
            .exchange
            .shadow_report(&caller, "feed".to_owned())
            .await;
        let report = report.expect("reports").report.expect("is there");
        if report.compared + report.dropped == 5 {
            break report;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((report.version, report.differing, report.failed), (2, 5, 0));
    assert_eq!(report.fields[0].count, 5);
    node.shadow(0).await.expect("ends");
    let AdapterStep::Shadow { is_on, sums } = last_step(&node).step else {
        panic!("the end is the last step");
    };
    assert_eq!((is_on, sums.compared, sums.differing), (false, 5, 5));
}

#[tokio::test]
async fn a_version_that_keeps_trapping_is_stopped_said_and_tried_again() {
    let disk = Disk::new();
    let node = disk.start();
    node.install("trap").await.expect("installs");
    node.activate("inspector", 2).await.expect("activates");
    disk.store.traps.store(true, Ordering::Relaxed);
    let code = |answer: &proto::v1::SubmitResponse| {
        let quarantine = answer.outcomes[0].quarantine.as_ref();
        quarantine.map(|quarantine| quarantine.code.clone())
    };
    for number in 0..3 {
        let answer = node
            .submit(&format!("key-{number}"))
            .await
            .expect("is taken");
        assert_eq!(code(&answer).as_deref(), Some("adapter.trap"));
    }
    let opened = AdapterStep::Breaker {
        is_open: true,
        failures: 3,
        code: "adapter.trap".to_owned(),
    };
    // The pause is nothing: each further call is a probe, and fails.
    let answer = node.submit("probe").await.expect("is taken");
    assert_eq!(code(&answer).as_deref(), Some("adapter.trap"));
    assert_eq!(last_step(&node).step, opened);
    assert_eq!(node.exchange.feeds_with_open_breaker(), ["feed"]);
    disk.store.traps.store(false, Ordering::Relaxed);
    let answer = node.submit("well").await.expect("is taken");
    assert_eq!(node.factor_of(&answer), "trap/{}");
    assert!(node.exchange.feeds_with_open_breaker().is_empty());
    node.submit("flushes").await.expect("is taken");
    assert!(matches!(
        last_step(&node).step,
        AdapterStep::Breaker { is_open: false, .. }
    ));
}

#[tokio::test]
async fn the_file_decides_until_the_registry_does() {
    let mut disk = Disk::new();
    drop(disk.start());
    disk.file = Some(files("edited"));
    let node = disk.start();
    assert_eq!(node.roles().await, [(1, Unspecified), (2, Active)]);
    assert_eq!(node.rollback().await.expect("goes back"), 1);
    drop(node);
    let node = disk.start();
    assert_eq!(node.roles().await, [(1, Active), (2, Unspecified)]);
    drop(node);
    disk.file = Some(files("another"));
    let node = disk.start();
    let roles = [(1, Active), (2, Unspecified), (3, Unspecified)];
    assert_eq!(
        node.roles().await,
        roles,
        "a new one is offered, not activated"
    );
    drop(node);
    disk.file = None;
    let node = disk.start();
    assert_eq!(node.roles().await, roles);
    let taken = node.submit("key").await.expect("is taken");
    assert_eq!(node.factor_of(&taken), "first/{}");
}

#[tokio::test]
async fn a_feed_without_an_adapter_refuses_until_one_is_activated() {
    let mut disk = Disk::new();
    disk.file = None;
    let node = disk.start();
    let refused = node.submit("a").await.expect_err("is refused");
    assert_eq!(refused.reason(), "feed-without-adapter");
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(60)));
    node.install("only").await.expect("installs");
    node.activate("inspector", 1).await.expect("activates");
    node.submit("a").await.expect("is taken");
}
