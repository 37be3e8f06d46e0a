//! An authority made with OpenSSL, asked over HTTP, and authorities that answer with something else.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use audit_proof::timestamp::{
    Imprint, ImprintAlgorithm, MAX_TOKEN_BYTES, ResponseError, TrustedRoots, verify,
};
use log_http::http::{BaseUrl, Caching, Reply, Request, Service, serve};
use log_http::serve::LOG_LIMITS;
use log_http::stamp::{StampClient, StampError};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::parties::plain_client;

const CONFIGURATION: &str = "\
[tsa]
default_tsa = one
[one]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[stamping]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
";

/// An authority whose files lie in a folder.
struct Authority {
    folder: PathBuf,
}

impl Authority {
    /// Makes root and certificate; `None` where there is no OpenSSL.
    fn make(folder: &Path) -> Option<Self> {
        let authority = Self {
            folder: folder.to_owned(),
        };
        let is_there = Command::new("openssl").arg("version").output().is_ok();
        if !is_there {
            return None;
        }
        std::fs::write(folder.join("openssl.cnf"), CONFIGURATION).unwrap();
        std::fs::write(folder.join("serial"), "01\n").unwrap();
        authority.openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 9 -subj /CN=root -config openssl.cnf -extensions authority");
        authority.openssl("x509 -in ca.pem -outform DER -out ca.der");
        authority.openssl("req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa -config openssl.cnf");
        authority.openssl("x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 9 -extfile openssl.cnf -extensions stamping");
        Some(authority)
    }

    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(&self.folder)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments}: {said}");
    }
}

impl Service for Authority {
    fn answer(&self, request: &Request) -> Reply {
        std::fs::write(self.folder.join("query"), &request.body).unwrap();
        self.openssl("ts -reply -queryfile query -signer tsa.pem -inkey tsa.key -config openssl.cnf -out reply");
        reply(
            200,
            "application/timestamp-reply",
            std::fs::read(self.folder.join("reply")).unwrap(),
        )
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
    let Some(authority) = Authority::make(folder.path()) else {
        eprintln!("skipped: openssl is missing");
        return;
    };
    let (client, _tasks) = start(authority).await;
    let token = client.stamp(&imprint(7), 42).await.unwrap();
    let root = std::fs::read(folder.path().join("ca.der")).unwrap();
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
