//! What no input may do: panic, lose its place, or make the adapter send a command.

use proptest::prelude::*;

use super::*;
use crate::frame::{Verdict, verdict};

const PACKETS: [&str; 4] = [
    "QN=20260901080500123;ST=31;CN=2051;PW=123456;MN=TESTMN01;Flag=7;PNUM=2;PNO=1;CP=&&DataTime=20260901080000;a21026-Min=1,a21026-Avg=2,a21026-Max=3,a21026-Flag=N;02-Avg=1&&",
    "QN=20260901080500123;ST=32;CN=2081;PW=123456;MN=TESTMN01;Flag=5;CP=&&DataTime=20260901080500;RestartTime=20260901080000&&",
    "ST=32;CN=2011;PW=123456;MN=TESTMN01;CP=&&DataTime=20260901080500;011-Rtd=18.04,011-Flag=N;B01-Rtd=10.98&&",
    "QN=20260901080500123;ST=32;CN=1013;PW=123456;MN=TESTMN01;Flag=9;CP=&&PolId=w01018&&",
];

/// Converts and checks what must hold for any message.
fn check(message: Vec<u8>) {
    let length = message.len() as u64;
    let configuration = r#"{"accept_crc_dialect": true}"#;
    let result = convert_all(configuration, &[message]).remove(0);
    let conversion = match result {
        Ok(conversion) => conversion,
        Err(rejection) => {
            return assert!(rejection.offset <= length && rejection.code.starts_with("hj212."));
        }
    };
    for record in &conversion.records {
        let envelope = record.envelope.as_ref().expect("an envelope");
        assert!(envelope.raw_offset + envelope.raw_length <= length);
    }
    assert!(
        conversion
            .findings
            .iter()
            .all(|finding| finding.offset + finding.length <= length)
    );
    let reply = String::from_utf8(conversion.reply).expect("ASCII");
    for frame in reply.split_inclusive("\r\n") {
        assert_eq!(verdict(frame.as_bytes()), Verdict::Ok);
        let commands: Vec<_> = frame
            .match_indices("CN=")
            .map(|(at, _)| &frame[at + 3..at + 7])
            .collect();
        assert!(
            matches!(commands[..], ["9011" | "9012" | "9013" | "9014"]),
            "{frame}"
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_are_converted_or_rejected(message in proptest::collection::vec(any::<u8>(), 0..600)) {
        check(message);
    }

    #[test]
    fn any_segment_in_a_good_frame_is_converted_or_rejected(segment in "[QNSTCPWMFlagPNUO=;,&{0-9x.RtdAvgDataTime -]{0,200}") {
        check(framed(&segment));
    }

    #[test]
    fn any_values_in_a_good_packet_are_converted_or_rejected(cn in "[0-9]{4}", flag in "[0-9]{1,3}", mn in "[^;]{0,30}", cp in "[^&]{0,120}") {
        let segment = format!("QN=20260901080500123;ST=31;CN={cn};PW=123456;MN={mn};Flag={flag};CP=&&DataTime=20260901080500;{cp}&&");
        prop_assume!(segment.len() < 10_000);
        check(framed(&segment));
    }

    #[test]
    fn a_changed_packet_is_converted_or_rejected(
        packet in 0..PACKETS.len(), changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), reframe: bool,
    ) {
        let mut segment = PACKETS[packet].as_bytes().to_vec();
        for (place, byte) in &changes {
            let at = place.index(segment.len());
            segment[at] = *byte;
        }
        let crc = if reframe { crc::standard(&segment) } else { crc::standard(PACKETS[packet].as_bytes()) };
        let mut message = format!("##{:04}", segment.len()).into_bytes();
        message.extend_from_slice(&segment);
        message.extend_from_slice(format!("{crc:04X}\r\n").as_bytes());
        check(message);
    }

    #[test]
    fn frames_in_one_message_give_the_records_of_their_own_messages(picks in proptest::collection::vec(0..PACKETS.len(), 1..6)) {
        let single: Vec<_> = picks.iter().map(|&pick| framed(PACKETS[pick])).collect();
        let apart: usize = convert_all("{}", &single).into_iter().map(|result| result.map_or(0, |it| it.records.len())).sum();
        let joined = convert(&single.concat()).map_or(0, |conversion| conversion.records.len());
        prop_assert_eq!(joined, apart);
    }
}
