//! Names of events, keys, and the entries of attestation read back.

use super::*;

#[test]
fn every_event_has_a_name_and_back() {
    for (number, name) in EVENT_NAMES {
        assert_eq!(event_name(number), name);
        assert_eq!(event_number(name), Some(number));
    }
    assert_eq!(event_name(999), "unknown");
    assert_eq!(event_number("no.such"), None);
}

#[test]
fn keys_that_differ_in_any_part_have_different_digests() {
    let digest = key_digest("police", "police-case", "k");
    for other in [
        ("police2", "police-case", "k"),
        ("police", "police", "-casek"),
        ("police", "police-case", "k2"),
    ] {
        assert_ne!(digest, key_digest(other.0, other.1, other.2));
    }
}
