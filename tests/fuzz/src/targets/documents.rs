//! Documents of agencies: XML, JSON and rows, in whatever encoding.

use adapter_sdk::document::{Charset, Decoding, Format, Limits, Path, Rules, Step, read};

use crate::{Corpus, fuzz};

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<案件 编号=\"X环拘移〔2026〕1号\"><名称>甲 &amp; 乙</名称><!-- 注 --><金额><![CDATA[1,000.50]]></金额></案件>";
const SOAP: &str = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><r><data>{&quot;a&quot;:[1,2]}</data></r></s:Body></s:Envelope>";
/// Found by search: a bare ampersand between escapes once cut a character in two.
const BARE_AMPERSAND: &str = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><r><data>&lt;&Push&gt;\n  &lt;Head&gt;\n    &lt;Sender&gt;自治区示例平台&lt;/Sender&gt;&lt;/Head&gt;&lt;/Push&gt;</data></r></s:Body></s:Envelope>";
const JSON: &str = "{\"code\":\"200\",\"msg\":\"ok\",\"data\":[{\"AJBH\":\"A\\u0031\",\"n\":-1.50e3,\"x\":null,\"t\":true}]}";
const PACKED: &str = "{\"code\":\"200\",\"data\":\"H4sIAAAAAAACA6tWSlSyijbUMYqtBQCE29YXCwAAAA==\"}";
const ROWS: &str = "编号,名称,时间\r\n1,\"甲, 乙\",2026-09-01\r\n2,\"\"\"丙\"\"\",\r\n";

const TOKENS: &[&[u8]] = &[
    b"<!DOCTYPE a [<!ENTITY b \"c\">]>",
    b"&b;",
    b"&#x110000;",
    b"<![CDATA[",
    b"]]>",
    b"<a b='c'>",
    b"</a>",
    b"xmlns:s=\"\"",
    b"\\ud800",
    b"\\u0000",
    b"[[[[[[[[",
    b"{\"a\":",
    b"\"\"",
    b"1e999999999",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x81\x30\x81\x30",
    b"\0\0",
    b"H4sIAAAAAAAAA",
];

fn rules(unwrap: Vec<Step>) -> Rules {
    Rules {
        formats: vec![Format::Xml, Format::Json, Format::Csv],
        charsets: vec![Charset::Utf8, Charset::Gb18030],
        unwrap,
        delimiter: b',',
        ignore_case: true,
        limits: Limits {
            message_bytes: 64 << 10,
            depth: 8,
            nodes: 500,
            value_bytes: 4 << 10,
            attributes: 8,
            inflated_bytes: 16 << 10,
        },
    }
}

fn path(text: &str) -> Path {
    Path::parse(text).expect("a path of this test")
}

/// Reads, and demands that everything has its place inside the message.
fn check(payload: &[u8], content_type: Option<&str>, rules: &Rules) {
    let within = |offset: u64, length: u64, what: &str| {
        let end = offset.checked_add(length);
        assert!(
            end.is_some_and(|end| end <= payload.len() as u64),
            "{what} at {offset}+{length} of {} bytes",
            payload.len()
        );
    };
    match read(payload, content_type, rules) {
        Ok(reading) => {
            let document = &reading.document;
            assert!(
                document.len() <= rules.limits.nodes,
                "{} nodes",
                document.len()
            );
            for node in document.descendants(document.root()) {
                let span = document.span(node);
                within(span.offset, span.length, "node");
                let span = document.value_span(node);
                within(span.offset, span.length, "value");
                let value = document.value(node);
                assert!(
                    value.len() <= rules.limits.value_bytes,
                    "{} bytes",
                    value.len()
                );
            }
            for notice in &reading.notices {
                within(notice.span.offset, notice.span.length, notice.rule);
            }
        }
        Err(fault) => {
            within(fault.offset, 0, fault.code);
            assert!(!fault.text.is_empty(), "{} says nothing", fault.code);
        }
    }
}

/// The same bytes must give the same answer.
fn check_twice(payload: &[u8], rules: &Rules) {
    let seen = || match read(payload, None, rules) {
        Ok(reading) => format!("{:?}", reading.document),
        Err(fault) => format!("{fault:?}"),
    };
    assert_eq!(seen(), seen());
}

#[test]
fn any_bytes_are_a_document_or_a_fault_with_a_place() {
    let gbk = [
        b"<?xml version=\"1.0\" encoding=\"GBK\"?><a>".as_slice(),
        &[0xd6, 0xd0],
        b"</a>",
    ]
    .concat();
    let corpus = Corpus {
        honest: &[XML.as_bytes(), JSON.as_bytes(), ROWS.as_bytes(), &gbk],
        tokens: TOKENS,
    };
    let rules = rules(Vec::new());
    fuzz(corpus, |payload| check(payload, None, &rules));
    fuzz(corpus, |payload| {
        check(payload, Some("text/xml; charset=gb2312"), &rules)
    });
}

#[test]
fn envelopes_are_taken_off_or_the_fault_has_a_place() {
    let corpus = Corpus {
        honest: &[
            SOAP.as_bytes(),
            BARE_AMPERSAND.as_bytes(),
            PACKED.as_bytes(),
            JSON.as_bytes(),
        ],
        tokens: TOKENS,
    };
    let status = Step::Status {
        path: path("code"),
        accept: vec!["200".to_owned()],
    };
    let packed = Step::Embedded {
        path: path("data"),
        decode: vec![Decoding::Base64, Decoding::Gzip],
    };
    let escaped = Step::Embedded {
        path: path("data"),
        decode: Vec::new(),
    };
    for steps in [
        vec![Step::Soap, escaped],
        vec![status, packed],
        vec![Step::Select(path("data"))],
    ] {
        let rules = rules(steps);
        let mut honest = corpus.honest.iter();
        assert!(
            honest.any(|honest| read(honest, None, &rules).is_ok()),
            "{:?}",
            rules.unwrap
        );
        fuzz(corpus, |payload| check(payload, None, &rules));
    }
}

#[test]
fn the_same_bytes_give_the_same_document() {
    let corpus = Corpus {
        honest: &[XML.as_bytes(), JSON.as_bytes(), ROWS.as_bytes()],
        tokens: TOKENS,
    };
    let rules = rules(Vec::new());
    fuzz(corpus, |payload| check_twice(payload, &rules));
}

#[test]
fn a_path_is_read_or_refused() {
    let corpus = Corpus {
        honest: &[b"data.rows[2].AJBH", b"a/@b", b"*.name"],
        tokens: &[b"[", b"]", b"..", b"[99999999999999999999]", b"@", b"*"],
    };
    fuzz(corpus, |text| {
        if let Ok(text) = std::str::from_utf8(text) {
            // Either is right; a panic is not.
            let _ = Path::parse(text);
        }
    });
}
