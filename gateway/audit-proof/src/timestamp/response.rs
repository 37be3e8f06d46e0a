//! What a time-stamping authority answers, and whether it is the answer to what was asked.
//!
//! Reads `TimeStampResp` (RFC 3161 §2.4.2) and compares imprint and nonce. The signature is not verified here:
//! [`super::verify()`] does, at once or years later. Clients of an authority rely on it.

use super::{
    Imprint, MAX_TOKEN_BYTES,
    claim::Claim,
    der::{BIT_STRING, FormError, Reader, SEQUENCE, UTF8_STRING},
    verify::TokenError,
};

/// Longest text of an authority that is kept, in bytes; the rest is cut off.
const MAX_TEXT_BYTES: usize = 1024;

/// The status of an answer (`PKIStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// There is a token, as asked for.
    Granted,
    /// There is a token, with changes.
    GrantedWithMods,
    /// There is no token.
    Rejection,
    /// There is no token yet.
    Waiting,
    /// There is no token: a revocation is imminent.
    RevocationWarning,
    /// There is no token: a revocation has taken place.
    RevocationNotification,
}

/// Why an authority gave no token (`PKIFailureInfo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The hash is unknown to it.
    BadAlgorithm,
    /// It does not give tokens for such a request.
    BadRequest,
    /// It could not read the request.
    BadDataFormat,
    /// Its source of time is not available.
    TimeNotAvailable,
    /// It does not stamp under the policy asked for.
    UnacceptedPolicy,
    /// It does not know an extension asked for.
    UnacceptedExtension,
    /// It cannot give what was asked for besides.
    AdditionNotAvailable,
    /// It failed.
    SystemFailure,
}

/// An answer, of which nothing has been compared or verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Whether there is a token.
    pub status: Status,
    /// The reasons given, of those that RFC 3161 names.
    pub failures: Vec<Failure>,
    /// What the authority says to people, line by line; at most a kilobyte is kept.
    pub text: String,
    /// The token in its DER, to be stored as it is.
    pub token: Option<Vec<u8>>,
}

/// An answer of no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why there is no token.
    pub status: Status,
    /// The reasons given.
    pub failures: Vec<Failure>,
    /// What the authority says to people.
    pub text: String,
}

/// Why an answer gives no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// It is too long to hold a token that would be read.
    #[error("response is too long")]
    TooLong,
    /// Its bytes are not the DER of a response.
    #[error("response is malformed")]
    Form(#[from] FormError),
    /// The authority refused.
    #[error("authority gave no token: {:?} {:?}", .0.status, .0.failures)]
    Refused(Refusal),
    /// The status says that there is a token, and there is none.
    #[error("response has no token")]
    TokenMissing,
    /// What stands in the place of the token cannot be read.
    #[error("token in the response cannot be read")]
    Token(#[source] TokenError),
    /// The token is for another imprint than asked for.
    #[error("token is for another imprint than asked for")]
    Imprint,
    /// The token has not the nonce of the request.
    #[error("token has another nonce than asked for")]
    Nonce,
}

impl Response {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`ResponseError::TooLong`] or [`ResponseError::Form`].
    pub fn read(bytes: &[u8]) -> Result<Self, ResponseError> {
        // Twice a token: room for the status and its text.
        if bytes.len() > 2 * MAX_TOKEN_BYTES {
            return Err(ResponseError::TooLong);
        }
        let mut outer = Reader::new(bytes);
        let mut reader = outer.inside(SEQUENCE)?;
        outer.end()?;
        let mut status_reader = reader.inside(SEQUENCE)?;
        let status = status(status_reader.small()?)?;
        let text = match status_reader.optional(SEQUENCE)? {
            Some(element) => text(element.reader())?,
            None => String::new(),
        };
        let bits = match status_reader.optional(BIT_STRING)? {
            Some(element) => element.named_bits()?,
            None => 0,
        };
        status_reader.end()?;
        let token = reader
            .optional(SEQUENCE)?
            .map(|element| element.whole.to_vec());
        reader.end()?;
        Ok(Self {
            status,
            failures: failures(bits),
            text,
            token,
        })
    }

    /// Returns the token, after checking that it is for `imprint` and has the `nonce` of the request.
    ///
    /// The signature is not verified; a token signed with SM2 passes here when its content can be read.
    ///
    /// # Errors
    /// Any [`ResponseError`] but [`ResponseError::TooLong`] and [`ResponseError::Form`].
    pub fn into_token(self, imprint: &Imprint, nonce: u64) -> Result<Vec<u8>, ResponseError> {
        let is_granted = matches!(self.status, Status::Granted | Status::GrantedWithMods);
        if !is_granted {
            return Err(ResponseError::Refused(Refusal {
                status: self.status,
                failures: self.failures,
                text: self.text,
            }));
        }
        let token = self.token.ok_or(ResponseError::TokenMissing)?;
        let claim = Claim::read(&token).map_err(ResponseError::Token)?;
        if claim.imprint != *imprint {
            return Err(ResponseError::Imprint);
        }
        let bytes = nonce.to_be_bytes();
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        if claim.nonce.as_deref() != Some(&bytes[zeros..]) {
            return Err(ResponseError::Nonce);
        }
        Ok(token)
    }
}

/// Returns the status of a number.
fn status(number: u64) -> Result<Status, FormError> {
    match number {
        0 => Ok(Status::Granted),
        1 => Ok(Status::GrantedWithMods),
        2 => Ok(Status::Rejection),
        3 => Ok(Status::Waiting),
        4 => Ok(Status::RevocationWarning),
        5 => Ok(Status::RevocationNotification),
        _ => Err(FormError::Value),
    }
}

/// Returns the reasons of the bits that are set.
fn failures(bits: u32) -> Vec<Failure> {
    [
        (0, Failure::BadAlgorithm),
        (2, Failure::BadRequest),
        (5, Failure::BadDataFormat),
        (14, Failure::TimeNotAvailable),
        (15, Failure::UnacceptedPolicy),
        (16, Failure::UnacceptedExtension),
        (17, Failure::AdditionNotAvailable),
        (25, Failure::SystemFailure),
    ]
    .into_iter()
    .filter(|(bit, _)| bits & (1 << bit) != 0)
    .map(|(_, failure)| failure)
    .collect()
}

/// Reads the text, one line for each string.
fn text(mut reader: Reader<'_>) -> Result<String, FormError> {
    let mut lines = Vec::new();
    while !reader.is_empty() {
        let line = reader.element(UTF8_STRING)?.content;
        lines.push(std::str::from_utf8(line).map_err(|_| FormError::Value)?);
    }
    let mut text = lines.join("\n");
    text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
    Ok(text)
}
