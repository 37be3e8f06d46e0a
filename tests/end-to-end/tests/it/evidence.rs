//! Evidence packages out of a running gateway: exported over the wire by the command line, checked without it.

use std::path::Path;

use audit_proof::judge::{Outcome, Questions, Trust};
use audit_proof::policy::Policy;
use end_to_end::{Gateway, Site, root, text};
use package_proof::index::{PackageType, Presence};
use package_proof::{Held, PackageVerdict, check, render};

/// A transfer document that the samples mention.
pub(crate) const CASE: &str = "包环移〔2026〕7号";

/// A gateway with the police's transfer, and the submission's receipt kept as a file.
pub(crate) fn filled() -> anyhow::Result<(Site, Gateway)> {
    let site = Site::new()?;
    site.set("audit", "checkpoint_interval_ms = 50")?;
    let gateway = site.start()?;
    submit(&site, &gateway)?;
    Ok((site, gateway))
}

/// Submits the police's transfer.
fn submit(site: &Site, gateway: &Gateway) -> anyhow::Result<()> {
    let sample = root().join("adapters/police-case/samples/transfer-with-lists.xml");
    let output = site.lawgate(&[
        "submit",
        "--client",
        "client/police.toml",
        "--address",
        gateway.address(),
        "--feed",
        "police-case",
        "--receipts",
        "receipts",
        sample.to_str().unwrap_or_default(),
    ])?;
    anyhow::ensure!(output.status.success(), "{}", text(&output));
    Ok(())
}

/// Position of the one submission in the log.
fn position(site: &Site) -> u64 {
    let listed = site.lawgate(&[
        "audit",
        "list",
        "--log",
        "data/audit",
        "--event",
        "exchange.submit",
        "--output",
        "json",
    ]);
    let listed = listed.expect("runs");
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("is JSON");
    listed["entries"][0]["position"]
        .as_u64()
        .expect("a position")
}

pub(crate) fn export(
    site: &Site,
    gateway: &Gateway,
    agency: &str,
    more: &[&str],
) -> anyhow::Result<String> {
    let client = format!("client/{agency}.toml");
    let fixed = [
        "evidence",
        "export",
        "--client",
        &client,
        "--address",
        gateway.address(),
        "--purpose",
        "移送",
    ];
    let output = site.lawgate(&[&fixed[..], more].concat())?;
    anyhow::ensure!(output.status.success(), "{}", text(&output));
    Ok(text(&output))
}

fn judged(site: &Site, package: &Path) -> anyhow::Result<PackageVerdict> {
    let policy = std::fs::read(site.folder().join("data/keys/audit.policy"))?;
    let trust = Trust {
        policy: Some(Policy::parse(&policy)?),
        ..Trust::default()
    };
    let bytes = std::fs::read(package)?;
    Ok(check(
        &bytes,
        &trust,
        &Questions::default(),
        &Held::default(),
    ))
}

#[test]
fn a_case_leaves_the_gateway_as_one_file_that_verifies_without_it() {
    let (site, gateway) = filled().expect("sets up");
    let said = export(
        &site,
        &gateway,
        "police",
        &["--case", CASE, "--with-payloads", "--to", "case.evp"],
    );
    let said = said.expect("is exported");
    assert!(said.contains("evidence package 证据包"), "{said}");
    gateway.stop().expect("stops");
    let package = site.folder().join("case.evp");
    let verdict = judged(&site, &package).expect("is read");
    assert_eq!(
        verdict.outcome(),
        Outcome::Passed,
        "{}",
        render::text(&verdict)
    );
    assert!(verdict.is_sealed && verdict.counts.payloads > 0 && verdict.counts.adapters == 2);
    let index = verdict.index.expect("an index");
    assert_eq!(
        (index.kind, index.subject.as_str()),
        (PackageType::Case, CASE)
    );
    assert_eq!(index.adapters[0].component_is, Presence::Included);
    let policy = ["--policy", "data/keys/audit.policy"];
    let receipt = std::fs::read_dir(site.folder().join("receipts"))
        .expect("is there")
        .next()
        .expect("a receipt")
        .expect("is read")
        .path();
    let held = [
        "receipt",
        "check",
        receipt.to_str().expect("UTF-8"),
        "--package",
        "case.evp",
    ];
    let output = site.lawgate(&[&held[..], &policy].concat()).expect("runs");
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains("The package has this entry"),
        "{}",
        text(&output)
    );
    let whole = [&["receipt", "check", "case.evp"][..], &policy].concat();
    let output = site.lawgate(&whole).expect("runs");
    assert!(output.status.success(), "{}", text(&output));
    let mut bytes = std::fs::read(&package).expect("is read");
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&package, bytes).expect("is written");
    let output = site.lawgate(&whole).expect("runs");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}

#[test]
fn an_auditor_exports_what_the_role_may_read_and_an_operator_nothing() {
    let (site, gateway) = filled().expect("sets up");
    let arguments = ["--case", CASE, "--to", "audit.evp"];
    export(&site, &gateway, "audit-01", &arguments).expect("is exported");
    gateway.stop().expect("stops");
    let verdict = judged(&site, &site.folder().join("audit.evp")).expect("is read");
    assert_eq!(
        verdict.outcome(),
        Outcome::Passed,
        "{}",
        render::text(&verdict)
    );
    let index = verdict.index.expect("an index");
    assert_eq!(index.agency, "audit-01");
    // An auditor of the development site may see one class of personal data, and messages have others.
    assert!(index.is_masked && verdict.counts.payloads == 0);
    let granted = "role = \"auditor\"\n";
    let file = site.folder().join("lawgate.toml");
    let text = std::fs::read_to_string(&file).expect("is read");
    let (before, after) = text.split_once(granted).expect("an auditor");
    let rights = ["read", "personal"];
    let is_kept = |line: &&str| !rights.iter().any(|right| line.starts_with(right));
    let (own, rest) = after.split_once("\n[").expect("a section behind it");
    let own: Vec<&str> = own.lines().filter(is_kept).collect();
    let text = format!("{before}role = \"operator\"\n{}\n\n[{rest}", own.join("\n"));
    std::fs::write(&file, text).expect("is written");
    let gateway = site.start().expect("starts");
    let arguments = ["--case", CASE, "--to", "operator.evp"];
    let refused = export(&site, &gateway, "audit-01", &arguments);
    let refused = refused.expect_err("is refused").to_string();
    assert!(refused.contains("PERMISSION_DENIED"), "{refused}");
    assert!(!site.folder().join("operator.evp").exists());
}

#[test]
fn a_package_carries_the_time_stamp_over_it_and_a_flipped_one_is_named() {
    if !authority::is_available() {
        println!("passed over: openssl is missing");
        return;
    }
    let site = Site::new().expect("sets up");
    let authority = authority::Authority::new(&site.folder().join("tsa")).expect("made");
    let authority = std::sync::Arc::new(authority);
    let serving = authority.serve().expect("serves");
    site.stamp(&serving.url(), &authority.root(), 1)
        .expect("is written");
    site.set("audit", "checkpoint_interval_ms = 50")
        .expect("is written");
    let gateway = site.start().expect("starts");
    submit(&site, &gateway).expect("submits");
    let tokens = site.audit().join("tiles/tokens");
    let position = position(&site);
    crate::attest::wait_for(|| {
        let Ok(listing) = std::fs::read_dir(&tokens) else {
            return Ok(None);
        };
        let sizes = listing.filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            name.strip_suffix(".tsr")?.parse::<u64>().ok()
        });
        Ok(sizes.max().filter(|size| *size > position))
    })
    .expect("is stamped");
    let arguments = ["--case", CASE, "--to", "stamped.evp"];
    export(&site, &gateway, "police", &arguments).expect("is exported");
    gateway.stop().expect("stops");
    let roots = audit_proof::timestamp::TrustedRoots::new(vec![authority.root_der().expect("DER")]);
    let policy = std::fs::read(site.folder().join("data/keys/audit.policy")).expect("is read");
    let trust = Trust {
        policy: Some(Policy::parse(&policy).expect("is one")),
        stamp_roots: Some(roots.expect("are roots")),
        ..Trust::default()
    };
    let questions = Questions {
        stamps: true,
        ..Questions::default()
    };
    let package = std::fs::read(site.folder().join("stamped.evp")).expect("is read");
    let verdict = check(&package, &trust, &questions, &Held::default());
    let said = render::text(&verdict);
    assert_eq!(verdict.outcome(), Outcome::Passed, "{said}");
    assert!(verdict.verdict.counts.stamps > 0, "{said}");
    // A token with one bit changed, in a list that was made anew for it, and so with its old seal.
    let zip = package_proof::zip::Zip::read(&package).expect("a container");
    let members = zip.members().iter();
    let mut files: std::collections::BTreeMap<String, Vec<u8>> = members
        .map(|member| (member.name.to_owned(), member.contents().expect("sound")))
        .collect();
    let name = files.keys().find(|name| name.ends_with(".tsr"));
    let name = name.expect("a token").clone();
    let token = files.get_mut(&name).expect("is there");
    let last = token.len() - 1;
    token[last] ^= 1;
    let altered = evidence_package::container(&files).expect("is written");
    let verdict = check(&altered, &trust, &questions, &Held::default());
    let said = render::text(&verdict);
    assert_eq!(verdict.outcome(), Outcome::Failed, "{said}");
    assert!(
        verdict.findings.iter().any(|found| found.file == name),
        "{said}"
    );
    let failures = &verdict.verdict.failures;
    assert!(failures.iter().any(|found| found.file == name), "{said}");
}

#[test]
fn a_transfer_lists_its_documents_and_a_reader_without_the_right_gets_no_message() {
    let (site, gateway) = filled().expect("sets up");
    let arguments = ["--case", CASE, "--type", "transfer", "--to", "transfer.evp"];
    export(&site, &gateway, "city-eco", &arguments).expect("is exported");
    let verdict = judged(&site, &site.folder().join("transfer.evp")).expect("is read");
    assert_eq!(
        verdict.outcome(),
        Outcome::Passed,
        "{}",
        render::text(&verdict)
    );
    let index = verdict.index.clone().expect("an index");
    assert_eq!(index.kind, PackageType::Transfer);
    assert!(index.is_masked && verdict.counts.payloads == 0);
    let bytes = std::fs::read(site.folder().join("transfer.evp")).expect("is read");
    let zip = package_proof::zip::Zip::read(&bytes).expect("a container");
    let transfer = zip.member("transfer.json").expect("is there").contents();
    let transfer: serde_json::Value =
        serde_json::from_slice(&transfer.expect("is sound")).expect("is JSON");
    let groups = transfer["groups"].as_array().expect("groups");
    assert_eq!(groups.len(), 8);
    assert!(groups.iter().any(|group| group["is_present"] == true));
    assert!(groups.iter().any(|group| group["is_present"] == false));
    // What is there is not replaced, and a stranger gets nothing.
    assert!(export(&site, &gateway, "city-eco", &arguments).is_err());
    let stranger = export(
        &site,
        &gateway,
        "outsider",
        &["--case", CASE, "--to", "none.evp"],
    );
    let refused = stranger.expect_err("is refused").to_string();
    assert!(refused.contains("PERMISSION_DENIED"), "{refused}");
    assert!(!site.folder().join("none.evp").exists());
}
