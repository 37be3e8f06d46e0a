//! Tests of reading heads: what is accepted, remarked on and refused.

use super::*;

const HEAD: &str = "QN=20260901080500123;ST=31;CN=2011;PW=123456;MN=TESTMN01;Flag=5;";

/// The rules of the findings about a head that is read.
fn rules(text: &str) -> Vec<String> {
    let mut findings = Findings::default();
    Segment::parse(text, 6, &mut findings)
        .unwrap_or_else(|rejection| panic!("{text}: {rejection:?}"));
    findings
        .into_vec()
        .into_iter()
        .map(|finding| finding.rule)
        .collect()
}

fn check_rejected(text: &str, code: &str, place: &str) {
    let rejection = Segment::parse(text, 6, &mut Findings::default()).expect_err(text);
    assert_eq!(rejection.code, code, "{text}");
    let offset = text.find(place).expect("the place is in the text") + 6;
    assert_eq!(rejection.offset, offset as u64, "{text}");
}

#[test]
fn a_head_is_read_field_by_field() {
    let text = format!("{HEAD}CP=&&DataTime=20260901080500;a-Rtd=1&&");
    let segment = Segment::parse(&text, 6, &mut Findings::default()).expect("a good head");
    assert_eq!(segment.qn.value, "20260901080500123");
    assert_eq!((segment.st.value, segment.cn.value), ("31", "2011"));
    assert_eq!(
        (segment.mn.value, segment.mn.offset),
        ("TESTMN01", 6 + text.find("TESTMN01").expect("there"))
    );
    assert_eq!((segment.flag, segment.edition), (Some(5), Edition::Of2017));
    assert!(segment.wants_answer() && !segment.is_resent && segment.split.is_none());
    assert_eq!(segment.cp.value, "DataTime=20260901080500;a-Rtd=1");
    assert_eq!(segment.cp.offset, 6 + text.find("DataTime").expect("there"));
    assert_eq!(rules(&text), Vec::<String>::new());
}

#[test]
fn the_edition_is_in_the_upper_bits_of_flag() {
    for (flag, edition) in [
        ("", Edition::Of2005),
        ("Flag=0;", Edition::Of2005),
        ("Flag=1;", Edition::Of2005),
        ("Flag=4;", Edition::Of2017),
        ("Flag=9;", Edition::Of2025),
        ("Flag=12;", Edition::Unknown),
    ] {
        let text = format!("ST=31;CN=2011;PW=;MN=TESTMN01;{flag}CP=&&&&");
        let segment = Segment::parse(&text, 0, &mut Findings::default()).expect("a good head");
        assert_eq!(segment.edition, edition, "{flag}");
    }
}

#[test]
fn departures_that_leave_the_meaning_clear_are_remarked_on() {
    for (text, expected) in [
        (
            "ST=32;CN=2011;PW=123456;,MN=TESTMN01;FLAG=0;CP=&&&&",
            vec!["hj212.head-punctuation", "hj212.name-case"],
        ),
        (
            "ST=32;CN=2011;PW=123456,MN=TESTMN01;CP=&&&&",
            vec!["hj212.head-punctuation"],
        ),
        (
            "ST=32;CN=2011;MN=TESTMN01;PW=1;CP=&&&&",
            vec!["hj212.field-order"],
        ),
        (
            "ST=32;CN=2011;PW=1;MN=TESTMN01;MN=TESTMN01;CP=&&&&",
            vec!["hj212.field-repeated"],
        ),
        (
            "ST=32;CN=2011;PW=1;MN=TESTMN01;Foo=1;CP=&&&&",
            vec!["hj212.head-field-unknown"],
        ),
        (
            "ST=32;CN=2011;PW=BF470F88957588DE902D1A52;MN=TESTMN01;CP=&&&&",
            vec!["hj212.password-length"],
        ),
        (
            "ST=32;CN=2011;PW=1;MN=TESTMN01;Flag=x;CP=&&&&",
            vec!["hj212.flag-malformed"],
        ),
        (
            "ST=32;CN=2011;PW=1;MN=TESTMN01;CP=DataTime=1&&",
            vec!["hj212.cp-not-opened"],
        ),
        (
            "QN=1617936069734;ST=32;CN=9011;PW=1;MN=TESTMN01;CP=&&&&",
            vec!["hj212.qn-malformed"],
        ),
        (
            "ST=32;CN=2011;PW=1;MN=TESTMN01;Flag=4;RF=1;CP=&&&&",
            vec!["hj212.rf-before-2025"],
        ),
    ] {
        assert_eq!(rules(text), expected, "{text}");
    }
}

#[test]
fn the_password_is_in_no_finding() {
    let mut findings = Findings::default();
    let text = "ST=32;CN=2011;PW=secretsecret;MN=TESTMN01;CP=&&&&";
    Segment::parse(text, 0, &mut findings).expect("a good head");
    let findings = findings.into_vec();
    assert_eq!(findings.len(), 1);
    assert!(!format!("{findings:?}").contains("secret"));
}

#[test]
fn a_head_that_can_be_read_two_ways_is_rejected() {
    check_rejected(
        "ST=31;CN=2011;PW=1;MN=A123;CN=3032;CP=&&&&",
        "hj212.field-repeated",
        "3032",
    );
    check_rejected(
        "ST=31;CN=2011;PW=1;MN=A123;MN=B123;CP=&&&&",
        "hj212.field-repeated",
        "B123",
    );
}

#[test]
fn a_head_without_command_or_cp_is_rejected() {
    check_rejected(
        "ST=31;CN=201;PW=1;MN=A123;CP=&&&&",
        "hj212.bad-segment",
        "201;",
    );
    check_rejected(
        "ST=31;CN=2O11;PW=1;MN=A123;CP=&&&&",
        "hj212.bad-segment",
        "2O11",
    );
    check_rejected("ST=31;PW=1;MN=A123;CP=&&&&", "hj212.bad-segment", "ST=31");
    check_rejected("ST=31;CN=2011;PW=1;MN=A123", "hj212.bad-segment", "MN=A123");
    check_rejected("", "hj212.bad-segment", "");
}

#[test]
fn rf_is_one_or_the_frame_is_rejected() {
    let text = "ST=31;CN=2011;PW=1;MN=A123;Flag=9;RF=1;CP=&&&&";
    assert!(
        Segment::parse(text, 0, &mut Findings::default())
            .expect("a good head")
            .is_resent
    );
    check_rejected(
        "ST=31;CN=2011;PW=1;MN=A123;Flag=9;RF=0;CP=&&&&",
        "hj212.rf-zero",
        "0;CP",
    );
    check_rejected(
        "ST=31;CN=2011;PW=1;MN=A123;Flag=9;RF=2;CP=&&&&",
        "hj212.rf-invalid",
        "2;CP",
    );
}

#[test]
fn split_marks_are_read_and_their_contradictions_named() {
    let parse = |text: &str| {
        let mut findings = Findings::default();
        let segment = Segment::parse(text, 0, &mut findings).expect("a good head");
        (
            segment.split.map(|split| (split.total, split.number)),
            findings.into_vec().len(),
        )
    };
    let head = "ST=31;CN=2051;PW=1;MN=A123;";
    assert_eq!(
        parse(&format!("{head}Flag=6;PNUM=2;PNO=1;CP=&&&&")),
        (Some((2, 1)), 0)
    );
    assert_eq!(
        parse(&format!("{head}PNUM=0002;PNO=0002;CP=&&&&")),
        (Some((2, 2)), 0),
        "2005 has no Flag"
    );
    assert_eq!(parse(&format!("{head}Flag=7;CP=&&&&")), (None, 1));
    assert_eq!(
        parse(&format!("{head}Flag=4;PNUM=2;PNO=1;CP=&&&&")),
        (Some((2, 1)), 1)
    );
    assert_eq!(parse(&format!("{head}Flag=6;PNUM=2;CP=&&&&")), (None, 1));
    assert_eq!(
        parse(&format!("{head}Flag=6;PNUM=2;PNO=3;CP=&&&&")),
        (None, 1)
    );
    assert_eq!(
        parse(&format!("{head}Flag=6;PNUM=2;PNO=0;CP=&&&&")),
        (None, 1)
    );
}

#[test]
fn the_2025_edition_refuses_contradicting_split_marks() {
    check_rejected(
        "ST=31;CN=2051;MN=A123;Flag=11;CP=&&&&",
        "hj212.split-contradiction",
        "11;CP",
    );
    check_rejected(
        "ST=31;CN=2051;MN=A123;Flag=9;PNUM=2;PNO=1;CP=&&&&",
        "hj212.split-contradiction",
        "2;PNO",
    );
    check_rejected(
        "ST=31;CN=2051;MN=A123;Flag=11;PNUM=2;CP=&&&&",
        "hj212.split-contradiction",
        "2;CP",
    );
}
