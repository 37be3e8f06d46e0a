//! Rules of texts in the configuration: names, addresses, certificate names.
//!
//! Pure predicates with their wording. `build` relies on them: what a rule let
//! through parses.

use audit_log::party::PartyKey;
use audit_proof::key::VerifierKey;

use super::key::Rule;

/// Name of an agency, feed or kind.
pub(crate) static IDENTIFIER: Rule = Rule {
    expected: "1 to 64 of a-z, 0-9 and -, beginning with a letter or digit",
    holds: is_identifier,
};

/// A feed's name, or every feed.
pub(crate) static FEED_OR_ALL: Rule = Rule {
    expected: "the id of a feed, or \"*\" for every feed",
    holds: |text| text == "*" || is_identifier(text),
};

/// Name for people.
pub(crate) static NAME: Rule = Rule {
    expected: "1 to 200 characters without control characters",
    holds: |text| (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control),
};

/// Name of a log: what C2SP signed-note allows as a key name, and not longer than the log takes.
pub(crate) static ORIGIN: Rule = Rule {
    expected: "1 to 255 bytes without spaces, control characters and +",
    holds: |text| {
        (1..=255).contains(&text.len())
            && !text
                .chars()
                .any(|letter| letter.is_whitespace() || letter.is_control() || letter == '+')
    },
};

/// Host and port.
pub(crate) static ADDRESS: Rule = Rule {
    expected: "host:port, for example 127.0.0.1:7443 or [::1]:7443",
    holds: |text| host_and_port(text).is_some(),
};

/// Host and port that only this machine reaches.
pub(crate) static OWN_ADDRESS: Rule = Rule {
    expected: "host:port of this machine alone, for example 127.0.0.1:9464 or [::1]:9464",
    holds: |text| {
        let is_own = |host: &str| {
            let address = host.parse::<std::net::IpAddr>();
            host == "localhost" || address.is_ok_and(|address| address.is_loopback())
        };
        host_and_port(text).is_some_and(|(host, _)| is_own(&host))
    },
};

/// Name of a host as a certificate states it.
pub(crate) static HOST: Rule = Rule {
    expected: "a host name or an IP address without a port",
    holds: is_host,
};

/// How a client certificate is recognised.
pub(crate) static CERTIFICATE_NAME: Rule = Rule {
    expected: "a URI of the certificate such as spiffe://lawgate.example/agency/police, or sha256: and 64 hex digits",
    holds: |text| match text.strip_prefix("sha256:") {
        Some(digest) => sha256(digest).is_some(),
        None => is_uri(text),
    },
};

/// Public key an agency signs with.
pub(crate) static PARTY_KEY: Rule = Rule {
    expected: "an Ed25519 public key: base64 of its 32 bytes, or a verifier key such as name+0123abcd+base64",
    holds: |text| PartyKey::parse(text).is_ok(),
};

/// A key file, or a key in a token.
pub(crate) static KEY_PLACE: Rule = Rule {
    expected: "the path of a key file, or pkcs11: and the label of a key",
    holds: |text| !matches!(text, "" | "pkcs11:"),
};

/// A key file.
pub(crate) static KEY_FILE: Rule = Rule {
    expected: "the path of a key file",
    holds: |text| !text.is_empty() && !text.starts_with("pkcs11:"),
};

/// Public key of a log.
pub(crate) static VERIFIER_KEY: Rule = Rule {
    expected: "a verifier key (C2SP signed-note), such as name+0123abcd+base64",
    holds: |text| VerifierKey::parse(text).is_ok(),
};

/// Where a service of HTTP is reached.
pub(crate) static HTTP_URL: Rule = Rule {
    expected: "an http or https URL without user, query and fragment",
    holds: |text| log_http::http::BaseUrl::parse(text).is_ok(),
};

/// A SHA-256 digest.
pub(crate) static SHA256: Rule = Rule {
    expected: "64 hex digits (SHA-256)",
    holds: |text| sha256(text).is_some(),
};

/// Splits `host:port`; an IPv6 address stands in brackets, which are taken off.
pub(crate) fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port
        .bytes()
        .all(|digit| digit.is_ascii_digit())
        .then(|| port.parse().ok())??;
    let host = match host.strip_prefix('[') {
        Some(rest) => {
            let inner = rest.strip_suffix(']')?;
            inner.parse::<std::net::Ipv6Addr>().ok()?;
            inner
        }
        None if host.contains(':') => return None,
        None => host,
    };
    is_host(host).then(|| (host.to_owned(), port))
}

/// Reads 64 hex digits.
pub(crate) fn sha256(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut digest = [0; 32];
    for (index, byte) in digest.iter_mut().enumerate() {
        let pair = &text[2 * index..2 * index + 2];
        // from_str_radix would take a sign for a digit.
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(digest)
}

fn is_identifier(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn is_host(text: &str) -> bool {
    let name = |text: &str| {
        text.len() <= 253
            && text.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            })
    };
    text.parse::<std::net::IpAddr>().is_ok() || name(text)
}

fn is_uri(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            && !rest.is_empty()
            && rest.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &Rule, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!((rule.holds)(text), "{text:?} is {}", rule.expected);
        }
        for text in bad {
            assert!(!(rule.holds)(text), "{text:?} is not {}", rule.expected);
        }
    }

    #[test]
    fn identifiers_are_short_lower_case_words() {
        let long = "a".repeat(65);
        check(
            &IDENTIFIER,
            &["hj212", "city-eco", "0", &long[..64]],
            &["", "-a", "City", "a_b", "公安", "*", &long],
        );
    }

    #[test]
    fn a_star_is_every_feed() {
        check(&FEED_OR_ALL, &["*", "hj212"], &["**", "", "hj*"]);
    }

    #[test]
    fn an_origin_has_no_space_and_no_plus() {
        check(
            &ORIGIN,
            &["lawgate.baotou.example/2026", "包头"],
            &["", "a b", "a+b", "a\u{3000}b", "a\n", &"包".repeat(86)],
        );
    }

    #[test]
    fn an_own_address_is_one_that_only_this_machine_reaches() {
        check(
            &OWN_ADDRESS,
            &["127.0.0.1:9464", "localhost:0", "[::1]:9464", "127.8.0.1:1"],
            &[
                "0.0.0.0:9464",
                "[::]:9464",
                "192.0.2.1:9464",
                "gw.example:1",
                "9464",
            ],
        );
    }

    #[test]
    fn an_address_is_host_and_port() {
        check(
            &ADDRESS,
            &[
                "127.0.0.1:7443",
                "localhost:0",
                "[::1]:7443",
                "gw.example:65535",
            ],
            &[
                "",
                "7443",
                "localhost",
                "localhost:",
                "localhost:65536",
                "::1:7443",
                "[x]:1",
                ":1",
                "a b:1",
                "a:+1",
                "-a:1",
            ],
        );
        assert_eq!(host_and_port("[::1]:7443"), Some(("::1".to_owned(), 7443)));
    }

    #[test]
    fn a_certificate_is_named_by_uri_or_digest() {
        let digest = format!("sha256:{}", "0F".repeat(32));
        check(
            &CERTIFICATE_NAME,
            &[
                "spiffe://lawgate.example/agency/police",
                "https://x/y",
                &digest,
            ],
            &[
                "",
                "police",
                "spiffe://",
                "spiffe://a b",
                "sha256:00",
                "://x",
                &digest[..70],
            ],
        );
    }

    #[test]
    fn a_party_key_is_a_usable_ed25519_key() {
        check(
            &PARTY_KEY,
            &["A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="],
            &[
                "",
                "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "region+00000000+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
            ],
        );
    }

    #[test]
    fn a_digest_is_64_hex_digits() {
        assert_eq!(sha256(&"0f".repeat(32)), Some([15; 32]));
        check(
            &SHA256,
            &[&"aB".repeat(32)],
            &[
                "",
                &"+f".repeat(32),
                &"g0".repeat(32),
                &"00".repeat(31),
                &"包".repeat(22),
            ],
        );
    }

    #[test]
    fn a_name_is_for_people() {
        check(
            &NAME,
            &["包头市生态环境局", "x"],
            &["", "a\tb", &"长".repeat(201)],
        );
    }
}
