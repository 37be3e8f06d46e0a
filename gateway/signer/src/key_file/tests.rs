//! Key files: who may read them, what they may hold, and that none is overwritten.

use audit_proof::signer::sign_note;
use std::fs;

use super::*;
use crate::generate::generate;

const NAME: &str = "example.com/log";

fn with_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_key_that_was_written_signs_notes_that_verify() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{NAME}\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
    for kind in KeyKind::ALL {
        let path = folder.path().join(kind.to_string());
        let made = generate(kind, NAME).unwrap();
        write_key_file(&path, &made).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "{kind}");

        let signer = FileSigner::load(&path, NAME, kind).unwrap();
        assert_eq!(signer.key(), &made.key, "{kind}");
        let note = sign_note(&text, &[&signer], 1_700_000_000).unwrap();
        assert_eq!(note.verify([&made.key]).unwrap().len(), 1, "{kind}");
        let refused = signer.sign("no checkpoint\n", 0);
        assert_eq!(refused.is_err(), kind.is_cosignature(), "{kind}");
    }
}

#[test]
fn a_file_that_others_can_read_is_refused_with_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    write_key_file(&path, &generate(KeyKind::Ed25519, NAME).unwrap()).unwrap();
    for mode in [0o644, 0o640, 0o604, 0o660, 0o610, 0o601, 0o777] {
        with_mode(&path, mode);
        let error = FileSigner::load(&path, NAME, KeyKind::Ed25519).unwrap_err();
        let expected = format!("has mode {mode:04o}; give it 0600");
        assert!(error.to_string().contains(&expected), "{error}");
    }
    for mode in [0o600, 0o400] {
        with_mode(&path, mode);
        assert!(
            FileSigner::load(&path, NAME, KeyKind::Ed25519).is_ok(),
            "{mode:o}"
        );
    }
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    fs::write(&path, "precious").unwrap();
    let made = generate(KeyKind::Ed25519, NAME).unwrap();
    assert!(matches!(
        write_key_file(&path, &made),
        Err(KeyFileError::File { .. })
    ));
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn what_is_no_key_file_is_refused_by_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let load = |path: &Path| FileSigner::load(path, NAME, KeyKind::Ed25519).unwrap_err();
    let path = folder.path().join("key.pem");
    assert!(matches!(load(&path), KeyFileError::File { .. }));
    assert!(matches!(load(folder.path()), KeyFileError::NotAFile { .. }));
    let write = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        with_mode(&path, 0o600);
    };
    write(b"\xff");
    assert!(matches!(load(&path), KeyFileError::NotText { .. }));
    write(&vec![b'x'; MAX_KEY_FILE_BYTES as usize + 1]);
    assert!(matches!(load(&path), KeyFileError::NotText { .. }));
    write(b"secret");
    let error = load(&path);
    assert!(matches!(error, KeyFileError::Private { .. }));
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[test]
fn a_name_that_names_no_key_is_refused() {
    let made = generate(KeyKind::Ed25519, NAME).unwrap();
    let error = FileSigner::from_pem("a name", KeyKind::Ed25519, &made.private_text).unwrap_err();
    assert!(matches!(error, KeyFileError::Name { .. }), "{error}");
}
