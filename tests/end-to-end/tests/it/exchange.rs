//! Submitting and reading over gRPC with mutual TLS.

use end_to_end::Site;
use end_to_end::packet::minute_data;
use grpc_api::client::{Code, reason};
use proto::v1::record::Entity;
use proto::v1::submit_stream_response::Answer;
use proto::v1::{
    GetRecordRequest, GetSubmissionRequest, ListQuarantineRequest, ListRecordsRequest,
    RecordFilter, SubmissionKey, SubmitStreamRequest, get_submission_request::By,
};

use crate::support::{request, run};

const MN: &str = "LGT00000000000000000001";

#[test]
fn a_submission_becomes_records_with_provenance() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    run(async {
        let mut client = gateway.client("city-eco").await?;
        let payload = minute_data(MN, 5, 7);
        let answer = client
            .submit(request("hj212", "one", std::slice::from_ref(&payload)))
            .await?
            .into_inner();
        let counts = answer.counts.expect("counts");
        assert_eq!(
            (counts.messages, counts.records, counts.quarantined),
            (1, 12, 0)
        );
        assert!(
            answer.outcomes[0]
                .reply
                .windows(7)
                .any(|window| window == b"CN=9014"),
            "no acknowledgement for the logger"
        );

        let filter = RecordFilter {
            feed: "hj212".into(),
            entity: "Observation".into(),
            device: MN.into(),
            ..RecordFilter::default()
        };
        let listed = client
            .list_records(ListRecordsRequest {
                filter: Some(filter),
                ..ListRecordsRequest::default()
            })
            .await?
            .into_inner();
        assert_eq!(listed.records.len(), 12);
        let Some(Entity::Observation(observation)) = &listed.records[0].entity else {
            panic!("no observation")
        };
        assert_eq!(
            (observation.mn.as_str(), observation.factor.as_str()),
            (MN, "a21026")
        );

        let id = listed.records[3]
            .envelope
            .clone()
            .expect("envelope")
            .record_id;
        let got = client
            .get_record(GetRecordRequest {
                record_id: id,
                purpose: None,
            })
            .await?
            .into_inner();
        assert_eq!(got.record.as_ref(), Some(&listed.records[3]));
        let provenance = got.provenance.expect("provenance");
        assert_eq!(
            provenance.payload, payload,
            "the sender sees the untouched bytes"
        );
        assert_eq!(
            (provenance.feed.as_str(), provenance.position),
            ("hj212", answer.receipt.clone().expect("receipt").position)
        );
        let (from, to) = (
            provenance.offset as usize,
            (provenance.offset + provenance.length) as usize,
        );
        let source = String::from_utf8_lossy(&payload[from..to]);
        assert!(
            source.contains("a21026"),
            "the place of the record names {source:?}"
        );
        assert_eq!(provenance.adapter_digest.len(), 32);
        Ok(())
    });
    gateway.stop().expect("stops");
    let printed = site.verify().expect("the log verifies");
    println!("{printed}");
}

#[test]
fn the_same_key_gets_the_same_answer_for_ever_and_other_bytes_are_refused() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    let submission = request(
        "hj212",
        "key",
        &[minute_data(MN, 1, 1), b"not a packet".to_vec()],
    );
    let first = run(async {
        let mut client = gateway.client("city-eco").await?;
        let first = client.submit(submission.clone()).await?.into_inner();
        assert_eq!(
            client.submit(submission.clone()).await?.into_inner(),
            first,
            "at once"
        );
        let other = client
            .submit(request("hj212", "key", &[minute_data(MN, 1, 2)]))
            .await
            .expect_err("refused");
        assert_eq!(
            (other.code(), reason(&other)),
            (Code::AlreadyExists, Some("idempotency-conflict"))
        );
        Ok(first)
    });
    gateway.stop().expect("stops");
    let gateway = site.start().expect("starts again");
    run(async {
        let mut client = gateway.client("city-eco").await?;
        assert_eq!(
            client.submit(submission).await?.into_inner(),
            first,
            "after a restart"
        );
        let key = SubmissionKey {
            feed: "hj212".into(),
            idempotency_key: "key".into(),
        };
        let got = client
            .get_submission(GetSubmissionRequest {
                by: Some(By::Key(key)),
            })
            .await?
            .into_inner();
        assert_eq!(got.submission.as_ref(), Some(&first), "by key");
        let by = By::SubmissionId(first.submission_id.clone());
        let got = client
            .get_submission(GetSubmissionRequest { by: Some(by) })
            .await?
            .into_inner();
        assert_eq!(got.submission, Some(first), "by identity");
        Ok(())
    });
}

#[test]
fn ten_callers_with_one_key_make_one_entry() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    run(async {
        let client = gateway.client("city-eco").await?;
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let mut client = client.clone();
            calls.spawn(async move {
                client
                    .submit(request("hj212", "race", &[minute_data(MN, 3, 3)]))
                    .await
            });
        }
        let mut answers = Vec::new();
        while let Some(call) = calls.join_next().await {
            answers.push(call??.into_inner());
        }
        assert!(
            answers.windows(2).all(|pair| pair[0] == pair[1]),
            "answers differ: {answers:?}"
        );
        Ok(())
    });
}

#[test]
fn a_stream_is_answered_and_logged_in_its_order_and_a_refusal_does_not_end_it() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    run(async {
        let mut client = gateway.client("city-eco").await?;
        let requests: Vec<_> = (0..200u32)
            .map(|number| {
                let feed = if number == 50 { "police-case" } else { "hj212" };
                let submission = request(
                    feed,
                    &format!("s-{number}"),
                    &[minute_data(MN, number, number)],
                );
                SubmitStreamRequest {
                    submission: Some(submission),
                }
            })
            .collect();
        let mut answers = client
            .submit_stream(tokio_stream::iter(requests))
            .await?
            .into_inner();
        let (mut number, mut last) = (0, None);
        while let Some(answer) = answers.message().await? {
            assert_eq!(answer.idempotency_key, format!("s-{number}"));
            match answer.answer.expect("an answer") {
                Answer::Accepted(accepted) => {
                    let position = accepted.receipt.expect("receipt").position;
                    assert!(last < Some(position), "{position} after {last:?}");
                    last = Some(position);
                }
                Answer::Refused(refused) => {
                    assert_eq!(
                        (number, refused.reason.as_str()),
                        (50, "submit-not-granted")
                    );
                }
            }
            number += 1;
        }
        assert_eq!(number, 200);
        Ok(())
    });
}

#[test]
fn pages_together_are_the_whole_list() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    run(async {
        let mut client = gateway.client("city-eco").await?;
        for number in 0..5u32 {
            let messages = [
                minute_data(MN, number, number),
                minute_data("LGT00000000000000000002", number, number),
            ];
            client
                .submit(request("hj212", &format!("p-{number}"), &messages))
                .await?;
        }
        let filter = RecordFilter {
            device: MN.into(),
            from: "2026-09-01T00:01:00+08:00".into(),
            to: "2026-09-01T00:04:00+08:00".into(),
            ..RecordFilter::default()
        };
        let all = ListRecordsRequest {
            filter: Some(filter.clone()),
            page_size: 1000,
            ..ListRecordsRequest::default()
        };
        let whole = client.list_records(all).await?.into_inner().records;
        assert_eq!(whole.len(), 36);
        let (mut paged, mut token) = (Vec::new(), String::new());
        loop {
            let ask = ListRecordsRequest {
                filter: Some(filter.clone()),
                page_size: 7,
                page_token: token,
                purpose: None,
            };
            let page = client.list_records(ask).await?.into_inner();
            assert!(page.records.len() <= 7);
            paged.extend(page.records);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(paged, whole);
        Ok(())
    });
}

#[test]
fn what_cannot_be_converted_is_listed_with_reason_and_bytes() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    run(async {
        let mut client = gateway.client("city-eco").await?;
        let mut broken = minute_data(MN, 1, 1);
        let middle = broken.len() / 2;
        broken[middle] ^= 1;
        let answer = client
            .submit(request(
                "hj212",
                "broken",
                &[minute_data(MN, 0, 1), broken.clone()],
            ))
            .await?
            .into_inner();
        assert!(
            answer.outcomes[0].quarantine.is_none(),
            "the good neighbour is converted"
        );
        let ask = ListQuarantineRequest {
            feed: "hj212".into(),
            with_payload: true,
            ..ListQuarantineRequest::default()
        };
        let listed = client.list_quarantine(ask).await?.into_inner().messages;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].payload, broken);
        assert_eq!(
            (listed[0].message_index, listed[0].submission_id.as_str()),
            (1, answer.submission_id.as_str())
        );
        assert_eq!(
            listed[0].quarantine.as_ref().expect("reason").code,
            "hj212.crc-bad"
        );
        Ok(())
    });
}
