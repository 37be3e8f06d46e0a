//! Which encoding bytes are in, by their structure.
//!
//! Says it without tables, so that it costs a guest nothing; decoding is left
//! to the caller. GB 18030 stands for GBK and GB 2312 too, which it contains.

use crate::remark::Remark;

const AREA: &str = "encoding";

/// An encoding that bytes can be read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Seven-bit text.
    Ascii,
    /// UTF-8.
    Utf8,
    /// GB 18030, GBK or GB 2312.
    Gb18030,
    /// UTF-16, little endian.
    Utf16Le,
}

/// The encoding of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sniffed {
    /// The encoding; `None` if the bytes are no text in any of them.
    pub encoding: Option<Encoding>,
    /// Length of the byte order mark, to be skipped.
    pub mark_length: usize,
    /// `encoding.encoding-mismatch`, `encoding.truncated`, `encoding.utf16`, `encoding.bytes`.
    pub remark: Option<Remark>,
}

/// Says which encoding `bytes` are in. `declared` is what the document states
/// about itself; where the bytes say otherwise, the bytes are believed.
pub fn sniff(bytes: &[u8], declared: Option<&str>) -> Sniffed {
    if bytes.starts_with(&[0xFF, 0xFE]) {
        return Sniffed {
            encoding: Some(Encoding::Utf16Le),
            mark_length: 2,
            remark: Some(Remark::normalised(AREA, "utf16")),
        };
    }
    if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
        return found(Encoding::Utf8, 3, None);
    }
    if bytes.is_ascii() {
        return found(Encoding::Ascii, 0, None);
    }
    if core::str::from_utf8(bytes).is_ok() {
        let mismatch = declared.is_some_and(is_gb_name);
        return found(Encoding::Utf8, 0, mismatch.then_some("encoding-mismatch"));
    }
    match gb18030_shape(bytes) {
        Shape::Complete => {
            let mismatch = declared.is_some_and(|name| {
                name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8")
            });
            found(
                Encoding::Gb18030,
                0,
                mismatch.then_some("encoding-mismatch"),
            )
        }
        Shape::Truncated => Sniffed {
            encoding: None,
            mark_length: 0,
            remark: Some(Remark::reject(AREA, "truncated")),
        },
        Shape::Invalid => Sniffed {
            encoding: None,
            mark_length: 0,
            remark: Some(Remark::reject(AREA, "bytes")),
        },
    }
}

fn found(encoding: Encoding, mark_length: usize, suspect: Option<&'static str>) -> Sniffed {
    let remark = suspect.map(|what| Remark::suspect(AREA, what));
    Sniffed {
        encoding: Some(encoding),
        mark_length,
        remark,
    }
}

fn is_gb_name(name: &str) -> bool {
    ["gbk", "gb2312", "gb18030", "gb-18030", "cp936"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether bytes follow the structure of GB 18030.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Complete,
    /// The bytes end inside a character.
    Truncated,
    Invalid,
}

/// Walks GB 18030: one byte below 0x80, two bytes 81-FE 40-7E|80-FE, four
/// bytes 81-FE 30-39 81-FE 30-39 (GB 18030-2022, 5.1).
fn gb18030_shape(bytes: &[u8]) -> Shape {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [] => return Shape::Complete,
            [0x00..=0x7F, tail @ ..] => tail,
            [0x81..=0xFE, 0x40..=0x7E | 0x80..=0xFE, tail @ ..] => tail,
            [
                0x81..=0xFE,
                0x30..=0x39,
                0x81..=0xFE,
                0x30..=0x39,
                tail @ ..,
            ] => tail,
            [0x81..=0xFE]
            | [0x81..=0xFE, 0x30..=0x39]
            | [0x81..=0xFE, 0x30..=0x39, 0x81..=0xFE] => {
                return Shape::Truncated;
            }
            _ => return Shape::Invalid,
        };
    }
}
