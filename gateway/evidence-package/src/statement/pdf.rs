//! The statement as PDF: A4, one embedded font, text that can be searched and copied.
//!
//! Lines break between Chinese characters and at the spaces of English; a word longer than a line, such as a digest,
//! breaks anywhere. No date, no random identifier: the same blocks and the same font give the same bytes.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::{
    Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};

use super::{
    Block,
    font::{Embedded, Font},
};

/// Why there is no PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PdfError {
    /// The file is not a font that can be embedded.
    #[error("it is no font with TrueType outlines")]
    Font,
    /// The font lacks a character.
    #[error("it has no glyph for {0:?}")]
    Glyph(char),
}

/// A4 in points.
const PAGE: (f32, f32) = (595.0, 842.0);
/// White on every side, in points.
const MARGIN: f32 = 64.0;
/// Height of a line, in sizes of its letters.
const LEADING: f32 = 1.55;
/// The name of the font within the pages.
const FONT: Name<'static> = Name(b"F1");
/// What the character sets of composite fonts are called.
const IDENTITY: SystemInfo<'static> = SystemInfo {
    registry: Str(b"Adobe"),
    ordering: Str(b"Identity"),
    supplement: 0,
};

/// A line that is set: where, how large, which glyphs.
struct Line {
    x: f32,
    y: f32,
    size: f32,
    glyphs: Vec<u16>,
}

/// Sets the statement.
///
/// # Errors
/// The font cannot be used, or lacks a character.
pub(crate) fn pdf(blocks: &[Block], font: &[u8]) -> Result<Vec<u8>, PdfError> {
    let mut font = Font::new(font)?;
    let pages = set(blocks, &mut font)?;
    Ok(write(&pages, &font.embed()?))
}

fn set(blocks: &[Block], font: &mut Font<'_>) -> Result<Vec<Vec<Line>>, PdfError> {
    let mut pages: Vec<Vec<Line>> = vec![Vec::new()];
    let mut y = PAGE.1 - MARGIN;
    for block in blocks {
        let (text, size, indent, before) = match block {
            Block::Title(text) => (text.clone(), 17.0, 0.0, 0.0),
            Block::Heading(text) => (text.clone(), 12.5, 0.0, 10.0),
            Block::Text(text) => (text.clone(), 10.0, 0.0, 3.0),
            Block::Item(text) => (format!("- {text}"), 10.0, 12.0, 1.0),
            Block::Fact(name, value) => (format!("{name}: {value}"), 10.0, 12.0, 0.0),
        };
        let is_title = matches!(block, Block::Title(_));
        if is_title && pages.last().is_some_and(|page| !page.is_empty()) {
            pages.push(Vec::new());
            y = PAGE.1 - MARGIN;
        }
        y -= before;
        for glyphs in broken(&text, size, PAGE.0 - 2.0 * MARGIN - indent, font)? {
            let height = size * LEADING;
            if y - height < MARGIN {
                pages.push(Vec::new());
                y = PAGE.1 - MARGIN;
            }
            y -= height;
            let x = MARGIN + indent;
            let line = Line { x, y, size, glyphs };
            if let Some(page) = pages.last_mut() {
                page.push(line);
            }
        }
    }
    Ok(pages)
}

/// Breaks a text into lines of glyphs no wider than `width` points.
fn broken(
    text: &str,
    size: f32,
    width: f32,
    font: &mut Font<'_>,
) -> Result<Vec<Vec<u16>>, PdfError> {
    let mut lines: Vec<Vec<u16>> = vec![Vec::new()];
    let mut used = 0.0;
    for word in words(text) {
        let mut glyphs = Vec::new();
        for character in word.chars() {
            glyphs.push(font.glyph(character)?);
        }
        let wide: f32 = glyphs.iter().map(|(_, width)| width * size / 1000.0).sum();
        if used > 0.0 && used + wide > width && word.trim() != "" {
            lines.push(Vec::new());
            used = 0.0;
        }
        for (glyph, wide) in glyphs {
            let wide = wide * size / 1000.0;
            if used + wide > width {
                lines.push(Vec::new());
                used = 0.0;
            }
            if let Some(line) = lines.last_mut() {
                line.push(glyph);
            }
            used += wide;
        }
    }
    Ok(lines)
}

/// Pieces between which a line may break: runs of ASCII without spaces with the space behind, else single characters.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut last = ' ';
    for (at, character) in text.char_indices() {
        let joins = last.is_ascii() && character.is_ascii() && last != ' ';
        // Punctuation stays with the character before it.
        let closes = "，。；：、）》”？".contains(character);
        if at > start && !joins && !closes {
            words.push(&text[start..at]);
            start = at;
        }
        last = character;
    }
    words.push(&text[start..]);
    words
}

fn write(pages: &[Vec<Line>], font: &Embedded) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let mut next = 0;
    let mut reference = || {
        next += 1;
        Ref::new(next)
    };
    let (catalog, tree, info) = (reference(), reference(), reference());
    let font_id = reference();
    let page_ids: Vec<(Ref, Ref)> = pages.iter().map(|_| (reference(), reference())).collect();
    let others = [reference(), reference(), reference(), reference()];
    pdf.catalog(catalog).pages(tree);
    pdf.document_info(info)
        .title(TextStr("证据包说明 Statement of an evidence package"))
        .producer(TextStr("lawgate"));
    let kids = page_ids.iter().map(|(page, _)| *page);
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(kids).count(count);
    for ((page, content), lines) in page_ids.iter().zip(pages) {
        let mut written = pdf.page(*page);
        written
            .parent(tree)
            .media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1))
            .contents(*content);
        written.resources().fonts().pair(FONT, font_id);
        written.finish();
        let mut text = Content::new();
        for line in lines {
            let glyphs: Vec<u8> = line
                .glyphs
                .iter()
                .flat_map(|glyph| glyph.to_be_bytes())
                .collect();
            text.begin_text()
                .set_font(FONT, line.size)
                .next_line(line.x, line.y)
                .show(Str(&glyphs))
                .end_text();
        }
        let bytes = deflated(&text.finish());
        pdf.stream(*content, &bytes).filter(Filter::FlateDecode);
    }
    write_font(&mut pdf, font_id, others, font);
    pdf.finish()
}

fn write_font(pdf: &mut Pdf, id: Ref, others: [Ref; 4], font: &Embedded) {
    let [descendant, descriptor, file, unicode] = others;
    // Six capitals and a plus say that the font is a part of one.
    let name = Name(b"LAWEVP+Statement");
    pdf.type0_font(id)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(descendant)
        .to_unicode(unicode);
    let mut cid = pdf.cid_font(descendant);
    cid.subtype(CidFontType::Type2);
    cid.base_font(name)
        .system_info(IDENTITY)
        .font_descriptor(descriptor);
    cid.cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = cid.widths();
    for (glyph, _, width) in &font.used {
        widths.consecutive(*glyph, [*width]);
    }
    widths.finish();
    cid.finish();
    let [left, bottom, right, top] = font.bounds;
    let mut described = pdf.font_descriptor(descriptor);
    described
        .name(name)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(left, bottom, right, top))
        .italic_angle(0.0)
        .ascent(font.ascent)
        .descent(font.descent)
        .cap_height(font.ascent)
        .stem_v(80.0)
        .font_file2(file);
    described.finish();
    let bytes = deflated(&font.file);
    pdf.stream(file, &bytes).filter(Filter::FlateDecode);
    let mut map = UnicodeCmap::new(Name(b"Statement"), IDENTITY);
    for (glyph, character, _) in &font.used {
        map.pair(*glyph, *character);
    }
    let bytes = deflated(&map.finish());
    pdf.stream(unicode, &bytes).filter(Filter::FlateDecode);
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
