//! Properties that hold for every message.

use proptest::prelude::*;

use super::*;

fn rules() -> Rules {
    Rules {
        formats: vec![Format::Xml, Format::Json, Format::Csv],
        charsets: vec![Charset::Utf8, Charset::Gb18030],
        unwrap: vec![
            Step::Soap,
            Step::Embedded {
                path: Path::parse("//b").unwrap(),
                decode: vec![],
            },
            Step::Embedded {
                path: Path::parse("//c").unwrap(),
                decode: vec![Decoding::Base64, Decoding::Gzip],
            },
        ],
        delimiter: b',',
        ignore_case: true,
        limits: Limits {
            depth: 8,
            nodes: 500,
            value_bytes: 512,
            inflated_bytes: 2048,
            ..Limits::DOCUMENT
        },
    }
}

/// Reads, and checks that every place lies inside the message and the depth bound holds.
fn examine(payload: &[u8], content_type: Option<&str>) {
    let end = payload.len() as u64;
    let reading = match read(payload, content_type, &rules()) {
        Ok(reading) => reading,
        Err(fault) => {
            assert!(fault.offset <= end, "{fault:?} in {end} bytes");
            return;
        }
    };
    let document = &reading.document;
    for node in document.descendants(document.root()) {
        for span in [document.span(node), document.value_span(node)] {
            assert!(
                span.offset + span.length <= end,
                "{span:?} of {} in {end} bytes",
                document.name(node)
            );
        }
        let _ = document.value(node);
    }
    for notice in &reading.notices {
        assert!(
            notice.span.offset + notice.span.length <= end,
            "{notice:?} in {end} bytes"
        );
    }
    assert!(depth(document, document.root()) <= rules().limits.depth + 1);
}

fn depth(document: &Document<'_>, node: NodeId) -> usize {
    1 + document
        .children(node)
        .map(|child| depth(document, child))
        .max()
        .unwrap_or(0)
}

/// Pieces that bring a reader into its corners sooner than arbitrary bytes.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 40] = [
        b"<a>",
        b"</a>",
        b"<b>",
        b"</b>",
        b"<c k='",
        b"'>",
        b"</c>",
        b"<x/>",
        b"&amp;",
        b"&lt;",
        b"&#x4e2d;",
        b"&",
        b";",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<!DOCTYPE",
        b"<?xml version=\"1.0\" encoding=\"GBK\"?>",
        b"<?",
        b"?>",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"\":",
        b",",
        b"1.5e3",
        b"null",
        b"\\u4e2d",
        b"\\ud83d\\ude00",
        b"\\",
        b"\n",
        b"\xB0\xFC\xCD\xB7",
        "包头".as_bytes(),
        b"\0",
        b"\xFF\xFE",
        b"\x81\x30\x81\x30",
        b"<Envelope><Body>",
    ];
    prop_oneof![
        4 => proptest::sample::select(PIECES.to_vec()).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
    ]
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "\\PC{0,12}".prop_map(Into::into),
        "[\\x00-\\x22\\\\中𠀀]{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            proptest::collection::btree_map("[a-c\"\\\\中]{0,3}", inner, 0..5)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn same(document: &Document<'_>, node: NodeId, value: &serde_json::Value) -> bool {
    let children = || document.children(node);
    match (document.kind(node), value) {
        (Kind::Null, serde_json::Value::Null) => true,
        (Kind::Bool, serde_json::Value::Bool(flag)) => document.value(node) == flag.to_string(),
        (Kind::Number, serde_json::Value::Number(number)) => {
            document.value(node) == number.to_string()
        }
        (Kind::Text, serde_json::Value::String(text)) => document.value(node) == text,
        (Kind::Array, serde_json::Value::Array(items)) => {
            children().count() == items.len()
                && children()
                    .zip(items)
                    .all(|(child, item)| same(document, child, item))
        }
        (Kind::Object, serde_json::Value::Object(members)) => {
            children().count() == members.len()
                && children().all(|child| {
                    members
                        .get(document.name(child))
                        .is_some_and(|item| same(document, child, item))
                })
        }
        _ => false,
    }
}

fn read_json(text: &str) -> Result<(), Fault> {
    let rules = Rules {
        formats: vec![Format::Json],
        unwrap: vec![],
        limits: Limits {
            depth: 100,
            ..Limits::DOCUMENT
        },
        ..rules()
    };
    read(text.as_bytes(), None, &rules).map(|_| ())
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
        examine(&payload, None);
        examine(&payload, Some("text/xml; charset=gbk"));
    }

    #[test]
    fn pieces_of_documents_never_panic(pieces in proptest::collection::vec(piece(), 0..40), gbk in any::<bool>()) {
        examine(&pieces.concat(), gbk.then_some("a/b; charset=gb18030"));
    }

    #[test]
    fn rows_never_panic(text in "([a-c,\"\r\n]|包){0,60}") {
        examine(text.as_bytes(), None);
    }

    #[test]
    fn json_reads_like_serde_json(value in value(), pretty in any::<bool>()) {
        // A string alone may hold a document, which is read: the subject of other tests.
        let value = serde_json::Value::from(vec![value]);
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let rules = Rules { formats: vec![Format::Json], unwrap: vec![], limits: Limits::DOCUMENT, ..rules() };
        let reading = read(text.as_bytes(), None, &rules).unwrap();
        prop_assert!(same(&reading.document, reading.document.root(), &value), "{text}");
    }

    #[test]
    fn json_refuses_what_serde_json_refuses(text in "[\\[{][\\[\\]{}\",:0-9a-e.\\\\+ -]{0,12}") {
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text);
        prop_assert_eq!(read_json(&text).is_ok(), theirs.is_ok(), "{}", text);
    }

    #[test]
    fn rows_read_like_the_csv_crate(
        rows in proptest::collection::vec(proptest::collection::vec("([a-c,\" \n]|包){0,6}", 3), 1..6),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["x", "y", "z"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let rules = Rules { formats: vec![Format::Csv], unwrap: vec![], limits: Limits::DOCUMENT, ..rules() };
        let reading = read(&text, None, &rules).unwrap();
        let document = &reading.document;
        let read: Vec<Vec<&str>> = document
            .children(document.root())
            .map(|row| document.children(row).map(|cell| document.value(cell)).collect())
            .collect();
        prop_assert_eq!(read, rows);
    }
}
