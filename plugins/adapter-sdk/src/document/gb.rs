//! GB 18030 text: decoding with the place of every malformed byte, and walking
//! encoded and decoded text side by side.
//!
//! The conversion tables are those of `encoding_rs`; this file only knows how
//! many bytes a character takes on either side. `offsets` relies on the two
//! walks agreeing with the decoder.

use encoding_rs::{DecoderResult, GB18030};

use super::offsets::{Point, narrow};

/// Distance between two stored points of a decoded text, in bytes of text.
///
/// A lookup walks at most this far; a smaller step costs memory in every message.
pub(crate) const SYNC_STEP: usize = 64;

/// Decoded GB 18030 text.
#[derive(Debug, Default)]
pub(crate) struct GbText {
    /// The text, U+FFFD where the bytes were malformed.
    pub(crate) text: String,
    /// Places of malformed bytes in the encoded form, with their number.
    pub(crate) malformed: Vec<(usize, usize)>,
    /// Known places around malformed bytes.
    pub(crate) anchors: Vec<Point>,
}

/// Decodes `bytes`, giving up once more than `most` places are malformed.
pub(crate) fn decode(bytes: &[u8], most: usize) -> GbText {
    let mut decoded = GbText {
        text: String::with_capacity(bytes.len() + bytes.len() / 2),
        ..GbText::default()
    };
    let mut start = 0;
    while let Some(length) = decode_run(&bytes[start..], &mut decoded.text) {
        let at = start + length.0;
        decoded.anchors.push(Point {
            inner: narrow(decoded.text.len()),
            outer: narrow(at),
        });
        decoded.text.push('\u{FFFD}');
        start = at + length.1;
        decoded.anchors.push(Point {
            inner: narrow(decoded.text.len()),
            outer: narrow(start),
        });
        decoded.malformed.push((at, length.1));
        if decoded.malformed.len() > most {
            break;
        }
    }
    decoded
}

/// Appends the text up to the first malformed bytes; returns their place and number.
fn decode_run(bytes: &[u8], text: &mut String) -> Option<(usize, usize)> {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let mut read = 0;
    loop {
        let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len() - read);
        text.reserve(room.unwrap_or(bytes.len() * 3 + 16));
        let (result, more) =
            decoder.decode_to_string_without_replacement(&bytes[read..], text, true);
        read += more;
        match result {
            DecoderResult::InputEmpty => return None,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, after) => {
                let at = read - usize::from(after) - usize::from(length);
                // Bytes read past the malformed ones are read again by the next run.
                // A delimiter is never swallowed by the character cut off before it.
                let cut = bytes.get(at + 1).is_some_and(u8::is_ascii);
                return Some((at, if cut { 1 } else { usize::from(length) }));
            }
        }
    }
}

/// Bytes the next character takes in GB 18030, and in UTF-8 once decoded.
#[inline(always)]
pub(crate) fn step(bytes: &[u8]) -> (usize, u32) {
    match bytes {
        [0..=0x7F, ..] => (1, 1),
        [first @ 0x81..=0xFF, second @ 0x30..=0x39, third, fourth, ..] => {
            (4, four_byte_length([*first, *second, *third, *fourth]))
        }
        [lead @ 0x81..=0xFF, trail, ..] => (2, two_byte_length(*lead, *trail)),
        _ => (1, 3),
    }
}

/// Whether `bytes`, free of malformed sequences, holds a character beyond GBK.
pub(crate) fn has_four_byte(bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        let (length, _) = step(&bytes[at..]);
        if length == 4 {
            return true;
        }
        at += length;
    }
    false
}

#[inline(always)]
fn two_byte_length(lead: u8, trail: u8) -> u32 {
    // Outside these rows every two-byte character lies in U+0800..U+FFFF.
    if matches!(lead, 0xA1..=0xA8) || lead >= 0xFE {
        decoded_length(&[lead, trail])
    } else {
        3
    }
}

fn four_byte_length(bytes: [u8; 4]) -> u32 {
    // 90 30 81 30 is U+10000, the first character beyond the basic plane.
    if bytes[0] >= 0x90 {
        4
    } else {
        decoded_length(&bytes)
    }
}

fn decoded_length(bytes: &[u8]) -> u32 {
    narrow(GB18030.decode_without_bom_handling(bytes).0.len())
}

/// Returns a point every [`SYNC_STEP`] bytes of `text`, and every anchor.
pub(crate) fn points(bytes: &[u8], text: &str, anchors: &[Point]) -> Vec<Point> {
    let mut points = Vec::with_capacity(text.len() / SYNC_STEP + anchors.len());
    let mut anchors = anchors.iter().copied().peekable();
    let (mut inner, mut outer, mut next) = (0u32, 0usize, SYNC_STEP);
    while (inner as usize) < text.len() && outer < bytes.len() {
        if let Some(anchor) = anchors.next_if(|anchor| anchor.inner <= inner) {
            points.push(anchor);
            (inner, outer) = (anchor.inner, anchor.outer as usize);
            continue;
        }
        if inner as usize >= next {
            points.push(Point {
                inner,
                outer: narrow(outer),
            });
            next = inner as usize + SYNC_STEP;
        }
        let (encoded, decoded) = step(&bytes[outer..]);
        outer += encoded;
        inner += decoded;
    }
    points.extend(anchors);
    points
}

/// Returns the byte that the place `at` of the text came from, walking from `start`.
pub(crate) fn place(bytes: &[u8], start: Point, at: u32) -> u32 {
    let (mut inner, mut outer) = (start.inner, start.outer as usize);
    while inner < at && outer < bytes.len() {
        let (encoded, decoded) = step(&bytes[outer..]);
        if inner + decoded > at {
            break;
        }
        inner += decoded;
        outer += encoded;
    }
    narrow(outer.min(bytes.len()))
}
