//! Tests of reading: formats, bounds, envelopes, and the place of everything.

use std::fmt::Write as _;

use super::*;

fn rules() -> Rules {
    Rules {
        formats: vec![Format::Xml, Format::Json, Format::Csv],
        charsets: vec![Charset::Utf8, Charset::Gb18030],
        unwrap: Vec::new(),
        delimiter: b',',
        ignore_case: false,
        limits: Limits {
            depth: 6,
            nodes: 200,
            value_bytes: 64,
            attributes: 4,
            inflated_bytes: 4096,
            ..Limits::DOCUMENT
        },
    }
}

/// One line a node: name, value, and the message's bytes the value came from.
fn dump(payload: &[u8], reading: &Reading<'_>) -> String {
    let document = &reading.document;
    let mut lines = String::new();
    for node in document.descendants(document.root()) {
        let span = document.value_span(node);
        let bytes = &payload[span.offset as usize..(span.offset + span.length) as usize];
        let raw = String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| format!("{bytes:02X?}"));
        let _ = writeln!(
            lines,
            "{:?} {}={} <{raw}>",
            document.kind(node),
            document.name(node),
            document.value(node)
        );
    }
    for notice in &reading.notices {
        let _ = writeln!(
            lines,
            "{} {}+{}",
            notice.rule, notice.span.offset, notice.span.length
        );
    }
    lines
}

fn check_with(rules: &Rules, payload: &[u8], expected: &str) {
    let reading = read(payload, None, rules).expect("the message is readable");
    let expected: String = expected
        .lines()
        .map(|line| format!("{}\n", line.trim_start()))
        .collect();
    assert_eq!(dump(payload, &reading), expected.trim_start_matches('\n'));
}

fn check(payload: &str, expected: &str) {
    check_with(&rules(), payload.as_bytes(), expected);
}

fn check_fault_with(rules: &Rules, payload: &[u8], code: &str, offset: u64) {
    let fault = read(payload, None, rules)
        .map(|reading| dump(payload, &reading))
        .expect_err("the message is refused");
    assert_eq!((fault.code, fault.offset), (code, offset), "{}", fault.text);
    assert!(fault.offset <= payload.len() as u64);
}

fn check_fault(payload: &str, code: &str, offset: u64) {
    check_fault_with(&rules(), payload.as_bytes(), code, offset);
}

#[test]
fn xml_elements_attributes_and_references_are_read_in_place() {
    check(
        "<?xml version='1.0'?><p:a xmlns:p='urn:x' id=\"7 &lt; 8\"><b> 包头 </b><c>1&amp;2&#x4E2D;</c><d><![CDATA[<x>]]></d><e/></p:a>",
        "Element a= <>
         Attribute id=7 < 8 <7 &lt; 8>
         Element b=包头 <包头>
         Element c=1&2中 <1&amp;2&#x4E2D;>
         Element d=<x> <<x>>
         Element e= <>",
    );
}

#[test]
fn unescaped_ampersand_and_mixed_content_are_remarked() {
    check(
        "<a><b>酸洗&磷化</b>stray</a>",
        "Element a= <>
         Element b=酸洗&磷化 <酸洗&磷化>
         xml.bare-ampersand 12+1
         xml.mixed-content 23+5",
    );
}

#[test]
fn json_values_keep_their_text() {
    check(
        r#" {"a":[1.50,-0e3,true,null],"b":"\u4e2d\"","b":""}"#,
        "Object = <>
         Array a= <>
         Number =1.50 <1.50>
         Number =-0e3 <-0e3>
         Bool =true <true>
         Null = <null>
         Text b=中\" <\\u4e2d\\\">
         Text b= <>
         json.duplicate-key 44+1",
    );
}

#[test]
fn rows_become_objects_and_damaged_rows_are_left_out() {
    check(
        "名称,值\r\n\"甲,\"\"乙\"\"\",1\r\n只有一格\r\n丙,2\r\n\"丁",
        "Array = <>
         Object = <>
         Text 名称=甲,\"乙\" <甲,\"\"乙\"\">
         Text 值=1 <1>
         Object = <>
         Text 名称=丙 <丙>
         Text 值=2 <2>
         csv.cell-count 29+12
         csv.unclosed-quote 50+4
         csv.no-final-line-end 54+0",
    );
}

#[test]
fn document_type_is_refused_where_it_stands() {
    let bomb =
        "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY x \"y\"><!ENTITY z \"&x;&x;\">]><a>&z;</a>";
    check_fault(bomb, "document.doctype", 22);
    check_fault("<a>&z;</a>", "document.entity", 3);
    check_fault("<a b='&z;'/>", "document.entity", 6);
}

#[test]
fn bounds_are_faults_at_the_place_that_passes_them() {
    check_fault("<a><a><a><a><a><a><a>", "document.depth", 18);
    check_fault("[[[[[[[1]]]]]]]", "document.depth", 6);
    check_fault(&"[1".repeat(3).replace("1[", "1,["), "document.unclosed", 8);
    check_fault(&format!("[{}1]", "1,".repeat(300)), "document.nodes", 399);
    check_fault(&format!("<a>{}</a>", "x".repeat(65)), "document.value", 3);
    check_fault("<a b='' c='' d='' e='' f=''/>", "document.attributes", 0);
    check_fault_with(
        &Rules {
            limits: Limits {
                message_bytes: 3,
                ..Limits::DOCUMENT
            },
            ..rules()
        },
        b"<a/>",
        "document.size",
        3,
    );
}

#[test]
fn malformed_documents_are_faults_with_their_place() {
    check_fault("<a><b></a>", "document.malformed", 6);
    check_fault("<a><b>", "document.unclosed", 3);
    check_fault("<a b='1' b='2'/>", "document.malformed", 9);
    check_fault("<a/><b/>", "document.root", 4);
    check_fault("<!-- nothing -->", "document.root", 0);
    check_fault("<a/>x", "document.root", 4);
    check_fault("{\"a\":1,}", "document.malformed", 7);
    check_fault("{\"a\" 1}", "document.malformed", 5);
    check_fault("[01]", "document.malformed", 2);
    check_fault("[1.]", "document.malformed", 3);
    check_fault("[\"\\ud800\"]", "document.malformed", 2);
    check_fault("[\"a\nb\"]", "document.malformed", 3);
    check_fault("[1] 2", "document.malformed", 4);
    check_fault("{\"a\"", "document.unclosed", 4);
    check_fault("", "document.empty", 0);
    check_fault(" \r\n\0\0", "document.empty", 0);
}

#[test]
fn a_form_that_is_not_accepted_is_refused() {
    let rules = Rules {
        formats: vec![Format::Xml],
        ..rules()
    };
    check_fault_with(&rules, b"  {\"a\":1}", "document.format", 2);
    check_fault_with(&rules, b"a,b\n1,2\n", "document.format", 0);
}

#[test]
fn a_soap_string_argument_holding_escaped_xml_is_read_in_place() {
    let path = Path::parse(".").unwrap();
    let rules = Rules {
        unwrap: vec![
            Step::Soap,
            Step::Embedded {
                path: Path::parse("*").unwrap(),
                decode: vec![],
            },
        ],
        ..rules()
    };
    check_with(
        &rules,
        "<s:Envelope xmlns:s='x'><s:Header/><s:Body><push><arg>&lt;a&gt;&lt;b&gt;昆区&amp;amp;1&lt;/b&gt;&lt;/a&gt;</arg></push></s:Body></s:Envelope>".as_bytes(),
        "Element a= <>
         Element b=昆区&1 <昆区&amp;amp;1>",
    );
    let bare = Rules {
        unwrap: vec![Step::Soap, Step::Select(path)],
        ..rules
    };
    check_with(&bare, b"<a><b>1</b></a>", "Element a= <>\nElement b=1 <1>");
}

#[test]
fn soap_faults_and_empty_bodies_are_refused() {
    let rules = Rules {
        unwrap: vec![Step::Soap],
        ..rules()
    };
    check_fault_with(
        &rules,
        b"<Envelope><Body><Fault/></Body></Envelope>",
        "document.soap-fault",
        16,
    );
    check_fault_with(&rules, b"<Envelope><Body/></Envelope>", "document.soap", 10);
    check_fault_with(&rules, b"<Envelope/>", "document.soap", 0);
}

#[test]
fn an_envelope_is_refused_when_its_status_says_so() {
    let status = Step::Status {
        path: Path::parse("code").unwrap(),
        accept: vec!["0".into(), "200".into()],
    };
    let rules = Rules {
        unwrap: vec![status, Step::Select(Path::parse("data").unwrap())],
        ..rules()
    };
    check_with(
        &rules,
        br#"{"code":200,"data":[{"a":"1"}]}"#,
        "Array data= <>\nObject = <>\nText a=1 <1>",
    );
    check_fault_with(
        &rules,
        br#"{"code":500,"msg":"no","data":null}"#,
        "document.envelope-status",
        8,
    );
}

#[test]
fn double_encoded_json_is_read_in_place_and_remarked() {
    let rules = Rules {
        unwrap: vec![Step::Select(Path::parse("data").unwrap())],
        ..rules()
    };
    check_with(
        &rules,
        r#"{"data":"{\"a\":\"\u5305x\",\"b\":2}"}"#.as_bytes(),
        "Object = <>
         Text a=包x <\\u5305x>
         Number b=2 <2>
         json.double-encoded 9+27",
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn packed(bytes: &[u8]) -> String {
    use base64::Engine as _;
    format!(
        "<a><b>{}</b></a>",
        base64::engine::general_purpose::STANDARD.encode(gzip(bytes))
    )
}

fn packed_rules() -> Rules {
    let decode = vec![Decoding::Base64, Decoding::Gzip];
    let limits = Limits {
        value_bytes: 4096,
        ..rules().limits
    };
    Rules {
        unwrap: vec![Step::Embedded {
            path: Path::parse("b").unwrap(),
            decode,
        }],
        limits,
        ..rules()
    }
}

#[test]
fn packed_content_has_the_place_of_the_whole_value() {
    let message = packed("<c><d>包头</d></c>".as_bytes());
    let reading = read(message.as_bytes(), None, &packed_rules()).unwrap();
    let node = Path::parse("d")
        .unwrap()
        .first(&reading.document, reading.document.root(), false)
        .unwrap();
    assert_eq!(reading.document.value(node), "包头");
    let length = message.len() as u64 - 14;
    assert_eq!(
        reading.document.value_span(node),
        Span { offset: 6, length }
    );
}

#[test]
fn packed_content_that_is_damaged_or_grows_without_bound_is_refused() {
    let bomb = packed(&vec![b' '; 1 << 20]);
    check_fault_with(&packed_rules(), bomb.as_bytes(), "document.inflated", 6);
    check_fault_with(&packed_rules(), b"<a><b>!!</b></a>", "document.base64", 6);
    check_fault_with(&packed_rules(), b"<a><b>AAAA</b></a>", "document.gzip", 6);
    check_fault_with(
        &packed_rules(),
        packed(b"<c>").as_bytes(),
        "document.unclosed",
        6,
    );
}

#[test]
fn paths_name_elements_members_items_and_attributes() {
    let xml = "<r><l><i k='1'>a</i><i k='2'>b</i></l><i>c</i></r>";
    let json = r#"{"l":[{"i":"a"},{"i":"b"}],"i":"c"}"#;
    let values = |text: &str, path: &str| {
        let reading = read(text.as_bytes(), None, &rules()).unwrap();
        let mut found = Vec::new();
        let root = reading.document.root();
        Path::parse(path)
            .unwrap()
            .visit(&reading.document, root, true, &mut |node| {
                found.push(reading.document.value(node).to_owned());
            });
        found.join(" ")
    };
    for (path, expected) in [
        ("l/i", "a b"),
        ("L/I", "a b"),
        ("i", "c"),
        ("/i", "c"),
        ("//i", "a b c"),
        ("none", ""),
    ] {
        assert_eq!(values(xml, path), expected, "{path}");
        assert_eq!(values(json, path), expected, "{path}");
    }
    assert_eq!(values(xml, "l/i/@k"), "1 2");
    assert_eq!(values(xml, "*/i"), "a b");
    for (path, error) in [
        ("", PathError::Empty),
        ("a//", PathError::UnnamedStep),
        ("a/./b", PathError::UnnamedStep),
        ("@a/b", PathError::AfterAttribute),
        (&"a/".repeat(40)[..79], PathError::TooLong),
    ] {
        assert_eq!(Path::parse(path), Err(error), "{path}");
    }
}

#[test]
fn embedded_xml_with_comments_bare_ampersands_and_cdata_is_read_in_place() {
    let rules = Rules {
        unwrap: vec![Step::Embedded {
            path: Path::parse("b").unwrap(),
            decode: vec![],
        }],
        ..rules()
    };
    check_with(
        &rules,
        "<a><b> &lt;c&gt;<!-- 包 -->&lt;d&gt;甲&乙<![CDATA[丙]]>&lt;/d&gt;&lt;/c&gt;</b></a>"
            .as_bytes(),
        "Element c= <>
         Element d=甲&乙丙 <甲&乙<![CDATA[丙]]>>
         xml.bare-ampersand 40+1
         xml.bare-ampersand 40+1",
    );
}
