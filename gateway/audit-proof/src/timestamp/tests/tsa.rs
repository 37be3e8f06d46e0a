//! A time-stamping authority for tests: OpenSSL in a temporary folder.
//!
//! Makes keys, certificates, answers to requests, and tokens with a content that no authority would sign. Tests that need
//! it ask [`Tsa::new`] and end when there is no OpenSSL.

use std::{fs, path::PathBuf, process::Command};

use tempfile::TempDir;

use crate::timestamp::TrustedRoots;

/// Extensions of an authority over certificates.
pub(crate) const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";
/// Extensions of a certificate for stamping time.
pub(crate) const STAMPING: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\n";

/// The hash that names the signing certificate: SHA-1 for version 1 of the attribute.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Binding {
    Sha1,
    Sha256,
    Sha512,
}

/// Keys and certificates, by name, in one folder.
pub(crate) struct Tsa {
    folder: TempDir,
}

impl Tsa {
    /// Makes a root on P-384, an RSA authority under it, and under that `rsa`, `p256` and `p384`, which stamp time.
    ///
    /// Prints a line and returns `None` when there is no OpenSSL.
    pub(crate) fn new() -> Option<Self> {
        let found = Command::new("openssl").arg("version").output();
        if !found.is_ok_and(|output| output.status.success()) {
            println!("openssl is missing: nothing is tested");
            return None;
        }
        let tsa = Self {
            folder: TempDir::new().unwrap(),
        };
        for (name, kind) in [
            ("root", "P-384"),
            ("issuer", "rsa"),
            ("rsa", "rsa"),
            ("p256", "P-256"),
            ("p384", "P-384"),
        ] {
            tsa.key(name, kind);
        }
        tsa.root("root");
        tsa.certificate("issuer", "issuer", "root", AUTHORITY);
        for name in ["rsa", "p256", "p384"] {
            tsa.certificate(name, name, "issuer", STAMPING);
        }
        Some(tsa)
    }

    /// Makes a key.
    pub(crate) fn key(&self, name: &str, kind: &str) {
        let option = match kind {
            "rsa" => "-algorithm RSA -pkeyopt rsa_keygen_bits:2048".to_owned(),
            curve => format!("-algorithm EC -pkeyopt ec_paramgen_curve:{curve}"),
        };
        self.run(&format!("genpkey {option} -out {name}.key"));
    }

    /// Makes a self-signed root certificate `name` with its key.
    pub(crate) fn root(&self, name: &str) {
        self.write_extensions(AUTHORITY);
        self.run(&format!(
            "req -x509 -new -config v3.cnf -extensions v3 -sha384 -days 36500 -subj /C=CN/O=Test/CN=Root \
             -key {name}.key -out {name}.pem"
        ));
    }

    /// Makes the certificate `name` for `key` with `extensions`, signed by `issuer`.
    pub(crate) fn certificate(&self, name: &str, key: &str, issuer: &str, extensions: &str) {
        self.write_extensions(extensions);
        // A key called so is one of SM2, which signs over SM3 only.
        let hash = if issuer == "sm2" { "sm3" } else { "sha256" };
        self.run(&format!(
            "req -new -config v3.cnf -subj /C=CN/O=Test/CN=TSA-{name} -key {key}.key -out request.pem"
        ));
        self.run(&format!(
            "x509 -req -in request.pem -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -days 36000 -{hash} \
             -extfile v3.cnf -extensions v3 -out {name}.pem"
        ));
    }

    /// Returns the DER of a certificate.
    pub(crate) fn der(&self, name: &str) -> Vec<u8> {
        self.run(&format!("x509 -in {name}.pem -outform DER -out out.der"));
        self.read("out.der")
    }

    /// Returns the certificates as trusted roots.
    pub(crate) fn roots(&self, names: &[&str]) -> TrustedRoots {
        TrustedRoots::new(names.iter().map(|name| self.der(name)).collect()).unwrap()
    }

    /// Answers a request as the authority `name`, which accepts imprints made with `digests`.
    pub(crate) fn answer(
        &self,
        name: &str,
        binding: Binding,
        digests: &str,
        request: &[u8],
    ) -> Vec<u8> {
        let binding = match binding {
            Binding::Sha1 => "sha1",
            Binding::Sha256 => "sha256",
            Binding::Sha512 => "sha512",
        };
        let config = format!(
            "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert={name}.pem\nsigner_key={name}.key\n\
             certs=issuer.pem\nsigner_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests={digests}\n\
             accuracy=secs:1,millisecs:500,microsecs:100\nclock_precision_digits=6\nordering=yes\n\
             tsa_name=yes\ness_cert_id_alg={binding}\ness_cert_id_chain=no\n"
        );
        self.write("tsa.cnf", config.as_bytes());
        if !self.path("serial").exists() {
            self.write("serial", b"7F01\n");
        }
        self.write("request.tsq", request);
        self.run("ts -reply -config tsa.cnf -queryfile request.tsq -out answer.tsr");
        self.read("answer.tsr")
    }

    /// Returns whether OpenSSL accepts the answer to the request.
    pub(crate) fn accepts(&self, request: &[u8], answer: &[u8]) -> bool {
        self.write("request.tsq", request);
        self.write("answer.tsr", answer);
        let verify = "ts -verify -queryfile request.tsq -in answer.tsr -CAfile root.pem -untrusted issuer.pem";
        self.command(verify).output().unwrap().status.success()
    }

    /// Signs a content as the certificate `name` of `key`, with further `options` of `openssl cms`.
    pub(crate) fn sign(&self, name: &str, key: &str, content: &[u8], options: &str) -> Vec<u8> {
        self.write("content", content);
        self.run(&format!(
            "cms -sign -binary -nodetach -nosmimecap -outform DER -econtent_type 1.2.840.113549.1.9.16.1.4 \
             -in content -signer {name}.pem -inkey {key}.key -certfile issuer.pem -out token {options}"
        ));
        self.read("token")
    }

    /// Prepares a command whose arguments have no spaces in them.
    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new("openssl");
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path());
        command
    }

    fn run(&self, arguments: &str) {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments}: {said}");
    }

    fn write_extensions(&self, extensions: &str) {
        let config = format!("[req]\ndistinguished_name=dn\n[dn]\n[v3]\n{extensions}");
        self.write("v3.cnf", config.as_bytes());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }
}
