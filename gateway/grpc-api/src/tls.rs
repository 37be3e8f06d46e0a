//! TLS configuration: rustls, mutual authentication, HTTP/2 only.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::WebPkiClientVerifier;

use crate::Config;

/// Why certificates or keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: pem::Error,
    },
    /// A PEM file holds nothing of the kind.
    #[error("{path} holds no {what}")]
    Empty {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// A certificate authority cannot be used.
    #[error("{path} holds a certificate authority that cannot be used")]
    Authority {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: rustls::Error,
    },
    /// The verifier of client certificates cannot be built.
    #[error("client certificates cannot be verified")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
    /// Certificate and key do not go together, or the key cannot be used.
    #[error("the certificate {path} and its key cannot be used")]
    Key {
        /// The certificate.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: rustls::Error,
    },
}

/// The configuration of the server: a client certificate is demanded.
pub(crate) fn server_config(config: &Config) -> Result<rustls::ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = Arc::new(roots(&config.client_ca)?);
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider))
        .build()
        .map_err(TlsError::Verifier)?;
    let key_error = |cause| TlsError::Key {
        path: config.certificate.clone(),
        cause,
    };
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(key_error)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            certificates(&config.certificate)?,
            private_key(&config.key)?,
        )
        .map_err(key_error)?;
    tls.alpn_protocols = vec![b"h2".to_vec()];
    Ok(tls)
}

fn roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|cause| TlsError::Authority {
                path: path.to_owned(),
                cause,
            })?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = |cause| TlsError::Read {
        path: path.to_owned(),
        cause,
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(read)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(read)?;
    if certificates.is_empty() {
        return Err(TlsError::Empty {
            path: path.to_owned(),
            what: "certificate",
        });
    }
    Ok(certificates)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|cause| TlsError::Read {
        path: path.to_owned(),
        cause,
    })
}
