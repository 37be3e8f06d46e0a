//! Damaged UTF-8 and UTF-16: text with the place of every malformed byte.
//!
//! Which encoding a message is in is decided in `charset`; this file only reads.

use super::offsets::{Point, narrow};

/// UTF-8 with malformed places.
pub(crate) struct LossyUtf8 {
    pub(crate) text: String,
    pub(crate) malformed: Vec<(usize, usize)>,
    pub(crate) points: Vec<Point>,
    /// Characters beyond ASCII that were read.
    wide: usize,
}

impl LossyUtf8 {
    /// Reads `bytes`, giving up once more than `most` places are malformed.
    pub(crate) fn read(bytes: &[u8], most: usize) -> Self {
        let mut lossy = Self {
            text: String::new(),
            malformed: Vec::new(),
            points: Vec::new(),
            wide: 0,
        };
        let mut at = 0;
        for chunk in bytes.utf8_chunks() {
            lossy.text.push_str(chunk.valid());
            lossy.wide += chunk
                .valid()
                .chars()
                .filter(|character| !character.is_ascii())
                .count();
            at += chunk.valid().len();
            let length = chunk.invalid().len();
            if length == 0 {
                continue;
            }
            lossy.points.push(Point {
                inner: narrow(lossy.text.len()),
                outer: narrow(at),
            });
            lossy.text.push('\u{FFFD}');
            lossy.malformed.push((at, length));
            at += length;
            lossy.points.push(Point {
                inner: narrow(lossy.text.len()),
                outer: narrow(at),
            });
            if lossy.malformed.len() > most {
                break;
            }
        }
        lossy
    }

    /// Whether the text is UTF-8 that was damaged: well-formed characters
    /// outnumber the malformed places, which GBK read as UTF-8 never reaches.
    pub(crate) fn is_plausible(&self) -> bool {
        self.wide >= self.malformed.len() * 4
    }

    /// First byte that is not UTF-8.
    pub(crate) fn first(&self) -> usize {
        self.malformed.first().map_or(0, |(at, _)| *at)
    }
}

/// Text of UTF-16LE, and the malformed places with their number of bytes.
pub(crate) fn read_utf16(bytes: &[u8]) -> (String, Vec<(usize, usize)>) {
    let units = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let mut malformed = Vec::new();
    let (mut text, mut at) = (String::with_capacity(bytes.len() * 3 / 2), 0);
    for read in char::decode_utf16(units) {
        let character = read.unwrap_or_else(|_| {
            malformed.push((at, 2));
            '\u{FFFD}'
        });
        at += character.len_utf16() * 2;
        text.push(character);
    }
    if bytes.len() % 2 == 1 {
        malformed.push((bytes.len() - 1, 1));
    }
    (text, malformed)
}
