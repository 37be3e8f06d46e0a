//! Timestamps of an authority that OpenSSL makes, served by a few lines of HTTP.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use super::*;

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

fn openssl(folder: &Path, arguments: &str) -> anyhow::Result<()> {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()?;
    ensure!(output.status.success(), "{arguments}: {}", text(&output));
    Ok(())
}

/// Makes root and certificate of an authority.
fn make(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("openssl.cnf"), CONFIGURATION)?;
    fs::write(folder.join("serial"), "01\n")?;
    openssl(
        folder,
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 9 -subj /CN=root -config openssl.cnf -extensions authority",
    )?;
    openssl(
        folder,
        "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa -config openssl.cnf",
    )?;
    openssl(
        folder,
        "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 9 -extfile openssl.cnf -extensions stamping",
    )
}

/// Answers one query.
fn answer(stream: &mut TcpStream, folder: &Path) -> anyhow::Result<()> {
    let mut received = Vec::new();
    let (head, length) = loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer)?;
        ensure!(read > 0, "the query ended early");
        received.extend_from_slice(&buffer[..read]);
        let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&received[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .context("no length")?;
        break (end + 4, length.trim().parse::<usize>()?);
    };
    while received.len() < head + length {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer)?;
        ensure!(read > 0, "the query ended early");
        received.extend_from_slice(&buffer[..read]);
    }
    fs::write(folder.join("query"), &received[head..])?;
    openssl(
        folder,
        "ts -reply -queryfile query -signer tsa.pem -inkey tsa.key -config openssl.cnf -out reply",
    )?;
    let reply = fs::read(folder.join("reply"))?;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        reply.len()
    );
    stream.write_all(head.as_bytes())?;
    Ok(stream.write_all(&reply)?)
}

#[test]
fn a_checkpoint_is_stamped_and_the_token_verifies_with_openssl() {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("skipped: openssl is missing");
        return;
    }
    let site = Site::new().expect("sets up");
    let folder = site.folder().join("tsa");
    make(&folder).expect("made");
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = listener.local_addr().expect("bound");
    let served = folder.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let answered = stream
                .map_err(Into::into)
                .and_then(|mut stream| answer(&mut stream, &served));
            if let Err(error) = answered {
                println!("the authority failed: {error:#}");
            }
        }
    });
    site.set("audit.timestamp", "interval_s = 1")
        .expect("written");
    site.set("audit.timestamp", "roots = \"tsa/ca.pem\"")
        .expect("written");
    let url = format!("url = \"http://{address}/\"");
    site.set("audit.timestamp", &url).expect("written");
    let gateway = site.start().expect("starts");
    submit(&gateway, 0).expect("submits");
    let tokens = site.audit().join("tiles/tokens");
    let first = wait_for(|| {
        let Ok(mut listing) = fs::read_dir(&tokens) else {
            return Ok(None);
        };
        let path = listing.find_map(|entry| {
            let path = entry.ok()?.path();
            path.extension()
                .is_some_and(|ending| ending == "tsr")
                .then_some(path)
        });
        Ok(path)
    });
    let token = first.expect("stamped");
    let log = gateway.log();
    wait_for(|| {
        let listed = site.lawgate(&[
            "audit",
            "list",
            "--log",
            "data/audit",
            "--event",
            "log.timestamp",
        ])?;
        Ok(text(&listed).contains("stamped").then_some(()))
    })
    .expect("the token is an entry");
    gateway.stop().expect("stops");
    let size = token
        .file_stem()
        .and_then(|stem| stem.to_str())
        .expect("a size");
    let note = fs::read_to_string(site.audit().join("tiles/checkpoints").join(size));
    let note = note.expect("the checkpoint is kept");
    let (text, _) = note.split_once("\n\n").expect("text and signatures");
    fs::write(folder.join("text"), format!("{text}\n")).expect("written");
    fs::copy(&token, folder.join("token")).expect("copies");
    openssl(
        &folder,
        "ts -verify -data text -in token -token_in -CAfile ca.pem",
    )
    .unwrap_or_else(|error| panic!("{error:#}\n{log}"));
    site.verify().expect("the log verifies");
}
