//! The client side, for the command line, the tests and the benchmarks.

use std::time::Duration;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

pub use tonic::transport::Channel;
pub use tonic::{Code, Request, Response, Status, Streaming};

/// A stream of requests that are all there already.
pub fn stream<T: Send + 'static>(
    requests: impl IntoIterator<Item = T, IntoIter: Send + 'static>,
) -> impl tokio_stream::Stream<Item = T> + Send + 'static {
    tokio_stream::iter(requests)
}

/// The client of the Exchange service.
pub type Exchange = crate::generated::exchange_client::ExchangeClient<Channel>;

/// The client of the Audit service.
pub type Audit = crate::generated::audit_client::AuditClient<Channel>;

/// The client of the EvidencePackages service.
pub type Evidence = crate::generated::evidence_packages_client::EvidencePackagesClient<Channel>;

/// The client of the Legal service.
pub type Legal = crate::generated::legal_client::LegalClient<Channel>;

/// The client of the Adapters service.
pub type Adapters = crate::generated::adapters_client::AdaptersClient<Channel>;

/// The client of the Workbench service.
pub type Workbench = crate::generated::workbench_client::WorkbenchClient<Channel>;

/// The client of the Personal service.
pub type Personal = crate::generated::personal_client::PersonalClient<Channel>;

/// Where the gateway is and who the caller is.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// `host:port`.
    pub address: String,
    /// Name in the server's certificate; the host of `address` when empty.
    pub server_name: String,
    /// Certificate authority of the server, PEM.
    pub ca_pem: String,
    /// The caller's certificate, PEM.
    pub certificate_pem: String,
    /// The caller's private key, PEM.
    pub key_pem: String,
}

/// Why no connection was made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is no `host:port`.
    #[error("{address} is no host:port")]
    Address {
        /// The address.
        address: String,
        /// The cause.
        #[source]
        cause: tonic::transport::Error,
    },
    /// The TLS material cannot be used.
    #[error("the client's TLS material cannot be used")]
    Tls(#[source] tonic::transport::Error),
    /// The gateway does not answer, or refused the handshake.
    #[error("cannot connect to {address}")]
    Connect {
        /// The address.
        address: String,
        /// The cause.
        #[source]
        cause: tonic::transport::Error,
    },
}

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer taken, in bytes.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Connects.
///
/// # Errors
/// [`ClientError`].
pub async fn connect(config: &ClientConfig) -> Result<Exchange, ClientError> {
    Ok(service(channel(config).await?))
}

/// The service over a channel.
pub fn service(channel: Channel) -> Exchange {
    Exchange::new(channel)
        .max_decoding_message_size(MAX_ANSWER_BYTES)
        .max_encoding_message_size(MAX_ANSWER_BYTES)
}

/// The Audit service over a channel; one channel serves both.
pub fn audit(channel: Channel) -> Audit {
    Audit::new(channel).max_decoding_message_size(MAX_ANSWER_BYTES)
}

/// The Personal service over a channel; one channel serves all.
pub fn personal(channel: Channel) -> Personal {
    Personal::new(channel).max_decoding_message_size(MAX_ANSWER_BYTES)
}

/// The EvidencePackages service over a channel; one channel serves all.
pub fn evidence(channel: Channel) -> Evidence {
    Evidence::new(channel)
}

/// The Legal service over a channel.
pub fn legal(channel: Channel) -> Legal {
    Legal::new(channel).max_decoding_message_size(MAX_ANSWER_BYTES)
}

/// The Adapters service over a channel; one channel serves all.
pub fn adapters(channel: Channel) -> Adapters {
    Adapters::new(channel).max_decoding_message_size(MAX_ANSWER_BYTES)
}

/// The Workbench service over a channel; one channel serves all.
pub fn workbench(channel: Channel) -> Workbench {
    Workbench::new(channel).max_decoding_message_size(MAX_ANSWER_BYTES)
}

/// A connected channel.
///
/// # Errors
/// [`ClientError`].
pub async fn channel(config: &ClientConfig) -> Result<Channel, ClientError> {
    let address = || config.address.clone();
    let endpoint =
        Endpoint::from_shared(format!("https://{}", config.address)).map_err(|cause| {
            ClientError::Address {
                address: address(),
                cause,
            }
        })?;
    let mut tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(&config.ca_pem))
        .identity(Identity::from_pem(&config.certificate_pem, &config.key_pem));
    if !config.server_name.is_empty() {
        tls = tls.domain_name(&config.server_name);
    }
    let endpoint = endpoint
        .tls_config(tls)
        .map_err(ClientError::Tls)?
        .connect_timeout(CONNECT_TIMEOUT)
        .initial_stream_window_size(4 << 20)
        .initial_connection_window_size(16 << 20)
        .tcp_nodelay(true);
    endpoint
        .connect()
        .await
        .map_err(|cause| ClientError::Connect {
            address: address(),
            cause,
        })
}

/// The stable reason of a refusal, if the gateway gave one.
pub fn reason(status: &Status) -> Option<&str> {
    status.metadata().get(crate::status::REASON)?.to_str().ok()
}
