//! The wire as C2SP tlog-witness v1.0.0 writes it: its own examples, and every status as a plain client sees it.

use audit_proof::key::KeyKind;
use audit_proof::note::NoteSignature;
use audit_proof::suite::Suite;
use log_http::witness::{AddCheckpoint, RequestFault, WitnessedLog, origin_hash};
use tempfile::TempDir;

use crate::parties::{ORIGIN, Serving, TestLog, http, new_signer};

/// The example request of the standard.
const REQUEST: &str = "\
old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
";

/// The example response of the standard.
const RESPONSE: &str = "\
— witness.example/w1 CMp+6LWBU0anHGH5aNDTJkH/gj79sG+T6+iP2ThYN5krrDJbR1HDnucjL39QsZTSvVjyQLrdk3DXDqI5G2HgLatVs0pWh6Up69HVOw==
— witness.example/w1 I7rEps0pvK2UqkS2gSpVUDhrhVtQV9lgF6pRrWAvjJHjyWpW7VcE3SiOlVlbQNt64vWhO+DlkL0+UfzuOBMh9ChdMkP1vi/lCAsmlw==
— witness.example/w2 AWui8Sk55XjYLOijihBjhqEH6nS1ndDymE0a+6idX7pLcnoB+dhnz0854aLZgrrKbYKA7nC3HNJhm/kWl7oJlqU3rXXvpysAdyP3wQ==
";

#[test]
fn the_example_request_is_read_and_written_as_it_is() {
    let (request, checkpoint) = AddCheckpoint::parse(REQUEST.as_bytes()).unwrap();
    assert_eq!(request.old_size, 20_852_014);
    assert_eq!(request.proof.len(), 4);
    assert_eq!(request.note.signatures().len(), 2);
    assert_eq!(checkpoint.origin(), "example.com/behind-the-sofa");
    assert_eq!(checkpoint.size(), 20_852_163);
    assert_eq!(request.to_string(), REQUEST);
}

#[test]
fn the_example_response_is_signature_lines() {
    let lines: Vec<_> = RESPONSE
        .lines()
        .map(|line| NoteSignature::parse_line(line).unwrap())
        .collect();
    let names: Vec<_> = lines.iter().map(NoteSignature::name).collect();
    assert_eq!(
        names,
        [
            "witness.example/w1",
            "witness.example/w1",
            "witness.example/w2"
        ]
    );
    let written: String = lines.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(written, RESPONSE);
}

#[test]
fn every_departure_from_the_form_is_refused_by_name() {
    let hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n";
    for (from, to, expected) in [
        ("old 20852014\n", "old 020852014\n", RequestFault::OldSize),
        ("old 20852014\n", "old  20852014\n", RequestFault::OldSize),
        ("old 20852014\n", "new 20852014\n", RequestFault::OldSize),
        ("old 20852014\n", "old 20852014\r\n", RequestFault::OldSize),
        ("old 20852014\n", "", RequestFault::OldSize),
        (hash, "PlRN\n", RequestFault::ProofLine { number: 1 }),
        ("5+pK", " 5+pK", RequestFault::ProofLine { number: 3 }),
        (
            "0=\n\nexample",
            "0=\nexample",
            RequestFault::ProofLine { number: 5 },
        ),
    ] {
        let body = REQUEST.replacen(from, to, 1);
        assert_ne!(body, REQUEST);
        assert_eq!(
            AddCheckpoint::parse(body.as_bytes()),
            Err(expected),
            "{body}"
        );
    }
    let long = REQUEST.replacen(hash, &hash.repeat(61), 1);
    let fault = RequestFault::ProofLine { number: 64 };
    assert_eq!(AddCheckpoint::parse(long.as_bytes()), Err(fault));
    let most = REQUEST.replacen(hash, &hash.repeat(60), 1);
    assert_eq!(
        AddCheckpoint::parse(most.as_bytes()).unwrap().0.proof.len(),
        63
    );
    assert_eq!(AddCheckpoint::parse(b""), Err(RequestFault::NoCheckpoint));
    let unfinished = AddCheckpoint::parse(REQUEST.trim_end().as_bytes());
    assert!(matches!(unfinished, Err(RequestFault::Note(_))));
}

/// The head of a reply in lower case, and its body.
fn parts(reply: &str) -> (String, String) {
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

#[tokio::test]
async fn every_status_of_the_standard_is_given() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    let signer = new_signer(KeyKind::Ed25519Cosignature, "w.example/1");
    let witness = Serving::start(&log, signer, folder.path()).await;
    let post =
        async |body: &[u8]| parts(&http(&witness.url, "POST", "/add-checkpoint", body).await);
    log.grow(5, "true");
    let mut stranger = TestLog::new();
    stranger.grow(5, "true");
    let old_above = String::from_utf8(log.request(0))
        .unwrap()
        .replace("old 0", "old 6");

    for (body, status) in [
        (&b"old 0\n"[..], "400 bad request"),
        (REQUEST.as_bytes(), "404 not found"),
        (&stranger.request(0), "403 forbidden"),
        (old_above.as_bytes(), "400 bad request"),
    ] {
        let (head, _) = post(body).await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{head}");
    }
    let (head, body) = post(&log.request(0)).await;
    assert!(head.starts_with("http/1.1 200 ok"), "{head}");
    assert!(
        body.starts_with("— w.example/1 ") && body.ends_with('\n'),
        "{body}"
    );

    log.grow(5, "true");
    let (head, body) = post(&log.request(0)).await;
    assert!(head.starts_with("http/1.1 409 conflict"), "{head}");
    assert!(
        head.contains("content-type: text/x.tlog.size\r\n"),
        "{head}"
    );
    assert_eq!(body, "5\n");

    let mut other = TestLog::new();
    other.grow(10, "false");
    let proof = other.prove(5).unwrap();
    let note = log.note();
    let wrong = AddCheckpoint {
        old_size: 5,
        proof,
        note,
    };
    let (head, _) = post(wrong.to_string().as_bytes()).await;
    assert!(head.starts_with("http/1.1 422 "), "{head}");

    let path = format!("/{}/checkpoint", origin_hash(ORIGIN));
    let (head, body) = parts(&http(&witness.url, "GET", &path, b"").await);
    assert!(head.starts_with("http/1.1 200 ok"), "{head}");
    assert!(body.starts_with(&format!("{ORIGIN}\n5\n")), "{body}");
    assert_eq!(body.matches('—').count(), 2, "{body}");
    for (method, path, status) in [
        ("GET", "/add-checkpoint", "405"),
        ("POST", path.as_str(), "405"),
        ("DELETE", path.as_str(), "405"),
        ("GET", &path.to_uppercase(), "404"),
        ("GET", &path[1..].replace('/', "//"), "400"),
        ("GET", "/0/checkpoint", "404"),
        ("GET", "/../checkpoint", "404"),
        ("GET", "/", "404"),
    ] {
        let (head, _) = parts(&http(&witness.url, method, path, b"").await);
        assert!(
            head.starts_with(&format!("http/1.1 {status} ")),
            "{method} {path}: {head}"
        );
    }
    witness.stop().await;
}

#[test]
fn the_log_of_the_example_is_watched_by_another_key_in_vain() {
    let signer = new_signer(KeyKind::Ed25519Cosignature, "w.example/1");
    let log_key = new_signer(KeyKind::Ed25519, "example.com/behind-the-sofa");
    let log = WitnessedLog {
        origin: "example.com/behind-the-sofa".to_owned(),
        keys: vec![log_key.key().clone()],
        suite: Suite::Sha256,
    };
    let state = std::sync::Arc::new(log_http::witness::MemoryState::default());
    let witness = log_http::witness::Witness::new(vec![log], vec![signer], state).unwrap();
    assert_eq!(witness.add_checkpoint(REQUEST.as_bytes(), 0).status(), 403);
}
