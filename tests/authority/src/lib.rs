//! A time-stamping authority (时间戳机构, RFC 3161) for tests, played by OpenSSL 3 in a folder of its own.
//!
//! It has a root certificate and one certificate that may only stamp. It answers queries as `openssl ts -reply` does, over
//! HTTP if asked ([`Authority::serve`]), at the time of the machine; and at any time a test wants
//! ([`Authority::stamp_at`]), with a content that is written here and signed by `openssl cms`. It stamps for everybody,
//! attackers included: that is what authorities do. Who has no OpenSSL is told so by [`Authority::new`].

#![forbid(unsafe_code)]

mod content;
mod serve;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

pub use serve::Serving;

/// Certificates of root and authority, and how the authority answers.
const CONFIGURATION: &str = "\
[tsa]
default_tsa = answers
[answers]
serial = serial
signer_cert = authority.pem
signer_key = authority.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sm3
accuracy = secs:1
ess_cert_id_alg = sha256
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[stamping]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
";

/// An authority; its files lie in one folder.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
    /// The number of the next token made by [`Authority::stamp_at`]; held while OpenSSL works on files of fixed names.
    next: Mutex<u64>,
}

/// Whether there is an OpenSSL to play the authority; tests that can do without say that they are passed over.
#[must_use]
pub fn is_available() -> bool {
    Command::new("openssl").arg("version").output().is_ok()
}

impl Authority {
    /// Makes an authority in `folder`, whose certificates begin to be valid now and end in ten years.
    ///
    /// # Errors
    /// There is no `openssl`, or the folder cannot be written.
    pub fn new(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("openssl.cnf"), CONFIGURATION)?;
        fs::write(folder.join("serial"), "01\n")?;
        for name in ["root", "authority"] {
            let curve = "ec_paramgen_curve:P-256";
            openssl(
                folder,
                &format!("genpkey -algorithm EC -pkeyopt {curve} -out {name}.key"),
            )?;
        }
        for arguments in [
            "req -x509 -new -config openssl.cnf -extensions root -days 3650 -subj /CN=Root -key root.key -out root.pem",
            "x509 -in root.pem -outform DER -out root.der",
            "req -new -config openssl.cnf -subj /CN=Authority -key authority.key -out request.pem",
            "x509 -req -in request.pem -CA root.pem -CAkey root.key -CAcreateserial -days 3650 -extfile openssl.cnf \
             -extensions stamping -out authority.pem",
        ] {
            openssl(folder, arguments)?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            next: Mutex::new(1),
        })
    }

    /// Where its root certificate is, as PEM.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.folder.join("root.pem")
    }

    /// The same in DER.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn root_der(&self) -> io::Result<Vec<u8>> {
        fs::read(self.folder.join("root.der"))
    }

    /// Answers a query (DER of a `TimeStampReq`) with a `TimeStampResp` in its DER, at the time of the machine.
    ///
    /// # Errors
    /// `openssl` fails.
    pub fn answer(&self, query: &[u8]) -> io::Result<Vec<u8>> {
        self.reply(query, "")
    }

    /// The same, and only the token of the answer.
    ///
    /// # Errors
    /// As [`Authority::answer`].
    pub fn token(&self, query: &[u8]) -> io::Result<Vec<u8>> {
        self.reply(query, "-token_out")
    }

    fn reply(&self, query: &[u8], form: &str) -> io::Result<Vec<u8>> {
        let _alone = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        fs::write(self.folder.join("query"), query)?;
        let reply = "ts -reply -config openssl.cnf -queryfile query -out reply";
        openssl(&self.folder, &format!("{reply} {form}"))?;
        fs::read(self.folder.join("reply"))
    }

    /// Stamps a SHA-256 digest at the time `time_s`, in seconds since 1970, and returns the token in its DER.
    ///
    /// # Errors
    /// `openssl` fails.
    pub fn stamp_at(&self, digest: &[u8; 32], time_s: u64) -> io::Result<Vec<u8>> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let content = content::of_token(digest, *next, time_s);
        *next += 1;
        fs::write(self.folder.join("content"), content)?;
        openssl(
            &self.folder,
            "cms -sign -binary -nodetach -outform DER -econtent_type 1.2.840.113549.1.9.16.1.4 -md sha256 -cades \
             -nosmimecap -signer authority.pem -inkey authority.key -in content -out token",
        )?;
        fs::read(self.folder.join("token"))
    }

    /// Lets `openssl ts -verify` check a token over `text`.
    ///
    /// # Errors
    /// It refuses the token, with what it said.
    pub fn check(&self, text: &[u8], token: &[u8]) -> io::Result<()> {
        let _alone = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        fs::write(self.folder.join("text"), text)?;
        fs::write(self.folder.join("given"), token)?;
        openssl(
            &self.folder,
            "ts -verify -data text -in given -token_in -CAfile root.pem",
        )
    }
}

/// Runs a command of OpenSSL that has to succeed.
fn openssl(folder: &Path, arguments: &str) -> io::Result<()> {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .map_err(|error| {
            let why = "openssl, version 3, plays the time-stamping authority";
            io::Error::new(error.kind(), format!("{why}: {error}"))
        })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("openssl {arguments}: {said}")))
}
