//! Tokens and their root as files, so that verifying is tested where there is no OpenSSL.

use std::path::Path;

use super::tsa::{Binding, Tsa};
use crate::timestamp::{
    Imprint, ImprintAlgorithm, Response, Stamp, TokenError, TrustedRoots, request, verify,
};

/// The root of all kept tokens, on P-384; an RSA authority stands between it and the stamping certificates.
pub(crate) const ROOT: &[u8] = include_bytes!("../../../testdata/timestamp/root.der");

/// A kept token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fixture {
    pub(crate) tsa: &'static str,
    pub(crate) algorithm: ImprintAlgorithm,
    pub(crate) token: &'static [u8],
}

/// Signed with RSA; the certificate is bound by SHA-1 (signing-certificate).
pub(crate) const RSA_SHA256: Fixture = Fixture {
    tsa: "rsa",
    algorithm: ImprintAlgorithm::Sha256,
    token: include_bytes!("../../../testdata/timestamp/rsa-sha256.token"),
};

/// Signed with ECDSA on P-256; the certificate is bound by SHA-256 (signing-certificate-v2).
pub(crate) const P256_SM3: Fixture = Fixture {
    tsa: "p256",
    algorithm: ImprintAlgorithm::Sm3,
    token: include_bytes!("../../../testdata/timestamp/p256-sm3.token"),
};

impl Fixture {
    /// Returns what was stamped.
    pub(crate) fn imprint(self) -> Imprint {
        Imprint {
            algorithm: self.algorithm,
            digest: [0xa5; 32],
        }
    }

    /// Verifies a token in the place of the kept one.
    pub(crate) fn verify(self, token: &[u8]) -> Result<Stamp, TokenError> {
        let roots = TrustedRoots::new(vec![ROOT.to_vec()]).unwrap();
        verify(token, &self.imprint(), &roots)
    }
}

#[test]
#[ignore = "replaces the kept tokens; run it when their form has to change"]
fn are_written_anew() {
    let Some(tsa) = Tsa::new() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/timestamp");
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    write("root.der", &tsa.der("root"));
    for (fixture, name, binding) in [
        (RSA_SHA256, "rsa-sha256.token", Binding::Sha1),
        (P256_SM3, "p256-sm3.token", Binding::Sha256),
    ] {
        let imprint = fixture.imprint();
        let answer = tsa.answer(fixture.tsa, binding, "sha256,sm3", &request(&imprint, 1));
        let token = Response::read(&answer).unwrap().into_token(&imprint, 1);
        write(name, &token.unwrap());
    }
}
