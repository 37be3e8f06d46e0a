//! The statement as PDF: A4, one embedded font, text that can be searched and copied.
//!
//! Lines break between Chinese characters and at the spaces of English; a word longer than a line, such as a digest,
//! breaks anywhere. A heading stays with what follows it, and every page says which of how many it is. No date, no random identifier: the same blocks and the same font give the same bytes.

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
const MARGIN: f32 = 60.0;
/// Height of a line, in sizes of its letters.
const LEADING: f32 = 1.5;
/// Size of the letters of the text, in points.
const TEXT: f32 = 10.0;
/// Size of the letters of the number of a page, and its height above the edge, in points.
const FOOT: (f32, f32) = (8.0, 36.0);
/// Width of most glyphs, in thousandths: Chinese characters are as wide as they are high.
const USUAL_WIDTH: f32 = 1000.0;
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

/// How a block is set.
struct Style {
    /// What stands before its first line, in the margin of its further ones.
    mark: &'static str,
    size: f32,
    indent: f32,
    before: f32,
    /// Height that has to be left below it, in points, or it goes to the next page.
    below: f32,
}

fn style(block: &Block) -> (Style, String) {
    let plain = Style {
        mark: "",
        size: TEXT,
        indent: 12.0,
        before: 0.0,
        below: 0.0,
    };
    match block {
        Block::Title(text) => (
            Style {
                size: 17.0,
                indent: 0.0,
                ..plain
            },
            text.clone(),
        ),
        Block::Heading(text) => (
            Style {
                size: 12.5,
                indent: 0.0,
                before: 9.0,
                below: 3.0 * TEXT * LEADING,
                ..plain
            },
            text.clone(),
        ),
        Block::Text(text) => (
            Style {
                indent: 0.0,
                before: 2.5,
                ..plain
            },
            text.clone(),
        ),
        Block::Item(text) => (
            Style {
                mark: "- ",
                before: 1.0,
                ..plain
            },
            text.clone(),
        ),
        Block::Fact(name, value) => {
            let colon = if name.is_ascii() { ": " } else { "：" };
            (plain, format!("{name}{colon}{value}"))
        }
    }
}

fn set(blocks: &[Block], font: &mut Font<'_>) -> Result<Vec<Vec<Line>>, PdfError> {
    let mut pages: Vec<Vec<Line>> = vec![Vec::new()];
    let mut y = PAGE.1 - MARGIN;
    for block in blocks {
        let (style, text) = style(block);
        let is_title = matches!(block, Block::Title(_));
        let height = style.size * LEADING;
        let is_new = is_title || y - style.before - height - style.below < MARGIN;
        if is_new && pages.last().is_some_and(|page| !page.is_empty()) {
            pages.push(Vec::new());
            y = PAGE.1 - MARGIN;
        }
        y -= style.before;
        let (mark, hang) = glyphs(style.mark, style.size, font)?;
        let x = MARGIN + style.indent + hang;
        let lines = broken(&text, style.size, PAGE.0 - MARGIN - x, font)?;
        for (number, glyphs) in lines.into_iter().enumerate() {
            if y - height < MARGIN {
                pages.push(Vec::new());
                y = PAGE.1 - MARGIN;
            }
            y -= height;
            let Some(page) = pages.last_mut() else {
                continue;
            };
            let line = |x, glyphs| Line {
                x,
                y,
                size: style.size,
                glyphs,
            };
            match (number, mark.is_empty()) {
                (0, false) => page.push(line(x - hang, [mark.as_slice(), &glyphs].concat())),
                _ => page.push(line(x, glyphs)),
            }
        }
    }
    number_pages(&mut pages, font)?;
    Ok(pages)
}

/// Puts the number of each page at its foot.
fn number_pages(pages: &mut [Vec<Line>], font: &mut Font<'_>) -> Result<(), PdfError> {
    let count = pages.len();
    for (page, number) in pages.iter_mut().zip(1..) {
        let (size, y) = FOOT;
        let (glyphs, width) = glyphs(&format!("{number} / {count}"), size, font)?;
        let x = (PAGE.0 - width) / 2.0;
        page.push(Line { x, y, size, glyphs });
    }
    Ok(())
}

/// The glyphs of a text in one line, and its width in points.
fn glyphs(text: &str, size: f32, font: &mut Font<'_>) -> Result<(Vec<u16>, f32), PdfError> {
    let mut set = (Vec::new(), 0.0);
    for character in text.chars() {
        let (glyph, width) = font.glyph(character)?;
        set.0.push(glyph);
        set.1 += width * size / 1000.0;
    }
    Ok(set)
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
        let is_space = word.trim().is_empty();
        for (glyph, wide) in glyphs {
            let wide = wide * size / 1000.0;
            // A space that does not fit any more is where the line breaks; none begins the next one.
            if is_space && used + wide > width {
                continue;
            }
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
        // Punctuation stays with the character before it, and what opens with the one behind it.
        let closes = "，。；：、）》〕”？".contains(character);
        let opened = "（《〔“".contains(last);
        if at > start && !joins && !closes && !opened {
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
        text.begin_text();
        // Lines are placed from the one before, and the size is said when it changes: both repeat, and compress.
        let (mut at, mut size) = ((0.0, 0.0), 0.0);
        for line in lines {
            if line.size != size {
                size = line.size;
                text.set_font(FONT, size);
            }
            let glyphs: Vec<u8> = line
                .glyphs
                .iter()
                .flat_map(|glyph| glyph.to_be_bytes())
                .collect();
            text.next_line(tenths(line.x - at.0), tenths(line.y - at.1));
            at = (at.0 + tenths(line.x - at.0), at.1 + tenths(line.y - at.1));
            text.show(Str(&glyphs));
        }
        text.end_text();
        let bytes = deflated(&text.finish());
        pdf.stream(*content, &bytes).filter(Filter::FlateDecode);
    }
    write_font(&mut pdf, font_id, others, font);
    pdf.finish()
}

/// A length to a tenth of a point, so that equal steps are written alike.
fn tenths(points: f32) -> f32 {
    (points * 10.0).round() / 10.0
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
    cid.default_width(USUAL_WIDTH);
    let mut widths = cid.widths();
    for (glyph, _, width) in &font.used {
        if width.to_bits() != USUAL_WIDTH.to_bits() {
            widths.consecutive(*glyph, [*width]);
        }
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
