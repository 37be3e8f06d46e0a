//! The gRPC edge: TLS, identity, services, one error-to-status match.
//!
//! The only user of tonic. Translates between the wire and the exchange's
//! types and decides nothing: rights, limits and order are the exchange's.
#![forbid(unsafe_code)]

mod accept;
mod adapters;
mod audit;
pub mod client;
mod evidence;
mod identity;
mod legal;
mod personal;
mod service;
mod status;
mod stream;
mod tls;
mod wire;
mod workbench;

#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "generated code: its parent decides on visibility, its generator on its lints"
)]
mod generated {
    include!("gen/exchange.rs");
}

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::exchange::Exchange;
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::Server;

use crate::generated::adapters_server::AdaptersServer;
use crate::generated::audit_server::AuditServer;
use crate::generated::evidence_packages_server::EvidencePackagesServer;
use crate::generated::exchange_server::ExchangeServer;
use crate::generated::legal_server::LegalServer;
use crate::generated::personal_server::PersonalServer;
use crate::generated::workbench_server::WorkbenchServer;

pub use tls::TlsError;

/// The service trait and what implementing it takes, for the baselines of the benchmarks.
pub mod api {
    pub use crate::generated::exchange_server::{Exchange, ExchangeServer};
    pub use tonic::service::Routes;
    pub use tonic::{Request, Response, Status, Streaming, async_trait};
}

/// Where and how the edge listens.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on; port 0 takes any free port.
    pub address: SocketAddr,
    /// Certificate chain of the server, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// Certificate authorities clients must come from, PEM.
    pub client_ca: PathBuf,
    /// Longest time a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// Most connections at once; further ones wait to be accepted.
    pub max_connections: usize,
    /// Most calls at once on one connection.
    pub max_streams_per_connection: u32,
    /// Longest request, in bytes; what is longer is refused by the transport.
    pub max_request_bytes: usize,
    /// Most bytes of an uploaded adapter with everything that belongs to it.
    pub max_upload_bytes: usize,
    /// How long calls may go on after the stop signal.
    pub drain_timeout: Duration,
}

/// Why the edge did not start or ended.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// Certificates or keys cannot be used.
    #[error("the TLS configuration cannot be used")]
    Tls(#[source] TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        cause: std::io::Error,
    },
    /// The reflection service cannot be built from the descriptor set.
    #[error("the reflection service cannot be built")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// The transport ended with an error.
    #[error("the transport ended")]
    Transport(#[source] tonic::transport::Error),
}

/// An edge that listens and is ready to serve.
pub struct Edge {
    config: Config,
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
    address: SocketAddr,
}

impl Edge {
    /// Reads certificates and takes the address.
    ///
    /// # Errors
    /// [`EdgeError::Tls`], [`EdgeError::Listen`].
    pub async fn bind(config: Config) -> Result<Edge, EdgeError> {
        let tls = tls::server_config(&config).map_err(EdgeError::Tls)?;
        let listen = |cause| EdgeError::Listen {
            address: config.address,
            cause,
        };
        let listener = TcpListener::bind(config.address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        Ok(Edge {
            tls: Arc::new(tls),
            listener,
            address,
            config,
        })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves the exchange until `stop` resolves, then lets calls finish for at most the drain timeout.
    ///
    /// # Errors
    /// [`EdgeError::Transport`], [`EdgeError::Reflection`].
    pub async fn serve(
        self,
        exchange: Arc<Exchange>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), EdgeError> {
        let (health, health_service) = tonic_health::server::health_reporter();
        health
            .set_serving::<ExchangeServer<service::ExchangeService>>()
            .await;
        health
            .set_serving::<AuditServer<audit::AuditService>>()
            .await;
        health
            .set_serving::<PersonalServer<personal::PersonalService>>()
            .await;
        health
            .set_serving::<EvidencePackagesServer<evidence::EvidenceService>>()
            .await;
        health
            .set_serving::<LegalServer<legal::LegalService>>()
            .await;
        let service = ExchangeServer::new(service::ExchangeService::new(Arc::clone(&exchange)))
            .max_decoding_message_size(self.config.max_request_bytes)
            .max_encoding_message_size(MAX_ANSWER_BYTES);
        let audit = AuditServer::new(audit::AuditService::new(Arc::clone(&exchange)));
        let personal = PersonalServer::new(personal::PersonalService::new(Arc::clone(&exchange)))
            .max_encoding_message_size(MAX_ANSWER_BYTES);
        let packages =
            EvidencePackagesServer::new(evidence::EvidenceService::new(Arc::clone(&exchange)));
        let legal = LegalServer::new(legal::LegalService::new(Arc::clone(&exchange)))
            .max_encoding_message_size(MAX_ANSWER_BYTES);
        health
            .set_serving::<AdaptersServer<adapters::AdaptersService>>()
            .await;
        let registry =
            adapters::AdaptersService::new(Arc::clone(&exchange), self.config.max_upload_bytes);
        let registry = AdaptersServer::new(registry).max_encoding_message_size(MAX_ANSWER_BYTES);
        let workbench =
            WorkbenchServer::new(workbench::WorkbenchService::new(Arc::clone(&exchange)));
        let mut routes = Routes::builder();
        let described = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(proto::DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        routes
            .add_service(health_service)
            .add_service(described().build_v1().map_err(EdgeError::Reflection)?)
            .add_service(described().build_v1alpha().map_err(EdgeError::Reflection)?)
            .add_service(service)
            .add_service(audit)
            .add_service(personal)
            .add_service(registry)
            .add_service(workbench)
            .add_service(packages)
            .add_service(legal);
        let stopping = Arc::clone(&exchange);
        let stop = async move {
            stop.await;
            stopping.stop_accepting();
        };
        tokio::select! {
            ended = self.serve_routes(routes.routes(), stop) => ended,
            () = watch_health(exchange, health) => Ok(()),
        }
    }

    /// Serves any services over this edge's TLS and limits: the benchmarks' baselines come
    /// this way, so that they differ from the gateway in nothing but the work.
    ///
    /// # Errors
    /// [`EdgeError::Transport`].
    pub async fn serve_routes(
        self,
        routes: Routes,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), EdgeError> {
        let (incoming, accepting) = accept::incoming(self.listener, self.tls, &self.config);
        let (draining, drained) = tokio::sync::oneshot::channel();
        let server = server(&self.config)
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, async move {
                stop.await;
                let _ = draining.send(());
            });
        let accepting = async move {
            accepting.await;
            std::future::pending::<()>().await;
        };
        let drain_timeout = self.config.drain_timeout;
        let overdue = async move {
            if drained.await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(drain_timeout).await;
        };
        tokio::select! {
            ended = server => ended.map_err(EdgeError::Transport),
            () = accepting => Ok(()),
            () = overdue => {
                tracing::warn!("calls were still open after the drain timeout and were cut");
                Ok(())
            }
        }
    }
}

/// Longest answer, in bytes: a page of records is cut by count long before.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Window of one stream and of one connection, in bytes: what a fast sender may have in flight.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

fn server(config: &Config) -> Server {
    Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(config.max_streams_per_connection)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .http2_max_pending_accept_reset_streams(Some(64))
        .http2_max_header_list_size(16 << 10)
        .tcp_nodelay(true)
}

/// Keeps the health service true: a feed is not serving while it has no active adapter or the adapter's
/// breaker is open, and the others go on; the Exchange is not serving once the log or the evidence cannot
/// write, or the node stops. Proofs need no writing, so that the Audit service goes on until the
/// node stops. Never ends.
async fn watch_health(exchange: Arc<Exchange>, health: tonic_health::server::HealthReporter) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let mut feeds: std::collections::BTreeMap<String, bool> = std::collections::BTreeMap::new();
    while exchange.is_healthy() && !exchange.is_stopping() {
        ticks.tick().await;
        for (feed, is_converting) in exchange.feeds_converting() {
            if feeds.insert(feed.to_owned(), is_converting) != Some(is_converting) {
                let status = match is_converting {
                    true => tonic_health::ServingStatus::Serving,
                    false => tonic_health::ServingStatus::NotServing,
                };
                let name = format!("lawgate.v1.Exchange/feed/{feed}");
                health.set_service_status(name, status).await;
            }
        }
    }
    health
        .set_not_serving::<ExchangeServer<service::ExchangeService>>()
        .await;
    // An export is an entry before and after it.
    health
        .set_not_serving::<EvidencePackagesServer<evidence::EvidenceService>>()
        .await;
    health
        .set_service_status("", tonic_health::ServingStatus::NotServing)
        .await;
    while !exchange.is_stopping() {
        ticks.tick().await;
    }
    health
        .set_not_serving::<AuditServer<audit::AuditService>>()
        .await;
    health
        .set_not_serving::<LegalServer<legal::LegalService>>()
        .await;
    std::future::pending::<()>().await;
}
