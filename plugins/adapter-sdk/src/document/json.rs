//! JSON into the tree: strict, bounded, and with the place of everything.
//!
//! RFC 8259 without extensions. Numbers stay text, so that no digit is lost.
//! A key that appears twice is remarked and both members are kept. It accepts
//! what `serde_json` accepts, within the bounds.

use std::collections::BTreeSet;

use super::NoticeLevel;
use super::node::{Kind, NameMark, Piece};
use super::offsets::{Point, narrow};
use super::tree::{Stop, Tree};

/// Reads `text` into `tree`.
pub(crate) fn read(text: &str, tree: &mut Tree) -> Result<(), Stop> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        tree,
    };
    reader.space();
    reader.value(Piece::default())?;
    reader.space();
    if reader.at < reader.bytes.len() {
        return Err(reader.malformed("something after the end of the document"));
    }
    Ok(())
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    tree: &'t mut Tree,
}

/// A string as read: the text without escapes and the range between the quotes.
struct Text {
    piece: Piece,
    range: (usize, usize),
}

impl Reader<'_> {
    fn value(&mut self, name: Piece) -> Result<(), Stop> {
        let from = self.at;
        match self.bytes.get(self.at) {
            Some(b'{') => self.object(name),
            Some(b'[') => self.array(name),
            Some(b'"') => {
                let text = self.string()?;
                self.tree
                    .leaf(Kind::Text, name, text.piece, (from, self.at), text.range)
            }
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                self.scalar(Kind::Number, name, from)
            }
            Some(b't') => self.word("true", Kind::Bool, name),
            Some(b'f') => self.word("false", Kind::Bool, name),
            Some(b'n') => self.word("null", Kind::Null, name),
            Some(_) => Err(self.malformed("a value was expected")),
            None => Err(self.ended()),
        }
    }

    fn scalar(&mut self, kind: Kind, name: Piece, from: usize) -> Result<(), Stop> {
        let range = (from, self.at);
        self.tree
            .leaf(kind, name, Piece::of_text(from, self.at), range, range)
    }

    fn word(&mut self, word: &str, kind: Kind, name: Piece) -> Result<(), Stop> {
        let from = self.at;
        if !self.bytes[from..].starts_with(word.as_bytes()) {
            return Err(self.malformed("a value was expected"));
        }
        self.at += word.len();
        // A null has no value; its place is kept.
        if kind == Kind::Null {
            let range = (from, self.at);
            return self.tree.leaf(kind, name, Piece::default(), range, range);
        }
        self.scalar(kind, name, from)
    }

    fn array(&mut self, name: Piece) -> Result<(), Stop> {
        self.tree.open(Kind::Array, name, self.at)?;
        self.at += 1;
        self.space();
        if self.take(b']') {
            self.tree.close(self.at);
            return Ok(());
        }
        loop {
            self.value(Piece::default())?;
            self.space();
            if self.take(b']') {
                self.tree.close(self.at);
                return Ok(());
            }
            self.expect(b',', "`,` or `]` was expected")?;
            self.space();
        }
    }

    fn object(&mut self, name: Piece) -> Result<(), Stop> {
        self.tree.open(Kind::Object, name, self.at)?;
        self.at += 1;
        self.space();
        let mut keys = Keys::default();
        if self.take(b'}') {
            self.tree.close(self.at);
            return Ok(());
        }
        loop {
            if self.bytes.get(self.at) != Some(&b'"') {
                return Err(self.malformed("a key in quotes was expected"));
            }
            let key = self.string()?;
            if !keys.insert(key.piece, self.tree, self.text) {
                let text = "a key that appears twice; both values are kept";
                self.tree
                    .remark(NoticeLevel::Warning, "json.duplicate-key", key.range, text);
            }
            self.space();
            self.expect(b':', "`:` was expected")?;
            self.space();
            self.value(key.piece)?;
            self.space();
            if self.take(b'}') {
                self.tree.close(self.at);
                return Ok(());
            }
            self.expect(b',', "`,` or `}` was expected")?;
            self.space();
        }
    }

    fn string(&mut self) -> Result<Text, Stop> {
        let from = self.at + 1;
        let mut at = from;
        let mut escaped = false;
        loop {
            at += plain_bytes(&self.bytes[at.min(self.bytes.len())..]);
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                Some(0..=0x1F) => {
                    self.at = at;
                    return Err(self.malformed("a control character inside a string"));
                }
                Some(_) => at += 1,
                None => return Err(self.ended()),
            }
        }
        let range = (from, at);
        self.at = at + 1;
        let raw = &self.text[from..at];
        let piece = if escaped {
            let text = unescape(raw, None).map_err(|within| {
                Stop::new(
                    "document.malformed",
                    from + within,
                    "not well-formed JSON: a bad escape inside a string",
                )
            })?;
            self.tree.copy(&text)
        } else {
            Piece::of_text(from, at)
        };
        Ok(Text { piece, range })
    }

    fn number(&mut self) -> Result<(), Stop> {
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return Err(self.malformed("a digit was expected"));
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(self.malformed("a digit was expected"));
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return Err(self.malformed("a digit was expected"));
            }
        }
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let count = self.bytes[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        self.at += count;
        count
    }

    fn space(&mut self) {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ') => self.at += spaces(&self.bytes[self.at..]),
                Some(b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(_) | None => return,
            }
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, text: &str) -> Result<(), Stop> {
        match self.bytes.get(self.at) {
            None => Err(self.ended()),
            Some(found) if *found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(self.malformed(text)),
        }
    }

    fn malformed(&self, text: &str) -> Stop {
        if self.at >= self.bytes.len() {
            return self.ended();
        }
        Stop::new(
            "document.malformed",
            self.at,
            format!("not well-formed JSON: {text}"),
        )
    }

    fn ended(&self) -> Stop {
        Stop::new(
            "document.unclosed",
            self.bytes.len(),
            "the message ends inside the document",
        )
    }
}

/// A byte in each place of a word.
const ONES: u64 = u64::from_ne_bytes([1; 8]);

/// The first eight bytes, the first one lowest; `None` when there are fewer.
#[inline]
fn first_word(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().copied().map(u64::from_le_bytes)
}

/// How many spaces are seen at the start of `bytes`, which begin with one: all of them up to eight.
///
/// Counted at once, as those of [`plain_bytes`], since a guest looks whether its time is over in
/// each turn of a loop.
#[inline]
fn spaces(bytes: &[u8]) -> usize {
    let others = first_word(bytes).map_or(1 << 8, |word| word ^ (ONES * u64::from(b' ')));
    // 64 zeros when all eight are spaces.
    (others.trailing_zeros() / 8) as usize
}

/// How many bytes at the start of `bytes` stand for themselves in a string: all up to the first
/// that does not, save the last seven of the message.
fn plain_bytes(bytes: &[u8]) -> usize {
    const HIGHS: u64 = ONES << 7;
    // The high bit of each byte that is zero. Bytes above such a one may be marked too, but the
    // lowest mark is true.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut at = 0;
    while let Some(word) = first_word(&bytes[at..]) {
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let escapes = zeros(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let marks = quotes | escapes | controls;
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at
}

/// Keys of one object: few are compared one by one, many are kept in a set.
#[derive(Default)]
struct Keys {
    few: Vec<(NameMark, Piece)>,
    many: BTreeSet<Box<str>>,
}

/// Keys compared one by one. Beyond it a hostile object would cost its square.
const FEW: usize = 64;

impl Keys {
    /// Adds a key; false when it was there.
    fn insert(&mut self, key: Piece, tree: &Tree, text: &str) -> bool {
        let name = tree.text(text, key);
        if self.many.is_empty() && self.few.len() < FEW {
            let mark = NameMark::of(name);
            let is_same =
                |(of, known): &(NameMark, Piece)| *of == mark && tree.text(text, *known) == name;
            let new = !self.few.iter().any(is_same);
            self.few.push((mark, key));
            return new;
        }
        if self.many.is_empty() {
            self.many = self
                .few
                .iter()
                .map(|(_, known)| tree.text(text, *known).into())
                .collect();
        }
        self.many.insert(name.into())
    }
}

/// Removes the escapes of a string; `points` gets the places that shifted.
///
/// # Errors
/// The place of a bad escape.
pub(crate) fn unescape(raw: &str, mut points: Option<&mut Vec<Point>>) -> Result<String, usize> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = 0;
    while let Some(found) = raw[rest..].find('\\') {
        let at = rest + found;
        text.push_str(&raw[rest..at]);
        let (character, length) = escape(&raw.as_bytes()[at..]).ok_or(at)?;
        if let Some(points) = points.as_deref_mut() {
            points.push(Point {
                inner: narrow(text.len()),
                outer: narrow(at),
            });
        }
        text.push(character);
        rest = at + length;
        if let Some(points) = points.as_deref_mut() {
            points.push(Point {
                inner: narrow(text.len()),
                outer: narrow(rest),
            });
        }
    }
    text.push_str(&raw[rest..]);
    Ok(text)
}

/// The character an escape means and the bytes it takes.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let plain = |character| Some((character, 2));
    match bytes.get(1)? {
        b'"' => plain('"'),
        b'\\' => plain('\\'),
        b'/' => plain('/'),
        b'b' => plain('\u{8}'),
        b'f' => plain('\u{C}'),
        b'n' => plain('\n'),
        b'r' => plain('\r'),
        b't' => plain('\t'),
        b'u' => unicode_escape(bytes),
        _ => None,
    }
}

fn unicode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let first = hex(bytes.get(2..6)?)?;
    if !(0xD800..0xE000).contains(&first) {
        return char::from_u32(first).map(|character| (character, 6));
    }
    // A character beyond the basic plane is written as a pair of escapes.
    let second = bytes
        .get(6..12)
        .filter(|next| next.starts_with(b"\\u"))
        .and_then(|next| hex(&next[2..]))?;
    if first >= 0xDC00 || !(0xDC00..0xE000).contains(&second) {
        return None;
    }
    char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        .map(|character| (character, 12))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| {
        Some(value << 4 | char::from(*digit).to_digit(16)?)
    })
}
