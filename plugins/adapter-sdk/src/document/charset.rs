//! Which encoding a message is really in.
//!
//! What the message declares is tried first and is believed only as far as the
//! bytes bear it out; a wrong declaration is a notice with the first byte that
//! contradicts it. Nothing is guessed from letter frequencies. The readers rely
//! on getting text without a byte order mark and without trailing NULs.

use std::borrow::Cow;

use super::gb;
use super::offsets::{OffsetMap, Span};
use super::utf::{self, LossyUtf8};
use super::{Fault, NoticeLevel, Notices};

/// A character encoding the gateway reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Charset {
    /// ASCII: no byte above 0x7F, and nothing declared.
    Ascii,
    /// UTF-8.
    Utf8,
    /// GB 18030.
    Gb18030,
    /// GBK, of which GB 2312 is a part. Read with the GB 18030 decoder.
    Gbk,
    /// UTF-16, little endian.
    Utf16Le,
}

/// Labels seen in prologs, content types and configuration.
const LABELS: [(&str, Charset); 13] = [
    ("utf-8", Charset::Utf8),
    ("utf8", Charset::Utf8),
    ("gb18030", Charset::Gb18030),
    ("gb-18030", Charset::Gb18030),
    ("gbk", Charset::Gbk),
    ("cp936", Charset::Gbk),
    ("windows-936", Charset::Gbk),
    ("gb2312", Charset::Gbk),
    ("gb_2312-80", Charset::Gbk),
    ("us-ascii", Charset::Ascii),
    ("ascii", Charset::Ascii),
    ("utf-16le", Charset::Utf16Le),
    ("utf-16", Charset::Utf16Le),
];

impl Charset {
    /// Returns the encoding a label means, whatever its case; `None` for an unknown label.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        let label = label.trim();
        LABELS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(label))
            .map(|(_, charset)| *charset)
    }

    /// Name of the encoding as written in findings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ascii => "ASCII",
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030",
            Self::Gbk => "GBK",
            Self::Utf16Le => "UTF-16LE",
        }
    }

    fn is_gb(self) -> bool {
        matches!(self, Self::Gb18030 | Self::Gbk)
    }
}

/// Text of a message and how it was obtained.
#[derive(Debug)]
pub(crate) struct Decoded<'m> {
    /// The text, without byte order mark and NUL padding.
    pub(crate) text: Cow<'m, str>,
    /// Carries places of the text back to the message.
    pub(crate) map: OffsetMap<'m>,
    /// What the message declares, as written.
    pub(crate) declared: Option<String>,
    /// What it was read in.
    pub(crate) used: Charset,
}

/// Most malformed places tolerated in one message. More means another encoding.
const MOST_MALFORMED: usize = 16;

/// Decodes `payload`.
///
/// `content_type` is the transport's statement, if any; `order` is what to try
/// when the declaration is missing or wrong. Malformed bytes that remain in the
/// best reading become U+FFFD, each with a notice, up to sixteen of them.
///
/// # Errors
/// `document.empty` without content, `document.encoding` when no encoding fits.
pub(crate) fn decode<'m>(
    payload: &'m [u8],
    content_type: Option<&str>,
    order: &[Charset],
    notices: &mut Notices,
) -> Result<Decoded<'m>, Fault> {
    let (mark, start) = byte_order_mark(payload)?;
    let stated = content_type
        .and_then(charset_parameter)
        .or_else(|| prolog_encoding(&payload[start..]));
    let known = stated.and_then(Charset::from_label);
    if let (Some(label), None) = (stated, known) {
        let text =
            format!("declared encoding {label:?} is not known; the configured order is tried");
        notices.push(
            NoticeLevel::Warning,
            "encoding.unknown-label",
            Span::default(),
            text,
        );
    }
    let declared = stated.map(str::to_owned);
    let first = mark.or(known);
    if first == Some(Charset::Utf16Le) && (mark.is_some() || payload.contains(&0)) {
        return decode_utf16(payload, start, declared, notices);
    }
    let bytes = trim_padding(&payload[start..], start, notices);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Fault::new(
            "document.empty",
            0,
            "the message has no content",
        ));
    }
    let gb = [first, prolog_encoding(bytes).and_then(Charset::from_label)]
        .into_iter()
        .flatten()
        .chain(order.iter().copied())
        .find(|charset| charset.is_gb());
    let reading = choose(bytes, start, first, gb, notices)?;
    Ok(Decoded {
        text: reading.text,
        map: reading.map,
        declared,
        used: reading.used,
    })
}

struct Reading<'m> {
    used: Charset,
    text: Cow<'m, str>,
    map: OffsetMap<'m>,
}

/// Chooses between UTF-8 and the GB family; `gb` is the family's name to use, if allowed.
fn choose<'m>(
    bytes: &'m [u8],
    start: usize,
    declared: Option<Charset>,
    gb: Option<Charset>,
    notices: &mut Notices,
) -> Result<Reading<'m>, Fault> {
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => {
            if !declared.is_some_and(Charset::is_gb) || is_surely_utf8(text) {
                return Ok(read_utf8(text, start, declared, notices));
            }
            Some(text)
        }
        Err(_) => None,
    };
    let lossy = LossyUtf8::read(bytes, MOST_MALFORMED);
    if valid.is_none() && lossy.is_plausible() {
        return Ok(read_damaged(lossy, bytes.len(), start, notices));
    }
    if let Some(charset) = gb {
        let decoded = gb::decode(bytes, MOST_MALFORMED);
        if decoded.malformed.is_empty()
            || (valid.is_none() && decoded.malformed.len() <= MOST_MALFORMED)
        {
            return Ok(read_gb(
                bytes,
                start,
                charset,
                declared,
                decoded,
                lossy.first(),
                notices,
            ));
        }
    }
    if let Some(text) = valid {
        return Ok(read_utf8(text, start, declared, notices));
    }
    if lossy.malformed.len() <= MOST_MALFORMED {
        return Ok(read_damaged(lossy, bytes.len(), start, notices));
    }
    let text = "the bytes fit none of the configured encodings; UTF-8 or GB18030 is expected";
    Err(Fault::new("document.encoding", start + lossy.first(), text))
}

/// Whether valid UTF-8 cannot reasonably be GBK: it holds a character from the
/// blocks Chinese text uses. Short GBK texts are valid UTF-8 only by two-byte sequences.
fn is_surely_utf8(text: &str) -> bool {
    text.is_ascii() || text.chars().any(|character| character >= '\u{2E80}')
}

fn read_utf8<'m>(
    text: &'m str,
    start: usize,
    declared: Option<Charset>,
    notices: &mut Notices,
) -> Reading<'m> {
    let used = match (text.is_ascii(), declared) {
        (true, Some(Charset::Utf16Le) | None) => Charset::Ascii,
        (true, Some(charset)) => charset,
        (false, _) => Charset::Utf8,
    };
    if used == Charset::Utf8 && declared.is_some_and(|declared| declared != used) {
        let first_high = text.bytes().position(|byte| !byte.is_ascii()).unwrap_or(0);
        notice_mismatch(declared, used, start + first_high, notices);
    }
    Reading {
        used,
        text: Cow::Borrowed(text),
        map: OffsetMap::shifted(start),
    }
}

fn read_gb<'m>(
    bytes: &'m [u8],
    start: usize,
    charset: Charset,
    declared: Option<Charset>,
    decoded: gb::GbText,
    first_not_utf8: usize,
    notices: &mut Notices,
) -> Reading<'m> {
    let used = if charset == Charset::Gbk && gb::has_four_byte(bytes) {
        Charset::Gb18030
    } else {
        charset
    };
    if !declared.is_some_and(Charset::is_gb) {
        notice_mismatch(declared, used, start + first_not_utf8, notices);
    }
    notice_malformed(&decoded.malformed, start, used, notices);
    let mut map = OffsetMap::shifted(start);
    map.push_gb(bytes, &decoded.text, &decoded.anchors);
    Reading {
        used,
        text: Cow::Owned(decoded.text),
        map,
    }
}

fn read_damaged<'m>(
    lossy: LossyUtf8,
    end: usize,
    start: usize,
    notices: &mut Notices,
) -> Reading<'m> {
    notice_malformed(&lossy.malformed, start, Charset::Utf8, notices);
    let mut map = OffsetMap::shifted(start);
    map.push_unescaped(lossy.points, end);
    Reading {
        used: Charset::Utf8,
        text: Cow::Owned(lossy.text),
        map,
    }
}

fn decode_utf16<'m>(
    payload: &'m [u8],
    start: usize,
    declared: Option<String>,
    notices: &mut Notices,
) -> Result<Decoded<'m>, Fault> {
    let (mut text, malformed) = utf::read_utf16(&payload[start..]);
    if let Some((first, _)) = malformed
        .first()
        .filter(|_| malformed.len() > MOST_MALFORMED)
    {
        let text = "the bytes are not UTF-16LE although they are declared so";
        return Err(Fault::new("document.encoding", start + first, text));
    }
    notice_malformed(&malformed, start, Charset::Utf16Le, notices);
    let mut map = OffsetMap::shifted(start);
    map.push_utf16(&text);
    let kept = text.trim_end_matches('\0').len();
    if kept < text.len() {
        notice_padding(map.span(kept, text.len()), notices);
        text.truncate(kept);
    }
    if text.trim().is_empty() {
        return Err(Fault::new(
            "document.empty",
            0,
            "the message has no content",
        ));
    }
    Ok(Decoded {
        text: Cow::Owned(text),
        map,
        declared,
        used: Charset::Utf16Le,
    })
}

fn byte_order_mark(payload: &[u8]) -> Result<(Option<Charset>, usize), Fault> {
    match payload {
        [0xFF, 0xFE, ..] => Ok((Some(Charset::Utf16Le), 2)),
        [0xFE, 0xFF, ..] => {
            let text =
                "byte order mark of UTF-16 big endian; UTF-8, GB18030 or UTF-16LE is expected";
            Err(Fault::new("document.encoding", 0, text))
        }
        [0xEF, 0xBB, 0xBF, ..] => Ok((Some(Charset::Utf8), 3)),
        [0x84, 0x31, 0x95, 0x33, ..] => Ok((Some(Charset::Gb18030), 4)),
        _ => Ok((None, 0)),
    }
}

fn trim_padding<'m>(bytes: &'m [u8], start: usize, notices: &mut Notices) -> &'m [u8] {
    let kept = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    if kept < bytes.len() {
        let span = Span {
            offset: (start + kept) as u64,
            length: (bytes.len() - kept) as u64,
        };
        notice_padding(span, notices);
    }
    &bytes[..kept]
}

/// Returns the `charset` parameter of a content type.
fn charset_parameter(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches(['"', '\'']))
    })
}

/// Returns the encoding an XML declaration states.
fn prolog_encoding(bytes: &[u8]) -> Option<&str> {
    // A declaration is short; 256 bytes also cover one with padding inside.
    let head = &bytes[..bytes.len().min(256)];
    let start = head.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let declaration = head[start..].strip_prefix(b"<?xml")?;
    let end = declaration.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(&declaration[..end]).ok()?;
    // A search for a text prepares tables, which costs more than this short declaration.
    const NAME: &[u8] = b"encoding";
    let name = declaration
        .as_bytes()
        .windows(NAME.len())
        .position(|part| part == NAME)?;
    let value = declaration[name + NAME.len()..]
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = value
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split_once(quote).map(|(label, _)| label)
}

fn notice_mismatch(declared: Option<Charset>, used: Charset, at: usize, notices: &mut Notices) {
    if let Some(declared) = declared.filter(|declared| *declared != used) {
        let text = format!(
            "declared {} but read as {}: this byte does not fit",
            declared.name(),
            used.name()
        );
        let span = Span {
            offset: at as u64,
            length: 0,
        };
        notices.push(NoticeLevel::Warning, "encoding.mismatch", span, text);
    }
}

fn notice_malformed(
    malformed: &[(usize, usize)],
    start: usize,
    used: Charset,
    notices: &mut Notices,
) {
    for (at, length) in malformed {
        let span = Span {
            offset: (start + at) as u64,
            length: *length as u64,
        };
        let text = format!(
            "bytes that are no {} character; a character was cut or damaged",
            used.name()
        );
        notices.push(NoticeLevel::Error, "encoding.malformed", span, text);
    }
}

fn notice_padding(span: Span, notices: &mut Notices) {
    let text = "the message is padded with NUL; the padding was ignored".to_owned();
    notices.push(NoticeLevel::Info, "encoding.nul-padding", span, text);
}

#[cfg(test)]
mod tests;
