//! Tokens kept as files: what they prove, and that nothing else is proved by altering them.
//!
//! The files were made by [`fixtures::are_written_anew`]; they are verified at their own time and so never expire.

mod fixtures;
mod openssl;
mod tsa;

use proptest::prelude::*;

use super::{
    der::{
        GENERALIZED_TIME, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, SET,
        constructed, primitive, write,
    },
    *,
};
use fixtures::{P256_SM3, RSA_SHA256};

/// A time at which the certificates of the tests are valid.
const CONTENT: &str = "20300101000000Z";

/// Returns a `TSTInfo` at a time, over the digest that tests use.
fn content(time: &str) -> Vec<u8> {
    content_with(time, &[])
}

/// Returns a `TSTInfo` with further fields after the time.
fn content_with(time: &str, further: &[Vec<u8>]) -> Vec<u8> {
    let algorithm = [write(OBJECT_IDENTIFIER, oid::SHA256), write(NULL, &[])].concat();
    let imprint = [
        write(SEQUENCE, &algorithm),
        write(OCTET_STRING, &[0xa5; 32]),
    ]
    .concat();
    let fields = [
        write(INTEGER, &[1]),
        write(OBJECT_IDENTIFIER, &[0x2a, 0x03, 0x04]),
        write(SEQUENCE, &imprint),
        write(INTEGER, &[7]),
        write(GENERALIZED_TIME, time.as_bytes()),
    ];
    write(SEQUENCE, &[fields.concat(), further.concat()].concat())
}

/// Returns a token with `certificates` in the place of its own.
fn with_certificates(token: &[u8], certificates: &[Vec<u8>]) -> Vec<u8> {
    let mut envelope = Reader::new(token).inside(SEQUENCE).unwrap();
    let kind = envelope.any().unwrap().whole;
    let mut explicit = envelope.inside(constructed(0)).unwrap();
    let mut signed = explicit.inside(SEQUENCE).unwrap();
    let head: Vec<u8> = (0..3)
        .flat_map(|_| signed.any().unwrap().whole)
        .copied()
        .collect();
    signed.optional(constructed(0)).unwrap();
    let signers = signed.element(SET).unwrap().whole;
    let set = write(constructed(0), &certificates.concat());
    let signed = write(SEQUENCE, &[&head, &set, signers].concat());
    write(SEQUENCE, &[kind, &write(constructed(0), &signed)].concat())
}

/// Returns `bytes` with one occurrence of `from`, the last, replaced by `to`.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes
        .windows(from.len())
        .rposition(|window| window == from)
        .expect("the bytes occur");
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

#[test]
fn kept_tokens_prove_what_they_did() {
    for fixture in [RSA_SHA256, P256_SM3] {
        let stamp = fixture.verify(fixture.token).unwrap();
        assert_eq!(stamp.imprint, fixture.imprint());
        assert_eq!(stamp.policy, "1.2.3.4.1");
        assert_eq!(stamp.accuracy_ns, Some(1_500_100_000));
        assert_eq!(
            stamp.tsa_name,
            format!("CN=TSA-{},O=Test,C=CN", fixture.tsa)
        );
    }
}

#[test]
fn an_altered_signature_is_refused() {
    for fixture in [RSA_SHA256, P256_SM3] {
        // Without unsigned attributes the signature is what the token ends with.
        let mut altered = fixture.token.to_vec();
        *altered.last_mut().unwrap() ^= 1;
        assert_eq!(fixture.verify(&altered), Err(TokenError::Signature));
    }
}

#[test]
fn an_altered_content_is_refused() {
    let policy = b"\x06\x04\x2a\x03\x04\x01";
    let altered = replaced(RSA_SHA256.token, policy, b"\x06\x04\x2a\x03\x04\x02");
    assert_eq!(RSA_SHA256.verify(&altered), Err(TokenError::MessageDigest));
}

#[test]
fn another_kind_of_content_is_refused() {
    // The last occurrence is the signed attribute, the one left then is that of the content.
    let mut other = oid::TST_INFO.to_vec();
    *other.last_mut().unwrap() += 1;
    let attribute = replaced(RSA_SHA256.token, oid::TST_INFO, &other);
    assert_eq!(RSA_SHA256.verify(&attribute), Err(TokenError::ContentType));
    let content = replaced(&attribute, oid::TST_INFO, &other);
    assert_eq!(RSA_SHA256.verify(&content), Err(TokenError::ContentType));
    let envelope = replaced(RSA_SHA256.token, oid::SIGNED_DATA, oid::CONTENT_TYPE);
    assert_eq!(RSA_SHA256.verify(&envelope), Err(TokenError::ContentType));
}

#[test]
fn tokens_signed_with_sm2_are_neither_valid_nor_wrong() {
    let expected = Err(TokenError::NotVerifiedHere(UnverifiedAlgorithm::Sm2));
    let signature = replaced(P256_SM3.token, oid::ECDSA_SHA256, oid::SM2_SM3);
    assert_eq!(P256_SM3.verify(&signature), expected);
    // In the envelope of GM/T 0010, whatever is inside.
    let kind = write(OBJECT_IDENTIFIER, oid::SIGNED_DATA_GM);
    let inside = write(constructed(0), &write(SEQUENCE, b"opaque"));
    let envelope = write(SEQUENCE, &[kind, inside].concat());
    assert_eq!(P256_SM3.verify(&envelope), expected);
}

#[test]
fn every_altered_byte_is_refused_or_changes_no_fact() {
    for fixture in [RSA_SHA256, P256_SM3] {
        let stamp = fixture.verify(fixture.token).unwrap();
        let mut unchanged = 0;
        for index in 0..fixture.token.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut altered = fixture.token.to_vec();
                altered[index] ^= mask;
                if let Ok(found) = fixture.verify(&altered) {
                    assert_eq!(found, stamp, "byte {index}, mask {mask:02x}");
                    unchanged += 1;
                }
            }
        }
        // Two version numbers and the list of digest algorithms: nothing that is relied on.
        assert!(unchanged < 60, "{unchanged} alterations were not noticed");
    }
}

#[test]
fn every_truncation_and_extension_is_refused() {
    let fixture = P256_SM3;
    for length in 0..fixture.token.len() {
        assert!(
            fixture.verify(&fixture.token[..length]).is_err(),
            "{length}"
        );
    }
    let longer = [fixture.token, b"\0"].concat();
    assert_eq!(
        fixture.verify(&longer),
        Err(TokenError::Form(FormError::Trailing))
    );
    let endless = vec![0x30; MAX_TOKEN_BYTES + 1];
    assert_eq!(fixture.verify(&endless), Err(TokenError::TooLong));
}

#[test]
fn contents_are_read_strictly() {
    let check = |further: &[Vec<u8>], expected: Result<Option<u64>, TokenError>| {
        let bytes = content_with(CONTENT, further);
        let found = claim::Content::read(&bytes).map(|content| content.claim.accuracy_ns);
        assert_eq!(found, expected, "{further:02x?}");
    };
    let accuracy = |parts: &[Vec<u8>]| write(SEQUENCE, &parts.concat());
    let malformed = |error| Err(TokenError::Form(error));
    check(&[], Ok(None));
    check(&[accuracy(&[])], Ok(Some(0)));
    check(
        &[accuracy(&[write(INTEGER, &[2])])],
        Ok(Some(2_000_000_000)),
    );
    check(&[accuracy(&[write(primitive(1), &[5])])], Ok(Some(5_000)));
    check(
        &[accuracy(&[write(primitive(0), &[0])])],
        malformed(FormError::Value),
    );
    check(
        &[accuracy(&[write(primitive(0), &[0x03, 0xe8])])],
        malformed(FormError::Value),
    );
    check(
        &[accuracy(&[write(INTEGER, &[0x7f; 8])])],
        malformed(FormError::Value),
    );
    // A false that is written, a number below zero, fields in the wrong order.
    check(&[write(0x01, &[0])], malformed(FormError::Value));
    check(&[write(INTEGER, &[0xff])], malformed(FormError::Value));
    check(
        &[write(INTEGER, &[1]), accuracy(&[])],
        malformed(FormError::Trailing),
    );
    let extension = |critical: &[u8]| {
        let parts = [
            &write(OBJECT_IDENTIFIER, &[0x2a, 3])[..],
            critical,
            &write(OCTET_STRING, &[]),
        ];
        write(constructed(1), &write(SEQUENCE, &parts.concat()))
    };
    check(&[extension(&[])], Ok(None));
    check(
        &[extension(&write(0x01, &[0xff]))],
        Err(TokenError::CriticalExtension),
    );
}

#[test]
fn requests_are_the_bytes_of_the_standard() {
    let imprint = Imprint {
        algorithm: ImprintAlgorithm::Sha256,
        digest: [0x11; 32],
    };
    let mut expected = b"\x30\x3f\x02\x01\x01\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20".to_vec();
    expected.extend_from_slice(&[0x11; 32]);
    expected.extend_from_slice(b"\x02\x04\x00\xff\x00\x01\x01\x01\xff");
    assert_eq!(request(&imprint, 0xff_0001), expected);
}

#[test]
fn responses_without_a_token_say_so() {
    let status = |number: u8| write(SEQUENCE, &write(INTEGER, &[number]));
    let read = |status: Vec<u8>| Response::read(&write(SEQUENCE, &status));
    let imprint = RSA_SHA256.imprint();
    let granted = read(status(0)).unwrap().into_token(&imprint, 1);
    assert_eq!(granted, Err(ResponseError::TokenMissing));
    for (number, expected) in [
        (2, Status::Rejection),
        (3, Status::Waiting),
        (5, Status::RevocationNotification),
    ] {
        let response = read(status(number)).unwrap();
        let found = response.into_token(&imprint, 1);
        assert!(
            matches!(found, Err(ResponseError::Refused(refusal)) if refusal.status == expected)
        );
    }
    assert_eq!(read(status(6)), Err(ResponseError::Form(FormError::Value)));
    let nothing = Response::read(&[]);
    assert_eq!(nothing, Err(ResponseError::Form(FormError::Truncated)));
}

#[test]
fn what_is_no_certificate_is_no_root() {
    let root = fixtures::ROOT.to_vec();
    let found = TrustedRoots::new(vec![root, b"\x30\x00".to_vec()]);
    assert_eq!(
        found,
        Err(RootError {
            index: 1,
            cause: FormError::Truncated
        })
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = RSA_SHA256.verify(&bytes);
        let _ = Response::read(&bytes);
        let _ = Claim::read(&bytes);
        let _ = TrustedRoots::new(vec![bytes.clone()]);
        let _ = claim::Content::read(&bytes);
    }

    #[test]
    fn mutated_tokens_never_panic_and_never_prove_another_fact(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        insert in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let stamp = P256_SM3.verify(P256_SM3.token);
        let mut bytes = P256_SM3.token.to_vec();
        for (index, byte) in changes {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        let at = cut.index(bytes.len());
        bytes.splice(at..at, insert);
        let found = P256_SM3.verify(&bytes);
        prop_assert!(found.is_err() || found == stamp);
        let _ = Claim::read(&bytes);
        let mut wrapped = write(SEQUENCE, &write(INTEGER, &[0]));
        wrapped.extend_from_slice(&bytes);
        let _ = Response::read(&write(SEQUENCE, &wrapped)).map(|response| response.into_token(&P256_SM3.imprint(), 1));
    }

    #[test]
    fn mutated_roots_never_panic(index in any::<prop::sample::Index>(), byte: u8) {
        let mut root = fixtures::ROOT.to_vec();
        let index = index.index(root.len());
        root[index] = byte;
        if let Ok(roots) = TrustedRoots::new(vec![root]) {
            let _ = verify(RSA_SHA256.token, &RSA_SHA256.imprint(), &roots);
        }
    }
}
