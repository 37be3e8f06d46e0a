//! Packs that are accepted have one form, and everything else is refused by name.

use audit_proof::key::KeyKind;
use signer::FileSigner;

use super::*;

const MANIFEST: &str =
    "id = \"noise\"\nversion = \"1.0.0\"\nfeed_kinds = [\"noise\"]\nschema_version = \"1.0.0\"\n";

pub(crate) fn content() -> Content {
    let mut content = Content::default();
    let files = [
        (manifest::FILE, MANIFEST),
        (COMPONENT, "\0asm component"),
        (CONFIGURATION, "{}\n"),
        (LICENSE, "Apache-2.0\n"),
        (README, "# noise\n"),
        ("samples/a.txt", "61.2 dB"),
        ("samples/a.txt.attributes.json", "{\"file-name\": \"a\"}"),
        ("samples/b", ""),
        ("golden/a.txt.json", "{}"),
        ("golden/b.json", "{}"),
    ];
    for (name, text) in files {
        content.put(name, text.as_bytes().to_vec());
    }
    content
}

pub(crate) fn pack() -> Pack {
    Pack::new(content()).expect("a whole pack")
}

pub(crate) fn signer(name: &str, kind: KeyKind) -> FileSigner {
    let made = signer::generate(kind, name).expect("a key");
    FileSigner::from_pem(name, kind, &made.private_text).expect("its own text")
}

fn read(bytes: &[u8]) -> Result<Pack, PackError> {
    Pack::read(bytes, &PackLimits::recommended())
}

/// What is said of an archive of these files, written as they are.
fn refused(change: impl FnOnce(&mut Vec<File>)) -> String {
    let mut files = pack().files;
    change(&mut files);
    match read(&archive::write(&files)) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

fn set(files: &mut [File], name: &str, content: &str) {
    let file = files.iter_mut().find(|file| file.name == name);
    file.expect("is there").content = content.as_bytes().to_vec();
}

/// Puts the digests right after a change, so that the change itself is what is found.
fn redigest(files: &mut [File]) {
    files.sort_by(|one, other| one.name.cmp(&other.name));
    let digests = statement::digests(files);
    set(files, DIGESTS, &digests);
}

fn add(files: &mut Vec<File>, name: &str) {
    files.push(File {
        name: name.to_owned(),
        content: Vec::new(),
    });
    redigest(files);
}

fn remove(files: &mut Vec<File>, name: &str) {
    files.retain(|file| file.name != name);
    if name != DIGESTS {
        redigest(files);
    }
}

#[test]
fn the_same_files_give_the_same_bytes_and_are_read_back() {
    let pack = pack();
    let bytes = pack.to_bytes();
    assert_eq!(bytes, super::tests::pack().to_bytes());
    let again = read(&bytes).expect("its own bytes");
    assert_eq!(again, pack);
    assert_eq!(again.to_bytes(), bytes);
    assert_eq!(again.manifest().id, "noise");
    assert_eq!(again.component(), b"\0asm component");
    assert_eq!(again.configuration(), b"{}\n");
    assert_eq!(again.configuration_schema(), None);
    let samples: Vec<_> = again
        .samples()
        .map(|sample| (sample.name, sample.payload, sample.attributes.is_some()))
        .collect();
    assert_eq!(
        samples,
        [("a.txt", &b"61.2 dB"[..], true), ("b", &b""[..], false)]
    );
}

#[test]
fn the_bytes_of_a_pack_are_pinned() {
    let digest: [u8; 32] = Sha256::digest(pack().to_bytes()).into();
    assert_eq!(
        audit_proof::hash::to_hex(&digest),
        "d61394d7c3e90d0cd064adf6cc92d5329406edad20d66cb54681b5173d2cf6cf"
    );
}

#[test]
fn a_signed_pack_is_the_same_content_and_one_form_too() {
    let mut pack = pack();
    let unsigned = pack.content_digest();
    for (name, kind) in [
        ("a.example/adapters", KeyKind::Ed25519),
        ("b", KeyKind::Sm2Sm3),
    ] {
        pack.sign(&signer(name, kind), 0).expect("signs");
    }
    let bytes = pack.to_bytes();
    let again = read(&bytes).expect("its own bytes");
    assert_eq!(again.to_bytes(), bytes);
    assert_eq!(again.content_digest(), unsigned);
    assert_eq!(again.signatures().len(), 2);
}

#[test]
fn a_key_signs_once_and_a_cosignature_key_never() {
    let key = signer("a", KeyKind::Ed25519);
    let mut pack = pack();
    pack.sign(&key, 0).expect("signs");
    let error = pack.sign(&key, 0).expect_err("signed already");
    assert!(matches!(error, PackError::SignedAlready { .. }), "{error}");
    let witness = signer("w", KeyKind::Ed25519Cosignature);
    let error = pack
        .sign(&witness, 0)
        .expect_err("a witness signs no packs");
    assert!(matches!(error, PackError::KeyKind { .. }), "{error}");
}

#[test]
fn every_flipped_bit_is_refused_or_is_in_the_signature() {
    let mut pack = pack();
    pack.sign(&signer("a", KeyKind::Ed25519), 0).expect("signs");
    let bytes = pack.to_bytes();
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1 << (at % 8);
        if let Ok(read) = read(&bent) {
            assert_eq!(read.files, pack.files, "byte {at}");
            assert_ne!(read.signature, pack.signature, "byte {at}");
        }
    }
}

#[test]
fn a_pack_cut_anywhere_is_refused() {
    let bytes = pack().to_bytes();
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end]).is_err(), "cut at {end}");
    }
    let longer = [bytes.as_slice(), &[0; 512]].concat();
    assert!(matches!(read(&longer), Err(PackError::Trailing { .. })));
}

#[test]
fn files_that_make_no_pack_are_refused_by_name() {
    type Change = fn(&mut Vec<File>);
    let cases: [(&str, Change, &str); 9] = [
        (
            "component",
            |files| remove(files, COMPONENT),
            "the pack has no adapter.wasm",
        ),
        (
            "licence",
            |files| remove(files, LICENSE),
            "the pack has no LICENSE",
        ),
        (
            "digests",
            |files| remove(files, DIGESTS),
            "the pack has no DIGESTS",
        ),
        (
            "foreign",
            |files| add(files, "run.sh"),
            "run.sh is no file of a pack",
        ),
        (
            "deep",
            |files| add(files, "samples/x/y"),
            "samples/x/y is no file of a pack",
        ),
        (
            "sample",
            |files| add(files, "samples/c"),
            "samples/c has no golden/c.json",
        ),
        (
            "golden",
            |files| add(files, "golden/c.json"),
            "golden/c.json belongs to no sample",
        ),
        (
            "attributes",
            |files| add(files, "samples/c.attributes.json"),
            "samples/c.attributes.json belongs to no sample",
        ),
        (
            "later form",
            |files| set(files, FORMAT, "lawgate-adapter-pack 2\n"),
            "the pack's FORMAT is not the one read here, `lawgate-adapter-pack 1`",
        ),
    ];
    for (case, change, expected) in cases {
        assert_eq!(refused(change), expected, "{case}");
    }
}

#[test]
fn a_forged_manifest_is_found_by_its_digest() {
    let text = refused(|files| set(files, manifest::FILE, &MANIFEST.replace("noise", "hj212")));
    assert!(
        text.starts_with("DIGESTS does not fit adapter.toml: line 4 ought"),
        "{text}"
    );
    let text = refused(|files| {
        set(files, manifest::FILE, "id = 7");
        redigest(files);
    });
    assert_eq!(text, "the pack's manifest is not accepted");
    let text = refused(|files| {
        let longer = statement::digests(files) + "00  x\n";
        set(files, DIGESTS, &longer);
    });
    assert!(
        text.starts_with("DIGESTS does not fit DIGESTS: line 12"),
        "{text}"
    );
}

#[test]
fn a_signature_over_another_pack_is_refused() {
    let mut other = content();
    other.put(README, b"# another\n".to_vec());
    let mut other = Pack::new(other).expect("a whole pack");
    other
        .sign(&signer("a", KeyKind::Ed25519), 0)
        .expect("signs");
    let mut moved = pack();
    moved.signature = other.signature;
    let error = read(&moved.to_bytes()).expect_err("another pack's");
    assert!(matches!(error, PackError::Statement { .. }), "{error}");
}

#[test]
fn a_pack_without_samples_is_refused() {
    let mut content = Content::default();
    for name in [manifest::FILE, COMPONENT, CONFIGURATION, LICENSE, README] {
        content.put(name, MANIFEST.as_bytes().to_vec());
    }
    let error = Pack::new(content).expect_err("no sample");
    assert!(matches!(error, PackError::NoSamples), "{error}");
}

#[test]
fn names_that_leave_the_folder_are_no_names() {
    let long = "a".repeat(101);
    for name in [
        "../x", "/x", "a//b", ".hidden", "a/", "", "a b", "样本", &long,
    ] {
        assert!(!archive::is_name(name), "{name}");
        let mut content = content();
        content.put(name, Vec::new());
        assert!(Pack::new(content).is_err(), "{name}");
    }
    assert!(archive::is_name("samples/batch-gbk.csv.attributes.json"));
}

#[test]
fn unsorted_and_repeated_files_are_refused() {
    let order = |change: fn(&mut Vec<File>)| refused(change);
    assert!(order(|files| files.swap(0, 1)).contains("not in the order of names"));
    let twice = order(|files| {
        let first = files[0].clone();
        files.insert(0, first);
    });
    assert!(twice.contains("is there twice"), "{twice}");
}

#[test]
fn what_is_larger_than_allowed_is_refused() {
    let bytes = pack().to_bytes();
    let limits = |change: fn(&mut PackLimits)| {
        let mut limits = PackLimits::recommended();
        change(&mut limits);
        Pack::read(&bytes, &limits)
            .map(|_| ())
            .expect_err("too large")
            .to_string()
    };
    let text = limits(|limits| limits.pack_bytes = 100);
    assert!(text.ends_with("bytes, 100 are allowed"), "{text}");
    let text = limits(|limits| limits.files = 3);
    assert_eq!(text, "the pack has more than 3 files");
    let text = limits(|limits| limits.file_bytes = 12);
    assert!(text.contains("bytes, 12 are allowed"), "{text}");
}

#[test]
fn a_folder_becomes_a_pack() {
    let folder = tempfile::tempdir().expect("a folder");
    for file in content().into_files().expect("names") {
        let path = folder.path().join(&file.name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, file.content).expect("written");
    }
    std::fs::write(folder.path().join("samples/README.md"), "for people").expect("written");
    std::fs::write(folder.path().join("Cargo.toml"), "[package]").expect("written");
    let collected = content_of(folder.path(), &folder.path().join(COMPONENT)).expect("reads");
    assert_eq!(Pack::new(collected).expect("whole"), pack());
    let nothing = content_of(&folder.path().join("none"), Path::new("none")).expect("nothing");
    assert!(Pack::new(nothing).is_err());
}
