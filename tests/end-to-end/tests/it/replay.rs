//! Making conversions again: all of a log in the gateway's engine, and a package in another one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use end_to_end::{Site, binary, root, text};
use exchange::ports::{AdapterIdentity, Converter};
use package_proof::zip::Zip;
use package_replay::{Adapters, Interpreted, NotRun, Standing, replay};
use proto::v1::{Attribute, SubmitStreamRequest};
use serde_json::Value;

use crate::evidence::{CASE, export, filled};
use crate::support::{request, run};

/// Which agency sends which feed.
const FEEDS: [(&str, &str); 4] = [
    ("region-clue", "region"),
    ("police-case", "police"),
    ("justice-review", "justice"),
    ("hj212", "city-eco"),
];

/// How often each sample is submitted, by itself and among the others.
const ROUNDS: usize = 15;

/// Every sample of a feed, with what its sender states.
fn samples(feed: &str) -> Vec<(Vec<u8>, Vec<Attribute>)> {
    let folder = root().join("adapters").join(feed).join("samples");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("lists")
        .map(|entry| entry.expect("reads").path())
        .filter(|file| !file.to_string_lossy().ends_with(".attributes.json"))
        .collect();
    files.sort();
    let attributes = |file: &Path| {
        let stated = fs::read(format!("{}.attributes.json", file.display())).ok();
        let stated = stated.map(|bytes| serde_json::from_slice::<Value>(&bytes).expect("is JSON"));
        let stated = stated.and_then(|stated| stated.as_object().cloned());
        let stated = stated.unwrap_or_default().into_iter();
        stated
            .map(|(name, value)| Attribute {
                name,
                value: value.as_str().expect("is text").to_owned(),
            })
            .collect()
    };
    let sample = |file: &std::path::PathBuf| (fs::read(file).expect("reads"), attributes(file));
    files.iter().map(sample).collect()
}

/// A submission of messages with their attributes.
fn submission(
    feed: &str,
    key: &str,
    samples: &[(Vec<u8>, Vec<Attribute>)],
) -> proto::v1::SubmitRequest {
    let payloads: Vec<Vec<u8>> = samples.iter().map(|(payload, _)| payload.clone()).collect();
    let mut request = request(feed, key, &payloads);
    for (message, (_, attributes)) in request.messages.iter_mut().zip(samples) {
        message.attributes.clone_from(attributes);
    }
    request
}

#[test]
fn a_log_of_many_submissions_of_all_feeds_replays_byte_for_byte() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    let mut expected = 0;
    for (feed, agency) in FEEDS {
        let samples = samples(feed);
        assert!(!samples.is_empty(), "{feed} has no samples");
        let mut requests = Vec::new();
        for round in 0..ROUNDS {
            let single = &samples[round % samples.len()..][..1];
            requests.push(submission(feed, &format!("{feed}-one-{round}"), single));
            requests.push(submission(feed, &format!("{feed}-all-{round}"), &samples));
        }
        expected += requests.len();
        run(async {
            let mut client = gateway.client(agency).await?;
            let requests = requests.into_iter().map(|request| SubmitStreamRequest {
                submission: Some(request),
            });
            let requests: Vec<_> = requests.collect();
            let answers = client.submit_stream(tokio_stream::iter(requests)).await?;
            let mut answers = answers.into_inner();
            while answers.message().await?.is_some() {}
            Ok(())
        });
    }
    gateway.stop().expect("stops");
    // Without its keys, what is sealed is not made again, and not called equal.
    let arguments = ["replay", "--data", "data", "--output", "json"];
    let output = site.lawgate(&arguments).expect("runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    assert!(!output.status.success(), "{report:#}");
    let keys = [
        "--vault-key",
        "pki/vault.key",
        "--vault-reporter-key",
        "pki/vault-reporter.key",
    ];
    let output = site.lawgate(&[&arguments[..], &keys].concat());
    let output = output.expect("runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    assert!(output.status.success(), "{report:#}");
    assert_eq!(report["equal"], true, "{report:#}");
    assert_eq!(report["submissions"], expected, "{report:#}");
    assert!(report["messages"].as_u64() > Some(expected as u64));
}

/// Runs the verifier beside the gateway.
fn verify(site: &Site, arguments: &[&str]) -> Output {
    let program = binary().expect("built").with_file_name("lawgate-verify");
    assert!(
        program.is_file() && program.with_file_name("lawgate-replay").is_file(),
        "not built; run `cargo build -p audit-verify -p package-replay`, or `cargo xtask test`"
    );
    let mut command = Command::new(program);
    let command = command.args(arguments).current_dir(site.folder());
    command.output().expect("runs")
}

/// What discloses a case whole to whoever may see all of it.
const WHOLE: [&str; 5] = ["--case", CASE, "--disclose", "*", "--with-payloads"];

/// A site with the package of a case that is disclosed whole, its gateway stopped.
fn exported() -> Site {
    let (site, gateway) = filled().expect("sets up");
    let arguments = [&WHOLE[..], &["--to", "case.evp"]].concat();
    export(&site, &gateway, "police", &arguments).expect("is exported");
    gateway.stop().expect("stops");
    site
}

/// The files of a package.
fn files(package: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let zip = Zip::read(package).expect("a container");
    let members = zip.members().iter();
    members
        .map(|member| (member.name.to_owned(), member.contents().expect("sound")))
        .collect()
}

#[test]
fn a_package_replays_in_another_engine_and_each_altered_byte_is_named() {
    let site = exported();
    let policy = ["--policy", "data/keys/audit.policy"];
    let output = verify(&site, &[&["--replay", "case.evp"][..], &policy].concat());
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("VERDICT 结论: PASS"), "{said}");
    assert!(said.contains("REPLAY 重放结论: EQUAL"), "{said}");
    assert!(said.contains("EQUAL 一致: entry 条目 "), "{said}");
    // The gateway's own engine comes to the same.
    let output = site.lawgate(&["replay", "--package", "case.evp"]);
    let said = text(&output.expect("runs"));
    assert!(said.contains("REPLAY 重放结论: EQUAL"), "{said}");
    let whole = files(&fs::read(site.folder().join("case.evp")).expect("reads"));
    for (folder, ending, kind) in [
        ("adapters/", ".wasm", "component-altered"),
        ("adapters/", ".configuration", "configuration-altered"),
        ("payloads/", ".bin", "payload-altered"),
        ("results/", "0.pb", "result-altered"),
        ("sealed/", "0.fields", "result-altered"),
    ] {
        let mut altered = whole.clone();
        let is_it = |name: &&String| name.starts_with(folder) && name.ends_with(ending);
        let name = altered.keys().find(is_it).expect("is there").clone();
        let bytes = altered.get_mut(&name).expect("is there");
        let middle = match folder {
            // A digit of a value at the end, which stays one of base64.
            "sealed/" => last_value(bytes),
            _ => bytes.len() / 2,
        };
        bytes[middle] ^= 1;
        let package = evidence_package::container(&altered).expect("is written");
        fs::write(site.folder().join("altered.evp"), package).expect("writes");
        let output = verify(&site, &["package", "--replay", "altered.evp", "--json"]);
        assert_eq!(output.status.code(), Some(1), "{kind}: {}", text(&output));
        let said: Value = serde_json::from_slice(&output.stdout).expect("is JSON");
        let row = &said["replay"]["messages"][0];
        assert_eq!(row["kind"], kind, "{said:#}");
        assert_eq!(row["file"], name.as_str(), "{said:#}");
        assert_ne!(row["bound"], row["found"], "{said:#}");
        // The verifier names the same file by itself.
        let findings = said["findings"].as_array().cloned().unwrap_or_default();
        assert!(
            findings
                .iter()
                .any(|finding| finding["file"] == name.as_str()),
            "{said:#}"
        );
    }
}

/// The first digit of the last value in a file of sealed values.
fn last_value(bytes: &[u8]) -> usize {
    let space = bytes.iter().rposition(|byte| *byte == b' ');
    space.expect("values are disclosed") + 1
}

#[test]
fn a_sealed_message_replays_with_what_its_sender_stated_about_it() {
    // The bytes do not say how they are encoded, the sender does.
    let sample = root().join("adapters/police-case/samples/transfer-with-lists.xml");
    let text_of_sample = fs::read_to_string(sample).expect("reads");
    let (_declaration, document) = text_of_sample.split_once('\n').expect("has lines");
    let (payload, _, _) = encoding_rs::GBK.encode(document);
    let stated = Attribute {
        name: "content-type".to_owned(),
        value: "application/xml; charset=gbk".to_owned(),
    };
    let site = Site::new().expect("sets up");
    site.set("audit", "checkpoint_interval_ms = 50")
        .expect("sets");
    let gateway = site.start().expect("starts");
    run(async {
        let mut client = gateway.client("police").await?;
        let message = [(payload.into_owned(), vec![stated])];
        let submitted = client.submit(submission("police-case", "stated", &message));
        let counts = submitted.await?.into_inner().counts.unwrap_or_default();
        anyhow::ensure!(counts.quarantined == 0, "{counts:?}");
        Ok(())
    });
    let arguments = [&WHOLE[..], &["--to", "case.evp"]].concat();
    export(&site, &gateway, "police", &arguments).expect("is exported");
    gateway.stop().expect("stops");
    let output = verify(&site, &["package", "--replay", "case.evp"]);
    let said = text(&output);
    assert!(said.contains("REPLAY 重放结论: EQUAL"), "{said}");
    let mut altered = files(&fs::read(site.folder().join("case.evp")).expect("reads"));
    let is_it = |name: &&String| name.starts_with("sealed/") && name.ends_with(".fields");
    let name = altered.keys().find(is_it).expect("is there").clone();
    let bytes = altered.get_mut(&name).expect("is there");
    let text_of_file = String::from_utf8(bytes.clone()).expect("is text");
    let (stated, others): (Vec<&str>, Vec<&str>) =
        (text_of_file.split_inclusive('\n')).partition(|line| line.starts_with("attribute "));
    assert_eq!(stated.len(), 1, "{text_of_file}");
    *bytes = others.concat().into_bytes();
    let package = evidence_package::container(&altered).expect("is written");
    fs::write(site.folder().join("altered.evp"), package).expect("writes");
    let output = verify(&site, &["package", "--replay", "altered.evp", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let said: Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    let row = &said["replay"]["messages"][0];
    assert_eq!(row["standing"], "different", "{row:#}");
    let difference = &row["differences"][0];
    assert_eq!(
        (&difference["path"], &difference["kept"]),
        (&"converted.facts.encoding_declared".into(), &"gbk".into()),
        "{row:#}"
    );
}

#[test]
fn a_package_without_the_program_or_with_nothing_to_see_is_not_called_equal() {
    let (site, gateway) = filled().expect("sets up");
    let without = ["--without-components", "--to", "without.evp"];
    let without = [&WHOLE[..], &without].concat();
    export(&site, &gateway, "police", &without).expect("is exported");
    let sealed = ["--case", CASE, "--with-payloads", "--to", "sealed.evp"];
    export(&site, &gateway, "police", &sealed).expect("is exported");
    let masked = ["--case", CASE, "--to", "masked.evp"];
    export(&site, &gateway, "city-eco", &masked).expect("is exported");
    gateway.stop().expect("stops");
    for package in ["without.evp", "sealed.evp", "masked.evp"] {
        let output = verify(&site, &["--replay", package]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("NOT REPLAYED 未重放: "), "{said}");
        assert!(said.contains("NOT ALL REPLAYED"), "{said}");
    }
}

/// Runs the adapter with another configuration than the one in the package.
struct Reconfigured;

impl Adapters for Reconfigured {
    fn engine(&self) -> &'static str {
        "another configuration"
    }

    fn load(
        &mut self,
        named: &AdapterIdentity,
        component: &[u8],
        configuration: &[u8],
    ) -> Result<Arc<dyn Converter>, NotRun> {
        let configuration = String::from_utf8(configuration.to_vec()).expect("is JSON");
        // Where the document says when it was sent: it is not found there, and the result has no such time.
        let other = configuration.replace("/HEAD/SENDTIME", "/HEAD/ELSEWHERE");
        assert_ne!(configuration, other);
        Interpreted.load(named, component, other.as_bytes())
    }
}

#[test]
fn a_result_that_differs_is_shown_with_both_digests_and_its_fields() {
    let site = exported();
    let package = fs::read(site.folder().join("case.evp")).expect("reads");
    let report = replay(&package, &mut Reconfigured).expect("is a package");
    assert_eq!(report.exit_code(), 1);
    let differs = report.rows.iter().any(|row| {
        matches!(&row.standing, Standing::Different { kept, replayed, differences }
            if kept != replayed && !differences.is_empty())
    });
    assert!(differs, "{report:#?}");
    let said = package_replay::render::text(&report);
    assert!(said.contains("DIFFERENT 不一致: "), "{said}");
    assert!(said.contains("kept 原结果 sha256:"), "{said}");
    assert!(said.contains("REPLAY 重放结论: DIFFERENT"), "{said}");
}
