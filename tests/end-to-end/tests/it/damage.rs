//! An attacker with the disk: what is changed in a closed segment is found and named.

use std::fs;
use std::path::PathBuf;

use end_to_end::Site;
use end_to_end::packet::minute_data;

use crate::support::{Random, request, run};

/// A stopped site whose log has at least one closed segment, and its files in order.
fn closed() -> (Site, Vec<PathBuf>) {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    run(async {
        let mut client = gateway.client("city-eco").await?;
        let noise = vec![b"#".to_vec()];
        let mut number = 0;
        // A segment has a mebibyte, an entry some hundred bytes.
        while segments(&site).is_empty() {
            let requests: Vec<_> = (0..500)
                .map(|step| {
                    let submission = request("hj212", &format!("d-{}", number + step), &noise);
                    proto::v1::SubmitStreamRequest {
                        submission: Some(submission),
                    }
                })
                .collect();
            let mut answers = client
                .submit_stream(tokio_stream::iter(requests))
                .await?
                .into_inner();
            while answers.message().await?.is_some() {}
            number += 500;
        }
        client
            .submit(request(
                "hj212",
                "last",
                &[minute_data("LGT00000000000000000001", 0, 0)],
            ))
            .await?;
        Ok(())
    });
    gateway.stop().expect("stops");
    let files = segments(&site);
    (site, files)
}

fn segments(site: &Site) -> Vec<PathBuf> {
    let Ok(listing) = fs::read_dir(site.audit()) else {
        return Vec::new();
    };
    let is_segment = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "segment")
    };
    let mut files: Vec<PathBuf> = listing
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_segment)
        .collect();
    files.sort();
    files
}

#[test]
fn flipping_any_one_byte_of_a_closed_segment_fails_verification_and_names_the_position() {
    let (site, files) = closed();
    let printed = site.verify().expect("the honest log verifies");
    println!("{printed}");
    let honest = fs::read(&files[0]).expect("reads");
    let mut random = Random::new("flip");
    // Every byte of the head and the foot, and random ones between them.
    let edges = (0..256).chain(honest.len() - 256..honest.len());
    let places: Vec<usize> = edges
        .step_by(7)
        .chain((0..40).map(|_| random.below(honest.len() as u64) as usize))
        .collect();
    for place in places {
        let mut bytes = honest.clone();
        bytes[place] ^= 1 << random.below(8);
        fs::write(&files[0], &bytes).expect("writes");
        let output = site
            .lawgate(&[
                "audit",
                "verify",
                "--log",
                &site.audit().display().to_string(),
            ])
            .expect("runs");
        let text = end_to_end::text(&output);
        assert_eq!(output.status.code(), Some(1), "byte {place}: {text}");
        assert!(
            text.contains("position"),
            "byte {place} is not named: {text}"
        );
    }
    fs::write(&files[0], &honest).expect("writes");
    site.verify().expect("the honest log verifies again");
}

#[test]
fn a_gateway_does_not_start_on_a_closed_segment_that_is_missing() {
    let (site, files) = closed();
    fs::remove_file(&files[0]).expect("removes");
    assert!(
        site.start().is_err(),
        "the gateway started on a log without its first segment"
    );
}
