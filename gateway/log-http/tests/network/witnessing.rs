//! Three witnesses of which two are enough: all up, some down, restarted, secured, with the wrong key.

use audit_proof::key::KeyKind;
use audit_proof::policy::Standing;
use log_http::ask::{AskError, WitnessClient, Witnesses, WitnessesError, check_start};
use log_http::http::{BaseUrl, HttpClient, HttpError, ServerTls};
use log_http::witness::FolderState;
use tempfile::TempDir;

use crate::parties::{DEADLINE, NOW_S, Serving, TestLog, new_signer, plain_client, two_of};

const KINDS: [KeyKind; 3] = [
    KeyKind::Ed25519Cosignature,
    KeyKind::Ed25519Cosignature,
    KeyKind::MlDsa44Cosignature,
];

const NAMES: [&str; 3] = ["environment", "police", "justice"];

async fn three(log: &TestLog, folder: &TempDir) -> Vec<Serving> {
    let mut serving = Vec::new();
    for (name, kind) in NAMES.into_iter().zip(KINDS) {
        let signer = new_signer(kind, &format!("{name}.example/witness"));
        serving.push(Serving::start(log, signer, &folder.path().join(name)).await);
    }
    serving
}

fn witnesses(log: &TestLog, serving: &[Serving]) -> Witnesses {
    let entries: Vec<_> = NAMES
        .into_iter()
        .zip(serving)
        .map(|(name, witness)| (name, &witness.key, witness.url.as_str()))
        .collect();
    two_of(log, &entries)
}

#[tokio::test]
async fn a_growing_log_is_cosigned_by_all_three() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    let serving = three(&log, &folder).await;
    let witnesses = witnesses(&log, &serving);
    for growth in [1, 6, 300, 0] {
        log.grow(growth, "true");
        let prove = |old_size| log.prove(old_size);
        let cosigning = witnesses.ask_all(&log.note(), &prove).await.unwrap();
        assert_eq!(cosigning.verdict.standing(), Standing::Final);
        assert_eq!(cosigning.verdict.missing, Vec::<String>::new());
        assert_eq!(cosigning.note.signatures().len(), 4);
        for cosigned in &cosigning.verdict.witnesses {
            assert_eq!(cosigned.time_s, Some(NOW_S), "{}", cosigned.name);
        }
    }
    for (name, latest) in witnesses.latest_all().await {
        let latest = latest.unwrap().unwrap();
        assert_eq!(latest.checkpoint.size(), 307, "{name}");
        assert_eq!(latest.time_s, Some(NOW_S), "{name}");
        check_start(
            log.size(),
            |size| Ok::<_, std::fmt::Error>(log.root_at(size).unwrap()),
            &latest,
        )
        .unwrap();
    }
    for witness in serving {
        witness.stop().await;
    }
}

#[tokio::test]
async fn two_of_three_are_enough_and_one_is_not() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    let mut serving = three(&log, &folder).await;
    let witnesses = witnesses(&log, &serving);
    for (stopped, standing) in [(1, Standing::Final), (2, Standing::Provisional)] {
        serving.pop().unwrap().stop().await;
        log.grow(5, "true");
        let prove = |old_size| log.prove(old_size);
        let cosigning = witnesses.ask_all(&log.note(), &prove).await.unwrap();
        assert_eq!(cosigning.verdict.standing(), standing);
        assert_eq!(cosigning.verdict.missing, NAMES[3 - stopped..]);
        assert_eq!(cosigning.disagreements().count(), 0);
        let down = cosigning.outcomes[2].result.as_ref().unwrap_err();
        assert!(
            matches!(down, AskError::Http(HttpError::Connect { .. })),
            "{down:?}"
        );
    }
}

#[tokio::test]
async fn a_restarted_witness_knows_what_it_cosigned() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    let signer = new_signer(KIND, "police.example/witness");
    let witness = Serving::start(&log, signer.clone(), folder.path()).await;
    log.grow(10, "true");
    let before = log.note();
    let lines = witness
        .client(&log)
        .ask(&before, 0, &|_| unreachable!())
        .await;
    assert_eq!(lines.unwrap().len(), 1);
    assert!(
        FolderState::open(folder.path()).is_err(),
        "two use one folder"
    );
    witness.stop().await;

    let witness = Serving::start(&log, signer, folder.path()).await;
    let latest = witness.client(&log).latest().await.unwrap().unwrap();
    assert_eq!(latest.note.text(), before.text());
    log.grow(10, "true");
    // The log believes that nothing was cosigned; the witness names the size to start from.
    let prove = |old_size| {
        assert_eq!(old_size, 10);
        log.prove(old_size)
    };
    let client = witness.client(&log);
    client.ask(&log.note(), 0, &prove).await.unwrap();
    // A reply that was lost is asked for again, and gives the cosignature.
    client.ask(&log.note(), 10, &prove).await.unwrap();
    witness.stop().await;
}

const KIND: KeyKind = KeyKind::Ed25519Cosignature;

#[tokio::test]
async fn a_witness_with_two_keys_gives_each_its_line() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    let signers = [KIND, KeyKind::MlDsa44Cosignature].map(|kind| new_signer(kind, "w.example/1"));
    let keys: Vec<_> = signers.iter().map(|signer| signer.key().clone()).collect();
    let witness = Serving::start_with(&log, signers.to_vec(), folder.path(), None).await;
    log.grow(3, "true");
    let url = BaseUrl::parse(&witness.url).unwrap();
    for key in keys {
        let client = WitnessClient::new(plain_client(), url.clone(), key.clone(), vec![log.key()]);
        let lines = client
            .ask(&log.note(), 0, &|_| unreachable!())
            .await
            .unwrap();
        assert_eq!(lines.len(), 1);
        assert!(key.is_named_by(&lines[0]));
        assert!(client.latest().await.unwrap().is_some());
    }
    let stranger = new_signer(KIND, "w.example/1").key().clone();
    let client = WitnessClient::new(plain_client(), url, stranger, vec![log.key()]);
    let refused = client.ask(&log.note(), 3, &|_| unreachable!()).await;
    assert!(matches!(refused, Err(AskError::OtherKeys)), "{refused:?}");
    assert!(client.latest().await.is_err());
    witness.stop().await;
}

#[tokio::test]
async fn what_a_witness_does_not_know_is_said_by_name() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    let witness = Serving::start(&log, new_signer(KIND, "w.example/1"), folder.path()).await;
    let client = witness.client(&log);
    assert!(client.latest().await.unwrap().is_none());
    log.grow(1, "true");
    let mut stranger = TestLog::new();
    stranger.grow(1, "true");
    let refused = client.ask(&stranger.note(), 0, &|_| unreachable!()).await;
    assert!(matches!(refused, Err(AskError::Untrusted)), "{refused:?}");
    let other = new_signer(KIND, "w.example/2").key().clone();
    let entries = [("a", &witness.key, "http://a"), ("b", &other, "http://b")];
    let policy = two_of(&log, &entries).policy().clone();
    let unknown = Witnesses::of_policy(policy, "other.example/log", &plain_client());
    assert!(matches!(unknown, Err(WitnessesError::NoLog { .. })));
    witness.stop().await;
}

#[tokio::test]
async fn a_secured_witness_is_believed_by_its_authority_only() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    log.grow(4, "true");
    let path = |name: &str| folder.path().join(name);
    for name in ["own", "other"] {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(path(&format!("{name}.pem")), made.cert.pem()).unwrap();
        std::fs::write(
            path(&format!("{name}.key")),
            made.signing_key.serialize_pem(),
        )
        .unwrap();
    }
    let tls = ServerTls {
        certificate: path("own.pem"),
        key: path("own.key"),
    };
    let signer = new_signer(KIND, "w.example/1");
    let witness = Serving::start_with(&log, vec![signer], &path("state"), Some(tls)).await;
    let ask = async |roots: Option<&str>| {
        let roots = roots.map(path);
        let http = HttpClient::new(roots.as_deref(), DEADLINE).unwrap();
        let url = BaseUrl::parse(&witness.url).unwrap();
        let client = WitnessClient::new(http, url, witness.key.clone(), vec![log.key()]);
        client.ask(&log.note(), 0, &|_| unreachable!()).await
    };
    assert_eq!(ask(Some("own.pem")).await.unwrap().len(), 1);
    let untrusted = ask(Some("other.pem")).await;
    assert!(
        matches!(untrusted, Err(AskError::Http(HttpError::Tls { .. }))),
        "{untrusted:?}"
    );
    let unknown = ask(None).await;
    assert!(
        matches!(unknown, Err(AskError::Http(HttpError::NoRoots { .. }))),
        "{unknown:?}"
    );
    assert!(HttpClient::new(Some(&path("own.key")), DEADLINE).is_err());
    witness.stop().await;
}
