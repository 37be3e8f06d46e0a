//! `lawgate witness`: a witness (见证) as a process of its own, at another agency.
//!
//! Wires `log-http`'s witness to files, keys and the clock. What it cosigns and what it refuses is decided there.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::net::ToSocketAddrs as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use audit_log::Clock as _;
use audit_log::publish::TWIN_ORIGIN_SUFFIX;
use audit_proof::key::KeyKind;
use audit_proof::receipt::RECEIPT_KEY_SUFFIX;
use audit_proof::signer::Signer;
use exchange::entry::KeyPurpose;
use log_http::http::ServerTls;
use log_http::witness::{
    FolderState, WITNESS_LIMITS, Witness, WitnessConfig, WitnessedLog, serve_witness,
};
use tokio::net::TcpListener;

use crate::attest;
use crate::attest::keys::{self, WantedKey};
use crate::cli::{self, WitnessCommand, WitnessInit};
use crate::config::{self, KeyPlace, Logging, WitnessFile};
use crate::logging;
use crate::output::{Ending, Output, UsageError};
use crate::serve::{announce, stop_signal};
use crate::wiring::SystemClock;

/// Is a witness, or prepares to be one.
///
/// # Errors
/// Files that cannot be read or written, an address that cannot be bound.
pub(crate) fn run(arguments: &cli::Witness, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    match &arguments.command {
        Some(WitnessCommand::Init(arguments)) => init(arguments, output),
        None => {
            let file = config::load_witness(&arguments.config)?;
            logging::start(&Logging {
                level: "info".to_owned(),
                format: config::LogFormat::Text,
            });
            tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .context("starting the runtime")?
                .block_on(serve(file))?;
            Ok(Ending::Done)
        }
    }
}

async fn serve(file: WitnessFile) -> anyhow::Result<()> {
    let signers = signers(&file)?;
    let logs = file.logs.into_iter().map(|log| WitnessedLog {
        origin: log.origin,
        keys: log.keys,
        suite: log.suite,
    });
    let state = FolderState::open(&file.state)?;
    let witness = Witness::new(logs.collect(), signers, Arc::new(state))?;
    let config = WitnessConfig {
        witness: Arc::new(witness),
        now_s: Arc::new(|| SystemClock.now_ns() / 1_000_000_000),
        tls: file
            .certificate
            .map(|(certificate, key)| ServerTls { certificate, key }),
        limits: WITNESS_LIMITS,
    };
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let address = (file.address.host.as_str(), file.address.port)
        .to_socket_addrs()
        .with_context(|| format!("resolving {}", file.address))?
        .next()
        .with_context(|| format!("{} has no address", file.address))?;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("listening on {}", file.address))?;
    let bound = listener.local_addr().context("the address bound")?;
    let stop = stop_signal()?;
    announce(&format!(
        "lawgate {} witness {} at {scheme}://{bound}",
        env!("CARGO_PKG_VERSION"),
        file.name
    ));
    serve_witness(config, listener, stop).await?;
    Ok(())
}

fn signers(file: &WitnessFile) -> anyhow::Result<Vec<Arc<dyn Signer>>> {
    let ed25519 = std::iter::once((&file.key, KeyKind::Ed25519Cosignature));
    let ml_dsa = file.ml_dsa_key.iter();
    let ml_dsa = ml_dsa.map(|path| (path, KeyKind::MlDsa44Cosignature));
    let load = |(path, kind): (&std::path::PathBuf, KeyKind)| {
        let wanted = WantedKey {
            place: KeyPlace::File(path.clone()),
            name: file.name.clone(),
            kind,
            purpose: KeyPurpose::Log,
        };
        keys::load(&wanted, None)
    };
    ed25519.chain(ml_dsa).map(load).collect()
}

fn init(arguments: &WitnessInit, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let address = config::parse_address(&arguments.address).ok_or_else(|| UsageError::Address {
        option: "--address",
        value: arguments.address.clone(),
    })?;
    let policy = attest::read_policy(&arguments.policy)?;
    let mut logs: Vec<(String, Vec<String>)> = Vec::new();
    for log in policy.logs() {
        let (name, key) = (log.key.name().to_owned(), log.key.to_string());
        // Receipts are nothing that is witnessed.
        if name.ends_with(RECEIPT_KEY_SUFFIX) {
            continue;
        }
        match logs.iter_mut().find(|(origin, _)| *origin == name) {
            Some((_, keys)) => keys.push(key),
            None => logs.push((name, vec![key])),
        }
    }
    let file = text(&arguments.name, &address.to_string(), &logs);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&arguments.folder)
        .with_context(|| format!("folder {} cannot be made", arguments.folder.display()))?;
    write_new(&arguments.folder.join("witness.toml"), &file)?;
    let path = arguments.folder.join("witness.pem");
    let wanted = WantedKey {
        place: KeyPlace::File(path.clone()),
        name: arguments.name.clone(),
        kind: KeyKind::Ed25519Cosignature,
        purpose: KeyPurpose::Log,
    };
    let key = keys::make(&path, &wanted)?;
    let short = arguments.name.split(['.', '/']).next().unwrap_or("witness");
    output.line("Line for the policy of the log:")?;
    output.line(&format!("witness {short} {key} http://{address}"))?;
    Ok(Ending::Done)
}

/// The configuration of a witness that watches these logs.
pub(crate) fn text(name: &str, address: &str, logs: &[(String, Vec<String>)]) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut text = format!(
        "# A witness of audit logs. Every key: `lawgate config reference`.\n\n[witness]\nname = {}\naddress = {}\n",
        quoted(name),
        quoted(address)
    );
    for (origin, keys) in logs {
        let keys: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
        let tree = if origin.ends_with(TWIN_ORIGIN_SUFFIX) {
            "tree = \"sm3\"\n"
        } else {
            ""
        };
        text.push_str(&format!(
            "\n[[log]]\norigin = {}\nkeys = [{}]\n{tree}",
            quoted(origin),
            keys.join(", ")
        ));
    }
    text
}

fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("{} cannot be written", path.display()))
}
