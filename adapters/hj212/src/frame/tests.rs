//! Tests of framing: labels, offsets, and what no input may do.

use proptest::prelude::*;

use super::*;

const SEGMENT: &str = "QN=20260901080500123;ST=31;CN=2011;PW=123456;MN=TESTMN0000000000000001;Flag=5;CP=&&DataTime=20260901080500;a21026-Rtd=35.40,a21026-Flag=N&&";

/// A frame with the right length and check value, without a line end.
fn framed(segment: &str) -> String {
    let crc = crc::standard(segment.as_bytes());
    format!("##{:04}{segment}{crc:04X}", segment.len())
}

fn frames(message: &[u8]) -> Vec<Frame<'_>> {
    pieces(message)
        .filter_map(|piece| match piece {
            Piece::Frame(frame) => Some(frame),
            Piece::Stray(_) => None,
        })
        .collect()
}

fn check(message: &str, expected: &str) {
    assert_eq!(verdict(message.as_bytes()).label(), expected, "{message}");
}

#[test]
fn each_kind_of_frame_has_its_label() {
    let length = SEGMENT.len();
    let good = crc::standard(SEGMENT.as_bytes());
    let modbus = crc::modbus(SEGMENT.as_bytes());
    check(&framed(SEGMENT), "ok");
    check(&format!("{}\r\n", framed(SEGMENT)), "ok");
    check(
        &format!("##{length:04}{SEGMENT}{modbus:04X}"),
        "crc-dialect",
    );
    check(
        &format!("##{length:04}{SEGMENT}{:04x}", modbus.swap_bytes()),
        "crc-dialect",
    );
    check(
        &format!("##{length:04}{SEGMENT}{:04X}", good ^ 1),
        "crc-bad",
    );
    check(
        &format!("##{:04}{SEGMENT}{good:04X}", length + 6),
        "len-bad",
    );
    check(
        &format!("##{:04}{SEGMENT}{good:04X}", length - 6),
        "len-bad",
    );
    check(
        &format!("##{:04}{SEGMENT}{:04X}", length + 6, good ^ 1),
        "len+crc-bad",
    );
    check(
        &format!("##{:04}{SEGMENT}{modbus:04X}", length + 6),
        "len+crc-bad",
    );
    check(&format!("##{length:04}{SEGMENT}\r\n"), "no-crc");
    check(&format!("##{length:04}{SEGMENT}7B\r\n"), "no-crc");
}

#[test]
fn a_length_field_that_is_not_four_digits_is_a_bad_header() {
    let crc = crc::standard(SEGMENT.as_bytes());
    for header in ["##", "##81", "##127", "##00127", "## 127", "##O127", ""] {
        check(&format!("{header}{SEGMENT}{crc:04X}\r\n"), "bad-header");
    }
    check("", "bad-header");
    check("\r\n", "bad-header");
    check("##", "bad-header");
}

#[test]
fn a_missing_closing_mark_does_not_touch_the_verdict() {
    let unclosed = SEGMENT.trim_end_matches('&');
    let message = framed(unclosed);
    check(&message, "ok");
    assert!(frames(message.as_bytes())[0].oddities.unclosed);
    let wrong = format!("##{:04}{unclosed}0000", unclosed.len());
    check(&wrong, "crc-bad");
    assert_eq!(frames(wrong.as_bytes())[0].segment, unclosed.as_bytes());
}

#[test]
fn an_empty_cp_is_not_taken_for_a_missing_closing_mark() {
    let segment = "QN=20260901080500123;ST=91;CN=9014;PW=123456;MN=TEST;Flag=4;CP=&&&&";
    check(&framed(segment), "ok");
    check(&format!("##{:04}{segment}", segment.len()), "no-crc");
}

#[test]
fn oddities_are_reported_beside_the_verdict() {
    let message = format!("{}**\r\n", framed(SEGMENT));
    let frame = &frames(message.as_bytes())[0];
    assert_eq!((frame.verdict, frame.oddities.stars), (Verdict::Ok, true));
    assert_eq!(frame.extent, 0..message.len() - 2);

    let lost = framed(SEGMENT)[1..].to_owned();
    let frame = &frames(lost.as_bytes())[0];
    assert_eq!(
        (frame.verdict, frame.oddities.lost_hash),
        (Verdict::Ok, true)
    );
    assert_eq!(frame.segment_offset, 5);

    // 0b40 is a check value that shows its case.
    let segment = "ST=32;CN=2011;PW=123456;MN=TEST;CP=&&DataTime=20260901080500;011-Rtd=";
    let lower = (0..64)
        .map(|value| framed(&format!("{segment}{value}&&")))
        .find(|frame| {
            frame.as_bytes()[frame.len() - 4..]
                .iter()
                .any(u8::is_ascii_uppercase)
        })
        .expect("some check value has a letter");
    let lower = format!(
        "{}{}",
        &lower[..lower.len() - 4],
        lower[lower.len() - 4..].to_lowercase()
    );
    let frame = &frames(lower.as_bytes())[0];
    assert_eq!(
        (frame.verdict, frame.oddities.lower_case_crc),
        (Verdict::Ok, true)
    );
}

#[test]
fn nul_padding_and_missing_line_ends_separate_nothing_and_hide_nothing() {
    let one = framed(SEGMENT);
    for separator in ["", "\r\n", "\n", "\0\0\0", "\0\r\n\0", "**\r\n"] {
        let message = format!("{one}{separator}{one}{separator}");
        let found = frames(message.as_bytes());
        assert_eq!(found.len(), 2, "{separator:?}");
        assert!(found.iter().all(|frame| frame.verdict == Verdict::Ok));
        assert_eq!(found[1].extent.start, one.len() + separator.len());
    }
}

#[test]
fn a_damaged_frame_does_not_swallow_the_next_one() {
    let good = framed(SEGMENT);
    for damaged in [
        format!("##9999{SEGMENT}0000"),
        format!("##0010{SEGMENT}"),
        format!("##81{SEGMENT}0000"),
        "##0128QN=2026".to_owned(),
        "##".to_owned(),
    ] {
        let message = format!("{damaged}\r\n{good}\r\n");
        let found = frames(message.as_bytes());
        assert_eq!(found.len(), 2, "{message}");
        assert_ne!(found[0].verdict, Verdict::Ok);
        assert_eq!(found[1].verdict, Verdict::Ok);
        assert_eq!(found[1].extent.start, damaged.len() + 2);
    }
}

#[test]
fn stray_bytes_are_reported_with_their_place() {
    let message = format!("hello\r\n{}\r\nworld", framed(SEGMENT));
    let strays: Vec<_> = pieces(message.as_bytes())
        .filter_map(|piece| match piece {
            Piece::Stray(range) => Some(range),
            Piece::Frame(_) => None,
        })
        .collect();
    assert_eq!(strays, [0..7, message.len() - 5..message.len()]);
}

#[test]
fn a_segment_may_hold_hash_signs_and_line_ends_when_its_marks_are_right() {
    let segment = "QN=20260901080500123;ST=31;CN=3020;PW=123456;MN=TEST;Flag=5;CP=&&i11001-Info=//a##b\r\nc//&&";
    let message = framed(segment);
    assert_eq!(frames(message.as_bytes())[0].segment, segment.as_bytes());
}

#[test]
fn a_message_of_bare_headers_is_framed_without_reading_it_over_and_over() {
    // Each header declares far more than follows before the next one, and
    // hexadecimal digits stand wherever it points to.
    let message = "##9999Qa".repeat(200_000);
    let count = pieces(message.as_bytes()).count();
    assert_eq!(count, 200_000);
}

proptest! {
    #[test]
    fn any_bytes_are_covered_by_pieces_and_padding(message in proptest::collection::vec(any::<u8>(), 0..400)) {
        check_cover(&message);
    }

    #[test]
    fn bytes_that_look_like_frames_are_covered_too(message in "[#0-9A-F&=;QNCP\r\n*]{0,300}") {
        check_cover(message.as_bytes());
    }

    #[test]
    fn a_stream_gives_the_frames_of_its_parts(separators in proptest::collection::vec("(\r\n|\n|\0{0,3}|)", 1..8)) {
        let mut stream = Vec::new();
        let mut starts = Vec::new();
        for separator in &separators {
            starts.push(stream.len());
            stream.extend_from_slice(framed(SEGMENT).as_bytes());
            stream.extend_from_slice(separator.as_bytes());
        }
        let found = frames(&stream);
        prop_assert!(found.iter().all(|frame| frame.verdict == Verdict::Ok));
        prop_assert_eq!(found.iter().map(|frame| frame.extent.start).collect::<Vec<_>>(), starts);
    }

    #[test]
    fn one_changed_digit_of_the_length_is_never_ok(place in 2_usize..6, digit in b'0'..=b'9') {
        let mut message = framed(SEGMENT).into_bytes();
        prop_assume!(message[place] != digit);
        message[place] = digit;
        prop_assert_eq!(verdict(&message), Verdict::LenBad);
    }
}

/// Every byte lies in exactly one piece or is padding, and pieces advance.
fn check_cover(message: &[u8]) {
    let mut at = 0;
    for piece in pieces(message) {
        let extent = match &piece {
            Piece::Frame(frame) => frame.extent.clone(),
            Piece::Stray(range) => range.clone(),
        };
        assert!(
            extent.start >= at && extent.end > extent.start,
            "{piece:?} after {at}"
        );
        assert_eq!(
            bounds::skip_padding(&message[..extent.start], at),
            extent.start
        );
        at = extent.end;
    }
    assert_eq!(bounds::skip_padding(message, at), message.len());
}
