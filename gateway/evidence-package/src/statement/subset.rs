//! The part of a TrueType font that a statement needs: the outlines used, numbered anew, without hinting.
//!
//! Only outlines of the table `glyf` (OpenType 1.9, chapter glyf) are known; a font with others is refused by name. What
//! screens use to fit outlines to coarse pixels is left out, since a page is printed. Nothing is believed of the font: a
//! length or a number that does not fit is an error, never a panic.

use std::collections::BTreeMap;

use ttf_parser::{RawFace, Tag};

/// The tables of the part, in ascending order of their names.
const TABLES: usize = 6;

/// What a component of a compound outline says of itself (OpenType, glyf, component glyph flags).
mod flag {
    pub(super) const WORDS: u16 = 0x0001;
    pub(super) const SCALE: u16 = 0x0008;
    pub(super) const MORE: u16 = 0x0020;
    pub(super) const TWO_SCALES: u16 = 0x0040;
    pub(super) const MATRIX: u16 = 0x0080;
    pub(super) const INSTRUCTIONS: u16 = 0x0100;
}

/// Which glyphs are kept, by their new numbers.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    old: Vec<u16>,
    new: BTreeMap<u16, u16>,
}

impl Kept {
    /// Nothing but glyph 0, which every font begins with.
    pub(super) fn new() -> Self {
        Self {
            old: vec![0],
            new: BTreeMap::from([(0, 0)]),
        }
    }

    /// The new number of a glyph, which is kept from now on; `None` when there are too many.
    pub(super) fn keep(&mut self, old: u16) -> Option<u16> {
        if let Some(new) = self.new.get(&old) {
            return Some(*new);
        }
        let new = u16::try_from(self.old.len()).ok()?;
        self.old.push(old);
        self.new.insert(old, new);
        Some(new)
    }
}

/// The font with the kept glyphs alone; `None` when it has no such outlines or contradicts itself.
pub(super) fn subset(font: &[u8], mut kept: Kept) -> Option<Vec<u8>> {
    let raw = RawFace::parse(font, 0).ok()?;
    let table = |name: &[u8; 4]| raw.table(Tag::from_bytes(name));
    let outlines = Outlines::new(table(b"glyf")?, table(b"loca")?, table(b"head")?)?;
    let mut written = Vec::new();
    let mut offsets = vec![0_u32];
    let mut number = 0;
    // A compound outline keeps its components, which come behind everything kept so far.
    while number < kept.old.len() {
        let outline = outlines.of(kept.old[number])?;
        write_outline(outline, &mut kept, &mut written)?;
        written.resize(written.len().next_multiple_of(4), 0);
        offsets.push(u32::try_from(written.len()).ok()?);
        number += 1;
    }
    let count = u16::try_from(kept.old.len()).ok()?;
    let metrics = Metrics::new(table(b"hmtx")?, table(b"hhea")?)?;
    let mut widths = Vec::new();
    for old in &kept.old {
        widths.extend(metrics.of(*old)?);
    }
    let changed = |name: &[u8; 4], at: usize, value: u16| {
        let mut bytes = table(name)?.to_vec();
        bytes
            .get_mut(at..at + 2)?
            .copy_from_slice(&value.to_be_bytes());
        Some(bytes)
    };
    // Offsets of 32 bits; the number of widths; the number of glyphs.
    let head = changed(b"head", 50, 1)?;
    let hhea = changed(b"hhea", 34, count)?;
    let maxp = changed(b"maxp", 4, count)?;
    let loca: Vec<u8> = offsets.into_iter().flat_map(u32::to_be_bytes).collect();
    Some(assemble([
        (b"glyf", written),
        (b"head", head),
        (b"hhea", hhea),
        (b"hmtx", widths),
        (b"loca", loca),
        (b"maxp", maxp),
    ]))
}

/// The outlines of a font.
struct Outlines<'a> {
    glyf: &'a [u8],
    loca: &'a [u8],
    is_long: bool,
}

impl<'a> Outlines<'a> {
    fn new(glyf: &'a [u8], loca: &'a [u8], head: &[u8]) -> Option<Self> {
        let is_long = number(head, 50)? == 1;
        Some(Self {
            glyf,
            loca,
            is_long,
        })
    }

    fn offset(&self, index: usize) -> Option<usize> {
        if self.is_long {
            let high = number(self.loca, index * 4)?;
            let low = number(self.loca, index * 4 + 2)?;
            return Some(usize::from(high) << 16 | usize::from(low));
        }
        Some(usize::from(number(self.loca, index * 2)?) * 2)
    }

    fn of(&self, glyph: u16) -> Option<&'a [u8]> {
        let index = usize::from(glyph);
        self.glyf.get(self.offset(index)?..self.offset(index + 1)?)
    }
}

/// The widths of a font.
struct Metrics<'a> {
    hmtx: &'a [u8],
    full: usize,
}

impl<'a> Metrics<'a> {
    fn new(hmtx: &'a [u8], hhea: &[u8]) -> Option<Self> {
        let full = usize::from(number(hhea, 34)?);
        (full > 0).then_some(Self { hmtx, full })
    }

    /// Width and left side of a glyph; those behind the last full one share its width.
    fn of(&self, glyph: u16) -> Option<[u8; 4]> {
        let glyph = usize::from(glyph);
        let width = number(self.hmtx, glyph.min(self.full - 1) * 4)?;
        let side = match glyph.checked_sub(self.full) {
            Some(behind) => number(self.hmtx, self.full * 4 + behind * 2)?,
            None => number(self.hmtx, glyph * 4 + 2)?,
        };
        let [a, b] = width.to_be_bytes();
        let [c, d] = side.to_be_bytes();
        Some([a, b, c, d])
    }
}

/// Writes an outline without instructions and with the new numbers of its components.
fn write_outline(outline: &[u8], kept: &mut Kept, out: &mut Vec<u8>) -> Option<()> {
    if outline.is_empty() {
        return Some(());
    }
    let contours = number(outline, 0)?;
    // A negative number of contours says that it is put together from others.
    if contours & 0x8000 == 0 {
        let points = 10 + 2 * usize::from(contours);
        let instructions = usize::from(number(outline, points)?);
        out.extend(outline.get(..points)?);
        out.extend([0, 0]);
        out.extend(outline.get(points + 2 + instructions..)?);
        return Some(());
    }
    out.extend(outline.get(..10)?);
    let mut at = 10;
    loop {
        let (flags, component) = (number(outline, at)?, number(outline, at + 2)?);
        let new = kept.keep(component)?;
        out.extend((flags & !flag::INSTRUCTIONS).to_be_bytes());
        out.extend(new.to_be_bytes());
        let place = if flags & flag::WORDS == 0 { 2 } else { 4 };
        let scale = match flags {
            flags if flags & flag::SCALE != 0 => 2,
            flags if flags & flag::TWO_SCALES != 0 => 4,
            flags if flags & flag::MATRIX != 0 => 8,
            _ => 0,
        };
        out.extend(outline.get(at + 4..at + 4 + place + scale)?);
        at += 4 + place + scale;
        if flags & flag::MORE == 0 {
            return Some(());
        }
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes([pair[0], pair[1]]))
}

/// Puts tables together to a font file.
fn assemble(tables: [(&[u8; 4], Vec<u8>); TABLES]) -> Vec<u8> {
    // Version 1.0, six tables, and the three numbers by which a table is looked up among six.
    let mut out = vec![0, 1, 0, 0, 0, 6, 0, 64, 0, 2, 0, 32];
    let mut offset = 12 + 16 * TABLES;
    let mut body = Vec::new();
    for (name, bytes) in tables {
        let length = bytes.len();
        let mut padded = bytes;
        padded.resize(length.next_multiple_of(4), 0);
        let words = padded.as_chunks::<4>().0.iter();
        let sum = words.fold(0_u32, |sum, word| {
            sum.wrapping_add(u32::from_be_bytes(*word))
        });
        out.extend(name);
        for field in [sum, narrow(offset), narrow(length)] {
            out.extend(field.to_be_bytes());
        }
        offset += padded.len();
        body.extend(padded);
    }
    out.extend(body);
    out
}

/// A length within a file that was read into memory as a font of at most 64 MiB.
fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_font_or_has_other_outlines_is_refused() {
        for bytes in [b"".as_slice(), b"OTTO", &[0; 40]] {
            assert!(subset(bytes, Kept::new()).is_none());
        }
    }

    #[test]
    fn a_simple_outline_loses_its_instructions_and_a_compound_one_keeps_its_components() {
        let mut kept = Kept::new();
        let simple = [0, 1, 0, 0, 0, 0, 0, 9, 0, 9, 0, 2, 0, 3, 7, 7, 7, 1, 1, 1];
        let mut out = Vec::new();
        write_outline(&simple, &mut kept, &mut out).expect("is one");
        assert_eq!(out, [0, 1, 0, 0, 0, 0, 0, 9, 0, 9, 0, 2, 0, 0, 1, 1, 1]);
        // Two components: the first with words and a scale, the second with bytes and instructions behind.
        let mut compound = vec![0xff, 0xff, 0, 0, 0, 0, 0, 9, 0, 9];
        compound.extend([0, 0x29, 0, 5, 0, 1, 0, 2, 0x40, 0]);
        compound.extend([0x01, 0x00, 0, 8, 3, 4, 0, 1, 9]);
        let mut out = Vec::new();
        write_outline(&compound, &mut kept, &mut out).expect("is one");
        assert_eq!(out[10..20], [0, 0x29, 0, 1, 0, 1, 0, 2, 0x40, 0]);
        assert_eq!(out[20..], [0, 0, 0, 2, 3, 4]);
        assert_eq!(kept.old, [0, 5, 8]);
        assert!(write_outline(&compound[..15], &mut kept, &mut Vec::new()).is_none());
    }
}
