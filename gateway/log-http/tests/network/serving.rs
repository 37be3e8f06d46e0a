//! A published log as its readers see it: files, proofs that hold, and nothing besides.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use audit_proof::checkpoint::Checkpoint;
use audit_proof::proof::{verify_consistency, verify_inclusion, verify_range};
use audit_proof::suite::Suite;
use audit_proof::tile::EntryBundle;
use audit_proof::tlog_proof::TlogProof;
use log_http::http::serve;
use log_http::serve::{LOG_LIMITS, LogService, ProofText, PublishedError, PublishedLog};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::parties::{TestLog, http};

/// Writes a log as its publisher does, with one bundle of entries.
fn publish(log: &TestLog, folder: &Path) {
    for (tile, hashes) in &log.tiles {
        let path = folder.join(tile.path());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, hashes.as_flattened()).unwrap();
    }
    let bundle = EntryBundle::new(0, 2).unwrap();
    let path = folder.join(bundle.path());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bundle.encode(&["true 0", "true 1"]).unwrap()).unwrap();
    let note = log.note().to_string();
    fs::create_dir_all(folder.join("checkpoints")).unwrap();
    fs::write(folder.join(format!("checkpoints/{}", log.size())), &note).unwrap();
    fs::write(folder.join("checkpoint"), note).unwrap();
}

/// A log of 700 entries and its twin of 5, served; beside the folder lies a secret.
async fn served() -> (TempDir, TestLog, TestLog, String, JoinSet<()>) {
    let folder = TempDir::new().unwrap();
    let published = folder.path().join("tiles");
    let (mut log, mut twin) = (TestLog::new(), TestLog::with_suite(Suite::Sm3));
    publish(log.grow(700, "true"), &published);
    publish(twin.grow(5, "true"), &published.join("sm3"));
    fs::write(folder.path().join("secret"), "secret").unwrap();
    fs::write(published.join("secret"), "secret").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let service = Arc::new(LogService::new(&published));
        let never = std::future::pending();
        serve(service, listener, None, LOG_LIMITS, never)
            .await
            .unwrap();
    });
    (folder, log, twin, url, tasks)
}

async fn get(url: &str, path: &str) -> (u16, String, String) {
    let reply = http(url, "GET", path, b"").await;
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    (
        head[9..12].parse().unwrap(),
        head.to_lowercase(),
        body.to_owned(),
    )
}

#[tokio::test]
async fn files_are_served_with_their_type_and_age() {
    let (_folder, log, twin, url, _tasks) = served().await;
    let (status, head, body) = get(&url, "/checkpoint").await;
    assert_eq!((status, body), (200, log.note().to_string()));
    assert!(
        head.contains("content-type: text/plain; charset=utf-8\r\n"),
        "{head}"
    );
    assert!(head.contains("cache-control: no-cache\r\n"), "{head}");
    let (status, _, body) = get(&url, "/checkpoints/700").await;
    assert_eq!((status, body), (200, log.note().to_string()));
    for path in [
        "/tile/0/000",
        "/tile/0/002.p/188",
        "/tile/1/000.p/2",
        "/tile/entries/000.p/2",
    ] {
        let (status, head, _) = get(&url, path).await;
        assert_eq!(status, 200, "{path}");
        assert!(
            head.contains("content-type: application/octet-stream\r\n"),
            "{head}"
        );
        assert!(head.contains("immutable"), "{head}");
    }
    assert!(
        get(&url, "/tile/0/000")
            .await
            .1
            .contains("content-length: 8192")
    );
    assert_eq!(
        get(&url, "/sm3/checkpoint").await.2,
        twin.note().to_string()
    );
    assert_eq!(get(&url, "/sm3/tile/0/000.p/5").await.0, 200);
    // The twin's entries are those of the log.
    assert!(
        get(&url, "/sm3/tile/entries/000.p/2")
            .await
            .2
            .contains("true 1")
    );

    let reply = http(&url, "HEAD", "/tile/0/000", b"").await;
    assert!(
        reply.ends_with("\r\n\r\n") && reply.contains("content-length: 8192"),
        "{reply}"
    );
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let reply = http(&url, method, "/checkpoint", b"").await;
        assert!(reply.starts_with("HTTP/1.1 405 "), "{reply}");
    }
}

#[tokio::test]
async fn no_path_leads_to_anything_else() {
    let (_folder, _log, _twin, url, _tasks) = served().await;
    for path in [
        "/",
        "/secret",
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/tile/../secret",
        "/tile/0/../../../secret",
        "/tile/0/000/../../../../secret",
        "/tile/0/000.p/../../../secret",
        "/tile/entries/../../../secret",
        "/sm3/../secret",
        "/sm3/../../secret",
        "/sm3/sm3/checkpoint",
        "/checkpoints/../secret",
        "/checkpoints/../../secret",
        "/checkpoints/0700",
        "/checkpoints/+700",
        "/checkpoints/",
        "/checkpoints",
        "//checkpoint",
        "/checkpoint/",
        "/checkpoint%00",
        "/tile/00/000",
        "/tile/0/0",
        "/tile/0/x000/000",
        "/tile/0/000.p/0",
        "/tile/0/000.p/256",
        "/tile/0/003",
        "/tile/64/000",
        "/proof/",
        "/proof/tlog/",
        "/proof/tlog/00",
        "/proof/other?index=1",
    ] {
        let (status, _, body) = get(&url, path).await;
        assert_eq!(status, 404, "{path}");
        assert!(!body.contains("secret"), "{path}");
    }
}

#[tokio::test]
async fn computed_proofs_hold() {
    let (_folder, log, twin, url, _tasks) = served().await;
    let proof = async |path: &str| {
        let (status, _, body) = get(&url, path).await;
        assert_eq!(status, 200, "{path}: {body}");
        ProofText::parse(body.as_bytes()).unwrap()
    };
    let leaf = |index: u64| log.suite.leaf_hash(format!("true {index}").as_bytes());
    for (index, size) in [(0, 1), (0, 700), (256, 300), (699, 700), (511, 512)] {
        let path = format!("/proof/inclusion?index={index}&size={size}");
        let ProofText::Inclusion { hashes, .. } = proof(&path).await else {
            panic!("another proof");
        };
        let root = log.root_at(size).unwrap();
        verify_inclusion(log.suite, index, size, &leaf(index), &hashes, &root).unwrap();
    }
    for (old, new) in [(1, 700), (300, 512), (700, 700)] {
        let path = format!("/proof/consistency?new={new}&old={old}");
        let ProofText::Consistency { hashes, .. } = proof(&path).await else {
            panic!("another proof");
        };
        let (old_root, new_root) = (log.root_at(old).unwrap(), log.root_at(new).unwrap());
        verify_consistency(log.suite, old, &old_root, new, &new_root, &hashes).unwrap();
    }
    for (from, to, size) in [(0, 700, 700), (5, 7, 10), (250, 520, 699)] {
        let path = format!("/proof/range?from={from}&to={to}&size={size}");
        let ProofText::Range { proof, .. } = proof(&path).await else {
            panic!("another proof");
        };
        let leaves: Vec<_> = (from..to).map(leaf).collect();
        let root = log.root_at(size).unwrap();
        verify_range(log.suite, from, &leaves, size, &proof, &root).unwrap();
    }
    let (_, _, body) = get(&url, "/proof/tlog/123").await;
    let tlog_proof = TlogProof::parse(body.as_bytes()).unwrap();
    assert_eq!(tlog_proof.note(), &log.note());
    tlog_proof.verify_inclusion(log.suite, &leaf(123)).unwrap();

    let (_, _, body) = get(&url, "/sm3/proof/tlog/4").await;
    let tlog_proof = TlogProof::parse(body.as_bytes()).unwrap();
    let leaf = twin.suite.leaf_hash(b"true 4");
    tlog_proof.verify_inclusion(twin.suite, &leaf).unwrap();
}

#[tokio::test]
async fn what_cannot_be_proven_is_refused_by_name() {
    let (_folder, _log, _twin, url, _tasks) = served().await;
    for (path, status) in [
        ("/proof/inclusion", 400),
        ("/proof/inclusion?index=1", 400),
        ("/proof/inclusion?index=1&size=2&size=2", 400),
        ("/proof/inclusion?index=1&size=2&extra=2", 400),
        ("/proof/inclusion?index=01&size=2", 400),
        ("/proof/inclusion?index=-1&size=2", 400),
        ("/proof/inclusion?index=2&size=2", 400),
        ("/proof/inclusion?index=0&size=0", 400),
        ("/proof/inclusion?index=0&size=701", 404),
        ("/proof/inclusion?index=0&size=18446744073709551615", 404),
        ("/proof/consistency?old=0&new=5", 400),
        ("/proof/consistency?old=6&new=5", 400),
        ("/proof/consistency?old=6&new=701", 404),
        ("/proof/range?from=5&to=5&size=10", 400),
        ("/proof/range?from=6&to=5&size=10", 400),
        ("/proof/range?from=6&to=11&size=10", 400),
        ("/proof/range?from=0&to=1&size=701", 404),
        ("/proof/tlog/700", 400),
    ] {
        let (found, _, body) = get(&url, path).await;
        assert_eq!(found, status, "{path}: {body}");
    }
}

#[test]
fn a_log_before_its_first_checkpoint_and_one_that_lost_a_tile_are_told_apart() {
    let folder = TempDir::new().unwrap();
    let published = PublishedLog::new(folder.path(), Suite::Sha256);
    assert!(matches!(
        published.published(),
        Err(PublishedError::NoCheckpoint)
    ));
    assert!(matches!(
        published.inclusion(0, 1),
        Err(PublishedError::NoCheckpoint)
    ));
    let mut log = TestLog::new();
    publish(log.grow(10, "true"), folder.path());
    let found = published.published().unwrap();
    assert_eq!(
        found.checkpoint,
        Checkpoint::parse(log.note().text()).unwrap()
    );
    fs::remove_file(folder.path().join("tile/0/000.p/10")).unwrap();
    assert!(matches!(
        published.inclusion(0, 10),
        Err(PublishedError::Tiles(_))
    ));
    fs::write(folder.path().join("checkpoint"), "no note").unwrap();
    assert!(matches!(
        published.published(),
        Err(PublishedError::Note { .. })
    ));
}
