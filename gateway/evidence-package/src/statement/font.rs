//! The font of the statement: which glyph a character has, how wide it is, and the part of the font that is embedded.

use std::collections::BTreeMap;

use ttf_parser::Face;

use super::PdfError;
use super::subset::{Kept, subset};

/// A font while a statement is set in it.
pub(super) struct Font<'a> {
    face: Face<'a>,
    bytes: &'a [u8],
    kept: Kept,
    /// New glyph numbers with the character and the width in thousandths.
    used: BTreeMap<u16, (char, f32)>,
}

/// What a PDF file needs of a font.
pub(super) struct Embedded {
    /// The font file with the glyphs used alone.
    pub(super) file: Vec<u8>,
    /// Bounding box of all glyphs, in thousandths.
    pub(super) bounds: [f32; 4],
    /// Height above and below the line, in thousandths.
    pub(super) ascent: f32,
    /// Negative.
    pub(super) descent: f32,
    /// Glyph numbers with the character and the width in thousandths, ascending.
    pub(super) used: Vec<(u16, char, f32)>,
}

impl<'a> Font<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, PdfError> {
        let face = Face::parse(bytes, 0).map_err(|_| PdfError::Font)?;
        Ok(Self {
            face,
            bytes,
            kept: Kept::new(),
            used: BTreeMap::new(),
        })
    }

    fn scale(&self, units: f32) -> f32 {
        units * 1000.0 / f32::from(self.face.units_per_em())
    }

    /// The glyph of a character, counted as used, with its width in thousandths.
    ///
    /// # Errors
    /// [`PdfError::Glyph`]: the font does not have the character, so that a statement set in it would lack it.
    pub(super) fn glyph(&mut self, character: char) -> Result<(u16, f32), PdfError> {
        let missing = PdfError::Glyph(character);
        let glyph = self.face.glyph_index(character).ok_or(missing)?;
        let advance = self.face.glyph_hor_advance(glyph).unwrap_or(0);
        let width = self.scale(f32::from(advance)).round();
        let number = self.kept.keep(glyph.0).ok_or(PdfError::Font)?;
        self.used.entry(number).or_insert((character, width));
        Ok((number, width))
    }

    /// The part of the font that was used.
    pub(super) fn embed(self) -> Result<Embedded, PdfError> {
        let file = subset(self.bytes, self.kept.clone()).ok_or(PdfError::Font)?;
        let bounds = self.face.global_bounding_box();
        let bounds = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max];
        Ok(Embedded {
            file,
            bounds: bounds.map(|units| self.scale(f32::from(units))),
            ascent: self.scale(f32::from(self.face.ascender())),
            descent: self.scale(f32::from(self.face.descender())),
            used: self
                .used
                .iter()
                .map(|(number, (character, width))| (*number, *character, *width))
                .collect(),
        })
    }
}
