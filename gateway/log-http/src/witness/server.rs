//! A witness on a network: the paths of C2SP tlog-witness v1.0.0 over [`Witness`].
//!
//! `POST /add-checkpoint` is the submission prefix's, `GET /<hash of origin>/checkpoint` the monitoring prefix's; both are
//! the root of the server. Anybody may ask: only signatures count.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::answer::Answer;
use super::decide::Witness;
use super::request::MAX_REQUEST_BYTES;
use crate::http::{
    Caching, Method, Reply, Request, ServerLimits, ServerTls, Service, TlsError, serve,
};

/// What a witness puts up with.
///
/// A log asks once a second, and a request is a few kilobytes: 128 connections are a hundred logs, and ten seconds are a
/// slow line. A connection that lasts is a log's own and is opened anew every ten minutes.
pub const WITNESS_LIMITS: ServerLimits = ServerLimits {
    max_connections: 128,
    max_body_bytes: MAX_REQUEST_BYTES,
    head_deadline: Duration::from_secs(10),
    body_deadline: Duration::from_secs(10),
    connection_age: Duration::from_secs(600),
    drain_deadline: Duration::from_secs(5),
};

/// What a witness needs to serve.
#[derive(Clone)]
pub struct WitnessConfig {
    /// What decides.
    pub witness: Arc<Witness>,
    /// Returns the seconds since 1970; asked once for each request.
    pub now_s: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// Certificate and key; without them it serves in the clear, as behind a proxy.
    pub tls: Option<ServerTls>,
    /// What it puts up with; [`WITNESS_LIMITS`] unless there is a reason.
    pub limits: ServerLimits,
}

/// Serves a witness until `shutdown` is ready, then lets requests under way end.
///
/// # Errors
/// [`TlsError`] before anything is served.
pub async fn serve_witness(
    config: WitnessConfig,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), TlsError> {
    let (tls, limits) = (config.tls.clone(), config.limits);
    serve(Arc::new(config), listener, tls.as_ref(), limits, shutdown).await
}

impl Service for WitnessConfig {
    fn answer(&self, request: &Request) -> Reply {
        if request.path == "/add-checkpoint" {
            return match request.method {
                Method::Post => self.add_checkpoint(&request.body),
                Method::Get | Method::Other => Reply::not_allowed(),
            };
        }
        let origin_hash = request
            .path
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix("/checkpoint"));
        match (origin_hash, request.method) {
            (Some(origin_hash), Method::Get) => self.latest(origin_hash),
            (Some(_), Method::Post | Method::Other) => Reply::not_allowed(),
            (None, _) => Reply::not_found(),
        }
    }
}

impl WitnessConfig {
    fn add_checkpoint(&self, body: &[u8]) -> Reply {
        let answer = self.witness.add_checkpoint(body, (self.now_s)());
        report(&answer);
        Reply {
            status: answer.status(),
            content_type: answer.content_type(),
            caching: Caching::Never,
            body: answer.body().into_bytes(),
        }
    }

    fn latest(&self, origin_hash: &str) -> Reply {
        match self.witness.latest(origin_hash) {
            Ok(Some(note)) => Reply::text(200, note.to_string()),
            Ok(None) => Reply::not_found(),
            Err(fault) => {
                tracing::error!(error = &fault as &dyn Error, "the witness failed");
                Reply::failed()
            }
        }
    }
}

/// Tells the operator what an answer means beside its status.
fn report(answer: &Answer) {
    if let Some(alarm) = answer.alarm() {
        tracing::error!(
            kind = %alarm.kind,
            held = alarm.held.as_ref().map_or("", |note| note.text()),
            received = alarm.received.text(),
            "ALARM: two signed checkpoints of one log contradict each other; both are kept"
        );
    }
    if let Answer::Failed(fault) = answer {
        tracing::error!(error = fault as &dyn Error, "the witness failed");
    }
}
