//! Cleaning, misread text, line ends and encodings.

use super::encoding::{Encoding, sniff};
use super::*;

#[test]
fn clean_text_is_borrowed() {
    let clean = clean("91130200699229617X");
    assert!(matches!(clean.text, Cow::Borrowed(_)));
    assert_eq!(clean.what(), None);
}

#[test]
fn meaningless_characters_are_removed_and_named() {
    let check = |text: &str, expected: &str, what: Option<&str>| {
        let clean = clean(text);
        assert_eq!((&*clean.text, clean.what()), (expected, what), "{text:?}");
    };
    check("Ａ１（", "A1(", Some("full-width"));
    check("a\u{200b}b", "ab", Some("zero-width"));
    check("\u{feff}a", "a", Some("zero-width"));
    check("a\0\0", "a", Some("padding"));
    check(" a\t", "a", Some("space"));
    check("a\u{a0}b", "a b", Some("space"));
    check("包头 市", "包头 市", None);
    check("\u{3000}", "", Some("full-width"));
}

#[test]
fn placeholders_are_recognised() {
    for text in [
        "",
        "-",
        "--",
        "—",
        "/",
        "NULL",
        "n/a",
        "无",
        "暂无",
        "`",
        "…".get(..0).unwrap_or(""),
    ] {
        assert!(is_placeholder(text), "{text:?}");
    }
    for text in ["0", "无锡", "ND", "-1", "a"] {
        assert!(!is_placeholder(text), "{text:?}");
    }
}

#[test]
fn text_read_with_the_wrong_table_is_noticed() {
    let check = |text: &str, expected: Option<&str>| {
        assert_eq!(
            mojibake(text).map(|remark| remark.rule()).as_deref(),
            expected,
            "{text:?}"
        );
    };
    check("鍖呭ご甯傜敓鎬佺幆澧冨眬", Some("text.mojibake"));
    check("鍖呭ご", Some("text.mojibake"));
    check("锟斤拷锟斤拷", Some("text.lost"));
    check("包头\u{fffd}", Some("text.lost"));
    check("烫烫烫", Some("text.lost"));
    for fine in [
        "",
        "plain",
        "包头市生态环境局",
        "包头市鑫达环保科技有限公司",
        "张䶮",
        "鋼鐵廠",
        "内蒙古自治区昆都仑区，某某〔2026〕12号",
    ] {
        check(fine, None);
    }
}

#[test]
fn lines_end_where_any_convention_ends_them() {
    let check = |text: &str, expected: &[&str], mixed: bool| {
        let lines = lines(text);
        assert_eq!(
            (lines.lines.as_slice(), lines.remark.is_some()),
            (expected, mixed),
            "{text:?}"
        );
    };
    check("a\nb\n", &["a", "b"], false);
    check("a\r\nb", &["a", "b"], false);
    check("a\r\nb\nc\rd", &["a", "b", "c", "d"], true);
    check("a\n\nb", &["a", "", "b"], false);
    check("", &[], false);
}

#[test]
fn encodings_are_told_by_structure() {
    let check =
        |bytes: &[u8], declared: Option<&str>, expected: Option<Encoding>, rule: Option<&str>| {
            let sniffed = sniff(bytes, declared);
            let actual = sniffed.remark.map(|remark| remark.rule());
            assert_eq!(
                (sniffed.encoding, actual.as_deref()),
                (expected, rule),
                "{bytes:x?}"
            );
        };
    check(b"plain", None, Some(Encoding::Ascii), None);
    check("包头".as_bytes(), None, Some(Encoding::Utf8), None);
    check(
        "包头".as_bytes(),
        Some("GB2312"),
        Some(Encoding::Utf8),
        Some("encoding.encoding-mismatch"),
    );
    check(
        &[0xB0, 0xFC, 0xCD, 0xB7],
        None,
        Some(Encoding::Gb18030),
        None,
    );
    check(
        &[0xB0, 0xFC, 0xCD, 0xB7],
        Some("UTF-8"),
        Some(Encoding::Gb18030),
        Some("encoding.encoding-mismatch"),
    );
    check(&[0xB0, 0xFC, 0xCD], None, None, Some("encoding.truncated"));
    check(
        &[0xD5, 0xC5, 0xFE, 0x9F],
        None,
        Some(Encoding::Gb18030),
        None,
    );
    check(
        &[0x99, 0x33, 0xAD, 0x34],
        None,
        Some(Encoding::Gb18030),
        None,
    );
    check(
        &[0xFF, 0xFE, 0x05, 0x53],
        None,
        Some(Encoding::Utf16Le),
        Some("encoding.utf16"),
    );
    check(&[0x80, 0x81], None, None, Some("encoding.bytes"));
    check(&[0xEF, 0xBB, 0xBF, b'a'], None, Some(Encoding::Utf8), None);
}
