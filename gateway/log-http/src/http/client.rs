//! A client: one request on one connection, within one deadline.
//!
//! A request here is made once a second at most and to a few peers, so that a pool of connections would be more to
//! understand than it saves. Redirects are not followed: a witness that moved is for the operator to look at.

use std::io;
use std::path::Path;
use std::time::Duration;

use futures_util::future::{Either, select};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::tls::{TlsError, client_config};
use super::url::BaseUrl;

/// What the client calls itself.
const AGENT: &str = concat!("lawgate-log-http/", env!("CARGO_PKG_VERSION"));

/// Speaks HTTP/1.1 to peers, in the clear and by TLS.
#[derive(Clone)]
pub struct HttpClient {
    tls: Option<TlsConnector>,
    deadline: Duration,
}

/// What a peer replied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
}

/// Why a peer gave no reply.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The whole exchange took too long.
    #[error("no reply from {url} within {} ms", deadline.as_millis())]
    Deadline {
        /// The peer.
        url: String,
        /// How long it had.
        deadline: Duration,
    },
    /// The peer cannot be reached.
    #[error("{url} cannot be reached")]
    Connect {
        /// The peer.
        url: String,
        /// The operating system's error.
        #[source]
        cause: io::Error,
    },
    /// The peer is to be reached by TLS, and no authorities are trusted.
    #[error("no authorities are known by which {url} could be trusted")]
    NoRoots {
        /// The peer.
        url: String,
    },
    /// The connection cannot be secured.
    #[error("the connection to {url} cannot be secured")]
    Tls {
        /// The peer.
        url: String,
        /// The cause.
        #[source]
        cause: io::Error,
    },
    /// The peer does not speak HTTP as it should, or broke the connection.
    #[error("the exchange with {url} failed")]
    Exchange {
        /// The peer.
        url: String,
        /// The cause.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The body of the reply is longer than any that would be used.
    #[error("the reply of {url} is longer than {limit} bytes")]
    TooLong {
        /// The peer.
        url: String,
        /// The most that is read, in bytes.
        limit: usize,
    },
}

/// What is sent: a path to be read, or a typed body to be handed over.
pub(crate) enum Sent<'a> {
    Get {
        suffix: &'a str,
    },
    Post {
        suffix: &'a str,
        content_type: &'static str,
        body: Vec<u8>,
    },
}

impl HttpClient {
    /// Makes a client whose exchanges end within `deadline`, connecting included.
    ///
    /// `roots` is a PEM file of the authorities trusted for `https`; without one only `http` works.
    ///
    /// # Errors
    /// [`TlsError`] when the file cannot be used.
    pub fn new(roots: Option<&Path>, deadline: Duration) -> Result<Self, TlsError> {
        let config = roots.map(client_config).transpose()?;
        Ok(Self {
            tls: config.map(TlsConnector::from),
            deadline,
        })
    }

    /// Sends a request and reads the whole reply, of which at most `limit` bytes are body.
    pub(crate) async fn send(
        &self,
        url: &BaseUrl,
        sent: Sent<'_>,
        limit: usize,
    ) -> Result<Received, HttpError> {
        match tokio::time::timeout(self.deadline, self.exchange(url, sent, limit)).await {
            Ok(result) => result,
            Err(_) => Err(HttpError::Deadline {
                url: url.to_string(),
                deadline: self.deadline,
            }),
        }
    }

    async fn exchange(
        &self,
        url: &BaseUrl,
        sent: Sent<'_>,
        limit: usize,
    ) -> Result<Received, HttpError> {
        let request = sent.into_request(url).map_err(broken(url))?;
        let stream = TcpStream::connect((url.host(), url.port()))
            .await
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|cause| HttpError::Connect {
                url: url.to_string(),
                cause,
            })?;
        if !url.is_secure() {
            return exchange_on(TokioIo::new(stream), request, url, limit).await;
        }
        let connector = self.tls.as_ref().ok_or_else(|| HttpError::NoRoots {
            url: url.to_string(),
        })?;
        let secured = match ServerName::try_from(url.host().to_owned()) {
            Ok(name) => connector.connect(name, stream).await,
            Err(cause) => Err(io::Error::new(io::ErrorKind::InvalidInput, cause)),
        };
        let stream = secured.map_err(|cause| HttpError::Tls {
            url: url.to_string(),
            cause,
        })?;
        exchange_on(TokioIo::new(stream), request, url, limit).await
    }
}

impl Sent<'_> {
    fn into_request(
        self,
        url: &BaseUrl,
    ) -> Result<hyper::Request<Full<Bytes>>, hyper::http::Error> {
        let request = hyper::Request::builder()
            .header(HOST, url.authority())
            .header(USER_AGENT, AGENT);
        match self {
            Self::Get { suffix } => request.uri(url.path(suffix)).body(Full::default()),
            Self::Post {
                suffix,
                content_type,
                body,
            } => request
                .method(hyper::Method::POST)
                .uri(url.path(suffix))
                .header(CONTENT_TYPE, HeaderValue::from_static(content_type))
                .body(Full::from(body)),
        }
    }
}

/// Sends one request on a connection and drives both until the reply is there.
async fn exchange_on(
    io: impl Read + Write + Unpin,
    request: hyper::Request<Full<Bytes>>,
    url: &BaseUrl,
    limit: usize,
) -> Result<Received, HttpError> {
    let (mut sender, connection) = http1::handshake(io).await.map_err(broken(url))?;
    let reply = std::pin::pin!(async {
        let response = sender.send_request(request).await.map_err(broken(url))?;
        receive(response, url, limit).await
    });
    match select(reply, std::pin::pin!(connection)).await {
        Either::Left((result, _)) => result,
        // The peer closed behind its reply, the rest of which is already here.
        Either::Right((_, reply)) => reply.await,
    }
}

async fn receive(
    response: hyper::Response<hyper::body::Incoming>,
    url: &BaseUrl,
    limit: usize,
) -> Result<Received, HttpError> {
    let (parts, body) = response.into_parts();
    let body = match Limited::new(body, limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(cause) if cause.is::<LengthLimitError>() => {
            let url = url.to_string();
            return Err(HttpError::TooLong { url, limit });
        }
        Err(cause) => {
            let url = url.to_string();
            return Err(HttpError::Exchange { url, cause });
        }
    };
    let content_type = parts.headers.get(CONTENT_TYPE);
    Ok(Received {
        status: parts.status.as_u16(),
        content_type: content_type
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
        body,
    })
}

fn broken<Cause>(url: &BaseUrl) -> impl Fn(Cause) -> HttpError + '_
where
    Cause: std::error::Error + Send + Sync + 'static,
{
    |cause| HttpError::Exchange {
        url: url.to_string(),
        cause: Box::new(cause),
    }
}

impl std::fmt::Debug for HttpClient {
    /// The deadline, and whether authorities are known.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpClient")
            .field("deadline", &self.deadline)
            .field("tls", &self.tls.is_some())
            .finish()
    }
}
