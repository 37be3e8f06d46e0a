//! A time-stamping authority (RFC 3161) that OpenSSL plays, at the time of the scenario.
//!
//! `openssl ts -reply` stamps the time of the machine and no other. So what it would sign, a `TSTInfo` with the time of
//! the scenario, is written here, and `openssl cms` signs it as RFC 3161 §2.4.2 says, with the certificate of an
//! authority. `openssl ts -verify` and both verifiers take the tokens as they are. It stamps for everybody, attackers
//! included: that is what authorities do.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::{Context as _, Result, ensure};
use audit_proof::suite::Suite;

/// Certificates: a root that stands for ten years, and an authority that may only stamp.
const CONFIG: &str = "[req]\ndistinguished_name=dn\n[dn]\n\
    [ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n\
    [ts]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
    extendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\n";

/// `id-sha256` with NULL (RFC 5754 §2.2), as an `AlgorithmIdentifier`.
const SHA256: [u8; 15] = [
    0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
];

/// An authority, in a folder of its own.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
    serial: AtomicU64,
}

impl Authority {
    /// Makes an authority whose certificates begin to be valid now.
    ///
    /// # Errors
    /// When there is no `openssl`, version 3.
    pub fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("config"), CONFIG)?;
        for name in ["root", "authority"] {
            openssl(
                folder,
                &format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.key"),
            )?;
        }
        openssl(
            folder,
            "req -x509 -new -config config -extensions ca -days 3650 -subj /CN=Root -key root.key -out root.pem",
        )?;
        openssl(
            folder,
            "req -new -config config -subj /CN=Authority -key authority.key -out request.pem",
        )?;
        openssl(
            folder,
            "x509 -req -in request.pem -CA root.pem -CAkey root.key -CAcreateserial -days 3650 -extfile config \
             -extensions ts -out authority.pem",
        )?;
        Ok(Self {
            folder: folder.to_owned(),
            serial: AtomicU64::new(1),
        })
    }

    /// Where its root certificate is.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.folder.join("root.pem")
    }

    /// Stamps `text` at the time `time_s`, in seconds since 1970, and returns the token in its DER.
    ///
    /// # Errors
    /// When `openssl` fails.
    pub fn stamp(&self, text: &str, time_s: u64) -> Result<Vec<u8>> {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let content = token_content(&Suite::Sha256.hash(text.as_bytes()), serial, time_s);
        fs::write(self.folder.join(format!("content-{serial}")), content)?;
        openssl(
            &self.folder,
            &format!(
                "cms -sign -binary -nodetach -outform DER -econtent_type 1.2.840.113549.1.9.16.1.4 -md sha256 -cades \
                 -nosmimecap -signer authority.pem -inkey authority.key -in content-{serial} -out token-{serial}"
            ),
        )?;
        Ok(fs::read(self.folder.join(format!("token-{serial}")))?)
    }
}

fn openssl(folder: &Path, arguments: &str) -> Result<()> {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .context("running openssl, which plays the time-stamping authority; install version 3")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "openssl {arguments}: {said}");
    Ok(())
}

/// Returns the DER of a `TSTInfo` (RFC 3161 §2.4.2) with an accuracy of one second.
fn token_content(digest: &[u8], serial: u64, time_s: u64) -> Vec<u8> {
    let imprint = [SHA256.to_vec(), element(0x04, digest)].concat();
    let parts = [
        element(0x02, &[1]),
        // Policy 1.2.3.
        element(0x06, &[0x2a, 0x03]),
        element(0x30, &imprint),
        element(
            0x02,
            &[&[0], &serial.to_be_bytes()[4..]].concat()[first_byte(serial)..],
        ),
        element(0x18, generalized_time(time_s).as_bytes()),
        element(0x30, &element(0x02, &[1])),
    ];
    element(0x30, &parts.concat())
}

/// Where the shortest form of `serial` starts in a zero byte and the last four bytes of it.
fn first_byte(serial: u64) -> usize {
    let bits = 64 - serial.leading_zeros() as usize;
    // An integer has a sign bit, so eight bits take two bytes.
    4 - (bits / 8).min(4)
}

/// An element of DER with less than 128 bytes, as all here have.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("everything written here is short");
    assert!(length < 0x80, "everything written here is short");
    [&[tag, length], content].concat()
}

/// Returns the time as a `GeneralizedTime` in UTC.
fn generalized_time(time_s: u64) -> String {
    let (days, second) = (time_s / 86_400, time_s % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}

/// Returns the date `days` after 1970-01-01, in years of 365.2425 days that begin in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_their_date_in_utc() {
        for (time_s, expected) in [
            (0, "19700101000000Z"),
            (951_782_400, "20000229000000Z"),
            (1_790_000_000, "20260921141320Z"),
            (4_102_444_799, "20991231235959Z"),
        ] {
            assert_eq!(generalized_time(time_s), expected);
        }
    }

    #[test]
    fn serial_numbers_have_their_shortest_form() {
        for (serial, expected) in [
            (1, &[1][..]),
            (127, &[127]),
            (128, &[0, 128]),
            (255, &[0, 255]),
            (256, &[1, 0]),
            (32_768, &[0, 128, 0]),
        ] {
            let bytes = [&[0], &u64::to_be_bytes(serial)[4..]].concat();
            assert_eq!(&bytes[first_byte(serial)..], expected, "{serial}");
        }
    }
}
