//! Tests of the adapter as the gateway sees it: messages in, records and findings out.

mod properties;
mod values;

use adapter_sdk::proto::v1::{Conversion, Finding, Integrity, Observation, record};
use adapter_sdk::{Adapter, Message, Rejection};

use crate::{Hj212, crc};

const HEAD: &str = "QN=20260901080500123;ST=31;CN=2011;PW=123456;MN=TESTMN01;Flag=4;";

/// A frame with the right length and check value.
fn framed(segment: &str) -> Vec<u8> {
    let crc = crc::standard(segment.as_bytes());
    format!("##{:04}{segment}{crc:04X}\r\n", segment.len()).into_bytes()
}

fn adapter(configuration: &str) -> Hj212 {
    Hj212::configure(configuration.as_bytes()).expect("a good configuration")
}

fn convert_all(configuration: &str, messages: &[Vec<u8>]) -> Vec<Result<Conversion, Rejection>> {
    let messages: Vec<_> = messages
        .iter()
        .map(|message| Message::new(message))
        .collect();
    adapter(configuration).convert(&messages)
}

fn convert(message: &[u8]) -> Result<Conversion, Rejection> {
    convert_all("{}", &[message.to_vec()]).remove(0)
}

fn converted(segment: &str) -> Conversion {
    convert(&framed(segment)).unwrap_or_else(|rejection| panic!("{segment}: {rejection:?}"))
}

fn check_rejected(message: &[u8], code: &str) -> Rejection {
    let rejection = convert(message).expect_err("a rejection");
    assert_eq!(rejection.code, code, "{}", message.escape_ascii());
    rejection
}

/// The observations of a conversion that holds nothing else.
fn observations(conversion: &Conversion) -> Vec<&Observation> {
    let records = conversion.records.iter();
    records
        .map(|record| {
            let Some(record::Entity::Observation(observation)) = &record.entity else {
                panic!("{record:?} is no observation");
            };
            observation
        })
        .collect()
}

fn rules(findings: &[Finding]) -> Vec<&str> {
    findings
        .iter()
        .map(|finding| finding.rule.as_str())
        .collect()
}

#[test]
fn each_bad_frame_has_its_rejection() {
    let segment = format!("{HEAD}CP=&&DataTime=20260901080500;a21026-Rtd=1.0&&");
    let length = segment.len();
    let (right, modbus) = (
        crc::standard(segment.as_bytes()),
        crc::modbus(segment.as_bytes()),
    );
    let frame =
        |length: usize, crc: u16| format!("##{length:04}{segment}{crc:04X}\r\n").into_bytes();
    let crc_offset = (6 + length) as u64;
    assert_eq!(
        check_rejected(&frame(length, right ^ 1), "hj212.crc-bad").offset,
        crc_offset
    );
    assert_eq!(
        check_rejected(&frame(length, modbus), "hj212.crc-dialect").offset,
        crc_offset
    );
    assert_eq!(
        check_rejected(&frame(length + 1, right), "hj212.len-bad").offset,
        2
    );
    assert_eq!(
        check_rejected(&frame(length + 1, right ^ 1), "hj212.len-crc-bad").offset,
        2
    );
    assert_eq!(
        check_rejected(
            format!("##{length:04}{segment}\r\n").as_bytes(),
            "hj212.no-crc"
        )
        .offset,
        crc_offset
    );
    assert_eq!(
        check_rejected(
            format!("\r\n##81{segment}0000\r\n").as_bytes(),
            "hj212.bad-header"
        )
        .offset,
        2
    );
    assert_eq!(check_rejected(b"", "hj212.bad-header").offset, 0);
    assert_eq!(check_rejected(b"\0hello", "hj212.bad-header").offset, 1);
}

#[test]
fn a_rejected_check_value_says_when_no_standard_device_could_have_sent_it() {
    let segment = format!("{HEAD}CP=&&DataTime=20260901080500;a21026-Rtd=1.0&&");
    let rejection = check_rejected(
        format!("##{:04}{segment}33EC", segment.len()).as_bytes(),
        "hj212.crc-bad",
    );
    assert!(
        rejection.text.contains("can never give that value"),
        "{}",
        rejection.text
    );
}

#[test]
fn a_dialect_is_accepted_only_where_it_is_configured_and_is_labelled() {
    let segment = format!("{HEAD}CP=&&DataTime=20260901080500;a21026-Rtd=1.0&&");
    let modbus = crc::modbus(segment.as_bytes()).swap_bytes();
    let message = format!("##{:04}{segment}{modbus:04X}", segment.len()).into_bytes();
    let other = r#"{"devices": {"OTHER": {"accept_crc_dialect": true}}}"#;
    assert!(
        convert_all(other, std::slice::from_ref(&message))
            .remove(0)
            .is_err()
    );
    for accepting in [
        r#"{"accept_crc_dialect": true}"#,
        r#"{"devices": {"TESTMN01": {"accept_crc_dialect": true}}}"#,
    ] {
        let conversion = convert_all(accepting, std::slice::from_ref(&message))
            .remove(0)
            .expect("accepted");
        assert_eq!(
            conversion.facts.as_ref().map(|facts| facts.integrity()),
            Some(Integrity::CrcDialect)
        );
        assert_eq!(rules(&conversion.findings), ["hj212.crc-dialect"]);
        assert_eq!(conversion.records.len(), 1);
    }
}

#[test]
fn every_command_to_a_device_is_refused_and_not_answered() {
    let cps = [
        "",
        "PolId=w01018",
        "PolId=a34004,MB_BgnAddr=192,MB_Wrt=3",
        "BeginTime=20260901000000,EndTime=20260902000000",
    ];
    for cn in [
        "1000", "1001", "1011", "1012", "1062", "1072", "3011", "3019", "3020", "3021", "3032",
        "3999", "2012",
    ] {
        for cp in cps {
            let segment = format!(
                "QN=20260901080500123;ST=32;CN={cn};PW=123456;MN=TESTMN01;Flag=5;CP=&&{cp}&&"
            );
            let rejection = check_rejected(&framed(&segment), "hj212.downlink-refused");
            assert!(rejection.text.contains(cn), "{}", rejection.text);
        }
    }
    let request = "QN=20260901080500123;ST=32;CN=2061;PW=1;MN=TESTMN01;Flag=3;CP=&&BeginTime=20260901000000,EndTime=20260902000000&&";
    check_rejected(&framed(request), "hj212.downlink-refused");
}

#[test]
fn data_and_notices_are_acknowledged_when_an_answer_is_wanted() {
    let data = "CP=&&DataTime=20260901080500;w01018-Rtd=1&&";
    let reply = |cn: &str, flag: u8, cp: &str| {
        let segment =
            format!("QN=20260901080500123;ST=32;CN={cn};PW=123456;MN=TESTMN01;Flag={flag};{cp}");
        String::from_utf8(converted(&segment).reply).expect("ASCII")
    };
    assert!(reply("2011", 5, data).contains(";ST=91;CN=9014;PW=123456;MN=TESTMN01;Flag=4;CP=&&&&"));
    assert!(reply("2061", 9, data).contains(";CN=9014;PW=123456;MN=TESTMN01;Flag=8;"));
    assert!(reply("1013", 5, "CP=&&PolId=w01018&&").contains(";CN=9013;"));
    assert_eq!(reply("2011", 4, data), "");
    assert_eq!(reply("9011", 5, "CP=&&QnRtn=1&&"), "");
    assert_eq!(reply("9014", 5, "CP=&&&&"), "");
}

#[test]
fn an_answer_that_cannot_be_built_is_a_finding() {
    let conversion = converted(
        "ST=32;CN=2011;PW=1;MN=TESTMN01;Flag=5;CP=&&DataTime=20260901080500;w01018-Rtd=1&&",
    );
    assert!(conversion.reply.is_empty());
    assert_eq!(rules(&conversion.findings), ["hj212.not-answered"]);
}

#[test]
fn an_encrypted_packet_is_rejected_as_such_whatever_its_marks_say() {
    let segment =
        "QN=20260901080500123;ST=31;CN=2011;PW=123456;MN=TESTMN01;Flag=9;CP=&&{0xC8,0xA3}lag=N&&";
    for message in [
        framed(segment),
        format!("##0172{segment}1680\r\n").into_bytes(),
    ] {
        let rejection = check_rejected(&message, "hj212.encrypted");
        assert_eq!(message[rejection.offset as usize], b'{');
        assert!(rejection.text.contains("key"));
    }
}

#[test]
fn good_frames_of_a_message_are_kept_and_bad_ones_are_findings() {
    let good = framed(&format!(
        "{HEAD}CP=&&DataTime=20260901080500;a21026-Rtd=1.0&&"
    ));
    let bad = b"##0010ST=31;CN=2011&&0000\r\n".to_vec();
    let message = [
        good.clone(),
        bad.clone(),
        b"junk\r\n".to_vec(),
        good.clone(),
    ]
    .concat();
    let conversion = convert(&message).expect("two good frames");
    assert_eq!(conversion.records.len(), 2);
    assert_eq!(
        rules(&conversion.findings),
        ["hj212.len-crc-bad", "hj212.bad-header"]
    );
    let place = &conversion.findings[0];
    assert_eq!(
        (place.offset, place.length),
        (good.len() as u64, bad.len() as u64 - 2)
    );
    let second = conversion.records[1]
        .envelope
        .as_ref()
        .expect("an envelope");
    let start = second.raw_offset as usize;
    assert_eq!(
        &message[start..start + second.raw_length as usize],
        b"a21026-Rtd=1.0"
    );
}

#[test]
fn parts_of_a_split_packet_are_converted_and_a_missing_one_is_told() {
    let part = |number: u8, qn: u16| {
        framed(&format!(
            "QN=20260901082000{qn:03};ST=31;CN=2051;PW=1;MN=TESTMN01;Flag=6;PNUM=3;PNO={number};CP=&&DataTime=20260901081000;a2102{number}-Avg=1&&"
        ))
    };
    let configuration = r#"{"minute_interval_s": 600}"#;
    let complete = convert_all(configuration, &[part(2, 2), part(1, 1), part(3, 3)]);
    let incomplete = convert_all(configuration, &[part(1, 1), part(3, 3), part(3, 4)]);
    let rules_of = |results: Vec<Result<Conversion, Rejection>>| -> Vec<bool> {
        let has = |conversion: Conversion| {
            rules(&conversion.findings).contains(&"hj212.incomplete-group")
        };
        results
            .into_iter()
            .map(|result| has(result.expect("converted")))
            .collect()
    };
    assert_eq!(rules_of(complete), [false, false, false]);
    assert_eq!(rules_of(incomplete), [true, true, true]);
}

#[test]
fn restarts_and_serial_numbers_make_a_device() {
    let device = |segment: &str| {
        let results = convert_all(
            r#"{"devices": {"TESTMN01": {"units": {"w01018": "mg/L"}}}}"#,
            &[framed(segment)],
        );
        let conversion = results.into_iter().next().expect("one").expect("converted");
        match &conversion.records[0].entity {
            Some(record::Entity::Device(device)) => (**device).clone(),
            other => panic!("{other:?}"),
        }
    };
    let head = "QN=20260901080500123;ST=32;PW=1;MN=TESTMN01;Flag=4;";
    let restart = device(&format!(
        "{head}CN=2081;CP=&&DataTime=20260901080000;RestartTime=20260901075900&&"
    ));
    assert_eq!(
        (
            restart.native_id.as_str(),
            restart.st.as_str(),
            restart.kind
        ),
        ("TESTMN01", "32", 1)
    );
    assert_eq!(
        restart.valid_from.map(|time| time.text).as_deref(),
        Some("2026-09-01T08:00:00+08:00")
    );
    assert_eq!(
        restart.units.get("w01018").map(String::as_str),
        Some("mg/L")
    );
    let serial = device(&format!(
        "{head}CN=3019;CP=&&PolId=w01018;w01018-SN=XK2100&&"
    ));
    assert_eq!((serial.kind, serial.serial.as_str()), (2, "XK2100"));
}

#[test]
fn answers_and_told_settings_make_no_record() {
    for (cn, cp, expected) in [
        ("9011", "QnRtn=1", vec![]),
        ("9012", "ExeRtn=100", vec!["hj212.request-failed"]),
        ("9014", "", vec![]),
        ("9015", "", vec![]),
        ("9021", "", vec!["hj212.vendor-command"]),
        ("1011", "SystemTime=20260901080000", vec!["hj212.no-place"]),
    ] {
        let segment =
            format!("QN=20260901080500123;ST=32;CN={cn};PW=1;MN=TESTMN01;Flag=4;CP=&&{cp}&&");
        let conversion = converted(&segment);
        assert!(conversion.records.is_empty(), "{cn}");
        assert_eq!(rules(&conversion.findings), expected, "{cn}");
    }
}

#[test]
fn packets_without_device_time_or_values_are_rejected() {
    let data = |mn: &str, cp: &str| framed(&format!("ST=32;CN=2061;PW=1;MN={mn};CP=&&{cp}&&"));
    check_rejected(
        &data("", "DataTime=20260901080000;w01018-Avg=1"),
        "hj212.no-mn",
    );
    check_rejected(&data("TESTMN01", "w01018-Avg=1"), "hj212.no-data-time");
    check_rejected(
        &data("TESTMN01", "DataTime=20260931080000;w01018-Avg=1"),
        "hj212.no-data-time",
    );
    check_rejected(
        &data("TESTMN01", "DataTime=20260901080000"),
        "hj212.no-data",
    );
    check_rejected(
        &framed("ST=32;CN=2071;PW=1;MN=TESTMN01;CP=&&DataTime=20260901080000;a-Avg=1&&"),
        "hj212.unknown-command",
    );
}

#[test]
fn text_that_is_not_utf8_is_named_and_shown_escaped() {
    let mut segment = b"QN=20260901080500123;ST=32;CN=3020;PW=1;MN=TESTMN01;Flag=4;CP=&&DataTime=20260901080500;i11001-Info=//".to_vec();
    segment.extend_from_slice(&[0xCA, 0xFD, 0xBE, 0xDD]);
    segment.extend_from_slice(b"//&&");
    let mut message = format!("##{:04}", segment.len()).into_bytes();
    message.extend_from_slice(&segment);
    message.extend_from_slice(format!("{:04X}", crc::standard(&segment)).as_bytes());
    let conversion = convert(&message).expect("converted");
    let finding = conversion
        .findings
        .iter()
        .find(|finding| finding.rule == "hj212.encoding")
        .expect("a finding");
    assert_eq!(
        (finding.raw.as_str(), finding.length),
        (r"\xca\xfd\xbe\xdd", 4)
    );
    assert_eq!(
        finding.offset as usize,
        message
            .iter()
            .position(|&byte| byte == 0xCA)
            .expect("there")
    );
}
