//! Party signatures: key texts of a configuration, and the field of an entry.

use audit_log::Value;
use audit_log::cbor;
use audit_log::party::{KeyId, PartyField, PartyKey};

use crate::{Corpus, fuzz};

#[test]
fn a_party_key_is_read_or_refused_and_names_itself_alike() {
    let honest: &[&[u8]] = &[
        b"A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
        b"region.example/party+751f4506+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    ];
    let corpus = Corpus {
        honest,
        tokens: &[b"+", b"=", b"AQ", b"00000000"],
    };
    fuzz(corpus, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(key) = PartyKey::parse(&text) {
            assert_eq!(PartyKey::from_bytes(&key.to_bytes()), Ok(key));
        }
    });
}

#[test]
fn a_party_field_that_is_accepted_has_no_other_form() {
    let field = PartyField {
        key: KeyId([1; 8]),
        counter: 1,
        time_ns: 1_790_000_000_000_000_000,
        attributes: [2; 32],
        signature: [3; 64],
    };
    let honest = cbor::encode(&Value::Array(field.to_values())).expect("is flat");
    let corpus = Corpus {
        honest: &[&honest],
        tokens: &[b"\x00", b"\x48", b"\x58\x20", b"\x58\x40", b"\x85", b"\xf6"],
    };
    fuzz(corpus, |bytes| {
        if let Ok(Value::Array(values)) = cbor::decode(bytes)
            && let Ok(field) = PartyField::from_values(&values)
        {
            let again = cbor::encode(&Value::Array(field.to_values()));
            assert_eq!(again.as_deref(), Ok(bytes));
            assert!(field.counter > 0);
        }
    });
}
