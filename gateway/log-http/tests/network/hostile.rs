//! Bytes of any kind, peers that are slow, long or many: all are refused, and nothing else suffers.

use std::sync::Arc;
use std::time::Duration;

use audit_proof::checkpoint::Checkpoint;
use audit_proof::key::KeyKind;
use audit_proof::policy::Standing;
use audit_proof::signer::sign_note;
use log_http::ask::{AskError, LatestError, WitnessClient, Witnesses};
use log_http::http::{
    BaseUrl, HttpClient, HttpError, Reply, Request, ServerLimits, Service, serve,
};
use log_http::witness::{AddCheckpoint, Answer, MAX_REQUEST_BYTES, MemoryState};
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::parties::{
    DEADLINE, NOW_S, ORIGIN, Serving, TestLog, http, new_signer, plain_client, raw, two_of,
};

const KIND: KeyKind = KeyKind::Ed25519Cosignature;

proptest! {
    #[test]
    fn any_body_is_answered(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let log = TestLog::new();
        let witness = log.witness(vec![new_signer(KIND, "w.example/1")], Arc::new(MemoryState::default()));
        let answer = witness.add_checkpoint(&body, NOW_S);
        prop_assert!(matches!(answer, Answer::Malformed(_)), "{answer:?}");
    }

    #[test]
    fn a_changed_byte_is_never_cosigned(
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut log = TestLog::new();
        log.grow(5, "true");
        let witness = log.witness(vec![new_signer(KIND, "w.example/1")], Arc::new(MemoryState::default()));
        witness.add_checkpoint(&log.request(0), NOW_S);
        log.grow(6, "true");
        let request = log.request(5);
        let mut body = request.clone();
        let place = place.index(body.len());
        body[place] = byte;
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        let answer = witness.add_checkpoint(&body, NOW_S);
        prop_assert_eq!(answer.status() == 200, body == request, "{:?}", answer);
    }

    #[test]
    fn what_is_read_has_one_spelling(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut log = TestLog::new();
        log.grow(7, "true");
        let mut body = log.request(3);
        let place = place.index(body.len());
        body[place] = byte;
        if let Ok((request, _)) = AddCheckpoint::parse(&body) {
            prop_assert_eq!(request.to_string().into_bytes(), body);
        }
    }
}

/// Limits that a test can meet.
const LIMITS: ServerLimits = ServerLimits {
    max_connections: 1,
    max_body_bytes: 10,
    head_deadline: Duration::from_millis(200),
    body_deadline: Duration::from_millis(200),
    connection_age: Duration::from_secs(20),
    drain_deadline: Duration::from_millis(200),
};

/// Says how long the body was; a path of its own panics.
struct Echo;

impl Service for Echo {
    fn answer(&self, request: &Request) -> Reply {
        assert_ne!(request.path, "/panic");
        Reply::text(200, format!("{} bytes", request.body.len()))
    }
}

/// Serves until the result is dropped.
async fn echo() -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let never = std::future::pending();
        serve(Arc::new(Echo), listener, None, LIMITS, never)
            .await
            .unwrap();
    });
    (url, tasks)
}

#[tokio::test]
async fn a_body_is_taken_up_to_its_limit() {
    let (url, _tasks) = echo().await;
    assert!(
        http(&url, "POST", "/", b"0123456789")
            .await
            .ends_with("10 bytes")
    );
    let reply = http(&url, "POST", "/", b"0123456789a").await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
    let chunked = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n";
    let reply = raw(&url, chunked).await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
}

#[tokio::test]
async fn a_slow_peer_loses_its_place() {
    let (url, _tasks) = echo().await;
    // Each of these holds the only place until its deadline, and the next one waits for it.
    assert_eq!(raw(&url, b"").await, "");
    raw(&url, b"GET / HTTP/1.1\r\nHost: a\r\nX: ").await;
    let reply = raw(
        &url,
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
    )
    .await;
    assert!(reply.starts_with("HTTP/1.1 408 "), "{reply}");
    // A connection that is kept open and idle ends, too.
    let reply = raw(&url, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(reply.ends_with("0 bytes"), "{reply}");
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let (url, _tasks) = echo().await;
    let one = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    let reply = raw(&url, one.repeat(3).as_bytes()).await;
    assert_eq!(reply.matches("1 bytes").count(), 3, "{reply}");
}

#[tokio::test]
async fn what_is_no_http_or_panics_hurts_only_itself() {
    let (url, _tasks) = echo().await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(20_000));
    for request in [
        &b"\x16\x03\x01\x02\x00\x01"[..],
        b"\0\0\0\0\r\n\r\n",
        long.as_bytes(),
    ] {
        let reply = raw(&url, request).await;
        assert!(!reply.starts_with("HTTP/1.1 200"), "{reply}");
    }
    let reply = http(&url, "GET", "/panic", b"").await;
    assert!(reply.starts_with("HTTP/1.1 500 "), "{reply}");
    assert!(http(&url, "GET", "/", b"").await.ends_with("0 bytes"));
}

#[tokio::test]
async fn a_body_longer_than_any_checkpoint_is_not_read_by_a_witness() {
    let (folder, log) = (TempDir::new().unwrap(), TestLog::new());
    let witness = Serving::start(&log, new_signer(KIND, "w.example/1"), folder.path()).await;
    let head = format!(
        "POST /add-checkpoint HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
        MAX_REQUEST_BYTES + 1
    );
    let reply = raw(&witness.url, head.as_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
    witness.stop().await;
}

/// A peer that replies with `bytes` to whoever connects, and then keeps silent.
async fn lying(bytes: Vec<u8>) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut open: Vec<TcpStream> = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            let _ = stream.write_all(&bytes).await;
            open.push(stream);
        }
    });
    (url, tasks)
}

#[tokio::test]
async fn a_lying_witness_gets_nothing_but_an_error() {
    let mut log = TestLog::new();
    log.grow(3, "true");
    let key = new_signer(KIND, "w.example/1").key().clone();
    let note = log.note();
    let ask = async |reply: Vec<u8>| {
        let (url, _tasks) = lying(reply).await;
        let http = HttpClient::new(None, Duration::from_millis(500)).unwrap();
        let url = BaseUrl::parse(&url).unwrap();
        let client = WitnessClient::new(http, url, key.clone(), vec![log.key()]);
        let asked = client.ask(&note, 0, &|_| Ok(Vec::new()));
        tokio::time::timeout(DEADLINE, asked)
            .await
            .unwrap()
            .unwrap_err()
    };
    let reply = |status: &str, body: &str| {
        format!(
            "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    let wrong = key.line(vec![0; 72]).unwrap();
    let error = ask(reply("200", &format!("{wrong}\n"))).await;
    assert!(matches!(error, AskError::Cosignature(_)), "{error:?}");
    let error = ask(reply("200", "nothing signed\n")).await;
    assert!(matches!(error, AskError::Line(_)), "{error:?}");
    let error = ask(reply("200", "")).await;
    assert!(matches!(error, AskError::Malformed), "{error:?}");
    let error = ask(reply("409", "many\n")).await;
    assert!(matches!(error, AskError::Malformed), "{error:?}");
    let error = ask(reply("409", "2\n")).await;
    assert!(matches!(error, AskError::Malformed), "{error:?}");
    let error = ask(reply("409", "4\n")).await;
    let theirs = &error.disagreement().unwrap().theirs;
    assert!(theirs.is_err(), "{theirs:?}");
    for status in ["500", "302", "204"] {
        let error = ask(reply(status, "")).await;
        assert!(matches!(error, AskError::Status { .. }), "{error:?}");
    }
    let error = ask(b"HTTP/1.1 200 x\r\nContent-Length: 9999999\r\n\r\n".to_vec()).await;
    assert!(matches!(error, AskError::Http(_)), "{error:?}");
    let endless = [
        &b"HTTP/1.1 200 x\r\nContent-Length: 300000\r\n\r\n"[..],
        &[b'a'; 200_000],
    ];
    let error = ask(endless.concat()).await;
    assert!(
        matches!(error, AskError::Http(HttpError::TooLong { .. })),
        "{error:?}"
    );
    let error = ask(Vec::new()).await;
    assert!(
        matches!(error, AskError::Http(HttpError::Deadline { .. })),
        "{error:?}"
    );
    let error = ask(b"SSH-2.0-x\r\n".to_vec()).await;
    assert!(
        matches!(error, AskError::Http(HttpError::Exchange { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_a_lying_witness_shows_is_believed_with_both_signatures_only() {
    let mut log = TestLog::new();
    log.grow(3, "true");
    let witness = new_signer(KIND, "w.example/1");
    let latest = async |note: String| {
        let head = format!("HTTP/1.1 200 x\r\nContent-Length: {}\r\n\r\n", note.len());
        let (url, _tasks) = lying([head.into_bytes(), note.into_bytes()].concat()).await;
        let url = BaseUrl::parse(&url).unwrap();
        let (key, log_keys) = (witness.key().clone(), vec![log.key()]);
        let client = WitnessClient::new(plain_client(), url, key, log_keys);
        client.latest().await
    };
    // A size that nobody signed could keep a log from starting.
    let invented = Checkpoint::new(ORIGIN, 1000, [1; 32]).unwrap().to_string();
    let invented = sign_note(&invented, &[&*witness], NOW_S).unwrap();
    let shown = latest(invented.to_string()).await;
    assert!(matches!(shown, Err(LatestError::Signature(_))), "{shown:?}");
    let shown = latest(log.note().to_string()).await;
    assert!(matches!(shown, Err(LatestError::Signature(_))), "{shown:?}");
    let elsewhere = Checkpoint::new("other.example/log", 3, [1; 32]).unwrap();
    let elsewhere = sign_note(&elsewhere.to_string(), &[&*witness], NOW_S).unwrap();
    let shown = latest(elsewhere.to_string()).await;
    assert!(
        matches!(shown, Err(LatestError::Origin { .. })),
        "{shown:?}"
    );
    let shown = latest("no note".to_owned()).await;
    assert!(matches!(shown, Err(LatestError::Note(_))), "{shown:?}");
    let cosignature = sign_note(log.note().text(), &[&*witness], NOW_S).unwrap();
    let both = format!("{}{}\n", log.note(), cosignature.signatures()[0]);
    assert_eq!(latest(both).await.unwrap().unwrap().checkpoint.size(), 3);
}

#[tokio::test]
async fn a_silent_witness_keeps_no_quorum_waiting_beyond_the_deadline() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    log.grow(4, "true");
    let start = async |name: &str| {
        let signer = new_signer(KIND, &format!("{name}.example/witness"));
        Serving::start(&log, signer, &folder.path().join(name)).await
    };
    let (police, justice) = (start("police").await, start("justice").await);
    let (silent, _tasks) = lying(Vec::new()).await;
    let key = new_signer(KIND, "environment.example/witness")
        .key()
        .clone();
    let entries = [
        ("environment", &key, silent.as_str()),
        ("police", &police.key, police.url.as_str()),
        ("justice", &justice.key, justice.url.as_str()),
    ];
    let policy = two_of(&log, &entries).policy().clone();
    let http = HttpClient::new(None, Duration::from_secs(3)).unwrap();
    let witnesses = Witnesses::of_policy(policy, ORIGIN, &http).unwrap();
    let prove = |old_size| log.prove(old_size);
    let note = log.note();
    let asked = witnesses.ask_all(&note, &prove);
    let cosigning = tokio::time::timeout(DEADLINE, asked)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(cosigning.verdict.standing(), Standing::Final);
    assert_eq!(cosigning.verdict.missing, ["environment"]);
    police.stop().await;
    justice.stop().await;
}
