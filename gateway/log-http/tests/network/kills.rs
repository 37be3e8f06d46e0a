//! A witness that is killed at any moment still holds everything that it cosigned.
//!
//! The test program runs itself as the witness, in a folder of its own, and kills it in the midst of its work. A kill of
//! the process is not a power cut: what the disk itself loses is not tested here.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use audit_proof::checkpoint::Checkpoint;
use audit_proof::key::KeyKind;
use log_http::witness::{Answer, FolderState, WitnessState as _};
use tempfile::TempDir;

use crate::parties::{NOW_S, ORIGIN, TestLog, new_signer};

/// What stands before the size in each line of the witness.
const COSIGNED: &str = "cosigned ";

#[test]
fn a_killed_witness_holds_what_it_cosigned() {
    let folder = TempDir::new().unwrap();
    for lines in [1, 3, 10, 30] {
        let mut witness = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "kills::a_witness_to_be_killed",
                "--ignored",
                "--nocapture",
            ])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(witness.stdout.take().unwrap());
        // Killed while the next checkpoint is on its way to the disk.
        let mut read = output.lines().map(Result::unwrap);
        let size_of = |line: String| Some(line.split_once(COSIGNED)?.1.parse().unwrap());
        let told: u64 = read.by_ref().filter_map(size_of).nth(lines).unwrap();
        witness.kill().unwrap();
        witness.wait().unwrap();
        let told = read.filter_map(size_of).last().unwrap_or(told);

        let state = FolderState::open(folder.path()).unwrap();
        let note = state.last(ORIGIN).unwrap().unwrap();
        let size = Checkpoint::parse(note.text()).unwrap().size();
        assert!(
            size == told || size == told + 1,
            "told {told}, holds {size}"
        );
        drop(state);
        // Each witness has a log of its own, whose key is new.
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}

#[test]
#[ignore = "runs until it is killed; the other test of this file starts it"]
fn a_witness_to_be_killed() {
    let mut log = TestLog::new();
    let state = Arc::new(FolderState::open(Path::new(".")).unwrap());
    let signer = new_signer(KeyKind::Ed25519Cosignature, "w.example/1");
    let witness = log.witness(vec![signer], state);
    // Bounded all the same, for whoever runs ignored tests by hand.
    for _ in 0..5_000 {
        let old_size = log.size();
        log.grow(1, "true");
        let answer = witness.add_checkpoint(&log.request(old_size), NOW_S);
        assert!(matches!(answer, Answer::Cosigned(_)), "{answer:?}");
        let line = format!("{COSIGNED}{}\n", log.size());
        std::io::stdout().write_all(line.as_bytes()).unwrap();
    }
}
