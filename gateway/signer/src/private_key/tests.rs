//! Private keys as text: fixed vectors, and texts that are none.

use audit_proof::hash::to_hex;
use audit_proof::key::VerifierKey;

use super::*;

fn pem(label: &str, bytes: &[u8]) -> String {
    pem_rfc7468::encode_string(label, LineEnding::LF, bytes).unwrap()
}

/// The PKCS#8 bytes around an Ed25519 seed (RFC 8410 §7).
fn ed25519_der(seed: [u8; 32]) -> Vec<u8> {
    let prefix = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    [&prefix[..], &seed].concat()
}

#[test]
fn the_first_vector_of_rfc_8032_gives_its_key_and_signature() {
    let seed = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c,
        0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae,
        0x7f, 0x60,
    ];
    let key = PrivateKey::from_pem(KeyKind::Ed25519, &pem("PRIVATE KEY", &ed25519_der(seed)));
    let key = key.unwrap();
    assert_eq!(
        to_hex(&key.public()),
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    );
    assert!(
        to_hex(&key.sign(KeyKind::Ed25519, b"").unwrap())
            .starts_with("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555")
    );
}

#[test]
fn a_text_that_is_no_key_of_the_kind_is_refused_and_not_shown() {
    let wrong_label = |kind, text: &str, found: &str| {
        let Err(PrivateKeyError::Label { found: label, .. }) = PrivateKey::from_pem(kind, text)
        else {
            panic!("{kind}: {found}");
        };
        assert_eq!(label, found);
    };
    let secret = pem("PRIVATE KEY", b"secret");
    for kind in KeyKind::ALL {
        for text in ["", "secret", "-----BEGIN PRIVATE KEY-----\n", "\u{4e2d}"] {
            assert_eq!(
                PrivateKey::from_pem(kind, text).unwrap_err(),
                PrivateKeyError::Pem
            );
        }
        wrong_label(kind, &pem("CERTIFICATE", b"secret"), "CERTIFICATE");
        if kind != KeyKind::MlDsa44Cosignature {
            let content = PrivateKeyError::Content { kind };
            assert_eq!(PrivateKey::from_pem(kind, &secret).unwrap_err(), content);
        }
    }
    wrong_label(KeyKind::MlDsa44Cosignature, &secret, "PRIVATE KEY");
    for length in [0, 31, 33] {
        let text = pem(ML_DSA_44_LABEL, &vec![7; length]);
        assert!(
            PrivateKey::from_pem(KeyKind::MlDsa44Cosignature, &text).is_err(),
            "{length}"
        );
    }
    // An Ed25519 key is no SM2 key, although both are PKCS#8.
    let ed25519 = pem("PRIVATE KEY", &ed25519_der([7; 32]));
    assert!(PrivateKey::from_pem(KeyKind::Sm2Sm3, &ed25519).is_err());
    assert!(PrivateKey::from_bytes(KeyKind::Sm2Sm3, &[0xff; 32]).is_none());
    assert!(PrivateKey::from_bytes(KeyKind::Sm2Sm3, &[0; 32]).is_none());
}

#[test]
fn a_key_shows_its_algorithm_and_nothing_else() {
    for kind in KeyKind::ALL {
        let key = PrivateKey::from_bytes(kind, &[7; 32]).unwrap();
        let shown = format!("{key:?}");
        assert!(shown.len() < 24 && !shown.contains('7'), "{shown}");
    }
}

#[test]
fn signatures_are_always_the_same_and_verify() {
    for kind in [KeyKind::Ed25519, KeyKind::Sm2Sm3] {
        let key = PrivateKey::from_bytes(kind, &[7; 32]).unwrap();
        let verifier = VerifierKey::new("a", kind, &key.public()).unwrap();
        let signature = key.sign(kind, b"text\n").unwrap();
        assert_eq!(key.sign(kind, b"text\n").unwrap(), signature);
        assert_eq!(verifier.verify("text\n", &signature), Ok(None));
    }
}
