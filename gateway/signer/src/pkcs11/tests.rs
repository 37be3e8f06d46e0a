//! Keys in a PKCS#11 token, here SoftHSM; passed over with one line where that is not installed.
//!
//! All in one test, because the library of a token is initialised once for a process and reads its configuration from
//! the environment then.

use std::path::Path;
use std::process::Command;

use audit_proof::checkpoint::Checkpoint;
use audit_proof::signer::sign_note;
use cryptoki::mechanism::Mechanism;

use super::*;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Set for the run of this program that has the environment SoftHSM needs.
const CONFIGURED: &str = "LAWGATE_TEST_TOKEN";

const NAME: &str = "example.com/log";
const TOKEN: &str = "lawgate test";
const KEY: &str = "log 2026";
const PIN: &str = "2468";

/// The printable string `edwards25519`, which is how SoftHSM wants the curve named (PKCS#11 v3 §6.3.3).
const EDWARDS25519: &[u8] = b"\x13\x0cedwards25519";

fn pin(pin: &str) -> AuthPin {
    AuthPin::new(pin.into())
}

fn location(token: &str, key: &str, user_pin: &str) -> Pkcs11Location {
    Pkcs11Location {
        module: MODULE.into(),
        token: token.to_owned(),
        key: key.to_owned(),
        pin: pin(user_pin),
    }
}

/// Makes a token with a key pair, as whoever sets up a site does.
fn set_up() {
    let context = Pkcs11::new(MODULE).unwrap();
    let arguments = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    context.initialize(arguments).unwrap();
    let slot = context.get_slots_with_token().unwrap()[0];
    context.init_token(slot, &pin("13579"), TOKEN).unwrap();
    let slot = context.get_slots_with_initialized_token().unwrap()[0];
    let session = context.open_rw_session(slot).unwrap();
    session.login(UserType::So, Some(&pin("13579"))).unwrap();
    session.init_pin(&pin(PIN)).unwrap();
    session.logout().unwrap();
    session.login(UserType::User, Some(&pin(PIN))).unwrap();
    let label = || Attribute::Label(KEY.as_bytes().to_vec());
    let public = [
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Verify(true),
        Attribute::EcParams(EDWARDS25519.to_vec()),
        label(),
    ];
    let private = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sign(true),
        label(),
    ];
    session
        .generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private)
        .unwrap();
    session.logout().unwrap();
}

#[test]
fn a_key_in_a_token_signs_notes_that_verify() {
    if !Path::new(MODULE).exists() {
        println!("passed over: {MODULE} is not installed");
        return;
    }
    if std::env::var_os(CONFIGURED).is_some() {
        return in_the_token();
    }
    // The library reads its configuration from the environment, which only a new process can be given safely.
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("softhsm2.conf");
    let tokens = folder.path().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\n",
        tokens.display()
    );
    std::fs::write(&configuration, text).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "pkcs11::tests::a_key_in_a_token_signs_notes_that_verify",
            "--nocapture",
        ])
        .env("SOFTHSM2_CONF", &configuration)
        .env(CONFIGURED, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    // Without the count a run that found no test of the name would pass, too.
    assert!(
        output.status.success() && printed.contains("1 passed"),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn in_the_token() {
    set_up();
    let text = Checkpoint::new(NAME, 7, [3; 32]).unwrap().to_string();
    for kind in [KeyKind::Ed25519, KeyKind::Ed25519Cosignature] {
        let signer = Pkcs11Signer::open(&location(TOKEN, KEY, PIN), NAME, kind).unwrap();
        let note = sign_note(&text, &[&signer], 1_700_000_000).unwrap();
        let verified = note.verify([signer.key()]).unwrap();
        let stated = kind.is_cosignature().then_some(1_700_000_000);
        assert_eq!(verified[0].time_s, stated, "{kind}");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert!(signer.sign(&text, 5).is_ok()));
            }
        });
    }
    let open =
        |location: Pkcs11Location, kind| Pkcs11Signer::open(&location, NAME, kind).unwrap_err();
    for kind in [KeyKind::MlDsa44Cosignature, KeyKind::Sm2Sm3] {
        let error = open(location(TOKEN, KEY, PIN), kind);
        assert!(matches!(error, Pkcs11Error::Kind { .. }), "{error}");
    }
    let error = open(location("another", KEY, PIN), KeyKind::Ed25519);
    assert!(
        matches!(error, Pkcs11Error::Tokens { found: 0, .. }),
        "{error}"
    );
    let error = open(location(TOKEN, "another", PIN), KeyKind::Ed25519);
    assert!(
        matches!(error, Pkcs11Error::Keys { found: 0, .. }),
        "{error}"
    );
    let error = open(location(TOKEN, KEY, "wrong"), KeyKind::Ed25519);
    assert!(
        matches!(error, Pkcs11Error::Token { call: "log in", .. }),
        "{error}"
    );
    let missing = Pkcs11Location {
        module: "/nonexistent.so".into(),
        ..location(TOKEN, KEY, PIN)
    };
    let error = open(missing, KeyKind::Ed25519);
    assert!(
        matches!(
            error,
            Pkcs11Error::Token {
                call: "load its library",
                ..
            }
        ),
        "{error}"
    );
}
