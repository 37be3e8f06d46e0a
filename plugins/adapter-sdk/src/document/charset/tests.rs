//! Tests of encodings: what is declared, what is there, and where it differs.

use super::*;

const ORDER: [Charset; 2] = [Charset::Utf8, Charset::Gb18030];

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn check(
    payload: &[u8],
    content_type: Option<&str>,
    used: Charset,
    text: &str,
    rules: &[(&str, u64)],
) {
    let mut notices = Notices::default();
    let decoded = decode(payload, content_type, &ORDER, &mut notices).unwrap();
    assert_eq!((decoded.used, decoded.text.as_ref()), (used, text));
    let noticed = notices.finish();
    let noticed: Vec<_> = noticed
        .iter()
        .map(|notice| (notice.rule, notice.span.offset))
        .collect();
    assert_eq!(noticed, rules);
}

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

#[test]
fn declared_encoding_is_used_when_the_bytes_bear_it_out() {
    check("包头".as_bytes(), None, Charset::Utf8, "包头", &[]);
    check(
        &gbk("包头"),
        Some("text/csv; charset=GBK"),
        Charset::Gbk,
        "包头",
        &[],
    );
    check(
        &gbk("包头"),
        Some("text/csv;charset=\"gb2312\""),
        Charset::Gbk,
        "包头",
        &[],
    );
    check(
        &gbk("<?xml version='1.0' encoding='GB18030'?><a>包</a>"),
        None,
        Charset::Gb18030,
        "<?xml version='1.0' encoding='GB18030'?><a>包</a>",
        &[],
    );
    check(b"plain", None, Charset::Ascii, "plain", &[]);
    check(
        b"plain",
        Some("text/plain;charset=utf-8"),
        Charset::Utf8,
        "plain",
        &[],
    );
}

#[test]
fn wrong_declaration_is_noticed_at_the_first_byte_that_contradicts_it() {
    let prolog = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>";
    let text = format!("{prolog}包头市生态环境局");
    check(
        &gbk(&text),
        None,
        Charset::Gb18030,
        &text,
        &[("encoding.mismatch", prolog.len() as u64)],
    );
    let prolog = "<?xml version=\"1.0\" encoding=\"GB2312\"?><a>";
    let text = format!("{prolog}包头市");
    check(
        text.as_bytes(),
        None,
        Charset::Utf8,
        &text,
        &[("encoding.mismatch", prolog.len() as u64)],
    );
    check(
        "包".as_bytes(),
        Some("text/xml; charset=klingon"),
        Charset::Utf8,
        "包",
        &[("encoding.unknown-label", 0)],
    );
}

#[test]
fn characters_beyond_gbk_make_it_gb18030() {
    check(&hex("d5c5fe9f"), None, Charset::Gb18030, "张䶮", &[]);
    check(
        &hex("c0ee9933ad34"),
        Some("a/b;charset=gbk"),
        Charset::Gb18030,
        "李𬭸",
        &[],
    );
}

#[test]
fn a_character_cut_in_half_does_not_swallow_the_delimiter() {
    let mut cut = gbk("名称,局\n包头市生态环境");
    cut.extend(hex("be2c"));
    cut.extend(gbk("好\n"));
    check(
        &cut,
        Some("text/csv;charset=gbk"),
        Charset::Gbk,
        "名称,局\n包头市生态环境\u{FFFD},好\n",
        &[("encoding.malformed", 22)],
    );
    let mut cut = "包头市生态环境".as_bytes().to_vec();
    cut.extend([0xE5, b',']);
    check(
        &cut,
        None,
        Charset::Utf8,
        "包头市生态环境\u{FFFD},",
        &[("encoding.malformed", 21)],
    );
}

#[test]
fn byte_order_marks_and_padding_are_taken_off() {
    check("\u{FEFF}包".as_bytes(), None, Charset::Utf8, "包", &[]);
    check(
        &hex("fffe0553345900000000"),
        None,
        Charset::Utf16Le,
        "包头",
        &[("encoding.nul-padding", 6)],
    );
    check(
        b"a,b\0\0\0",
        None,
        Charset::Ascii,
        "a,b",
        &[("encoding.nul-padding", 3)],
    );
}

#[test]
fn bytes_in_no_encoding_are_refused_at_the_first_bad_byte() {
    let refuse = |payload: &[u8]| {
        decode(payload, None, &ORDER, &mut Notices::default())
            .map(|_| ())
            .unwrap_err()
    };
    let noise: Vec<u8> = (0..64).flat_map(|_| [b'a', 0xFF]).collect();
    let fault = refuse(&noise);
    assert_eq!((fault.code, fault.offset), ("document.encoding", 1));
    assert_eq!(refuse(&[0xFE, 0xFF, 0, 0x41]).code, "document.encoding");
    assert_eq!(refuse(b"\0\0").code, "document.empty");
}

#[test]
fn places_of_gbk_text_are_places_of_the_original() {
    let text: String = "包a头°𬭸。𠀀é".repeat(400);
    let payload = gbk(&text);
    let mut notices = Notices::default();
    let decoded = decode(&payload, Some("x/y;charset=gb18030"), &ORDER, &mut notices).unwrap();
    assert_eq!(decoded.text, text);
    for (at, character) in text.char_indices().step_by(37) {
        let span = decoded.map.span(at, at + character.len_utf8());
        let bytes = &payload[span.offset as usize..(span.offset + span.length) as usize];
        assert_eq!(
            encoding_rs::GB18030.decode(bytes).0,
            character.to_string(),
            "at {at}"
        );
    }
}

#[test]
fn places_of_utf16_text_are_places_of_the_original() {
    let text = "包a头°𬭸。".repeat(20);
    let mut payload = vec![0xFF, 0xFE];
    payload.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let decoded = decode(&payload, None, &ORDER, &mut Notices::default()).unwrap();
    for (at, character) in text.char_indices() {
        let span = decoded.map.span(at, at + character.len_utf8());
        let units: Vec<u16> = payload[span.offset as usize..(span.offset + span.length) as usize]
            .chunks(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        assert_eq!(
            String::from_utf16(&units).unwrap(),
            character.to_string(),
            "at {at}"
        );
    }
}
