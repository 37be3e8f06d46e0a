//! A time-stamping authority that OpenSSL plays: a root certificate, its own certificate, and answers.

use std::{fs, path::Path, process::Command};

use audit_proof::{
    suite::Suite,
    timestamp::{Imprint, ImprintAlgorithm, request},
};

const CONFIG: &str = "[req]\ndistinguished_name=dn\n[dn]\n\
    [ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n\
    [ts]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
    extendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\n\
    [tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\n\
    default_policy=1.2.3\ndigests=sha256,sm3\naccuracy=secs:1\ness_cert_id_alg=sha256\n";

/// Whether there is an OpenSSL; says so when there is none.
pub(crate) fn has_openssl() -> bool {
    let found = Command::new("openssl").arg("version").output().is_ok();
    if !found {
        println!("passed over: openssl is not installed");
    }
    found
}

/// Makes the authority in a new folder; its root certificate is `root.pem`. `false` when there is no OpenSSL.
pub(crate) fn make(folder: &Path) -> bool {
    if !has_openssl() {
        return false;
    }
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("cnf"), CONFIG).unwrap();
    fs::write(folder.join("serial"), "01\n").unwrap();
    for name in ["root", "tsa"] {
        let curve = "ec_paramgen_curve:P-256";
        openssl(
            folder,
            &format!("genpkey -algorithm EC -pkeyopt {curve} -out {name}.key"),
        );
    }
    for arguments in [
        "req -x509 -new -config cnf -extensions ca -days 3650 -subj /CN=Root -key root.key -out root.pem",
        "req -new -config cnf -subj /CN=Authority -key tsa.key -out request.pem",
        "x509 -req -in request.pem -CA root.pem -CAkey root.key -CAcreateserial -days 3650 -extfile cnf -extensions ts \
         -out tsa.pem",
    ] {
        openssl(folder, arguments);
    }
    true
}

/// The two forms in which a stamp is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The authority's answer (RFC 3161 `TimeStampResp`).
    Answer,
    /// The token in it.
    Token,
}

/// Returns what the authority gives for our request over `text`.
pub(crate) fn stamp(folder: &Path, text: &str, form: Form) -> Vec<u8> {
    let imprint = Imprint {
        algorithm: ImprintAlgorithm::Sha256,
        digest: Suite::Sha256.hash(text.as_bytes()),
    };
    fs::write(folder.join("request.tsq"), request(&imprint, 7)).unwrap();
    let bare = match form {
        Form::Answer => "",
        Form::Token => "-token_out",
    };
    openssl(
        folder,
        &format!("ts -reply -config cnf -section t -queryfile request.tsq -out answer.tsr {bare}"),
    );
    fs::read(folder.join("answer.tsr")).unwrap()
}

/// Runs a command of OpenSSL that has to succeed.
fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    command.args(arguments.split_whitespace());
    let output = command.current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {said}");
}
