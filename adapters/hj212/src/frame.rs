//! Frames of HJ 212 in a run of bytes.
//!
//! `##`, four digits of length, the data segment, four hexadecimal digits of
//! check value, CR LF (HJ 212-2017 6.2, HJ 212-2025 6.2). This module finds the
//! frames and judges each by its own marks, with byte offsets. It does not look
//! into the segment and changes nothing. Conversion relies on every byte of a
//! message belonging to exactly one frame, one [`Piece::Stray`], or padding.

mod bounds;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::crc;
use bounds::{Located, find_frame_end, four_digits, four_hex, locate_segment};

/// Longest data segment both editions allow, in bytes.
pub const MAX_SEGMENT_BYTES: usize = 1024;

/// Bytes of `##` and the length field.
const HEADER_BYTES: usize = 6;

/// Bytes that may be checked in vain at the place a header declares.
///
/// Beyond it the place is believed only when no other frame begins before it,
/// so that a hostile message of bare headers costs linear time.
const VAIN_BYTES: usize = 1 << 20;

/// What a frame's own marks say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Length and check value are right.
    Ok,
    /// The length is right and the check value follows a known wrong algorithm.
    CrcDialect(Dialect),
    /// The length is right, the check value is not.
    CrcBad,
    /// The check value is right, the length is not.
    LenBad,
    /// Neither is right.
    LenAndCrcBad,
    /// There is no `##` or its length field is missing or malformed.
    BadHeader,
    /// Where the check value should be are no four hexadecimal digits.
    NoCrc,
}

impl Verdict {
    /// The verdict's stable name: `ok`, `crc-dialect`, `crc-bad`, `len-bad`,
    /// `len+crc-bad`, `bad-header`, `no-crc`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::CrcDialect(_) => "crc-dialect",
            Self::CrcBad => "crc-bad",
            Self::LenBad => "len-bad",
            Self::LenAndCrcBad => "len+crc-bad",
            Self::BadHeader => "bad-header",
            Self::NoCrc => "no-crc",
        }
    }
}

/// A wrong check algorithm that loggers in the field use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// CRC-16/MODBUS, high byte first.
    Modbus,
    /// CRC-16/MODBUS, low byte first, as on a serial line.
    ModbusSwapped,
}

impl Dialect {
    /// What the algorithm is called in findings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Modbus => "CRC-16/MODBUS",
            Self::ModbusSwapped => "byte-swapped CRC-16/MODBUS",
        }
    }
}

/// One frame and what its marks say. Offsets are bytes of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// From the first `#` to the last byte that belongs to the frame: the check value, or `**` after it.
    pub extent: Range<usize>,
    /// Offset of the data segment.
    pub segment_offset: usize,
    /// The data segment: what the check value is computed over.
    pub segment: &'a [u8],
    /// The length field, when it is four digits.
    pub declared_length: Option<usize>,
    /// The check value in the frame.
    pub stated_crc: Option<u16>,
    /// What the marks say.
    pub verdict: Verdict,
    /// Departures from the standard that do not touch the verdict.
    pub oddities: Oddities,
}

/// Departures from the standard that leave a frame readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Oddities {
    /// The first of the two `#` is missing.
    pub lost_hash: bool,
    /// The check value is written in lower case.
    pub lower_case_crc: bool,
    /// `**` follows the check value.
    pub stars: bool,
    /// The segment does not end in `&&`.
    pub unclosed: bool,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A frame, good or bad.
    Frame(Frame<'a>),
    /// Bytes between frames that are neither line ends nor padding.
    Stray(Range<usize>),
}

/// The verdict on the first frame of a message; without a frame, [`Verdict::BadHeader`].
#[must_use]
pub fn verdict(message: &[u8]) -> Verdict {
    pieces(message)
        .find_map(|piece| match piece {
            Piece::Frame(frame) => Some(frame.verdict),
            Piece::Stray(_) => None,
        })
        .unwrap_or(Verdict::BadHeader)
}

/// The frames of a message and the stray bytes between them, in order.
#[must_use]
pub fn pieces(message: &[u8]) -> Pieces<'_> {
    Pieces {
        message,
        at: 0,
        vain: 0,
    }
}

/// Iterator over the pieces of a message, made by [`pieces`].
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    message: &'a [u8],
    at: usize,
    vain: usize,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let start = bounds::skip_padding(self.message, self.at);
        if start >= self.message.len() {
            self.at = start;
            return None;
        }
        let piece = match bounds::find_header(self.message, start) {
            Some((header, _)) if header > start => Piece::Stray(start..header),
            Some((header, lost_hash)) => Piece::Frame(self.frame(header, lost_hash)),
            None => Piece::Stray(start..self.message.len()),
        };
        self.at = match &piece {
            Piece::Frame(frame) => frame.extent.end,
            Piece::Stray(range) => range.end,
        };
        Some(piece)
    }
}

impl<'a> Pieces<'a> {
    /// The frame whose first `#` is at `start`.
    fn frame(&mut self, start: usize, lost_hash: bool) -> Frame<'a> {
        let segment_offset = start + HEADER_BYTES - usize::from(lost_hash);
        let declared = four_digits(self.message, segment_offset - 4);
        let frame = declared.and_then(|length| self.intact(start, segment_offset, length));
        let mut frame = frame.unwrap_or_else(|| self.damaged(start, segment_offset, declared));
        frame.oddities.lost_hash = lost_hash;
        frame
    }

    /// The frame, if the check value at the declared place is right.
    ///
    /// This is the path of nearly every frame and reads each byte once.
    fn intact(&mut self, start: usize, segment_offset: usize, length: usize) -> Option<Frame<'a>> {
        let end = segment_offset + length;
        let stated = four_hex(self.message, end)?;
        if self.vain > VAIN_BYTES && find_frame_end(self.message, segment_offset) < end {
            return None;
        }
        let segment = &self.message[segment_offset..end];
        if crc::standard(segment) != stated {
            self.vain += length;
            return None;
        }
        Some(self.finish(
            start,
            segment_offset,
            Some(length),
            segment,
            Some(stated),
            Verdict::Ok,
        ))
    }

    /// The frame whose marks do not all agree: its end is looked for.
    fn damaged(&self, start: usize, segment_offset: usize, declared: Option<usize>) -> Frame<'a> {
        let Some(declared) = declared else {
            return self.without_length(start);
        };
        let bound = find_frame_end(self.message, segment_offset);
        let body = &self.message[segment_offset.min(bound)..bound];
        let Located {
            length,
            crc: stated,
        } = locate_segment(body, declared);
        let segment = &body[..length];
        let verdict = match stated {
            None => Verdict::NoCrc,
            Some(stated) => judge(segment, declared, stated),
        };
        let mut frame = self.finish(
            start,
            segment_offset,
            Some(declared),
            segment,
            stated,
            verdict,
        );
        // What follows the check value up to the next frame is part of the damage.
        frame.extent.end = frame.extent.end.max(bound);
        frame
    }

    /// A frame without a usable length field: nothing in it is trusted.
    fn without_length(&self, start: usize) -> Frame<'a> {
        let bound = find_frame_end(self.message, start + 2);
        Frame {
            extent: start..bound,
            segment_offset: start + 2,
            segment: &self.message[start + 2..bound],
            declared_length: None,
            stated_crc: None,
            verdict: Verdict::BadHeader,
            oddities: Oddities::default(),
        }
    }

    fn finish(
        &self,
        start: usize,
        segment_offset: usize,
        declared_length: Option<usize>,
        segment: &'a [u8],
        stated_crc: Option<u16>,
        verdict: Verdict,
    ) -> Frame<'a> {
        let mut end = segment_offset + segment.len();
        let mut oddities = Oddities {
            unclosed: !segment.ends_with(b"&&"),
            ..Oddities::default()
        };
        if stated_crc.is_some() {
            let digits = &self.message[end..end + 4];
            oddities.lower_case_crc = digits.iter().any(u8::is_ascii_lowercase);
            end += 4;
            if self.message[end..].starts_with(b"**") {
                oddities.stars = true;
                end += 2;
            }
        }
        Frame {
            extent: start..end,
            segment_offset,
            segment,
            declared_length,
            stated_crc,
            verdict,
            oddities,
        }
    }
}

/// The verdict on a segment whose end is known.
///
/// A dialect is a dialect only where the length is right: with a wrong length
/// as well, nothing about the frame is as the standard wants it.
fn judge(segment: &[u8], declared: usize, stated: u16) -> Verdict {
    let length_is_right = segment.len() == declared;
    match (length_is_right, crc::standard(segment) == stated) {
        (true, true) => Verdict::Ok,
        (false, true) => Verdict::LenBad,
        (false, false) => Verdict::LenAndCrcBad,
        (true, false) => {
            let modbus = crc::modbus(segment);
            if stated == modbus {
                Verdict::CrcDialect(Dialect::Modbus)
            } else if stated == modbus.swap_bytes() {
                Verdict::CrcDialect(Dialect::ModbusSwapped)
            } else {
                Verdict::CrcBad
            }
        }
    }
}
