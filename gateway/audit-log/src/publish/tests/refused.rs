//! What is refused: logs with another past, locks that do not fit, entries that do not give the writer's head.

use audit_proof::fault::FaultKind;

use super::*;
use crate::testing::{group_ends, segment_paths};

/// Copies the segments of a log.
fn copy_segments(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for path in segment_paths(to) {
        std::fs::remove_file(path).unwrap();
    }
    for path in segment_paths(from) {
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// A closed log of ten entries that was published at size ten, and a copy of its first five.
struct Published10 {
    folder: tempfile::TempDir,
    backup: tempfile::TempDir,
    signer: Arc<TestSigner>,
}

fn published_10() -> Published10 {
    let (folder, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let signer = test_signer(KeyKind::Ed25519, ORIGIN);
    let (log, _) = crate::open(config(folder.path(), 1 << 20), clock()).unwrap();
    appended(&log, 0..5);
    log.close().unwrap();
    copy_segments(folder.path(), backup.path());
    let (log, _, mut publisher, _) = open_published(
        config(folder.path(), 1 << 20),
        clock(),
        publishing(folder.path(), &signer),
    )
    .unwrap();
    appended(&log, 5..10);
    publisher.publish(&log.head(), 0).unwrap();
    drop(publisher);
    log.close().unwrap();
    Published10 {
        folder,
        backup,
        signer,
    }
}

impl Published10 {
    fn open(&self) -> Result<(Log, Opened, Publisher, Resumed), OpenPublishedError> {
        let publish = publishing(self.folder.path(), &self.signer);
        open_published(config(self.folder.path(), 1 << 20), clock(), publish)
    }

    fn refusal(&self) -> PublishError {
        match self.open() {
            Err(OpenPublishedError::Publisher(error)) => error,
            other => panic!("it was not refused: {other:?}"),
        }
    }

    /// What happens when the file of the note signed last is changed.
    fn lock_refusal(&self) -> LockError {
        let refusal = self.refusal();
        let PublishError::Lock { cause, path } = refusal else {
            panic!("another refusal: {refusal:?}")
        };
        assert!(path.ends_with("signed/checkpoint"));
        cause
    }
}

#[test]
fn a_restored_backup_is_refused_and_names_both_sizes() {
    let published = published_10();
    copy_segments(published.backup.path(), published.folder.path());
    let refusal = published.refusal();
    assert!(
        matches!(
            refusal,
            PublishError::ShorterThanSigned { signed: 10, log: 5 }
        ),
        "{refusal:?}"
    );
    // The log was closed again and nothing was appended.
    let report = audit_proof::verify(published.folder.path(), &audit_proof::Options::default());
    assert!(report.is_verified() && report.entries == 5);
}

#[test]
fn another_past_is_refused_and_names_both_roots() {
    for one_by_one in [true, false] {
        let published = published_10();
        copy_segments(published.backup.path(), published.folder.path());
        let (log, _) = crate::open(config(published.folder.path(), 1 << 20), clock()).unwrap();
        if one_by_one {
            appended(&log, 105..120);
        } else {
            // Most likely no group ends at ten; then the whole log is read.
            let pending: Vec<_> = (105..2_000)
                .map(|n| log.append(draft(n)).unwrap())
                .collect();
            pending.into_iter().for_each(|p| drop(p.wait().unwrap()));
        }
        log.close().unwrap();
        let refusal = published.refusal();
        let PublishError::OtherPast { size, signed, log } = refusal else {
            panic!("{refusal:?}")
        };
        assert_eq!(size, 10);
        assert_ne!(signed, log);
        let text = published.signer.texts.lock().unwrap()[0].clone();
        assert_eq!(Checkpoint::parse(&text).unwrap().root(), &signed);
        assert_eq!(published.signer.sizes(), [10], "nothing was signed");
    }
}

#[test]
fn a_second_publisher_is_refused_until_the_first_is_gone() {
    let published = published_10();
    let (log, _, publisher, _) = published.open().unwrap();
    let config = publishing(published.folder.path(), &published.signer);
    let second = Publisher::open(log.reader(), config.clone());
    assert!(matches!(second, Err(PublishError::Locked { .. })));
    drop(publisher);
    assert!(Publisher::open(log.reader(), config).is_ok());
}

#[test]
fn a_lock_that_does_not_fit_is_refused() {
    let published = published_10();
    let lock = published.folder.path().join("signed/checkpoint");
    let sound = std::fs::read_to_string(&lock).unwrap();
    std::fs::write(&lock, "nothing").unwrap();
    assert!(matches!(published.lock_refusal(), LockError::Damaged(None)));
    let other_origin = sound.replace(ORIGIN, "other.example/log");
    std::fs::write(&lock, other_origin).unwrap();
    assert!(matches!(published.lock_refusal(), LockError::Damaged(None)));
    std::fs::write(&lock, sound.replacen("\n10\n", "\n9\n", 1)).unwrap();
    assert!(matches!(published.lock_refusal(), LockError::Signature(_)));
    std::fs::remove_file(&lock).unwrap();
    assert!(matches!(published.lock_refusal(), LockError::Missing));
    std::fs::write(&lock, &sound).unwrap();
    let (log, _, mut publisher, _) = published.open().unwrap();
    grow(&log, &mut publisher, 10..12);
    drop((log, publisher));
    std::fs::write(&lock, &sound).unwrap();
    assert!(matches!(
        published.lock_refusal(),
        LockError::Behind {
            signed: 10,
            released: 12
        }
    ));
}

#[test]
fn a_lock_changed_by_somebody_else_stops_the_publisher() {
    let published = published_10();
    let (log, _, mut publisher, _) = published.open().unwrap();
    let lock = published.folder.path().join("signed/checkpoint");
    let mut text = std::fs::read_to_string(&lock).unwrap();
    text.push_str("— other.example AAAAAAA=\n");
    std::fs::write(&lock, &text).unwrap();
    appended(&log, 10..11);
    let refused = publisher.publish(&log.head(), 0).unwrap_err();
    let PublishError::Lock { cause, .. } = refused else {
        panic!("{refused:?}")
    };
    assert!(matches!(cause, LockError::Changed), "{cause:?}");
    assert_eq!(
        std::fs::read_to_string(&lock).unwrap(),
        text,
        "it is left as it was"
    );
    assert!(matches!(
        publisher.publish(&log.head(), 0),
        Err(PublishError::Stopped)
    ));
    let released = std::fs::read(published.folder.path().join("tiles/checkpoint")).unwrap();
    assert_eq!(size_of_text(Note::parse(&released).unwrap().text()), 10);
}

#[test]
fn a_head_with_any_bit_of_its_hashes_changed_is_not_signed() {
    let folder = tempfile::tempdir().unwrap();
    let signer = test_signer(KeyKind::Ed25519, ORIGIN);
    let (log, _) = crate::open(config(folder.path(), 1 << 20), clock()).unwrap();
    appended(&log, 0..3);
    for bit in (0..512_usize).step_by(7) {
        let mut head = log.head();
        let hash = if bit < 256 {
            &mut head.root
        } else {
            &mut head.hash
        };
        hash[bit % 256 / 8] ^= 1 << (bit % 8);
        let config = publishing(folder.path(), &signer);
        let (mut publisher, _) = Publisher::open(log.reader(), config).unwrap();
        let refused = publisher.publish(&head, 0);
        assert!(
            matches!(refused, Err(PublishError::Disagrees { size: 3, .. })),
            "{refused:?}"
        );
        let stopped = publisher.publish(&log.head(), 0);
        assert!(matches!(stopped, Err(PublishError::Stopped)));
    }
    assert_eq!(signer.sizes(), [], "nothing was signed");
    assert!(!folder.path().join("tiles/checkpoint").exists());
    assert!(!folder.path().join("signed/checkpoint").exists());
}

#[test]
fn entries_changed_on_disk_with_right_checksums_are_not_signed() {
    for position in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let signer = test_signer(KeyKind::Ed25519, ORIGIN);
        let (log, _) = crate::open(config(folder.path(), 1 << 20), clock()).unwrap();
        appended(&log, 0..3);
        let path = &segment_paths(folder.path())[0];
        let mut bytes = std::fs::read(path).unwrap();
        let mut starts = group_ends(&bytes);
        starts.insert(0, audit_proof::segment::Header::decode(&bytes).unwrap().1);
        let (start, end) = (starts[position], starts[position + 1]);
        let end = end - audit_proof::segment::TRAILER_BYTES;
        let digit = start
            + bytes[start..]
                .windows(5)
                .position(|window| window == b"case ")
                .unwrap()
            + 5;
        bytes[digit] = b'9';
        let sum = crc32c::crc32c(&bytes[start..end - 4]);
        bytes[end - 4..end].copy_from_slice(&sum.to_le_bytes());
        std::fs::write(path, bytes).unwrap();
        let config = publishing(folder.path(), &signer);
        let (mut publisher, _) = Publisher::open(log.reader(), config).unwrap();
        let refused = publisher.publish(&log.head(), 0).unwrap_err();
        if let PublishError::Entry {
            position: found,
            cause,
        } = refused
        {
            assert_eq!((found, cause), (position as u64 + 1, FaultKind::EntryLink));
        } else {
            // No entry follows the last one, so that only the root tells.
            let is_disagreement = matches!(refused, PublishError::Disagrees { size: 3, .. });
            assert!(is_disagreement && position == 2, "{refused:?}");
        }
        assert_eq!(signer.sizes(), []);
    }
}

#[test]
fn a_signer_that_refuses_is_asked_again_and_one_that_lies_stops_the_publisher() {
    let folder = tempfile::tempdir().unwrap();
    let signer = test_signer(KeyKind::Ed25519, ORIGIN);
    let config = config(folder.path(), 1 << 20);
    let publish = publishing(folder.path(), &signer);
    let (log, _, mut publisher, _) = open_published(config, clock(), publish).unwrap();
    appended(&log, 0..3);
    signer.refuses.store(true, Ordering::SeqCst);
    let refused = publisher.publish(&log.head(), 0);
    assert!(matches!(refused, Err(PublishError::Sign(_))), "{refused:?}");
    let old_head = log.head();
    appended(&log, 3..4);
    assert!(matches!(
        publisher.publish(&log.head(), 0),
        Err(PublishError::Sign(_))
    ));
    signer.refuses.store(false, Ordering::SeqCst);
    let stale = publisher.publish(&old_head, 0);
    assert!(
        matches!(stale, Err(PublishError::Stale { head: 3, read: 4 })),
        "{stale:?}"
    );
    let published = publisher.publish(&log.head(), 0).unwrap().unwrap();
    assert_eq!(published.main.checkpoint.size(), 4);
    let stale = publisher.publish(&old_head, 0);
    assert!(matches!(
        stale,
        Err(PublishError::ShorterThanSigned { signed: 4, log: 3 })
    ));

    let (mut publisher, _) = {
        drop(publisher);
        Publisher::open(log.reader(), publishing(folder.path(), &signer)).unwrap()
    };
    appended(&log, 4..5);
    signer.lies.store(true, Ordering::SeqCst);
    let wrong = publisher.publish(&log.head(), 0);
    assert!(
        matches!(wrong, Err(PublishError::WrongSignature(_))),
        "{wrong:?}"
    );
    assert!(matches!(
        publisher.publish(&log.head(), 0),
        Err(PublishError::Stopped)
    ));
    let stored = std::fs::read(folder.path().join("signed/checkpoint")).unwrap();
    assert_eq!(stored, published.main.note.to_string().into_bytes());
}
