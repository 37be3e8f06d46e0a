//! Logs with two histories: what witnesses refuse, what they keep, and what the log's side learns.

use std::path::Path;

use audit_proof::key::KeyKind;
use audit_proof::note::Note;
use audit_proof::policy::Standing;
use log_http::ask::{
    AskError, Disagreement, DisagreementKind, LatestError, StartError, WitnessedCheckpoint,
    check_start,
};
use log_http::witness::{FolderState, origin_hash};
use tempfile::TempDir;

use crate::parties::{ORIGIN, Serving, TestLog, new_signer, two_of};

const KIND: KeyKind = KeyKind::Ed25519Cosignature;

async fn witness(log: &TestLog, folder: &Path, name: &str) -> Serving {
    let signer = new_signer(KIND, &format!("{name}.example/witness"));
    Serving::start(log, signer, &folder.join(name)).await
}

async fn ask(log: &TestLog, witness: &Serving, old_size: u64) -> Result<usize, AskError> {
    let client = witness.client(log);
    let prove = |old_size| log.prove(old_size);
    let lines = client.ask(&log.note(), old_size, &prove).await?;
    Ok(lines.len())
}

fn disagreement(result: Result<usize, AskError>) -> Disagreement {
    match result {
        Err(AskError::Disagreement(disagreement)) => *disagreement,
        other => panic!("no disagreement: {other:?}"),
    }
}

/// The alarms of a stopped witness: kind, text held, text received.
fn alarms(folder: &Path) -> Vec<(String, String, String)> {
    let state = FolderState::open(folder).unwrap();
    let text = |path: &Path| {
        let note = Note::parse(&std::fs::read(path).unwrap()).unwrap();
        note.text().to_owned()
    };
    let mut alarms = Vec::new();
    for path in state.alarms(ORIGIN).unwrap() {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let kind = name.rsplit_once('-').unwrap().0.to_owned();
        alarms.push((kind, text(&path.join("held")), text(&path.join("received"))));
    }
    alarms
}

fn held(theirs: &Result<WitnessedCheckpoint, LatestError>) -> &Note {
    &theirs.as_ref().unwrap().note
}

#[tokio::test]
async fn a_second_history_offered_to_one_witness_is_refused_with_both_notes_kept() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    let witness = witness(&log, folder.path(), "police").await;
    log.grow(10, "true");
    let mut other = log.clone();
    log.grow(10, "true");
    other.grow(15, "false");
    ask(&log, &witness, 0).await.unwrap();

    for _ in 0..2 {
        let refused = disagreement(ask(&other, &witness, 20).await);
        assert_eq!(refused.kind, DisagreementKind::Inconsistent);
        assert_eq!(refused.ours, other.note());
        assert_eq!(held(&refused.theirs).text(), log.note().text());
    }
    // The true log goes on as if nothing had been.
    log.grow(1, "true");
    ask(&log, &witness, 20).await.unwrap();
    witness.stop().await;

    let kept = alarms(&folder.path().join("police"));
    let [(kind, held, received)] = kept.as_slice() else {
        panic!("the same alarm is kept once: {kept:?}");
    };
    assert_eq!(kind, "inconsistent");
    assert!(held.starts_with(&format!("{ORIGIN}\n20\n")));
    assert_eq!(received, other.note().text());
}

#[tokio::test]
async fn a_second_history_offered_to_two_of_three_shows_at_all_three() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    let mut serving = Vec::new();
    for name in ["environment", "police", "justice"] {
        serving.push(witness(&log, folder.path(), name).await);
    }
    log.grow(10, "true");
    for witness in &serving {
        ask(&log, witness, 0).await.unwrap();
    }
    let mut other = log.clone();
    log.grow(10, "true");
    other.grow(15, "false");
    // One witness has seen the true log grow; the two others have not.
    ask(&log, &serving[0], 10).await.unwrap();
    let entries: Vec<_> = serving.iter().map(|w| (&w.key, w.url.as_str())).collect();
    let names = ["environment", "police", "justice"];
    let entries: Vec<_> = names
        .into_iter()
        .zip(entries)
        .map(|(n, (k, u))| (n, k, u))
        .collect();
    let witnesses = two_of(&log, &entries);

    let prove = |old_size| other.prove(old_size);
    let cosigning = witnesses.ask_all(&other.note(), &prove).await.unwrap();
    assert_eq!(cosigning.verdict.standing(), Standing::Final);
    let [refused] = cosigning.disagreements().collect::<Vec<_>>()[..] else {
        panic!("one witness knows better: {:?}", cosigning.outcomes);
    };
    assert_eq!(refused.witness, "environment.example/witness");
    assert_eq!(held(&refused.theirs).text(), log.note().text());

    // When the true log comes, it is refused by the two, who hold the proof of the other.
    log.grow(10, "true");
    let prove = |old_size| log.prove(old_size);
    let cosigning = witnesses.ask_all(&log.note(), &prove).await.unwrap();
    assert_eq!(cosigning.verdict.standing(), Standing::Provisional);
    let kinds: Vec<_> = cosigning
        .disagreements()
        .map(|refused| refused.kind)
        .collect();
    assert_eq!(kinds, [DisagreementKind::Inconsistent; 2]);
    for witness in serving {
        witness.stop().await;
    }
    for name in names {
        assert_eq!(alarms(&folder.path().join(name)).len(), 1, "{name}");
    }
}

#[tokio::test]
async fn another_root_of_the_same_size_is_a_split_view_by_itself() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    let witness = witness(&log, folder.path(), "police").await;
    let mut other = log.clone();
    log.grow(7, "true");
    other.grow(7, "false");
    ask(&log, &witness, 0).await.unwrap();
    // From any old size, since the two signatures say it all.
    for old_size in [0, 3, 7] {
        let refused = disagreement(ask(&other, &witness, old_size).await);
        assert_eq!(refused.kind, DisagreementKind::SplitView, "from {old_size}");
    }
    let latest = witness.client(&log).latest().await.unwrap().unwrap();
    let root_at = |size| other.root_at(size).map_err(|_| std::fmt::Error);
    let refused = check_start(other.size(), root_at, &latest);
    assert!(matches!(refused, Err(StartError::SplitView { size: 7 })));
    witness.stop().await;
    let kept = alarms(&folder.path().join("police"));
    let expected = (
        "split-view".to_owned(),
        log.note().text().to_owned(),
        other.note().text().to_owned(),
    );
    assert_eq!(kept, [expected]);
}

#[tokio::test]
async fn a_log_that_was_set_back_is_told_how_far_it_was() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    let witness = witness(&log, folder.path(), "police").await;
    log.grow(10, "true");
    let mut restored = log.clone();
    log.grow(10, "true");
    ask(&log, &witness, 0).await.unwrap();

    let latest = witness.client(&log).latest().await.unwrap().unwrap();
    let root_at = |_| Err::<_, std::fmt::Error>(std::fmt::Error);
    let refused = check_start(restored.size(), root_at, &latest);
    let shorter = StartError::<std::fmt::Error>::Shorter {
        own: 10,
        witnessed: 20,
    };
    assert_eq!(refused.unwrap_err().to_string(), shorter.to_string());

    for growth in [0, 5] {
        restored.grow(growth, "again");
        let refused = disagreement(ask(&restored, &witness, 10).await);
        assert_eq!(refused.kind, DisagreementKind::Ahead { size: 20 });
        assert_eq!(held(&refused.theirs).text(), log.note().text());
    }
    witness.stop().await;
    let kept = alarms(&folder.path().join("police"));
    let kinds: Vec<_> = kept.iter().map(|(kind, _, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["shorter"; 2]);
    assert_eq!(
        std::fs::read_dir(folder.path().join("police/alarms"))
            .unwrap()
            .count(),
        1
    );
    assert!(
        folder
            .path()
            .join("police/alarms")
            .join(origin_hash(ORIGIN))
            .is_dir()
    );
}
