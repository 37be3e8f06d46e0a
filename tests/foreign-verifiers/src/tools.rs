//! Signatures of ours judged by tools that an expert has at hand: `openssl`, and Python's `cryptography`.
//!
//! Each tool gets the message, the signature and the public key as files, and the same with one bit changed. A tool that
//! is not installed, or is too old for the algorithm, is passed over with one line; the libraries in [`crate::notes`]
//! are always there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use audit_proof::{
    checkpoint::Checkpoint,
    key::{KeyKind, SM2_DISTINGUISHING_ID, VerifierKey},
    signer::Signer,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use signer::{FileSigner, generate};

const NAME: &str = "lawgate.example/2026";

/// SubjectPublicKeyInfo of an SM2 key up to its point: id-ecPublicKey on the curve sm2 (RFC 5480; GB/T 32918.5).
const SM2_SPKI: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d\x03\x42\x00";

/// Reads message, signature and raw public key from files, and says whether they fit.
const PYTHON: &str = r#"
import sys
kind, public, message, signature = sys.argv[1], *(open(name, "rb").read() for name in sys.argv[2:])
try:
    if kind == "ed25519":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey as Key
    else:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey as Key
    key = Key.from_public_bytes(public)
except Exception as missing:
    print("missing:", repr(missing))
    sys.exit(3)
from cryptography.exceptions import InvalidSignature
try:
    key.verify(signature, message)
except InvalidSignature:
    sys.exit(1)
print("good")
"#;

fn checkpoint() -> String {
    Checkpoint::new(NAME, 70_000, [9; 32]).unwrap().to_string()
}

/// The bytes that were signed and the bare signature over them.
fn signed(signer: &FileSigner) -> (Vec<u8>, Vec<u8>) {
    let (text, time_s) = (checkpoint(), 1_800_000_000);
    let signature = signer.sign(&text, time_s).unwrap();
    let bare = match signer.key().kind().is_cosignature() {
        true => signature[8..].to_vec(),
        false => signature,
    };
    (signer.key().message(&text, time_s).unwrap(), bare)
}

/// Runs a command; `None` when there is no such program.
pub(crate) fn run(command: &mut Command) -> Option<Output> {
    match command.output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!(
                "passed over: {} is not installed",
                command.get_program().display()
            );
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Returns the Python to run: the one that `cargo xtask python` made, or the one of the machine.
pub(crate) fn python_program() -> PathBuf {
    let running = std::env::current_exe().unwrap();
    let target = running.ancestors().nth(3).unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let made = [target, &own].map(|target| target.join("python/bin/python"));
    let found = made.into_iter().find(|program| program.exists());
    found.unwrap_or_else(|| PathBuf::from("python3"))
}

fn openssl(arguments: &[&str], folder: &Path) -> Option<Output> {
    run(Command::new("openssl").args(arguments).current_dir(folder))
}

fn write_sm2_public(key: &VerifierKey, path: &Path) {
    let text = STANDARD.encode([SM2_SPKI, key.public()].concat());
    let (first, second) = text.split_at(64);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n");
    fs::write(path, pem).unwrap();
}

/// Whether openssl takes `signature` for one of `public.pem` over `message`, both in `folder`.
fn openssl_verifies(folder: &Path) -> Option<bool> {
    let distinguishing = format!("distid:{SM2_DISTINGUISHING_ID}");
    let output = openssl(
        &[
            "dgst",
            "-sm3",
            "-sigopt",
            &distinguishing,
            "-verify",
            "public.pem",
            "-signature",
            "signature",
            "message",
        ],
        folder,
    )?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        printed.contains("Verified OK") || printed.contains("Verification failure"),
        "{output:?}"
    );
    Some(output.status.success())
}

#[test]
fn openssl_verifies_our_sm2_signature_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let made = generate(KeyKind::Sm2Sm3, NAME).unwrap();
    let signer = FileSigner::from_pem(NAME, KeyKind::Sm2Sm3, &made.private_text).unwrap();
    let (message, signature) = signed(&signer);
    write_sm2_public(signer.key(), &folder.path().join("public.pem"));
    fs::write(folder.path().join("signature"), signature).unwrap();
    fs::write(folder.path().join("message"), &message).unwrap();
    let Some(verified) = openssl_verifies(folder.path()) else {
        return;
    };
    assert!(verified);
    let mut altered = message;
    altered[0] ^= 1;
    fs::write(folder.path().join("message"), altered).unwrap();
    assert_eq!(openssl_verifies(folder.path()), Some(false));
}

#[test]
fn our_private_keys_are_read_by_openssl_and_its_keys_and_signatures_by_us() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, algorithm) in [(KeyKind::Ed25519, "ED25519"), (KeyKind::Sm2Sm3, "SM2")] {
        // Ours, read by openssl: it derives the public key that we derived.
        let made = generate(kind, NAME).unwrap();
        fs::write(folder.path().join("ours.pem"), made.private_text.as_bytes()).unwrap();
        let Some(shown) = openssl(
            &["pkey", "-in", "ours.pem", "-pubout", "-outform", "DER"],
            folder.path(),
        ) else {
            return;
        };
        assert!(shown.status.success(), "{shown:?}");
        assert!(shown.stdout.ends_with(made.key.public()), "{kind}");

        // Theirs, read by us.
        let generated = openssl(
            &["genpkey", "-algorithm", algorithm, "-out", "theirs.pem"],
            folder.path(),
        )
        .unwrap();
        assert!(generated.status.success(), "{generated:?}");
        let pem = fs::read_to_string(folder.path().join("theirs.pem")).unwrap();
        let signer = FileSigner::from_pem(NAME, kind, &pem).unwrap();
        let shown = openssl(
            &["pkey", "-in", "theirs.pem", "-pubout", "-outform", "DER"],
            folder.path(),
        )
        .unwrap();
        assert!(shown.stdout.ends_with(signer.key().public()), "{kind}");
    }
    // `theirs.pem` is the SM2 key now; what openssl signs with it verifies here.
    fs::write(folder.path().join("message"), checkpoint()).unwrap();
    let distinguishing = format!("distid:{SM2_DISTINGUISHING_ID}");
    let output = openssl(
        &[
            "dgst",
            "-sm3",
            "-sigopt",
            &distinguishing,
            "-sign",
            "theirs.pem",
            "-out",
            "signature",
            "message",
        ],
        folder.path(),
    );
    assert!(output.unwrap().status.success());
    let pem = fs::read_to_string(folder.path().join("theirs.pem")).unwrap();
    let signer = FileSigner::from_pem(NAME, KeyKind::Sm2Sm3, &pem).unwrap();
    let signature = fs::read(folder.path().join("signature")).unwrap();
    assert_eq!(signer.key().verify(&checkpoint(), &signature), Ok(None));
}

#[test]
fn an_sm2_key_in_the_form_of_sec1_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "ecparam", "-name", "SM2", "-genkey", "-noout", "-out", "key.pem",
    ];
    let Some(made) = openssl(&arguments, folder.path()) else {
        return;
    };
    assert!(made.status.success(), "{made:?}");
    // SEC 1 is what stands in the octet string of PKCS#8; openssl 3 cannot write it bare for this curve.
    let pem = fs::read_to_string(folder.path().join("key.pem")).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(body).unwrap();
    let inner = STANDARD.encode(&der[der.len() - 109..]);
    let lines: Vec<&str> = inner
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let sec1 = format!(
        "-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----\n",
        lines.join("\n")
    );
    let from = |pem: &str| {
        FileSigner::from_pem(NAME, KeyKind::Sm2Sm3, pem).map(|signer| signer.key().clone())
    };
    assert_eq!(from(&sec1).unwrap(), from(&pem).unwrap());
}

#[test]
fn python_verifies_our_ed25519_and_ml_dsa_signatures_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = [
        (KeyKind::Ed25519, "ed25519"),
        (KeyKind::Ed25519Cosignature, "ed25519"),
        (KeyKind::MlDsa44Cosignature, "ml-dsa-44"),
    ];
    for (kind, algorithm) in kinds {
        let made = generate(kind, NAME).unwrap();
        let signer = FileSigner::from_pem(NAME, kind, &made.private_text).unwrap();
        let (mut message, signature) = signed(&signer);
        fs::write(folder.path().join("public"), signer.key().public()).unwrap();
        fs::write(folder.path().join("signature"), signature).unwrap();
        let verdict = |message: &[u8]| {
            fs::write(folder.path().join("message"), message).unwrap();
            let mut python = Command::new(python_program());
            python.args(["-c", PYTHON, algorithm, "public", "message", "signature"]);
            let output = run(python.current_dir(folder.path()))?;
            match output.status.code() {
                Some(3) => {
                    println!("passed over: this Python has no {algorithm}");
                    None
                }
                code => Some((code, String::from_utf8_lossy(&output.stderr).into_owned())),
            }
        };
        let Some((code, said)) = verdict(&message) else {
            continue;
        };
        assert_eq!(code, Some(0), "{kind}: {said}");
        message[20] ^= 1;
        let (code, said) = verdict(&message).unwrap();
        assert_eq!(code, Some(1), "{kind}: {said}");
    }
}
