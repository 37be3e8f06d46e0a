//! The index is a cache: deleted, cut off or old, it comes back with the same answers.

use std::fs;

use end_to_end::packet::minute_data;
use end_to_end::{Gateway, Site};
use proto::v1::{
    ListQuarantineRequest, ListRecordsRequest, QuarantinedMessage, Record, RecordFilter,
};

use crate::support::{request, run};

const MN: &str = "LGT00000000000000000001";

async fn fill(gateway: &Gateway, from: u32, to: u32) -> anyhow::Result<()> {
    let mut client = gateway.client("city-eco").await?;
    for number in from..to {
        let messages = [minute_data(MN, number, number), b"##no packet".to_vec()];
        client
            .submit(request("hj212", &format!("r-{number}"), &messages))
            .await?;
    }
    Ok(())
}

/// The answers to a set of queries, by which two states of the index are compared.
async fn answers(gateway: &Gateway) -> anyhow::Result<(Vec<Vec<Record>>, Vec<QuarantinedMessage>)> {
    let mut client = gateway.client("city-eco").await?;
    let filters = [
        RecordFilter::default(),
        RecordFilter {
            feed: "hj212".into(),
            entity: "Observation".into(),
            ..RecordFilter::default()
        },
        RecordFilter {
            device: MN.into(),
            ..RecordFilter::default()
        },
        RecordFilter {
            from: "2026-09-01T00:02:00+08:00".into(),
            to: "2026-09-01T00:05:00+08:00".into(),
            ..RecordFilter::default()
        },
        RecordFilter {
            case_number: "包环移〔2026〕7号".into(),
            ..RecordFilter::default()
        },
    ];
    let mut lists = Vec::new();
    for filter in filters {
        let ask = ListRecordsRequest {
            filter: Some(filter),
            page_size: 1000,
            ..ListRecordsRequest::default()
        };
        lists.push(client.list_records(ask).await?.into_inner().records);
    }
    let quarantined = client
        .list_quarantine(ListQuarantineRequest::default())
        .await?
        .into_inner()
        .messages;
    Ok((lists, quarantined))
}

#[test]
fn a_deleted_index_is_rebuilt_and_every_query_answers_as_before() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    let before = run(async {
        fill(&gateway, 0, 20).await?;
        answers(&gateway).await
    });
    assert_eq!(before.0[2].len(), 240);
    assert_eq!(before.1.len(), 20);
    gateway.stop().expect("stops");
    fs::remove_dir_all(site.folder().join("data/index")).expect("deletes the index");
    let gateway = site.start().expect("starts");
    assert_eq!(run(answers(&gateway)), before);
}

#[test]
fn an_index_that_stopped_short_of_the_log_catches_up() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    run(fill(&gateway, 0, 5));
    gateway.stop().expect("stops");
    let (index, old) = (
        site.folder().join("data/index"),
        site.folder().join("old-index"),
    );
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let status = std::process::Command::new("cp")
            .arg("-a")
            .arg(from)
            .arg(to)
            .status()
            .expect("runs");
        assert!(status.success());
    };
    copy(&index, &old);
    let gateway = site.start().expect("starts");
    let before = run(async {
        fill(&gateway, 5, 12).await?;
        answers(&gateway).await
    });
    gateway.kill().expect("kills");
    // As after a crash between append and index: the log is ahead.
    fs::remove_dir_all(&index).expect("deletes");
    copy(&old, &index);
    let gateway = site.start().expect("starts");
    assert_eq!(run(answers(&gateway)), before);
}

#[test]
fn an_index_full_of_rubbish_is_replaced() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    let before = run(async {
        fill(&gateway, 0, 3).await?;
        answers(&gateway).await
    });
    gateway.stop().expect("stops");
    fs::write(
        site.folder().join("data/index/index.sqlite"),
        vec![0x5A; 8192],
    )
    .expect("writes");
    let gateway = site.start().expect("starts");
    assert_eq!(run(answers(&gateway)), before);
}
