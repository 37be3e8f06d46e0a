//! What a configuration file may say, and every fault it can have.

mod attest;
mod files;
mod staff;
mod table;

use std::path::Path;
use std::time::Duration;

use super::*;

/// The smallest file without faults.
const SMALLEST: &str = r#"
[gateway]
origin = "lawgate.example/2026"
[listen]
certificate = "server.pem"
key = "server.key"
client_ca = "ca.pem"
[[agency]]
id = "police"
name = "市公安局"
kind = "police"
certificates = ["spiffe://lawgate.example/agency/police"]
[[feed]]
id = "hj212"
kind = "hj212"
adapter = "adapters/hj212"
"#;

/// A party key: the one of the worked example in docs/exchange.md.
const PARTY_KEY: &str = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";

fn parse_text(text: &str) -> Result<Config, Vec<String>> {
    parse(Path::new("lawgate.toml"), text, |_| Vec::new()).map_err(|error| match error {
        ConfigError::Faults(faults) => faults.lines().collect(),
        ConfigError::Read { .. } => unreachable!("nothing is read"),
    })
}

/// `text` has exactly these faults, in this order.
fn check_faults(text: &str, expected: &[&str]) {
    let found = parse_text(text)
        .map(|_| ())
        .expect_err("the file has faults");
    assert_eq!(found, expected);
}

/// The smallest file with `line` added to `table` has exactly this fault.
fn check_line(table: &str, line: &str, expected: &str) {
    let header = format!("[{table}]\n");
    let text = if SMALLEST.contains(&header) {
        SMALLEST.replacen(&header, &format!("{header}{line}\n"), 1)
    } else {
        format!("{SMALLEST}{header}{line}\n")
    };
    let found = parse_text(&text)
        .map(|_| ())
        .expect_err("the file has a fault");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].contains(expected),
        "{} does not say {expected:?}",
        found[0]
    );
}

#[test]
fn the_smallest_file_takes_every_default() {
    let config = parse_text(SMALLEST).expect("no faults");
    assert_eq!(config.gateway.data_dir, Path::new("data"));
    assert_eq!(config.gateway.name, "lawgate");
    assert_eq!(config.listen.address.to_string(), "127.0.0.1:7443");
    assert_eq!(config.listen.handshake_timeout, Duration::from_secs(5));
    assert_eq!(
        (
            config.listen.max_connections,
            config.listen.max_streams_per_connection
        ),
        (1024, 64)
    );
    assert_eq!(config.listen.drain_timeout, Duration::from_secs(10));
    let limits = Limits {
        submission_bytes: 4 << 20,
        submission_messages: 4096,
        in_flight_submissions: 256,
        in_flight_bytes: 64 << 20,
        page_size: 1000,
        request_deadline: Duration::from_secs(30),
    };
    assert_eq!(config.limits, limits);
    assert_eq!(config.audit, attest::defaults());
    assert_eq!(
        config.evidence,
        Evidence {
            segment_bytes: 256 << 20,
            queue_bytes: 256 << 20,
            statement_font: None,
        }
    );
    assert_eq!(
        config.index,
        Index {
            batch_rows: 10_000,
            wait: Duration::from_secs(5)
        }
    );
    let sandbox = Sandbox {
        memory_bytes: 64 << 20,
        deadline: Duration::from_secs(2),
        tick: Duration::from_millis(5),
        output_bytes: 32 << 20,
        log_lines: 1000,
        stack_bytes: 512 << 10,
        workers: 0,
        component_bytes: 32 << 20,
        compile_deadline: Duration::from_secs(60),
        compile_memory_bytes: 2048 << 20,
        compiler: None,
    };
    assert_eq!(config.sandbox, sandbox);
    assert_eq!(
        config.log,
        Logging {
            level: "info".into(),
            format: LogFormat::Text
        }
    );
    let agency = &config.agencies[0];
    assert_eq!(
        (&agency.submit, &agency.read),
        (&FeedSet::Only([].into()), &FeedSet::Only([].into()))
    );
    assert!(
        agency.party_keys.is_empty() && !agency.must_sign,
        "signing is agreed, not assumed"
    );
    assert!(agency.personal.is_empty(), "nothing is unmasked by default");
    assert_eq!(
        (
            &config.feeds[0].configuration,
            config.feeds[0].component_sha256
        ),
        (&None, None)
    );
}

#[test]
fn written_values_take_the_place_of_defaults() {
    let digest = "0f".repeat(32);
    let text = SMALLEST
        .replace("[listen]\n", "[listen]\naddress = \"[::1]:0\"\n")
        .replace("agency/police\"]\n", &format!("agency/police\", \"sha256:{digest}\"]\nsubmit = [\"hj212\"]\nread = [\"*\"]\npersonal = [\"P\", \"S\", \"J\", \"R\"]\nparty_keys = [\"{PARTY_KEY}\"]\nmust_sign = true\n"))
        .replace("adapters/hj212\"\n", &format!("/opt/hj212\"\nconfiguration = \"own.json\"\ncomponent_sha256 = \"{digest}\"\n"))
        + "[sandbox]\nworkers = 0x4\n[log]\nlevel = \"debug\"\nformat = \"json\"\n";
    let config = parse(Path::new("/etc/lawgate/lawgate.toml"), &text, |_| {
        Vec::new()
    })
    .expect("no faults");
    assert_eq!(
        config.listen.address,
        Address {
            host: "::1".into(),
            port: 0
        }
    );
    assert_eq!(config.listen.address.to_string(), "[::1]:0");
    let agency = &config.agencies[0];
    let uri = CertificateName::Uri("spiffe://lawgate.example/agency/police".into());
    assert_eq!(
        agency.certificates,
        [uri, CertificateName::Sha256([15; 32])]
    );
    assert_eq!(agency.submit, FeedSet::Only(["hj212".to_owned()].into()));
    assert_eq!(agency.read, FeedSet::All);
    let ids: Vec<String> = agency
        .party_keys
        .iter()
        .map(|key| key.id().to_string())
        .collect();
    assert_eq!(ids, ["56475aa75463474c"]);
    assert!(agency.must_sign);
    let every = [
        PersonalClass::Personal,
        PersonalClass::Sensitive,
        PersonalClass::CriminalProcedure,
        PersonalClass::Reporter,
    ];
    assert_eq!(agency.personal, every.into());
    let feed = &config.feeds[0];
    assert_eq!(
        feed.adapter,
        Some(Path::new("/opt/hj212").to_owned()),
        "an absolute path stays"
    );
    assert_eq!(
        feed.configuration.as_deref(),
        Some(Path::new("/etc/lawgate/own.json"))
    );
    assert_eq!(feed.component_sha256, Some([15; 32]));
    assert_eq!(config.listen.key, Path::new("/etc/lawgate/server.key"));
    assert_eq!(config.sandbox.workers, 4);
    assert_eq!(
        (config.log.level.as_str(), config.log.format),
        ("debug", LogFormat::Json)
    );
}

#[test]
fn ten_different_faults_are_reported_at_once_with_their_lines() {
    let text = r#"
[gateway]
origin = "lawgate example"
[listen]
address = "nowhere"
certificate = 7
client_ca = "ca.pem"
colour = "red"
[limits]
page_size = 5000
in_flight_bytes = 2048
[[agency]]
id = "police"
name = "市公安局"
kind = "army"
certificates = ["spiffe://lawgate.example/agency/police"]
submit = ["hj2l2"]
[[agency]]
id = "police"
name = "again"
kind = "police"
certificates = ["spiffe://lawgate.example/agency/police"]
personal = ["X"]
[[feed]]
id = "hj212"
kind = "hj212"
adapter = "adapters/hj212"
[telemetry]
"#;
    check_faults(
        text,
        &[
            "lawgate.toml:3: gateway.origin: \"lawgate example\" is not allowed, expected 1 to 255 bytes without spaces, control characters and +",
            "lawgate.toml:4: listen.key: missing, expected the path of a PEM file with a private key",
            "lawgate.toml:5: listen.address: \"nowhere\" is not allowed, expected host:port, for example 127.0.0.1:7443 or [::1]:7443",
            "lawgate.toml:6: listen.certificate: is a whole number, expected the path of a PEM file with certificates",
            "lawgate.toml:8: listen.colour: unknown key, expected address, certificate, key, client_ca, handshake_timeout_ms, max_connections, max_streams_per_connection, drain_timeout_ms",
            "lawgate.toml:10: limits.page_size: 5000 is not allowed, expected a whole number from 1 to 1000 (records)",
            "lawgate.toml:11: limits.in_flight_bytes: 2048 contradicts limits.submission_bytes = 4194304, expected at least as much",
            "lawgate.toml:15: agency[1].kind: \"army\" is not allowed, expected one of region, police, justice, city-eco, enterprise, public",
            "lawgate.toml:17: agency[1].submit: there is no [[feed]] with id \"hj2l2\", expected one of hj212",
            "lawgate.toml:19: agency[2].id: \"police\" stands already in line 13, expected each only once",
            "lawgate.toml:22: agency[2].certificates: \"spiffe://lawgate.example/agency/police\" stands already in line 16, expected each only once",
            "lawgate.toml:23: agency[2].personal: \"X\" is not allowed, expected a list of P, S, J, R",
            "lawgate.toml:28: telemetry: unknown key, expected gateway, listen, limits, audit, evidence, vault, index, sandbox, adapters, metrics, agency, staff, calendar, feed, log",
        ],
    );
}

#[test]
fn an_empty_file_misses_what_has_no_default() {
    let found = parse_text("").map(|_| ()).expect_err("much is missing");
    let keys: Vec<&str> = found
        .iter()
        .map(|line| line.split(": ").nth(1).expect("a key"))
        .collect();
    let expected = [
        "gateway.origin",
        "listen.certificate",
        "listen.key",
        "listen.client_ca",
        "agency",
        "feed",
    ];
    assert_eq!(keys, expected);
    assert!(
        found.iter().all(|line| line.starts_with("lawgate.toml: ")),
        "no line to name: {found:#?}"
    );
}

#[test]
fn faults_of_the_syntax_are_reported_without_what_they_hide() {
    let found = parse_text("[gateway\norigin = \"x y\"\n[listen]\naddress = = 3\n")
        .map(|_| ())
        .expect_err("no TOML");
    assert!(
        found
            .iter()
            .filter(|line| line.ends_with("expected TOML 1.0"))
            .count()
            >= 2,
        "{found:#?}"
    );
    assert!(found[0].starts_with("lawgate.toml:1: "), "{found:#?}");
    assert!(
        !found.iter().any(|line| line.contains("missing")),
        "what is missing is not known: {found:#?}"
    );
}

#[test]
fn a_key_written_twice_is_a_fault() {
    let found = parse_text(&SMALLEST.replace("key = ", "key = \"a\"\nkey = "))
        .map(|_| ())
        .expect_err("twice");
    assert!(
        found[0].contains("duplicate key") && found[0].starts_with("lawgate.toml:7: "),
        "{found:#?}"
    );
}

#[test]
fn single_faults() {
    let cases = [
        (
            "limits",
            "submission_messages = 0",
            "0 is not allowed, expected a whole number from 1 to 65536",
        ),
        ("limits", "page_size = -1", "-1 is not allowed"),
        (
            "limits",
            "page_size = 99999999999999999999999",
            "99999999999999999999999 is not allowed",
        ),
        ("limits", "page_size = 1.5", "is a number with a fraction"),
        ("limits", "page_size = \"1\"", "is a text"),
        ("limits", "page_size = true", "is true or false"),
        ("limits", "page_size = 2026-11-23", "is a date or time"),
        ("limits", "page_size = [1]", "is a list"),
        ("limits", "page_size = {}", "is a table"),
    ];
    for (table, line, expected) in cases {
        check_line(table, line, expected);
    }
}

#[test]
fn values_that_contradict_each_other_are_faults() {
    let cases = [
        (
            "sandbox",
            "tick_ms = 1000\ndeadline_ms = 10",
            "sandbox.deadline_ms: 10 contradicts sandbox.tick_ms = 1000",
        ),
        (
            "limits",
            "request_deadline_ms = 3999",
            "limits.request_deadline_ms: 3999 contradicts sandbox.deadline_ms = 2000, expected at least 2 times as much",
        ),
        (
            "sandbox",
            "deadline_ms = 15001",
            "sandbox.deadline_ms: 15001 contradicts limits.request_deadline_ms = 30000, expected at most 1/2 as much",
        ),
        (
            "sandbox",
            "memory_mib = 2",
            "sandbox.memory_mib: 2 contradicts limits.submission_bytes = 4194304",
        ),
        (
            "limits",
            "submission_bytes = 100_000_000",
            "limits.submission_bytes: 100000000 contradicts",
        ),
        (
            "log",
            "level = \"loud\"",
            "expected one of error, warn, info, debug, trace",
        ),
        (
            "[agency]",
            "submit = [\"*\", \"hj212\"]",
            "agency[1].submit: \"*\" contradicts the feeds named beside it",
        ),
        (
            "[agency]",
            "read = \"*\"",
            "agency[1].read: is a text, expected a list",
        ),
        (
            "[agency]",
            "read = [\"hj212\", \"hj212\"]",
            "\"hj212\" stands already in line",
        ),
        (
            "[agency]",
            "must_sign = true",
            "agency[1].must_sign: true contradicts agency[1].party_keys = [], expected at least one key there",
        ),
        (
            "[agency]",
            "must_sign = \"yes\"",
            "agency[1].must_sign: is a text, expected true or false",
        ),
        (
            "[agency]",
            "party_keys = [\"x\"]",
            "agency[1].party_keys: \"x\" is not allowed, expected a list, each an Ed25519 public key",
        ),
        (
            "[feed]",
            "component_sha256 = \"abc\"",
            "feed[1].component_sha256: \"abc\" is not allowed, expected 64 hex digits",
        ),
    ];
    for (table, line, expected) in cases {
        if expected.starts_with("limits.submission_bytes") {
            // The largest submission contradicts three limits at once; each is named.
            let text = format!("{SMALLEST}[limits]\n{line}\n");
            let found = parse_text(&text).map(|_| ()).expect_err("too large");
            assert!(
                found.iter().all(|fault| fault.contains(expected)) && found.len() == 2,
                "{found:#?}"
            );
        } else {
            check_line(table, line, expected);
        }
    }
}

#[test]
fn an_agency_needs_a_certificate() {
    let text = SMALLEST.replace("[\"spiffe://lawgate.example/agency/police\"]", "[]");
    check_faults(
        &text,
        &[
            "lawgate.toml:12: agency[1].certificates: the empty list is not allowed, expected a list, each a URI of the certificate such as spiffe://lawgate.example/agency/police, or sha256: and 64 hex digits",
        ],
    );
}

#[test]
fn a_digest_is_the_same_certificate_in_either_case() {
    let lower = format!("certificates = [\"sha256:{}\"]", "ab".repeat(32));
    let upper = lower
        .to_uppercase()
        .replace("CERTIFICATES", "certificates")
        .replace("SHA256", "sha256");
    let own = "certificates = [\"spiffe://lawgate.example/agency/police\"]";
    let second = format!("[[agency]]\nid = \"x\"\nname = \"x\"\nkind = \"public\"\n{upper}\n");
    let found = parse_text(&(SMALLEST.replace(own, &lower) + &second))
        .map(|_| ())
        .expect_err("the same");
    assert!(
        found.len() == 1 && found[0].contains("agency[2].certificates"),
        "{found:#?}"
    );
}

#[test]
fn a_party_key_belongs_to_one_agency_however_it_is_written() {
    let own = "certificates = [\"spiffe://lawgate.example/agency/police\"]";
    let with_key = format!("{own}\nparty_keys = [\"{PARTY_KEY}\"]");
    let second = format!(
        "[[agency]]\nid = \"x\"\nname = \"x\"\nkind = \"public\"\ncertificates = [\"spiffe://x/x\"]\nparty_keys = [\"{}\"]\n",
        "region.example/party+751f4506+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    );
    let found = parse_text(&(SMALLEST.replace(own, &with_key) + &second))
        .map(|_| ())
        .expect_err("the same");
    assert!(
        found.len() == 1 && found[0].contains("agency[2].party_keys"),
        "{found:#?}"
    );
}

#[test]
fn tables_in_place_of_repeated_tables_are_faults() {
    let found = parse_text(&SMALLEST.replace("[[feed]]", "[feed]"))
        .map(|_| ())
        .expect_err("one table");
    assert_eq!(
        found,
        ["lawgate.toml:13: feed: is a table, expected tables [[feed]]"]
    );
    let found = parse_text(&SMALLEST.replace("[gateway]", "[[gateway]]"))
        .map(|_| ())
        .expect_err("a list");
    assert_eq!(
        found,
        ["lawgate.toml:2: gateway: is a list, expected a table [gateway]"]
    );
    let found = parse_text(
        &("agency = [1]\n".to_owned() + &SMALLEST[..SMALLEST.find("[[agency").expect("there")]),
    );
    let found = found.map(|_| ()).expect_err("a number");
    assert!(
        found[0].contains("agency[1]: is a whole number, expected tables [[agency]]"),
        "{found:#?}"
    );
}
