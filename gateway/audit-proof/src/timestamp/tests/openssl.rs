//! Tokens that OpenSSL makes, and requests that it understands.
//!
//! Each test makes an authority in a temporary folder; where there is no OpenSSL it prints a line and ends.

use super::{
    CONTENT, content, content_with,
    tsa::{AUTHORITY, Binding, STAMPING, Tsa},
    with_certificates,
};
use crate::timestamp::{
    Attribute, ChainError, Claim, Failure, Imprint, ImprintAlgorithm, Response, ResponseError,
    Stamp, Status, TokenError, TrustedRoots, UnverifiedAlgorithm,
    certificate::Certificate,
    der::{constructed, primitive, write},
    request, verify,
};

const NONCE: u64 = 0x8123_4567_89ab_cdef;

fn imprint(algorithm: ImprintAlgorithm) -> Imprint {
    Imprint {
        algorithm,
        digest: [0xa5; 32],
    }
}

const IMPRINT: Imprint = Imprint {
    algorithm: ImprintAlgorithm::Sha256,
    digest: [0xa5; 32],
};

/// Returns a token that the authority `name` gave for a request made here.
fn stamp(tsa: &Tsa, name: &str, binding: Binding, imprint: &Imprint) -> Vec<u8> {
    let answer = tsa.answer(name, binding, "sha256,sm3", &request(imprint, NONCE));
    Response::read(&answer)
        .unwrap()
        .into_token(imprint, NONCE)
        .unwrap()
}

#[test]
fn tokens_of_every_kind_are_verified_here_and_by_openssl() {
    let Some(tsa) = Tsa::new() else { return };
    let roots = tsa.roots(&["root"]);
    for name in ["rsa", "p256", "p384"] {
        for algorithm in [ImprintAlgorithm::Sha256, ImprintAlgorithm::Sm3] {
            for binding in [Binding::Sha1, Binding::Sha256, Binding::Sha512] {
                let imprint = imprint(algorithm);
                let asked = request(&imprint, NONCE);
                let answer = tsa.answer(name, binding, "sha256,sm3", &asked);
                let case = format!("{name} {algorithm:?} {binding:?}");
                assert!(tsa.accepts(&asked, &answer), "openssl refused {case}");
                let response = Response::read(&answer).unwrap();
                assert_eq!(response.status, Status::Granted);
                let token = response.into_token(&imprint, NONCE).unwrap();
                let stamp = verify(&token, &imprint, &roots).expect(&case);
                assert_eq!(stamp.imprint, imprint);
                assert_eq!(stamp.policy, "1.2.3.4.1");
                assert_eq!(stamp.accuracy_ns, Some(1_500_100_000));
                assert_eq!(stamp.tsa_name, format!("CN=TSA-{name},O=Test,C=CN"));
                assert_eq!(stamp.serial[0], 0x7f);
                assert!(stamp.renew_before_s > stamp.time_ns / 1_000_000_000);
            }
        }
    }
}

#[test]
fn another_imprint_or_nonce_is_refused() {
    let Some(tsa) = Tsa::new() else { return };
    let answer = tsa.answer("p256", Binding::Sha256, "sha256", &request(&IMPRINT, NONCE));
    let response = Response::read(&answer).unwrap();
    let other = Imprint {
        digest: [0xa6; 32],
        ..IMPRINT
    };
    let same_digest = imprint(ImprintAlgorithm::Sm3);
    for wrong in [other, same_digest] {
        let found = response.clone().into_token(&wrong, NONCE);
        assert_eq!(found, Err(ResponseError::Imprint));
        let token = response.token.as_deref().unwrap();
        let found = verify(token, &wrong, &tsa.roots(&["root"]));
        assert_eq!(found, Err(TokenError::Imprint));
    }
    for wrong in [0, NONCE + 1, NONCE >> 8] {
        let found = response.clone().into_token(&IMPRINT, wrong);
        assert_eq!(found, Err(ResponseError::Nonce), "{wrong:x}");
    }
}

#[test]
fn small_nonces_come_back_as_asked() {
    let Some(tsa) = Tsa::new() else { return };
    for nonce in [0, 1, 0x7f, 0x80, 0xffff, u64::MAX] {
        let answer = tsa.answer("p256", Binding::Sha256, "sha256", &request(&IMPRINT, nonce));
        let token = Response::read(&answer).unwrap().into_token(&IMPRINT, nonce);
        assert!(token.is_ok(), "{nonce:x}: {token:?}");
    }
}

#[test]
fn a_refusal_says_why() {
    let Some(tsa) = Tsa::new() else { return };
    let imprint = imprint(ImprintAlgorithm::Sm3);
    let answer = tsa.answer("p256", Binding::Sha256, "sha256", &request(&imprint, NONCE));
    let response = Response::read(&answer).unwrap();
    assert!(!response.text.is_empty());
    match response.into_token(&imprint, NONCE) {
        Err(ResponseError::Refused(refusal)) => {
            assert_eq!(refusal.status, Status::Rejection);
            assert_eq!(refusal.failures, [Failure::BadAlgorithm]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_the_roots_of_the_caller_are_trusted() {
    let Some(tsa) = Tsa::new() else { return };
    tsa.key("other", "P-384");
    tsa.root("other");
    let token = stamp(&tsa, "rsa", Binding::Sha256, &IMPRINT);
    let check = |roots: &TrustedRoots, expected: Result<(), ChainError>| {
        let found = verify(&token, &IMPRINT, roots).map(|_| ());
        assert_eq!(found, expected.map_err(TokenError::Chain));
    };
    check(&TrustedRoots::default(), Err(ChainError::UnknownIssuer));
    // The other root has the same name and another key.
    check(&tsa.roots(&["other"]), Err(ChainError::Signature));
    check(&tsa.roots(&["other", "root"]), Ok(()));
    // A caller may trust the authority below the root, but not the stamping certificate itself.
    check(&tsa.roots(&["issuer"]), Ok(()));
    check(&tsa.roots(&["rsa"]), Err(ChainError::UnknownIssuer));
    // Nor does it matter who brings the authority between.
    let bare = with_certificates(&token, &[tsa.der("rsa")]);
    let found = verify(&bare, &IMPRINT, &tsa.roots(&["root"]));
    assert_eq!(found, Err(TokenError::Chain(ChainError::UnknownIssuer)));
    let issuer = vec![tsa.der("issuer")];
    let with_issuer = tsa.roots(&["root"]).with_intermediates(issuer.clone());
    assert!(verify(&bare, &IMPRINT, &with_issuer.unwrap()).is_ok());
    let untrusted = TrustedRoots::default().with_intermediates(issuer);
    let found = verify(&bare, &IMPRINT, &untrusted.unwrap());
    assert_eq!(found, Err(TokenError::Chain(ChainError::UnknownIssuer)));
    // A root that came with the token is trusted by nobody.
    let all = ["rsa", "issuer", "root"].map(|name| tsa.der(name));
    let token = with_certificates(&token, &all);
    assert!(verify(&token, &IMPRINT, &tsa.roots(&["root"])).is_ok());
    let found = verify(&token, &IMPRINT, &TrustedRoots::default());
    assert_eq!(found, Err(TokenError::Chain(ChainError::UnknownIssuer)));
}

#[test]
fn certificates_must_be_valid_at_the_time_of_the_token() {
    let Some(tsa) = Tsa::new() else { return };
    let roots = tsa.roots(&["root"]);
    for (time, expected) in [
        ("20300101000000Z", None),
        ("20000101000000Z", Some(ChainError::NotValidAtTime)),
        ("22000101000000Z", Some(ChainError::NotValidAtTime)),
    ] {
        let token = tsa.sign("p384", "p384", &content(time), "-cades");
        let found = verify(&token, &IMPRINT, &roots);
        assert_eq!(found.err(), expected.map(TokenError::Chain), "{time}");
    }
}

#[test]
fn only_a_certificate_for_stamping_time_alone_is_accepted() {
    let Some(tsa) = Tsa::new() else { return };
    let roots = tsa.roots(&["root"]);
    let usage = "keyUsage=critical,digitalSignature\n";
    let critical = "extendedKeyUsage=critical,timeStamping\n";
    for (extensions, accepted) in [
        (format!("{usage}{critical}"), true),
        (critical.to_owned(), true),
        (format!("keyUsage=nonRepudiation\n{critical}"), true),
        (usage.to_owned(), false),
        (format!("{usage}extendedKeyUsage=timeStamping\n"), false),
        (
            format!("{usage}extendedKeyUsage=critical,timeStamping,serverAuth\n"),
            false,
        ),
        (
            format!("{usage}extendedKeyUsage=critical,anyExtendedKeyUsage\n"),
            false,
        ),
        (format!("keyUsage=keyEncipherment\n{critical}"), false),
        (
            format!("keyUsage=digitalSignature,keyCertSign\n{critical}"),
            false,
        ),
    ] {
        tsa.certificate("odd", "p256", "issuer", &extensions);
        let token = tsa.sign("odd", "p256", &content(CONTENT), "-cades");
        let found = verify(&token, &IMPRINT, &roots).err();
        assert_eq!(
            found,
            (!accepted).then_some(TokenError::Purpose),
            "{extensions}"
        );
    }
}

#[test]
fn only_authorities_sign_certificates() {
    let Some(tsa) = Tsa::new() else { return };
    let roots = tsa.roots(&["root"]);
    let check = |extensions: &str, expected: Option<ChainError>| {
        tsa.key("issuer", "P-256");
        tsa.certificate("issuer", "issuer", "root", extensions);
        tsa.certificate("odd", "p256", "issuer", STAMPING);
        let token = tsa.sign("odd", "p256", &content(CONTENT), "-cades");
        let found = verify(&token, &IMPRINT, &roots).err();
        assert_eq!(found, expected.map(TokenError::Chain), "{extensions}");
    };
    check(AUTHORITY, None);
    check(
        "basicConstraints=critical,CA:TRUE,pathlen:0\nextendedKeyUsage=timeStamping\n",
        None,
    );
    check(
        "basicConstraints=critical,CA:FALSE\n",
        Some(ChainError::NotAuthority),
    );
    check(
        "subjectKeyIdentifier=hash\n",
        Some(ChainError::NotAuthority),
    );
    check(
        "basicConstraints=CA:TRUE\nkeyUsage=digitalSignature\n",
        Some(ChainError::NotAuthority),
    );
    check(
        "basicConstraints=CA:TRUE\nextendedKeyUsage=serverAuth\n",
        Some(ChainError::NotAuthority),
    );
    check(
        "basicConstraints=CA:TRUE\nnameConstraints=critical,permitted;DNS:example.org\n",
        Some(ChainError::CriticalExtension),
    );
}

#[test]
fn certificates_with_sm2_keys_are_read_and_not_relied_on() {
    let Some(tsa) = Tsa::new() else { return };
    let token = stamp(&tsa, "p256", Binding::Sha256, &IMPRINT);
    tsa.key("sm2", "SM2");
    tsa.certificate("sm2", "sm2", "root", AUTHORITY);
    // As an idle bystander it does no harm.
    let beside = ["p256", "issuer", "sm2"].map(|name| tsa.der(name));
    let roots = tsa.roots(&["root", "sm2"]);
    assert!(verify(&with_certificates(&token, &beside), &IMPRINT, &roots).is_ok());
    // In the chain, it leaves the token undecided.
    let sm2 = UnverifiedAlgorithm::Sm2;
    tsa.certificate("p256", "p256", "sm2", STAMPING);
    let token = tsa.sign("p256", "p256", &content(CONTENT), "-cades");
    let found = verify(&token, &IMPRINT, &roots);
    assert_eq!(
        found,
        Err(TokenError::Chain(ChainError::NotVerifiedHere(sm2)))
    );
}

#[test]
fn a_chain_is_no_longer_than_its_authorities_allow() {
    let Some(tsa) = Tsa::new() else { return };
    let short = "basicConstraints=critical,CA:TRUE,pathlen:0\n";
    tsa.key("above", "P-256");
    tsa.certificate("above", "above", "root", short);
    tsa.certificate("issuer", "issuer", "above", AUTHORITY);
    tsa.certificate("odd", "p256", "issuer", STAMPING);
    let token = tsa.sign("odd", "p256", &content(CONTENT), "-cades");
    let all = ["odd", "issuer", "above"].map(|name| tsa.der(name));
    let token = with_certificates(&token, &all);
    let found = verify(&token, &IMPRINT, &tsa.roots(&["root"]));
    assert_eq!(found, Err(TokenError::Chain(ChainError::PathLength)));
}

#[test]
fn signers_are_named_in_either_way_and_bound_by_an_attribute() {
    let Some(tsa) = Tsa::new() else { return };
    let roots = tsa.roots(&["root"]);
    let check = |options: &str, expected: Option<TokenError>| {
        let token = tsa.sign("rsa", "rsa", &content(CONTENT), options);
        let found: Result<Stamp, TokenError> = verify(&token, &IMPRINT, &roots);
        assert_eq!(found.err(), expected, "{options}");
    };
    check("-cades -keyid", None);
    check("-cades -md sha384", None);
    check("-cades -md sha512", None);
    check(
        "",
        Some(TokenError::Attribute(Attribute::SigningCertificate)),
    );
    check("-cades -nocerts", Some(TokenError::SignerCertificate));
    let other = TokenError::NotVerifiedHere(UnverifiedAlgorithm::Other);
    check("-cades -md sha1", Some(other));
    check("-cades -keyopt rsa_padding_mode:pss", Some(other));
    check(
        "-cades -signer p256.pem -inkey p256.key",
        Some(TokenError::SignerCount),
    );
}

#[test]
fn another_certificate_of_the_same_key_is_not_the_signed_one() {
    let Some(tsa) = Tsa::new() else { return };
    // A second certificate with the name of the key, which stands first: the attribute names the other.
    let token = tsa.sign("p256", "p256", &content(CONTENT), "-cades -keyid -nocerts");
    tsa.certificate("twin", "p256", "issuer", STAMPING);
    let with_twin = with_certificates(&token, &[tsa.der("twin"), tsa.der("issuer")]);
    let with_own = with_certificates(&token, &[tsa.der("p256"), tsa.der("issuer")]);
    let roots = tsa.roots(&["root"]);
    assert_eq!(
        verify(&with_twin, &IMPRINT, &roots),
        Err(TokenError::SigningCertificate)
    );
    assert!(verify(&with_own, &IMPRINT, &roots).is_ok());
}

#[test]
fn the_authority_may_only_call_itself_by_a_name_of_its_certificate() {
    let Some(tsa) = Tsa::new() else { return };
    let roots = tsa.roots(&["root"]);
    let extensions = format!("{STAMPING}subjectAltName=DNS:tsa.example\n");
    tsa.certificate("odd", "p256", "issuer", &extensions);
    let subject = |name: &str| {
        let der = tsa.der(name);
        let certificate = Certificate::read(&der).unwrap();
        write(constructed(4), certificate.subject)
    };
    let dns = |name: &[u8]| write(primitive(2), name);
    for (name, accepted) in [
        (subject("odd"), true),
        (dns(b"tsa.example"), true),
        (subject("p256"), false),
        (dns(b"tsa.example.org"), false),
    ] {
        let field = write(constructed(0), &name);
        let token = tsa.sign("odd", "p256", &content_with(CONTENT, &[field]), "-cades");
        let found = verify(&token, &IMPRINT, &roots).err();
        assert_eq!(
            found,
            (!accepted).then_some(TokenError::TsaName),
            "{name:02x?}"
        );
    }
}

#[test]
fn a_claim_is_read_from_a_token_that_nobody_trusts() {
    let Some(tsa) = Tsa::new() else { return };
    let token = stamp(&tsa, "p256", Binding::Sha256, &IMPRINT);
    let claim = Claim::read(&token).unwrap();
    assert_eq!(claim.imprint, IMPRINT);
    assert_eq!(claim.nonce, Some(NONCE.to_be_bytes().to_vec()));
    assert_eq!(claim.tsa_name.as_deref(), Some("CN=TSA-p256,O=Test,C=CN"));
}
