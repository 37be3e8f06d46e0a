//! What attests the log: checkpoints, witnesses, timestamps, and what refuses a log that was set back.
//!
//! Witnesses are processes of the same binary; the time-stamping authority is OpenSSL's, where it is there.

mod proving;
mod stamping;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use end_to_end::packet::minute_data;
use end_to_end::witness::Witness;
use end_to_end::{Gateway, Site, text};
use grpc_api::client::reason;

use crate::support::{request, run};

const MN: &str = "LGT00000000000000000001";

/// Longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A site whose log is witnessed by one witness, which runs.
fn witnessed() -> anyhow::Result<(Site, PathBuf, Witness)> {
    let site = Site::new()?;
    let folder = Witness::prepare(&site, "witness", "court.example/witness")?;
    let witness = Witness::start(&folder)?;
    site.believe(&[("court", &witness)], 1)?;
    site.set("audit", "checkpoint_interval_ms = 50")?;
    Ok((site, folder, witness))
}

/// Submits one packet of the minute with this number.
fn submit(gateway: &Gateway, minute: u32) -> anyhow::Result<u64> {
    run(async {
        let mut client = gateway.client("city-eco").await?;
        let key = format!("k-{minute}");
        let answer = client
            .submit(request("hj212", &key, &[minute_data(MN, 0, minute)]))
            .await?
            .into_inner();
        let receipt = answer.receipt.context("no receipt")?;
        anyhow::Ok(receipt.position)
    })
    .pipe(Ok)
}

/// Hands a value on, so that a chain reads from left to right.
trait Pipe: Sized {
    fn pipe<T>(self, to: impl FnOnce(Self) -> T) -> T {
        to(self)
    }
}

impl<T> Pipe for T {}

/// The newest checkpoint as `lawgate audit checkpoint` judges it.
fn checkpoint(site: &Site) -> anyhow::Result<serde_json::Value> {
    let output = site.lawgate(&[
        "audit",
        "checkpoint",
        "--log",
        "data/audit",
        "--policy",
        "witnesses.policy",
        "--output",
        "json",
    ])?;
    serde_json::from_slice(&output.stdout).with_context(|| text(&output))
}

/// Asks until the answer is there.
pub(crate) fn wait_for<T>(mut ask: impl FnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        ensure!(start.elapsed() < PATIENCE, "it did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits for a checkpoint of at least `size` entries with this standing.
fn wait_for_checkpoint(site: &Site, size: u64, standing: &str) -> anyhow::Result<()> {
    wait_for(|| {
        let Ok(shown) = checkpoint(site) else {
            return Ok(None);
        };
        let is_it = shown["size"].as_u64() >= Some(size) && shown["standing"] == standing;
        Ok(is_it.then_some(()))
    })
}

#[test]
fn a_checkpoint_is_final_with_its_witness_and_provisional_without() {
    let (site, folder, witness) = witnessed().expect("sets up");
    let gateway = site.start().expect("starts");
    let position = submit(&gateway, 0).expect("submits");
    wait_for_checkpoint(&site, position + 1, "final").expect("the witness cosigns");

    drop(witness);
    let position = submit(&gateway, 1).expect("submits while the witness is away");
    wait_for_checkpoint(&site, position + 1, "provisional").expect("published all the same");

    gateway.stop().expect("stops");
    let witness = Witness::start(&folder).expect("starts again");
    site.believe(&[("court", &witness)], 1).expect("written");
    let gateway = site.start().expect("starts");
    let position = submit(&gateway, 2).expect("submits");
    wait_for_checkpoint(&site, position + 1, "final").expect("the witness cosigns again");
    gateway.stop().expect("stops");
    site.verify().expect("the log verifies");
}

#[test]
fn an_old_backup_is_refused_by_what_was_signed_and_by_what_was_witnessed() {
    let (site, _folder, _witness) = witnessed().expect("sets up");
    site.start().expect("starts").stop().expect("stops");
    let backup = site.copied().expect("copies");
    let gateway = site.start().expect("starts");
    let position = submit(&gateway, 0).expect("submits");
    wait_for_checkpoint(&site, position + 1, "final").expect("the witness cosigns");
    gateway.stop().expect("stops");

    // The whole data folder was restored: only the witness knows.
    let error = refused(&backup);
    assert!(
        error.contains("the witness court refuses this log"),
        "{error}"
    );
    assert!(
        backup.audit().join("alarms").is_dir(),
        "both notes are kept"
    );

    // The log was restored, and what was signed last was not.
    for name in ["checkpoint", "lock"] {
        let from = site.audit().join("signed").join(name);
        fs::copy(from, backup.audit().join("signed").join(name)).expect("copies");
    }
    let error = refused(&backup);
    assert!(error.contains("an old copy was restored"), "{error}");
    backup.verify().expect("nothing was appended or damaged");
}

/// Why a site does not start.
fn refused(site: &Site) -> String {
    match site.start() {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_signed_log_without_its_key_does_not_start_and_a_new_one_gets_keys() {
    let site = Site::new().expect("sets up");
    let keys = site.folder().join("data/keys");
    fs::remove_dir_all(&keys).expect("removes");
    site.start().expect("a new log").stop().expect("stops");
    for name in [
        "checkpoint.pem",
        "receipt.pem",
        "checkpoint.vkey",
        "audit.policy",
    ] {
        assert!(keys.join(name).is_file(), "{name} was made");
    }
    fs::rename(keys.join("checkpoint.pem"), keys.join("elsewhere")).expect("renames");
    let error = refused(&site);
    assert!(error.contains("checkpoint.pem is missing"), "{error}");
}

#[test]
fn keys_are_rotated_and_revoked_while_the_gateway_is_stopped() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    let running = site.lawgate(&["keys", "rotate", "--key", "checkpoint"]);
    let running = running.expect("runs");
    assert!(!running.status.success(), "{}", text(&running));
    assert!(
        text(&running).contains("stop it first"),
        "{}",
        text(&running)
    );
    gateway.stop().expect("stops");
    let rotated = site.lawgate(&["keys", "rotate", "--key", "checkpoint"]);
    let rotated = rotated.expect("runs");
    assert!(rotated.status.success(), "{}", text(&rotated));
    let keys = site.folder().join("data/keys");
    let retired: Vec<PathBuf> = fs::read_dir(&keys)
        .expect("lists")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "vkey"))
        .filter(|path| path.to_string_lossy().contains("retired"))
        .collect();
    assert_eq!(retired.len(), 1);
    site.start().expect("starts").stop().expect("stops");
    let retired = retired[0].display().to_string();
    let revoked = site.lawgate(&["keys", "revoke", &retired, "--last-good", "3"]);
    let revoked = revoked.expect("runs");
    assert!(revoked.status.success(), "{}", text(&revoked));
    let history = fs::read_to_string(keys.join("history")).expect("reads");
    assert!(history.contains(" compromised 3\n"), "{history}");
    for event in ["key.rotate", "key.revoke"] {
        let listed = site.lawgate(&["audit", "list", "--log", "data/audit", "--event", event]);
        let listed = text(&listed.expect("runs"));
        assert!(
            listed.contains("1 entries") || listed.contains("1 entr"),
            "{listed}"
        );
    }
    site.verify().expect("the log verifies");
}

#[test]
fn a_rotation_that_was_killed_is_finished_without_a_second_entry_and_nothing_starts_before() {
    let site = Site::new().expect("sets up");
    site.start().expect("starts").stop().expect("stops");
    let keys = site.folder().join("data/keys");
    let before = site.copied().expect("copies");
    let rotate = || {
        let rotated = site.lawgate(&["keys", "rotate", "--key", "checkpoint"]);
        let rotated = rotated.expect("runs");
        assert!(rotated.status.success(), "{}", text(&rotated));
    };
    rotate();
    // As if it had been killed behind the entry: the new key waits beside the old one.
    let old = before.folder().join("data/keys");
    for (from, to) in [
        ("checkpoint.pem", "checkpoint.next.pem"),
        ("checkpoint.vkey", "checkpoint.next.vkey"),
    ] {
        fs::rename(keys.join(from), keys.join(to)).expect("renames");
        fs::copy(old.join(from), keys.join(from)).expect("copies");
    }
    fs::remove_file(keys.join("history")).expect("removes");
    let error = refused(&site);
    assert!(
        error.contains("finish it with `lawgate keys rotate`"),
        "{error}"
    );
    rotate();
    // As if it had been killed when the old key had left.
    fs::rename(
        keys.join("checkpoint.pem"),
        keys.join("checkpoint.next.pem"),
    )
    .expect("renames");
    rotate();
    site.start().expect("starts").stop().expect("stops");
    let listed = site.lawgate(&[
        "audit",
        "list",
        "--log",
        "data/audit",
        "--event",
        "key.rotate",
    ]);
    let listed = text(&listed.expect("runs"));
    assert!(listed.contains("1 entries"), "{listed}");
    site.verify().expect("the log verifies");
}

#[test]
fn a_dual_log_is_anchored_and_does_not_grow_by_itself() {
    let site = Site::new().expect("sets up");
    site.set("audit", "suite = \"dual\"").expect("written");
    site.set("audit", "checkpoint_interval_ms = 50")
        .expect("written");
    let gateway = site.start().expect("starts");
    let position = submit(&gateway, 0).expect("submits");
    let twin = site.audit().join("tiles/sm3/checkpoint");
    let is_twin_there = || {
        let note = fs::read_to_string(&twin).unwrap_or_default();
        let size = note
            .lines()
            .nth(1)
            .and_then(|line| line.parse::<u64>().ok());
        Ok((size > Some(position)).then_some(()))
    };
    wait_for(is_twin_there).expect("the twin is published");
    let anchors = || {
        let list = [
            "audit",
            "list",
            "--log",
            "data/audit",
            "--event",
            "log.anchor",
            "-o",
            "json",
        ];
        let output = site.lawgate(&list)?;
        let listed: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        anyhow::Ok(listed["entries"].as_array().map_or(0, Vec::len))
    };
    let count = wait_for(|| Ok(Some(anchors()?).filter(|count| *count > 0))).expect("anchored");
    std::thread::sleep(Duration::from_millis(600));
    let later = anchors().expect("lists");
    assert!(
        later <= count + 1,
        "an idle log grew from {count} to {later} anchors"
    );
    gateway.stop().expect("stops");
    site.verify().expect("the log verifies");
}

#[test]
fn exchanges_are_refused_while_witnesses_are_missing_for_too_long() {
    let (site, folder, witness) = witnessed().expect("sets up");
    drop(witness);
    site.set("audit", "outage_s = 1").expect("written");
    let gateway = site.start().expect("starts without its witness");
    let refused = wait_for(|| {
        run(async {
            let mut client = gateway.client("city-eco").await?;
            let sent = client
                .submit(request("hj212", "k", &[minute_data(MN, 0, 0)]))
                .await;
            let reason = sent.as_ref().err().and_then(reason).map(str::to_owned);
            anyhow::Ok(reason)
        })
        .pipe(Ok)
    });
    assert_eq!(refused.expect("refused in time"), "attestation-missing");
    gateway.stop().expect("stops");

    let witness = Witness::start(&folder).expect("starts again");
    site.believe(&[("court", &witness)], 1).expect("written");
    let gateway = site.start().expect("starts");
    wait_for(|| {
        let listed = site.lawgate(&[
            "audit",
            "list",
            "--log",
            "data/audit",
            "--event",
            "outage.end",
        ])?;
        Ok(text(&listed).contains("outage.end").then_some(()))
    })
    .expect("the outage ends");
    let sent = wait_for(|| {
        run(async {
            let mut client = gateway.client("city-eco").await?;
            let sent = client
                .submit(request("hj212", "l", &[minute_data(MN, 0, 1)]))
                .await;
            anyhow::Ok(sent.is_ok().then_some(()))
        })
        .pipe(Ok)
    });
    sent.expect("accepted again");
    gateway.stop().expect("stops");
}

#[test]
fn a_receipt_is_genuine_alone_and_against_the_log_and_its_tiles() {
    let site = Site::new().expect("sets up");
    site.set("audit", "checkpoint_interval_ms = 50")
        .expect("written");
    let gateway = site.start().expect("starts");
    fs::write(site.folder().join("clue.xml"), "<a/>").expect("written");
    let submitted = |folder: &str| {
        let address = gateway.address().to_owned();
        let output = site.lawgate(&[
            "submit",
            "--client",
            "client/region.toml",
            "--address",
            &address,
            "--feed",
            "region-clue",
            "--receipts",
            folder,
            "clue.xml",
        ])?;
        ensure!(output.status.code() == Some(3), "{}", text(&output));
        let mut files = fs::read_dir(site.folder().join(folder))?;
        let file = files.next().context("no receipt")??.path();
        anyhow::Ok((fs::read_to_string(&file)?, file))
    };
    let (first, file) = submitted("receipts").expect("submits");
    let (again, _) = submitted("again").expect("submits");
    assert_eq!(first, again, "the same submission has the same receipt");
    gateway.stop().expect("stops");
    let file = file.display().to_string();
    for more in [
        &["--key", "data/keys/receipt.vkey"][..],
        &["--policy", "data/keys/audit.policy", "--log", "data/audit"],
        &[
            "--policy",
            "data/keys/audit.policy",
            "--tiles",
            "data/audit/tiles",
        ],
    ] {
        let arguments = [&["receipt", "check", &file], more].concat();
        let checked = site.lawgate(&arguments).expect("runs");
        assert!(checked.status.success(), "{}", text(&checked));
    }
    let other = site.lawgate(&[
        "receipt",
        "check",
        &file,
        "--key",
        "data/keys/checkpoint.vkey",
    ]);
    assert!(!other.expect("runs").status.success(), "another key");
}
