//! The witnesses (见证) of a new folder: those that were named, or three for development.
//!
//! A gateway that nobody witnesses can rewrite its log unnoticed, so a new folder asks for two of three agencies unless it
//! is told otherwise. Development witnesses are folders beside the gateway's, one for each agency, as `lawgate witness
//! init` makes them; their keys are as little protected as everything else here.

use anyhow::Context as _;
use audit_proof::key::{KeyKind, VerifierKey};

use super::{NewFile, texts};
use crate::attest::keys;
use crate::cli::InitWitnesses;
use crate::config::{self, Address};
use crate::output::UsageError;
use crate::witness;

/// Names of the development witnesses: the environment bureau, the police, the justice bureau.
const NAMES: [&str; 3] = ["environment", "police", "justice"];

/// The first of the three ports that they have unless told otherwise.
const FIRST_PORT: u16 = 7481;

/// What a folder says of witnesses.
pub(super) struct Witnesses {
    /// Lines of the policy: the witnesses and their quorum.
    pub(super) lines: String,
    /// Folders of development witnesses, in the folder of the gateway.
    pub(super) folders: Vec<String>,
    /// What goes into them.
    pub(super) files: Vec<NewFile>,
    /// How many cosign, of how many; `None` when nobody has to.
    pub(super) quorum: Option<(usize, usize)>,
}

/// A witness of the policy.
struct Named {
    name: String,
    url: String,
    key: VerifierKey,
}

/// Chooses the witnesses; `log` is the key that signs checkpoints.
pub(super) fn choose(arguments: &InitWitnesses, log: &VerifierKey) -> anyhow::Result<Witnesses> {
    if arguments.no_witnesses {
        return Ok(Witnesses {
            lines: keys::NO_QUORUM.to_owned(),
            folders: Vec::new(),
            files: Vec::new(),
            quorum: None,
        });
    }
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    let named: Vec<Named> = if arguments.witnesses.is_empty() {
        let addresses = addresses(&arguments.witness_addresses)?;
        let made = NAMES.into_iter().zip(addresses).map(|(name, address)| {
            let (named, made) = development(name, &address, log)?;
            folders.push(format!("witness/{name}"));
            files.extend(made);
            Ok(named)
        });
        made.collect::<anyhow::Result<_>>()?
    } else {
        let given = arguments.witnesses.iter();
        given
            .map(|text| parse(text))
            .collect::<anyhow::Result<_>>()?
    };
    let count = named.len();
    let quorum = arguments.quorum.unwrap_or(count / 2 + 1);
    anyhow::ensure!(
        (1..=count).contains(&quorum),
        "--quorum {quorum}: expected 1 to {count}, the number of witnesses"
    );
    Ok(Witnesses {
        lines: lines(&named, quorum),
        folders,
        files,
        quorum: Some((quorum, count)),
    })
}

fn lines(named: &[Named], quorum: usize) -> String {
    let mut text = String::new();
    for witness in named {
        let Named { name, url, key } = witness;
        text.push_str(&format!("witness {name} {key} {url}\n"));
    }
    let names: Vec<&str> = named.iter().map(|witness| witness.name.as_str()).collect();
    let names = names.join(" ");
    text + &format!("group agencies {quorum} {names}\nquorum agencies\n")
}

/// Reads `NAME=URL=KEY`; a key may have equals signs, a name and a URL may not.
fn parse(text: &str) -> anyhow::Result<Named> {
    let mut parts = text.splitn(3, '=');
    let (Some(name), Some(url), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        anyhow::bail!("--witness {text}: expected NAME=URL=KEY");
    };
    let is_plain = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    anyhow::ensure!(
        is_plain(name) && is_plain(url),
        "--witness {text}: expected a name and a URL without white space"
    );
    let key = VerifierKey::parse(key)
        .with_context(|| format!("--witness {text}: the key is no verifier key"))?;
    Ok(Named {
        name: name.to_owned(),
        url: url.to_owned(),
        key,
    })
}

/// The addresses of the development witnesses.
fn addresses(given: &[String]) -> anyhow::Result<Vec<Address>> {
    if given.is_empty() {
        let ports = FIRST_PORT..FIRST_PORT + NAMES.len() as u16;
        let address = |port| Address {
            host: "127.0.0.1".to_owned(),
            port,
        };
        return Ok(ports.map(address).collect());
    }
    anyhow::ensure!(
        given.len() == NAMES.len(),
        "--witness-address: expected one for each of {}, or none",
        NAMES.join(", ")
    );
    let read = |text: &String| {
        config::parse_address(text).ok_or_else(|| UsageError::Address {
            option: "--witness-address",
            value: text.clone(),
        })
    };
    Ok(given.iter().map(read).collect::<Result<_, _>>()?)
}

/// Makes a witness with its folder.
fn development(
    name: &str,
    address: &Address,
    log: &VerifierKey,
) -> anyhow::Result<(Named, Vec<NewFile>)> {
    let long = format!("{name}.{}/witness", texts::DOMAIN);
    let made = signer::generate(KeyKind::Ed25519Cosignature, &long);
    let made = made.context("no key of a witness was made")?;
    let path = |file: &str| format!("witness/{name}/{file}");
    let log = (log.name().to_owned(), vec![log.to_string()]);
    let toml = witness::text(&long, &address.to_string(), &[log]);
    let private = made.private_text.as_str().to_owned();
    let files = vec![
        NewFile::new(&path("witness.toml"), toml, false),
        NewFile::new(&path("witness.pem"), private, true),
        NewFile::new(&path("witness.vkey"), format!("{}\n", made.key), false),
    ];
    let named = Named {
        name: name.to_owned(),
        url: format!("http://{address}"),
        key: made.key,
    };
    Ok((named, files))
}
