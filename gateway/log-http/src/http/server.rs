//! A server: connections bounded in number, size and time.
//!
//! It reads a whole request, has a [`Service`] answer it on a thread that may wait, and writes the reply. It decides
//! nothing about paths. Whoever serves relies on a slow or hostile peer costing one place for a bounded time and no more.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::tls::{ServerTls, TlsError};
use super::{Caching, Method, Reply, Request, Service};

/// Pause after a failed accept: out of file descriptors, the loop must not spin.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// Most header fields of a request; browsers and proxies send up to 30.
const MAX_HEADERS: usize = 64;

/// Longest head of a request, in bytes; paths and queries here have fewer than 200.
const MAX_HEAD_BYTES: usize = 16 << 10;

/// How much and how long a server puts up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// Connections at one time; more wait in the kernel.
    pub max_connections: usize,
    /// Longest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// How long a TLS handshake, or the head of a request, may take; an idle connection ends with it.
    pub head_deadline: Duration,
    /// How long the body of a request may take.
    pub body_deadline: Duration,
    /// How long a connection lasts; it bounds a peer that does not read its replies.
    pub connection_age: Duration,
    /// How long connections may take to end, each at its age and all of them at shutdown.
    pub drain_deadline: Duration,
}

/// What every connection of a server shares.
struct Shared<S> {
    service: Arc<S>,
    tls: Option<TlsAcceptor>,
    limits: ServerLimits,
    stopped: watch::Receiver<bool>,
}

/// Serves until `shutdown` is ready, then lets requests under way end.
///
/// # Errors
/// [`TlsError`] before anything is served.
pub async fn serve<S: Service>(
    service: Arc<S>,
    listener: TcpListener,
    tls: Option<&ServerTls>,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()>,
) -> Result<(), TlsError> {
    let tls = tls.map(ServerTls::load).transpose()?;
    let (stop, stopped) = watch::channel(false);
    let shared = Arc::new(Shared {
        service,
        tls: tls.map(TlsAcceptor::from),
        limits,
        stopped,
    });
    let mut connections = JoinSet::new();
    tokio::select! {
        () = accept(&listener, &shared, &mut connections) => {}
        () = shutdown => {}
    }
    drop(listener);
    stop.send_replace(true);
    let drained = async { while connections.join_next().await.is_some() {} };
    if timeout(limits.drain_deadline, drained).await.is_err() {
        // Dropping the set ends what is left.
        tracing::warn!("connections were cut off at shutdown");
    }
    Ok(())
}

/// Accepts for ever.
async fn accept<S: Service>(
    listener: &TcpListener,
    shared: &Arc<Shared<S>>,
    connections: &mut JoinSet<()>,
) {
    let places = Arc::new(Semaphore::new(shared.limits.max_connections));
    loop {
        let place = Arc::clone(&places)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let shared = Arc::clone(shared);
                connections.spawn(async move {
                    shared.connection(stream).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a connection was not accepted"
                );
                sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }
}

impl<S: Service> Shared<S> {
    async fn connection(&self, stream: TcpStream) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = &error as &dyn std::error::Error, "no delay unset");
        }
        let Some(tls) = &self.tls else {
            return self.exchanges(TokioIo::new(stream)).await;
        };
        match timeout(self.limits.head_deadline, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.exchanges(TokioIo::new(stream)).await,
            Ok(Err(error)) => tracing::info!(
                error = &error as &dyn std::error::Error,
                "a TLS handshake failed"
            ),
            Err(_) => tracing::info!("a TLS handshake took too long"),
        }
    }

    /// Serves the requests of one connection until it ends, is too old, or the server stops.
    async fn exchanges(&self, io: impl Read + Write + Unpin) {
        let service = service_fn(|request| self.exchange(request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_deadline)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(io, service);
        let mut connection = std::pin::pin!(connection);
        let mut stopped = self.stopped.clone();
        let ended = tokio::select! {
            result = connection.as_mut() => Some(result),
            _ = stopped.wait_for(|stopped| *stopped) => None,
            () = sleep(self.limits.connection_age) => None,
        };
        let result = match ended {
            Some(result) => result,
            None => {
                connection.as_mut().graceful_shutdown();
                match timeout(self.limits.drain_deadline, connection).await {
                    Ok(result) => result,
                    Err(_) => return tracing::info!("a connection was cut off"),
                }
            }
        };
        if let Err(error) = result {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "a connection broke"
            );
        }
    }

    async fn exchange(
        &self,
        request: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
        let request = match self.receive(request).await {
            Ok(request) => request,
            // The rest of the body is unread, so that nothing behind it can be understood.
            Err(reply) => return Ok(response(reply, true)),
        };
        let service = Arc::clone(&self.service);
        let answered = tokio::task::spawn_blocking(move || service.answer(&request)).await;
        let reply = answered.unwrap_or_else(|error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a request panicked"
            );
            Reply::failed()
        });
        Ok(response(reply, false))
    }

    /// Reads a whole request, or makes the reply to one that is too long or too slow.
    async fn receive(&self, request: hyper::Request<Incoming>) -> Result<Request, Reply> {
        let (parts, body) = request.into_parts();
        let too_long = || Reply::text(413, "the body is too long\n");
        if body.size_hint().lower() > self.limits.max_body_bytes as u64 {
            return Err(too_long());
        }
        let body = Limited::new(body, self.limits.max_body_bytes).collect();
        let body = match timeout(self.limits.body_deadline, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(cause)) if cause.is::<LengthLimitError>() => return Err(too_long()),
            Ok(Err(_)) => return Err(Reply::text(400, "the body broke off\n")),
            Err(_) => return Err(Reply::text(408, "the body took too long\n")),
        };
        let method = match parts.method {
            hyper::Method::GET | hyper::Method::HEAD => Method::Get,
            hyper::Method::POST => Method::Post,
            _ => Method::Other,
        };
        Ok(Request {
            method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            body,
        })
    }
}

fn response(reply: Reply, close: bool) -> hyper::Response<Full<Bytes>> {
    let caching = match reply.caching {
        Caching::Never => "no-cache",
        Caching::Forever => "public, max-age=31536000, immutable",
    };
    let mut response = hyper::Response::new(Full::from(reply.body));
    *response.status_mut() = hyper::StatusCode::from_u16(reply.status)
        .unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if close {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
