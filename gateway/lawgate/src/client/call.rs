//! Calls to a gateway: connect, call, and say in one line what went wrong.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use grpc_api::client::{self, Channel, Code, Exchange, Legal, Request, Status};

use crate::cli::Connection;
use crate::config::{self, ClientConfig};
use crate::output::UsageError;

/// Longest wait for one answer. Twice the gateway's default deadline, so that the gateway's own
/// refusal arrives first.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// The gateway refused a call.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call} refused: {code}{reason}: {message}")]
pub(crate) struct Refused {
    /// What was called, in the words of the command line.
    pub(crate) call: &'static str,
    /// gRPC status: `PERMISSION_DENIED`.
    pub(crate) code: String,
    /// The gateway's stable reason in parentheses, or empty.
    pub(crate) reason: String,
    /// The gateway's sentence.
    pub(crate) message: String,
}

/// Connects as the client file says.
///
/// # Errors
/// Faults of the client file, files that cannot be read, a gateway that does not answer.
pub(crate) async fn connect(connection: &Connection) -> anyhow::Result<Exchange> {
    connect_with(connection, config::load_client(&connection.client)?).await
}

/// A channel as the client file says, for any service.
///
/// # Errors
/// As [`connect`].
pub(crate) async fn channel(connection: &Connection) -> anyhow::Result<Channel> {
    let config = addressed(connection, config::load_client(&connection.client)?)?;
    Ok(client::channel(&material(&config)?).await?)
}

/// Connects as a client file that is read already says.
///
/// # Errors
/// As [`connect`], apart from faults of the file.
pub(crate) async fn connect_with(
    connection: &Connection,
    config: ClientConfig,
) -> anyhow::Result<Exchange> {
    let config = addressed(connection, config)?;
    Ok(client::connect(&material(&config)?).await?)
}

/// Connects to the service of legal staff as the client file says.
///
/// # Errors
/// As [`connect`].
pub(crate) async fn connect_legal(connection: &Connection) -> anyhow::Result<Legal> {
    Ok(client::legal(channel(connection).await?))
}

/// The client file with the address of the command line, if that has one.
fn addressed(connection: &Connection, mut config: ClientConfig) -> anyhow::Result<ClientConfig> {
    if let Some(address) = &connection.address {
        config.address = config::parse_address(address).ok_or_else(|| UsageError::Address {
            option: "--address",
            value: address.clone(),
        })?;
    }
    Ok(config)
}

/// Connects to the Personal service as the client file says.
///
/// # Errors
/// As [`connect`].
pub(crate) async fn connect_personal(connection: &Connection) -> anyhow::Result<client::Personal> {
    let config = addressed(connection, config::load_client(&connection.client)?)?;
    Ok(client::personal(
        client::channel(&material(&config)?).await?,
    ))
}

fn material(config: &ClientConfig) -> anyhow::Result<client::ClientConfig> {
    let read = |path: &Path| {
        fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
    };
    Ok(client::ClientConfig {
        address: config.address.to_string(),
        server_name: config.server_name.clone().unwrap_or_default(),
        ca_pem: read(&config.ca)?,
        certificate_pem: read(&config.certificate)?,
        key_pem: read(&config.key)?,
    })
}

/// A request with a deadline.
pub(crate) fn request<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL_TIMEOUT);
    request
}

/// Longest wait for what may compile and try an adapter, after others whose turn it was.
const PATIENT_TIMEOUT: Duration = Duration::from_secs(900);

/// A request that may take as long as a compilation.
pub(crate) fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENT_TIMEOUT);
    request
}

/// The answer; a status becomes [`Refused`].
///
/// # Errors
/// [`Refused`], with the cause of a broken connection as its source.
pub(crate) fn answer<T>(call: &'static str, answer: Result<T, Status>) -> anyhow::Result<T> {
    answer.map_err(|status| refused(call, &status))
}

fn refused(call: &'static str, status: &Status) -> anyhow::Error {
    let refused = Refused {
        call,
        code: code_name(status.code()),
        reason: client::reason(status)
            .map(|reason| format!(" ({reason})"))
            .unwrap_or_default(),
        message: status.message().to_owned(),
    };
    match std::error::Error::source(status).map(chain) {
        Some(causes) => anyhow::anyhow!(causes).context(refused),
        None => refused.into(),
    }
}

/// The causes of a broken connection as one text; the status owns them and cannot be kept beside it.
fn chain(first: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(first), |cause| cause.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// The name of a status as the service contract writes it: `PermissionDenied` is `PERMISSION_DENIED`.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_the_names_of_the_contract() {
        for (code, name) in [
            (Code::Ok, "OK"),
            (Code::PermissionDenied, "PERMISSION_DENIED"),
            (Code::InvalidArgument, "INVALID_ARGUMENT"),
            (Code::Unavailable, "UNAVAILABLE"),
        ] {
            assert_eq!(code_name(code), name);
        }
    }

    #[test]
    fn a_refusal_is_one_line_with_status_and_sentence() {
        let error = refused(
            "submit",
            &Status::new(Code::PermissionDenied, "agency a may not submit to feed b"),
        );
        assert_eq!(
            error.to_string(),
            "submit refused: PERMISSION_DENIED: agency a may not submit to feed b"
        );
        assert_eq!(error.chain().count(), 1);
    }

    #[test]
    fn the_stable_reason_stands_beside_the_status() {
        let refused = Refused {
            call: "submit",
            code: "ALREADY_EXISTS".into(),
            reason: " (idempotency-conflict)".into(),
            message: "the key was used".into(),
        };
        assert_eq!(
            refused.to_string(),
            "submit refused: ALREADY_EXISTS (idempotency-conflict): the key was used"
        );
    }
}
