//! Tests of observations: what each carries and what is remarked on.

use adapter_sdk::proto::v1::{DataFlag, Statistic, UnitSource};

use super::*;

/// The findings on the records and on the message that a CP leads to.
fn check_findings(cn: &str, cp: &str, expected: &[&str]) {
    let segment = format!(
        "QN=20260901101000123;ST=31;CN={cn};PW=1;MN=TESTMN01;Flag=4;CP=&&DataTime=20260901090000;{cp}&&"
    );
    let results = convert_all(r#"{"minute_interval_s": 600}"#, &[framed(&segment)]);
    let conversion = results.into_iter().next().expect("one").expect("converted");
    let quality = conversion
        .records
        .iter()
        .filter_map(|record| record.envelope.as_ref())
        .flat_map(|envelope| &envelope.quality);
    let found: Vec<_> = quality
        .chain(&conversion.findings)
        .map(|finding| finding.rule.as_str())
        .collect();
    assert_eq!(found, expected, "{cp}");
}

#[test]
fn an_observation_carries_what_the_packet_and_the_configuration_say() {
    let segment = "QN=20260901091000123;ST=31;CN=2061;PW=1;MN=testMN01;Flag=4;CP=&&DataTime=20260901080000;a00000-Cou=12758.2460,a00000-Avg=3.9151,a00000-EFlag=A01,a00000-Flag=N;02-ZsAvg=-0.10,02-Flag=T&&";
    let configuration = r#"{"devices": {"testMN01": {"units": {"a00000": "m3/h"}}}}"#;
    let message = framed(segment);
    let conversion = convert_all(configuration, std::slice::from_ref(&message))
        .remove(0)
        .expect("converted");
    let observations = observations(&conversion);
    assert_eq!(observations.len(), 3);
    let amount = observations[0];
    assert_eq!(
        (
            amount.mn.as_str(),
            amount.cn,
            amount.interval_s,
            amount.resend
        ),
        ("testMN01", 2061, 3600, false)
    );
    assert_eq!(
        (
            amount.factor.as_str(),
            amount.factor_legacy.as_str(),
            amount.stat()
        ),
        ("a00000", "", Statistic::Cou)
    );
    assert_eq!(
        (amount.flag(), amount.eflag.as_str()),
        (DataFlag::Normal, "A01")
    );
    let quantity = |at: usize| {
        let quantity = observations[at].value.as_ref().expect("a value");
        (
            quantity.value.as_str(),
            quantity.unit.as_str(),
            quantity.unit_source(),
        )
    };
    assert_eq!(
        quantity(0),
        ("12758.2460", "m3", UnitSource::StandardDefault)
    );
    assert_eq!(quantity(1), ("3.9151", "m3/h", UnitSource::DeviceConfig));
    assert_eq!(quantity(2), ("-0.10", "mg/m3", UnitSource::StandardDefault));
    let converted = observations[2];
    assert_eq!(
        (converted.factor.as_str(), converted.factor_legacy.as_str()),
        ("a21026", "02")
    );
    assert_eq!(
        (converted.stat(), converted.flag()),
        (Statistic::ZsAvg, DataFlag::OverRange)
    );
    let time = converted.data_time.as_ref().expect("a time");
    assert_eq!(
        (time.text.as_str(), time.offset_assumed),
        ("2026-09-01T08:00:00+08:00", true)
    );
    for record in &conversion.records {
        let envelope = record.envelope.as_ref().expect("an envelope");
        let source = &message[envelope.raw_offset as usize..][..envelope.raw_length as usize];
        assert!(source.contains(&b'=') && !source.contains(&b',') && !source.contains(&b';'));
    }
}

#[test]
fn odd_values_are_remarked_on_and_kept() {
    check_findings("2061", "a21026-Avg=35.40,a21026-Flag=N", &[]);
    check_findings(
        "2061",
        "a21026-Avg=0.00,a21026-Flag=D",
        &["hj212.zero-while-faulty"],
    );
    check_findings("2061", "a21026-Avg=0.00,a21026-Flag=N", &[]);
    check_findings(
        "2061",
        "a21026-Avg=0.00,a21026-Flag=T",
        &["hj212.over-range-zero"],
    );
    check_findings(
        "2061",
        "a21026-Min=5.1,a21026-Avg=5.1,a21026-Max=5.1,a21026-Flag=N",
        &["hj212.constant"],
    );
    check_findings(
        "2061",
        "a21026-Min=5.1,a21026-Avg=5.2,a21026-Max=5.3,a21026-Flag=N",
        &[],
    );
    check_findings(
        "2061",
        "a21026-ZsMin=5.1,a21026-ZsAvg=10,a21026-ZsMax=9.9",
        &["hj212.average-outside"],
    );
    check_findings(
        "2061",
        "a01013-Avg=-130.7116,a01013-Flag=N",
        &["hj212.unit-suspect"],
    );
    check_findings("2061", "a01013-Avg=103.79,a01013-Flag=N", &[]);
    check_findings("2061", "a34004-Avg=207", &["hj212.unit-suspect"]);
    check_findings("2061", "w01001-Avg=14.01", &["hj212.not-possible"]);
    check_findings("2061", "a01012-ZsAvg=32.4", &["hj212.converted-parameter"]);
    check_findings("2061", "a21026-Avg=1,a21026-Flag=X", &["hj212.flag-other"]);
    check_findings("2061", "a21026-Avg=1,a21026-Flag=n", &["hj212.flag-case"]);
    check_findings("2061", "a21026-Avg=+1.5", &["number.sign"]);
}

#[test]
fn what_cannot_become_an_observation_is_remarked_on_and_not_guessed() {
    check_findings("2061", "a21026-ZsCou=0.1", &["hj212.unknown-suffix"]);
    check_findings("2061", "LA-td=50.1", &["hj212.unknown-suffix"]);
    check_findings("2061", "a21026-Avg=abc", &["number.syntax"]);
    check_findings("2061", "a21026-Avg=", &["number.missing"]);
    check_findings("2061", "a21026-StandardValue=5", &["hj212.no-place"]);
}

#[test]
fn codes_that_are_odd_are_kept_as_sent() {
    check_findings("2061", "a99054-Avg=1", &["hj212.unknown-factor"]);
    check_findings("2061", "A21026-Avg=1", &["hj212.unknown-factor"]);
    check_findings("2061", "LA-Avg=50", &[]);
    check_findings("2061", "02-Avg=1;a01012-Avg=2", &["hj212.mixed-codes"]);
    check_findings(
        "2061",
        "02-Avg=1;a01012-Avg=2;a21026-Max=3",
        &["hj212.factor-repeated", "hj212.mixed-codes"],
    );
    check_findings("2061", "011-Avg=1;060-Avg=2", &[]);
}

#[test]
fn facilities_are_observed_by_their_number() {
    let conversion = converted(
        "ST=31;CN=2021;PW=1;MN=TESTMN01;CP=&&DataTime=20260901090000;SB1-RS=1;SB12-RS=0&&",
    );
    let states = observations(&conversion);
    assert_eq!(
        states
            .iter()
            .map(|state| state.factor.as_str())
            .collect::<Vec<_>>(),
        ["SB1", "SB12"]
    );
    assert!(
        states
            .iter()
            .all(|state| state.stat() == Statistic::Rtd && state.interval_s == 0)
    );
    let conversion =
        converted("ST=31;CN=2041;PW=1;MN=TESTMN01;CP=&&DataTime=20260901000000;SB1-RT=23.5&&");
    let hours = observations(&conversion)[0];
    let quantity = hours.value.as_ref().expect("a value");
    assert_eq!(
        (hours.stat(), hours.interval_s, quantity.unit.as_str()),
        (Statistic::Cou, 86_400, "h")
    );
    assert!(conversion.findings.is_empty());
}

#[test]
fn lateness_is_told_and_taken_for_data_sent_again() {
    let check = |cn: &str, qn: &str, head: &str, resend: bool, expected: &[&str]| {
        let segment = format!(
            "QN={qn}000;ST=31;CN={cn};PW=1;MN=TESTMN01;{head}CP=&&DataTime=20260901080000;a21026-Avg=1&&"
        );
        let conversion = converted(&segment);
        assert_eq!(observations(&conversion)[0].resend, resend, "{segment}");
        assert_eq!(rules(&conversion.findings), expected, "{segment}");
    };
    check("2061", "20260901190000", "Flag=4;", false, &[]);
    check("2061", "20260901190001", "Flag=4;", true, &["hj212.late"]);
    check("2061", "20260902190000", "Flag=8;RF=1;", true, &[]);
    check(
        "2061",
        "20260901080500",
        "Flag=4;",
        false,
        &["hj212.interval-open"],
    );
    check(
        "2061",
        "20260901070000",
        "Flag=4;",
        false,
        &["hj212.data-time-ahead"],
    );
    check("2011", "20260901081000", "Flag=4;", false, &[]);
    check("2011", "20260901081001", "Flag=4;", true, &["hj212.late"]);
    check(
        "2051",
        "20260901081000",
        "Flag=4;",
        false,
        &["hj212.interval-assumed"],
    );
}

#[test]
fn a_sample_reported_twice_is_no_new_measurement() {
    let message = |time: &str| {
        framed(&format!(
            "ST=32;CN=2061;PW=1;MN=TESTMN01;Flag=4;CP=&&DataTime={time};w01018-SampleTime=20260901075500,w01018-Avg=20.1&&"
        ))
    };
    let results = convert_all(
        "{}",
        &[
            message("20260901080000"),
            message("20260901080000"),
            message("20260901090000"),
        ],
    );
    let quality: Vec<Vec<String>> = results
        .into_iter()
        .map(|result| {
            let envelope = result
                .expect("converted")
                .records
                .remove(0)
                .envelope
                .expect("an envelope");
            envelope
                .quality
                .into_iter()
                .map(|finding| finding.rule)
                .collect()
        })
        .collect();
    assert_eq!(
        quality,
        [vec![], vec![], vec!["hj212.sample-repeated".to_owned()]]
    );
}

#[test]
fn heads_are_remarked_on_where_they_are_odd() {
    let check = |head: &str, expected: &[&str]| {
        let conversion = converted(&format!(
            "{head};CP=&&DataTime=20260901080500;w01018-Rtd=1&&"
        ));
        assert_eq!(rules(&conversion.findings), expected, "{head}");
    };
    check(
        "ST=32;CN=2011;PW=1;MN=91320509703697203A;Flag=4",
        &["hj212.mn-credit-code"],
    );
    check(
        "ST=32;CN=2011;PW=1;MN=TEST91320509703697203A;Flag=4",
        &["hj212.mn-credit-code"],
    );
    check("ST=32;CN=2011;PW=1;MN=91320509703697203B;Flag=4", &[]);
    check("ST=32;CN=2011;PW=1;MN=ABC;Flag=4", &["hj212.mn-length"]);
    check(
        "ST=101;CN=2011;PW=1;MN=TESTMN01;Flag=4",
        &["hj212.st-unknown"],
    );
    check(
        "ST=32;CN=2011;PW=1;MN=TESTMN01;Flag=7",
        &["hj212.split-contradiction", "hj212.not-answered"],
    );
}
