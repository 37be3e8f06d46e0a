//! One outline: its points on the coarser grid of a page, in the shortest form.
//!
//! An outline is a list of contours (OpenType 1.9, chapter glyf). Points are read, moved to the grid and written again; what
//! screens need besides, the instructions, is left out. An outline that is put together from others keeps them by number.

use super::{Kept, number};

/// Units of the em that are kept: a letter of 10 points on 600 dots an inch has 83 dots, one of the title 140.
pub(super) const GRID: u16 = 256;

/// What a point says of itself.
mod flag {
    pub(super) const ON_CURVE: u8 = 0x01;
    pub(super) const SHORT_X: u8 = 0x02;
    pub(super) const SHORT_Y: u8 = 0x04;
    pub(super) const REPEAT: u8 = 0x08;
    /// Short: the step is positive. Long: there is no step.
    pub(super) const SAME_X: u8 = 0x10;
    pub(super) const SAME_Y: u8 = 0x20;
}

/// What a component of a compound outline says of itself.
mod component {
    pub(super) const WORDS: u16 = 0x0001;
    /// The two numbers are a place and not two points to be laid on each other.
    pub(super) const PLACE: u16 = 0x0002;
    pub(super) const SCALE: u16 = 0x0008;
    pub(super) const MORE: u16 = 0x0020;
    pub(super) const TWO_SCALES: u16 = 0x0040;
    pub(super) const MATRIX: u16 = 0x0080;
    pub(super) const INSTRUCTIONS: u16 = 0x0100;
}

/// From the units of a font to those of the grid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    units: u16,
}

/// The head of every outline: a box that holds all of them. The true boxes differ from outline to outline, which no
/// reader of a page looks at, and do not compress.
pub(super) type Bounds = [u8; 8];

impl Scale {
    /// For a font of that many units an em; `None` when there are none.
    pub(super) fn new(units: u16) -> Option<Self> {
        (units > 0).then_some(Self { units })
    }

    /// Units an em behind it; a font that is coarser already stays as it is.
    pub(super) fn grid(self) -> u16 {
        GRID.min(self.units)
    }

    /// A coordinate on the grid: the nearest one, halves away from zero.
    pub(super) fn place(self, units: i32) -> i32 {
        let (grid, all) = (i32::from(self.grid()), i32::from(self.units));
        let doubled = units * grid * 2 + all * units.signum();
        doubled / (all * 2)
    }

    /// A number of a table on the grid.
    pub(super) fn field(self, bytes: u16) -> u16 {
        let place = self.place(i32::from(bytes.cast_signed()));
        // Not larger than before, which was a number of 16 bits.
        i16::try_from(place).unwrap_or(0).cast_unsigned()
    }
}

/// Writes an outline on the grid, with the new numbers of its components.
pub(super) fn write(
    outline: &[u8],
    scale: Scale,
    bounds: &Bounds,
    kept: &mut Kept,
    out: &mut Vec<u8>,
) -> Option<()> {
    if outline.is_empty() {
        return Some(());
    }
    let contours = number(outline, 0)?;
    // A negative number of contours says that it is put together from others.
    match contours & 0x8000 == 0 {
        true => simple(outline, contours, scale, bounds, out),
        false => compound(outline, scale, bounds, kept, out),
    }
}

fn simple(
    outline: &[u8],
    contours: u16,
    scale: Scale,
    bounds: &Bounds,
    out: &mut Vec<u8>,
) -> Option<()> {
    let ends = outline.get(10..10 + 2 * usize::from(contours))?;
    let at = 10 + ends.len();
    let instructions = usize::from(number(outline, at)?);
    let mut bytes = outline.get(at + 2 + instructions..)?.iter().copied();
    let points = match ends.last_chunk::<2>() {
        Some(last) => usize::from(u16::from_be_bytes(*last)) + 1,
        None => 0,
    };
    let flags = read_flags(&mut bytes, points)?;
    let xs = read_places(&mut bytes, &flags, flag::SHORT_X, flag::SAME_X)?;
    let ys = read_places(&mut bytes, &flags, flag::SHORT_Y, flag::SAME_Y)?;
    out.extend(contours.to_be_bytes());
    out.extend(bounds);
    out.extend(ends);
    out.extend([0, 0]);
    write_points(&flags, &steps(&xs, scale), &steps(&ys, scale), out)
}

fn read_flags(bytes: &mut impl Iterator<Item = u8>, points: usize) -> Option<Vec<u8>> {
    let mut flags = Vec::new();
    while flags.len() < points {
        let flag = bytes.next()?;
        let again = match flag & flag::REPEAT {
            0 => 0,
            _ => bytes.next()?,
        };
        flags.extend(std::iter::repeat_n(flag, usize::from(again) + 1));
    }
    (flags.len() == points).then_some(flags)
}

/// The coordinates of all points along one axis.
fn read_places(
    bytes: &mut impl Iterator<Item = u8>,
    flags: &[u8],
    short: u8,
    same: u8,
) -> Option<Vec<i32>> {
    let mut at = 0_i32;
    let mut places = Vec::with_capacity(flags.len());
    for flag in flags {
        at += match (flag & short != 0, flag & same != 0) {
            (true, true) => i32::from(bytes.next()?),
            (true, false) => -i32::from(bytes.next()?),
            (false, true) => 0,
            (false, false) => i32::from(i16::from_be_bytes([bytes.next()?, bytes.next()?])),
        };
        places.push(at);
    }
    Some(places)
}

/// The steps from point to point on the grid.
fn steps(places: &[i32], scale: Scale) -> Vec<i32> {
    let mut last = 0;
    let step = |place: &i32| {
        let place = scale.place(*place);
        place - std::mem::replace(&mut last, place)
    };
    places.iter().map(step).collect()
}

fn write_points(flags: &[u8], xs: &[i32], ys: &[i32], out: &mut Vec<u8>) -> Option<()> {
    let mut written: Vec<u8> = Vec::with_capacity(flags.len());
    let (mut along_x, mut along_y) = (Vec::new(), Vec::new());
    for ((flag, x), y) in flags.iter().zip(xs).zip(ys) {
        let x = write_step(*x, flag::SHORT_X, flag::SAME_X, &mut along_x)?;
        let y = write_step(*y, flag::SHORT_Y, flag::SAME_Y, &mut along_y)?;
        written.push(flag & flag::ON_CURVE | x | y);
    }
    for run in written.chunk_by(|a, b| a == b) {
        for part in run.chunks(256) {
            let again = u8::try_from(part.len() - 1).ok()?;
            match again {
                0 => out.push(part[0]),
                again => out.extend([part[0] | flag::REPEAT, again]),
            }
        }
    }
    out.extend(along_x);
    out.extend(along_y);
    Some(())
}

/// Writes a step in its shortest form; returns what its flag says of it.
fn write_step(step: i32, short: u8, same: u8, out: &mut Vec<u8>) -> Option<u8> {
    Some(match (step, u8::try_from(step.unsigned_abs())) {
        (0, _) => same,
        (_, Ok(length)) => {
            out.push(length);
            short | if step > 0 { same } else { 0 }
        }
        (_, Err(_)) => {
            out.extend(i16::try_from(step).ok()?.to_be_bytes());
            0
        }
    })
}

fn compound(
    outline: &[u8],
    scale: Scale,
    bounds: &Bounds,
    kept: &mut Kept,
    out: &mut Vec<u8>,
) -> Option<()> {
    out.extend([0xff, 0xff]);
    out.extend(bounds);
    let mut at = 10;
    loop {
        let (mut flags, old) = (number(outline, at)?, number(outline, at + 2)?);
        let new = kept.keep(old)?;
        at += 4;
        let is_words = flags & component::WORDS != 0;
        let is_place = flags & component::PLACE != 0;
        let length = if is_words { 4 } else { 2 };
        let arguments = outline.get(at..at + length)?;
        let arguments = match (is_words, is_place) {
            (true, _) => [number(arguments, 0)?, number(arguments, 2)?],
            // A place is signed, the number of a point is not.
            (false, true) => {
                [0, 1].map(|axis| i16::from(arguments[axis].cast_signed()).cast_unsigned())
            }
            (false, false) => [arguments[0].into(), arguments[1].into()],
        };
        at += length;
        let arguments = match is_place {
            true => arguments.map(|units| scale.field(units)),
            false => arguments,
        };
        let narrow = arguments.map(|argument| match is_place {
            true => i8::try_from(argument.cast_signed())
                .ok()
                .map(i8::cast_unsigned),
            false => u8::try_from(argument).ok(),
        });
        flags &= !(component::INSTRUCTIONS | component::WORDS);
        let is_narrow = narrow.iter().all(Option::is_some);
        if !is_narrow {
            flags |= component::WORDS;
        }
        out.extend(flags.to_be_bytes());
        out.extend(new.to_be_bytes());
        match narrow {
            [Some(first), Some(second)] => out.extend([first, second]),
            _ => out.extend(arguments.into_iter().flat_map(u16::to_be_bytes)),
        }
        let scales = match flags {
            flags if flags & component::SCALE != 0 => 2,
            flags if flags & component::TWO_SCALES != 0 => 4,
            flags if flags & component::MATRIX != 0 => 8,
            _ => 0,
        };
        out.extend(outline.get(at..at + scales)?);
        at += scales;
        if flags & component::MORE == 0 {
            return Some(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = [0, 1, 0, 2, 0, 3, 0, 4];

    fn written(outline: &[u8], units: u16, kept: &mut Kept) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        write(outline, Scale::new(units)?, &BOUNDS, kept, &mut out)?;
        Some(out)
    }

    #[test]
    fn a_coordinate_goes_to_the_nearest_one_of_the_grid() {
        let scale = Scale::new(2048).expect("units");
        for (units, place) in [
            (0, 0),
            (3, 0),
            (4, 1),
            (8, 1),
            (-4, -1),
            (-3, 0),
            (2048, 256),
        ] {
            assert_eq!(scale.place(units), place, "{units}");
        }
        let coarse = Scale::new(100).expect("units");
        assert_eq!((coarse.grid(), coarse.place(-7)), (100, -7));
        assert!(Scale::new(0).is_none());
    }

    #[test]
    fn a_simple_outline_loses_its_instructions_and_is_written_in_its_shortest_form() {
        // One contour of four points, two bytes of instructions; the first flag stands for two points.
        let mut outline = vec![0, 1, 0, 0, 0, 0, 0, 9, 0, 9, 0, 3, 0, 2, 7, 7];
        outline.extend([0x01 | 0x08, 1, 0x01, 0x00]);
        // x: 800, 0, -800, 0 as words; y: 0, 1600, 0, -80.
        for step in [800_i16, 0, -800, 0, 0, 1600, 0, -80] {
            outline.extend(step.to_be_bytes());
        }
        let out = written(&outline, 2048, &mut Kept::new()).expect("is one");
        let mut expected = vec![0, 1, 0, 1, 0, 2, 0, 3, 0, 4, 0, 3, 0, 0];
        expected.extend([0x33, 0x35, 0x21, 0x14, 100, 100, 200, 10]);
        // First point: x 100 short and positive, no step in y.
        expected[14] = 0x01 | 0x02 | 0x10 | 0x20;
        // Second: no step in x, y 200.
        expected[15] = 0x01 | 0x10 | 0x04 | 0x20;
        // Third: x -100, no step in y.
        expected[16] = 0x01 | 0x02 | 0x20;
        // Fourth, off the curve: no step in x, y -10.
        expected[17] = 0x10 | 0x04;
        assert_eq!(out, expected);
        for cut in 10..outline.len() {
            assert!(
                written(&outline[..cut], 2048, &mut Kept::new()).is_none(),
                "{cut}"
            );
        }
    }

    #[test]
    fn equal_flags_are_written_once() {
        let mut outline = vec![0, 1, 0, 0, 0, 0, 0, 9, 0, 9, 1, 43, 0, 0];
        outline.extend(std::iter::repeat_n(0x31, 300));
        let out = written(&outline, 256, &mut Kept::new()).expect("is one");
        assert_eq!(out[14..], [0x39, 255, 0x39, 43]);
    }

    #[test]
    fn a_compound_outline_keeps_its_components_by_their_new_numbers() {
        let mut kept = Kept::new();
        // Two components: the first with words and a scale, the second with bytes and instructions behind.
        let mut compound = vec![0xff, 0xff, 0, 0, 0, 0, 0, 9, 0, 9];
        compound.extend([0, 0x2b, 0, 5, 0x01, 0x00, 0x80, 0x00, 0x40, 0]);
        compound.extend([0x01, 0x02, 0, 8, 16, 0xf0, 0, 1, 9]);
        let out = written(&compound, 2048, &mut kept).expect("is one");
        let mut expected = vec![0xff, 0xff, 0, 1, 0, 2, 0, 3, 0, 4];
        expected.extend([0, 0x2b, 0, 1, 0, 32, 0xf0, 0, 0x40, 0]);
        expected.extend([0, 0x02, 0, 2, 2, 0xfe]);
        assert_eq!(out, expected);
        assert_eq!(kept.old, [0, 5, 8]);
        for cut in 10..25 {
            assert!(
                written(&compound[..cut], 2048, &mut Kept::new()).is_none(),
                "{cut}"
            );
        }
    }
}
