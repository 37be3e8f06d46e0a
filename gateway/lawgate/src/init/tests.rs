//! What `lawgate init` writes, read by those who will read it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use audit_proof::policy::Policy;

use super::*;
use crate::config::{CertificateName, ConfigError, FeedSet};

fn init(folder: &Path, address: &str, adapters: &Path) -> anyhow::Result<String> {
    init_with(folder, address, adapters, cli::InitWitnesses::default())
}

fn init_with(
    folder: &Path,
    address: &str,
    adapters: &Path,
    witnesses: cli::InitWitnesses,
) -> anyhow::Result<String> {
    let arguments = cli::Init {
        folder: folder.to_owned(),
        dev: true,
        adapters: adapters.to_owned(),
        address: address.to_owned(),
        witnesses,
    };
    let mut bytes = Vec::new();
    run(&arguments, &mut Output::new(Format::Table, &mut bytes))?;
    Ok(String::from_utf8(bytes).expect("output is UTF-8"))
}

/// Adapter folders as far as `config check` looks at them.
fn adapters(folder: &Path) -> PathBuf {
    let adapters = folder.join("adapters");
    for feed in ["region-clue", "police-case", "justice-review", "hj212"] {
        let adapter = adapters.join(feed);
        fs::create_dir_all(&adapter).expect("made");
        fs::write(adapter.join("adapter.wasm"), "\0asm").expect("written");
        fs::write(adapter.join("configuration.json"), "{}").expect("written");
        fs::write(
            adapter.join("adapter.toml"),
            format!("feed_kinds = [\"{feed}\"]"),
        )
        .expect("written");
    }
    adapters
}

#[test]
fn the_configuration_passes_its_own_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("try");
    let text = init(&target, "127.0.0.1:0", &adapters(folder.path())).expect("written");
    assert!(text.contains("for development"), "{text}");
    let config = match config::check(&target.join("lawgate.toml")) {
        Ok(config) => config,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(config.listen.address.port, 0);
    assert_eq!(config.gateway.data_dir, target.join("data"));
    let agencies: Vec<&str> = config
        .agencies
        .iter()
        .map(|agency| agency.id.as_str())
        .collect();
    assert_eq!(
        agencies,
        ["region", "police", "justice", "city-eco", "admin"],
        "the outsider is in no policy"
    );
    assert_eq!(config.adapters.administrators, ["admin"]);
    assert_eq!(config.agencies[4].read, FeedSet::Only([].into()));
    let city = &config.agencies[3];
    assert_eq!(city.submit, FeedSet::Only(["hj212".to_owned()].into()));
    assert_eq!(city.read, FeedSet::All);
    let signing = config.agencies.iter().map(|agency| agency.party_keys.len());
    assert_eq!(signing.collect::<Vec<_>>(), [1, 0, 0, 0, 0]);
    let uri = CertificateName::Uri("spiffe://lawgate.example/agency/city-eco".into());
    assert_eq!(city.certificates, [uri]);
    let feeds: Vec<&str> = config.feeds.iter().map(|feed| feed.id.as_str()).collect();
    assert_eq!(
        feeds,
        ["region-clue", "police-case", "justice-review", "hj212"]
    );
}

#[test]
fn two_of_three_agencies_have_to_cosign_unless_it_is_said_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = |name: &str, witnesses: cli::InitWitnesses| -> anyhow::Result<(String, PathBuf)> {
        let target = folder.path().join(name);
        init_with(&target, "127.0.0.1:0", Path::new("adapters"), witnesses)?;
        let policy = fs::read_to_string(target.join("data/keys/audit.policy"))?;
        Policy::parse(policy.as_bytes()).expect("a policy");
        Ok((policy, target))
    };
    let (policy, target) = made("three", cli::InitWitnesses::default()).expect("written");
    assert!(policy.contains("group agencies 2 environment police justice\nquorum agencies\n"));
    for (name, port) in [("environment", 7481), ("police", 7482), ("justice", 7483)] {
        let witness = config::load_witness(&target.join(format!("witness/{name}/witness.toml")));
        let witness = witness.expect("no faults");
        assert_eq!(witness.address.port, port);
        assert_eq!(witness.logs[0].origin, texts::ORIGIN);
        assert!(policy.contains(&format!("http://127.0.0.1:{port}\n")));
    }
    let key = policy
        .lines()
        .find(|line| line.starts_with("witness police "));
    let key = key.and_then(|line| line.split(' ').nth(2)).expect("a key");
    let named = |text: &str, quorum| cli::InitWitnesses {
        witnesses: vec![text.to_owned()],
        quorum,
        ..cli::InitWitnesses::default()
    };
    let given = format!("court=https://court.example/w={key}");
    let (policy, target) = made("one", named(&given, None)).expect("written");
    assert!(policy.contains(&format!("witness court {key} https://court.example/w\n")));
    assert!(policy.ends_with("group agencies 1 court\nquorum agencies\n"));
    assert!(!target.join("witness").exists());
    let none = cli::InitWitnesses {
        no_witnesses: true,
        ..cli::InitWitnesses::default()
    };
    let (policy, target) = made("none", none).expect("written");
    assert!(policy.ends_with("quorum none\n"));
    let text = fs::read_to_string(target.join("lawgate.toml")).expect("there");
    assert!(!text.contains("[audit.witness]"));
    for (text, quorum) in [
        ("court", None),
        ("court=https://court.example=no-key", None),
        ("=https://court.example=key", None),
        (given.as_str(), Some(2)),
        (given.as_str(), Some(0)),
    ] {
        made("refused", named(text, quorum)).expect_err("refused");
        assert!(!folder.path().join("refused").exists());
    }
}

#[test]
fn each_agency_has_a_client_file_that_leads_to_its_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    init(folder.path(), "0.0.0.0:9443", Path::new("adapters")).expect("written");
    for agency in AGENCIES {
        let client = config::load_client(&folder.path().join(format!("client/{agency}.toml")))
            .expect("no faults");
        assert_eq!(
            client.address.to_string(),
            "localhost:9443",
            "every address is reached by name"
        );
        for path in [&client.ca, &client.certificate, &client.key] {
            assert!(path.is_file(), "{} is missing", path.display());
        }
        assert!(client.certificate.ends_with(format!("pki/{agency}.pem")));
        assert_eq!(client.agency.as_deref(), Some(agency));
    }
}

#[test]
fn keys_are_readable_by_their_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    init(folder.path(), "127.0.0.1:7443", Path::new("adapters")).expect("written");
    let mut keys = 0;
    for entry in fs::read_dir(folder.path().join("pki")).expect("listed") {
        let entry = entry.expect("listed");
        if entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "key")
        {
            let mode = entry.metadata().expect("there").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", entry.path().display());
            keys += 1;
        }
    }
    // Of the authority, the server, the party, and two of the vault.
    assert_eq!(keys, 5 + AGENCIES.len());
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("client/region.toml");
    fs::create_dir_all(own.parent().expect("has one")).expect("made");
    fs::write(&own, "mine").expect("written");
    let error = init(folder.path(), "127.0.0.1:7443", Path::new("adapters")).expect_err("refused");
    assert!(
        error.to_string().contains("client/region.toml exists"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&own).expect("there"), "mine");
    assert!(
        !folder.path().join("lawgate.toml").exists(),
        "nothing else was written either"
    );
}

#[test]
fn a_second_run_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    init(folder.path(), "127.0.0.1:7443", Path::new("adapters")).expect("written");
    let before = fs::read(folder.path().join("pki/ca.key")).expect("there");
    init(folder.path(), "127.0.0.1:7443", Path::new("adapters")).expect_err("refused");
    assert_eq!(
        fs::read(folder.path().join("pki/ca.key")).expect("there"),
        before
    );
}

#[test]
fn an_address_that_is_none_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("try");
    let error = init(&target, "7443", Path::new("adapters")).expect_err("refused");
    assert_eq!(error.to_string(), "--address 7443: expected host:port");
    assert!(!target.exists());
}

#[test]
fn a_check_without_adapters_names_each_missing_one() {
    let folder = tempfile::tempdir().expect("a folder");
    init(folder.path(), "127.0.0.1:7443", Path::new("/nonexistent")).expect("written");
    let Err(ConfigError::Faults(faults)) = config::check(&folder.path().join("lawgate.toml"))
    else {
        panic!("the adapters are missing")
    };
    let keys: Vec<&str> = faults
        .faults
        .iter()
        .map(|fault| fault.key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "feed[1].adapter",
            "feed[2].adapter",
            "feed[3].adapter",
            "feed[4].adapter"
        ]
    );
}

#[test]
fn the_gateway_certificate_names_the_host_it_listens_on() {
    let address = Address {
        host: "gw.example".into(),
        port: 7443,
    };
    let pairs = pki::make(&address, std::time::Duration::from_secs(1_790_000_000)).expect("made");
    let names: Vec<&str> = pairs.iter().map(|pair| pair.name).collect();
    assert_eq!(
        names,
        [
            "ca",
            "server",
            "region",
            "police",
            "justice",
            "city-eco",
            "admin",
            "audit-01",
            "officer-01",
            "officer-02",
            "outsider"
        ]
    );
    assert_eq!(
        alternative_names(&pairs[1].certificate),
        ["localhost", "127.0.0.1", "::1", "gw.example"]
    );
    assert_eq!(
        alternative_names(&pairs[3].certificate),
        ["spiffe://lawgate.example/agency/police"]
    );
}

#[test]
fn certificates_begin_the_day_before_and_end_after_398_days() {
    let now = 1_790_000_000;
    let address = Address {
        host: "localhost".into(),
        port: 1,
    };
    for pair in pki::make(&address, std::time::Duration::from_secs(now)).expect("made") {
        let (_, pem) = x509_parser::pem::parse_x509_pem(pair.certificate.as_bytes()).expect("PEM");
        let validity = pem.parse_x509().expect("a certificate").validity().clone();
        let now = i64::try_from(now).expect("a date of this century");
        assert_eq!(
            validity.not_before.timestamp(),
            now - 86_400,
            "{}",
            pair.name
        );
        assert_eq!(
            validity.not_after.timestamp(),
            now + 398 * 86_400,
            "{}",
            pair.name
        );
    }
}

fn alternative_names(pem: &str) -> Vec<String> {
    use x509_parser::extensions::GeneralName;
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).expect("PEM");
    let certificate = pem.parse_x509().expect("a certificate");
    let extension = certificate
        .subject_alternative_name()
        .expect("parses")
        .expect("is there");
    let text = |name: &GeneralName<'_>| {
        if let GeneralName::DNSName(name) | GeneralName::URI(name) = name {
            return (*name).to_owned();
        }
        let GeneralName::IPAddress(bytes) = name else {
            panic!("{name:?} was not asked for")
        };
        match <[u8; 4]>::try_from(*bytes) {
            Ok(four) => std::net::Ipv4Addr::from(four).to_string(),
            Err(_) => {
                std::net::Ipv6Addr::from(<[u8; 16]>::try_from(*bytes).expect("4 or 16")).to_string()
            }
        }
    };
    extension.value.general_names.iter().map(text).collect()
}
