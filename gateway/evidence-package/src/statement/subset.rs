//! The part of a TrueType font that a statement needs: the outlines used, numbered anew, without hinting, on a coarser grid.
//!
//! Only outlines of the table `glyf` (OpenType 1.9, chapter glyf) are known; a font with others is refused by name. What
//! screens use to fit outlines to coarse pixels is left out, since a page is printed, and so is what no printer resolves:
//! the font is the largest part of a package. Nothing is believed of the font: a
//! length or a number that does not fit is an error, never a panic.

use std::collections::BTreeMap;

use ttf_parser::{RawFace, Tag};

mod outline;

use outline::{Bounds, Scale};

/// The tables of the part, in ascending order of their names.
const TABLES: usize = 6;

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
    let mut head = table(b"head")?.to_vec();
    let outlines = Outlines::new(table(b"glyf")?, table(b"loca")?, &head)?;
    let scale = Scale::new(number(&head, UNITS_PER_EM)?)?;
    set(&mut head, UNITS_PER_EM, scale.grid())?;
    scaled(&mut head, scale, BOUNDS)?;
    let bounds: Bounds = *head.get(BOUNDS.start..)?.first_chunk()?;
    let mut written = Vec::new();
    let mut offsets = vec![0_usize];
    let mut number_of = 0;
    // A compound outline keeps its components, which come behind everything kept so far.
    while number_of < kept.old.len() {
        let outline = outlines.of(kept.old[number_of])?;
        outline::write(outline, scale, &bounds, &mut kept, &mut written)?;
        written.resize(written.len().next_multiple_of(2), 0);
        offsets.push(written.len());
        number_of += 1;
    }
    let count = u16::try_from(kept.old.len()).ok()?;
    let metrics = Metrics::new(table(b"hmtx")?, table(b"hhea")?)?;
    let mut widths = Vec::new();
    for old in &kept.old {
        // The left side is that of the box which all outlines share, so that nothing is moved.
        widths.extend(scale.field(metrics.of(*old)?).to_be_bytes());
        widths.extend(&bounds[..2]);
    }
    // Offsets of 16 bits count pairs of bytes; longer ones are needed beyond 128 KiB.
    let short: Option<Vec<u16>> = offsets
        .iter()
        .map(|offset| u16::try_from(offset / 2).ok())
        .collect();
    set(&mut head, OFFSETS_ARE_LONG, short.is_none().into())?;
    let loca: Vec<u8> = match short {
        Some(short) => short.into_iter().flat_map(u16::to_be_bytes).collect(),
        None => offsets
            .into_iter()
            .map(narrow)
            .flat_map(u32::to_be_bytes)
            .collect(),
    };
    let mut hhea = table(b"hhea")?.to_vec();
    scaled(&mut hhea, scale, HEIGHTS_AND_WIDTHS)?;
    set(&mut hhea, WIDTH_COUNT, count)?;
    let mut maxp = table(b"maxp")?.to_vec();
    set(&mut maxp, GLYPH_COUNT, count)?;
    Some(assemble([
        (b"glyf", written),
        (b"head", head),
        (b"hhea", hhea),
        (b"hmtx", widths),
        (b"loca", loca),
        (b"maxp", maxp),
    ]))
}

/// Places in the tables `head`, `hhea` and `maxp` (OpenType 1.9), in bytes.
const UNITS_PER_EM: usize = 18;
const BOUNDS: std::ops::Range<usize> = 36..44;
const OFFSETS_ARE_LONG: usize = 50;
const HEIGHTS_AND_WIDTHS: std::ops::Range<usize> = 4..18;
const WIDTH_COUNT: usize = 34;
const GLYPH_COUNT: usize = 4;

fn set(table: &mut [u8], at: usize, value: u16) -> Option<()> {
    let field = table.get_mut(at..at + 2)?;
    field.copy_from_slice(&value.to_be_bytes());
    Some(())
}

/// Moves a run of numbers to the grid.
fn scaled(table: &mut [u8], scale: Scale, fields: std::ops::Range<usize>) -> Option<()> {
    for at in fields.step_by(2) {
        let value = scale.field(number(table, at)?);
        set(table, at, value)?;
    }
    Some(())
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
#[derive(Debug)]
struct Metrics<'a> {
    hmtx: &'a [u8],
    full: usize,
}

impl<'a> Metrics<'a> {
    fn new(hmtx: &'a [u8], hhea: &[u8]) -> Option<Self> {
        let full = usize::from(number(hhea, 34)?);
        (full > 0).then_some(Self { hmtx, full })
    }

    /// Width of a glyph; those behind the last full one share its width.
    fn of(&self, glyph: u16) -> Option<u16> {
        let glyph = usize::from(glyph);
        number(self.hmtx, glyph.min(self.full - 1) * 4)
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
}
