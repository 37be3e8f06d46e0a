//! The peer's certificate as the exchange needs it.

use exchange::PeerCertificate;
use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Digest and names of the leaf certificate.
///
/// rustls has verified the chain; a certificate that x509-parser cannot read
/// has no names and is recognised by its digest alone.
pub(crate) fn of(leaf: &CertificateDer<'_>) -> PeerCertificate {
    PeerCertificate {
        sha256: digest(leaf),
        uris: uris(leaf).unwrap_or_default(),
    }
}

fn digest(der: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(der).into()
}

fn uris(der: &[u8]) -> Option<Vec<String>> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    let uri = |name: &GeneralName<'_>| {
        let is_uri = if let GeneralName::URI(uri) = name {
            Some(*uri)
        } else {
            None
        };
        is_uri.map(str::to_owned)
    };
    Some(names.value.general_names.iter().filter_map(uri).collect())
}
