//! Tests of mappings: configurations, fields, findings and what stays outside.

use super::*;
use crate::document::Span;
use crate::proto::v1::{Finding, Record, record};

/// A configuration for police-like rows with `fields` for a case transfer.
fn mapping(extra: &str, fields: &str) -> Mapping {
    let configuration = format!(
        r#"{{"formats":["json","xml","csv"],"encodings":["utf-8","gb18030"],"dialect":"test",
        "codes":{{"state":{{"02":"TRANSFER_STATE_FILED","立案":"TRANSFER_STATE_FILED","不予立案":"TRANSFER_STATE_NOT_FILED"}}}},
        "records":[{{"entity":"CaseTransfer","select":["rows","."],{extra}"fields":[{fields}]}}]}}"#
    );
    Mapping::configure(configuration.as_bytes()).expect("the configuration is right")
}

fn convert(mapping: &Mapping, message: &str) -> Conversion {
    mapping
        .convert(&Message::new(message.as_bytes()))
        .expect("the message is readable")
}

fn quality(record: &Record) -> &[Finding] {
    record
        .envelope
        .as_ref()
        .map_or(&[], |envelope| &envelope.quality)
}

/// Findings of the first record as `rule field@text-they-point-at`.
fn findings(message: &str, conversion: &Conversion) -> Vec<String> {
    let place = |finding: &Finding| {
        let from = finding.offset as usize;
        format!(
            "{} {}@{}",
            finding.rule,
            finding.field,
            &message[from..from + finding.length as usize]
        )
    };
    quality(&conversion.records[0]).iter().map(place).collect()
}

fn transfer(conversion: &Conversion) -> &crate::proto::v1::CaseTransfer {
    match &conversion.records[0].entity {
        Some(record::Entity::CaseTransfer(transfer)) => transfer,
        other => panic!("a transfer was expected, not {other:?}"),
    }
}

#[test]
fn the_first_source_that_is_not_empty_wins() {
    let mapping = mapping("", r#"{"target":"from_agency","source":["A","B","C"]}"#);
    for (message, expected) in [
        (r#"{"A":"甲","B":"乙"}"#, "甲"),
        (r#"{"A":" 　","B":"乙"}"#, "乙"),
        (r#"{"A":null,"B":"-","C":"丙"}"#, "丙"),
        (r#"{"C":" 丙 "}"#, "丙"),
    ] {
        assert_eq!(
            transfer(&convert(&mapping, message)).from_agency,
            expected,
            "{message}"
        );
    }
}

#[test]
fn a_value_that_is_normalised_or_refused_is_a_finding_at_its_bytes() {
    let mapping = mapping(
        "",
        r#"{"target":"doc_no","source":"W","kind":"document-number"},{"target":"handed_at","source":"T","required":true}"#,
    );
    let message = r#"{"W":"包环移[2026]07号","T":"2026-02-30"}"#;
    let conversion = convert(&mapping, message);
    assert_eq!(transfer(&conversion).doc_no, "包环移〔2026〕7号");
    assert_eq!(transfer(&conversion).handed_at, None);
    let expected = [
        "document-number.normalised case_transfer.doc_no@包环移[2026]07号",
        "date-time.date case_transfer.handed_at@2026-02-30",
        "mapping.required case_transfer.handed_at@",
    ];
    assert_eq!(findings(message, &conversion), expected);
}

#[test]
fn a_code_and_its_text_are_compared() {
    let mapping = mapping(
        "",
        r#"{"target":"state","source":"S","kind":"code","table":"state","pair":"S_CN"}"#,
    );
    let filed = crate::proto::v1::TransferState::Filed;
    let refused = crate::proto::v1::TransferState::NotFiled;
    for (message, state, expected) in [
        (r#"{"S":"02","S_CN":"立案"}"#, filed, &[][..]),
        (
            r#"{"S":"02","S_CN":"不予立案"}"#,
            filed,
            &["mapping.pair-disagrees case_transfer.state@不予立案"],
        ),
        (
            r#"{"S":"02","S_CN":"别的"}"#,
            filed,
            &["mapping.pair-unknown case_transfer.state@别的"],
        ),
        (r#"{"S":"","S_CN":"不予立案"}"#, refused, &[]),
        (
            r#"{"S":"9","S_CN":"不予立案"}"#,
            refused,
            &["code.unknown case_transfer.state@9"],
        ),
    ] {
        let conversion = convert(&mapping, message);
        assert_eq!(transfer(&conversion).state(), state, "{message}");
        assert_eq!(findings(message, &conversion), expected, "{message}");
    }
}

#[test]
fn different_values_for_one_field_are_reported_and_the_first_is_used() {
    let mapping = mapping("", r#"{"target":"from_agency","source":"A"}"#);
    let message = "<R><A>甲</A><A>甲</A><A>乙</A></R>";
    let conversion = convert(&mapping, message);
    assert_eq!(transfer(&conversion).from_agency, "甲");
    assert_eq!(
        findings(message, &conversion),
        ["mapping.repeated case_transfer.from_agency@乙"]
    );
}

#[test]
fn personal_columns_stay_outside_and_their_values_out_of_findings() {
    let mapping = mapping(
        r#""drop":["SFZ"],"#,
        r#"{"target":"kind","default":"TRANSFER_KIND_CRIMINAL"},{"target":"suspects","kind":"list","source":"X","fields":[{"target":"id","source":"ID","kind":"resident-id","keep":true}]}"#,
    );
    let message = r#"{"SFZ":"11010519491231002X","X":{"ID":"110105194912310021"}}"#;
    let conversion = convert(&mapping, message);
    let expected = [
        "resident-id.check-digit case_transfer.suspects[0].id@110105194912310021",
        "mapping.personal-dropped @11010519491231002X",
    ];
    assert_eq!(findings(message, &conversion), expected);
    for finding in quality(&conversion.records[0]) {
        assert_eq!(
            (finding.raw.as_str(), finding.proposal.as_str()),
            ("", ""),
            "{}",
            finding.rule
        );
        assert!(!finding.text.contains("1101051949"), "{}", finding.text);
    }
}

#[test]
fn lists_are_made_where_their_condition_holds() {
    let mapping = mapping(
        "",
        r#"{"target":"state_history","kind":"list","source":".","when":"A","fields":[{"target":"state","default":"TRANSFER_STATE_HANDED"},{"target":"at","source":"A"}]},
           {"target":"materials","kind":"list","source":"M","fields":[{"target":"name","source":"N","required":true},{"target":"count","source":"C"}]}"#,
    );
    let message = r#"{"rows":[{"A":"","M":[{"N":"清单","C":"2"},{"C":3}]},{"A":"20260901"}]}"#;
    let conversion = convert(&mapping, message);
    assert_eq!(conversion.records.len(), 2);
    let first = transfer(&conversion);
    assert_eq!((first.state_history.len(), first.materials.len()), (0, 2));
    assert_eq!(
        (first.materials[0].name.as_str(), first.materials[1].count),
        ("清单", 3)
    );
    let missing = r#"mapping.required case_transfer.materials[1].name@"#;
    assert_eq!(findings(message, &conversion), [missing]);
    let Some(record::Entity::CaseTransfer(second)) = &conversion.records[1].entity else {
        panic!("a transfer")
    };
    assert_eq!(second.state_history.len(), 1);
}

#[test]
fn what_nothing_asked_for_is_named_once_where_it_belongs() {
    let mapping = mapping(
        r#""ignore":["I"],"#,
        r#"{"target":"from_agency","source":"A"}"#,
    );
    let message =
        r#"{"head":"x","rows":[{"A":"甲","B":"1","C":{"D":"2","E":""},"I":"3"},{"A":"乙"}]}"#;
    let conversion = convert(&mapping, message);
    let texts = |findings: &[Finding]| {
        findings
            .iter()
            .map(|finding| finding.text.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        texts(quality(&conversion.records[0])),
        ["fields the mapping does not know: B, D"]
    );
    assert!(quality(&conversion.records[1]).is_empty());
    assert_eq!(
        texts(&conversion.findings),
        ["fields the mapping does not know: head"]
    );
}

#[test]
fn every_record_keeps_its_place_in_the_message() {
    let mapping = mapping("", r#"{"target":"from_agency","source":"单位"}"#);
    let text = "单位,x\n包头,1\n\"昆,区\",2\n";
    let payload = encoding_rs::GB18030.encode(text).0;
    let conversion = mapping.convert(&Message::new(&payload)).expect("readable");
    let rows = text
        .lines()
        .skip(1)
        .map(|line| encoding_rs::GB18030.encode(line).0.into_owned());
    for (record, row) in conversion.records.iter().zip(rows) {
        let envelope = record.envelope.as_ref().expect("an envelope");
        let span = Span {
            offset: envelope.raw_offset,
            length: envelope.raw_length,
        };
        assert_eq!(
            payload[span.offset as usize..(span.offset + span.length) as usize],
            row
        );
    }
    assert_eq!(conversion.records.len(), 2);
}

#[test]
fn a_message_without_records_is_rejected_unless_that_is_in_order() {
    let strict = mapping(r#""when":"A","#, r#"{"target":"from_agency","source":"A"}"#);
    let rejection = strict
        .convert(&Message::new(b" {\"rows\":[]}"))
        .expect_err("nothing to convert");
    assert_eq!(
        (rejection.code.as_ref(), rejection.offset),
        ("mapping.no-records", 1)
    );
    let rejection = strict
        .convert(&Message::new(b"{\"rows\":["))
        .expect_err("unclosed");
    assert_eq!(
        (rejection.code.as_ref(), rejection.offset),
        ("document.unclosed", 9)
    );
}

#[test]
fn too_many_records_are_rejected() {
    let configuration = br#"{"formats":["json"],"encodings":["utf-8"],"dialect":"t","limits":{"records":2},
        "records":[{"entity":"Clue","select":"r","fields":[{"target":"native_id","source":"i"}]}]}"#;
    let mapping = Mapping::configure(configuration).expect("right");
    let rejection = mapping
        .convert(&Message::new(br#"{"r":[{"i":1},{"i":2},{"i":3}]}"#))
        .expect_err("too many");
    assert_eq!(
        (rejection.code.as_ref(), rejection.offset),
        ("mapping.records", 22)
    );
}

#[test]
fn a_configuration_is_refused_with_all_its_faults() {
    let check = |configuration: &str, expected: &[&str]| {
        let faults =
            Mapping::configure(configuration.as_bytes()).expect_err("the configuration is wrong");
        let mut paths: Vec<_> = faults.into_iter().map(|fault| fault.path).collect();
        paths.dedup();
        assert_eq!(paths, expected, "{configuration}");
    };
    check("{", &[""]);
    check("[]", &[""]);
    check(
        r#"{"formats":"xml","formats":"xml","encodings":"utf-8","dialect":"t","records":[]}"#,
        &["", "records"],
    );
    let record = |fields: &str| {
        format!(
            r#"{{"formats":"xml","encodings":"utf-8","dialect":"t","codes":{{"c":{{"x":"NO_SUCH"}}}},"records":[{{"entity":"Case","select":".","fields":[{fields}]}}]}}"#
        )
    };
    let fields = "records[0].fields";
    check(&record(""), &[fields]);
    check(
        &record(r#"{"target":"nope","source":"a"}"#),
        &["records[0].fields[0].target", fields],
    );
    for (field, at) in [
        (r#"{"target":"title"}"#, "source"),
        (
            r#"{"target":"title","source":"a/","kind":"text"}"#,
            "source",
        ),
        (
            r#"{"target":"title","source":"a","kind":"date-time"}"#,
            "kind",
        ),
        (r#"{"target":"title","source":"a","pair":"b"}"#, "pair"),
        (r#"{"target":"title","source":"a","split":","}"#, "split"),
        (r#"{"target":"title","source":"a","fields":[]}"#, "fields"),
        (r#"{"target":"title","source":"a","colour":1}"#, "colour"),
        (
            r#"{"target":"title","source":"a","required":"yes"}"#,
            "required",
        ),
        (r#"{"target":"status","source":"a","table":"d"}"#, "table"),
        (r#"{"target":"status","default":"NO_SUCH"}"#, "default"),
        (r#"{"target":"doc_nos","source":"."}"#, "fields"),
        (
            r#"{"target":"party_id","source":"a","entity":"Party","key_kind":"face"}"#,
            "key_kind",
        ),
    ] {
        check(&record(field), &[&format!("records[0].fields[0].{at}")]);
    }
    check(
        &record(r#"{"target":"status","source":"a","table":"c"}"#),
        &["codes.c.x"],
    );
}

#[test]
fn every_path_of_every_entity_has_a_slot() {
    use super::slot::Entity;
    fn check<E: Entity>() {
        for path in E::paths() {
            let target = E::target(path).unwrap_or_else(|| panic!("{}.{path}", E::NAME));
            let mut entity = E::default();
            // Asking may not panic, a list below an entity without items included.
            let _ = target.slot.is_filled(&mut entity);
        }
        assert!(E::target("no_such_field").is_none());
    }
    use crate::proto::v1::*;
    check::<Party>();
    check::<Site>();
    check::<Outlet>();
    check::<Device>();
    check::<Clue>();
    check::<Evidence>();
    check::<Inspection>();
    check::<Case>();
    check::<CaseTransfer>();
    check::<LegalReview>();
    check::<PenaltyDecision>();
    check::<PublicReport>();
}
