//! The folder of a witness: what is torn, damaged or cannot be written, and witnesses that cannot be.

use std::fs;
use std::sync::Arc;

use audit_proof::key::KeyKind;
use audit_proof::signer::sign_note;
use audit_proof::suite::Suite;
use log_http::witness::{
    Alarm, AlarmKind, Answer, FolderState, FolderStateError, MemoryState, Witness,
    WitnessBuildError, WitnessState as _, WitnessedLog, origin_hash,
};
use tempfile::TempDir;

use crate::parties::{NOW_S, ORIGIN, TestLog, new_signer};

const KIND: KeyKind = KeyKind::Ed25519Cosignature;

fn witness_in(log: &TestLog, folder: &TempDir) -> (Witness, Arc<FolderState>) {
    let state = Arc::new(FolderState::open(folder.path()).unwrap());
    let signer = new_signer(KIND, "w.example/1");
    (log.witness(vec![signer], state.clone()), state)
}

#[test]
fn a_file_that_was_not_finished_means_nothing() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    log.grow(3, "true");
    let name = format!("{}.note.new", origin_hash(ORIGIN));
    fs::write(folder.path().join(name), "half a no").unwrap();
    let unfinished = folder
        .path()
        .join("alarms")
        .join(origin_hash(ORIGIN))
        .join("split-view-0.new");
    fs::create_dir_all(unfinished).unwrap();
    let (witness, state) = witness_in(&log, &folder);
    assert!(state.last(ORIGIN).unwrap().is_none());
    assert!(state.alarms(ORIGIN).unwrap().is_empty());
    let answer = witness.add_checkpoint(&log.request(0), NOW_S);
    assert!(matches!(answer, Answer::Cosigned(_)), "{answer:?}");
}

#[test]
fn a_damaged_state_is_never_taken_for_a_new_log() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    log.grow(3, "true");
    let (witness, _state) = witness_in(&log, &folder);
    for damage in [&b""[..], b"\xff", b"no note", log.note().text().as_bytes()] {
        fs::write(
            folder.path().join(format!("{}.note", origin_hash(ORIGIN))),
            damage,
        )
        .unwrap();
        let answer = witness.add_checkpoint(&log.request(0), NOW_S);
        assert_eq!(answer.status(), 500, "{answer:?}");
        assert!(witness.latest(&origin_hash(ORIGIN)).is_err());
    }
}

#[test]
fn after_a_failed_write_nothing_is_cosigned_or_shown() {
    let (folder, mut log) = (TempDir::new().unwrap(), TestLog::new());
    log.grow(3, "true");
    let (witness, state) = witness_in(&log, &folder);
    // A folder where the next file would be written: creating it fails, whoever asks.
    let obstacle = folder
        .path()
        .join(format!("{}.note.new", origin_hash(ORIGIN)));
    fs::create_dir(&obstacle).unwrap();
    assert_eq!(witness.add_checkpoint(&log.request(0), NOW_S).status(), 500);
    fs::remove_dir(&obstacle).unwrap();
    assert_eq!(witness.add_checkpoint(&log.request(0), NOW_S).status(), 500);
    assert!(state.last(ORIGIN).is_err());
    drop((witness, state));
    let (witness, _state) = witness_in(&log, &folder);
    assert_eq!(witness.add_checkpoint(&log.request(0), NOW_S).status(), 200);
}

#[test]
fn one_process_uses_a_folder_at_a_time() {
    let folder = TempDir::new().unwrap();
    let first = FolderState::open(folder.path()).unwrap();
    let second = FolderState::open(folder.path());
    assert!(matches!(second, Err(FolderStateError::InUse { .. })));
    drop(first);
    FolderState::open(folder.path()).unwrap();
}

#[test]
fn alarms_stand_beside_each_other_up_to_a_bound_of_each_kind() {
    let folder = TempDir::new().unwrap();
    let state = FolderState::open(folder.path()).unwrap();
    let log = TestLog::new();
    let alarm = |kind, size| Alarm {
        kind,
        held: Some(log.sign(0, Suite::Sha256.empty_root())),
        received: log.sign(size, [7; 32]),
    };
    for size in 0..300 {
        state
            .keep(ORIGIN, &alarm(AlarmKind::Shorter, size))
            .unwrap();
    }
    // A flood of one kind does not keep out another.
    state.keep(ORIGIN, &alarm(AlarmKind::SplitView, 1)).unwrap();
    state.keep(ORIGIN, &alarm(AlarmKind::SplitView, 1)).unwrap();
    let kept = state.alarms(ORIGIN).unwrap();
    assert_eq!(kept.len(), 256 + 1);
    for path in kept {
        assert!(path.join("held").is_file() && path.join("received").is_file());
    }
    assert!(state.alarms("other.example/log").unwrap().is_empty());
}

#[test]
fn a_checkpoint_that_contradicts_itself_or_proves_nothing_is_not_cosigned() {
    let mut log = TestLog::new();
    let state = Arc::new(MemoryState::default());
    let witness = log.witness(vec![new_signer(KIND, "w.example/1")], state.clone());
    let body = |note| format!("old 0\n\n{note}").into_bytes();
    let answer = witness.add_checkpoint(&body(log.sign(0, [1; 32])), NOW_S);
    assert_eq!(answer.status(), 422);
    assert_eq!(state.alarms()[0].1.held, None);
    let answer = witness.add_checkpoint(&body(log.sign(u64::MAX, [1; 32])), NOW_S);
    assert_eq!((answer.status(), answer.alarm()), (422, None));
    // An empty log first, from which everything grows without a proof.
    assert_eq!(witness.add_checkpoint(&log.request(0), NOW_S).status(), 200);
    log.grow(2, "true");
    let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let needless = format!("old 0\n{hash}\n\n{}", log.note());
    let answer = witness.add_checkpoint(needless.as_bytes(), NOW_S);
    assert_eq!((answer.status(), answer.alarm()), (422, None));
    assert_eq!(witness.add_checkpoint(&log.request(0), NOW_S).status(), 200);
    assert_eq!(state.alarms().len(), 1);
}

#[test]
fn a_log_with_an_sm3_tree_is_witnessed_by_its_suite() {
    let mut log = TestLog::with_suite(Suite::Sm3);
    let state = Arc::new(MemoryState::default());
    let witness = log.witness(vec![new_signer(KIND, "w.example/1")], state);
    for (old_size, growth) in [(0, 0), (0, 5), (5, 6)] {
        log.grow(growth, "true");
        let answer = witness.add_checkpoint(&log.request(old_size), NOW_S);
        assert_eq!(answer.status(), 200, "{answer:?}");
    }
}

#[test]
fn a_witness_that_makes_no_sense_is_refused() {
    let log = TestLog::new();
    let state = Arc::new(MemoryState::default());
    let cosigner = new_signer(KIND, "w.example/1");
    let build = |logs: Vec<WitnessedLog>, signers| {
        Witness::new(logs, signers, state.clone()).err().unwrap()
    };
    let good = log.witnessed();
    assert_eq!(build(vec![good.clone()], vec![]), WitnessBuildError::NoKey);
    let note_key = new_signer(KeyKind::Ed25519, "w.example/1");
    assert!(matches!(
        build(vec![good.clone()], vec![note_key]),
        WitnessBuildError::Kind { .. }
    ));
    assert!(matches!(
        build(vec![good.clone(), good.clone()], vec![cosigner.clone()]),
        WitnessBuildError::LogTwice { .. }
    ));
    let keyless = WitnessedLog {
        keys: vec![],
        ..good.clone()
    };
    assert!(matches!(
        build(vec![keyless], vec![cosigner.clone()]),
        WitnessBuildError::LogWithoutKey { .. }
    ));
    let renamed = WitnessedLog {
        origin: "other.example/log".to_owned(),
        ..good.clone()
    };
    assert!(matches!(
        build(vec![renamed], vec![cosigner.clone()]),
        WitnessBuildError::LogKeyName { .. }
    ));
    let own = WitnessedLog {
        origin: "w.example/1".to_owned(),
        keys: vec![cosigner.key().clone()],
        suite: Suite::Sha256,
    };
    assert!(matches!(
        build(vec![own], vec![cosigner]),
        WitnessBuildError::KeyOfLog { .. }
    ));
}

#[test]
fn what_others_signed_and_what_was_repeated_is_not_kept() {
    let mut log = TestLog::new();
    log.grow(3, "true");
    let state = Arc::new(MemoryState::default());
    let cosigner = new_signer(KIND, "w.example/1");
    let witness = log.witness(vec![cosigner.clone()], state.clone());
    let note = log.note();
    let own = note.signatures()[0].to_string();
    let stranger = new_signer(KIND, "stranger.example/w");
    let strange = sign_note(note.text(), &[&*stranger], NOW_S)
        .unwrap()
        .signatures()[0]
        .to_string();
    let lines = format!("{own}\n").repeat(99) + &strange + "\n";
    let body = format!("old 0\n\n{}\n{lines}", note.text());
    let answer = witness.add_checkpoint(body.as_bytes(), NOW_S);
    assert_eq!(answer.status(), 200, "{answer:?}");
    let kept = state.last(ORIGIN).unwrap().unwrap();
    let names: Vec<_> = kept.signatures().iter().map(|line| line.name()).collect();
    assert_eq!(names, [ORIGIN, "w.example/1"]);
    // One wrong line in the name of a trusted key spoils the note, as signed-note has it.
    let wrong = log.key().line(vec![0; 64]).unwrap();
    let body = format!("old 3\n\n{note}{wrong}\n");
    assert_eq!(witness.add_checkpoint(body.as_bytes(), NOW_S).status(), 403);
}
