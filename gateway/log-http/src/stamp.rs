//! Asking a time-stamping authority: RFC 3161 over HTTP (§3.4 there).
//!
//! Sends what [`audit_proof::timestamp`] makes and returns the token of the answer, compared with what was asked and not
//! verified: whether the authority is one to be trusted is for the verification to decide, now or in years.

use audit_proof::timestamp::{Imprint, MAX_TOKEN_BYTES, Response, ResponseError, request};

use crate::http::{BaseUrl, HttpClient, HttpError, Sent};

/// The type of a query (RFC 3161 §3.4).
const QUERY_TYPE: &str = "application/timestamp-query";

/// The type of a reply (RFC 3161 §3.4).
const REPLY_TYPE: &str = "application/timestamp-reply";

/// Longest reply read, in bytes: a token, and as much again for the status and its text.
const MAX_REPLY_BYTES: usize = 2 * MAX_TOKEN_BYTES;

/// A time-stamping authority.
#[derive(Debug, Clone)]
pub struct StampClient {
    http: HttpClient,
    url: BaseUrl,
}

/// Why an authority gave no token.
#[derive(Debug, thiserror::Error)]
pub enum StampError {
    /// There was no reply.
    #[error("the authority gave no reply")]
    Http(#[source] HttpError),
    /// It replied with another status than 200.
    #[error("the authority replied with status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// What it replied is of another type.
    #[error("the authority replied with something that is no timestamp reply")]
    Type {
        /// The type, when it was stated.
        content_type: Option<String>,
    },
    /// The reply is malformed, a refusal, or for something else than was asked.
    #[error("the reply of the authority gives no token")]
    Response(#[source] ResponseError),
}

impl StampClient {
    /// Makes a client for the authority at `url`, which is used as it is.
    #[must_use]
    pub fn new(http: HttpClient, url: BaseUrl) -> Self {
        Self { http, url }
    }

    /// Has `imprint` stamped and returns the token in its DER, to be stored as it is.
    ///
    /// The token is for `imprint` and bears `nonce`, which has to be different each time and hard to guess.
    ///
    /// # Errors
    /// [`StampError`]; asking again later, or another authority, hurts nothing.
    pub async fn stamp(&self, imprint: &Imprint, nonce: u64) -> Result<Vec<u8>, StampError> {
        let sent = Sent::Post {
            suffix: "",
            content_type: QUERY_TYPE,
            body: request(imprint, nonce),
        };
        let reply = self
            .http
            .send(&self.url, sent, MAX_REPLY_BYTES)
            .await
            .map_err(StampError::Http)?;
        if reply.status != 200 {
            let status = reply.status;
            return Err(StampError::Status { status });
        }
        if !reply.content_type.as_deref().is_some_and(is_reply_type) {
            let content_type = reply.content_type;
            return Err(StampError::Type { content_type });
        }
        Response::read(&reply.body)
            .and_then(|response| response.into_token(imprint, nonce))
            .map_err(StampError::Response)
    }
}

/// Whether a type is that of a reply, whatever its parameters and its case.
fn is_reply_type(content_type: &str) -> bool {
    let bare = content_type.split(';').next().unwrap_or_default();
    bare.trim().eq_ignore_ascii_case(REPLY_TYPE)
}
