//! The one server and the one client of HTTP/1.1 that everything here stands on.
//!
//! Small on purpose: whole bodies in memory, no redirects, no compression, no cookies. Every size has a bound and every
//! wait a deadline, because either peer may be hostile. What a request means is for a [`Service`].

mod client;
mod server;
mod tls;
mod url;

pub use client::{HttpClient, HttpError};
pub(crate) use client::{Received, Sent};
pub use server::{ServerLimits, serve};
pub use tls::{ServerTls, TlsError};
pub use url::{BaseUrl, UrlError};

use hyper::body::Bytes;

/// The type of texts.
pub(crate) const TEXT_TYPE: &str = "text/plain; charset=utf-8";

/// What answers requests; called on a thread that may wait.
pub trait Service: Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, request: &Request) -> Reply;
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads; a HEAD is one too, and its reply is sent without the body.
    Get,
    /// Hands a body over.
    Post,
    /// Anything else, which nothing here understands.
    Other,
}

/// A request with its whole body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What it does.
    pub method: Method,
    /// The path as it was sent, beginning with a slash; nothing is decoded.
    pub path: String,
    /// What stands behind the question mark.
    pub query: Option<String>,
    /// The body; empty when there is none.
    pub body: Bytes,
}

/// How long a reply may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Not at all: it changes.
    Never,
    /// For ever: what has this path never changes.
    Forever,
}

/// A reply with its whole body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The type of the body.
    pub content_type: &'static str,
    /// How long it may be used again.
    pub caching: Caching,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// Returns a text that may change.
    #[must_use]
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self {
            status,
            content_type: TEXT_TYPE,
            caching: Caching::Never,
            body: text.into().into_bytes(),
        }
    }

    /// Returns the reply to a path that nothing has.
    #[must_use]
    pub fn not_found() -> Self {
        Self::text(404, "not found\n")
    }

    /// Returns the reply to a method that the path does not have.
    #[must_use]
    pub fn not_allowed() -> Self {
        Self::text(405, "method not allowed\n")
    }

    /// Returns the reply to a failure of ours; what failed is for the operator's log.
    #[must_use]
    pub fn failed() -> Self {
        Self::text(500, "failed\n")
    }
}
