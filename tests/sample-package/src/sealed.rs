//! A submission with personal data, as a gateway with a vault keeps it: one value disclosed, one sealed, one erased.

use audit_proof::hash::Hash;
use evidence_package::contents::Part;
use package_proof::sealed::{FieldLine, FieldState, FieldsText, PayloadState, commitment};

/// The values of a message: field and value.
const VALUES: [(&str, &str); 3] = [
    ("records[0].clue.reporter.name", "张三"),
    ("records[0].clue.reporter.phone", "13800138000"),
    ("records[0].clue.text", "他见过"),
];

fn salt(number: u8) -> [u8; 32] {
    std::array::from_fn(|index| number ^ index as u8)
}

fn committed(number: usize) -> Hash {
    let (field, value) = VALUES[number];
    commitment(field, &salt(number as u8), value.as_bytes()).expect("a short name")
}

/// The message under its salt, whose leaf the entry binds.
pub(crate) fn salted(number: usize, payload: &[u8]) -> Vec<u8> {
    [&salt(100 + number as u8), payload].concat()
}

/// The stored result: a byte 2, then an encoded `SealedResult`.
pub(crate) fn result() -> Vec<u8> {
    let field = |number: u64, bytes: &[u8]| {
        let length = u8::try_from(bytes.len()).expect("a short field");
        assert!(length < 128, "one byte of length");
        [&[(number << 3 | 2) as u8, length], bytes].concat()
    };
    let mut part = [&[2], field(1, b"open").as_slice()].concat();
    for (number, (path, _)) in VALUES.iter().enumerate() {
        let inner = [
            field(1, path.as_bytes()),
            field(2, &committed(number)),
            field(3, b"sealed bytes"),
        ];
        part.extend(field(2, &inner.concat()));
    }
    part
}

/// The stored request: a byte 3, then sealed bytes.
pub(crate) fn request() -> Vec<u8> {
    b"\x03sealed bytes".to_vec()
}

/// What the package says of message `number`: the first stays sealed, the second is in it. `erasure` is the position of
/// the entry that erased the last value.
pub(crate) fn fields(number: u32, erasure: u64) -> FieldsText {
    let state = |field: usize| match field {
        0 => FieldState::Disclosed {
            salt: salt(0),
            value: VALUES[0].1.as_bytes().to_vec(),
        },
        1 => FieldState::Sealed,
        _ => FieldState::Erased(erasure),
    };
    let line = |field: usize| FieldLine {
        path: VALUES[field].0.to_owned(),
        commitment: committed(field),
        state: state(field),
    };
    FieldsText {
        payload: match number {
            0 => PayloadState::Sealed,
            _ => PayloadState::Included(salt(100 + number as u8).to_vec()),
        },
        attributes: match number {
            0 => Vec::new(),
            _ => vec![("kind 类型".to_owned(), "transfer".to_owned())],
        },
        fields: (0..VALUES.len()).map(line).collect(),
    }
}

/// The message as the package has it.
pub(crate) fn payload(number: u32, payload: &[u8]) -> Part {
    match number {
        0 => Part::Sealed,
        _ => Part::Included(payload.to_vec()),
    }
}
