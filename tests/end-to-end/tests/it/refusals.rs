//! Who is refused what, and that the refusal is in the log.

use std::process::Command;

use end_to_end::packet::minute_data;
use end_to_end::{Site, binary};
use grpc_api::client::{Code, reason};
use proto::v1::{ListRecordsRequest, RecordFilter};

use crate::support::{request, run};

const MN: &str = "LGT00000000000000000001";

/// What `lawgate audit list` prints of the refusals.
fn refusals(site: &Site) -> String {
    let log = site.audit().display().to_string();
    let output = site
        .lawgate(&["audit", "list", "--log", &log, "--event", "exchange.deny"])
        .expect("runs");
    assert!(output.status.success(), "{}", end_to_end::text(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn what_is_not_granted_is_refused_and_the_refusal_is_an_entry() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    run(async {
        let mut police = gateway.client("police").await?;
        let status = police
            .submit(request("hj212", "k", &[minute_data(MN, 0, 0)]))
            .await
            .expect_err("refused");
        assert_eq!(
            (status.code(), reason(&status)),
            (Code::PermissionDenied, Some("submit-not-granted"))
        );
        let mut outsider = gateway.client("outsider").await?;
        let status = outsider
            .submit(request("hj212", "k", &[minute_data(MN, 0, 0)]))
            .await
            .expect_err("refused");
        assert_eq!(
            (status.code(), reason(&status)),
            (Code::PermissionDenied, Some("agency-unknown"))
        );
        Ok(())
    });
    gateway.stop().expect("stops");
    let listed = refusals(&site);
    for reason in ["submit-not-granted", "agency-unknown"] {
        assert!(listed.contains(reason), "no {reason} in\n{listed}");
    }
    site.verify().expect("the log verifies");
}

#[test]
fn a_client_without_a_certificate_of_our_authority_does_not_get_past_the_handshake() {
    let (site, other) = (Site::new().expect("sets up"), Site::new().expect("sets up"));
    let (gateway, elsewhere) = (
        site.start().expect("starts"),
        other.start().expect("starts"),
    );
    run(async {
        let mut config = gateway.client_config("police")?;
        let foreign = elsewhere.client_config("police")?;
        (config.certificate_pem, config.key_pem) = (foreign.certificate_pem, foreign.key_pem);
        // TLS 1.3 tells the client of the refusal with its first call at the latest.
        let refused = match grpc_api::client::connect(&config).await {
            Err(_) => true,
            Ok(mut client) => client
                .submit(request("police-case", "k", &[b"x".to_vec()]))
                .await
                .is_err(),
        };
        assert!(refused, "a certificate of another authority was let in");
        Ok(())
    });
}

#[test]
fn malformed_requests_name_the_field() {
    let site = Site::new().expect("sets up");
    site.set("limits", "submission_messages = 3")
        .expect("configures");
    let gateway = site.start().expect("starts");
    run(async {
        let mut client = gateway.client("city-eco").await?;
        let packet = || minute_data(MN, 0, 0);
        let cases = [
            (
                request("hj212", "", &[packet()]),
                Code::InvalidArgument,
                "idempotency_key",
            ),
            (
                request("hj212", "k", &[]),
                Code::InvalidArgument,
                "messages",
            ),
            (
                request("hj212", "k", &[Vec::new()]),
                Code::InvalidArgument,
                "messages.payload",
            ),
            (
                request("hj212", "k", &vec![packet(); 4]),
                Code::InvalidArgument,
                "4 messages, the limit is 3",
            ),
        ];
        for (request, code, text) in cases {
            let status = client.submit(request).await.expect_err("refused");
            assert_eq!(status.code(), code, "{status}");
            assert!(
                status.message().contains(text),
                "{status} does not name {text}"
            );
        }
        let filter = RecordFilter {
            from: "yesterday".into(),
            ..RecordFilter::default()
        };
        let ask = ListRecordsRequest {
            filter: Some(filter),
            ..ListRecordsRequest::default()
        };
        let status = client.list_records(ask).await.expect_err("refused");
        assert!(status.message().contains("filter.from"), "{status}");
        Ok(())
    });
}

#[test]
fn personal_data_is_masked_for_an_agency_without_the_grant() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    let samples = end_to_end::root().join("adapters/police-case/samples");
    run(async {
        let mut police = gateway.client("police").await?;
        for entry in std::fs::read_dir(samples)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "xml") {
                let key = path.display().to_string();
                let name = key.rsplit('/').next().unwrap_or_default().to_owned();
                police
                    .submit(request("police-case", &name, &[std::fs::read(&path)?]))
                    .await?;
            }
        }
        let ask = || ListRecordsRequest {
            filter: Some(RecordFilter {
                feed: "police-case".into(),
                ..RecordFilter::default()
            }),
            page_size: 1000,
            ..ListRecordsRequest::default()
        };
        let masked = |records: &[proto::v1::Record]| {
            let quality = records
                .iter()
                .filter_map(|record| record.envelope.as_ref())
                .flat_map(|envelope| &envelope.quality);
            quality
                .filter(|finding| finding.rule == "personal-data.masked")
                .count()
        };
        let seen_by_police = police.list_records(ask()).await?.into_inner().records;
        assert!(!seen_by_police.is_empty(), "the samples made no records");
        assert_eq!(
            masked(&seen_by_police),
            0,
            "the police see what the police sent"
        );
        let mut city = gateway.client("city-eco").await?;
        let seen_by_city = city.list_records(ask()).await?.into_inner().records;
        assert_eq!(seen_by_city.len(), seen_by_police.len());
        assert!(
            masked(&seen_by_city) > 0,
            "nothing was masked for the environment bureau"
        );
        Ok(())
    });
}

/// A data folder on a file system of its own that is nearly full: real ENOSPC.
#[test]
fn a_full_disk_refuses_exchanges_keeps_nothing_half_and_leaves_a_log_that_verifies() {
    let site = Site::new().expect("sets up");
    let script = format!(
        "mkdir -p data && mount -t tmpfs -o size=24m lawgate data && exec {} serve --config lawgate.toml",
        binary().expect("is built").display()
    );
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--propagation", "private", "sh", "-c", &script])
        .current_dir(site.folder());
    let gateway = match site.start_with(command) {
        Ok(gateway) => gateway,
        Err(error) if !may_mount() => {
            println!("skipped: this machine allows no mount namespaces ({error})");
            return;
        }
        Err(error) => panic!("{error:?}"),
    };
    let filler = vec![b'x'; 64 << 10];
    let (accepted, refused) = run(async {
        let mut client = gateway.client("city-eco").await?;
        let mut accepted = Vec::new();
        for number in 0..2000u32 {
            let key = format!("fill-{number}");
            // A message that is no packet is kept in quarantine, as large as it is.
            match client
                .submit(request(
                    "hj212",
                    &key,
                    &[filler.clone(), number.to_be_bytes().to_vec()],
                ))
                .await
            {
                Ok(answer) => accepted.push((key, answer.into_inner())),
                Err(status) => return Ok((accepted, Some(status))),
            }
        }
        Ok((accepted, None))
    });
    let status =
        refused.expect("twenty-four megabytes take two thousand times sixty-four kilobytes");
    println!("after {} submissions: {status}", accepted.len());
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(
        matches!(
            reason(&status),
            Some("evidence-unavailable" | "log-unavailable")
        ),
        "{status}"
    );
    run(async {
        let mut client = gateway.client("city-eco").await?;
        let again = client
            .submit(request("hj212", "after", &[minute_data(MN, 0, 0)]))
            .await
            .expect_err("still refused");
        assert_eq!(again.code(), Code::Unavailable, "{again}");
        Ok(())
    });
    // The folder is visible only inside the gateway's own mount namespace.
    let data = format!(
        "/proc/{}/root{}/data",
        gateway.id(),
        site.folder().display()
    );
    let output = site
        .lawgate(&["audit", "verify", "--log", &format!("{data}/audit")])
        .expect("runs");
    assert!(output.status.success(), "{}", end_to_end::text(&output));
}

fn may_mount() -> bool {
    let attempt = Command::new("unshare").args(["--mount", "true"]).status();
    attempt.is_ok_and(|status| status.success())
}
