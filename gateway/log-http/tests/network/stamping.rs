//! An authority made with OpenSSL, asked over HTTP, and authorities that answer with something else.

use std::sync::Arc;

use audit_proof::timestamp::{
    Imprint, ImprintAlgorithm, MAX_TOKEN_BYTES, ResponseError, TrustedRoots, verify,
};
use authority::Authority;
use log_http::http::{BaseUrl, Caching, Reply, Request, Service, serve};
use log_http::serve::LOG_LIMITS;
use log_http::stamp::{StampClient, StampError};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::parties::plain_client;

/// The authority as a service of our own server.
struct Answering(Authority);

impl Service for Answering {
    fn answer(&self, request: &Request) -> Reply {
        let answer = self.0.answer(&request.body).unwrap();
        reply(200, "application/timestamp-reply", answer)
    }
}

fn reply(status: u16, content_type: &'static str, body: Vec<u8>) -> Reply {
    Reply {
        status,
        content_type,
        caching: Caching::Never,
        body,
    }
}

/// An authority that answers everybody the same.
struct Fixed(Reply);

impl Service for Fixed {
    fn answer(&self, _: &Request) -> Reply {
        self.0.clone()
    }
}

async fn start<S: Service>(service: S) -> (StampClient, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/tsa/", listener.local_addr().unwrap());
    let limits = log_http::http::ServerLimits {
        max_body_bytes: 4096,
        ..LOG_LIMITS
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let never = std::future::pending();
        serve(Arc::new(service), listener, None, limits, never)
            .await
            .unwrap();
    });
    let url = BaseUrl::parse(&url).unwrap();
    (StampClient::new(plain_client(), url), tasks)
}

fn imprint(byte: u8) -> Imprint {
    Imprint {
        algorithm: ImprintAlgorithm::Sha256,
        digest: [byte; 32],
    }
}

#[tokio::test]
async fn an_authority_of_openssl_gives_a_token_that_verifies() {
    let folder = TempDir::new().unwrap();
    if !authority::is_available() {
        eprintln!("skipped: openssl is missing");
        return;
    }
    let authority = Authority::new(folder.path()).unwrap();
    let root = authority.root_der().unwrap();
    let (client, _tasks) = start(Answering(authority)).await;
    let token = client.stamp(&imprint(7), 42).await.unwrap();
    let roots = TrustedRoots::new(vec![root]).unwrap();
    let stamp = verify(&token, &imprint(7), &roots).unwrap();
    assert_eq!(stamp.imprint, imprint(7));
    assert_eq!(stamp.policy, "1.2.3.4.1");
    assert!(verify(&token, &imprint(8), &roots).is_err());

    // The same answer to another question.
    let body = std::fs::read(folder.path().join("reply")).unwrap();
    let (client, _tasks) = start(Fixed(reply(200, "application/timestamp-reply", body))).await;
    assert_eq!(client.stamp(&imprint(7), 42).await.unwrap(), token);
    let other_nonce = client.stamp(&imprint(7), 43).await;
    let other_imprint = client.stamp(&imprint(8), 42).await;
    let is = |result: Result<_, StampError>, expected: ResponseError| match result {
        Err(StampError::Response(error)) => assert_eq!(error, expected),
        other => panic!("{other:?}"),
    };
    is(other_nonce, ResponseError::Nonce);
    is(other_imprint, ResponseError::Imprint);
}

#[tokio::test]
async fn what_is_no_answer_of_an_authority_is_refused_by_name() {
    let ask = async |reply: Reply| {
        let (client, _tasks) = start(Fixed(reply)).await;
        client.stamp(&imprint(7), 42).await.unwrap_err()
    };
    let error = ask(reply(500, "application/timestamp-reply", vec![])).await;
    assert!(
        matches!(error, StampError::Status { status: 500 }),
        "{error:?}"
    );
    let error = ask(reply(200, "text/html", vec![])).await;
    assert!(matches!(error, StampError::Type { .. }), "{error:?}");
    let error = ask(reply(
        200,
        "Application/Timestamp-Reply; a=b",
        b"junk".to_vec(),
    ))
    .await;
    assert!(matches!(error, StampError::Response(_)), "{error:?}");
    // PKIStatus 2, rejection.
    let rejection = vec![0x30, 5, 0x30, 3, 2, 1, 2];
    let error = ask(reply(200, "application/timestamp-reply", rejection)).await;
    let StampError::Response(ResponseError::Refused(_)) = error else {
        panic!("{error:?}");
    };
    let long = vec![0; 2 * MAX_TOKEN_BYTES + 1];
    let error = ask(reply(200, "application/timestamp-reply", long)).await;
    assert!(matches!(error, StampError::Http(_)), "{error:?}");
}
