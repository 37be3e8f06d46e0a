//! One message: its frames, and the facts that hold for all of them.
//!
//! A message usually is one frame. Where it holds more, the good ones are
//! converted and a bad one is a finding; a message without a good frame is
//! rejected with the reason of the first. Acknowledgements of several frames
//! are sent one after the other.

use adapter_sdk::Rejection;
use adapter_sdk::proto::v1::{Action, Conversion, Encoding, Integrity, MessageFacts, Record};
use adapter_sdk::schema::text::encoding;

use crate::configuration::Configuration;
use crate::finding::{Findings, error, info, warning};
use crate::frame::{Frame, Piece, pieces};
use crate::packet;
use crate::segment::{Edition, Segment};
use crate::stamp::Stamp;
use crate::submission::Memory;

/// What becomes of a message while its frames are read.
#[derive(Debug)]
pub(crate) struct Output<'m> {
    /// Records so far.
    pub(crate) records: Vec<Record>,
    /// Findings about the message.
    pub(crate) findings: Findings,
    /// Acknowledgements so far.
    pub(crate) reply: Vec<u8>,
    /// What is remembered across messages.
    pub(crate) memory: &'m mut Memory,
    facts: Option<Facts>,
}

/// Facts of the frames converted so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Facts {
    sent_at: Option<Stamp>,
    edition: Edition,
    is_dialect: bool,
}

/// Converts one message.
///
/// # Errors
/// The rejection of the first frame when no frame could be converted.
pub(crate) fn convert(
    configuration: &Configuration,
    payload: &[u8],
    memory: &mut Memory,
) -> Result<Conversion, Rejection> {
    let mut output = Output {
        records: Vec::new(),
        findings: Findings::default(),
        reply: Vec::new(),
        memory,
        facts: None,
    };
    let mut rejected: Option<Rejection> = None;
    for piece in pieces(payload) {
        let extent = match &piece {
            Piece::Frame(frame) => frame.extent.clone(),
            Piece::Stray(range) => range.clone(),
        };
        let result = match &piece {
            Piece::Frame(frame) => packet::convert(configuration, frame, &mut output),
            Piece::Stray(_) => Err(stray(extent.start)),
        };
        if let Err(rejection) = result {
            let note = error(&rejection.code, Action::Dropped).at(extent.start, extent.len());
            output.findings.push(note.text(format!(
                "A frame of this message was not converted: {}.",
                rejection.text
            )));
            rejected = rejected.or(Some(rejection));
        }
    }
    output.finish(payload, rejected)
}

fn stray(offset: usize) -> Rejection {
    Rejection::new(
        "hj212.bad-header",
        offset as u64,
        "there is no `##` with four digits of length here",
    )
}

impl Output<'_> {
    /// Notes the facts of a frame that is converted.
    pub(crate) fn note_facts(&mut self, segment: &Segment<'_>, is_dialect: bool) {
        let facts = Facts {
            sent_at: segment.sent_at,
            edition: segment.edition,
            is_dialect,
        };
        let Some(before) = &mut self.facts else {
            self.facts = Some(facts);
            return;
        };
        if before.sent_at != facts.sent_at && before.sent_at.is_some() {
            // Facts hold for every record of a message: two clocks cannot both be told.
            before.sent_at = None;
            let note = info("hj212.several-frames", Action::Dropped).field("facts.claimed_at");
            self.findings.push(
                note.text(
                    "The frames of this message have different QN; none of them holds for all.",
                ),
            );
        }
        if before.edition != facts.edition {
            before.edition = Edition::Unknown;
        }
        before.is_dialect |= is_dialect;
    }

    fn finish(
        mut self,
        payload: &[u8],
        rejected: Option<Rejection>,
    ) -> Result<Conversion, Rejection> {
        let Some(facts) = self.facts else {
            return Err(rejected.unwrap_or_else(|| stray(0)));
        };
        let integrity = if facts.is_dialect {
            Integrity::CrcDialect
        } else {
            Integrity::Ok
        };
        let encoding_used = self.encoding(payload);
        Ok(Conversion {
            records: self.records,
            facts: Some(MessageFacts {
                claimed_at: facts.sent_at.map(Stamp::to_date_time),
                encoding_declared: String::new(),
                encoding_used: encoding_used.into(),
                dialect: facts.edition.dialect().to_owned(),
                integrity: integrity.into(),
            }),
            findings: self.findings.into_vec(),
            reply: self.reply,
        })
    }

    /// The encoding of the message; anything but ASCII and UTF-8 is a finding.
    fn encoding(&mut self, payload: &[u8]) -> Encoding {
        if payload.is_ascii() {
            return Encoding::Ascii;
        }
        if std::str::from_utf8(payload).is_ok() {
            return Encoding::Utf8;
        }
        let start = payload
            .iter()
            .position(|byte| !byte.is_ascii())
            .unwrap_or(0);
        let length = payload[start..]
            .iter()
            .take_while(|byte| !byte.is_ascii())
            .count()
            .min(40);
        let raw = payload[start..start + length].escape_ascii().to_string();
        let (encoding, text) = match encoding::sniff(payload, None).encoding {
            Some(encoding::Encoding::Gb18030) => (
                Encoding::Gb18030,
                "The text is GBK or GB 18030; the standard wants UTF-8.",
            ),
            _ => (
                Encoding::Unspecified,
                "The bytes are no text in any encoding known here.",
            ),
        };
        let note = warning("hj212.encoding", Action::Kept)
            .raw(&raw, start)
            .at(start, length);
        self.findings.push(note.text(text));
        encoding
    }
}

/// Findings about the form of a frame that can be read.
pub(crate) fn note_oddities(frame: &Frame<'_>, findings: &mut Findings) {
    let start = frame.extent.start;
    if frame.segment.len() > crate::frame::MAX_SEGMENT_BYTES {
        let text = format!(
            "The data segment has {} bytes; both editions allow 1024.",
            frame.segment.len()
        );
        let note =
            warning("hj212.oversize", Action::Kept).at(frame.segment_offset, frame.segment.len());
        findings.push(note.text(text));
    }
    let crc_offset = frame.segment_offset + frame.segment.len();
    let odd = frame.oddities;
    if odd.lost_hash {
        let note = warning("hj212.lost-hash", Action::Kept).at(start, 1);
        findings.push(
            note.text("The first of the two `#` is missing; length and check value are right."),
        );
    }
    if odd.unclosed {
        let note = warning("hj212.cp-not-closed", Action::Kept).at(crc_offset, 0);
        findings.push(note.text("CP does not end with `&&`; length and check value are right."));
    }
    if odd.lower_case_crc {
        let note = info("hj212.crc-lower-case", Action::Kept).at(crc_offset, 4);
        findings.push(note.text("The check value is written in lower case."));
    }
    if odd.stars {
        let note = info("hj212.trailer", Action::Kept).raw("**", crc_offset + 4);
        findings.push(note.text("`**` follows the check value; no edition knows it."));
    }
}
