//! Notes that come back with cosignatures.

use super::*;

fn cosign(note: &Note, witness: &TestSigner) -> Note {
    let mut cosigned = note.clone();
    let signature = witness.sign(note.text(), 1_800_000_001).unwrap();
    cosigned
        .push(witness.key().line(signature).unwrap())
        .unwrap();
    cosigned
}

#[test]
fn a_note_with_more_signatures_is_released_and_survives_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let signer = test_signer(KeyKind::Ed25519, ORIGIN);
    let witnesses = ["env.example", "police.example"]
        .map(|name| test_signer(KeyKind::Ed25519Cosignature, name));
    let config = config(folder.path(), 1 << 20);
    let publish = publishing(folder.path(), &signer);
    let (log, _, mut publisher, _) =
        open_published(config.clone(), clock(), publish.clone()).unwrap();
    let first = grow(&log, &mut publisher, 0..3).main.note;
    let read = |name: &str| {
        let bytes = std::fs::read(folder.path().join("tiles").join(name)).unwrap();
        Note::parse(&bytes).unwrap()
    };
    let once = cosign(&first, &witnesses[0]);
    publisher.release_cosigned(&once).unwrap();
    assert_eq!(
        (read("checkpoint"), read("checkpoints/3")),
        (once.clone(), once.clone())
    );
    let refuse = |publisher: &mut Publisher, note: &Note, case: &str| {
        let refused = publisher.release_cosigned(note);
        assert!(
            matches!(refused, Err(PublishError::OtherNote { .. })),
            "{case}: {refused:?}"
        );
    };
    refuse(&mut publisher, &first, "a signature less");
    refuse(
        &mut publisher,
        &cosign(&first, &witnesses[1]),
        "another one instead",
    );
    let other = Checkpoint::new(ORIGIN, 3, [1; 32]).unwrap().to_string();
    let other = Note::new(other, once.signatures().to_vec()).unwrap();
    refuse(&mut publisher, &other, "another root");
    let unknown = Checkpoint::new(ORIGIN, 2, [1; 32]).unwrap().to_string();
    let unknown = Note::new(unknown, once.signatures().to_vec()).unwrap();
    refuse(&mut publisher, &unknown, "a size that was never released");
    let foreign = Note::new("a text\n".to_owned(), once.signatures().to_vec()).unwrap();
    refuse(&mut publisher, &foreign, "no checkpoint");
    drop(publisher);
    log.close().unwrap();

    let (log, _, mut publisher, _) = open_published(config, clock(), publish).unwrap();
    assert_eq!(
        read("checkpoint"),
        once,
        "a start takes no cosignature away"
    );
    let second = grow(&log, &mut publisher, 3..5).main.note;
    let twice = cosign(&once, &witnesses[1]);
    publisher.release_cosigned(&twice).unwrap();
    assert_eq!((read("checkpoint"), read("checkpoints/3")), (second, twice));
}
