//! Certificates of the development PKI.
//!
//! One authority, one certificate for the gateway and one for each agency, all
//! ECDSA P-256. The time comes in as an argument.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};

use super::AGENCIES;
use crate::config::Address;

/// Days the certificates hold: long enough for a project's tests, short enough to be noticed
/// when somebody uses them in operation.
pub(crate) const VALID_DAYS: u64 = 398;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The agency of the example that has a party key.
pub(crate) const SIGNER: &str = "region";

/// A certificate with its key, as PEM.
pub(crate) struct Pair {
    /// File name without its ending.
    pub(crate) name: &'static str,
    /// The certificate.
    pub(crate) certificate: String,
    /// Its private key (PKCS #8).
    pub(crate) key: String,
}

/// Makes the authority `ca`, the gateway's `server` and one certificate for each agency.
///
/// `now` is the time since 1970; the certificates hold from the day before, so that a client
/// whose clock is behind takes them too.
///
/// # Errors
/// rcgen's, when a key cannot be made.
pub(crate) fn make(address: &Address, now: Duration) -> Result<Vec<Pair>, rcgen::Error> {
    let mut params = params("lawgate development CA", now);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let mut pairs = vec![Pair {
        name: "ca",
        certificate: params.self_signed(&key)?.pem(),
        key: key.serialize_pem(),
    }];
    let issuer = Issuer::new(params, key);
    pairs.push(leaf("server", server(address, now)?, &issuer)?);
    for agency in AGENCIES {
        pairs.push(leaf(agency, client(agency, now)?, &issuer)?);
    }
    Ok(pairs)
}

/// A party key: the private half as PKCS #8 PEM, the public one in base64 as the configuration
/// takes it.
pub(crate) struct PartyPair {
    /// The private key.
    pub(crate) private: String,
    /// The public key.
    pub(crate) public: String,
}

/// Makes a key for an agency of the example to sign its submissions with.
///
/// # Errors
/// rcgen's, when the key cannot be made.
pub(crate) fn party_key() -> Result<PartyPair, rcgen::Error> {
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
    Ok(PartyPair {
        private: key.serialize_pem(),
        public: STANDARD.encode(key.public_key_raw()),
    })
}

fn leaf(
    name: &'static str,
    params: CertificateParams,
    issuer: &Issuer<'_, KeyPair>,
) -> Result<Pair, rcgen::Error> {
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?.pem();
    Ok(Pair {
        name,
        certificate,
        key: key.serialize_pem(),
    })
}

fn server(address: &Address, now: Duration) -> Result<CertificateParams, rcgen::Error> {
    let mut params = params("lawgate development gateway", now);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = vec![
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ];
    let own = match address.host.parse::<IpAddr>() {
        Ok(ip) => SanType::IpAddress(ip),
        Err(_) => SanType::DnsName(address.host.as_str().try_into()?),
    };
    if !params.subject_alt_names.contains(&own) {
        params.subject_alt_names.push(own);
    }
    Ok(params)
}

fn client(agency: &str, now: Duration) -> Result<CertificateParams, rcgen::Error> {
    let mut params = params(agency, now);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.subject_alt_names = vec![SanType::URI(uri(agency).as_str().try_into()?)];
    Ok(params)
}

/// The URI an agency of the example is recognised by.
pub(crate) fn uri(agency: &str) -> String {
    format!("spiffe://lawgate.example/agency/{agency}")
}

fn params(name: &str, now: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let start = rcgen::date_time_ymd(1970, 1, 1) + now;
    params.not_before = start - DAY;
    params.not_after = start + DAY * u32::try_from(VALID_DAYS).expect("a few hundred days");
    params
}
