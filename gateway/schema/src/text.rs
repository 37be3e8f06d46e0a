//! Characters that must not decide anything: full-width forms, invisible
//! characters, padding, and text that was decoded with the wrong table.
//!
//! The identifier and number readers clean their text here first. Decoding of
//! bytes is not done here; `encoding` only says which encoding bytes are in.

use std::borrow::Cow;

use crate::remark::Remark;

pub mod encoding;

const AREA: &str = "text";

/// Text without the characters that carry no meaning, and which were removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clean<'a> {
    /// The cleaned text: half-width, without invisible characters, trimmed.
    pub text: Cow<'a, str>,
    /// Full-width forms were replaced.
    pub full_width: bool,
    /// Zero-width characters, byte order marks or soft hyphens were removed.
    pub zero_width: bool,
    /// No-break spaces were replaced or removed.
    pub no_break_space: bool,
    /// White space at an end was removed.
    pub trimmed: bool,
    /// NUL padding or other control characters were removed.
    pub control: bool,
}

impl<'a> Clean<'a> {
    fn unchanged(text: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            full_width: false,
            zero_width: false,
            no_break_space: false,
            trimmed: false,
            control: false,
        }
    }

    /// Returns what was done, the most telling first; `None` if nothing was.
    pub fn what(&self) -> Option<&'static str> {
        if self.full_width {
            Some("full-width")
        } else if self.zero_width {
            Some("zero-width")
        } else if self.control {
            Some("padding")
        } else if self.no_break_space || self.trimmed {
            Some("space")
        } else {
            None
        }
    }
}

/// Cleans `text`. Text that needs nothing is borrowed.
pub fn clean(text: &str) -> Clean<'_> {
    // The hot path: numbers, identifiers, times and names of a well-behaved sender.
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b' ');
    if ends(text.as_bytes().first())
        && ends(text.as_bytes().last())
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    {
        return Clean::unchanged(text);
    }
    let mut clean = Clean::unchanged(text);
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{FF01}'..='\u{FF5E}' => {
                clean.full_width = true;
                out.push(half_width(character));
            }
            '\u{3000}' => {
                clean.full_width = true;
                out.push(' ');
            }
            '\u{A0}' | '\u{2007}' | '\u{202F}' => {
                clean.no_break_space = true;
                out.push(' ');
            }
            _ if is_invisible(character) => clean.zero_width = true,
            '\t' | '\n' | '\r' => out.push(' '),
            _ if character.is_control() => clean.control = true,
            _ => out.push(character),
        }
    }
    let inner = out.trim();
    clean.trimmed = inner.len() != out.len();
    if inner != text {
        clean.text = Cow::Owned(if clean.trimmed { inner.to_owned() } else { out });
    }
    clean
}

/// Returns the half-width form of a full-width character, and others unchanged.
pub fn half_width(character: char) -> char {
    match character {
        // The full-width block repeats ASCII 0x21 to 0x7E in order.
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
        }
        '\u{3000}' => ' ',
        _ => character,
    }
}

/// Returns whether a character shows nothing and separates nothing.
pub fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{AD}' | '\u{202A}'..='\u{202E}'
    )
}

/// Returns whether a cleaned text only fills the place of a value: `-`, `/`, `无`, `null`.
pub fn is_placeholder(text: &str) -> bool {
    // By their number of bytes, so that few are compared.
    let words: &[&str] = match text.len() {
        2 => &["na"],
        3 => &["nil", "n/a", "无", "空"],
        4 => &["null", "none"],
        6 => &["暂无", "不详", "未知", "未填", "缺失"],
        9 => &["undefined", "无数据"],
        _ => &[],
    };
    let is_filler = |character: char| {
        matches!(
            character,
            '-' | '—'
                | '–'
                | '―'
                | '－'
                | '_'
                | '/'
                | '\\'
                | '.'
                | '*'
                | '`'
                | '\''
                | '"'
                | '?'
                | '、'
        ) || character.is_whitespace()
    };
    // Almost every value begins with a letter, a digit or an ideograph: none of those.
    let begins_a_value = matches!(
        text.chars().next(),
        Some('0'..='9' | 'A'..='Z' | 'a'..='z' | '\u{3400}'..='\u{9FFF}')
    );
    (!begins_a_value && text.chars().all(is_filler))
        || words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Says whether a text was decoded with the wrong table.
///
/// `text.lost`: the text holds what decoders write when they give up
/// (`锟斤拷`, `烫烫烫`, U+FFFD); nothing brings it back. `text.mojibake`:
/// UTF-8 that was read as GBK (`鍖呭ご`); often reversible by the sender.
pub fn mojibake(text: &str) -> Option<Remark> {
    if text.is_ascii() {
        return None;
    }
    let (mut telling, mut characters) = (0, 0_usize);
    for (at, character) in text.char_indices() {
        let lost = match character {
            '\u{FFFD}' => true,
            '锟' => text[at..].starts_with("锟斤拷"),
            '烫' => text[at..].starts_with("烫烫烫"),
            '屯' => text[at..].starts_with("屯屯屯"),
            _ => false,
        };
        if lost {
            return Some(Remark::suspect(AREA, "lost"));
        }
        telling += usize::from(is_misread(character));
        characters += 1;
    }
    // One such character alone may be a rare name; in a text of four it is not.
    let enough = telling >= 2 || (telling == 1 && characters <= 4);
    enough.then(|| Remark::suspect(AREA, "mojibake"))
}

/// Returns whether a character is one of those that UTF-8 lead bytes E3, E5 to
/// E9 and EF make when GBK reads them with a trail byte of 80 to A0: rare
/// characters in runs of Unicode, since GBK/4 follows its order.
fn is_misread(character: char) -> bool {
    // Most characters lie before all of them.
    character >= '\u{9286}'
        && matches!(
            character,
            '\u{9286}'..='\u{92A7}'
                | '\u{934A}'..='\u{9369}'
                | '\u{936B}'
                | '\u{93AC}'..='\u{93C9}'
                | '\u{93CB}'..='\u{93CD}'
                | '\u{940E}'..='\u{942E}'
                | '\u{9470}'..='\u{9479}'
                | '\u{95AB}'..='\u{95CB}'
                | '\u{98E5}'..='\u{98FB}'
                | '\u{E000}'..='\u{F8FF}'
        )
}

/// The lines of a text, whatever ends them, and whether the ends are mixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines<'a> {
    /// The lines, without their ends. No empty line after a last end.
    pub lines: Vec<&'a str>,
    /// `text.eol` when more than one kind of line end is used.
    pub remark: Option<Remark>,
}

/// Splits a text at `\r\n`, `\n` and `\r`.
pub fn lines(text: &str) -> Lines<'_> {
    let mut lines = Vec::new();
    let mut kinds = [false; 3];
    let mut rest = text;
    while let Some(at) = rest.find(['\r', '\n']) {
        let end = &rest[at..];
        let (kind, length) = if end.starts_with("\r\n") {
            (0, 2)
        } else if end.starts_with('\n') {
            (1, 1)
        } else {
            (2, 1)
        };
        kinds[kind] = true;
        lines.push(&rest[..at]);
        rest = &rest[at + length..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    let mixed = kinds.iter().filter(|&&used| used).count() > 1;
    Lines {
        lines,
        remark: mixed.then(|| Remark::normalised(AREA, "eol")),
    }
}

#[cfg(test)]
mod tests;
