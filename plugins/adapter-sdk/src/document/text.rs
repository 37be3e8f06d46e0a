//! Text of a message that is no XML, JSON or rows with a header.
//!
//! For lines and packets of a format of their own: finds the encoding as
//! [`read`](super::read) does and carries places of the text back to bytes of
//! the message. It splits nothing and knows no format.

use std::borrow::Cow;

use super::charset::{self, Charset};
use super::{Fault, Notice, Notices, OffsetMap};

/// Text of a message and how it was obtained.
#[derive(Debug)]
pub struct Text<'m> {
    /// The text, without byte order mark and NUL padding at the end.
    pub text: Cow<'m, str>,
    /// Carries places of the text back to bytes of the message.
    pub map: OffsetMap<'m>,
    /// Encoding the content type declares, as written.
    pub declared: Option<String>,
    /// Encoding it was read in.
    pub used: Charset,
    /// What was odd, in the order noticed.
    pub notices: Vec<Notice>,
}

/// Decodes one message, whatever its format.
///
/// `content_type` is what the transport stated, if anything; `order` are the
/// encodings to try when that is missing or wrong. Malformed bytes become
/// U+FFFD, each with a notice, up to sixteen of them. The length of the message
/// is not bounded here; the gateway bounds submissions.
///
/// # Errors
/// `document.empty` without content, `document.encoding` when no encoding fits.
pub fn decode<'m>(
    payload: &'m [u8],
    content_type: Option<&str>,
    order: &[Charset],
) -> Result<Text<'m>, Fault> {
    let mut notices = Notices::default();
    let decoded = charset::decode(payload, content_type, order, &mut notices)?;
    Ok(Text {
        text: decoded.text,
        map: decoded.map,
        declared: decoded.declared,
        used: decoded.used,
        notices: notices.finish(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: [Charset; 2] = [Charset::Utf8, Charset::Gbk];

    #[test]
    fn a_place_behind_chinese_text_is_a_byte_of_the_message() {
        // 包头 in GBK, two bytes a character; in the text it has three.
        let payload = b"\xB0\xFC\xCD\xB7|55.1";
        let read = decode(payload, None, &ORDER).expect("GBK");
        assert_eq!((read.text.as_ref(), read.used), ("包头|55.1", Charset::Gbk));
        let at = read.text.find("55.1").expect("present");
        let span = read.map.span(at, at + 4);
        assert_eq!((span.offset, span.length), (5, 4));
    }

    #[test]
    fn a_wrong_declaration_is_a_notice() {
        let read = decode("包头".as_bytes(), Some("text/plain; charset=GBK"), &ORDER);
        let read = read.expect("UTF-8");
        assert_eq!(read.declared.as_deref(), Some("GBK"));
        assert_eq!(read.used, Charset::Utf8);
        let rules: Vec<_> = read.notices.iter().map(|notice| notice.rule).collect();
        assert_eq!(rules, ["encoding.mismatch"]);
    }

    #[test]
    fn a_message_without_content_is_a_fault() {
        let fault = decode(b"\0\0", None, &ORDER).expect_err("only padding");
        assert_eq!((fault.code, fault.offset), ("document.empty", 0));
    }
}
