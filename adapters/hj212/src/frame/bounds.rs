//! Where frames begin and end when their own marks cannot be believed.
//!
//! Pure searches over bytes; none of them judges. The framing relies on each
//! being total and linear in the bytes it looks at.

/// Where the segment of a damaged frame ends, and the check value after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Located {
    /// Length of the segment in bytes.
    pub(super) length: usize,
    /// The four hexadecimal digits after it.
    pub(super) crc: Option<u16>,
}

/// The first byte at or after `at` that is no line end, NUL, blank or `*`.
pub(super) fn skip_padding(message: &[u8], at: usize) -> usize {
    let rest = message.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|&&byte| is_padding(byte)).count()
}

fn is_padding(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0 | b' ' | b'\t' | b'*')
}

/// The next place where a frame begins, and whether its first `#` is lost.
///
/// `##` always begins a frame, whatever follows. A single `#` does only before a
/// length field: it is what is left after a byte was dropped.
pub(super) fn find_header(message: &[u8], from: usize) -> Option<(usize, bool)> {
    let mut at = from;
    while let Some(found) = message[at..].iter().position(|&byte| byte == b'#') {
        let mut start = at + found;
        let run = message[start..]
            .iter()
            .take_while(|&&byte| byte == b'#')
            .count();
        if run >= 2 {
            start += run - 2;
            return Some((start, false));
        }
        if four_digits(message, start + 1).is_some() {
            return Some((start, true));
        }
        at = start + 1;
    }
    None
}

/// Where a frame whose segment begins at `from` ends at the latest: before the
/// next line end or `##`, without padding.
pub(super) fn find_frame_end(message: &[u8], from: usize) -> usize {
    let from = from.min(message.len());
    let rest = &message[from..];
    let mut at = 0;
    let length = loop {
        let stop = |&byte: &u8| matches!(byte, b'\r' | b'\n' | b'#');
        match rest[at..].iter().position(stop) {
            None => break rest.len(),
            Some(found) if rest[at + found] != b'#' => break at + found,
            Some(found) if rest.get(at + found + 1) == Some(&b'#') => break at + found,
            Some(found) => at += found + 1,
        }
    };
    let padding = rest[..length]
        .iter()
        .rev()
        .take_while(|&&byte| is_padding(byte))
        .count();
    from + length - padding
}

/// Finds the end of the segment in `body`, the bytes between header and frame end.
///
/// The declared length counts when the body ends right after the check value
/// there. Otherwise the last `&&` ends the segment, unless it is the one that
/// opens CP; then the last four bytes are taken for the check value.
pub(super) fn locate_segment(body: &[u8], declared: usize) -> Located {
    if body.len() == declared + 4
        && let Some(crc) = four_hex(body, declared)
    {
        return Located {
            length: declared,
            crc: Some(crc),
        };
    }
    let closing = body.windows(2).rposition(|pair| pair == b"&&");
    if let Some(closing) = closing {
        let length = closing + 2;
        let opens_cp = closing >= 3 && body[closing - 3..closing].eq_ignore_ascii_case(b"CP=");
        let crc = four_hex(body, length);
        if crc.is_some() || !opens_cp {
            return Located { length, crc };
        }
    }
    let tail = body.len().saturating_sub(4);
    match four_hex(body, tail) {
        Some(crc) => Located {
            length: tail,
            crc: Some(crc),
        },
        None => Located {
            length: body.len(),
            crc: None,
        },
    }
}

/// The number that four decimal digits at `at` write, when no fifth follows.
pub(super) fn four_digits(message: &[u8], at: usize) -> Option<usize> {
    let digits = message.get(at..at + 4)?;
    if !digits.iter().all(u8::is_ascii_digit) || message.get(at + 4).is_some_and(u8::is_ascii_digit)
    {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0, |number, digit| number * 10 + usize::from(digit - b'0')),
    )
}

/// The number that four hexadecimal digits at `at` write.
pub(super) fn four_hex(message: &[u8], at: usize) -> Option<u16> {
    let digits = message.get(at..at + 4)?;
    digits.iter().try_fold(0, |number, &digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'F' => digit - b'A' + 10,
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u16::from(value))
    })
}
