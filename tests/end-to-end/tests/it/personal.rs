//! Personal data over the real binary: sealed at rest, read, held, erased, and then in no file any more.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use encoding_rs::{GB18030, GBK};
use end_to_end::{Gateway, Site, binary, text};
use proto::v1::record::Entity;
use proto::v1::{CaseTransfer, ListRecordsRequest, Record, RecordFilter};

use crate::support::{request, run};

/// An invented name and the published example of an identity number.
const NAME: &str = "欧阳测甲";
const ID: &str = "11010519491231002X";
const OTHER: &str = "司徒测乙";
const OTHER_ID: &str = "440524188001010014";
const CASE: &str = "包环移〔2026〕91号";

/// A transfer of the police with one suspect.
fn transfer(encoding: &str, number: &str, name: &str, id: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="{encoding}"?>
<DATA><HEAD><SENDER>示例公安平台</SENDER><SENDTIME>20261010091500</SENDTIME><ROWS>1</ROWS></HEAD><BODY><ROW>
<AJBH>A15020355000020260900{number}</AJBH><AJMC>{name}涉嫌污染环境案</AJMC><AJLX>1</AJLX><AJLX_CN>刑事</AJLX_CN>
<AJZT>02</AJZT><AJZT_CN>立案</AJZT_CN><AB>0338</AB><AB_CN>污染环境罪</AB_CN>
<YSWH>包环移〔2026〕{number}号</YSWH><YSDWMC>包头市生态环境局</YSDWMC><YSSJ>2026-09-20 10:00:00.0</YSSJ>
<SLSJ>2026-09-20 15:30:00.0</SLSJ><LASJ>2026-09-23 09:00:00.0</LASJ><LADWMC>昆都仑公安分局</LADWMC>
<XYR><XM>{name}</XM><SFZH>{id}</SFZH><ZW>实际控制人</ZW><QZCS>取保候审</QZCS></XYR>
</ROW></BODY></DATA>"#
    )
}

/// Every file below a folder that holds one of these byte strings.
fn files_with(folder: &Path, needles: &[Vec<u8>]) -> anyhow::Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path)?;
            let holds = |needle: &Vec<u8>| {
                bytes
                    .windows(needle.len())
                    .any(|window| window == needle.as_slice())
            };
            if needles.iter().any(holds) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// A value in every encoding it can come in.
fn encoded(values: &[&str]) -> Vec<Vec<u8>> {
    let of = |value: &&str| {
        let utf16: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [
            value.as_bytes().to_vec(),
            GBK.encode(value).0.into_owned(),
            GB18030.encode(value).0.into_owned(),
            utf16,
        ]
    };
    values.iter().flat_map(of).collect()
}

async fn transfers(gateway: &Gateway, party: &str) -> anyhow::Result<Vec<Record>> {
    let mut police = gateway.client("police").await?;
    let filter = RecordFilter {
        feed: "police-case".into(),
        entity: "CaseTransfer".into(),
        party: party.into(),
        ..RecordFilter::default()
    };
    let ask = ListRecordsRequest {
        filter: Some(filter),
        page_size: 1000,
        ..ListRecordsRequest::default()
    };
    Ok(police.list_records(ask).await?.into_inner().records)
}

fn of(record: &Record) -> &CaseTransfer {
    match &record.entity {
        Some(Entity::CaseTransfer(transfer)) => transfer,
        other => panic!("{other:?}"),
    }
}

fn said(record: &Record, rule: &str) -> usize {
    let envelope = record.envelope.as_ref();
    let quality = envelope.map_or(&[][..], |envelope| &envelope.quality);
    quality
        .iter()
        .filter(|finding| finding.rule == rule)
        .count()
}

/// Runs `lawgate personal ... --output json` for the first officer.
fn personal(
    site: &Site,
    gateway: &Gateway,
    arguments: &[&str],
) -> anyhow::Result<serde_json::Value> {
    personal_as(site, gateway, "officer-01", arguments)
}

fn personal_as(
    site: &Site,
    gateway: &Gateway,
    officer: &str,
    arguments: &[&str],
) -> anyhow::Result<serde_json::Value> {
    let client = format!("client/{officer}.toml");
    let mut all = vec!["personal", arguments[0], "--client", &client];
    all.extend(["--address", gateway.address(), "--output", "json"]);
    all.extend(&arguments[1..]);
    let output = site.lawgate(&all)?;
    ensure!(output.status.success(), "{}", text(&output));
    serde_json::from_slice(&output.stdout).context("is JSON")
}

fn keys(found: &serde_json::Value) -> Vec<String> {
    let subjects = found["subjects"].as_array().cloned().unwrap_or_default();
    let key = |subject: &serde_json::Value| subject["key"].as_str().map(str::to_owned);
    subjects.iter().filter_map(key).collect()
}

/// Exports the package of the case for the police, with more arguments.
fn package(site: &Site, gateway: &Gateway, to: &Path, more: &[&str]) -> anyhow::Result<()> {
    let to = to.to_str().context("a plain path")?;
    let fixed = ["evidence", "export", "--client", "client/police.toml"];
    let address = ["--address", gateway.address()];
    let subject = ["--case", CASE, "--purpose", "移送", "--to", to];
    let output = site.lawgate(&[&fixed[..], &address, &subject, more].concat())?;
    ensure!(output.status.success(), "{}", text(&output));
    Ok(())
}

/// The contents of every file of a package, one behind the other.
fn contents(package: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::read(package)?;
    let zip = package_proof::zip::Zip::read(&bytes)?;
    let contents = zip
        .members()
        .iter()
        .map(package_proof::zip::Member::contents);
    Ok(contents.collect::<Result<Vec<_>, _>>()?.concat())
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    let needle = needle.as_bytes();
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// What `lawgate-verify` says of a package, which has to pass.
fn verified_package(site: &Site, package: &Path) -> anyhow::Result<String> {
    let program = binary()?.with_file_name("lawgate-verify");
    let policy = site.folder().join("data/keys/audit.policy");
    let output = Command::new(program)
        .arg(package)
        .arg("--policy")
        .arg(policy)
        .output()?;
    ensure!(output.status.success(), "{}", text(&output));
    Ok(text(&output))
}

/// Replays the whole log with the keys of the vault; everything has to be equal, or erased.
fn replayed(site: &Site) -> anyhow::Result<serde_json::Value> {
    let fixed = ["replay", "--data", "data", "--output", "json"];
    let keys = [
        "--vault-key",
        "pki/vault.key",
        "--vault-reporter-key",
        "pki/vault-reporter.key",
    ];
    let output = site.lawgate(&[&fixed[..], &keys].concat())?;
    ensure!(output.status.success(), "{}", text(&output));
    serde_json::from_slice(&output.stdout).context("is JSON")
}

/// Rows that the auditor's search finds.
fn searched(site: &Site, gateway: &Gateway, filter: &[&str]) -> usize {
    let fixed = [
        "audit",
        "search",
        "--client",
        "client/audit-01.toml",
        "--output",
        "json",
    ];
    let address = ["--address", gateway.address(), "--purpose", "复核"];
    let output = site.lawgate(&[&fixed[..], &address, filter].concat());
    let output = output.expect("runs");
    assert!(output.status.success(), "{}", text(&output));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    found["rows"].as_array().map_or(0, Vec::len)
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn an_erased_person_leaves_no_trace_in_any_file_and_every_proof_holds() {
    let site = Site::new().expect("sets up");
    site.set("audit", "checkpoint_interval_ms = 50")
        .expect("is set");
    let gateway = site.start().expect("starts");
    let outside = tempfile::tempdir().expect("a folder");
    let needles = encoded(&[NAME, ID, &format!("{NAME}涉嫌污染环境案")]);
    run(async {
        let mut police = gateway.client("police").await?;
        let utf8 = transfer("UTF-8", "91", NAME, ID).into_bytes();
        let gbk = GBK.encode(&transfer("GBK", "91", NAME, ID)).0.into_owned();
        let other = transfer("UTF-8", "92", OTHER, OTHER_ID).into_bytes();
        let sent = request("police-case", "transfers", &[utf8, gbk, other]);
        let answer = police.submit(sent).await?.into_inner();
        let counts = answer.counts.expect("counts");
        assert_eq!((counts.messages, counts.quarantined), (3, 0), "{counts:?}");
        assert_eq!(answer.outcomes[0].payload_salt.len(), 32);
        // Somebody looks for the person by name, and what cannot be read quotes it.
        let found = transfers(&gateway, "").await?;
        let own = found
            .iter()
            .filter(|it| of(it).suspects.iter().any(|it| it.name == NAME));
        assert_eq!(own.count(), 2, "{found:?}");
        transfers(&gateway, NAME).await?;
        let broken = format!("<DATA><BODY><ROW><XM>{NAME}</XM>");
        police
            .submit(request("police-case", "broken", &[broken.into_bytes()]))
            .await?;
        anyhow::Ok(())
    });
    // Sealed from the first moment, not only once it is erased.
    let data = site.folder().join("data");
    assert_eq!(
        files_with(&data, &needles).expect("reads"),
        Vec::<PathBuf>::new()
    );

    // Staff find the case by its number, and nobody the person by a word.
    assert!(searched(&site, &gateway, &["--case", CASE]) > 0);
    assert_eq!(searched(&site, &gateway, &["--text", NAME]), 0);
    assert!(searched(&site, &gateway, &["--text", "污染环境罪"]) > 0);
    let report = replayed(&site).expect("is equal");
    assert_eq!(
        report["findings"].as_array().map(Vec::len),
        Some(0),
        "{report}"
    );
    // A package discloses what was chosen and nothing else.
    let [bare, chosen] = ["bare.evp", "chosen.evp"].map(|name| outside.path().join(name));
    package(&site, &gateway, &bare, &[]).expect("is exported");
    let bytes = contents(&bare).expect("is read");
    assert!(!holds(&bytes, NAME) && !holds(&bytes, ID));
    let disclose = ["--disclose", "case_transfer.suspects.name"];
    package(&site, &gateway, &chosen, &disclose).expect("is exported");
    let bytes = contents(&chosen).expect("is read");
    assert!(holds(&bytes, NAME) && !holds(&bytes, ID));
    let told = verified_package(&site, &chosen).expect("passes");
    assert!(
        told.contains(&format!("suspects[0].name = {NAME}")),
        "{told}"
    );

    let found = personal(&site, &gateway, &["find", " 欧阳 测甲"]).expect("finds");
    let found = keys(&found);
    assert_eq!(found.len(), 1, "one key in one case");
    personal(&site, &gateway, &["hold", "--basis", "CPL-54", CASE]).expect("holds");
    let mut erase = vec!["erase", "--basis", "PIPL-47", "--yes"];
    erase.extend(found.iter().map(String::as_str));
    let refused = personal(&site, &gateway, &erase).expect_err("is held");
    assert!(refused.to_string().contains("legal-hold"), "{refused}");
    personal(&site, &gateway, &["release", "--basis", "CPL-54", CASE]).expect("releases");
    let asked = personal(&site, &gateway, &erase).expect_err("waits for the other officer");
    let asked = asked.to_string();
    let is_waiting = asked.contains("\"subjects\": 1") && !asked.contains("isErased");
    assert!(is_waiting, "{asked}");
    let erased = personal_as(&site, &gateway, "officer-02", &erase).expect("erases");
    assert_eq!(erased["isErased"], true, "{erased}");
    assert_eq!(erased["subjects"], 1);

    let check = |gateway: &Gateway| {
        run(async {
            let records = transfers(gateway, "").await?;
            let gone: Vec<_> = records.iter().filter(|it| of(it).doc_no == CASE).collect();
            assert_eq!(
                gone.len(),
                2,
                "what is not personal is still found and read"
            );
            for record in gone {
                assert!(
                    of(record)
                        .suspects
                        .iter()
                        .all(|it| it.name.is_empty() && it.id.is_empty())
                );
                assert_eq!(of(record).from_agency, "包头市生态环境局");
                assert!(said(record, "personal-data.erased") >= 2, "{record:?}");
            }
            let stays = records.iter().find(|it| of(it).doc_no != CASE);
            let stays = stays.context("the other transfer is there")?;
            assert_eq!(of(stays).suspects[0].name, OTHER);
            anyhow::Ok(())
        });
        assert!(keys(&personal(&site, gateway, &["find", NAME]).expect("finds")).is_empty());
        assert_eq!(
            files_with(&data, &needles).expect("reads"),
            Vec::<PathBuf>::new()
        );
    };
    check(&gateway);
    let verified = site.verify().expect("every link and every byte");
    assert!(verified.contains("sealed, erased on"), "{verified}");
    assert!(
        verified.contains("by officer-02 and officer-01"),
        "{verified}"
    );
    // Packages of before verify still; one of now says who erased what; a replay has a clear answer.
    for package in [&bare, &chosen] {
        verified_package(&site, package).expect("passes");
    }
    let after = outside.path().join("after.evp");
    package(
        &site,
        &gateway,
        &after,
        &["--disclose", "*", "--with-payloads"],
    )
    .expect("is exported");
    let told = verified_package(&site, &after).expect("passes");
    assert!(told.contains("sealed, erased on"), "{told}");
    assert!(told.contains("by officer-02 and officer-01"), "{told}");
    let bytes = contents(&after).expect("is read");
    assert!(!holds(&bytes, NAME) && !holds(&bytes, ID));
    let report = replayed(&site).expect("has no difference");
    let finding = &report["findings"][0];
    assert_eq!(finding["kind"], "erased", "{report}");
    let text = finding["text"].as_str().unwrap_or_default();
    assert!(text.starts_with("payload erased on"), "{text}");

    // Killed, with the write-ahead file of the index as it is; then the index is built again from nothing.
    gateway.kill().expect("is killed");
    assert_eq!(
        files_with(site.folder(), &needles).expect("reads"),
        Vec::<PathBuf>::new()
    );
    std::fs::remove_dir_all(data.join("index")).expect("was there");
    let gateway = site.start().expect("starts again");
    check(&gateway);
    gateway.stop().expect("stops in order");
    // Nor is there a trace in what is archived and backed up afterwards.
    for arguments in [
        &["archive", "export", "--range", "0..", "--to", "archived"][..],
        &["backup", "--to", "copied"],
    ] {
        let output = site.lawgate(arguments).expect("runs");
        assert!(output.status.success(), "{}", self::text(&output));
    }
    assert_eq!(
        files_with(site.folder(), &needles).expect("reads"),
        Vec::<PathBuf>::new()
    );
    site.verify().expect("every link and every byte");
}

#[test]
fn keys_of_an_older_copy_are_destroyed_again_at_the_start() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    run(async {
        let mut police = gateway.client("police").await?;
        let sent = transfer("UTF-8", "91", NAME, ID).into_bytes();
        police
            .submit(request("police-case", "one", &[sent]))
            .await?;
        anyhow::Ok(())
    });
    gateway.stop().expect("stops");
    let vault = site.folder().join("data/vault");
    let copy = tempfile::tempdir().expect("a folder");
    let names = ["ordinary.keys", "reporter.keys"];
    for name in names {
        std::fs::copy(vault.join(name), copy.path().join(name)).expect("is copied");
    }
    let gateway = site.start().expect("starts");
    let found = keys(&personal(&site, &gateway, &["find", NAME]).expect("finds"));
    let mut erase = vec!["erase", "--basis", "PIPL-47", "--yes"];
    erase.extend(found.iter().map(String::as_str));
    personal(&site, &gateway, &erase).expect_err("waits for the other officer");
    personal_as(&site, &gateway, "officer-02", &erase).expect("erases");
    gateway.stop().expect("stops");
    for name in names {
        std::fs::copy(copy.path().join(name), vault.join(name)).expect("is put back");
    }
    let gateway = site.start().expect("starts");
    let said = gateway.log();
    assert!(said.contains("there again"), "{said}");
    assert!(keys(&personal(&site, &gateway, &["find", NAME]).expect("finds")).is_empty());
    run(async {
        assert!(
            of(&transfers(&gateway, "").await?[0]).suspects[0]
                .name
                .is_empty()
        );
        anyhow::Ok(())
    });
}

#[test]
fn a_gateway_without_its_keys_does_not_start_on_what_it_sealed() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    run(async {
        let mut police = gateway.client("police").await?;
        let sent = transfer("UTF-8", "91", NAME, ID).into_bytes();
        police
            .submit(request("police-case", "one", &[sent]))
            .await?;
        anyhow::Ok(())
    });
    gateway.stop().expect("stops");
    let key = site.folder().join("pki/vault.key");
    let kept = std::fs::read(&key).expect("is there");
    std::fs::remove_file(&key).expect("is removed");
    let refused = site.start().map(drop).expect_err("has no key");
    assert!(refused.to_string().contains("vault.key"), "{refused}");
    // Another key is another vault's.
    let made = site
        .lawgate(&["personal", "key", "pki/vault.key"])
        .expect("runs");
    assert!(made.status.success(), "{}", text(&made));
    let refused = site.start().map(drop).expect_err("has another key");
    assert!(refused.to_string().contains("ordinary.keys"), "{refused}");
    std::fs::write(&key, kept).expect("is written");
    let gateway = site.start().expect("has its key again");
    run(async {
        assert_eq!(
            of(&transfers(&gateway, "").await?[0]).suspects[0].name,
            NAME
        );
        anyhow::Ok(())
    });
}
